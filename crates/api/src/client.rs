//! Where a request comes from.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::USER_AGENT, request::Parts},
};
use engine::Client;

use crate::Api;

/// The address at the other end of the connection; whoever accepts it puts this into the request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// The client, by its address and what it says of itself.
#[derive(Debug)]
pub(crate) struct From(pub(crate) Client);

impl FromRequestParts<Api> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        let ip = address(parts, api);
        let user_agent = parts
            .headers
            .get(USER_AGENT)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Ok(Self(Client { ip, user_agent }))
    }
}

/// The client's address.
pub(crate) fn address(parts: &Parts, api: &Api) -> IpAddr {
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
    let forwarded = if api.behind_proxy { last_forwarded(&parts.headers) } else { None };
    forwarded.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The address that our own proxy saw; those before it are only claimed.
fn last_forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_forwarded_addresses_the_last_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(last_forwarded(&headers), None);
        headers.append("x-forwarded-for", "6.6.6.6, 192.0.2.1".parse().unwrap());
        assert_eq!(last_forwarded(&headers), Some("192.0.2.1".parse().unwrap()));
        headers.append("x-forwarded-for", "2001:db8::1".parse().unwrap());
        assert_eq!(last_forwarded(&headers), Some("2001:db8::1".parse().unwrap()));
    }
}
