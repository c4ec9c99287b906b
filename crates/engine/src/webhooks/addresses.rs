//! Where a customer's URL must not lead: networks that are not the public internet.

use std::{net::IpAddr, sync::LazyLock};

use ipnet::IpNet;

/// What is not public, and what it is. Sources: the IANA special-purpose address registries
/// (RFC 6890) for IPv4; for IPv6 all but the global unicast space, and what of that is special.
const SPECIAL: &[(&str, &str)] = &[
    ("0.0.0.0/8", "an unspecified"),
    ("10.0.0.0/8", "a private"),
    ("100.64.0.0/10", "a carrier-grade NAT"),
    ("127.0.0.0/8", "a loopback"),
    // A platform's own agent, which cloud providers put on a public-looking address.
    ("168.63.129.16/32", "a cloud provider's internal"),
    ("169.254.0.0/16", "a link-local"),
    ("172.16.0.0/12", "a private"),
    ("192.0.0.0/24", "a reserved"),
    ("192.0.2.0/24", "a documentation"),
    ("192.31.196.0/24", "a reserved"),
    ("192.52.193.0/24", "a reserved"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.168.0.0/16", "a private"),
    ("192.175.48.0/24", "a reserved"),
    ("198.18.0.0/15", "a benchmarking"),
    ("198.51.100.0/24", "a documentation"),
    ("203.0.113.0/24", "a documentation"),
    ("224.0.0.0/4", "a multicast"),
    ("240.0.0.0/4", "a reserved"),
    ("::/128", "an unspecified"),
    ("::1/128", "a loopback"),
    ("::ffff:0:0/96", "an IPv4-mapped"),
    ("::ffff:0:0:0/96", "an IPv4-translated"),
    ("::/96", "an IPv4-compatible"),
    ("64:ff9b::/96", "a NAT64"),
    ("64:ff9b:1::/48", "a NAT64"),
    ("100::/64", "a discard-only"),
    ("2001::/32", "a Teredo"),
    ("2001::/23", "a reserved"),
    ("2001:db8::/32", "a documentation"),
    ("2002::/16", "a 6to4"),
    ("2620:4f:8000::/48", "a reserved"),
    ("3fff::/20", "a documentation"),
    ("5f00::/16", "a segment-routing"),
    ("fc00::/7", "a private"),
    ("fe80::/10", "a link-local"),
    ("fec0::/10", "a site-local"),
    ("ff00::/8", "a multicast"),
];

static SPECIAL_NETWORKS: LazyLock<Vec<(IpNet, &str)>> = LazyLock::new(|| {
    let parsed = |(network, what): &(&str, &'static str)| {
        (network.parse().expect("the table holds networks"), *what)
    };
    SPECIAL.iter().map(parsed).collect()
});

static GLOBAL_UNICAST: LazyLock<IpNet> =
    LazyLock::new(|| "2000::/3".parse().expect("this is a network"));

/// What kind of address it is, like "a private"; `None` for one of the public internet.
pub(crate) fn not_public(ip: IpAddr) -> Option<&'static str> {
    let special = SPECIAL_NETWORKS.iter().find(|(network, _)| network.contains(&ip));
    match special {
        Some((_, what)) => Some(what),
        None if ip.is_ipv6() && !GLOBAL_UNICAST.contains(&ip) => Some("a reserved"),
        None => None,
    }
}

