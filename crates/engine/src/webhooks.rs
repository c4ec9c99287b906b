//! Webhooks: endpoints to which an account's events are pushed.
//!
//! An endpoint has a place in the account's events. A lane for each endpoint ([`lanes`]) makes
//! deliveries of what comes after it, in the transaction that moves the place on, and tries them
//! ([`work`]); so no event is left out, whenever a process ends, and an account without webhooks
//! costs nothing.

mod addresses;
mod client;
mod health;
mod lanes;
pub mod mirror;
mod notices;
mod payload;
mod signature;
mod target;
mod upkeep;
mod work;

use std::{sync::Arc, time::Duration};

use domain::{
    AccountId, DeliveryId, MessagingProfileId, Timestamp, WebhookId,
    webhooks::{WebhookEvent, WebhookEvents},
};
use serde_json::Value;
use store::{
    Tx, events,
    webhooks::{
        self as hooks, DisabledReason, Webhook, WebhookStatus,
        deliveries::{self, Delivery, DeliveryStatus},
    },
};

pub(crate) use lanes::Webhooks;
pub use signature::secret_text;
pub use target::WebhookPolicy;

use crate::{Done, Engine, Idempotency, UseError, lately::Limit, messaging_profiles::hold};

const WEBHOOKS_MAX: i64 = 50;

const DESCRIPTION_CHARACTERS_MAX: usize = 200;

/// Tests, resends and recoveries of one webhook that may be asked for within [`PUSHES_WITHIN`].
pub(crate) const PUSHES_MAX: usize = 60;

pub(crate) const PUSHES_WITHIN: Duration = Duration::from_secs(60);

/// After a rotation, the secret before signs too for this long.
const OLD_SECRET_SIGNS: Duration = Duration::from_secs(86_400);

#[derive(Debug, Clone)]
pub struct NewWebhook {
    pub url: String,
    pub description: String,
    /// `None`: all that it can be told of.
    pub events: Option<WebhookEvents>,
    /// It is told of this profile's messages alone.
    pub profile: Option<MessagingProfileId>,
}

#[derive(Debug, Clone, Default)]
pub struct WebhookPatch {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<WebhookEvents>,
    /// Inner `None`: it is told of the whole account.
    pub profile: Option<Option<MessagingProfileId>>,
    pub status: Option<WebhookStatus>,
}

/// An endpoint with its new secret, shown this once.
#[derive(Debug, Clone)]
pub struct WebhookCreated {
    pub webhook: Webhook,
    /// `whsec_…`
    pub secret: String,
}

