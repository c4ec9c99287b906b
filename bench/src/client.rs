//! Calls of the API to set the stage, one after another on one connection.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::answer::Head;

#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
    key: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, key: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream, key: key.to_owned() })
    }

    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<Value> {
        self.call("GET", path, "application/json", "")
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call("POST", path, "application/json", &body.to_string())
    }

    pub(crate) fn patch(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call("PATCH", path, "application/json", &body.to_string())
    }

    pub(crate) fn call(
        &mut self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &str,
    ) -> anyhow::Result<Value> {
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut chunk = [0; 16 * 1024];
        let head = loop {
            let read = self.stream.read(&mut chunk)?;
            if read == 0 {
                bail!("{method} {path}: the server closed the connection");
            }
            answer.extend_from_slice(&chunk[..read]);
            match Head::parse(&answer)? {
                Some(head) if answer.len() >= head.octets + head.body_octets => break head,
                _ => {}
            }
        };
        let body = String::from_utf8_lossy(&answer[head.octets..]);
        if !(200..300).contains(&head.status) {
            bail!("{method} {path}: {} {body}", head.status);
        }
        serde_json::from_str(&body).with_context(|| format!("{method} {path}: {body}"))
    }
}
