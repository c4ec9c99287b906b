//! Roll-ups that are kept in the same transaction as what they count.

use std::collections::BTreeMap;

use domain::{AccountId, CarrierId, Country, Direction, Micros, NumberId};

use crate::{Bulk, Row, StoreError, Tx, Value, messages::Message, params};

/// What is counted of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub outbound: i64,
    pub inbound: i64,
    pub delivered: i64,
    pub failed: i64,
    /// Of outbound messages, whether a carrier took them or not.
    pub segments: i64,
    /// What was posted, in the account's currency.
    pub spent: Micros,
    /// What carriers take for it, in the platform's currency, as far as that is known.
    pub cost: Micros,
    /// Segments that a carrier took for it is not known how much.
    pub uncosted_segments: i64,
}

impl Counts {
    pub fn add(&mut self, more: &Self) {
        self.outbound += more.outbound;
        self.inbound += more.inbound;
        self.delivered += more.delivered;
        self.failed += more.failed;
        self.segments += more.segments;
        self.spent = Micros::new(self.spent.get() + more.spent.get());
        self.cost = Micros::new(self.cost.get() + more.cost.get());
        self.uncosted_segments += more.uncosted_segments;
    }

    /// Counts `segments` that a carrier took; `cost`: what it takes for each, where that is known.
    pub fn posted(&mut self, segments: i64, spent: Micros, cost: Option<Micros>) {
        let uncosted_segments = if cost.is_none() { segments } else { 0 };
        let cost = Micros::new(cost.map_or(0, |cost| cost.get() * segments));
        self.add(&Self { spent, cost, uncosted_segments, ..Self::default() });
    }
}

/// What is counted together: messages of one number that were made on one UTC day, to or from
/// one country, by one carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    account: AccountId,
    day: i64,
    number: NumberId,
    country: Option<Country>,
    carrier: Option<CarrierId>,
}

/// Counts to be added, gathered over a transaction.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<Key, Counts>);

impl Tally {
    /// The counts that the message belongs to.
    pub fn of(&mut self, message: &Message) -> &mut Counts {
        self.by(message, message.carrier)
    }

    /// Counts an outbound message that was made.
    pub fn made(&mut self, message: &Message) {
        let counts = self.of(message);
        counts.outbound += 1;
        counts.segments += message.segments;
    }

    /// Counts an outbound message, of which nothing was posted, with another carrier from now on.
    pub fn moved(&mut self, message: &Message, to: Option<CarrierId>) {
        if message.test || to == message.carrier {
            return;
        }
        for (carrier, times) in [(message.carrier, -1), (to, 1)] {
            let counts = self.by(message, carrier);
            counts.outbound += times;
            counts.segments += times * message.segments;
        }
    }

    fn by(&mut self, message: &Message, carrier: Option<CarrierId>) -> &mut Counts {
        let other = match message.direction {
            Direction::Outbound => &message.recipient,
            Direction::Inbound => &message.sender,
        };
        let key = Key {
            account: message.account,
            day: message.created_at.day(),
            number: message.number,
            country: Country::of(other),
            carrier,
        };
        self.0.entry(key).or_default()
    }

    pub fn store(self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        const ADD: Bulk = Bulk {
            sqlite:
                "
                INSERT INTO daily_counts (account_id, day, number_id, country, carrier_id, outbound,
                    inbound, delivered, failed, segments, spent, cost, uncosted_segments)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                ON CONFLICT (account_id, day, number_id, country, carrier_id) DO UPDATE SET
                    outbound = daily_counts.outbound + excluded.outbound,
                    inbound = daily_counts.inbound + excluded.inbound,
                    delivered = daily_counts.delivered + excluded.delivered,
                    failed = daily_counts.failed + excluded.failed,
                    segments = daily_counts.segments + excluded.segments,
                    spent = daily_counts.spent + excluded.spent,
                    cost = daily_counts.cost + excluded.cost,
                    uncosted_segments = daily_counts.uncosted_segments + excluded.uncosted_segments",
            postgres:
                "
                INSERT INTO daily_counts (account_id, day, number_id, country, carrier_id, outbound,
                    inbound, delivered, failed, segments, spent, cost, uncosted_segments)
                SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[], $4::text[],
                    $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
                    $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[])
                ON CONFLICT (account_id, day, number_id, country, carrier_id) DO UPDATE SET
                    outbound = daily_counts.outbound + excluded.outbound,
                    inbound = daily_counts.inbound + excluded.inbound,
                    delivered = daily_counts.delivered + excluded.delivered,
                    failed = daily_counts.failed + excluded.failed,
                    segments = daily_counts.segments + excluded.segments,
                    spent = daily_counts.spent + excluded.spent,
                    cost = daily_counts.cost + excluded.cost,
                    uncosted_segments = daily_counts.uncosted_segments + excluded.uncosted_segments",
        };

