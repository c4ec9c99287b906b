//! A customer's messaging profiles.

use axum::{Json, extract::State};
use domain::MessagingProfileId;
use engine::{MessagingProfilePatch, MessagingProfileSeen};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::messaging_profiles as profiles;
use utoipa::ToSchema;

use crate::{
    Api,
    answer::{Created, named},
    error::{ApiError, Failure},
    extract::{Caller, Id, JsonBody, Params, required},
    page::PageQuery,
    views::Time,
};

/// How the texts of some of your numbers are treated.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessagingProfileView {
    #[schema(example = 3)]
    id: i64,
    #[schema(example = "Customer care")]
    name: String,
    /// Your new numbers are assigned to it. There is one such profile.
    default: bool,
    opt_out_words: OptOutWordsView,
    /// Where a number cannot send (SMS is off, or it is suspended), another SMS-enabled number of
    /// this profile sends instead; the message shows which.
    sender_fallback: bool,
    health: HealthView,
    created_at: Time,
}

/// The texts by which people stop messages, and want them again.
#[derive(Debug, Serialize, ToSchema)]
struct OptOutWordsView {
    /// Whether the usual words count: STOP, UNSUBSCRIBE, CANCEL, END, QUIT and their like stop;
    /// START, UNSTOP and YES start again.
    standard: bool,
    /// Own words that stop.
    #[schema(example = json!(["AFMELDEN"]))]
    stop: Vec<String>,
    /// Own words that start again.
    #[schema(example = json!(["AANMELDEN"]))]
    start: Vec<String>,
}

/// How a profile fares.
#[derive(Debug, Serialize, ToSchema)]
struct HealthView {
    /// Numbers that are assigned to it.
    #[schema(example = 2)]
    numbers: i64,
    webhooks: WebhookHealthView,
    /// How many stopped messages of one of its numbers.
    #[schema(example = 0)]
    opt_outs: i64,
}

/// The webhooks that are told of its inbound texts: its own, and those of the whole account.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookHealthView {
    #[schema(example = 1)]
    enabled: i64,
    /// Of the enabled ones: nothing succeeded lately.
    #[schema(example = 0)]
    failing: i64,
    #[schema(example = 0)]
    disabled: i64,
}

