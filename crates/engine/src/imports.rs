//! Files of numbers on their way into the inventory.
//!
//! A file is checked whole before anything of it counts; its rows then go in a few at a time, so that
//! nobody who sends waits long for the writer, and are hidden until the last is there. A restart
//! goes on where it was.

mod file;

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use domain::{E164, NumberId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    StoreError, Tx, carriers,
    imports::{self, Import, ImportKind, ImportState},
    numbers::{self, NumberRecord},
};
use tokio::sync::OwnedMutexGuard;

use crate::{
    Engine, FileErrors, Idempotency, ImportError, UseError,
    numbers::{default_profile, record},
    repeats::OPERATORS,
};

/// Rows that one transaction stores: a send waits for a few milliseconds at most.
const STEP: usize = 500;

/// The file is kept in parts of this size, for the same reason.
const PART_OCTETS: usize = 128 * 1_024;

/// Parts that one transaction forgets.
const PARTS_FORGOTTEN: i64 = 16;

/// Nobody else takes up an import that its node has looked at within this long.
const CLAIMED_FOR: Duration = Duration::from_secs(15);

/// The same while a file is checked, which is not interrupted to say so.
const CHECKED_WITHIN: Duration = Duration::from_secs(180);

/// Between two looks at an import that another call or node works on.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Known numbers of a preview that are told.
const KNOWN_TOLD_MAX: usize = 100;

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub added: u64,
    /// Numbers that were there before, left as they were.
    pub known: u64,
    /// Lines of those, the first hundred; of a preview only.
    pub known_lines: Vec<u64>,
}

/// Why nothing was imported.
#[derive(Debug)]
pub enum ImportFailure {
    File(FileErrors),
    Use(UseError),
}

impl From<UseError> for ImportFailure {
    fn from(error: UseError) -> Self {
        Self::Use(error)
    }
}

impl From<StoreError> for ImportFailure {
    fn from(error: StoreError) -> Self {
        Self::Use(error.into())
    }
}

/// An import that was begun.
#[derive(Debug)]
pub struct ImportBegun {
    pub id: i64,
    /// It was before, under the same idempotency key.
    pub replayed: bool,
    /// `None`: another call or node works on it.
    work: Option<tokio::task::JoinHandle<Result<(), UseError>>>,
}

/// Errors as they are kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    told: Vec<(u64, String, String)>,
    more: u64,
}

/// What is wrong with the file of an import that failed.
pub fn import_errors(import: &Import) -> FileErrors {
    let kept = import.errors.as_deref().and_then(|json| serde_json::from_str::<Kept>(json).ok());
    let Some(Kept { told, more }) = kept else { return FileErrors::default() };
    let told = told.into_iter();
    let told = told.map(|(line, column, message)| ImportError { line, column, message }).collect();
    FileErrors { told, more }
}

fn kept(errors: &FileErrors) -> String {
    let told = errors.told.iter();
    let told: Vec<_> = told.map(|one| (one.line, &one.column, &one.message)).collect();
    json!({"told": told, "more": errors.more}).to_string()
}

impl Engine {
    /// Begins to add the numbers of a CSV file, all or nothing. One file at a time: another waits.
    ///
    /// The heading names the columns `number`, `country`, `type` and, if wanted,
    /// `status`, `account_id`, `sms_enabled`, `carrier_id`, `simulated`.
    pub async fn begin_import(
        self: &Arc<Self>,
        octets: Bytes,
        key: Option<Idempotency>,
    ) -> Result<ImportBegun, UseError> {
        let alone = Arc::clone(&self.importing).lock_owned().await;
        let now = self.clock.now();
        let (id, until) = (self.ids.one(&self.store).await?, now.plus(CHECKED_WITHIN));
        let import = Import {
            id,
            kind: ImportKind::Numbers,
            state: ImportState::Checking,
            octets: i64::try_from(octets.len()).unwrap_or(i64::MAX),
            total: None,
            stored: 0,
            changed: 0,
            first_id: None,
            errors: None,
            created_at: now,
            finished_at: None,
        };
        let body = move |tx: &mut Tx<'_>| Ok(imports::insert(tx, &import, Some(until))?);
        let done = self.once(OPERATORS, key, body, move |()| json!({"import": id})).await?;
        let id = done.answer["import"].as_i64().unwrap_or(id);
        let mine = !done.replayed
            || self.store.write(move |tx| imports::begin_again(tx, id, now, until)).await?;
        let work = mine.then(|| {
            let engine = Arc::clone(self);
            tokio::spawn(async move { engine.import(id, octets, alone).await })
        });
        Ok(ImportBegun { id, replayed: done.replayed, work })
    }

