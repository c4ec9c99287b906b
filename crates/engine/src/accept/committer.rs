//! Gathers requests, commits them together, and answers them.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::{Answer, Request};
use crate::Engine;

/// Requests that one commit takes.
const REQUESTS_PER_COMMIT_MAX: usize = 256;

/// Messages that one commit takes; a batch may carry up to 1,000 alone.
const MESSAGES_PER_COMMIT_MAX: usize = 1_000;

/// A commit that takes longer holds up no other, where the database allows that. Before,
/// one at a time is cheapest: it takes all that has come, and nobody waits for a wallet.
const COMMIT_PATIENCE: Duration = Duration::from_millis(100);

/// Commits under way at once: on SQLite all but one of them wait to be made safe.
const COMMITS_CONCURRENT_MAX: usize = 4;

/// A request with the way back to its caller.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(super) request: Request,
    pub(super) reply: oneshot::Sender<Answer>,
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
