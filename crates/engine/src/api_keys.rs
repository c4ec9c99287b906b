//! API keys: made, revoked, and looked up for every request.

use std::{sync::Arc, time::Duration};

use domain::{AccountId, ApiKeyId, Timestamp, api_keys::Grant};
use serde_json::Value;
use store::{
    StoreError, Tx,
    api_keys::{self as keys, ApiKey, KeyHolder, NewApiKey, Owner},
};

use crate::{
    Done, Engine, Idempotency, UseError,
    recent::{Recent, TOUCHED_EVERY},
    secrets::{self, NewKey},
};

/// A new key, its secret shown this once.
#[derive(Debug, Clone)]
pub struct ApiKeyCreated {
    pub key: ApiKey,
    pub secret: NewKey,
}

/// How secrets begin, so that people and scanners see what a key can do.
const LIVE: &str = "df_live_";
const TEST: &str = "df_test_";

fn prefix(grant: &Grant) -> &'static str {
    if grant.test { TEST } else { LIVE }
}

/// Who holds which key, and when its use was last noted.
pub(crate) type Cache = Recent<(Arc<KeyHolder>, Timestamp)>;

/// The longest time that a key's old secret goes on working beside the new one.
pub const OVERLAP_MAX: Duration = Duration::from_secs(30 * 86_400);

impl Engine {
    /// Who holds the key with this hash; `None` for an unknown or a revoked one.
    pub async fn key_holder(&self, hash: [u8; 32]) -> Result<Option<Arc<KeyHolder>>, StoreError> {
        let now = self.clock.now();
        let (known, fresh, began) = self.keys.look(&hash, now);
        if let Some((holder, _)) = known.as_ref().filter(|_| fresh) {
            return Ok(Some(Arc::clone(holder)));
        }
        let Some(holder) = self.store.read(move |tx| keys::find(tx, &hash)).await? else {
            self.keys.forget(&hash);
            return Ok(None);
        };
        let (id, holder) = (holder.id, Arc::new(holder));
        let touched_at = match known {
            Some((_, touched_at)) if touched_at > now.minus(TOUCHED_EVERY) => touched_at,
            _ => {
                self.store.write(move |tx| keys::touch(tx, id, now)).await?;
                now
            }
        };
        self.keys.keep(hash, (Arc::clone(&holder), touched_at), now, began);
        Ok(Some(holder))
    }

    pub async fn create_api_key(
        self: &Arc<Self>,
        account: AccountId,
        name: String,
        grant: Grant,
        key: Option<Idempotency>,
        render: impl Fn(&ApiKeyCreated) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let id = ApiKeyId::new(self.ids.one(&self.store).await?);
        if grant.test {
            self.need_simulator().await?;
        }
        let secret = secrets::new_key(prefix(&grant));
        let now = self.clock.now();
        let body = move |tx: &mut Tx<'_>| {
            Ok(insert(tx, account, id, name.clone(), grant.clone(), secret.clone(), now)?)
        };
        self.once(account, key, body, render).await
    }

    /// A new key in the place of an old one, which goes on working for `overlap`.
    pub async fn rotate_api_key(
        &self,
        account: AccountId,
        old: ApiKeyId,
        overlap: Duration,
        key: Option<Idempotency>,
        render: impl Fn(&ApiKeyCreated) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let id = ApiKeyId::new(self.ids.one(&self.store).await?);
        let (live, test) = (secrets::new_key(LIVE), secrets::new_key(TEST));
        let now = self.clock.now();
        let body = move |tx: &mut Tx<'_>| {
            let (known, replaced) =
                keys::lock(tx, account, old)?.ok_or(UseError::NotFound("API key"))?;
            let secret = if known.grant.test { &test } else { &live };
            let ended = if replaced {
                Some("This key was rotated before; rotate the key that took its place.")
            } else if known.grant.has_expired(now) {
                Some("This key has expired; make a new one.")
            } else {
                None
            };
            if let Some(message) = ended {
                return Err(UseError::Conflict { message: message.to_owned() });
            }
            keys::replace(tx, &known, now.plus(overlap), now)?;
            Ok(insert(tx, account, id, known.name, known.grant, secret.clone(), now)?)
        };
        let done = self.once(account, key, body, render).await;
        self.keys.clear();
        done
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

fn insert(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: ApiKeyId,
    name: String,
    grant: Grant,
    secret: NewKey,
    now: Timestamp,
) -> Result<ApiKeyCreated, StoreError> {
    let row = NewApiKey {
        id,
        owner: Owner::Account(account),
        name: &name,
        prefix: &secret.prefix,
        hash: &secret.hash,
        grant: &grant,
    };
    keys::insert(tx, &row, now)?;
    let prefix = secret.prefix.clone();
    let key = ApiKey { id, name, prefix, grant, created_at: now, last_used_at: None };
    Ok(ApiKeyCreated { key, secret })
}
