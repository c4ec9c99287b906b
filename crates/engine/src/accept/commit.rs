//! One transaction for everything that gathered.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    AccountId, CarrierId, Currency, Direction, MessageId, MessageStatus, Micros, Timestamp, rate,
    routing::mix,
};
use store::{
    StoreError, Tx,
    messages::{self, Message},
    wallets,
};
use tokio::sync::oneshot;

use super::{
    AcceptError, Accepted, Answer, Refusal, Request,
    admit::{self, Admitted, Ask, Place, Priced},
    batch::Batch,
    recall,
};
use crate::{
    Clock, Engine, PriceBook, Prices, VALIDITY,
    currencies::Currencies,
    ids::Range,
    routing::{Journey, Table},
};

/// How often, and for how long, a commit whose fate is unknown is tried again: 10 s.
const UNKNOWN_TRIES_MAX: u32 = 40;
const UNKNOWN_TRIED_EVERY: Duration = Duration::from_millis(250);

/// What the transaction works with; nothing in it changes.
#[derive(Clone)]
struct Context {
    requests: Vec<Request>,
    routing: Arc<Table>,
    prices: Arc<PriceBook>,
    /// Where an operator set none.
    defaults: Prices,
    currencies: Arc<Currencies>,
    clock: Clock,
    ids: Range,
    /// An earlier run with these ids may have been stored.
    again: bool,
}

impl Engine {
    pub(super) async fn commit(
        &self,
        requests: Vec<Request>,
        ran: oneshot::Sender<()>,
    ) -> Vec<Answer> {
        let count = requests.len();
        let sends: usize = requests.iter().map(|request| request.sends.len()).sum();
        // A message and its transfer.
        let ids = match self.ids.take(&self.store, sends * 2).await {
            Ok(ids) => ids,
            Err(error) => return vec![Err(error.into()); count],
        };
        let context = Context {
            requests,
            routing: self.routing.now(),
            prices: self.prices(),
            defaults: self.config.prices,
            currencies: Arc::clone(&self.currencies),
            clock: self.clock.clone(),
            ids,
            again: false,
        };
        match self.store_surely(context, ran).await {
            Ok(answers) => {
                self.announce(&answers);
                answers
            }
            Err(error) => vec![Err(error.into()); count],
        }
    }

    /// Runs the transaction. Where the database was lost while it committed, runs
    /// it again with the same ids: either that succeeds, or the ids are taken, and
    /// then the first run was stored after all.
    async fn store_surely(
        &self,
        context: Context,
        ran: oneshot::Sender<()>,
    ) -> Result<Vec<Answer>, StoreError> {
        let mut context = Arc::new(context);
        let mut ran = Some(ran);
        let answers = Arc::new(Mutex::new(Vec::new()));
        let take = || std::mem::take(&mut *answers.lock().unwrap_or_else(PoisonError::into_inner));
        let mut unknown = false;
        for _ in 0..UNKNOWN_TRIES_MAX {
            let (running, answering) = (Arc::clone(&context), Arc::clone(&answers));
            let mut ran = ran.take();
            let stored = self
                .store
                .write(move |tx| {
                    let answers = running.run(tx)?;
                    *answering.lock().unwrap_or_else(PoisonError::into_inner) = answers;
                    if let Some(ran) = ran.take() {
                        // Where commits run beside each other, nobody waits for that.
                        ran.send(()).unwrap_or_default();
                    }
                    Ok::<_, StoreError>(())
                })
                .await;
            match stored {
                Ok(()) => return Ok(take()),
                Err(StoreError::Exists(_)) if unknown => return Ok(take()),
                Err(StoreError::CommitUnknown(_)) => unknown = true,
                Err(StoreError::Unavailable(_)) if unknown => {}
                Err(error) => return Err(error),
            }
            if self.stopped_within(UNKNOWN_TRIED_EVERY).await {
                break;
            }
            context = Arc::new(Context { again: true, ..context.as_ref().clone() });
        }
        Err(StoreError::CommitUnknown("it did not come back in time".to_owned()))
    }

