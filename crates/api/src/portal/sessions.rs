//! Where a person is signed in.

use axum::{Json, extract::State};
use domain::SessionId;
use engine::expires_at;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{Id, Params, Person},
    page::PageQuery,
    views::Time,
};

#[derive(Debug, Serialize, ToSchema)]
struct SignedInView {
    id: i64,
    /// The one that asks.
    current: bool,
    /// What the browser says of itself.
    user_agent: Option<String>,
    created_at: Time,
    /// To about a minute.
    last_used_at: Time,
    expires_at: Time,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionList {
    success: bool,
    sessions: Vec<SignedInView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// Where I am signed in.
#[utoipa::path(
    get, path = "/portal/sessions", tag = "Session", params(PageQuery), security(("session" = [])),
    responses(
        (status = 200, description = "A page of sessions", body = SessionList),
        (status = "4XX", description = "Nobody is signed in", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    Person(holder): Person,
    Params(query): Params<PageQuery>,
) -> Result<Json<SessionList>, ApiError> {
    let page = query.page()?;
    let mut found = api.engine.sessions(holder.owner, page.before, page.rows()).await?;
    let next_cursor = page.cut(&mut found, |session| session.id.get());
    let sessions = found
        .into_iter()
        .map(|session| SignedInView {
            id: session.id.get(),
            current: session.id == holder.id,
            expires_at: Time(expires_at(&session)),
            user_agent: session.user_agent,
            created_at: Time(session.created_at),
            last_used_at: Time(session.last_used_at),
        })
        .collect();
    Ok(Json(SessionList { success: true, sessions, next_cursor }))
}

/// Ends a session: that browser is signed out at once.
#[utoipa::path(
    delete, path = "/portal/sessions/{id}", tag = "Session", params(("id" = i64, Path)),
    security(("session" = [])),
    responses(
        (status = 200, description = "It has ended", body = Object),
        (status = "4XX", description = "There is no such session", body = Failure),
    ),
)]
pub(super) async fn end(
    State(api): State<Api>,
    Person(holder): Person,
    Id(id): Id,
) -> Result<Json<Value>, ApiError> {
    api.engine.end_session(holder.owner, SessionId::new(id)).await?;
    Ok(Json(json!({"success": true})))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ended {
    success: bool,
    /// How many.
    ended: u64,
}

/// Ends all my sessions but this one.
#[utoipa::path(
    delete, path = "/portal/sessions", tag = "Session", security(("session" = [])),
    responses(
        (status = 200, description = "They have ended", body = Ended),
        (status = "4XX", description = "Nobody is signed in", body = Failure),
    ),
)]
pub(super) async fn end_others(
    State(api): State<Api>,
    Person(holder): Person,
) -> Result<Json<Ended>, ApiError> {
    let ended = api.engine.end_other_sessions(holder.owner, holder.id).await?;
    Ok(Json(Ended { success: true, ended }))
}
