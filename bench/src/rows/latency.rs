//! How long a send takes at half of the rate that is possible at all.

use std::time::Duration;

use crate::{
    load::{Pace, Plan},
    processes::Group,
    report::{Goal, Row, Run},
    server::Engine,
    session::{Session, measure},
};

pub(crate) fn at_half_rate(session: &mut Session) -> anyhow::Result<()> {
    let name = "accept latency at half of the top rate, p99";
    let against = "bare handler at the same rate";
    let mut row = Row::new(name, "ms", against, Goal::ValueAtMost(5.0));
    for run in 0..session.runs {
        session.progress(name, run, "top rate, then half of it");
        let world = session.world(Engine::Sqlite, 1, None)?;
        let top = session.flood(&world)?;
        let half = half_of(top.per_second);
        let floor = session.bare_at(Pace::Rate(half))?.outcome.latencies.quantile(990);
        let plan = Plan {
            pace: Pace::Rate(half),
            first_key: 1_000_000_000,
            ..session.plan(&world, world.sends())
        };
        let group = Group::of(world.server.id());
        let paced = measure(plan, &group, session.warm_up, session.span, 1)?;
        let latencies = &paced.outcome.latencies;
        row.notes.push(format!(
            "run {}: {half}/s asked, {:.0}/s answered; p50 {:?}, p99 {:?}, p99.9 {:?}; \
             the bare handler's p99 {floor:?}",
            run + 1,
            paced.per_second,
            latencies.quantile(500),
            latencies.quantile(990),
            latencies.quantile(999)
        ));
        row.runs.push(Run {
            value: millis(latencies.quantile(990)),
            against: Some(millis(floor)),
            cpu_per_1000: Some(paced.cpu_per_1000),
            others: paced.others,
            ..Run::default()
        });
    }
    session.report.add(row);
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is positive and fits"
)]
fn half_of(rate: f64) -> u64 {
    (rate / 2.0) as u64
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
