//! HTTP: the customers' and operators' API, its document, and the event stream.
//!
//! Handlers parse, ask the engine, and answer. They read through the store and
//! write only through the engine.
//!
//! Not here: rules, SQL, sessions with carriers, the portal's files.

mod answer;
mod auth;
mod checkout;
mod client;
mod cookie;
mod csv_answer;
mod entrance;
mod error;
mod extract;
mod health;
mod metrics;
mod openapi;
mod operator;
mod page;
mod portal;
mod reads;
mod request_log;
mod same_origin;
mod serving;
mod stripe_events;
mod views;
mod webhook_payloads;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::{AccountId, Currency, rate::Quota};
use engine::Engine;
use metrics_exporter_prometheus::PrometheusHandle;
use store::wallets;

pub use client::Peer;
pub use entrance::Entrance;
use error::rate_headers;
pub use error::{ApiError, ERROR_CODES};
pub use portal::bodies;
use reads::Reads;
use views::Viewer;

/// What every handler can reach. Each request takes a copy.
#[derive(Debug, Clone)]
pub struct Api(Arc<Reach>);

/// What an [`Api`] leads to.
pub struct Reach {
    pub(crate) engine: Arc<Engine>,
    pub(crate) reads: Reads,
    pub(crate) prometheus: PrometheusHandle,
    /// How customers reach this server; no slash at the end.
    public_url: Arc<str>,
    /// The client's address is the last of `X-Forwarded-For`.
    pub(crate) behind_proxy: bool,
    /// Marks this process in request ids.
    node: u32,
}

impl std::ops::Deref for Api {
    type Target = Reach;

    fn deref(&self) -> &Reach {
        &self.0
    }
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reach").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl Api {
    /// `node` differs from process to process.
    pub fn new(
        engine: Arc<Engine>,
        prometheus: PrometheusHandle,
        behind_proxy: bool,
        node: u32,
    ) -> Self {
        let public_url = engine.config().site.public_url.as_str().into();
        let reads = Reads::default();
        Self(Arc::new(Reach { engine, reads, prometheus, public_url, behind_proxy, node }))
    }

    /// Whether browsers reach this server over https.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Who looks at an account's messages.
    pub(crate) async fn viewer(&self, account: AccountId) -> Result<Viewer, ApiError> {
        Ok(self.viewer_in(self.engine.currency_of(account).await?))
    }

    /// The same, where it is known what the account pays in.
    pub(crate) fn viewer_in(&self, currency: Currency) -> Viewer {
        Viewer {
            brand: self.engine.config().site.brand.clone(),
            currency,
            now: self.engine.clock().now(),
        }
    }

    /// The rate headers of an answer that took nothing of the rate.
    pub(crate) async fn rate_headers_now(
        &self,
        account: AccountId,
        headers: &mut HeaderMap,
    ) -> Result<(), ApiError> {
        let wallet = self.engine.store().read(move |tx| wallets::find(tx, account)).await?;
        if let Some(wallet) = wallet {
            let now = self.engine.clock().now();
            rate_headers(headers, &Quota::at(wallet.rate_limit, wallet.tat, now));
        }
        Ok(())
    }
}

/// Where the API's paths begin.
const API_ROOT: &str = "/api/v1";

/// The API, its paths without [`API_ROOT`].
fn api_router(api: Api) -> Router {
    let (documented, document) = openapi::document();
    let document = Arc::new(document);
    let router = documented
        .route("/openapi.json", get(move || openapi::serve(Arc::clone(&document))))
        .route("/stripe/webhook", post(stripe_events::receive));
    or_nothing(router).with_state(api)
}

/// What is not the API; `root` serves all that has no other path.
fn site_router(api: Api, root: Router<Api>) -> Router {
    let router = Router::new()
        .route("/checkout/{token}", get(checkout::show).post(checkout::pay))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(root);
    or_nothing(router).with_state(api)
}

fn or_nothing(router: Router<Api>) -> Router<Api> {
    router.method_not_allowed_fallback(wrong_method).fallback(nothing_here)
}

/// The metrics alone.
fn metrics_router(api: Api) -> Router {
    let scrape = |axum::extract::State(api): axum::extract::State<Api>| async move {
        metrics::render(&api).await
    };
    Router::new().route("/metrics", get(scrape)).with_state(api)
}

async fn wrong_method() -> Response {
    let message = "This path does not take this method; see /api/v1/openapi.json.";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).into_response()
}

/// The answer where nothing is.
pub async fn nothing_here() -> Response {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this path.")
        .into_response()
}
