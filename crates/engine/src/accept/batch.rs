//! The rows of one commit, gathered request by request and stored together.

use std::collections::HashMap;

use domain::{AccountId, Currency, MessageId, Micros, Timestamp};
use serde::{Deserialize, Serialize};
use store::{
    StoreError, Tx,
    events::{self, NewEvent},
    idempotency::{self, Remembered},
    ledger::{self, Book, Listed, Transfer, TransferKind},
    messages::{self, Message},
    stats::Tally,
};

use super::{Refusal, Request, admit::Balance};
use crate::{IDEMPOTENCY_KEPT, events::balance_data};

/// What a batch's idempotency row keeps of each message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum KeptItem {
    Message(i64),
    Refused(Refusal),
}

/// The rows of one commit.
#[derive(Default)]
pub(super) struct Batch {
    messages: Vec<Message>,
    transfers: Vec<(AccountId, MessageId, Listed, Micros)>,
    remembered: Vec<Remembered>,
}

impl Batch {
    pub(super) fn add(&mut self, message: &Message, transfer: i64, available_after: Micros) {
        self.messages.push(message.clone());
        if !message.test {
            let listed = Listed { id: transfer, available_after };
            self.transfers.push((message.account, message.id, listed, message.price));
        }
    }

    pub(super) fn remember(&mut self, request: &Request, items: &[Result<Message, Refusal>]) {
        let Some(key) = &request.idempotency else { return };
        let (message, outcome) = match items {
            [Ok(message)] if !request.paced => (Some(message.id), None),
            items => {
                let kept: Vec<KeptItem> = items
                    .iter()
                    .map(|item| match item {
                        Ok(message) => KeptItem::Message(message.id.get()),
                        Err(refusal) => KeptItem::Refused(refusal.clone()),
                    })
                    .collect();
                let json = serde_json::to_vec(&kept).expect("kept items have no odd keys");
                (None, Some(key.seal(&json)))
            }
        };
        self.remembered.push(Remembered {
            account: request.account,
            key_hash: key.key_hash.to_vec(),
            request_hash: key.request_hash.to_vec(),
            message,
            outcome,
        });
    }

    pub(super) fn store(
        self,
        tx: &mut Tx<'_>,
        balances: &[Balance],
        currencies: &HashMap<AccountId, Currency>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.messages.is_empty() {
            return Ok(());
        }
        // First of all: another node may have accepted the same key a moment ago.
        idempotency::insert(tx, &self.remembered, now, now.minus(IDEMPOTENCY_KEPT))?;
        let mut tally = Tally::default();
        let mut news: Vec<NewEvent> = Vec::with_capacity(self.messages.len() + balances.len());
        let mut seqs: Vec<i64> = Vec::with_capacity(news.capacity());
        for message in &self.messages {
            news.push(NewEvent::status(message.account, message.id, message.status, None));
            seqs.push(message.seq);
            if !message.test {
                tally.made(message);
            }
        }
        for balance in balances {
            let currency = paid_in(currencies, balance.account)?;
            let data = balance_data(balance.available, currency);
            news.push(NewEvent::balance(balance.account, data));
            seqs.push(balance.event_seq);
        }
        messages::insert(tx, &self.messages)?;
        let mut transfers = Vec::with_capacity(self.transfers.len());
        for (account, message, listed, amount) in self.transfers {
            transfers.push(Transfer {
                account,
                source: message.get(),
                kind: TransferKind::Reserve,
                listed: Some(listed),
                currency: paid_in(currencies, account)?,
                amount,
                debit: Book::Available,
                credit: Book::Held,
                note: None,
            });
        }
        ledger::record(tx, &transfers, now)?;
        events::insert(tx, &news, &seqs, now)?;
        tally.store(tx)
    }
}

fn paid_in(
    currencies: &HashMap<AccountId, Currency>,
    account: AccountId,
) -> Result<Currency, StoreError> {
    let known = currencies.get(&account).copied();
    known.ok_or_else(|| StoreError::Corrupt("an account without a wallet".to_owned()))
}
