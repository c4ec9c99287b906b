//! What customers call: `/api/v1/portal/…`.

mod api_keys;
mod batch;
pub mod bodies;
mod catalogue;
mod conversations;
mod documents;
mod email;
mod events;
mod inventory;
mod messages;
mod messaging_profiles;
mod numbers;
mod orders;
pub(crate) mod papers;
mod password;
mod profile;
pub(crate) mod reports;
mod requests;
mod send;
mod session;
mod sessions;
mod signup;
mod simulator;
mod topups;
pub(crate) mod transactions;
mod upcoming;
mod wallet;
mod webhook_deliveries;
mod webhooks;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::Api;
pub(crate) use documents::{DocumentList, DocumentView};
pub(crate) use messages::ListQuery;
pub(crate) use topups::{TopupView, view as topup_view};
pub(crate) use transactions::TransactionView;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(send::send))
        .routes(routes!(send::quote))
        .routes(routes!(batch::batch))
        .routes(routes!(messages::list))
        .routes(routes!(messages::get))
        .routes(routes!(conversations::list))
        .routes(routes!(simulator::inbound))
        .routes(routes!(numbers::senders))
        .routes(routes!(numbers::list))
        .routes(routes!(numbers::update))
        .routes(routes!(numbers::enable_sms))
        .routes(routes!(numbers::disable_sms))
        .routes(routes!(numbers::release))
        .routes(routes!(documents::list, documents::create))
        .routes(routes!(inventory::list))
        .routes(routes!(orders::list, orders::create))
        .routes(routes!(orders::quote, orders::leave))
        .routes(routes!(catalogue::coverage))
        .routes(routes!(catalogue::pricing))
        .routes(routes!(messages::stats))
        .routes(routes!(wallet::get, wallet::update))
        .routes(routes!(wallet::forget_card))
        .routes(routes!(upcoming::get))
        .routes(routes!(transactions::list))
        .routes(routes!(transactions::file))
        .routes(routes!(papers::list))
        .routes(routes!(papers::pdf))
        .routes(routes!(papers::receipt))
        .routes(routes!(topups::create))
        .routes(routes!(topups::get))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(api_keys::rotate))
        .routes(routes!(reports::get))
        .routes(routes!(reports::file))
        .routes(routes!(requests::list))
        .routes(routes!(requests::get))
        .routes(routes!(messaging_profiles::list, messaging_profiles::create))
        .routes(routes!(
            messaging_profiles::get,
            messaging_profiles::update,
            messaging_profiles::delete
        ))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::get, webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhook_deliveries::test))
        .routes(routes!(webhook_deliveries::list))
        .routes(routes!(webhook_deliveries::get))
        .routes(routes!(webhook_deliveries::resend))
        .routes(routes!(webhook_deliveries::recover))
        .routes(routes!(events::stream))
        .routes(routes!(signup::sign_up))
        .routes(routes!(session::get, session::sign_in, session::sign_out))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(email::verify))
        .routes(routes!(email::resend))
        .routes(routes!(password::change))
        .routes(routes!(password::request_reset))
        .routes(routes!(password::reset))
        .routes(routes!(profile::update))
}
