//! Whether an event comes from Stripe. Source: docs.stripe.com/webhooks/signature.

use std::time::Duration;

use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// An event that was signed longer ago, or that far ahead, is somebody's who replays it.
const TOLERANCE: Duration = Duration::from_secs(300);

/// Checks the header `Stripe-Signature`, `t=SECONDS,v1=HEX,v1=HEX,v0=…`: one of its `v1` is the
/// HMAC-SHA256 of `SECONDS.BODY`, and the time is not far from `now`.
pub(crate) fn is_genuine(secret: &str, header: &str, body: &[u8], now: Timestamp) -> bool {
    let mut signed_at = None;
    let mut signatures = Vec::new();
    for element in header.split(',') {
        match element.trim().split_once('=') {
            Some(("t", seconds)) => signed_at = seconds.parse::<i64>().ok(),
            Some(("v1", hex)) => signatures.extend(octets(hex)),
            _ => {}
        }
    }
    let Some(seconds) = signed_at else { return false };
    if now.seconds().abs_diff(seconds) > TOLERANCE.as_secs() {
        return false;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    // Takes the same time wherever they differ.
    signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
}

fn octets(hex: &str) -> Option<[u8; 32]> {
    let mut octets = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (octet, digits) in octets.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_test_secret";
    const AT: i64 = 1_492_774_577;
    const BODY: &[u8] = br#"{"id":"evt_test","object":"event"}"#;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn signature(secret: &str, seconds: i64) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{seconds}.").as_bytes());
        mac.update(BODY);
        mac.finalize().into_bytes().iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// Computed with Python's `hmac`.
    #[test]
    fn what_another_implementation_signs_is_genuine() {
        let header =
            "t=1492774577,v1=691252e266ce41cb94d709c84e9580d4172b117a510bbc81723f657d2cd5d215";
        assert!(is_genuine(SECRET, header, BODY, at(AT)));
    }

    #[test]
    fn one_genuine_signature_of_several_suffices() {
        let (good, other) = (signature(SECRET, AT), signature("another", AT));
        for header in [
            format!("t={AT},v1={good}"),
            format!("t={AT},v1={other},v1={good},v0=00"),
            format!("v1={good}, t={AT}"),
        ] {
            assert!(is_genuine(SECRET, &header, BODY, at(AT + 300)), "{header}");
        }
    }

    #[test]
    fn what_is_forged_stale_or_malformed_is_not() {
        let good = signature(SECRET, AT);
        let cut = &good[..62];
        for header in [
            String::new(),
            format!("t={AT}"),
            format!("v1={good}"),
            format!("t={AT},v0={good}"),
            format!("t={AT},v1={cut}"),
            format!("t={AT},v1={cut}é"),
            format!("t={},v1={good}", AT + 1),
            format!("t={AT},v1={}", signature("another", AT)),
            format!("t=now,v1={good}"),
        ] {
            assert!(!is_genuine(SECRET, &header, BODY, at(AT)), "{header}");
        }
        let header = format!("t={AT},v1={good}");
        assert!(!is_genuine(SECRET, &header, BODY, at(AT + 301)));
        assert!(!is_genuine(SECRET, &header, BODY, at(AT - 301)));
        assert!(!is_genuine(SECRET, &header, b"{}", at(AT)));
    }
}
