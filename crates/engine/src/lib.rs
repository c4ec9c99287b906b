//! The use cases and the workers: accept, dispatch, answers, receipts, inbound, housekeeping.
//!
//! [`Engine`] opens and commits every transaction; the database is the queue,
//! so a message that was answered is already its own job.
//!
//! Not here: HTTP (`api`), SQL (`store`), wires (`carrier`).

mod accept;
mod accounts;
mod activations;
mod add_ons;
mod api_keys;
mod auto_recharge;
mod carriers;
mod clock;
mod connections;
mod csv_file;
mod currencies;
mod dispatch;
mod events;
mod housekeeping;
mod hub;
mod ids;
mod imports;
mod inbound;
mod lately;
mod low_balances;
mod mail;
mod messaging_profiles;
mod months;
mod notices;
mod numbers;
mod orders;
mod outcomes;
mod papers;
mod payments;
mod people;
mod price_changes;
mod price_files;
mod prices;
mod receipts;
mod recent;
mod releases;
mod renewals;
mod repeats;
mod request_log;
mod reversals;
mod rollup;
mod routing;
mod sealing;
mod secrets;
mod sessions;
mod simulate;
mod stripe;
mod tls;
mod topups;
mod tries;
mod upcoming;
mod wallet_settings;
mod webhooks;
mod workers;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use carrier::CarrierEvent;
use domain::{AccountId, Currency, WebhookId};
pub use ipnet::IpNet;
use store::Store;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use accept::{AcceptError, Accepted, ItemOutcome, Prices, Refusal, Send};
pub use accounts::{AccountCreated, AccountPatch, NewAccount};
pub use activations::DOCUMENT_TYPES;
pub use add_ons::OwnNumber;
pub use api_keys::{ApiKeyCreated, OVERLAP_MAX};
pub use auto_recharge::AutoRechargePatch;
pub use clock::Clock;
pub use connections::{CarrierPatch, NewCarrier, NewRoute, RoutePatch};
pub use csv_file::{FileErrors, ImportError};
pub use hub::Hub;
pub use imports::{ImportBegun, ImportFailure, Imported, import_errors};
use lately::Limit;
pub use low_balances::LOW_BALANCE;
pub use mail::{InvalidMailer, Mailer};
pub use messaging_profiles::{MessagingProfilePatch, MessagingProfileSeen};
pub use numbers::{NewNumber, NumberPatch};
pub use orders::{ORDER_ITEMS_MAX, OrderQuote, RESERVED_FOR, Want};
pub use papers::{
    Content, PaperBody, PrintError, Receipt, Seller, Statement, StatementLine, print as print_paper,
};
pub use payments::PaymentEventError;
use people::LETTERS_WITHIN;
pub use people::{ProfilePatch, SignUp, SignedUp};
pub use price_changes::{CarrierCostWanted, Changed, NumberPriceWanted, OutboundPriceWanted};
pub use prices::{PriceBook, Tariff};
pub use renewals::{BillingState, GRACE_DAYS};
pub use repeats::{Done, UseError};
pub use request_log::Asked;
pub use sealing::{Idempotency, KEY_OCTETS_MAX};
pub use secrets::{NewKey, Token, hash_password, key_hash, random_password};
pub use sessions::{Client, PasswordError, Presence, SESSION_LENGTH_MAX, SignedIn, expires_at};
pub use simulate::SimulatedInbound;
pub use stripe::StripeConfig;
pub use topups::{TopupBegun, TopupLimits, TopupWanted};
pub use upcoming::{CHARGES_MAX, Charge, Upcoming};
pub use wallet_settings::{WalletPatch, WalletSeen};
pub use webhooks::{NewWebhook, WebhookCreated, WebhookPatch, WebhookPolicy, mirror, secret_text};

/// How long carriers try to deliver a message.
pub(crate) const VALIDITY: Duration = Duration::from_secs(24 * 3_600);

/// How long an answer is repeated for its idempotency key.
pub(crate) const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 3_600);

/// How people reach this platform, and it them.
#[derive(Debug, Clone)]
pub struct Site {
    /// No slash at the end.
    pub public_url: String,
    pub brand: String,
    pub mailer: Mailer,
    /// To try it: links and payments need no mail and no bank.
    pub demo: bool,
    /// Who sells, as papers say; the brand where it is not told.
    pub seller: Option<Seller>,
}

impl Site {
    pub(crate) fn seller(&self) -> Seller {
        let named = || Seller { name: self.brand.clone(), ..Seller::default() };
        self.seller.clone().unwrap_or_else(named)
    }
}

