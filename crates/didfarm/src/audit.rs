//! `didfarm audit`: every invariant, held or broken.

use std::process::ExitCode;

use engine::Clock;

use crate::{FAILED, cli::AuditOptions, config};

pub(crate) fn run(options: &AuditOptions) -> anyhow::Result<ExitCode> {
    let data = config::data(&options.data)?;
    let now = Clock::System.now();
    let findings = store::read_offline(&data.location, move |tx| store::audit::run(tx, now))?;
    let broken = findings.iter().filter(|finding| !finding.violations.is_empty()).count();
    for finding in &findings {
        let word = if finding.violations.is_empty() { "held  " } else { "BROKEN" };
        println!("{word}  {}", finding.name);
        for violation in &finding.violations {
            println!("          {violation}");
        }
    }
    println!("{} invariants, {broken} broken", findings.len());
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
