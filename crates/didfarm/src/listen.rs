//! Accepts connections, with limits that a plain server lacks, until it is told to stop.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use api::{Entrance, Peer};
use axum::{body::Body, http::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// A peer that has not sent its headers within this long is let go.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// Connections at once; further ones wait in the backlog.
const CONNECTIONS_MAX: usize = 10_000;

/// Requests in flight are waited for this long after the stop.
const FINISH_WITHIN: Duration = Duration::from_secs(10);

pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| anyhow::anyhow!("cannot listen on {address}: {error}"))
}

/// Serves until `stop`, then finishes what is in flight.
pub(crate) async fn serve(listener: TcpListener, entrance: Entrance, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = next(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let entrance = entrance.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            let answer = entrance.clone().serve(request.map(Body::new));
            async { Ok::<_, Infallible>(answer.await) }
        });
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            // hyper's own time limit begins only once it knows the protocol.
            let Ok(Ok(speaks_http2)) = timeout(HEADERS_WITHIN, speaks_http2(&stream)).await else {
                return;
            };
            let mut builder = Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
            builder.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30));
            let builder = if speaks_http2 { builder.http2_only() } else { builder.http1_only() };
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(place);
        });
    }
    drop(listener);
    if timeout(FINISH_WITHIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in flight when the time was up");
    }
}

/// Whether the first octets are HTTP/2's; waits until they tell.
async fn speaks_http2(stream: &TcpStream) -> std::io::Result<bool> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0";

    let mut seen = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut seen).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if !PREFACE.starts_with(&seen[..count]) || count == PREFACE.len() {
            return Ok(count == PREFACE.len() && seen == *PREFACE);
        }
        // The rest is on its way; `peek` would answer the same octets at once.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection was gone at once");
            }
            Some((stream, peer, place))
        }
        Err(error) => {
            // Out of file descriptors, mostly: those that end will free some.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
