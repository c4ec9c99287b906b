//! `command_status`: what an answer says. SMPP 3.4 §5.1.3, SMPP 5.0 §4.7.6.

use std::fmt;

/// A status as it is on the wire; unknown ones are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandStatus(pub u32);

macro_rules! statuses {
    ($($name:ident = $code:literal),* $(,)?) => {
        impl CommandStatus {
            $(
                #[doc = concat!("`ES", stringify!($name), "`")]
                pub const $name: Self = Self($code);
            )*

            /// The standard's name, where it has one.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(concat!("ES", stringify!($name))),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    ME_ROK = 0x00,
    ME_RINVMSGLEN = 0x01,
    ME_RINVCMDLEN = 0x02,
    ME_RINVCMDID = 0x03,
    ME_RINVBNDSTS = 0x04,
    ME_RALYBND = 0x05,
    ME_RINVPRTFLG = 0x06,
    ME_RINVREGDLVFLG = 0x07,
    ME_RSYSERR = 0x08,
    ME_RINVSRCADR = 0x0A,
    ME_RINVDSTADR = 0x0B,
    ME_RINVMSGID = 0x0C,
    ME_RBINDFAIL = 0x0D,
    ME_RINVPASWD = 0x0E,
    ME_RINVSYSID = 0x0F,
    ME_RCANCELFAIL = 0x11,
    ME_RREPLACEFAIL = 0x13,
    ME_RMSGQFUL = 0x14,
    ME_RINVSERTYP = 0x15,
    ME_RINVNUMDESTS = 0x33,
    ME_RINVDLNAME = 0x34,
    ME_RINVDESTFLAG = 0x40,
    ME_RINVSUBREP = 0x42,
    ME_RINVESMCLASS = 0x43,
    ME_RCNTSUBDL = 0x44,
    ME_RSUBMITFAIL = 0x45,
    ME_RINVSRCTON = 0x48,
    ME_RINVSRCNPI = 0x49,
    ME_RINVDSTTON = 0x50,
    ME_RINVDSTNPI = 0x51,
    ME_RINVSYSTYP = 0x53,
    ME_RINVREPFLAG = 0x54,
    ME_RINVNUMMSGS = 0x55,
    ME_RTHROTTLED = 0x58,
    ME_RINVSCHED = 0x61,
    ME_RINVEXPIRY = 0x62,
    ME_RINVDFTMSGID = 0x63,
    ME_RX_T_APPN = 0x64,
    ME_RX_P_APPN = 0x65,
    ME_RX_R_APPN = 0x66,
    ME_RQUERYFAIL = 0x67,
    ME_RINVTLVSTREAM = 0xC0,
    ME_RTLVNOTALLWD = 0xC1,
    ME_RINVTLVLEN = 0xC2,
    ME_RMISSINGTLV = 0xC3,
    ME_RINVTLVVAL = 0xC4,
    ME_RDELIVERYFAILURE = 0xFE,
    ME_RUNKNOWNERR = 0xFF,
    ME_RSERTYPUNAUTH = 0x100,
    ME_RPROHIBITED = 0x101,
    ME_RSERTYPUNAVAIL = 0x102,
    ME_RSERTYPDENIED = 0x103,
    ME_RINVDCS = 0x104,
    ME_RINVSRCADDRSUBUNIT = 0x105,
    ME_RINVDSTADDRSUBUNIT = 0x106,
}

impl CommandStatus {
    /// Whether the request was carried out.
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} (0x{:08X})", self.0),
            None => write!(f, "0x{:08X}", self.0),
        }
    }
}

impl fmt::Debug for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