        let rows: Vec<[Value<'_>; 13]> = self
            .0
            .iter()
            .map(|(key, counts)| {
                [
                    Value::from(key.account),
                    Value::from(key.day),
                    Value::from(key.number),
                    Value::from(key.country.as_ref().map_or("", Country::as_str)),
                    Value::from(key.carrier.map_or(0, CarrierId::get)),
                    Value::from(counts.outbound),
                    Value::from(counts.inbound),
                    Value::from(counts.delivered),
                    Value::from(counts.failed),
                    Value::from(counts.segments),
                    Value::from(counts.spent),
                    Value::from(counts.cost),
                    Value::from(counts.uncosted_segments),
                ]
            })
            .collect();
        tx.send(&ADD, &rows)
    }
}

/// The sums over the days `from..=to`, of one number or of all.
pub fn sums(
    tx: &mut Tx<'_>,
    account: AccountId,
    number: Option<NumberId>,
    from_day: i64,
    to_day: i64,
) -> Result<Counts, StoreError> {
    const SUMS: &str = "
        SELECT CAST(COALESCE(SUM(outbound), 0) AS BIGINT), CAST(COALESCE(SUM(inbound), 0) AS BIGINT),
            CAST(COALESCE(SUM(delivered), 0) AS BIGINT), CAST(COALESCE(SUM(failed), 0) AS BIGINT),
            CAST(COALESCE(SUM(segments), 0) AS BIGINT), CAST(COALESCE(SUM(spent), 0) AS BIGINT),
            CAST(COALESCE(SUM(cost), 0) AS BIGINT),
            CAST(COALESCE(SUM(uncosted_segments), 0) AS BIGINT)
        FROM daily_counts
        WHERE account_id = $1 AND day BETWEEN $2 AND $3
            AND (CAST($4 AS BIGINT) IS NULL OR number_id = $4)";

    let params = params![account, from_day, to_day, number];
    Ok(tx.query_one(SUMS, params, |row| counts(row, 0))?.unwrap_or_default())
}

/// The eight columns from `first` on.
pub(crate) fn counts(row: &Row<'_>, first: usize) -> Result<Counts, StoreError> {
    Ok(Counts {
        outbound: row.get(first)?,
        inbound: row.get(first + 1)?,
        delivered: row.get(first + 2)?,
        failed: row.get(first + 3)?,
        segments: row.get(first + 4)?,
        spent: Micros::new(row.get(first + 5)?),
        cost: Micros::new(row.get(first + 6)?),
        uncosted_segments: row.get(first + 7)?,
    })
}

/// Counts all messages anew. What carriers took for those of before is not known.
pub(crate) fn recount(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    // Five characters are enough to know a country by.
    const ALL: &str = "
        SELECT m.account_id, m.created_at / 86400000000, m.number_id,
            SUBSTR(CASE m.direction WHEN 'outbound' THEN m.recipient ELSE m.sender END, 1, 5),
            m.carrier_id,
            CAST(SUM(CASE m.direction WHEN 'outbound' THEN 1 ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE m.direction WHEN 'inbound' THEN 1 ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE m.status WHEN 'delivered' THEN 1 ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE m.status WHEN 'failed' THEN 1 ELSE 0 END) AS BIGINT),
            CAST(SUM(CASE m.direction WHEN 'outbound' THEN m.segments ELSE 0 END) AS BIGINT),
            CAST(COALESCE(SUM(p.amount), 0) AS BIGINT), CAST(0 AS BIGINT),
            CAST(COALESCE(SUM(p.amount * m.segments / m.price), 0) AS BIGINT)
        FROM messages m
        LEFT JOIN transfers p ON p.account_id = m.account_id AND p.source_id = m.id AND p.kind = 'post'
        WHERE m.test = 0
        GROUP BY 1, 2, 3, 4, 5";

    let found = tx.query(ALL, &[], |row| {
        let key = Key {
            account: AccountId::new(row.get(0)?),
            day: row.get(1)?,
            number: NumberId::new(row.get(2)?),
            country: Country::of(&row.get::<String>(3)?),
            carrier: row.get::<Option<i64>>(4)?.map(CarrierId::new),
        };
        Ok((key, counts(row, 5)?))
    })?;
    let mut tally = Tally::default();
    for (key, more) in found {
        tally.0.entry(key).or_default().add(&more);
    }
    tally.store(tx)
}
