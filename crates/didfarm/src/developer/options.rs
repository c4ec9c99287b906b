//! The options of the developers' commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::webhooks::{WebhookEvent, WebhookEvents};
use reqwest::Url;

fn url(text: &str) -> Result<Url, String> {
    let url = text.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "write it like http://localhost:3000/hook".to_owned())
}

/// The address of a server, no slash at its end.
fn server(text: &str) -> Result<String, String> {
    match url(text) {
        Ok(_) => Ok(text.trim_end_matches('/').to_owned()),
        Err(_) => Err("write it like https://sms.example.com".to_owned()),
    }
}

fn event(text: &str) -> Result<WebhookEvent, String> {
    text.trim().parse().map_err(|_| format!("name one of {}", WebhookEvents::all()))
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeveloperCommand {
    /// Keep an API key for the commands below
    Login(LoginOptions),
    /// Forget the API key
    Logout(Global),
    /// Show which key is used, and what it may do
    Whoami(Global),
    /// Send texts and follow them
    Sms(SmsOptions),
    /// List your numbers, or import an inventory
    Numbers(NumbersOptions),
    /// Show what the wallet holds
    Balance(Global),
    /// Forward the account's events to a program on this machine, signed like webhooks
    Listen(ListenOptions),
    /// List webhooks, and try them
    Webhooks(WebhooksOptions),
}

/// What every command takes.
#[derive(Debug, Args, Clone)]
pub(crate) struct Global {
    /// Use the key that was kept under this name
    #[arg(long, env = "DIDFARM_PROFILE", value_name = "NAME", default_value = "default")]
    pub(crate) profile: String,

    /// Use this key instead of a kept one
    #[arg(long, env = "DIDFARM_API_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,

    /// Where the server is [default: the kept one's, else http://127.0.0.1:8080]
    #[arg(long, env = "DIDFARM_BASE_URL", value_name = "URL", value_parser = server)]
    pub(crate) base_url: Option<String>,

    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without --api-key the key is asked for, or read from the standard input. It is kept in
$XDG_CONFIG_HOME/didfarm/profiles.toml (~/.config/…), which only you can read.

Examples:
  didfarm login
  didfarm login --base-url https://sms.example.com --profile work
  pass didfarm | didfarm login")]
pub(crate) struct LoginOptions {
    #[command(flatten)]
    pub(crate) global: Global,
}

#[derive(Debug, Args)]
pub(crate) struct SmsOptions {
    #[command(subcommand)]
    pub(crate) command: SmsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SmsCommand {
    /// Send a text
    Send(SendOptions),
    /// List messages, newest first
    List(ListOptions),
    /// Show a message with its story
    Show(ShowOptions),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 accepted, or with --wait delivered; 1 refused, or with --wait failed.

Examples:
  didfarm sms send --to +447700900123 \"Hello\"
  didfarm sms send --from +447700900001 --to +447700900123 --wait \"Hello\"
  didfarm sms send --to +447700900123 --dry-run \"What would it cost? 🙂\"")]
pub(crate) struct SendOptions {
    #[command(flatten)]
    pub(crate) global: Global,

    /// Your number, or its id [default: your only one with SMS on]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) from: Option<String>,

    /// Whom it is for, in E.164 form
    #[arg(long, value_name = "NUMBER")]
    pub(crate) to: String,

    /// Tell encoding, segments and price, and send nothing
    #[arg(long, conflicts_with = "wait")]
    pub(crate) dry_run: bool,

    /// Follow it until it is delivered or has failed
    #[arg(long)]
    pub(crate) wait: bool,

    /// Repeats of the command with the same key send once
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,

    /// What it says, up to 1,600 characters
    pub(crate) text: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  didfarm sms list --direction inbound
  didfarm sms list --status failed --since 2026-04-01 --json
  didfarm sms list --follow")]
pub(crate) struct ListOptions {
    #[command(flatten)]
    pub(crate) global: Global,

    /// inbound or outbound
    #[arg(long, value_parser = ["inbound", "outbound"])]
    pub(crate) direction: Option<String>,

    /// Of this number of yours, or its id
    #[arg(long, value_name = "NUMBER")]
    pub(crate) number: Option<String>,

    /// queued, sending, sent, delivered, failed or received
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<String>,

    /// From this time on: 2026-04-01 or 2026-04-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,

    /// So many at most, up to 200
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=200))]
    pub(crate) limit: u8,

    /// Go on with what happens, until Ctrl-C: a line for each message and each change of one
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  didfarm sms show 156")]
pub(crate) struct ShowOptions {
    #[command(flatten)]
    pub(crate) global: Global,

    /// The message's id
    pub(crate) id: i64,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  didfarm numbers list --json
  didfarm numbers import stock.csv --preview     an operator's: what would be added
  didfarm numbers import stock.csv")]
pub(crate) struct NumbersOptions {
    #[command(subcommand)]
    pub(crate) command: NumbersCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NumbersCommand {
    /// List your numbers
    List(Global),
    /// Add the numbers of a CSV file to the inventory, all or nothing; with an operator's key
    Import(ImportOptions),
}

#[derive(Debug, Args)]
#[command(after_help = "\
The first line names the columns number, country, type and, if wanted, status, account_id,
sms_enabled, carrier_id, simulated. An import that was accepted goes on, whatever becomes of
this command.")]
pub(crate) struct ImportOptions {
    #[command(flatten)]
    pub(crate) global: Global,

    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Only say what would be added
    #[arg(long)]
    pub(crate) preview: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Each event is posted just as a webhook would be, signed by the secret that is printed at the
start and kept with the profile. It is tried five times, then given up. After a cut of the
connection nothing is left out.

Examples:
  didfarm listen --forward-to http://localhost:3000/hook
  didfarm listen --events sms.received,sms.failed --json")]
pub(crate) struct ListenOptions {
    #[command(flatten)]
    pub(crate) global: Global,

    /// Where to post events; they are only printed if it is not given
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) forward_to: Option<Url>,

    /// Only these events
    #[arg(long, value_name = "EVENT", value_delimiter = ',', value_parser = event)]
    pub(crate) events: Option<Vec<WebhookEvent>>,
}

#[derive(Debug, Args)]
pub(crate) struct WebhooksOptions {
    #[command(subcommand)]
    pub(crate) command: WebhooksCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// List your webhooks
    List(Global),
    /// Post a sample of an event
    Trigger(TriggerOptions),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without --webhook and --forward-to it goes to every enabled webhook of the account that names it.

Examples:
  didfarm webhooks trigger sms.received
  didfarm webhooks trigger sms.failed --webhook 12
  didfarm webhooks trigger sms.received --forward-to http://localhost:3000/hook")]
pub(crate) struct TriggerOptions {
    #[command(flatten)]
    pub(crate) global: Global,

    /// sms.received, sms.sent, sms.delivered, sms.failed, number.status or wallet.low_balance
    #[arg(value_parser = event)]
    pub(crate) event: WebhookEvent,

    /// To this webhook only
    #[arg(long, value_name = "ID", conflicts_with = "forward_to")]
    pub(crate) webhook: Option<i64>,

    /// From this machine to this URL, signed by the profile's secret
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) forward_to: Option<Url>,
}
