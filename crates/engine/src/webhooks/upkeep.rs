//! What time brings about for webhooks: balances that fall low, and deliveries that grow old.

use std::time::Duration;

use domain::{AccountId, Micros, Timestamp, WebhookId};
use serde_json::json;
use store::{
    StoreError,
    events::{self, EventKind, NewEvent},
    low_balances, webhooks as hooks,
};

use crate::Engine;

/// A balance under this is low: €5.00.
const LOW_BALANCE: Micros = Micros::new(5_000_000);

/// Deliveries are kept, shown and can be resent this long.
pub(crate) const DELIVERIES_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Deliveries that one step removes.
const STEP: i64 = 500;

impl Engine {
    /// Tells accounts whose webhooks want to know that their balance is low, once each time it falls.
    pub(crate) async fn tell_low_balances(&self, now: Timestamp) -> Result<(), StoreError> {
        let low = self.store.read(|tx| low_balances::untold(tx, LOW_BALANCE)).await?;
        let currency = self.config.currency;
        if !low.is_empty() {
            let accounts: Vec<AccountId> = low.iter().map(|(account, _)| *account).collect();
            self.store
                .write(move |tx| {
                    for (account, balance) in &low {
                        if !low_balances::tell(tx, *account, now)? {
                            continue;
                        }
                        let money = |amount: Micros| json!({"amount": amount.to_string(), "currency": currency.as_str()});
                        let data = json!({
                            "balance": money(*balance),
                            "threshold": money(LOW_BALANCE),
                        });
                        let news = NewEvent {
                            account: *account,
                            kind: EventKind::WalletLowBalance,
                            message: None,
                            status: None,
                            data: Some(data.to_string()),
                        };
                        events::append(tx, &[news], now)?;
                    }
                    Ok::<_, StoreError>(())
                })
                .await?;
            self.hub.tell(accounts);
        }
        let recovered = self.store.read(|tx| low_balances::any_recovered(tx, LOW_BALANCE)).await?;
        if recovered {
            self.store.write(|tx| low_balances::forget_recovered(tx, LOW_BALANCE)).await?;
        }
        Ok(())
    }

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
