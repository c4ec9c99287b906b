//! Paying into a wallet.

use std::time::Duration;

use domain::{AccountId, Currency, Micros, Timestamp, TopupId};
use serde_json::Value;
use store::{
    StoreError, Tx, accounts, auto_recharges,
    events::{self, NewEvent},
    ledger::{self, Book, Listed, Transfer, TransferKind},
    saved_cards::{self, SavedCard},
    topups::{self, Cause, Provider, Topup},
    wallets::{self, Wallet},
};

use crate::{
    Done, Engine, Idempotency, UseError,
    events::balance_data,
    ids::Range,
    papers::{self, Seller},
    secrets,
    stripe::{Checkout, StripeError},
};

/// What one top-up may be in a currency, net.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopupLimits {
    pub minimum: Micros,
    pub maximum: Micros,
}

impl TopupLimits {
    /// €1.00 to €10,000.00, and so in other currencies by their order of magnitude.
    pub fn of(currency: Currency) -> Self {
        const MAXIMUM: i64 = 10_000;

        let minimum = currency.round_amount();
        Self { minimum, maximum: Micros::new(minimum.get() * MAXIMUM) }
    }
}

/// A payment that was begun and not made within this long is off.
const PAID_WITHIN: Duration = Duration::from_secs(86_400);

/// What a payment can bring: itself, what is settled out of it, and its receipt.
pub(crate) const PAYMENT_IDS: usize = 3;

/// What a customer wants to pay in.
#[derive(Debug, Clone, Copy)]
pub struct TopupWanted {
    /// Net of VAT.
    pub amount: Micros,
    /// The wallet's, where it is named.
    pub currency: Option<Currency>,
    /// Whether the card is kept, to be charged later.
    pub save_card: bool,
}

/// A payment that was begun, with the address where it is made.
#[derive(Debug, Clone)]
pub struct TopupBegun {
    pub topup: Topup,
    pub checkout_url: String,
}

impl Engine {
    /// Who takes payments here.
    pub fn payments(&self) -> Option<Provider> {
        if self.stripe.is_some() {
            Some(Provider::Stripe)
        } else {
            self.config.site.demo.then_some(Provider::Demo)
        }
    }

