//! Finding the message that a receipt is about.
//!
//! Always among the attempts of the carrier that sent it: two carriers may hand
//! out the same id. First by the exact id, then by the same id written
//! otherwise, then by our own reference; what matches nothing is kept as an
//! orphan and tried again, for a receipt can overtake the answer to its submit.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use carrier::Receipt;
use domain::{
    AccountId, CarrierId, MessageId,
    receipts::{Candidates, MessageIdFormat, candidates},
};
use store::{
    StoreError, Tx,
    attempts::AttemptKey,
    orphans::{self, Orphan},
    receipts::{self, Match, MatchedReceipt},
};

use crate::rollup::{Changed, Surroundings};

/// How long a receipt without a message is kept.
pub(crate) const ORPHANS_KEPT: Duration = Duration::from_secs(72 * 3_600);

/// Orphans looked at in one go.
pub(crate) const ORPHANS_PER_LOOK: usize = 500;

/// How a carrier writes its ids.
pub(crate) type Matching = MessageIdFormat;

/// Records receipts with the attempts that they are about, and keeps the rest.
///
/// Answers the messages that were touched.
pub(crate) fn apply(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    matching: Matching,
    receipts: &[Receipt],
    changed: &mut Changed,
    around: &mut Surroundings,
) -> Result<Vec<(AccountId, MessageId)>, StoreError> {
    let mut touched = Vec::new();
    let unmatched = record(tx, carrier, matching, receipts, around, &mut touched, changed)?;
    for index in unmatched {
        let receipt = serde_json::to_string(&receipts[index]).expect("a receipt has no odd keys");
        let orphan = Orphan { id: around.ids.next(), receipt, received_at: around.now };
        orphans::keep(tx, carrier, &orphan)?;
    }
    Ok(touched)
}

/// Tries the carrier's orphans again; answers the messages that were touched.
pub(crate) fn adopt(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    matching: Matching,
    around: &Surroundings,
) -> Result<Vec<(AccountId, MessageId)>, StoreError> {
    let since = around.now.minus(ORPHANS_KEPT);
    let mut waiting =
        orphans::waiting(tx, carrier, since, i64::try_from(ORPHANS_PER_LOOK).unwrap_or(0))?;
    // Of two for one part, the one that came first settles it.
    waiting.reverse();
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let receipts = waiting
        .iter()
        .map(|orphan| {
            serde_json::from_str(&orphan.receipt)
                .map_err(|error| StoreError::Corrupt(format!("an orphan receipt: {error}")))
        })
        .collect::<Result<Vec<Receipt>, StoreError>>()?;
    let mut touched = Vec::new();
    let unmatched =
        record(tx, carrier, matching, &receipts, around, &mut touched, &mut Changed::new())?;
    for (index, orphan) in waiting.iter().enumerate() {
        if !unmatched.contains(&index) {
            orphans::matched(tx, orphan.id, around.now)?;
        }
    }
    Ok(touched)
}

/// Records what can be matched; answers the indices of what can not.
fn record(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    matching: Matching,
    receipts: &[Receipt],
    around: &Surroundings,
    touched: &mut Vec<(AccountId, MessageId)>,
    changed: &mut Changed,
) -> Result<Vec<usize>, StoreError> {
    let spellings: Vec<Option<Candidates>> = receipts
        .iter()
        .map(|receipt| {
            receipt
                .carrier_message_id
                .as_deref()
                .filter(|id| !id.is_empty())
                .map(|id| candidates(id, matching))
        })
        .collect();
    let spelled = || receipts.iter().zip(&spellings);
    let mut by_id = ById::default();
    by_id.find(tx, carrier, spellings.iter().flatten().flat_map(Candidates::certain))?;
    let sure: Vec<Vec<AttemptKey>> = spelled()
        .map(|(receipt, ids)| ids.as_ref().map_or_else(Vec::new, |ids| sure(receipt, ids, &by_id)))
        .collect();
    // Nearly no receipt needs them, and they are twice as many.
    let open = spellings.iter().zip(&sure).filter(|(_, sure)| sure.is_empty());
    by_id.find(
        tx,
        carrier,
        open.filter_map(|(ids, _)| ids.as_ref()).flat_map(Candidates::guesses),
    )?;

    let mut unmatched = Vec::new();
    // A second receipt for one attempt waits for its turn: a statement takes one each.
    let mut turns: Vec<BTreeMap<AttemptKey, MatchedReceipt>> = Vec::new();
    for (index, ((receipt, ids), mut keys)) in spelled().zip(sure).enumerate() {
        if keys.is_empty()
            && let Some(ids) = ids
        {
            keys = guessed(receipt, ids, &by_id);
        }
        if keys.is_empty() {
            keys = by_reference(tx, carrier, receipt, around)?;
        }
        if keys.is_empty() {
            unmatched.push(index);
            continue;
        }
        for key in keys {
            touched.push((key.account, key.message));
            let turn = turns.iter().position(|turn| !turn.contains_key(&key));
            let turn = turn.unwrap_or_else(|| {
                turns.push(BTreeMap::new());
                turns.len() - 1
            });
            turns[turn].insert(key, matched(receipt, key));
        }
    }
    for turn in turns {
        let receipts: Vec<MatchedReceipt> = turn.into_values().collect();
        for standing in receipts::receive(tx, carrier, &receipts, around.now)? {
            changed.insert((standing.key.account, standing.key.message), standing);
        }
    }
    Ok(unmatched)
}

