//! The database goes away in the midst of everything.

use domain::MessageStatus;
use store::StoreError;
use testkit::{Kind, Loss, Reply, Smsc, World, idempotency, inbound, receipt};

use crate::{TO, seconds, settle};

testkit::on_both_engines!(
    connections_that_are_cut_lose_and_double_nothing,
    what_cannot_be_stored_is_not_acknowledged,
);

/// Cuts every connection to the database but one; there are none to cut on SQLite.
async fn cut(world: &World) {
    if world.kind() == Kind::Sqlite {
        return;
    }
    let cutting = world.run(|engine| async move {
        let sql = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let count = engine.store().read(move |tx| tx.query_one(sql, &[], |row| row.get::<i64>(0)));
        // It may be that this very connection was cut before.
        drop(count.await);
    });
    cutting.await;
}

async fn connections_that_are_cut_lose_and_double_nothing(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).set("window", 50).create().await;
    let alice = world.account().create().await;
    for round in 0..8 {
        let senders: Vec<_> = (0..40)
            .map(|sender| {
                let alice = alice.clone();
                tokio::spawn(async move {
                    let key = format!("{round} {sender}");
                    let send = alice.message(TO, &key);
                    alice.ask(send, Some(idempotency(&key))).await.map(|_| ())
                })
            })
            .collect();
        world.dispatch().await;
        cut(world).await;
        for sender in senders {
            // Whoever got no answer asks again, below.
            drop(world.while_time_passes(sender).await.unwrap());
        }
        for sender in 0..40 {
            let key = format!("{round} {sender}");
            testkit::until("the request is answered", async || {
                let send = alice.message(TO, &key);
                world.while_time_passes(alice.ask(send, Some(idempotency(&key)))).await.is_ok()
            })
            .await;
        }
        assert_eq!(alice.messages().await.len(), 40 * (round + 1));
    }
    settle(world, &smsc, &alice).await;
}

async fn what_cannot_be_stored_is_not_acknowledged(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().create().await;
    let message = alice.send(TO, "hello").await;
    smsc.next(Reply::Accept);
    world.until_submitted(&smsc, 1).await;
    alice.becomes(message, MessageStatus::Sent).await;
    let submit = smsc.submits().remove(0);

    // Nothing can be stored while the table is gone.
    let rename = |from: &'static str, to: &'static str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        world.run(move |engine| async move {
            let renamed = engine.store().write(move |tx| {
                tx.execute(&sql, &[])?;
                Ok::<_, StoreError>(())
            });
            renamed.await.unwrap();
        })
    };
    rename("events", "elsewhere").await;
    let tokens = [
        smsc.deliver(receipt(&submit, "DELIVRD")),
        smsc.deliver(inbound(TO, &alice.e164, "hello")),
    ];
    world.until_acknowledged(&smsc).await;
    for token in tokens {
        assert!(!smsc.answer_to(token).unwrap().is_ok(), "the carrier must come again");
    }
    rename("elsewhere", "events").await;
    assert_eq!(alice.status(message).await, MessageStatus::Sent);
    smsc.deliver(receipt(&submit, "DELIVRD"));
    smsc.deliver(inbound(TO, &alice.e164, "hello"));
    alice.becomes(message, MessageStatus::Delivered).await;
    world.until_acknowledged(&smsc).await;
    world.pass(seconds(1)).await;
    assert_eq!(alice.messages().await.len(), 2);
}

/// The two ways to lose a commit; none where there is no PostgreSQL.
fn losses() -> &'static [Loss] {
    if Kind::Postgres.is_available() { &[Loss::BeforeCommit, Loss::AfterCommit] } else { &[] }
}

