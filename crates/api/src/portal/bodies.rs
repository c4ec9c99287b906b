//! Bodies as their handlers read them, for tests that have no server.

use super::{batch::BatchBody, send::SendBody};
use crate::{ApiError, extract::from_json};

/// The message of a `POST /portal/sms/send`.
pub fn send(octets: &[u8]) -> Result<engine::Send, ApiError> {
    from_json::<SendBody>(octets)?.parse(false)
}

/// The messages of a `POST /portal/sms/batch`, each with its own fate.
pub fn batch(octets: &[u8]) -> Result<Vec<Result<engine::Send, ApiError>>, ApiError> {
    from_json::<BatchBody>(octets)?.parse(false)
}
