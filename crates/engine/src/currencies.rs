//! Which currency an account pays in: said when it is made, and never changed.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::{AccountId, Currency};
use store::{StoreError, Tx, wallets};

use crate::{Engine, UseError};

/// Accounts that are remembered: 2 MiB or so. With more, some are read anew.
const REMEMBERED_MAX: usize = 100_000;

/// What was read once, as it stays true.
#[derive(Debug, Default)]
pub(crate) struct Currencies(RwLock<HashMap<AccountId, Currency>>);

impl Currencies {
    fn remembered(&self, account: AccountId) -> Option<Currency> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&account).copied()
    }

    fn remember(&self, account: AccountId, currency: Currency) {
        let mut remembered = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX
            && let Some(any) = remembered.keys().next().copied()
        {
            remembered.remove(&any);
        }
        remembered.insert(account, currency);
    }

    /// `None` where there is no such account.
    pub(crate) fn find(
        &self,
        tx: &mut Tx<'_>,
        account: AccountId,
    ) -> Result<Option<Currency>, StoreError> {
        if let Some(currency) = self.remembered(account) {
            return Ok(Some(currency));
        }
        let found = wallets::currency(tx, account)?;
        if let Some(currency) = found {
            self.remember(account, currency);
        }
        Ok(found)
    }

    /// Of an account that something was stored of.
    pub(crate) fn of(&self, tx: &mut Tx<'_>, account: AccountId) -> Result<Currency, StoreError> {
        self.find(tx, account)?
            .ok_or_else(|| StoreError::Corrupt("an account without a wallet".to_owned()))
    }
}

impl Engine {
    /// Whether accounts may be opened that pay in it: a segment to anywhere has a price.
    pub async fn sells_in(&self, currency: Currency) -> Result<bool, StoreError> {
        // Another node may have set it a moment ago.
        self.sync_prices().await?;
        Ok(self.prices().tariff(currency).is_open(self.clock.now()))
    }

    /// What an account pays in.
    pub async fn currency_of(&self, account: AccountId) -> Result<Currency, UseError> {
        if let Some(currency) = self.currencies.remembered(account) {
            return Ok(currency);
        }
        let currencies = Arc::clone(&self.currencies);
        let found = self.store.read(move |tx| currencies.find(tx, account)).await?;
        found.ok_or(UseError::NotFound("account"))
    }

    /// The same, within a transaction that read something of the account.
    pub fn currency_in(&self, tx: &mut Tx<'_>, account: AccountId) -> Result<Currency, StoreError> {
        self.currencies.of(tx, account)
    }
}
