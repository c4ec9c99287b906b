//! An id for each request, in its answer, and what else an answer says of the server.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{extract::Request, http::HeaderValue, middleware::Next, response::Response};

tokio::task_local! {
    static CURRENT: Served;
}

static COUNT: AtomicU64 = AtomicU64::new(0);

/// The request that is being served.
#[derive(Clone)]
struct Served {
    id: String,
    public_url: Arc<str>,
}

/// The id of the request that is being served.
pub(crate) fn current() -> String {
    CURRENT.try_with(|served| served.id.clone()).unwrap_or_default()
}

/// How customers reach this server; no slash at the end.
pub(crate) fn public_url() -> String {
    CURRENT.try_with(|served| served.public_url.to_string()).unwrap_or_default()
}

pub(crate) async fn layer(
    node: u32,
    public_url: Arc<str>,
    request: Request,
    next: Next,
) -> Response {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = format!("req_{node:08x}{count:010x}");
    let header = HeaderValue::from_str(&id).expect("hexadecimal digits make a header");
    let mut response = CURRENT.scope(Served { id, public_url }, next.run(request)).await;
    response.headers_mut().insert("x-request-id", header);
    response
}
