//! Sign-up, addresses, passwords and profiles.

use std::{sync::Arc, time::Duration};

use domain::{
    AccountId, Email, Language, MessagingProfileId, Password, SessionId, Theme, TimeZone,
    Timestamp, VatRate, rate::RATE_DEFAULT,
};
use serde_json::{Value, json};
use store::{
    StoreError, Tx, accounts,
    api_keys::Owner,
    mail_tokens::{self, Purpose},
    people::{self, Person},
    sessions,
};

use crate::{
    Done, Engine, Idempotency, UseError,
    lately::network,
    mail::Letter,
    messaging_profiles,
    repeats::NEWCOMERS,
    secrets::{self, Token, hash_password},
    sessions::{Client, PasswordError, Presence, SignedIn, open},
};

/// A link to confirm an address works this long.
const VERIFY_WITHIN: Duration = Duration::from_secs(86_400);

/// A link to set a new password works this long.
const RESET_WITHIN: Duration = Duration::from_secs(3_600);

/// Letters to one person within [`LETTERS_WITHIN`].
const LETTERS_MAX: i64 = 5;

pub(crate) const LETTERS_WITHIN: Duration = Duration::from_secs(3_600);

/// Used and expired links are kept this long.
pub(crate) const LINKS_KEPT: Duration = Duration::from_secs(2 * 86_400);

const NAME_CHARACTERS_MAX: usize = 100;

#[derive(Debug, Clone)]
pub struct SignUp {
    pub email: Email,
    pub password: Password,
    /// The address's first half where none is given.
    pub name: Option<String>,
}

/// What signing up came to.
#[derive(Debug, Clone)]
pub struct SignedUp {
    pub done: Done,
    /// For the cookie.
    pub token: Token,
}

/// Outer `None`: stays as it is. Inner `None`: as the browser has it.
#[derive(Debug, Clone, Default)]
pub struct ProfilePatch {
    pub name: Option<String>,
    pub language: Option<Option<Language>>,
    pub theme: Option<Theme>,
    pub time_zone: Option<Option<TimeZone>>,
}

