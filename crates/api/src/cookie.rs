//! The cookie that a signed-in browser shows.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use engine::{SESSION_LENGTH_MAX, Token, key_hash};

/// Over https, the prefix keeps other hosts of the same domain from setting it.
const NAME_SECURE: &str = "__Host-didfarm_session";
const NAME_PLAIN: &str = "didfarm_session";

fn name(secure: bool) -> &'static str {
    if secure { NAME_SECURE } else { NAME_PLAIN }
}

/// The hash of the token that the request shows, if it shows one.
pub(crate) fn shown(headers: &HeaderMap, secure: bool) -> Option<[u8; 32]> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, token)| *given == name(secure) && !token.is_empty())
        .map(|(_, token)| key_hash(token))
}

/// Gives the browser its token.
pub(crate) fn given(token: &Token, secure: bool) -> HeaderValue {
    set(&token.secret, SESSION_LENGTH_MAX, secure)
}

/// Takes the token from the browser.
pub(crate) fn taken(secure: bool) -> HeaderValue {
    set("", Duration::ZERO, secure)
}

fn set(value: &str, keep: Duration, secure: bool) -> HeaderValue {
    let (name, seconds) = (name(secure), keep.as_secs());
    let secure = if secure { "; Secure" } else { "" };
    let cookie =
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&cookie).expect("a token is made of letters, digits, - and _")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("theme=dark; didfarm_session=abc"));
        assert_eq!(shown(&headers, false), Some(key_hash("abc")));
        assert_eq!(shown(&headers, true), None, "over https only the guarded name counts");
        headers.append(COOKIE, HeaderValue::from_static("__Host-didfarm_session=xyz"));
        assert_eq!(shown(&headers, true), Some(key_hash("xyz")));
    }
}
