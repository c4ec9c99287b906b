//! Every failure as the caller sees it: a status, a stable word, a sentence with a cure.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use domain::{rate::Quota, text::InvalidBody};
use engine::{AcceptError, FileErrors, Refusal, UseError};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use crate::{request_log::ErrorCode, serving};

/// Every code that an answer may have; each has a page that explains it.
pub const ERROR_CODES: &[&str] = &[
    "invalid_json",
    "invalid_request",
    "unauthenticated",
    "insufficient_balance",
    "payment_owed",
    "daily_cap_reached",
    "forbidden",
    "destination_not_allowed",
    "account_suspended",
    "not_found",
    "method_not_allowed",
    "conflict",
    "number_not_active",
    "sms_not_enabled",
    "no_messaging_profile",
    "no_price",
    "already_enabled",
    "body_too_large",
    "unsupported_media_type",
    "invalid_destination",
    "empty_body",
    "message_too_long",
    "sms_not_available",
    "recipient_opted_out",
    "idempotency_key_reused",
    "rate_limited",
    "internal_error",
    "unavailable",
];

/// What went wrong.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub param: Option<String>,
    /// Boxed, as refusals for the rate are few and results are many.
    pub quota: Option<Box<Quota>>,
    pub retry_after_seconds: Option<i64>,
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failure {
    /// Always false.
    #[schema(example = false)]
    success: bool,
    error: FailureDetail,
    /// The same as in the header `X-Request-Id`; name it when you ask for help.
    request_id: String,
}

/// What is said of an error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailureDetail {
    /// A stable word for programs.
    #[schema(example = "insufficient_balance")]
    code: String,
    /// A sentence that says what to do.
    #[schema(example = "Insufficient wallet balance")]
    message: String,
    /// The field that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    /// Where the error is explained.
    doc_url: String,
}

impl ApiError {
    /// `code` is one of [`ERROR_CODES`].
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        debug_assert!(ERROR_CODES.contains(&code), "{code} is not explained");
        Self {
            status,
            code,
            message: message.into(),
            param: None,
            quota: None,
            retry_after_seconds: None,
        }
    }

    pub fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message).about(param)
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
    }

    pub fn unauthenticated() -> Self {
        let message =
            "Sign in, or send a valid API key in the header: Authorization: Bearer YOUR_API_KEY.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", message)
    }

    pub fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub fn unavailable() -> Self {
        let message = "The service cannot take this now; nothing was stored. Try again shortly.";
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
        Self { retry_after_seconds: Some(1), ..error }
    }

    pub fn about(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    /// Also what is said of one message of a batch.
    pub(crate) fn detail(&self) -> FailureDetail {
        FailureDetail {
            code: self.code.to_owned(),
            message: self.message.clone(),
            param: self.param.clone(),
            doc_url: doc_url(self.code),
        }
    }
}

fn doc_url(code: &str) -> String {
    format!("{}/docs/errors/{code}", serving::public_url())
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            let request = serving::id();
            tracing::error!(request, code = self.code, message = %self.message, "a request failed");
        }
        let mut headers = HeaderMap::new();
        if let Some(quota) = &self.quota {
            rate_headers(&mut headers, quota);
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert("www-authenticate", HeaderValue::from_static("Bearer"));
        }
        let body = Failure { success: false, error: self.detail(), request_id: serving::id() };
        let mut response = (self.status, headers, Json(body)).into_response();
        response.extensions_mut().insert(ErrorCode(self.code));
        response
    }
}

