//! Topping wallets up by themselves: a saved card is charged when the balance is low.
//!
//! One payment at a time, within the day's limit, on any number of nodes: it is begun by a
//! conditional update under the wallet's lock. A card that is refused pauses it.

use std::time::Duration;

use domain::{AccountId, Micros, Timestamp, TopupId};
use serde_json::json;
use store::{
    StoreError, Tx, accounts,
    auto_recharges::{self, AutoRecharge},
    events::{self, EventKind, NewEvent},
    saved_cards::{self, SavedCard},
    topups::{self, Cause, Provider, Topup},
    wallets,
};

use crate::{
    Engine, UseError,
    mail::Letter,
    secrets,
    stripe::{KEYS_KEPT, Payment, StripeError},
    topups::{PAYMENT_IDS, drafted, pay},
};

/// Accounts that one step takes.
const STEP: i64 = 50;

/// Between two looks at a payment that a bank takes its time for: a quarter of its age.
const PROCESSING_AGAIN_MIN: Duration = Duration::from_secs(60);
const PROCESSING_AGAIN_MAX: Duration = Duration::from_secs(6 * 3_600);

/// Why a payment is over that was made, and not as it was asked for.
pub(crate) const ANOTHER_AMOUNT: &str =
    "another amount was paid than was asked for: contact support";

const NO_CARD: &str = "no card is saved: top up once and keep the card";

/// What the customer sets of it; what is missing stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct AutoRechargePatch {
    pub enabled: Option<bool>,
    pub below: Option<Micros>,
    pub amount: Option<Micros>,
    pub daily_limit: Option<Micros>,
}

impl Engine {
    /// Begins a payment for each wallet that is too low.
    pub(crate) async fn recharge(&self, now: Timestamp) -> Result<(), UseError> {
        let ready = self.store.read(move |tx| auto_recharges::ready(tx, now.day(), STEP)).await?;
        for account in ready {
            let mut ids = self.ids.take(&self.store, 1 + PAYMENT_IDS).await?;
            let id = TopupId::new(ids.next());
            let token = secrets::new_token();
            let provider = self.payments();
            let seller = self.config.site.seller();
            let paused = self.store.write(move |tx| {
                wallets::lock(tx, &[account])?;
                let (Some(wallet), Some(recharge)) =
                    (wallets::find(tx, account)?, auto_recharges::find(tx, account)?)
                else {
                    return Ok(None);
                };
                let card = saved_cards::find(tx, account)?;
                let Some(card) = card.filter(|card| Some(card.provider) == provider) else {
                    return pause(tx, account, (Micros::ZERO, NO_CARD), now).map(Some);
                };
                if wallet.available >= recharge.below
                    || !auto_recharges::begin(tx, &recharge, id, now.day())?
                {
                    return Ok(None);
                }
                let drafted =
                    drafted((account, id), recharge.amount, &wallet, (card.provider, now))?;
                let topup = Topup { cause: Cause::Auto, ..drafted };
                let charged = card.provider == Provider::Stripe;
                topups::insert(tx, &topup, &token.hash, charged.then_some(now))?;
                if !charged {
                    pay(tx, &topup, None, (&mut ids.clone(), &seller), now)?;
                }
                Ok::<_, UseError>(None)
            });
            let paused = paused.await?;
            self.hub.tell([account]);
            self.tell_paused(paused);
        }
        Ok(())
    }

    /// Charges the saved card for a payment that was begun, or asks again what became of it.
    pub(crate) async fn charge_card(&self, topup: Topup, now: Timestamp) -> Result<(), UseError> {
        let Some(stripe) = &self.stripe else { return Ok(()) };
        if let Some(payment) = topup.payment_ref.clone() {
            let answer = stripe.payment(&payment).await;
            return self.charge_answered(topup, answer, now).await;
        }
        let account = topup.account;
        if now.since(topup.created_at) > KEYS_KEPT {
            tracing::error!(
                topup = topup.id.get(),
                "Stripe did not say what became of a payment: look there, it is not asked again"
            );
            return self
                .decline(topup, "the payment provider did not answer".to_owned(), now)
                .await;
        }
        let card = self.store.read(move |tx| saved_cards::find(tx, account)).await?;
        let Some(card) = card else { return self.decline(topup, NO_CARD.to_owned(), now).await };
        let answer = stripe.charge(&topup, &card).await;
        if matches!(answer, Err(StripeError::CustomerGone { .. })) {
            self.forget_customer(account, card.customer_ref).await?;
        }
        self.charge_answered(topup, answer, now).await
    }

