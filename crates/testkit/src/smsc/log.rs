//! What an SMSC knows of the submits that it read.

use bytes::Bytes;
use domain::text::{gsm7, ucs2};
use smpp::{CommandStatus, ShortMessage, tlv::tag, udh, udh::Concatenation};

/// One `submit_sm` as the SMSC read it, and what it made of it.
#[derive(Clone)]
pub struct Submit {
    /// Its place in the log.
    pub index: usize,
    /// The connection it came on, from 1.
    pub session: u64,
    pub sequence: u32,
    /// As on the wire: digits, or a name.
    pub sender: String,
    pub recipient: String,
    /// Without header, in whichever alphabet `data_coding` names.
    pub text: String,
    pub octets: Bytes,
    pub data_coding: u8,
    pub part: Option<Concatenation>,
    pub user_reference: Option<u32>,
    pub validity_period: String,
    pub registered_delivery: u8,
    /// The SMSC's id, where it took the message, whether it said so or not.
    pub taken: Option<String>,
    pub refused: Option<CommandStatus>,
    /// Steps of the log: when it was read, and when it was answered.
    pub read_at: u64,
    pub answered_at: Option<u64>,
}

/// Without the text and the numbers' ends.
impl std::fmt::Debug for Submit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submit")
            .field("session", &self.session)
            .field("sequence", &self.sequence)
            .field("part", &self.part)
            .field("user_reference", &self.user_reference)
            .field("taken", &self.taken)
            .field("refused", &self.refused)
            .field("read_at", &self.read_at)
            .field("answered_at", &self.answered_at)
            .finish_non_exhaustive()
    }
}

impl Submit {
    pub(super) fn read(session: u64, sequence: u32, message: &ShortMessage) -> Self {
        let (octets, part) = udh::split(message);
        let text = match message.data_coding {
            8 => ucs2::decode(&octets),
            _ => gsm7::decode(&octets),
        };
        Self {
            index: 0,
            session,
            sequence,
            sender: message.source.address.clone(),
            recipient: message.destination.address.clone(),
            text,
            octets,
            data_coding: message.data_coding,
            part,
            user_reference: message.tlvs.get_number(tag::USER_MESSAGE_REFERENCE),
            validity_period: message.validity_period.clone(),
            registered_delivery: message.registered_delivery,
            taken: None,
            refused: None,
            read_at: 0,
            answered_at: None,
        }
    }

    /// The id that the SMSC gave it.
    pub fn id(&self) -> &str {
        self.taken.as_deref().expect("the SMSC took it")
    }
}
