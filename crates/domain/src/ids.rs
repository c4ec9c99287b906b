//! Identities: integers below 2^53, unique over all accounts and all kinds.

use serde::{Deserialize, Serialize};

/// The largest id that survives a JSON parser which reads numbers as doubles.
pub const ID_MAX: i64 = (1 << 53) - 1;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Takes what the database or a path segment holds; existence is checked where it is used.
            pub const fn new(value: i64) -> Self {
                Self(value)
            }

            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A customer. Leads every hot key, so that one account's data lies together.
    AccountId,
    /// A message, outbound or inbound.
    MessageId,
    /// A phone number (DID) of the inventory.
    NumberId,
    /// A carrier connection that an operator set up.
    CarrierId,
    /// A row of the routing table.
    RouteId,
    /// An API key of a customer or an operator.
    ApiKeyId,
    /// A person or system that runs the platform.
    OperatorId,
    /// A signed-in browser.
    SessionId,
    /// A purchase of numbers.
    OrderId,
    /// A payment into a wallet.
    TopupId,
    /// A movement of money that no message caused.
    TransferId,
    /// How the texts of some of an account's numbers are treated.
    MessagingProfileId,
    /// An endpoint to which a customer's events are pushed.
    WebhookId,
    /// An event on its way to one endpoint.
    DeliveryId,
}
