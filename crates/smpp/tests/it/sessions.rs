//! A client against a server session, over loopback.

use std::time::Duration;

use smpp::{
    Address, AlertNotification, BindMode, Body, Client, ClientConfig, CommandStatus, DeliverSm,
    Event, Events, Limits, LinkState, NotQueued, ShortMessage, SubmitSm,
    server::{self, ServerSession},
    tls::{TlsConfig, acceptor},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

fn submit(text: &str) -> Body {
    Body::SubmitSm(Box::new(SubmitSm(ShortMessage {
        source: Address::new(5, 0, "Test"),
        destination: Address::new(1, 1, "447700900123"),
        short_message: text.to_owned().into(),
        ..ShortMessage::default()
    })))
}

fn config(port: u16, limits: Limits) -> ClientConfig {
    ClientConfig {
        host: "127.0.0.1".to_owned(),
        port,
        system_id: "client".to_owned(),
        password: "secret".to_owned(),
        limits,
        ..ClientConfig::default()
    }
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn accept(listener: &TcpListener, limits: Limits) -> (ServerSession, Events) {
    let (stream, _) = listener.accept().await.unwrap();
    let pending = server::accept(stream).await.unwrap();
    assert_eq!(pending.bind().system_id, "client");
    assert_eq!(pending.bind().password, "secret");
    pending.accept("SMSC", limits, 1).await.unwrap()
}

/// The next event that is not about the link coming up.
async fn next(events: &mut Events) -> Event {
    loop {
        let event = timeout(Duration::from_secs(20), events.recv()).await.unwrap().unwrap();
        if !matches!(event, Event::Up { .. }) {
            return event;
        }
    }
}

async fn incoming(events: &mut Events) -> smpp::Incoming {
    match next(events).await {
        Event::Incoming(incoming) => incoming,
        other => panic!("a request was expected, not {other:?}"),
    }
}

#[tokio::test]
async fn requests_are_answered_both_ways() {
    let (listener, port) = listener().await;
    let (client, mut client_events) = Client::start(config(port, Limits::default()));
    let (session, mut server_events) = accept(&listener, Limits::default()).await;
    client.slots_free().await;
    assert_eq!(client.state(), LinkState::Bound);

    client.submit(7, submit("hello")).unwrap();
    let request = incoming(&mut server_events).await;
    let Body::SubmitSm(message) = &request.body else { panic!("a submit_sm") };
    assert_eq!(&message.0.short_message[..], b"hello");
    request.responder.accept_as("id-1");
    match next(&mut client_events).await {
        Event::Answer { token: 7, status, message_id, late: false } => {
            assert!(status.is_ok());
            assert_eq!(message_id, "id-1");
        }
        other => panic!("{other:?}"),
    }

    session.deliver(9, DeliverSm::default()).unwrap();
    incoming(&mut client_events).await.responder.reject(CommandStatus::ME_RX_T_APPN);
    match next(&mut server_events).await {
        Event::Answer { token: 9, status, .. } => assert_eq!(status, CommandStatus::ME_RX_T_APPN),
        other => panic!("{other:?}"),
    }
    client.shutdown(Duration::from_secs(1)).await;
    assert!(matches!(next(&mut server_events).await, Event::Down { .. }));
}

#[tokio::test]
async fn the_window_bounds_what_is_under_way() {
    let (listener, port) = listener().await;
    let limits = Limits { window: 2, ..Limits::default() };
    let (client, mut client_events) = Client::start(config(port, limits));
    let (_session, mut server_events) = accept(&listener, Limits::default()).await;
    client.slots_free().await;
    client.submit(1, submit("a")).unwrap();
    client.submit(2, submit("b")).unwrap();
    assert!(client.submit(3, submit("c")).is_err());
    assert_eq!(client.free_slots(), 0);
    incoming(&mut server_events).await.responder.accept_as("1");
    next(&mut client_events).await;
    assert_eq!(client.free_slots(), 1);
    client.submit(3, submit("c")).unwrap();
}

#[tokio::test]
async fn a_request_without_an_answer_is_uncertain_and_may_be_answered_late() {
    let (listener, port) = listener().await;
    let limits = Limits { answer_timeout: Duration::from_millis(200), ..Limits::default() };
    let (client, mut client_events) = Client::start(config(port, limits));
    let (_session, mut server_events) = accept(&listener, Limits::default()).await;
    client.slots_free().await;
    client.submit(5, submit("a")).unwrap();
    let request = incoming(&mut server_events).await;
    assert!(matches!(next(&mut client_events).await, Event::NoAnswer { token: 5 }));
    assert_eq!(client.free_slots(), 10, "its slot is free again");
    request.responder.accept_as("late");
    match next(&mut client_events).await {
        Event::Answer { token: 5, message_id, late: true, .. } => assert_eq!(message_id, "late"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lost_link_tells_written_from_unwritten_and_comes_back() {
    let (listener, port) = listener().await;
    // One request a second: the second one waits inside the client.
    let limits = Limits { max_tps: 1, ..Limits::default() };
    let (client, mut client_events) = Client::start(config(port, limits));
    let (session, mut server_events) = accept(&listener, Limits::default()).await;
    client.slots_free().await;
    client.submit(1, submit("written")).unwrap();
    client.submit(2, submit("not written")).unwrap();
    let _unanswered = incoming(&mut server_events).await;
    session.close();
    let mut fates = Vec::new();
    loop {
        match next(&mut client_events).await {
            Event::NotWritten { token } => fates.push((token, "not written")),
            Event::NoAnswer { token } => fates.push((token, "no answer")),
            Event::Down { .. } => break,
            other => panic!("{other:?}"),
        }
    }
    fates.sort_unstable();
    assert_eq!(fates, [(1, "no answer"), (2, "not written")]);
    let (_session, mut server_events) = accept(&listener, Limits::default()).await;
    client.slots_free().await;
    client.submit(2, submit("again")).unwrap();
    incoming(&mut server_events).await.responder.accept_as("2");
    assert!(matches!(next(&mut client_events).await, Event::Answer { token: 2, .. }));
}

#[tokio::test]
async fn wrong_credentials_are_told() {
    let (listener, port) = listener().await;
    let (client, mut events) = Client::start(config(port, Limits::default()));
    let (stream, _) = listener.accept().await.unwrap();
    let pending = server::accept(stream).await.unwrap();
    pending.reject(CommandStatus::ME_RINVPASWD).await.unwrap();
    match next(&mut events).await {
        Event::Down { reason, .. } => assert!(reason.contains("RINVPASWD"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(client.state(), LinkState::Down { .. }));
}

#[tokio::test]
async fn a_silent_peer_is_dead() {
    let (listener, port) = listener().await;
    let limits = Limits {
        enquire_link_every: Duration::from_millis(100),
        enquire_link_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let (_client, mut events) = Client::start(config(port, limits));
    let (mut stream, _) = listener.accept().await.unwrap();
    // Answers the bind and nothing else.
    let mut buffer = [0; 256];
    let read = stream.read(&mut buffer).await.unwrap();
    assert!(read > 16);
    let answer = [0, 0, 0, 17, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    stream.write_all(&answer).await.unwrap();
    match next(&mut events).await {
        Event::Down { reason, .. } => assert!(reason.contains("enquire_link"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_consumer_that_sleeps_does_not_hold_up_answers() {
    let (listener, port) = listener().await;
    let limits = Limits { incoming_max: 2, ..Limits::default() };
    let (client, mut client_events) = Client::start(config(port, limits));
    let (session, mut server_events) = accept(&listener, Limits::default()).await;
    client.slots_free().await;
    for token in 1..=3 {
        session.deliver(token, DeliverSm::default()).unwrap();
    }
    // The third is told that the queue is full; nobody has looked at the first two yet.
    match next(&mut server_events).await {
        Event::Answer { token: 3, status, .. } => assert_eq!(status, CommandStatus::ME_RMSGQFUL),
        other => panic!("{other:?}"),
    }
    client.submit(9, submit("x")).unwrap();
    incoming(&mut server_events).await.responder.accept_as("9");
    let held = [incoming(&mut client_events).await, incoming(&mut client_events).await];
    assert!(matches!(next(&mut client_events).await, Event::Answer { token: 9, .. }));
    drop(held);
}

#[tokio::test]
async fn garbage_is_refused_and_broken_framing_ends_the_session() {
    let (listener, port) = listener().await;
    let connecting = TcpStream::connect(("127.0.0.1", port));
    let (stream, accepted) = tokio::join!(connecting, listener.accept());
    let mut peer = stream.unwrap();
    let bind = [
        &[0, 0, 0, 26, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1][..],
        &[b'a', 0, 0, 0, 0x34, 0, 0, 0, 0, 0][..],
    ]
    .concat();
    peer.write_all(&bind).await.unwrap();
    let pending = server::accept(accepted.unwrap().0).await.unwrap();
    assert_eq!(pending.bind().mode, BindMode::Transceiver);
    let (_session, mut events) = pending.accept("SMSC", Limits::default(), 1).await.unwrap();
    let mut buffer = [0; 256];
    assert!(peer.read(&mut buffer).await.unwrap() > 0, "the bind's answer");
    // An operation that nobody knows.
    peer.write_all(&[0, 0, 0, 16, 0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0, 2]).await.unwrap();
    let read = peer.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..read], &[0, 0, 0, 16, 0x80, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2]);
    peer.write_all(&[0xFF; 16]).await.unwrap();
    let read = peer.read(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..read], &[0, 0, 0, 16, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
    match next(&mut events).await {
        Event::Down { reason, .. } => assert!(reason.contains("command_length"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tls_is_checked_against_the_given_authority() {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let chain = issued.cert.pem();
    let tls = acceptor(chain.as_bytes(), issued.signing_key.serialize_pem().as_bytes()).unwrap();
    let (listener, port) = listener().await;
    let trusting = ClientConfig {
        host: "localhost".to_owned(),
        tls: Some(TlsConfig::with_ca(chain.as_bytes()).unwrap()),
        ..config(port, Limits::default())
    };
    let (client, _events) = Client::start(trusting.clone());
    let (stream, _) = listener.accept().await.unwrap();
    let stream = tls.accept(stream).await.unwrap();
    let pending = server::accept(stream).await.unwrap();
    let _session = pending.accept("SMSC", Limits::default(), 1).await.unwrap();
    client.slots_free().await;

    let (_stranger, mut events) =
        Client::start(ClientConfig { tls: Some(TlsConfig::public()), ..trusting });
    let (stream, _) = listener.accept().await.unwrap();
    assert!(tls.accept(stream).await.is_err());
    match next(&mut events).await {
        Event::Down { reason, .. } => assert!(reason.contains("TLS"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

/// A raw client, and what it reads back for each PDU that it writes.
struct Raw(TcpStream);

impl Raw {
    async fn write(&mut self, command_id: u32, sequence: u8, body: &[u8]) {
        let length = u32::try_from(16 + body.len()).unwrap();
        let mut pdu = length.to_be_bytes().to_vec();
        pdu.extend(command_id.to_be_bytes());
        pdu.extend([0, 0, 0, 0, 0, 0, 0, sequence]);
        pdu.extend(body);
        self.0.write_all(&pdu).await.unwrap();
    }

    /// `command_id`, `command_status` and sequence of the next answer.
    async fn read(&mut self) -> (u32, u32, u32) {
        let mut header = [0; 16];
        timeout(Duration::from_secs(20), self.0.read_exact(&mut header)).await.unwrap().unwrap();
        let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        let mut body = vec![0; usize::try_from(word(0)).unwrap() - 16];
        self.0.read_exact(&mut body).await.unwrap();
        (word(4), word(8), word(12))
    }
}

const NAME_AND_REST: &[u8] = &[b'a', 0, 0, 0, 0x34, 0, 0, 0];
const EMPTY_SUBMIT: &[u8] = &[0; 17];

#[tokio::test]
async fn what_comes_before_the_bind_is_refused_and_the_bind_still_counts() {
    let (listener, port) = listener().await;
    let mut peer = Raw(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    let (stream, _) = listener.accept().await.unwrap();
    let accepting = tokio::spawn(server::accept(stream));
    peer.write(0x04, 1, EMPTY_SUBMIT).await;
    assert_eq!(peer.read().await, (0x8000_0004, 0x04, 1), "a submit_sm_resp: wrong state");
    peer.write(0x04, 2, &[0]).await;
    assert_eq!(peer.read().await, (0x8000_0000, 0x02, 2), "a submit_sm that ends too soon");
    peer.write(0x15, 3, &[]).await;
    assert_eq!(peer.read().await, (0x8000_0015, 0, 3), "enquire_link is answered");
    peer.write(0x77, 4, &[]).await;
    assert_eq!(peer.read().await, (0x8000_0000, 0x03, 4), "an operation that nobody knows");
    peer.write(0x09, 5, NAME_AND_REST).await;
    let pending = accepting.await.unwrap().unwrap();
    assert_eq!(pending.bind().system_id, "a");
    let _session = pending.accept("SMSC", Limits::default(), 1).await.unwrap();
    assert_eq!(peer.read().await, (0x8000_0009, 0, 5));
}

#[tokio::test]
async fn a_bind_decides_what_a_client_may_ask_and_be_asked() {
    let (listener, port) = listener().await;
    for (bind, may_submit, may_receive) in
        [(0x01, false, true), (0x02, true, false), (0x09, true, true)]
    {
        let mut peer = Raw(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        let (stream, _) = listener.accept().await.unwrap();
        peer.write(bind, 1, NAME_AND_REST).await;
        let pending = server::accept(stream).await.unwrap();
        let (session, mut events) = pending.accept("SMSC", Limits::default(), 1).await.unwrap();
        assert_eq!(peer.read().await, (0x8000_0000 | bind, 0, 1));

        peer.write(bind, 2, NAME_AND_REST).await;
        assert_eq!(peer.read().await, (0x8000_0000 | bind, 0x05, 2), "already bound");

        peer.write(0x04, 3, EMPTY_SUBMIT).await;
        if may_submit {
            incoming(&mut events).await.responder.accept_as("1");
        }
        let status = if may_submit { 0 } else { 0x04 };
        assert_eq!(peer.read().await, (0x8000_0004, status, 3), "{bind:#x}");

        let delivered = session.deliver(7, DeliverSm::default());
        let alerted = session.alert(AlertNotification::default());
        if may_receive {
            assert_eq!((delivered, alerted), (Ok(()), Ok(())));
            let asked = [peer.read().await.0, peer.read().await.0];
            assert!(asked.contains(&0x05) && asked.contains(&0x0102), "{asked:x?}");
        } else {
            assert_eq!(delivered, Err(NotQueued::Transmitter));
            assert_eq!(alerted, Err(NotQueued::Transmitter));
        }
    }
}

#[tokio::test]
async fn a_query_that_is_refused_has_an_answer_of_its_own_kind() {
    let (listener, port) = listener().await;
    let mut peer = Raw(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    let (stream, _) = listener.accept().await.unwrap();
    peer.write(0x09, 1, NAME_AND_REST).await;
    let pending = server::accept(stream).await.unwrap();
    let (_session, mut events) = pending.accept("SMSC", Limits::default(), 1).await.unwrap();
    peer.read().await;
    peer.write(0x03, 2, &[b'9', 0, 1, 1, b'7', 0]).await;
    incoming(&mut events).await.responder.reject(CommandStatus::ME_RQUERYFAIL);
    assert_eq!(peer.read().await, (0x8000_0003, 0x67, 2));
}
