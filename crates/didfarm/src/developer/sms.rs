//! Sending texts, and following them.

use std::{collections::HashSet, process::ExitCode};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{
    Session,
    options::{ListOptions, SendOptions, ShowOptions, SmsCommand},
    output,
    stream::Stream,
};

pub(super) async fn run(command: SmsCommand) -> anyhow::Result<ExitCode> {
    match command {
        SmsCommand::Send(options) => send(&options).await,
        SmsCommand::List(options) => list(&options).await,
        SmsCommand::Show(options) => show(&options).await,
    }
}

async fn send(options: &SendOptions) -> anyhow::Result<ExitCode> {
    let session = Session::open(&options.global)?;
    let from = sender(&session, options.from.as_deref()).await?;
    let body = json!({"from_number_id": from, "to": options.to, "body": options.text});
    if options.dry_run {
        return quote(&session, &body).await;
    }
    let key = match &options.idempotency_key {
        Some(key) => key.clone(),
        None => engine::random_password(),
    };
    // Listening begins before the send, so that nothing falls in between.
    let stream = match options.wait {
        true => Some(Stream::open(&session.client, "/portal/events").await?),
        false => None,
    };
    let sent = session.client.post("/portal/sms/send", &body, &key).await?;
    let mut message = sent["message"].clone();
    show_news(&session, &message)?;
    let Some(mut stream) = stream else { return Ok(ExitCode::SUCCESS) };
    // The answer to a repeat tells of the first time: the message may have ended long ago.
    let now = session.client.get(&format!("/portal/sms/{}", message["id"])).await?;
    if now["message"]["status"] != message["status"] {
        message = now["message"].clone();
        show_news(&session, &message)?;
    }
    while !has_ended(&message) {
        let told = stream.next().await?;
        let news: Value = serde_json::from_str(&told.data).unwrap_or_default();
        if news["message"]["id"] == message["id"] && news["message"]["status"] != message["status"]
        {
            message = news["message"].clone();
            show_news(&session, &message)?;
        }
    }
    let failed = message["status"] == "failed";
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn has_ended(message: &Value) -> bool {
    matches!(message["status"].as_str(), Some("delivered" | "failed"))
}

async fn quote(session: &Session, body: &Value) -> anyhow::Result<ExitCode> {
    let answer = session.client.post("/portal/sms/quote", body, &engine::random_password()).await?;
    let quote = &answer["quote"];
    if session.json {
        output::document(quote)?;
        return Ok(ExitCode::SUCCESS);
    }
    let count = |name: &str| output::text(&quote[name]);
    output::line(&format!(
        "{} characters, {} segments of {}: {}",
        count("characters"),
        count("segments"),
        count("encoding"),
        output::money(&quote["price"])
    ))?;
    for offender in quote["forced_by"].as_array().into_iter().flatten() {
        let spelling = match offender["gsm_spelling"].as_str() {
            Some(spelling) => format!("; write {spelling:?} instead"),
            None => String::new(),
        };
        output::line(&format!("{} forces ucs2{spelling}", output::text(&offender["character"])))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The id of the number that is named, or of the only one that can send.
async fn sender(session: &Session, named: Option<&str>) -> anyhow::Result<i64> {
    if let Some(id) = named.and_then(|named| named.parse::<i64>().ok()).filter(|_| !is_e164(named))
    {
        return Ok(id);
    }
    let answer = session.client.get("/portal/sms/numbers").await?;
    let numbers = answer["numbers"].as_array().cloned().unwrap_or_default();
    let id = |number: &Value| number["id"].as_i64().context("a number has an id");
    if let Some(named) = named {
        let found = numbers.iter().find(|number| number["number"] == named);
        return found.map(id).with_context(|| {
            format!("{named} is not one of your numbers: didfarm numbers list")
        })?;
    }
    let can_send: Vec<&Value> =
        numbers.iter().filter(|number| number["sms_enabled"] == true).collect();
    match can_send.as_slice() {
        [only] => id(only),
        [] => {
            bail!("none of your numbers has SMS on: switch it on in the portal, under My Numbers")
        }
        several => {
            bail!("{} numbers can send: choose one by --from (didfarm numbers list)", several.len())
        }
    }
}

fn is_e164(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.starts_with('+'))
}

async fn list(options: &ListOptions) -> anyhow::Result<ExitCode> {
    let session = Session::open(&options.global)?;
    let stream = match options.follow {
        true => Some(Stream::open(&session.client, "/portal/events").await?),
        false => None,
    };
    let wanted = Wanted::of(&session, options).await?;
    let answer = session.client.get(&wanted.path(options.limit)).await?;
    let messages = answer["messages"].as_array().cloned().unwrap_or_default();
    let Some(mut stream) = stream else {
        if session.json {
            output::document(&Value::Array(messages))?;
        } else {
            for message in &messages {
                show_news(&session, message)?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    };
    // The oldest first, as what follows comes below.
    for message in messages.iter().rev() {
        show_news(&session, message)?;
    }
    // What happened between the stream's beginning and the list is in both.
    let listed: HashSet<(i64, String)> = messages.iter().map(place).collect();
    loop {
        let told = stream.next().await?;
        let news: Value = serde_json::from_str(&told.data).unwrap_or_default();
        let message = if told.event == "sms.received" || told.event == "sms.status" {
            &news["message"]
        } else {
            continue;
        };
        if wanted.includes(message) && !listed.contains(&place(message)) {
            show_news(&session, message)?;
        }
    }
}

/// A message at one point of its life.
fn place(message: &Value) -> (i64, String) {
    (message["id"].as_i64().unwrap_or_default(), output::text(&message["status"]))
}

/// Which messages are asked for.
struct Wanted {
    direction: Option<String>,
    number: Option<i64>,
    status: Option<String>,
    since: Option<String>,
}

impl Wanted {
    async fn of(session: &Session, options: &ListOptions) -> anyhow::Result<Self> {
        let number = match &options.number {
            Some(named) => Some(sender(session, Some(named)).await?),
            None => None,
        };
        // A day begins at its midnight, UTC.
        let since = options.since.as_ref().map(|since| {
            if since.contains('T') { since.clone() } else { format!("{since}T00:00:00Z") }
        });
        Ok(Self {
            direction: options.direction.clone(),
            number,
            status: options.status.clone(),
            since,
        })
    }

    fn path(&self, limit: u8) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &limit.to_string());
        let number = self.number.map(|id| id.to_string());
        for (name, value) in [
            ("direction", &self.direction),
            ("number_id", &number),
            ("status", &self.status),
            ("since", &self.since),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        format!("/portal/sms?{}", query.finish())
    }

    /// Whether one that was just told of is among them.
    fn includes(&self, message: &Value) -> bool {
        let fits = |wanted: &Option<String>, field: &str| {
            wanted.as_ref().is_none_or(|wanted| message[field] == wanted.as_str())
        };
        fits(&self.direction, "direction")
            && fits(&self.status, "status")
            && self.number.is_none_or(|number| message["number_id"] == number)
    }
}

async fn show(options: &ShowOptions) -> anyhow::Result<ExitCode> {
    let session = Session::open(&options.global)?;
    let answer = session.client.get(&format!("/portal/sms/{}", options.id)).await?;
    let message = &answer["message"];
    if session.json {
        output::document(message)?;
        return Ok(ExitCode::SUCCESS);
    }
    let field = |name: &str| output::text(&message[name]);
    output::line(&format!("message   {} ({})", field("id"), field("direction")))?;
    output::line(&format!("status    {}", field("status")))?;
    output::line(&format!("from      {}", output::inline(&field("from"))))?;
    output::line(&format!("to        {}", output::inline(&field("to"))))?;
    output::line(&format!("text      {}", output::inline(&field("body"))))?;
    output::line(&format!("segments  {} of {}", field("segments"), field("encoding")))?;
    output::line(&format!("price     {}", output::money(&message["price"])))?;
    if message["error"].is_object() {
        let said = |name: &str| output::text(&message["error"][name]);
        output::line(&format!("error     {}: {}", said("code"), said("message")))?;
    }
    for event in message["events"].as_array().into_iter().flatten() {
        let status = output::text(&event["status"]);
        output::line(&format!("{}  {status}", output::time(&event["at"])))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A line for a message as it is now.
fn show_news(session: &Session, message: &Value) -> anyhow::Result<()> {
    if session.json {
        output::document(message)?;
        return Ok(());
    }
    let field = |name: &str| output::text(&message[name]);
    let error = match message["error"]["code"].as_str() {
        Some(code) => format!("  ({code})"),
        None => String::new(),
    };
    output::line(&format!(
        "{:>10}  {}  {}  {} → {}  {}{error}",
        field("id"),
        output::time(&message["created_at"]),
        output::status(&field("status")),
        output::inline(&field("from")),
        output::inline(&field("to")),
        output::inline(&field("body")),
    ))?;
    Ok(())
}
