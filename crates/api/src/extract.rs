//! From requests to values, with errors that name the field.

use std::{
    fmt::{self, Display},
    marker::PhantomData,
    str::FromStr,
    time::Duration,
};

use axum::{
    body::{self, Body},
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
        request::Parts,
    },
};
use bytes::Bytes;
use domain::{Micros, Timestamp};
use engine::{DOCUMENT_TYPES, Idempotency, KEY_OCTETS_MAX};
use futures::StreamExt;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};

pub(crate) use crate::auth::{Anyone, Caller, Operator, Person};
use crate::{Api, error::ApiError, serving};

/// The longest body of an ordinary call.
const BODY_OCTETS_MAX: usize = 256 * 1024;

/// The longest body of a batch.
pub(crate) const BATCH_OCTETS_MAX: usize = 8 * 1024 * 1024;

/// A body that has not arrived within this long is not waited for.
const BODY_WITHIN: Duration = Duration::from_secs(60);

/// The longest document.
const DOCUMENT_OCTETS_MAX: usize = 8 * 1024 * 1024;

/// The longest CSV file.
pub(crate) const CSV_OCTETS_MAX: usize = 32 * 1024 * 1024;

/// A JSON body with the idempotency key of its request, if it has one.
#[derive(Debug)]
pub(crate) struct JsonBody<T> {
    pub(crate) value: T,
    pub(crate) idempotency: Option<Idempotency>,
}

impl<T: DeserializeOwned> FromRequest<Api> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Api) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let octets_max = if parts.uri.path().ends_with("/sms/batch") {
            BATCH_OCTETS_MAX
        } else {
            BODY_OCTETS_MAX
        };
        expect_content_type(&parts.headers, &["application/json"])?;
        let octets = read_body(&parts.headers, body, octets_max).await?;
        serving::note_body(&octets);
        // A message's text has its own, more exact answer.
        if !parts.uri.path().contains("/sms/") && has_nul(&octets) {
            let message = "The body has a NUL character (\\u0000); remove it.";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message));
        }
        let idempotency = idempotency(&parts, &octets)?;
        Ok(Self { value: from_json(&octets)?, idempotency })
    }
}

/// The same where the body may be left out.
#[derive(Debug)]
pub(crate) struct OptionalJson<T> {
    pub(crate) value: T,
    pub(crate) idempotency: Option<Idempotency>,
}

impl<T: DeserializeOwned + Default> FromRequest<Api> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        if request.headers().contains_key(CONTENT_TYPE) {
            let JsonBody { value, idempotency } = JsonBody::from_request(request, api).await?;
            return Ok(Self { value, idempotency });
        }
        let (parts, body) = request.into_parts();
        if !read_body(&parts.headers, body, BODY_OCTETS_MAX).await?.is_empty() {
            expect_content_type(&parts.headers, &["application/json"])?;
        }
        Ok(Self { value: T::default(), idempotency: idempotency(&parts, b"")? })
    }
}

/// The idempotency key of a call without a body.
#[derive(Debug)]
pub(crate) struct Repeats(pub(crate) Option<Idempotency>);

impl FromRequestParts<Api> for Repeats {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        idempotency(parts, b"").map(Self)
    }
}

/// Whether JSON holds the escape of NUL, which PostgreSQL keeps in no text.
fn has_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|octet| *octet == b'\\') {
        let escape = &rest[at + 1..];
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

/// The query string, each parameter once.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            let message = "The query string has a NUL character (%00); remove it.";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message));
        }
        Query::try_from_uri(&parts.uri).map(|Query(value)| Self(value)).map_err(|error| {
            let message = format!("The query string cannot be read: {}.", error.body_text());
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message)
        })
    }
}

/// A CSV file with the idempotency key of its request, if it has one.
#[derive(Debug)]
pub(crate) struct CsvBody {
    pub(crate) octets: Bytes,
    pub(crate) idempotency: Option<Idempotency>,
}

impl FromRequest<Api> for CsvBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Api) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        expect_content_type(&parts.headers, &["text/csv", "application/csv", "text/plain"])?;
        let octets = read_body(&parts.headers, body, CSV_OCTETS_MAX).await?;
        let idempotency = idempotency(&parts, &octets)?;
        Ok(Self { octets, idempotency })
    }
}

/// A document, PDF, JPEG or PNG, with the idempotency key of its request, if it has one.
#[derive(Debug)]
pub(crate) struct DocumentBody {
    pub(crate) content_type: String,
    pub(crate) octets: Bytes,
    pub(crate) idempotency: Option<Idempotency>,
}

impl FromRequest<Api> for DocumentBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Api) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        expect_content_type(&parts.headers, &DOCUMENT_TYPES)?;
        let given = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = given.unwrap_or("").split(';').next().unwrap_or("").trim();
        let content_type = media_type.to_ascii_lowercase();
        let octets = read_body(&parts.headers, body, DOCUMENT_OCTETS_MAX).await?;
        let idempotency = idempotency(&parts, &octets)?;
        Ok(Self { content_type, octets, idempotency })
    }
}

fn expect_content_type(headers: &HeaderMap, wanted: &[&str]) -> Result<(), ApiError> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = given.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if wanted.contains(&media_type.as_str()) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        format!("Send the body with the header Content-Type: {}.", wanted[0]),
    ))
}

async fn read_body(headers: &HeaderMap, body: Body, octets_max: usize) -> Result<Bytes, ApiError> {
    let too_large = || {
        ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("The HTTP body is larger than {} KiB. Send less at once.", octets_max / 1024),
        )
    };
    let declared: Option<usize> = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    if declared.is_some_and(|octets| octets > octets_max) {
        discard(body).await;
        return Err(too_large());
    }
    let arrived = tokio::time::timeout(BODY_WITHIN, body::to_bytes(body, octets_max)).await;
    let arrived = arrived.map_err(|_| {
        let message = "The body did not arrive in time.";
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    })?;
    arrived.map_err(|error| {
        let limit = std::error::Error::source(&error)
            .is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if limit {
            too_large()
        } else {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "The body did not arrive whole.",
            )
        }
    })
}

