//! What can go wrong below a store function, by what the caller does next.

/// The database did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Nothing was stored; the same call may succeed later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The connection was lost inside COMMIT: it may or may not have been stored.
    #[error("the database was lost while it committed: {0}")]
    CommitUnknown(String),
    /// Another transaction was in the way; the transaction as a whole may be run again.
    #[error("the transaction must be run again: {0}")]
    Serialization(String),
    /// A row with this key is there already.
    #[error("the database has such a row already: {0}")]
    Exists(String),
    /// A stored value is not one that this version writes.
    #[error("the database holds a value that cannot be read: {0}")]
    Corrupt(String),
    /// A statement that this version should not have sent.
    #[error("the database refused a statement: {0}")]
    Refused(String),
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::CommitUnknown(_) | Self::Serialization(_) => true,
            Self::Exists(_) | Self::Corrupt(_) | Self::Refused(_) => false,
        }
    }

    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{ErrorCode as Code, ffi};
        if let rusqlite::Error::SqliteFailure(failure, _) = &error
            && matches!(
                failure.extended_code,
                ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE
            )
        {
            return Self::Exists(error.to_string());
        }
        match error.sqlite_error_code() {
            Some(
                Code::DiskFull
                | Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::SystemIoFailure
                | Code::CannotOpen
                | Code::ReadOnly
                | Code::OperationInterrupted
                | Code::OutOfMemory,
            ) => Self::Unavailable(error.to_string()),
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = match error.as_db_error() {
            Some(db) => format!("{}: {}", db.code().code(), db.message()),
            None => error.to_string(),
        };
        let Some(state) = error.code() else {
            // No answer from the server: the connection is gone.
            return if error.is_closed() || std::error::Error::source(&error).is_some() {
                Self::Unavailable(text)
            } else {
                Self::Refused(text)
            };
        };
        // Who took it meanwhile has the answer, which the next run finds.
        let key_taken =
            error.as_db_error().and_then(|db| db.constraint()) == Some("idempotency_pkey");
        match state.code() {
            "40001" | "40P01" => Self::Serialization(text),
            "23505" if key_taken => Self::Serialization(text),
            "23505" => Self::Exists(text),
            // Connection exceptions, no resources, operator intervention, system errors.
            code if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
                Self::Unavailable(text)
            }
            // Read-only after a failover.
            "25006" => Self::Unavailable(text),
            _ => Self::Refused(text),
        }
    }
}
