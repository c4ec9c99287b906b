//! Messaging profiles: opt-out words, the sender that stands in, webhooks of some numbers alone.

use domain::{MessagingProfileId, NumberId, NumberStatus, NumberType};
use engine::{
    AcceptError, MessagingProfilePatch, MessagingProfileSeen, NewNumber, NumberPatch, Refusal,
    SimulatedInbound, UseError, WebhookPatch,
};
use serde_json::json;
use store::{
    messages::Message,
    messaging_profiles as profiles,
    numbers::{self, NumberRecord},
};
use testkit::{Account, Hook, World};

use super::TO;

testkit::on_both_engines!(
    an_account_begins_with_a_default_profile_that_its_numbers_have,
    a_number_without_a_profile_receives_and_sends_nothing,
    own_words_stop_and_start_messages,
    another_number_of_the_profile_sends_where_the_profile_wishes_so,
    a_substitute_is_of_the_same_profile_and_kind_and_its_own_country_first,
    who_stopped_the_chosen_number_gets_nothing_of_its_substitute,
    a_webhook_of_a_profile_is_told_of_its_messages_alone,
    a_profile_in_use_is_not_removed,
    a_profile_that_is_removed_while_it_is_given_to_something_is_nobodys,
    another_accounts_profile_does_not_exist,
);

async fn profile(
    world: &World,
    account: &Account,
    wanted: MessagingProfilePatch,
) -> Result<MessagingProfileId, UseError> {
    let account = account.id;
    world
        .run(move |engine| async move {
            let render = |(profile, _): &MessagingProfileSeen| json!(profile.id.get());
            engine.create_messaging_profile(account, wanted, None, render).await
        })
        .await
        .map(|done| MessagingProfileId::new(done.answer.as_i64().unwrap()))
}

fn named(name: &str) -> MessagingProfilePatch {
    MessagingProfilePatch { name: Some(name.to_owned()), ..MessagingProfilePatch::default() }
}

async fn change(world: &World, account: &Account, patch: MessagingProfilePatch) {
    let (account, id) = (account.id, default_of(world, account).await);
    world
        .run(move |engine| async move {
            engine.update_messaging_profile(account, id, patch).await.unwrap();
        })
        .await;
}

async fn default_of(world: &World, account: &Account) -> MessagingProfileId {
    let account = account.id;
    world.read(move |tx| profiles::default_of(tx, account)).await.unwrap()
}

async fn assign(
    world: &World,
    account: &Account,
    number: NumberId,
    profile: Option<MessagingProfileId>,
) -> Result<(), UseError> {
    let account = account.id;
    world
        .run(move |engine| async move {
            engine.assign_messaging_profile(account, number, profile).await.map(|_| ())
        })
        .await
}

async fn remove(world: &World, account: &Account, id: MessagingProfileId) -> Result<(), UseError> {
    let account = account.id;
    world.run(move |engine| async move { engine.delete_messaging_profile(account, id).await }).await
}

async fn number(world: &World, id: NumberId) -> NumberRecord {
    world.read(move |tx| numbers::find(tx, id)).await.unwrap()
}

/// One more active number of the account, with SMS.
async fn another(world: &World, account: &Account, number: &str, country: &str) -> NumberId {
    let (account, simulated) = (account.id, number_of(world, account).await.simulated);
    let new = NewNumber {
        number: number.parse().unwrap(),
        country: country.parse().unwrap(),
        number_type: NumberType::Mobile,
        status: NumberStatus::Active,
        account: Some(account),
        sms_enabled: true,
        carrier: None,
        simulated,
    };
    world
        .run(|engine| async move {
            let made = engine.create_number(new, None, |record| json!(record.id.get()));
            NumberId::new(made.await.unwrap().answer.as_i64().unwrap())
        })
        .await
}

async fn number_of(world: &World, account: &Account) -> NumberRecord {
    number(world, account.number).await
}

async fn set(world: &World, id: NumberId, patch: NumberPatch) {
    world.run(move |engine| async move { engine.update_number(id, patch).await.unwrap() }).await;
}

