//! Tells an owner that an endpoint was disabled, by an event and by e-mail.

use domain::{AccountId, Email, Timestamp, WebhookId};
use serde_json::json;
use store::{
    StoreError, Tx, accounts,
    events::{self, EventKind, NewEvent},
    webhooks::DisabledReason,
};

use crate::{Engine, mail::Letter};

/// An endpoint that was disabled, and whom to tell.
#[derive(Debug, Clone)]
pub(crate) struct Disabled {
    pub(crate) account: AccountId,
    pub(crate) webhook: WebhookId,
    to: Option<Email>,
    url: String,
    reason: DisabledReason,
}

/// Stores the event; answers what is left to do after the commit.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    account: AccountId,
    webhook: WebhookId,
    url: &str,
    reason: DisabledReason,
    at: Timestamp,
) -> Result<Disabled, StoreError> {
    let data = json!({
        "id": webhook.get(), "url": url, "status": "disabled", "reason": reason.as_str(),
    });
    let news = NewEvent {
        account,
        kind: EventKind::WebhookStatus,
        message: None,
        status: None,
        data: Some(data.to_string()),
    };
    events::append(tx, &[news], at)?;
    let to = accounts::find(tx, account)?.and_then(|account| account.email.parse().ok());
    Ok(Disabled { account, webhook, to, url: url.to_owned(), reason })
}

impl Engine {
    pub(crate) fn send_notice(&self, disabled: Disabled) {
        let Disabled { account, to, url, reason, .. } = disabled;
        tracing::info!(%account, %reason, "a webhook was disabled");
        let Some(to) = to else { return };
        let why = match reason {
            DisabledReason::Gone => "it answered 410 Gone",
            DisabledReason::Failing => "nothing that was sent to it for five days was accepted",
            DisabledReason::ByCustomer => "you disabled it",
        };
        let page = format!("{}/webhooks", self.config.site.public_url);
        let text = format!(
            "Your webhook\n\n{url}\n\nwas disabled, because {why}.\n\nNo events are sent to it until you enable \
             it again at\n\n{page}\n\nThere you can also have what it missed sent again.\n"
        );
        let subject = format!("A webhook was disabled at {}", self.config.site.brand);
        self.send_letter(Letter { to, what: "webhook disabled", subject, text, link: None });
    }
}
