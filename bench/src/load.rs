//! The load generator: many connections on one thread, one request at a time on each.
//!
//! Requests are bytes made beforehand, in which only an idempotency key and the
//! last digits of a number change. Of an answer only the status line and the
//! length are looked at.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::net::TcpStream;

use crate::{answer::Head, histogram::Histogram};

/// What stands where the key goes; replaced in every request.
pub(crate) const KEY: &str = "kkkkkkkkkkkkkkkk";

/// The changing digits of a destination.
pub(crate) const DIGITS: &str = "000000";

/// A request as bytes, with the places that change.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    key_at: Option<usize>,
    digits_at: Option<usize>,
}

impl Template {
    pub(crate) fn get(api_key: &str, path: &str) -> Self {
        let text = format!(
            "GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {api_key}\r\n\r\n"
        );
        Self { bytes: text.into_bytes(), key_at: None, digits_at: None }
    }

    /// `body`: the first [`DIGITS`] in it change.
    pub(crate) fn post(api_key: &str, path: &str, body: &str) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {api_key}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: {KEY}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let key_at = head.find(KEY);
        let digits_at = body.find(DIGITS).map(|at| head.len() + at);
        Self { bytes: (head + body).into_bytes(), key_at, digits_at }
    }

    /// Makes it the `number`th request.
    fn patch(&mut self, number: u64) {
        if let Some(at) = self.key_at {
            digits(&mut self.bytes[at..at + KEY.len()], number);
        }
        if let Some(at) = self.digits_at {
            digits(&mut self.bytes[at..at + DIGITS.len()], number);
        }
    }
}

/// Writes the last digits of a number.
fn digits(into: &mut [u8], mut number: u64) {
    for place in into.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

/// How requests follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// The next as soon as the last is answered.
    Closed,
    /// So many a second over all connections, whatever the answers take.
    Rate(u64),
}

/// What to send.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    /// Dealt out to the connections, each of which sends its own in turn.
    pub(crate) templates: Vec<Template>,
    pub(crate) pace: Pace,
    /// Keys are numbered from here.
    pub(crate) first_key: u64,
}

#[derive(Debug, Default)]
struct Shared {
    succeeded: AtomicU64,
    requests: AtomicU64,
    recording: AtomicBool,
    stop: AtomicBool,
}

/// A load that runs until it is stopped.
#[derive(Debug)]
pub(crate) struct Load {
    shared: Arc<Shared>,
    thread: JoinHandle<anyhow::Result<Outcome>>,
}

/// What came of a load.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Of the requests that were sent while it was recording.
    pub(crate) latencies: Histogram,
    /// Answers that were not 2xx, by status.
    pub(crate) refused: BTreeMap<u16, u64>,
    /// The first of them.
    pub(crate) refusal: Option<String>,
    /// All that were 2xx.
    pub(crate) succeeded: u64,
}

impl Load {
    pub(crate) fn start(plan: Plan) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let running = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || run(&plan, &running))
            .context("the load generator cannot start")?;
        Ok(Self { shared, thread })
    }

    /// Answers that were 2xx, so far.
    pub(crate) fn succeeded(&self) -> u64 {
        self.shared.succeeded.load(Ordering::Relaxed)
    }

    /// Latencies count from now on.
    pub(crate) fn record(&self) {
        self.shared.recording.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Sends no more, and waits for the answers that are due.
    pub(crate) fn stop(self) -> anyhow::Result<Outcome> {
        self.shared.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(outcome) => outcome,
            Err(_) => bail!("the load generator panicked"),
        }
    }
}

fn run(plan: &Plan, shared: &Arc<Shared>) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let local = tokio::task::LocalSet::new();
        let mut connections = Vec::with_capacity(plan.connections);
        let began = Instant::now();
        for index in 0..plan.connections {
            let stream = TcpStream::connect(plan.address).await.context("connecting")?;
            stream.set_nodelay(true)?;
            let connection = Connection {
                stream,
                templates: deal(&plan.templates, index, plan.connections),
                buffer: vec![0; 64 * 1024],
                first_key: plan.first_key,
                shared: Arc::clone(shared),
                outcome: Outcome::default(),
            };
            let schedule = schedule(plan, index, began);
            connections.push(local.spawn_local(connection.run(schedule)));
        }
        local
            .run_until(async {
                let mut whole = Outcome::default();
                for connection in connections {
                    let part = connection.await.context("a connection panicked")??;
                    whole.latencies.merge(&part.latencies);
                    whole.succeeded += part.succeeded;
                    whole.refusal = whole.refusal.or(part.refusal);
                    for (status, count) in part.refused {
                        *whole.refused.entry(status).or_default() += count;
                    }
                }
                Ok(whole)
            })
            .await
    })
}

