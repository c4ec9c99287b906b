//! Reads PDUs and never waits for anybody: answers are bounded by the window,
//! the peer's requests by `incoming_max`.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::Instant,
};

use super::{Event, Incoming, Responder, Role, Shared};
use crate::{BindMode, Body, CommandStatus, DecodeError, Decoded, MessageResp, Pdu, frame};

/// What one read asks the socket for.
const READ_OCTETS: usize = 16 * 1024;

/// Answers that a peer may leave unread.
const UNREAD_OCTETS_MAX: usize = 256 * 1024;

/// Oddities of one PDU that are told.
const WARNINGS_MAX: usize = 8;

pub(super) async fn read(
    mut input: impl AsyncRead + Unpin,
    mut buffer: BytesMut,
    shared: &Arc<Shared>,
) -> String {
    loop {
        loop {
            match frame::next(&mut buffer) {
                Ok(Some(decoded)) => take(decoded, shared),
                Ok(None) => break,
                Err(DecodeError::Truncated { field, sequence }) => {
                    tracing::warn!(field, "a PDU ends too soon");
                    nack(shared, sequence, CommandStatus::ME_RINVCMDLEN);
                }
                Err(error @ DecodeError::BadLength(_)) => {
                    // Where the next PDU begins is not known: say so, and read no more. The
                    // writer ends the session after that; a peer that does not read it is silent.
                    nack(shared, 0, CommandStatus::ME_RINVCMDLEN);
                    shared.end(&error.to_string());
                    return std::future::pending().await;
                }
            }
        }
        if shared.state().control.len() > UNREAD_OCTETS_MAX {
            return "the peer asks and does not read the answers".to_owned();
        }
        buffer.reserve(READ_OCTETS);
        match input.read_buf(&mut buffer).await {
            Ok(0) => return "the peer closed the connection".to_owned(),
            Ok(_) => shared.state().heard_at = Instant::now(),
            Err(error) => return format!("the connection broke while reading: {error}"),
        }
    }
}

fn take(decoded: Decoded, shared: &Arc<Shared>) {
    let Decoded { pdu, warnings } = decoded;
    let command_id = pdu.body.command_id();
    for warning in warnings.into_iter().take(WARNINGS_MAX) {
        shared.tell(Event::Warning { warning, command_id });
    }
    let Pdu { status, sequence, body } = pdu;
    match body {
        Body::DataSmResp(resp) => answered(shared, sequence, status, resp),
        Body::SubmitSmResp(resp) if shared.role == Role::Client => {
            answered(shared, sequence, status, resp);
        }
        Body::DeliverSmResp(resp) if shared.role != Role::Client => {
            answered(shared, sequence, status, resp);
        }
        Body::GenericNack => {
            // It says no, whatever its status says.
            let accepted = status == CommandStatus::ME_ROK;
            let status = if accepted { CommandStatus::ME_RUNKNOWNERR } else { status };
            answered(shared, sequence, status, MessageResp::default());
        }
        Body::SubmitSmResp(_) | Body::DeliverSmResp(_) => {
            tracing::debug!(command_id, "an answer to what was not asked was passed over");
        }
        Body::QuerySmResp(resp) => {
            answered(shared, sequence, status, MessageResp::new(resp.message_id));
        }
        Body::CancelSmResp | Body::ReplaceSmResp => {
            answered(shared, sequence, status, MessageResp::default());
        }
        Body::EnquireLink => {
            let answer = Pdu::answer(sequence, CommandStatus::ME_ROK, Body::EnquireLinkResp);
            shared.control(&answer);
        }
        Body::EnquireLinkResp => shared.state().enquired_at = None,
        Body::Unbind => {
            shared.control(&Pdu::answer(sequence, CommandStatus::ME_ROK, Body::UnbindResp));
            shared.end("the peer said goodbye");
        }
        Body::UnbindResp => shared.end("unbound"),
        body if is_request_to(shared.role, &body) => ask(shared, sequence, command_id, body),
        Body::Unknown { command_id, .. } if command_id & crate::pdu::command::RESPONSE != 0 => {
            tracing::debug!(command_id, "an unknown answer was passed over");
        }
        Body::Unknown { .. } => nack(shared, sequence, CommandStatus::ME_RINVCMDID),
        Body::Bind(_) => refuse(shared, sequence, command_id, CommandStatus::ME_RALYBND),
        // A request that the other side makes, or that its bind does not allow.
        _ => refuse(shared, sequence, command_id, CommandStatus::ME_RINVBNDSTS),
    }
}

/// SMPP 3.4 §2.3: a receiver asks nothing about messages, but may send `data_sm`.
fn is_request_to(role: Role, body: &Body) -> bool {
    match role {
        Role::Client => {
            matches!(body, Body::DeliverSm(_) | Body::DataSm(_) | Body::AlertNotification(_))
        }
        Role::Server(mode) => match body {
            Body::DataSm(_) => true,
            Body::SubmitSm(_) | Body::QuerySm(_) | Body::CancelSm(_) | Body::ReplaceSm(_) => {
                mode != BindMode::Receiver
            }
            _ => false,
        },
    }
}

fn answered(shared: &Shared, sequence: u32, status: CommandStatus, resp: MessageResp) {
    let Some((token, late)) = shared.answered(sequence) else {
        tracing::debug!(sequence, "an answer to nothing was passed over");
        return;
    };
    shared.tell(Event::Answer { token, status, message_id: resp.message_id, late });
}

fn ask(shared: &Arc<Shared>, sequence: u32, command_id: u32, body: Body) {
    if !shared.admit_incoming() {
        return refuse(shared, sequence, command_id, CommandStatus::ME_RMSGQFUL);
    }
    let responder = Responder { shared: Arc::clone(shared), command_id, sequence };
    let session = shared.session;
    shared.tell(Event::Incoming(Incoming { body, session, sequence, responder }));
}

/// Answers a request in its own kind.
fn refuse(shared: &Shared, sequence: u32, command_id: u32, status: CommandStatus) {
    if let Some(body) = Body::answer_to(command_id, "") {
        shared.control(&Pdu::answer(sequence, status, body));
    }
}

/// Answers what is no request that can be answered in kind.
fn nack(shared: &Shared, sequence: u32, status: CommandStatus) {
    shared.control(&Pdu::answer(sequence, status, Body::GenericNack));
}
