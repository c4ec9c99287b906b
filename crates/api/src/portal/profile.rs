//! What a person chooses for themselves.

use axum::{Json, extract::State};
use domain::{Language, Theme};
use engine::ProfilePatch;
use serde::Deserialize;
use utoipa::ToSchema;

use super::session::{OneSession, one};
use crate::{
    Api,
    error::{ApiError, Failure},
    extract::{JsonBody, Person, parsed, present, word},
};

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ProfileBody {
    /// 1 to 100 characters.
    #[schema(example = "Example Ltd")]
    name: Option<String>,
    /// `en`, `nl`, `de`, `fr`, `es`, `pt`, `ar`, `zh`, `ja` or `hi`; null: as the browser has it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "nl")]
    language: Option<Option<String>>,
    /// `system`, `light` or `dark`.
    #[schema(example = "dark")]
    theme: Option<String>,
    /// Null: as the browser has it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "Europe/Amsterdam")]
    time_zone: Option<Option<String>>,
}

/// Changes what is given of my name, language, theme and time zone.
#[utoipa::path(
    patch, path = "/portal/profile", tag = "Session", request_body = ProfileBody,
    security(("session" = [])),
    responses(
        (status = 200, description = "The session with the new profile", body = OneSession),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn update(
    State(api): State<Api>,
    Person(holder): Person,
    body: JsonBody<ProfileBody>,
) -> Result<Json<OneSession>, ApiError> {
    let ProfileBody { name, language, theme, time_zone } = body.value;
    let languages: Vec<&str> = Language::ALL.iter().map(|language| language.as_str()).collect();
    let themes: Vec<&str> = Theme::ALL.iter().map(|theme| theme.as_str()).collect();
    let patch = ProfilePatch {
        name,
        language: language
            .map(|given| given.map(|text| word("language", &text, &languages)).transpose())
            .transpose()?,
        theme: theme.map(|text| word("theme", &text, &themes)).transpose()?,
        time_zone: time_zone
            .map(|given| given.map(|text| parsed("time_zone", &text)).transpose())
            .transpose()?,
    };
    api.engine.update_profile(holder.owner, patch).await?;
    let presence = api.engine.presence(holder).await?;
    Ok(Json(one(&api, presence, None)))
}
