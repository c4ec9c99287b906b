//! The prices that operators set, each from a date on.

use domain::{
    CarrierId, Country, Currency, Micros, NumberType, Prefix, Timestamp,
    catalogue::{Activation, Offer},
};

use crate::{Bulk, Row, StoreError, Tx, Value};

/// What numbers of one country and type cost from a date on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberPrice {
    pub currency: Currency,
    pub country: Country,
    pub number_type: NumberType,
    pub from: Timestamp,
    /// `None`: such numbers are not sold from then on.
    pub offer: Option<Offer>,
}

/// What a segment to a prefix costs from a date on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundPrice {
    pub currency: Currency,
    pub prefix: Prefix,
    pub from: Timestamp,
    /// `None`: from then on the next shorter prefix counts.
    pub price: Option<Micros>,
}

/// What a carrier takes of a segment to a prefix from a date on, in the platform's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierCost {
    pub carrier: CarrierId,
    pub prefix: Prefix,
    pub from: Timestamp,
    /// `None`: from then on the next shorter prefix counts.
    pub cost: Option<Micros>,
}

/// Adds prices; one of the same currency, kind and date is replaced.
pub fn put_numbers(tx: &mut Tx<'_>, prices: &[NumberPrice]) -> Result<(), StoreError> {
    const PUT: Bulk = Bulk {
        sqlite: "
            INSERT INTO number_prices (currency, country, type, effective_from, setup, month, sms,
                activation)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (currency, country, type, effective_from) DO UPDATE SET setup = excluded.setup,
                month = excluded.month, sms = excluded.sms, activation = excluded.activation",
        postgres: "
            INSERT INTO number_prices (currency, country, type, effective_from, setup, month, sms,
                activation)
            SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
                $6::bigint[], $7::bigint[], $8::text[])
            ON CONFLICT (currency, country, type, effective_from) DO UPDATE SET setup = excluded.setup,
                month = excluded.month, sms = excluded.sms, activation = excluded.activation",
    };

    let rows: Vec<[Value<'_>; 8]> = prices
        .iter()
        .map(|price| {
            [
                Value::from(price.currency.as_str()),
                Value::from(price.country.as_str()),
                Value::from(price.number_type.as_str()),
                Value::from(price.from),
                Value::from(price.offer.map_or(Micros::ZERO, |offer| offer.setup)),
                Value::from(price.offer.map(|offer| offer.number)),
                Value::from(price.offer.and_then(|offer| offer.sms)),
                Value::from(activation(price).as_str()),
            ]
        })
        .collect();
    tx.bulk(&PUT, &rows)?;
    Ok(())
}

fn activation(price: &NumberPrice) -> Activation {
    price.offer.map_or(Activation::Instant, |offer| offer.activation)
}

/// Adds prices; one of the same currency, prefix and date is replaced.
pub fn put_outbound(tx: &mut Tx<'_>, prices: &[OutboundPrice]) -> Result<(), StoreError> {
    const PUT: Bulk = Bulk {
        sqlite: "
            INSERT INTO outbound_prices (currency, prefix, effective_from, price) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (currency, prefix, effective_from) DO UPDATE SET price = excluded.price",
        postgres: "
            INSERT INTO outbound_prices (currency, prefix, effective_from, price)
            SELECT * FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::bigint[])
            ON CONFLICT (currency, prefix, effective_from) DO UPDATE SET price = excluded.price",
    };

    let rows: Vec<[Value<'_>; 4]> = prices
        .iter()
        .map(|price| {
            [
                Value::from(price.currency.as_str()),
                Value::from(price.prefix.as_str()),
                Value::from(price.from),
                Value::from(price.price),
            ]
        })
        .collect();
    tx.bulk(&PUT, &rows)?;
    Ok(())
}

