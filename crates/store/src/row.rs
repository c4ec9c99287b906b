//! Rows on their way out, the same for both engines.

use std::{fmt::Display, str::FromStr};

use domain::{Currency, Timestamp, VatRate};

use crate::StoreError;

/// One row of an answer; columns count from 0.
#[derive(Debug)]
pub enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

/// What a column can be read as: `i64`, `String`, `Vec<u8>` and their options.
pub trait Column: rusqlite::types::FromSql + for<'a> tokio_postgres::types::FromSql<'a> {}

impl<T: rusqlite::types::FromSql + for<'a> tokio_postgres::types::FromSql<'a>> Column for T {}

impl Row<'_> {
    pub fn get<T: Column>(&self, column: usize) -> Result<T, StoreError> {
        match self {
            Self::Sqlite(row) => row.get(column).map_err(StoreError::corrupt),
            Self::Postgres(row) => row.try_get(column).map_err(StoreError::corrupt),
        }
    }

    pub fn flag(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.get::<i64>(column)? != 0)
    }

    pub fn time(&self, column: usize) -> Result<Timestamp, StoreError> {
        self.get(column).map(Timestamp::from_micros)
    }

    pub fn time_or_null(&self, column: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_micros))
    }

    /// A text that stays where it is.
    fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.text_or_null(column)?.ok_or_else(|| StoreError::corrupt("a text that is missing"))
    }

    fn text_or_null(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self {
            Self::Sqlite(row) => {
                let value = row.get_ref(column).map_err(StoreError::corrupt)?;
                value.as_str_or_null().map_err(StoreError::corrupt)
            }
            Self::Postgres(row) => row.try_get(column).map_err(StoreError::corrupt),
        }
    }

    pub fn vat_rate(&self, column: usize) -> Result<VatRate, StoreError> {
        VatRate::new(self.get(column)?).map_err(StoreError::corrupt)
    }

    pub fn currency(&self, column: usize) -> Result<Currency, StoreError> {
        Currency::stored(self.text(column)?).map_err(StoreError::corrupt)
    }

    /// A column that holds the written form of `T`: a status, a kind, a phone number.
    pub fn parsed<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        self.text(column)?.parse().map_err(StoreError::corrupt)
    }

    pub fn parsed_or_null<T>(&self, column: usize) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        self.text_or_null(column)?.map(|text| text.parse().map_err(StoreError::corrupt)).transpose()
    }
}
