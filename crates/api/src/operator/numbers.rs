//! The inventory as operators see and set it.

use axum::{Json, extract::State};
use domain::{AccountId, CarrierId, MessagingProfileId, NumberId, NumberStatus, NumberType};
use engine::{NewNumber, NumberPatch};
use serde::{Deserialize, Serialize};
use store::numbers::{self, NumberRecord};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Id, JsonBody, Operator, Params, parsed, present, required, word},
    page::Page,
    views::Time,
};

/// A number of the inventory.
#[derive(Debug, Serialize, ToSchema)]
struct OperatorNumberView {
    id: i64,
    #[schema(example = "+447700900001")]
    number: String,
    #[schema(example = "GB")]
    country: String,
    /// `local`, `mobile` or `toll_free`.
    #[serde(rename = "type")]
    number_type: &'static str,
    status: &'static str,
    account_id: Option<i64>,
    sms_enabled: bool,
    /// Its messages go through this carrier first.
    carrier_id: Option<i64>,
    /// Never leaves the simulator.
    simulated: bool,
    /// Of its account; null: it sends nothing.
    messaging_profile_id: Option<i64>,
    created_at: Time,
}

fn view(record: &NumberRecord) -> OperatorNumberView {
    OperatorNumberView {
        id: record.id.get(),
        number: record.number.to_string(),
        country: record.country.to_string(),
        number_type: record.number_type.as_str(),
        status: record.status.as_str(),
        account_id: record.account.map(AccountId::get),
        sms_enabled: record.sms_enabled,
        carrier_id: record.carrier.map(CarrierId::get),
        simulated: record.simulated,
        messaging_profile_id: record.profile.map(MessagingProfileId::get),
        created_at: Time(record.created_at),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OperatorNumberList {
    success: bool,
    numbers: Vec<OperatorNumberView>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneOperatorNumber {
    success: bool,
    number: OperatorNumberView,
}

/// A number as the answer to a change.
pub(super) fn one(record: &NumberRecord) -> Json<OneOperatorNumber> {
    Json(OneOperatorNumber { success: true, number: view(record) })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatusQuery {
    /// Only numbers with this status, like `pending_verification`.
    status: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The inventory, newest first.
#[utoipa::path(
    get, path = "/operator/numbers", tag = "Operator: numbers", params(StatusQuery),
    responses(
        (status = 200, description = "A page of numbers", body = OperatorNumberList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<StatusQuery>,
) -> Result<Json<OperatorNumberList>, ApiError> {
    let page = Page::parse(query.limit.as_deref(), query.cursor.as_deref())?;
    let status = query.status.as_deref().map(status_word).transpose()?;
    let mut found = api
        .engine
        .store()
        .read(move |tx| numbers::list(tx, status, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |number| number.id.get());
    let numbers = found.iter().map(view).collect();
    Ok(Json(OperatorNumberList { success: true, numbers, next_cursor }))
}

/// One number.
#[utoipa::path(
    get, path = "/operator/numbers/{id}", tag = "Operator: numbers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The number", body = OneOperatorNumber),
        (status = "4XX", description = "There is no such number", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<OneOperatorNumber>, ApiError> {
    let found = api
        .engine
        .store()
        .read(move |tx| numbers::find(tx, NumberId::new(id)))
        .await?
        .ok_or_else(|| ApiError::not_found("number"))?;
    Ok(Json(OneOperatorNumber { success: true, number: view(&found) }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewNumberBody {
    #[schema(required, nullable = false, example = "+447700900001")]
    number: Option<String>,
    #[schema(required, nullable = false, example = "GB")]
    country: Option<String>,
    /// `local`, `mobile` or `toll_free`.
    #[serde(rename = "type")]
    #[schema(required, nullable = false, example = "mobile")]
    number_type: Option<String>,
    /// `available` by default, `active` where an account is named.
    status: Option<String>,
    account_id: Option<i64>,
    /// False by default.
    sms_enabled: Option<bool>,
    carrier_id: Option<i64>,
    /// Binds it to the simulator for ever; false by default.
    simulated: Option<bool>,
}

fn type_word(text: &str) -> Result<NumberType, ApiError> {
    word("type", text, &["local", "mobile", "toll_free"])
}

fn status_word(text: &str) -> Result<NumberStatus, ApiError> {
    let words: Vec<&str> = NumberStatus::ALL.iter().map(|status| status.as_str()).collect();
    word("status", text, &words)
}

/// Adds a number.
#[utoipa::path(
    post, path = "/operator/numbers", tag = "Operator: numbers", request_body = NewNumberBody,
    responses(
        (status = 201, description = "The number", body = OneOperatorNumber),
        (status = "4XX", description = "Nothing was made", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    _: Operator,
    body: JsonBody<NewNumberBody>,
) -> Result<Created, ApiError> {
    let given = body.value;
    let account = given.account_id.map(AccountId::new);
    let status = match given.status.as_deref() {
        Some(text) => status_word(text)?,
        None if account.is_some() => NumberStatus::Active,
        None => NumberStatus::Available,
    };
    let new = NewNumber {
        number: parsed("number", &required("number", given.number)?)?,
        country: parsed("country", &required("country", given.country)?)?,
        number_type: type_word(&required("type", given.number_type)?)?,
        status,
        account,
        sms_enabled: given.sms_enabled.unwrap_or(false),
        carrier: given.carrier_id.map(CarrierId::new),
        simulated: given.simulated.unwrap_or(false),
    };
    let render = |record: &NumberRecord| named("number", view(record));
    Ok(Created(api.engine.create_number(new, body.idempotency, render).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NumberPatchBody {
    country: Option<String>,
    /// `local`, `mobile` or `toll_free`.
    #[serde(rename = "type")]
    number_type: Option<String>,
    status: Option<String>,
    /// Null takes it from its account.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    account_id: Option<Option<i64>>,
    sms_enabled: Option<bool>,
    /// Null lets the routes decide.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    carrier_id: Option<Option<i64>>,
    /// Cannot be taken back.
    simulated: Option<bool>,
}

/// Changes a number.
#[utoipa::path(
    patch, path = "/operator/numbers/{id}", tag = "Operator: numbers", params(("id" = i64, Path)),
    request_body = NumberPatchBody,
    responses(
        (status = 200, description = "The number", body = OneOperatorNumber),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn update(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
    body: JsonBody<NumberPatchBody>,
) -> Result<Json<OneOperatorNumber>, ApiError> {
    let given = body.value;
    let patch = NumberPatch {
        country: given.country.map(|text| parsed("country", &text)).transpose()?,
        number_type: given.number_type.map(|text| type_word(&text)).transpose()?,
        status: given.status.map(|text| status_word(&text)).transpose()?,
        account: given.account_id.map(|id| id.map(AccountId::new)),
        sms_enabled: given.sms_enabled,
        carrier: given.carrier_id.map(|id| id.map(CarrierId::new)),
        simulated: given.simulated,
    };
    let record = api.engine.update_number(NumberId::new(id), patch).await?;
    Ok(one(&record))
}