impl Engine {
    /// Makes an account with an empty wallet and signs its owner in; `render` is given the link
    /// that is sent by e-mail.
    pub async fn sign_up(
        &self,
        new: SignUp,
        client: Client,
        key: Option<Idempotency>,
        render: impl Fn(&Presence, &str) -> Value + Send + 'static,
    ) -> Result<SignedUp, UseError> {
        let SignUp { email, password, name } = new;
        let name = match name {
            Some(name) => checked_name(&name)?,
            None => email.as_str().split('@').next().unwrap_or("").chars().take(100).collect(),
        };
        self.admit_letter(&client)?;
        let currency = self.config.account_currency;
        let is_open = self.sells_in(currency).await?;
        let key = key.map(|key| key.of_sign_up(&email));
        let taken = {
            let email = email.clone();
            self.store.read(move |tx| people::find_by_email(tx, &email)).await?.is_some()
        };
        // It may be taken by the first call of this very key.
        if taken && key.is_none() {
            return Err(address_taken());
        }
        let hash = hash_password(password.into_inner()).await;
        let ids = self.ids.take(&self.store, 3).await?;
        let now = self.clock.now();
        let token = secrets::new_token();
        let link = self.mailed_link(Purpose::Verify, &token);
        let to = email.clone();
        let body = move |tx: &mut Tx<'_>| {
            if !is_open {
                let message = format!(
                    "Nobody can sign up yet: nothing has a price in {currency}. Tell support."
                );
                return Err(UseError::Conflict { message });
            }
            let mut ids = ids.clone();
            let id = AccountId::new(ids.next());
            let row = accounts::NewAccount {
                id,
                name: name.clone(),
                email: email.as_str().to_owned(),
                password_hash: Some(hash.clone()),
                rate_limit: RATE_DEFAULT,
                vat_rate: VatRate::ZERO,
                currency,
            };
            if people::find_by_email(tx, &email)?.is_some() || !accounts::insert(tx, &row, now)? {
                return Err(address_taken());
            }
            messaging_profiles::begin(tx, id, MessagingProfileId::new(ids.next()), now)?;
            keep_link(tx, &token, Owner::Account(id), Purpose::Verify, now)?;
            let person = found(tx, Owner::Account(id))?;
            Ok(open(tx, SessionId::new(ids.next()), person, &client, now)?)
        };
        let sent = link.clone();
        // Sealed under the key like every answer, so the token is as secret as it.
        let with_token = move |made: &SignedIn| json!({"token": made.token.secret, "answer": render(&made.presence, &link)});
        let mut done = self.once(NEWCOMERS, key, body, with_token).await?;
        if !done.replayed {
            let brand = &self.config.site.brand;
            self.send_letter(Letter::with_link(to, Purpose::Verify, sent, brand));
        }
        let secret = done.answer["token"]
            .as_str()
            .ok_or_else(|| StoreError::Corrupt("a sign-up's answer has no token".to_owned()))?
            .to_owned();
        done.answer = done.answer["answer"].take();
        Ok(SignedUp { done, token: Token { hash: secrets::key_hash(&secret), secret } })
    }

    /// Whether a client may have one more letter sent; that is counted.
    fn admit_letter(&self, client: &Client) -> Result<(), UseError> {
        self.letters.take(network(client.ip), self.clock.now()).map_err(|too_many| {
            too_many.because(
                "Too many sign-ups and letters were asked for from this network. Wait as long as \
                 Retry-After says.",
            )
        })
    }

    /// Sends the link to confirm an address once more; answers it.
    pub async fn send_verification(
        &self,
        owner: Owner,
        client: &Client,
    ) -> Result<String, UseError> {
        self.admit_letter(client)?;
        let now = self.clock.now();
        let token = secrets::new_token();
        let link = self.mailed_link(Purpose::Verify, &token);
        let to = self
            .store
            .write(move |tx| {
                let person = found(tx, owner)?;
                if person.verified_at.is_some() {
                    let message = "This e-mail address is confirmed already.".to_owned();
                    return Err(UseError::Conflict { message });
                }
                if mail_tokens::count(tx, owner, now.minus(LETTERS_WITHIN))? >= LETTERS_MAX {
                    return Err(UseError::TooMany {
                        message: "Several letters were sent already: look into your mailbox, \
                                  or ask again in an hour."
                            .to_owned(),
                        retry_after_seconds: seconds(LETTERS_WITHIN),
                    });
                }
                keep_link(tx, &token, owner, Purpose::Verify, now)?;
                Ok(person.email)
            })
            .await?;
        let brand = &self.config.site.brand;
        self.send_letter(Letter::with_link(to, Purpose::Verify, link.clone(), brand));
        Ok(link)
    }

    /// Uses up a link; the address is its owner's from now on.
    pub async fn verify_email(&self, token: &str) -> Result<Email, UseError> {
        let hash = secrets::key_hash(token);
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                let owner = mail_tokens::redeem(tx, &hash, Purpose::Verify, now)?
                    .ok_or_else(worthless_link)?;
                people::verify(tx, owner, now)?;
                Ok(found(tx, owner)?.email)
            })
            .await
    }

    /// Sends a link to set a new password, where the address is somebody's.
    ///
    /// Takes as long for nobody's address, as the work is done afterwards; only a
    /// demo waits for the link, and nobody's address gets one that opens nothing.
    pub async fn request_reset(
        self: &Arc<Self>,
        email: Email,
        client: &Client,
    ) -> Result<Option<String>, UseError> {
        self.admit_letter(client)?;
        if self.config.site.demo {
            return self.send_reset(email).await;
        }
        let engine = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = engine.send_reset(email).await {
                tracing::error!(%error, "a link for a new password could not be made");
            }
        });
        Ok(None)
    }

    /// Answers the link for a demo to show: an operator's is for the letter alone.
    async fn send_reset(&self, email: Email) -> Result<Option<String>, UseError> {
        let now = self.clock.now();
        let token = secrets::new_token();
        let link = self.mailed_link(Purpose::Reset, &token);
        let to = email.clone();
        let (sent, shown) = self
            .store
            .write(move |tx| {
                let Some(person) = people::find_by_email(tx, &email)? else {
                    return Ok((false, true));
                };
                let shown = !matches!(person.owner, Owner::Operator(_));
                let since = now.minus(LETTERS_WITHIN);
                if mail_tokens::count(tx, person.owner, since)? >= LETTERS_MAX {
                    return Ok((false, shown));
                }
                keep_link(tx, &token, person.owner, Purpose::Reset, now)?;
                Ok::<_, UseError>((true, shown))
            })
            .await?;
        if sent {
            let brand = &self.config.site.brand;
            self.send_letter(Letter::with_link(to, Purpose::Reset, link.clone(), brand));
        }
        Ok(shown.then_some(link))
    }

    /// Uses up a link and sets a new password: all sessions end, other links become worthless.
    ///
    /// Whoever reads the letter has the address, so it counts as confirmed.
    pub async fn reset_password(&self, token: &str, new: Password) -> Result<Email, UseError> {
        let hash = secrets::key_hash(token);
        let now = self.clock.now();
        let usable = self
            .store
            .read(move |tx| mail_tokens::is_usable(tx, &hash, Purpose::Reset, now))
            .await?;
        if !usable {
            return Err(worthless_link());
        }
        let password_hash = hash_password(new.into_inner()).await;
        let email = self
            .store
            .write(move |tx| {
                let owner = mail_tokens::redeem(tx, &hash, Purpose::Reset, now)?
                    .ok_or_else(worthless_link)?;
                people::set_password(tx, owner, &password_hash)?;
                people::verify(tx, owner, now)?;
                mail_tokens::cancel(tx, owner, Purpose::Reset, now)?;
                sessions::end_others(tx, owner, None)?;
                Ok::<_, UseError>(found(tx, owner)?.email)
            })
            .await?;
        self.sessions.clear();
        Ok(email)
    }

    /// Sets a new password for who knows the old one; the other sessions end.
    pub async fn change_password(
        &self,
        presence: &Presence,
        current: String,
        new: Password,
        client: &Client,
    ) -> Result<(), PasswordError> {
        let Presence { session, person, .. } = presence;
        let turn = self.try_password(&person.email, client.ip, current, Some(person)).await?;
        drop(turn);
        let hash = hash_password(new.into_inner()).await;
        let (owner, kept, now) = (person.owner, session.id, self.clock.now());
        let was = person.password_hash.clone();
        self.store
            .write(move |tx| {
                // Two changes at once: the second one's old password is no longer right.
                if people::find(tx, owner)?.is_none_or(|person| person.password_hash != was) {
                    return Err(PasswordError::Wrong);
                }
                people::set_password(tx, owner, &hash)?;
                mail_tokens::cancel(tx, owner, Purpose::Reset, now)?;
                sessions::end_others(tx, owner, Some(kept))?;
                Ok(())
            })
            .await?;
        self.sessions.clear();
        Ok(())
    }

    pub async fn update_profile(
        &self,
        owner: Owner,
        patch: ProfilePatch,
    ) -> Result<Person, UseError> {
        let name = patch.name.as_deref().map(checked_name).transpose()?;
        self.store
            .write(move |tx| {
                let mut person = found(tx, owner)?;
                if let Some(name) = &name {
                    person.name.clone_from(name);
                }
                let profile = &mut person.profile;
                profile.language = patch.language.unwrap_or(profile.language);
                profile.theme = patch.theme.unwrap_or(profile.theme);
                if let Some(time_zone) = &patch.time_zone {
                    profile.time_zone.clone_from(time_zone);
                }
                people::update(tx, owner, &person.name, &person.profile)?;
                Ok(person)
            })
            .await
    }

    /// Where the portal takes a token.
    fn mailed_link(&self, purpose: Purpose, token: &Token) -> String {
        let page = match purpose {
            Purpose::Verify => "verify",
            Purpose::Reset => "reset",
        };
        format!("{}/{page}?token={}", self.config.site.public_url, token.secret)
    }
}

