//! Inbound texts that an operator makes up.

use carrier::Inbound;
use domain::{AccountId, CarrierId, E164, NumberId, text};
use serde_json::Value;
use store::{Tx, numbers};

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
        self.make_up(OPERATORS, text, key, render).await
    }

    /// Delivers what a customer writes to one of the account's own simulated numbers.
    pub async fn answer_simulated(
        &self,
        account: AccountId,
        to: NumberId,
        from: String,
        body: text::Body,
        key: Option<Idempotency>,
        render: impl Fn(&()) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let number = self
            .store
            .read(move |tx| Ok::<_, UseError>(numbers::find(tx, to)?))
            .await?
            .filter(|number| number.account == Some(account))
            .ok_or(UseError::NotFound("number"))?;
        if !number.simulated {
            let message = "This number is a real one: send it a text from a phone.".to_owned();
            return Err(UseError::Forbidden { message });
        }
        let text = SimulatedInbound { from, to: number.number, body };
        self.make_up(account, text, key, render).await
    }

    async fn make_up(
        &self,
        owner: AccountId,
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
                move |tx| Ok::<_, UseError>(numbers::find_by_number(tx, &to)?)
            })
            .await?
            .and_then(|number| number.account)
            .ok_or_else(|| UseError::invalid("to", "no account holds this number"))?;
        let body = move |tx: &mut Tx<'_>| {
            inbound::receive_whole(tx, NO_CARRIER, &arrived, segments, &mut around.clone())?;
            Ok(())
        };
        let done = self.once(owner, key, body, render).await?;
        inbound::count(usize::from(!done.replayed));
        self.hub.tell([account]);
        Ok(done)
    }
}
