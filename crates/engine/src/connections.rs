//! Carriers and routes as operators set them up.

use std::sync::Arc;

use carrier::settings::{CarrierKind, Settings};
use domain::{CarrierId, Prefix, RouteId, routing::Route};
use serde_json::{Map, Value};
use store::{
    StoreError, Tx,
    carriers::{self, CarrierRecord},
    routes::{self, RouteRecord},
};

use crate::{
    Done, Engine, Idempotency, UseError, carriers::settings_of, repeats::OPERATORS, routing::Table,
};

#[derive(Debug, Clone)]
pub struct NewCarrier {
    pub name: String,
    pub kind: CarrierKind,
    pub enabled: bool,
    pub settings: Value,
}

#[derive(Debug, Clone, Default)]
pub struct CarrierPatch {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    /// Only the keys that change; a null goes back to the default.
    pub settings: Option<Value>,
}

#[derive(Debug, Clone)]
pub struct NewRoute {
    pub prefix: Prefix,
    pub carrier: CarrierId,
    pub priority: i64,
    pub weight: i64,
}

#[derive(Debug, Clone, Default)]
pub struct RoutePatch {
    pub prefix: Option<Prefix>,
    pub carrier: Option<CarrierId>,
    pub priority: Option<i64>,
    pub weight: Option<i64>,
}

impl Engine {
    pub async fn create_carrier(
        self: &Arc<Self>,
        new: NewCarrier,
        key: Option<Idempotency>,
        render: impl Fn(&CarrierRecord) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let settings = checked(new.kind, &new.settings)?;
        let record = CarrierRecord {
            id: CarrierId::new(self.ids.one(&self.store).await?),
            name: new.name,
            kind: new.kind.as_str().to_owned(),
            enabled: new.enabled,
            settings: settings.to_json().to_string(),
            created_at: self.clock.now(),
        };
        let body = move |tx: &mut Tx<'_>| {
            carriers::insert(tx, &record)?;
            Ok(record.clone())
        };
        let done = self.once(OPERATORS, key, body, render).await?;
        self.sync_carriers().await?;
        Ok(done)
    }

    /// Makes a simulator where no operator did: test keys send to nothing else.
    pub(crate) async fn need_simulator(self: &Arc<Self>) -> Result<(), UseError> {
        let kind = CarrierKind::Simulator;
        let record = CarrierRecord {
            id: CarrierId::new(self.ids.one(&self.store).await?),
            name: "Test messages".to_owned(),
            kind: kind.as_str().to_owned(),
            enabled: true,
            settings: checked(kind, &Value::Object(Map::new()))?.to_json().to_string(),
            created_at: self.clock.now(),
        };
        let made = self
            .store
            .write(move |tx| {
                let lacking = carriers::all(tx)?.iter().all(|known| known.kind != record.kind);
                if lacking {
                    carriers::insert(tx, &record)?;
                }
                Ok::<_, UseError>(lacking)
            })
            .await?;
        if made {
            self.sync_carriers().await?;
        }
        Ok(())
    }

    /// Changes a carrier; its connection starts anew with the new settings.
    pub async fn update_carrier(
        self: &Arc<Self>,
        id: CarrierId,
        patch: CarrierPatch,
    ) -> Result<CarrierRecord, UseError> {
        let record = self
            .store
            .write(move |tx| {
                let mut record = carriers::find(tx, id)?.ok_or(UseError::NotFound("carrier"))?;
                if let Some(name) = &patch.name {
                    record.name.clone_from(name);
                }
                record.enabled = patch.enabled.unwrap_or(record.enabled);
                if let Some(changes) = &patch.settings {
                    let before = settings_of(&record)?;
                    let settings = checked(before.kind(), &merged(before.to_json(), changes)?)?;
                    record.settings = settings.to_json().to_string();
                }
                carriers::update(tx, &record)?;
                Ok::<_, UseError>(record)
            })
            .await?;
        self.sync_carriers().await?;
        Ok(record)
    }

    /// Takes a carrier out of use. Messages that wait for it go to others or expire.
    pub async fn delete_carrier(self: &Arc<Self>, id: CarrierId) -> Result<(), UseError> {
        let now = self.clock.now();
        let deleted =
            self.store.write(move |tx| Ok::<_, UseError>(carriers::delete(tx, id, now)?)).await?;
        if !deleted {
            return Err(UseError::NotFound("carrier"));
        }
        self.sync_carriers().await?;
        Ok(())
    }

    pub async fn create_route(
        &self,
        new: NewRoute,
        key: Option<Idempotency>,
        render: impl Fn(&RouteRecord) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let record = RouteRecord {
            id: RouteId::new(self.ids.one(&self.store).await?),
            route: Route {
                prefix: new.prefix,
                carrier: new.carrier,
                priority: new.priority,
                weight: new.weight,
            },
        };
        let body = move |tx: &mut Tx<'_>| put(tx, &record);
        let done = self.once(OPERATORS, key, body, render).await?;
        self.reload_routes().await?;
        Ok(done)
    }

    pub async fn update_route(
        &self,
        id: RouteId,
        patch: RoutePatch,
    ) -> Result<RouteRecord, UseError> {
        let record = self
            .store
            .write(move |tx| {
                let mut record = routes::find(tx, id)?.ok_or(UseError::NotFound("route"))?;
                let route = &mut record.route;
                if let Some(prefix) = &patch.prefix {
                    route.prefix.clone_from(prefix);
                }
                route.carrier = patch.carrier.unwrap_or(route.carrier);
                route.priority = patch.priority.unwrap_or(route.priority);
                route.weight = patch.weight.unwrap_or(route.weight);
                put(tx, &record)
            })
            .await?;
        self.reload_routes().await?;
        Ok(record)
    }

    pub async fn delete_route(&self, id: RouteId) -> Result<(), UseError> {
        let deleted =
            self.store.write(move |tx| Ok::<_, UseError>(routes::delete(tx, id)?)).await?;
        if !deleted {
            return Err(UseError::NotFound("route"));
        }
        self.reload_routes().await?;
        Ok(())
    }

    async fn reload_routes(&self) -> Result<(), StoreError> {
        self.routing.replace(self.store.read(Table::load).await?);
        Ok(())
    }
}

fn put(tx: &mut Tx<'_>, record: &RouteRecord) -> Result<RouteRecord, UseError> {
    if carriers::find(tx, record.route.carrier)?.is_none() {
        return Err(UseError::invalid("carrier_id", "carrier_id names no carrier"));
    }
    for (param, value) in [("priority", record.route.priority), ("weight", record.route.weight)] {
        if !(0..=1_000_000).contains(&value) {
            return Err(UseError::invalid(param, format!("{param} is 0 to 1000000")));
        }
    }
    routes::put(tx, record)?;
    Ok(record.clone())
}

fn checked(kind: CarrierKind, settings: &Value) -> Result<Settings, UseError> {
    Settings::parse(kind, settings)
        .map_err(|error| UseError::Invalid { param: error.param.clone(), message: error.message })
}

fn merged(mut stored: Value, changes: &Value) -> Result<Value, UseError> {
    let (Some(stored_keys), Some(changes)) = (stored.as_object_mut(), changes.as_object()) else {
        return Err(UseError::invalid("settings", "settings is an object"));
    };
    for (key, value) in changes {
        stored_keys.insert(key.clone(), value.clone());
    }
    Ok(stored)
}
