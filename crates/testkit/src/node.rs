//! One process of the product, as far as a test can hold it in its own.

use std::{
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use engine::{Clock, Config, Engine};
use store::{Access, Location, Store};
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// An engine with a runtime of its own, in which time stands still until a test lets it pass.
///
/// Dropped, it ends as if it were killed: nothing is finished, drained or released.
#[derive(Debug)]
pub(crate) struct Node {
    engine: Option<Arc<Engine>>,
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Node {
    pub(crate) async fn start(location: &Location, clock: Clock, config: Config) -> Self {
        let location = location.clone();
        let (ready, started) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime =
                Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            // While a blocking task runs, paused time does not run ahead by itself.
            let (hold, held) = mpsc::channel::<()>();
            runtime.spawn_blocking(move || held.recv());
            runtime.block_on(async move {
                let store =
                    Store::open(&location, Access::Server, true, clock.now()).await.unwrap();
                let engine = Engine::new(store, clock, config);
                if ready.send((engine, Handle::current())).is_ok() {
                    drop(stopped.await);
                }
            });
            drop(hold);
        });
        let (engine, handle) = started.await.expect("the database opens");
        Self { engine: Some(engine), handle, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn engine(&self) -> Arc<Engine> {
        Arc::clone(self.engine.as_ref().expect("it is there until the drop"))
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Lets time pass for sessions: their timeouts, pauses and reconnects.
    pub(crate) async fn pass(&self, span: Duration) {
        self.handle.spawn(tokio::time::advance(span)).await.unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.engine = None;
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
