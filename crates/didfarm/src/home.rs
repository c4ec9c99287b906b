//! The plain page at `/` that says what runs here.

use api::Api;
use axum::{Router, http::header, response::IntoResponse, routing::get};

const PAGE: &str = include_str!("home.html");

/// Nothing is loaded from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/", get(page)).route("/docs/errors", get(errors))
}

async fn page() -> impl IntoResponse {
    html(PAGE)
}

async fn errors() -> impl IntoResponse {
    html(include_str!("errors.html"))
}

fn html(page: &'static str) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ],
        page,
    )
}
