//! From the queue to the carrier.

use domain::MessageStatus;
use smpp::CommandStatus;
use testkit::{Reply, Smsc, World, cents};

const TO: &str = "+447700900123";

testkit::on_both_engines!(a_refused_message_gives_its_money_back,);

async fn a_refused_message_gives_its_money_back(world: &World) {
    let smsc = Smsc::start().await;
    world.carrier(&smsc).create().await;
    let alice = world.account().balance(cents(10)).create().await;
    smsc.next(Reply::Refuse(CommandStatus::ME_RINVSRCADR));

    let message = alice.send(TO, "hello").await;
    world.dispatch().await;

    alice.becomes(message, MessageStatus::Failed).await;
    assert_eq!(alice.available().await, cents(10));
}
