//! Purchases of numbers.

use domain::{
    AccountId, Country, Currency, E164, Micros, NumberId, NumberType, OrderId, Timestamp,
};

use crate::{
    Row, StoreError, Tx, Value,
    append::{Append, Field},
    params,
};

domain::words! {
    pub enum OrderStatus {
        /// Paid, and the numbers are the customer's.
        Completed = "completed",
    }
}

#[derive(Debug, Clone)]
pub struct Order {
    pub account: AccountId,
    pub id: OrderId,
    pub status: OrderStatus,
    pub currency: Currency,
    pub total: Micros,
    pub created_at: Timestamp,
    pub items: Vec<OrderItem>,
}

#[derive(Debug, Clone)]
pub struct OrderItem {
    pub number_id: NumberId,
    pub number: E164,
    pub country: Country,
    pub number_type: NumberType,
    /// Of setting it up, once.
    pub setup_price: Micros,
    /// The first month of the number.
    pub number_price: Micros,
    /// The first month of SMS, where it was ordered.
    pub sms_price: Option<Micros>,
}

pub fn insert(tx: &mut Tx<'_>, order: &Order) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO orders (account_id, id, status, currency, total, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    static ITEMS: Append<9> = Append::to(
        "order_items",
        [
            Field::Int("account_id"),
            Field::Int("order_id"),
            Field::Int("number_id"),
            Field::Text("number"),
            Field::Text("country"),
            Field::Text("type"),
            Field::Int("number_price"),
            Field::Int("sms_price"),
            Field::Int("setup_price"),
        ],
    );

    tx.execute(
        INSERT,
        params![
            order.account,
            order.id,
            order.status.as_str(),
            order.currency.as_str(),
            order.total,
            order.created_at
        ],
    )?;
    let rows: Vec<[Value<'_>; 9]> = order
        .items
        .iter()
        .map(|item| {
            [
                Value::from(order.account),
                Value::from(order.id),
                Value::from(item.number_id),
                Value::from(&item.number),
                Value::from(item.country.as_str()),
                Value::from(item.number_type.as_str()),
                Value::from(item.number_price),
                Value::from(item.sms_price),
                Value::from(item.setup_price),
            ]
        })
        .collect();
    tx.append(&ITEMS, &rows)
}

/// An account's orders, newest first, those with ids below `before`.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    before: i64,
    limit: i64,
) -> Result<Vec<Order>, StoreError> {
    const LIST: &str = "
        SELECT id, status, currency, total, created_at FROM orders
        WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    const ITEMS: &str = "
        SELECT order_id, number_id, number, country, type, number_price, sms_price, setup_price FROM order_items
        WHERE account_id = $1 AND order_id BETWEEN $2 AND $3 ORDER BY number_id";

    let mut orders = tx.query(LIST, params![account, before, limit], |row| {
        Ok(Order {
            account,
            id: OrderId::new(row.get(0)?),
            status: row.parsed(1)?,
            currency: row.currency(2)?,
            total: Micros::new(row.get(3)?),
            created_at: row.time(4)?,
            items: Vec::new(),
        })
    })?;
    let (Some(newest), Some(oldest)) = (orders.first(), orders.last()) else {
        return Ok(orders);
    };
    for (order, item) in tx.query(ITEMS, params![account, oldest.id, newest.id], read_item)? {
        if let Some(order) = orders.iter_mut().find(|listed| listed.id == order) {
            order.items.push(item);
        }
    }
    Ok(orders)
}

fn read_item(row: &Row<'_>) -> Result<(OrderId, OrderItem), StoreError> {
    let item = OrderItem {
        number_id: NumberId::new(row.get(1)?),
        number: row.parsed(2)?,
        country: row.parsed(3)?,
        number_type: row.parsed(4)?,
        number_price: Micros::new(row.get(5)?),
        sms_price: row.get::<Option<i64>>(6)?.map(Micros::new),
        setup_price: Micros::new(row.get(7)?),
    };
    Ok((OrderId::new(row.get(0)?), item))
}
