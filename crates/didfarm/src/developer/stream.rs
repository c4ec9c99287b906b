//! The stream of events, resumed after each cut right where it was.

use std::time::Duration;

use reqwest::Response;

use super::client::{Client, Refused};

/// Between a cut and the next try, doubled each time up to the second.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
const PAUSE_LAST: Duration = Duration::from_secs(10);

/// The server lets something be heard every 15 seconds.
const SILENCE_MAX: Duration = Duration::from_secs(45);

/// What each connection begins with.
const GREETING: &str = "ready";

/// An event as it came.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) seq: i64,
    pub(super) event: String,
    pub(super) data: String,
}

pub(super) struct Stream<'a> {
    client: &'a Client,
    path: &'static str,
    /// The last event that was heard.
    after: Option<i64>,
    answer: Option<Response>,
    lines: Lines,
    pause: Duration,
}

impl<'a> Stream<'a> {
    /// Opens the stream: what follows is told of, from now on.
    pub(super) async fn open(client: &'a Client, path: &'static str) -> anyhow::Result<Self> {
        let answer = Some(client.stream(path, None).await?);
        let lines = Lines::default();
        let mut stream = Self { client, path, after: None, answer, lines, pause: PAUSE_FIRST };
        // The greeting tells where the stream begins.
        stream.told().await?;
        Ok(stream)
    }

    /// The next event, however long that takes and however often the connection is cut. Fails where
    /// the server does not let this key go on.
    pub(super) async fn next(&mut self) -> anyhow::Result<Told> {
        loop {
            let told = self.told().await?;
            if told.event != GREETING {
                return Ok(told);
            }
        }
    }

    async fn told(&mut self) -> anyhow::Result<Told> {
        loop {
            if let Some(told) = self.lines.take() {
                self.after = Some(told.seq);
                self.pause = PAUSE_FIRST;
                return Ok(told);
            }
            let chunk = match &mut self.answer {
                Some(answer) => tokio::time::timeout(SILENCE_MAX, answer.chunk()).await,
                None => {
                    self.connect().await?;
                    continue;
                }
            };
            match chunk {
                Ok(Ok(Some(octets))) => self.lines.add(&octets),
                // Ended, cut, or silent.
                _ => {
                    self.answer = None;
                    self.lines = Lines::default();
                    eprintln!("didfarm: the connection was cut; connecting again…");
                }
            }
        }
    }

    async fn connect(&mut self) -> anyhow::Result<()> {
        match self.client.stream(self.path, self.after).await {
            Ok(answer) => self.answer = Some(answer),
            Err(error) if error.downcast_ref::<Refused>().is_some_and(is_final) => {
                return Err(error);
            }
            Err(_) => {
                tokio::time::sleep(self.pause).await;
                self.pause = (self.pause * 2).min(PAUSE_LAST);
            }
        }
        Ok(())
    }
}

/// Whether asking again is of no use: the key was revoked, or may not do this.
fn is_final(refused: &Refused) -> bool {
    refused.status.is_client_error() && refused.status != reqwest::StatusCode::TOO_MANY_REQUESTS
}

/// Octets that are being put together to events.
#[derive(Debug, Default)]
struct Lines {
    rest: Vec<u8>,
    begun: Told,
    whole: std::collections::VecDeque<Told>,
}

impl Lines {
    fn add(&mut self, octets: &[u8]) {
        self.rest.extend_from_slice(octets);
        while let Some(end) = self.rest.iter().position(|octet| *octet == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            self.line(line.trim_end_matches(['\r', '\n']));
        }
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            let told = std::mem::take(&mut self.begun);
            if !told.event.is_empty() {
                self.whole.push_back(told);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.begun.seq = value.parse().unwrap_or_default(),
            "event" => value.clone_into(&mut self.begun.event),
            "data" => self.begun.data.push_str(value),
            // Comments keep the connection alive; "retry" is for browsers.
            _ => {}
        }
    }

    fn take(&mut self) -> Option<Told> {
        self.whole.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_put_together_however_they_are_cut() {
        let sent = ": hello\n\nevent: sms.status\nid: 7\ndata: {\"a\":1}\n\nevent: x\r\nid: 8\r\ndata: {}\r\n\r\n";
        for size in 1..sent.len() {
            let mut lines = Lines::default();
            sent.as_bytes().chunks(size).for_each(|chunk| lines.add(chunk));
            let told: Vec<Told> = std::iter::from_fn(|| lines.take()).collect();
            assert_eq!(told.len(), 2, "in pieces of {size}");
            assert_eq!((told[0].seq, told[0].event.as_str()), (7, "sms.status"));
            assert_eq!(told[0].data, "{\"a\":1}");
            assert_eq!(told[1].seq, 8);
        }
    }
}