impl Engine {
    /// Makes an endpoint: it is told of what happens from now on.
    pub async fn create_webhook(
        &self,
        account: AccountId,
        new: NewWebhook,
        key: Option<Idempotency>,
        render: impl Fn(&WebhookCreated) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let url = self.checked_url(&new.url)?;
        let description = checked_description(&new.description)?;
        let events = new.events.unwrap_or_else(|| match new.profile {
            Some(_) => WebhookEvents::of_messages(),
            None => WebhookEvents::all(),
        });
        check_events(&events, new.profile)?;
        let id = WebhookId::new(self.ids.one(&self.store).await?);
        let (secret, now) = (signature::new_secret(), self.clock.now());
        let body = move |tx: &mut Tx<'_>| {
            if hooks::count(tx, account)? >= WEBHOOKS_MAX {
                let message =
                    format!("An account has at most {WEBHOOKS_MAX} webhooks; delete one.");
                return Err(UseError::Conflict { message });
            }
            hold(tx, account, new.profile)?;
            let seq = events::last_seq(tx, account)?;
            let webhook = Webhook {
                account,
                id,
                profile: new.profile,
                url: url.clone(),
                description: description.clone(),
                events: events.clone(),
                status: WebhookStatus::Enabled,
                disabled_reason: None,
                failing_since: None,
                created_at: now,
                after_seq: seq,
                first_seq: seq,
            };
            hooks::insert(tx, &webhook, &secret)?;
            Ok(WebhookCreated { webhook, secret: secret_text(&secret) })
        };
        let done = self.once(account, key, body, render).await?;
        self.webhooks.changed();
        Ok(done)
    }

    pub async fn update_webhook(
        &self,
        account: AccountId,
        id: WebhookId,
        patch: WebhookPatch,
    ) -> Result<Webhook, UseError> {
        let url = patch.url.as_deref().map(|url| self.checked_url(url)).transpose()?;
        let description = patch.description.as_deref().map(checked_description).transpose()?;
        let now = self.clock.now();
        let webhook = self
            .store
            .write(move |tx| {
                let webhook = hooks::lock(tx, account, id)?.ok_or(UseError::NotFound("webhook"))?;
                let changed = Webhook {
                    url: url.clone().unwrap_or(webhook.url),
                    description: description.clone().unwrap_or(webhook.description),
                    events: patch.events.clone().unwrap_or(webhook.events),
                    profile: patch.profile.unwrap_or(webhook.profile),
                    ..webhook
                };
                check_events(&changed.events, changed.profile)?;
                if patch.profile.is_some() {
                    hold(tx, account, changed.profile)?;
                }
                hooks::update(tx, &changed)?;
                match patch.status {
                    Some(WebhookStatus::Enabled) => {
                        let seq = events::last_seq(tx, account)?;
                        hooks::enable(tx, account, id, seq)?;
                    }
                    Some(WebhookStatus::Disabled) => {
                        hooks::disable(tx, account, id, DisabledReason::ByCustomer, now)?;
                    }
                    None => {}
                }
                hooks::find(tx, account, id)?.ok_or(UseError::NotFound("webhook"))
            })
            .await?;
        self.webhooks.replaced(id);
        Ok(webhook)
    }

    pub async fn delete_webhook(&self, account: AccountId, id: WebhookId) -> Result<(), UseError> {
        let now = self.clock.now();
        let deleted = self
            .store
            .write(move |tx| Ok::<_, UseError>(hooks::delete(tx, account, id, now)?))
            .await?;
        self.webhooks.replaced(id);
        if deleted { Ok(()) } else { Err(UseError::NotFound("webhook")) }
    }

    /// Makes a new secret; the one before signs too for a day.
    pub async fn rotate_webhook_secret(
        &self,
        account: AccountId,
        id: WebhookId,
        key: Option<Idempotency>,
        render: impl Fn(&WebhookCreated) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let (secret, old_until) =
            (signature::new_secret(), self.clock.now().plus(OLD_SECRET_SIGNS));
        let body = move |tx: &mut Tx<'_>| {
            if !hooks::rotate(tx, account, id, &secret, old_until)? {
                return Err(UseError::NotFound("webhook"));
            }
            let webhook = hooks::find(tx, account, id)?.ok_or(UseError::NotFound("webhook"))?;
            Ok(WebhookCreated { webhook, secret: secret_text(&secret) })
        };
        let done = self.once(account, key, body, render).await?;
        self.webhooks.replaced(id);
        Ok(done)
    }

    /// Pushes a sample of an event, marked as a test.
    pub async fn test_webhook(
        &self,
        account: AccountId,
        webhook: WebhookId,
        event: Option<WebhookEvent>,
        key: Option<Idempotency>,
        render: impl Fn(&Delivery) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let id = DeliveryId::new(self.ids.one(&self.store).await?);
        let now = self.clock.now();
        let pushes = Arc::clone(&self.pushes);
        let body = move |tx: &mut Tx<'_>| {
            let found = enabled(tx, account, webhook)?;
            admit(&pushes, &found, now)?;
            let event =
                event.or_else(|| found.events.iter().next()).unwrap_or(WebhookEvent::SmsReceived);
            let delivery = Delivery {
                account,
                webhook,
                id,
                seq: None,
                event,
                status: DeliveryStatus::Pending,
                tries: 0,
                attempts: 0,
                next_attempt_at: Some(now),
                created_at: now,
                finished_at: None,
            };
            deliveries::insert(tx, std::slice::from_ref(&delivery))?;
            Ok(delivery)
        };
        let done = self.once(account, key, body, render).await?;
        self.webhooks.changed();
        Ok(done)
    }

    /// Begins a delivery anew, whatever became of it.
    pub async fn resend_delivery(
        &self,
        account: AccountId,
        webhook: WebhookId,
        id: DeliveryId,
        key: Option<Idempotency>,
        render: impl Fn(&Delivery) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let now = self.clock.now();
        let pushes = Arc::clone(&self.pushes);
        let body = move |tx: &mut Tx<'_>| {
            admit(&pushes, &enabled(tx, account, webhook)?, now)?;
            let found = deliveries::find(tx, account, webhook, id)?
                .ok_or(UseError::NotFound("delivery"))?;
            if found.status == DeliveryStatus::Pending {
                let message = "The delivery is pending: it is tried without being resent.";
                return Err(UseError::Conflict { message: message.to_owned() });
            }
            deliveries::resend(tx, account, webhook, id, now)?.ok_or(UseError::NotFound("delivery"))
        };
        let done = self.once(account, key, body, render).await?;
        self.webhooks.changed();
        Ok(done)
    }

    /// Begins anew what was given up since `since`, and delivers what was left out meanwhile.
    /// Answers how many deliveries were begun anew.
    pub async fn recover_webhook(
        &self,
        account: AccountId,
        webhook: WebhookId,
        since: Timestamp,
        key: Option<Idempotency>,
        render: impl Fn(&u64) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let now = self.clock.now();
        if since > now || since < now.minus(upkeep::DELIVERIES_KEPT) {
            let message = "since is a time of the last 30 days.";
            return Err(UseError::invalid("since", message));
        }
        let pushes = Arc::clone(&self.pushes);
        let body = move |tx: &mut Tx<'_>| {
            let found = enabled(tx, account, webhook)?;
            admit(&pushes, &found, now)?;
            let begun = deliveries::recover(tx, account, webhook, since, now)?;
            let seq = events::last_before(tx, account, found.first_seq, since)?;
            hooks::rewind(tx, account, webhook, seq)?;
            Ok(begun)
        };
        let done = self.once(account, key, body, render).await?;
        self.webhooks.changed();
        Ok(done)
    }

    fn checked_url(&self, url: &str) -> Result<String, UseError> {
        let target = self.config.webhooks.target(url);
        target
            .map(|target| target.url.to_string())
            .map_err(|error| UseError::invalid("url", error.0))
    }
}

