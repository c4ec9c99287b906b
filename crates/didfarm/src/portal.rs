//! The portal: files built into the program, and its one page for every path of its own.

use api::Api;
use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use memory_serve::CacheControl;

/// The page that every path of the portal begins with.
const PAGE: &str = include_str!(concat!(env!("OUT_DIR"), "/index.html"));

/// Everything comes from this server; the component library sets styles in place.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

pub(crate) fn routes() -> Router<Api> {
    let files = memory_serve::load!()
        .index_file(Some("/index.html"))
        .html_cache_control(CacheControl::NoCache)
        // The names of all files but the page hold their contents' hash.
        .cache_control(CacheControl::Long)
        .into_router();
    Router::new().merge(files).route("/{*path}", any(page)).layer(middleware::from_fn(guarded))
}

/// A path of the portal's own, or of nobody's.
async fn page(request: Request) -> Response {
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    let path = request.uri().path();
    let elsewhere = path.starts_with("/api/") || path.starts_with("/assets/");
    if request.method() != Method::GET || !wants_page || elsewhere {
        return api::nothing_here().await;
    }
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, PAGE).into_response()
}

async fn guarded(request: Request, next: Next) -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
