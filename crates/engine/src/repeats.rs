//! Calls that create or charge: once per idempotency key, the first answer ever after.

use domain::{AccountId, Currency};
use serde_json::Value;
use store::{
    AsStoreError, StoreError, Tx,
    idempotency::{self, Remembered},
};

use crate::{Engine, IDEMPOTENCY_KEPT, Idempotency};

/// Operators' keys are remembered under no account.
pub(crate) const OPERATORS: AccountId = AccountId::new(0);

/// Nor have those an account who sign up; [`Idempotency::of_sign_up`] keeps them apart.
pub(crate) const NEWCOMERS: AccountId = OPERATORS;

/// Why a call was not carried out. Nothing was stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UseError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("{message}")]
    Conflict { message: String },
    #[error("{message}")]
    Invalid { param: String, message: String },
    /// The account's currency has no price of what is wanted.
    #[error("there is no price in {0}")]
    NoPrice(Currency),
    #[error("Insufficient wallet balance")]
    InsufficientBalance,
    #[error("a payment that was taken back is owed")]
    PaymentOwed,
    #[error("the account is suspended")]
    AccountSuspended,
    #[error("SMS not available for this number type")]
    SmsNotAvailable,
    #[error("Number must be active to enable SMS")]
    NumberNotActive,
    #[error("SMS is enabled on this number already")]
    AlreadyEnabled,
    #[error("SMS is not enabled on this number")]
    SmsNotEnabled,
    #[error("the payment provider does not answer")]
    ProviderSilent,
    #[error("payments are not set up")]
    NoPayments,
    /// One item of an order, from 0, is why none was carried out.
    #[error("{error}")]
    Item { index: usize, error: Box<UseError> },
    #[error("{message}")]
    Forbidden { message: String },
    #[error("{message}")]
    TooMany { message: String, retry_after_seconds: i64 },
}

impl AsStoreError for UseError {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl UseError {
    pub(crate) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::Invalid { param: param.to_owned(), message: message.into() }
    }
}

/// An answer as the caller sees it.
#[derive(Debug, Clone)]
pub struct Done {
    pub answer: Value,
    /// It was given before, under the same idempotency key.
    pub replayed: bool,
}

impl Engine {
    /// Runs `body` and keeps its answer, rendered by `render`, in the same transaction.
    pub(crate) async fn once<T: Send + 'static>(
        &self,
        owner: AccountId,
        key: Option<Idempotency>,
        mut body: impl FnMut(&mut Tx<'_>) -> Result<T, UseError> + Send + 'static,
        render: impl Fn(&T) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let now = self.clock.now();
        let since = now.minus(IDEMPOTENCY_KEPT);
        let Some(key) = key else {
            // A long answer is rendered while others write.
            let made = self.store.write(body).await?;
            return Ok(Done { answer: render(&made), replayed: false });
        };
        self.store
            .write(move |tx| {
                if let Some(known) =
                    idempotency::find(tx, &[(owner, &key.key_hash)], since)?.first()
                {
                    return first_answer(&key, known);
                }
                let made = match body(tx) {
                    Ok(made) => made,
                    Err(UseError::Store(error)) => return Err(error.into()),
                    // What stands in the way may be the first call of this very key.
                    Err(refused) => {
                        let known = idempotency::find(tx, &[(owner, &key.key_hash)], since)?;
                        return Err(if known.is_empty() { refused } else { taken_meanwhile() });
                    }
                };
                let answer = render(&made);
                let row = Remembered {
                    account: owner,
                    key_hash: key.key_hash.to_vec(),
                    request_hash: key.request_hash.to_vec(),
                    message: None,
                    outcome: Some(key.seal(answer.to_string().as_bytes())),
                };
                idempotency::insert(tx, &[row], now, since)?;
                Ok(Done { answer, replayed: false })
            })
            .await
    }
}

/// Undoes the transaction and runs it again, so that it finds the first answer.
fn taken_meanwhile() -> UseError {
    StoreError::Serialization("an idempotency key was taken meanwhile".to_owned()).into()
}

fn first_answer(key: &Idempotency, known: &Remembered) -> Result<Done, UseError> {
    if known.request_hash != key.request_hash {
        return Err(UseError::KeyReused);
    }
    let answer = known
        .outcome
        .as_deref()
        .and_then(|sealed| key.open(sealed))
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| StoreError::Corrupt("a sealed answer does not open".to_owned()))?;
    Ok(Done { answer, replayed: true })
}
