//! Customers as operators see them.

use axum::{Json, extract::State};
use domain::{AccountId, Email, Micros, Password};
use engine::{AccountCreated, AccountPatch, NewAccount, hash_password};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    accounts::{self, Account},
    movements::Movement,
};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::Created,
    error::{ApiError, Failure},
    extract::{Id, JsonBody, Operator, Params, parsed, parsed_opt, required, word},
    page::PageQuery,
    portal::TransactionView,
    views::{Money, Time},
};

/// A customer and the wallet.
#[derive(Debug, Serialize, ToSchema)]
struct AccountView {
    id: i64,
    name: String,
    email: String,
    /// `active` or `suspended`.
    status: &'static str,
    /// Messages a second.
    rate_limit: i64,
    balance: Money,
    held: Money,
    /// Of payments that were taken back after they had been spent.
    owed: Money,
    /// In percent, on top of what is paid in.
    #[schema(example = "21.00")]
    vat_rate: String,
    created_at: Time,
}

fn view(account: &Account) -> AccountView {
    AccountView {
        id: account.id.get(),
        name: account.name.clone(),
        email: account.email.clone(),
        status: account.status.as_str(),
        rate_limit: account.rate_limit,
        balance: Money::new(account.available, account.currency),
        held: Money::new(account.held, account.currency),
        owed: Money::new(account.owed, account.currency),
        vat_rate: account.vat_rate.to_string(),
        created_at: Time(account.created_at),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountList {
    success: bool,
    accounts: Vec<AccountView>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneAccount {
    success: bool,
    account: AccountView,
}

/// All customers, newest first.
#[utoipa::path(
    get, path = "/operator/accounts", tag = "Operator: accounts", params(PageQuery),
    responses(
        (status = 200, description = "A page of accounts", body = AccountList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<PageQuery>,
) -> Result<Json<AccountList>, ApiError> {
    let page = query.page()?;
    let mut found =
        api.engine.store().read(move |tx| accounts::list(tx, page.before, page.rows())).await?;
    let next_cursor = page.cut(&mut found, |account| account.id.get());
    let accounts = found.iter().map(view).collect();
    Ok(Json(AccountList { success: true, accounts, next_cursor }))
}

/// One customer.
#[utoipa::path(
    get, path = "/operator/accounts/{id}", tag = "Operator: accounts", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The account", body = OneAccount),
        (status = "4XX", description = "There is no such account", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<OneAccount>, ApiError> {
    let found = api
        .engine
        .store()
        .read(move |tx| accounts::find(tx, AccountId::new(id)))
        .await?
        .ok_or_else(|| ApiError::not_found("account"))?;
    Ok(Json(OneAccount { success: true, account: view(&found) }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewAccountBody {
    #[schema(required, nullable = false, example = "Example Ltd")]
    name: Option<String>,
    #[schema(required, nullable = false, example = "owner@example.com")]
    email: Option<String>,
    /// 10 to 200 characters; without one, the owner sets it by e-mail.
    password: Option<String>,
    /// ISO 4217; there have to be prices in it.
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// In percent, on top of what is paid in: `0.00` unless given.
    #[schema(example = "21.00")]
    vat_rate: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewAccountAnswer {
    success: bool,
    account: AccountView,
    /// The account's first API key, shown this once.
    #[schema(example = "df_live_…")]
    api_key: String,
}

/// Makes a customer account with an API key.
#[utoipa::path(
    post, path = "/operator/accounts", tag = "Operator: accounts", request_body = NewAccountBody,
    responses(
        (status = 201, description = "The account and its key", body = NewAccountAnswer),
        (status = "4XX", description = "Nothing was made", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    _: Operator,
    body: JsonBody<NewAccountBody>,
) -> Result<Created, ApiError> {
    let NewAccountBody { name, email, password, currency, vat_rate } = body.value;
    let name = required("name", name)?.trim().to_owned();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(ApiError::invalid("name", "name has 1 to 100 characters."));
    }
    let email: Email = parsed("email", &required("email", email)?)?;
    let password_hash = match password {
        None => None,
        Some(password) => {
            let password: Password = parsed("password", &password)?;
            Some(hash_password(password.into_inner()).await)
        }
    };
    let render = |made: &AccountCreated| -> Value {
        json!({
            "success": true,
            "account": view(&made.account),
            "api_key": made.api_key.secret,
        })
    };
    let vat_rate = parsed_opt("vat_rate", vat_rate.as_deref())?.unwrap_or_default();
    let currency = parsed_opt("currency", currency.as_deref())?;
    let new = NewAccount { name, email, password_hash, vat_rate, currency, verified: false };
    Ok(Created(api.engine.create_account(new, body.idempotency, render).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AccountPatchBody {
    /// Messages a second, 1 to 1,000,000.
    rate_limit: Option<i64>,
    /// `active` or `suspended`.
    status: Option<String>,
    /// In percent, on top of what is paid in from now on.
    #[schema(example = "21.00")]
    vat_rate: Option<String>,
}

/// Changes a customer's rate, status or VAT.
#[utoipa::path(
    patch, path = "/operator/accounts/{id}", tag = "Operator: accounts", params(("id" = i64, Path)),
    request_body = AccountPatchBody,
    responses(
        (status = 200, description = "The account", body = OneAccount),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn update(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
    body: JsonBody<AccountPatchBody>,
) -> Result<Json<OneAccount>, ApiError> {
    let AccountPatchBody { rate_limit, status, vat_rate } = body.value;
    let status =
        status.map(|status| word("status", &status, &["active", "suspended"])).transpose()?;
    let vat_rate = parsed_opt("vat_rate", vat_rate.as_deref())?;
    let patch = AccountPatch { rate_limit, status, vat_rate };
    let account = api.engine.update_account(AccountId::new(id), patch).await?;
    Ok(Json(OneAccount { success: true, account: view(&account) }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CreditBody {
    /// A decimal string; negative takes money back.
    #[schema(required, nullable = false, example = "20.00")]
    amount: Option<String>,
    /// Shown to the customer.
    #[schema(example = "Bank transfer of 3 April")]
    note: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreditAnswer {
    success: bool,
    transaction: TransactionView,
    account: AccountView,
}

/// Gives a customer money.
#[utoipa::path(
    post, path = "/operator/accounts/{id}/credits", tag = "Operator: accounts",
    params(("id" = i64, Path)), request_body = CreditBody,
    responses(
        (status = 201, description = "The movement", body = CreditAnswer),
        (status = "4XX", description = "No money moved", body = Failure),
    ),
)]
pub(super) async fn credit(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
    body: JsonBody<CreditBody>,
) -> Result<Created, ApiError> {
    let amount = Micros::parse(&required("amount", body.value.amount)?, 6)
        .map_err(|error| ApiError::invalid("amount", format!("amount: {error}.")))?;
    let note = body.value.note.unwrap_or_default();
    if note.chars().count() > 500 {
        return Err(ApiError::invalid("note", "note has at most 500 characters."));
    }
    let render = |(movement, account): &(Movement, Account)| {
        let transaction = TransactionView::from(movement.clone());
        json!({"success": true, "transaction": transaction, "account": view(account)})
    };
    let id = AccountId::new(id);
    let done = api.engine.credit(id, amount, note, body.idempotency, render).await?;
    Ok(Created(done))
}
