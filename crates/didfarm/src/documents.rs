//! The documents for customers' developers, served by the program itself: as pages, and as Markdown.
//!
//! Their sources are in `docs/`, where they can be read as well.

mod errors;
mod frame;
mod highlight;
mod markdown;
mod pages;
mod reference;

use api::Api;
use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{MethodRouter, get},
};
use frame::Framed;

/// As the sources write the server's address; readers see their server's own.
const WRITTEN_URL: &str = "http://127.0.0.1:8080";

/// Nothing is loaded from elsewhere, and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Where people look for what has another name here.
const ALIASES: &[(&str, &str)] = &[
    ("/docs/testing", "/docs/simulator"),
    ("/docs/reference", "/docs/api"),
    ("/docs/migrate", "/docs/migrate/twilio"),
];

/// Whose documents these are.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// How customers reach this server; no slash at the end.
    pub(crate) public_url: String,
    /// What the service is called, as text.
    pub(crate) brand: String,
}

impl Site {
    fn own(&self, text: &str) -> String {
        text.replace(WRITTEN_URL, &self.public_url)
    }
}

pub(crate) fn routes(site: &Site) -> Router<Api> {
    let missing = frame::missing(site);
    let mut router = Router::new()
        .route("/docs/style.css", get(style))
        .route("/llms.txt", plain(site.own(&pages::index(&site.brand))))
        .route("/llms-full.txt", plain(site.own(&pages::everything())))
        .route(
            "/docs/{*nothing}",
            get(move |Path(_): Path<String>| async move { shown(StatusCode::NOT_FOUND, missing) }),
        );
    for page in pages::all() {
        router = router
            .route(&page.address(), html(frame::page(site, page)))
            .route(&page.markdown_address(), plain(site.own(page.source)));
    }
    for error in errors::all() {
        let source = error.markdown();
        let framed = Framed {
            title: error.code,
            about: &format!("The error {}: its cause and its cure", error.code),
            here: "/docs/errors",
            markdown: &format!("{}.md", error.address()),
            source: &source,
        };
        router = router
            .route(&error.address(), html(framed.html(site)))
            .route(framed.markdown, plain(site.own(&source)));
    }
    for (alias, address) in ALIASES {
        router = router.route(alias, get(move || async move { Redirect::permanent(address) }));
    }
    router.merge(reference::routes(site))
}

fn html(page: String) -> MethodRouter<Api> {
    get(|| async move { shown(StatusCode::OK, page) })
}

fn plain(text: String) -> MethodRouter<Api> {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    get(move || async move { (headers, text) })
}

fn shown(status: StatusCode, page: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (status, headers, page).into_response()
}

async fn style() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, include_str!("documents/style.css"))
}
