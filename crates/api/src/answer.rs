//! Successful answers.

use axum::{
    Json,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use engine::Done;
use serde::Serialize;
use serde_json::{Value, json};

/// 201 with what was made, marked where it was answered before.
#[derive(Debug)]
pub(crate) struct Created(pub(crate) Done);

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.0.answer)).into_response();
        if self.0.replayed {
            mark_replayed(&mut response);
        }
        response
    }
}

/// 200 with what was done, marked where it was answered before.
#[derive(Debug)]
pub(crate) struct Answered(pub(crate) Done);

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let mut response = Json(self.0.answer).into_response();
        if self.0.replayed {
            mark_replayed(&mut response);
        }
        response
    }
}

pub(crate) fn mark_replayed(response: &mut Response) {
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
}

/// `{"success": true, NAME: value}`.
pub(crate) fn named(name: &str, value: impl Serialize) -> Value {
    let value = serde_json::to_value(value).expect("views have string keys only");
    json!({"success": true, name: value})
}
