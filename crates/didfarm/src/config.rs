//! Settings from options, environment and file, checked together.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use domain::{Currency, Micros};
use engine::{InvalidMailer, IpNet, Mailer, Prices, Seller, StripeConfig, WebhookPolicy};
use serde::Deserialize;
use store::Location;

use crate::cli::{DataOptions, ServeOptions};

/// A setting that cannot be used: names the key, the value and the cure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError(String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

fn bad(key: &str, value: &str, cure: impl std::fmt::Display) -> ConfigError {
    ConfigError(format!("{key} = {value:?} cannot be used: {cure}"))
}

/// The file's keys: those of `didfarm serve`, with underscores.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    public_url: Option<String>,
    metrics_listen: Option<String>,
    demo: Option<bool>,
    brand: Option<String>,
    segment_price: Option<String>,
    account_currency: Option<String>,
    smtp_url: Option<String>,
    mail_from: Option<String>,
    behind_proxy: Option<bool>,
    #[serde(default)]
    webhooks: WebhooksFile,
    #[serde(default)]
    stripe: StripeFile,
    #[serde(default)]
    seller: SellerFile,
    #[serde(rename = "unsafe")]
    allow_unsafe: Option<bool>,
}

/// The file's section `[webhooks]`.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct WebhooksFile {
    allow_networks: Option<Vec<String>>,
    ports: Option<Vec<u16>>,
    plain_http: Option<bool>,
}

/// The file's section `[stripe]`.
#[derive(Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct StripeFile {
    secret_key: Option<String>,
    webhook_secret: Option<String>,
    api_base: Option<String>,
}

impl std::fmt::Debug for StripeFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StripeFile")
    }
}

/// The file's section `[seller]`.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct SellerFile {
    name: Option<String>,
    address: Option<String>,
    vat_number: Option<String>,
    registration: Option<String>,
    email: Option<String>,
}

/// The file that is read where none is named.
const FILE_DEFAULT: &str = "didfarm.toml";

/// Where the data lies.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) dir: PathBuf,
    pub(crate) location: Location,
}

/// Everything that `didfarm serve` needs.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data: Data,
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) public_url: Option<String>,
    pub(crate) demo: bool,
    pub(crate) brand: String,
    pub(crate) prices: Prices,
    pub(crate) account_currency: Currency,
    pub(crate) mailer: Mailer,
    pub(crate) behind_proxy: bool,
    pub(crate) webhooks: WebhookPolicy,
    pub(crate) stripe: Option<StripeConfig>,
    pub(crate) seller: Option<Seller>,
    pub(crate) durable: bool,
}

/// Settles the data's place, for commands that need no more.
pub(crate) fn data(options: &DataOptions) -> Result<Data, ConfigError> {
    settle_data(options, &read_file(options.config.as_deref())?)
}

/// Settles everything.
pub(crate) fn serve(options: &ServeOptions) -> Result<Config, ConfigError> {
    let file = read_file(options.data.config.as_deref())?;
    let listen = options.listen.clone().or(file.listen.clone());
    let metrics_listen = options.metrics_listen.clone().or(file.metrics_listen.clone());
    let public_url = options.public_url.clone().or(file.public_url.clone());
    if let Some(url) = &public_url
        && !(url.starts_with("http://") || url.starts_with("https://"))
    {
        return Err(bad("public_url", url, "write it like https://sms.example.com"));
    }
    let prices = match options.segment_price.as_ref().or(file.segment_price.as_ref()) {
        None => Prices::default(),
        Some(text) => Prices { segment: price(text)?, ..Prices::default() },
    };
    let account_currency =
        match options.account_currency.as_ref().or(file.account_currency.as_ref()) {
            None => prices.currency,
            Some(text) => text.parse().map_err(|error| bad("account_currency", text, error))?,
        };
    let brand =
        options.brand.clone().or(file.brand.clone()).unwrap_or_else(|| "didfarm".to_owned());
    if brand.trim().is_empty() {
        return Err(bad("brand", &brand, "write the name that customers are to see"));
    }
    let demo = options.demo.or(file.demo).unwrap_or(false);
    Ok(Config {
        data: settle_data(&options.data, &file)?,
        listen: address("listen", listen.as_deref().unwrap_or("127.0.0.1:8080"))?,
        metrics_listen: metrics_listen
            .as_deref()
            .map(|text| address("metrics_listen", text))
            .transpose()?,
        public_url,
        demo,
        brand,
        prices,
        account_currency,
        mailer: mailer(options, &file)?,
        behind_proxy: options.behind_proxy.or(file.behind_proxy).unwrap_or(false),
        webhooks: webhooks(options, &file, demo)?,
        stripe: stripe(options, &file.stripe)?,
        seller: seller(options, &file.seller)?,
        durable: !options.allow_unsafe.or(file.allow_unsafe).unwrap_or(false),
    })
}

