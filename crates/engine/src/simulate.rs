//! Inbound texts that an operator makes up.

use carrier::Inbound;
use domain::{CarrierId, E164, text};
use serde_json::Value;
use store::Tx;

use crate::{Done, Engine, Idempotency, UseError, inbound, repeats::OPERATORS};

#[derive(Debug, Clone)]
pub struct SimulatedInbound {
    pub from: String,
    pub to: E164,
    pub body: text::Body,
}

/// No carrier has this id.
const NO_CARRIER: CarrierId = CarrierId::new(0);

impl Engine {
    /// Delivers a text as if a carrier had handed it over.
    pub async fn simulate_inbound(
        &self,
        text: SimulatedInbound,
        key: Option<Idempotency>,
        render: impl Fn(&()) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let mut ids = self.ids.take(&self.store, 3).await?;
        // Its own session each time: never taken for a redelivery.
        let session = ids.next();
        let around = self.surroundings(ids);
        let mut digest = [0_u8; 32];
        digest[..8].copy_from_slice(&session.to_be_bytes());
        let arrived = Inbound {
            sender: text.from,
            recipient: text.to.as_str().to_owned(),
            encoding: text.body.measure().encoding,
            body: text.body.as_str().to_owned(),
            concatenation: None,
            session,
            sequence: 0,
            digest,
        };
        let segments = i64::from(text.body.measure().segments.get());
        let to = text.to;
        let account = self
            .store
            .read({
                let to = to.clone();
                move |tx| Ok::<_, UseError>(store::numbers::find_by_number(tx, &to)?)
            })
            .await?
            .and_then(|number| number.account)
            .ok_or_else(|| UseError::invalid("to", "no account holds this number"))?;
        let body = move |tx: &mut Tx<'_>| {
            inbound::receive_whole(tx, NO_CARRIER, &arrived, segments, &mut around.clone())?;
            Ok(())
        };
        let done = self.once(OPERATORS, key, body, render).await?;
        self.hub.tell([account]);
        Ok(done)
    }
}
