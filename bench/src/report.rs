//! What was measured, as a table and as JSON.

use std::{fs, path::Path};

use serde::Serialize;

use crate::figures::{median, shown, spread};

/// What a row is held against.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    /// Its ratio is to be at least this.
    RatioAtLeast(f64),
    /// Its value is to be at most this.
    ValueAtMost(f64),
    /// It is shown for scale.
    None,
}

/// One run of a row.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Run {
    pub(crate) value: f64,
    /// Of what the row is compared with, measured beside it.
    pub(crate) against: Option<f64>,
    /// Processor seconds of the server's processes per 1,000 messages.
    pub(crate) cpu_per_1000: Option<f64>,
    /// The same with the load generator and whatever else runs beside it.
    pub(crate) all_cpu_per_1000: Option<f64>,
    /// Of what it is compared with.
    pub(crate) against_all_cpu_per_1000: Option<f64>,
    pub(crate) peak_mib: Option<f64>,
    /// Cores that programs other than the server and the benchmark kept busy.
    pub(crate) others: f64,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    /// The name of what the ratio is to.
    pub(crate) against: &'static str,
    pub(crate) goal: Goal,
    pub(crate) runs: Vec<Run>,
    /// Whatever else was seen.
    pub(crate) notes: Vec<String>,
}

impl Row {
    pub(crate) fn new(name: &str, unit: &'static str, against: &'static str, goal: Goal) -> Self {
        Self { name: name.to_owned(), unit, against, goal, runs: Vec::new(), notes: Vec::new() }
    }

    fn values(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.value).collect()
    }

    pub(crate) fn median(&self) -> f64 {
        median(&self.values())
    }

    /// The median of the runs' own ratios: each to what was measured beside it.
    fn ratio(&self) -> Option<f64> {
        let ratios: Vec<f64> = self
            .runs
            .iter()
            .filter_map(|run| run.against.filter(|against| *against > 0.0).map(|a| run.value / a))
            .collect();
        (!ratios.is_empty()).then(|| median(&ratios))
    }

    /// What the ratio would be if all cores were busy with nothing else: programs that
    /// take cores away from a run, but not from its ceiling, do not touch it.
    fn ratio_by_cpu(&self) -> Option<f64> {
        self.middle(|run| Some(run.against_all_cpu_per_1000? / run.all_cpu_per_1000?))
    }

    fn met(&self) -> Option<bool> {
        match self.goal {
            Goal::RatioAtLeast(least) => self.ratio().map(|ratio| ratio >= least),
            Goal::ValueAtMost(most) => Some(self.median() <= most),
            Goal::None => None,
        }
    }

    fn middle(&self, of: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.runs.iter().filter_map(of).collect();
        (!values.is_empty()).then(|| median(&values))
    }

    fn cells(&self) -> [String; 10] {
        let (least, greatest) = spread(&self.values());
        let optional = |value: Option<f64>| value.map(shown).unwrap_or_default();
        let goal = match self.goal {
            Goal::RatioAtLeast(least) => format!("≥ {least:.2}"),
            Goal::ValueAtMost(most) => format!("≤ {}", shown(most)),
            Goal::None => String::new(),
        };
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        [
            format!("{} [{}]", self.name, self.unit),
            shown(self.median()),
            format!("{}–{}", shown(least), shown(greatest)),
            self.ratio().map(|ratio| format!("{ratio:.3}")).unwrap_or_default(),
            self.ratio_by_cpu().map(|ratio| format!("{ratio:.3}")).unwrap_or_default(),
            goal,
            met.to_owned(),
            optional(self.middle(|run| run.cpu_per_1000)),
            optional(self.middle(|run| run.peak_mib)),
            format!("{:.2}", self.middle(|run| Some(run.others)).unwrap_or(0.0)),
        ]
    }
}

const HEADINGS: [&str; 10] =
    ["row", "median", "spread", "ratio", "by CPU", "goal", "", "CPU s/1,000", "peak MiB", "others"];

#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) cores: usize,
    pub(crate) quick: bool,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("    {}", row.cells().join("  "));
        self.rows.push(row);
    }

    pub(crate) fn table(&self) -> String {
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::cells));
        let widths: Vec<usize> = (0..HEADINGS.len())
            .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for line in &lines {
            let cells: Vec<String> = line
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| {
                    if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                })
                .collect();
            text.push_str(cells.join("  ").trim_end());
            text.push('\n');
        }
        for row in &self.rows {
            for note in &row.notes {
                text.push_str(&format!("{}: {note}\n", row.name));
            }
        }
        text.push_str("ratio: to what is measured beside each run. by CPU: the same by processor time, load generator \
             included, which a busy machine changes little. others: cores that other programs kept busy.\n");
        text
    }

    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }
}
