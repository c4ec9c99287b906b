//! Every request's way in, and its answer's way out.

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
};
use tower::ServiceExt;

use crate::{Api, error::ApiError, metrics_router, request_id, request_log, router, same_origin};

/// What serves requests. One step for all: as layers of the router, each would copy all that the
/// others wrap, for every request.
#[derive(Debug, Clone)]
pub struct Entrance {
    api: Api,
    router: Router,
}

impl Entrance {
    /// To everything under `/api/v1`, `/healthz` and `/readyz`; `root` serves the rest.
    pub fn new(api: Api, root: Router<Api>) -> Self {
        Self { router: router(api.clone(), root), api }
    }

    /// To the metrics alone, for a listener of their own that asks for no key.
    pub fn to_metrics(api: Api) -> Self {
        Self { router: metrics_router(api.clone()), api }
    }

    /// Serves a request; [`crate::Peer`] is among its extensions.
    pub async fn serve(self, request: Request) -> Response {
        let Self { api, router } = self;
        let routed = async {
            if !request.uri().path().starts_with("/api/v1/") {
                return answer(router, request).await;
            }
            request_log::watch(&api, request, async |request| {
                if same_origin::allows(&request, &api.public_url) {
                    answer(router, request).await
                } else {
                    const ELSEWHERE: &str =
                        "This request was sent by another site. Open the portal and try there.";
                    ApiError::forbidden(ELSEWHERE).into_response()
                }
            })
            .await
        };
        request_id::serve(&api, routed).await
    }
}

async fn answer(router: Router, request: Request) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
