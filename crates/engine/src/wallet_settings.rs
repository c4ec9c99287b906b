//! What a customer sets for the wallet.

use domain::{AccountId, Micros};
use store::wallets::{self, Wallet};

use crate::{Engine, UseError};

/// What is to change; an inner `None` lifts the setting.
#[derive(Debug, Clone, Copy, Default)]
pub struct WalletPatch {
    /// For messages, on a day in UTC.
    pub daily_spend_cap: Option<Option<Micros>>,
}

impl Engine {
    pub async fn update_wallet(
        &self,
        account: AccountId,
        patch: WalletPatch,
    ) -> Result<Wallet, UseError> {
        if let Some(Some(cap)) = patch.daily_spend_cap
            && cap < Micros::ZERO
        {
            let message = "daily_spend_cap is not negative; null lifts it";
            return Err(UseError::invalid("daily_spend_cap", message));
        }
        self.store
            .write(move |tx| {
                if let Some(cap) = patch.daily_spend_cap {
                    wallets::cap(tx, account, cap)?;
                }
                wallets::find(tx, account)?.ok_or(UseError::NotFound("wallet"))
            })
            .await
    }
}
