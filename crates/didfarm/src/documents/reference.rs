//! The API's reference: Scalar's page over our own document, all of it from this server.

use api::Api;
use axum::{Router, http::header, response::IntoResponse, routing::get};

use super::{Site, frame::escaped};

/// The page styles itself in place; it loads, calls and runs what is this server's only.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <title>API reference · BRAND</title>\n<link rel=\"icon\" href=\"/favicon.svg\">\n</head>\n<body>\n\
    <div id=\"reference\"><p>The API is described by <a href=\"/api/v1/openapi.json\">its OpenAPI document</a>; \
    this page shows it where JavaScript runs, if it was built with the portal. \
    <a href=\"/docs\">Documentation</a></p></div>\n\
    <script src=\"/reference/scalar.js\"></script>\n<script src=\"/docs/reference.js\"></script>\n\
    </body>\n</html>\n";

pub(super) fn routes(site: &Site) -> Router<Api> {
    let page = PAGE.replace("BRAND", &escaped(&site.brand));
    Router::new()
        .route("/docs/api", get(move || async move { shown(page) }))
        .route("/docs/reference.js", get(script))
}

fn shown(page: String) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (headers, page)
}

async fn script() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, include_str!("reference.js"))
}
