//! The rules of messages, numbers and money, as types and pure functions.
//!
//! Not here: input and output, clocks, SQL, HTTP. Whoever needs the present or
//! a random number passes it in.

pub mod api_keys;
mod calling_codes;
pub mod catalogue;
mod e164;
mod ids;
mod money;
pub mod numbers;
pub mod opt_out;
mod people;
pub mod rate;
pub mod receipts;
pub mod routing;
mod status;
pub mod text;
mod time;
mod vat;
pub mod webhooks;

pub use e164::{E164, InvalidE164, InvalidPrefix, Prefix};
pub use ids::{
    AccountId, ApiKeyId, CarrierId, DeliveryId, ID_MAX, MessageId, MessagingProfileId, NumberId,
    OperatorId, OrderId, RouteId, SessionId, TopupId, TransferId, WebhookId,
};
pub use money::{AMOUNT_MAX, Currency, InvalidAmount, InvalidCurrency, Micros};
pub use numbers::{Country, InvalidCountry, NumberStatus, NumberType};
pub use people::{
    Email, InvalidEmail, InvalidPassword, InvalidTimeZone, Language, PASSWORD_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MIN, Password, Theme, TimeZone,
};
pub use status::{
    Delivery, Direction, FailureCode, InvalidTransition, MessageEvent, MessageStatus, UnknownWord,
};
pub use time::{Day, InvalidDay, InvalidTimestamp, Timestamp};
pub use vat::{InvalidVatRate, VatRate};
