//! A way to PostgreSQL that can be lost at the worst moment: inside a commit.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// When the connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The server never hears of the commit.
    BeforeCommit,
    /// The server has committed; nobody hears of that.
    AfterCommit,
}

/// What a connection sends to commit, as a simple query.
const COMMIT: &[u8] = b"COMMIT\0";

/// A running proxy; clones are the same one.
#[derive(Debug, Clone)]
pub struct Proxy {
    port: u16,
    armed: Arc<Mutex<Option<Loss>>>,
    losses: Arc<AtomicUsize>,
}

impl Proxy {
    /// Stands before the server at `host` and `port`.
    pub(crate) async fn before(host: &str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            armed: Arc::default(),
            losses: Arc::default(),
        };
        let (serving, server) = (proxy.clone(), (host.to_owned(), port));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(server.clone()).await else { continue };
                tokio::spawn(serving.clone().carry(client, server));
            }
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Loses the connection on which the next commit is sent.
    pub fn lose_next(&self, loss: Loss) {
        *self.armed.lock().unwrap_or_else(PoisonError::into_inner) = Some(loss);
    }

    /// Connections that were lost so far.
    pub fn losses(&self) -> usize {
        self.losses.load(Ordering::SeqCst)
    }

    async fn carry(self, mut client: TcpStream, mut server: TcpStream) {
        let (mut asked, mut answered) = ([0; 16 * 1024], [0; 16 * 1024]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let Ok(count @ 1..) = read else { return };
                    let commits = asked[..count].windows(COMMIT.len()).any(|part| part == COMMIT);
                    let armed = &self.armed;
                    let loss = commits
                        .then(|| armed.lock().unwrap_or_else(PoisonError::into_inner).take())
                        .flatten();
                    if loss == Some(Loss::BeforeCommit) {
                        self.losses.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                    if server.write_all(&asked[..count]).await.is_err() {
                        return;
                    }
                    if loss == Some(Loss::AfterCommit) {
                        // Its answer says that it is done; it goes no further.
                        drop(server.read(&mut answered).await);
                        self.losses.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                }
                read = server.read(&mut answered) => {
                    let Ok(count @ 1..) = read else { return };
                    if client.write_all(&answered[..count]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
