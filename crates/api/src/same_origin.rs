//! Writes that another site makes a browser send are refused.
//!
//! Browsers say where a request comes from: `Sec-Fetch-Site`, older ones
//! `Origin`. A request that says neither comes from no browser, and one with an
//! API key is not a browser's own doing: both carry nothing that a site could borrow.

use axum::{
    extract::Request,
    http::{
        HeaderMap, Method, Uri,
        header::{AUTHORIZATION, HOST, ORIGIN},
    },
};

/// Whether a request does what only its own site may make a browser do.
pub(crate) fn allows(request: &Request, public_url: &str) -> bool {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS];
    let keyed = request.headers().contains_key(AUTHORIZATION);
    reads.contains(request.method())
        || keyed
        || is_same_origin(request.headers(), request.uri(), public_url)
}

fn is_same_origin(headers: &HeaderMap, uri: &Uri, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    if let Some(site) = text("sec-fetch-site") {
        // `none`: typed or bookmarked, not sent by a page.
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    if origin.eq_ignore_ascii_case(public_url) {
        return true;
    }
    let host = text(HOST.as_str()).or(uri.authority().map(|authority| authority.as_str()));
    let from = origin.split_once("://").map(|(_, host)| host);
    host.is_some_and(|host| from.is_some_and(|from| from.eq_ignore_ascii_case(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_site_itself_and_what_is_no_browser_may_write() {
        let cases: [(&[(&str, &str)], bool); 10] = [
            (&[], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://sms.example.com")], false),
            (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], true),
            (&[("origin", "https://sms.example.com"), ("host", "10.0.0.1")], true),
            (&[("origin", "https://evil.example"), ("host", "127.0.0.1:8080")], false),
            (&[("origin", "http://127.0.0.1:9090"), ("host", "127.0.0.1:8080")], false),
            (&[("origin", "null"), ("host", "127.0.0.1:8080")], false),
        ];
        for (given, allowed) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(
                    axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    value.parse().unwrap(),
                );
            }
            let uri = Uri::from_static("/api/v1/portal/session");
            let same = is_same_origin(&headers, &uri, "https://sms.example.com");
            assert_eq!(same, allowed, "{given:?}");
        }
    }
}
