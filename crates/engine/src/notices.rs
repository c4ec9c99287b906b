//! What customers are told of months that are owed.

use domain::{Email, Timestamp};
use store::{months::Service, numbers::NumberRecord, renewals::Renewal};

use crate::{mail::Letter, renewals};

/// What happened to a service whose month could not be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// It is on still, for some days.
    Owed,
    /// It is off, and comes back when it is paid.
    Lapsed,
    /// It was paid, and is on.
    Resumed,
    /// It is over.
    Ended,
}

impl Notice {
    /// As events name it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Owed => "payment_due",
            Self::Lapsed => "lapsed",
            Self::Resumed => "resumed",
            Self::Ended => "ended",
        }
    }

    /// How long this state lasts unless it is paid; for one that is paid, how long that lasts.
    pub(crate) fn ends_at(self, renewal: &Renewal) -> Timestamp {
        match self {
            Self::Owed => renewal.paid_until.plus(renewals::GRACE),
            Self::Lapsed | Self::Ended => renewal.paid_until.plus(renewals::KEPT),
            Self::Resumed => renewal.paid_until,
        }
    }

    pub(crate) fn letter(
        self,
        to: Email,
        number: &NumberRecord,
        renewal: &Renewal,
        (brand, currency): (&str, &str),
    ) -> Letter {
        let owed = renewal.owed;
        let number = &number.number;
        let what = match renewal.service {
            Service::Number => format!("the number {number}"),
            Service::Sms => format!("SMS on {number}"),
        };
        let date = self.ends_at(renewal).to_string()[..10].to_owned();
        let (subject, text) = match self {
            Self::Owed => (
                format!("{brand}: {what} could not be renewed"),
                format!(
                    "Your wallet does not hold the {owed} {currency} for the next month of {what}.\n\n\
                     Top up by {date} (UTC) and nothing changes. After that nothing can be sent \
                     from the number until it is paid; it goes on receiving.\n"
                ),
            ),
            Self::Lapsed => (
                format!("{brand}: {what} is off"),
                format!(
                    "The month of {what} was not paid, so nothing can be sent from the number. \
                     It goes on receiving.\n\nTop up {owed} {currency} or more and it is on again. \
                     On {date} (UTC) it ends.\n"
                ),
            ),
            Self::Resumed => (
                format!("{brand}: {what} is on again"),
                format!("{what} was paid from your wallet and is on until {date} (UTC).\n"),
            ),
            Self::Ended => (
                format!("{brand}: {what} has ended"),
                match renewal.service {
                    Service::Number => {
                        format!("The number {number} was not paid for and is no longer yours.\n")
                    }
                    Service::Sms => format!(
                        "SMS on {number} was not paid for and has ended. \
                         You can switch it on again under My Numbers, Configure.\n"
                    ),
                },
            ),
        };
        Letter { to, what: self.as_str(), subject, text, link: None }
    }
}
