//! The request that is being served: its id, which its answer tells, and what becomes known of it on the way.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{http::HeaderValue, response::Response};
use bytes::Bytes;
use domain::{AccountId, ApiKeyId};

use crate::Api;

tokio::task_local! {
    static CURRENT: Served;
}

static COUNT: AtomicU64 = AtomicU64::new(0);

struct Served {
    id: String,
    public_url: Arc<str>,
    notes: RefCell<Notes>,
}

/// What is known of a request.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) caller: Option<(AccountId, ApiKeyId)>,
    pub(crate) body: Option<Bytes>,
}

/// Gives the request that `serving` serves an id, and tells it in the answer.
pub(crate) async fn serve(api: &Api, serving: impl Future<Output = Response>) -> Response {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = format!("req_{:08x}{count:010x}", api.node);
    let header = HeaderValue::from_str(&id).expect("hexadecimal digits make a header");
    let served = Served { id, public_url: Arc::clone(&api.public_url), notes: RefCell::default() };
    let mut response = CURRENT.scope(served, serving).await;
    response.headers_mut().insert("x-request-id", header);
    response
}

/// The request's id.
pub(crate) fn id() -> String {
    CURRENT.try_with(|served| served.id.clone()).unwrap_or_default()
}

/// How customers reach this server; no slash at the end.
pub(crate) fn public_url() -> String {
    CURRENT.try_with(|served| served.public_url.to_string()).unwrap_or_default()
}

/// The request shows an account's key.
pub(crate) fn note_key(account: AccountId, key: ApiKeyId) {
    note(|notes| notes.caller = Some((account, key)));
}

pub(crate) fn note_body(body: &Bytes) {
    note(|notes| notes.body = Some(body.clone()));
}

fn note(with: impl FnOnce(&mut Notes)) {
    // A test may call a handler that nobody serves.
    CURRENT.try_with(|served| with(&mut served.notes.borrow_mut())).unwrap_or_default();
}

/// What was noted so far.
pub(crate) fn take_notes() -> Notes {
    CURRENT.try_with(|served| served.notes.take()).unwrap_or_default()
}
