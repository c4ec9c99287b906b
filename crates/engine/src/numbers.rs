//! The inventory as operators keep it.

use std::str::FromStr;

use domain::{AccountId, CarrierId, Country, E164, NumberId, NumberStatus, NumberType, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use store::{
    StoreError, Tx, accounts, carriers, events,
    months::Service,
    numbers::{self, NumberRecord},
    renewals::{self, Renewal},
};

use crate::{Done, Engine, Idempotency, UseError, events::number_news, repeats::OPERATORS};

/// Rows that one import may have.
const IMPORT_ROWS_MAX: usize = 200_000;

/// Errors of an import that are told.
const ERRORS_TOLD_MAX: usize = 100;

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

impl Engine {
    pub async fn create_number(
        &self,
        new: NewNumber,
        key: Option<Idempotency>,
        render: impl Fn(&NumberRecord) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let id = NumberId::new(self.ids.one(&self.store).await?);
        let record = record(new, id, self.clock.now());
        let body = move |tx: &mut Tx<'_>| {
            check(tx, &record)?;
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
                let mut record = numbers::find(tx, id)?.ok_or(UseError::NotFound("number"))?;
                let before = record.clone();
                apply(&mut record, &patch)?;
                check(tx, &record)?;
                numbers::update(tx, &record)?;
                renew_accordingly(tx, &before, &record)?;
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
    pub async fn import_numbers(&self, csv: &[u8]) -> Result<Imported, Vec<ImportError>> {
        let news = parse(csv)?;
        let failed = |error: UseError| {
            vec![ImportError { line: 0, column: String::new(), message: error.to_string() }]
        };
        let mut ids =
            self.ids.take(&self.store, news.len()).await.map_err(|error| failed(error.into()))?;
        let now = self.clock.now();
        let records: Vec<NumberRecord> =
            news.into_iter().map(|new| record(new, NumberId::new(ids.next()), now)).collect();
        let total = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let added = self
            .store
            .write(move |tx| {
                let mut checked = Vec::new();
                for record in &records {
                    let refers = (record.account, record.carrier);
                    if !checked.contains(&refers) {
                        check(tx, record)?;
                        checked.push(refers);
                    }
                }
                let mut added = 0;
                for chunk in records.chunks(1_000) {
                    added += numbers::insert(tx, chunk)?;
                }
                Ok::<_, UseError>(added)
            })
            .await
            .map_err(failed)?;
        Ok(Imported { added, known: total - added })
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
    }
}

fn apply(record: &mut NumberRecord, patch: &NumberPatch) -> Result<(), UseError> {
    if record.simulated && patch.simulated == Some(false) {
        let message = "A simulated number stays with the simulator for ever.".to_owned();
        return Err(UseError::Conflict { message });
    }
    record.country = patch.country.unwrap_or(record.country);
    record.number_type = patch.number_type.unwrap_or(record.number_type);
    record.status = patch.status.unwrap_or(record.status);
    record.account = patch.account.unwrap_or(record.account);
    record.sms_enabled = patch.sms_enabled.unwrap_or(record.sms_enabled);
    record.carrier = patch.carrier.unwrap_or(record.carrier);
    record.simulated = patch.simulated.unwrap_or(record.simulated);
    Ok(())
}

fn check(tx: &mut Tx<'_>, record: &NumberRecord) -> Result<(), UseError> {
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

/// What the former account paid does not go on; SMS that is switched off does not renew.
fn renew_accordingly(
    tx: &mut Tx<'_>,
    before: &NumberRecord,
    after: &NumberRecord,
) -> Result<(), StoreError> {
    let Some(account) = before.account else { return Ok(()) };
    if after.account != before.account {
        return renewals::delete_of_number(tx, account, after.id);
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

#[derive(Debug, Deserialize)]
struct Line {
    number: String,
    country: String,
    #[serde(rename = "type")]
    number_type: String,
    status: Option<String>,
    account_id: Option<i64>,
    sms_enabled: Option<bool>,
    carrier_id: Option<i64>,
    simulated: Option<bool>,
}

/// The first column that the heading must name and does not.
fn missing_column(reader: &mut csv::Reader<&[u8]>) -> Option<ImportError> {
    let named: Vec<String> = reader
        .headers()
        .map_or_else(|_| Vec::new(), |headers| headers.iter().map(str::to_owned).collect());
    ["number", "country", "type"]
        .into_iter()
        .find(|column| !named.iter().any(|name| name == column))
        .map(|column| ImportError {
            line: 1,
            column: column.to_owned(),
            message: format!(
                "the first line names the columns, separated by commas; {column} is missing"
            ),
        })
}

fn parse(csv: &[u8]) -> Result<Vec<NewNumber>, Vec<ImportError>> {
    let csv = csv.strip_prefix("\u{feff}".as_bytes()).unwrap_or(csv);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(csv);
    if let Some(error) = missing_column(&mut reader) {
        return Err(vec![error]);
    }
    let mut numbers = Vec::new();
    let mut errors = Vec::new();
    for (index, line) in reader.deserialize::<Line>().enumerate() {
        let line_number = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(2);
        if index >= IMPORT_ROWS_MAX {
            let message =
                format!("an import has at most {IMPORT_ROWS_MAX} numbers: divide the file");
            errors.push(ImportError { line: line_number, column: String::new(), message });
            break;
        }
        match line {
            Ok(line) => match parse_line(&line) {
                Ok(number) => numbers.push(number),
                Err((column, message)) => {
                    let column = column.to_owned();
                    errors.push(ImportError { line: line_number, column, message });
                }
            },
            Err(error) => {
                let message = error.to_string();
                errors.push(ImportError { line: line_number, column: String::new(), message });
            }
        }
        if errors.len() >= ERRORS_TOLD_MAX {
            break;
        }
    }
    if errors.is_empty() { Ok(numbers) } else { Err(errors) }
}

fn parse_line(line: &Line) -> Result<NewNumber, (&'static str, String)> {
    Ok(NewNumber {
        number: cell("number", &line.number)?,
        country: cell("country", &line.country)?,
        number_type: cell("type", &line.number_type)
            .map_err(|_| ("type", "type is local, mobile or toll_free".to_owned()))?,
        status: match line.status.as_deref().filter(|status| !status.is_empty()) {
            Some(status) => cell("status", status).map_err(|_| {
                ("status", "status is a number's status, like available".to_owned())
            })?,
            None => NumberStatus::Available,
        },
        account: line.account_id.map(AccountId::new),
        sms_enabled: line.sms_enabled.unwrap_or(false),
        carrier: line.carrier_id.map(CarrierId::new),
        simulated: line.simulated.unwrap_or(false),
    })
}

fn cell<T: FromStr<Err: std::fmt::Display>>(
    column: &'static str,
    text: &str,
) -> Result<T, (&'static str, String)> {
    text.parse().map_err(|error: T::Err| (column, error.to_string()))
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
    fn each_bad_line_is_named_with_its_column() {
        let csv = "number,country,type\n+447700900001,GB,mobile\n0770,GB,mobile\n+447700900003,gb,mobile\n+447700900004,GB,fax\n+447700900005\n";
        let errors = parse(csv.as_bytes()).unwrap_err();
        let places: Vec<(u64, &str)> =
            errors.iter().map(|error| (error.line, error.column.as_str())).collect();
        assert_eq!(places, [(3, "number"), (4, "country"), (5, "type"), (6, "")]);
    }
}
