//! Notes what programs ask for, for the log that the account's people read.
//!
//! What is noted tells no text and no whole number: `masking` sees to that.

mod masking;

use std::{cell::RefCell, time::Instant};

use axum::{extract::Request, response::Response};
use bytes::Bytes;
use domain::{AccountId, ApiKeyId};
use engine::Asked;

use crate::{Api, request_id};

/// The code of an error, for whoever sees its answer go by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorCode(pub(crate) &'static str);

/// What is known of the request that is being served.
#[derive(Debug, Default)]
struct Notes {
    caller: Option<(AccountId, ApiKeyId)>,
    body: Option<Bytes>,
}

tokio::task_local! {
    static NOTES: RefCell<Notes>;
}

fn note(with: impl FnOnce(&mut Notes)) {
    // A call that is not logged has no notes.
    NOTES.try_with(|notes| with(&mut notes.borrow_mut())).unwrap_or_default();
}

/// The request shows an account's key.
pub(crate) fn note_key(account: AccountId, key: ApiKeyId) {
    note(|notes| notes.caller = Some((account, key)));
}

pub(crate) fn note_body(body: &Bytes) {
    note(|notes| notes.body = Some(body.clone()));
}

/// Notes a request of the API, as it is served, and how it was answered.
pub(crate) async fn watch(
    api: &Api,
    request: Request,
    serve: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let began = Instant::now();
    let at = api.engine.clock().now();
    // Cheap copies: most requests of a busy account are not logged.
    let (method, uri) = (request.method().clone(), request.uri().clone());
    NOTES
        .scope(RefCell::default(), async move {
            let response = serve(request).await;
            let notes = NOTES.with(RefCell::take);
            if let Some((account, key)) = notes.caller {
                api.engine.note_request(account, || Asked {
                    account,
                    key,
                    at,
                    duration: began.elapsed(),
                    method: method.to_string(),
                    path: uri.path().to_owned(),
                    query: uri.query().map(masking::query),
                    status: response.status().as_u16(),
                    error_code: response.extensions().get().map(|ErrorCode(code)| *code),
                    request_id: request_id::current(),
                    body: notes.body.as_deref().and_then(masking::body),
                });
            }
            response
        })
        .await
}
