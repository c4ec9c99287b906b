//! Buying numbers: all of an order or nothing of it.

use std::collections::BTreeMap;

use domain::{AccountId, Micros, NumberId, OrderId, catalogue};
use serde_json::Value;
use store::{
    Tx,
    events::{self, NewEvent},
    months::Service,
    numbers,
    orders::{self, Order, OrderItem, OrderStatus},
    wallets,
};

use crate::{
    Done, Engine, Idempotency, UseError,
    events::{balance_data, number_news},
    months::{charge, may_buy},
};

/// Numbers that one order may have.
pub const ORDER_ITEMS_MAX: usize = 50;

/// A number that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    pub number: NumberId,
    pub sms: bool,
}

impl Engine {
    /// Takes the numbers from the inventory and their first months from the wallet.
    pub async fn order(
        &self,
        account: AccountId,
        wants: Vec<Want>,
        key: Option<Idempotency>,
        render: impl Fn(&Order) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        if wants.is_empty() || wants.len() > ORDER_ITEMS_MAX {
            let message = format!("items has 1 to {ORDER_ITEMS_MAX} numbers");
            return Err(UseError::invalid("items", message));
        }
        // In the order of their ids, so that two orders never wait for each other.
        let mut places: BTreeMap<NumberId, (usize, bool)> = BTreeMap::new();
        for (index, want) in wants.iter().enumerate() {
            if places.insert(want.number, (index, want.sms)).is_some() {
                let param = format!("items[{index}].number_id");
                return Err(UseError::invalid(&param, "this number is in the order twice"));
            }
        }
        let ids = self.ids.take(&self.store, 1 + 2 * places.len()).await?;
        let (now, currency) = (self.clock.now(), self.config.currency);
        let body = move |tx: &mut Tx<'_>| {
            let mut ids = ids.clone();
            may_buy(tx, account)?;
            let id = OrderId::new(ids.next());
            let mut items = Vec::new();
            let mut news = Vec::new();
            let mut total = Micros::ZERO;
            for (number, (index, sms)) in &places {
                let at = |error| UseError::Item { index: *index, error: Box::new(error) };
                let Some(number) = numbers::claim(tx, account, *number, *sms)? else {
                    return Err(at(missing(tx, *number)?));
                };
                let offer = catalogue::offer(number.country, number.number_type);
                let sms = if *sms {
                    Some(offer.sms.ok_or_else(|| at(UseError::SmsNotAvailable))?)
                } else {
                    None
                };
                let moment = (now, currency);
                let service = (Service::Number, offer.number);
                let number_price = charge(tx, account, &number, service, moment, &mut ids)?;
                let sms_price = sms
                    .map(|price| {
                        charge(tx, account, &number, (Service::Sms, price), moment, &mut ids)
                    })
                    .transpose()?;
                total = [Some(number_price), sms_price]
                    .into_iter()
                    .flatten()
                    .try_fold(total, Micros::checked_add)
                    .ok_or(UseError::InsufficientBalance)?;
                news.push(number_news(account, &number));
                items.push(OrderItem {
                    number_id: number.id,
                    number: number.number,
                    country: number.country,
                    number_type: number.number_type,
                    number_price,
                    sms_price,
                });
            }
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

/// Why a number cannot be had.
fn missing(tx: &mut Tx<'_>, number: NumberId) -> Result<UseError, UseError> {
    if numbers::find(tx, number)?.is_none() {
        return Ok(UseError::NotFound("number"));
    }
    let message = "This number is no longer available; choose another.".to_owned();
    Ok(UseError::Conflict { message })
}
