//! What an operator sets on a carrier, checked before it is stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;

domain::words! {
    pub enum CarrierKind {
        Smpp = "smpp",
        Simulator = "simulator",
    }
}

domain::words! {
    pub enum BindMode {
        /// One connection for both ways.
        Transceiver = "transceiver",
        Transmitter = "transmitter",
        Receiver = "receiver",
        /// A transmitter and a receiver beside each other.
        Pair = "pair",
    }
}

domain::words! {
    /// What `data_coding` 0 means to the carrier.
    pub enum Alphabet {
        Gsm7 = "gsm7",
        Latin1 = "latin1",
    }
}

domain::words! {
    /// How the parts of a long message are marked.
    pub enum ConcatenationMode {
        /// A user data header in each part.
        Udh = "udh",
        /// The `sar_*` parameters.
        Sar = "sar",
        /// One PDU with the whole text in `message_payload`.
        Payload = "payload",
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidSetting {
    /// Like `settings.port`.
    pub param: String,
    pub message: String,
}

/// Settings of an SMPP carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SmppSettings {
    pub host: String,
    pub port: u16,
    pub tls: bool,
    pub system_id: String,
    pub password: Secret,
    pub system_type: String,
    #[serde(with = "words")]
    pub bind_mode: BindMode,
    /// Connections, 1 to 16.
    pub sessions: usize,
    /// Unanswered submissions per connection, 1 to 1,000.
    pub window: usize,
    /// Submissions a second over all connections; 0 for no limit.
    pub max_tps: u32,
    /// 1 to 3,600.
    pub enquire_link_seconds: u64,
    /// Empty: by the shape of the address.
    pub source_ton: Option<u8>,
    pub source_npi: Option<u8>,
    pub dest_ton: u8,
    pub dest_npi: u8,
    #[serde(with = "words")]
    pub default_alphabet: Alphabet,
    #[serde(with = "words")]
    pub concatenation: ConcatenationMode,
    #[serde(with = "words")]
    pub message_id_format: domain::receipts::MessageIdFormat,
    /// How long the carrier may try, 60 to 604,800.
    pub validity_seconds: u64,
    /// Whether a receipt `ACCEPTD` means delivered.
    pub acceptd_is_delivered: bool,
}

impl Default for SmppSettings {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 2775,
            tls: false,
            system_id: String::new(),
            password: Secret::default(),
            system_type: String::new(),
            bind_mode: BindMode::Transceiver,
            sessions: 1,
            window: 10,
            max_tps: 0,
            enquire_link_seconds: 30,
            source_ton: None,
            source_npi: None,
            dest_ton: 1,
            dest_npi: 1,
            default_alphabet: Alphabet::Gsm7,
            concatenation: ConcatenationMode::Udh,
            message_id_format: domain::receipts::MessageIdFormat::AsIs,
            validity_seconds: 86_400,
            acceptd_is_delivered: false,
        }
    }
}

/// A password: stored, never shown.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Settings of the simulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimulatorSettings {
    /// From acceptance to the receipt of an ordinary destination, 0 to 3,600,000.
    pub receipt_after_ms: u64,
    /// Unanswered submissions at once, 1 to 10,000.
    pub window: usize,
}

impl Default for SimulatorSettings {
    fn default() -> Self {
        Self { receipt_after_ms: 600, window: 1_000 }
    }
}

/// Checked settings of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settings {
    Smpp(Box<SmppSettings>),
    Simulator(SimulatorSettings),
}

impl Settings {
    pub fn kind(&self) -> CarrierKind {
        match self {
            Self::Smpp(_) => CarrierKind::Smpp,
            Self::Simulator(_) => CarrierKind::Simulator,
        }
    }

    /// Reads and checks settings; unknown keys are ignored.
    pub fn parse(kind: CarrierKind, settings: &Value) -> Result<Self, InvalidSetting> {
        if !settings.is_object() {
            return Err(invalid("settings", "settings is an object"));
        }
        match kind {
            CarrierKind::Smpp => {
                let settings: SmppSettings = read(settings)?;
                settings.check()?;
                Ok(Self::Smpp(Box::new(settings)))
            }
            CarrierKind::Simulator => {
                let settings: SimulatorSettings = read(settings)?;
                within("settings.receipt_after_ms", settings.receipt_after_ms, 0, 3_600_000)?;
                within("settings.window", settings.window, 1, 10_000)?;
                Ok(Self::Simulator(settings))
            }
        }
    }

    /// As stored, password included.
    pub fn to_json(&self) -> Value {
        let json = match self {
            Self::Smpp(settings) => serde_json::to_value(settings),
            Self::Simulator(settings) => serde_json::to_value(settings),
        };
        json.expect("settings have string keys only")
    }

