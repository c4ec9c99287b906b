//! Requests whose idempotency key was seen before: they are given the first answer again.

use std::collections::{HashMap, hash_map::Entry};

use domain::{AccountId, MessageId, MessageStatus, Timestamp};
use store::{
    StoreError, Tx,
    idempotency::{self, Remembered},
    messages::{self, Message},
};

use super::{AcceptError, Accepted, Answer, Refusal, Request, batch::KeptItem};
use crate::IDEMPOTENCY_KEPT;

/// Answers what was answered before. Those whose twin is in this very
/// commit come back as a map to that twin.
pub(super) fn recall(
    tx: &mut Tx<'_>,
    now: Timestamp,
    requests: &[Request],
    answers: &mut [Option<Answer>],
) -> Result<HashMap<usize, usize>, StoreError> {
    let mut firsts: HashMap<(AccountId, [u8; 32]), usize> = HashMap::new();
    let mut repeats = HashMap::new();
    let mut wanted = Vec::new();
    for (index, request) in requests.iter().enumerate() {
        let Some(key) = &request.idempotency else { continue };
        match firsts.entry((request.account, key.key_hash)) {
            Entry::Occupied(first) => {
                repeats.insert(index, *first.get());
            }
            Entry::Vacant(slot) => {
                slot.insert(index);
                wanted.push((request.account, &key.key_hash));
            }
        }
    }
    for known in idempotency::find(tx, &wanted, now.minus(IDEMPOTENCY_KEPT))? {
        let index = known
            .key_hash
            .as_slice()
            .try_into()
            .ok()
            .and_then(|hash: [u8; 32]| firsts.get(&(known.account, hash)).copied());
        if let Some(index) = index {
            answers[index] = Some(remember(tx, &requests[index], &known)?);
        }
    }
    Ok(repeats)
}

/// The first answer again, or the refusal of another request under its key.
fn remember(tx: &mut Tx<'_>, request: &Request, known: &Remembered) -> Result<Answer, StoreError> {
    let key = request.idempotency.as_ref();
    let same = key.is_some_and(|key| key.request_hash.as_slice() == known.request_hash);
    if !same {
        return Ok(Err(Refusal::KeyReused.into()));
    }
    let kept = match (known.message, &known.outcome) {
        (Some(message), _) => vec![KeptItem::Message(message.get())],
        (None, Some(sealed)) => key
            .and_then(|key| key.open(sealed))
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| StoreError::Corrupt("a sealed answer does not open".to_owned()))?,
        (None, None) => Vec::new(),
    };
    let ids: Vec<(AccountId, MessageId)> = kept
        .iter()
        .filter_map(|item| match item {
            KeptItem::Message(id) => Some((request.account, MessageId::new(*id))),
            KeptItem::Refused(_) => None,
        })
        .collect();
    let mut found: HashMap<i64, Message> = messages::find_many(tx, &ids)?
        .into_iter()
        .map(|message| (message.id.get(), as_accepted(message)))
        .collect();
    let items = kept
        .into_iter()
        .map(|item| match item {
            KeptItem::Message(id) => found.remove(&id).ok_or(Refusal::UnknownNumber),
            KeptItem::Refused(refusal) => Err(refusal),
        })
        .collect();
    Ok(Ok(Accepted { items, quota: None, replayed: true }))
}

/// The answer of a request whose twin is in the same commit.
pub(super) fn repeat(
    requests: &[Request],
    (index, first): (usize, usize),
    answers: &[Option<Answer>],
) -> Answer {
    let hash = |index: usize| requests[index].idempotency.as_ref().map(|key| key.request_hash);
    if hash(index) != hash(first) {
        return Err(Refusal::KeyReused.into());
    }
    match &answers[first] {
        Some(Ok(accepted)) => Ok(Accepted { replayed: true, ..accepted.clone() }),
        Some(Err(error)) => Err(error.clone()),
        None => Err(AcceptError::Busy),
    }
}

/// A message as it was when it was accepted: what the first answer showed.
fn as_accepted(message: Message) -> Message {
    Message {
        status: MessageStatus::Queued,
        failure: None,
        detail: None,
        tries: 0,
        sending_at: None,
        sent_at: None,
        finished_at: None,
        ..message
    }
}
