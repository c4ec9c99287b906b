//! The life of a message.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Declares an enum whose variants are stable words in the database and the API.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($crate::UnknownWord),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// A word that names no variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the known words")]
pub struct UnknownWord;

words! {
    /// Which way a message went, seen from the customer.
    pub enum Direction {
        Outbound = "outbound",
        Inbound = "inbound",
    }
}

words! {
    /// The statuses that a customer sees. `Received` is inbound's only one.
    pub enum MessageStatus {
        Queued = "queued",
        Sending = "sending",
        Sent = "sent",
        Delivered = "delivered",
        Failed = "failed",
        Received = "received",
    }
}

/// What can happen to an outbound message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageEvent {
    /// A dispatcher took it; its attempt is stored before a byte leaves.
    Claimed,
    /// The carrier certainly did not take it.
    Deferred,
    /// The carrier took every part.
    Accepted,
    /// No carrier will take it.
    Refused,
    /// Its validity passed, or no evidence came of what was sent.
    Expired,
    ReceiptDelivered,
    ReceiptFailed,
}

/// An edge that the life of a message does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message that is {from} cannot take the event {event:?}")]
pub struct InvalidTransition {
    pub from: MessageStatus,
    pub event: MessageEvent,
}

impl MessageStatus {
    /// The status after `event`; the first terminal status wins.
    pub fn after(self, event: MessageEvent) -> Result<Self, InvalidTransition> {
        use MessageEvent as E;
        use MessageStatus as S;
        match (self, event) {
            (S::Queued, E::Claimed) => Ok(S::Sending),
            (S::Sending, E::Deferred) => Ok(S::Queued),
            (S::Sending, E::Accepted) => Ok(S::Sent),
            (S::Queued | S::Sending, E::Refused | E::Expired) => Ok(S::Failed),
            // A receipt may overtake the answer to the submit, and may come twice.
            (S::Sending | S::Sent, E::ReceiptDelivered) => Ok(S::Delivered),
            (S::Sending | S::Sent, E::ReceiptFailed) => Ok(S::Failed),
            (S::Sent, E::Accepted) => Ok(S::Sent),
            (S::Delivered | S::Failed, E::Accepted | E::ReceiptDelivered | E::ReceiptFailed) => {
                Ok(self)
            }
            (from, event) => Err(InvalidTransition { from, event }),
        }
    }

    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Delivered | Self::Failed | Self::Received)
    }
}

/// Why a message failed, in our own words: a carrier's are the operator's to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    InvalidDestination,
    RejectedByCarrier,
    SenderNotAllowed,
    NoRoute,
    CarrierUnavailable,
    Undeliverable,
    Expired,
    /// Sent at most twice, and no evidence came that any copy was taken.
    Unconfirmed,
}

impl FailureCode {
    const ALL: [Self; 8] = [
        Self::InvalidDestination,
        Self::RejectedByCarrier,
        Self::SenderNotAllowed,
        Self::NoRoute,
        Self::CarrierUnavailable,
        Self::Undeliverable,
        Self::Expired,
        Self::Unconfirmed,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidDestination => "invalid_destination",
            Self::RejectedByCarrier => "rejected_by_carrier",
            Self::SenderNotAllowed => "sender_not_allowed",
            Self::NoRoute => "no_route",
            Self::CarrierUnavailable => "carrier_unavailable",
            Self::Undeliverable => "undeliverable",
            Self::Expired => "expired",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// A sentence that a person can act on.
    pub const fn message(self) -> &'static str {
        match self {
            Self::InvalidDestination => {
                "Failed to send SMS: the carrier does not know this number. Verify that the To number is valid E.164 and in use."
            }
            Self::RejectedByCarrier => {
                "Failed to send SMS: the carrier rejected the message. Verify the To number and that its country accepts SMS."
            }
            Self::SenderNotAllowed => {
                "Failed to send SMS: the carrier does not accept this From number. Send from another number or contact support."
            }
            Self::NoRoute => {
                "Failed to send SMS: no carrier serves this destination now. Contact support to have it opened."
            }
            Self::CarrierUnavailable => {
                "Failed to send SMS: the carrier could not take the message in time. Send it again."
            }
            Self::Undeliverable => {
                "The carrier could not deliver the message to the handset. Verify that the number is in use and can receive SMS."
            }
            Self::Expired => {
                "The message could not be delivered within its validity. The handset may have been off: send it again."
            }
            Self::Unconfirmed => {
                "The carrier never confirmed that it took the message. It may have arrived; nothing was charged."
            }
        }
    }

    /// Whether the same message would fail again.
    pub const fn permanent(self) -> bool {
        match self {
            Self::InvalidDestination
            | Self::RejectedByCarrier
            | Self::SenderNotAllowed
            | Self::NoRoute => true,
            Self::CarrierUnavailable | Self::Undeliverable | Self::Expired | Self::Unconfirmed => {
                false
            }
        }
    }
}

impl FromStr for FailureCode {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or(UnknownWord)
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

words! {
    /// How hard to try when it is uncertain whether the carrier took a message.
    pub enum Delivery {
        /// One resend after 120 s without evidence: at most two copies.
        AtLeastOnce = "at_least_once",
        /// Never resent once a byte may have left.
        AtMostOnce = "at_most_once",
    }
}

#[cfg(test)]
mod tests {
    use super::{MessageEvent as E, MessageStatus as S, *};

    const EVENTS: [E; 7] = [
        E::Claimed,
        E::Deferred,
        E::Accepted,
        E::Refused,
        E::Expired,
        E::ReceiptDelivered,
        E::ReceiptFailed,
    ];

    #[test]
    fn nothing_leaves_a_terminal_status() {
        for status in [S::Delivered, S::Failed, S::Received] {
            for event in EVENTS {
                assert!(status.after(event).is_err() || status.after(event) == Ok(status));
            }
        }
    }

    #[test]
    fn only_a_message_that_certainly_did_not_leave_is_queued_again() {
        for status in S::ALL {
            for event in EVENTS {
                if status.after(event) == Ok(S::Queued) {
                    assert_eq!((*status, event), (S::Sending, E::Deferred));
                }
            }
        }
    }

    #[test]
    fn a_receipt_may_overtake_the_answer() {
        assert_eq!(S::Sending.after(E::ReceiptDelivered), Ok(S::Delivered));
        assert_eq!(S::Delivered.after(E::Accepted), Ok(S::Delivered));
    }

    #[test]
    fn words_read_back() {
        for status in S::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        for code in FailureCode::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
        }
    }
}