/// The templates of one connection: each of them on some connection, none without any.
fn deal(templates: &[Template], index: usize, connections: usize) -> Vec<Template> {
    let own: Vec<Template> = templates.iter().skip(index).step_by(connections).cloned().collect();
    if own.is_empty() { vec![templates[index % templates.len()].clone()] } else { own }
}

/// When a connection sends, at a fixed rate.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    next: Instant,
    every: Duration,
}

fn schedule(plan: &Plan, index: usize, began: Instant) -> Option<Schedule> {
    let Pace::Rate(rate) = plan.pace else { return None };
    let gap_nanos = 1_000_000_000 / rate.max(1);
    let nanos = |count: usize| Duration::from_nanos(gap_nanos.saturating_mul(count as u64));
    Some(Schedule { next: began + nanos(index), every: nanos(plan.connections) })
}

struct Connection {
    stream: TcpStream,
    templates: Vec<Template>,
    buffer: Vec<u8>,
    first_key: u64,
    shared: Arc<Shared>,
    outcome: Outcome,
}

impl Connection {
    async fn run(mut self, mut schedule: Option<Schedule>) -> anyhow::Result<Outcome> {
        let mut turn = 0;
        while !self.shared.stop.load(Ordering::Relaxed) {
            let due = match &mut schedule {
                None => Instant::now(),
                Some(schedule) => {
                    let due = schedule.next;
                    schedule.next += schedule.every;
                    if due > Instant::now() {
                        tokio::time::sleep_until(due.into()).await;
                        // The timer's own lateness is not the server's.
                        Instant::now()
                    } else {
                        // The last answer came too late: the wait counts.
                        due
                    }
                }
            };
            let template = turn % self.templates.len();
            turn += 1;
            let recording = self.shared.recording.load(Ordering::Relaxed);
            let number = self.shared.requests.fetch_add(1, Ordering::Relaxed);
            self.templates[template].patch(self.first_key + number);
            self.send(template).await?;
            let (status, length) = self.receive().await?;
            if recording {
                self.outcome.latencies.record(due.elapsed());
            }
            if (200..300).contains(&status) {
                self.outcome.succeeded += 1;
                self.shared.succeeded.fetch_add(1, Ordering::Relaxed);
            } else {
                *self.outcome.refused.entry(status).or_default() += 1;
                let text = || String::from_utf8_lossy(&self.buffer[..length]).into_owned();
                self.outcome.refusal.get_or_insert_with(text);
            }
        }
        Ok(self.outcome)
    }

    async fn send(&mut self, template: usize) -> anyhow::Result<()> {
        let mut rest = &self.templates[template].bytes[..];
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.stream.writable().await?;
                }
                Err(error) => return Err(error).context("sending"),
            }
        }
        Ok(())
    }

    /// The status of the answer, and its length.
    async fn receive(&mut self) -> anyhow::Result<(u16, usize)> {
        let mut filled = 0;
        let mut head: Option<Head> = None;
        loop {
            // Asked first, as there is nothing to read right after a request.
            self.stream.readable().await?;
            match self.stream.try_read(&mut self.buffer[filled..]) {
                Ok(0) => return Err(io::Error::from(ErrorKind::UnexpectedEof)).context("reading"),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error).context("reading"),
            }
            if head.is_none() {
                head = Head::parse(&self.buffer[..filled])?;
            }
            if let Some(head) = &head {
                let whole = head.octets + head.body_octets;
                if filled >= whole {
                    return Ok((head.status, whole));
                }
                if whole > self.buffer.len() {
                    self.buffer.resize(whole, 0);
                }
            }
        }
    }
}
