//! A transaction on either engine; one body of code drives both.

use std::{cell::RefCell, fmt};

use tokio_postgres::types::ToSql;

use crate::{
    StoreError, Value, append::Append, idempotency::KeyIndex, postgres_pool::PgConnection,
    row::Row, value::ColumnValues,
};

/// An open transaction. Store functions take it and never commit.
pub struct Tx<'c> {
    inner: Inner<'c>,
    /// Of the process that owns an SQLite database, while it writes.
    keys: Option<&'c RefCell<KeyIndex>>,
}

enum Inner<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut PgConnection),
}

/// A statement for a set of rows, in the form that each engine runs fastest.
///
/// `sqlite` is run once for each row with the row's values as `$1…`;
/// `postgres` once for all, with each column as an array (`UNNEST($1::bigint[], …)`).
#[derive(Debug, Clone, Copy)]
pub struct Bulk {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.inner {
            Inner::Sqlite(_) => "Tx::Sqlite",
            Inner::Postgres(_) => "Tx::Postgres",
        })
    }
}

impl<'c> Tx<'c> {
    pub(crate) fn sqlite(
        connection: &'c rusqlite::Connection,
        keys: Option<&'c RefCell<KeyIndex>>,
    ) -> Self {
        Self { inner: Inner::Sqlite(connection), keys }
    }

    pub(crate) fn postgres(connection: &'c mut PgConnection) -> Self {
        Self { inner: Inner::Postgres(connection), keys: None }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }

    /// Runs a statement and tells how many rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let changed = statement.execute(rusqlite::params_from_iter(params))?;
                Ok(u64::try_from(changed).unwrap_or(u64::MAX))
            }
            Inner::Postgres(connection) => connection.execute(sql, &as_dyn(params)),
        }
    }

    pub fn query<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(params))?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(read(&Row::Sqlite(row))?);
                }
                Ok(found)
            }
            Inner::Postgres(connection) => {
                let rows = connection.query(sql, &as_dyn(params))?;
                rows.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// The first row, if there is one.
    pub fn query_one<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.query(sql, params, read)?.into_iter().next())
    }

    /// Runs `bulk` for every row and tells how many rows it changed in all.
    pub fn bulk<const N: usize>(
        &mut self,
        bulk: &Bulk,
        rows: &[[Value<'_>; N]],
    ) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        match &mut self.inner {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(bulk.sqlite)?;
                let mut changed = 0;
                for row in rows {
                    changed += statement.execute(rusqlite::params_from_iter(row))?;
                }
                Ok(u64::try_from(changed).unwrap_or(u64::MAX))
            }
            Inner::Postgres(connection) => {
                connection.execute(bulk.postgres, &columns_as_dyn(&columns(rows)))
            }
        }
    }

    /// Runs `bulk` for every row, without waiting: a failure is the next statement's, or
    /// the commit's.
    pub fn send<const N: usize>(
        &mut self,
        bulk: &Bulk,
        rows: &[[Value<'_>; N]],
    ) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Postgres(connection) if !rows.is_empty() => {
                connection.send(bulk.postgres, &columns(rows))
            }
            _ => self.bulk(bulk, rows).map(drop),
        }
    }

    /// Adds rows, without waiting: a failure is the next statement's, or the commit's.
    pub(crate) fn append<const N: usize>(
        &mut self,
        append: &Append<N>,
        rows: &[[Value<'_>; N]],
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        match &mut self.inner {
            Inner::Sqlite(connection) => {
                let mut left = rows;
                while !left.is_empty() {
                    let (sql, taken) = append.sqlite(left.len());
                    let (now, later) = left.split_at(taken);
                    let mut statement = connection.prepare_cached(sql)?;
                    statement.execute(rusqlite::params_from_iter(now.as_flattened()))?;
                    left = later;
                }
                Ok(())
            }
            Inner::Postgres(connection) => connection.send(append.postgres(), &columns(rows)),
        }
    }

    /// Runs `bulk` for every row and tells for which of them it changed something.
    ///
    /// On PostgreSQL the statement is given the rows' places as one more column, and returns those
    /// that count; on SQLite `RETURNING` would cost more than the change itself.
    pub fn bulk_places<const N: usize>(
        &mut self,
        bulk: &Bulk,
        rows: &[[Value<'_>; N]],
    ) -> Result<Vec<usize>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        match &mut self.inner {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(bulk.sqlite)?;
                let mut places = Vec::with_capacity(rows.len());
                for (place, row) in rows.iter().enumerate() {
                    if statement.execute(rusqlite::params_from_iter(row))? > 0 {
                        places.push(place);
                    }
                }
                Ok(places)
            }
            Inner::Postgres(connection) => {
                let columns = columns(rows);
                let places = ColumnValues((0_i64..).take(rows.len()).map(Value::Int).collect());
                let mut params = columns_as_dyn(&columns);
                params.push(&places);
                let answers = connection.query(bulk.postgres, &params)?;
                answers
                    .iter()
                    .map(|row| {
                        let place: i64 = Row::Postgres(row).get(0)?;
                        usize::try_from(place)
                            .map_err(|_| StoreError::corrupt("a place that was never given"))
                    })
                    .collect()
            }
        }
    }

    /// Runs `bulk` for every row and reads what it returns, in no promised order.
    pub fn bulk_query<T, const N: usize>(
        &mut self,
        bulk: &Bulk,
        rows: &[[Value<'_>; N]],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        match &mut self.inner {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(bulk.sqlite)?;
                let mut found = Vec::with_capacity(rows.len());
                for row in rows {
                    let mut answers = statement.query(rusqlite::params_from_iter(row))?;
                    while let Some(answer) = answers.next()? {
                        found.push(read(&Row::Sqlite(answer))?);
                    }
                }
                Ok(found)
            }
            Inner::Postgres(connection) => {
                let answers = connection.query(bulk.postgres, &columns_as_dyn(&columns(rows)))?;
                answers.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// The index of idempotency keys: on SQLite, where this process alone writes.
    pub(crate) fn keys(&self) -> Result<&'c RefCell<KeyIndex>, StoreError> {
        self.keys.ok_or_else(|| {
            StoreError::Refused("idempotency keys are kept by the server alone".to_owned())
        })
    }

    /// The number of the row that was inserted last; on SQLite only.
    pub(crate) fn last_row(&self) -> i64 {
        match &self.inner {
            Inner::Sqlite(connection) => connection.last_insert_rowid(),
            Inner::Postgres(_) => 0,
        }
    }

    /// Runs several statements without parameters: a migration.
    pub(crate) fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Inner::Postgres(connection) => connection.script(sql),
        }
    }
}

fn as_dyn<'a>(params: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect()
}

fn columns<'a, const N: usize>(rows: &[[Value<'a>; N]]) -> [ColumnValues<'a>; N] {
    std::array::from_fn(|column| ColumnValues(rows.iter().map(|row| row[column]).collect()))
}

fn columns_as_dyn<'a>(columns: &'a [ColumnValues<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    columns.iter().map(|column| -> &(dyn ToSql + Sync) { column }).collect()
}
