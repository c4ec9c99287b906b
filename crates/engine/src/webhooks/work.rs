//! The steps of pushing: take what is due, try it, store what became of it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use domain::{
    AccountId, DeliveryId, MessageId, Timestamp, WebhookId,
    webhooks::{WebhookEvent, pause_after},
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use store::{
    StoreError, Tx,
    events::{self, PlainEvent},
    messages::{self, Message},
    webhooks::{
        self as hooks, Secrets, Webhook,
        attempts::{self, WebhookAttempt},
        deliveries::{self, Claim, Delivery, DeliveryStatus, End, Tried},
    },
};
use tokio::time::Instant;

use super::{
    client::{ANSWER_WITHIN, Answer, Post},
    health::Health,
    payload,
    signature::sign,
};
use crate::{Engine, secrets::random_seed};

/// Events looked at in one step, most of which may be none of the endpoint's.
const EVENTS_PER_STEP: i64 = 1_000;

/// A delivery that is this process's to try.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) webhook: WebhookId,
    pub(super) account: AccountId,
    delivery: DeliveryId,
    pub(super) seq: Option<i64>,
    tries: i64,
    /// From here on another process may try it too.
    lost_at: Timestamp,
    pub(super) url: String,
    body: String,
    secrets: Secrets,
    /// Whether the endpoint took nothing lately.
    pub(crate) failing: bool,
}

impl Job {
    /// Whether there is time for an answer before the try is taken for lost.
    pub(crate) fn can_begin(&self, now: Timestamp) -> bool {
        now.plus(ANSWER_WITHIN + Duration::from_secs(2)) < self.lost_at
    }

    fn claim(&self) -> Claim {
        Claim {
            account: self.account,
            webhook: self.webhook,
            id: self.delivery,
            lost_at: self.lost_at,
        }
    }

    /// The same at every attempt, whichever process makes it.
    fn message_id(&self) -> String {
        match self.seq {
            Some(seq) => format!("msg_{}_{seq}", self.webhook),
            None => format!("msg_{}_test_{}", self.webhook, self.delivery),
        }
    }

    fn post(&self, now: Timestamp) -> Post {
        let id = self.message_id();
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: String| {
            let value = HeaderValue::from_str(&value).expect("digits, letters and signs");
            headers.insert(HeaderName::from_static(name), value);
        };
        set("webhook-signature", sign(&self.secrets, &id, now, &self.body));
        set("webhook-id", id);
        set("webhook-timestamp", now.seconds().to_string());
        match self.seq {
            Some(seq) => set("webhook-seq", seq.to_string()),
            None => set("webhook-test", "true".to_owned()),
        }
        Post { url: self.url.clone(), headers, body: self.body.clone() }
    }
}

/// What was taken for an endpoint.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) jobs: Vec<Job>,
    /// There may be more.
    pub(crate) more: bool,
}

/// A job that was tried.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) job: Job,
    pub(crate) answer: Answer,
    started_at: Timestamp,
    duration: Duration,
}

/// What an endpoint is owed, as far as one look tells.
#[derive(Debug, Clone)]
struct Owed {
    webhook: Webhook,
    secrets: Secrets,
    fresh: Vec<(PlainEvent, WebhookEvent)>,
    messages: BTreeMap<MessageId, Message>,
    /// Up to here events were looked at.
    looked_to: i64,
    /// How many to take of what is due again; 0 where nothing is.
    again: usize,
    more: bool,
}

impl Engine {
    /// Takes up to `limit` deliveries of an endpoint: those due again, then new events.
    ///
    /// `keep_place`: stores how far the events were looked at even where none was the endpoint's.
    pub(crate) async fn take(
        &self,
        account: AccountId,
        webhook: WebhookId,
        limit: usize,
        keep_place: bool,
    ) -> Result<Taken, StoreError> {
        let now = self.clock.now();
        let look = move |tx: &mut Tx<'_>| look(tx, account, webhook, limit, now);
        let Some(owed) = self.store.read(look).await? else { return Ok(Taken::default()) };
        if owed.fresh.is_empty() && owed.again == 0 {
            let moved = owed.looked_to > owed.webhook.after_seq;
            if moved && (owed.more || keep_place) {
                let (webhook, to) = (owed.webhook.clone(), owed.looked_to);
                self.store.write(move |tx| hooks::advance(tx, &webhook, to)).await?;
            }
            return Ok(Taken { jobs: Vec::new(), more: owed.more });
        }
        let mut ids = self.ids.take(&self.store, owed.fresh.len()).await?;
        let lost_at = now.plus(deliveries::LOST_AFTER);
        let new: Vec<Delivery> = owed
            .fresh
            .iter()
            .map(|(event, name)| Delivery {
                account,
                webhook,
                id: DeliveryId::new(ids.next()),
                seq: Some(event.seq),
                event: *name,
                status: DeliveryStatus::Pending,
                tries: 0,
                attempts: 0,
                next_attempt_at: Some(lost_at),
                created_at: now,
                finished_at: None,
            })
            .collect();
        let again = owed.again;
        let claiming = (owed.webhook.clone(), new.clone(), owed.looked_to);
        let (claimed, made) = self
            .store
            .write(move |tx| {
                let (webhook, new, to) = &claiming;
                claim(tx, webhook, new, *to, again, (now, lost_at))
            })
            .await?;
        let more = owed.more || again > 0 && claimed.len() >= again;
        let mut jobs = self.begun_again(&owed, claimed).await?;
        for ((event, name), delivery) in owed.fresh.iter().zip(&new) {
            if made.contains(&delivery.id) {
                let message = event.message.and_then(|id| owed.messages.get(&id));
                jobs.extend(job_of(&owed, delivery, payload::body(*name, event, message)));
            }
        }
        Ok(Taken { more, jobs })
    }

