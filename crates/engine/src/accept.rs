//! Accepting messages: checked, paid for, stored and answered together.
//!
//! Requests that come while a commit is under way are taken together by the
//! next one: a handful of statements, however many they are. Each has its own
//! answer, and none is answered before the commit.

mod admit;
mod batch;
mod commit;

use std::{sync::Arc, time::Duration};

use domain::{AccountId, Currency, Delivery, E164, Micros, NumberId, rate::Quota, text};
use serde::{Deserialize, Serialize};
use store::{StoreError, messages::Message};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::{Engine, Idempotency};

/// Requests that one commit takes.
const REQUESTS_PER_COMMIT_MAX: usize = 256;

/// Messages that one commit takes; a batch may carry up to 1,000 alone.
const MESSAGES_PER_COMMIT_MAX: usize = 1_000;

/// Requests that wait for a commit; beyond it a send is answered `unavailable`.
pub(crate) const WAITING_MAX: usize = 8_192;

/// A commit that takes longer holds up no other, where the database allows that. Before,
/// one at a time is cheapest: it takes all that has come, and nobody waits for a wallet.
const COMMIT_PATIENCE: Duration = Duration::from_millis(100);

/// Commits under way at once then.
const COMMITS_CONCURRENT_MAX: usize = 4;

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

/// A request with the way back to its caller.
#[derive(Debug)]
pub(crate) struct Waiting {
    request: Request,
    reply: oneshot::Sender<Answer>,
}

/// What goes into one commit.
struct Gathered {
    requests: Vec<Waiting>,
    messages: usize,
}

impl Gathered {
    fn new(first: Waiting) -> Self {
        let messages = first.request.sends.len();
        Self { requests: vec![first], messages }
    }

    fn push(&mut self, next: Waiting) {
        self.messages += next.request.sends.len();
        self.requests.push(next);
    }

    fn is_full(&self) -> bool {
        self.requests.len() >= REQUESTS_PER_COMMIT_MAX || self.messages >= MESSAGES_PER_COMMIT_MAX
    }

    /// Waits until there are as many requests as `commits` make safe, or all of those are:
    /// otherwise each few requests would have a commit, and a sync, of their own.
    async fn grow(&mut self, commits: &mut Commits, waiting: &mut mpsc::Receiver<Waiting>) {
        while self.requests.len() < commits.requests && !self.is_full() {
            tokio::select! {
                biased;
                () = commits.one_ends() => {}
                next = waiting.recv() => match next {
                    Some(next) => self.push(next),
                    None => return,
                },
            }
        }
    }
}

/// The commits that are under way.
#[derive(Default)]
struct Commits {
    running: JoinSet<usize>,
    /// Of all of them.
    requests: usize,
}

impl Commits {
    /// Waits until one has ended; not at all where there is none.
    async fn one_ends(&mut self) {
        match self.running.join_next().await {
            Some(Ok(requests)) => self.requests = self.requests.saturating_sub(requests),
            // What one that panicked took is not known; the others are let go sooner.
            Some(Err(_)) | None => self.requests = 0,
        }
    }
}

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

    /// Serves requests until the engine stops.
    pub(crate) async fn commit_requests(self: Arc<Self>, mut waiting: mpsc::Receiver<Waiting>) {
        let concurrently = self.store.writes_concurrently();
        let mut commits = Commits::default();
        while let Some(first) = waiting.recv().await {
            let mut gathered = Gathered::new(first);
            while commits.running.len() >= COMMITS_CONCURRENT_MAX {
                commits.one_ends().await;
            }
            if concurrently {
                // Ends at once where none is under way.
                drop(tokio::time::timeout(COMMIT_PATIENCE, commits.one_ends()).await);
            } else {
                gathered.grow(&mut commits, &mut waiting).await;
            }
            // Whatever came while the last commit was under way goes with this one.
            while !gathered.is_full() {
                let Ok(next) = waiting.try_recv() else { break };
                gathered.push(next);
            }
            commits.requests += gathered.requests.len();
            let engine = Arc::clone(&self);
            let (ran, running) = oneshot::channel();
            commits
                .running
                .spawn(async move { engine.commit_together(gathered.requests, ran).await });
            if !concurrently {
                // The one writer is free for the next commit while this one is made safe.
                drop(running.await);
            }
        }
        // What was accepted is answered, also where the engine stops.
        while !commits.running.is_empty() {
            commits.one_ends().await;
        }
    }

    /// Answers how many requests it were. `ran` is told once the database has done all but to commit.
    async fn commit_together(&self, waiting: Vec<Waiting>, ran: oneshot::Sender<()>) -> usize {
        let (requests, replies): (Vec<Request>, Vec<_>) =
            waiting.into_iter().map(|waiting| (waiting.request, waiting.reply)).unzip();
        let count = requests.len();
        let answers = self.commit(requests, ran).await;
        for (reply, answer) in replies.into_iter().zip(answers) {
            // The caller may have gone away; its message stands all the same.
            drop(reply.send(answer));
        }
        count
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