/// Reads a body that is refused, within limits: a client that is still writing
/// when its connection closes never sees the answer.
async fn discard(body: Body) {
    const OCTETS_MAX: usize = 64 * 1024 * 1024;
    const TIME_MAX: Duration = Duration::from_secs(10);

    let mut octets = 0;
    let mut chunks = body.into_data_stream();
    let reading = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            octets += chunk.len();
            if octets > OCTETS_MAX {
                return;
            }
        }
    };
    // Late or not, the answer is the same.
    drop(tokio::time::timeout(TIME_MAX, reading).await);
}

fn idempotency(parts: &Parts, body: &[u8]) -> Result<Option<Idempotency>, ApiError> {
    let Some(header) = parts.headers.get("idempotency-key") else { return Ok(None) };
    let key = header.to_str().unwrap_or("").trim();
    if key.is_empty() || key.len() > KEY_OCTETS_MAX {
        let message = format!("Idempotency-Key is 1 to {KEY_OCTETS_MAX} ASCII characters.");
        return Err(ApiError::invalid("Idempotency-Key", message));
    }
    // With the query: a preview is another request than what it previews.
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let route = format!("{} {path}", parts.method);
    Ok(Some(Idempotency::new(key, &route, body)))
}

pub(crate) fn from_json<T: DeserializeOwned>(octets: &[u8]) -> Result<T, ApiError> {
    // serde would take a list of values for an object's fields in their order.
    if octets.trim_ascii_start().starts_with(b"[") {
        let message = "The body is a JSON object with named fields, not a list.";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message));
    }
    let text = str::from_utf8(octets).map_err(|error| {
        let message = format!("The body is not UTF-8: see octet {}.", error.valid_up_to());
        ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", message)
    })?;
    serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            // Read once more, slower, to name the field.
            let mut reader = serde_json::Deserializer::from_str(text);
            let found = serde_path_to_error::deserialize::<_, T>(&mut reader);
            let path = found.err().map(|error| error.path().to_string()).unwrap_or_default();
            let path = if path == "." { String::new() } else { path };
            let message = if path.is_empty() {
                format!("The body does not fit: {error}.")
            } else {
                format!("{path} does not fit: {error}.")
            };
            let invalid = ApiError::new(StatusCode::BAD_REQUEST, "invalid_request", message);
            if path.is_empty() { invalid } else { invalid.about(&path) }
        } else {
            let message = format!("The body is not valid JSON: {error}.");
            ApiError::new(StatusCode::BAD_REQUEST, "invalid_json", message)
        }
    })
}

/// Tells a null from a missing field: `#[serde(default, deserialize_with = "present")]`.
pub(crate) fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// A list of objects: `#[serde(default, deserialize_with = "objects")]`.
pub(crate) fn objects<'de, T, D>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let found: Option<Vec<Object<T>>> = Option::deserialize(deserializer)?;
    Ok(found.map(|all| all.into_iter().map(|Object(value)| value).collect()))
}

/// Named fields only: serde would take a list of values for them in their order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamedFields(PhantomData))
    }
}

struct NamedFields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NamedFields<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with named fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// A path's id; whatever is no id names nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id(pub(crate) i64);

impl FromRequestParts<Api> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, api).await.map_err(|_| nothing())?;
        id(&text).map(Self)
    }
}

/// A path's two ids: of a thing, and of one within it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TwoIds(pub(crate) i64, pub(crate) i64);

impl FromRequestParts<Api> for TwoIds {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Path((outer, inner)) = Path::<(String, String)>::from_request_parts(parts, api)
            .await
            .map_err(|_| nothing())?;
        Ok(Self(id(&outer)?, id(&inner)?))
    }
}

fn id(text: &str) -> Result<i64, ApiError> {
    let id = text.parse().map_err(|_| nothing())?;
    if (1..=domain::ID_MAX).contains(&id) { Ok(id) } else { Err(nothing()) }
}

fn nothing() -> ApiError {
    ApiError::not_found("resource")
}

/// A field that must be there.
pub(crate) fn required<T>(param: &str, value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| ApiError::invalid(param, format!("{param} is missing.")))
}

/// A field or query parameter in its written form.
pub(crate) fn parsed<T: FromStr<Err: Display>>(param: &str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| {
        ApiError::invalid(param, format!("{param} cannot be read: {error}."))
    })
}

/// An amount of money, a decimal string.
pub(crate) fn amount(param: &str, text: &str) -> Result<Micros, ApiError> {
    Micros::parse(text, 6)
        .map_err(|error| ApiError::invalid(param, format!("{param} cannot be read: {error}.")))
}

/// The same for one that may be missing.
pub(crate) fn parsed_opt<T: FromStr<Err: Display>>(
    param: &str,
    text: Option<&str>,
) -> Result<Option<T>, ApiError> {
    text.map(|text| parsed(param, text)).transpose()
}

/// A point in time that may be missing.
pub(crate) fn time(param: &str, text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    text.map(Timestamp::parse)
        .transpose()
        .map_err(|error| ApiError::invalid(param, format!("{param}: {error}.")))
}

/// One of a set of words.
pub(crate) fn word<T: FromStr>(param: &str, text: &str, words: &[&str]) -> Result<T, ApiError> {
    text.parse()
        .map_err(|_| ApiError::invalid(param, format!("{param} is one of: {}.", words.join(", "))))
}
