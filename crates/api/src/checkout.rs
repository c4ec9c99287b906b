//! The page where a demo's payment is made: looking at it moves no money, its button does, once.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use engine::UseError;
use store::topups::Topup;

use crate::Api;

/// Nothing is loaded from elsewhere, and the form goes nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const PAGE: &str = include_str!("checkout.html");

pub(crate) async fn show(State(api): State<Api>, Path(token): Path<String>) -> Response {
    match api.engine.topup(&token).await {
        Ok(Some(topup)) if topup.paid_at.is_none() => page(
            StatusCode::OK,
            &format!("Pay {}", amount(&topup)),
            "This is a demo: no bank is asked and no money moves outside of it.",
            "<form method=\"post\"><button>Pay now</button></form>",
        ),
        Ok(Some(topup)) => page(
            StatusCode::OK,
            &format!("{} are paid", amount(&topup)),
            "The wallet was credited.",
            &back(&topup),
        ),
        Ok(None) => gone(),
        Err(error) => failed(&error),
    }
}

pub(crate) async fn pay(State(api): State<Api>, Path(token): Path<String>) -> Response {
    match api.engine.pay_demo_topup(&token).await {
        Ok(topup) => Redirect::to(&format!("/wallet?topup={}", topup.id)).into_response(),
        Err(UseError::Store(error)) => failed(&error),
        Err(_) => gone(),
    }
}

fn amount(topup: &Topup) -> String {
    format!("{} {}", topup.currency, topup.gross)
}

fn back(topup: &Topup) -> String {
    format!("<p><a href=\"/wallet?topup={}\">Back to the wallet</a></p>", topup.id)
}

fn gone() -> Response {
    page(
        StatusCode::NOT_FOUND,
        "There is no such payment",
        "It may have expired: begin a new one in the wallet.",
        "<p><a href=\"/wallet\">Back to the wallet</a></p>",
    )
}

fn failed(error: &store::StoreError) -> Response {
    tracing::error!(%error, "a payment could not be looked up or made");
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Not now",
        "The payment was not made. Try again shortly.",
        "",
    )
}

/// Nothing that a customer wrote comes into the page.
fn page(status: StatusCode, title: &str, text: &str, action: &str) -> Response {
    let page = PAGE.replace("{title}", title).replace("{text}", text).replace("{action}", action);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, page).into_response()
}
