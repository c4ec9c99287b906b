//! Buying numbers: all of an order or nothing of it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{
    AccountId, Currency, Micros, NumberId, NumberStatus, OrderId, Timestamp, catalogue::Activation,
};
use serde_json::Value;
use store::{
    StoreError, Tx,
    events::{self, NewEvent},
    months::{Month, Service},
    numbers::{self, Keeping, NumberRecord},
    orders::{self, Order, OrderItem, OrderStatus},
    wallets,
};

use crate::{
    Done, Engine, Idempotency, UseError,
    events::{balance_data, number_news},
    lately::whole_seconds,
    months::{charge, may_buy, set_up},
};

/// Numbers that one order may have.
pub const ORDER_ITEMS_MAX: usize = 50;

/// A number in a checkout is kept for its customer this long.
pub const RESERVED_FOR: Duration = Duration::from_secs(600);

/// Numbers that are kept at once for a wallet that does not hold what they cost.
const UNPAID_MAX: usize = 10;

/// Such a wallet's account keeps a number at most this long…
const UNPAID_KEPT: Duration = Duration::from_secs(1_800);

/// …of any such span.
const UNPAID_WITHIN: Duration = Duration::from_secs(3_600);

/// A number that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    pub number: NumberId,
    pub sms: bool,
}

/// What an order would cost, its numbers kept for the customer for a while.
#[derive(Debug, Clone)]
pub struct OrderQuote {
    pub items: Vec<OrderItem>,
    pub total: Micros,
    pub available: Micros,
    pub currency: Currency,
    pub reserved_until: Timestamp,
}

/// Each wanted number's place in the request and whether SMS is wanted, in the order of their
/// ids: so two orders never wait for each other.
type Places = BTreeMap<NumberId, (usize, bool)>;

impl Engine {
    /// Says what an order would cost, line by line, and keeps its numbers for [`RESERVED_FOR`].
    ///
    /// All or nothing; what the account had in a checkout before is let go. For an account that
    /// cannot pay, few numbers are kept, and none for ever.
    pub async fn quote_order(
        &self,
        account: AccountId,
        wants: Vec<Want>,
    ) -> Result<OrderQuote, UseError> {
        let places = places(&wants)?;
        let now = self.clock.now();
        let (prices, currencies) = (self.prices(), Arc::clone(&self.currencies));
        let reserved_until = now.plus(RESERVED_FOR);
        let keeping = Keeping { now, until: reserved_until, anew_before: now.minus(UNPAID_WITHIN) };
        let body = move |tx: &mut Tx<'_>| {
            may_buy(tx, account)?;
            let currency = currencies.of(tx, account)?;
            let tariff = prices.tariff(currency);
            numbers::unreserve(tx, account, now)?;
            let mut since = Vec::new();
            let (mut items, mut total) = (Vec::new(), Micros::ZERO);
            for (number, (index, sms)) in &places {
                let at = |error| UseError::Item { index: *index, error: Box::new(error) };
                let Some((number, kept_since)) = numbers::reserve(tx, account, *number, keeping)?
                else {
                    return Err(at(missing(tx, *number)?));
                };
                since.push((*index, kept_since));
                let offer = tariff
                    .offer(number.country, number.number_type, now)
                    .ok_or_else(|| at(UseError::NoPrice(currency)))?;
                let sms_price = if *sms {
                    Some(offer.sms.ok_or_else(|| at(UseError::SmsNotAvailable))?)
                } else {
                    None
                };
                let item = item(&number, (offer.setup, offer.number), sms_price);
                total = add(total, &item)?;
                items.push(item);
            }
            let wallet = wallets::find(tx, account)?.ok_or(UseError::NotFound("wallet"))?;
            let available = wallet.available;
            if available < total {
                may_keep_unpaid(&since, keeping)?;
            }
            Ok(OrderQuote { items, total, available, currency, reserved_until })
        };
        self.store.write(body).await
    }

    /// Lets go of what the account has in a checkout.
    pub async fn leave_checkout(&self, account: AccountId) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.store.write(move |tx| numbers::unreserve(tx, account, now)).await
    }

    /// Takes the numbers from the inventory and their first months from the wallet.
    ///
    /// Where `total` is given, an order that would cost anything else is not carried out.
    pub async fn order(
        &self,
        account: AccountId,
        wants: Vec<Want>,
        total_wanted: Option<Micros>,
        key: Option<Idempotency>,
        render: impl Fn(&Order) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let places = places(&wants)?;
        let ids = self.ids.take(&self.store, 1 + 3 * places.len()).await?;
        let now = self.clock.now();
        let (prices, currencies) = (self.prices(), Arc::clone(&self.currencies));
        let body = move |tx: &mut Tx<'_>| {
            let mut ids = ids.clone();
            may_buy(tx, account)?;
            let currency = currencies.of(tx, account)?;
            let tariff = prices.tariff(currency);
            let id = OrderId::new(ids.next());
            let mut items = Vec::new();
            let mut news = Vec::new();
            let mut total = Micros::ZERO;
            for (number, (index, sms)) in &places {
                let at = |error| UseError::Item { index: *index, error: Box::new(error) };
                let Some(mut number) = numbers::claim(tx, account, *number, *sms, now)? else {
                    return Err(at(missing(tx, *number)?));
                };
                let offer = tariff
                    .offer(number.country, number.number_type, now)
                    .ok_or_else(|| at(UseError::NoPrice(currency)))?;
                let status = match offer.activation {
                    Activation::Instant => NumberStatus::Active,
                    Activation::Provisioning => NumberStatus::Provisioning,
                    Activation::Verification => NumberStatus::PendingVerification,
                };
                numbers::change_status(tx, account, number.id, (NumberStatus::Active, status))?;
                number.status = status;
                let sms = if *sms {
                    Some(offer.sms.ok_or_else(|| at(UseError::SmsNotAvailable))?)
                } else {
                    None
                };
                let service = (Service::Number, offer.number);
                let moment = (now, currency);
                let month = charge(tx, account, &number, service, moment, &mut ids)?;
                // Who comes back within a month that was paid is set up still.
                let mut setup_price = Micros::ZERO;
                if let Some(month) = &month {
                    setup_price = offer.setup;
                    set_up(tx, &number, month, setup_price, moment, &mut ids)?;
                }
                let amount =
                    |month: Option<Month>| month.map_or(Micros::ZERO, |month| month.amount);
                let number_price = amount(month);
                let sms_price = sms
                    .map(|price| {
                        charge(tx, account, &number, (Service::Sms, price), moment, &mut ids)
                    })
                    .transpose()?
                    .map(amount);
                let item = item(&number, (setup_price, number_price), sms_price);
                total = add(total, &item)?;
                news.push(number_news(account, &number));
                items.push(item);
            }
            if total_wanted.is_some_and(|wanted| wanted != total) {
                let message = format!(
                    "This order costs {total} {currency} now: look at it again and confirm."
                );
                return Err(UseError::Conflict { message });
            }
            // What else was in the checkout is let go.
            numbers::unreserve(tx, account, now)?;
            let status = OrderStatus::Completed;
            let order = Order { account, id, status, currency, total, created_at: now, items };
            orders::insert(tx, &order)?;
            if let Some(wallet) = wallets::find(tx, account)? {
                news.push(NewEvent::balance(account, balance_data(wallet.available, currency)));
            }
            events::append(tx, &news, now)?;
            Ok(order)
        };
        let done = self.once(account, key, body, render).await?;
        self.hub.tell([account]);
        Ok(done)
    }
}

