//! What Stripe tells, each event once, and what it is asked until it answers.

use std::time::Duration;

use domain::{AccountId, Timestamp};
use store::{
    AsStoreError, StoreError, Tx,
    events::{self, NewEvent},
    payment_events,
    reversals::{self, Reversal, ReversalState},
    saved_cards::{self, SavedCard},
    told_refunds::{ToldRefund, ToldSum},
    topups::{self, Cause, Provider, Topup},
    wallets,
};

use crate::{
    Engine, UseError,
    auto_recharge::{ANOTHER_AMOUNT, Paused, declined},
    events::balance_data,
    ids::Range,
    papers::Seller,
    reversals::{self as taking_back, TOLD_IDS},
    stripe::{
        KEYS_KEPT, Method, Payment, Refund, StripeError,
        news::{Event, News, TopupRef, came_to_nothing, time},
        signature::is_genuine,
    },
    topups::{PAYMENT_IDS, pay, settle},
};

/// What one event can bring: what comes in and its receipt, or what is taken back and given back.
const EVENT_IDS: usize = PAYMENT_IDS + TOLD_IDS;

/// Nobody else asks meanwhile: longer than an answer may take.
const CLAIMED_FOR: Duration = Duration::from_secs(60);

/// An answer that was lost is asked for again after this long.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Stripe repeats an event for three days.
const EVENTS_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Rows that one step takes.
const STEP: i64 = 50;

/// Why an event is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PaymentEventError {
    #[error("payments by Stripe are not set up")]
    NotSetUp,
    /// It is forged, stale, or signed with another secret.
    #[error("the signature does not fit")]
    Forged,
    #[error("the event cannot be read: {0}")]
    Malformed(String),
    #[error(transparent)]
    Use(#[from] UseError),
}

/// What an event came to.
enum Applied {
    /// Money moved, or might have; perhaps automatic payments were paused.
    To(AccountId, Option<Paused>),
    /// Its payment is not known, or not paid.
    TooEarly,
    Nothing,
}

impl Engine {
    /// Takes an event that was posted with the header `Stripe-Signature`.
    pub async fn payment_event(
        &self,
        signature: &str,
        body: &[u8],
    ) -> Result<(), PaymentEventError> {
        let stripe = self.stripe.as_ref().ok_or(PaymentEventError::NotSetUp)?;
        let now = self.clock.now();
        if !is_genuine(stripe.webhook_secret(), signature, body, now) {
            return Err(PaymentEventError::Forged);
        }
        let malformed =
            |error: &dyn std::fmt::Display| PaymentEventError::Malformed(error.to_string());
        let event = Event::parse(body).map_err(|error| malformed(&error))?;
        let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?.to_owned();
        let news = event.news();
        if news == News::Other {
            return Ok(());
        }
        let ids = self.ids.take(&self.store, EVENT_IDS).await.map_err(UseError::from)?;
        let seller = self.config.site.seller();
        let applied = self
            .store
            .write(move |tx| {
                if !payment_events::insert(tx, &event.id, now)? {
                    return Ok::<_, UseError>(None);
                }
                let told_at = event.at.unwrap_or(now);
                let applied = apply(tx, (&news, told_at), (&mut ids.clone(), &seller), now)?;
                match (applied, news.waits_for()) {
                    (Applied::To(account, paused), _) => Ok(Some((account, paused))),
                    (Applied::TooEarly, Some(payment)) => {
                        payment_events::keep(tx, &event.id, payment, &text)?;
                        Ok(None)
                    }
                    _ => Ok(None),
                }
            })
            .await?;
        self.announce_payment(applied);
        self.apply_kept(now).await?;
        Ok(())
    }

    /// Asks Stripe for what is due, and does what payments left to be done.
    pub async fn pursue_payments(&self) -> Result<(), UseError> {
        let now = self.clock.now();
        self.apply_kept(now).await?;
        self.settle_debts(now).await?;
        self.pursue_refunds(now).await?;
        self.recharge(now).await?;
        self.pursue_cards(now).await?;
        let before = now.minus(EVENTS_KEPT);
        self.store.write(move |tx| payment_events::forget(tx, before, STEP)).await?;
        Ok(())
    }

