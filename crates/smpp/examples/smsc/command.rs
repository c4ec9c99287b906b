//! What can be said to the SMSC.

use serde::Deserialize;
use smpp::{Address, AlertNotification, DataSm, DeliverSm, ShortMessage, Tlvs};

use crate::json::octets;

/// `token` comes back in the event that tells how the client answered.
#[derive(Debug, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum Command {
    /// The next submit is refused with this `command_status`.
    AnswerNext { status: u32 },
    /// Sends a text, on the session with that number, else on the newest that receives.
    DeliverSm { token: u64, session: Option<u64>, message: Message },
    /// The same by `data_sm`.
    DataSm { token: u64, session: Option<u64>, message: Message },
    /// Ends the message with that id and tells its client.
    Receipt {
        token: u64,
        id: String,
        stat: String,
        #[serde(default = "no_error")]
        err: String,
    },
    /// Tells that a handset is reachable.
    AlertNotification { source: Party, esme: Party },
    /// Calls the client that listens on that port.
    Outbind { port: u16 },
    /// Says goodbye on every session.
    Unbind,
    /// Cuts every session.
    Close,
}

fn no_error() -> String {
    "000".to_owned()
}

/// A message of the SMSC; octets are in hexadecimal.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Message {
    source: Party,
    destination: Party,
    esm_class: u8,
    protocol_id: u8,
    data_coding: u8,
    #[serde(deserialize_with = "octets")]
    short_message: Vec<u8>,
    tlvs: Vec<Parameter>,
}

/// An address; a number in international form where nothing else is said.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Party {
    ton: u8,
    npi: u8,
    address: String,
}

impl Default for Party {
    fn default() -> Self {
        Self { ton: 1, npi: 1, address: String::new() }
    }
}

#[derive(Debug, Deserialize)]
struct Parameter {
    tag: u16,
    #[serde(deserialize_with = "octets")]
    value: Vec<u8>,
}

impl From<Party> for Address {
    fn from(party: Party) -> Self {
        Self::new(party.ton, party.npi, party.address)
    }
}

pub(crate) fn alert(source: Party, esme: Party) -> AlertNotification {
    AlertNotification { source: source.into(), esme: esme.into(), tlvs: Tlvs::new() }
}

impl Message {
    pub(crate) fn deliver_sm(self) -> DeliverSm {
        DeliverSm(ShortMessage {
            source: self.source.into(),
            destination: self.destination.into(),
            esm_class: self.esm_class,
            protocol_id: self.protocol_id,
            data_coding: self.data_coding,
            short_message: self.short_message.into(),
            tlvs: parameters(self.tlvs),
            ..ShortMessage::default()
        })
    }

    /// Its text is in its parameters.
    pub(crate) fn data_sm(self) -> DataSm {
        DataSm {
            source: self.source.into(),
            destination: self.destination.into(),
            esm_class: self.esm_class,
            data_coding: self.data_coding,
            tlvs: parameters(self.tlvs),
            ..DataSm::default()
        }
    }
}

fn parameters(given: Vec<Parameter>) -> Tlvs {
    let mut tlvs = Tlvs::new();
    for Parameter { tag, value } in given {
        tlvs.push(tag, value);
    }
    tlvs
}
