//! Batches of a thousand sends, eight at once.

use crate::{
    ceiling::sqlite::{self, Rows},
    figures::float,
    load::{Plan, Template},
    report::{Goal, Row, Run},
    server::Engine,
    session::{Session, measure},
    world::batch_body,
};

const MESSAGES: usize = 1_000;

const CONNECTIONS: usize = 8;

pub(crate) fn sends(session: &mut Session) -> anyhow::Result<()> {
    let name = "batch sends accepted, SQLite";
    let against = "raw SQLite with the product's rows, 1,000 a commit";
    let mut row = Row::new(name, "messages/s", against, Goal::RatioAtLeast(0.50));
    for run in 0..session.runs {
        session.progress(name, run, "8 connections, 1,000 messages each");
        let raw = sqlite::run(&session.folder, Rows::Product, 1_000, session.span / 2)?;
        let world = session.world(Engine::Sqlite, 1, None)?;
        let templates = world
            .accounts
            .iter()
            .map(|account| {
                let body = batch_body(account.number, MESSAGES);
                Template::post(&account.key, "/api/v1/portal/sms/batch", &body)
            })
            .collect();
        let plan = Plan { connections: CONNECTIONS, ..session.plan(&world, templates) };
        let group = world.server.processes()?;
        let flood = measure(plan, &group, session.warm_up, session.span, MESSAGES as u64)?;
        row.runs.push(Run {
            value: flood.per_second,
            against: Some(raw),
            cpu_per_1000: Some(flood.cpu_per_1000),
            all_cpu_per_1000: Some(flood.all_cpu_per_1000),
            against_all_cpu_per_1000: None,
            peak_mib: Some(float(group.peak_kib()?) / 1_024.0),
            others: flood.others,
        });
    }
    session.report.add(row);
    Ok(())
}
