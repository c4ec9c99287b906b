//! Stand-in until the text module lands.
use crate::words;

words! {
    pub enum Encoding { Gsm7 = "gsm7", Ucs2 = "ucs2" }
}
