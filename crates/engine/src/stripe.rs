//! Stripe: five calls, and what it tells us. Source: docs.stripe.com/api.
//!
//! A call that may charge or pay back carries an idempotency key, so that one whose answer was lost
//! is asked again. Stripe keeps those keys for a day at least: nothing is asked again after that.

pub(crate) mod news;
pub(crate) mod signature;

use std::time::Duration;

use domain::{Currency, Micros};
use reqwest::{Client, StatusCode, header::CONTENT_TYPE, redirect};
use serde::{Deserialize, de::IgnoredAny};
use store::{saved_cards::SavedCard, topups::Topup};
use url::form_urlencoded::{Serializer, byte_serialize};

use self::news::Paid;
use crate::tls::tls;

/// The shapes that this program was written for.
const VERSION: &str = "2024-06-20";

/// Stripe answers within this long, or it has not answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// After this long, a call is not asked again under its key.
pub(crate) const KEYS_KEPT: Duration = Duration::from_secs(20 * 3_600);

/// How an operator's account at Stripe is used.
#[derive(Clone)]
pub struct StripeConfig {
    /// `sk_live_…` or `rk_live_…`.
    pub secret_key: String,
    /// `whsec_…`.
    pub webhook_secret: String,
    /// `https://api.stripe.com`; no slash at the end.
    pub api_base: String,
}

impl std::fmt::Debug for StripeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StripeConfig").field("api_base", &self.api_base).finish_non_exhaustive()
    }
}

/// Why a call has no answer, by what is done next.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StripeError {
    /// Nothing happened, and asking again would change nothing.
    #[error("{message}")]
    Refused { message: String },
    /// Nothing happened: the customer was deleted at Stripe. It would, without naming it.
    #[error("{message}")]
    CustomerGone { message: String },
    /// It may have happened: ask again under the same key.
    #[error("{0}")]
    Uncertain(String),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) url: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) status: String,
    /// In the currency's smallest unit.
    pub(crate) amount_received: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) payment_method: Option<Method>,
    pub(crate) last_payment_error: Option<PaymentError>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PaymentError {
    pub(crate) message: Option<String>,
}

impl Payment {
    /// What was paid.
    pub(crate) fn paid(&self) -> Paid {
        Paid::new(self.amount_received.unwrap_or(0), self.currency.as_deref())
    }
}

/// A card, expanded or not.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Method {
    Expanded { id: String, card: Option<Card> },
    Bare(IgnoredAny),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Card {
    pub(crate) brand: String,
    pub(crate) last4: String,
    pub(crate) exp_month: i64,
    pub(crate) exp_year: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) status: Option<String>,
    pub(crate) created: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Failed {
    error: FailedDetail,
}

#[derive(Debug, Deserialize)]
struct FailedDetail {
    code: Option<String>,
    param: Option<String>,
    message: Option<String>,
}

impl FailedDetail {
    fn is_customer_gone(&self) -> bool {
        self.code.as_deref() == Some("resource_missing")
            && self.param.as_deref() == Some("customer")
    }
}

/// What is to be paid at a checkout, and where its payer goes afterwards.
#[derive(Debug)]
pub(crate) struct Checkout<'a> {
    pub(crate) topup: &'a Topup,
    pub(crate) title: String,
    pub(crate) email: &'a str,
    pub(crate) customer: Option<&'a str>,
    pub(crate) return_url: String,
}

#[derive(Debug)]
pub(crate) struct Stripe {
    config: StripeConfig,
    client: Client,
}

type Form<'a> = Vec<(&'a str, String)>;

impl Stripe {
    pub(crate) fn new(config: StripeConfig) -> Self {
        let client = Client::builder()
            .tls_backend_preconfigured(tls())
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(ANSWER_WITHIN)
            .user_agent(concat!("didfarm/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("the settings are the same in every process");
        Self { config, client }
    }

    pub(crate) fn webhook_secret(&self) -> &str {
        &self.config.webhook_secret
    }

    /// The page where a top-up is paid.
    pub(crate) async fn open_checkout(
        &self,
        checkout: &Checkout<'_>,
    ) -> Result<Session, StripeError> {
        let topup = checkout.topup;
        let mut form: Form<'_> = vec![
            ("mode", "payment".to_owned()),
            ("client_reference_id", topup.id.to_string()),
            ("success_url", checkout.return_url.clone()),
            ("cancel_url", checkout.return_url.clone()),
            ("line_items[0][quantity]", "1".to_owned()),
            ("line_items[0][price_data][currency]", code(topup.currency)),
            ("line_items[0][price_data][unit_amount]", units(topup.gross, topup.currency)),
            ("line_items[0][price_data][product_data][name]", checkout.title.clone()),
        ];
        form.extend(metadata(topup));
        form.extend(
            metadata(topup)
                .into_iter()
                .zip(PAYMENT_METADATA)
                .map(|((_, value), name)| (name, value)),
        );
        match checkout.customer {
            Some(customer) => form.push(("customer", customer.to_owned())),
            None => form.push(("customer_email", checkout.email.to_owned())),
        }
        if topup.save_card {
            form.push(("payment_intent_data[setup_future_usage]", "off_session".to_owned()));
            if checkout.customer.is_none() {
                form.push(("customer_creation", "always".to_owned()));
            }
        }
        // Another request has another key: one without the customer that there is not any more.
        let call = if checkout.customer.is_some() { "checkout-of" } else { "checkout" };
        let key = key(call, topup);
        self.post("/v1/checkout/sessions", &form, &key).await
    }

    /// The card that paid, with its customer.
    pub(crate) async fn payment(&self, id: &str) -> Result<Payment, StripeError> {
        let path = format!("/v1/payment_intents/{}", segment(id));
        let url = format!("{}{path}?expand[]=payment_method", self.config.api_base);
        self.answer(self.client.get(url)).await
    }

    /// Charges a saved card, its holder being away.
    pub(crate) async fn charge(
        &self,
        topup: &Topup,
        card: &SavedCard,
    ) -> Result<Payment, StripeError> {
        let mut form: Form<'_> = vec![
            ("amount", units(topup.gross, topup.currency)),
            ("currency", code(topup.currency)),
            ("customer", card.customer_ref.clone()),
            ("payment_method", card.method_ref.clone()),
            ("off_session", "true".to_owned()),
            ("confirm", "true".to_owned()),
        ];
        form.extend(metadata(topup));
        let key = key("charge", topup);
        self.post("/v1/payment_intents", &form, &key).await
    }

