//! Single sends: accepted, paid for and stored; the carrier is down, so they stay queued.

use crate::{
    figures::float,
    report::{Goal, Row, Run},
    server::Engine,
    session::Session,
};

pub(crate) fn single_sends(session: &mut Session, engine: Engine) -> anyhow::Result<()> {
    let (name, goal) = match engine {
        Engine::Sqlite => ("single sends accepted, SQLite", 0.40),
        Engine::Postgres => ("single sends accepted, PostgreSQL", 0.25),
    };
    let mut row = Row::new(name, "messages/s", "bare handler", Goal::RatioAtLeast(goal));
    for run in 0..session.runs {
        session.progress(name, run, "64 connections");
        let bare = session.bare()?;
        let world = session.world(engine, 1, None)?;
        let flood = session.flood(&world)?;
        let latencies = &flood.outcome.latencies;
        row.notes.push(format!(
            "run {}: p50 {:?}, p99 {:?}",
            run + 1,
            latencies.quantile(500),
            latencies.quantile(990)
        ));
        row.runs.push(Run {
            value: flood.per_second,
            against: Some(bare.per_second),
            cpu_per_1000: Some(flood.cpu_per_1000),
            all_cpu_per_1000: Some(flood.all_cpu_per_1000),
            against_all_cpu_per_1000: Some(bare.all_cpu_per_1000),
            peak_mib: Some(float(world.server.processes()?.peak_kib()?) / 1_024.0),
            others: flood.others,
        });
    }
    session.report.add(row);
    Ok(())
}