fn switched(on: bool) -> NumberPatch {
    NumberPatch { sms_enabled: Some(on), ..NumberPatch::default() }
}

async fn text_to(world: &World, number: &str, body: &str) {
    let text = SimulatedInbound {
        from: TO.to_owned(),
        to: number.parse().unwrap(),
        body: domain::text::Body::parse(body).unwrap(),
    };
    world
        .run(move |engine| async move {
            engine.simulate_inbound(text, None, |()| json!(null)).await.unwrap();
        })
        .await;
}

/// What became of a message from the account's first number.
async fn try_sending(account: &Account) -> Result<Message, Refusal> {
    match account.ask(account.message(TO, "hello"), None).await {
        Ok(mut accepted) => accepted.items.remove(0),
        Err(AcceptError::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other}"),
    }
}

fn conflict(answer: Result<(), UseError>) -> String {
    match answer {
        Err(UseError::Conflict { message }) => message,
        other => panic!("a conflict was expected, not {other:?}"),
    }
}

async fn an_account_begins_with_a_default_profile_that_its_numbers_have(world: &World) {
    let (alice, bob) = (world.account().create().await, world.account().create().await);
    let (of_alice, of_bob) = (default_of(world, &alice).await, default_of(world, &bob).await);
    assert_ne!(of_alice, of_bob);
    assert_eq!(number_of(world, &alice).await.profile, Some(of_alice));

    let to_bob = NumberPatch { account: Some(Some(bob.id)), ..NumberPatch::default() };
    set(world, alice.number, to_bob).await;
    assert_eq!(number_of(world, &alice).await.profile, Some(of_bob));
    let to_nobody = NumberPatch { account: Some(None), ..NumberPatch::default() };
    set(world, alice.number, to_nobody).await;
    assert_eq!(number_of(world, &alice).await.profile, None);

    let csv = format!(
        "number,country,type,status,account_id\n+447700900700,GB,mobile,active,{}\n+447700900701,GB,mobile,available,\n",
        alice.id
    );
    world
        .run(move |engine| async move {
            engine.import_numbers(csv, None).await.unwrap();
        })
        .await;
    for (text, profile) in [("+447700900700", Some(of_alice)), ("+447700900701", None)] {
        let e164 = text.parse().unwrap();
        let found = world.read(move |tx| numbers::find_by_number(tx, &e164)).await.unwrap();
        assert_eq!(found.profile, profile, "{text}");
    }
    world.assert_audit_clean().await;
}

async fn a_number_without_a_profile_receives_and_sends_nothing(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    let before = alice.available().await;
    assign(world, &alice, alice.number, None).await.unwrap();
    assert_eq!(try_sending(&alice).await.unwrap_err(), Refusal::NoMessagingProfile);
    assert_eq!(alice.available().await, before);
    text_to(world, &alice.e164, "still there?").await;
    assert_eq!(alice.messages().await.len(), 1, "inbound goes on");
    text_to(world, &alice.e164, "stop").await;

    let profile = default_of(world, &alice).await;
    assign(world, &alice, alice.number, Some(profile)).await.unwrap();
    assert_eq!(try_sending(&alice).await.unwrap_err(), Refusal::RecipientOptedOut);
    text_to(world, &alice.e164, "start").await;
    assert_eq!(try_sending(&alice).await.unwrap().profile, Some(profile));
    world.assert_audit_clean().await;
}

async fn own_words_stop_and_start_messages(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    let words = |standard, stop: &str, start: &str| MessagingProfilePatch {
        standard_words: Some(standard),
        stop_words: Some(vec![stop.to_owned()]),
        start_words: Some(vec![start.to_owned()]),
        ..MessagingProfilePatch::default()
    };
    change(world, &alice, words(true, "AFMELDEN", "AANMELDEN")).await;
    for (text, stopped) in [
        ("afmelden graag", false),
        ("Afmelden.", true),
        ("start", false),
        ("STOP", true),
        ("aanmelden", false),
    ] {
        text_to(world, &alice.e164, text).await;
        assert_eq!(try_sending(&alice).await.is_err(), stopped, "{text}");
    }
    change(world, &alice, words(false, "AFMELDEN", "AANMELDEN")).await;
    for (text, stopped) in
        [("STOP", false), ("afmelden", true), ("yes", true), ("Aanmelden", false)]
    {
        text_to(world, &alice.e164, text).await;
        assert_eq!(try_sending(&alice).await.is_err(), stopped, "{text}");
    }
    let missing = MessagingProfilePatch {
        standard_words: Some(false),
        stop_words: Some(Vec::new()),
        ..named("Silent")
    };
    let refused = profile(world, &alice, missing).await.unwrap_err();
    assert!(
        matches!(&refused, UseError::Invalid { param, .. } if param == "opt_out_words.start" || param == "opt_out_words.stop"),
        "{refused:?}"
    );
}