/// A name without the blanks around it, 1 to 100 characters.
pub(crate) fn checked_name(name: &str) -> Result<String, UseError> {
    let name = name.trim();
    let characters = name.chars().count();
    if (1..=NAME_CHARACTERS_MAX).contains(&characters) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        let message = format!("name has 1 to {NAME_CHARACTERS_MAX} characters.");
        Err(UseError::invalid("name", message))
    }
}

pub(crate) fn address_taken() -> UseError {
    let message = "An account with this e-mail address exists already.".to_owned();
    UseError::Conflict { message }
}

fn worthless_link() -> UseError {
    UseError::invalid("token", "This link was used already or has expired; ask for a new one.")
}

fn found(tx: &mut Tx<'_>, owner: Owner) -> Result<Person, UseError> {
    people::find(tx, owner)?.ok_or(UseError::NotFound("person"))
}

fn keep_link(
    tx: &mut Tx<'_>,
    token: &Token,
    owner: Owner,
    purpose: Purpose,
    now: Timestamp,
) -> Result<(), StoreError> {
    let within = match purpose {
        Purpose::Verify => VERIFY_WITHIN,
        Purpose::Reset => RESET_WITHIN,
    };
    mail_tokens::insert(tx, &token.hash, owner, purpose, now, now.plus(within))
}

fn seconds(span: Duration) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(i64::MAX)
}
