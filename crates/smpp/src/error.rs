//! What can be wrong with a PDU.

/// A PDU that must not be sent. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The standard's limit, the NUL not counted.
    #[error("{field} has more than {max} octets")]
    TooLong {
        /// The standard's name.
        field: &'static str,
        /// Octets that fit.
        max: usize,
    },
    /// A string ends at its first NUL.
    #[error("{field} contains a NUL")]
    Nul {
        /// The standard's name.
        field: &'static str,
    },
}

/// A frame that is no PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The stream cannot be followed any further.
    #[error("command_length is {0}, not 16 to {max}", max = crate::PDU_OCTETS_MAX)]
    BadLength(u32),
    /// The frame ended inside a mandatory field; the next one can be read.
    #[error("the PDU ends inside {field}")]
    Truncated {
        /// The standard's name.
        field: &'static str,
        /// Of the request that a `generic_nack` should answer.
        sequence: u32,
    },
}

/// Something that was read although it is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// An optional parameter claims more octets than there are; it was dropped.
    TlvPastEnd {
        /// Which parameter.
        tag: u16,
    },
    /// Octets after the last parameter.
    TrailingOctets {
        /// How many.
        count: usize,
    },
    /// A string without its NUL was read up to the end.
    MissingNul {
        /// The standard's name.
        field: &'static str,
    },
    /// A string longer than the standard allows was kept.
    Overlong {
        /// The standard's name.
        field: &'static str,
    },
    /// `sm_length` claims more octets than there are; what there was is kept.
    ShortMessagePastEnd,
}
