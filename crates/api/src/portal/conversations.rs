//! The inbox by who writes to whom.

use std::collections::HashMap;

use axum::{Json, extract::State};
use domain::{MessageId, NumberId};
use serde::{Deserialize, Serialize};
use store::{StoreError, conversations, messages};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Caller, Params, parsed_opt},
    page::Page,
    views::MessageView,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConversationQuery {
    /// One of your numbers.
    #[param(value_type = Option<i64>)]
    number_id: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
    /// `next_cursor` of the last answer.
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConversationList {
    success: bool,
    conversations: Vec<ConversationView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ConversationView {
    /// Your side.
    number_id: i64,
    /// The other side: a number, a short code or a name.
    #[schema(example = "+31612345678")]
    with: String,
    /// How many messages it has, both ways, of your latest 20,000.
    messages: i64,
    last_message: MessageView,
}

/// Conversations among my latest 20,000 messages, the latest first.
///
/// `GET /portal/sms?number_id=…&with=…` has the messages of each.
#[utoipa::path(
    get, path = "/portal/conversations", tag = "Messages", params(ConversationQuery),
    responses(
        (status = 200, description = "A page of conversations", body = ConversationList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<ConversationQuery>,
) -> Result<Json<ConversationList>, ApiError> {
    let page = Page::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let number = parsed_opt("number_id", query.number_id.as_deref())?.map(NumberId::new);
    let account = caller.account;
    let (mut found, lasts) = api
        .engine
        .store()
        .read(move |tx| {
            let found = conversations::list(tx, account, number, page.before, page.rows())?;
            let wanted: Vec<_> = found.iter().map(|talk| (account, talk.last)).collect();
            let lasts = messages::find_many(tx, &wanted)?;
            Ok::<_, StoreError>((found, lasts))
        })
        .await?;
    let next_cursor = page.cut(&mut found, |talk| talk.last.get());
    let viewer = api.viewer(account).await?;
    let mut lasts: HashMap<MessageId, MessageView> =
        lasts.into_iter().map(|message| (message.id, viewer.message(message))).collect();
    let conversations = found
        .into_iter()
        .filter_map(|talk| {
            Some(ConversationView {
                number_id: talk.number.get(),
                with: talk.with,
                messages: talk.messages,
                last_message: lasts.remove(&talk.last)?,
            })
        })
        .collect();
    Ok(Json(ConversationList { success: true, conversations, next_cursor }))
}
