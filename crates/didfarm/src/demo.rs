//! `--demo`: on the first start, everything that is needed to try it.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc};

use anyhow::Context;
use domain::{AccountId, Micros, NumberId, NumberStatus};
use engine::{
    Engine, NewAccount, NewCarrier, NewNumber, NewRoute, NumberPatch, hash_password,
    random_password,
};
use serde_json::{Value, json};

/// What the customer starts with: €25.00.
const CREDIT: Micros = Micros::new(25_000_000);

/// The customer's numbers, from ranges reserved for fiction.
const OWNED: [(&str, &str, &str); 3] = [
    ("+447700900001", "GB", "mobile"),
    ("+442079460001", "GB", "local"),
    ("+33639980001", "FR", "mobile"),
];

/// Numbers to order from: prefix, digits after it, how many, country, type.
const INVENTORY: [(&str, usize, u32, &str, &str); 6] = [
    ("+4477009001", 2, 50, "GB", "mobile"),
    ("+4420794600", 2, 50, "GB", "local"),
    ("+49171392000", 1, 10, "DE", "mobile"),
    ("+493023125", 3, 50, "DE", "local"),
    ("+3363998", 4, 50, "FR", "mobile"),
    ("+1212555010", 1, 10, "US", "local"),
];

/// Makes the demo's data unless there is an operator already; answers what to print.
pub(crate) async fn prepare(
    engine: &Arc<Engine>,
    data_dir: &Path,
    base_url: &str,
) -> anyhow::Result<String> {
    let path = data_dir.join("demo.json");
    if engine.has_operator().await? {
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "this database is in use already and {} is gone; start without --demo",
                path.display()
            )
        })?;
        let mut demo: Value = serde_json::from_str(&text).context("demo.json cannot be read")?;
        demo["base_url"] = base_url.into();
        write(&path, &demo)?;
        return Ok(welcome(&demo));
    }
    let operator_password = random_password();
    let hash = hash_password(operator_password.clone()).await;
    let operator_email = "operator@demo.example";
    let operator_key = engine.create_operator(operator_email.parse()?, hash).await?;

    // First, so that their ids are the same whatever else a demo comes to have: documents name them.
    let mut ids = Vec::new();
    for (number, country, number_type) in OWNED {
        let new = number_of(number, country, number_type)?;
        let made = engine.create_number(new, None, |record| json!(record.id.get())).await?;
        ids.push(NumberId::new(made.answer.as_i64().unwrap_or_default()));
    }
    let carrier = NewCarrier {
        name: "Simulator".to_owned(),
        kind: carrier_kind()?,
        enabled: true,
        settings: json!({}),
    };
    let made = engine.create_carrier(carrier, None, |record| json!(record.id.get())).await?;
    let carrier = domain::CarrierId::new(made.answer.as_i64().unwrap_or_default());
    let route = NewRoute { prefix: "+".parse()?, carrier, priority: 1_000, weight: 1 };
    engine.create_route(route, None, |_| Value::Null).await?;

    let password = random_password();
    let email = "customer@demo.example";
    let new = NewAccount {
        name: "Demo customer".to_owned(),
        email: email.parse()?,
        password_hash: Some(hash_password(password.clone()).await),
        vat_rate: domain::VatRate::ZERO,
        // The only one with prices of its own accord.
        currency: Some(engine.config().prices.currency),
        verified: true,
    };
    let made = engine
        .create_account(
            new,
            None,
            |made| json!({"id": made.account.id.get(), "key": made.api_key.secret}),
        )
        .await?
        .answer;
    let account = AccountId::new(made["id"].as_i64().unwrap_or_default());
    let note = "Welcome to the demo".to_owned();
    engine.credit(account, CREDIT, note, None, |_| Value::Null).await?;

    let mut numbers = Vec::new();
    for (id, (number, country, number_type)) in ids.into_iter().zip(OWNED) {
        let owned = NumberPatch {
            status: Some(NumberStatus::Active),
            account: Some(Some(account)),
            sms_enabled: Some(true),
            ..NumberPatch::default()
        };
        engine.update_number(id, owned).await?;
        numbers.push(json!({
            "id": id.get(), "number": number, "country": country, "type": number_type,
        }));
    }
    stock(engine).await?;
    let demo = json!({
        "base_url": base_url,
        "operator": {
            "email": operator_email,
            "password": operator_password,
            "api_key": operator_key.secret,
        },
        "account": {
            "id": account.get(), "email": email, "password": password, "api_key": made["key"],
        },
        "numbers": numbers,
    });
    write(&path, &demo)?;
    Ok(welcome(&demo))
}

fn carrier_kind<T: std::str::FromStr>() -> anyhow::Result<T> {
    "simulator".parse().map_err(|_| anyhow::anyhow!("the simulator is a kind of carrier"))
}

/// An inventory to order from.
async fn stock(engine: &Arc<Engine>) -> anyhow::Result<()> {
    let mut csv = String::from("number,country,type,simulated\n");
    for (prefix, digits, count, country, number_type) in INVENTORY {
        for index in 0..count {
            csv.push_str(&format!("{prefix}{index:0digits$},{country},{number_type},true\n"));
        }
    }
    engine
        .import_numbers(csv, None)
        .await
        .map_err(|error| anyhow::anyhow!("the demo's inventory cannot be made: {error:?}"))?;
    Ok(())
}

fn number_of(number: &str, country: &str, number_type: &str) -> anyhow::Result<NewNumber> {
    Ok(NewNumber {
        number: number.parse()?,
        country: country.parse()?,
        number_type: number_type.parse()?,
        status: NumberStatus::Available,
        account: None,
        sms_enabled: false,
        carrier: None,
        simulated: true,
    })
}

/// Readable by its owner only: it holds keys.
/// Replaces the file at once: half of it would keep the next start from its keys.
fn write(path: &Path, demo: &Value) -> anyhow::Result<()> {
    let fresh = path.with_extension("json.new");
    let cannot = || format!("{} cannot be written", path.display());
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .with_context(cannot)?;
    file.write_all(serde_json::to_string_pretty(demo)?.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all().with_context(cannot)?;
    fs::rename(&fresh, path).with_context(cannot)?;
    Ok(())
}

fn welcome(demo: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let base_url = text(&demo["base_url"]);
    format!(
        "
Demo
  operator   {} / {}   API key {}
  customer   {} / {}   API key {}

Send a message:

curl -X POST {base_url}/api/v1/portal/sms/send \\
  -H \"Authorization: Bearer {}\" \\
  -H \"Content-Type: application/json\" \\
  -d '{{\"from_number_id\": {}, \"to\": \"+447700900123\", \"body\": \"Hello from didfarm!\"}}'
",
        text(&demo["operator"]["email"]),
        text(&demo["operator"]["password"]),
        text(&demo["operator"]["api_key"]),
        text(&demo["account"]["email"]),
        text(&demo["account"]["password"]),
        text(&demo["account"]["api_key"]),
        text(&demo["account"]["api_key"]),
        demo["numbers"][0]["id"],
    )
}
