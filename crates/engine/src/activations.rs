//! Ordered numbers that are not active at once: documents, and what the operator decides.

use std::sync::Arc;

use domain::{AccountId, Micros, NumberId, NumberStatus, Timestamp};
use serde_json::Value;
use store::{
    StoreError, Tx, accounts,
    documents::{self, Document},
    events::{self, NewEvent},
    ledger::{self, Book, Listed, Transfer, TransferKind},
    months::{self, Service},
    numbers::{self, NumberRecord},
    renewals::{self, Renewal},
    wallets,
};

use crate::{
    Done, Engine, Idempotency, UseError,
    events::{balance_data, number_news, number_refused},
    mail::Letter,
    releases::release,
};

/// Documents that one number may have.
const DOCUMENTS_MAX: usize = 10;

/// What may be handed in.
pub const DOCUMENT_TYPES: [&str; 3] = ["application/pdf", "image/jpeg", "image/png"];

/// Ordered, paid, and not active yet.
pub(crate) fn is_pending(status: NumberStatus) -> bool {
    matches!(status, NumberStatus::Provisioning | NumberStatus::PendingVerification)
}

impl Engine {
    /// Takes a document for a number that waits for its verification.
    pub async fn hand_in(
        &self,
        account: AccountId,
        id: NumberId,
        (name, content_type): (String, String),
        body: Vec<u8>,
        key: Option<Idempotency>,
        render: impl Fn(&Document) -> Value + Send + 'static,
    ) -> Result<Done, UseError> {
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(UseError::invalid("name", "name is 1 to 200 characters"));
        }
        if body.is_empty() {
            return Err(UseError::invalid("body", "the document is empty"));
        }
        let document = Document {
            id: self.ids.one(&self.store).await?,
            account,
            number: id,
            name,
            content_type,
            octets: i64::try_from(body.len()).unwrap_or(i64::MAX),
            created_at: self.clock.now(),
        };
        let body = move |tx: &mut Tx<'_>| {
            let number = numbers::lock(tx, id)?
                .filter(|number| number.account == Some(account))
                .ok_or(UseError::NotFound("number"))?;
            if number.status != NumberStatus::PendingVerification {
                let message = "This number does not wait for documents.".to_owned();
                return Err(UseError::Conflict { message });
            }
            if documents::of_number(tx, account, id)?.len() >= DOCUMENTS_MAX {
                let message = format!("A number has at most {DOCUMENTS_MAX} documents.");
                return Err(UseError::Conflict { message });
            }
            documents::insert(tx, &document, &body)?;
            Ok(document.clone())
        };
        self.once(account, key, body, render).await
    }

    /// Makes an ordered number active; its months begin now.
    pub async fn approve_number(&self, id: NumberId) -> Result<NumberRecord, UseError> {
        let now = self.clock.now();
        let number = self
            .store
            .write(move |tx| {
                let (account, mut number) = pending(tx, id)?;
                numbers::change_status(tx, account, id, (number.status, NumberStatus::Active))?;
                number.status = NumberStatus::Active;
                begin_months(tx, account, id, now)?;
                events::append(tx, &[number_news(account, &number)], now)?;
                Ok::<_, UseError>(number)
            })
            .await?;
        self.hub.tell(number.account);
        Ok(number)
    }

    /// Takes an ordered number back and gives the money back, all of it.
    pub async fn refuse_number(
        &self,
        id: NumberId,
        reason: String,
    ) -> Result<NumberRecord, UseError> {
        if reason.trim().is_empty() || reason.chars().count() > 1_000 {
            return Err(UseError::invalid("reason", "reason is 1 to 1000 characters"));
        }
        let (now, currencies) = (self.clock.now(), Arc::clone(&self.currencies));
        let ids = self.ids.take(&self.store, 2).await?;
        let told = reason.clone();
        let (account, number, address) = self
            .store
            .write(move |tx| {
                let mut ids = ids.clone();
                let (account, mut number) = pending(tx, id)?;
                let currency = currencies.of(tx, account)?;
                let mut news = Vec::new();
                for renewal in renewals::of_numbers(tx, account, (id, id))? {
                    let charged = charged(tx, &renewal)?;
                    let Some((source, amount)) = charged else { continue };
                    let available = wallets::adjust(tx, account, amount)?
                        .ok_or(UseError::NotFound("wallet"))?;
                    let transfer = Transfer {
                        account,
                        source,
                        kind: TransferKind::Refund,
                        listed: Some(Listed { id: ids.next(), available_after: available }),
                        currency,
                        amount,
                        debit: Book::Revenue,
                        credit: Book::Available,
                        note: Some(number.number.to_string()),
                    };
                    ledger::record(tx, &[transfer], now)?;
                    months::refund(tx, account, source, now)?;
                    news.push(NewEvent::balance(account, balance_data(available, currency)));
                }
                release(tx, account, &mut number)?;
                news.push(number_refused(account, &number, &told));
                events::append(tx, &news, now)?;
                let address = accounts::find(tx, account)?.map(|account| account.email);
                Ok::<_, UseError>((account, number, address))
            })
            .await?;
        self.hub.tell([account]);
        if let Some(to) = address.and_then(|address| address.parse().ok()) {
            let brand = &self.config.site.brand;
            let e164 = &number.number;
            self.send_letter(Letter {
                to,
                what: "refused",
                subject: format!("{brand}: the number {e164} was refused"),
                text: format!(
                    "The number {e164} that you ordered was refused:\n\n{reason}\n\n\
                     What you paid for it is in your wallet again.\n"
                ),
                link: None,
            });
        }
        Ok(number)
    }
}

/// A number that waits, and whose it is.
fn pending(tx: &mut Tx<'_>, id: NumberId) -> Result<(AccountId, NumberRecord), UseError> {
    let number = numbers::lock(tx, id)?.ok_or(UseError::NotFound("number"))?;
    match number.account.filter(|_| is_pending(number.status)) {
        Some(account) => Ok((account, number)),
        None => {
            let message = format!("This number is {}: there is nothing to decide.", number.status);
            Err(UseError::Conflict { message })
        }
    }
}

/// Lets the months that were paid with the order begin now.
pub(crate) fn begin_months(
    tx: &mut Tx<'_>,
    account: AccountId,
    id: NumberId,
    now: Timestamp,
) -> Result<(), StoreError> {
    for renewal in renewals::of_numbers(tx, account, (id, id))? {
        let ends_at = now.next_month_of(now);
        let key = (account, id, renewal.service);
        // One that ran before, and was paid then, runs on.
        if months::begin(tx, key, renewal.paid_until, (now, ends_at))? {
            let begun = Renewal { anchor: now, paid_until: ends_at, due_at: ends_at, ..renewal };
            renewals::put(tx, &begun)?;
        }
    }
    Ok(())
}

/// The month that was paid with the order and has not begun, and what was taken for it.
fn charged(tx: &mut Tx<'_>, renewal: &Renewal) -> Result<Option<(i64, Micros)>, StoreError> {
    let key = (renewal.account, renewal.number, renewal.service);
    let Some((source, amount)) = months::waiting(tx, key, renewal.paid_until)? else {
        return Ok(None);
    };
    let setup = match renewal.service {
        Service::Number => ledger::amount(tx, renewal.account, source, TransferKind::Setup)?,
        Service::Sms => None,
    };
    let whole = amount.checked_add(setup.unwrap_or(Micros::ZERO));
    Ok(Some((source, whole.ok_or_else(|| StoreError::Corrupt("an amount too large".to_owned()))?)))
}
