//! What a customer sets for the wallet.

use domain::{AccountId, Micros};
use store::{
    StoreError, Tx,
    auto_recharges::{self, AutoRecharge},
    low_balances,
    saved_cards::{self, SavedCard},
    wallets::{self, Wallet},
};

use crate::{
    Engine, UseError,
    auto_recharge::{AutoRechargePatch, changed},
};

/// What is to change; an inner `None` lifts the setting.
#[derive(Debug, Clone, Copy, Default)]
pub struct WalletPatch {
    /// For messages, on a day in UTC.
    pub daily_spend_cap: Option<Option<Micros>>,
    /// Told by event and letter.
    pub low_balance_below: Option<Option<Micros>>,
    pub auto_recharge: Option<AutoRechargePatch>,
}

/// The wallet with its settings.
#[derive(Debug, Clone)]
pub struct WalletSeen {
    pub wallet: Wallet,
    pub card: Option<SavedCard>,
    pub auto_recharge: Option<AutoRecharge>,
}

impl Engine {
    pub async fn wallet(&self, account: AccountId) -> Result<Option<WalletSeen>, StoreError> {
        self.store.read(move |tx| seen(tx, account)).await
    }

    pub async fn update_wallet(
        &self,
        account: AccountId,
        patch: WalletPatch,
    ) -> Result<WalletSeen, UseError> {
        not_negative("daily_spend_cap", patch.daily_spend_cap)?;
        not_negative("low_balance_below", patch.low_balance_below)?;
        let wallet = self.store.write(move |tx| {
            if let Some(cap) = patch.daily_spend_cap {
                wallets::cap(tx, account, cap)?;
            }
            if let Some(below) = patch.low_balance_below {
                low_balances::choose(tx, account, below)?;
            }
            let wallet = wallets::find(tx, account)?.ok_or(UseError::NotFound("wallet"))?;
            if let Some(patch) = patch.auto_recharge {
                changed(tx, account, patch, &wallet)?;
            }
            seen(tx, account)?.ok_or(UseError::NotFound("wallet"))
        });
        wallet.await
    }
}

fn seen(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<WalletSeen>, StoreError> {
    let Some(wallet) = wallets::find(tx, account)? else { return Ok(None) };
    Ok(Some(WalletSeen {
        wallet,
        card: saved_cards::find(tx, account)?,
        auto_recharge: auto_recharges::find(tx, account)?,
    }))
}

fn not_negative(param: &str, amount: Option<Option<Micros>>) -> Result<(), UseError> {
    if matches!(amount, Some(Some(amount)) if amount < Micros::ZERO) {
        let message = format!("{param} is not negative; null lifts it");
        return Err(UseError::invalid(param, message));
    }
    Ok(())
}
