//! Pushing events to customers: which there are, and when a delivery is tried again.

use std::{fmt, str::FromStr, time::Duration};

crate::words! {
    /// What an endpoint can be told of.
    pub enum WebhookEvent {
        SmsReceived = "sms.received",
        SmsSent = "sms.sent",
        SmsDelivered = "sms.delivered",
        SmsFailed = "sms.failed",
        NumberStatus = "number.status",
        WalletLowBalance = "wallet.low_balance",
        WalletRechargeFailed = "wallet.recharge_failed",
    }
}

impl WebhookEvent {
    /// Whether it tells of a message, and so of one number's messaging profile.
    pub fn is_of_message(self) -> bool {
        match self {
            Self::SmsReceived | Self::SmsSent | Self::SmsDelivered | Self::SmsFailed => true,
            Self::NumberStatus | Self::WalletLowBalance | Self::WalletRechargeFailed => false,
        }
    }
}

/// The events that an endpoint wants, at least one, each once, in the order of [`WebhookEvent::ALL`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEvents(Vec<WebhookEvent>);

/// No event is named, or one that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("name one or more of: {}", WebhookEvents::all())]
pub struct InvalidEvents;

impl WebhookEvents {
    pub fn all() -> Self {
        Self(WebhookEvent::ALL.to_vec())
    }

    /// All that tell of a message.
    pub fn of_messages() -> Self {
        Self(WebhookEvent::ALL.iter().copied().filter(|event| event.is_of_message()).collect())
    }

    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidEvents> {
        let named: Vec<WebhookEvent> = words
            .into_iter()
            .map(|word| word.parse().map_err(|_| InvalidEvents))
            .collect::<Result<_, _>>()?;
        let each: Vec<WebhookEvent> =
            WebhookEvent::ALL.iter().copied().filter(|event| named.contains(event)).collect();
        if each.is_empty() { Err(InvalidEvents) } else { Ok(Self(each)) }
    }

    pub fn contains(&self, event: WebhookEvent) -> bool {
        self.0.contains(&event)
    }

    pub fn iter(&self) -> impl Iterator<Item = WebhookEvent> {
        self.0.iter().copied()
    }
}

/// `sms.received,sms.failed`.
impl fmt::Display for WebhookEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(WebhookEvent::as_str).collect();
        f.write_str(&words.join(","))
    }
}

impl FromStr for WebhookEvents {
    type Err = InvalidEvents;

    fn from_str(text: &str) -> Result<Self, InvalidEvents> {
        Self::of(text.split(','))
    }
}

/// Between one try and the next; after the last there is none.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(5 * 3_600),
    Duration::from_secs(10 * 3_600),
    Duration::from_secs(14 * 3_600),
    Duration::from_secs(20 * 3_600),
    Duration::from_secs(24 * 3_600),
];

/// Tries of a delivery before it is left to be resent by hand.
pub const TRIES_MAX: usize = PAUSES.len() + 1;

/// An endpoint is not asked to wait for longer, whatever its `Retry-After` says.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3_600);

/// The pause after the `tries`-th try failed, or `None` after the last.
///
/// `random` moves it by up to a tenth either way, so that what failed together does not
/// come back together. `asked` is the answer's `Retry-After`.
pub fn pause_after(tries: usize, asked: Option<Duration>, random: u64) -> Option<Duration> {
    let pause = *PAUSES.get(tries.checked_sub(1)?)?;
    let tenths = u32::try_from(random % 2_001).unwrap_or(0);
    let pause = pause * (9_000 + tenths) / 10_000;
    Some(pause.max(asked.unwrap_or_default().min(RETRY_AFTER_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_named_once_and_known() {
        let events = WebhookEvents::of(["sms.failed", "sms.received", "sms.failed"]).unwrap();
        assert_eq!(events.to_string(), "sms.received,sms.failed");
        assert_eq!(events.to_string().parse(), Ok(events));
        assert_eq!(WebhookEvents::of([]), Err(InvalidEvents));
        let error = WebhookEvents::of(["sms.recieved"]).unwrap_err().to_string();
        assert!(error.contains("sms.received"), "{error}");
    }

    #[test]
    fn a_delivery_is_tried_for_three_days_and_each_pause_within_a_tenth() {
        for random in [0, 1, 777, 2_000, u64::MAX] {
            let mut whole = Duration::ZERO;
            for (tries, wanted) in (1..).zip(PAUSES) {
                let pause = pause_after(tries, None, random).unwrap();
                assert!(pause >= wanted * 9 / 10 && pause <= wanted * 11 / 10, "{pause:?}");
                whole += pause;
            }
            assert!(whole >= Duration::from_secs(24 * 3_600));
            assert_eq!(pause_after(TRIES_MAX, None, random), None);
        }
        assert!(pause_after(1, None, 0) < pause_after(1, None, 2_000));
    }

    #[test]
    fn retry_after_lengthens_a_pause_up_to_a_day() {
        let asked = |seconds| pause_after(1, Some(Duration::from_secs(seconds)), 1_000).unwrap();
        assert_eq!(asked(1), Duration::from_secs(5));
        assert_eq!(asked(60), Duration::from_secs(60));
        assert_eq!(asked(u64::MAX), Duration::from_secs(86_400));
    }
}
