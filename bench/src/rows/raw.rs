//! The ceilings by themselves, for scale.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use crate::{
    ceiling::sqlite::{self, Rows},
    figures::float,
    processes::Group,
    report::{Goal, Row, Run},
    session::{Session, Watch},
};

pub(crate) fn bare_handler(session: &mut Session) -> anyhow::Result<()> {
    let mut row = Row::new("bare handler", "requests/s", "", Goal::None);
    for run in 0..session.runs {
        session.progress(&row.name, run, "64 connections");
        let bare = session.bare()?;
        row.runs.push(Run {
            value: bare.per_second,
            cpu_per_1000: Some(bare.cpu_per_1000),
            others: bare.others,
            ..Run::default()
        });
    }
    session.report.add(row);
    Ok(())
}

pub(crate) fn synced_append(session: &mut Session) -> anyhow::Result<()> {
    let mut row = Row::new("synced append of 4 KiB", "ms", "", Goal::None);
    for run in 0..session.runs {
        session.progress(&row.name, run, "one after another");
        let watch = Watch::start(Group::default())?;
        let mut file = tempfile::tempfile_in(&session.folder)?;
        let began = Instant::now();
        let mut appends = 0;
        while began.elapsed() < Duration::from_secs(1) {
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
            appends += 1;
        }
        let millis = began.elapsed().as_secs_f64() * 1_000.0 / float(appends);
        row.runs.push(Run { value: millis, others: watch.stop()?.others, ..Run::default() });
    }
    session.report.add(row);
    Ok(())
}

pub(crate) fn sqlite(session: &mut Session) -> anyhow::Result<()> {
    let kinds = [(Rows::Lean, "lean rows"), (Rows::Product, "the product's rows")];
    for (rows, shape) in kinds {
        for per_commit in [1, 16, 100, 256, 1_000] {
            let name = format!("raw SQLite, {shape}, {per_commit} a commit");
            let mut row = Row::new(&name, "messages/s", "", Goal::None);
            for run in 0..session.runs {
                session.progress(&row.name, run, "message, wallet and ledger rows");
                let watch = Watch::start(Group::default())?;
                let value = sqlite::run(&session.folder, rows, per_commit, session.span / 2)?;
                row.runs.push(Run { value, others: watch.stop()?.others, ..Run::default() });
            }
            session.report.add(row);
        }
    }
    Ok(())
}
