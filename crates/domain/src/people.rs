//! What the people who sign in choose for themselves.

use std::{fmt, str::FromStr};

use crate::words;

words! {
    /// The languages that the portal speaks.
    pub enum Language {
        English = "en",
        Dutch = "nl",
        German = "de",
        French = "fr",
        Spanish = "es",
        Portuguese = "pt",
        Arabic = "ar",
        Chinese = "zh",
        Japanese = "ja",
        Hindi = "hi",
    }
}

words! {
    pub enum Theme {
        /// As the device has it.
        System = "system",
        Light = "light",
        Dark = "dark",
    }
}

/// An e-mail address in lower case: something, an @, a host. Whether it exists, mail will tell.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// RFC 5321 §4.5.3.1.3: a path has 256 octets, two of them angle brackets.
const EMAIL_OCTETS_MAX: usize = 254;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address, like owner@example.com")]
pub struct InvalidEmail;

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let address = text.trim().to_lowercase();
        let halves = address.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && !host.is_empty() && !host.contains('@')
        });
        let plain = !address.chars().any(|c| c.is_whitespace() || c.is_control());
        let fits = halves && plain && address.len() <= EMAIL_OCTETS_MAX;
        if fits { Ok(Self(address)) } else { Err(InvalidEmail) }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows the host alone: a log cannot leak an address by accident.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…@{}", self.0.split_once('@').map_or("", |(_, host)| host))
    }
}

/// The name of a time zone in its written form, like `Europe/Amsterdam`.
///
/// Whether the zone exists, the browser knows better: its data is newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a time zone, like Europe/Amsterdam")]
pub struct InvalidTimeZone;

impl TimeZone {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TimeZone {
    type Err = InvalidTimeZone;

    fn from_str(text: &str) -> Result<Self, InvalidTimeZone> {
        let part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
        };
        let fits = text.len() <= 64 && text.split('/').all(part);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidTimeZone) }
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A password that somebody chose, 10 to 200 characters. Not kept: hashed.
#[derive(Clone)]
pub struct Password(String);

pub const PASSWORD_CHARACTERS_MIN: usize = 10;
pub const PASSWORD_CHARACTERS_MAX: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters")]
pub struct InvalidPassword;

impl Password {
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl FromStr for Password {
    type Err = InvalidPassword;

    fn from_str(text: &str) -> Result<Self, InvalidPassword> {
        let characters = text.chars().count();
        let fits = (PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX).contains(&characters);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidPassword) }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_without_regard_to_case() {
        assert_eq!(" Owner@Example.COM ".parse::<Email>().unwrap().as_str(), "owner@example.com");
        for bad in ["", "owner", "@example.com", "owner@", "a@b@c", "a b@c", "a@b\u{7}"] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
        let debug = format!("{:?}", "owner@example.com".parse::<Email>().unwrap());
        assert!(!debug.contains("owner"));
    }

    #[test]
    fn time_zones_have_the_form_of_a_name() {
        for good in ["UTC", "Europe/Amsterdam", "America/Argentina/Buenos_Aires", "Etc/GMT+3"] {
            assert!(good.parse::<TimeZone>().is_ok(), "{good}");
        }
        for bad in ["", "/", "Europe/", "../etc", "Europe/<b>", "+02:00"] {
            assert!(bad.parse::<TimeZone>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_counted_in_characters() {
        assert!("é".repeat(10).parse::<Password>().is_ok());
        assert!("é".repeat(9).parse::<Password>().is_err());
        assert!("x".repeat(201).parse::<Password>().is_err());
    }
}