    fn announce_payment(&self, applied: Option<(AccountId, Option<Paused>)>) {
        if let Some((account, paused)) = applied {
            self.hub.tell([account]);
            self.tell_paused(paused);
        }
    }

    /// Applies events that came before what they are about.
    async fn apply_kept(&self, now: Timestamp) -> Result<(), UseError> {
        for id in self.store.read(|tx| payment_events::fitting(tx, STEP)).await? {
            let ids = self.ids.take(&self.store, EVENT_IDS).await?;
            let seller = self.config.site.seller();
            let applied = self.store.write(move |tx| {
                let Some(body) = payment_events::take(tx, &id)? else { return Ok(None) };
                let event = Event::parse(body.as_bytes())
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?;
                let told = (&event.news(), event.at.unwrap_or(now));
                match apply(tx, told, (&mut ids.clone(), &seller), now)? {
                    Applied::To(account, paused) => Ok::<_, UseError>(Some((account, paused))),
                    Applied::TooEarly | Applied::Nothing => Ok(None),
                }
            });
            self.announce_payment(applied.await?);
        }
        Ok(())
    }

    /// Settles debts out of money that came in otherwise than by a payment.
    pub(crate) async fn settle_debts(&self, now: Timestamp) -> Result<(), UseError> {
        for account in self.store.read(|tx| wallets::owing(tx, STEP)).await? {
            let id = self.ids.one(&self.store).await?;
            self.store
                .write(move |tx| {
                    wallets::lock(tx, &[account])?;
                    let Some(wallet) = wallets::find(tx, account)? else { return Ok(()) };
                    let left = settle(tx, account, (id, id), wallet.currency, now)?;
                    if let Some(left) = left {
                        let data = balance_data(left, wallet.currency);
                        events::append(tx, &[NewEvent::balance(account, data)], now)?;
                    }
                    Ok::<_, UseError>(())
                })
                .await?;
            self.hub.tell([account]);
        }
        Ok(())
    }

    async fn pursue_refunds(&self, now: Timestamp) -> Result<(), UseError> {
        let Some(stripe) = &self.stripe else { return Ok(()) };
        let until = now.plus(CLAIMED_FOR);
        let due = self.store.write(move |tx| reversals::claim(tx, now, until, STEP)).await?;
        for reversal in due {
            let (account, id) = (reversal.account, reversal.topup);
            let found = self.store.read(move |tx| topups::find(tx, account, id)).await?;
            let Some(topup) = found else { continue };
            let payment = topup.payment_ref.clone().unwrap_or_default();
            if now.since(reversal.created_at) > KEYS_KEPT {
                tracing::error!(
                    refund = reversal.id,
                    payment,
                    "Stripe did not say what became of a refund: look there, it is not asked again"
                );
                self.store.write(move |tx| reversals::ask_again(tx, &reversal, None)).await?;
                continue;
            }
            let sum = (reversal.gross, topup.currency);
            match stripe.refund(&payment, sum, reversal.id).await {
                Ok(refund) => self.end_refund(topup, reversal, Some(refund), now).await?,
                Err(StripeError::Refused { message } | StripeError::CustomerGone { message }) => {
                    tracing::error!(refund = reversal.id, message, "Stripe refused a refund");
                    self.end_refund(topup, reversal, None, now).await?;
                }
                Err(StripeError::Uncertain(why)) => {
                    tracing::warn!(refund = reversal.id, why, "a refund is asked for again");
                    let at = Some(now.plus(AGAIN_AFTER));
                    self.store.write(move |tx| reversals::ask_again(tx, &reversal, at)).await?;
                }
            }
        }
        Ok(())
    }

