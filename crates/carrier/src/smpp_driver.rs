//! A carrier behind SMPP: one or several connections, one window, one rate.

mod incoming;
mod outgoing;
mod throttle;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::FailureCode;
use futures::future::{BoxFuture, join_all};
use smpp::{
    Client, ClientConfig, CommandStatus, Event, Events, Incoming, Limits, LinkState, NotQueued,
    tls::TlsConfig,
};
use tokio::sync::mpsc;

use crate::{
    Ack, Carrier, CarrierEvent, EVENTS_MAX, Grouping, Link, NotTaken, Outcome, Started, Submission,
    Verdict,
    settings::{BindMode, ConcatenationMode, SmppSettings},
};
use throttle::Throttle;

/// See the module.
pub struct SmppCarrier {
    settings: SmppSettings,
    /// Those that can send come first.
    clients: Vec<Client>,
    senders: usize,
    /// Where the next submission tries first.
    turn: AtomicUsize,
    throttle: Arc<Throttle>,
    last_error: Arc<Mutex<Option<String>>>,
}

impl std::fmt::Debug for SmppCarrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmppCarrier").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl SmppCarrier {
    /// Starts connecting. `seed` differs from start to start: it spreads
    /// reconnects and tells this start's connections from earlier ones.
    pub fn start(settings: &SmppSettings, seed: u64) -> Started {
        let (events, reports) = mpsc::channel(EVENTS_MAX);
        let modes = modes(settings);
        let senders = modes.iter().filter(|mode| **mode != smpp::BindMode::Receiver).count();
        let throttle = Arc::new(Throttle::new(settings.max_tps));
        let last_error = Arc::new(Mutex::new(None));
        let mut clients = Vec::with_capacity(modes.len());
        let mut starting = Vec::with_capacity(modes.len());
        for (index, mode) in modes.into_iter().enumerate() {
            let index = u64::try_from(index).unwrap_or(0);
            let config = client_config(settings, mode, senders, seed.wrapping_add(index));
            let (client, client_events) = Client::start(config);
            clients.push(client);
            // Forty random bits, then room for the connections of one start.
            let first_session = ((seed & 0xFF_FFFF_FFFF) << 20) | (index << 16);
            starting.push((client_events, first_session));
        }
        for (client_events, first_session) in starting {
            let pump = Pump {
                settings: settings.clone(),
                clients: clients.clone(),
                senders,
                throttle: Arc::clone(&throttle),
                last_error: Arc::clone(&last_error),
                events: events.clone(),
                first_session,
            };
            tokio::spawn(pump.run(client_events));
        }
        let settings = settings.clone();
        let carrier =
            Self { settings, clients, senders, turn: AtomicUsize::new(0), throttle, last_error };
        (Arc::new(carrier), reports)
    }

    fn senders(&self) -> &[Client] {
        &self.clients[..self.senders]
    }
}

/// The connections to make, those that send first.
fn modes(settings: &SmppSettings) -> Vec<smpp::BindMode> {
    use smpp::BindMode as Mode;
    let each: &[Mode] = match settings.bind_mode {
        BindMode::Transceiver => &[Mode::Transceiver],
        BindMode::Transmitter => &[Mode::Transmitter],
        BindMode::Receiver => &[Mode::Receiver],
        BindMode::Pair => &[Mode::Transmitter, Mode::Receiver],
    };
    each.iter().flat_map(|mode| std::iter::repeat_n(*mode, settings.sessions)).collect()
}

fn client_config(
    settings: &SmppSettings,
    mode: smpp::BindMode,
    senders: usize,
    jitter_seed: u64,
) -> ClientConfig {
    let senders = u32::try_from(senders).unwrap_or(1).max(1);
    ClientConfig {
        host: settings.host.clone(),
        port: settings.port,
        tls: settings.tls.then(TlsConfig::public),
        mode,
        system_id: settings.system_id.clone(),
        password: settings.password.expose().to_owned(),
        system_type: settings.system_type.clone(),
        interface_version: 0x34,
        limits: Limits {
            window: settings.window,
            max_tps: settings.max_tps.div_ceil(senders),
            enquire_link_every: Duration::from_secs(settings.enquire_link_seconds),
            ..Limits::default()
        },
        jitter_seed,
    }
}

