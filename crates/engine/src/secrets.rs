//! API keys and passwords.

use std::sync::LazyLock;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

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

/// A secret that a browser or a link carries, 256 random bits.
#[derive(Clone)]
pub struct Token {
    pub secret: String,
    pub hash: [u8; 32],
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

pub(crate) fn new_token() -> Token {
    let secret = random_text();
    Token { hash: key_hash(&secret), secret }
}

/// Leave to hash: memory bounds how many have it at once.
pub(crate) struct Turn {
    _permit: SemaphorePermit<'static>,
}

pub(crate) async fn turn() -> Turn {
    Turn { _permit: HASHING.acquire().await.expect("the semaphore is never closed") }
}

/// Argon2id with its recommended cost.
pub async fn hash_password(password: String) -> String {
    let _turn = turn().await;
    let hash = tokio::task::spawn_blocking(move || hash(&password));
    hash.await.expect("hashing does not panic")
}

fn hash(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("the default parameters are valid")
        .to_string()
}

/// What a password is held against where nobody has the address: it costs as much as a real one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash(&random_text()));

/// Makes ready what the first sign-in would otherwise wait for.
pub(crate) fn prepare() {
    LazyLock::force(&NOBODY);
}

/// Whether the password is the one that was hashed; `None` takes as long and is never right.
pub(crate) async fn is_password(_: &Turn, password: String, kept: Option<String>) -> bool {
    let checked = tokio::task::spawn_blocking(move || {
        let hash = kept.as_deref().unwrap_or(&NOBODY);
        let right = Argon2::default().verify_password(password.as_bytes(), hash).is_ok();
        right && kept.is_some()
    });
    checked.await.expect("hashing does not panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_password_that_was_hashed_is_right() {
        let kept = hash_password("correct horse".to_owned()).await;
        let turn = turn().await;
        assert!(is_password(&turn, "correct horse".to_owned(), Some(kept.clone())).await);
        assert!(!is_password(&turn, "correct horsf".to_owned(), Some(kept)).await);
        assert!(!is_password(&turn, String::new(), None).await);
    }
}
