//! Inbound texts: recognised when redelivered, put together, handed to the number's account.

use std::time::Duration;

use carrier::Inbound;
use domain::{
    AccountId, CarrierId, Delivery, Direction, E164, MessageId, MessageStatus, Micros, Timestamp,
    opt_out::Wish, text::Encoding,
};
use store::{
    StoreError, Tx,
    events::{self, NewEvent},
    inbound::{self, Arrival, Concatenation, Part, Unassigned},
    messages::{self, Message},
    numbers::{self, Receiver},
    opt_outs,
    stats::Tally,
};

use crate::rollup::Surroundings;

/// The same content on a new connection within this time is the carrier's second try.
/// Longer would lose what a person says twice; shorter would say twice what they said once.
const REDELIVERED_WITHIN: Duration = Duration::from_secs(120);

/// After this long without a further part, a long message is delivered as it is.
pub(crate) const PARTS_AWAITED: Duration = Duration::from_secs(600);

/// What a message says whose parts did not all come.
const INCOMPLETE: &str = "Some parts of this message did not arrive.";

/// Counts texts that were stored, after their transaction: it may be run more than once.
pub(crate) fn count(texts: usize) {
    let texts = u64::try_from(texts).unwrap_or(u64::MAX);
    metrics::counter!("didfarm_messages_received_total").increment(texts);
}

/// Stores what came in; answers who got a text, for each text.
pub(crate) fn receive(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    arrived: &[Inbound],
    around: &mut Surroundings,
) -> Result<Vec<AccountId>, StoreError> {
    let mut accounts = Vec::new();
    for text in arrived {
        let arrival =
            Arrival { carrier, session: text.session, sequence: text.sequence, at: around.now };
        let since = around.now.minus(REDELIVERED_WITHIN);
        if inbound::seen_before(tx, arrival, &text.digest, since)? {
            continue;
        }
        if let Some(whole) = assemble(tx, carrier, text, around)? {
            accounts.extend(deliver(tx, &whole, around)?);
        }
    }
    Ok(accounts)
}

/// Stores a text that came in one piece, however many segments it has.
pub(crate) fn receive_whole(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    text: &Inbound,
    segments: i64,
    around: &mut Surroundings,
) -> Result<(), StoreError> {
    let part = Part { part: 1, body: text.body.clone(), encoding: text.encoding };
    let mut whole = put_together(carrier, &text.sender, &text.recipient, &[part]);
    whole.segments = segments;
    deliver(tx, &whole, around)?;
    Ok(())
}

/// Delivers, as they are, long messages whose parts stopped coming.
pub(crate) fn deliver_incomplete(
    tx: &mut Tx<'_>,
    stale: &[Concatenation],
    around: &mut Surroundings,
) -> Result<Vec<AccountId>, StoreError> {
    let mut accounts = Vec::new();
    for key in stale {
        let parts = inbound::take_parts(tx, key)?;
        if parts.is_empty() {
            continue;
        }
        let mut whole = put_together(key.carrier, &key.sender, &key.recipient, &parts);
        whole.detail = Some(INCOMPLETE);
        accounts.extend(deliver(tx, &whole, around)?);
    }
    Ok(accounts)
}

/// A text that is complete, or as complete as it will be.
struct Whole {
    carrier: CarrierId,
    sender: String,
    recipient: String,
    body: String,
    encoding: Encoding,
    segments: i64,
    detail: Option<&'static str>,
}

/// The whole text where this was its last part, in whatever order they came.
fn assemble(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    text: &Inbound,
    around: &Surroundings,
) -> Result<Option<Whole>, StoreError> {
    let part = |part| Part { part, body: text.body.clone(), encoding: text.encoding };
    let Some(place) = text.concatenation.filter(|place| place.total > 1) else {
        return Ok(Some(put_together(carrier, &text.sender, &text.recipient, &[part(1)])));
    };
    let key = Concatenation {
        carrier,
        sender: text.sender.clone(),
        recipient: text.recipient.clone(),
        reference: i64::from(place.reference),
        total: i64::from(place.total),
    };
    inbound::keep_part(tx, &key, &part(i64::from(place.part)), around.now)?;
    if inbound::count_parts(tx, &key)? < key.total {
        return Ok(None);
    }
    let parts = inbound::take_parts(tx, &key)?;
    Ok(Some(put_together(carrier, &text.sender, &text.recipient, &parts)))
}

fn put_together(carrier: CarrierId, sender: &str, recipient: &str, parts: &[Part]) -> Whole {
    let all_gsm7 = parts.iter().all(|part| part.encoding == Encoding::Gsm7);
    Whole {
        carrier,
        sender: sender.to_owned(),
        recipient: recipient.to_owned(),
        body: parts.iter().map(|part| part.body.as_str()).collect(),
        encoding: if all_gsm7 { Encoding::Gsm7 } else { Encoding::Ucs2 },
        segments: i64::try_from(parts.len()).unwrap_or(1),
        detail: None,
    }
}

/// Acts on a text that is nothing but STOP, START or their like, as the number's messaging profile
/// has them; the customer sees it all the same.
fn heed(
    tx: &mut Tx<'_>,
    number: &Receiver,
    whole: &Whole,
    at: Timestamp,
) -> Result<(), StoreError> {
    match number.words.wish(&whole.body) {
        Some(Wish::Stop) => opt_outs::add(tx, number.account, number.id, &whole.sender, at),
        Some(Wish::Start) => opt_outs::remove(tx, number.account, number.id, &whole.sender),
        None => Ok(()),
    }
}

/// Stores the text as a message of whoever holds the number.
fn deliver(
    tx: &mut Tx<'_>,
    whole: &Whole,
    around: &mut Surroundings,
) -> Result<Option<AccountId>, StoreError> {
    let number = match whole.recipient.parse::<E164>() {
        Ok(number) => numbers::receiver(tx, &number)?,
        Err(_) => None,
    };
    let id = around.ids.next();
    let Some(number) = number else {
        let text = Unassigned {
            id,
            carrier: whole.carrier,
            sender: whole.sender.clone(),
            recipient: whole.recipient.clone(),
            body: whole.body.clone(),
            received_at: around.now,
        };
        inbound::keep_unassigned(tx, &text)?;
        return Ok(None);
    };
    let (now, account) = (around.now, number.account);
    let detail = whole.detail.map(str::to_owned);
    let id = MessageId::new(id);
    let news = [NewEvent::status(account, id, MessageStatus::Received, detail.clone())];
    let seqs = events::number(tx, &news)?;
    let message = Message {
        account,
        id,
        seq: seqs.first().copied().unwrap_or(0),
        direction: Direction::Inbound,
        status: MessageStatus::Received,
        number: number.id,
        profile: number.profile,
        sender: whole.sender.clone(),
        recipient: whole.recipient.clone(),
        body: whole.body.clone(),
        encoding: whole.encoding,
        segments: whole.segments,
        price: Micros::ZERO,
        carrier: Some(whole.carrier),
        simulated: false,
        test: false,
        delivery: Delivery::AtLeastOnce,
        not_before: now,
        valid_until: now,
        tries: 0,
        refusals: 0,
        failure: None,
        detail,
        created_at: now,
        sending_at: None,
        sent_at: None,
        finished_at: None,
    };
    let mut tally = Tally::default();
    tally.of(&message).inbound += 1;
    messages::insert(tx, &[message])?;
    events::insert(tx, &news, &seqs, now)?;
    heed(tx, &number, whole, now)?;
    tally.store(tx)?;
    Ok(Some(account))
}
