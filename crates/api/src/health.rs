//! Whether the process lives, and whether it can work.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::{Api, ApiError};

pub(crate) async fn alive() -> Json<Value> {
    Json(json!({"success": true}))
}

/// The database takes writes and answers reads, and the process is not stopping.
pub(crate) async fn ready(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    if api.engine.stopping().is_cancelled() {
        return Err(ApiError::unavailable());
    }
    api.engine.store().read(store::operators::any).await?;
    api.engine.store().write(store::operators::any).await?;
    Ok(Json(json!({"success": true})))
}
