//! The stage: a server with accounts, money, numbers, a carrier and a route.

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use crate::{
    load::{DIGITS, Template},
    server::{Engine, Server},
};

/// A customer with one number and more money than a benchmark spends.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) number: i64,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) accounts: Vec<Account>,
    pub(crate) carrier: i64,
}

/// The body of a single send of one segment; its destination's last digits change.
pub(crate) fn body(number: i64) -> String {
    format!(
        r#"{{"from_number_id":{number},"to":"+447700{DIGITS}","body":"Your parcel arrives today between 10 and 12"}}"#
    )
}

/// A batch of sends, all of one segment.
pub(crate) fn batch_body(number: i64, messages: usize) -> String {
    format!(r#"{{"messages":[{}]}}"#, vec![body(number); messages].join(","))
}

impl World {
    /// `smsc`: the port of the carrier's SMSC; none: a carrier that never comes up,
    /// so that what is accepted stays queued.
    pub(crate) fn build(
        program: &Path,
        parent: &Path,
        engine: Engine,
        accounts: usize,
        smsc: Option<u16>,
    ) -> anyhow::Result<Self> {
        let server = Server::start(program, parent, engine)?;
        let mut operator = server.operator()?;
        let settings = json!({
            "host": "127.0.0.1", "port": smsc.unwrap_or(9), "system_id": "bench",
            "password": "bench", "window": 1_000, "sessions": 1,
        });
        let carrier = operator.post(
            "/operator/carriers",
            &json!({"name": "SMSC", "kind": "smpp", "enabled": true, "settings": settings}),
        )?;
        let carrier = id(&carrier, "/carrier/id")?;
        operator.post("/operator/routes", &json!({"prefix": "+", "carrier_id": carrier}))?;
        let mut made = Vec::with_capacity(accounts);
        for index in 0..accounts {
            let name = format!("Account {index}");
            let email = format!("account{index}@example.com");
            let answer =
                operator.post("/operator/accounts", &json!({"name": name, "email": email}))?;
            let account = id(&answer, "/account/id")?;
            let key = answer.pointer("/api_key").and_then(Value::as_str).context("no API key")?;
            let path = format!("/operator/accounts/{account}");
            operator.patch(&path, &json!({"rate_limit": 1_000_000}))?;
            operator.post(&format!("{path}/credits"), &json!({"amount": "100000000.00"}))?;
            let number = operator.post(
                "/operator/numbers",
                &json!({
                    "number": format!("+447911{index:06}"), "country": "GB", "type": "mobile",
                    "status": "active", "account_id": account, "sms_enabled": true,
                }),
            )?;
            let number = id(&number, "/number/id")?;
            made.push(Account { id: account, key: key.to_owned(), number });
        }
        Ok(Self { server, accounts: made, carrier })
    }

    /// A single send of each account.
    pub(crate) fn sends(&self) -> Vec<Template> {
        self.accounts
            .iter()
            .map(|account| {
                Template::post(&account.key, "/api/v1/portal/sms/send", &body(account.number))
            })
            .collect()
    }
}

fn id(answer: &Value, pointer: &str) -> anyhow::Result<i64> {
    answer.pointer(pointer).and_then(Value::as_i64).with_context(|| format!("no id in {answer}"))
}
