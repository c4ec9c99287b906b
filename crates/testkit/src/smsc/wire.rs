//! A socket that can be cut, stalled and polluted.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// What is to be done to one connection; shared with the session that runs on it.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cut: bool,
    stalled: bool,
    pollution: Vec<u8>,
    reader: Option<Waker>,
}

impl Faults {
    /// The connection ends now, in the midst of whatever it does.
    pub(super) fn cut(&self) {
        self.change(|state| state.cut = true);
    }

    /// Nothing is read while it is stalled.
    pub(super) fn stall(&self, stalled: bool) {
        self.change(|state| state.stalled = stalled);
    }

    /// Octets that are written as they are.
    pub(super) fn pollute(&self, octets: &[u8]) {
        self.change(|state| state.pollution.extend_from_slice(octets));
    }

    pub(super) fn is_cut(&self) -> bool {
        self.state().cut
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(super) struct Wire {
    socket: TcpStream,
    faults: Faults,
}

impl Wire {
    pub(super) fn new(socket: TcpStream, faults: Faults) -> Self {
        Self { socket, faults }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut state = this.faults.state();
        state.reader = Some(context.waker().clone());
        if state.cut {
            return Poll::Ready(Ok(()));
        }
        while !state.pollution.is_empty() {
            match Pin::new(&mut this.socket).poll_write(context, &state.pollution) {
                Poll::Ready(Ok(written)) => drop(state.pollution.drain(..written)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        if state.stalled {
            return Poll::Pending;
        }
        Pin::new(&mut this.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.faults.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.socket).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
