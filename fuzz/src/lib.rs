//! What fuzzing asks of everything that reads a stranger's octets: not only
//! that it ends, but that what was read can be written, and read again the same.
//!
//! The targets are plain functions that panic where a property is broken. The
//! binary hands them to libFuzzer; a test replays the corpus.
//!
//! Not here: sessions, databases, HTTP.

mod bodies;
mod pdu;
mod receipt;
mod text;
mod tlv;
mod udh;

/// One reader under test.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Of its folder in `corpus/`, too.
    pub name: &'static str,
    /// Panics where a property is broken.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 8] = [
    Target { name: "pdu", run: pdu::run },
    Target { name: "tlv", run: tlv::run },
    Target { name: "udh", run: udh::run },
    Target { name: "receipt", run: receipt::run },
    Target { name: "gsm7", run: text::gsm7 },
    Target { name: "ucs2", run: text::ucs2 },
    Target { name: "send", run: bodies::send },
    Target { name: "batch", run: bodies::batch },
];
