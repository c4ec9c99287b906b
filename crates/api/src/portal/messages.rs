//! Looking at messages and at the figures.

use axum::{Json, extract::State};
use domain::{Direction, MessageId, MessageStatus, NumberId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    attempts::{self, Attempt, AttemptState},
    messages::{self, Filter, Message},
    stats,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Caller, Id, Params, parsed_opt, time, word},
    page::Page,
    views::MessageView,
};

/// Which messages a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// `outbound` or `inbound`.
    direction: Option<String>,
    /// One of your numbers.
    #[param(value_type = Option<i64>)]
    number_id: Option<String>,
    /// `queued`, `sending`, `sent`, `delivered`, `failed` or `received`.
    status: Option<String>,
    /// The exact recipient.
    to: Option<String>,
    /// The exact sender.
    from: Option<String>,
    /// The exact other side, whichever way the message went.
    with: Option<String>,
    /// Not before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// Part of the text, whatever its case.
    q: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next_cursor` of the last answer.
    cursor: Option<String>,
}

impl ListQuery {
    pub(crate) fn filter(&self) -> Result<Filter, ApiError> {
        let direction = self
            .direction
            .as_deref()
            .map(|text| word::<Direction>("direction", text, &["outbound", "inbound"]))
            .transpose()?;
        let statuses: Vec<&str> = MessageStatus::ALL.iter().map(|status| status.as_str()).collect();
        let status =
            self.status.as_deref().map(|text| word("status", text, &statuses)).transpose()?;
        // A + in a query is a blank unless it is written %2B: nobody means a blank there.
        let number = |text: &Option<String>| {
            text.as_deref().map(|text| match text.strip_prefix(' ') {
                Some(digits) => format!("+{digits}"),
                None => text.to_owned(),
            })
        };
        Ok(Filter {
            direction,
            number: parsed_opt("number_id", self.number_id.as_deref())?.map(NumberId::new),
            status,
            to: number(&self.to),
            from: number(&self.from),
            with: number(&self.with),
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            text: self.q.clone().filter(|text| !text.is_empty()),
        })
    }

    pub(crate) fn page(&self) -> Result<Page, ApiError> {
        Page::parse(self.limit.as_deref(), self.cursor.as_deref())
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PollQuery {
    /// Oldest first, those that came after this message: for polling. Begin with 0, go on with
    /// `next_after_id`.
    #[param(value_type = Option<i64>)]
    after_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageList {
    success: bool,
    messages: Vec<MessageView>,
    /// For the next page; null at the end, and with `after_id`.
    next_cursor: Option<String>,
    /// Only with `after_id`: what it is in the next call. Where nothing came, the same again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 156)]
    next_after_id: Option<i64>,
}

/// Lists messages, newest first, or with `after_id` oldest first.
///
/// Newest first is by id. Of several servers on one database, each gives ids of its own, so messages
/// that came in by different ones within a while may stand in another order; with `after_id` they
/// come in the order in which they could first be seen, and none is passed over.
#[utoipa::path(
    get, path = "/portal/sms", tag = "Messages", params(ListQuery, PollQuery),
    responses(
        (status = 200, description = "A page of messages", body = MessageList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<ListQuery>,
    Params(poll): Params<PollQuery>,
) -> Result<Json<MessageList>, ApiError> {
    let (filter, page) = (query.filter()?, query.page()?);
    let after: Option<i64> = parsed_opt("after_id", poll.after_id.as_deref())?;
    let account = caller.account;
    let mut found = api
        .engine
        .store()
        .read(move |tx| match after {
            Some(after) => {
                messages::list_after(tx, account, &filter, MessageId::new(after), page.limit)
            }
            None => messages::list(tx, account, &filter, page.before, page.rows()),
        })
        .await?;
    let (next_cursor, next_after_id) = match after {
        Some(after) => (None, Some(found.last().map_or(after, |message| message.id.get()))),
        None => (page.cut(&mut found, |message| message.id.get()), None),
    };
    let viewer = api.viewer(account).await?;
    let messages = found.into_iter().map(|message| viewer.message(message)).collect();
    Ok(Json(MessageList { success: true, messages, next_cursor, next_after_id }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneMessage {
    success: bool,
    message: MessageDetail,
}

/// A message with its story.
#[derive(Debug, Serialize, ToSchema)]
struct MessageDetail {
    #[serde(flatten)]
    message: MessageView,
    /// Its statuses in their order.
    events: Vec<TimelineEvent>,
    /// Its parts as the carrier has them; empty for inbound messages.
    parts: Vec<PartView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct TimelineEvent {
    status: &'static str,
    #[serde(serialize_with = "as_time")]
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

fn as_time<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

#[derive(Debug, Serialize, ToSchema)]
struct PartView {
    /// From 1.
    part: i64,
    /// `waiting`, `sent`, `delivered` or `failed`.
    status: &'static str,
}

/// One message with its timeline.
#[utoipa::path(
    get, path = "/portal/sms/{id}", tag = "Messages", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The message", body = OneMessage),
        (status = "4XX", description = "There is no such message", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<OneMessage>, ApiError> {
    let (account, id) = (caller.account, MessageId::new(id));
    let found = api
        .engine
        .store()
        .read(move |tx| {
            let Some(message) = messages::find(tx, account, id)? else { return Ok(None) };
            let attempts = attempts::of_messages(tx, &[(account, id)])?;
            Ok::<_, StoreError>(Some((message, attempts)))
        })
        .await?;
    let (message, attempts) = found.ok_or_else(|| ApiError::not_found("message"))?;
    let events = timeline(&message, &attempts);
    let parts = parts(&message, &attempts);
    let message =
        MessageDetail { message: api.viewer(account).await?.message(message), events, parts };
    Ok(Json(OneMessage { success: true, message }))
}

/// The statuses that a message went through, from what is stored of it.
fn timeline(message: &Message, attempts: &[Attempt]) -> Vec<TimelineEvent> {
    let event =
        |status: MessageStatus, at| TimelineEvent { status: status.as_str(), at, detail: None };
    if message.direction == Direction::Inbound {
        let detail = message.detail.clone();
        return vec![TimelineEvent {
            detail,
            ..event(MessageStatus::Received, message.created_at)
        }];
    }
    let mut events = vec![event(MessageStatus::Queued, message.created_at)];
    let mut tries: Vec<i64> = attempts.iter().map(|attempt| attempt.key.attempt).collect();
    tries.sort_unstable();
    tries.dedup();
    let mut queued = true;
    for number in tries {
        let of_try: Vec<&Attempt> =
            attempts.iter().filter(|attempt| attempt.key.attempt == number).collect();
        // A second copy of an uncertain part leaves the message as it is: sending.
        if queued && let Some(first) = of_try.first() {
            events.push(event(MessageStatus::Sending, first.submitted_at));
            queued = false;
        }
        let came_back = of_try
            .iter()
            .any(|attempt| matches!(attempt.state, AttemptState::Deferred | AttemptState::Retry));
        let last_answer = of_try.iter().filter_map(|attempt| attempt.answered_at).max();
        let again = message.status == MessageStatus::Queued || message.tries > number;
        if let Some(at) = last_answer.filter(|_| came_back && again) {
            let detail = Some("The carrier asked for a pause.".to_owned());
            events.push(TimelineEvent { detail, ..event(MessageStatus::Queued, at) });
            queued = true;
        }
    }
    if let Some(at) = message.sent_at {
        events.push(event(MessageStatus::Sent, at));
    }
    if let Some(at) = message.finished_at {
        let detail = message.failure.map(|failure| failure.message().to_owned());
        events.push(TimelineEvent { detail, ..event(message.status, at) });
    }
    events
}

fn parts(message: &Message, attempts: &[Attempt]) -> Vec<PartView> {
    use domain::receipts::ReceiptState;
    if message.direction == Direction::Inbound {
        return Vec::new();
    }
    (1..=message.segments)
        .map(|part| {
            let of_part = || attempts.iter().filter(|attempt| attempt.key.part == part);
            let has = |receipt| of_part().any(|attempt| attempt.receipt == Some(receipt));
            let status = if has(ReceiptState::Delivered) {
                "delivered"
            } else if has(ReceiptState::Failed)
                || of_part().any(|attempt| attempt.state == AttemptState::Refused)
            {
                "failed"
            } else if of_part().any(|attempt| attempt.state == AttemptState::Accepted) {
                "sent"
            } else {
                "waiting"
            };
            PartView { part, status }
        })
        .collect()
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatsQuery {
    /// Only this number's.
    #[param(value_type = Option<i64>)]
    number_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stats {
    success: bool,
    stats: StatsView,
}

/// Days and months are UTC's.
#[derive(Debug, Serialize, ToSchema)]
struct StatsView {
    /// Messages today, both ways.
    today: i64,
    /// Messages this month, both ways.
    this_month: i64,
    /// Delivered share of the outbound messages of 30 days whose fate is known, 0 to 1; null without any.
    delivery_rate_30d: Option<f64>,
    sent_today: i64,
    received_today: i64,
}

/// The figures above the inbox.
#[utoipa::path(
    get, path = "/portal/sms/stats", tag = "Messages", params(StatsQuery),
    responses(
        (status = 200, description = "The figures", body = Stats),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn stats(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<StatsQuery>,
) -> Result<Json<Stats>, ApiError> {
    let number = parsed_opt("number_id", query.number_id.as_deref())?.map(NumberId::new);
    let account = caller.account;
    let now = api.engine.clock().now();
    let (today, month, days30) = api
        .engine
        .store()
        .read(move |tx| {
            let day = now.day();
            Ok::<_, StoreError>((
                stats::sums(tx, account, number, day, day)?,
                stats::sums(tx, account, number, now.first_day_of_month(), day)?,
                stats::sums(tx, account, number, day - 29, day)?,
            ))
        })
        .await?;
    let stats = StatsView {
        today: today.outbound + today.inbound,
        this_month: month.outbound + month.inbound,
        delivery_rate_30d: rate(days30.delivered, days30.failed),
        sent_today: today.outbound,
        received_today: today.inbound,
    };
    Ok(Json(Stats { success: true, stats }))
}

/// A share to four decimals; counts beyond 2^32 would be cut there.
fn rate(delivered: i64, failed: i64) -> Option<f64> {
    let known = delivered + failed;
    (known > 0).then(|| {
        let part = u32::try_from(delivered * 10_000 / known).unwrap_or(0);
        f64::from(part) / 10_000.0
    })
}
