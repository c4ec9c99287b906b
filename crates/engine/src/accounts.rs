//! Customers and their credit.

use std::sync::Arc;

use domain::{
    AccountId, Currency, Email, MessagingProfileId, Micros, OperatorId, VatRate,
    api_keys::Grant,
    rate::{RATE_DEFAULT, RATE_MAX},
};
use serde_json::Value;
use store::{
    StoreError, Tx,
    accounts::{self, Account, AccountStatus},
    api_keys::{self as keys, NewApiKey, Owner},
    events::{self, NewEvent},
    ledger::{self, Book, Listed, Transfer, TransferKind},
    movements::Movement,
    operators, people, wallets,
};

use crate::{
    Done, Engine, Idempotency, UseError,
    events::balance_data,
    ids::Range,
    messaging_profiles,
    people::address_taken,
    repeats::OPERATORS,
    secrets::{self, NewKey},
};

/// A customer to be made. The password is hashed before it comes here.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub name: String,
    pub email: Email,
    pub password_hash: Option<String>,
    /// On top of what is paid in.
    pub vat_rate: VatRate,
    /// The one that there are prices in, where it is named.
    pub currency: Option<Currency>,
    /// Whether the address is known to be the customer's.
    pub verified: bool,
}

/// A new customer with the first key, shown this once.
#[derive(Debug, Clone)]
pub struct AccountCreated {
    pub account: Account,
    pub api_key: NewKey,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct AccountPatch {
    /// Messages a second, 1 to 1,000,000.
    pub rate_limit: Option<i64>,
    pub status: Option<AccountStatus>,
    pub vat_rate: Option<VatRate>,
}

impl Engine {
    /// Makes an account with an empty wallet and an API key.
    pub async fn create_account(
        &self,
        new: NewAccount,
        key: Option<Idempotency>,
        render: impl Fn(&AccountCreated) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let now = self.clock.now();
        let currency = new.currency.unwrap_or(self.config.account_currency);
        let is_open = self.sells_in(currency).await?;
        let closed = move || {
            let message = format!(
                "no prices are in force in {currency} yet: set the one of a segment to + first, \
                 with PATCH /operator/prices/outbound"
            );
            UseError::invalid("currency", message)
        };
        let ids = self.ids.take(&self.store, 3).await?;
        let api_key = secrets::new_key("df_live_");
        let body = move |tx: &mut Tx<'_>| {
            if !is_open {
                return Err(closed());
            }
            let mut ids: Range = ids.clone();
            let id = AccountId::new(ids.next());
            let row = accounts::NewAccount {
                id,
                name: new.name.clone(),
                email: new.email.as_str().to_owned(),
                password_hash: new.password_hash.clone(),
                rate_limit: RATE_DEFAULT,
                vat_rate: new.vat_rate,
                currency,
            };
            if people::find_by_email(tx, &new.email)?.is_some() || !accounts::insert(tx, &row, now)?
            {
                return Err(address_taken());
            }
            if new.verified {
                people::verify(tx, Owner::Account(id), now)?;
            }
            let new_key = NewApiKey {
                id: domain::ApiKeyId::new(ids.next()),
                owner: Owner::Account(id),
                name: "First key",
                prefix: &api_key.prefix,
                hash: &api_key.hash,
                grant: &Grant::full(),
            };
            keys::insert(tx, &new_key, now)?;
            messaging_profiles::begin(tx, id, MessagingProfileId::new(ids.next()), now)?;
            Ok(AccountCreated { account: found(tx, id)?, api_key: api_key.clone() })
        };
        self.once(OPERATORS, key, body, render).await
    }

    pub async fn update_account(
        &self,
        id: AccountId,
        patch: AccountPatch,
    ) -> Result<Account, UseError> {
        if let Some(rate) = patch.rate_limit
            && !(1..=RATE_MAX).contains(&rate)
        {
            let message = format!("rate_limit is 1 to {RATE_MAX} messages a second");
            return Err(UseError::invalid("rate_limit", message));
        }
        let account = self
            .store
            .write(move |tx| {
                if accounts::update(tx, id, patch.rate_limit, patch.status, patch.vat_rate)? {
                    found(tx, id)
                } else {
                    Err(UseError::NotFound("account"))
                }
            })
            .await?;
        self.keys.clear();
        self.sessions.clear();
        Ok(account)
    }

    /// Gives an account money, or with a negative amount takes it back.
    pub async fn credit(
        &self,
        account: AccountId,
        amount: Micros,
        note: String,
        key: Option<Idempotency>,
        render: impl Fn(&(Movement, Account)) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        if amount.is_zero() {
            return Err(UseError::invalid("amount", "amount is not zero"));
        }
        let id = self.ids.one(&self.store).await?;
        let (now, currencies) = (self.clock.now(), Arc::clone(&self.currencies));
        let body = move |tx: &mut Tx<'_>| {
            wallets::lock(tx, &[account])?;
            if accounts::find(tx, account)?.is_none() {
                return Err(UseError::NotFound("account"));
            }
            let currency = currencies.of(tx, account)?;
            let available =
                wallets::adjust(tx, account, amount)?.ok_or(UseError::InsufficientBalance)?;
            let taken = amount < Micros::ZERO;
            let (debit, credit) =
                if taken { (Book::Available, Book::Funds) } else { (Book::Funds, Book::Available) };
            let transfer = Transfer {
                account,
                source: id,
                kind: TransferKind::Credit,
                listed: Some(Listed { id, available_after: available }),
                currency,
                amount: if taken { amount.negated() } else { amount },
                debit,
                credit,
                note: Some(note.clone()),
            };
            ledger::record(tx, &[transfer], now)?;
            let news = NewEvent::balance(account, balance_data(available, currency));
            events::append(tx, &[news], now)?;
            let movement = Movement {
                id,
                kind: TransferKind::Credit,
                source: id,
                number: None,
                amount,
                available_after: available,
                currency,
                note: Some(note.clone()),
                created_at: now,
            };
            Ok((movement, found(tx, account)?))
        };
        let done = self.once(OPERATORS, key, body, render).await?;
        self.settle_debts(now).await?;
        self.hub.tell([account]);
        Ok(done)
    }

    /// Makes an operator with a key; the first start of a demo and the command line use it.
    pub async fn create_operator(
        &self,
        email: Email,
        password_hash: String,
    ) -> Result<NewKey, UseError> {
        let ids = self.ids.take(&self.store, 2).await?;
        let api_key = secrets::new_key("df_op_");
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                let mut ids = ids.clone();
                let id = OperatorId::new(ids.next());
                if people::find_by_email(tx, &email)?.is_some()
                    || !operators::insert(tx, id, email.as_str(), &password_hash, now)?
                {
                    return Err(address_taken());
                }
                let new_key = NewApiKey {
                    id: domain::ApiKeyId::new(ids.next()),
                    owner: Owner::Operator(id),
                    name: "First key",
                    prefix: &api_key.prefix,
                    hash: &api_key.hash,
                    grant: &Grant::full(),
                };
                keys::insert(tx, &new_key, now)?;
                Ok(api_key.clone())
            })
            .await
    }

    /// Whether anybody runs this platform yet.
    pub async fn has_operator(&self) -> Result<bool, StoreError> {
        self.store.read(operators::any).await
    }
}

fn found(tx: &mut Tx<'_>, id: AccountId) -> Result<Account, UseError> {
    accounts::find(tx, id)?.ok_or(UseError::NotFound("account"))
}