async fn another_number_of_the_profile_sends_where_the_profile_wishes_so(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    let second = another(world, &alice, "+447700900710", "GB").await;
    set(world, alice.number, switched(false)).await;
    assert_eq!(try_sending(&alice).await.unwrap_err(), Refusal::SmsNotEnabled);

    let fallback =
        MessagingProfilePatch { sender_fallback: Some(true), ..MessagingProfilePatch::default() };
    change(world, &alice, fallback).await;
    let sent = try_sending(&alice).await.unwrap();
    assert_eq!((sent.number, sent.sender.as_str()), (second, "+447700900710"));

    // It does so for a suspended number, and leaves alone what can send.
    let suspended = NumberPatch { status: Some(NumberStatus::Suspended), ..NumberPatch::default() };
    set(world, alice.number, suspended).await;
    assert_eq!(try_sending(&alice).await.unwrap().number, second);
    let active = NumberPatch { status: Some(NumberStatus::Active), ..switched(true) };
    set(world, alice.number, active).await;
    assert_eq!(try_sending(&alice).await.unwrap().number, alice.number);
    world.assert_audit_clean().await;
}

async fn a_substitute_is_of_the_same_profile_and_kind_and_its_own_country_first(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    let french = another(world, &alice, "+33639980020", "FR").await;
    let british = another(world, &alice, "+447700900720", "GB").await;
    let fallback =
        MessagingProfilePatch { sender_fallback: Some(true), ..MessagingProfilePatch::default() };
    change(world, &alice, fallback).await;
    set(world, alice.number, switched(false)).await;
    assert_eq!(try_sending(&alice).await.unwrap().number, british);

    let other = profile(world, &alice, named("Other")).await.unwrap();
    assign(world, &alice, british, Some(other)).await.unwrap();
    assert_eq!(try_sending(&alice).await.unwrap().number, french);
    let simulated = NumberPatch { simulated: Some(true), ..NumberPatch::default() };
    set(world, french, simulated).await;
    assert_eq!(try_sending(&alice).await.unwrap_err(), Refusal::SmsNotEnabled);
    // Not for a number of a profile that did not ask for it.
    assign(world, &alice, alice.number, Some(other)).await.unwrap();
    assert_eq!(try_sending(&alice).await.unwrap_err(), Refusal::SmsNotEnabled);
}

async fn who_stopped_the_chosen_number_gets_nothing_of_its_substitute(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    another(world, &alice, "+447700900730", "GB").await;
    let fallback =
        MessagingProfilePatch { sender_fallback: Some(true), ..MessagingProfilePatch::default() };
    change(world, &alice, fallback).await;
    text_to(world, &alice.e164, "STOP").await;
    set(world, alice.number, switched(false)).await;
    assert_eq!(try_sending(&alice).await.unwrap_err(), Refusal::RecipientOptedOut);
    text_to(world, &alice.e164, "START").await;
    text_to(world, "+447700900730", "STOP").await;
    assert_eq!(try_sending(&alice).await.unwrap_err(), Refusal::RecipientOptedOut);
    text_to(world, "+447700900730", "START").await;
    try_sending(&alice).await.unwrap();
}

