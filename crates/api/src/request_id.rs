//! An id for each request, in its answer, and what else an answer says of the server.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{http::HeaderValue, response::Response};

use crate::Api;

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

/// Gives the request that `serving` serves an id, and tells it in the answer.
pub(crate) async fn serve(api: &Api, serving: impl Future<Output = Response>) -> Response {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = format!("req_{:08x}{count:010x}", api.node);
    let header = HeaderValue::from_str(&id).expect("hexadecimal digits make a header");
    let served = Served { id, public_url: Arc::clone(&api.public_url) };
    let mut response = CURRENT.scope(served, serving).await;
    response.headers_mut().insert("x-request-id", header);
    response
}
