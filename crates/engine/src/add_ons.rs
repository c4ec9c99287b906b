//! SMS on a number, switched on and off by its customer.

use std::sync::Arc;

use domain::{AccountId, NumberId, NumberStatus};
use serde_json::Value;
use store::{
    Tx,
    events::{self, NewEvent},
    messaging_profiles as profiles,
    months::Service,
    numbers::{self, NumberRecord},
    renewals::{self, Renewal},
    wallets,
};

use crate::{
    Done, Engine, Idempotency, UseError,
    events::{balance_data, number_news},
    months::{charge, may_buy},
};

/// A customer's number with what renews of it, and the name of its messaging profile.
#[derive(Debug, Clone)]
pub struct OwnNumber {
    pub number: NumberRecord,
    pub renewals: Vec<Renewal>,
    pub profile_name: Option<String>,
}

impl OwnNumber {
    pub(crate) fn read(
        tx: &mut Tx<'_>,
        number: NumberRecord,
        renewals: Vec<Renewal>,
    ) -> Result<Self, UseError> {
        let profile_name = match (number.account, number.profile) {
            (Some(account), Some(id)) => {
                profiles::find(tx, account, id)?.map(|(profile, _)| profile.name)
            }
            _ => None,
        };
        Ok(Self { number, renewals, profile_name })
    }
}

impl Engine {
    /// Switches SMS on and charges the month; within a paid month it costs nothing.
    pub async fn enable_sms(
        &self,
        account: AccountId,
        id: NumberId,
        key: Option<Idempotency>,
        render: impl Fn(&OwnNumber) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let ids = self.ids.take(&self.store, 1).await?;
        let now = self.clock.now();
        let (prices, currencies) = (self.prices(), Arc::clone(&self.currencies));
        let body = move |tx: &mut Tx<'_>| {
            may_buy(tx, account)?;
            let mut number = own(tx, account, id)?;
            let active = number.status == NumberStatus::Active;
            if active && number.sms_enabled {
                return Err(UseError::AlreadyEnabled);
            }
            let currency = currencies.of(tx, account)?;
            let offer = prices
                .tariff(currency)
                .offer(number.country, number.number_type, now)
                .ok_or(UseError::NoPrice(currency))?;
            let price = offer.sms.ok_or(UseError::SmsNotAvailable)?;
            if !active {
                return Err(UseError::NumberNotActive);
            }
            if !numbers::switch_sms(tx, account, id, true)? {
                return Err(UseError::AlreadyEnabled);
            }
            number.sms_enabled = true;
            let service = (Service::Sms, price);
            let mut ids = ids.clone();
            let taken = charge(tx, account, &number, service, (now, currency), &mut ids)?;
            let mut news = vec![number_news(account, &number)];
            if taken.is_some()
                && let Some(wallet) = wallets::find(tx, account)?
            {
                news.push(NewEvent::balance(account, balance_data(wallet.available, currency)));
            }
            events::append(tx, &news, now)?;
            let renewals = renewals::of_numbers(tx, account, (id, id))?;
            OwnNumber::read(tx, number, renewals)
        };
        let done = self.once(account, key, body, render).await?;
        self.hub.tell([account]);
        Ok(done)
    }

    /// Switches SMS off at once; what is paid of the month stays, should it be switched on again.
    pub async fn disable_sms(
        &self,
        account: AccountId,
        id: NumberId,
    ) -> Result<OwnNumber, UseError> {
        let now = self.clock.now();
        let number = self
            .store
            .write(move |tx| {
                let mut number = own(tx, account, id)?;
                let was_on = numbers::switch_sms(tx, account, id, false)?;
                number.sms_enabled = false;
                // One that is off for want of money would come back by itself.
                let renewal = renewals::lock(tx, (account, id, Service::Sms))?;
                match renewal.filter(|renewal| renewal.renews) {
                    Some(renewal) => {
                        renewals::put(tx, &Renewal { renews: false, ..renewal })?;
                    }
                    None if !was_on => return Err(UseError::SmsNotEnabled),
                    None => {}
                }
                events::append(tx, &[number_news(account, &number)], now)?;
                let renewals = renewals::of_numbers(tx, account, (id, id))?;
                OwnNumber::read(tx, number, renewals)
            })
            .await?;
        self.hub.tell([account]);
        Ok(number)
    }
}

fn own(tx: &mut Tx<'_>, account: AccountId, id: NumberId) -> Result<NumberRecord, UseError> {
    numbers::lock(tx, id)?
        .filter(|number| number.account == Some(account))
        .ok_or(UseError::NotFound("number"))
}
