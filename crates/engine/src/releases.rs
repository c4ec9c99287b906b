//! Numbers that their customers no longer have.

use domain::{AccountId, NumberId, NumberStatus};
use store::{
    Tx, events,
    numbers::{self, NumberRecord},
    renewals,
};

use crate::{Engine, UseError, events::number_news};

impl Engine {
    /// Gives a number back; nothing of the paid month is refunded. What it sent and received stays.
    pub async fn release_number(
        &self,
        account: AccountId,
        id: NumberId,
    ) -> Result<NumberRecord, UseError> {
        let now = self.clock.now();
        let number = self
            .store
            .write(move |tx| {
                let mut number = numbers::lock(tx, id)?
                    .filter(|number| number.account == Some(account))
                    .ok_or(UseError::NotFound("number"))?;
                release(tx, account, &mut number)?;
                events::append(tx, &[number_news(account, &number)], now)?;
                Ok::<_, UseError>(number)
            })
            .await?;
        self.hub.tell([account]);
        Ok(number)
    }
}

/// Takes a number from its account: an operator decides when it is sold again.
pub(crate) fn release(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: &mut NumberRecord,
) -> Result<(), UseError> {
    renewals::delete_of_number(tx, account, number.id)?;
    if !numbers::release(tx, account, number.id)? {
        return Err(UseError::NotFound("number"));
    }
    number.status = NumberStatus::Released;
    number.account = None;
    number.profile = None;
    number.sms_enabled = false;
    Ok(())
}