/// Whether the address lies in one of these networks, in whatever form it is written.
pub(crate) fn is_in(ip: IpAddr, networks: &[IpNet]) -> bool {
    let ip = ip.to_canonical();
    networks.iter().any(|network| network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(text: &str) -> Option<&'static str> {
        not_public(text.parse().unwrap())
    }

    /// First and last address of each network, and its neighbours where those are public.
    #[test]
    fn every_special_network_is_refused_from_its_first_address_to_its_last() {
        for (network, _) in SPECIAL {
            let network: IpNet = network.parse().unwrap();
            assert!(not_public(network.network()).is_some(), "{network}");
            assert!(not_public(network.broadcast()).is_some(), "{network}");
        }
    }

    #[test]
    fn addresses_are_told_apart() {
        let cases: &[(&str, Option<&str>)] = &[
            ("0.0.0.0", Some("an unspecified")),
            ("9.255.255.255", None),
            ("10.0.0.0", Some("a private")),
            ("10.255.255.255", Some("a private")),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some("a carrier-grade NAT")),
            ("100.127.255.255", Some("a carrier-grade NAT")),
            ("100.128.0.0", None),
            ("126.255.255.255", None),
            ("127.0.0.1", Some("a loopback")),
            ("127.255.255.254", Some("a loopback")),
            ("128.0.0.0", None),
            ("168.63.129.15", None),
            ("168.63.129.16", Some("a cloud provider's internal")),
            ("168.63.129.17", None),
            ("169.253.255.255", None),
            ("169.254.169.254", Some("a link-local")),
            ("169.255.0.0", None),
            ("172.15.255.255", None),
            ("172.16.0.0", Some("a private")),
            ("172.31.255.255", Some("a private")),
            ("172.32.0.0", None),
            ("192.0.0.8", Some("a reserved")),
            ("192.0.1.0", None),
            ("192.0.2.1", Some("a documentation")),
            ("192.88.99.1", Some("a 6to4 relay")),
            ("192.167.255.255", None),
            ("192.168.0.1", Some("a private")),
            ("192.169.0.0", None),
            ("198.17.255.255", None),
            ("198.18.0.1", Some("a benchmarking")),
            ("198.19.255.255", Some("a benchmarking")),
            ("198.20.0.0", None),
            ("198.51.100.7", Some("a documentation")),
            ("203.0.113.7", Some("a documentation")),
            ("223.255.255.255", None),
            ("224.0.0.1", Some("a multicast")),
            ("239.255.255.255", Some("a multicast")),
            ("240.0.0.1", Some("a reserved")),
            ("255.255.255.255", Some("a reserved")),
            ("8.8.8.8", None),
            ("::", Some("an unspecified")),
            ("::1", Some("a loopback")),
            ("::127.0.0.1", Some("an IPv4-compatible")),
            ("::8.8.8.8", Some("an IPv4-compatible")),
            ("::ffff:127.0.0.1", Some("an IPv4-mapped")),
            ("::ffff:8.8.8.8", Some("an IPv4-mapped")),
            ("::ffff:0:127.0.0.1", Some("an IPv4-translated")),
            ("64:ff9b::7f00:1", Some("a NAT64")),
            ("64:ff9b::8.8.8.8", Some("a NAT64")),
            ("64:ff9b:1::a00:1", Some("a NAT64")),
            ("100::1", Some("a discard-only")),
            ("1fff::1", Some("a reserved")),
            ("2001:0:53aa:64c:0:0:f5ff:fffe", Some("a Teredo")),
            ("2001:2::1", Some("a reserved")),
            ("2001:10::1", Some("a reserved")),
            ("2001:20::1", Some("a reserved")),
            ("2001:200::1", None),
            ("2001:db8::1", Some("a documentation")),
            ("2001:4860:4860::8888", None),
            ("2002:7f00:1::", Some("a 6to4")),
            ("2002:a00:1::1", Some("a 6to4")),
            ("2606:4700::1111", None),
            ("3fff::1", Some("a documentation")),
            ("3fff:1000::1", None),
            ("4000::1", Some("a reserved")),
            ("5f00::1", Some("a segment-routing")),
            ("fc00::1", Some("a private")),
            ("fd00:ec2::254", Some("a private")),
            ("fe80::1", Some("a link-local")),
            ("fec0::1", Some("a site-local")),
            ("ff02::1", Some("a multicast")),
        ];
        for (address, expected) in cases {
            assert_eq!(what(address), *expected, "{address}");
        }
    }

    #[test]
    fn an_allowed_network_holds_its_addresses_in_every_form() {
        let networks: Vec<IpNet> =
            vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for inside in ["127.0.0.1", "::ffff:127.0.0.1", "fd12::1"] {
            assert!(is_in(inside.parse().unwrap(), &networks), "{inside}");
        }
        for outside in ["10.0.0.1", "::ffff:10.0.0.1", "::1", "fc00::1"] {
            assert!(!is_in(outside.parse().unwrap(), &networks), "{outside}");
        }
    }
}
