//! What is measured, a subject each.

pub(crate) mod accept;
pub(crate) mod raw;