fn settle_data(options: &DataOptions, file: &File) -> Result<Data, ConfigError> {
    let dir =
        options.data_dir.clone().or(file.data_dir.clone()).unwrap_or_else(|| PathBuf::from("data"));
    let location = match options.database_url.as_ref().or(file.database_url.as_ref()) {
        None => Location::Sqlite(dir.join("didfarm.db")),
        // The value may hold a password, so it is not repeated.
        Some(url) => Location::parse(url)
            .map_err(|error| ConfigError(format!("database_url cannot be used: {error}")))?,
    };
    Ok(Data { dir, location })
}

fn mailer(options: &ServeOptions, file: &File) -> Result<Mailer, ConfigError> {
    let Some(url) = options.smtp_url.as_ref().or(file.smtp_url.as_ref()) else {
        return Ok(Mailer::Log);
    };
    let from = options.mail_from.as_ref().or(file.mail_from.as_ref()).ok_or_else(|| {
        ConfigError(
            "mail_from is missing: with smtp_url, write whom letters are from, \
             like didfarm <noreply@example.com>"
                .to_owned(),
        )
    })?;
    Mailer::smtp(url, from).map_err(|error| match error {
        // The value may hold a password, so it is not repeated.
        InvalidMailer::Url => ConfigError(format!("smtp_url cannot be used: {error}")),
        InvalidMailer::From => bad("mail_from", from, error),
    })
}

/// Both keys or neither; their values are not repeated.
fn stripe(options: &ServeOptions, file: &StripeFile) -> Result<Option<StripeConfig>, ConfigError> {
    let key = options.stripe_secret_key.as_ref().or(file.secret_key.as_ref());
    let secret = options.stripe_webhook_secret.as_ref().or(file.webhook_secret.as_ref());
    let (key, secret) = match (key, secret) {
        (None, None) => return Ok(None),
        (Some(key), Some(secret)) => (key, secret),
        (Some(_), None) => {
            return Err(ConfigError(
                "stripe.webhook_secret is missing: at Stripe, make an endpoint for \
                 /api/v1/stripe/webhook and write its signing secret (whsec_…)"
                    .to_owned(),
            ));
        }
        (None, Some(_)) => {
            return Err(ConfigError(
                "stripe.secret_key is missing: write the secret key (sk_… or rk_…) of your account at Stripe"
                    .to_owned(),
            ));
        }
    };
    // Whoever knows the signing secret gives wallets money: a placeholder is none.
    let is_whole = |text: &str, prefix: &str| {
        let known = |octet: u8| octet.is_ascii_alphanumeric() || b"_+/=-".contains(&octet);
        text.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(known))
    };
    if !(is_whole(key, "sk_") || is_whole(key, "rk_")) {
        let cure = "it is not a whole secret key, which begins with sk_ or rk_";
        return Err(ConfigError(format!("stripe.secret_key cannot be used: {cure}")));
    }
    if !is_whole(secret, "whsec_") {
        let cure = "it is not a whole signing secret, which begins with whsec_";
        return Err(ConfigError(format!("stripe.webhook_secret cannot be used: {cure}")));
    }
    let base = options.stripe_api_base.as_ref().or(file.api_base.as_ref());
    let base = base.map_or("https://api.stripe.com", |base| base.trim_end_matches('/'));
    if !(base.starts_with("http://") || base.starts_with("https://")) {
        return Err(bad("stripe.api_base", base, "leave it out, or write http:// and an address"));
    }
    Ok(Some(StripeConfig {
        secret_key: key.clone(),
        webhook_secret: secret.clone(),
        api_base: base.to_owned(),
    }))
}

