//! A customer's numbers, and SMS on them.

use axum::{Json, extract::State};
use domain::{AccountId, Currency, MessagingProfileId, NumberId, Timestamp};
use engine::{GRACE_DAYS, OwnNumber};
use serde::{Deserialize, Serialize};
use store::{
    StoreError, messaging_profiles,
    months::Service,
    numbers::{self, NumberRecord},
    renewals::{self, Renewal, RenewalState},
};
use utoipa::ToSchema;

use crate::{
    Api,
    answer::{Answered, named},
    error::{ApiError, Failure},
    extract::{Caller, Id, JsonBody, Params, Repeats, present, required},
    page::PageQuery,
    views::{Money, Time},
};

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NumberList {
    success: bool,
    numbers: Vec<NumberView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// One of your numbers.
#[derive(Debug, Serialize, ToSchema)]
struct NumberView {
    id: i64,
    #[schema(example = "+31201234567")]
    number: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "NL")]
    country: String,
    /// `local`, `mobile` or `toll_free`.
    #[serde(rename = "type")]
    number_type: &'static str,
    /// `provisioning`, `pending_verification`, `active`, `suspended` or `released`.
    status: &'static str,
    sms_enabled: bool,
    /// Whether such numbers can have SMS.
    sms_available: bool,
    /// Of a month of SMS; null where it is not available.
    sms_price: Option<Money>,
    /// SMS is paid until then, whether it is on or off; null where it is not.
    sms_paid_until: Option<Time>,
    /// The number is paid until then; null where it costs nothing.
    paid_until: Option<Time>,
    /// When the next month of SMS is charged; null where it is not renewed.
    sms_renews_at: Option<Time>,
    /// A month of SMS is owed: it is switched off then unless the wallet can pay.
    sms_grace_until: Option<Time>,
    /// SMS was switched off for want of money; it is on again once the wallet holds `sms_owed`.
    sms_lapsed: bool,
    sms_owed: Option<Money>,
    /// When the next month of the number is charged; null where it costs nothing.
    renews_at: Option<Time>,
    /// A month of the number is owed: it is suspended then unless the wallet can pay.
    grace_until: Option<Time>,
    /// What is owed for the number; unpaid, it ends 30 days after `paid_until`.
    owed: Option<Money>,
    /// Texts from it reach the simulator only.
    simulated: bool,
    /// Null: it receives, and sends nothing until it is assigned to one.
    messaging_profile: Option<ProfileName>,
    created_at: Time,
}

/// The messaging profile that a number is assigned to.
#[derive(Debug, Serialize, ToSchema)]
struct ProfileName {
    #[schema(example = 3)]
    id: i64,
    #[schema(example = "Default")]
    name: String,
}

fn view(
    api: &Api,
    number: &NumberRecord,
    renewals: &[Renewal],
    profile_name: Option<&str>,
    (currency, now): (Currency, Timestamp),
) -> NumberView {
    let prices = api.engine.prices();
    let offer = prices.tariff(currency).offer(number.country, number.number_type, now);
    let sms_price = offer.and_then(|offer| offer.sms);
    let of = |service| {
        renewals
            .iter()
            .find(|renewal| renewal.number == number.id && renewal.service == service)
            .map_or_else(Months::default, |renewal| Months::of(renewal, now, currency))
    };
    let (sms, own) = (of(Service::Sms), of(Service::Number));
    NumberView {
        id: number.id.get(),
        number: number.number.to_string(),
        country: number.country.to_string(),
        number_type: number.number_type.as_str(),
        status: number.status.as_str(),
        sms_enabled: number.sms_enabled,
        sms_available: sms_price.is_some(),
        sms_price: sms_price.map(|price| Money::new(price, currency)),
        sms_paid_until: sms.paid_until,
        paid_until: own.paid_until,
        sms_renews_at: sms.renews_at,
        sms_grace_until: sms.grace_until,
        sms_lapsed: sms.lapsed,
        sms_owed: sms.owed,
        renews_at: own.renews_at,
        grace_until: own.grace_until,
        owed: own.owed,
        simulated: number.simulated,
        messaging_profile: number
            .profile
            .zip(profile_name)
            .map(|(id, name)| ProfileName { id: id.get(), name: name.to_owned() }),
        created_at: Time(number.created_at),
    }
}

fn own_view(api: &Api, own: &OwnNumber, moment: (Currency, Timestamp)) -> NumberView {
    view(api, &own.number, &own.renewals, own.profile_name.as_deref(), moment)
}

/// In which currency, and when, an account looks at its numbers.
async fn moment(api: &Api, account: AccountId) -> Result<(Currency, Timestamp), ApiError> {
    Ok((api.engine.currency_of(account).await?, api.engine.clock().now()))
}

/// How a service stands with its months.
#[derive(Debug, Default)]
struct Months {
    paid_until: Option<Time>,
    renews_at: Option<Time>,
    grace_until: Option<Time>,
    lapsed: bool,
    owed: Option<Money>,
}

