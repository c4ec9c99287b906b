//! Accepting messages: checked, paid for, stored and answered together.
//!
//! Requests that come while a commit is under way are taken together by the
//! next one: a handful of statements, however many they are. Each has its own
//! answer, and none is answered before the commit.

mod admit;
mod batch;
mod commit;
mod committer;
mod recall;

use domain::{AccountId, Currency, Delivery, E164, Micros, NumberId, rate::Quota, text};
use serde::{Deserialize, Serialize};
use store::{StoreError, messages::Message};
use tokio::sync::oneshot;

pub(crate) use self::committer::Waiting;
use crate::{Engine, Idempotency};

/// Requests that wait for a commit; beyond it a send is answered `unavailable`.
pub(crate) const WAITING_MAX: usize = 8_192;

/// A message that a customer wants sent.
#[derive(Debug, Clone)]
pub struct Send {
    pub from: NumberId,
    pub to: E164,
    pub body: text::Body,
    pub delivery: Delivery,
    /// Goes to the simulator only, and costs nothing.
    pub test: bool,
}

/// Why a message is not accepted. Nothing was stored or charged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("there is no such number in this account")]
    UnknownNumber,
    #[error("Number must be active to enable SMS")]
    NumberNotActive,
    #[error("SMS is not enabled on this number")]
    SmsNotEnabled,
    #[error("the number has no messaging profile")]
    NoMessagingProfile,
    #[error("the account is suspended")]
    AccountSuspended,
    #[error("no carrier serves the destination")]
    DestinationNotAllowed,
    #[error("the recipient has answered STOP to this number")]
    RecipientOptedOut,
    #[error("the destination has no price in the account's currency")]
    NoPrice,
    #[error("Insufficient wallet balance")]
    InsufficientBalance,
    #[error("a payment that was taken back is owed")]
    PaymentOwed,
    #[error("the daily spend cap is reached")]
    DailyCapReached,
    #[error("too many messages a second")]
    RateLimited {
        #[serde(skip)]
        quota: Option<Quota>,
    },
    #[error("the idempotency key was used for another request")]
    KeyReused,
}

/// Why there is no answer of the kind that was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AcceptError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("too many requests wait for the database")]
    Busy,
}

impl store::AsStoreError for AcceptError {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Refused(_) | Self::Busy => None,
        }
    }
}

/// What became of one message of a request.
pub type ItemOutcome = Result<Message, Refusal>;

/// The answer to a request of one or many messages.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// In the order of the request.
    pub items: Vec<ItemOutcome>,
    pub quota: Option<Quota>,
    /// It was given before, under the same idempotency key.
    pub replayed: bool,
}

/// A request on its way to a commit.
#[derive(Debug, Clone)]
struct Request {
    account: AccountId,
    sends: Vec<Send>,
    /// A batch is admitted whatever the rate, and leaves at it.
    paced: bool,
    idempotency: Option<Idempotency>,
}

type Answer = Result<Accepted, AcceptError>;

impl Engine {
    /// Accepts a message for sending; its fate arrives as events.
    pub async fn accept(
        &self,
        account: AccountId,
        send: Send,
        idempotency: Option<Idempotency>,
    ) -> Answer {
        let accepted =
            self.ask(Request { account, sends: vec![send], paced: false, idempotency }).await?;
        match accepted.items.first() {
            Some(Err(refusal)) => Err(refusal.clone().into()),
            _ => Ok(accepted),
        }
    }

    /// Accepts a batch: whole against the money, leaving at the account's rate.
    pub async fn accept_batch(
        &self,
        account: AccountId,
        sends: Vec<Send>,
        idempotency: Option<Idempotency>,
    ) -> Answer {
        self.ask(Request { account, sends, paced: true, idempotency }).await
    }

    async fn ask(&self, request: Request) -> Answer {
        let (reply, answer) = oneshot::channel();
        self.accepting.try_send(Waiting { request, reply }).map_err(|_| AcceptError::Busy)?;
        answer.await.unwrap_or(Err(AcceptError::Busy))
    }
}

/// What counts where an operator set no price.
#[derive(Debug, Clone, Copy)]
pub struct Prices {
    /// Of the platform: the catalogue's examples are in it, and what carriers take.
    pub currency: Currency,
    /// Of a segment.
    pub segment: Micros,
}

impl Default for Prices {
    /// €0.008.
    fn default() -> Self {
        Self { currency: Currency::EUR, segment: Micros::new(8_000) }
    }
}
