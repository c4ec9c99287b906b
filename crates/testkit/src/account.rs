//! Customers of a world.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::{
    AccountId, CarrierId, Currency, DeliveryId, MessageId, MessageStatus, MessagingProfileId,
    Micros, NumberId, VatRate, WebhookId, text, webhooks::WebhookEvents,
};
use engine::{
    AcceptError, Accepted, AccountPatch, Idempotency, NewAccount, NewNumber, NewWebhook, Send,
    WebhookCreated,
};
use serde_json::json;
use store::{
    accounts,
    attempts::{self, Attempt},
    events::{self, StoredEvent},
    messages::{self, Filter, Message},
    movements::{self, Movement},
    webhooks::{
        self,
        attempts::WebhookAttempt,
        deliveries::{self, Delivery},
    },
};

use crate::{World, cents, world::Inner};

static CUSTOMERS: AtomicI64 = AtomicI64::new(0);

/// An account with one number that may send; a customer with €10.00 unless told otherwise.
#[derive(Debug)]
pub struct AccountBuilder {
    inner: Arc<Inner>,
    balance: Micros,
    rate: i64,
    carrier: Option<CarrierId>,
    simulated: bool,
    vat: VatRate,
    currency: Option<Currency>,
}

impl AccountBuilder {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            balance: cents(1_000),
            rate: 1_000_000,
            carrier: None,
            simulated: false,
            vat: VatRate::ZERO,
            currency: None,
        }
    }

    #[must_use]
    pub fn balance(self, balance: Micros) -> Self {
        Self { balance, ..self }
    }

    /// Messages a second; without it there is hardly a limit.
    #[must_use]
    pub fn rate(self, rate: i64) -> Self {
        Self { rate, ..self }
    }

    /// The number's own carrier.
    #[must_use]
    pub fn through(self, carrier: CarrierId) -> Self {
        Self { carrier: Some(carrier), ..self }
    }

    /// The number never leaves the simulator.
    #[must_use]
    pub fn simulated(self) -> Self {
        Self { simulated: true, ..self }
    }

    /// In percent, like `21.00`.
    #[must_use]
    pub fn vat(self, rate: &str) -> Self {
        Self { vat: rate.parse().unwrap(), ..self }
    }

    /// One in which prices are set, like `USD`.
    #[must_use]
    pub fn currency(self, code: &str) -> Self {
        Self { currency: Some(code.parse().unwrap()), ..self }
    }

    pub async fn create(self) -> Account {
        let Self { inner, balance, rate, carrier, simulated, vat, currency } = self;
        let customer = CUSTOMERS.fetch_add(1, Ordering::Relaxed);
        let number = format!("+4420{:08}", 79_460_000 + customer % 1_000);
        let text = number.clone();
        let (id, number_id) = inner
            .run(|engine| async move {
                let new = NewAccount {
                    name: format!("Customer {customer}"),
                    email: format!("customer-{customer}@example.com").parse().unwrap(),
                    password_hash: None,
                    vat_rate: vat,
                    currency,
                    verified: true,
                };
                let made = engine.create_account(new, None, |made| json!(made.account.id.get()));
                let id = AccountId::new(made.await.unwrap().answer.as_i64().unwrap());
                let patch = AccountPatch { rate_limit: Some(rate), ..AccountPatch::default() };
                engine.update_account(id, patch).await.unwrap();
                if !balance.is_zero() {
                    engine
                        .credit(id, balance, "a gift".to_owned(), None, |_| json!(null))
                        .await
                        .unwrap();
                }
                let new = NewNumber {
                    number: number.parse().unwrap(),
                    country: "GB".parse().unwrap(),
                    number_type: domain::NumberType::Local,
                    status: domain::NumberStatus::Active,
                    account: Some(id),
                    sms_enabled: true,
                    carrier,
                    simulated,
                };
                let made = engine.create_number(new, None, |record| json!(record.id.get()));
                let number = NumberId::new(made.await.unwrap().answer.as_i64().unwrap());
                (id, number)
            })
            .await;
        Account { inner, id, number: number_id, e164: text }
    }
}

/// A customer; clones are the same one.
#[derive(Debug, Clone)]
pub struct Account {
    inner: Arc<Inner>,
    pub id: AccountId,
    pub number: NumberId,
    /// The number as it is written.
    pub e164: String,
}

impl Account {
    /// The same customer, served by another node.
    #[must_use]
    pub fn on(&self, world: &World) -> Self {
        Self { inner: Arc::clone(&world.inner), ..self.clone() }
    }

    /// A message from this customer's number.
    pub fn message(&self, to: &str, text: &str) -> Send {
        Send {
            from: self.number,
            to: to.parse().unwrap(),
            body: text::Body::parse(text).unwrap(),
            delivery: domain::Delivery::AtLeastOnce,
            test: false,
        }
    }

    /// Sends a message that must be accepted.
    pub async fn send(&self, to: &str, text: &str) -> MessageId {
        accepted(self.ask(self.message(to, text), None).await)
    }

    /// The same with `"delivery": "at_most_once"`.
    pub async fn send_at_most_once(&self, to: &str, text: &str) -> MessageId {
        let send = Send { delivery: domain::Delivery::AtMostOnce, ..self.message(to, text) };
        accepted(self.ask(send, None).await)
    }

