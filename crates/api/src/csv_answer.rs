//! Answers that are CSV files: RFC 4180, UTF-8, harmless to spreadsheets.

use axum::{
    body::Body,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use store::StoreError;

/// A file that is written while it is read: `next` gives the rows from a place on, and the next place
/// where there may be more.
///
/// Where the database goes away meanwhile, the answer breaks off: a client never takes half a file
/// for a whole one.
pub(crate) fn csv_answer<const N: usize, P, F>(
    name: &str,
    columns: &[&str; N],
    first: P,
    next: impl Fn(P) -> F + Send + 'static,
) -> Response
where
    P: Send + 'static,
    F: Future<Output = Result<(Vec<[String; N]>, Option<P>), StoreError>> + Send,
{
    let heading = written(&[*columns]);
    let pages = stream::unfold((Some(first), next), |(place, next)| async move {
        let found = next(place?).await;
        let (page, place) = match found {
            Ok((rows, place)) => (Ok(written(&rows)), place),
            Err(error) => {
                tracing::error!(%error, "a CSV file broke off");
                (Err(error), None)
            }
        };
        Some((page, (place, next)))
    });
    let body = futures::StreamExt::chain(stream::iter([Ok(heading)]), pages);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// A text that no spreadsheet takes for a formula: where it begins like one, an apostrophe is put
/// before it. For texts only: a figure keeps its sign.
pub(crate) fn plain(text: &str) -> String {
    // Some take the full-width forms for the others.
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if risky { format!("'{text}") } else { text.to_owned() }
}

fn written<const N: usize, T: AsRef<[u8]>>(rows: &[[T; N]]) -> Bytes {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("memory takes each row, and all are as long");
    }
    writer.into_inner().expect("memory takes each row").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be() {
        let rows = [["1", "-0.008", "a, \"b\"\r\nc"], ["", "é€", "x"]];
        let file = "1,-0.008,\"a, \"\"b\"\"\r\nc\"\r\n,é€,x\r\n";
        assert_eq!(str::from_utf8(&written(&rows)).unwrap(), file);
    }

    #[test]
    fn no_text_is_a_formula() {
        for text in [
            "=1+1",
            "+31201234567",
            "-2",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "\r\n=1",
            "＝1+1",
            "＋1",
            "－2",
            "＠SUM(A1)",
        ] {
            assert_eq!(plain(text), format!("'{text}"));
        }
        for text in ["", "Thanks", "'=1", "a=1"] {
            assert_eq!(plain(text), text);
        }
    }
}