    /// Adds the numbers of a CSV file; answers what that did, and whether it was answered before.
    pub async fn import_numbers(
        self: &Arc<Self>,
        octets: impl Into<Bytes>,
        key: Option<Idempotency>,
    ) -> Result<(Imported, bool), ImportFailure> {
        let begun = self.begin_import(octets.into(), key).await?;
        let replayed = begun.replayed;
        Ok((self.imported(begun).await?, replayed))
    }

    /// Waits until an import is over, and answers what it did.
    pub async fn imported(&self, begun: ImportBegun) -> Result<Imported, ImportFailure> {
        let id = begun.id;
        if let Some(work) = begun.work {
            let ended = work.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
            ended?;
        }
        loop {
            let import = self.store.read(move |tx| imports::find(tx, id)).await?;
            let import = import.ok_or(UseError::NotFound("import"))?;
            match import.state {
                ImportState::Done => return Ok(outcome(&import)),
                ImportState::Failed => return Err(ImportFailure::File(import_errors(&import))),
                ImportState::Checking | ImportState::Storing => {}
            }
            if self.stopped_within(LOOK_EVERY).await {
                return Err(StoreError::Unavailable("the server stops".to_owned()).into());
            }
        }
    }

    /// Says what an import would do, and changes nothing.
    pub async fn preview_import(&self, octets: Bytes) -> Result<Imported, ImportFailure> {
        let _alone = self.importing.lock().await;
        let total = self.check(octets.clone()).await?;
        let mut rows = file::read_rows(octets, 0);
        let mut known = Vec::new();
        let mut count = 0;
        while let Some(chunk) = rows.recv().await {
            let (lines, wanted): (Vec<u64>, Vec<E164>) =
                chunk.into_iter().map(|(line, new)| (line, new.number)).unzip();
            let found = self.store.read(move |tx| numbers::known(tx, &wanted)).await?;
            count += found.len();
            let places = found.into_iter().filter_map(|at| usize::try_from(at).ok());
            known.extend(places.take(KNOWN_TOLD_MAX - known.len()).map(|at| lines[at]));
        }
        known.sort_unstable();
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        Ok(Imported { added: total - count, known: count, known_lines: known })
    }

    /// Goes on with imports whose node is gone.
    pub async fn pursue_imports(self: &Arc<Self>) -> Result<(), UseError> {
        let (now, node) = (self.clock.now(), Arc::clone(&self.importing));
        // An import of this node is under way: it says so itself.
        let Ok(alone) = node.try_lock_owned() else { return Ok(()) };
        let until = now.plus(CLAIMED_FOR);
        let due = self.store.read(move |tx| imports::due(tx, now)).await?;
        if !due {
            return self.forget_files().await;
        }
        for import in self.store.write(move |tx| imports::claim(tx, now, until, 1)).await? {
            match import.state {
                ImportState::Checking => {
                    let message = "the server stopped before the file was checked: send it again";
                    let error =
                        ImportError { line: 0, column: String::new(), message: message.to_owned() };
                    self.fail_import(import.id, &error.into()).await?;
                }
                ImportState::Storing => {
                    tracing::info!(import = import.id, stored = import.stored, "an import goes on");
                    self.store_rows(import.id, self.kept_file(import.id).await?).await?;
                }
                ImportState::Done | ImportState::Failed => {}
            }
        }
        drop(alone);
        self.forget_files().await
    }

