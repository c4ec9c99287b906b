//! E-mail: links by which people show that an address is theirs, or set a new password.

use std::time::Duration;

use domain::Email;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use store::mail_tokens::Purpose;

use crate::Engine;

/// How letters leave.
#[derive(Clone, Default)]
pub enum Mailer {
    /// Not at all: links are written to the log, for the operator to pass on.
    #[default]
    Log,
    Smtp(Box<Smtp>),
}

#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why mail cannot be sent with these settings, by the one that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMailer {
    #[error("write it like smtps://user:password@mail.example.com or smtp://localhost:25")]
    Url,
    #[error("write it like didfarm <noreply@example.com>")]
    From,
}

/// A mail server that does not answer within this long is tried again later.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);

/// Pauses before the further tries to hand a letter over.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Log => "Mailer::Log",
            Self::Smtp(_) => "Mailer::Smtp",
        })
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Smtp")
    }
}

impl Mailer {
    /// `smtp://` speaks in the clear unless it ends with `?tls=required`; `smtps://` never does.
    pub fn smtp(url: &str, from: &str) -> Result<Self, InvalidMailer> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| InvalidMailer::Url)?
            .timeout(Some(SMTP_TIMEOUT))
            .build();
        let from = from.parse().map_err(|_| InvalidMailer::From)?;
        Ok(Self::Smtp(Box::new(Smtp { transport, from })))
    }
}

/// A letter on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) to: Email,
    /// What it is for, as the log tells it.
    pub(crate) what: &'static str,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// What the operator passes on where there is no mail server.
    pub(crate) link: Option<String>,
}

impl Letter {
    /// A letter with one link.
    pub(crate) fn with_link(to: Email, purpose: Purpose, link: String, brand: &str) -> Self {
        Self {
            to,
            what: purpose.as_str(),
            subject: subject(purpose, brand),
            text: text(purpose, &link, brand),
            link: Some(link),
        }
    }
}

fn subject(purpose: Purpose, brand: &str) -> String {
    match purpose {
        Purpose::Verify => format!("Confirm your e-mail address for {brand}"),
        Purpose::Reset => format!("Set a new password for {brand}"),
    }
}

fn text(purpose: Purpose, link: &str, brand: &str) -> String {
    match purpose {
        Purpose::Verify => format!(
            "Welcome to {brand}.\n\nOpen this link to confirm that this address is yours:\n\n\
             {link}\n\nIt works once, within 24 hours. If you did not sign up, ignore this letter.\n"
        ),
        Purpose::Reset => format!(
            "Somebody, probably you, asked for a new password at {brand}.\n\n\
             Open this link to set one:\n\n{link}\n\n\
             It works once, within an hour. If it was not you, ignore this letter: \
             your password stays as it is.\n"
        ),
    }
}

impl Engine {
    /// Sends a letter in the background.
    pub(crate) fn send_letter(&self, letter: Letter) {
        let Mailer::Smtp(smtp) = self.config.site.mailer.clone() else {
            match letter.link {
                Some(link) => tracing::info!(
                    link,
                    "no mail server is set up (smtp_url): pass this link on to {}",
                    letter.to
                ),
                None => tracing::info!(
                    what = letter.what,
                    "no mail server is set up (smtp_url): a letter was not sent"
                ),
            }
            return;
        };
        let stopping = self.stopping.clone();
        tokio::spawn(async move {
            for pause in PAUSES.map(Some).into_iter().chain([None]) {
                let Err(error) = hand_over(&smtp, &letter).await else { return };
                let Some(pause) = pause else {
                    tracing::error!(%error, what = letter.what, "a letter was given up");
                    return;
                };
                tracing::warn!(%error, what = letter.what, "a letter is tried again later");
                tokio::select! {
                    () = stopping.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
    }
}

async fn hand_over(smtp: &Smtp, letter: &Letter) -> Result<(), HandOver> {
    let message = Message::builder()
        .from(smtp.from.clone())
        .to(Mailbox::new(None, letter.to.as_str().parse()?))
        .subject(&letter.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.clone())?;
    smtp.transport.send(message).await?;
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum HandOver {
    #[error("the address cannot be written to: {0}")]
    Address(#[from] lettre::address::AddressError),
    #[error("the letter cannot be written: {0}")]
    Letter(#[from] lettre::error::Error),
    #[error("the mail server did not take it: {0}")]
    Server(#[from] lettre::transport::smtp::Error),
}
