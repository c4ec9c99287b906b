//! Documents for numbers whose country requires them.

use axum::{Json, extract::State};
use domain::NumberId;
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    documents::{self, Document},
    numbers,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Caller, DocumentBody, Id, Params, required},
    views::Time,
};

/// A document that was handed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentView {
    id: i64,
    #[schema(example = "passport.pdf")]
    name: String,
    #[schema(example = "application/pdf")]
    content_type: String,
    octets: i64,
    created_at: Time,
}

impl From<&Document> for DocumentView {
    fn from(document: &Document) -> Self {
        Self {
            id: document.id,
            name: document.name.clone(),
            content_type: document.content_type.clone(),
            octets: document.octets,
            created_at: Time(document.created_at),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentList {
    pub(crate) success: bool,
    pub(crate) documents: Vec<DocumentView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneDocument {
    success: bool,
    document: DocumentView,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NameQuery {
    /// What the document is called; at most 200 characters.
    #[param(required, nullable = false, value_type = String)]
    name: Option<String>,
}

/// Hands in a document for a number that waits for its verification: PDF, JPEG or PNG, at most 8 MiB.
#[utoipa::path(
    post, path = "/portal/numbers/{id}/documents", tag = "Numbers",
    params(("id" = i64, Path), NameQuery),
    request_body(content = String, content_type = "application/pdf"),
    responses(
        (status = 201, description = "It was handed in", body = OneDocument),
        (status = "4XX", description = "Nothing was kept", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    Params(query): Params<NameQuery>,
    DocumentBody { content_type, octets, idempotency }: DocumentBody,
) -> Result<Created, ApiError> {
    let name = required("name", query.name)?;
    let number = NumberId::new(id);
    let render = |document: &Document| named("document", DocumentView::from(document));
    let (account, what) = (caller.account, (name, content_type));
    let done =
        api.engine.hand_in(account, number, what, octets.to_vec(), idempotency, render).await?;
    Ok(Created(done))
}

/// What I handed in for a number.
#[utoipa::path(
    get, path = "/portal/numbers/{id}/documents", tag = "Numbers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The documents", body = DocumentList),
        (status = "4XX", description = "There is no such number", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<DocumentList>, ApiError> {
    let (account, number) = (caller.account, NumberId::new(id));
    let found = api
        .engine
        .store()
        .read(move |tx| {
            let own = numbers::find(tx, number)?.is_some_and(|n| n.account == Some(account));
            if own { documents::of_number(tx, account, number).map(Some) } else { Ok(None) }
        })
        .await
        .map_err(|error: StoreError| ApiError::from(error))?
        .ok_or_else(|| ApiError::not_found("number"))?;
    let documents = found.iter().map(DocumentView::from).collect();
    Ok(Json(DocumentList { success: true, documents }))
}