    pub async fn ask(
        &self,
        send: Send,
        idempotency: Option<Idempotency>,
    ) -> Result<Accepted, AcceptError> {
        let id = self.id;
        self.inner
            .run(move |engine| async move { engine.accept(id, send, idempotency).await })
            .await
    }

    /// The same; `None` where the process dies before it answers.
    pub async fn ask_while_alive(
        &self,
        send: Send,
        idempotency: Option<Idempotency>,
    ) -> Option<Result<Accepted, AcceptError>> {
        let id = self.id;
        self.inner
            .run_while_alive(
                move |engine| async move { engine.accept(id, send, idempotency).await },
            )
            .await
    }

    pub async fn ask_batch(
        &self,
        sends: Vec<Send>,
        idempotency: Option<Idempotency>,
    ) -> Result<Accepted, AcceptError> {
        let id = self.id;
        self.inner
            .run(move |engine| async move { engine.accept_batch(id, sends, idempotency).await })
            .await
    }

    pub async fn find(&self, message: MessageId) -> Message {
        let id = self.id;
        let found = self.inner.read(move |tx| messages::find(tx, id, message)).await;
        found.expect("the account has this message")
    }

    pub async fn status(&self, message: MessageId) -> MessageStatus {
        self.find(message).await.status
    }

    /// Waits until the message has this status.
    pub async fn becomes(&self, message: MessageId, status: MessageStatus) {
        let what = format!("message {message} becomes {status}");
        self.inner.until(&what, async || self.status(message).await == status).await;
    }

    /// The account's messages, newest first.
    pub async fn messages(&self) -> Vec<Message> {
        let id = self.id;
        let all = Filter::default();
        self.inner.read(move |tx| messages::list(tx, id, &all, i64::MAX, 1_000_000)).await
    }

    /// Each time that a part of the message was handed over.
    pub async fn attempts(&self, message: MessageId) -> Vec<Attempt> {
        let id = self.id;
        self.inner.read(move |tx| attempts::of_messages(tx, &[(id, message)])).await
    }

    /// The statuses that the message went through, as its events tell.
    pub async fn history(&self, message: MessageId) -> Vec<MessageStatus> {
        let of_message =
            |event: &StoredEvent| event.message.as_ref().is_some_and(|m| m.id == message);
        self.events().await.iter().filter(|e| of_message(e)).filter_map(|e| e.status).collect()
    }

    /// An endpoint that is told of these events; answers its id and its secret.
    pub async fn webhook(&self, url: &str, events: &[&str]) -> (WebhookId, String) {
        self.webhook_of(None, url, events).await
    }

    /// The same for one of a messaging profile.
    pub async fn webhook_of(
        &self,
        profile: Option<MessagingProfileId>,
        url: &str,
        events: &[&str],
    ) -> (WebhookId, String) {
        let (id, url) = (self.id, url.to_owned());
        let events = Some(WebhookEvents::of(events.iter().copied()).unwrap());
        let new = NewWebhook { url, description: String::new(), events, profile };
        let made = self
            .inner
            .run(move |engine| async move {
                let render = |made: &WebhookCreated| json!([made.webhook.id.get(), made.secret]);
                engine.create_webhook(id, new, None, render).await.unwrap().answer
            })
            .await;
        (WebhookId::new(made[0].as_i64().unwrap()), made[1].as_str().unwrap().to_owned())
    }

    /// What was pushed to an endpoint, and is to be, newest first.
    pub async fn deliveries(&self, webhook: WebhookId) -> Vec<Delivery> {
        let id = self.id;
        self.inner
            .read(move |tx| deliveries::list(tx, id, webhook, None, i64::MAX, 1_000_000))
            .await
    }

    /// Each time that something was pushed to an endpoint, oldest delivery first.
    pub async fn webhook_attempts(&self, webhook: WebhookId) -> Vec<WebhookAttempt> {
        let ids: Vec<DeliveryId> =
            self.deliveries(webhook).await.iter().map(|delivery| delivery.id).collect();
        let id = self.id;
        self.inner.read(move |tx| webhooks::attempts::of_deliveries(tx, id, webhook, &ids)).await
    }

    pub async fn events(&self) -> Vec<StoredEvent> {
        let id = self.id;
        self.inner.read(move |tx| events::after(tx, id, 0, 1_000_000)).await
    }

    pub async fn available(&self) -> Micros {
        self.wallet().await.available
    }

    pub async fn held(&self) -> Micros {
        self.wallet().await.held
    }

    async fn wallet(&self) -> accounts::Account {
        let id = self.id;
        self.inner.read(move |tx| accounts::find(tx, id)).await.unwrap()
    }

    /// Movements of the balance, newest first.
    pub async fn movements(&self) -> Vec<Movement> {
        let id = self.id;
        let all = movements::Filter::default();
        self.inner.read(move |tx| movements::list(tx, id, &all, i64::MAX, 1_000_000)).await
    }
}

fn accepted(answer: Result<Accepted, AcceptError>) -> MessageId {
    answer.unwrap().items[0].as_ref().unwrap().id
}
