//! Prometheus text.

use axum::extract::State;
use carrier::Link;

use crate::{
    Api,
    error::{ApiError, Failure},
    extract::Operator,
};

/// The process's counters and gauges in Prometheus text.
#[utoipa::path(
    get, path = "/operator/metrics", tag = "Operator: metrics",
    responses(
        (status = 200, description = "Prometheus text", content_type = "text/plain", body = String),
        (status = "4XX", description = "No operator's key", body = Failure),
    ),
)]
pub(crate) async fn scrape(State(api): State<Api>, _: Operator) -> Result<String, ApiError> {
    render(&api).await
}

pub(crate) async fn render(api: &Api) -> Result<String, ApiError> {
    let records = api.engine.store().read(store::carriers::all).await?;
    for record in records {
        let Some(Link { up, in_flight, .. }) = api.engine.link(record.id) else { continue };
        let carrier = record.id.to_string();
        metrics::gauge!("didfarm_carrier_up", "carrier" => carrier.clone()).set(if up {
            1.0
        } else {
            0.0
        });
        let in_flight = f64::from(u32::try_from(in_flight).unwrap_or(u32::MAX));
        metrics::gauge!("didfarm_carrier_in_flight", "carrier" => carrier).set(in_flight);
    }
    Ok(api.prometheus.render())
}
