//! A message's whole way: accepted, handed to an SMSC, its answer stored; with
//! receipts also its receipt stored and the customer told.
//!
//! Sends come as fast as they are accepted, for a while; the clock stops when the
//! last of them has arrived. So the rate is that of the slowest step, whatever
//! waited in the queue.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{
    client::Client,
    events::Listener,
    figures::{float, rate},
    load::Load,
    report::{Goal, Row, Run},
    server::Engine,
    session::{Session, Watch, per_1000},
    smsc::{Receipts, Smsc},
    world::World,
};

/// What was accepted has arrived after this long, or never will.
const ARRIVE_WITHIN: Duration = Duration::from_secs(300);

const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) fn to_carrier(session: &mut Session) -> anyhow::Result<()> {
    let name = "end to end: SMSC's answer stored, SQLite";
    let mut row = Row::new(name, "messages/s", "bare handler", Goal::RatioAtLeast(0.30));
    for run in 0..session.runs {
        session.progress(name, run, "accept, SMPP, answer");
        let (run, note) = measure(session, Receipts::None)?;
        row.runs.push(run);
        row.notes.push(note);
    }
    session.report.add(row);
    Ok(())
}

pub(crate) fn with_receipts(session: &mut Session) -> anyhow::Result<()> {
    let name = "end to end with receipts: customer told, SQLite";
    let mut row = Row::new(name, "messages/s", "bare handler", Goal::RatioAtLeast(0.20));
    let name = "CPU end to end with receipts";
    let mut cpu = Row::new(name, "s per 1,000 messages", "", Goal::ValueAtMost(0.15));
    for run in 0..session.runs {
        session.progress(&row.name, run, "accept, SMPP, answer, receipt, event");
        let (run, note) = measure(session, Receipts::Sent)?;
        cpu.runs.push(Run {
            value: run.cpu_per_1000.unwrap_or(0.0),
            others: run.others,
            ..Run::default()
        });
        row.runs.push(run);
        row.notes.push(note);
    }
    session.report.add(row);
    session.report.add(cpu);
    Ok(())
}

fn measure(session: &Session, receipts: Receipts) -> anyhow::Result<(Run, String)> {
    let bare = session.bare()?;
    let smsc = Smsc::start(receipts)?;
    let world = session.world(Engine::Sqlite, 1, Some(smsc.port))?;
    let mut operator = world.server.operator()?;
    wait_for_link(&mut operator, &world)?;
    let account = world.accounts.first().context("a world without an account")?;
    let listener = match receipts {
        Receipts::Sent => Some(Listener::start(world.server.address, &account.key)?),
        Receipts::None => None,
    };

    let group = world.server.processes()?;
    let watch = Watch::start(group.clone())?;
    let began = Instant::now();
    let load = Load::start(session.plan(&world, world.sends()))?;
    while began.elapsed() < session.span && !load.is_over() {
        std::thread::sleep(LOOK_EVERY);
    }
    let outcome = load.stop()?;
    if let Some(refusal) = &outcome.refusal {
        bail!("requests were refused ({:?}); the first: {refusal}", outcome.refused);
    }
    let accepting = began.elapsed();
    let messages = outcome.succeeded;
    loop {
        let arrived = match &listener {
            Some(listener) => listener.delivered() >= messages,
            None => smsc.submits() >= messages && nothing_held(&mut operator, account.id)?,
        };
        if arrived {
            break;
        }
        if began.elapsed() > ARRIVE_WITHIN {
            bail!(
                "of {messages} messages {} reached the SMSC, {} receipts were taken, {} events came",
                smsc.submits(),
                smsc.acknowledged(),
                listener.as_ref().map_or(0, Listener::delivered)
            );
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let took = began.elapsed();
    let used = watch.stop()?;
    let note = format!(
        "{messages} messages, accepted in {:.1} s, arrived in {:.1} s; {} submits",
        accepting.as_secs_f64(),
        took.as_secs_f64(),
        smsc.submits()
    );
    let run = Run {
        value: rate(messages, took),
        against: Some(bare.per_second),
        cpu_per_1000: Some(per_1000(used.group, messages)),
        all_cpu_per_1000: Some(per_1000(used.group + used.own, messages)),
        against_all_cpu_per_1000: Some(bare.all_cpu_per_1000),
        peak_mib: Some(float(group.peak_kib()?) / 1_024.0),
        others: used.others,
    };
    Ok((run, note))
}

/// Money is held until the SMSC's answer is stored.
pub(super) fn nothing_held(operator: &mut Client, account: i64) -> anyhow::Result<bool> {
    let answer = operator.get(&format!("/operator/accounts/{account}"))?;
    let held = answer.pointer("/account/held/amount").and_then(Value::as_str);
    let held = held.with_context(|| format!("no held amount in {answer}"))?;
    Ok(held.bytes().all(|byte| matches!(byte, b'0' | b'.')))
}

pub(super) fn wait_for_link(operator: &mut Client, world: &World) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let answer = operator.get(&format!("/operator/carriers/{}", world.carrier))?;
        if answer.pointer("/carrier/link/state").and_then(Value::as_str) == Some("bound") {
            return Ok(());
        }
        if began.elapsed() > Duration::from_secs(10) {
            bail!("the carrier's link does not come up: {answer}");
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
