//! Balances that fall below their threshold: an event, and a letter where the customer chose it.

use domain::{AccountId, Email, Micros, Timestamp};
use serde_json::json;
use store::{
    StoreError, accounts,
    events::{self, EventKind, NewEvent},
    low_balances::{self, LowBalance},
};

use crate::{Engine, mail::Letter};

/// Unless another was chosen, a balance under this is low: 5.00.
pub const LOW_BALANCE: Micros = Micros::new(5_000_000);

impl Engine {
    /// Tells accounts that their balance is low, once each time that it falls.
    pub(crate) async fn tell_low_balances(&self, now: Timestamp) -> Result<(), StoreError> {
        let low = self.store.read(|tx| low_balances::untold(tx, LOW_BALANCE)).await?;
        if !low.is_empty() {
            let accounts: Vec<AccountId> = low.iter().map(|low| low.account).collect();
            let letters = self.store.write(move |tx| {
                let mut letters = Vec::new();
                for low in &low {
                    if !low_balances::tell(tx, low.account, now)? {
                        continue;
                    }
                    events::append(tx, &[news(low)], now)?;
                    if low.chosen
                        && let Some(owner) = accounts::find(tx, low.account)?
                    {
                        letters.push((owner.email, *low));
                    }
                }
                Ok::<_, StoreError>(letters)
            });
            for (email, low) in letters.await? {
                // What is no address any more gets no letter; the event tells all the same.
                if let Ok(to) = email.parse() {
                    self.send_letter(self.low_balance_letter(to, &low));
                }
            }
            self.hub.tell(accounts);
        }
        let recovered = self.store.read(|tx| low_balances::any_recovered(tx, LOW_BALANCE)).await?;
        if recovered {
            self.store.write(|tx| low_balances::forget_recovered(tx, LOW_BALANCE)).await?;
        }
        Ok(())
    }

    fn low_balance_letter(&self, to: Email, low: &LowBalance) -> Letter {
        let site = &self.config.site;
        let LowBalance { available, below, currency, .. } = low;
        Letter {
            to,
            what: "low_balance",
            subject: format!("{}: your balance is low", site.brand),
            text: format!(
                "Your wallet holds {available} {currency}, less than the {below} {currency} at which \
                 you asked to be told.\n\nTop up at {}/wallet\n",
                site.public_url
            ),
            link: None,
        }
    }
}

fn news(low: &LowBalance) -> NewEvent {
    let money =
        |amount: Micros| json!({"amount": amount.to_string(), "currency": low.currency.as_str()});
    let data = json!({"balance": money(low.available), "threshold": money(low.below)});
    NewEvent {
        account: low.account,
        kind: EventKind::WalletLowBalance,
        message: None,
        status: None,
        data: Some(data.to_string()),
    }
}
