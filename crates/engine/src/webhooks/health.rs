//! How an endpoint fares: what tries say of it, and when it is disabled for that.

use std::{collections::BTreeMap, time::Duration};

use domain::{AccountId, Timestamp, WebhookId};
use store::{
    StoreError, Tx,
    webhooks::{self as hooks, DisabledReason},
};

use super::{client::Answer, notices, work::Done};

/// Nothing succeeded for this long: the endpoint is disabled.
const FAILING_MAX: Duration = Duration::from_secs(5 * 86_400);

/// What some tries say of their endpoint.
#[derive(Debug, Clone)]
pub(super) struct Health {
    account: AccountId,
    webhook: WebhookId,
    url: String,
    succeeded: bool,
    failed: bool,
    gone: bool,
    was_failing: bool,
    paused_until: Timestamp,
}

impl Health {
    pub(super) fn of(done: &[Done], now: Timestamp) -> Vec<Self> {
        let mut all: BTreeMap<WebhookId, Self> = BTreeMap::new();
        // A test says nothing of how the endpoint fares.
        for done in done.iter().filter(|done| done.job.seq.is_some()) {
            let health = all.entry(done.job.webhook).or_insert_with(|| Self {
                account: done.job.account,
                webhook: done.job.webhook,
                url: done.job.url.clone(),
                succeeded: false,
                failed: false,
                gone: false,
                was_failing: false,
                paused_until: now,
            });
            health.was_failing |= done.job.failing;
            if done.answer.is_success() {
                health.succeeded = true;
                continue;
            }
            health.failed = true;
            if let Answer::Status { code, retry_after, .. } = &done.answer {
                health.gone |= *code == 410;
                let asked = retry_after.unwrap_or_default().min(Duration::from_secs(86_400));
                health.paused_until = health.paused_until.max(now.plus(asked));
            }
        }
        all.into_values().collect()
    }

    /// Stores it; answers what to tell the owner where the endpoint is disabled by it.
    pub(super) fn note(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
    ) -> Result<Option<notices::Disabled>, StoreError> {
        let reason = if self.gone {
            Some(DisabledReason::Gone)
        } else if self.succeeded {
            if self.was_failing || self.failed {
                hooks::succeeded(tx, self.account, self.webhook)?;
            }
            None
        } else if self.failed {
            let since = hooks::failed(tx, self.account, self.webhook, now, self.paused_until)?;
            since.filter(|since| now.since(*since) >= FAILING_MAX).map(|_| DisabledReason::Failing)
        } else {
            None
        };
        let Some(reason) = reason else { return Ok(None) };
        if !hooks::disable(tx, self.account, self.webhook, reason, now)? {
            return Ok(None);
        }
        notices::tell(tx, self.account, self.webhook, &self.url, reason, now).map(Some)
    }
}
