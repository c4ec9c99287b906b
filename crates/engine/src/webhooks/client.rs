//! Posting to customers' URLs: only to addresses that were checked, bounded in time and in octets.

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use domain::Timestamp;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
};
use reqwest::{
    Client, Response, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect,
};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout, timeout_at};

use super::{WebhookPolicy, addresses::is_in};

/// An endpoint answers within this long, or it has not answered.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What of an answer's body is kept.
const RESPONSE_OCTETS_MAX: usize = 2_048;

/// What of an answer's body is read, so that its connection can be used again.
const READ_OCTETS_MAX: usize = 64 * 1_024;

/// The status is the answer: its body may take a little longer, and then goes unread.
const BODY_WITHIN: Duration = Duration::from_secs(1);

const LOOKUP_WITHIN: Duration = Duration::from_secs(5);

const IDLE_CONNECTIONS_PER_HOST: usize = 32;
const IDLE_FOR: Duration = Duration::from_secs(20);

/// What an endpoint made of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Status { code: u16, retry_after: Option<Duration>, response: String },
    None { error: String },
}

impl Answer {
    pub(crate) fn none(error: impl Into<String>) -> Self {
        Self::None { error: error.into() }
    }

    pub(crate) fn is_success(&self) -> bool {
        matches!(self, Self::Status { code: 200..=299, .. })
    }
}

/// What is posted.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The clients, and what they may dial.
#[derive(Debug)]
pub(crate) struct Poster {
    policy: Arc<WebhookPolicy>,
    /// Dials public addresses, and what is allowed besides.
    anywhere: Client,
    /// Dials only what is allowed besides: for URLs that are fine nowhere else.
    inside: Client,
}

impl Poster {
    pub(crate) fn new(policy: &WebhookPolicy) -> Self {
        let policy = Arc::new(policy.clone());
        let names = match resolver(&policy) {
            Ok(names) => Some(Arc::new(names)),
            Err(error) => {
                tracing::warn!(%error, "without the system's name servers, webhooks reach no names");
                None
            }
        };
        let client = |inside_only| {
            let guard = Guard { policy: Arc::clone(&policy), names: names.clone(), inside_only };
            Client::builder()
                .tls_backend_preconfigured(tls())
                .redirect(redirect::Policy::none())
                .no_proxy()
                .referer(false)
                .dns_resolver(guard)
                .user_agent(concat!("didfarm/", env!("CARGO_PKG_VERSION")))
                .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
                .pool_idle_timeout(IDLE_FOR)
                .build()
                .expect("the settings are the same in every process")
        };
        Self { anywhere: client(false), inside: client(true), policy }
    }

    /// Posts once; the address is checked again, however often that was done before.
    pub(crate) async fn post(&self, post: Post, now: Timestamp) -> Answer {
        let target = match self.policy.target(&post.url) {
            Ok(target) => target,
            Err(error) => return Answer::none(error.0),
        };
        let client = if target.anywhere { &self.anywhere } else { &self.inside };
        let request = client
            .post(target.url)
            .headers(post.headers)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(post.body);
        let end = Instant::now() + ANSWER_WITHIN;
        match timeout_at(end, request.send()).await {
            Err(_) => {
                Answer::none(format!("No answer within {} seconds.", ANSWER_WITHIN.as_secs()))
            }
            Ok(Err(error)) => Answer::none(explain(&error)),
            Ok(Ok(response)) => {
                let code = response.status();
                let retry_after = retry_after(&response, now);
                let response = beginning(response).await;
                Answer::Status { code: code.as_u16(), retry_after, response }
            }
        }
    }
}

/// Checks what a name resolves to, each time that it is dialled: what was checked is what is dialled.
struct Guard {
    policy: Arc<WebhookPolicy>,
    /// `None` where the system names no servers.
    names: Option<Arc<TokioResolver>>,
    inside_only: bool,
}

/// The name leads where a customer's URL must not.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, names, inside_only) =
            (Arc::clone(&self.policy), self.names.clone(), self.inside_only);
        Box::pin(async move {
            let name = name.as_str().trim_end_matches('.').to_ascii_lowercase();
            let found = if name == "localhost" || name.ends_with(".localhost") {
                // Never asked of a server: RFC 6761, section 6.3.
                vec![IpAddr::from([127, 0, 0, 1])]
            } else {
                let names = names.ok_or_else(|| {
                    Refused(format!("{name} cannot be resolved: there are no name servers."))
                })?;
                let asked = timeout(LOOKUP_WITHIN, names.lookup_ip(format!("{name}.")));
                let answered = asked.await.map_err(|_| {
                    Refused(format!("{name} was not resolved within {LOOKUP_WITHIN:?}."))
                })?;
                let answered = answered
                    .map_err(|error| Refused(format!("{name} cannot be resolved: {error}.")))?;
                answered.iter().collect()
            };
            // One address that is refused is enough: a name that leads in and out is a trick.
            for ip in &found {
                policy.address(*ip).map_err(|what| {
                    Refused(format!(
                        "{name} leads to {ip}, {what} address; only public ones are dialled."
                    ))
                })?;
                if inside_only && !is_in(*ip, &policy.allow_networks) {
                    return Err(Refused(format!(
                        "{name} leads to {ip}, where only https on the usual ports is allowed."
                    ))
                    .into());
                }
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

fn resolver(policy: &WebhookPolicy) -> Result<TokioResolver, Box<dyn Error + Send + Sync>> {
    let Some(server) = policy.dns else {
        return Ok(TokioResolver::builder_tokio()?.build()?);
    };
    let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for connection in &mut connections {
        connection.port = server.port();
    }
    let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    Ok(builder.build()?)
}

/// Trusts the public certificate authorities.
fn tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The innermost cause says most: what is around it names the URL again.
fn explain(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let cause = cause.to_string();
    let cause = cause.trim_end_matches('.');
    if error.is_connect() {
        format!("No connection: {cause}.")
    } else {
        format!("No answer: {cause}.")
    }
}

fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let wanted = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    if !wanted.contains(&response.status()) {
        return None;
    }
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(Timestamp::parse_http(text).ok()?.since(now))
}

/// The first octets of the body as text. What is longer or slower is left unread.
async fn beginning(mut response: Response) -> String {
    let mut kept = Vec::new();
    let reading = async {
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = RESPONSE_OCTETS_MAX.saturating_sub(kept.len());
            kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
            read += chunk.len();
            if read > READ_OCTETS_MAX {
                return;
            }
        }
    };
    // What arrived in time is kept either way.
    drop(timeout(BODY_WITHIN, reading).await);
    // PostgreSQL keeps NUL in no text.
    String::from_utf8_lossy(&kept).replace('\0', "\u{fffd}")
}