/// `RateLimit-Limit`, `-Remaining` and `-Reset`.
pub(crate) fn rate_headers(headers: &mut HeaderMap, quota: &Quota) {
    headers.insert("ratelimit-limit", HeaderValue::from(quota.limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(quota.remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(quota.reset_seconds));
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Serialization(_) => {
                tracing::warn!(%error, "the database cannot be used");
                Self::unavailable()
            }
            StoreError::CommitUnknown(_) => {
                tracing::warn!(%error, "the database was lost");
                let message = "The database was lost while it stored this. Send it again with the same \
                               Idempotency-Key: it is stored at most once.";
                Self { message: message.to_owned(), ..Self::unavailable() }
            }
            StoreError::Corrupt(_) | StoreError::Refused(_) | StoreError::Exists(_) => {
                let request = serving::id();
                tracing::error!(%error, request, "the database answered what it must not");
                let message =
                    "Something went wrong on our side; it was logged under the request id.";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
            }
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        use StatusCode as S;
        match refusal {
            Refusal::UnknownNumber => Self::not_found("number").about("from_number_id"),
            Refusal::NumberNotActive => {
                Self::new(S::CONFLICT, "number_not_active", "Number must be active to enable SMS")
                    .about("from_number_id")
            }
            Refusal::SmsNotEnabled => Self::new(
                S::CONFLICT,
                "sms_not_enabled",
                "SMS is not enabled on this number. Switch it on under My Numbers, Configure.",
            )
            .about("from_number_id"),
            Refusal::NoMessagingProfile => Self::new(
                S::CONFLICT,
                "no_messaging_profile",
                "The number has no messaging profile, so it sends nothing. Assign one under My Numbers, Configure.",
            )
            .about("from_number_id"),
            Refusal::RecipientOptedOut => Self::new(
                S::UNPROCESSABLE_ENTITY,
                "recipient_opted_out",
                "The recipient has answered STOP to this number. Do not write to them until they answer START.",
            )
            .about("to"),
            Refusal::AccountSuspended => Self::new(
                S::FORBIDDEN,
                "account_suspended",
                "The account is suspended and can neither send nor buy. Contact support.",
            ),
            Refusal::DestinationNotAllowed => Self::new(
                S::FORBIDDEN,
                "destination_not_allowed",
                "This destination is not served. Contact support to have it opened.",
            )
            .about("to"),
            Refusal::NoPrice => Self::no_price().about("to"),
            Refusal::InsufficientBalance => Self::insufficient_balance(),
            Refusal::PaymentOwed => Self::payment_owed(),
            Refusal::DailyCapReached => Self::new(
                S::PAYMENT_REQUIRED,
                "daily_cap_reached",
                "The daily spend cap is reached: messages are taken again from 00:00 UTC. Raise or lift the cap under Wallet.",
            ),
            Refusal::RateLimited { quota } => {
                let limit = quota.map_or(0, |quota| quota.limit);
                let message = format!(
                    "More than {limit} messages a second were sent. Wait as long as Retry-After says; \
                     contact us for a higher rate."
                );
                let error = Self::new(S::TOO_MANY_REQUESTS, "rate_limited", message);
                let retry_after_seconds =
                    Some(quota.map_or(1, |quota| quota.retry_after_seconds.max(1)));
                Self { quota: quota.map(Box::new), retry_after_seconds, ..error }
            }
            Refusal::KeyReused => Self::key_reused(),
        }
    }
}

impl ApiError {
    fn no_price() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "no_price",
            "This has no price in your wallet's currency. Choose another, or contact support to have it priced.",
        )
    }

    fn insufficient_balance() -> Self {
        Self::new(
            StatusCode::PAYMENT_REQUIRED,
            "insufficient_balance",
            "Insufficient wallet balance",
        )
    }

    fn payment_owed() -> Self {
        Self::new(
            StatusCode::PAYMENT_REQUIRED,
            "payment_owed",
            "A payment was taken back after it had been spent. Top up what is owed under Wallet to go on.",
        )
    }

    pub(crate) fn too_many(message: impl Into<String>, retry_after_seconds: i64) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
        Self { retry_after_seconds: Some(retry_after_seconds), ..error }
    }

    /// A file with lines that cannot be used.
    pub(crate) fn bad_file(errors: &FileErrors) -> Self {
        const SHOWN_MAX: usize = 20;

        let shown = errors.told.iter().take(SHOWN_MAX).map(|error| match error.column.as_str() {
            _ if error.line == 0 => error.message.clone(),
            "" => format!("line {}: {}", error.line, error.message),
            column => format!("line {}, {column}: {}", error.line, error.message),
        });
        let shown: Vec<String> = shown.collect();
        let all = u64::try_from(errors.told.len()).unwrap_or(u64::MAX).saturating_add(errors.more);
        let rest = match all - u64::try_from(shown.len()).unwrap_or(all) {
            0 => String::new(),
            1 => "; and 1 more line".to_owned(),
            rest => format!("; and {rest} more lines"),
        };
        let message = format!("Nothing was imported. {}{rest}", shown.join("; "));
        Self::invalid("file", message)
    }

    fn key_reused() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request. Use a new key for each new request.",
        )
    }
}

impl From<AcceptError> for ApiError {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Refused(refusal) => refusal.into(),
            AcceptError::Store(error) => error.into(),
            AcceptError::Busy => Self::unavailable(),
        }
    }
}

impl From<UseError> for ApiError {
    fn from(error: UseError) -> Self {
        match error {
            UseError::Store(error) => error.into(),
            UseError::KeyReused => Self::key_reused(),
            UseError::NotFound(what) => Self::not_found(what),
            UseError::Conflict { message } => Self::new(StatusCode::CONFLICT, "conflict", message),
            UseError::Invalid { param, message } => Self::invalid(&param, message),
            UseError::NoPrice(_) => Self::no_price(),
            UseError::InsufficientBalance => Self::insufficient_balance(),
            UseError::PaymentOwed => Self::payment_owed(),
            UseError::AccountSuspended => Refusal::AccountSuspended.into(),
            UseError::SmsNotAvailable => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "sms_not_available",
                "SMS not available for this number type",
            ),
            UseError::NumberNotActive => Self::new(
                StatusCode::CONFLICT,
                "number_not_active",
                "Number must be active to enable SMS",
            ),
            UseError::AlreadyEnabled => Self::new(
                StatusCode::CONFLICT,
                "already_enabled",
                "SMS is enabled on this number already.",
            ),
            UseError::SmsNotEnabled => Self::new(
                StatusCode::CONFLICT,
                "sms_not_enabled",
                "SMS is not enabled on this number.",
            ),
            UseError::ProviderSilent => {
                let message =
                    "The payment provider does not answer; no money moved. Try again shortly.";
                Self { message: message.to_owned(), ..Self::unavailable() }
            }
            UseError::NoPayments => {
                let message =
                    "Payments are not set up on this server. Ask its operator for credit.";
                let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
                Self { retry_after_seconds: Some(3_600), ..error }
            }
            UseError::Item { index, error } => {
                let error = Self::from(*error);
                let field = if error.code == "sms_not_available" { "sms" } else { "number_id" };
                error.about(&format!("items[{index}].{field}"))
            }
            UseError::Forbidden { message } => Self::forbidden(&message),
            UseError::TooMany { message, retry_after_seconds } => {
                Self::too_many(message, retry_after_seconds)
            }
        }
    }
}

impl From<InvalidBody> for ApiError {
    fn from(error: InvalidBody) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        match error {
            InvalidBody::Empty => {
                Self::new(status, "empty_body", "Type a message: the body is empty.")
            }
            InvalidBody::TooLong(too_long) => Self::new(
                status,
                "message_too_long",
                format!(
                    "The message has {} characters; at most 1,600 are allowed. Shorten it or send two.",
                    too_long.characters
                ),
            ),
            InvalidBody::Nul { position } => Self::invalid(
                "body",
                format!("The body has a NUL character at position {position}; remove it."),
            ),
        }
        .about("body")
    }
}
