//! Thin loops around the functions that do the work.

use std::{sync::Arc, time::Duration};

use store::imports;

use crate::{Engine, secrets};

/// Between two looks at carriers, leases and routes.
const SYNC_EVERY: Duration = Duration::from_secs(2);

/// Between two rounds of housekeeping.
const HOUSE_EVERY: Duration = Duration::from_secs(1);

/// Between two looks at what renews.
const RENEW_EVERY: Duration = Duration::from_secs(5);

/// Between two rounds of storing what programs asked for.
const LOG_EVERY: Duration = Duration::from_millis(500);

/// Between two looks at months that are over.
const ISSUE_EVERY: Duration = Duration::from_secs(600);

/// Between two looks at payments.
const PAY_EVERY: Duration = Duration::from_secs(2);

/// Between two looks at imports whose node is gone.
const IMPORT_EVERY: Duration = Duration::from_secs(2);

/// Between two steps of carriers that need time passed to them.
const TICK_EVERY: Duration = Duration::from_millis(20);

impl Engine {
    /// Starts everything that goes on by itself.
    pub async fn start(self: &Arc<Self>) -> Result<(), store::StoreError> {
        self.sync_carriers().await?;
        if !self.store.writes_concurrently() {
            // The one server of its file: what was under way was the former's.
            let now = self.clock.now();
            self.store.write(move |tx| imports::let_go(tx, now)).await?;
        }
        tokio::task::spawn_blocking(secrets::prepare);
        let engine = Arc::clone(self);
        self.spawn(async move {
            while !engine.stopped_within(SYNC_EVERY).await {
                if let Err(error) = engine.sync_carriers().await {
                    tracing::warn!(%error, "carriers wait for the database");
                }
            }
        });
        let engine = Arc::clone(self);
        self.spawn(async move {
            while !engine.stopped_within(HOUSE_EVERY).await {
                let now = engine.clock.now();
                let kept = engine.keep_house(now).await;
                if let Err(error) = kept.and(engine.detour().await.map(|_| ())) {
                    tracing::warn!(%error, "housekeeping waits for the database");
                }
            }
        });
        self.start_pushing();
        let engine = Arc::clone(self);
        self.spawn(async move {
            while !engine.stopped_within(RENEW_EVERY).await {
                if let Err(error) = engine.renew().await {
                    tracing::warn!(%error, "renewals wait for the database");
                }
            }
        });
        let engine = Arc::clone(self);
        self.spawn(async move {
            while !engine.stopped_within(LOG_EVERY).await {
                if let Err(error) = engine.store_requests().await {
                    tracing::warn!(%error, "requests were not logged");
                }
            }
        });
        let engine = Arc::clone(self);
        self.spawn(async move {
            while !engine.stopped_within(PAY_EVERY).await {
                if let Err(error) = engine.pursue_payments().await {
                    tracing::warn!(%error, "payments wait for the database");
                }
            }
        });
        let engine = Arc::clone(self);
        self.spawn(async move {
            while !engine.stopped_within(IMPORT_EVERY).await {
                if let Err(error) = engine.pursue_imports().await {
                    tracing::warn!(%error, "imports wait for the database");
                }
            }
        });
        let engine = Arc::clone(self);
        self.spawn(async move {
            loop {
                if let Err(error) = engine.issue_statements().await {
                    tracing::warn!(%error, "statements wait for the database");
                }
                if engine.stopped_within(ISSUE_EVERY).await {
                    break;
                }
            }
        });
        let engine = Arc::clone(self);
        self.spawn(async move {
            while !engine.stopped_within(TICK_EVERY).await {
                engine.tick();
            }
        });
        Ok(())
    }

    /// Lets time pass for carriers without a network of their own.
    pub fn tick(&self) {
        let now = self.clock.now();
        for running in self.carriers.all() {
            running.driver.tick(now);
        }
    }

    /// Stops taking work, drains the carriers' windows up to `drain`, and gives the leases up.
    pub async fn stop(&self, drain: Duration) {
        self.stopping.cancel();
        tokio::join!(self.stop_carriers(drain), self.end_pushing(drain));
    }

    /// Waits `pause`; true where the engine stops meanwhile.
    pub(crate) async fn stopped_within(&self, pause: Duration) -> bool {
        tokio::select! {
            () = self.stopping.cancelled() => true,
            () = tokio::time::sleep(pause) => false,
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(work);
    }
}