    /// Checks a file, and stores it where it is good.
    async fn import(
        &self,
        id: i64,
        octets: Bytes,
        _alone: OwnedMutexGuard<()>,
    ) -> Result<(), UseError> {
        let total = match self.check(octets.clone()).await {
            Ok(total) => total,
            Err(ImportFailure::File(errors)) => return self.fail_import(id, &errors).await,
            Err(ImportFailure::Use(error)) => return Err(error),
        };
        for (part, from) in (0..).zip((0..octets.len()).step_by(PART_OCTETS)) {
            let body = octets.slice(from..octets.len().min(from + PART_OCTETS));
            self.store.write(move |tx| imports::put_part(tx, id, part, &body)).await?;
        }
        let count = usize::try_from(total).unwrap_or(usize::MAX);
        let first = self.ids.take(&self.store, count.max(1)).await?.next();
        let total = i64::try_from(total).unwrap_or(i64::MAX);
        let until = self.clock.now().plus(CLAIMED_FOR);
        self.store.write(move |tx| imports::accept(tx, id, total, first, until)).await?;
        self.store_rows(id, octets).await?;
        self.forget_files().await
    }

    /// Stores the rows of a file that are not stored yet, and shows them all.
    async fn store_rows(&self, id: i64, octets: Bytes) -> Result<(), UseError> {
        let import = self.store.read(move |tx| imports::find(tx, id)).await?;
        let Some(Import { state: ImportState::Storing, stored, first_id: Some(first), .. }) =
            import
        else {
            return Ok(());
        };
        let created_at = self.clock.now();
        let mut stored = stored;
        let mut rows = file::read_rows(octets, usize::try_from(stored).unwrap_or(usize::MAX));
        while let Some(chunk) = rows.recv().await {
            let records: Vec<NumberRecord> = chunk
                .into_iter()
                .zip(first + stored..)
                .map(|((_, new), id)| record(new, NumberId::new(id), created_at))
                .collect();
            let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
            let (before, until) = (stored, self.clock.now().plus(CLAIMED_FOR));
            self.store
                .write(move |tx| {
                    let mut records = records.clone();
                    complete(tx, &mut records)?;
                    let added = i64::try_from(numbers::insert(tx, &records)?).unwrap_or(i64::MAX);
                    if imports::advance(tx, id, (before, count, added), until)? {
                        Ok(())
                    } else {
                        let message = "another node goes on with this import".to_owned();
                        Err(UseError::Conflict { message })
                    }
                })
                .await?;
            stored += count;
        }
        let now = self.clock.now();
        self.store.write(move |tx| imports::finish(tx, id, now)).await?;
        Ok(())
    }

    async fn fail_import(&self, id: i64, errors: &FileErrors) -> Result<(), UseError> {
        let (errors, now) = (kept(errors), self.clock.now());
        self.store.write(move |tx| imports::fail(tx, id, &errors, now)).await?;
        Ok(())
    }

    async fn kept_file(&self, id: i64) -> Result<Bytes, UseError> {
        let mut octets = Vec::new();
        for part in 0.. {
            let body = self.store.read(move |tx| imports::part(tx, id, part)).await?;
            let Some(body) = body else { break };
            octets.extend_from_slice(&body);
        }
        Ok(octets.into())
    }

    async fn forget_files(&self) -> Result<(), UseError> {
        while self.store.read(imports::has_forgettable).await? {
            self.store.write(|tx| imports::forget_parts(tx, PARTS_FORGOTTEN)).await?;
        }
        Ok(())
    }
}

fn outcome(import: &Import) -> Imported {
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    Imported {
        added: count(import.changed),
        known: count(import.stored - import.changed),
        known_lines: Vec::new(),
    }
}

/// Gives numbers of accounts their profiles, and none a carrier that is gone since the file was checked.
fn complete(tx: &mut Tx<'_>, records: &mut [NumberRecord]) -> Result<(), StoreError> {
    let (mut profiles, mut known) = (HashMap::new(), HashMap::new());
    for record in records {
        record.profile = match profiles.entry(record.account) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(place) => *place.insert(default_profile(tx, record.account)?),
        };
        if let Some(carrier) = record.carrier {
            let there = match known.entry(carrier) {
                Entry::Occupied(found) => *found.get(),
                Entry::Vacant(place) => *place.insert(carriers::find(tx, carrier)?.is_some()),
            };
            record.carrier = there.then_some(carrier);
        }
    }
    Ok(())
}
