//! The routing table as it is now, in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::{CarrierId, E164, routing};
use store::{StoreError, Tx, carriers, routes};

/// What routing knows of a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) simulator: bool,
    pub(crate) enabled: bool,
    /// Whether its link is up; carriers of other nodes count as up.
    pub(crate) up: bool,
}

/// A snapshot; replaced whole when anything changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    routes: Vec<routing::Route>,
    carriers: BTreeMap<CarrierId, Known>,
}

/// What decides where a message may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Journey<'a> {
    pub(crate) to: &'a E164,
    /// The From number's own carrier: tried before the routes.
    pub(crate) own: Option<CarrierId>,
    /// Only the simulator may carry it.
    pub(crate) simulated: bool,
    /// Differs from message to message.
    pub(crate) draw: u64,
}

impl Table {
    pub(crate) fn load(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        let routes = routes::all(tx)?.into_iter().map(|record| record.route).collect();
        let carriers = carriers::all(tx)?
            .into_iter()
            .map(|carrier| {
                let simulator = carrier.kind == carrier::settings::CarrierKind::Simulator.as_str();
                (carrier.id, Known { simulator, enabled: carrier.enabled, up: true })
            })
            .collect();
        Ok(Self { routes, carriers })
    }

    /// The enabled carriers that may take the message, best first, whether up or not.
    pub(crate) fn candidates(&self, journey: Journey<'_>) -> Vec<CarrierId> {
        let by_routes = routing::candidates(&self.routes, journey.to, journey.draw);
        let mut found: Vec<CarrierId> = Vec::new();
        for carrier in journey.own.into_iter().chain(by_routes) {
            let usable = self
                .carriers
                .get(&carrier)
                .is_some_and(|known| known.enabled && (known.simulator || !journey.simulated));
            if usable && !found.contains(&carrier) {
                found.push(carrier);
            }
        }
        if journey.simulated && found.is_empty() {
            // A simulated number needs no route.
            found.extend(
                self.carriers
                    .iter()
                    .find(|(_, known)| known.simulator && known.enabled)
                    .map(|(id, _)| *id),
            );
        }
        found
    }

    /// The carrier to queue a message for: the best that is up, or the best that will be.
    pub(crate) fn choose(&self, journey: Journey<'_>) -> Option<CarrierId> {
        let candidates = self.candidates(journey);
        candidates.iter().copied().find(|id| self.is_up(*id)).or(candidates.first().copied())
    }

    pub(crate) fn is_up(&self, carrier: CarrierId) -> bool {
        self.carriers.get(&carrier).is_some_and(|known| known.enabled && known.up)
    }

    pub(crate) fn is_enabled(&self, carrier: CarrierId) -> bool {
        self.carriers.get(&carrier).is_some_and(|known| known.enabled)
    }
}

/// The table that the process routes by.
#[derive(Debug, Default)]
pub(crate) struct Routing(RwLock<Arc<Table>>);

impl Routing {
    pub(crate) fn now(&self) -> Arc<Table> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a freshly loaded table in place; links keep the state that is known of them.
    pub(crate) fn replace(&self, mut table: Table) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (id, known) in &mut table.carriers {
            known.up = current.carriers.get(id).is_none_or(|before| before.up);
        }
        *current = Arc::new(table);
    }

    pub(crate) fn set_up(&self, carrier: CarrierId, up: bool) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut table = Table::clone(&current);
        if let Some(known) = table.carriers.get_mut(&carrier) {
            known.up = up;
        }
        *current = Arc::new(table);
    }
}
