//! From a name and a port to a bound stream.

use std::time::Duration;

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::ClientConfig;
use crate::{Bind, Body, CommandStatus, Pdu, frame};

/// For the name, the connection, TLS and the bind together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// TCP, with or without TLS.
pub(super) type Stream = Box<dyn Duplex>;

pub(super) enum ConnectError {
    /// The peer does not accept who we say we are.
    Refused(String),
    Failed(String),
}

/// A bound stream and what was read beyond the answer to the bind.
pub(super) async fn connect(config: &ClientConfig) -> Result<(Stream, BytesMut), ConnectError> {
    timeout(CONNECT_TIMEOUT, async {
        let mut stream = open(config).await?;
        let buffered = bind(&mut stream, config).await?;
        Ok((stream, buffered))
    })
    .await
    .unwrap_or_else(|_| Err(ConnectError::Failed("the peer did not answer the bind".to_owned())))
}

async fn open(config: &ClientConfig) -> Result<Stream, ConnectError> {
    let failed = |error: std::io::Error| ConnectError::Failed(format!("cannot connect: {error}"));
    let tcp = TcpStream::connect((config.host.as_str(), config.port)).await.map_err(failed)?;
    tcp.set_nodelay(true).map_err(failed)?;
    match &config.tls {
        None => Ok(Box::new(tcp)),
        Some(tls) => {
            let stream = tls.connect(&config.host, tcp).await.map_err(|error| {
                ConnectError::Failed(format!("TLS with {} failed: {error}", config.host))
            })?;
            Ok(Box::new(stream))
        }
    }
}

async fn bind(stream: &mut Stream, config: &ClientConfig) -> Result<BytesMut, ConnectError> {
    let failed = |reason: String| ConnectError::Failed(reason);
    let request = Pdu::request(
        1,
        Body::Bind(Bind {
            mode: config.mode,
            system_id: config.system_id.clone(),
            password: config.password.clone(),
            system_type: config.system_type.clone(),
            interface_version: config.interface_version,
            addr_ton: 0,
            addr_npi: 0,
            address_range: String::new(),
        }),
    );
    let mut buffer = BytesMut::new();
    request
        .encode(&mut buffer)
        .map_err(|error| ConnectError::Refused(format!("the bind cannot be sent: {error}")))?;
    stream.write_all(&buffer).await.map_err(|error| failed(error.to_string()))?;
    buffer.clear();
    loop {
        match frame::next(&mut buffer).map_err(|error| failed(error.to_string()))? {
            Some(decoded) => match decoded.pdu.body {
                Body::BindResp(_) | Body::GenericNack => {
                    return answered(decoded.pdu.status).map(|()| buffer);
                }
                // Some peers ask for life before they answer.
                _ => continue,
            },
            None => {
                let read = stream.read_buf(&mut buffer).await;
                match read {
                    Ok(0) => return Err(failed("the peer closed instead of binding".to_owned())),
                    Ok(_) => {}
                    Err(error) => return Err(failed(format!("cannot bind: {error}"))),
                }
            }
        }
    }
}

fn answered(status: CommandStatus) -> Result<(), ConnectError> {
    let reason = format!("the peer refused the bind: {status}");
    match status {
        CommandStatus::ME_ROK => Ok(()),
        CommandStatus::ME_RBINDFAIL
        | CommandStatus::ME_RINVPASWD
        | CommandStatus::ME_RINVSYSID
        | CommandStatus::ME_RINVSYSTYP => Err(ConnectError::Refused(reason)),
        _ => Err(ConnectError::Failed(reason)),
    }
}