impl Months {
    fn of(renewal: &Renewal, now: Timestamp, currency: Currency) -> Self {
        let is = |state| renewal.renews && renewal.state == state;
        let until = Time(renewal.paid_until);
        let grace = std::time::Duration::from_secs(GRACE_DAYS * 86_400);
        let owes = renewal.renews && renewal.state != RenewalState::Paid;
        Self {
            paid_until: (renewal.paid_until > now).then_some(until),
            renews_at: is(RenewalState::Paid).then_some(until),
            grace_until: is(RenewalState::Grace).then(|| Time(renewal.paid_until.plus(grace))),
            lapsed: is(RenewalState::Lapsed),
            owed: owes.then(|| Money::new(renewal.owed, currency)),
        }
    }
}

/// The numbers to send from.
#[utoipa::path(
    get, path = "/portal/sms/numbers", tag = "Numbers", params(PageQuery),
    responses(
        (status = 200, description = "A page of numbers", body = NumberList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn senders(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<PageQuery>,
) -> Result<Json<NumberList>, ApiError> {
    page(&api, caller, &query).await
}

/// All my numbers.
#[utoipa::path(
    get, path = "/portal/numbers", tag = "Numbers", params(PageQuery),
    responses(
        (status = 200, description = "A page of numbers", body = NumberList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<PageQuery>,
) -> Result<Json<NumberList>, ApiError> {
    page(&api, caller, &query).await
}

async fn page(api: &Api, caller: Caller, query: &PageQuery) -> Result<Json<NumberList>, ApiError> {
    let page = query.page()?;
    let account = caller.account;
    let moment = moment(api, account).await?;
    let (mut found, renewals, profiles) = api
        .engine
        .store()
        .read(move |tx| {
            let found = numbers::of_account(tx, account, page.before, page.rows())?;
            let ids = || found.iter().map(|number| number.id);
            let renewals = match (ids().min(), ids().max()) {
                (Some(from), Some(to)) => renewals::of_numbers(tx, account, (from, to))?,
                _ => Vec::new(),
            };
            let profiles = messaging_profiles::names(tx, account)?;
            Ok::<_, StoreError>((found, renewals, profiles))
        })
        .await?;
    let next_cursor = page.cut(&mut found, |number| number.id.get());
    let numbers = found
        .iter()
        .map(|number| {
            let name = profiles.iter().find(|(id, _)| number.profile == Some(*id));
            view(api, number, &renewals, name.map(|(_, name)| name.as_str()), moment)
        })
        .collect();
    Ok(Json(NumberList { success: true, numbers, next_cursor }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneNumber {
    success: bool,
    number: NumberView,
}

/// Switches SMS on and charges the month; within a paid month it costs nothing.
#[utoipa::path(
    post, path = "/portal/numbers/{id}/sms/enable", tag = "Numbers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "SMS is on", body = OneNumber),
        (status = "4XX", description = "Nothing was changed or charged", body = Failure),
    ),
)]
pub(super) async fn enable_sms(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    Repeats(key): Repeats,
) -> Result<Answered, ApiError> {
    let (id, account) = (NumberId::new(id), caller.account);
    let (moment, viewed) = (moment(&api, account).await?, api.clone());
    let render = move |own: &OwnNumber| named("number", own_view(&viewed, own, moment));
    let done = api.engine.enable_sms(account, id, key, render).await?;
    Ok(Answered(done))
}

/// Switches SMS off at once, so that it is not charged again. What is paid of the month stays.
#[utoipa::path(
    post, path = "/portal/numbers/{id}/sms/disable", tag = "Numbers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "SMS is off", body = OneNumber),
        (status = "4XX", description = "It was not on", body = Failure),
    ),
)]
pub(super) async fn disable_sms(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<OneNumber>, ApiError> {
    let own = api.engine.disable_sms(caller.account, NumberId::new(id)).await?;
    let moment = moment(&api, caller.account).await?;
    Ok(Json(OneNumber { success: true, number: own_view(&api, &own, moment) }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NumberPatch {
    /// One of your messaging profiles, or null for none: then it receives, and sends nothing.
    #[serde(default, deserialize_with = "present")]
    #[schema(required, value_type = Option<i64>, example = 3)]
    messaging_profile_id: Option<Option<i64>>,
}

/// Assigns a number to a messaging profile.
#[utoipa::path(
    patch, path = "/portal/numbers/{id}", tag = "Numbers", params(("id" = i64, Path)),
    request_body = NumberPatch,
    responses(
        (status = 200, description = "The number as it is now", body = OneNumber),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn update(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    body: JsonBody<NumberPatch>,
) -> Result<Json<OneNumber>, ApiError> {
    let profile = required("messaging_profile_id", body.value.messaging_profile_id)?;
    let profile = profile.map(MessagingProfileId::new);
    let id = NumberId::new(id);
    let own = api.engine.assign_messaging_profile(caller.account, id, profile).await?;
    let moment = moment(&api, caller.account).await?;
    Ok(Json(OneNumber { success: true, number: own_view(&api, &own, moment) }))
}

/// Gives a number back, for good. What is paid of the month is not refunded; its messages stay.
#[utoipa::path(
    post, path = "/portal/numbers/{id}/release", tag = "Numbers", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The number is no longer yours", body = OneNumber),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn release(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<OneNumber>, ApiError> {
    let number = api.engine.release_number(caller.account, NumberId::new(id)).await?;
    let moment = moment(&api, caller.account).await?;
    Ok(Json(OneNumber { success: true, number: view(&api, &number, &[], None, moment) }))
}
