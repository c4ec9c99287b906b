//! What a phone number of the inventory is.

use std::{fmt, str::FromStr};

use crate::words;

words! {
    /// The kind of number that a country's plan knows.
    pub enum NumberType {
        Local = "local",
        Mobile = "mobile",
        TollFree = "toll_free",
    }
}

words! {
    pub enum NumberStatus {
        Available = "available",
        Provisioning = "provisioning",
        PendingVerification = "pending_verification",
        Active = "active",
        Suspended = "suspended",
        Released = "released",
    }
}

/// An ISO 3166-1 alpha-2 code, like `NL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a country code of two capital letters, like NL")]
pub struct InvalidCountry;

impl Country {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII letters are ever stored")
    }
}

impl FromStr for Country {
    type Err = InvalidCountry;

    fn from_str(text: &str) -> Result<Self, InvalidCountry> {
        let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| InvalidCountry)?;
        if code.iter().all(u8::is_ascii_uppercase) { Ok(Self(code)) } else { Err(InvalidCountry) }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
