//! Messaging profiles: made, changed and removed by their customer, and given to numbers.

use domain::{AccountId, MessagingProfileId, NumberId, Timestamp, opt_out::Words};
use serde_json::Value;
use store::{
    StoreError, Tx,
    messaging_profiles::{self as profiles, Health, MessagingProfile},
    numbers, renewals,
};

use crate::{Done, Engine, Idempotency, OwnNumber, UseError};

const PROFILES_MAX: i64 = 100;

const NAME_CHARACTERS_MAX: usize = 100;

/// What a customer sets of a profile; what is `None` stays as it is, at first as the default has it.
#[derive(Debug, Clone, Default)]
pub struct MessagingProfilePatch {
    pub name: Option<String>,
    pub standard_words: Option<bool>,
    pub stop_words: Option<Vec<String>>,
    pub start_words: Option<Vec<String>>,
    pub sender_fallback: Option<bool>,
}

/// A profile and how it fares.
pub type MessagingProfileSeen = (MessagingProfile, Health);

impl Engine {
    pub async fn create_messaging_profile(
        &self,
        account: AccountId,
        wanted: MessagingProfilePatch,
        key: Option<Idempotency>,
        render: impl Fn(&MessagingProfileSeen) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        let id = MessagingProfileId::new(self.ids.one(&self.store).await?);
        let mut profile = plain(account, id, self.clock.now());
        profile.is_default = false;
        apply(&mut profile, &wanted)?;
        let body = move |tx: &mut Tx<'_>| {
            if profiles::count(tx, account)? >= PROFILES_MAX {
                let message = format!(
                    "An account has at most {PROFILES_MAX} messaging profiles; delete one."
                );
                return Err(UseError::Conflict { message });
            }
            profiles::insert(tx, &profile)?;
            seen(tx, account, id)
        };
        self.once(account, key, body, render).await
    }

    pub async fn update_messaging_profile(
        &self,
        account: AccountId,
        id: MessagingProfileId,
        patch: MessagingProfilePatch,
    ) -> Result<MessagingProfileSeen, UseError> {
        self.store
            .write(move |tx| {
                let mut profile = found(profiles::lock(tx, account, id)?)?;
                apply(&mut profile, &patch)?;
                profiles::update(tx, &profile)?;
                seen(tx, account, id)
            })
            .await
    }

    /// Removes a profile that nothing hangs on.
    pub async fn delete_messaging_profile(
        &self,
        account: AccountId,
        id: MessagingProfileId,
    ) -> Result<(), UseError> {
        self.store
            .write(move |tx| {
                let profile = found(profiles::lock(tx, account, id)?)?;
                let uses = profiles::uses(tx, account, id)?;
                let message = if profile.is_default {
                    "This is the profile that new numbers are given; it stays. Change it instead."
                } else if uses.numbers > 0 {
                    "Numbers are assigned to this messaging profile. Assign them another first."
                } else if uses.webhooks > 0 {
                    "Webhooks belong to this messaging profile. Delete them, or let them serve all numbers, first."
                } else {
                    profiles::delete(tx, account, id)?;
                    return Ok(());
                };
                Err(UseError::Conflict { message: message.to_owned() })
            })
            .await
    }

    /// Assigns a number to a profile, or to none: then it receives, and sends nothing.
    pub async fn assign_messaging_profile(
        &self,
        account: AccountId,
        id: NumberId,
        profile: Option<MessagingProfileId>,
    ) -> Result<OwnNumber, UseError> {
        self.store
            .write(move |tx| {
                let mut number = numbers::lock(tx, id)?
                    .filter(|number| number.account == Some(account))
                    .ok_or(UseError::NotFound("number"))?;
                hold(tx, account, profile)?;
                numbers::set_profile(tx, account, id, profile)?;
                number.profile = profile;
                let renewals = renewals::of_numbers(tx, account, (id, id))?;
                OwnNumber::read(tx, number, renewals)
            })
            .await
    }
}

/// Makes the profile that a new account begins with.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: MessagingProfileId,
    at: Timestamp,
) -> Result<(), StoreError> {
    profiles::insert(tx, &plain(account, id, at))
}

/// Sees to it that a profile which something is about to hang on is the account's, and stays.
pub(crate) fn hold(
    tx: &mut Tx<'_>,
    account: AccountId,
    profile: Option<MessagingProfileId>,
) -> Result<(), UseError> {
    if let Some(id) = profile
        && profiles::lock(tx, account, id)?.is_none()
    {
        let message = "messaging_profile_id names no messaging profile of yours.";
        return Err(UseError::invalid("messaging_profile_id", message));
    }
    Ok(())
}

fn plain(account: AccountId, id: MessagingProfileId, at: Timestamp) -> MessagingProfile {
    MessagingProfile {
        account,
        id,
        name: "Default".to_owned(),
        is_default: true,
        words: Words::standard(),
        sender_fallback: false,
        created_at: at,
    }
}

fn found<T>(profile: Option<T>) -> Result<T, UseError> {
    profile.ok_or(UseError::NotFound("messaging profile"))
}

fn seen(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: MessagingProfileId,
) -> Result<MessagingProfileSeen, UseError> {
    found(profiles::find(tx, account, id)?)
}

fn apply(profile: &mut MessagingProfile, patch: &MessagingProfilePatch) -> Result<(), UseError> {
    if let Some(name) = &patch.name {
        let name = name.trim();
        let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            let message =
                format!("name has 1 to {NAME_CHARACTERS_MAX} characters, no control characters.");
            return Err(UseError::invalid("name", message));
        }
        name.clone_into(&mut profile.name);
    }
    let words = &profile.words;
    profile.words = Words::new(
        patch.standard_words.unwrap_or(words.has_standard()),
        patch.stop_words.as_deref().unwrap_or(words.stop()),
        patch.start_words.as_deref().unwrap_or(words.start()),
    )
    .map_err(|error| UseError::invalid(&format!("opt_out_words.{}", error.field), error.message))?;
    profile.sender_fallback = patch.sender_fallback.unwrap_or(profile.sender_fallback);
    Ok(())
}
