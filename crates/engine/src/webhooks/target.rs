//! A customer's URL, before anything is dialled: its form, its scheme, its port, and its host
//! where that is an address.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::{Host, Url};

use super::addresses::{is_in, not_public};

const URL_OCTETS_MAX: usize = 2_048;

/// Where the operator lets customers' URLs lead, beyond the public internet over https.
#[derive(Debug, Clone)]
pub struct WebhookPolicy {
    /// Networks that are open whatever they are; in them any port, and plain http.
    pub allow_networks: Vec<IpNet>,
    /// Ports elsewhere.
    pub ports: Vec<u16>,
    /// Plain http elsewhere.
    pub plain_http: bool,
    /// Asked for names instead of the system's servers.
    pub dns: Option<SocketAddr>,
}

impl Default for WebhookPolicy {
    fn default() -> Self {
        Self {
            allow_networks: Vec::new(),
            ports: vec![80, 443, 8080, 8443],
            plain_http: false,
            dns: None,
        }
    }
}

/// A sentence that says what is wrong with a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InvalidTarget(pub(crate) String);

fn invalid(message: impl Into<String>) -> InvalidTarget {
    InvalidTarget(message.into())
}

/// A URL that may be dialled, if its addresses may.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) url: Url,
    /// Scheme and port are fine anywhere; else only in networks that are allowed.
    pub(crate) anywhere: bool,
}

impl WebhookPolicy {
    /// Checks a URL as far as that can be done without asking for its addresses.
    pub(crate) fn target(&self, text: &str) -> Result<Target, InvalidTarget> {
        if text.len() > URL_OCTETS_MAX {
            return Err(invalid(format!("The URL is longer than {URL_OCTETS_MAX} characters.")));
        }
        // Parsers differ on these; we take none of them.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(invalid("The URL has a space, a backslash or a control character."));
        }
        let url = Url::parse(text).map_err(|error| {
            invalid(format!("Write it like https://example.com/hook: {error}."))
        })?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(invalid("The URL begins with https://."));
        }
        // The parser would take the path's first word for the host.
        if authority(text).is_empty() {
            return Err(invalid("Write it like https://example.com/hook: the host is missing."));
        }
        if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
            return Err(invalid(
                "The URL has a user name or a password. Leave them out: deliveries are signed.",
            ));
        }
        if url.fragment().is_some() {
            return Err(invalid("The URL has a fragment (#…), which is never sent. Leave it out."));
        }
        let port = url.port_or_known_default().unwrap_or(0);
        let general = self.general(&url, port);
        let literal = match url.host() {
            None => return Err(invalid("The URL has no host.")),
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                let local = name == "localhost" || name.ends_with(".localhost");
                if name.is_empty() {
                    return Err(invalid("The URL has no host."));
                }
                local.then_some(IpAddr::from([127, 0, 0, 1]))
            }
        };
        match literal {
            Some(ip) => {
                self.address(ip).map_err(|what| {
                    invalid(format!(
                        "{} is {what} address, and webhooks go to public ones only.",
                        url.host_str().unwrap_or_default()
                    ))
                })?;
                if !is_in(ip, &self.allow_networks) {
                    general.clone()?;
                }
            }
            // Its addresses may lie in a network that is allowed.
            None if !self.allow_networks.is_empty() => {}
            None => general.clone()?,
        }
        Ok(Target { url, anywhere: general.is_ok() })
    }

    /// Scheme and port, outside of the networks that are allowed.
    fn general(&self, url: &Url, port: u16) -> Result<(), InvalidTarget> {
        if url.scheme() == "http" && !self.plain_http {
            return Err(invalid("The URL begins with https://: plain http is not allowed here."));
        }
        if !self.ports.contains(&port) {
            let ports: Vec<String> = self.ports.iter().map(u16::to_string).collect();
            let ports = ports.join(", ");
            return Err(invalid(format!("Port {port} is not allowed; use one of {ports}.")));
        }
        Ok(())
    }

    /// Whether an address may be dialled; otherwise what it is, like "a private".
    pub(crate) fn address(&self, ip: IpAddr) -> Result<(), &'static str> {
        if is_in(ip, &self.allow_networks) {
            return Ok(());
        }
        not_public(ip).map_or(Ok(()), Err)
    }
}

