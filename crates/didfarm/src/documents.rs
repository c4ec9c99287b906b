//! The documents for customers' developers, served by the program itself: as pages, and as Markdown.
//!
//! Their sources are in `docs/`, where they can be read as well.

mod errors;
mod frame;
mod markdown;
mod pages;
mod reference;

use api::Api;
use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use pages::{PAGES, Page};

/// As the sources write the server's address; readers see their server's own.
const WRITTEN_URL: &str = "http://127.0.0.1:8080";

/// Nothing is loaded from elsewhere, and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// `public_url` is how customers reach this server; no slash at the end.
pub(crate) fn routes(public_url: &str) -> Router<Api> {
    let site = |text: &str| text.replace(WRITTEN_URL, public_url);
    let mut router = Router::new()
        .route("/docs/style.css", get(style))
        .route("/llms.txt", plain(site(&pages::index())))
        .route("/llms-full.txt", plain(site(&pages::everything())))
        .route("/docs/{*nothing}", get(missing));
    for page in PAGES {
        let address = page.address();
        router = router
            .route(&address, html(site(&frame::page(page, &markdown::html(page.source)))))
            .route(&page.markdown_address(), plain(site(page.source)));
    }
    for error in errors::all() {
        let page = frame::error(&error, &markdown::html(&error.markdown()));
        router = router
            .route(&error.address(), html(site(&page)))
            .route(&format!("{}.md", error.address()), plain(site(&error.markdown())));
    }
    router.merge(reference::routes())
}

fn html(page: String) -> axum::routing::MethodRouter<Api> {
    get(|| async move { shown(StatusCode::OK, page) })
}

fn plain(text: String) -> axum::routing::MethodRouter<Api> {
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

async fn missing(Path(_): Path<String>) -> Response {
    let page = Page {
        slug: "",
        title: "No such page",
        about: "",
        source: "# No such page\n\nIt may have moved: see the [documentation](/docs).\n",
    };
    shown(StatusCode::NOT_FOUND, frame::page(&page, &markdown::html(page.source)))
}
