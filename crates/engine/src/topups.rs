//! Paying into a wallet.

use std::time::Duration;

use domain::{AccountId, Currency, Micros, TopupId};
use serde_json::Value;
use store::{
    StoreError, Tx,
    events::{self, NewEvent},
    ledger::{self, Book, Listed, Transfer, TransferKind},
    topups::{self, Cause, Provider, Topup},
    wallets::{self, Wallet},
};

use crate::{Done, Engine, Idempotency, UseError, events::balance_data, secrets};

const TOPUP_MIN: Micros = Micros::new(1_000_000);
const TOPUP_MAX: Micros = Micros::new(10_000_000_000);

/// A payment that was begun and not made within this long is off.
const PAID_WITHIN: Duration = Duration::from_secs(86_400);

/// A payment that was begun, with the address where it is made.
#[derive(Debug, Clone)]
pub struct TopupBegun {
    pub topup: Topup,
    pub checkout_url: String,
}

impl Engine {
    /// Begins a payment. Without a provider, only a demo has a page where it is made.
    pub async fn begin_topup(
        &self,
        account: AccountId,
        amount: Micros,
        currency: Option<Currency>,
        key: Option<Idempotency>,
        render: impl Fn(&TopupBegun) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        if !self.config.site.demo {
            return Err(UseError::NoPayments);
        }
        let wallet = self.store.read(move |tx| wallets::find(tx, account)).await?;
        let wallet = wallet.ok_or(UseError::NotFound("wallet"))?;
        let due = due(amount, currency, &wallet)?;
        let id = TopupId::new(self.ids.one(&self.store).await?);
        let token = secrets::new_token();
        let checkout_url = format!("{}/checkout/{}", self.config.site.public_url, token.secret);
        let topup = Topup {
            account,
            id,
            provider: Provider::Demo,
            cause: Cause::Checkout,
            currency: wallet.currency,
            amount,
            vat_rate: wallet.vat_rate,
            vat_amount: due.vat,
            gross: due.gross,
            save_card: false,
            session_ref: None,
            payment_ref: None,
            refunded_gross: Micros::ZERO,
            created_at: self.clock.now(),
            paid_at: None,
            failed_at: None,
            failure: None,
        };
        let body = move |tx: &mut Tx<'_>| {
            topups::insert(tx, &topup, &token.hash, None)?;
            Ok(TopupBegun { topup: topup.clone(), checkout_url: checkout_url.clone() })
        };
        self.once(account, key, body, render).await
    }

    /// The payment of a checkout's address.
    pub async fn topup(&self, token: &str) -> Result<Option<Topup>, StoreError> {
        let (hash, since) = (secrets::key_hash(token), self.clock.now().minus(PAID_WITHIN));
        self.store.read(move |tx| topups::find_by_token(tx, &hash, since)).await
    }

    /// Makes the payment of a demo: credits the wallet, the first time only.
    pub async fn pay_demo_topup(&self, token: &str) -> Result<Topup, UseError> {
        if !self.config.site.demo {
            return Err(UseError::NoPayments);
        }
        let (hash, now) = (secrets::key_hash(token), self.clock.now());
        let since = now.minus(PAID_WITHIN);
        let listed_id = self.ids.one(&self.store).await?;
        let topup = self
            .store
            .write(move |tx| {
                let topup = topups::find_by_token(tx, &hash, since)?;
                let topup = topup.ok_or(UseError::NotFound("payment"))?;
                if topups::pay(tx, &topup, None, None, now)? {
                    credit(tx, &topup, listed_id, now)?;
                }
                Ok::<_, UseError>(topup)
            })
            .await?;
        self.hub.tell([topup.account]);
        Ok(topup)
    }
}

/// What is paid for a net amount.
#[derive(Debug, Clone, Copy)]
struct Due {
    vat: Micros,
    gross: Micros,
}

/// What is to be paid for `amount`, and whether it can be.
fn due(amount: Micros, currency: Option<Currency>, wallet: &Wallet) -> Result<Due, UseError> {
    let own = wallet.currency;
    if currency.is_some_and(|currency| currency != own) {
        let message = format!("this wallet is in {own}: name the amount in {own}");
        return Err(UseError::invalid("currency", message));
    }
    if amount.get() % own.minor_unit().get() != 0 {
        let message = format!("an amount in {own} has at most {} decimals", own.decimals());
        return Err(UseError::invalid("amount", message));
    }
    if !(TOPUP_MIN..=TOPUP_MAX).contains(&amount) {
        let message = format!("amount is {TOPUP_MIN} to {TOPUP_MAX}");
        return Err(UseError::invalid("amount", message));
    }
    let vat = wallet.vat_rate.on(amount, own).filter(|vat| amount.checked_add(*vat).is_some());
    let vat = vat.ok_or_else(|| UseError::invalid("amount", "the amount is too large"))?;
    Ok(Due { vat, gross: Micros::new(amount.get() + vat.get()) })
}

fn credit(tx: &mut Tx<'_>, topup: &Topup, id: i64, now: domain::Timestamp) -> Result<(), UseError> {
    let Topup { account, currency, amount, .. } = *topup;
    let available = wallets::adjust(tx, account, amount)?.ok_or(UseError::NotFound("wallet"))?;
    let transfer = Transfer {
        account,
        source: topup.id.get(),
        kind: TransferKind::Topup,
        listed: Some(Listed { id, available_after: available }),
        currency,
        amount,
        debit: Book::Funds,
        credit: Book::Available,
        note: None,
    };
    ledger::record(tx, &[transfer], now)?;
    let news = NewEvent::balance(account, balance_data(available, currency));
    Ok(events::append(tx, &[news], now)?)
}
