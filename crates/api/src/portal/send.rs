//! Sending one message, and asking what it would cost.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{Delivery, NumberId, text};
use engine::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::mark_replayed,
    error::{ApiError, Failure, rate_headers},
    extract::{Caller, JsonBody, required, word},
    views::{MessageView, Money},
};

/// A message to be sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(super) struct SendBody {
    /// One of your SMS-enabled numbers, from `GET /portal/sms/numbers`.
    #[schema(required, nullable = false, example = 42)]
    from_number_id: Option<i64>,
    /// E.164.
    #[schema(required, nullable = false, example = "+31612345678")]
    to: Option<String>,
    /// Up to 1,600 characters.
    #[schema(required, nullable = false, example = "Hello from DIDfarm!")]
    body: Option<String>,
    /// `at_least_once` (the default) or `at_most_once`.
    #[schema(nullable = false, example = "at_least_once")]
    delivery: Option<String>,
}

impl SendBody {
    /// A `test` goes to the simulator and costs nothing.
    pub(super) fn parse(&self, test: bool) -> Result<engine::Send, ApiError> {
        let from = required("from_number_id", self.from_number_id)?;
        let to = required("to", self.to.as_deref())?.parse().map_err(|_| {
            ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_destination",
                "The To number is not in E.164 format: write it like +31612345678.",
            )
            .about("to")
        })?;
        let body = text::Body::parse(required("body", self.body.as_deref())?)?;
        let delivery = match &self.delivery {
            None => Delivery::AtLeastOnce,
            Some(text) => word("delivery", text, &["at_least_once", "at_most_once"])?,
        };
        Ok(engine::Send { from: NumberId::new(from), to, body, delivery, test })
    }
}

/// The message as it was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sent {
    success: bool,
    message: MessageView,
}

/// Accepts a message for sending; its fate arrives as events.
///
/// With a test key it goes to the simulator, whose magic numbers have each an outcome, costs nothing,
/// and may leave from any active number of yours.
#[utoipa::path(
    post, path = "/portal/sms/send", tag = "Messages", request_body = SendBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats of the same request give the first answer again, for 24 hours")),
    responses(
        (status = 201, description = "Accepted, paid for and stored", body = Sent),
        (status = "4XX", description = "Not accepted; nothing was stored or charged", body = Failure),
        (status = 503, description = "Try again after `Retry-After`", body = Failure),
    ),
)]
pub(super) async fn send(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<SendBody>,
) -> Result<Response, ApiError> {
    let send = body.value.parse(caller.is_test)?;
    // Before anything is stored: nothing may fail afterwards.
    let viewer = api.viewer(caller.account).await?;
    let accepted = api.engine.accept(caller.account, send, caller.own(body.idempotency)).await?;
    let message = accepted.items.into_iter().next().ok_or_else(ApiError::unavailable)??;
    let sent = Sent { success: true, message: viewer.message(message) };
    let mut response = (StatusCode::CREATED, Json(sent)).into_response();
    match accepted.quota {
        Some(quota) => rate_headers(response.headers_mut(), &quota),
        None => api.rate_headers_now(caller.account, response.headers_mut()).await?,
    }
    if accepted.replayed {
        mark_replayed(&mut response);
    }
    Ok(response)
}

/// The body of a send, as far as it is known while somebody types.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "a price depends on the text alone, and the others are checked")]
pub(super) struct QuoteBody {
    /// Up to 1,600 characters; they alone decide the price.
    #[schema(required, nullable = false, example = "Hello from DIDfarm!")]
    body: Option<String>,
    #[schema(example = 42)]
    from_number_id: Option<i64>,
    #[schema(example = "+31612345678")]
    to: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Quoted {
    success: bool,
    quote: QuoteView,
}

/// What a message would be billed as.
#[derive(Debug, Serialize, ToSchema)]
struct QuoteView {
    /// `gsm7` or `ucs2`.
    encoding: &'static str,
    segments: u8,
    characters: usize,
    price: Money,
    /// The characters that force `ucs2`, with their GSM spelling where there is one.
    forced_by: Vec<OffenderView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OffenderView {
    character: String,
    /// Of its first occurrence, in characters from 0.
    position: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    gsm_spelling: Option<&'static str>,
}

/// Tells encoding, segments and price; sends nothing.
#[utoipa::path(
    post, path = "/portal/sms/quote", tag = "Messages", request_body = QuoteBody,
    responses(
        (status = 200, description = "What it would be", body = Quoted),
        (status = "4XX", description = "It would not be accepted", body = Failure),
    ),
)]
pub(super) async fn quote(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<QuoteBody>,
) -> Result<Json<Quoted>, ApiError> {
    api.reads.take(caller.account, api.engine.clock().now())?;
    let text = text::Body::parse(required("body", body.value.body.as_deref())?)?;
    let measure = text.measure();
    let segments = i64::from(measure.segments.get());
    let (prices, now) = (api.engine.prices(), api.engine.clock().now());
    // Without a destination: what is charged where no prefix has a price of its own.
    let to = body.value.to.as_deref().and_then(|to| to.parse().ok());
    let currency = api.engine.currency_of(caller.account).await?;
    let segment = prices.tariff(currency).segment_to(to.as_ref(), now).ok_or(Refusal::NoPrice)?;
    let price = segment.checked_mul(segments).unwrap_or_default();
    let forced_by = text::offenders(text.as_str())
        .into_iter()
        .map(|offender| OffenderView {
            character: offender.character.to_string(),
            position: offender.position,
            gsm_spelling: offender.spelling,
        })
        .collect();
    let quote = QuoteView {
        encoding: measure.encoding.as_str(),
        segments: measure.segments.get(),
        characters: measure.characters,
        price: Money::new(price, currency),
        forced_by,
    };
    Ok(Json(Quoted { success: true, quote }))
}
