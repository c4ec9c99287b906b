//! What the account has, its numbers and its money; and the inventory, for operators.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, bail};

use super::{
    Session,
    options::{Global, ImportOptions, NumbersCommand},
    output,
};

/// Between two looks at an import.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(super) async fn run(command: &NumbersCommand) -> anyhow::Result<ExitCode> {
    match command {
        NumbersCommand::List(global) => list(global).await,
        NumbersCommand::Import(options) => import(options).await,
    }
}

async fn list(global: &Global) -> anyhow::Result<ExitCode> {
    let session = Session::open(global)?;
    let answer = session.client.get("/portal/sms/numbers").await?;
    if session.json {
        output::document(&answer["numbers"])?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for number in answer["numbers"].as_array().into_iter().flatten() {
        let field = |name: &str| output::text(&number[name]);
        let sms = if number["sms_enabled"] == true { "SMS on" } else { "SMS off" };
        let row = ["id", "number", "country", "type", "status"].map(field);
        rows.push(row.into_iter().chain([sms.to_owned()]).collect());
    }
    output::table(&rows)?;
    Ok(ExitCode::SUCCESS)
}

/// Hands a file in, and tells on standard error how far it is.
async fn import(options: &ImportOptions) -> anyhow::Result<ExitCode> {
    let session = Session::open(&options.global)?;
    let shown = options.file.display();
    let octets = std::fs::read(&options.file).with_context(|| format!("{shown} cannot be read"))?;
    let key = engine::random_password();
    let path = "/operator/numbers/import";
    if options.preview {
        let answer =
            session.client.post_file(&format!("{path}?preview=true"), &octets, &key).await?;
        if session.json {
            output::document(&answer)?;
        } else {
            output::line(&format!(
                "{} would be added, {} are known",
                answer["added"], answer["known"]
            ))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let answer = session.client.post_file(&format!("{path}?wait=false"), &octets, &key).await?;
    let mut import = answer["import"].clone();
    let mut progress = output::Progress::default();
    let path = format!("/operator/imports/{}", import["id"]);
    while let Some("checking" | "storing") = import["status"].as_str() {
        match import["rows"].as_i64() {
            None => progress.show("checking the file")?,
            Some(rows) => {
                progress.show(&format!("{} of {rows} numbers stored", import["stored"]))?;
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
        import = session.client.get(&path).await?["import"].clone();
    }
    progress.end()?;
    if session.json {
        output::document(&import)?;
    } else if import["status"] == "done" {
        output::line(&format!("{} added, {} known before", import["added"], import["known"]))?;
    }
    if import["status"] == "done" {
        return Ok(ExitCode::SUCCESS);
    }
    for error in import["errors"].as_array().into_iter().flatten() {
        let (line, column) = (&error["line"], output::text(&error["column"]));
        let place = if column.is_empty() { format!("{line}") } else { format!("{line}, {column}") };
        eprintln!("line {place}: {}", output::text(&error["message"]));
    }
    if import["errors_more"].as_u64().is_some_and(|more| more > 0) {
        eprintln!("and {} more lines", import["errors_more"]);
    }
    bail!("nothing was imported")
}

pub(super) async fn balance(session: &Session) -> anyhow::Result<ExitCode> {
    let answer = session.client.get("/portal/wallet").await?;
    if session.json {
        output::document(&answer["wallet"])?;
    } else {
        output::line(&output::money(&answer["wallet"]["balance"]))?;
    }
    Ok(ExitCode::SUCCESS)
}