    /// As shown: a password is write-only.
    pub fn to_public_json(&self) -> Value {
        let mut json = self.to_json();
        if let Some(settings) = json.as_object_mut() {
            settings.remove("password");
        }
        json
    }
}

impl SmppSettings {
    fn check(&self) -> Result<(), InvalidSetting> {
        if self.host.trim().is_empty() {
            return Err(invalid(
                "settings.host",
                "host is the name or address of the carrier's SMSC",
            ));
        }
        if self.port == 0 {
            return Err(invalid("settings.port", "port is 1 to 65535"));
        }
        for (param, value, octets_max) in [
            ("settings.system_id", self.system_id.as_str(), 15),
            ("settings.password", self.password.expose(), 8),
            ("settings.system_type", self.system_type.as_str(), 12),
        ] {
            if value.len() > octets_max || value.contains('\0') {
                let message = format!("at most {octets_max} octets fit in a bind, without NUL");
                return Err(invalid(param, &message));
            }
        }
        within("settings.sessions", self.sessions, 1, 16)?;
        within("settings.window", self.window, 1, 1_000)?;
        within("settings.enquire_link_seconds", self.enquire_link_seconds, 1, 3_600)?;
        within("settings.validity_seconds", self.validity_seconds, 60, 604_800)?;
        within("settings.dest_ton", self.dest_ton, 0, 6)?;
        within("settings.dest_npi", self.dest_npi, 0, 18)?;
        within("settings.source_ton", self.source_ton.unwrap_or(0), 0, 6)?;
        within("settings.source_npi", self.source_npi.unwrap_or(0), 0, 18)
    }
}

fn read<T: for<'de> Deserialize<'de>>(settings: &Value) -> Result<T, InvalidSetting> {
    let known: serde_json::Map<String, Value> = settings
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    // One key at a time where the whole does not read, to name the culprit.
    serde_json::from_value(Value::Object(known.clone())).map_err(|whole| {
        let culprit = known.into_iter().find_map(|(key, value)| {
            let alone = Value::Object(std::iter::once((key.clone(), value)).collect());
            serde_json::from_value::<T>(alone).err().map(|error| (key, error))
        });
        match culprit {
            Some((key, error)) => invalid(&format!("settings.{key}"), &format!("{key}: {error}")),
            None => invalid("settings", &whole.to_string()),
        }
    })
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(
    param: &str,
    value: T,
    least: T,
    most: T,
) -> Result<(), InvalidSetting> {
    if value < least || value > most {
        let name = param.trim_start_matches("settings.");
        return Err(invalid(param, &format!("{name} is {least} to {most}, not {value}")));
    }
    Ok(())
}

fn invalid(param: &str, message: &str) -> InvalidSetting {
    InvalidSetting { param: param.to_owned(), message: message.to_owned() }
}

/// Words of `domain::words!` in JSON.
mod words {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(
        word: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(word)
    }

    pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let word = String::deserialize(deserializer)?;
        word.parse().map_err(|_| D::Error::custom(format!("\"{word}\" is not one of its words")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_password_is_stored_and_never_shown() {
        let given = json!({"host": "127.0.0.1", "system_id": "me", "password": "secret"});
        let settings = Settings::parse(CarrierKind::Smpp, &given).unwrap();
        assert_eq!(settings.to_json()["password"], "secret");
        assert!(settings.to_public_json().get("password").is_none());
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[test]
    fn a_bad_setting_is_named() {
        for (bad, param) in [
            (json!({"host": "", "system_id": "me"}), "settings.host"),
            (json!({"host": "h", "port": 70000}), "settings.port"),
            (json!({"host": "h", "port": "x"}), "settings.port"),
            (json!({"host": "h", "bind_mode": "both"}), "settings.bind_mode"),
            (json!({"host": "h", "window": 0}), "settings.window"),
            (json!({"host": "h", "password": "much too long"}), "settings.password"),
            (json!({"host": "h", "concatenation": 3}), "settings.concatenation"),
            (json!([]), "settings"),
        ] {
            let error = Settings::parse(CarrierKind::Smpp, &bad).unwrap_err();
            assert_eq!(error.param, param, "{error}");
        }
    }

    #[test]
    fn unknown_keys_are_ignored_and_null_is_the_default() {
        let given = json!({"host": "h", "colour": "red", "window": null});
        let Settings::Smpp(settings) = Settings::parse(CarrierKind::Smpp, &given).unwrap() else {
            panic!("smpp settings were asked for");
        };
        assert_eq!(settings.window, 10);
    }
}