    /// Begins a payment: at Stripe where it is set up, in a demo on a page of our own.
    pub async fn begin_topup(
        &self,
        account: AccountId,
        wanted: TopupWanted,
        key: Option<Idempotency>,
        render: impl Fn(&TopupBegun) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let provider = self.payments().ok_or(UseError::NoPayments)?;
        let found = self.store.read(move |tx| {
            let owner = accounts::find(tx, account)?;
            Ok::<_, StoreError>((
                wallets::find(tx, account)?,
                owner,
                saved_cards::find(tx, account)?,
            ))
        });
        let (Some(wallet), Some(owner), card) = found.await? else {
            return Err(UseError::NotFound("wallet"));
        };
        if wanted.currency.is_some_and(|currency| currency != wallet.currency) {
            let own = wallet.currency;
            let message = format!("this wallet is in {own}: name the amount in {own}");
            return Err(UseError::invalid("currency", message));
        }
        let id = TopupId::new(self.ids.one(&self.store).await?);
        let now = self.clock.now();
        let mut topup = drafted((account, id), wanted.amount, &wallet, (provider, now))?;
        topup.save_card = wanted.save_card;
        let token = secrets::new_token();
        let site = &self.config.site.public_url;
        let checkout_url = match &self.stripe {
            None => format!("{site}/checkout/{}", token.secret),
            Some(stripe) => {
                let customer =
                    card.filter(|card| card.provider == Provider::Stripe).map(|c| c.customer_ref);
                let checkout = |customer| Checkout {
                    topup: &topup,
                    title: format!(
                        "{} {} {}",
                        self.config.site.brand, topup.amount, topup.currency
                    ),
                    email: &owner.email,
                    customer,
                    return_url: format!("{site}/wallet?topup={id}"),
                };
                // Before it is stored: whoever gets no address pays nothing.
                let mut opened = stripe.open_checkout(&checkout(customer.as_deref())).await;
                if let (Err(StripeError::CustomerGone { message }), Some(customer)) =
                    (&opened, &customer)
                {
                    tracing::warn!(account = account.get(), message, "a saved card is forgotten");
                    self.forget_customer(account, customer.clone()).await?;
                    opened = stripe.open_checkout(&checkout(None)).await;
                }
                let session = opened.map_err(|error| unpaid(&error))?;
                topup.session_ref = Some(session.id);
                session.url
            }
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
        if self.payments() != Some(Provider::Demo) {
            return Err(UseError::NoPayments);
        }
        let (hash, now) = (secrets::key_hash(token), self.clock.now());
        let since = now.minus(PAID_WITHIN);
        let ids = self.ids.take(&self.store, PAYMENT_IDS).await?;
        let seller = self.config.site.seller();
        let topup = self
            .store
            .write(move |tx| {
                let topup = topups::find_by_token(tx, &hash, since)?;
                let topup = topup.ok_or(UseError::NotFound("payment"))?;
                if pay(tx, &topup, None, (&mut ids.clone(), &seller), now)? && topup.save_card {
                    saved_cards::put(tx, &demo_card(topup.account), now)?;
                }
                Ok::<_, UseError>(topup)
            })
            .await?;
        self.hub.tell([topup.account]);
        Ok(topup)
    }
}

/// A payment could not be begun.
fn unpaid(error: &StripeError) -> UseError {
    tracing::error!(%error, "Stripe opened no checkout");
    UseError::ProviderSilent
}

/// A demo's card, which nobody charges.
fn demo_card(account: AccountId) -> SavedCard {
    SavedCard {
        account,
        provider: Provider::Demo,
        customer_ref: "demo".to_owned(),
        method_ref: "demo".to_owned(),
        brand: "visa".to_owned(),
        last4: "4242".to_owned(),
        exp_month: 12,
        exp_year: 2099,
    }
}

/// A payment of `amount` that is to be begun, with its tax, if there can be such a one.
pub(crate) fn drafted(
    (account, id): (AccountId, TopupId),
    amount: Micros,
    wallet: &Wallet,
    (provider, now): (Provider, Timestamp),
) -> Result<Topup, UseError> {
    let currency = wallet.currency;
    if amount.get() % currency.smallest_payment().get() != 0 {
        let message =
            format!("an amount in {currency} has at most {} decimals", currency.decimals_paid());
        return Err(UseError::invalid("amount", message));
    }
    let TopupLimits { minimum, maximum } = TopupLimits::of(currency);
    if !(minimum..=maximum).contains(&amount) {
        let message = format!("amount is {minimum} to {maximum} {currency}");
        return Err(UseError::invalid("amount", message));
    }
    let whole = |vat: Micros| Some((vat, amount.checked_add(vat)?));
    let (vat_amount, gross) = wallet
        .vat_rate
        .on(amount, currency)
        .and_then(whole)
        .ok_or_else(|| UseError::invalid("amount", "the amount is too large"))?;
    Ok(Topup {
        account,
        id,
        provider,
        cause: Cause::Checkout,
        currency,
        amount,
        vat_rate: wallet.vat_rate,
        vat_amount,
        gross,
        save_card: false,
        session_ref: None,
        payment_ref: None,
        refunded_gross: Micros::ZERO,
        created_at: now,
        paid_at: None,
        failed_at: None,
        failure: None,
    })
}

/// Credits the wallet for a payment that was made, the first time only; what is owed is settled
/// out of it, and its receipt is issued. Answers whether it was the first time.
pub(crate) fn pay(
    tx: &mut Tx<'_>,
    topup: &Topup,
    payment: Option<&str>,
    (ids, seller): (&mut Range, &Seller),
    now: Timestamp,
) -> Result<bool, UseError> {
    let Topup { account, currency, amount, .. } = *topup;
    wallets::lock(tx, &[account])?;
    let card_wanted = topup.save_card && topup.provider == Provider::Stripe;
    if !topups::pay(tx, topup, payment, card_wanted.then_some(now), now)? {
        return Ok(false);
    }
    if topup.cause == Cause::Auto {
        auto_recharges::end(tx, account, topup.id)?;
    }
    let available = wallets::adjust(tx, account, amount)?.ok_or(UseError::NotFound("wallet"))?;
    let transfer = Transfer {
        account,
        source: topup.id.get(),
        kind: TransferKind::Topup,
        listed: Some(Listed { id: ids.next(), available_after: available }),
        currency,
        amount,
        debit: Book::Funds,
        credit: Book::Available,
        note: None,
    };
    ledger::record(tx, &[transfer], now)?;
    let left = settle(tx, account, (topup.id.get(), ids.next()), currency, now)?;
    let news = NewEvent::balance(account, balance_data(left.unwrap_or(available), currency));
    events::append(tx, &[news], now)?;
    papers::issue_receipt(tx, topup, payment, (ids.next(), seller), now)?;
    Ok(true)
}

/// Settles what is owed out of money that has come (`source`); answers what is available after it,
/// where something was settled.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    account: AccountId,
    (source, listed_id): (i64, i64),
    currency: Currency,
    now: Timestamp,
) -> Result<Option<Micros>, UseError> {
    let Some((amount, available)) = wallets::settle(tx, account)? else { return Ok(None) };
    let transfer = Transfer {
        account,
        source,
        kind: TransferKind::Settle,
        listed: Some(Listed { id: listed_id, available_after: available }),
        currency,
        amount,
        debit: Book::Available,
        credit: Book::Owed,
        note: None,
    };
    ledger::record(tx, &[transfer], now)?;
    Ok(Some(available))
}
