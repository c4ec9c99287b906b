//! Work handed to a database thread, and its answer on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::{StoreError, Tx};

/// One transaction's work. It may be run again when the engine asks for that, or where another one in its commit ended badly.
pub(crate) trait Job: Send {
    /// Runs the body; `Err` where the transaction must be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Rollback>;
    /// Tells the caller, after the commit or in its stead.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

/// Why a body's changes must be undone.
pub(crate) enum Rollback {
    /// The caller's own decision; it has its answer.
    Decided,
    /// The database failed under the body.
    Failed(StoreError),
}

pub(crate) struct Work<F, T, E> {
    body: F,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Work<F, T, E> {
    pub(crate) fn new(body: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self { body, outcome: None, reply }
    }
}

impl<F, T, E> Job for Work<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + AsStoreError + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Rollback> {
        let body = &mut self.body;
        match catch_unwind(AssertUnwindSafe(|| body(tx))) {
            Ok(outcome) => {
                let verdict = match &outcome {
                    Ok(_) => Ok(()),
                    Err(error) => Err(error
                        .as_store_error()
                        .map_or(Rollback::Decided, |error| Rollback::Failed(error.clone()))),
                };
                self.outcome = Some(outcome);
                verdict
            }
            Err(_) => {
                let error = StoreError::Refused("the transaction's body panicked".to_owned());
                self.outcome = Some(Err(E::from(error.clone())));
                Err(Rollback::Failed(error))
            }
        }
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match committed {
            Ok(()) => self.outcome.unwrap_or_else(|| {
                Err(E::from(StoreError::Unavailable("the transaction was not run".to_owned())))
            }),
            Err(error) => Err(E::from(error)),
        };
        // A caller that went away has given up its answer; what it asked for stands.
        drop(self.reply.send(answer));
    }
}

/// Lets a transaction's own error type say whether the database was at fault.
pub trait AsStoreError {
    fn as_store_error(&self) -> Option<&StoreError>;
}

impl AsStoreError for StoreError {
    fn as_store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}