    /// Jobs of deliveries that were tried before, with the events they tell of.
    async fn begun_again(
        &self,
        owed: &Owed,
        claimed: Vec<Delivery>,
    ) -> Result<Vec<Job>, StoreError> {
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        let account = owed.webhook.account;
        let seqs: Vec<i64> = claimed.iter().filter_map(|delivery| delivery.seq).collect();
        let (events, messages) = self
            .store
            .read(move |tx| {
                let events = events::plain(tx, account, &seqs)?;
                let messages = messages_of(tx, account, events.iter())?;
                Ok::<_, StoreError>((events, messages))
            })
            .await?;
        let events: HashMap<i64, PlainEvent> =
            events.into_iter().map(|event| (event.seq, event)).collect();
        let body = |delivery: &Delivery| {
            let Some(seq) = delivery.seq else {
                return Ok(payload::sample(delivery.event, delivery.created_at));
            };
            let event = events
                .get(&seq)
                .ok_or_else(|| StoreError::Corrupt("a delivery without its event".to_owned()))?;
            payload::body(delivery.event, event, event.message.and_then(|id| messages.get(&id)))
        };
        Ok(claimed.iter().filter_map(|delivery| job_of(owed, delivery, body(delivery))).collect())
    }

    /// Makes jobs due again that were taken and not begun.
    pub(crate) async fn give_back(&self, jobs: &[Job]) -> Result<(), StoreError> {
        if jobs.is_empty() {
            return Ok(());
        }
        let claims: Vec<Claim> = jobs.iter().map(Job::claim).collect();
        let now = self.clock.now();
        self.store.write(move |tx| deliveries::give_back(tx, &claims, now)).await
    }

    /// Tries a delivery once.
    pub(crate) async fn try_job(&self, job: Job) -> Done {
        let (started_at, began) = (self.clock.now(), Instant::now());
        let answer = self.webhooks.poster.post(job.post(started_at), started_at).await;
        let duration = began.elapsed();
        let counted = if answer.is_success() { "taken" } else { "failed" };
        metrics::counter!("didfarm_webhook_attempts_total", "outcome" => counted).increment(1);
        Done { job, answer, started_at, duration }
    }

    /// Stores what tries came to, and what follows for their endpoints.
    pub(crate) async fn store_tries(&self, done: &[Done]) -> Result<(), StoreError> {
        let now = self.clock.now();
        let tried: Vec<Tried> = done.iter().map(|done| tried(done, now)).collect();
        let attempts: Vec<WebhookAttempt> = done.iter().map(attempt).collect();
        let health = Health::of(done, now);
        let disabled = self
            .store
            .write(move |tx| {
                let numbers: HashMap<(WebhookId, DeliveryId), i64> =
                    deliveries::tried(tx, &tried, now)?
                        .into_iter()
                        .map(|(webhook, delivery, number)| ((webhook, delivery), number))
                        .collect();
                let numbered: Vec<WebhookAttempt> = attempts
                    .iter()
                    .filter_map(|attempt| {
                        let number = numbers.get(&(attempt.webhook, attempt.delivery))?;
                        Some(WebhookAttempt { attempt: *number, ..attempt.clone() })
                    })
                    .collect();
                attempts::insert(tx, &numbered)?;
                let mut disabled = Vec::new();
                for health in &health {
                    disabled.extend(health.note(tx, now)?);
                }
                Ok::<_, StoreError>(disabled)
            })
            .await?;
        self.hub.tell(disabled.iter().map(|notice| notice.account));
        for notice in disabled {
            self.webhooks.replaced(notice.webhook);
            self.send_notice(notice);
        }
        Ok(())
    }
}

