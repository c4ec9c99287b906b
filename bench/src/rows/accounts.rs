//! One account that sends everything against a thousand that share it.

use crate::{
    report::{Goal, Row, Run},
    server::Engine,
    session::Session,
};

/// Accounts of a world that has many.
pub(crate) const MANY: usize = 1_000;

pub(crate) fn hot_against_many(session: &mut Session) -> anyhow::Result<()> {
    let name = "one hot account against a thousand, SQLite";
    let mut row = Row::new(name, "messages/s", "a thousand accounts", Goal::RatioAtLeast(0.9));
    for run in 0..session.runs {
        session.progress(name, run, "a thousand accounts, then one");
        let many = session.world(Engine::Sqlite, MANY, None)?;
        let spread = session.flood(&many)?;
        drop(many);
        let one = session.world(Engine::Sqlite, 1, None)?;
        let hot = session.flood(&one)?;
        row.runs.push(Run {
            value: hot.per_second,
            against: Some(spread.per_second),
            cpu_per_1000: Some(hot.cpu_per_1000),
            all_cpu_per_1000: Some(hot.all_cpu_per_1000),
            against_all_cpu_per_1000: Some(spread.all_cpu_per_1000),
            peak_mib: None,
            others: f64::midpoint(spread.others, hot.others),
        });
    }
    session.report.add(row);
    Ok(())
}
