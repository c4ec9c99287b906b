//! Every account's messages, with who really carried them.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::{AccountId, MessageId};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    attempts::{self, Attempt},
    messages::{self, Message},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Id, Operator, Params, parsed_opt},
    portal::ListQuery,
    views::{MessageView, Time, Viewer},
};

/// A message with its account and its real carrier.
#[derive(Debug, Serialize, ToSchema)]
struct OperatorMessageView {
    #[serde(flatten)]
    message: MessageView,
    account_id: i64,
    /// Who carries it.
    carrier_id: Option<i64>,
    tries: i64,
    attempts: Vec<AttemptView>,
}

/// A part that was handed to a carrier.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptView {
    part: i64,
    attempt: i64,
    carrier_id: i64,
    /// `submitting`, `accepted`, `refused`, `retry`, `deferred`, `uncertain`, `expired`.
    state: &'static str,
    /// The carrier's own id.
    carrier_message_id: Option<String>,
    submitted_at: Time,
    answered_at: Option<Time>,
    /// The carrier's own words.
    error: Option<String>,
    /// `delivered`, `failed`, `in_transit`.
    receipt: Option<&'static str>,
    receipt_at: Option<Time>,
    receipt_error: Option<String>,
    /// Receipts that came, repeats included.
    receipts: i64,
}

fn view(viewer: &Viewer, message: Message, attempts: &[Attempt]) -> OperatorMessageView {
    OperatorMessageView {
        account_id: message.account.get(),
        carrier_id: message.carrier.map(domain::CarrierId::get),
        tries: message.tries,
        attempts: attempts
            .iter()
            .filter(|attempt| attempt.key.message == message.id)
            .map(|attempt| AttemptView {
                part: attempt.key.part,
                attempt: attempt.key.attempt,
                carrier_id: attempt.carrier.get(),
                state: attempt.state.as_str(),
                carrier_message_id: attempt.carrier_message_id.clone(),
                submitted_at: Time(attempt.submitted_at),
                answered_at: attempt.answered_at.map(Time),
                error: attempt.error.clone(),
                receipt: attempt.receipt.map(|receipt| receipt.as_str()),
                receipt_at: attempt.receipt_at.map(Time),
                receipt_error: attempt.receipt_error.clone(),
                receipts: attempt.receipts,
            })
            .collect(),
        message: viewer.message(message),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AccountQuery {
    /// Only this account's.
    #[param(value_type = Option<i64>)]
    account_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OperatorMessageList {
    success: bool,
    messages: Vec<OperatorMessageView>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneOperatorMessage {
    success: bool,
    message: OperatorMessageView,
}

/// Messages of all accounts, newest first.
#[utoipa::path(
    get, path = "/operator/messages", tag = "Operator: messages", params(ListQuery, AccountQuery),
    responses(
        (status = 200, description = "A page of messages", body = OperatorMessageList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<ListQuery>,
    Params(of): Params<AccountQuery>,
) -> Result<Json<OperatorMessageList>, ApiError> {
    let (filter, page) = (query.filter()?, query.page()?);
    let account = parsed_opt("account_id", of.account_id.as_deref())?.map(AccountId::new);
    let engine = Arc::clone(&api.engine);
    let (mut found, attempts, currencies) = api
        .engine
        .store()
        .read(move |tx| {
            let found = messages::list_all(tx, account, &filter, page.before, page.rows())?;
            let ids: Vec<(AccountId, MessageId)> =
                found.iter().map(|message| (message.account, message.id)).collect();
            let currencies: Result<Vec<_>, _> =
                ids.iter().map(|(account, _)| engine.currency_in(tx, *account)).collect();
            Ok::<_, StoreError>((found, attempts::of_messages(tx, &ids)?, currencies?))
        })
        .await?;
    let next_cursor = page.cut(&mut found, |message| message.id.get());
    let messages = found
        .into_iter()
        .zip(currencies)
        .map(|(message, currency)| view(&api.viewer_in(currency), message, &attempts))
        .collect();
    Ok(Json(OperatorMessageList { success: true, messages, next_cursor }))
}

/// One message of any account.
#[utoipa::path(
    get, path = "/operator/messages/{id}", tag = "Operator: messages", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The message", body = OneOperatorMessage),
        (status = "4XX", description = "There is no such message", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<OneOperatorMessage>, ApiError> {
    let found = api
        .engine
        .store()
        .read(move |tx| {
            let Some(message) = messages::find_any(tx, MessageId::new(id))? else {
                return Ok(None);
            };
            let attempts = attempts::of_messages(tx, &[(message.account, message.id)])?;
            Ok::<_, StoreError>(Some((message, attempts)))
        })
        .await?;
    let (message, attempts) = found.ok_or_else(|| ApiError::not_found("message"))?;
    let viewer = api.viewer(message.account).await?;
    Ok(Json(OneOperatorMessage { success: true, message: view(&viewer, message, &attempts) }))
}
