//! `didfarm operator create`: somebody must be first.

use std::process::ExitCode;

use engine::{Clock, Config, Engine, hash_password, random_password};
use store::{Access, Store};

use crate::{
    cli::{OperatorCommand, OperatorOptions},
    config, serve,
};

pub(crate) fn run(options: OperatorOptions) -> anyhow::Result<ExitCode> {
    let OperatorCommand::Create { data, email } = options.command;
    let data = config::data(&data)?;
    serve::runtime()?.block_on(async move {
        std::fs::create_dir_all(&data.dir)?;
        let clock = Clock::System;
        let store = Store::open(&data.location, Access::Command, true, clock.now()).await?;
        let engine = Engine::new(store, clock, Config::default());
        let password = random_password();
        let hash = hash_password(password.clone()).await;
        let key = engine.create_operator(email.clone(), hash).await?;
        println!("e-mail    {email}\npassword  {password}\nAPI key   {}", key.secret);
        println!("They are shown this once: keep them safe.");
        Ok(ExitCode::SUCCESS)
    })
}
