//! The database goes away in the midst of everything.

use domain::MessageStatus;
use store::StoreError;
use testkit::{Kind, Reply, Smsc, World, idempotency, inbound, receipt};

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
            drop(sender.await.unwrap());
        }
        for sender in 0..40 {
            let key = format!("{round} {sender}");
            testkit::until("the request is answered", async || {
                let send = alice.message(TO, &key);
                alice.ask(send, Some(idempotency(&key))).await.is_ok()
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