    /// Wakes the streams and the dispatchers that the commit concerns.
    fn announce(&self, answers: &[Answer]) {
        let mut accounts: Vec<AccountId> = Vec::new();
        let mut carriers: Vec<CarrierId> = Vec::new();
        let mut accepted: u64 = 0;
        let fresh = answers.iter().flatten().filter(|answer| !answer.replayed);
        for message in fresh.flat_map(|answer| answer.items.iter().flatten()) {
            accepted += 1;
            if accounts.last() != Some(&message.account) {
                accounts.push(message.account);
            }
            if let Some(carrier) = message.carrier
                && !carriers.contains(&carrier)
            {
                carriers.push(carrier);
            }
        }
        metrics::counter!("didfarm_messages_accepted_total").increment(accepted);
        self.hub.tell(accounts);
        self.wake(carriers);
    }
}

impl Context {
    fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<Answer>, StoreError> {
        // Not earlier: an account's rate would take a request that waited long for one
        // that comes too soon.
        let now = self.clock.now();
        if self.again && self.is_stored(tx)? {
            return Err(StoreError::Exists("the earlier commit was stored".to_owned()));
        }
        let mut answers: Vec<Option<Answer>> = vec![None; self.requests.len()];
        let repeats = recall::recall(tx, now, &self.requests, &mut answers)?;
        let open: Vec<usize> = (0..self.requests.len())
            .filter(|index| answers[*index].is_none() && !repeats.contains_key(index))
            .collect();
        self.accept(tx, now, &open, &mut answers)?;
        for (index, first) in repeats {
            answers[index] = Some(recall::repeat(&self.requests, (index, first), &answers));
        }
        Ok(answers.into_iter().map(|answer| answer.unwrap_or(Err(AcceptError::Busy))).collect())
    }

    fn accept(
        &self,
        tx: &mut Tx<'_>,
        now: Timestamp,
        open: &[usize],
        answers: &mut [Option<Answer>],
    ) -> Result<(), StoreError> {
        let requests: Vec<&Request> = open.iter().map(|index| &self.requests[*index]).collect();
        let senders = admit::senders(tx, &requests)?;
        let substitutes = admit::substitutes(tx, &senders)?;
        let opted_out = admit::opted_out(tx, &requests, &senders, &substitutes)?;
        let mut currencies = HashMap::new();
        for request in &requests {
            if let Entry::Vacant(place) = currencies.entry(request.account)
                && let Some(currency) = self.currencies.find(tx, request.account)?
            {
                place.insert(currency);
            }
        }
        let prices = self.prices_of(tx, &currencies, now)?;
        let priced: Vec<Vec<Result<Priced<'_>, Refusal>>> = requests
            .iter()
            .map(|request| {
                let currency = currencies.get(&request.account);
                let tariff = currency.map(|currency| prices.tariff(*currency));
                let sender = |send: &super::Send| {
                    let named = (request.account, send.from);
                    (senders.get(&named), substitutes.get(&named))
                };
                request
                    .sends
                    .iter()
                    .map(|send| {
                        let sender = sender(send);
                        admit::price(send, sender, &opted_out, &self.routing, (tariff, now))
                    })
                    .collect()
            })
            .collect();
        let asking: Vec<usize> =
            (0..priced.len()).filter(|at| priced[*at].iter().any(Result::is_ok)).collect();
        let asks: Vec<Ask> = asking.iter().map(|at| ask(requests[*at], &priced[*at])).collect();
        let Admitted { places, balances } = admit::admit(tx, &asks, now, &self.clock)?;

        let mut places: HashMap<usize, Result<Place, Refusal>> =
            asking.into_iter().zip(places).collect();
        let mut batch = Batch::default();
        let mut ids = self.ids.clone();
        for (at, (request, items)) in requests.iter().zip(priced).enumerate() {
            let place = match places.remove(&at) {
                Some(Ok(place)) => Some(place),
                Some(Err(refusal)) => {
                    answers[open[at]] = Some(Err(refusal.into()));
                    continue;
                }
                None => None,
            };
            let items = self.draft(now, items, place, request.paced, &mut ids, &mut batch);
            if place.is_some() {
                batch.remember(request, &items);
            }
            let quota = place.map(|place| place.quota);
            answers[open[at]] = Some(Ok(Accepted { items, quota, replayed: false }));
        }
        batch.store(tx, &balances, &currencies, now)
    }

