//! The audit finds what is wrong: each invariant is broken on purpose, once.

use std::collections::BTreeSet;

use domain::Timestamp;
use smpp::CommandStatus;
use store::{AsStoreError, StoreError, Tx, attempts::AttemptState, audit, params};
use testkit::{Hook, Kind, Reply, Smsc, World, inbound, receipt};

testkit::on_both_engines!(each_invariant_is_found_broken_where_it_is);

/// The name of an invariant, and statements that break it in the world of [`lively`].
///
/// Message 1 stands for `{delivered}`, and so on; other invariants may break with it.
const VIOLATIONS: &[(&str, &[&str])] = &[
    (
        "no message is queued or sending past its validity and an hour",
        &["UPDATE messages SET valid_until = valid_until - 200000000000 WHERE status = 'queued'"],
    ),
    (
        "each outbound message has one reserve of its price",
        &["DELETE FROM transfers WHERE kind = 'reserve' AND source_id = {delivered}"],
    ),
    (
        "a test message is simulated, free, and moves no money",
        &["UPDATE messages SET test = 1 WHERE id = {delivered}"],
    ),
    (
        "each account has one default messaging profile",
        &["UPDATE messaging_profiles SET is_default = 0"],
    ),
    (
        "the messaging profile of each number and webhook is its account's",
        &["UPDATE numbers SET profile_id = 888888"],
    ),
    (
        "no two messages have one id",
        &["UPDATE messages SET account_id = account_id + 1000, id = {queued} WHERE id = {delivered}"],
    ),
    (
        "posts and voids of a settled message add up to its reserve",
        &["DELETE FROM transfers WHERE kind = 'post' AND source_id = {delivered}"],
    ),
    (
        "no money of an unsettled message is posted or voided",
        &["INSERT INTO transfers (account_id, source_id, kind, currency, amount, debit, credit, created_at)
           SELECT account_id, source_id, 'post', currency, amount, 'held', 'revenue', created_at
           FROM transfers WHERE kind = 'reserve' AND source_id = {queued}"],
    ),
    (
        "every message transfer belongs to a message",
        &["UPDATE transfers SET source_id = 999999 WHERE kind = 'void' AND source_id = {failed}"],
    ),
    (
        "every transfer moves an amount between two books of its kind",
        &["UPDATE transfers SET credit = 'funds' WHERE kind = 'post' AND source_id = {delivered}"],
    ),
    (
        "what was taken back of top-ups is what their reversals say, and given back where they were undone",
        &["INSERT INTO topup_reversals (account_id, id, topup_id, kind, state, gross, amount, created_at)
           SELECT account_id, 888888, 1, 'refund', 'done', 5, 5, 0 FROM wallets"],
    ),
    (
        "no more is taken back of a top-up than was paid",
        &["INSERT INTO topup_reversals (account_id, id, topup_id, kind, state, gross, amount, created_at)
           SELECT account_id, 888888, 1, 'dispute', 'done', 0, 0, 0 FROM wallets"],
    ),
    (
        "what messages reserved on a wallet's day counts as spent on it",
        &["UPDATE wallets SET spent = 0"],
    ),
    (
        "each month of a number was paid by one transfer, and each such transfer paid a month",
        &["INSERT INTO number_months (account_id, number_id, service, starts_at, ends_at, anchor, id, amount)
           SELECT account_id, 1, 'sms', 0, 10, 0, 888888, 5 FROM wallets"],
    ),
    (
        "a number's months do not overlap: none is charged twice",
        &[
            "INSERT INTO number_months (account_id, number_id, service, starts_at, ends_at, anchor, id, amount)
             SELECT account_id, 1, 'sms', 0, 10, 0, 888888, 5 FROM wallets",
            "INSERT INTO number_months (account_id, number_id, service, starts_at, ends_at, anchor, id, amount)
             SELECT account_id, 1, 'sms', 5, 15, 0, 888889, 5 FROM wallets",
        ],
    ),
    (
        "each number that was set up for money was paid a month of with it",
        &["INSERT INTO transfers (account_id, source_id, kind, currency, amount, debit, credit, created_at)
           SELECT account_id, 888888, 'setup', currency, 5, 'available', 'revenue', created_at
           FROM transfers WHERE kind = 'reserve' AND source_id = {delivered}"],
    ),
    (
        "what was refunded of a month is what was taken for it, once",
        &["INSERT INTO transfers (account_id, source_id, kind, currency, amount, debit, credit, created_at)
           SELECT account_id, 888888, 'refund', currency, 5, 'revenue', 'available', created_at
           FROM transfers WHERE kind = 'reserve' AND source_id = {delivered}"],
    ),
    (
        "no month is charged before it begins",
        &[
            "INSERT INTO number_months (account_id, number_id, service, starts_at, ends_at, anchor, id, amount)
             SELECT account_id, 1, 'sms', created_at + 1, created_at + 10, created_at, 888888, 5
             FROM transfers WHERE kind = 'reserve' AND source_id = {delivered}",
            "INSERT INTO transfers (account_id, source_id, kind, currency, amount, debit, credit, created_at)
             SELECT account_id, 888888, 'sms_addon', currency, 5, 'available', 'revenue', created_at
             FROM transfers WHERE kind = 'reserve' AND source_id = {delivered}",
        ],
    ),
    (
        "the months of one anchor follow one another",
        &["INSERT INTO number_months (account_id, number_id, service, starts_at, ends_at, anchor, id, amount)
           SELECT account_id, 1, 'sms', 5, 10, 0, 888888, 5 FROM wallets"],
    ),
    (
        "a renewal is of its account's number, and paid until the end of its last month",
        &["INSERT INTO renewals (account_id, number_id, service, anchor, paid_until, state, renews, owed, due_at)
           SELECT account_id, 999999, 'sms', 0, 10, 'paid', 1, 0, 10 FROM wallets"],
    ),
    (
        "what has lapsed sends nothing",
        &["INSERT INTO renewals (account_id, number_id, service, anchor, paid_until, state, renews, owed, due_at)
           SELECT account_id, id, 'sms', 0, 10, 'lapsed', 1, 0, 10 FROM numbers WHERE sms_enabled = 1"],
    ),
    (
        "an order's total is the sum of its items, and each was charged as its first month",
        &["INSERT INTO orders (account_id, id, status, currency, total, created_at)
           SELECT account_id, 777777, 'completed', 'EUR', 5, 0 FROM wallets"],
    ),
    (
        "an order, a top-up and a paper are in their wallet's currency",
        &["INSERT INTO orders (account_id, id, status, currency, total, created_at)
           SELECT account_id, 777777, 'completed', 'USD', 0, 0 FROM wallets"],
    ),
    (
        "an order, a top-up and a paper are in their wallet's currency",
        &["INSERT INTO topups (account_id, id, provider, cause, token_hash, currency, amount, vat_rate_bp,
               vat_amount, gross_amount, save_card, refunded_gross, created_at)
           SELECT account_id, 666666, 'demo', 'checkout', key_hash, 'USD', 5, 0, 0, 5, 0, 0, 0
           FROM idempotency
           WHERE message_id IS NOT NULL"],
    ),
    (
        "an order, a top-up and a paper are in their wallet's currency",
        &["INSERT INTO papers
               (account_id, id, kind, year, number, period_start, period_end, currency, total, body, issued_at)
           SELECT MIN(id), 777777, 'statement', 2026, 1, 0, 1, 'USD', 0, '{}', 0 FROM accounts"],
    ),
    (
        "each paid top-up was credited once, no other was",
        &["INSERT INTO topups (account_id, id, provider, cause, token_hash, currency, amount, vat_rate_bp,
               vat_amount, gross_amount, save_card, refunded_gross, created_at, paid_at)
           SELECT account_id, 666666, 'demo', 'checkout', key_hash, 'EUR', 5, 0, 0, 5, 0, 0, 0, 1
           FROM idempotency
           WHERE message_id IS NOT NULL"],
    ),
    (
        "each stored balance is the sum of its entries",
        &["UPDATE wallets SET available = available + 1"],
    ),
    (
        "what is held is what unsettled messages reserved",
        &["UPDATE wallets SET held = held + 1"],
    ),
    (
        "all books add up to zero in each currency",
        &["DELETE FROM transfers WHERE kind = 'post' AND source_id = {delivered}"],
    ),
    ("no balance is below zero", &["UPDATE wallets SET available = -1"]),
    (
        "a transfer's currency is its wallet's",
        &["UPDATE transfers SET currency = 'USD' WHERE kind = 'post' AND source_id = {delivered}"],
    ),
    (
        "no part is attempted beyond the segments that were billed",
        &["UPDATE attempts SET part = 2 WHERE message_id = {delivered}"],
    ),
    (
        "every part of a sent or delivered message was accepted",
        &["UPDATE attempts SET state = 'refused' WHERE message_id = {delivered}"],
    ),
    (
        "at most two copies of a part may be on the wire, one where at_most_once was asked",
        &["UPDATE messages SET delivery = 'at_most_once' WHERE id = {resent}"],
    ),
    (
        "no part is sent again after it was accepted",
        &["UPDATE attempts SET state = 'accepted', answered_at = submitted_at
           WHERE message_id = {resent} AND attempt = 1"],
    ),
    (
        "no more is charged than for the parts that a carrier accepted",
        &["UPDATE attempts SET state = 'refused' WHERE message_id = {delivered}"],
    ),
    (
        "a message delivered by receipts has one for each part",
        &["UPDATE attempts SET receipt = NULL WHERE message_id = {delivered}"],
    ),
    (
        "a terminal message has its time, any other has none",
        &["UPDATE messages SET finished_at = NULL WHERE id = {delivered}"],
    ),
    (
        "a customer's events follow the edges of a message's life",
        &["UPDATE events SET status = 'failed' WHERE message_id = {delivered} AND status = 'sent'"],
    ),
    (
        "each message's status is the one its last event told",
        &["UPDATE messages SET status = 'failed', failure = 'expired' WHERE id = {delivered}"],
    ),
    (
        "each message bears the number of its first event",
        &["UPDATE messages SET seq = seq + 1 WHERE id = {delivered}"],
    ),
    (
        "events are numbered without a gap up to the wallet's last",
        &["DELETE FROM events WHERE message_id = {received}"],
    ),
    (
        "an idempotency key of a send names a message of its account",
        &["UPDATE idempotency SET account_id = 999999"],
    ),
    (
        "each message was made under one idempotency key at most",
        &["INSERT INTO idempotency (account_id, key_hash, request_hash, message_id, created_at)
           SELECT account_id, request_hash, request_hash, message_id, created_at FROM idempotency
           WHERE message_id IS NOT NULL"],
    ),
    (
        "daily counts agree with the messages and with what was posted of them",
        &["UPDATE daily_counts SET spent = spent + 1"],
    ),
    (
        "what is simulated never left the simulator",
        &["UPDATE messages SET simulated = 1 WHERE id = {delivered}"],
    ),
    (
        "each event that a webhook names has its delivery, or the webhook will come to it",
        &["DELETE FROM webhook_deliveries WHERE status = 'delivered'"],
    ),
    ("no webhook is ahead of its account's events", &["UPDATE webhooks SET after_seq = 888888"]),
    (
        "each attempt of a delivery is counted and kept",
        &["DELETE FROM webhook_attempts WHERE status_code = 204"],
    ),
    (
        "what counts as delivered to a webhook was answered with 2xx",
        &["UPDATE webhook_attempts SET status_code = 302 WHERE status_code = 204"],
    ),
    (
        "the papers of a kind and year are numbered without gaps",
        &["INSERT INTO paper_series (kind, year, last) VALUES ('receipt', 2026, 1)"],
    ),
    (
        "each receipt is of a payment that was made, and says its amount",
        &["INSERT INTO papers (account_id, id, kind, year, number, topup_id, currency, total, body, issued_at)
           SELECT MIN(id), 777777, 'receipt', 2026, 1, 777777, 'EUR', 1, '{}', 0 FROM accounts"],
    ),
    (
        "a statement closes with the balance of the ledger at its end",
        &["INSERT INTO papers
               (account_id, id, kind, year, number, period_start, period_end, currency, total, body, issued_at)
           SELECT MIN(id), 777777, 'statement', 2026, 1, 0, 1, 'EUR', 5, '{}', 0 FROM accounts"],
    ),
];

/// Ends a transaction without its changes, and brings what was found in it.
#[derive(Debug)]
enum Ended {
    Found(Vec<audit::Finding>),
    Store(StoreError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl AsStoreError for Ended {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Found(_) => None,
            Self::Store(error) => Some(error),
        }
    }
}

async fn each_invariant_is_found_broken_where_it_is(world: &World) {
    let messages = lively(world).await;
    world.assert_audit_clean().await;
    let now = world.now();
    let store = world.run(|engine| async move { engine.store().clone() }).await;

    let mut known: BTreeSet<&str> = BTreeSet::new();
    for (name, statements) in VIOLATIONS {
        known.insert(name);
        let statements: Vec<String> = statements.iter().map(|sql| fill(sql, &messages)).collect();
        let unchecked = world.kind();
        let ended = store
            .write(move |tx| Err::<(), _>(run(tx, unchecked, &statements, now)))
            .await
            .unwrap_err();
        let Ended::Found(findings) = ended else { panic!("{name}: {ended:?}") };
        let broken: Vec<&str> = findings
            .iter()
            .filter(|finding| !finding.violations.is_empty())
            .map(|finding| finding.name)
            .collect();
        assert!(broken.contains(name), "{name} was broken; the audit saw {broken:?}");
    }
    let findings = world.read(move |tx| audit::run(tx, now)).await;
    let all: BTreeSet<&str> = findings.iter().map(|finding| finding.name).collect();
    assert_eq!(known, all, "each invariant is broken once");
}

fn run(tx: &mut Tx<'_>, kind: Kind, statements: &[String], now: Timestamp) -> Ended {
    let mut broken_and_audited = || {
        loosen(tx, kind, true)?;
        for statement in statements {
            let changed = tx.execute(statement, params![])?;
            assert!(changed > 0, "{statement} finds its rows");
        }
        loosen(tx, kind, false)?;
        audit::run(tx, now)
    };
    broken_and_audited().map_or_else(Ended::Store, Ended::Found)
}

/// Lets a statement pass that the schema's own checks would stop.
fn loosen(tx: &mut Tx<'_>, kind: Kind, loose: bool) -> Result<(), StoreError> {
    match kind {
        Kind::Sqlite if loose => tx.execute("PRAGMA ignore_check_constraints = ON", &[]),
        Kind::Sqlite => tx.execute("PRAGMA ignore_check_constraints = OFF", &[]),
        Kind::Postgres if loose => {
            tx.execute("ALTER TABLE wallets DROP CONSTRAINT wallets_available_check", &[])
        }
        Kind::Postgres => Ok(0),
    }
    .map(|_| ())
}

struct Messages {
    queued: i64,
    delivered: i64,
    failed: i64,
    resent: i64,
    received: i64,
}

fn fill(sql: &str, messages: &Messages) -> String {
    sql.replace("{queued}", &messages.queued.to_string())
        .replace("{delivered}", &messages.delivered.to_string())
        .replace("{failed}", &messages.failed.to_string())
        .replace("{resent}", &messages.resent.to_string())
        .replace("{received}", &messages.received.to_string())
}

/// A database in which something of everything has happened.
async fn lively(world: &World) -> Messages {
    use domain::MessageStatus::{Delivered, Failed, Sent};
    let to = "+447700900123";
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let hook = Hook::start().await;
    alice.webhook(&hook.url(), &["sms.delivered", "sms.received"]).await;
    let key = testkit::idempotency("key");
    let send = alice.message(to, "delivered");
    let answer = alice.ask(send, Some(key)).await.unwrap();
    let delivered = answer.items[0].as_ref().unwrap().id;
    world.until_submitted(&smsc, 1).await;
    smsc.deliver(receipt(&smsc.submits()[0], "DELIVRD"));
    alice.becomes(delivered, Delivered).await;

    smsc.next(Reply::Refuse(CommandStatus::ME_RINVDSTADR));
    let failed = alice.send(to, "failed").await;
    world.until_submitted(&smsc, 2).await;
    alice.becomes(failed, Failed).await;

    smsc.next(Reply::Ignore);
    let resent = alice.send(to, "resent").await;
    world.until_submitted(&smsc, 3).await;
    world.pass(std::time::Duration::from_secs(31)).await;
    // Two minutes of waiting begin when this is stored.
    world
        .until("it is uncertain", async || {
            alice.attempts(resent).await[0].state == AttemptState::Uncertain
        })
        .await;
    world.pass(std::time::Duration::from_secs(121)).await;
    world.until_submitted(&smsc, 4).await;
    alice.becomes(resent, Sent).await;

    smsc.deliver(inbound(to, &alice.e164, "received"));
    world.until_acknowledged(&smsc).await;
    let received = alice.messages().await[0].id;
    world.push().await;
    let queued = alice.send(to, "queued").await;
    Messages {
        queued: queued.get(),
        delivered: delivered.get(),
        failed: failed.get(),
        resent: resent.get(),
        received: received.get(),
    }
}