    /// Stores what became of a refund that was asked for: `None` where it was refused.
    async fn end_refund(
        &self,
        topup: Topup,
        reversal: Reversal,
        refund: Option<Refund>,
        now: Timestamp,
    ) -> Result<(), UseError> {
        let account = topup.account;
        let ids = self.ids.take(&self.store, TOLD_IDS).await?;
        self.store
            .write(move |tx| {
                wallets::lock(tx, &[account])?;
                let topup = topups::find(tx, account, topup.id)?.unwrap_or_else(|| topup.clone());
                let mut ids = ids.clone();
                let Some(refund) = &refund else {
                    return taking_back::refund_refused(tx, &topup, &reversal, &mut ids, now);
                };
                let step = (ReversalState::Pending, ReversalState::Done);
                reversals::finish(tx, &reversal, step, Some(&refund.id), now)?;
                let failed = refund.status.as_deref().is_some_and(came_to_nothing);
                let told = ToldRefund {
                    provider_ref: refund.id.clone(),
                    reversal: Some(reversal.id),
                    gross: reversal.gross,
                    made_at: time(refund.created).unwrap_or(reversal.created_at),
                    failed_at: failed.then_some(now),
                };
                taking_back::told_of_refund(tx, &topup, &told, &mut ids, now)
            })
            .await?;
        self.hub.tell([account]);
        Ok(())
    }

    /// Charges saved cards, and looks up those that are to be saved.
    async fn pursue_cards(&self, now: Timestamp) -> Result<(), UseError> {
        let Some(stripe) = &self.stripe else { return Ok(()) };
        let until = now.plus(CLAIMED_FOR);
        for topup in self.store.write(move |tx| topups::claim(tx, now, until, STEP)).await? {
            if topup.paid_at.is_none() {
                self.charge_card(topup, now).await?;
                continue;
            }
            let payment = topup.payment_ref.clone().unwrap_or_default();
            let card = match stripe.payment(&payment).await {
                Ok(paid) => card_of(&topup, paid),
                Err(StripeError::Refused { message } | StripeError::CustomerGone { message }) => {
                    tracing::warn!(payment, message, "the card of a payment cannot be kept");
                    None
                }
                Err(StripeError::Uncertain(why)) => {
                    tracing::warn!(payment, why, "the card of a payment is asked for again");
                    self.ask_again(topup, now).await?;
                    continue;
                }
            };
            self.store
                .write(move |tx| {
                    if let Some(card) = &card {
                        saved_cards::put(tx, card, now)?;
                    }
                    topups::ask_again(tx, &topup, None)
                })
                .await?;
        }
        Ok(())
    }
}

impl Engine {
    pub(crate) async fn ask_again(&self, topup: Topup, now: Timestamp) -> Result<(), UseError> {
        let at = Some(now.plus(AGAIN_AFTER));
        self.store.write(move |tx| topups::ask_again(tx, &topup, at)).await?;
        Ok(())
    }
}

impl AsStoreError for PaymentEventError {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Use(error) => error.as_store_error(),
            _ => None,
        }
    }
}

/// The card that made a payment, where it can be charged again.
fn card_of(topup: &Topup, paid: Payment) -> Option<SavedCard> {
    let Some(Method::Expanded { id, card: Some(card) }) = paid.payment_method else { return None };
    Some(SavedCard {
        account: topup.account,
        provider: Provider::Stripe,
        customer_ref: paid.customer?,
        method_ref: id,
        brand: card.brand,
        last4: card.last4,
        exp_month: card.exp_month,
        exp_year: card.exp_year,
    })
}

