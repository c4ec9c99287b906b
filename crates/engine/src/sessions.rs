//! Signed-in browsers: signing in and out, and who a request comes from.

use std::{net::IpAddr, time::Duration};

use domain::{Email, SessionId, Timestamp};
use store::{
    AsStoreError, StoreError, Tx,
    api_keys::Owner,
    people::{self, Person},
    sessions::{self, Cutoff, Session, SessionHolder},
};

use crate::{
    Engine, UseError,
    lately::TooMany,
    recent::{Recent, TOUCHED_EVERY},
    secrets::{self, Token, Turn},
};

/// A session ends this long after its last use…
const IDLE_MAX: Duration = Duration::from_secs(7 * 86_400);

/// …and this long after it began in any case.
pub const SESSION_LENGTH_MAX: Duration = Duration::from_secs(30 * 86_400);

/// More of what a browser says of itself is cut off.
const USER_AGENT_CHARACTERS_MAX: usize = 300;

/// Where a sign-in comes from.
#[derive(Debug, Clone)]
pub struct Client {
    pub ip: IpAddr,
    pub user_agent: Option<String>,
}

/// A session with its person.
#[derive(Debug, Clone)]
pub struct Presence {
    pub session: Session,
    pub person: Person,
    pub expires_at: Timestamp,
}

/// A new session; its token goes into the cookie, this once.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub token: Token,
    pub presence: Presence,
}

/// Why a password did not open anything.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PasswordError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Wrong, or nobody's: no answer tells which.
    #[error("the password is wrong")]
    Wrong,
    #[error("too many passwords were wrong")]
    TooMany { retry_after_seconds: i64 },
}

impl AsStoreError for PasswordError {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Wrong | Self::TooMany { .. } => None,
        }
    }
}

impl From<TooMany> for PasswordError {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany { retry_after_seconds: too_many.retry_after_seconds }
    }
}

/// Who holds which cookie.
pub(crate) type Cache = Recent<SessionHolder>;

pub(crate) fn cutoff(now: Timestamp) -> Cutoff {
    Cutoff { made: now.minus(SESSION_LENGTH_MAX), used: now.minus(IDLE_MAX) }
}

/// When a session ends if it is not used again.
pub fn expires_at(session: &Session) -> Timestamp {
    session.created_at.plus(SESSION_LENGTH_MAX).min(session.last_used_at.plus(IDLE_MAX))
}

impl Engine {
    /// Opens a session; the one that the browser had before (`replaced`) ends.
    pub async fn sign_in(
        &self,
        email: Email,
        password: String,
        client: Client,
        replaced: Option<[u8; 32]>,
    ) -> Result<SignedIn, PasswordError> {
        let person = {
            let email = email.clone();
            self.store.read(move |tx| people::find_by_email(tx, &email)).await?
        };
        let turn = self.try_password(&email, client.ip, password, person.as_ref()).await?;
        drop(turn);
        let Some(person) = person else { return Err(PasswordError::Wrong) };
        let id = SessionId::new(self.ids.one(&self.store).await?);
        let now = self.clock.now();
        let signed_in = self
            .store
            .write(move |tx| {
                // A password that was changed meanwhile opens nothing.
                let current = people::find(tx, person.owner)?;
                let current = current
                    .filter(|current| current.password_hash == person.password_hash)
                    .ok_or(PasswordError::Wrong)?;
                if let Some(replaced) = &replaced {
                    sessions::end_by_token(tx, replaced)?;
                }
                Ok::<_, PasswordError>(open(tx, id, current, &client, now)?)
            })
            .await?;
        if replaced.is_some() {
            self.sessions.clear();
        }
        Ok(signed_in)
    }

