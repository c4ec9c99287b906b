//! A customer's receipts and statements.

use axum::{Json, extract::State, response::Response};
use domain::AccountId;

use super::transactions::existing;
use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Id, Operator, Params, TwoIds},
    page::PageQuery,
    portal::papers::{PaperList, page_of, pdf_of},
};

/// A customer's receipts and monthly statements, newest first.
#[utoipa::path(
    get, path = "/operator/accounts/{id}/papers", tag = "Operator: accounts",
    params(("id" = i64, Path), PageQuery),
    responses(
        (status = 200, description = "A page of papers", body = PaperList),
        (status = "4XX", description = "There is no such account, or the query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    id: Id,
    Params(query): Params<PageQuery>,
) -> Result<Json<PaperList>, ApiError> {
    page_of(&api, existing(&api, id).await?, &query).await
}

/// A customer's paper as a PDF file.
#[utoipa::path(
    get, path = "/operator/accounts/{id}/papers/{paper_id}/pdf", tag = "Operator: accounts",
    params(("id" = i64, Path), ("paper_id" = i64, Path)),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf"),
        (status = "4XX", description = "There is no such paper", body = Failure),
    ),
)]
pub(super) async fn pdf(
    State(api): State<Api>,
    _: Operator,
    TwoIds(account, id): TwoIds,
) -> Result<Response, ApiError> {
    pdf_of(&api, AccountId::new(account), id).await
}