/// The endpoint, if something can be pushed to it; its owner does not wait for a pause to end.
fn enabled(tx: &mut Tx<'_>, account: AccountId, id: WebhookId) -> Result<Webhook, UseError> {
    let webhook = hooks::find(tx, account, id)?.ok_or(UseError::NotFound("webhook"))?;
    if webhook.status == WebhookStatus::Enabled {
        hooks::end_pause(tx, account, id)?;
        return Ok(webhook);
    }
    let message = "The webhook is disabled. Enable it first.".to_owned();
    Err(UseError::Conflict { message })
}

/// Whether the endpoint may be pushed to by hand once more; that is counted.
fn admit(
    pushes: &Limit<(AccountId, WebhookId)>,
    webhook: &Webhook,
    now: Timestamp,
) -> Result<(), UseError> {
    pushes.take((webhook.account, webhook.id), now).map_err(|too_many| {
        too_many.because(
            "More than 60 tests and resends of this webhook in a minute. Wait as long as \
             Retry-After says; to push all that failed again, recover once.",
        )
    })
}

/// A messaging profile has messages, and no wallet.
fn check_events(
    events: &WebhookEvents,
    profile: Option<MessagingProfileId>,
) -> Result<(), UseError> {
    if profile.is_some() && events.iter().any(|event| !event.is_of_message()) {
        let message = format!(
            "A webhook of one messaging profile can be told of: {}.",
            WebhookEvents::of_messages()
        );
        return Err(UseError::invalid("events", message));
    }
    Ok(())
}

fn checked_description(text: &str) -> Result<String, UseError> {
    let text = text.trim();
    if text.chars().count() > DESCRIPTION_CHARACTERS_MAX || text.chars().any(char::is_control) {
        let message = format!(
            "description has at most {DESCRIPTION_CHARACTERS_MAX} characters, no control characters."
        );
        return Err(UseError::invalid("description", message));
    }
    Ok(text.to_owned())
}