#[tokio::test]
async fn an_unknown_commit_of_a_send_is_found_out_and_answered() {
    for loss in losses() {
        for key in [None, Some("key")] {
            let (world, proxy) = World::behind_proxy().await;
            world.simulator().create().await;
            let alice = world.account().create().await;
            alice.send(TO, "before").await;
            proxy.lose_next(*loss);
            let send = || alice.ask(alice.message(TO, "hello"), key.map(idempotency));
            let first = world.while_time_passes(send()).await;
            assert!(first.is_ok(), "{loss:?}: {first:?}");
            assert_eq!(proxy.losses(), 1);
            assert_eq!(alice.messages().await.len(), 2, "{loss:?}");
            if key.is_some() {
                assert!(send().await.unwrap().replayed);
                assert_eq!(alice.messages().await.len(), 2, "{loss:?}");
            }
            world.assert_all_is_well().await;
        }
    }
}

#[tokio::test]
async fn an_unknown_commit_of_several_accounts_gives_each_its_own() {
    for loss in losses() {
        let (world, proxy) = World::behind_proxy().await;
        world.simulator().create().await;
        let (alice, bob) = (world.account().create().await, world.account().create().await);
        let asks = [
            (alice.id, alice.message(TO, "keyed"), Some(idempotency("key"))),
            (bob.id, bob.message(TO, "one"), None),
            (bob.id, bob.message(TO, "two"), None),
        ];
        proxy.lose_next(*loss);
        // Asked for in one breath, they share a commit.
        let asked = world.run(move |engine| async move {
            let [x, y, z] = asks.map(|(account, send, key)| engine.accept(account, send, key));
            tokio::join!(x, y, z)
        });
        let (keyed, one, two) = world.while_time_passes(asked).await;
        assert_eq!(proxy.losses(), 1);
        for (account, answer, body) in
            [(&alice, keyed, "keyed"), (&bob, one, "one"), (&bob, two, "two")]
        {
            let told = answer.unwrap().items.remove(0).unwrap();
            let stored = account.messages().await;
            let stored = stored.iter().find(|message| message.body == body).unwrap();
            assert_eq!((told.account, told.id), (stored.account, stored.id), "{loss:?}: {body}");
        }
        assert_eq!((alice.messages().await.len(), bob.messages().await.len()), (1, 2), "{loss:?}");
        world.assert_all_is_well().await;
    }
}

#[tokio::test]
async fn an_unknown_commit_of_a_claim_leaves_nothing_behind() {
    for loss in losses() {
        let (world, proxy) = World::behind_proxy().await;
        let smsc = Smsc::start().await;
        world.carrier(&smsc).create().await;
        let alice = world.account().create().await;
        // This look finds nothing to resend, and the next is a second away.
        assert_eq!(world.dispatch().await, 0);
        for index in 0..5 {
            alice.send(TO, &format!("message {index}")).await;
        }
        proxy.lose_next(*loss);
        world.while_time_passes(world.dispatch()).await;
        assert_eq!(proxy.losses(), 1);
        world
            .until("everything is sent", async || {
                world.dispatch().await;
                let messages = alice.messages().await;
                messages.iter().all(|message| message.status == MessageStatus::Sent)
            })
            .await;
        assert_eq!(smsc.submits().len(), 5, "{loss:?}");
        world.assert_all_is_well().await;
    }
}

#[tokio::test]
async fn an_unknown_commit_of_answers_and_receipts_changes_nothing_twice() {
    for loss in losses() {
        let (world, proxy) = World::behind_proxy().await;
        let smsc = Smsc::start().await;
        world.carrier(&smsc).create().await;
        let alice = world.account().create().await;
        let message = alice.send(TO, "hello").await;
        world.dispatch().await;
        testkit::until("the SMSC has it", async || smsc.submits().len() == 1).await;
        proxy.lose_next(*loss);
        world.while_time_passes(alice.becomes(message, MessageStatus::Sent)).await;
        proxy.lose_next(*loss);
        let token = smsc.deliver(receipt(&smsc.submits()[0], "DELIVRD"));
        world.while_time_passes(world.until_acknowledged(&smsc)).await;
        assert!(smsc.answer_to(token).unwrap().is_ok(), "it was found out and stored");
        alice.becomes(message, MessageStatus::Delivered).await;
        assert_eq!(proxy.losses(), 2);
        world.assert_all_is_well().await;
    }
}
