//! Pushing to an endpoint on this machine: how fast, beside the rate of messages end to end, and how
//! soon after the commit.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;

use crate::{
    client::Client,
    figures::rate,
    load::{Load, Pace, Plan},
    report::{Goal, Row, Run},
    rows::end_to_end::{nothing_held, wait_for_link},
    server::Engine,
    session::{Session, Watch, per_1000},
    sink::Sink,
    smsc::{Receipts, Smsc},
    world::World,
};

/// What was sent is pushed after this long, or never will be.
const PUSHED_WITHIN: Duration = Duration::from_secs(300);

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Messages a second while it is measured how soon they are pushed.
const CALM_RATE: u64 = 100;

/// Messages go end to end while the webhook is disabled; then it catches up.
pub(crate) fn throughput(session: &mut Session) -> anyhow::Result<()> {
    let name = "webhooks: events to a local sink, SQLite";
    let mut row = Row::new(name, "events/s", "end to end", Goal::RatioAtLeast(1.0));
    for run in 0..session.runs {
        session.progress(name, run, "messages end to end, then their webhooks");
        let (smsc, sink) = (Smsc::start(Receipts::None)?, Sink::start()?);
        let stage = Stage::new(session, &smsc, &sink)?;
        let mut customer = stage.customer()?;
        stage.set_status(&mut customer, "disabled")?;
        let began = Instant::now();
        let load = Load::start(session.plan(&stage.world, stage.world.sends()))?;
        std::thread::sleep(session.span);
        let messages = succeeded(load)?;
        stage.wait_until_sent(&smsc, messages)?;
        let end_to_end = rate(messages, began.elapsed());

        stage.set_status(&mut customer, "enabled")?;
        let group = stage.world.server.processes()?;
        let watch = Watch::start(group)?;
        let began = Instant::now();
        customer.post(
            &format!("/portal/webhooks/{}/recover", stage.webhook),
            &json!({"since": stage.since}),
        )?;
        wait(&sink, messages)?;
        let took = began.elapsed();
        let used = watch.stop()?;
        row.notes.push(format!("{messages} events in {:.1} s", took.as_secs_f64()));
        row.runs.push(Run {
            value: rate(messages, took),
            against: Some(end_to_end),
            cpu_per_1000: Some(per_1000(used.group, messages)),
            all_cpu_per_1000: Some(per_1000(used.group + used.own, messages)),
            others: used.others,
            ..Run::default()
        });
    }
    session.report.add(row);
    Ok(())
}

pub(crate) fn lateness(session: &mut Session) -> anyhow::Result<()> {
    let name = "webhooks: from the commit to the sink at 100 messages/s, p50";
    let mut row = Row::new(name, "ms", "", Goal::ValueAtMost(50.0));
    for run in 0..session.runs {
        session.progress(name, run, "messages at their pace");
        let (smsc, sink) = (Smsc::start(Receipts::None)?, Sink::start()?);
        let stage = Stage::new(session, &smsc, &sink)?;
        let watch = Watch::start(stage.world.server.processes()?)?;
        let plan =
            Plan { pace: Pace::Rate(CALM_RATE), ..session.plan(&stage.world, stage.world.sends()) };
        let load = Load::start(plan)?;
        std::thread::sleep(session.warm_up);
        sink.forget();
        std::thread::sleep(session.span);
        let (p50, p99) = sink.lateness_ms();
        let pushed = sink.count();
        succeeded(load)?;
        let used = watch.stop()?;
        row.notes.push(format!("{pushed} events; p50 {p50:.1} ms, p99 {p99:.1} ms"));
        row.runs.push(Run { value: p50, others: used.others, ..Run::default() });
    }
    session.report.add(row);
    Ok(())
}

/// A customer whose messages go to an SMSC, and what becomes of them to a sink.
struct Stage {
    world: World,
    webhook: i64,
    /// When the webhook was made.
    since: String,
}

impl Stage {
    fn new(session: &Session, smsc: &Smsc, sink: &Sink) -> anyhow::Result<Self> {
        let world = session.world(Engine::Sqlite, 1, Some(smsc.port))?;
        wait_for_link(&mut world.server.operator()?, &world)?;
        let account = world.accounts.first().context("a world without an account")?;
        let mut customer = Client::new(world.server.address, &account.key)?;
        let url = format!("http://{}/", sink.address);
        let made =
            customer.post("/portal/webhooks", &json!({"url": url, "events": ["sms.sent"]}))?;
        let webhook = made.pointer("/webhook/id").and_then(|id| id.as_i64());
        let webhook = webhook.with_context(|| format!("no webhook in {made}"))?;
        let since = made.pointer("/webhook/created_at").and_then(|at| at.as_str());
        let since = since.with_context(|| format!("no time in {made}"))?.to_owned();
        Ok(Self { world, webhook, since })
    }

    fn customer(&self) -> anyhow::Result<Client> {
        let account = self.world.accounts.first().context("a world without an account")?;
        Client::new(self.world.server.address, &account.key)
    }

    fn set_status(&self, customer: &mut Client, status: &str) -> anyhow::Result<()> {
        let path = format!("/portal/webhooks/{}", self.webhook);
        customer.patch(&path, &json!({"status": status}))?;
        Ok(())
    }

    fn wait_until_sent(&self, smsc: &Smsc, messages: u64) -> anyhow::Result<()> {
        let mut operator = self.world.server.operator()?;
        let account = self.world.accounts.first().context("a world without an account")?.id;
        let began = Instant::now();
        while smsc.submits() < messages || !nothing_held(&mut operator, account)? {
            if began.elapsed() > PUSHED_WITHIN {
                bail!("of {messages} messages {} reached the SMSC", smsc.submits());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

fn succeeded(load: Load) -> anyhow::Result<u64> {
    let outcome = load.stop()?;
    if let Some(refusal) = &outcome.refusal {
        bail!("requests were refused ({:?}); the first: {refusal}", outcome.refused);
    }
    Ok(outcome.succeeded)
}

fn wait(sink: &Sink, events: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    while sink.count() < events {
        if began.elapsed() > PUSHED_WITHIN {
            bail!("of {events} events {} came", sink.count());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
