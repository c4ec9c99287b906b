//! CSV files as spreadsheets write them, with errors that name the line and the column.

use std::{collections::HashMap, fmt::Display, str::FromStr};

/// Errors of a file that are told; the others are counted.
const ERRORS_TOLD_MAX: usize = 100;

/// A cell that is longer is a quote that nobody closed, or no cell of ours.
const CELL_OCTETS_MAX: usize = 1_024;

/// A line of a file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// From 1, the heading included.
    pub line: u64,
    /// Empty where the line as a whole is meant.
    pub column: String,
    pub message: String,
}

/// Why a file cannot be used: what is wrong with it, the first lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileErrors {
    pub told: Vec<ImportError>,
    /// Lines with errors beyond those.
    pub more: u64,
}

impl FileErrors {
    pub(crate) fn add(&mut self, error: ImportError) {
        if self.told.len() < ERRORS_TOLD_MAX {
            self.told.push(error);
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

impl From<ImportError> for FileErrors {
    fn from(error: ImportError) -> Self {
        Self { told: vec![error], more: 0 }
    }
}

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
pub(crate) fn read<T>(
    octets: &[u8],
    columns: (&[&str], &[&str]),
    rows_max: usize,
    mut read: impl FnMut(&Line<'_>) -> Result<T, ImportError>,
) -> Result<Vec<T>, FileErrors> {
    let mut rows = Vec::new();
    each(octets, columns, rows_max, |line| {
        rows.push(read(line)?);
        Ok(())
    })?;
    Ok(rows)
}

/// Hands each line to `take`, and answers how many there were, if none of them was wrong. Of the file
/// it keeps no more than a line.
///
/// `required`, `optional`: the columns that must and may be there. Takes a byte order mark, commas,
/// semicolons or tabs, quotes, any ends of lines, and empty lines.
pub(crate) fn each(
    octets: &[u8],
    (required, optional): (&[&str], &[&str]),
    rows_max: usize,
    mut take: impl FnMut(&Line<'_>) -> Result<(), ImportError>,
) -> Result<usize, FileErrors> {
    let octets = octets.strip_prefix("\u{feff}".as_bytes()).unwrap_or(octets);
    if is_utf16(octets) {
        return Err(whole(1, "the file is UTF-16: save it as UTF-8").into());
    }
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .delimiter(delimiter(octets))
        .flexible(true)
        .has_headers(false)
        .from_reader(octets);
    let mut lines = Lines { octets, at: 0, line: 1 };
    let mut record = csv::ByteRecord::new();
    let (mut columns, mut names) = (None, Vec::new());
    let (mut rows, mut errors) = (0, FileErrors::default());
    loop {
        let from = reader.position().byte();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(whole(lines.of(from), error.to_string()).into()),
        }
        let line = lines.of(from);
        let Some(columns) = &columns else {
            let cells = text(&record, line, &[])?;
            columns = Some(heading(&cells, line, required, optional)?);
            names = cells.iter().map(str::to_ascii_lowercase).collect();
            continue;
        };
        // Spreadsheets leave such lines below a table.
        if record.iter().all(<[u8]>::is_empty) {
            continue;
        }
        if rows >= rows_max {
            errors.add(whole(line, format!("a file has at most {rows_max} rows: divide it")));
            break;
        }
        rows += 1;
        let taken = text(&record, line, &names).and_then(|cells| {
            let (has, expected) = (cells.len(), names.len());
            if has == expected {
                take(&Line { line, cells: &cells, columns })
            } else {
                Err(whole(line, format!("the line has {has} cells, the heading has {expected}")))
            }
        });
        if let Err(error) = taken {
            errors.add(error);
        }
    }
    if columns.is_none() {
        return Err(missing(1, required[0]).into());
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

/// Where lines begin, counted as they are met: ended by LF, by CR LF or by CR.
struct Lines<'a> {
    octets: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of what is read from the octet `from` on, empty lines before it left out.
    fn of(&mut self, from: u64) -> u64 {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        while let Some(octet) = self.octets.get(self.at)
            && (self.at < from || matches!(octet, b'\n' | b'\r'))
        {
            let ends = match octet {
                b'\n' => true,
                b'\r' => self.octets.get(self.at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends);
            self.at += 1;
        }
        self.line
    }
}

/// A byte order mark, or every other octet of the beginning zero.
fn is_utf16(octets: &[u8]) -> bool {
    let zeros = |first: usize| {
        let every_other = octets.iter().skip(first).step_by(2).take(8);
        every_other.len() > 1 && every_other.clone().all(|octet| *octet == 0)
    };
    octets.starts_with(&[0xFF, 0xFE]) || octets.starts_with(&[0xFE, 0xFF]) || zeros(0) || zeros(1)
}

/// What divides the cells of the first line that is not empty.
fn delimiter(octets: &[u8]) -> u8 {
    let mut lines = octets.split(|octet| matches!(octet, b'\n' | b'\r'));
    let heading = lines.find(|line| !line.is_empty()).unwrap_or(b"");
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| heading.iter().filter(|octet| *octet == delimiter).count())
        .filter(|delimiter| heading.contains(delimiter))
        .unwrap_or(b',')
}

/// The cells as texts. `names`: of their columns.
fn text(
    record: &csv::ByteRecord,
    line: u64,
    names: &[String],
) -> Result<csv::StringRecord, ImportError> {
    for (place, cell) in record.iter().enumerate() {
        let column = names.get(place).map_or("", String::as_str);
        let wrong = |message: String| ImportError { line, column: column.to_owned(), message };
        if cell.len() > CELL_OCTETS_MAX {
            let message = format!(
                "the cell is longer than {CELL_OCTETS_MAX} octets: perhaps a quote in it is not closed"
            );
            return Err(wrong(message));
        }
        if std::str::from_utf8(cell).is_err() {
            return Err(wrong("the cell is not UTF-8: save the file as UTF-8".to_owned()));
        }
        if cell.contains(&0) {
            return Err(wrong("the cell holds a NUL octet".to_owned()));
        }
    }
    csv::StringRecord::from_byte_record(record.clone())
        .map_err(|_| whole(line, "the line is not UTF-8: save the file as UTF-8"))
}

fn whole(line: u64, message: impl Into<String>) -> ImportError {
    ImportError { line, column: String::new(), message: message.into() }
}

fn missing(line: u64, column: &str) -> ImportError {
    let message = format!(
        "the first line names the columns, divided by commas, semicolons or tabs; {column} is missing"
    );
    ImportError { line, column: column.to_owned(), message }
}

/// Where each column is; the heading names all that must be there, and no other than may be.
fn heading(
    cells: &csv::StringRecord,
    line: u64,
    required: &[&str],
    optional: &[&str],
) -> Result<HashMap<String, usize>, ImportError> {
    let wrong =
        |column: &str, message: String| ImportError { line, column: column.to_owned(), message };
    let mut columns = HashMap::new();
    for (place, name) in cells.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        if name.is_empty() {
            return Err(whole(line, format!("cell {} of the heading is empty", place + 1)));
        }
        if !required.iter().chain(optional).any(|known| *known == name) {
            let known: Vec<&str> = required.iter().chain(optional).copied().collect();
            let message = format!("there is no such column; the columns are {}", known.join(", "));
            let shown: String = name.chars().take(50).collect();
            return Err(wrong(&shown, message));
        }
        if columns.insert(name.clone(), place).is_some() {
            return Err(wrong(&name, "the heading names this column twice".to_owned()));
        }
    }
    match required.iter().find(|column| !columns.contains_key(**column)) {
        Some(column) => Err(missing(line, column)),
        None => Ok(columns),
    }
}
