//! Signatures by the Standard Webhooks specification, which its libraries verify.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::webhooks::Secrets;

/// Octets of a secret; the specification asks for 24 to 64.
const SECRET_OCTETS: usize = 32;

pub(crate) fn new_secret() -> Vec<u8> {
    let mut octets = vec![0_u8; SECRET_OCTETS];
    getrandom::fill(&mut octets).expect("the operating system gives random numbers");
    octets
}

/// A secret as its owner sees it: `whsec_` and base64.
pub fn secret_text(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// The header `webhook-signature`: one signature for each secret.
pub(crate) fn sign(secrets: &Secrets, id: &str, at: Timestamp, body: &str) -> String {
    let signed = format!("{id}.{}.{body}", at.seconds());
    let signatures: Vec<String> = secrets
        .0
        .iter()
        .map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
            mac.update(signed.as_bytes());
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        })
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_specifications_example_is_signed_alike() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let at = Timestamp::from_micros(1_614_265_330_000_000);
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(sign(&Secrets(vec![secret.clone()]), id, at, body), expected);
        let both = sign(&Secrets(vec![new_secret(), secret]), id, at, body);
        assert_eq!(both.split(' ').nth(1), Some(expected));
    }

    #[test]
    fn a_secret_is_written_as_the_libraries_read_it() {
        let text = secret_text(&new_secret());
        let octets = STANDARD.decode(text.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(octets.len(), SECRET_OCTETS);
    }
}
