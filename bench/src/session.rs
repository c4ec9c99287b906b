//! What all rows share: the program, the bare handler, and how long is measured.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::{
    ceiling::http::Bare,
    figures::{float, rate},
    load::{Load, Outcome, Pace, Plan, Template},
    processes::{self, Group},
    report::Report,
    server::Engine,
    world::World,
};

/// Connections of a load, where a row does not say otherwise.
pub(crate) const CONNECTIONS: usize = 64;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) program: PathBuf,
    /// Where data lies: on the disk that is measured.
    pub(crate) folder: PathBuf,
    pub(crate) runs: usize,
    pub(crate) warm_up: Duration,
    pub(crate) span: Duration,
    pub(crate) full: bool,
    bare: Bare,
    pub(crate) report: Report,
}

/// What one stretch of load gave.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) per_second: f64,
    /// Of the server's processes.
    pub(crate) cpu_per_1000: f64,
    /// With the load generator.
    pub(crate) all_cpu_per_1000: f64,
    pub(crate) others: f64,
    pub(crate) outcome: Outcome,
}

impl Session {
    pub(crate) fn new(
        program: PathBuf,
        folder: PathBuf,
        quick: bool,
        full: bool,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let cores = std::thread::available_parallelism()?.get();
        Ok(Self {
            program,
            folder,
            runs: if quick { 1 } else { 3 },
            warm_up: Duration::from_millis(if quick { 500 } else { 1_000 }),
            span: Duration::from_secs(if quick { 2 } else { 5 }),
            full,
            bare: Bare::start()?,
            report: Report { cores, quick, rows: Vec::new() },
        })
    }

    /// Requests a second of the bare handler, now.
    pub(crate) fn bare(&self) -> anyhow::Result<Stretch> {
        self.bare_at(Pace::Closed)
    }

    pub(crate) fn bare_at(&self, pace: Pace) -> anyhow::Result<Stretch> {
        let group = Group::of(self.bare.id());
        let plan = Plan {
            address: self.bare.address,
            connections: CONNECTIONS,
            templates: vec![Bare::template()],
            pace,
            first_key: 0,
        };
        measure(plan, &group, self.warm_up, self.span / 2, 1)
    }

    pub(crate) fn world(
        &self,
        engine: Engine,
        accounts: usize,
        smsc: Option<u16>,
    ) -> anyhow::Result<World> {
        World::build(&self.program, &self.folder, engine, accounts, smsc)
    }

    /// A load on the server, as fast as it answers.
    pub(crate) fn plan(&self, world: &World, templates: Vec<Template>) -> Plan {
        Plan {
            address: world.server.address,
            connections: CONNECTIONS,
            templates,
            pace: Pace::Closed,
            first_key: 0,
        }
    }

    /// Single sends as fast as they are answered.
    pub(crate) fn flood(&self, world: &World) -> anyhow::Result<Stretch> {
        let plan = self.plan(world, world.sends());
        measure(plan, &world.server.processes()?, self.warm_up, self.span, 1)
    }

    /// Tells how far a row is.
    pub(crate) fn progress(&self, row: &str, run: usize, what: &str) {
        eprintln!("==> {row}: run {} of {}: {what}", run + 1, self.runs);
    }
}

/// Runs a load and measures it over `span`, once it has run for `warm_up`.
pub(crate) fn measure(
    plan: Plan,
    group: &Group,
    warm_up: Duration,
    span: Duration,
    messages_per_request: u64,
) -> anyhow::Result<Stretch> {
    let load = Load::start(plan)?;
    std::thread::sleep(warm_up);
    let watch = Watch::start(group.clone())?;
    let before = load.succeeded();
    load.record();
    let began = Instant::now();
    while began.elapsed() < span && !load.is_over() {
        std::thread::sleep(Duration::from_millis(50).min(span));
    }
    let messages = (load.succeeded() - before) * messages_per_request;
    let took = began.elapsed();
    let used = watch.stop()?;
    let outcome = load.stop()?;
    if let Some(refusal) = &outcome.refusal {
        bail!("requests were refused ({:?}); the first: {refusal}", outcome.refused);
    }
    Ok(Stretch {
        per_second: rate(messages, took),
        cpu_per_1000: per_1000(used.group, messages),
        all_cpu_per_1000: per_1000(used.group + used.own, messages),
        others: used.others,
        outcome,
    })
}

/// Seconds per 1,000 messages.
pub(crate) fn per_1000(spent: Duration, messages: u64) -> f64 {
    spent.as_secs_f64() * 1_000.0 / float(messages).max(1.0)
}

/// Processor time from a moment on.
#[derive(Debug)]
pub(crate) struct Watch {
    group: Group,
    began: Instant,
    group_before: Duration,
    own_before: Duration,
    machine_before: Duration,
}

#[derive(Debug)]
pub(crate) struct Used {
    /// By the server's processes.
    pub(crate) group: Duration,
    /// By the benchmark itself: load generator, SMSC, listeners.
    pub(crate) own: Duration,
    /// Cores that other programs kept busy.
    pub(crate) others: f64,
}

impl Watch {
    pub(crate) fn start(group: Group) -> anyhow::Result<Self> {
        Ok(Self {
            began: Instant::now(),
            group_before: group.cpu()?,
            own_before: Group::of(std::process::id()).cpu()?,
            machine_before: processes::machine_cpu()?,
            group,
        })
    }

    pub(crate) fn stop(self) -> anyhow::Result<Used> {
        let group =
            self.group.cpu().context("the server is gone")?.saturating_sub(self.group_before);
        let own = Group::of(std::process::id()).cpu()?.saturating_sub(self.own_before);
        let machine = processes::machine_cpu()?.saturating_sub(self.machine_before);
        let others = machine.saturating_sub(group + own);
        Ok(Used { group, own, others: others.as_secs_f64() / self.began.elapsed().as_secs_f64() })
    }
}