/// Between the scheme and the path, as it is written.
fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(policy: &WebhookPolicy, url: &str) -> String {
        policy.target(url).map_or_else(|error| error.0, |target| format!("fine: {}", target.url))
    }

    fn loopback() -> WebhookPolicy {
        let networks = ["127.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
        WebhookPolicy { allow_networks: networks.to_vec(), ..WebhookPolicy::default() }
    }

    #[test]
    fn ordinary_urls_are_fine() {
        let policy = WebhookPolicy::default();
        for url in [
            "https://example.com",
            "https://example.com/hook?x=1&y=%20",
            "https://example.com:8443/hook",
            "HTTPS://EXAMPLE.COM/hook",
            "https://example.com./hook",
            "https://münchen.example/hook",
            "https://8.8.8.8/hook",
            "https://[2606:4700::1111]/hook",
            "https://example.com/a@b",
        ] {
            let said = reason(&policy, url);
            assert!(said.starts_with("fine"), "{url}: {said}");
        }
    }

    /// Every spelling of 127.0.0.1 and its like that some resolver takes for an address.
    #[test]
    fn addresses_that_are_not_public_are_refused_however_they_are_written() {
        let policy = WebhookPolicy::default();
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "127.0.1",
            "0177.0.0.1",
            "0177.0.0.01",
            "0x7f.0.0.1",
            "0x7f.1",
            "0x7f000001",
            "0X7F000001",
            "2130706433",
            "017700000001",
            "127.000.000.001",
            "%31%32%37.0.0.1",
            "127。0。0。1",
            "１２７.0.0.1",
            "①②⑦.⓪.⓪.①",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "0",
            "0.0.0.0",
            "0x0",
            "10.1",
            "0xa.1",
            "012.0.0.1",
            "192.168.257",
            "172.16.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            "[0000:0000:0000:0000:0000:0000:0000:0001]",
            "[::127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::FFFF:10.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::127.0.0.1]",
            "[2002:7f00:1::]",
            "[2001:0:53aa:64c::1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
        ] {
            let said = reason(&policy, &format!("https://{host}/hook"));
            assert!(said.contains("public ones only"), "{host}: {said}");
        }
    }

    #[test]
    fn what_is_no_plain_https_url_is_refused_with_the_reason() {
        let policy = WebhookPolicy::default();
        for (url, why) in [
            ("", "Write it like"),
            ("example.com/hook", "Write it like"),
            ("https://", "Write it like"),
            ("https:///hook", "Write it like"),
            ("https:example.com/hook", "Write it like"),
            ("https:/example.com/hook", "Write it like"),
            ("https://exa mple.com/", "space"),
            ("https://example.com\\@127.0.0.1/", "backslash"),
            ("https://example.com/\n", "control"),
            ("https://example.com/\u{0}", "control"),
            ("\thttps://example.com/", "control"),
            ("ftp://example.com/", "https://"),
            ("file:///etc/passwd", "https://"),
            ("gopher://example.com/", "https://"),
            ("data:text/plain,x", "https://"),
            ("javascript:alert(1)", "https://"),
            ("ws://example.com/", "https://"),
            ("http://example.com/", "plain http"),
            ("http://8.8.8.8/", "plain http"),
            ("https://user@example.com/", "user name"),
            ("https://user:password@example.com/", "user name"),
            ("https://:password@example.com/", "user name"),
            ("https://@example.com/", "user name"),
            ("https://:@example.com/", "user name"),
            ("https://example.com/#top", "fragment"),
            ("https://example.com/#", "fragment"),
            ("https://example.com:22/", "Port 22"),
            ("https://example.com:0/", "Port 0"),
            ("https://example.com:99999/", "Write it like"),
            ("https://256.256.256.256/", "Write it like"),
            ("https://[fe80::1%25eth0]/", "Write it like"),
            ("https://./hook", ""),
        ] {
            let said = reason(&policy, url);
            assert!(!said.starts_with("fine") && said.contains(why), "{url:?}: {said}");
        }
        let long = format!("https://example.com/{}", "x".repeat(URL_OCTETS_MAX));
        assert!(reason(&policy, &long).contains("longer"));
    }

    #[test]
    fn an_allowed_network_takes_any_port_and_plain_http() {
        let policy = loopback();
        for url in [
            "http://127.0.0.1:3000/hook",
            "http://localhost:22/",
            "https://[::1]:9/",
            "http://[::ffff:127.0.0.1]:3000/",
        ] {
            let target = policy.target(url).unwrap();
            assert!(!target.anywhere, "{url}");
        }
        // A name may have its addresses there; the others are refused when it is dialled.
        assert!(!policy.target("http://hooks.internal:3000/").unwrap().anywhere);
        assert!(policy.target("https://example.com/").unwrap().anywhere);
        assert!(reason(&policy, "http://10.0.0.1:3000/").contains("a private address"));
        assert!(reason(&policy, "http://8.8.8.8/").contains("plain http"));
    }
}
