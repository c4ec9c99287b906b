//! What time brings about for webhooks: deliveries that grow old.

use std::time::Duration;

use domain::{AccountId, Timestamp, WebhookId};
use store::{StoreError, webhooks as hooks};

use crate::Engine;

/// Deliveries are kept, shown and can be resent this long.
pub(crate) const DELIVERIES_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Deliveries that one step removes.
const STEP: i64 = 500;

impl Engine {
    /// Removes old deliveries of one endpoint, and next time of the next.
    pub(crate) async fn forget_webhooks(&self, now: Timestamp) -> Result<(), StoreError> {
        let start = (AccountId::new(0), WebhookId::new(0));
        let after = self.webhooks.turn().unwrap_or(start);
        let next = self.store.read(move |tx| hooks::next_in_turn(tx, after)).await?;
        self.webhooks.set_turn(next);
        let Some((account, webhook)) = next else { return Ok(()) };
        let before = now.minus(DELIVERIES_KEPT);
        self.store.write(move |tx| hooks::forget_old(tx, account, webhook, before, STEP)).await
    }
}