fn matched(receipt: &Receipt, key: AttemptKey) -> MatchedReceipt {
    MatchedReceipt {
        key,
        state: receipt.state,
        failure: receipt.failure,
        error: receipt.error.clone(),
    }
}

/// Attempts by the ids that they are stored under.
#[derive(Default)]
struct ById(BTreeMap<String, Vec<Match>>);

impl ById {
    fn find<'a>(
        &mut self,
        tx: &mut Tx<'_>,
        carrier: CarrierId,
        ids: impl Iterator<Item = &'a String>,
    ) -> Result<(), StoreError> {
        let wanted: BTreeSet<&str> =
            ids.map(String::as_str).filter(|id| !self.0.contains_key(*id)).collect();
        let wanted: Vec<&str> = wanted.into_iter().collect();
        for found in receipts::by_carrier_ids(tx, carrier, &wanted)? {
            self.0.entry(found.match_id.clone()).or_default().push(found);
        }
        Ok(())
    }

    fn matches<'a>(&'a self, ids: &'a [String]) -> impl Iterator<Item = &'a Match> {
        ids.iter().filter_map(|id| self.0.get(id)).flatten()
    }
}

fn agrees(receipt: &Receipt, found: &Match) -> bool {
    receipt.recipient.as_deref().is_none_or(|recipient| {
        recipient.trim_start_matches(['+', '0']) == found.recipient.trim_start_matches('+')
    })
}

/// The attempts that the receipt's id names: several where one submission carried all parts.
fn sure(receipt: &Receipt, ids: &Candidates, by_id: &ById) -> Vec<AttemptKey> {
    let written = receipt.carrier_message_id.as_deref().unwrap_or_default();
    let sure: Vec<&Match> = by_id.matches(ids.certain()).collect();
    let exact: Vec<&Match> =
        sure.iter().copied().filter(|found| found.carrier_message_id == written).collect();
    for set in [exact, sure] {
        let agreeing: Vec<&Match> =
            set.iter().copied().filter(|found| agrees(receipt, found)).collect();
        // The destination may be written in national form; an id alone is enough then,
        // unless it came from anybody.
        let set = if agreeing.is_empty() && receipt.marked { set } else { agreeing };
        if !set.is_empty() {
            return newest_message(&set);
        }
    }
    Vec::new()
}

/// The attempts that the receipt's id may name, written in another base: of one message only.
fn guessed(receipt: &Receipt, ids: &Candidates, by_id: &ById) -> Vec<AttemptKey> {
    let guessed: Vec<&Match> = by_id
        .matches(ids.guesses())
        .filter(|found| receipt.recipient.is_some() && agrees(receipt, found))
        .collect();
    let mut messages: Vec<MessageId> = guessed.iter().map(|found| found.key.message).collect();
    messages.dedup();
    if messages.len() == 1 { newest_message(&guessed) } else { Vec::new() }
}

/// All matched attempts of the newest message: an id that a carrier used again means the last one.
fn newest_message(set: &[&Match]) -> Vec<AttemptKey> {
    let newest = set.iter().map(|found| found.key.message).max();
    set.iter().map(|found| found.key).filter(|key| Some(key.message) == newest).collect()
}

/// The attempt to this destination that has no id and carries the reference which came back.
fn by_reference(
    tx: &mut Tx<'_>,
    carrier: CarrierId,
    receipt: &Receipt,
    around: &Surroundings,
) -> Result<Vec<AttemptKey>, StoreError> {
    let (Some(reference), Some(recipient)) = (receipt.user_reference, &receipt.recipient) else {
        return Ok(Vec::new());
    };
    let recipient = format!("+{}", recipient.trim_start_matches(['+', '0']));
    let since = around.now.minus(ORPHANS_KEPT);
    let unnamed = receipts::unnamed_to(tx, carrier, &recipient, since)?;
    let mut named =
        unnamed.into_iter().filter(|key| user_reference(key.message, key.part) == reference);
    Ok(match (named.next(), named.next()) {
        (Some(key), None) => vec![key],
        _ => Vec::new(),
    })
}

/// Our own mark on a part, which some carriers give back in receipts.
pub(crate) fn user_reference(message: MessageId, part: i64) -> u16 {
    let mixed = message.get().wrapping_mul(31).wrapping_add(part);
    u16::try_from(mixed.rem_euclid(1 << 16)).unwrap_or(0)
}
