//! The inventory as operators keep it.

use std::collections::HashMap;

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
    csv_file,
    events::number_news,
    repeats::OPERATORS,
};

/// Rows that one import may have.
const IMPORT_ROWS_MAX: usize = 200_000;

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

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    pub added: u64,
    /// Numbers that were there before, left as they were.
    pub known: u64,
}

/// A line of an import that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// From 1, the heading included.
    pub line: u64,
    pub column: String,
    pub message: String,
}

/// Why nothing was imported.
#[derive(Debug)]
pub enum ImportFailure {
    File(Vec<ImportError>),
    Use(UseError),
}

impl From<UseError> for ImportFailure {
    fn from(error: UseError) -> Self {
        Self::Use(error)
    }
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

    /// Adds the numbers of a CSV file, all or nothing.
    ///
    /// The heading names the columns `number`, `country`, `type` and, if wanted,
    /// `status`, `account_id`, `sms_enabled`, `carrier_id`, `simulated`.
    pub async fn import_numbers(
        &self,
        csv: &[u8],
        key: Option<Idempotency>,
        render: impl Fn(&Imported) -> Value + Send + 'static,
    ) -> Result<Done, ImportFailure> {
        let news = parse(csv).map_err(ImportFailure::File)?;
        let mut ids = self.ids.take(&self.store, news.len()).await.map_err(UseError::from)?;
        let now = self.clock.now();
        let mut records: Vec<NumberRecord> =
            news.into_iter().map(|new| record(new, NumberId::new(ids.next()), now)).collect();
        let total = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let body = move |tx: &mut Tx<'_>| {
            let mut checked = Vec::new();
            for record in &records {
                let refers = (record.account, record.carrier);
                if !checked.contains(&refers) {
                    check(tx, record)?;
                    checked.push(refers);
                }
            }
            let mut defaults = HashMap::new();
            for record in &mut records {
                record.profile = match defaults.get(&record.account) {
                    Some(profile) => *profile,
                    None => {
                        let profile = default_profile(tx, record.account)?;
                        defaults.insert(record.account, profile);
                        profile
                    }
                };
            }
            let mut added = 0;
            for chunk in records.chunks(1_000) {
                added += numbers::insert(tx, chunk)?;
            }
            Ok(Imported { added, known: total - added })
        };
        Ok(self.once(OPERATORS, key, body, render).await?)
    }
}

fn record(new: NewNumber, id: NumberId, now: Timestamp) -> NumberRecord {
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
fn default_profile(
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

fn parse(octets: &[u8]) -> Result<Vec<NewNumber>, Vec<ImportError>> {
    let optional = ["status", "account_id", "sms_enabled", "carrier_id", "simulated"];
    let mut first: HashMap<E164, u64> = HashMap::new();
    csv_file::read(octets, &["number", "country", "type"], &optional, IMPORT_ROWS_MAX, |line| {
        let number: E164 = line.required("number")?;
        if let Some(earlier) = first.insert(number.clone(), line.line) {
            let message = format!("the same number as in line {earlier}");
            return Err(line.error("number", message));
        }
        let flag = |column| {
            let given = line.word::<bool>(column, "true or false")?;
            Ok::<_, ImportError>(given.unwrap_or(false))
        };
        let account = line.parsed("account_id")?.map(AccountId::new);
        let status = line.word("status", "a number's status, like available")?;
        if account.is_some() && status == Some(NumberStatus::Available) {
            return Err(line.error("status", "a number of an account is not available"));
        }
        Ok(NewNumber {
            number,
            country: line.required("country")?,
            number_type: line
                .word("type", "local, mobile or toll_free")?
                .ok_or_else(|| line.error("type", "type is local, mobile or toll_free"))?,
            status: status.unwrap_or(match account {
                Some(_) => NumberStatus::Active,
                None => NumberStatus::Available,
            }),
            account,
            sms_enabled: flag("sms_enabled")?,
            carrier: line.parsed("carrier_id")?.map(CarrierId::new),
            simulated: flag("simulated")?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_reads_with_or_without_the_optional_columns() {
        let csv = "\u{feff}number,country,type,sms_enabled\r\n+447700900001,GB,mobile,true\r\n\"+447700900002\",GB,mobile,\r\n";
        let numbers = parse(csv.as_bytes()).unwrap();
        assert_eq!(numbers.len(), 2);
        assert!(numbers[0].sms_enabled && !numbers[1].sms_enabled);
        assert_eq!(numbers[1].status, NumberStatus::Available);
    }

    #[test]
    fn a_number_of_an_account_is_not_available() {
        let csv = "number,country,type,account_id,status\n+447700900001,GB,mobile,7,\n";
        assert_eq!(parse(csv.as_bytes()).unwrap()[0].status, NumberStatus::Active);
        let csv = "number,country,type,account_id,status\n+447700900001,GB,mobile,7,available\n";
        let errors = parse(csv.as_bytes()).unwrap_err();
        assert_eq!((errors[0].line, errors[0].column.as_str()), (2, "status"));
    }

    #[test]
    fn each_bad_line_is_named_with_its_column() {
        let csv = "number,country,type\n+447700900001,GB,mobile\n0770,GB,mobile\n+447700900003,gb,mobile\n+447700900004,GB,fax\n+447700900005\n+447700900001,GB,mobile\n";
        let errors = parse(csv.as_bytes()).unwrap_err();
        let places: Vec<(u64, &str)> =
            errors.iter().map(|error| (error.line, error.column.as_str())).collect();
        assert_eq!(places, [(3, "number"), (4, "country"), (5, "type"), (6, ""), (7, "number")]);
        assert!(errors[4].message.contains("line 2"), "{errors:?}");
    }

    #[test]
    fn a_file_reads_as_spreadsheets_write_it() {
        for csv in [
            "\u{feff}Number;Country;Type\r\n+447700900001;GB;mobile\r\n",
            "type\tnumber\tcountry\nmobile\t+447700900001\tGB",
            "\"number\",\"country\",\"type\"\r\"+447700900001\", GB ,\"mobile\"\r\r",
        ] {
            assert_eq!(parse(csv.as_bytes()).unwrap().len(), 1, "{csv:?}");
        }
        for (csv, line, column) in [
            ("", 1, "number"),
            ("number,country\n", 1, "type"),
            ("number,country,type,colour\n", 1, "colour"),
            ("number,country,type,number\n", 1, "number"),
        ] {
            let errors = parse(csv.as_bytes()).unwrap_err();
            assert_eq!((errors[0].line, errors[0].column.as_str()), (line, column), "{csv:?}");
        }
        let latin = b"number,country,type\n+447700900001,GB,mobile\n+447700900002,G\xfc,mobile\n";
        assert_eq!(parse(latin).unwrap_err()[0].line, 3);
    }
}
