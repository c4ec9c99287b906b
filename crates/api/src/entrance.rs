//! Every request's way in, and its answer's way out.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{Uri, uri::PathAndQuery},
    response::{IntoResponse, Response},
};
use tower::Service;

use crate::{
    API_ROOT, Api, api_router, error::ApiError, metrics_router, request_log, same_origin, serving,
    site_router,
};

/// What serves requests. One step before two flat routers: layers and nested routers would copy
/// all that they hold, and the path, for every request.
#[derive(Debug, Clone)]
pub struct Entrance(Arc<Routers>);

#[derive(Debug)]
struct Routers {
    api: Api,
    /// Of what is under [`API_ROOT`], where that is served.
    under: Option<Router>,
    beside: Router,
}

impl Entrance {
    /// To everything under `/api/v1`, `/healthz` and `/readyz`; `root` serves the rest.
    pub fn new(api: Api, root: Router<Api>) -> Self {
        let (under, beside) = (api_router(api.clone()), site_router(api.clone(), root));
        Self(Arc::new(Routers { api, under: Some(under), beside }))
    }

    /// To the metrics alone, for a listener of their own that asks for no key.
    pub fn to_metrics(api: Api) -> Self {
        let beside = metrics_router(api.clone());
        Self(Arc::new(Routers { api, under: None, beside }))
    }

    /// Serves a request; [`crate::Peer`] is among its extensions.
    pub async fn serve(self, request: Request) -> Response {
        let Routers { api, under, beside } = &*self.0;
        let routed = async {
            let (Some(under), Some(path)) = (under, below(request.uri(), API_ROOT)) else {
                return answer(beside, request).await;
            };
            request_log::watch(api, request, async |mut request| {
                if !same_origin::allows(&request, &api.public_url) {
                    const ELSEWHERE: &str =
                        "This request was sent by another site. Open the portal and try there.";
                    return ApiError::forbidden(ELSEWHERE).into_response();
                }
                *request.uri_mut() = Uri::from(path);
                answer(under, request).await
            })
            .await
        };
        serving::serve(api, routed).await
    }
}

/// The path below `root`, and the query; `None` where it is not below it.
fn below(uri: &Uri, root: &str) -> Option<PathAndQuery> {
    let path = uri.path_and_query()?.as_str().strip_prefix(root)?;
    path.starts_with('/').then(|| path.parse().ok()).flatten()
}

async fn answer(router: &Router, request: Request) -> Response {
    match router.clone().call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_the_root_is_the_apis() {
        let below = |uri: &'static str| {
            below(&Uri::from_static(uri), "/api/v1").map(|path| path.as_str().to_owned())
        };
        assert_eq!(below("/api/v1/portal/sms?to=%2B1").as_deref(), Some("/portal/sms?to=%2B1"));
        assert_eq!(below("http://host/api/v1/portal/sms").as_deref(), Some("/portal/sms"));
        for elsewhere in ["/api/v1", "/api/v1?a", "/api/v11/portal/sms", "/docs/api/v1/", "/", "*"]
        {
            assert_eq!(below(elsewhere), None, "{elsewhere}");
        }
    }
}
