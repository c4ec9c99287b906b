//! The command line. Every option of `serve` is also an environment variable and a key of the file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::developer::DeveloperCommand;

const EXAMPLES: &str = "\
Examples:
  didfarm serve --demo                       try everything, with a simulated carrier
  didfarm serve --listen 0.0.0.0:8080        SQLite in ./data
  didfarm serve --database-url postgres://didfarm@db/didfarm
  didfarm operator create --email you@example.com
  didfarm audit                              check every balance and every invariant

  didfarm login                              keep an API key for what follows
  didfarm sms send --to +447700900123 --wait \"Hello\"
  didfarm sms list --follow
  didfarm listen --forward-to http://localhost:3000/hook
  didfarm webhooks trigger sms.received
  didfarm numbers import stock.csv           an operator's inventory, with progress

Settings: an option wins over its environment variable (DIDFARM_LISTEN for
--listen), which wins over the same key of didfarm.toml (listen).

Exit status: 0 done, 1 the command failed, 2 bad usage or configuration.";

/// A self-hosted SMS platform: API, workers and SMPP in one program.
#[derive(Debug, Parser)]
#[command(name = "didfarm", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(Box<ServeOptions>),
    /// Recompute every balance and check every invariant, reading only
    Audit(AuditOptions),
    /// Make the people who run the platform
    Operator(OperatorOptions),
    #[command(flatten)]
    Developer(DeveloperCommand),
}

/// Where the data lies.
#[derive(Debug, Args, Clone)]
pub(crate) struct DataOptions {
    /// Where SQLite's file and other data lie [default: ./data]
    #[arg(long, env = "DIDFARM_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// sqlite:PATH or postgres://USER@HOST/DATABASE [default: didfarm.db in the data directory]
    #[arg(long, env = "DIDFARM_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// Read further settings from this file [default: didfarm.toml, if it exists]
    #[arg(long, env = "DIDFARM_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args, Clone)]
#[command(after_help = "\
Examples:
  didfarm serve --demo
  DIDFARM_LISTEN=0.0.0.0:8080 didfarm serve --data-dir /var/lib/didfarm")]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    pub(crate) data: DataOptions,

    /// Address and port of the API [default: 127.0.0.1:8080]
    #[arg(long, env = "DIDFARM_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,

    /// How customers reach this server, for links [default: http:// and the listen address]
    #[arg(long, env = "DIDFARM_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,

    /// Serve Prometheus metrics without a key on an address of their own
    #[arg(long, env = "DIDFARM_METRICS_LISTEN", value_name = "ADDRESS")]
    pub(crate) metrics_listen: Option<String>,

    /// On the first start: make an operator, a customer, numbers and a simulated carrier
    #[arg(long, env = "DIDFARM_DEMO", value_parser = clap::builder::BoolishValueParser::new(),
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) demo: Option<bool>,

    /// What customers see as the carrier [default: didfarm]
    #[arg(long, env = "DIDFARM_BRAND", value_name = "NAME")]
    pub(crate) brand: Option<String>,

    /// Price of an outbound segment in euros [default: 0.008]
    #[arg(long, env = "DIDFARM_SEGMENT_PRICE", value_name = "AMOUNT")]
    pub(crate) segment_price: Option<String>,

    /// What accounts pay in that are made without naming a currency, by sign-up or by an operator; where it is
    /// not EUR, prices are set in it first [default: EUR]
    #[arg(long, env = "DIDFARM_ACCOUNT_CURRENCY", value_name = "CODE")]
    pub(crate) account_currency: Option<String>,

    /// The mail server, like smtps://user:password@mail.example.com; without one, links are
    /// written to the log
    #[arg(long, env = "DIDFARM_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) smtp_url: Option<String>,

    /// Whom letters are from, like "didfarm <noreply@example.com>"; needed with --smtp-url
    #[arg(long, env = "DIDFARM_MAIL_FROM", value_name = "ADDRESS")]
    pub(crate) mail_from: Option<String>,

    /// Stripe's secret key (sk_… or rk_…): cards are taken; needed with --stripe-webhook-secret
    #[arg(long, env = "DIDFARM_STRIPE_SECRET_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) stripe_secret_key: Option<String>,

    /// The secret (whsec_…) of the endpoint at Stripe that posts to /api/v1/stripe/webhook
    #[arg(
        long,
        env = "DIDFARM_STRIPE_WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub(crate) stripe_webhook_secret: Option<String>,

    /// Where Stripe's API is, for tests [default: https://api.stripe.com]
    #[arg(long, env = "DIDFARM_STRIPE_API_BASE", value_name = "URL")]
    pub(crate) stripe_api_base: Option<String>,

    /// Whom receipts and statements are from [default: the brand]
    #[arg(long, env = "DIDFARM_SELLER_NAME", value_name = "NAME")]
    pub(crate) seller_name: Option<String>,

    /// The seller's address, lines divided by semicolons
    #[arg(long, env = "DIDFARM_SELLER_ADDRESS", value_name = "LINES")]
    pub(crate) seller_address: Option<String>,

    /// The seller's VAT number
    #[arg(long, env = "DIDFARM_SELLER_VAT_NUMBER", value_name = "NUMBER")]
    pub(crate) seller_vat_number: Option<String>,

    /// The seller's entry in a trade register
    #[arg(long, env = "DIDFARM_SELLER_REGISTRATION", value_name = "TEXT")]
    pub(crate) seller_registration: Option<String>,

    /// Where customers write about receipts and statements
    #[arg(long, env = "DIDFARM_SELLER_EMAIL", value_name = "ADDRESS")]
    pub(crate) seller_email: Option<String>,

    /// Take a client's address from X-Forwarded-For: only behind a proxy that sets it
    #[arg(long, env = "DIDFARM_BEHIND_PROXY", value_parser = clap::builder::BoolishValueParser::new(),
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) behind_proxy: Option<bool>,

    /// Networks that webhooks may reach beside the public internet, with any port and plain http
    #[arg(
        long,
        env = "DIDFARM_WEBHOOKS_ALLOW_NETWORKS",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub(crate) webhooks_allow_networks: Option<Vec<String>>,

    /// Ports that webhooks may use elsewhere [default: 80,443,8080,8443]
    #[arg(long, env = "DIDFARM_WEBHOOKS_PORTS", value_name = "PORT", value_delimiter = ',')]
    pub(crate) webhooks_ports: Option<Vec<u16>>,

    /// Let webhooks use plain http elsewhere
    #[arg(long, env = "DIDFARM_WEBHOOKS_PLAIN_HTTP", value_parser = clap::builder::BoolishValueParser::new(),
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) webhooks_plain_http: Option<bool>,

    /// Risk accepted messages for speed: SQLite without syncs, a PostgreSQL that can lose commits
    #[arg(long = "unsafe", env = "DIDFARM_UNSAFE", value_parser = clap::builder::BoolishValueParser::new(),
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) allow_unsafe: Option<bool>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditOptions {
    #[command(flatten)]
    pub(crate) data: DataOptions,
}

#[derive(Debug, Args)]
pub(crate) struct OperatorOptions {
    #[command(subcommand)]
    pub(crate) command: OperatorCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Make an operator and print the password and the API key
    Create {
        #[command(flatten)]
        data: DataOptions,
        /// The operator's e-mail address
        #[arg(long, value_name = "ADDRESS")]
        email: domain::Email,
    },
}
