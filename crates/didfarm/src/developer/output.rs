//! What the commands print: lines for people, JSON for programs.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

/// One JSON document on a line of its own.
pub(super) fn document(value: &Value) -> io::Result<()> {
    line(&value.to_string())
}

/// A line, at once: who follows must not wait for a buffer.
pub(super) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Columns as wide as their widest cell.
pub(super) fn table(rows: &[Vec<String>]) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(cells.join("  ").trim_end())?;
    }
    Ok(())
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// `0.008 EUR`.
pub(super) fn money(value: &Value) -> String {
    format!("{} {}", text(&value["amount"]), text(&value["currency"]))
}

/// `2026-04-03 10:15:30`, UTC.
pub(super) fn time(value: &Value) -> String {
    text(value)
        .chars()
        .take(19)
        .map(|character| if character == 'T' { ' ' } else { character })
        .collect()
}

/// A status in its colour, where somebody looks.
pub(super) fn status(status: &str) -> String {
    let colour = match status {
        "delivered" | "received" => 32,
        "failed" => 31,
        _ => 33,
    };
    let plain = !io::stdout().is_terminal()
        || std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    if plain { format!("{status:<9}") } else { format!("\u{1b}[{colour}m{status:<9}\u{1b}[0m") }
}

/// A text on one line, its control characters made visible: a message must not steer a terminal.
pub(super) fn inline(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' => '⏎',
            character if character.is_control() => '\u{fffd}',
            character => character,
        })
        .collect()
}

/// How far something is, on standard error: one line that is written over where somebody looks at it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    shown: String,
}

impl Progress {
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        if self.shown == text {
            return Ok(());
        }
        let mut err = io::stderr().lock();
        if err.is_terminal() {
            let width = self.shown.chars().count();
            write!(err, "\r{text:<width$}")?;
        } else {
            writeln!(err, "{text}")?;
        }
        text.clone_into(&mut self.shown);
        err.flush()
    }

    pub(super) fn end(&self) -> io::Result<()> {
        let mut err = io::stderr().lock();
        if err.is_terminal() && !self.shown.is_empty() {
            writeln!(err)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_does_not_steer_the_terminal() {
        assert_eq!(inline("a\u{1b}[31mb\nc"), "a\u{fffd}[31mb⏎c");
    }
}