fn apply(
    tx: &mut Tx<'_>,
    (news, told_at): (&News, Timestamp),
    (ids, seller): (&mut Range, &Seller),
    now: Timestamp,
) -> Result<Applied, UseError> {
    match news {
        News::Paid { of, session, payment, paid } => {
            wallets::lock(tx, &[of.account])?;
            let found = begun(tx, of)?;
            let same = |topup: &Topup| session.is_none() || *session == topup.session_ref;
            let Some(topup) = found.filter(same) else {
                tracing::warn!(payment, "Stripe tells of a payment that was not begun here");
                return Ok(Applied::Nothing);
            };
            if paid.in_currency(topup.currency) != Some(topup.gross) {
                tracing::error!(
                    payment, topup = topup.id.get(), ?paid, expected = %topup.gross,
                    "a payment of another amount: nothing was credited"
                );
                let paused = if topup.cause == Cause::Auto {
                    declined(tx, &topup, ANOTHER_AMOUNT, now)?
                } else {
                    topups::fail(tx, &topup, ANOTHER_AMOUNT, now)?;
                    None
                };
                return Ok(Applied::To(of.account, paused));
            }
            pay(tx, &topup, Some(payment), (ids, seller), now)?;
            Ok(Applied::To(of.account, None))
        }
        News::Ended { of, session, why } => {
            let found = begun(tx, of)?;
            if let Some(topup) = found.filter(|topup| topup.session_ref.as_ref() == Some(session)) {
                topups::fail(tx, &topup, why, now)?;
            }
            Ok(Applied::To(of.account, None))
        }
        News::Declined { of, why } => {
            // At a checkout, another card can be tried.
            let found = begun(tx, of)?.filter(|topup| topup.cause == Cause::Auto);
            let Some(topup) = found else { return Ok(Applied::Nothing) };
            Ok(Applied::To(of.account, declined(tx, &topup, why, now)?))
        }
        News::Other => Ok(Applied::Nothing),
        News::Refunded { payment, refunded } => {
            let Some(topup) = paid_by(tx, payment)? else { return Ok(Applied::TooEarly) };
            if let Some(gross) = refunded.in_currency(topup.currency) {
                taking_back::told_sum(tx, &topup, ToldSum { told_at, gross }, ids, now)?;
            }
            Ok(Applied::To(topup.account, None))
        }
        News::Refund { payment, refund, gross, made_at, failed, ours } => {
            let Some(topup) = paid_by(tx, payment)? else { return Ok(Applied::TooEarly) };
            let Some(gross) = gross.in_currency(topup.currency) else {
                tracing::error!(refund, ?gross, "a refund in another currency than its payment");
                return Ok(Applied::Nothing);
            };
            let told = ToldRefund {
                provider_ref: refund.clone(),
                reversal: *ours,
                gross,
                // As if it always had been: what it may be part of is not taken for another.
                made_at: made_at.unwrap_or(Timestamp::from_micros(0)),
                failed_at: failed.then_some(told_at),
            };
            taking_back::told_of_refund(tx, &topup, &told, ids, now)?;
            Ok(Applied::To(topup.account, None))
        }
        News::Disputed { payment, dispute, taken } => {
            let Some(topup) = paid_by(tx, payment)? else { return Ok(Applied::TooEarly) };
            if let Some(gross) = taken.in_currency(topup.currency) {
                taking_back::disputed(tx, &topup, (dispute, gross), ids, now)?;
            }
            Ok(Applied::To(topup.account, None))
        }
        News::DisputeWon { payment, dispute } => {
            let Some(topup) = paid_by(tx, payment)? else { return Ok(Applied::TooEarly) };
            taking_back::dispute_won(tx, &topup, dispute, ids, now)?;
            Ok(Applied::To(topup.account, None))
        }
    }
}

/// The top-up that an event is of: begun here, with Stripe.
fn begun(tx: &mut Tx<'_>, of: &TopupRef) -> Result<Option<Topup>, StoreError> {
    let found = topups::find(tx, of.account, of.topup)?;
    let same =
        |topup: &Topup| topup.provider == Provider::Stripe && topup.created_at == of.begun_at;
    Ok(found.filter(same))
}

/// The top-up that a payment paid, read under its wallet's lock.
fn paid_by(tx: &mut Tx<'_>, payment: &str) -> Result<Option<Topup>, StoreError> {
    let Some(topup) = topups::find_by_payment(tx, payment)? else { return Ok(None) };
    wallets::lock(tx, &[topup.account])?;
    let topup = topups::find(tx, topup.account, topup.id)?;
    Ok(topup.filter(|topup| topup.paid_at.is_some()))
}
