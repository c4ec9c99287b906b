//! The movements of the balance, as a list and as a file.

use axum::{Json, extract::State, response::Response};
use domain::{AccountId, NumberId};
use serde::{Deserialize, Serialize};
use store::{
    ledger::TransferKind,
    movements::{self, Filter, Movement},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    csv_answer::{self, csv_answer},
    error::{ApiError, Failure},
    extract::{Caller, Params, parsed_opt, time, word},
    page::PageQuery,
    views::{Money, Time},
};

/// Which movements are meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TransactionsQuery {
    /// `sms`, `sms_refund`, `credit`, `topup`, `topup_refund`, `dispute`, `topup_restored`, `debt`,
    /// `number_setup`, `refund`, `number` or `sms_addon`.
    kind: Option<String>,
    /// What messages and months of this number cost.
    #[param(value_type = Option<i64>)]
    number_id: Option<String>,
    /// Not before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
    /// Part of the note, whatever its case.
    q: Option<String>,
}

impl TransactionsQuery {
    pub(crate) fn filter(self) -> Result<Filter, ApiError> {
        Ok(Filter {
            kinds: self.kind.as_deref().map(kinds).transpose()?.unwrap_or_default(),
            number: parsed_opt("number_id", self.number_id.as_deref())?.map(NumberId::new),
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            text: self.q.filter(|text| !text.is_empty()),
        })
    }
}

/// What customers call a kind of transfer.
fn kind(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Reserve | TransferKind::Post => "sms",
        TransferKind::Void => "sms_refund",
        TransferKind::Credit => "credit",
        TransferKind::Topup => "topup",
        TransferKind::TopupRefund => "topup_refund",
        TransferKind::Dispute => "dispute",
        TransferKind::Restored => "topup_restored",
        TransferKind::Debt | TransferKind::Settle => "debt",
        TransferKind::Refund => "refund",
        TransferKind::Setup => "number_setup",
        TransferKind::Number => "number",
        TransferKind::SmsAddon => "sms_addon",
    }
}

/// The transfers that customers call so.
fn kinds(text: &str) -> Result<Vec<TransferKind>, ApiError> {
    let named = |each: &&TransferKind| kind(**each) == text;
    let found: Vec<TransferKind> = TransferKind::ALL.iter().filter(named).copied().collect();
    if found.is_empty() {
        let mut words: Vec<&str> = TransferKind::ALL.iter().copied().map(kind).collect();
        words.sort_unstable();
        words.dedup();
        return word::<TransferKind>("kind", "", &words).map(|only| vec![only]);
    }
    Ok(found)
}

/// What a movement was for.
fn reference(movement: &Movement) -> String {
    let source = movement.source;
    match movement.kind {
        TransferKind::Reserve | TransferKind::Post | TransferKind::Void => {
            format!("message:{source}")
        }
        TransferKind::Credit => format!("credit:{source}"),
        TransferKind::Topup => format!("topup:{source}"),
        TransferKind::TopupRefund | TransferKind::Dispute | TransferKind::Restored => {
            format!("reversal:{source}")
        }
        TransferKind::Debt | TransferKind::Settle => format!("debt:{source}"),
        TransferKind::Refund
        | TransferKind::Setup
        | TransferKind::Number
        | TransferKind::SmsAddon => match movement.number {
            Some(number) => format!("number:{number}"),
            None => format!("month:{source}"),
        },
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionList {
    success: bool,
    transactions: Vec<TransactionView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// A movement of the balance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransactionView {
    id: i64,
    /// `sms`, `sms_refund`, `credit`, `topup`, `topup_refund`, `dispute`, `topup_restored`, `debt`,
    /// `number_setup`, `refund`, `number`, `sms_addon`.
    #[schema(example = "sms")]
    kind: &'static str,
    /// Negative where money left.
    amount: Money,
    balance_after: Money,
    created_at: Time,
    /// What it was for: `message:`, `credit:`, `topup:`, `reversal:`, `debt:` or `number:` and an id.
    #[schema(example = "message:156")]
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl From<Movement> for TransactionView {
    fn from(movement: Movement) -> Self {
        Self {
            id: movement.id,
            kind: kind(movement.kind),
            amount: Money::new(movement.amount, movement.currency),
            balance_after: Money::new(movement.available_after, movement.currency),
            created_at: Time(movement.created_at),
            reference: reference(&movement),
            note: movement.note,
        }
    }
}

/// The movements of the balance, newest first.
#[utoipa::path(
    get, path = "/portal/wallet/transactions", tag = "Wallet", params(TransactionsQuery, PageQuery),
    responses(
        (status = 200, description = "A page of movements", body = TransactionList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<TransactionsQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Json<TransactionList>, ApiError> {
    page_of(&api, caller.account, query, &page).await
}

/// The movements of the balance as a CSV file, newest first.
///
/// All that the filters let through. Notes that a spreadsheet would take for a formula begin with an
/// apostrophe; amounts are plain decimals.
#[utoipa::path(
    get, path = "/portal/wallet/transactions.csv", tag = "Wallet", params(TransactionsQuery),
    responses(
        (status = 200, description = "A CSV file in UTF-8", body = String, content_type = "text/csv"),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn file(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<TransactionsQuery>,
) -> Result<Response, ApiError> {
    file_of(&api, caller.account, query)
}

/// A page of an account's movements.
pub(crate) async fn page_of(
    api: &Api,
    account: AccountId,
    query: TransactionsQuery,
    page: &PageQuery,
) -> Result<Json<TransactionList>, ApiError> {
    let (filter, page) = (query.filter()?, page.page()?);
    let mut found = api
        .engine
        .store()
        .read(move |tx| movements::list(tx, account, &filter, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |movement| movement.id);
    let transactions = found.into_iter().map(TransactionView::from).collect();
    Ok(Json(TransactionList { success: true, transactions, next_cursor }))
}

/// The column names are the API's: the file is for programs as well.
const COLUMNS: [&str; 8] =
    ["id", "created_at", "kind", "amount", "balance_after", "currency", "reference", "note"];

/// Movements read at once for a file.
const FILE_PAGE: i64 = 1_000;

/// An account's movements as a file, read a page at a time while it is sent.
pub(crate) fn file_of(
    api: &Api,
    account: AccountId,
    query: TransactionsQuery,
) -> Result<Response, ApiError> {
    let filter = query.filter()?;
    let engine = std::sync::Arc::clone(&api.engine);
    let next = move |before: i64| {
        let (engine, filter) = (std::sync::Arc::clone(&engine), filter.clone());
        async move {
            let found = engine
                .store()
                .read(move |tx| movements::list(tx, account, &filter, before, FILE_PAGE))
                .await?;
            let last = found.last().map(|movement| movement.id);
            Ok::<_, store::StoreError>((found.iter().map(cells).collect(), last))
        }
    };
    Ok(csv_answer("transactions.csv", &COLUMNS, i64::MAX, next))
}

fn cells(movement: &Movement) -> [String; 8] {
    [
        movement.id.to_string(),
        movement.created_at.to_string(),
        kind(movement.kind).to_owned(),
        movement.amount.to_string(),
        movement.available_after.to_string(),
        movement.currency.to_string(),
        reference(movement),
        csv_answer::plain(movement.note.as_deref().unwrap_or("")),
    ]
}
