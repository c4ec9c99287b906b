//! What processes used, from /proc.

use std::{fs, time::Duration};

use anyhow::Context;

/// Of /proc/PID/stat's times; the same on every Linux that this runs on.
const TICKS_PER_SECOND: u64 = 100;

/// Processes measured together: a program, or one with all its children.
#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    /// Each alone.
    pub(crate) alone: Vec<u32>,
    /// With the children that live and those that ended.
    pub(crate) with_children: Vec<u32>,
}

impl Group {
    pub(crate) fn of(process: u32) -> Self {
        Self { alone: vec![process], with_children: Vec::new() }
    }

    /// Processor time, in user space and in the kernel.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut ticks = 0;
        for process in &self.alone {
            ticks += Stat::read(*process)?.own_ticks;
        }
        for parent in &self.with_children {
            let stat = Stat::read(*parent)?;
            ticks += stat.own_ticks + stat.ended_children_ticks;
            for child in children(*parent)? {
                // One that ended meanwhile is in its parent's sum the next time.
                ticks += Stat::read(child).map_or(0, |stat| stat.own_ticks);
            }
        }
        Ok(from_ticks(ticks))
    }

    /// The most memory that was resident at once, in KiB; of each process by itself.
    pub(crate) fn peak_kib(&self) -> anyhow::Result<u64> {
        self.alone.iter().map(|process| status_kib(*process, "VmHWM:")).sum()
    }

    /// What is resident now, in KiB.
    pub(crate) fn resident_kib(&self) -> anyhow::Result<u64> {
        self.alone.iter().map(|process| status_kib(*process, "VmRSS:")).sum()
    }
}

/// Processor time that the whole machine used, without waiting for disks.
pub(crate) fn machine_cpu() -> anyhow::Result<Duration> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().context("/proc/stat is empty")?;
    // user nice system idle iowait irq softirq steal
    let ticks: Vec<u64> =
        line.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|index| ticks.get(*index)).sum();
    Ok(from_ticks(busy))
}

/// The processes whose command line holds all of `words`, by their ids.
pub(crate) fn find(words: &[&str]) -> anyhow::Result<Vec<u32>> {
    let mut found = Vec::new();
    for process in processes()? {
        let Ok(command) = fs::read(format!("/proc/{process}/cmdline")) else { continue };
        let arguments: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
        if words.iter().all(|word| arguments.contains(&word.as_bytes())) {
            found.push(process);
        }
    }
    Ok(found)
}

struct Stat {
    parent: u32,
    own_ticks: u64,
    ended_children_ticks: u64,
}

impl Stat {
    fn read(process: u32) -> anyhow::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{process}/stat"))
            .with_context(|| format!("process {process} is gone"))?;
        // The name stands in parentheses and may hold anything.
        let rest = text.rsplit_once(')').map(|(_, rest)| rest).context("an odd /proc/PID/stat")?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let field = |number: usize| -> anyhow::Result<u64> {
            // proc_pid_stat(5) counts from 1, and two fields are before the rest.
            Ok(words.get(number - 3).context("a short /proc/PID/stat")?.parse()?)
        };
        Ok(Self {
            parent: u32::try_from(field(4)?)?,
            own_ticks: field(14)? + field(15)?,
            ended_children_ticks: field(16)? + field(17)?,
        })
    }
}

fn from_ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

fn children(parent: u32) -> anyhow::Result<Vec<u32>> {
    Ok(processes()?
        .into_iter()
        .filter(|process| Stat::read(*process).is_ok_and(|stat| stat.parent == parent))
        .collect())
}

fn processes() -> anyhow::Result<Vec<u32>> {
    let entries = fs::read_dir("/proc")?;
    Ok(entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()))
        .collect())
}

fn status_kib(process: u32, key: &str) -> anyhow::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)).context("no such status")?;
    let word = line.split_whitespace().next().context("an empty status")?;
    Ok(word.parse()?)
}
