//! The messages that the SMSC took, and what may still be done to them.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use smpp::{Address, Body, CommandStatus, DeliverSm, QuerySmResp, ShortMessage, receipt, tlv::tag};

/// How a request is answered.
pub(crate) enum Answer {
    /// A message, under this id.
    Taken(String),
    /// A change.
    Done,
    /// A question.
    Found(QuerySmResp),
    Refused(CommandStatus),
}

#[derive(Default)]
pub(crate) struct Memory {
    messages: BTreeMap<String, Held>,
    refusals: VecDeque<CommandStatus>,
}

struct Held {
    message: ShortMessage,
    /// SMPP 3.4 §5.2.28.
    state: u8,
}

const EN_ROUTE: u8 = 1;
const DELETED: u8 = 4;

/// `esm_class` of a receipt.
const RECEIPT: u8 = 0x04;

/// The dates of every receipt: this SMSC has no clock.
const DATE: &str = "2604031015";

impl Memory {
    pub(crate) fn refuse_next(&mut self, status: CommandStatus) {
        self.refusals.push_back(status);
    }

    pub(crate) fn answer(&mut self, request: &Body) -> Answer {
        match request {
            Body::SubmitSm(submit) => self.take(submit.0.clone()),
            Body::DataSm(data) => self.take((**data).clone().into_short_message()),
            Body::QuerySm(query) => match self.messages.get(&query.message_id) {
                Some(held) if held.message.source == query.source => Answer::Found(QuerySmResp {
                    message_id: query.message_id.clone(),
                    final_date: String::new(),
                    message_state: held.state,
                    error_code: 0,
                }),
                _ => Answer::Refused(CommandStatus::ME_RQUERYFAIL),
            },
            Body::CancelSm(cancel) => {
                let cancelled =
                    self.cancel(&cancel.message_id, &cancel.source, &cancel.destination);
                done_if(cancelled, CommandStatus::ME_RCANCELFAIL)
            }
            Body::ReplaceSm(replace) => {
                let held = self.messages.get_mut(&replace.message_id);
                let open = held
                    .filter(|held| held.state == EN_ROUTE && held.message.source == replace.source);
                let replaced = open
                    .map(|held| held.message.short_message = replace.short_message.clone())
                    .is_some();
                done_if(replaced, CommandStatus::ME_RREPLACEFAIL)
            }
            _ => Answer::Refused(CommandStatus::ME_RINVCMDID),
        }
    }

    fn take(&mut self, message: ShortMessage) -> Answer {
        if let Some(status) = self.refusals.pop_front().filter(|status| !status.is_ok()) {
            return Answer::Refused(status);
        }
        let id = (self.messages.len() + 1).to_string();
        self.messages.insert(id.clone(), Held { message, state: EN_ROUTE });
        Answer::Taken(id)
    }

    /// One message, or without an id all from one address to another.
    fn cancel(&mut self, id: &str, source: &Address, destination: &Address) -> bool {
        let mut cancelled = false;
        for (known, held) in &mut self.messages {
            let named =
                if id.is_empty() { held.message.destination == *destination } else { known == id };
            if named && held.message.source == *source && held.state == EN_ROUTE {
                held.state = DELETED;
                cancelled = true;
            }
        }
        cancelled
    }

    /// Ends a message; answers the receipt, in both of its forms.
    pub(crate) fn receipt(&mut self, id: &str, stat: &str, err: &str) -> Result<DeliverSm, String> {
        let held = self.messages.get_mut(id).ok_or_else(|| format!("no message {id}"))?;
        held.state = match stat {
            "ENROUTE" => EN_ROUTE,
            "DELIVRD" => 2,
            "EXPIRED" => 3,
            "DELETED" => DELETED,
            "UNDELIV" => 5,
            "ACCEPTD" => 6,
            "REJECTD" => 8,
            _ => return Err(format!("no state {stat}")),
        };
        let text = receipt::compose(id, stat, err, DATE, DATE);
        let mut message = ShortMessage {
            source: held.message.destination.clone(),
            destination: held.message.source.clone(),
            esm_class: RECEIPT,
            short_message: Bytes::from(text),
            ..ShortMessage::default()
        };
        message.tlvs.push_cstring(tag::RECEIPTED_MESSAGE_ID, id);
        message.tlvs.push_u8(tag::MESSAGE_STATE, held.state);
        Ok(DeliverSm(message))
    }
}

fn done_if(done: bool, otherwise: CommandStatus) -> Answer {
    if done { Answer::Done } else { Answer::Refused(otherwise) }
}
