//! API keys: made, revoked, and looked up for every request.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{AccountId, ApiKeyId, Timestamp};
use serde_json::Value;
use store::{
    StoreError, Tx,
    api_keys::{self as keys, ApiKey, KeyHolder, NewApiKey, Owner},
};

use crate::{
    Done, Engine, Idempotency, UseError,
    secrets::{self, NewKey},
};

/// Another node's revocation is seen after this long at the latest.
const CACHED_FOR: Duration = Duration::from_secs(2);

/// Keys remembered at once.
const CACHED_MAX: usize = 10_000;

/// `last_used_at` is kept to about this precision.
const TOUCHED_EVERY: Duration = Duration::from_secs(60);

/// A new key, its secret shown this once.
#[derive(Debug, Clone)]
pub struct ApiKeyCreated {
    pub key: ApiKey,
    pub secret: NewKey,
}

/// Who holds which key, as read a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<[u8; 32], Entry>>);

#[derive(Debug, Clone, Copy)]
struct Entry {
    holder: KeyHolder,
    read_at: Timestamp,
    touched_at: Timestamp,
}

impl Cache {
    pub(crate) fn clear(&self) {
        self.entries().clear();
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<[u8; 32], Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Who holds the key with this hash; `None` for an unknown or a revoked one.
    pub async fn key_holder(&self, hash: [u8; 32]) -> Result<Option<KeyHolder>, StoreError> {
        let now = self.clock.now();
        let cached = self.keys.entries().get(&hash).copied();
        if let Some(entry) = cached
            && entry.read_at > now.minus(CACHED_FOR)
        {
            return Ok(Some(entry.holder));
        }
        let Some(holder) = self.store.read(move |tx| keys::find(tx, &hash)).await? else {
            self.keys.entries().remove(&hash);
            return Ok(None);
        };
        let touched_at = match cached {
            Some(entry) if entry.touched_at > now.minus(TOUCHED_EVERY) => entry.touched_at,
            _ => {
                self.store.write(move |tx| keys::touch(tx, holder.id, now)).await?;
                now
            }
        };
        let mut entries = self.keys.entries();
        if entries.len() >= CACHED_MAX {
            entries.clear();
        }
        entries.insert(hash, Entry { holder, read_at: now, touched_at });
        Ok(Some(holder))
    }

    pub async fn create_api_key(
        &self,
        account: AccountId,
        name: String,
        key: Option<Idempotency>,
        render: impl Fn(&ApiKeyCreated) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let id = ApiKeyId::new(self.ids.one(&self.store).await?);
        let secret = secrets::new_key("df_live_");
        let now = self.clock.now();
        let body = move |tx: &mut Tx<'_>| {
            let row = NewApiKey {
                id,
                owner: Owner::Account(account),
                name: &name,
                prefix: &secret.prefix,
                hash: &secret.hash,
            };
            keys::insert(tx, &row, now)?;
            let key = ApiKey {
                id,
                name: name.clone(),
                prefix: secret.prefix.clone(),
                created_at: now,
                last_used_at: None,
            };
            Ok(ApiKeyCreated { key, secret: secret.clone() })
        };
        self.once(account, key, body, render).await
    }

    /// Revokes a key for good.
    pub async fn revoke_api_key(&self, account: AccountId, id: ApiKeyId) -> Result<(), UseError> {
        let now = self.clock.now();
        let revoked = self
            .store
            .write(move |tx| Ok::<_, UseError>(keys::revoke(tx, account, id, now)?))
            .await?;
        self.keys.clear();
        revoked.map(|_| ()).ok_or(UseError::NotFound("API key"))
    }
}
