//! Sending many messages in one call.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::send::SendBody;
use crate::{
    Api,
    answer::mark_replayed,
    error::{ApiError, Failure, FailureDetail, rate_headers},
    extract::{Caller, JsonBody, objects, required},
    views::MessageView,
};

/// Messages that one batch may hold.
const MESSAGES_MAX: usize = 1_000;

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct BatchBody {
    /// 1 to 1,000 messages.
    #[schema(required, nullable = false)]
    #[serde(default, deserialize_with = "objects")]
    messages: Option<Vec<SendBody>>,
}

impl BatchBody {
    pub(super) fn parse(self, test: bool) -> Result<Vec<Result<engine::Send, ApiError>>, ApiError> {
        let messages = required("messages", self.messages)?;
        if !(1..=MESSAGES_MAX).contains(&messages.len()) {
            let message =
                format!("messages holds 1 to {MESSAGES_MAX} messages, not {}.", messages.len());
            return Err(ApiError::invalid("messages", message));
        }
        Ok(messages.iter().map(|message| message.parse(test)).collect())
    }
}

/// One result for each message, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BatchResults {
    success: bool,
    results: Vec<BatchResult>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum BatchResult {
    Accepted {
        message: Box<MessageView>,
    },
    /// Not accepted, with the same words as a single send.
    Refused {
        error: FailureDetail,
    },
}

/// Accepts a batch: all that can be sent, or nothing where the money does not last.
///
/// The messages leave at the account's rate.
#[utoipa::path(
    post, path = "/portal/sms/batch", tag = "Messages", request_body = BatchBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request give the first answer again, for 24 hours")),
    responses(
        (status = 201, description = "A result for each message", body = BatchResults),
        (status = "4XX", description = "Nothing of it was accepted", body = Failure),
        (status = 503, description = "Try again after `Retry-After`", body = Failure),
    ),
)]
pub(super) async fn batch(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<BatchBody>,
) -> Result<Response, ApiError> {
    let parsed = body.value.parse(caller.is_test)?;
    let idempotency = caller.own(body.idempotency);
    let sends: Vec<engine::Send> = parsed.iter().flatten().cloned().collect();
    // Before anything is stored: nothing may fail afterwards.
    let viewer = api.viewer(caller.account).await?;
    let accepted = if sends.is_empty() {
        None
    } else {
        Some(api.engine.accept_batch(caller.account, sends, idempotency).await?)
    };
    let (items, quota, replayed) = match accepted {
        Some(accepted) => (accepted.items, accepted.quota, accepted.replayed),
        None => (Vec::new(), None, false),
    };
    let mut items = items.into_iter();
    let results = parsed
        .into_iter()
        .map(|parsed| match parsed {
            Err(error) => BatchResult::Refused { error: error.detail() },
            Ok(_) => match items.next() {
                Some(Ok(message)) => {
                    BatchResult::Accepted { message: Box::new(viewer.message(message)) }
                }
                Some(Err(refusal)) => {
                    BatchResult::Refused { error: ApiError::from(refusal).detail() }
                }
                None => BatchResult::Refused { error: ApiError::unavailable().detail() },
            },
        })
        .collect();
    let results = BatchResults { success: true, results };
    let mut response = (StatusCode::CREATED, Json(results)).into_response();
    match quota {
        Some(quota) => rate_headers(response.headers_mut(), &quota),
        None => api.rate_headers_now(caller.account, response.headers_mut()).await?,
    }
    if replayed {
        mark_replayed(&mut response);
    }
    Ok(response)
}
