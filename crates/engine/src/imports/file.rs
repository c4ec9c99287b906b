//! The file of an import: what its rows say, and what of them cannot be.

use std::collections::{HashMap, hash_map::Entry};

use bytes::Bytes;
use domain::{AccountId, CarrierId, NumberStatus};
use store::{StoreError, Tx, accounts, carriers};
use tokio::sync::mpsc;

use super::{ImportFailure, STEP};
use crate::{
    Engine, FileErrors, ImportError, NewNumber,
    csv_file::{self, Line},
};

/// Rows that one file may have.
const ROWS_MAX: usize = 1_000_000;

const COLUMNS: (&[&str], &[&str]) = (
    &["number", "country", "type"],
    &["status", "account_id", "sms_enabled", "carrier_id", "simulated"],
);

impl Engine {
    /// Reads a whole file and keeps nothing of it; answers how many rows it has.
    pub(super) async fn check(&self, octets: Bytes) -> Result<u64, ImportFailure> {
        let checked = tokio::task::spawn_blocking(move || {
            let mut referred = Referred::default();
            let mut seen: HashMap<u64, u64> = HashMap::new();
            let rows = csv_file::each(&octets, COLUMNS, ROWS_MAX, |line| {
                let new = read_row(line)?;
                // As a number: a million of them fit well.
                let digits = new.number.digits().parse().unwrap_or_default();
                if let Entry::Occupied(earlier) = seen.entry(digits) {
                    let message = format!("the same number as in line {}", earlier.get());
                    return Err(line.error("number", message));
                }
                seen.insert(digits, line.line);
                if let Some(account) = new.account {
                    referred.accounts.entry(account).or_insert(line.line);
                }
                if let Some(carrier) = new.carrier {
                    referred.carriers.entry(carrier).or_insert(line.line);
                }
                Ok(())
            });
            rows.map(|rows| (rows, referred))
        });
        let checked = checked.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let (rows, referred) = checked.map_err(ImportFailure::File)?;
        let errors = self.store.read(move |tx| referred.missing(tx)).await?;
        if !errors.is_empty() {
            return Err(ImportFailure::File(errors));
        }
        Ok(u64::try_from(rows).unwrap_or(u64::MAX))
    }
}

/// What the rows of a file refer to, each with its first line.
#[derive(Debug, Default)]
struct Referred {
    accounts: HashMap<AccountId, u64>,
    carriers: HashMap<CarrierId, u64>,
}

impl Referred {
    fn missing(&self, tx: &mut Tx<'_>) -> Result<FileErrors, StoreError> {
        let mut missing = Vec::new();
        for (account, line) in &self.accounts {
            if accounts::find(tx, *account)?.is_none() {
                missing.push((*line, "account_id", "account_id names no account"));
            }
        }
        for (carrier, line) in &self.carriers {
            if carriers::find(tx, *carrier)?.is_none() {
                missing.push((*line, "carrier_id", "carrier_id names no carrier"));
            }
        }
        missing.sort_unstable();
        let mut errors = FileErrors::default();
        for (line, column, message) in missing {
            let (column, message) = (column.to_owned(), message.to_owned());
            errors.add(ImportError { line, column, message });
        }
        Ok(errors)
    }
}

/// The rows of a file that was found good, with their lines, a few at a time, without the first `skipped`.
pub(super) fn read_rows(octets: Bytes, skipped: usize) -> mpsc::Receiver<Vec<(u64, NewNumber)>> {
    let (rows, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let (mut at, mut chunk) = (0, Vec::with_capacity(STEP));
        let read = csv_file::each(&octets, COLUMNS, ROWS_MAX, |line| {
            at += 1;
            if at <= skipped {
                return Ok(());
            }
            chunk.push((line.line, read_row(line)?));
            if chunk.len() == STEP {
                let full = std::mem::replace(&mut chunk, Vec::with_capacity(STEP));
                // Whoever read them is gone.
                rows.blocking_send(full).map_err(|_| line.error("", "nobody reads on"))?;
            }
            Ok(())
        });
        if read.is_ok() && !chunk.is_empty() {
            drop(rows.blocking_send(chunk));
        }
    });
    receiver
}

fn read_row(line: &Line<'_>) -> Result<NewNumber, ImportError> {
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
        number: line.required("number")?,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(octets: &[u8]) -> Result<Vec<NewNumber>, FileErrors> {
        csv_file::read(octets, COLUMNS, ROWS_MAX, read_row)
    }

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
        let errors = parse(csv.as_bytes()).unwrap_err().told;
        assert_eq!((errors[0].line, errors[0].column.as_str()), (2, "status"));
    }

    #[test]
    fn each_bad_line_is_named_with_its_column() {
        let csv = "number,country,type\n+447700900001,GB,mobile\n0770,GB,mobile\n+447700900003,gb,mobile\n+447700900004,GB,fax\n+447700900005\n+447700900001,GB,mobile\n";
        let errors = parse(csv.as_bytes()).unwrap_err().told;
        let places: Vec<(u64, &str)> =
            errors.iter().map(|error| (error.line, error.column.as_str())).collect();
        assert_eq!(places, [(3, "number"), (4, "country"), (5, "type"), (6, "")]);
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
            let errors = parse(csv.as_bytes()).unwrap_err().told;
            assert_eq!((errors[0].line, errors[0].column.as_str()), (line, column), "{csv:?}");
        }
        let latin = b"number,country,type\n+447700900001,GB,mobile\n+447700900002,G\xfc,mobile\n";
        assert_eq!(parse(latin).unwrap_err().told[0].line, 3);
    }
}
