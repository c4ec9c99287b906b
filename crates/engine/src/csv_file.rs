//! CSV files as spreadsheets write them, with errors that name the line and the column.

use std::{collections::HashMap, fmt::Display, str::FromStr};

use crate::ImportError;

/// Errors of a file that are told.
pub(crate) const ERRORS_TOLD_MAX: usize = 100;

/// A line, its cells by column.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// From 1, the heading included.
    pub(crate) line: u64,
    cells: &'a csv::StringRecord,
    columns: &'a HashMap<String, usize>,
}

impl Line<'_> {
    /// `None` where the cell is empty, or its column is not there.
    pub(crate) fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(*self.columns.get(column)?).filter(|cell| !cell.is_empty())
    }

    pub(crate) fn error(&self, column: &str, message: impl Into<String>) -> ImportError {
        ImportError { line: self.line, column: column.to_owned(), message: message.into() }
    }

    /// A cell in its written form, where it is not empty.
    pub(crate) fn parsed<T>(&self, column: &str) -> Result<Option<T>, ImportError>
    where
        T: FromStr<Err: Display>,
    {
        self.get(column)
            .map(|text| text.parse().map_err(|error: T::Err| self.error(column, error.to_string())))
            .transpose()
    }

    /// A cell that must not be empty.
    pub(crate) fn required<T>(&self, column: &str) -> Result<T, ImportError>
    where
        T: FromStr<Err: Display>,
    {
        self.parsed(column)?.ok_or_else(|| self.error(column, format!("{column} is empty")))
    }

    /// One of a set of words, where the cell is not empty.
    pub(crate) fn word<T: FromStr>(
        &self,
        column: &str,
        words: &str,
    ) -> Result<Option<T>, ImportError> {
        self.get(column)
            .map(|text| {
                text.parse().map_err(|_| self.error(column, format!("{column} is {words}")))
            })
            .transpose()
    }
}

/// Reads each line by `read`, all of them or none.
///
/// Takes a byte order mark, commas, semicolons or tabs, quotes, and any ends of lines.
pub(crate) fn read<T>(
    octets: &[u8],
    required: &[&str],
    optional: &[&str],
    rows_max: usize,
    mut read: impl FnMut(&Line<'_>) -> Result<T, ImportError>,
) -> Result<Vec<T>, Vec<ImportError>> {
    let octets = octets.strip_prefix("\u{feff}".as_bytes()).unwrap_or(octets);
    let heading = octets.split(|octet| matches!(octet, b'\n' | b'\r')).next().unwrap_or(b"");
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| heading.iter().filter(|octet| *octet == delimiter).count())
        .filter(|delimiter| heading.contains(delimiter))
        .unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).delimiter(delimiter).from_reader(octets);
    let columns = columns(&mut reader, required, optional).map_err(|error| vec![error])?;
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                if rows.len() >= rows_max {
                    let message = format!("a file has at most {rows_max} rows: divide it");
                    errors.push(ImportError { line, column: String::new(), message });
                    break;
                }
                match read(&Line { line, cells: &record, columns: &columns }) {
                    Ok(row) => rows.push(row),
                    Err(error) => errors.push(error),
                }
            }
            Err(error) => errors.push(unreadable(&error)),
        }
        if errors.len() >= ERRORS_TOLD_MAX {
            break;
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

fn unreadable(error: &csv::Error) -> ImportError {
    let line = error.position().map_or(0, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "the line is not UTF-8: save the file as UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the line has {len} cells, the heading has {expected_len}")
        }
        _ => error.to_string(),
    };
    ImportError { line, column: String::new(), message }
}

/// Where each column is; the heading names all that must be there, and no other than may be.
fn columns(
    reader: &mut csv::Reader<&[u8]>,
    required: &[&str],
    optional: &[&str],
) -> Result<HashMap<String, usize>, ImportError> {
    let wrong =
        |column: &str, message: String| ImportError { line: 1, column: column.to_owned(), message };
    let headers = reader
        .headers()
        .map_err(|_| wrong("", "the heading is not UTF-8: save the file as UTF-8".to_owned()))?;
    let mut columns = HashMap::new();
    for (place, name) in headers.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        if !required.iter().chain(optional).any(|known| *known == name) {
            let known: Vec<&str> = required.iter().chain(optional).copied().collect();
            let message = format!("there is no such column; the columns are {}", known.join(", "));
            return Err(wrong(&name, message));
        }
        if columns.insert(name.clone(), place).is_some() {
            return Err(wrong(&name, "the heading names this column twice".to_owned()));
        }
    }
    match required.iter().find(|column| !columns.contains_key(**column)) {
        Some(column) => {
            let message = format!(
                "the first line names the columns, separated by commas; {column} is missing"
            );
            Err(wrong(column, message))
        }
        None => Ok(columns),
    }
}
