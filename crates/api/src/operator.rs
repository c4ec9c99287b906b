//! What operators call: `/api/v1/operator/…`.

mod accounts;
mod activations;
mod billing;
mod carriers;
mod costs;
mod imports;
mod messages;
mod numbers;
mod papers;
mod price_files;
mod prices;
mod reports;
mod routes;
mod simulator;
mod topups;
mod transactions;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Api, metrics};
pub(crate) use simulator::made_up_sender;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(carriers::list, carriers::create))
        .routes(routes!(carriers::get, carriers::update, carriers::delete))
        .routes(routes!(routes::list, routes::create))
        .routes(routes!(routes::update, routes::delete))
        .routes(routes!(accounts::list, accounts::create))
        .routes(routes!(accounts::get, accounts::update))
        .routes(routes!(accounts::credit))
        .routes(routes!(transactions::list))
        .routes(routes!(papers::list))
        .routes(routes!(papers::pdf))
        .routes(routes!(transactions::file))
        .routes(routes!(numbers::list, numbers::create))
        .routes(routes!(imports::numbers))
        .routes(routes!(imports::list))
        .routes(routes!(imports::get))
        .routes(routes!(activations::approve))
        .routes(routes!(activations::refuse))
        .routes(routes!(activations::list))
        .routes(routes!(activations::get))
        .routes(routes!(numbers::get, numbers::update))
        .routes(routes!(prices::numbers, prices::set_numbers))
        .routes(routes!(price_files::import_numbers))
        .routes(routes!(price_files::export_numbers))
        .routes(routes!(prices::outbound, prices::set_outbound))
        .routes(routes!(price_files::import_outbound))
        .routes(routes!(price_files::export_outbound))
        .routes(routes!(costs::list, costs::set))
        .routes(routes!(costs::import))
        .routes(routes!(costs::export))
        .routes(routes!(reports::get))
        .routes(routes!(reports::file))
        .routes(routes!(billing::get))
        .routes(routes!(billing::resume))
        .routes(routes!(topups::list))
        .routes(routes!(topups::get))
        .routes(routes!(topups::refund))
        .routes(routes!(simulator::inbound))
        .routes(routes!(messages::list))
        .routes(routes!(messages::get))
        .routes(routes!(metrics::scrape))
}
