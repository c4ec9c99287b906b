//! The account's webhooks, and trying them.

use std::process::ExitCode;

use anyhow::bail;
use engine::{Clock, mirror};
use serde_json::{Value, json};

use super::{
    Session, listen,
    options::{Global, TriggerOptions, WebhooksCommand},
    output,
};

pub(super) async fn run(command: WebhooksCommand) -> anyhow::Result<ExitCode> {
    match command {
        WebhooksCommand::List(global) => list(&global).await,
        WebhooksCommand::Trigger(options) => trigger(&options).await,
    }
}

async fn webhooks(session: &Session) -> anyhow::Result<Vec<Value>> {
    let answer = session.client.get("/portal/webhooks?limit=200").await?;
    Ok(answer["webhooks"].as_array().cloned().unwrap_or_default())
}

async fn list(global: &Global) -> anyhow::Result<ExitCode> {
    let session = Session::open(global)?;
    let webhooks = webhooks(&session).await?;
    if session.json {
        output::document(&Value::Array(webhooks))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = webhooks
        .iter()
        .map(|webhook| {
            let events: Vec<&str> = names(webhook).collect();
            let field = |name: &str| output::text(&webhook[name]);
            vec![field("id"), field("status"), field("url"), events.join(",")]
        })
        .collect();
    output::table(&rows)?;
    Ok(ExitCode::SUCCESS)
}

fn names(webhook: &Value) -> impl Iterator<Item = &str> {
    webhook["events"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

async fn trigger(options: &TriggerOptions) -> anyhow::Result<ExitCode> {
    let session = Session::open(&options.global)?;
    let event = options.event;
    if let Some(url) = &options.forward_to {
        let now = Clock::System.now();
        let forward = listen::Forward::to(url.clone())?;
        let id = format!("test_{}", now.micros());
        let body = mirror::sample(event, now);
        let posted = forward.post(&session.profile.listen_secret, &id, &body).await?;
        listen::show(&session, event.as_str(), &id, &posted)?;
        return Ok(if posted.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let wanted = |webhook: &Value| match options.webhook {
        Some(id) => webhook["id"] == id,
        None => webhook["status"] == "enabled" && names(webhook).any(|name| name == event.as_str()),
    };
    let found: Vec<Value> = webhooks(&session).await?.into_iter().filter(wanted).collect();
    if found.is_empty() {
        match options.webhook {
            Some(id) => bail!("there is no webhook {id}: didfarm webhooks list"),
            None => bail!(
                "no enabled webhook names {event}: make one in the portal, or use --forward-to"
            ),
        }
    }
    for webhook in found {
        let path = format!("/portal/webhooks/{}/test", webhook["id"]);
        let body = json!({"event": event.as_str()});
        let begun = session.client.post(&path, &body, &engine::random_password()).await?;
        if session.json {
            output::document(&begun["delivery"])?;
        } else {
            let (delivery, url) = (&begun["delivery"]["id"], output::text(&webhook["url"]));
            output::line(&format!("{event} is on its way to {url} (delivery {delivery})"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
