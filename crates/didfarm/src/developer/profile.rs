//! Which key is used, and where it is kept: a file that only its owner can read.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, IsTerminal, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, bail};
use engine::mirror;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Session,
    client::{Client, Refused},
    options::{Global, LoginOptions},
    output,
};

const SERVER_DEFAULT: &str = "http://127.0.0.1:8080";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Profile {
    /// No slash at the end.
    pub(super) base_url: String,
    pub(super) api_key: String,
    /// What signs the events that are forwarded, `whsec_…`.
    pub(super) listen_secret: String,
}

type Profiles = BTreeMap<String, Profile>;

fn file() -> anyhow::Result<PathBuf> {
    let folder = match env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".config"),
    };
    Ok(folder.join("didfarm/profiles.toml"))
}

fn read() -> anyhow::Result<Profiles> {
    let file = file()?;
    match fs::read_to_string(&file) {
        Ok(text) => {
            toml::from_str(&text).with_context(|| format!("{} cannot be read", file.display()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Profiles::new()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
    }
}

fn write(profiles: &Profiles) -> anyhow::Result<PathBuf> {
    let file = file()?;
    let folder = file.parent().context("the file has a folder")?;
    fs::create_dir_all(folder)?;
    let text = toml::to_string(profiles)?;
    // Written beside and moved into its place, so that it is never half there.
    let beside = file.with_extension("new");
    let mut open = fs::OpenOptions::new();
    let mut new = open.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    new.set_permissions(fs::Permissions::from_mode(0o600))?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    fs::rename(&beside, &file)?;
    Ok(file)
}

/// The kept profile, changed by what the command line says.
pub(super) fn chosen(global: &Global) -> anyhow::Result<Profile> {
    let kept = read()?.remove(&global.profile);
    let mut profile = match (kept, &global.api_key) {
        (Some(kept), _) => kept,
        (None, Some(_)) => Profile {
            base_url: SERVER_DEFAULT.to_owned(),
            api_key: String::new(),
            listen_secret: mirror::new_secret(),
        },
        (None, None) => bail!(
            "there is no key: run didfarm login{}, or set DIDFARM_API_KEY",
            if global.profile == "default" {
                String::new()
            } else {
                format!(" --profile {}", global.profile)
            }
        ),
    };
    if let Some(key) = &global.api_key {
        profile.api_key = key.trim().to_owned();
    }
    if let Some(url) = &global.base_url {
        profile.base_url.clone_from(url);
    }
    Ok(profile)
}

pub(super) async fn log_in(options: &LoginOptions) -> anyhow::Result<ExitCode> {
    let global = &options.global;
    let mut profiles = read()?;
    let kept = profiles.get(&global.profile).cloned();
    let base_url = global
        .base_url
        .clone()
        .or(kept.as_ref().map(|kept| kept.base_url.clone()))
        .unwrap_or_else(|| SERVER_DEFAULT.to_owned());
    let api_key = match &global.api_key {
        Some(key) => key.trim().to_owned(),
        None => ask()?,
    };
    if api_key.starts_with("df_op_") {
        bail!("this is an operator's key: use one of a customer account, df_live_… or df_test_…");
    }
    // The same secret as before: receivers know it.
    let listen_secret = kept.map_or_else(mirror::new_secret, |kept| kept.listen_secret);
    let profile = Profile { base_url, api_key, listen_secret };
    let known = Client::new(&profile)?.get("/portal/sms/numbers").await;
    // A key that only sends may not look, and is a key.
    let only_sends = |error: &anyhow::Error| {
        error.downcast_ref::<Refused>().is_some_and(|refused| refused.code == "forbidden")
    };
    if let Err(error) = known
        && !only_sends(&error)
    {
        return Err(error);
    }
    let name = global.profile.clone();
    let server = profile.base_url.clone();
    profiles.insert(name.clone(), profile);
    let file = write(&profiles)?;
    if global.json {
        output::document(&json!({"profile": name, "base_url": server, "file": file}))?;
    } else {
        output::line(&format!("Signed in to {server}; the key is kept in {}.", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The key, without showing it where somebody types it.
fn ask() -> anyhow::Result<String> {
    let mut key = String::new();
    if io::stdin().is_terminal() {
        key = rpassword::prompt_password("API key: ")?;
    } else {
        io::stdin().take(4_096).read_to_string(&mut key)?;
    }
    let key = key.trim().to_owned();
    if key.is_empty() {
        bail!("no key was given");
    }
    Ok(key)
}

pub(super) fn log_out(global: &Global) -> anyhow::Result<ExitCode> {
    let mut profiles = read()?;
    if profiles.remove(&global.profile).is_none() {
        bail!("there is no profile {}", global.profile);
    }
    write(&profiles)?;
    if global.json {
        output::document(&json!({"profile": global.profile, "forgotten": true}))?;
    } else {
        output::line(&format!(
            "The key of {} is forgotten here; revoke it in the portal if nobody needs it.",
            global.profile
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn who_am_i(session: &Session) -> anyhow::Result<ExitCode> {
    let Session { profile, client, json } = session;
    let wallet = client.get("/portal/wallet").await?;
    let key = &profile.api_key;
    let shown: String = key.chars().take(12).collect();
    let mode = if key.starts_with("df_test_") { "test" } else { "live" };
    if *json {
        output::document(
            &json!({"base_url": profile.base_url, "key": shown, "mode": mode, "wallet": wallet["wallet"]}),
        )?;
    } else {
        output::line(&format!("server   {}", profile.base_url))?;
        output::line(&format!("key      {shown}… ({mode})"))?;
        output::line(&format!("balance  {}", output::money(&wallet["wallet"]["balance"])))?;
    }
    Ok(ExitCode::SUCCESS)
}