/// Whom receipts and statements are from; the other details need the name.
fn seller(options: &ServeOptions, file: &SellerFile) -> Result<Option<Seller>, ConfigError> {
    let given = |option: &Option<String>, file: &Option<String>| {
        let text = option.as_ref().or(file.as_ref()).map(|text| text.trim());
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let address = given(&options.seller_address, &file.address);
    let vat_number = given(&options.seller_vat_number, &file.vat_number);
    let registration = given(&options.seller_registration, &file.registration);
    let email = given(&options.seller_email, &file.email);
    let Some(name) = given(&options.seller_name, &file.name) else {
        if [&address, &vat_number, &registration, &email].iter().all(|each| each.is_none()) {
            return Ok(None);
        }
        let cure = "write whom receipts are from, like Example B.V.";
        return Err(ConfigError(format!("seller.name is missing: {cure}")));
    };
    let address = address.unwrap_or_default();
    // Lines of the file, or divided by semicolons in an option.
    let lines = address.split(['\n', ';']).map(|line| line.trim().to_owned());
    let address = lines.filter(|line| !line.is_empty()).collect();
    Ok(Some(Seller { name, address, vat_number, registration, email }))
}

/// What a demo's webhooks may reach: programs beside it.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

fn webhooks(options: &ServeOptions, file: &File, demo: bool) -> Result<WebhookPolicy, ConfigError> {
    let networks =
        options.webhooks_allow_networks.as_ref().or(file.webhooks.allow_networks.as_ref());
    let own = networks.into_iter().flatten().map(String::as_str);
    let allow_networks = own
        .chain(LOOPBACK.into_iter().filter(|_| demo))
        .map(|text| {
            let cure = "write a network like 10.1.0.0/16 or fd00::/8";
            text.trim().parse::<IpNet>().map_err(|_| bad("webhooks.allow_networks", text, cure))
        })
        .collect::<Result<_, _>>()?;
    let default = WebhookPolicy::default();
    let ports = options.webhooks_ports.as_ref().or(file.webhooks.ports.as_ref());
    Ok(WebhookPolicy {
        allow_networks,
        ports: ports.cloned().unwrap_or(default.ports),
        plain_http: options
            .webhooks_plain_http
            .or(file.webhooks.plain_http)
            .unwrap_or(default.plain_http),
        dns: default.dns,
    })
}

fn address(key: &str, text: &str) -> Result<SocketAddr, ConfigError> {
    text.parse().map_err(|_| bad(key, text, "write an address and a port, like 127.0.0.1:8080"))
}

fn price(text: &str) -> Result<Micros, ConfigError> {
    let cure = "write an amount in euros, like 0.008, at least 0 and at most 1000";
    let price = Micros::parse(text, 6).map_err(|_| bad("segment_price", text, cure))?;
    let fits = price >= Micros::ZERO && price.get() <= 1_000_000_000;
    if fits { Ok(price) } else { Err(bad("segment_price", text, cure)) }
}

fn read_file(named: Option<&Path>) -> Result<File, ConfigError> {
    let path = named.unwrap_or(Path::new(FILE_DEFAULT));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(File::default());
        }
        Err(error) => {
            let shown = path.display().to_string();
            return Err(bad("config", &shown, format!("the file cannot be read: {error}")));
        }
    };
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        // One line, whatever the parser has to show.
        let message = error.message().replace('\n', " ");
        ConfigError(format!("{}, line {line}: {message}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> ServeOptions {
        ServeOptions {
            data: DataOptions { data_dir: None, database_url: None, config: None },
            listen: None,
            public_url: None,
            metrics_listen: None,
            demo: None,
            brand: None,
            segment_price: None,
            account_currency: None,
            smtp_url: None,
            mail_from: None,
            stripe_secret_key: None,
            stripe_webhook_secret: None,
            stripe_api_base: None,
            seller_name: None,
            seller_address: None,
            seller_vat_number: None,
            seller_registration: None,
            seller_email: None,
            behind_proxy: None,
            webhooks_allow_networks: None,
            webhooks_ports: None,
            webhooks_plain_http: None,
            allow_unsafe: None,
        }
    }

    #[test]
    fn without_any_setting_sqlite_lies_in_the_data_directory() {
        let config = serve(&options()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(
            matches!(config.data.location, Location::Sqlite(path) if path.ends_with("data/didfarm.db"))
        );
        assert!(config.durable && !config.demo);
    }

    #[test]
    fn a_bad_setting_names_the_key_the_value_and_the_cure() {
        type Change = fn(&mut ServeOptions);
        let cases: [(Change, &str, &str); 14] = [
            (|o| o.seller_vat_number = Some("NL1".to_owned()), "seller.name", "Example B.V."),
            (|o| o.listen = Some("8080".to_owned()), "listen", "127.0.0.1:8080"),
            (|o| o.segment_price = Some("free".to_owned()), "segment_price", "0.008"),
            (|o| o.account_currency = Some("euro".to_owned()), "account_currency", "like EUR"),
            (|o| o.public_url = Some("sms.example".to_owned()), "public_url", "https://"),
            (|o| o.smtp_url = Some("smtp://localhost".to_owned()), "mail_from", "noreply@"),
            (
                |o| {
                    o.smtp_url = Some("mail.example.com".to_owned());
                    o.mail_from = Some("noreply@example.com".to_owned());
                },
                "smtp_url",
                "smtps://",
            ),
            (
                |o| {
                    o.smtp_url = Some("smtp://localhost".to_owned());
                    o.mail_from = Some("noreply".to_owned());
                },
                "mail_from",
                "noreply@example.com",
            ),
            (
                |o| o.webhooks_allow_networks = Some(vec!["10.0.0.1/33".to_owned()]),
                "webhooks.allow_networks",
                "10.1.0.0/16",
            ),
            (
                |o| o.stripe_secret_key = Some("sk_test_1".to_owned()),
                "stripe.webhook_secret",
                "whsec_",
            ),
            (
                |o| {
                    o.stripe_secret_key = Some("pk_test_1".to_owned());
                    o.stripe_webhook_secret = Some("whsec_1".to_owned());
                },
                "stripe.secret_key",
                "sk_",
            ),
            (
                |o| {
                    o.stripe_secret_key = Some("sk_test_1".to_owned());
                    o.stripe_webhook_secret = Some("whsec_".to_owned());
                },
                "stripe.webhook_secret",
                "whsec_",
            ),
            (
                |o| {
                    o.stripe_secret_key = Some("sk_test_1".to_owned());
                    o.stripe_webhook_secret = Some("whsec_…".to_owned());
                },
                "stripe.webhook_secret",
                "whsec_",
            ),
            (|o| o.data.database_url = Some("mysql://x".to_owned()), "database_url", "postgres://"),
        ];
        for (change, key, cure) in cases {
            let mut options = options();
            change(&mut options);
            let error = serve(&options).unwrap_err().to_string();
            assert!(error.contains(key) && error.contains(cure), "{error}");
        }
    }

    #[test]
    fn a_demos_webhooks_reach_programs_beside_it() {
        assert!(serve(&options()).unwrap().webhooks.allow_networks.is_empty());
        let demo = ServeOptions { demo: Some(true), ..options() };
        assert_eq!(serve(&demo).unwrap().webhooks.allow_networks.len(), LOOPBACK.len());
        let file = "[webhooks]\nallow_networks = [\"10.0.0.0/8\"]\nports = [443]";
        let file: File = toml::from_str(file).unwrap();
        let policy = webhooks(&options(), &file, false).unwrap();
        assert_eq!((policy.allow_networks.len(), policy.ports), (1, vec![443]));
    }

    #[test]
    fn an_unknown_key_of_the_file_is_an_error() {
        let error = toml::from_str::<File>("lisen = \"127.0.0.1:1\"").unwrap_err().to_string();
        assert!(error.contains("lisen"), "{error}");
    }
}
