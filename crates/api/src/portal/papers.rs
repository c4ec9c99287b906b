//! Receipts and statements.

use axum::{
    Json,
    extract::State,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use domain::{AccountId, TopupId};
use serde::Serialize;
use store::papers::{self, Paper, Subject};
use utoipa::ToSchema;

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Caller, Id, Params},
    page::PageQuery,
    views::{Money, Time},
};

/// A receipt of a top-up, or a statement of a month.
#[derive(Debug, Serialize, ToSchema)]
struct PaperView {
    id: i64,
    /// `receipt` or `statement`.
    #[schema(example = "receipt")]
    kind: &'static str,
    /// Without gaps in each kind and year.
    #[schema(example = "R-2026-000001")]
    number: String,
    /// Of a receipt: its payment.
    topup_id: Option<i64>,
    /// Of a statement: a month in UTC, from this time…
    period_start: Option<Time>,
    /// …to before this one.
    period_end: Option<Time>,
    /// What was paid with VAT; of a statement, the balance at its end.
    total: Money,
    issued_at: Time,
}

fn view(paper: &Paper) -> PaperView {
    let (topup_id, period) = match paper.subject {
        Subject::Topup(id) => (Some(id.get()), None),
        Subject::Period(from, to) => (None, Some((Time(from), Time(to)))),
    };
    PaperView {
        id: paper.id,
        kind: paper.kind().as_str(),
        number: paper.label(),
        topup_id,
        period_start: period.map(|(from, _)| from),
        period_end: period.map(|(_, to)| to),
        total: Money::new(paper.total, paper.currency),
        issued_at: Time(paper.issued_at),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaperList {
    success: bool,
    papers: Vec<PaperView>,
    next_cursor: Option<String>,
}

/// Receipts and monthly statements, newest first.
#[utoipa::path(
    get, path = "/portal/wallet/papers", tag = "Wallet", params(PageQuery),
    responses(
        (status = 200, description = "A page of papers", body = PaperList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<PageQuery>,
) -> Result<Json<PaperList>, ApiError> {
    page_of(&api, caller.account, &query).await
}

/// A paper as a PDF file.
#[utoipa::path(
    get, path = "/portal/wallet/papers/{id}/pdf", tag = "Wallet", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf"),
        (status = "4XX", description = "There is no such paper", body = Failure),
    ),
)]
pub(super) async fn pdf(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, ApiError> {
    pdf_of(&api, caller.account, id).await
}

/// The receipt of a top-up as a PDF file.
#[utoipa::path(
    get, path = "/portal/wallet/topups/{id}/receipt", tag = "Wallet", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/pdf"),
        (status = "4XX", description = "There is no such top-up, or it was not paid", body = Failure),
    ),
)]
pub(super) async fn receipt(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, ApiError> {
    let (account, topup) = (caller.account, TopupId::new(id));
    let found = api.engine.store().read(move |tx| papers::find_receipt(tx, account, topup)).await?;
    file_of(found.ok_or_else(|| ApiError::not_found("receipt"))?).await
}

/// A page of an account's papers.
pub(crate) async fn page_of(
    api: &Api,
    account: AccountId,
    query: &PageQuery,
) -> Result<Json<PaperList>, ApiError> {
    let page = query.page()?;
    let mut found = api
        .engine
        .store()
        .read(move |tx| papers::list(tx, account, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |paper| paper.id);
    Ok(Json(PaperList { success: true, papers: found.iter().map(view).collect(), next_cursor }))
}

/// An account's paper as a file.
pub(crate) async fn pdf_of(api: &Api, account: AccountId, id: i64) -> Result<Response, ApiError> {
    let found = api.engine.store().read(move |tx| papers::find(tx, account, id)).await?;
    file_of(found.ok_or_else(|| ApiError::not_found("paper"))?).await
}

async fn file_of(paper: Paper) -> Result<Response, ApiError> {
    let name = format!("attachment; filename=\"{}.pdf\"", paper.label());
    let printing = tokio::task::spawn_blocking(move || engine::print_paper(&paper));
    let octets = printing.await.ok().and_then(Result::ok).ok_or_else(|| {
        let message = "The paper cannot be printed; it was logged.";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    })?;
    let headers = [
        (CONTENT_TYPE, "application/pdf".to_owned()),
        (CONTENT_DISPOSITION, name),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, octets).into_response())
}