    /// Pays back `gross` of a payment; `id` is ours for it.
    pub(crate) async fn refund(
        &self,
        payment: &str,
        (gross, currency): (Micros, Currency),
        id: i64,
    ) -> Result<Refund, StripeError> {
        let form: Form<'_> = vec![
            ("payment_intent", payment.to_owned()),
            ("amount", units(gross, currency)),
            ("metadata[reversal_id]", id.to_string()),
        ];
        self.post("/v1/refunds", &form, &format!("didfarm-refund-{payment}-{id}")).await
    }

    /// Stripe forgets a saved card.
    pub(crate) async fn detach(&self, method: &str) -> Result<(), StripeError> {
        let path = format!("/v1/payment_methods/{}/detach", segment(method));
        let _: serde_json::Value =
            self.post(&path, &[], &format!("didfarm-detach-{method}")).await?;
        Ok(())
    }

    async fn post<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        form: &[(&str, String)],
        key: &str,
    ) -> Result<T, StripeError> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .client
            .post(format!("{}{path}", self.config.api_base))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("Idempotency-Key", key)
            .body(body);
        self.answer(request).await
    }

    async fn answer<T: for<'de> Deserialize<'de>>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, StripeError> {
        let request =
            request.bearer_auth(&self.config.secret_key).header("Stripe-Version", VERSION);
        let uncertain =
            |error: reqwest::Error| StripeError::Uncertain(error.without_url().to_string());
        let response = request.send().await.map_err(uncertain)?;
        let status = response.status();
        let body = response.bytes().await.map_err(uncertain)?;
        if status.is_success() {
            let read = serde_json::from_slice(&body);
            return read.map_err(|error| StripeError::Uncertain(format!("an odd answer: {error}")));
        }
        let failed = serde_json::from_slice::<Failed>(&body).ok().map(|failed| failed.error);
        let gone = failed.as_ref().is_some_and(FailedDetail::is_customer_gone);
        let message = failed
            .and_then(|error| error.message)
            .unwrap_or_else(|| format!("Stripe answered {status}"));
        if gone {
            return Err(StripeError::CustomerGone { message });
        }
        // With a key that was rotated nothing is wrong about the call: it is asked again with the next.
        let again = matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::CONFLICT
                | StatusCode::TOO_MANY_REQUESTS
        );
        if status.is_client_error() && !again {
            Err(StripeError::Refused { message })
        } else {
            Err(StripeError::Uncertain(message))
        }
    }
}

/// Which top-up it is, for the events that come of it. Ids repeat in another installation that uses
/// the same account at Stripe; the time when it was begun does not.
fn metadata(topup: &Topup) -> [(&'static str, String); 3] {
    [
        ("metadata[account_id]", topup.account.to_string()),
        ("metadata[topup_id]", topup.id.to_string()),
        ("metadata[begun_at]", topup.created_at.micros().to_string()),
    ]
}

/// The same names where they are put on a checkout's payment.
const PAYMENT_METADATA: [&str; 3] = [
    "payment_intent_data[metadata][account_id]",
    "payment_intent_data[metadata][topup_id]",
    "payment_intent_data[metadata][begun_at]",
];

fn key(call: &str, topup: &Topup) -> String {
    format!("didfarm-{call}-{}-{}", topup.id, topup.created_at.micros())
}

/// In a path, an id is one segment.
fn segment(id: &str) -> String {
    byte_serialize(id.as_bytes()).collect()
}

fn code(currency: Currency) -> String {
    currency.as_str().to_lowercase()
}

/// In the currency's smallest unit, as Stripe counts.
fn units(amount: Micros, currency: Currency) -> String {
    (amount.get() / currency.minor_unit().get()).to_string()
}
