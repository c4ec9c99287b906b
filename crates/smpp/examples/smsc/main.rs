//! An SMSC with a memory, for trying clients: what comes is written to standard output,
//! what is to happen is read from standard input, one JSON object a line.
//!
//! ```text
//! cargo run -p smpp --example smsc -- SYSTEM_ID PASSWORD [ENQUIRE_LINK_MS]
//! {"event":"listening","port":40123}
//! ```
//!
//! Whoever binds with that name and password is let in. Messages get the ids 1, 2, 3…, and can
//! be queried, replaced and cancelled until a receipt ends them; `command.rs` has what can be said.

mod command;
mod json;
mod memory;

use std::{collections::BTreeMap, io, sync::Arc, time::Duration};

use command::Command;
use json::say;
use memory::Memory;
use serde_json::json;
use smpp::{
    BindMode, Body, CommandStatus, Event, Incoming, Limits, Outbind, Pdu,
    server::{self, ServerSession},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
};

struct Smsc {
    system_id: String,
    password: String,
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Connections so far; each has the number that its events carry.
    connections: u64,
    sessions: BTreeMap<u64, ServerSession>,
    memory: Memory,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(system_id), Some(password)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: smsc SYSTEM_ID PASSWORD [ENQUIRE_LINK_MS]");
        std::process::exit(2);
    };
    let mut limits = Limits { window: 100, ..Limits::default() };
    if let Some(interval) = arguments.next() {
        let interval_ms = interval.parse().map_err(io::Error::other)?;
        limits.enquire_link_every = Duration::from_millis(interval_ms);
    }
    let smsc = Arc::new(Smsc { system_id, password, limits, state: Mutex::default() });

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    say(&json!({"event": "listening", "port": listener.local_addr()?.port()}));
    let accepting = Arc::clone(&smsc);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(Arc::clone(&accepting).serve(stream));
        }
    });

    let mut lines = standard_input();
    while let Some(line) = lines.recv().await {
        match serde_json::from_str(&line) {
            Ok(command) => Arc::clone(&smsc).obey(command).await,
            Err(error) => say(&json!({"event": "error", "error": error.to_string()})),
        }
    }
    Ok(())
}

/// Lines as they come; it ends with the input.
fn standard_input() -> mpsc::UnboundedReceiver<String> {
    let (lines, received) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    received
}

impl Smsc {
    /// One connection from its bind to its end.
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let number = {
            let mut state = self.state.lock().await;
            state.connections += 1;
            state.connections
        };
        let ended = |reason: String| {
            say(&json!({"event": "down", "session": number, "reason": reason}));
        };
        if let Err(error) = stream.set_nodelay(true) {
            return ended(error.to_string());
        }
        let pending = match server::accept(stream).await {
            Ok(pending) => pending,
            Err(error) => return ended(error.to_string()),
        };
        let bind = pending.bind().clone();
        let known = bind.system_id == self.system_id && bind.password == self.password;
        let status = if known { CommandStatus::ME_ROK } else { CommandStatus::ME_RINVPASWD };
        say(&json::bind(number, &bind, status));
        if !known {
            let refused = pending.reject(status).await;
            return ended(
                refused.map_or_else(|error| error.to_string(), |()| "refused".to_owned()),
            );
        }
        let accepted = pending.accept("example", self.limits.clone(), number).await;
        let (session, mut events) = match accepted {
            Ok(open) => open,
            Err(error) => return ended(error.to_string()),
        };
        self.state.lock().await.sessions.insert(number, session);
        while let Some(event) = events.recv().await {
            match event {
                Event::Incoming(incoming) => self.answer(incoming).await,
                Event::Down { reason, .. } => ended(reason),
                other => json::outcome(number, &other).iter().for_each(say),
            }
        }
        self.state.lock().await.sessions.remove(&number);
    }

    /// A message is in the memory before it is acknowledged.
    async fn answer(&self, incoming: Incoming) {
        let Incoming { body, session, responder, .. } = incoming;
        let mut state = self.state.lock().await;
        let answer = state.memory.answer(&body);
        say(&json::request(session, &body, &answer));
        match answer {
            memory::Answer::Taken(id) => responder.accept_as(&id),
            memory::Answer::Done => responder.accept(),
            memory::Answer::Found(found) => {
                responder.answer_with(CommandStatus::ME_ROK, Body::QuerySmResp(found));
            }
            memory::Answer::Refused(status) => responder.reject(status),
        }
    }

    async fn obey(self: Arc<Self>, command: Command) {
        let done = match command {
            Command::Outbind { port } => {
                self.outbind(port).await.map_err(|error| error.to_string())
            }
            other => self.state.lock().await.obey(other),
        };
        if let Err(error) = done {
            say(&json!({"event": "error", "error": error}));
        }
    }

    /// Calls a client that waits to be called, and lets it bind on that connection.
    async fn outbind(self: Arc<Self>, port: u16) -> io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let outbind =
            Outbind { system_id: self.system_id.clone(), password: self.password.clone() };
        let mut octets = bytes::BytesMut::new();
        Pdu::request(1, Body::Outbind(outbind)).encode(&mut octets).map_err(io::Error::other)?;
        stream.write_all(&octets).await?;
        tokio::spawn(self.serve(stream));
        Ok(())
    }
}

impl State {
    fn obey(&mut self, command: Command) -> Result<(), String> {
        let failed = |error: smpp::NotQueued| error.to_string();
        match command {
            Command::AnswerNext { status } => self.memory.refuse_next(CommandStatus(status)),
            Command::DeliverSm { token, session, message } => {
                self.receiver(session)?.deliver(token, message.deliver_sm()).map_err(failed)?;
            }
            Command::DataSm { token, session, message } => {
                self.receiver(session)?.data(token, message.data_sm()).map_err(failed)?;
            }
            Command::Receipt { token, id, stat, err } => {
                let receipt = self.memory.receipt(&id, &stat, &err)?;
                self.receiver(None)?.deliver(token, receipt).map_err(failed)?;
            }
            Command::AlertNotification { source, esme } => {
                self.receiver(None)?.alert(command::alert(source, esme)).map_err(failed)?;
            }
            Command::Unbind => self.sessions.values().for_each(ServerSession::unbind),
            Command::Close => self.sessions.values().for_each(ServerSession::close),
            Command::Outbind { .. } => return Err("an outbind needs no session".to_owned()),
        }
        Ok(())
    }

    /// The session with that number, else the newest that receives.
    fn receiver(&self, number: Option<u64>) -> Result<&ServerSession, String> {
        let found = match number {
            Some(number) => self.sessions.get(&number),
            None => self.sessions.values().rfind(|one| one.mode() != BindMode::Transmitter),
        };
        found.ok_or_else(|| "no such session, or none that receives".to_owned())
    }
}
