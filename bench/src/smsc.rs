//! An SMSC that accepts everything, and delivers a receipt for each message where it is asked to.
//!
//! It reads no more of a PDU than it needs: a whole session would take time
//! that the server then lacks on a machine with few cores.

use std::{
    collections::{HashMap, VecDeque},
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::net::{TcpListener, TcpStream};

const HEADER_OCTETS: usize = 16;
const DELIVER_SM: u32 = 0x05;
const SUBMIT_SM: u32 = 0x04;
const UNBIND: u32 = 0x06;
const ENQUIRE_LINK: u32 = 0x15;
const BINDS: [u32; 3] = [0x01, 0x02, 0x09];
const ANSWER: u32 = 0x8000_0000;

/// A receipt comes this long after its submit, so that it does not overtake the answer.
const RECEIPT_AFTER: Duration = Duration::from_millis(500);

/// Receipts without an answer at once.
const WINDOW: usize = 500;

/// How often receipts that are due are looked for.
const TICK: Duration = Duration::from_millis(5);

/// Whether receipts are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipts {
    Sent,
    None,
}

#[derive(Debug, Default)]
struct Shared {
    submits: AtomicU64,
    acknowledged: AtomicU64,
    stop: AtomicBool,
}

/// The SMSC on a thread of its own; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Smsc {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

impl Smsc {
    pub(crate) fn start(receipts: Receipts) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::default());
        let running = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("smsc".to_owned()).spawn(move || {
            if let Err(error) = runtime.block_on(listen(listener, receipts, &running)) {
                eprintln!("bench: the SMSC ended: {error:#}");
            }
        })?;
        Ok(Self { port, shared })
    }

    /// Submits that were answered.
    pub(crate) fn submits(&self) -> u64 {
        self.shared.submits.load(Ordering::Relaxed)
    }

    /// Receipts that the server took.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

async fn listen(
    listener: std::net::TcpListener,
    receipts: Receipts,
    shared: &Arc<Shared>,
) -> anyhow::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut look = tokio::time::interval(Duration::from_millis(100));
    while !shared.stop.load(Ordering::Relaxed) {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted?.0,
            _ = look.tick() => continue,
        };
        stream.set_nodelay(true)?;
        let session = Session {
            receipts,
            shared: Arc::clone(shared),
            input: Vec::new(),
            output: Vec::new(),
            due: VecDeque::new(),
            open: HashMap::new(),
            sequence: 0,
        };
        tokio::spawn(async move {
            // The server hangs up when it stops.
            if let Err(error) = session.run(&stream).await {
                eprintln!("bench: an SMPP session ended: {error:#}");
            }
        });
    }
    Ok(())
}

struct Session {
    receipts: Receipts,
    shared: Arc<Shared>,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Receipts to be sent, the next one first.
    due: VecDeque<(Instant, Receipt)>,
    /// Receipts without an answer, by sequence number.
    open: HashMap<u32, Receipt>,
    sequence: u32,
}

/// What a receipt repeats of its submit.
struct Receipt {
    id: u64,
    /// `source_addr_ton` up to the end of `source_addr`.
    source: Vec<u8>,
    destination: Vec<u8>,
}

