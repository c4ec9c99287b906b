//! API keys: made, revoked, and looked up for every request.

use domain::{AccountId, ApiKeyId, Timestamp};
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

/// Who holds which key, and when its use was last noted.
pub(crate) type Cache = Recent<(KeyHolder, Timestamp)>;

impl Engine {
    /// Who holds the key with this hash; `None` for an unknown or a revoked one.
    pub async fn key_holder(&self, hash: [u8; 32]) -> Result<Option<KeyHolder>, StoreError> {
        let now = self.clock.now();
        let (known, fresh, began) = self.keys.look(&hash, now);
        if let Some((holder, _)) = known.filter(|_| fresh) {
            return Ok(Some(holder));
        }
        let Some(holder) = self.store.read(move |tx| keys::find(tx, &hash)).await? else {
            self.keys.forget(&hash);
            return Ok(None);
        };
        let touched_at = match known {
            Some((_, touched_at)) if touched_at > now.minus(TOUCHED_EVERY) => touched_at,
            _ => {
                self.store.write(move |tx| keys::touch(tx, holder.id, now)).await?;
                now
            }
        };
        self.keys.keep(hash, (holder, touched_at), now, began);
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
