//! A customer's endpoint: takes what is pushed to it, as a test says.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What the endpoint does with a request that it has read.
#[derive(Debug, Clone)]
pub enum Reaction {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// Says nothing, and keeps the connection.
    Hang,
    /// Begins to answer, an octet now and then, without end.
    Drip,
    /// Answers 200 with a body that has no end.
    Endless,
    Close,
}

impl Reaction {
    pub fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: String::new() }
    }

    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        match self {
            Self::Answer { status, mut headers, body } => {
                headers.push((name.to_owned(), value.to_owned()));
                Self::Answer { status, headers, body }
            }
            other => other,
        }
    }

    #[must_use]
    pub fn body(self, text: &str) -> Self {
        match self {
            Self::Answer { status, headers, .. } => {
                Self::Answer { status, headers, body: text.to_owned() }
            }
            other => other,
        }
    }
}

/// A request as it was read.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Pushed {
    /// The header `webhook-id`.
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }
}

#[derive(Debug)]
struct State {
    script: VecDeque<Reaction>,
    always: Reaction,
    requests: Vec<Pushed>,
}

/// A running endpoint; clones are the same one.
#[derive(Debug, Clone)]
pub struct Hook {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Hook {
    /// Answers 204 to everything, until it is told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state =
            State { script: VecDeque::new(), always: Reaction::status(204), requests: Vec::new() };
        let hook = Self {
            port: listener.local_addr().unwrap().port(),
            state: Arc::new(Mutex::new(state)),
        };
        let serving = hook.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move {
                    // A client may go whenever it likes.
                    drop(serving.serve(stream).await);
                });
            }
        });
        hook
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it does next, once; after what it was told before.
    pub fn next(&self, reaction: Reaction) {
        self.state().script.push_back(reaction);
    }

    /// What it does with all else.
    pub fn always(&self, reaction: Reaction) {
        self.state().always = reaction;
    }

    pub fn requests(&self) -> Vec<Pushed> {
        self.state().requests.clone()
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read_request(&mut stream).await? {
            let reaction = {
                let mut state = self.state();
                state.requests.push(request);
                state.script.pop_front().unwrap_or_else(|| state.always.clone())
            };
            match reaction {
                Reaction::Answer { status, headers, body } => {
                    let mut head = format!("HTTP/1.1 {status} Said\r\n");
                    for (name, value) in headers {
                        head.push_str(&format!("{name}: {value}\r\n"));
                    }
                    if status != 204 {
                        head.push_str(&format!("content-length: {}\r\n", body.len()));
                    }
                    head.push_str("\r\n");
                    stream.write_all(head.as_bytes()).await?;
                    stream.write_all(body.as_bytes()).await?;
                }
                Reaction::Hang => {
                    // Until the client goes.
                    stream.read_u8().await?;
                }
                Reaction::Drip => {
                    stream.write_all(b"HTTP/1.1 200 Slow\r\nx-slow: ").await?;
                    loop {
                        stream.write_all(b"x").await?;
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
                Reaction::Endless => {
                    stream.write_all(b"HTTP/1.1 200 Long\r\n\r\n").await?;
                    let chunk = [b'x'; 16 * 1_024];
                    loop {
                        stream.write_all(&chunk).await?;
                    }
                }
                Reaction::Close => return Ok(()),
            }
        }
        Ok(())
    }
}

/// The next request of a connection; `None` at its end.
async fn read_request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Pushed>> {
    let mut headers = BTreeMap::new();
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Pushed { headers, body: String::from_utf8(body).unwrap() }))
}
