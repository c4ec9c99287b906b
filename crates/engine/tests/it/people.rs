//! Sessions and letters, and how long they are good for.

use std::net::{IpAddr, Ipv4Addr};

use domain::{Email, Password};
use engine::{Client, PasswordError, Presence, SignUp, SignedIn, UseError};
use serde_json::Value;
use testkit::{Kind, World};

use super::seconds;

testkit::on_both_engines!(
    a_session_ends_a_week_after_its_last_use,
    a_session_ends_after_thirty_days_however_much_it_is_used,
    another_nodes_revocation_is_seen_within_two_seconds,
    a_link_to_confirm_an_address_works_for_a_day,
    a_link_for_a_new_password_works_for_an_hour,
    guesses_are_let_through_again_after_a_quarter_of_an_hour,
    what_has_ended_is_forgotten,
);

const PASSWORD: &str = "correct horse battery";
const DAY: u64 = 86_400;

fn client() -> Client {
    Client { ip: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: Some("Test/1.0".to_owned()) }
}

fn email() -> Email {
    "ada@example.com".parse().unwrap()
}

fn password(text: &str) -> Password {
    text.parse().unwrap()
}

/// Ada's account; answers her session and the link that she was sent.
async fn ada(world: &World) -> (SignedIn, String) {
    let new = SignUp { email: email(), password: password(PASSWORD), name: None };
    let (seen, made) = std::sync::mpsc::channel();
    let render = move |presence: &Presence, link: &str| {
        seen.send((presence.clone(), link.to_owned())).unwrap();
        Value::Null
    };
    let signed_up =
        world.run(|engine| async move { engine.sign_up(new, client(), None, render).await });
    let token = signed_up.await.unwrap().token;
    let (presence, link) = made.recv().unwrap();
    (SignedIn { token, presence }, link)
}

async fn is_open(world: &World, session: &SignedIn) -> bool {
    let hash = session.token.hash;
    world
        .run(move |engine| async move { engine.session_holder(hash).await.unwrap() })
        .await
        .is_some()
}

async fn sign_in(world: &World, password: &str) -> Result<SignedIn, PasswordError> {
    let password = password.to_owned();
    world.run(|engine| async move { engine.sign_in(email(), password, client(), None).await }).await
}

async fn a_session_ends_a_week_after_its_last_use(world: &World) {
    let (session, _) = ada(world).await;
    for _ in 0..3 {
        world.leap(seconds(6 * DAY));
        assert!(is_open(world, &session).await);
    }
    world.leap(seconds(7 * DAY));
    assert!(!is_open(world, &session).await);
}

async fn a_session_ends_after_thirty_days_however_much_it_is_used(world: &World) {
    let (session, _) = ada(world).await;
    for _ in 0..29 {
        world.leap(seconds(DAY));
        assert!(is_open(world, &session).await);
    }
    world.leap(seconds(DAY));
    assert!(!is_open(world, &session).await);
}

async fn another_nodes_revocation_is_seen_within_two_seconds(world: &World) {
    if world.kind() == Kind::Sqlite {
        // One process serves a file; there is no other node.
        return;
    }
    let (session, _) = ada(world).await;
    let other = world.second_node().await;
    assert!(is_open(&other, &session).await);
    let hash = session.token.hash;
    world.run(move |engine| async move { engine.sign_out(hash).await.unwrap() }).await;
    assert!(!is_open(world, &session).await);
    world.leap(seconds(2));
    assert!(!is_open(&other, &session).await);
}

fn token_of(link: &str) -> String {
    link.split_once("token=").unwrap().1.to_owned()
}

async fn a_link_to_confirm_an_address_works_for_a_day(world: &World) {
    let (session, link) = ada(world).await;
    let owner = session.presence.person.owner;
    world.leap(seconds(DAY));
    let verify = async |link: String| {
        world.run(|engine| async move { engine.verify_email(&token_of(&link)).await }).await
    };
    assert!(matches!(verify(link).await, Err(UseError::Invalid { .. })));
    let again = world
        .run(move |engine| async move { engine.send_verification(owner, &client()).await })
        .await;
    world.leap(seconds(DAY - 1));
    assert_eq!(verify(again.unwrap()).await.unwrap(), email());
}

async fn a_link_for_a_new_password_works_for_an_hour(world: &World) {
    ada(world).await;
    let request = async || {
        let link =
            world.run(|engine| async move { engine.request_reset(email(), &client()).await }).await;
        token_of(&link.unwrap().unwrap())
    };
    let reset = async |token: String| {
        let new = password("a new password");
        world.run(|engine| async move { engine.reset_password(&token, new).await }).await
    };
    let late = request().await;
    world.leap(seconds(3_600));
    assert!(matches!(reset(late).await, Err(UseError::Invalid { .. })));
    assert!(sign_in(world, PASSWORD).await.is_ok());
    let (first, second) = (request().await, request().await);
    world.leap(seconds(3_599));
    assert_eq!(reset(second).await.unwrap(), email());
    assert!(matches!(reset(first).await, Err(UseError::Invalid { .. })));
    assert!(matches!(sign_in(world, PASSWORD).await, Err(PasswordError::Wrong)));
    assert!(sign_in(world, "a new password").await.is_ok());
}

async fn guesses_are_let_through_again_after_a_quarter_of_an_hour(world: &World) {
    ada(world).await;
    for _ in 0..10 {
        assert!(matches!(sign_in(world, "a wrong guess").await, Err(PasswordError::Wrong)));
    }
    world.leap(seconds(15 * 60 - 1));
    let refused = sign_in(world, PASSWORD).await;
    assert!(
        matches!(refused, Err(PasswordError::TooMany { retry_after_seconds: 1 })),
        "{refused:?}"
    );
    world.leap(seconds(1));
    assert!(sign_in(world, PASSWORD).await.is_ok());
}

async fn what_has_ended_is_forgotten(world: &World) {
    const ROWS: &str =
        "SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM mail_tokens)";

    ada(world).await;
    let rows =
        async || world.read(|tx| tx.query_one(ROWS, &[], |row| row.get::<i64>(0))).await.unwrap();
    world.keep_house().await;
    assert_eq!(rows().await, 2);
    world.leap(seconds(8 * DAY));
    world.keep_house().await;
    assert_eq!(rows().await, 0);
}
