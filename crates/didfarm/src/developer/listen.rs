//! The account's events, posted to a program on this machine as a webhook would be.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context;
use domain::Timestamp;
use engine::{Clock, mirror};
use serde_json::json;

use super::{Session, client, options::ListenOptions, output, stream::Stream};

/// A program that is being written may be restarted meanwhile.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// As long as a webhook is given.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

pub(super) async fn run(options: &ListenOptions) -> anyhow::Result<ExitCode> {
    let session = Session::open(&options.global)?;
    let wanted = |event: &str| match &options.events {
        Some(wanted) => wanted.iter().any(|wanted| wanted.as_str() == event),
        None => true,
    };
    let forward = options.forward_to.clone().map(Forward::to).transpose()?;
    let mut stream = Stream::open(&session.client, "/portal/events?format=webhook").await?;
    let secret = &session.profile.listen_secret;
    if session.json {
        output::document(&json!({"listening": true, "secret": secret}))?;
    } else {
        output::line(&format!("Listening to {}. Ctrl-C ends it.", session.profile.base_url))?;
        output::line(&format!("Signing secret: {secret}"))?;
    }
    loop {
        let told = stream.next().await?;
        if !wanted(&told.event) {
            continue;
        }
        let Some(forward) = &forward else {
            if session.json {
                output::line(&told.data)?;
            } else {
                output::line(&format!("{}  {}", told.event, output::inline(&told.data)))?;
            }
            continue;
        };
        // The same at every try, as with webhooks: a receiver knows what it has seen.
        let id = format!("listen_{}", told.seq);
        let mut pauses = PAUSES.iter();
        loop {
            let posted = forward.post(secret, &id, &told.data).await?;
            show(&session, &told.event, &id, &posted)?;
            match pauses.next() {
                Some(pause) if !posted.is_success() => tokio::time::sleep(*pause).await,
                Some(_) => break,
                None => {
                    if !posted.is_success() {
                        eprintln!("didfarm: {id} is given up");
                    }
                    break;
                }
            }
        }
    }
}

/// Where events are posted.
pub(super) struct Forward {
    http: reqwest::Client,
    url: reqwest::Url,
}

/// What came of a try.
pub(super) struct Posted {
    /// What was answered, or why nothing was.
    answer: Result<u16, String>,
    took: Duration,
}

impl Posted {
    pub(super) fn is_success(&self) -> bool {
        self.answer.as_ref().is_ok_and(|status| (200..300).contains(status))
    }
}

impl Forward {
    pub(super) fn to(url: reqwest::Url) -> anyhow::Result<Self> {
        Ok(Self { http: client::http()?, url })
    }

    pub(super) async fn post(&self, secret: &str, id: &str, body: &str) -> anyhow::Result<Posted> {
        let now: Timestamp = Clock::System.now();
        let signature = mirror::signature_by(secret, id, now, body)
            .context("the profile's secret is damaged: run didfarm logout and login")?;
        let began = Instant::now();
        let sent = self
            .http
            .post(self.url.clone())
            .timeout(ANSWER_WITHIN)
            .header("Content-Type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.seconds())
            .header("webhook-signature", signature)
            .body(body.to_owned())
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) if error.is_timeout() => Err("no answer in 15 s".to_owned()),
            Err(error) if error.is_connect() => Err("nothing listens there".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        Ok(Posted { answer, took: began.elapsed() })
    }
}

pub(super) fn show(
    session: &Session,
    event: &str,
    id: &str,
    posted: &Posted,
) -> anyhow::Result<()> {
    let took = posted.took.as_millis();
    if session.json {
        let (status, error) = match &posted.answer {
            Ok(status) => (Some(*status), None),
            Err(error) => (None, Some(error)),
        };
        let took = u64::try_from(took).unwrap_or(u64::MAX);
        output::document(
            &json!({"event": event, "id": id, "status": status, "error": error, "duration_ms": took}),
        )?;
    } else {
        let answer = match &posted.answer {
            Ok(status) => status.to_string(),
            Err(error) => error.clone(),
        };
        output::line(&format!("{event:<20}  {id:<14}  {answer}  {took} ms"))?;
    }
    Ok(())
}
