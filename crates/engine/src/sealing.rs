//! First answers kept for repeats, unreadable without the idempotency key.
//!
//! Such an answer may hold a secret that is shown once. The database has only
//! a hash of the key, so a copy of the database does not open the answer.

use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce, aead::Aead};
use domain::Email;
use sha2::{Digest, Sha256};

/// The longest key that is accepted, in octets.
pub const KEY_OCTETS_MAX: usize = 255;

/// A request that may be repeated, known by its key.
#[derive(Clone)]
pub struct Idempotency {
    pub(crate) key_hash: [u8; 32],
    pub(crate) request_hash: [u8; 32],
    seal: [u8; 32],
}

impl std::fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Idempotency")
    }
}

impl Idempotency {
    /// `key`: the header. `route`: what was called. `body`: as it came.
    pub fn new(key: &str, route: &str, body: &[u8]) -> Self {
        Self {
            key_hash: hash(&[b"key", key.as_bytes()]),
            request_hash: hash(&[b"request", route.as_bytes(), body]),
            seal: hash(&[b"seal", key.as_bytes()]),
        }
    }

    /// The same key of a test: what is tried out never answers for what is meant.
    #[must_use]
    pub fn of_test(self) -> Self {
        Self { key_hash: hash(&[b"test", &self.key_hash]), ..self }
    }

    /// The same key of somebody who signs up: as they have no account, the address keeps apart
    /// what people choose.
    #[must_use]
    pub(crate) fn of_sign_up(self, email: &Email) -> Self {
        let key_hash = hash(&[b"sign-up", email.as_str().as_bytes(), &self.key_hash]);
        Self { key_hash, ..self }
    }

    pub(crate) fn seal(&self, answer: &[u8]) -> Vec<u8> {
        self.cipher()
            .encrypt(&self.nonce(), answer)
            .expect("an answer is far shorter than the cipher allows")
    }

    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        self.cipher().decrypt(&self.nonce(), sealed).ok()
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&self.seal.into())
    }

    /// One key seals one answer per request, so the request may choose the nonce.
    fn nonce(&self) -> Nonce {
        let mut nonce = Nonce::default();
        nonce.copy_from_slice(&self.request_hash[..12]);
        nonce
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_opens_an_answer() {
        let first = Idempotency::new("k1", "/x", b"{}");
        let sealed = first.seal(b"secret");
        assert_eq!(first.open(&sealed).unwrap(), b"secret");
        assert!(Idempotency::new("k2", "/x", b"{}").open(&sealed).is_none());
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }
}