    async fn charge_answered(
        &self,
        topup: Topup,
        answer: Result<Payment, StripeError>,
        now: Timestamp,
    ) -> Result<(), UseError> {
        match answer {
            Ok(payment) => self.charged(topup, payment, now).await,
            Err(StripeError::Refused { message }) => self.decline(topup, message, now).await,
            Err(StripeError::CustomerGone { .. }) => {
                self.decline(topup, NO_CARD.to_owned(), now).await
            }
            Err(StripeError::Uncertain(why)) => {
                tracing::warn!(topup = topup.id.get(), why, "a card's payment is asked for again");
                self.ask_again(topup, now).await
            }
        }
    }

    async fn charged(
        &self,
        topup: Topup,
        payment: Payment,
        now: Timestamp,
    ) -> Result<(), UseError> {
        let account = topup.account;
        match payment.status.as_str() {
            "succeeded" if payment.paid().in_currency(topup.currency) != Some(topup.gross) => {
                tracing::error!(
                    payment = payment.id, topup = topup.id.get(), paid = ?payment.paid(),
                    expected = %topup.gross, "a payment of another amount: nothing was credited"
                );
                self.decline(topup, ANOTHER_AMOUNT.to_owned(), now).await
            }
            "succeeded" => {
                let ids = self.ids.take(&self.store, PAYMENT_IDS).await?;
                let seller = self.config.site.seller();
                self.store
                    .write(move |tx| {
                        pay(tx, &topup, Some(&payment.id), (&mut ids.clone(), &seller), now)
                    })
                    .await?;
                self.hub.tell([account]);
                Ok(())
            }
            // An event tells what comes of it. Should none come, it is asked for: seldom, the longer
            // that it takes.
            "processing" => {
                let age = now.since(topup.created_at);
                let at = now.plus((age / 4).clamp(PROCESSING_AGAIN_MIN, PROCESSING_AGAIN_MAX));
                self.store
                    .write(move |tx| {
                        topups::note_payment(tx, &topup, &payment.id)?;
                        topups::ask_again(tx, &topup, Some(at))
                    })
                    .await?;
                Ok(())
            }
            "requires_payment_method" | "canceled" => {
                let error = payment.last_payment_error.and_then(|error| error.message);
                let why = error.unwrap_or_else(|| "the card was declined".to_owned());
                self.decline(topup, why, now).await
            }
            _ => {
                let why = "the bank wants its customer to confirm: top up once by hand";
                self.decline(topup, why.to_owned(), now).await
            }
        }
    }

    /// Forgets the card of a customer who is not known at Stripe any more.
    pub(crate) async fn forget_customer(
        &self,
        account: AccountId,
        customer: String,
    ) -> Result<(), UseError> {
        self.store
            .write(move |tx| {
                if saved_cards::delete_of_customer(tx, account, &customer)? {
                    auto_recharges::switch_off(tx, account)?;
                }
                Ok::<_, UseError>(())
            })
            .await
    }

    async fn decline(&self, topup: Topup, why: String, now: Timestamp) -> Result<(), UseError> {
        let account = topup.account;
        let paused = self.store.write(move |tx| declined(tx, &topup, &why, now)).await?;
        self.hub.tell([account]);
        self.tell_paused(paused);
        Ok(())
    }

    /// Writes to those whose automatic payments were paused.
    pub(crate) fn tell_paused(&self, paused: Option<Paused>) {
        let Some(Paused { email, why }) = paused else { return };
        // What is no address any more gets no letter; the event tells all the same.
        let Ok(to) = email.parse() else { return };
        let site = &self.config.site;
        self.send_letter(Letter {
            to,
            what: "recharge_failed",
            subject: format!("{}: your wallet could not be topped up", site.brand),
            text: format!(
                "Your wallet was to be topped up by itself, and was not: {why}.\n\nIt is not tried \
                 again until you say so: look at {}/wallet\n",
                site.public_url
            ),
            link: None,
        });
    }

