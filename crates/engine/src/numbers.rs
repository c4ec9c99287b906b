//! The inventory as operators keep it.

use domain::{
    AccountId, CarrierId, Country, E164, MessagingProfileId, NumberId, NumberStatus, NumberType,
    Timestamp,
};
use serde_json::Value;
use store::{
    StoreError, Tx, accounts, carriers, events, messaging_profiles as profiles,
    months::Service,
    numbers::{self, NumberRecord},
    renewals::{self, Renewal},
};

use crate::{
    Done, Engine, Idempotency, UseError,
    activations::{begin_months, is_pending},
    events::number_news,
    repeats::OPERATORS,
};

#[derive(Debug, Clone)]
pub struct NewNumber {
    pub number: E164,
    pub country: Country,
    pub number_type: NumberType,
    pub status: NumberStatus,
    pub account: Option<AccountId>,
    pub sms_enabled: bool,
    pub carrier: Option<CarrierId>,
    pub simulated: bool,
}

/// Outer `None`: stays as it is. Inner `None`: is taken away.
#[derive(Debug, Clone, Default)]
pub struct NumberPatch {
    pub country: Option<Country>,
    pub number_type: Option<NumberType>,
    pub status: Option<NumberStatus>,
    pub account: Option<Option<AccountId>>,
    pub sms_enabled: Option<bool>,
    pub carrier: Option<Option<CarrierId>>,
    pub simulated: Option<bool>,
}

impl Engine {
    pub async fn create_number(
        &self,
        new: NewNumber,
        key: Option<Idempotency>,
        render: impl Fn(&NumberRecord) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let id = NumberId::new(self.ids.one(&self.store).await?);
        let mut record = record(new, id, self.clock.now());
        let body = move |tx: &mut Tx<'_>| {
            check(tx, &record)?;
            record.profile = default_profile(tx, record.account)?;
            if numbers::insert(tx, std::slice::from_ref(&record))? == 0 {
                let message = "This number is in the inventory already.".to_owned();
                return Err(UseError::Conflict { message });
            }
            Ok(record.clone())
        };
        self.once(OPERATORS, key, body, render).await
    }

    pub async fn update_number(
        &self,
        id: NumberId,
        patch: NumberPatch,
    ) -> Result<NumberRecord, UseError> {
        let now = self.clock.now();
        let number = self
            .store
            .write(move |tx| {
                let mut record = numbers::lock(tx, id)?.ok_or(UseError::NotFound("number"))?;
                let before = record.clone();
                apply(&mut record, &patch)?;
                check(tx, &record)?;
                if record.account != before.account {
                    record.profile = default_profile(tx, record.account)?;
                }
                numbers::update(tx, &record)?;
                renew_accordingly(tx, &before, &record, now)?;
                announce(tx, &before, &record, now)?;
                Ok::<_, UseError>(record)
            })
            .await?;
        self.hub.tell(number.account);
        Ok(number)
    }
}

pub(crate) fn record(new: NewNumber, id: NumberId, now: Timestamp) -> NumberRecord {
    NumberRecord {
        id,
        number: new.number,
        country: new.country,
        number_type: new.number_type,
        status: new.status,
        account: new.account,
        sms_enabled: new.sms_enabled,
        carrier: new.carrier,
        simulated: new.simulated,
        created_at: now,
        profile: None,
    }
}

fn apply(record: &mut NumberRecord, patch: &NumberPatch) -> Result<(), UseError> {
    if record.simulated && patch.simulated == Some(false) {
        let message = "A simulated number stays with the simulator for ever.".to_owned();
        return Err(UseError::Conflict { message });
    }
    record.country = patch.country.unwrap_or(record.country);
    record.number_type = patch.number_type.unwrap_or(record.number_type);
    record.account = patch.account.unwrap_or(record.account);
    let given_away = record.account.is_some() && record.status == NumberStatus::Available;
    // Who is given a number may use it, unless it is said otherwise.
    let status = if given_away { NumberStatus::Active } else { record.status };
    record.status = patch.status.unwrap_or(status);
    record.sms_enabled = patch.sms_enabled.unwrap_or(record.sms_enabled);
    record.carrier = patch.carrier.unwrap_or(record.carrier);
    record.simulated = patch.simulated.unwrap_or(record.simulated);
    Ok(())
}

fn check(tx: &mut Tx<'_>, record: &NumberRecord) -> Result<(), UseError> {
    if record.account.is_some() && record.status == NumberStatus::Available {
        let message = "a number of an account is not available: set status to active, say";
        return Err(UseError::invalid("status", message));
    }
    if let Some(account) = record.account
        && accounts::find(tx, account)?.is_none()
    {
        return Err(UseError::invalid("account_id", "account_id names no account"));
    }
    if let Some(carrier) = record.carrier
        && carriers::find(tx, carrier)?.is_none()
    {
        return Err(UseError::invalid("carrier_id", "carrier_id names no carrier"));
    }
    Ok(())
}

/// The messaging profile that a number begins with at its account.
pub(crate) fn default_profile(
    tx: &mut Tx<'_>,
    account: Option<AccountId>,
) -> Result<Option<MessagingProfileId>, StoreError> {
    account.map_or(Ok(None), |account| profiles::default_of(tx, account))
}

/// What the former account paid does not go on; SMS that is switched off does not renew.
fn renew_accordingly(
    tx: &mut Tx<'_>,
    before: &NumberRecord,
    after: &NumberRecord,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(account) = before.account else { return Ok(()) };
    if after.account != before.account {
        return renewals::delete_of_number(tx, account, after.id);
    }
    if is_pending(before.status) && after.status == NumberStatus::Active {
        begin_months(tx, account, after.id, now)?;
    }
    if after.sms_enabled != before.sms_enabled
        && let Some(renewal) = renewals::lock(tx, (account, after.id, Service::Sms))?
    {
        renewals::put(tx, &Renewal { renews: after.sms_enabled, ..renewal })?;
    }
    Ok(())
}

/// Tells the account of a status, or of SMS, that changed.
fn announce(
    tx: &mut Tx<'_>,
    before: &NumberRecord,
    after: &NumberRecord,
    now: Timestamp,
) -> Result<(), StoreError> {
    let changed = before.status != after.status || before.sms_enabled != after.sms_enabled;
    let Some(account) = after.account.filter(|_| changed) else {
        return Ok(());
    };
    events::append(tx, &[number_news(account, after)], now)
}
