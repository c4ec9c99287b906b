//! What the account has: its numbers and its money.

use std::process::ExitCode;

use super::{
    Session,
    options::{NumbersCommand, NumbersOptions},
    output,
};

pub(super) async fn list(options: &NumbersOptions) -> anyhow::Result<ExitCode> {
    let NumbersCommand::List(global) = &options.command;
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

pub(super) async fn balance(session: &Session) -> anyhow::Result<ExitCode> {
    let answer = session.client.get("/portal/wallet").await?;
    if session.json {
        output::document(&answer["wallet"])?;
    } else {
        output::line(&output::money(&answer["wallet"]["balance"]))?;
    }
    Ok(ExitCode::SUCCESS)
}