    /// Forgets the saved card; nothing is charged by itself any more.
    pub async fn forget_card(&self, account: AccountId) -> Result<(), UseError> {
        let card = self.store.write(move |tx| {
            let card = saved_cards::find(tx, account)?.ok_or(UseError::NotFound("card"))?;
            saved_cards::delete(tx, account)?;
            auto_recharges::switch_off(tx, account)?;
            Ok::<SavedCard, UseError>(card)
        });
        let card = card.await?;
        if let Some(stripe) = self.stripe.as_ref().filter(|_| card.provider == Provider::Stripe)
            && let Err(error) = stripe.detach(&card.method_ref).await
        {
            tracing::warn!(%error, card = card.method_ref, "Stripe keeps a card that is not used here");
        }
        Ok(())
    }
}

/// Whom a letter tells that automatic payments were paused.
pub(crate) struct Paused {
    email: String,
    why: String,
}

/// A saved card was refused: the payment failed, and no other is tried.
pub(crate) fn declined(
    tx: &mut Tx<'_>,
    topup: &Topup,
    why: &str,
    now: Timestamp,
) -> Result<Option<Paused>, UseError> {
    wallets::lock(tx, &[topup.account])?;
    if topups::fail(tx, topup, why, now)? {
        pause(tx, topup.account, (topup.amount, why), now).map(Some)
    } else {
        Ok(None)
    }
}

fn pause(
    tx: &mut Tx<'_>,
    account: AccountId,
    (failed, why): (Micros, &str),
    now: Timestamp,
) -> Result<Paused, UseError> {
    auto_recharges::pause(tx, account, (failed, why), now)?;
    let owner = accounts::find(tx, account)?.ok_or(UseError::NotFound("account"))?;
    let news = NewEvent {
        account,
        kind: EventKind::WalletRechargeFailed,
        message: None,
        status: None,
        data: Some(json!({"reason": why}).to_string()),
    };
    events::append(tx, &[news], now)?;
    Ok(Paused { email: owner.email, why: why.to_owned() })
}

/// What the settings are after a change, where they can be so.
pub(crate) fn changed(
    tx: &mut Tx<'_>,
    account: AccountId,
    patch: AutoRechargePatch,
    wallet: &wallets::Wallet,
) -> Result<AutoRecharge, UseError> {
    // A pause that is being made meanwhile is waited for, and stays.
    wallets::lock(tx, &[account])?;
    let known = auto_recharges::find(tx, account)?;
    let mut wanted = known.unwrap_or_else(|| AutoRecharge::new(account));
    if let Some(enabled) = patch.enabled {
        (wanted.enabled, wanted.paused_at, wanted.paused_reason) = (enabled, None, None);
    }
    wanted.below = patch.below.unwrap_or(wanted.below);
    wanted.amount = patch.amount.unwrap_or(wanted.amount);
    wanted.daily_limit = patch.daily_limit.unwrap_or(wanted.daily_limit);
    if wanted.below < Micros::ZERO {
        return Err(UseError::invalid("auto_recharge.below", "below is not negative"));
    }
    if wanted.daily_limit < wanted.amount {
        let message = "daily_limit is at least amount";
        return Err(UseError::invalid("auto_recharge.daily_limit", message));
    }
    let probe = (account, TopupId::new(1));
    drafted(probe, wanted.amount, wallet, (Provider::Demo, Timestamp::from_micros(0))).map_err(
        |error| match error {
            UseError::Invalid { message, .. } => UseError::invalid("auto_recharge.amount", message),
            other => other,
        },
    )?;
    if wanted.enabled && saved_cards::find(tx, account)?.is_none() {
        let message = "No card is saved. Top up once with save_card, then switch this on.";
        return Err(UseError::Conflict { message: message.to_owned() });
    }
    auto_recharges::put(tx, &wanted)?;
    let kept = auto_recharges::find(tx, account)?;
    kept.ok_or_else(|| StoreError::Corrupt("settings that were stored just now".to_owned()).into())
}
