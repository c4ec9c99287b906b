//! Finding the message that a receipt is about.
//!
//! Always among the attempts of the carrier that sent it: two carriers may hand
//! out the same id. First by the exact id, then by the same id written
//! otherwise, then by our own reference; what matches nothing is kept as an
//! orphan and tried again, for a receipt can overtake the answer to its submit.

use std::{collections::BTreeMap, time::Duration};

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
    let mut wanted: Vec<&str> = spellings
        .iter()
        .flatten()
        .flat_map(|candidates| candidates.ids.iter().map(String::as_str))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut by_id: BTreeMap<String, Vec<Match>> = BTreeMap::new();
    for found in receipts::by_carrier_ids(tx, carrier, &wanted)? {
        by_id.entry(found.match_id.clone()).or_default().push(found);
    }

    let mut unmatched = Vec::new();
    // A second receipt for one attempt waits for its turn: a statement takes one each.
    let mut turns: Vec<BTreeMap<AttemptKey, MatchedReceipt>> = Vec::new();
    for (index, (receipt, spelling)) in receipts.iter().zip(&spellings).enumerate() {
        let mut keys = spelling.as_ref().map_or_else(Vec::new, |ids| choose(receipt, ids, &by_id));
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

/// The attempts that the receipt's id names: several where one submission carried all parts.
fn choose(
    receipt: &Receipt,
    candidates: &Candidates,
    by_id: &BTreeMap<String, Vec<Match>>,
) -> Vec<AttemptKey> {
    let agrees = |found: &&Match| {
        receipt.recipient.as_deref().is_none_or(|recipient| {
            recipient.trim_start_matches(['+', '0']) == found.recipient.trim_start_matches('+')
        })
    };
    let written = receipt.carrier_message_id.as_deref().unwrap_or_default();
    let matches = |id: &String| by_id.get(id).map_or(&[][..], Vec::as_slice);
    let (certain, guesses) = candidates.ids.split_at(candidates.certain);

    let sure: Vec<&Match> = certain.iter().flat_map(matches).collect();
    let exact: Vec<&Match> =
        sure.iter().copied().filter(|found| found.carrier_message_id == written).collect();
    for set in [exact, sure] {
        let agreeing: Vec<&Match> = set.iter().copied().filter(|found| agrees(found)).collect();
        // The destination may be written in national form; an id alone is enough then,
        // unless it came from anybody.
        let set = if agreeing.is_empty() && receipt.marked { set } else { agreeing };
        if !set.is_empty() {
            return newest_message(&set);
        }
    }
    let guessed: Vec<&Match> = guesses
        .iter()
        .flat_map(matches)
        .filter(|found| receipt.recipient.is_some() && agrees(found))
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
