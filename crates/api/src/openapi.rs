//! The API's document, made from the handlers themselves.

mod examples;
mod failures;
mod words;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{
    Modify, OpenApi,
    openapi::path::PathItem,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    openapi::{RefOr, schema::Schema},
};
use utoipa_axum::router::OpenApiRouter;

use crate::{Api, ERROR_CODES, operator, portal, webhook_payloads};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "didfarm",
        description = "Send and receive SMS. Customers call /portal, operators /operator.\n\nAuthenticate with `Authorization: Bearer YOUR_API_KEY`. Money is a decimal string with its currency. Lists are newest first and have `next_cursor`. Send an `Idempotency-Key` with every POST that creates or charges.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/api/v1")),
    // In this order the reference shows them.
    tags(
        (name = "Messages", description = "Send, quote, list and follow messages"),
        (name = "Events", description = "What happens, as a stream"),
        (name = "Messaging profiles", description = "How the texts of some of your numbers are treated"),
        (name = "Webhooks", description = "What happens, pushed to your program"),
        (name = "Numbers", description = "Your numbers, and SMS on them"),
        (name = "Orders", description = "Search the inventory and buy"),
        (name = "Catalogue", description = "Countries and prices; needs no key"),
        (name = "Wallet", description = "Balance, transactions, payments"),
        (name = "Reports", description = "Messages and spend, added up"),
        (name = "API keys", description = "Keys for programs"),
        (name = "Request log", description = "What programs asked for"),
        (name = "Session", description = "Signing up and in, for people"),
        (name = "Operator: accounts", description = "Customers and their money"),
        (name = "Operator: numbers", description = "The inventory"),
        (name = "Operator: imports", description = "Files, and how far they are"),
        (name = "Operator: carriers", description = "Carriers and routes"),
        (name = "Operator: prices", description = "Prices and when they change"),
        (name = "Operator: reports", description = "Traffic, spend, cost and margin, added up"),
        (name = "Operator: billing", description = "The clock of renewals"),
        (name = "Operator: messages", description = "Every account's messages, with who carried them"),
        (name = "Operator: simulator", description = "Texts as if a carrier had delivered them"),
        (name = "Operator: metrics", description = "For Prometheus"),
    ),
    security(("api_key" = []), ("session" = [])),
    modifiers(&Security),
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key, `df_live_…` for customers, `df_op_…` for operators"))
            .build();
        let cookie = ApiKeyValue::with_description(
            "didfarm_session",
            "The cookie of a signed-in browser; over https its name begins with __Host-",
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The documented routes and their document.
pub(crate) fn document() -> (Router<Api>, String) {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .merge(portal::routes())
        .merge(operator::routes())
        .split_for_parts();
    name_operations(&mut document);
    name_codes(&mut document);
    failures::describe(&mut document);
    let pushed = webhook_payloads::document();
    if let (Some(components), Some(payloads)) = (&mut document.components, pushed.components) {
        components.schemas.extend(payloads.schemas);
    }
    let missing = words::list(&mut document);
    debug_assert!(missing.is_empty(), "the document has no {missing:?}");
    examples::fill(&mut document);
    let whole = Whole { document, webhooks: pushed.paths.paths.into_iter().collect() };
    let json = serde_json::to_string(&whole).expect("the document has string keys only");
    (router, json)
}

/// The document with what OpenAPI 3.1 has beside paths: the calls that we make.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    document: utoipa::openapi::OpenApi,
    webhooks: BTreeMap<String, PathItem>,
}

/// Says which codes there are.
fn name_codes(document: &mut utoipa::openapi::OpenApi) {
    let schemas = document.components.as_mut().map(|components| &mut components.schemas);
    if let Some(RefOr::T(Schema::Object(failure))) =
        schemas.and_then(|schemas| schemas.get_mut("FailureDetail"))
        && let Some(RefOr::T(Schema::Object(code))) = failure.properties.get_mut("code")
    {
        code.enum_values = Some(ERROR_CODES.iter().map(|code| (*code).into()).collect());
    }
}

/// Gives each operation an id of its own: `post_portal_sms_send`, `get_operator_carriers_id`.
fn name_operations(document: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<&str> =
            path.split(['/', '-', '{', '}']).filter(|word| !word.is_empty()).collect();
        let named = |method: &str| Some(format!("{method}_{}", words.join("_")));
        for (method, operation) in [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("put", &mut item.put),
            ("delete", &mut item.delete),
        ] {
            if let Some(operation) = operation {
                operation.operation_id = named(method);
                if let Some(summary) = &mut operation.summary {
                    // A sentence in the source, a title in the document.
                    *summary = summary.trim_end_matches('.').to_owned();
                }
            }
        }
    }
}

pub(crate) async fn serve(document: Arc<String>) -> Response {
    ([(CONTENT_TYPE, "application/json")], document.as_str().to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        fs,
        path::{Path, PathBuf},
    };

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(path);
            }
        }
    }

    /// Of two that share a name, the document would show one in both places.
    #[test]
    fn no_two_schemas_share_a_name() {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let mut is_schema = false;
            for line in text.lines() {
                is_schema |= line.starts_with("#[derive(") && line.contains("ToSchema");
                let words: Vec<&str> = line.split(['(', ' ', '<', '{', ';']).collect();
                let kind = words.iter().position(|word| matches!(*word, "struct" | "enum"));
                if let Some(kind) = kind.filter(|_| is_schema && !line.starts_with([' ', '/', '#']))
                {
                    is_schema = false;
                    let name = words[kind + 1].to_owned();
                    if let Some(other) = seen.insert(name.clone(), file.clone()) {
                        panic!("{name} is in {} and {}", other.display(), file.display());
                    }
                }
            }
        }
        assert!(seen.len() > 50, "{}", seen.len());
    }
}