fn places(wants: &[Want]) -> Result<Places, UseError> {
    if wants.is_empty() || wants.len() > ORDER_ITEMS_MAX {
        let message = format!("items has 1 to {ORDER_ITEMS_MAX} numbers");
        return Err(UseError::invalid("items", message));
    }
    let mut places = Places::new();
    for (index, want) in wants.iter().enumerate() {
        if places.insert(want.number, (index, want.sms)).is_some() {
            let param = format!("items[{index}].number_id");
            return Err(UseError::invalid(&param, "this number is in the order twice"));
        }
    }
    Ok(places)
}

fn item(
    number: &NumberRecord,
    (setup_price, number_price): (Micros, Micros),
    sms_price: Option<Micros>,
) -> OrderItem {
    OrderItem {
        number_id: number.id,
        number: number.number.clone(),
        country: number.country,
        number_type: number.number_type,
        setup_price,
        number_price,
        sms_price,
    }
}

fn add(total: Micros, item: &OrderItem) -> Result<Micros, UseError> {
    [Some(item.setup_price), Some(item.number_price), item.sms_price]
        .into_iter()
        .flatten()
        .try_fold(total, Micros::checked_add)
        .ok_or(UseError::InsufficientBalance)
}

/// Whether numbers may be kept for somebody who cannot pay them: `since` when, by their places.
fn may_keep_unpaid(since: &[(usize, Timestamp)], keeping: Keeping) -> Result<(), UseError> {
    if since.len() > UNPAID_MAX {
        let message = format!(
            "At most {UNPAID_MAX} numbers are kept for a wallet that does not hold what they cost: \
             top up first, or take fewer."
        );
        return Err(UseError::invalid("items", message));
    }
    for (index, since) in since {
        if keeping.until > since.plus(UNPAID_KEPT) {
            let wait = since.plus(UNPAID_WITHIN).since(keeping.now);
            let message = "This number was kept for you for as long as it can be without being \
                           paid: top up and order it, or ask again when Retry-After has passed.";
            let error = UseError::TooMany {
                message: message.to_owned(),
                retry_after_seconds: whole_seconds(wait),
            };
            return Err(UseError::Item { index: *index, error: Box::new(error) });
        }
    }
    Ok(())
}

/// Why a number cannot be had.
fn missing(tx: &mut Tx<'_>, number: NumberId) -> Result<UseError, UseError> {
    let Some(found) = numbers::find(tx, number)? else {
        return Ok(UseError::NotFound("number"));
    };
    let message = if found.status == NumberStatus::Available {
        "Somebody else is buying this number; choose another, or try again in ten minutes."
    } else {
        "This number is no longer available; choose another."
    };
    let message = message.to_owned();
    Ok(UseError::Conflict { message })
}