async fn a_webhook_of_a_profile_is_told_of_its_messages_alone(world: &World) {
    world.simulator().create().await;
    let alice = world.account().create().await;
    let second = another(world, &alice, "+447700900740", "GB").await;
    let other = profile(world, &alice, named("Care")).await.unwrap();
    assign(world, &alice, second, Some(other)).await.unwrap();
    let (all, own) = (Hook::start().await, Hook::start().await);
    let received = &["sms.received"];
    alice.webhook(&all.url(), received).await;
    let (webhook, _) = alice.webhook_of(Some(other), &own.url(), received).await;
    text_to(world, &alice.e164, "one").await;
    text_to(world, "+447700900740", "two").await;
    // What came before the number left stays the profile's.
    assign(world, &alice, second, None).await.unwrap();
    text_to(world, "+447700900740", "three").await;
    assert_eq!(world.push().await, 4);
    assert_eq!(all.requests().len(), 3);
    let [only] = &own.requests()[..] else { panic!("one request") };
    assert!(only.body.contains("\"two\""), "{}", only.body);
    world.assert_audit_clean().await;

    // Of the whole account from now on, and back.
    for (profile, pushed) in [(None, 2), (Some(other), 1)] {
        let account = alice.id;
        let patch = WebhookPatch { profile: Some(profile), ..WebhookPatch::default() };
        world
            .run(move |engine| async move {
                engine.update_webhook(account, webhook, patch).await.unwrap();
            })
            .await;
        text_to(world, &alice.e164, "four").await;
        assert_eq!(world.push().await, pushed, "{profile:?}");
        world.assert_audit_clean().await;
    }
}

async fn a_profile_in_use_is_not_removed(world: &World) {
    let alice = world.account().create().await;
    let default = default_of(world, &alice).await;
    assert!(conflict(remove(world, &alice, default).await).contains("new numbers"));
    let other = profile(world, &alice, named("Care")).await.unwrap();
    assign(world, &alice, alice.number, Some(other)).await.unwrap();
    assert!(conflict(remove(world, &alice, other).await).contains("Numbers"));
    assign(world, &alice, alice.number, Some(default)).await.unwrap();
    let hook = Hook::start().await;
    let (webhook, _) = alice.webhook_of(Some(other), &hook.url(), &["sms.received"]).await;
    assert!(conflict(remove(world, &alice, other).await).contains("Webhooks"));
    let account = alice.id;
    world
        .run(move |engine| async move { engine.delete_webhook(account, webhook).await.unwrap() })
        .await;
    remove(world, &alice, other).await.unwrap();
    assert!(matches!(remove(world, &alice, other).await, Err(UseError::NotFound(_))));
    world.assert_audit_clean().await;
}

async fn a_profile_that_is_removed_while_it_is_given_to_something_is_nobodys(world: &World) {
    let alice = world.account().create().await;
    let default = default_of(world, &alice).await;
    for round in 0..20 {
        let other = profile(world, &alice, named("Care")).await.unwrap();
        let (removed, assigned) = tokio::join!(
            remove(world, &alice, other),
            assign(world, &alice, alice.number, Some(other))
        );
        assert!(removed.is_ok() != assigned.is_ok(), "{round}: {removed:?}, {assigned:?}");
        world.assert_audit_clean().await;
        assign(world, &alice, alice.number, Some(default)).await.unwrap();
    }
}

async fn another_accounts_profile_does_not_exist(world: &World) {
    let (alice, bob) = (world.account().create().await, world.account().create().await);
    let of_bob = profile(world, &bob, named("Bob's")).await.unwrap();
    let refused = assign(world, &alice, alice.number, Some(of_bob)).await;
    assert!(matches!(refused, Err(UseError::Invalid { .. })), "{refused:?}");
    let stolen = assign(world, &alice, bob.number, None).await;
    assert!(matches!(stolen, Err(UseError::NotFound(_))), "{stolen:?}");
    assert!(matches!(remove(world, &alice, of_bob).await, Err(UseError::NotFound(_))));
    let account = alice.id;
    let changed = world
        .run(move |engine| async move {
            engine.update_messaging_profile(account, of_bob, named("Mine")).await.map(|_| ())
        })
        .await;
    assert!(matches!(changed, Err(UseError::NotFound(_))), "{changed:?}");
    world.assert_audit_clean().await;
}