impl Carrier for SmppCarrier {
    fn link(&self) -> Link {
        let states: Vec<LinkState> = self.clients.iter().map(Client::state).collect();
        let bound = |states: &[LinkState]| {
            states.iter().filter(|state| **state == LinkState::Bound).count()
        };
        let up = bound(&states[..self.senders]) > 0;
        let reason = states.iter().find_map(|state| match state {
            LinkState::Down { reason } => Some(reason.clone()),
            _ => None,
        });
        let all = bound(&states);
        Link {
            up,
            state: match (all, &reason) {
                (0, Some(_)) => "down",
                (0, None) => "connecting",
                _ => "bound",
            },
            sessions_bound: all,
            sessions: self.clients.len(),
            window: self.settings.window * self.senders,
            in_flight: self.senders().iter().map(Client::in_flight).sum(),
            rate: self.throttle.rate(),
            last_error: reason
                .or_else(|| self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()),
        }
    }

    fn free_slots(&self) -> usize {
        self.senders().iter().map(Client::free_slots).sum()
    }

    fn submit(&self, submission: Submission) -> Result<(), NotTaken> {
        let body = outgoing::submit_sm(&self.settings, &submission);
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for step in 0..self.senders {
            let client = &self.clients[(first + step) % self.senders];
            match client.submit(submission.token, body.clone()) {
                Ok(()) => return Ok(()),
                Err(NotQueued::NoSlot | NotQueued::Transmitter) => {}
                Err(NotQueued::Encode(error)) => {
                    // Checked before it was accepted; said loudly should it ever happen.
                    tracing::error!(%error, "a part cannot be encoded");
                    return Err(NotTaken(submission));
                }
            }
        }
        Err(NotTaken(submission))
    }

    fn grouping(&self) -> Grouping {
        match self.settings.concatenation {
            ConcatenationMode::Payload => Grouping::Whole,
            ConcatenationMode::Udh | ConcatenationMode::Sar => Grouping::PerPart,
        }
    }

    fn shutdown(&self, drain: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            join_all(self.clients.iter().map(|client| client.shutdown(drain))).await;
        })
    }
}

/// Carries one connection's events to the engine.
struct Pump {
    settings: SmppSettings,
    clients: Vec<Client>,
    senders: usize,
    throttle: Arc<Throttle>,
    last_error: Arc<Mutex<Option<String>>>,
    events: mpsc::Sender<CarrierEvent>,
    first_session: u64,
}

impl Pump {
    async fn run(self, mut reports: Events) {
        while let Some(event) = reports.recv().await {
            let Some(event) = self.translate(event) else { continue };
            if self.events.send(event).await.is_err() {
                return;
            }
        }
    }

    fn translate(&self, event: Event) -> Option<CarrierEvent> {
        let answer = |token, outcome| Some(CarrierEvent::Answer { token, outcome });
        match event {
            Event::Up { .. } => self.sends_now().then_some(CarrierEvent::Up),
            Event::Down { reason, .. } => {
                *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(reason.clone());
                (!self.sends_now()).then_some(CarrierEvent::Down { reason })
            }
            Event::NotWritten { token } => answer(token, Outcome::NotWritten),
            Event::NoAnswer { token } => answer(token, Outcome::Unanswered),
            Event::Answer { token, status, message_id, .. } => {
                answer(token, self.outcome(status, message_id))
            }
            Event::Incoming(incoming) => self.incoming(incoming),
            Event::Warning { warning, command_id } => {
                tracing::debug!(?warning, command_id, "an odd PDU was read");
                None
            }
        }
    }

    fn sends_now(&self) -> bool {
        self.clients[..self.senders].iter().any(|client| client.state() == LinkState::Bound)
    }

