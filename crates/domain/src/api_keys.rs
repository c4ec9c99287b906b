//! What an API key may do, from where, and until when.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::Timestamp;

crate::words! {
    /// What a key is good for.
    pub enum Scope {
        /// Whatever only looks.
        Read = "read",
        /// Sending messages, and nothing else.
        Send = "send",
        /// Everything that the account may do.
        Admin = "admin",
    }
}

/// What its owner allows a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it sends goes to the simulator and costs nothing; it reads, sends, and no more.
    pub test: bool,
    pub scopes: Vec<Scope>,
    pub expires_at: Option<Timestamp>,
    /// Where requests may come from; anywhere where it is empty.
    pub networks: Vec<IpNet>,
}

impl Grant {
    /// Everything, from anywhere, for good.
    pub fn full() -> Self {
        Self { test: false, scopes: vec![Scope::Admin], expires_at: None, networks: Vec::new() }
    }

    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&Scope::Admin) || self.scopes.contains(&scope)
    }

    /// Whether it ends, or works from some places only.
    pub fn is_limited(&self) -> bool {
        self.expires_at.is_some() || !self.networks.is_empty()
    }

    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    pub fn admits(&self, from: IpAddr) -> bool {
        // An IPv4 client of a socket that takes both comes in IPv6 clothes.
        let from = from.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&from))
    }
}

/// A network as `192.0.2.0/24`, or one address.
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    // Clients are compared as they are, not in IPv6 clothes.
    match network {
        IpNet::V6(mapped) => {
            match (mapped.addr().to_ipv4_mapped(), mapped.prefix_len().checked_sub(96)) {
                (Some(plain), Some(prefix)) => Ipv4Net::new(plain, prefix).ok().map(IpNet::V4),
                _ => Some(network),
            }
        }
        IpNet::V4(_) => Some(network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(networks: &[&str]) -> Grant {
        let networks = networks.iter().map(|text| network(text).unwrap()).collect();
        Grant { networks, ..Grant::full() }
    }

    #[test]
    fn a_key_without_networks_works_from_anywhere() {
        assert!(grant(&[]).admits("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn a_key_works_from_its_networks_only() {
        let grant = grant(&["192.0.2.0/24", "2001:db8::1", "::ffff:198.51.100.0/120"]);
        for (from, admitted) in [
            ("192.0.2.200", true),
            ("192.0.3.1", false),
            ("::ffff:192.0.2.1", true),
            ("198.51.100.9", true),
            ("2001:db8::1", true),
            ("2001:db8::2", false),
        ] {
            assert_eq!(grant.admits(from.parse().unwrap()), admitted, "{from}");
        }
    }

    #[test]
    fn admin_is_everything_and_the_others_are_themselves() {
        for held in Scope::ALL {
            let grant = Grant { scopes: vec![*held], ..Grant::full() };
            for wanted in Scope::ALL {
                assert_eq!(grant.allows(*wanted), *held == Scope::Admin || held == wanted);
            }
        }
    }

    #[test]
    fn the_moment_of_its_end_is_too_late() {
        let at = Timestamp::from_micros(10);
        let grant = Grant { expires_at: Some(at), ..Grant::full() };
        assert!(!grant.has_expired(Timestamp::from_micros(9)));
        assert!(grant.has_expired(at));
    }
}
