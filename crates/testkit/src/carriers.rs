//! Carriers of a world, with their routes.

use std::sync::Arc;

use carrier::settings::CarrierKind;
use domain::CarrierId;
use engine::{NewCarrier, NewRoute};
use serde_json::{Value, json};

use crate::{Smsc, world::Inner};

/// A carrier that takes every destination unless told otherwise.
#[derive(Debug)]
pub struct CarrierBuilder {
    inner: Arc<Inner>,
    smsc: Option<Smsc>,
    settings: Value,
    prefix: String,
    priority: i64,
}

impl CarrierBuilder {
    pub(crate) fn smpp(inner: Arc<Inner>, smsc: &Smsc) -> Self {
        let settings = json!({
            "host": "127.0.0.1",
            "port": smsc.port(),
            "system_id": "didfarm",
            "password": "secret",
            // Time is passed in large steps: no step may look like a silent peer.
            "enquire_link_seconds": 3_600,
        });
        Self::new(inner, Some(smsc.clone()), settings)
    }

    pub(crate) fn simulator(inner: Arc<Inner>) -> Self {
        Self::new(inner, None, json!({}))
    }

    fn new(inner: Arc<Inner>, smsc: Option<Smsc>, settings: Value) -> Self {
        Self { inner, smsc, settings, prefix: "+".to_owned(), priority: 10 }
    }

    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.settings[key] = value.into();
        self
    }

    /// Its one route's prefix.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.to_owned();
        self
    }

    /// Its one route's priority, 10 otherwise.
    #[must_use]
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// Makes the carrier and its route, and waits until it is bound.
    pub async fn create(self) -> CarrierId {
        let Self { inner, smsc, settings, prefix, priority } = self;
        let kind = if smsc.is_some() { CarrierKind::Smpp } else { CarrierKind::Simulator };
        let carrier = inner
            .run(move |engine| async move {
                let new =
                    NewCarrier { name: "A carrier".to_owned(), kind, enabled: true, settings };
                let made = engine.create_carrier(new, None, |record| json!(record.id.get()));
                let carrier = CarrierId::new(made.await.unwrap().answer.as_i64().unwrap());
                let route =
                    NewRoute { prefix: prefix.parse().unwrap(), carrier, priority, weight: 1 };
                engine.create_route(route, None, |_| json!(null)).await.unwrap();
                carrier
            })
            .await;
        if let Some(smsc) = smsc {
            inner.remember(carrier, &smsc);
        }
        inner.until_bound(carrier).await;
        carrier
    }
}
