//! The account's events as a stream that can be resumed without a gap.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use domain::{Currency, MessageStatus};
use engine::mirror;
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use store::events::{self, EventKind, StoredEvent};
use tokio::sync::watch;
use utoipa::IntoParams;

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Caller, Params},
    views::{MessageView, Time, Viewer},
};

/// Events read at once.
const EVENTS_PER_READ: i64 = 200;

/// Another process's events are seen after this long at the latest.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StreamQuery {
    /// Like the header `Last-Event-ID`, which wins.
    #[param(value_type = Option<i64>)]
    last_event_id: Option<String>,
    /// `webhook`: only what webhooks are told of, as they are told it; for a program that cannot be
    /// reached from outside.
    format: Option<String>,
}

/// Streams `sms.received`, `sms.status`, `wallet.balance` and `number.status`.
///
/// Server-Sent Events. Each has an `id`; connect again with `Last-Event-ID` to
/// go on right after it. Without it, the stream begins with what comes next.
#[utoipa::path(
    get, path = "/portal/events", tag = "Events",
    params(StreamQuery, ("Last-Event-ID" = Option<String>, Header, description = "The last event that you have")),
    responses(
        (status = 200, description = "An endless stream", content_type = "text/event-stream", body = String),
        (status = "4XX", description = "No valid key", body = Failure),
    ),
)]
pub(super) async fn stream(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    Params(query): Params<StreamQuery>,
) -> Result<Response, ApiError> {
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let given = header.or(query.last_event_id.as_deref()).filter(|text| !text.is_empty());
    let format = match query.format.as_deref() {
        None | Some("stream") => Format::Stream,
        Some("webhook") => Format::Webhook,
        Some(_) => return Err(ApiError::invalid("format", "format is stream or webhook.")),
    };
    let account = caller.account;
    // Listening begins before the first read, so that nothing falls in between.
    let news = api.engine.hub().listen(account);
    let seq = match given {
        Some(text) => text.parse().ok().filter(|seq| *seq >= 0).ok_or_else(|| {
            ApiError::invalid(
                "Last-Event-ID",
                "Last-Event-ID is the id of an event of this stream.",
            )
        })?,
        None => api.engine.store().read(move |tx| events::last_seq(tx, account)).await?,
    };
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    let currency = api.engine.currency_of(account).await?;
    let sse = Sse::new(follow(api, caller, (currency, format), seq, news)).keep_alive(keep_alive);
    let mut response = sse.into_response();
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    Ok(response)
}

/// What a stream tells.
#[derive(Debug, Clone, Copy)]
enum Format {
    /// Everything, with each message as it was.
    Stream,
    /// What webhooks are told of, as they are told it.
    Webhook,
}

/// Where a stream stands.
struct Position {
    api: Api,
    caller: Caller,
    currency: Currency,
    format: Format,
    seq: i64,
    news: watch::Receiver<u64>,
    /// Read and not sent yet, the next one last.
    ready: Vec<StoredEvent>,
    greeted: bool,
}

fn follow(
    api: Api,
    caller: Caller,
    (currency, format): (Currency, Format),
    seq: i64,
    news: watch::Receiver<u64>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let ready = Vec::new();
    let start = Position { api, caller, currency, format, seq, news, ready, greeted: false };
    stream::unfold(start, |mut position| async move {
        if !position.greeted {
            position.greeted = true;
            // Gives a client an id to resume from before anything happened.
            let greeting = Event::default()
                .event("ready")
                .id(position.seq.to_string())
                .retry(Duration::from_secs(2))
                .data("{}");
            return Some((Ok(greeting), position));
        }
        loop {
            let event = position.next().await?;
            position.seq = event.seq;
            if let Some(shown) = position.show(event) {
                return Some((Ok(shown), position));
            }
        }
    })
}

impl Position {
    fn show(&self, event: StoredEvent) -> Option<Event> {
        match self.format {
            Format::Stream => Some(show(event, &self.api.viewer_in(self.currency))),
            Format::Webhook => match mirror::pushed(&event) {
                Ok(pushed) => pushed.map(|(name, body)| {
                    Event::default().event(name.as_str()).id(event.seq.to_string()).data(body)
                }),
                Err(error) => {
                    tracing::error!(%error, seq = event.seq, "an event cannot be told of");
                    None
                }
            },
        }
    }

    /// The next event; `None` when the server stops, or the caller's key or session has ended.
    async fn next(&mut self) -> Option<StoredEvent> {
        let stopping = self.api.engine.stopping().clone();
        loop {
            if let Some(event) = self.ready.pop() {
                return Some(event);
            }
            self.news.mark_unchanged();
            match self.caller.proof.holds(&self.api).await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => tracing::warn!(%error, "an event stream waits for the database"),
            }
            let (account, seq) = (self.caller.account, self.seq);
            let read = self
                .api
                .engine
                .store()
                .read(move |tx| events::after(tx, account, seq, EVENTS_PER_READ))
                .await;
            match read {
                Ok(mut found) => {
                    found.reverse();
                    self.ready = found;
                }
                Err(error) => tracing::warn!(%error, "an event stream waits for the database"),
            }
            if !self.ready.is_empty() {
                continue;
            }
            tokio::select! {
                () = stopping.cancelled() => return None,
                changed = self.news.changed() => {
                    if changed.is_err() {
                        return None;
                    }
                }
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}

fn show(event: StoredEvent, viewer: &Viewer) -> Event {
    let kind = event.kind;
    let id = event.seq.to_string();
    Event::default().event(kind.as_str()).id(id).data(data(event, viewer))
}

/// News of a message: the message as it was then.
#[derive(Debug, Serialize)]
struct StatusNews {
    status: &'static str,
    at: Time,
    message: MessageView,
}

/// What an event says, in JSON: the message as it was then, or the event's own data.
fn data(event: StoredEvent, viewer: &Viewer) -> String {
    match (event.kind, event.message) {
        (EventKind::SmsReceived | EventKind::SmsStatus, Some(mut message)) => {
            // Later news of the message has its own event.
            let ended = event.status.is_some_and(|status| status.is_terminal());
            message.status = event.status.unwrap_or(message.status);
            if !ended {
                message.failure = None;
                message.finished_at = None;
                message.detail = event.data;
            }
            if matches!(message.status, MessageStatus::Queued | MessageStatus::Sending) {
                message.sent_at = None;
            }
            let status = message.status.as_str();
            let news = StatusNews { status, at: Time(event.at), message: viewer.message(message) };
            serde_json::to_string(&news).expect("a view has string keys only")
        }
        _ => event.data.unwrap_or_else(|| "{}".to_owned()),
    }
}
