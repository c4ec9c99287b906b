//! Calls of the API, each failure a sentence with its request id.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use super::profile::Profile;

/// An ordinary call is answered within this long.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A file is sent and looked through within this long.
const FILE_ANSWERED_WITHIN: Duration = Duration::from_secs(600);

/// A call that may be repeated is, after these pauses.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

pub(super) struct Client {
    http: reqwest::Client,
    base_url: String,
    api_key: String,
}

impl Client {
    pub(super) fn new(profile: &Profile) -> anyhow::Result<Self> {
        Ok(Self {
            http: http()?,
            base_url: profile.base_url.clone(),
            api_key: profile.api_key.clone(),
        })
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.repeated(|| self.request(Method::GET, path)).await
    }

    /// `key` makes repeats harmless, so that a lost connection is tried again.
    pub(super) async fn post(&self, path: &str, body: &Value, key: &str) -> anyhow::Result<Value> {
        let request = || {
            self.request(Method::POST, path)
                .header("Idempotency-Key", key)
                .header("Content-Type", "application/json")
                .body(body.to_string())
        };
        self.repeated(request).await
    }

    /// Sends a CSV file; see [`Client::post`] for `key`.
    pub(super) async fn post_file(
        &self,
        path: &str,
        octets: &[u8],
        key: &str,
    ) -> anyhow::Result<Value> {
        let request = || {
            self.request(Method::POST, path)
                .timeout(FILE_ANSWERED_WITHIN)
                .header("Idempotency-Key", key)
                .header("Content-Type", "text/csv")
                .body(octets.to_vec())
        };
        self.repeated(request).await
    }

    /// An answer that goes on, from after the event `after`.
    pub(super) async fn stream(&self, path: &str, after: Option<i64>) -> anyhow::Result<Response> {
        let mut request = self
            .http
            .get(format!("{}/api/v1{path}", self.base_url))
            .bearer_auth(&self.api_key)
            .header("Accept", "text/event-stream");
        if let Some(seq) = after {
            request = request.header("Last-Event-ID", seq);
        }
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        if answer.status().is_success() { Ok(answer) } else { Err(refused(answer).await) }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1{path}", self.base_url))
            .bearer_auth(&self.api_key)
            .timeout(ANSWER_WITHIN)
    }

    async fn repeated(
        &self,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> anyhow::Result<Value> {
        let mut pauses = PAUSES.iter();
        loop {
            let answer = request().send().await;
            let again = match &answer {
                Ok(answer) => answer.status() == StatusCode::SERVICE_UNAVAILABLE,
                // Refused at once means that nothing listens there.
                Err(error) => !error.is_connect() && !error.is_builder(),
            };
            match pauses.next() {
                Some(pause) if again => tokio::time::sleep(*pause).await,
                _ => {
                    let answer = answer.map_err(|error| self.unreachable(&error))?;
                    return if answer.status().is_success() {
                        answer.json_value().await
                    } else {
                        Err(refused(answer).await)
                    };
                }
            }
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> anyhow::Error {
        let mut why: &dyn std::error::Error = error;
        while let Some(source) = why.source() {
            why = source;
        }
        anyhow!("{} does not answer: {why}", self.base_url)
    }
}

/// Without a proxy of the environment's: the key goes to the named server only.
pub(super) fn http() -> anyhow::Result<reqwest::Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("didfarm/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .build()?;
    Ok(client)
}

/// What the server said no with.
#[derive(Debug, thiserror::Error)]
#[error("{message} ({code}, {request_id})")]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) code: String,
    message: String,
    request_id: String,
}

async fn refused(answer: Response) -> anyhow::Error {
    let status = answer.status();
    match answer.json_value().await {
        Ok(body) if body["error"]["message"].is_string() => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let error = &body["error"];
            let refused = Refused {
                status,
                code: text(&error["code"]),
                message: text(&error["message"]),
                request_id: text(&body["request_id"]),
            };
            refused.into()
        }
        _ => anyhow!("the server answered {status}, and nothing that the API says"),
    }
}

trait JsonValue {
    async fn json_value(self) -> anyhow::Result<Value>;
}

impl JsonValue for Response {
    async fn json_value(self) -> anyhow::Result<Value> {
        let octets = self.bytes().await.context("the answer did not arrive whole")?;
        match serde_json::from_slice(&octets) {
            Ok(value) => Ok(value),
            Err(_) => bail!("the answer is no JSON: is this the address of a didfarm server?"),
        }
    }
}