    /// Checks a person's password, or takes as long over one that is nobody's.
    pub(crate) async fn try_password(
        &self,
        email: &Email,
        ip: IpAddr,
        password: String,
        person: Option<&Person>,
    ) -> Result<Turn, PasswordError> {
        // Before the wait for a turn, so that a flood of guesses holds nobody up…
        self.tries.check(email, ip, self.clock.now())?;
        let turn = secrets::turn().await;
        // …and in turn, so that guesses made at once are all counted.
        let now = self.clock.now();
        self.tries.begin(email, ip, now)?;
        let kept = person.and_then(|person| person.password_hash.clone());
        if !secrets::is_password(&turn, password, kept).await {
            return Err(PasswordError::Wrong);
        }
        self.tries.right(email, ip, now);
        Ok(turn)
    }

    /// Who holds the cookie with this hash; `None` where its session has ended.
    pub async fn session_holder(
        &self,
        hash: [u8; 32],
    ) -> Result<Option<SessionHolder>, StoreError> {
        let now = self.clock.now();
        let (known, fresh, began) = self.sessions.look(&hash, now);
        if let Some(holder) = known.filter(|_| fresh) {
            return Ok(Some(holder));
        }
        let cutoff = cutoff(now);
        let found = self.store.read(move |tx| sessions::find(tx, &hash, cutoff)).await?;
        let Some(mut holder) = found else {
            self.sessions.forget(&hash);
            return Ok(None);
        };
        if holder.last_used_at <= now.minus(TOUCHED_EVERY) {
            self.store.write(move |tx| sessions::touch(tx, holder.id, now)).await?;
            holder.last_used_at = now;
        }
        self.sessions.keep(hash, holder, now, began);
        Ok(Some(holder))
    }

    /// Ends the session of a cookie, if there is one.
    pub async fn sign_out(&self, hash: [u8; 32]) -> Result<(), StoreError> {
        self.store.write(move |tx| sessions::end_by_token(tx, &hash)).await?;
        self.sessions.clear();
        Ok(())
    }

    /// The person's sessions, newest first, those with ids below `before`.
    pub async fn sessions(
        &self,
        of: Owner,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Session>, StoreError> {
        let cutoff = cutoff(self.clock.now());
        self.store.read(move |tx| sessions::list(tx, of, cutoff, before, limit)).await
    }

    pub async fn end_session(&self, of: Owner, id: SessionId) -> Result<(), UseError> {
        let ended =
            self.store.write(move |tx| Ok::<_, UseError>(sessions::end(tx, of, id)?)).await?;
        self.sessions.clear();
        if ended { Ok(()) } else { Err(UseError::NotFound("session")) }
    }

    /// Ends all of the person's sessions but `kept`; answers how many.
    pub async fn end_other_sessions(&self, of: Owner, kept: SessionId) -> Result<u64, StoreError> {
        let ended = self.store.write(move |tx| sessions::end_others(tx, of, Some(kept))).await?;
        self.sessions.clear();
        Ok(ended)
    }

    /// The session's person, as they are now.
    pub async fn presence(&self, holder: SessionHolder) -> Result<Presence, UseError> {
        let person = self.store.read(move |tx| people::find(tx, holder.owner)).await?;
        let session = Session {
            id: holder.id,
            user_agent: None,
            created_at: holder.created_at,
            last_used_at: holder.last_used_at,
        };
        let person = person.ok_or(UseError::NotFound("person"))?;
        Ok(Presence { expires_at: expires_at(&session), session, person })
    }
}

/// Opens a session for a person who has shown who they are.
pub(crate) fn open(
    tx: &mut Tx<'_>,
    id: SessionId,
    person: Person,
    client: &Client,
    now: Timestamp,
) -> Result<SignedIn, StoreError> {
    let token = secrets::new_token();
    let user_agent = client
        .user_agent
        .as_deref()
        .map(|text| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect());
    let session = Session { id, user_agent, created_at: now, last_used_at: now };
    sessions::insert(tx, &session, person.owner, &token.hash)?;
    let expires_at = expires_at(&session);
    Ok(SignedIn { token, presence: Presence { session, person, expires_at } })
}