fn view((profile, health): MessagingProfileSeen) -> MessagingProfileView {
    MessagingProfileView {
        id: profile.id.get(),
        name: profile.name,
        default: profile.is_default,
        opt_out_words: OptOutWordsView {
            standard: profile.words.has_standard(),
            stop: profile.words.stop().to_vec(),
            start: profile.words.start().to_vec(),
        },
        sender_fallback: profile.sender_fallback,
        health: HealthView {
            numbers: health.numbers,
            webhooks: WebhookHealthView {
                enabled: health.webhooks_enabled,
                failing: health.webhooks_failing,
                disabled: health.webhooks_disabled,
            },
            opt_outs: health.opt_outs,
        },
        created_at: Time(profile.created_at),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessagingProfileList {
    success: bool,
    messaging_profiles: Vec<MessagingProfileView>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

/// My messaging profiles.
#[utoipa::path(
    get, path = "/portal/messaging-profiles", tag = "Messaging profiles", params(PageQuery),
    responses(
        (status = 200, description = "A page of messaging profiles", body = MessagingProfileList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Params(query): Params<PageQuery>,
) -> Result<Json<MessagingProfileList>, ApiError> {
    let page = query.page()?;
    let account = caller.account;
    let mut found = api
        .engine
        .store()
        .read(move |tx| profiles::list(tx, account, page.before, page.rows()))
        .await?;
    let next_cursor = page.cut(&mut found, |(profile, _)| profile.id.get());
    let messaging_profiles = found.into_iter().map(view).collect();
    Ok(Json(MessagingProfileList { success: true, messaging_profiles, next_cursor }))
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneMessagingProfile {
    success: bool,
    messaging_profile: MessagingProfileView,
}

/// One of my messaging profiles.
#[utoipa::path(
    get, path = "/portal/messaging-profiles/{id}", tag = "Messaging profiles",
    params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The messaging profile", body = OneMessagingProfile),
        (status = "4XX", description = "There is no such messaging profile", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<OneMessagingProfile>, ApiError> {
    let (account, id) = (caller.account, MessagingProfileId::new(id));
    let found = api.engine.store().read(move |tx| profiles::find(tx, account, id)).await?;
    let found = found.ok_or_else(|| ApiError::not_found("messaging profile"))?;
    Ok(Json(OneMessagingProfile { success: true, messaging_profile: view(found) }))
}

/// A word that is misspelt must not be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OptOutWordsBody {
    /// Whether the usual words count.
    #[schema(example = true)]
    standard: Option<bool>,
    /// Own words that stop, at most 20 of at most 40 characters, in any case.
    #[schema(example = json!(["AFMELDEN"]))]
    stop: Option<Vec<String>>,
    /// Own words that start again.
    #[schema(example = json!(["AANMELDEN"]))]
    start: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewMessagingProfileBody {
    /// 1 to 100 characters.
    #[schema(required, nullable = false, example = "Customer care")]
    name: Option<String>,
    /// The usual words alone, if not given.
    opt_out_words: Option<OptOutWordsBody>,
    /// Whether another number of the profile sends where the chosen one cannot; false if not given.
    #[schema(example = false)]
    sender_fallback: Option<bool>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct MessagingProfilePatchBody {
    /// 1 to 100 characters.
    #[schema(example = "Customer care")]
    name: Option<String>,
    opt_out_words: Option<OptOutWordsBody>,
    #[schema(example = true)]
    sender_fallback: Option<bool>,
}

impl MessagingProfilePatchBody {
    fn patch(self) -> MessagingProfilePatch {
        let words = self.opt_out_words.unwrap_or_default();
        MessagingProfilePatch {
            name: self.name,
            standard_words: words.standard,
            stop_words: words.stop,
            start_words: words.start,
            sender_fallback: self.sender_fallback,
        }
    }
}

/// Makes a messaging profile.
#[utoipa::path(
    post, path = "/portal/messaging-profiles", tag = "Messaging profiles",
    request_body = NewMessagingProfileBody,
    responses(
        (status = 201, description = "The messaging profile", body = OneMessagingProfile),
        (status = "4XX", description = "Nothing was made", body = Failure),
    ),
)]
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    body: JsonBody<NewMessagingProfileBody>,
) -> Result<Created, ApiError> {
    let NewMessagingProfileBody { name, opt_out_words, sender_fallback } = body.value;
    let name = Some(required("name", name)?);
    let wanted = MessagingProfilePatchBody { name, opt_out_words, sender_fallback }.patch();
    let render = |seen: &MessagingProfileSeen| named("messaging_profile", view(seen.clone()));
    let made =
        api.engine.create_messaging_profile(caller.account, wanted, body.idempotency, render);
    Ok(Created(made.await?))
}

/// Changes a messaging profile; what is left out stays as it is.
#[utoipa::path(
    patch, path = "/portal/messaging-profiles/{id}", tag = "Messaging profiles",
    params(("id" = i64, Path)), request_body = MessagingProfilePatchBody,
    responses(
        (status = 200, description = "The messaging profile as it is now", body = OneMessagingProfile),
        (status = "4XX", description = "Nothing was changed", body = Failure),
    ),
)]
pub(super) async fn update(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
    body: JsonBody<MessagingProfilePatchBody>,
) -> Result<Json<OneMessagingProfile>, ApiError> {
    let (id, patch) = (MessagingProfileId::new(id), body.value.patch());
    let seen = api.engine.update_messaging_profile(caller.account, id, patch).await?;
    Ok(Json(OneMessagingProfile { success: true, messaging_profile: view(seen) }))
}

/// Deletes a messaging profile that has neither numbers nor webhooks; the default one stays.
#[utoipa::path(
    delete, path = "/portal/messaging-profiles/{id}", tag = "Messaging profiles",
    params(("id" = i64, Path)),
    responses(
        (status = 200, description = "It is deleted", body = Object),
        (status = "4XX", description = "It is in use, the default, or not there", body = Failure),
    ),
)]
pub(super) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<Value>, ApiError> {
    api.engine.delete_messaging_profile(caller.account, MessagingProfileId::new(id)).await?;
    Ok(Json(json!({"success": true})))
}
