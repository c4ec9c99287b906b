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
    let select = "SELECT 1";
    let probe = move |tx: &mut store::Tx<'_>| tx.query(select, &[], |row| row.get::<i64>(0));
    api.engine.store().read(store::operators::any).await?;
    api.engine.store().write(probe).await?;
    Ok(Json(json!({"success": true})))
}
