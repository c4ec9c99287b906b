//! Whether the process lives, and whether it can work.

use std::time::Duration;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{Api, ApiError};

/// A database that answers later than this does not work.
const READY_WITHIN: Duration = Duration::from_secs(3);

pub(crate) async fn alive() -> Json<Value> {
    Json(json!({"success": true}))
}

/// The database takes writes and answers reads, and the process is not stopping.
pub(crate) async fn ready(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    if api.engine.stopping().is_cancelled() {
        return Err(ApiError::unavailable());
    }
    let works = async {
        api.engine.store().read(store::operators::any).await?;
        api.engine.store().write(store::operators::any).await?;
        Ok(Json(json!({"success": true})))
    };
    tokio::time::timeout(READY_WITHIN, works).await.unwrap_or_else(|_| Err(ApiError::unavailable()))
}