/// Adds costs; one of the same carrier, prefix and date is replaced.
pub fn put_costs(tx: &mut Tx<'_>, costs: &[CarrierCost]) -> Result<(), StoreError> {
    const PUT: Bulk = Bulk {
        sqlite: "
            INSERT INTO carrier_costs (carrier_id, prefix, effective_from, cost)
            VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (carrier_id, prefix, effective_from) DO UPDATE SET cost = excluded.cost",
        postgres: "
            INSERT INTO carrier_costs (carrier_id, prefix, effective_from, cost)
            SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::bigint[], $4::bigint[])
            ON CONFLICT (carrier_id, prefix, effective_from) DO UPDATE SET cost = excluded.cost",
    };

    let rows: Vec<[Value<'_>; 4]> = costs
        .iter()
        .map(|cost| {
            [
                Value::from(cost.carrier),
                Value::from(cost.prefix.as_str()),
                Value::from(cost.from),
                Value::from(cost.cost),
            ]
        })
        .collect();
    tx.bulk(&PUT, &rows)?;
    Ok(())
}

/// Everything that was ever set, in the order of currencies, countries, types and dates.
pub fn numbers(tx: &mut Tx<'_>) -> Result<Vec<NumberPrice>, StoreError> {
    const ALL: &str = "
        SELECT currency, country, type, effective_from, setup, month, sms, activation
        FROM number_prices ORDER BY currency, country, type, effective_from";

    tx.query(ALL, &[], |row: &Row<'_>| {
        Ok(NumberPrice {
            currency: row.currency(0)?,
            country: row.parsed(1)?,
            number_type: row.parsed(2)?,
            from: row.time(3)?,
            offer: match row.get::<Option<i64>>(5)? {
                Some(month) => Some(Offer {
                    setup: Micros::new(row.get(4)?),
                    number: Micros::new(month),
                    sms: row.get::<Option<i64>>(6)?.map(Micros::new),
                    activation: row.parsed::<Activation>(7)?,
                }),
                None => None,
            },
        })
    })
}

/// The same for segments, in the order of currencies, prefixes and dates.
pub fn outbound(tx: &mut Tx<'_>) -> Result<Vec<OutboundPrice>, StoreError> {
    const ALL: &str = "
        SELECT currency, prefix, effective_from, price FROM outbound_prices
        ORDER BY currency, prefix, effective_from";

    tx.query(ALL, &[], |row: &Row<'_>| {
        Ok(OutboundPrice {
            currency: row.currency(0)?,
            prefix: row.parsed(1)?,
            from: row.time(2)?,
            price: row.get::<Option<i64>>(3)?.map(Micros::new),
        })
    })
}

/// What carriers take, in the order of carriers, prefixes and dates.
pub fn costs(tx: &mut Tx<'_>) -> Result<Vec<CarrierCost>, StoreError> {
    const ALL: &str = "
        SELECT carrier_id, prefix, effective_from, cost FROM carrier_costs
        ORDER BY carrier_id, prefix, effective_from";

    tx.query(ALL, &[], |row: &Row<'_>| {
        Ok(CarrierCost {
            carrier: CarrierId::new(row.get(0)?),
            prefix: row.parsed(1)?,
            from: row.time(2)?,
            cost: row.get::<Option<i64>>(3)?.map(Micros::new),
        })
    })
}

/// Grows with every change: whoever keeps the prices in memory reads them again then.
pub fn version(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    const VERSION: &str = "SELECT version FROM price_version WHERE id = 1";

    Ok(tx.query_one(VERSION, &[], |row| row.get(0))?.unwrap_or(0))
}

/// Says that the prices changed; answers the new version, and lets no other change come between.
pub fn change(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    const CHANGE: &str = "
        INSERT INTO price_version (id, version) VALUES (1, 1)
        ON CONFLICT (id) DO UPDATE SET version = price_version.version + 1 RETURNING version";

    tx.query_one(CHANGE, &[], |row| row.get(0))?
        .ok_or_else(|| StoreError::corrupt("a change without a version"))
}