    /// The prices that this node knows, or, where a currency has none there, as another node has
    /// set them a moment ago.
    fn prices_of(
        &self,
        tx: &mut Tx<'_>,
        currencies: &HashMap<AccountId, Currency>,
        now: Timestamp,
    ) -> Result<Arc<PriceBook>, StoreError> {
        if currencies.values().all(|currency| self.prices.tariff(*currency).is_open(now)) {
            return Ok(Arc::clone(&self.prices));
        }
        PriceBook::load(tx, self.defaults).map(Arc::new)
    }

    /// Whether the run before was stored: whichever request of it was accepted first has
    /// the first id. That run may still be ending; it holds the wallets of what it accepted.
    fn is_stored(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        let first = MessageId::new(self.ids.clone().next());
        let mut accounts: Vec<AccountId> =
            self.requests.iter().map(|request| request.account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        wallets::lock(tx, &accounts)?;
        let wanted: Vec<(AccountId, MessageId)> =
            accounts.into_iter().map(|account| (account, first)).collect();
        Ok(!messages::find_many(tx, &wanted)?.is_empty())
    }

    /// Turns a request's priced messages into rows.
    fn draft(
        &self,
        now: Timestamp,
        items: Vec<Result<Priced<'_>, Refusal>>,
        place: Option<Place>,
        paced: bool,
        ids: &mut Range,
        batch: &mut Batch,
    ) -> Vec<Result<Message, Refusal>> {
        let Some(place) = place else {
            return items.into_iter().map(|item| item.and(Err(Refusal::UnknownNumber))).collect();
        };
        let cost: i64 = items.iter().flatten().map(|item| item.price.get()).sum();
        let mut available = place.available_after.get() + cost;
        let mut departures = 0;
        let mut seq = place.event_seq;
        let mut outcomes = Vec::with_capacity(items.len());
        for item in items {
            outcomes.push(item.map(|priced| {
                let not_before = if paced {
                    rate::leaves_at(priced.sender.rate_limit, place.tat_before, now, departures)
                } else {
                    now
                };
                departures += 1;
                available -= priced.price.get();
                let message = Message {
                    seq,
                    ..self.message(now, &priced, MessageId::new(ids.next()), not_before)
                };
                seq += 1;
                batch.add(&message, ids.next(), Micros::new(available));
                message
            }));
        }
        outcomes
    }

    fn message(
        &self,
        now: Timestamp,
        priced: &Priced<'_>,
        id: MessageId,
        not_before: Timestamp,
    ) -> Message {
        let Priced { send, sender, price } = priced;
        let simulated = sender.simulated || send.test;
        let journey = Journey {
            to: &send.to,
            own: sender.carrier,
            simulated,
            draw: mix(id.get().unsigned_abs()),
        };
        let measure = send.body.measure();
        Message {
            account: sender.account,
            id,
            seq: 0,
            direction: Direction::Outbound,
            status: MessageStatus::Queued,
            number: sender.id,
            profile: sender.profile,
            sender: sender.number.as_str().to_owned(),
            recipient: send.to.as_str().to_owned(),
            body: send.body.as_str().to_owned(),
            encoding: measure.encoding,
            segments: i64::from(measure.segments.get()),
            price: *price,
            carrier: self.routing.choose(journey),
            simulated,
            test: send.test,
            delivery: send.delivery,
            not_before,
            valid_until: not_before.plus(VALIDITY),
            tries: 0,
            refusals: 0,
            failure: None,
            detail: None,
            created_at: now,
            sending_at: None,
            sent_at: None,
            finished_at: None,
        }
    }
}

fn ask(request: &Request, items: &[Result<Priced<'_>, Refusal>]) -> Ask {
    let mut ask = Ask {
        account: request.account,
        cost: Micros::ZERO,
        messages: 0,
        rate_limit: rate::RATE_DEFAULT,
        paced: request.paced,
    };
    for priced in items.iter().flatten() {
        // A sum that does not fit is more than any wallet holds.
        ask.cost = ask.cost.checked_add(priced.price).unwrap_or(Micros::new(i64::MAX));
        ask.messages += 1;
        ask.rate_limit = priced.sender.rate_limit;
    }
    ask
}
