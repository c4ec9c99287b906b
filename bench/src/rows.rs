//! What is measured, a subject each.

pub(crate) mod accept;
pub(crate) mod accounts;
pub(crate) mod batch;
pub(crate) mod end_to_end;
pub(crate) mod latency;
pub(crate) mod memory;
pub(crate) mod raw;
pub(crate) mod stored;
pub(crate) mod webhooks;
