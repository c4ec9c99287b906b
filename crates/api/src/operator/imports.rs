//! Files that operators hand in, and how far they are.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{ImportFailure, Imported, import_errors};
use serde::{Deserialize, Serialize};
use store::imports::{self, Import};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Api,
    answer::mark_replayed,
    error::{ApiError, Failure},
    extract::{CsvBody, Id, Operator, Params, parsed_opt},
    page::PageQuery,
    views::Time,
};

/// A line of a file that cannot be used.
#[derive(Debug, Serialize, ToSchema)]
struct LineError {
    /// From 1, the heading included; 0 where no line is meant.
    #[schema(example = 3)]
    line: u64,
    /// Null where the line as a whole is meant.
    #[schema(example = "number")]
    column: Option<String>,
    #[schema(example = "not a phone number in E.164 form, like +31612345678")]
    message: String,
}

/// A file that was handed in.
#[derive(Debug, Serialize, ToSchema)]
struct ImportView {
    id: i64,
    /// `numbers`, `number_prices` or `outbound_prices`.
    kind: &'static str,
    /// `checking`, `storing`, `done` or `failed`. Nothing of it is there before `done`.
    status: &'static str,
    /// Size of the file.
    octets: i64,
    /// Rows of the file; null until they are checked.
    rows: Option<i64>,
    /// Of those, how many are stored.
    stored: i64,
    /// Of those, how many were new or changed something.
    added: i64,
    /// Of those, how many were there before and left as they were.
    known: i64,
    /// The first hundred lines that cannot be used.
    errors: Vec<LineError>,
    /// How many more there are.
    errors_more: u64,
    created_at: Time,
    finished_at: Option<Time>,
}

fn view(import: &Import) -> ImportView {
    let errors = import_errors(import);
    let line = |error: engine::ImportError| LineError {
        line: error.line,
        column: Some(error.column).filter(|column| !column.is_empty()),
        message: error.message,
    };
    ImportView {
        id: import.id,
        kind: import.kind.as_str(),
        status: import.state.as_str(),
        octets: import.octets,
        rows: import.total,
        stored: import.stored,
        added: import.changed,
        known: import.stored - import.changed,
        errors: errors.told.into_iter().map(line).collect(),
        errors_more: errors.more,
        created_at: Time(import.created_at),
        finished_at: import.finished_at.map(Time),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportList {
    success: bool,
    imports: Vec<ImportView>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneImport {
    success: bool,
    import: ImportView,
}

/// Files that were handed in, newest first.
#[utoipa::path(
    get, path = "/operator/imports", tag = "Operator: imports", params(PageQuery),
    responses(
        (status = 200, description = "A page of imports", body = ImportList),
        (status = "4XX", description = "The query cannot be used", body = Failure),
    ),
)]
pub(super) async fn list(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<PageQuery>,
) -> Result<Json<ImportList>, ApiError> {
    let page = query.page()?;
    let mut found =
        api.engine.store().read(move |tx| imports::list(tx, page.before, page.rows())).await?;
    let next_cursor = page.cut(&mut found, |import| import.id);
    let imports = found.iter().map(view).collect();
    Ok(Json(ImportList { success: true, imports, next_cursor }))
}

/// How far an import is, and what it came to.
#[utoipa::path(
    get, path = "/operator/imports/{id}", tag = "Operator: imports", params(("id" = i64, Path)),
    responses(
        (status = 200, description = "The import", body = OneImport),
        (status = "4XX", description = "There is no such import", body = Failure),
    ),
)]
pub(super) async fn get(
    State(api): State<Api>,
    _: Operator,
    Id(id): Id,
) -> Result<Json<OneImport>, ApiError> {
    let import = find(&api, id).await?;
    Ok(Json(OneImport { success: true, import: view(&import) }))
}

async fn find(api: &Api, id: i64) -> Result<Import, ApiError> {
    let found = api.engine.store().read(move |tx| imports::find(tx, id)).await?;
    found.ok_or_else(|| ApiError::not_found("import"))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// `true`: only says what would be added.
    #[param(value_type = Option<bool>)]
    preview: Option<String>,
    /// `false`: answers 202 at once; see `/operator/imports/{id}` for how far it is.
    #[param(value_type = Option<bool>)]
    wait: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportAnswer {
    success: bool,
    /// Nothing was stored: it was only a look.
    preview: bool,
    /// Null of a preview.
    import_id: Option<i64>,
    /// Numbers that are new.
    added: u64,
    /// Numbers that were there before, left as they were.
    known: u64,
    /// Lines of those, the first hundred; of a preview only.
    known_lines: Vec<u64>,
}

fn answer(import: Option<i64>, done: Imported) -> ImportAnswer {
    let Imported { added, known, known_lines } = done;
    let preview = import.is_none();
    ImportAnswer { success: true, preview, import_id: import, added, known, known_lines }
}

impl From<ImportFailure> for ApiError {
    fn from(failure: ImportFailure) -> Self {
        match failure {
            ImportFailure::File(errors) => Self::bad_file(&errors),
            ImportFailure::Use(error) => error.into(),
        }
    }
}

/// Adds the numbers of a CSV file, all or nothing.
///
/// The heading names the columns `number,country,type` and, if wanted,
/// `status`, `account_id`, `sms_enabled`, `carrier_id`, `simulated`. At most a million rows. They are
/// seen when the last of them is there; a file that was found good goes on after a restart.
#[utoipa::path(
    post, path = "/operator/numbers/import", tag = "Operator: numbers", params(ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, description = "What would be added", body = ImportAnswer),
        (status = 201, description = "What was added", body = ImportAnswer),
        (status = 202, description = "The import that was begun", body = OneImport),
        (status = "4XX", description = "Nothing was added; `message` names the first bad lines", body = Failure),
    ),
)]
pub(super) async fn numbers(
    State(api): State<Api>,
    _: Operator,
    Params(query): Params<ImportQuery>,
    CsvBody { octets, idempotency }: CsvBody,
) -> Result<Response, ApiError> {
    if parsed_opt::<bool>("preview", query.preview.as_deref())?.unwrap_or(false) {
        let would = api.engine.preview_import(octets).await?;
        return Ok(Json(answer(None, would)).into_response());
    }
    let wait = parsed_opt::<bool>("wait", query.wait.as_deref())?.unwrap_or(true);
    let begun = api.engine.begin_import(octets, idempotency).await?;
    let (id, replayed) = (begun.id, begun.replayed);
    let mut response = if wait {
        let done = api.engine.imported(begun).await?;
        (StatusCode::CREATED, Json(answer(Some(id), done))).into_response()
    } else {
        let import = view(&find(&api, id).await?);
        (StatusCode::ACCEPTED, Json(OneImport { success: true, import })).into_response()
    };
    if replayed {
        mark_replayed(&mut response);
    }
    Ok(response)
}