    fn outcome(&self, status: CommandStatus, message_id: String) -> Outcome {
        let error = status.to_string();
        match meaning(status) {
            Meaning::Accepted => {
                self.throttle.accepted(&self.clients);
                Outcome::Accepted { carrier_message_id: message_id }
            }
            Meaning::Throttled => {
                self.throttle.throttled(&self.clients);
                Outcome::Throttled { error }
            }
            Meaning::Retry => Outcome::Retry { error },
            Meaning::Refused(failure) => Outcome::Refused { failure, error },
        }
    }

    fn incoming(&self, incoming: Incoming) -> Option<CarrierEvent> {
        let Incoming { body, session, sequence, responder } = incoming;
        let message = match body {
            smpp::Body::DeliverSm(deliver) => deliver.0,
            smpp::Body::DataSm(data) => data.into_short_message(),
            _ => {
                responder.accept();
                return None;
            }
        };
        let ack = Ack::new(move |verdict| match verdict {
            Verdict::Stored => responder.accept(),
            Verdict::TryAgain => responder.reject(CommandStatus::ME_RX_T_APPN),
        });
        Some(match smpp::receipt::read(&message) {
            Some(receipt) => CarrierEvent::Receipt {
                receipt: incoming::receipt(&self.settings, receipt, &message),
                ack,
            },
            None => {
                let session = self.first_session + session;
                let session = i64::try_from(session).unwrap_or(i64::MAX);
                let inbound =
                    incoming::text(&self.settings, &message, session, i64::from(sequence));
                CarrierEvent::Inbound { inbound, ack }
            }
        })
    }
}

/// What the answer to a submit means for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Accepted,
    Throttled,
    /// Perhaps later, perhaps another carrier.
    Retry,
    Refused(FailureCode),
}

/// `command_status` of SMPP 3.4, §5.1.3; codes of a carrier's own may pass, so they are tried again.
fn meaning(status: CommandStatus) -> Meaning {
    use CommandStatus as S;
    match status {
        S::ME_ROK => Meaning::Accepted,
        S::ME_RTHROTTLED | S::ME_RMSGQFUL => Meaning::Throttled,
        S::ME_RINVDSTADR
        | S::ME_RINVDSTTON
        | S::ME_RINVDSTNPI
        | S::ME_RINVNUMDESTS
        | S::ME_RINVDLNAME
        | S::ME_RINVDESTFLAG => Meaning::Refused(FailureCode::InvalidDestination),
        S::ME_RINVSRCADR | S::ME_RINVSRCTON | S::ME_RINVSRCNPI => {
            Meaning::Refused(FailureCode::SenderNotAllowed)
        }
        S::ME_RSYSERR
        | S::ME_RINVBNDSTS
        | S::ME_RSUBMITFAIL
        | S::ME_RX_T_APPN
        | S::ME_RDELIVERYFAILURE
        | S::ME_RUNKNOWNERR
        | S::ME_RSERTYPUNAVAIL => Meaning::Retry,
        _ if status.name().is_some() => Meaning::Refused(FailureCode::RejectedByCarrier),
        _ => Meaning::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_decides_what_happens_to_the_message() {
        for (status, expected) in [
            (0x00, Meaning::Accepted),
            (0x58, Meaning::Throttled),
            (0x14, Meaning::Throttled),
            (0x08, Meaning::Retry),
            (0x64, Meaning::Retry),
            (0x0A, Meaning::Refused(FailureCode::SenderNotAllowed)),
            (0x0B, Meaning::Refused(FailureCode::InvalidDestination)),
            (0x01, Meaning::Refused(FailureCode::RejectedByCarrier)),
            (0x0C, Meaning::Refused(FailureCode::RejectedByCarrier)),
            (0x0400, Meaning::Retry),
        ] {
            assert_eq!(meaning(CommandStatus(status)), expected, "{status:#x}");
        }
    }
}
