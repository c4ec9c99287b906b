//! Rows added to a table that has none of them yet, in the form that each engine takes fastest.

use std::sync::OnceLock;

/// Most rows that one statement adds on SQLite. Each size is a statement of its own, kept prepared.
const ROWS_MAX: usize = 32;

/// As [`ROWS_MAX`] and its halves down to 1.
const SIZES: usize = ROWS_MAX.ilog2() as usize + 1;

/// Which rows a statement adds. A row that breaks a key or a check fails the transaction.
#[derive(Debug)]
pub(crate) struct Append<const N: usize> {
    table: &'static str,
    columns: [Field; N],
    sqlite: [OnceLock<String>; SIZES],
    postgres: OnceLock<String>,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field {
    Int(&'static str),
    Text(&'static str),
    Blob(&'static str),
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::Int(name) | Self::Text(name) | Self::Blob(name) => name,
        }
    }

    const fn postgres_type(self) -> &'static str {
        match self {
            Self::Int(_) => "bigint",
            Self::Text(_) => "text",
            Self::Blob(_) => "bytea",
        }
    }
}

impl<const N: usize> Append<N> {
    pub(crate) const fn to(table: &'static str, columns: [Field; N]) -> Self {
        let sqlite = [const { OnceLock::new() }; SIZES];
        Self { table, columns, sqlite, postgres: OnceLock::new() }
    }

    /// A statement for some of so many rows, and how many it takes.
    pub(crate) fn sqlite(&self, rows: usize) -> (&str, usize) {
        let size = rows.clamp(1, ROWS_MAX).ilog2();
        let taken = 1 << size;
        let at = usize::try_from(size).expect("a logarithm is small");
        (self.sqlite[at].get_or_init(|| self.for_sqlite(taken)), taken)
    }

    fn for_sqlite(&self, rows: usize) -> String {
        let row = |first: usize| {
            let places: Vec<String> = (first..first + N).map(|at| format!("?{at}")).collect();
            format!("({})", places.join(", "))
        };
        let rows: Vec<String> = (0..rows).map(|at| row(1 + at * N)).collect();
        // The transaction is given up where a row fails: that the rows before it go at once, as
        // by ABORT, would cost SQLite a copy of each page that is changed.
        format!("INSERT OR FAIL INTO {} ({}) VALUES {}", self.table, self.names(), rows.join(", "))
    }

    /// A statement for all rows, each column an array.
    pub(crate) fn postgres(&self) -> &str {
        self.postgres.get_or_init(|| {
            let typed = |(at, column): (usize, &Field)| {
                format!("${}::{}[]", at + 1, column.postgres_type())
            };
            let arrays: Vec<String> = self.columns.iter().enumerate().map(typed).collect();
            format!(
                "INSERT INTO {} ({}) SELECT * FROM UNNEST({})",
                self.table,
                self.names(),
                arrays.join(", ")
            )
        })
    }

    fn names(&self) -> String {
        self.columns.map(Field::name).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PAIRS: Append<2> = Append::to("pairs", [Field::Int("id"), Field::Text("word")]);

    #[test]
    fn rows_are_added_by_few_statements() {
        let one = "INSERT OR FAIL INTO pairs (id, word) VALUES (?1, ?2)";
        assert_eq!(PAIRS.sqlite(1), (one, 1));
        assert_eq!(PAIRS.sqlite(3).0, format!("{one}, (?3, ?4)"));
        let taken = |rows: usize| {
            let mut left = rows;
            std::iter::from_fn(|| {
                let taken = (left > 0).then(|| PAIRS.sqlite(left).1)?;
                left -= taken;
                Some(taken)
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(taken(101), [32, 32, 32, 4, 1]);
    }

    #[test]
    fn postgresql_is_given_columns() {
        let expected =
            "INSERT INTO pairs (id, word) SELECT * FROM UNNEST($1::bigint[], $2::text[])";
        assert_eq!(PAIRS.postgres(), expected);
    }
}
