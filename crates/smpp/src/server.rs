//! The server's side of a session: reads the bind, then runs like a client's.

use std::{io, sync::Arc, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::timeout,
};

use crate::{
    AlertNotification, Bind, BindMode, BindResp, Body, CommandStatus, DataSm, DecodeError,
    DeliverSm, NotQueued, Pdu, Tlvs, frame,
    session::{self, Event, Limits, Role, Shared},
    tlv::tag,
};

/// A peer that does not bind within this long is let go.
const BIND_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection whose bind was read and is not answered yet.
#[derive(Debug)]
pub struct Pending<S> {
    stream: S,
    buffered: BytesMut,
    sequence: u32,
    bind: Bind,
}

/// A bound client.
#[derive(Debug, Clone)]
pub struct ServerSession {
    shared: Arc<Shared>,
    mode: BindMode,
}

/// What the session reports, in order; ends after [`Event::Down`].
pub type Events = mpsc::UnboundedReceiver<Event>;

/// Reads a connection's bind. What comes before it is refused, except for a question
/// whether we are there.
pub async fn accept<S>(mut stream: S) -> io::Result<Pending<S>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut buffered = BytesMut::new();
    let read_bind = async {
        loop {
            match frame::next(&mut buffered) {
                Ok(Some(decoded)) => {
                    let Pdu { sequence, body, .. } = decoded.pdu;
                    if let Body::Bind(bind) = body {
                        return Ok((sequence, bind));
                    }
                    let answer = before_bind(sequence, &body);
                    if let Some(answer) = answer {
                        write(&mut stream, &answer).await?;
                    }
                    if matches!(body, Body::Unbind) {
                        return Err(io::Error::other("the peer left without a bind"));
                    }
                }
                Err(error @ DecodeError::Truncated { sequence, .. }) => {
                    tracing::warn!(%error, "before the bind");
                    write(&mut stream, &bad_length(sequence)).await?;
                }
                Err(error @ DecodeError::BadLength(_)) => {
                    write(&mut stream, &bad_length(0)).await?;
                    stream.shutdown().await?;
                    return Err(io::Error::other(error));
                }
                Ok(None) => {
                    if stream.read_buf(&mut buffered).await? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    };
    let (sequence, bind) =
        timeout(BIND_TIMEOUT, read_bind).await.map_err(|_| io::ErrorKind::TimedOut)??;
    Ok(Pending { stream, buffered, sequence, bind })
}

/// What a PDU before the bind is answered with, if with anything.
fn before_bind(sequence: u32, body: &Body) -> Option<Pdu> {
    if body.is_response() {
        return None;
    }
    let status = match body {
        Body::EnquireLink | Body::Unbind => CommandStatus::ME_ROK,
        Body::Unknown { .. } => CommandStatus::ME_RINVCMDID,
        _ => CommandStatus::ME_RINVBNDSTS,
    };
    Body::answer_to(body.command_id(), "").map(|answer| Pdu::answer(sequence, status, answer))
}

const fn bad_length(sequence: u32) -> Pdu {
    Pdu::answer(sequence, CommandStatus::ME_RINVCMDLEN, Body::GenericNack)
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), pdu: &Pdu) -> io::Result<()> {
    let mut out = BytesMut::new();
    pdu.encode(&mut out).map_err(io::Error::other)?;
    stream.write_all(&out).await?;
    stream.flush().await
}

impl<S> Pending<S>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    /// Who wants to bind, and how.
    pub const fn bind(&self) -> &Bind {
        &self.bind
    }

    /// Lets the client in, under our `system_id`, and runs the session in a task of its own.
    pub async fn accept(
        mut self,
        system_id: &str,
        limits: Limits,
        session: u64,
    ) -> io::Result<(ServerSession, Events)> {
        let mut tlvs = Tlvs::new();
        if self.bind.interface_version >= 0x34 {
            tlvs.push_u8(tag::SC_INTERFACE_VERSION, 0x34);
        }
        let resp = BindResp { mode: self.bind.mode, system_id: system_id.to_owned(), tlvs };
        self.answer(CommandStatus::ME_ROK, resp).await?;
        let mode = self.bind.mode;
        let (events, reports) = mpsc::unbounded_channel();
        let shared = Shared::new(Role::Server(mode), limits, session, events.clone());
        drop(events.send(Event::Up { session }));
        let running = Arc::clone(&shared);
        tokio::spawn(async move {
            let reason = session::run(self.stream, self.buffered, running).await;
            drop(events.send(Event::Down { session, reason }));
        });
        Ok((ServerSession { shared, mode }, reports))
    }

    /// Sends the client away.
    pub async fn reject(mut self, status: CommandStatus) -> io::Result<()> {
        let resp = BindResp { mode: self.bind.mode, system_id: String::new(), tlvs: Tlvs::new() };
        self.answer(status, resp).await?;
        self.stream.shutdown().await
    }

    async fn answer(&mut self, status: CommandStatus, resp: BindResp) -> io::Result<()> {
        let answer = Pdu::answer(self.sequence, status, Body::BindResp(resp));
        write(&mut self.stream, &answer).await
    }
}

impl ServerSession {
    /// Sends a text or a receipt to the client; its fate comes as an [`Event`] with this token.
    pub fn deliver(&self, token: u64, deliver: DeliverSm) -> Result<(), NotQueued> {
        self.ask(token, Body::DeliverSm(Box::new(deliver)))
    }

    /// The same by `data_sm`.
    pub fn data(&self, token: u64, data: DataSm) -> Result<(), NotQueued> {
        self.ask(token, Body::DataSm(Box::new(data)))
    }

    fn ask(&self, token: u64, body: Body) -> Result<(), NotQueued> {
        if self.mode == BindMode::Transmitter {
            return Err(NotQueued::Transmitter);
        }
        self.shared.submit(token, body)
    }

    /// Tells that a handset is reachable again, which is not answered.
    pub fn alert(&self, alert: AlertNotification) -> Result<(), NotQueued> {
        if self.mode == BindMode::Transmitter {
            return Err(NotQueued::Transmitter);
        }
        self.shared.notify(Body::AlertNotification(alert))
    }

    /// What the client bound as.
    pub const fn mode(&self) -> BindMode {
        self.mode
    }

    /// Requests that [`ServerSession::deliver`] would take now.
    pub fn free_slots(&self) -> usize {
        self.shared.free_slots()
    }

    /// Takes no more, and says goodbye once everything is answered.
    pub fn unbind(&self) {
        self.shared.drain();
    }

    /// Ends the connection without a goodbye, as a crash would.
    pub fn close(&self) {
        self.shared.end("closed by the server");
    }
}
