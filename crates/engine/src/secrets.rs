//! API keys and passwords.

use std::sync::LazyLock;

use argon2::{Argon2, PasswordHasher};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

/// Hashing takes 19 MiB each: no more than this many at once.
static HASHING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// Random octets in a secret.
const ENTROPY_OCTETS: usize = 32;

/// Characters of a key that lists show, to tell keys apart.
const PREFIX_CHARACTERS: usize = 12;

/// A new API key, in the clear this once.
#[derive(Clone)]
pub struct NewKey {
    pub secret: String,
    pub prefix: String,
    pub hash: [u8; 32],
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewKey({}…)", self.prefix)
    }
}

/// Makes a customer's key (`df_live_…`) or an operator's (`df_op_…`).
pub(crate) fn new_key(kind: &str) -> NewKey {
    let secret = format!("{kind}{}", random_text());
    NewKey {
        prefix: secret.chars().take(PREFIX_CHARACTERS).collect(),
        hash: key_hash(&secret),
        secret,
    }
}

/// A key has too much entropy to be guessed, so a plain hash keeps it.
pub fn key_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// A password that nobody chose.
pub fn random_password() -> String {
    random_text().chars().take(20).collect()
}

fn random_text() -> String {
    let mut octets = [0_u8; ENTROPY_OCTETS];
    getrandom::fill(&mut octets).expect("the operating system gives random numbers");
    URL_SAFE_NO_PAD.encode(octets)
}

/// A random number, for jitter.
pub(crate) fn random_seed() -> u64 {
    let mut octets = [0_u8; 8];
    getrandom::fill(&mut octets).expect("the operating system gives random numbers");
    u64::from_le_bytes(octets)
}

/// Argon2id with its recommended cost.
pub async fn hash_password(password: String) -> String {
    let _turn = HASHING.acquire().await.expect("the semaphore is never closed");
    let hash = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    hash.await.expect("hashing does not panic").expect("the default parameters are valid")
}
