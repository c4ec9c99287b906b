//! SMPP for tokio: the codec, and sessions of either side.
//!
//! A client connects by itself, again and again, and reports everything as
//! [`Event`]s. It takes a request only while the window has a slot, so nothing
//! piles up unseen, and says of each whether it was answered, never written, or
//! written without an answer.
//!
//! ```no_run
//! use smpp::{Address, Body, Client, ClientConfig, Event, ShortMessage, SubmitSm};
//!
//! # async fn example() {
//! let (client, mut events) = Client::start(ClientConfig {
//!     host: "smsc.example".to_owned(),
//!     system_id: "me".to_owned(),
//!     password: "secret".to_owned(),
//!     ..ClientConfig::default()
//! });
//! client.slots_free().await;
//! let message = ShortMessage {
//!     source: Address::new(5, 0, "Example"),
//!     destination: Address::new(1, 1, "447700900123"),
//!     registered_delivery: 1,
//!     short_message: "Hello".into(),
//!     ..ShortMessage::default()
//! };
//! client.submit(1, Body::SubmitSm(Box::new(SubmitSm(message)))).expect("a slot is free");
//! while let Some(event) = events.recv().await {
//!     match event {
//!         Event::Answer { token, status, message_id, .. } => println!("{token}: {status} {message_id}"),
//!         // Store it first; an accepted receipt does not come again.
//!         Event::Incoming(incoming) => incoming.responder.accept(),
//!         other => println!("{other:?}"),
//!     }
//! }
//! # }
//! ```
//!
//! Not here: character sets, storage, routing, retries.
#![warn(missing_docs)]

mod client;
mod error;
pub mod frame;
pub mod pdu;
pub mod receipt;
pub mod server;
mod session;
mod status;
pub mod tls;
pub mod tlv;
pub mod udh;

pub use client::{Client, ClientConfig, Events, LinkState};
pub use error::{DecodeError, EncodeError, Warning};
pub use frame::PDU_OCTETS_MAX;
pub use pdu::{
    Address, AlertNotification, Bind, BindMode, BindResp, Body, CancelSm, DataSm, Decoded,
    DeliverSm, MessageResp, Outbind, Pdu, QuerySm, QuerySmResp, ReplaceSm, ShortMessage, SubmitSm,
};
pub use session::{Event, Incoming, Limits, NotQueued, Responder};
pub use status::CommandStatus;
pub use tlv::{Tlv, Tlvs};
