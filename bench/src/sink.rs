//! A customer's endpoint on this machine: takes all that is pushed to it, and tells how late it came.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
    serve::ListenerExt,
};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{figures::float, histogram::Histogram};

const DAY_MICROS: u128 = 86_400_000_000;

#[derive(Default)]
struct Taken {
    ids: HashSet<String>,
    /// From the time that the payload names to its arrival.
    lateness: Histogram,
}

/// A running endpoint; it ends with the benchmark.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sink({})", self.address)
    }
}

impl Sink {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let taken = Arc::new(Mutex::new(Taken::default()));
        let (ready, started) = mpsc::channel();
        let serving = Arc::clone(&taken);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                ready.send(listener.local_addr()?)?;
                let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
                let router = Router::new().route("/", post(take)).with_state(serving);
                axum::serve(listener, router).await?;
                anyhow::Ok(())
            })
        });
        let address = started.recv().context("the sink does not start")?;
        Ok(Self { address, taken })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events, each counted once however often it came.
    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.taken().ids.len()).unwrap_or(u64::MAX)
    }

    /// How late events came, in milliseconds: half of them, and all but one in a hundred.
    pub(crate) fn lateness_ms(&self) -> (f64, f64) {
        let taken = self.taken();
        let ms = |per_mille| {
            let micros = taken.lateness.quantile(per_mille).as_micros();
            float(u64::try_from(micros).unwrap_or(u64::MAX)) / 1_000.0
        };
        (ms(500), ms(990))
    }

    /// Forgets what came so far.
    pub(crate) fn forget(&self) {
        *self.taken() = Taken::default();
    }
}

async fn take(
    State(taken): State<Arc<Mutex<Taken>>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> StatusCode {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let late = body.pointer("/data/sent_at").and_then(Value::as_str).and_then(since);
    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    if taken.ids.insert(id.to_owned())
        && let Some(late) = late
    {
        taken.lateness.record(late);
    }
    StatusCode::NO_CONTENT
}

/// How long ago a time of this day was; `2026-04-03T10:15:30.000000Z`.
fn since(time: &str) -> Option<Duration> {
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<u128>().ok();
    let minutes = number(11, 13)? * 60 + number(14, 16)?;
    let then = (minutes * 60 + number(17, 19)?) * 1_000_000 + number(20, 26)?;
    #[expect(clippy::disallowed_methods, reason = "the server's clock is the system's")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_micros() % DAY_MICROS;
    let micros = (now + DAY_MICROS - then) % DAY_MICROS;
    Some(Duration::from_micros(u64::try_from(micros).ok()?))
}
