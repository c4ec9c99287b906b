//! A handler that parses the send's JSON and answers 202: no checks, no storage.
//!
//! It runs as a process of its own, as the server does.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use anyhow::Context;
use axum::{Json, Router, http::StatusCode, routing::post, serve::ListenerExt};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::load::Template;

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsing is all that is measured")]
struct SendBody {
    from_number_id: Option<i64>,
    to: Option<String>,
    body: Option<String>,
    delivery: Option<String>,
}

async fn send(Json(_): Json<SendBody>) -> StatusCode {
    StatusCode::ACCEPTED
}

/// Serves until it is killed; prints its address.
pub(crate) fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            // Without it the handler is slower, and the ceiling lower; it cannot be more than that.
            drop(stream.set_nodelay(true));
        });
        let router = Router::new().route("/send", post(send));
        axum::serve(listener, router).await.context("serving")
    })
}

/// The handler's process; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Bare {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Bare {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bare-handler")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the bare handler cannot start")?;
        let stdout = child.stdout.take().context("the bare handler has no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().parse().context("the bare handler did not start")?;
        Ok(Self { child, address })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn template() -> Template {
        Template::post("df_live_of_the_same_length_as_a_real_key", "/send", &crate::world::body(1))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("bench: the bare handler does not end: {error}");
        }
    }
}