fn look(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    limit: usize,
    now: Timestamp,
) -> Result<Option<Owed>, StoreError> {
    let Some(webhook) = hooks::find_ready(tx, account, webhook, now)? else { return Ok(None) };
    let due = deliveries::any_due(tx, account, webhook.id, now)?;
    // Half for each: neither keeps the other waiting.
    let half = limit.div_ceil(2);
    let (again, limit) = if due { (half, half) } else { (0, limit) };
    let events = events::plain_after(tx, account, webhook.after_seq, EVENTS_PER_STEP)?;
    let whole = i64::try_from(events.len()).is_ok_and(|count| count == EVENTS_PER_STEP);
    let named: Vec<(PlainEvent, Option<WebhookEvent>)> = events
        .into_iter()
        .map(|event| {
            let name = hooks::pushed_as(event.kind, event.status)
                .filter(|name| webhook.events.contains(*name));
            (event, name)
        })
        .collect();
    let mut messages = BTreeMap::new();
    if webhook.profile.is_some() {
        let of_webhook = named.iter().filter(|(_, name)| name.is_some());
        messages = messages_of(tx, account, of_webhook.map(|(event, _)| event))?;
        messages.retain(|_, message| message.profile == webhook.profile);
    }
    let concerns = |event: &PlainEvent| {
        webhook.profile.is_none() || event.message.is_some_and(|id| messages.contains_key(&id))
    };
    let mut looked_to = webhook.after_seq;
    let mut fresh = Vec::new();
    let mut more = whole;
    for (event, name) in named {
        let name = name.filter(|_| concerns(&event));
        if name.is_some() && fresh.len() >= limit {
            more = true;
            break;
        }
        looked_to = event.seq;
        fresh.extend(name.map(|name| (event, name)));
    }
    if webhook.profile.is_none() {
        messages = messages_of(tx, account, fresh.iter().map(|(event, _)| event))?;
    }
    let secrets = hooks::secrets(tx, account, webhook.id, now)?;
    Ok(Some(Owed { webhook, secrets, fresh, messages, looked_to, again, more }))
}

fn messages_of<'e>(
    tx: &mut Tx<'_>,
    account: AccountId,
    events: impl Iterator<Item = &'e PlainEvent>,
) -> Result<BTreeMap<MessageId, Message>, StoreError> {
    let wanted: Vec<(AccountId, MessageId)> =
        events.filter_map(|event| event.message.map(|id| (account, id))).collect();
    let found = messages::find_many(tx, &wanted)?;
    Ok(found.into_iter().map(|message| (message.id, message)).collect())
}

/// Makes deliveries of new events, if no other process has, and takes up to `again` of those that
/// are due again.
fn claim(
    tx: &mut Tx<'_>,
    webhook: &Webhook,
    new: &[Delivery],
    to: i64,
    again: usize,
    (now, lost_at): (Timestamp, Timestamp),
) -> Result<(Vec<Delivery>, HashSet<DeliveryId>), StoreError> {
    let made = if new.is_empty() || !hooks::advance(tx, webhook, to)? {
        HashSet::new()
    } else {
        deliveries::insert(tx, new)?.into_iter().collect()
    };
    let claimed = if again > 0 {
        let limit = i64::try_from(again).unwrap_or(i64::MAX);
        deliveries::claim(tx, webhook.account, webhook.id, now, lost_at, limit)?
    } else {
        Vec::new()
    };
    Ok((claimed, made))
}

/// A try of the delivery. One whose event cannot be told of holds up no other; it is looked at again
/// when it is taken for lost.
fn job_of(owed: &Owed, delivery: &Delivery, body: Result<String, StoreError>) -> Option<Job> {
    let body = body
        .inspect_err(
            |error| tracing::error!(%error, delivery = %delivery.id, "an event cannot be told of"),
        )
        .ok()?;
    Some(Job {
        webhook: delivery.webhook,
        account: delivery.account,
        delivery: delivery.id,
        seq: delivery.seq,
        tries: delivery.tries,
        lost_at: delivery.next_attempt_at.unwrap_or(delivery.created_at),
        url: owed.webhook.url.clone(),
        body,
        secrets: owed.secrets.clone(),
        failing: owed.webhook.failing_since.is_some(),
    })
}

fn tried(done: &Done, now: Timestamp) -> Tried {
    let asked = match done.answer {
        Answer::Status { retry_after, .. } => retry_after,
        Answer::None { .. } => None,
    };
    let tries = usize::try_from(done.job.tries).unwrap_or(usize::MAX).saturating_add(1);
    let gone = matches!(done.answer, Answer::Status { code: 410, .. });
    let end = if done.answer.is_success() {
        End::Taken
    } else if gone || done.job.seq.is_none() {
        // A test says at once what it has to say.
        End::GiveUp
    } else {
        pause_after(tries, asked, random_seed())
            .map_or(End::GiveUp, |pause| End::TryAgain { at: now.plus(pause) })
    };
    Tried { claim: done.job.claim(), end }
}

/// The attempt; its number is given when it is stored.
fn attempt(done: &Done) -> WebhookAttempt {
    let (status_code, error, response) = match &done.answer {
        Answer::None { error } => (None, Some(error.clone()), None),
        Answer::Status { code, response, .. } => {
            let error = (!done.answer.is_success()).then(|| match code {
                300..=399 => format!("The answer is {code}: redirects are not followed."),
                410 => "The answer is 410: the endpoint is gone.".to_owned(),
                _ => format!("The answer is {code}, not 2xx."),
            });
            (Some(i64::from(*code)), error, Some(response.clone()))
        }
    };
    WebhookAttempt {
        account: done.job.account,
        webhook: done.job.webhook,
        delivery: done.job.delivery,
        attempt: 0,
        started_at: done.started_at,
        duration_ms: i64::try_from(done.duration.as_millis()).unwrap_or(i64::MAX),
        status_code,
        error,
        response,
    }
}
