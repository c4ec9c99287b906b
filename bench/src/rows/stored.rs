//! What a full database costs: sends, lists and statistics beside millions of messages.

use std::time::{Duration, Instant};

use anyhow::Context;

use super::accounts::MANY;
use crate::{
    figures::float,
    load::{Pace, Plan, Template},
    loader,
    processes::Group,
    report::{Goal, Row, Run},
    server::Engine,
    session::{Session, measure},
    world::World,
};

/// Reads a second while lists and statistics are measured; an account may do 1,000.
const READS: u64 = 200;

const READING: Duration = Duration::from_secs(5);

pub(crate) fn all(session: &mut Session) -> anyhow::Result<()> {
    let mut counts = vec![if session.report.quick { 100_000 } else { 1_000_000 }];
    if session.full {
        counts.push(10_000_000);
    }
    for count in counts {
        let millions = if count < 1_000_000 {
            "a hundred thousand".to_owned()
        } else {
            format!("{} million", count / 1_000_000)
        };
        let mut world = session.world(Engine::Sqlite, MANY, None)?;
        let began = Instant::now();
        eprintln!("==> storing {millions} messages");
        let accounts = world.accounts.clone();
        let carrier = world.carrier;
        world.server.restart_after(&session.program, |file| {
            loader::fill(file, &accounts, carrier, count)
        })?;
        eprintln!("    stored in {:.0} s", began.elapsed().as_secs_f64());
        reads(session, &world, &millions)?;
        sends(session, &world, &millions)?;
    }
    Ok(())
}

/// Who sends while the database is full.
#[derive(Debug, Clone, Copy)]
enum Senders {
    /// The first account, which has half of all messages.
    One,
    /// All thousand in turn.
    Many,
}

impl Senders {
    fn templates(self, world: &World) -> Vec<Template> {
        let mut sends = world.sends();
        match self {
            Self::One => sends.truncate(1),
            Self::Many => {}
        }
        sends
    }
}

fn sends(session: &mut Session, world: &World, millions: &str) -> anyhow::Result<()> {
    let name = format!("memory under load beside {millions} messages");
    let mut memory = Row::new(&name, "MiB", "", Goal::ValueAtMost(300.0));
    let mut first_key = 1_000_000_000;
    for (senders, who) in [(Senders::One, "one account"), (Senders::Many, "a thousand accounts")] {
        let name = format!("sends of {who} beside {millions} messages");
        let against = "the same without";
        let mut row = Row::new(&name, "messages/s", against, Goal::RatioAtLeast(0.85));
        for run in 0..session.runs {
            session.progress(&name, run, "64 connections");
            let empty = session.world(Engine::Sqlite, MANY, None)?;
            let plan = session.plan(&empty, senders.templates(&empty));
            let group = empty.server.processes()?;
            let without = measure(plan, &group, session.warm_up, session.span, 1)?;
            drop(empty);
            let plan = Plan { first_key, ..session.plan(world, senders.templates(world)) };
            first_key += 1_000_000_000;
            let group = world.server.processes()?;
            let beside = measure(plan, &group, session.warm_up, session.span, 1)?;
            let peak_mib = float(group.peak_kib()?) / 1_024.0;
            row.runs.push(Run {
                value: beside.per_second,
                against: Some(without.per_second),
                cpu_per_1000: Some(beside.cpu_per_1000),
                all_cpu_per_1000: Some(beside.all_cpu_per_1000),
                against_all_cpu_per_1000: Some(without.all_cpu_per_1000),
                peak_mib: Some(peak_mib),
                others: f64::midpoint(without.others, beside.others),
            });
            memory.runs.push(Run { value: peak_mib, others: beside.others, ..Run::default() });
        }
        session.report.add(row);
    }
    session.report.add(memory);
    Ok(())
}

fn reads(session: &mut Session, world: &World, millions: &str) -> anyhow::Result<()> {
    // The first account has half of all messages.
    let account = world.accounts.first().context("a world without an account")?;
    let list =
        format!("/api/v1/portal/sms?number_id={}&direction=outbound&limit=50", account.number);
    let last = loader::last_id(&world.server.operator()?.get("/operator/messages?limit=1")?)?;
    let lists: Vec<Template> = (1..=64)
        .map(|part| Template::get(&account.key, &format!("{list}&cursor={}", last * part / 64)))
        .collect();
    let stats = format!("/api/v1/portal/sms/stats?number_id={}", account.number);
    let stats = vec![Template::get(&account.key, &stats)];
    for (what, templates) in [("list by number and direction", lists), ("statistics", stats)] {
        let name = format!("{what} over {millions} messages, p99");
        let mut row = Row::new(&name, "ms", "", Goal::ValueAtMost(20.0));
        for run in 0..session.runs {
            session.progress(&name, run, "200 a second on 8 connections");
            let plan = Plan {
                connections: 8,
                pace: Pace::Rate(READS),
                ..session.plan(world, templates.clone())
            };
            let group = Group::of(world.server.id());
            let read =
                measure(plan, &group, Duration::from_millis(500), READING.min(session.span), 1)?;
            let latencies = &read.outcome.latencies;
            row.notes.push(format!("run {}: p50 {:?}", run + 1, latencies.quantile(500)));
            row.runs.push(Run {
                value: latencies.quantile(990).as_secs_f64() * 1_000.0,
                cpu_per_1000: Some(read.cpu_per_1000),
                others: read.others,
                ..Run::default()
            });
        }
        session.report.add(row);
    }
    Ok(())
}
