//! What we call: the requests that a customer's endpoint gets, for the document alone.
#![expect(dead_code, reason = "the engine writes the payloads; these describe them")]

use utoipa::{OpenApi, ToSchema};

use crate::views::{Money, Time};

#[derive(OpenApi)]
#[openapi(paths(
    sms_received,
    sms_sent,
    sms_delivered,
    sms_failed,
    number_status,
    wallet_low_balance,
    wallet_recharge_failed
))]
struct Pushed;

/// The calls, by the events that they tell of, and their payloads.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Pushed::openapi()
}

/// An inbound text.
#[derive(ToSchema)]
struct SmsReceivedPayload {
    #[schema(example = "sms.received")]
    event: String,
    data: SmsReceivedData,
}

#[derive(ToSchema)]
struct SmsReceivedData {
    #[schema(example = 157)]
    id: i64,
    #[schema(example = "+31612345678")]
    from: String,
    #[schema(example = "+31201234567")]
    to: String,
    #[schema(example = "Thanks, got the tracking!")]
    body: String,
    #[schema(example = 1)]
    segments: i64,
    received_at: Time,
}

/// What became of an outbound message: `sms.sent`, `sms.delivered` or `sms.failed`.
#[derive(ToSchema)]
struct SmsStatusPayload {
    #[schema(example = "sms.delivered")]
    event: String,
    data: SmsStatusData,
}

#[derive(ToSchema)]
struct SmsStatusData {
    #[schema(example = 156)]
    id: i64,
    #[schema(example = "+31201234567")]
    from: String,
    #[schema(example = "+31612345678")]
    to: String,
    body: String,
    /// `sent`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    status: String,
    #[schema(example = 1)]
    segments: i64,
    /// Only of `sms.failed`.
    error: Option<SmsFailureData>,
    sent_at: Option<Time>,
    delivered_at: Option<Time>,
    failed_at: Option<Time>,
    /// `true` where it was sent with a test key; not there otherwise.
    test: Option<bool>,
}

#[derive(ToSchema)]
struct SmsFailureData {
    #[schema(example = "undeliverable")]
    code: String,
    message: String,
    permanent: bool,
}

/// A number of yours changed.
#[derive(ToSchema)]
struct NumberStatusPayload {
    #[schema(example = "number.status")]
    event: String,
    data: NumberStatusData,
}

#[derive(ToSchema)]
struct NumberStatusData {
    #[schema(example = 42)]
    id: i64,
    #[schema(example = "+31201234567")]
    number: String,
    #[schema(example = "active")]
    status: String,
    sms_enabled: bool,
}

/// The balance fell under the threshold; told once until it is above it again.
#[derive(ToSchema)]
struct LowBalancePayload {
    #[schema(example = "wallet.low_balance")]
    event: String,
    data: LowBalanceData,
}

#[derive(ToSchema)]
struct LowBalanceData {
    balance: Money,
    threshold: Money,
}

/// A saved card was refused; no automatic top-up is tried until you say so.
#[derive(ToSchema)]
struct RechargeFailedPayload {
    #[schema(example = "wallet.recharge_failed")]
    event: String,
    data: RechargeFailedData,
}

#[derive(ToSchema)]
struct RechargeFailedData {
    #[schema(example = "Your card was declined.")]
    reason: String,
}

/// Declares one call: its event, and what its body is.
macro_rules! pushed {
    ($name:ident, $event:literal, $payload:ty, $summary:literal) => {
        #[doc = $summary]
        ///
        /// Signed by the Standard Webhooks specification. 2xx is success; anything else, or 15 s
        /// without an answer, is tried again.
        #[utoipa::path(
            post, path = $event, tag = "Webhooks", request_body = $payload, operation_id = $event,
            params(
                ("webhook-id" = String, Header, description = "The same at every attempt of this event"),
                ("webhook-timestamp" = i64, Header, description = "Seconds since 1970, of this attempt"),
                ("webhook-signature" = String, Header, description = "`v1,` and base64, one for each secret"),
                ("webhook-seq" = Option<i64>, Header, description = "The event's number among your account's; greater is later"),
                ("webhook-test" = Option<String>, Header, description = "`true` for a test"),
            ),
            responses((status = "2XX", description = "Taken")),
            security(()),
        )]
        fn $name() {}
    };
}

pushed!(sms_received, "sms.received", SmsReceivedPayload, "An inbound text arrived.");
pushed!(sms_sent, "sms.sent", SmsStatusPayload, "A carrier accepted a message.");
pushed!(sms_delivered, "sms.delivered", SmsStatusPayload, "A message was delivered.");
pushed!(sms_failed, "sms.failed", SmsStatusPayload, "A message failed.");
pushed!(number_status, "number.status", NumberStatusPayload, "A number changed.");
pushed!(wallet_low_balance, "wallet.low_balance", LowBalancePayload, "The balance is low.");
pushed!(
    wallet_recharge_failed,
    "wallet.recharge_failed",
    RechargeFailedPayload,
    "An automatic top-up failed."
);
