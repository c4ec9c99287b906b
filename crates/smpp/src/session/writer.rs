//! Writes what has gathered, many PDUs at a time.

use bytes::BytesMut;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::shared::{Shared, Turn};

pub(super) async fn write(mut output: impl AsyncWrite + Unpin, shared: &Shared) -> String {
    let mut buffer = BytesMut::new();
    loop {
        buffer.clear();
        let turn = shared.state().fill(&mut buffer, shared.limits.answer_timeout);
        match turn {
            Turn::Write => {
                let written = async {
                    output.write_all(&buffer).await?;
                    output.flush().await
                };
                if let Err(error) = written.await {
                    return format!("the connection broke while writing: {error}");
                }
            }
            Turn::Wait(until) => {
                let pause_is_over = async {
                    match until {
                        Some(until) => tokio::time::sleep_until(until).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = shared.to_write.notified() => {}
                    () = pause_is_over => {}
                }
            }
            Turn::End(reason) => {
                // The peer sees the end of the stream after the last PDU.
                if let Err(error) = output.shutdown().await {
                    tracing::debug!(%error, "the connection was gone already");
                }
                return reason;
            }
        }
    }
}
