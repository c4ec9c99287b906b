//! Ordered numbers that wait: their documents, and what becomes of them.

use axum::{
    Json,
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    response::{IntoResponse, Response},
};
use domain::NumberId;
use serde::Deserialize;
use store::{documents, numbers};
use utoipa::ToSchema;

use super::numbers::{OneOperatorNumber, one};
use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Id, JsonBody, Operator, required},
    portal::{DocumentList, DocumentView},
};

/// Makes an ordered number active; the months that were paid begin now.
#[utoipa::path(
    post, path = "/operator/numbers/{id}/approve", tag = "Operator: numbers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The number is active", body = OneOperatorNumber),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn approve(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<OneOperatorNumber>, ApiError> {
    Ok(one(&api.engine.approve_number(NumberId::new(id)).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct RefusalBody {
    /// What the customer is told.
    #[schema(required, nullable = false, example = "The document cannot be read.")]
    reason: Option<String>,
}

/// Takes an ordered number back and gives the customer the money back.
#[utoipa::path(
    post, path = "/operator/numbers/{id}/refuse", tag = "Operator: numbers", params(("id" = i64, Path)),
    request_body = RefusalBody,
    responses(
        (status = 200, description = "The number is released", body = OneOperatorNumber),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn refuse(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
    body: JsonBody<RefusalBody>,
) -> Result<Json<OneOperatorNumber>, ApiError> {
    let reason = required("reason", body.value.reason)?;
    Ok(one(&api.engine.refuse_number(NumberId::new(id), reason).await?))
}

/// What a number's customer handed in.
#[utoipa::path(
    get, path = "/operator/numbers/{id}/documents", tag = "Operator: numbers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The documents", body = DocumentList),
        (status = "4XX", description = "There is no such number", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<DocumentList>, ApiError> {
    let id = NumberId::new(id);
    let found = api
        .engine
        .store()
        .read(move |tx| match numbers::find(tx, id)? {
            Some(number) => match number.account {
                Some(account) => documents::of_number(tx, account, id).map(Some),
                None => Ok(Some(Vec::new())),
            },
            None => Ok(None),
        })
        .await?
        .ok_or_else(|| ApiError::not_found("number"))?;
    let documents = found.iter().map(DocumentView::from).collect();
    Ok(Json(DocumentList { success: true, documents }))
}

/// A document itself.
#[utoipa::path(
    get, path = "/operator/documents/{id}", tag = "Operator: numbers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = "4XX", description = "There is no such document", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Response, ApiError> {
    let (document, body) = api
        .engine
        .store()
        .read(move |tx| documents::find(tx, id))
        .await?
        .ok_or_else(|| ApiError::not_found("document"))?;
    // The name is the customer's: it stays out of the header.
    let headers = [
        (CONTENT_TYPE, document.content_type),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"document-{id}\"")),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, body).into_response())
}
