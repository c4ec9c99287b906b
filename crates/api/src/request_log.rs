//! Notes what programs ask for, for the log that the account's people read.
//!
//! What is noted tells no text and no whole number: `masking` sees to that.

mod masking;

use std::time::Instant;

use axum::{extract::Request, response::Response};
use engine::Asked;

use crate::{Api, serving};

/// The code of an error, for whoever sees its answer go by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorCode(pub(crate) &'static str);

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
    let response = serve(request).await;
    let notes = serving::take_notes();
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
            request_id: serving::id(),
            body: notes.body.as_deref().and_then(masking::body),
        });
    }
    response
}
