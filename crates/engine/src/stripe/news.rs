//! What Stripe tells, as far as it concerns us. Source: docs.stripe.com/api/events/types.

use domain::{AccountId, Currency, Micros, Timestamp, TopupId};
use serde::Deserialize;
use serde_json::Value;

use super::PaymentError;

/// An event as it comes; the rest of it is not ours.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    /// When it happened, by Stripe's clock.
    pub(crate) at: Option<Timestamp>,
    kind: String,
    object: Object,
}

/// A Checkout Session, a PaymentIntent, a Charge, a Refund or a Dispute: what we read of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Object {
    id: String,
    created: Option<i64>,
    metadata: Option<Metadata>,
    payment_intent: Option<Reference>,
    payment_status: Option<String>,
    status: Option<String>,
    currency: Option<String>,
    amount: Option<i64>,
    amount_total: Option<i64>,
    amount_received: Option<i64>,
    amount_refunded: Option<i64>,
    last_payment_error: Option<PaymentError>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    account_id: Option<String>,
    topup_id: Option<String>,
    begun_at: Option<String>,
    reversal_id: Option<String>,
}

/// An id, or the object where it was expanded.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Reference {
    Id(String),
    Object { id: String },
}

/// Which top-up, as we wrote it into what we asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopupRef {
    pub(crate) account: AccountId,
    pub(crate) topup: TopupId,
    pub(crate) begun_at: Timestamp,
}

/// In the currency's smallest unit, as Stripe counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paid {
    units: i64,
    currency: Option<Currency>,
}

impl Paid {
    pub(crate) fn new(units: i64, code: Option<&str>) -> Self {
        Self { units, currency: code.and_then(|code| code.to_uppercase().parse().ok()) }
    }

    /// The amount, where it is in this currency.
    pub(crate) fn in_currency(self, currency: Currency) -> Option<Micros> {
        if self.currency == Some(currency) {
            currency.minor_unit().checked_mul(self.units)
        } else {
            None
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// By a checkout (then its session is named) or by a saved card.
    Paid { of: TopupRef, session: Option<String>, payment: String, paid: Paid },
    /// It will not be paid.
    Ended { of: TopupRef, session: String, why: &'static str },
    /// A saved card was refused.
    Declined { of: TopupRef, why: String },
    /// So much of the payment was paid back in all.
    Refunded { payment: String, refunded: Paid },
    /// A refund was made, or came to nothing after all.
    ///
    /// `made_at`: by Stripe's clock. `ours`: our id for it, where we asked for it.
    Refund {
        payment: String,
        refund: String,
        gross: Paid,
        made_at: Option<Timestamp>,
        failed: bool,
        ours: Option<i64>,
    },
    /// The payer's bank took it back.
    Disputed { payment: String, dispute: String, taken: Paid },
    /// It gave it back.
    DisputeWon { payment: String, dispute: String },
    /// None of our business.
    Other,
}

impl News {
    /// The payment whose top-up has to be known first.
    pub(crate) fn waits_for(&self) -> Option<&str> {
        match self {
            Self::Refunded { payment, .. }
            | Self::Refund { payment, .. }
            | Self::Disputed { payment, .. }
            | Self::DisputeWon { payment, .. } => Some(payment),
            _ => None,
        }
    }
}

impl Event {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        let mut event: Value = serde_json::from_slice(body)?;
        // A field of an unexpected kind makes it an object that is not ours.
        let object = event.pointer_mut("/data/object").map(Value::take).unwrap_or_default();
        let object = serde_json::from_value(object).unwrap_or_default();
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        match text("id") {
            id if id.is_empty() => Err(serde::de::Error::missing_field("id")),
            id => Ok(Self { id, at: time(event["created"].as_i64()), kind: text("type"), object }),
        }
    }

    pub(crate) fn news(&self) -> News {
        self.read(&self.object).unwrap_or(News::Other)
    }

    fn read(&self, object: &Object) -> Option<News> {
        let id = || Some(object.id.clone()).filter(|id| !id.is_empty());
        let payment = || object.payment_intent.as_ref().map(Reference::id);
        Some(match self.kind.as_str() {
            "checkout.session.completed" if object.payment_status.as_deref() != Some("paid") => {
                return None;
            }
            "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
                News::Paid {
                    of: object.topup()?,
                    session: Some(id()?),
                    payment: payment()?,
                    paid: object.money(object.amount_total?),
                }
            }
            "checkout.session.async_payment_failed" => {
                News::Ended { of: object.topup()?, session: id()?, why: "the payment failed" }
            }
            "checkout.session.expired" => {
                News::Ended { of: object.topup()?, session: id()?, why: "the checkout expired" }
            }
            "payment_intent.succeeded" => News::Paid {
                of: object.topup()?,
                session: None,
                payment: id()?,
                paid: object.money(object.amount_received?),
            },
            "payment_intent.payment_failed" | "payment_intent.canceled" => News::Declined {
                of: object.topup()?,
                why: object
                    .last_payment_error
                    .as_ref()
                    .and_then(|error| error.message.clone())
                    .unwrap_or_else(|| "the card was declined".to_owned()),
            },
            "charge.refunded" => News::Refunded {
                payment: payment()?,
                refunded: object.money(object.amount_refunded?),
            },
            "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
                News::Refund {
                    payment: payment()?,
                    refund: id()?,
                    gross: object.money(object.amount?),
                    made_at: time(object.created),
                    failed: self.kind == "refund.failed"
                        || object.status.as_deref().is_some_and(came_to_nothing),
                    ours: object.reversal(),
                }
            }
            "charge.dispute.closed"
                if matches!(object.status.as_deref(), Some("won" | "warning_closed")) =>
            {
                News::DisputeWon { payment: payment()?, dispute: id()? }
            }
            // An inquiry takes no money.
            "charge.dispute.created" | "charge.dispute.closed"
                if object.status.as_deref().is_some_and(|status| status.starts_with("warning")) =>
            {
                return None;
            }
            "charge.dispute.created"
            | "charge.dispute.funds_withdrawn"
            | "charge.dispute.closed" => News::Disputed {
                payment: payment()?,
                dispute: id()?,
                taken: object.money(object.amount?),
            },
            _ => return None,
        })
    }
}

impl Reference {
    fn id(&self) -> String {
        match self {
            Self::Id(id) | Self::Object { id } => id.clone(),
        }
    }
}

impl Object {
    fn topup(&self) -> Option<TopupRef> {
        let Metadata { account_id, topup_id, begun_at, .. } = self.metadata.as_ref()?;
        Some(TopupRef {
            account: AccountId::new(account_id.as_ref()?.parse().ok()?),
            topup: TopupId::new(topup_id.as_ref()?.parse().ok()?),
            begun_at: Timestamp::from_micros(begun_at.as_ref()?.parse().ok()?),
        })
    }

    fn reversal(&self) -> Option<i64> {
        self.metadata.as_ref()?.reversal_id.as_ref()?.parse().ok()
    }

    fn money(&self, units: i64) -> Paid {
        Paid::new(units, self.currency.as_deref())
    }
}

/// Of a refund: whether this is its end, and the payer got nothing.
pub(crate) fn came_to_nothing(status: &str) -> bool {
    matches!(status, "failed" | "canceled")
}

/// Stripe counts in seconds from 1970.
pub(crate) fn time(seconds: Option<i64>) -> Option<Timestamp> {
    Some(Timestamp::from_micros(seconds?.checked_mul(1_000_000)?))
}
