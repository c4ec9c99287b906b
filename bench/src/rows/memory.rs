//! What an idle server holds.

use std::time::Duration;

use crate::{
    figures::float,
    report::{Goal, Row, Run},
    server::Engine,
    session::{Session, Watch},
};

pub(crate) fn idle(session: &mut Session) -> anyhow::Result<()> {
    let name = "idle memory, SQLite";
    let mut row = Row::new(name, "MiB", "", Goal::ValueAtMost(60.0));
    for run in 0..session.runs {
        session.progress(name, run, "a server that was just set up");
        let world = session.world(Engine::Sqlite, 1, None)?;
        let group = world.server.processes()?;
        let watch = Watch::start(group.clone())?;
        std::thread::sleep(Duration::from_secs(2));
        row.runs.push(Run {
            value: float(group.resident_kib()?) / 1_024.0,
            peak_mib: Some(float(group.peak_kib()?) / 1_024.0),
            others: watch.stop()?.others,
            ..Run::default()
        });
    }
    session.report.add(row);
    Ok(())
}
