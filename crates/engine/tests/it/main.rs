//! The engine on both databases, against an SMSC on a socket.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod accept;
mod books;
mod cards;
mod carriers;
mod currencies;
mod database;
mod dispatch;
mod faults;
mod imports;
mod inbound;
mod limits;
mod lives;
mod messaging_profiles;
mod months;
mod nodes;
mod papers;
mod payments;
mod people;
mod prices;
mod receipts;
mod refunds;
mod renewals;
mod reports;
mod restart;
mod statements;
mod test_keys;
mod uncertain;
mod upcoming;
mod webhooks;

use std::time::Duration;

use domain::{FailureCode, MessageStatus};
use store::attempts::AttemptState;
use testkit::{Account, Reply, Smsc, Submit, World};

/// A handset, from a range reserved for fiction.
const TO: &str = "+447700900123";

/// Sends a message and waits until the SMSC's answer is stored.
async fn sent(
    world: &World,
    smsc: &Smsc,
    account: &Account,
    text: &str,
) -> (domain::MessageId, Submit) {
    let before = smsc.submits().len();
    let message = account.send(TO, text).await;
    let parts = usize::try_from(account.find(message).await.segments).unwrap();
    world.until_submitted(smsc, before + parts).await;
    account.becomes(message, MessageStatus::Sent).await;
    (message, smsc.submits().remove(before))
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Goes on, with a carrier that behaves, until every message has its end or was sent.
///
/// What stayed uncertain twice is waited for until its validity is over.
async fn settle(world: &World, smsc: &Smsc, account: &Account) {
    smsc.forget_script();
    smsc.always(Reply::Accept);
    world
        .until("every message is sent, or uncertain for good", async || {
            world.dispatch().await;
            world.pass(seconds(5)).await;
            let mut open = account.messages().await;
            open.retain(|message| message.sent_at.is_none() && !message.status.is_terminal());
            for message in open {
                let attempts = account.attempts(message.id).await;
                let uncertain_twice = attempts
                    .iter()
                    .any(|attempt| attempt.copy == 2 && attempt.state == AttemptState::Uncertain);
                if !uncertain_twice {
                    return false;
                }
            }
            true
        })
        .await;
    world.leap(seconds(26 * 3_600));
    world.keep_house().await;
    for message in account.messages().await {
        let ended = match message.status {
            MessageStatus::Sent | MessageStatus::Delivered => message.failure.is_none(),
            MessageStatus::Failed => message.failure == Some(FailureCode::Unconfirmed),
            _ => false,
        };
        assert!(ended, "{} is {}, {:?}", message.id, message.status, message.failure);
    }
    assert!(account.held().await.is_zero());
}