impl Default for Site {
    fn default() -> Self {
        Self {
            public_url: String::new(),
            brand: "didfarm".to_owned(),
            mailer: Mailer::default(),
            demo: false,
            seller: None,
        }
    }
}

/// What an operator sets for the whole process.
#[derive(Debug, Clone)]
pub struct Config {
    pub prices: Prices,
    /// What an account pays in that is made without naming a currency.
    pub account_currency: Currency,
    pub site: Site,
    pub webhooks: WebhookPolicy,
    /// Without it, only a demo takes payments.
    pub stripe: Option<StripeConfig>,
    /// Letters that one client may have sent within an hour, by signing up or asking for a link.
    pub letters_an_hour: usize,
    /// Nothing goes on by itself: a test calls each step.
    pub by_hand: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            prices: Prices::default(),
            account_currency: Prices::default().currency,
            site: Site::default(),
            webhooks: WebhookPolicy::default(),
            stripe: None,
            letters_an_hour: 20,
            by_hand: false,
        }
    }
}

type Reports = (Arc<carriers::Running>, mpsc::Receiver<CarrierEvent>);

/// Everything that happens to messages, money and numbers.
#[derive(Debug)]
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) currencies: Arc<currencies::Currencies>,
    pub(crate) ids: ids::Ids,
    pub(crate) hub: Hub,
    pub(crate) routing: routing::Routing,
    pub(crate) book: prices::Book,
    pub(crate) carriers: carriers::Carriers,
    pub(crate) syncing: tokio::sync::Mutex<()>,
    /// One file at a time, so that memory holds one.
    pub(crate) importing: Arc<tokio::sync::Mutex<()>>,
    pub(crate) accepting: mpsc::Sender<accept::Waiting>,
    pub(crate) keys: api_keys::Cache,
    pub(crate) sessions: sessions::Cache,
    pub(crate) tries: tries::Tries,
    /// By client.
    pub(crate) letters: Limit<IpAddr>,
    /// Tests, resends and recoveries that were asked for.
    pub(crate) pushes: Arc<Limit<(AccountId, WebhookId)>>,
    pub(crate) requests: request_log::RequestLog,
    pub(crate) webhooks: webhooks::Webhooks,
    pub(crate) stripe: Option<stripe::Stripe>,
    /// This process among those that share the database.
    pub(crate) node: String,
    pub(crate) stopping: CancellationToken,
    /// What carriers report, where a test takes it by hand.
    pub(crate) reports: Mutex<Vec<Reports>>,
}

impl Engine {
    /// Makes the engine; [`Engine::start`] sets it going.
    pub fn new(store: Store, clock: Clock, config: Config) -> Arc<Self> {
        let (accepting, waiting) = mpsc::channel(accept::WAITING_MAX);
        let book = prices::Book::new(config.prices);
        let engine = Arc::new(Self {
            store,
            clock,
            webhooks: webhooks::Webhooks::new(&config.webhooks),
            stripe: config.stripe.clone().map(stripe::Stripe::new),
            letters: Limit::new(config.letters_an_hour, LETTERS_WITHIN),
            pushes: Arc::new(Limit::new(webhooks::PUSHES_MAX, webhooks::PUSHES_WITHIN)),
            config,
            book,
            currencies: Arc::default(),
            ids: ids::Ids::new(),
            hub: Hub::default(),
            routing: routing::Routing::default(),
            carriers: carriers::Carriers::default(),
            syncing: tokio::sync::Mutex::new(()),
            importing: Arc::default(),
            accepting,
            keys: api_keys::Cache::default(),
            sessions: sessions::Cache::default(),
            tries: tries::Tries::default(),
            requests: request_log::RequestLog::default(),
            node: format!("{:016x}", secrets::random_seed()),
            stopping: CancellationToken::new(),
            reports: Mutex::default(),
        });
        tokio::spawn(Arc::clone(&engine).commit_requests(waiting));
        engine
    }

    /// For reading only: writes go through the engine.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Cancelled when the engine stops: open streams end with it.
    pub fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Takes what carriers reported so far and stores it; only where nothing goes on by itself.
    pub async fn record_reported(&self) {
        let mut reports = std::mem::take(
            &mut *self.reports.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        for (running, events) in &mut reports {
            let mut gathered = Vec::new();
            while let Ok(event) = events.try_recv() {
                gathered.push(event);
            }
            self.record(running, gathered).await;
        }
        self.reports.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(reports);
    }

    /// Hands over everything that is due now, on every carrier of this node.
    pub async fn dispatch_all(&self) -> Result<usize, store::StoreError> {
        let mut count = 0;
        for running in self.carriers.all() {
            count += self.dispatch_due(&running, self.clock.now()).await?;
        }
        Ok(count)
    }
}