impl Session {
    async fn run(mut self, stream: &TcpStream) -> anyhow::Result<()> {
        let mut tick = tokio::time::interval(TICK);
        let mut chunk = vec![0; 256 * 1024];
        loop {
            tokio::select! {
                ready = stream.readable() => ready?,
                _ = tick.tick(), if !self.due.is_empty() => {}
            }
            match stream.try_read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(read) => self.input.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(()),
                Err(error) => return Err(error).context("reading"),
            }
            self.answer()?;
            self.deliver();
            self.write(stream).await?;
        }
    }

    /// Answers every whole PDU that was read.
    fn answer(&mut self) -> anyhow::Result<()> {
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        while rest.len() >= HEADER_OCTETS {
            let length = usize::try_from(word(rest, 0))?;
            if length < HEADER_OCTETS {
                bail!("a PDU of {length} octets");
            }
            if rest.len() < length {
                break;
            }
            let (pdu, after) = rest.split_at(length);
            self.answer_one(word(pdu, 4), word(pdu, 8), word(pdu, 12), &pdu[HEADER_OCTETS..])?;
            rest = after;
        }
        self.input = rest.to_vec();
        Ok(())
    }

    fn answer_one(
        &mut self,
        command: u32,
        status: u32,
        sequence: u32,
        body: &[u8],
    ) -> anyhow::Result<()> {
        match command {
            SUBMIT_SM => {
                let id = self.shared.submits.fetch_add(1, Ordering::Relaxed) + 1;
                put(&mut self.output, command | ANSWER, sequence, format!("{id:010}\0").as_bytes());
                if self.receipts == Receipts::Sent {
                    let receipt = receipt(id, body).context("a short submit_sm")?;
                    self.due.push_back((Instant::now() + RECEIPT_AFTER, receipt));
                }
            }
            command if command == DELIVER_SM | ANSWER => {
                if let Some(receipt) = self.open.remove(&sequence) {
                    if status == 0 {
                        self.shared.acknowledged.fetch_add(1, Ordering::Relaxed);
                    } else {
                        self.due.push_back((Instant::now() + RECEIPT_AFTER, receipt));
                    }
                }
            }
            ENQUIRE_LINK | UNBIND => put(&mut self.output, command | ANSWER, sequence, &[]),
            command if BINDS.contains(&command) => {
                put(&mut self.output, command | ANSWER, sequence, b"bench\0");
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends receipts that are due, as far as the window goes.
    fn deliver(&mut self) {
        let now = Instant::now();
        while self.open.len() < WINDOW && self.due.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, receipt)) = self.due.pop_front() else { return };
            self.sequence += 1;
            let mut body = vec![0];
            body.extend_from_slice(&receipt.destination);
            body.extend_from_slice(&receipt.source);
            let text = format!(
                "id:{:010} sub:001 dlvrd:001 submit date:2604031015 done date:2604031016 \
                 stat:DELIVRD err:000 text:",
                receipt.id
            );
            // esm_class 4: a receipt. Then eight fields of one octet, all 0, and the text's length.
            body.extend_from_slice(&[4, 0, 0, 0, 0, 0, 0, 0, 0]);
            body.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
            body.extend_from_slice(text.as_bytes());
            put(&mut self.output, DELIVER_SM, self.sequence, &body);
            self.open.insert(self.sequence, receipt);
        }
    }

    async fn write(&mut self, stream: &TcpStream) -> anyhow::Result<()> {
        let mut rest = &self.output[..];
        while !rest.is_empty() {
            match stream.try_write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => stream.writable().await?,
                Err(error) => return Err(error).context("writing"),
            }
        }
        self.output.clear();
        Ok(())
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

fn put(output: &mut Vec<u8>, command: u32, sequence: u32, body: &[u8]) {
    let length = u32::try_from(HEADER_OCTETS + body.len()).unwrap_or(u32::MAX);
    for word in [length, command, 0, sequence] {
        output.extend_from_slice(&word.to_be_bytes());
    }
    output.extend_from_slice(body);
}

/// The addresses of a `submit_sm`. SMPP 3.4 §4.4.1.
fn receipt(id: u64, body: &[u8]) -> Option<Receipt> {
    let service_type = cstring(body)?;
    let source_at = service_type;
    let source_end = source_at + 2 + cstring(body.get(source_at + 2..)?)?;
    let destination_end = source_end + 2 + cstring(body.get(source_end + 2..)?)?;
    Some(Receipt {
        id,
        source: body[source_at..source_end].to_vec(),
        destination: body[source_end..destination_end].to_vec(),
    })
}

/// The octets of a text with its final zero.
fn cstring(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(0, bytes).map(|end| end + 1)
}
