//! What the machine could do without a product: each target is a share of one of these.

pub(crate) mod http;
pub(crate) mod sqlite;
