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
use tokio::time::{Instant, timeout, timeout_at};

use super::{WebhookPolicy, addresses::is_in};
use crate::tls::tls;

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
            // One address that is refused is enough: a name that leads in and out is a trick. Which
            // address it is stays unsaid: it may be of a network that is none of the customer's business.
            for ip in &found {
                policy.address(*ip).map_err(|what| {
                    Refused(format!(
                        "{name} leads to {what} address; only public ones are dialled."
                    ))
                })?;
                if inside_only && !is_in(*ip, &policy.allow_networks) {
                    return Err(Refused(format!(
                        "{name} leads to where only https on the usual ports is allowed."
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, UdpSocket},
    };

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_775_211_330_000_000);

    /// A name server that answers each question with the next of `answers`, for no time at all.
    async fn name_server(answers: Vec<Vec<[u8; 4]>>) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut answers = answers.into_iter();
            let mut buffer = [0; 512];
            let mut addresses = Vec::new();
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let query = &buffer[..length];
                // RFC 1035, section 4.1: a header of 12 octets, then one question.
                let name_end = 12 + query[12..].iter().position(|octet| *octet == 0).unwrap() + 1;
                let question = &query[12..name_end + 4];
                let is_a = question[question.len() - 4..][..2] == [0, 1];
                if is_a {
                    addresses = answers.next().unwrap_or(addresses);
                }
                let count = u8::try_from(if is_a { addresses.len() } else { 0 }).unwrap();
                let mut answer = query[..2].to_vec();
                answer.extend([0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0]);
                answer.extend(question);
                for address in addresses.iter().filter(|_| is_a) {
                    answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
                    answer.extend(address);
                }
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        address
    }

    /// Counts who connects, and answers 204.
    async fn endpoint() -> (u16, Arc<Mutex<usize>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let visits = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&visits);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *counted.lock().unwrap() += 1;
                let mut request = [0; 4_096];
                drop(stream.read(&mut request).await);
                let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                drop(stream.write_all(answer).await);
            }
        });
        (port, visits)
    }

    async fn post(poster: &Poster, url: String) -> Answer {
        let post = Post { url, headers: HeaderMap::new(), body: "{}".to_owned() };
        poster.post(post, NOW).await
    }

    fn error(answer: Answer) -> String {
        match answer {
            Answer::None { error } => error,
            Answer::Status { code, .. } => panic!("it was answered with {code}"),
        }
    }

    /// Any port, so that a listener of the test would be reached if the guard let it.
    fn policy(port: u16, dns: SocketAddr) -> WebhookPolicy {
        WebhookPolicy {
            ports: vec![port],
            plain_http: true,
            dns: Some(dns),
            ..WebhookPolicy::default()
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_dialled() {
        let (port, visits) = endpoint().await;
        let cases: [(&[[u8; 4]], &str); 6] = [
            (&[[127, 0, 0, 1]], "a loopback"),
            (&[[10, 0, 0, 1]], "a private"),
            (&[[169, 254, 169, 254]], "a link-local"),
            (&[[0, 0, 0, 0]], "an unspecified"),
            // One of several is enough, wherever it stands.
            (&[[127, 0, 0, 1], [8, 8, 8, 8]], "a loopback"),
            (&[[8, 8, 8, 8], [127, 0, 0, 1]], "a loopback"),
        ];
        for (addresses, what) in cases {
            let dns = name_server(vec![addresses.to_vec()]).await;
            let poster = Poster::new(&policy(port, dns));
            let said = error(post(&poster, format!("http://hooks.example.com:{port}/")).await);
            assert!(said.contains(what), "{addresses:?}: {said}");
        }
        assert_eq!(*visits.lock().unwrap(), 0);
    }

    #[tokio::test]
    async fn what_a_name_leads_to_is_checked_each_time_it_is_dialled() {
        let (port, visits) = endpoint().await;
        // Fine at first, as when the webhook is made; then inside.
        let dns = name_server(vec![vec![[127, 0, 0, 1]], vec![[127, 0, 0, 2]]]).await;
        let allowed = vec!["127.0.0.1/32".parse().unwrap()];
        let poster = Poster::new(&WebhookPolicy { allow_networks: allowed, ..policy(port, dns) });
        let url = format!("http://hooks.example.com:{port}/");
        assert!(post(&poster, url.clone()).await.is_success());
        let said = error(post(&poster, url).await);
        assert!(said.contains("leads to a loopback address"), "{said}");
        assert_eq!(*visits.lock().unwrap(), 1);
    }

    #[tokio::test]
    async fn odd_ports_and_plain_http_stay_within_the_networks_that_are_allowed() {
        let (port, visits) = endpoint().await;
        let dns = name_server(vec![vec![[8, 8, 8, 8]], vec![[127, 0, 0, 1]]]).await;
        let allowed = vec!["127.0.0.0/8".parse().unwrap()];
        let inside =
            WebhookPolicy { allow_networks: allowed, dns: Some(dns), ..WebhookPolicy::default() };
        let poster = Poster::new(&inside);
        let url = format!("http://hooks.example.com:{port}/");
        let said = error(post(&poster, url.clone()).await);
        assert!(said.contains("leads to where only https"), "{said}");
        assert!(post(&poster, url).await.is_success());
        assert_eq!(*visits.lock().unwrap(), 1);
    }

    #[tokio::test]
    async fn an_address_in_the_url_is_checked_when_it_is_dialled() {
        let (port, visits) = endpoint().await;
        let dns = name_server(Vec::new()).await;
        let poster = Poster::new(&policy(port, dns));
        for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0x7f.1"] {
            let said = error(post(&poster, format!("http://{host}:{port}/")).await);
            assert!(said.contains("public ones only"), "{host}: {said}");
        }
        assert_eq!(*visits.lock().unwrap(), 0);
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_refused() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = made.signing_key.serialize_pem();
        let acceptor = smpp::tls::acceptor(made.cert.pem().as_bytes(), key.as_bytes()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(acceptor.accept(stream).await);
            }
        });
        let allowed = vec!["127.0.0.0/8".parse().unwrap()];
        let poster =
            Poster::new(&WebhookPolicy { allow_networks: allowed, ..WebhookPolicy::default() });
        let said = error(post(&poster, format!("https://localhost:{port}/")).await);
        assert!(said.contains("certificate"), "{said}");
    }

    #[tokio::test]
    async fn retry_after_is_a_number_of_seconds_or_a_time() {
        let cases = [
            ("429", "retry-after: 120", Some(120)),
            ("503", "retry-after: Fri, 03 Apr 2026 10:16:00 GMT", Some(30)),
            ("503", "retry-after: Fri, 03 Apr 2026 10:15:00 GMT", Some(0)),
            ("503", "retry-after: soon", None),
            ("500", "retry-after: 120", None),
            ("503", "x: y", None),
        ];
        for (status, header, seconds) in cases {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let answer = format!("HTTP/1.1 {status} No\r\n{header}\r\ncontent-length: 0\r\n\r\n");
            tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4_096];
                drop(stream.read(&mut request).await);
                drop(stream.write_all(answer.as_bytes()).await);
            });
            let allowed = vec!["127.0.0.0/8".parse().unwrap()];
            let poster =
                Poster::new(&WebhookPolicy { allow_networks: allowed, ..WebhookPolicy::default() });
            let Answer::Status { retry_after, .. } =
                post(&poster, format!("http://127.0.0.1:{port}/")).await
            else {
                panic!("{status} {header}")
            };
            assert_eq!(retry_after, seconds.map(Duration::from_secs), "{status} {header}");
        }
    }
}
