//! The movements of a customer's balance, as the customer sees them.

use axum::{Json, extract::State, response::Response};
use domain::AccountId;
use store::accounts;

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Id, Operator, Params},
    page::PageQuery,
    portal::transactions::{TransactionList, TransactionsQuery, file_of, page_of},
};

/// The movements of a customer's balance, newest first.
#[utoipa::path(
    get, path = "/operator/accounts/{id}/transactions", tag = "Operator: accounts",
    params(("id" = i64, Path), TransactionsQuery, PageQuery),
    responses(
        (status = 200, description = "A page of movements", body = TransactionList),
        (status = "4XX", description = "There is no such account, or the query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    id: Id,
    Params(query): Params<TransactionsQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Json<TransactionList>, ApiError> {
    page_of(&api, existing(&api, id).await?, query, &page).await
}

/// The movements of a customer's balance as a CSV file, newest first.
#[utoipa::path(
    get, path = "/operator/accounts/{id}/transactions.csv", tag = "Operator: accounts",
    params(("id" = i64, Path), TransactionsQuery),
    responses(
        (status = 200, description = "A CSV file in UTF-8", body = String, content_type = "text/csv"),
        (status = "4XX", description = "There is no such account, or the query cannot be used", body = Failure),
    ),
)]
pub(super) async fn file(
    State(api): State<Api>,
    _: Operator,
    id: Id,
    Params(query): Params<TransactionsQuery>,
) -> Result<Response, ApiError> {
    file_of(&api, existing(&api, id).await?, query)
}

/// The account of a path.
pub(super) async fn existing(api: &Api, Id(id): Id) -> Result<AccountId, ApiError> {
    let id = AccountId::new(id);
    let found = api.engine.store().read(move |tx| accounts::find(tx, id)).await?;
    found.map(|account| account.id).ok_or_else(|| ApiError::not_found("account"))
}
