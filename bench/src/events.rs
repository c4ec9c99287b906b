//! A customer who listens to the event stream and counts messages that were delivered.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::bail;
use memchr::memmem;

#[derive(Debug)]
pub(crate) struct Listener {
    stream: TcpStream,
    delivered: Arc<AtomicU64>,
}

impl Listener {
    pub(crate) fn start(address: SocketAddr, api_key: &str) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        let request = format!(
            "GET /api/v1/portal/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {api_key}\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let mut reader = BufReader::with_capacity(256 * 1024, stream.try_clone()?);
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        if !line.starts_with(b"HTTP/1.1 200") {
            bail!("no event stream: {}", String::from_utf8_lossy(&line));
        }
        let delivered = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&delivered);
        std::thread::Builder::new().name("events".to_owned()).spawn(move || {
            let status = memmem::Finder::new(br#""status":"delivered""#);
            loop {
                line.clear();
                match reader.read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) if line.starts_with(b"data:") && status.find(&line).is_some() => {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(_) => {}
                }
            }
        })?;
        Ok(Self { stream, delivered })
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The server may have hung up before.
        drop(self.stream.shutdown(Shutdown::Both));
    }
}
