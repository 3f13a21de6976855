//! `kmsg`: the kernel's log.

use super::cells::{Time, hex};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::linux::system::kmsg::{Caller, Message, messages};
use schemars::JsonSchema;
use serde::Serialize;

/// List the messages of the kernel's log
#[derive(clap::Args, Debug)]
pub struct Kmsg {
    /// Only messages at least this severe: emerg, alert, crit, err, warn, notice, info, debug, or 0 to 7
    #[arg(short, long, value_name = "LEVEL")]
    level: Option<String>,
    /// Only messages that contain this text, in any case
    #[arg(value_name = "TEXT")]
    text: Option<String>,
}

/// A message.
#[derive(Serialize, JsonSchema)]
pub struct KmsgRow {
    /// Its number since the system started.
    sequence: Option<u64>,
    /// When it was logged.
    timestamp: Option<Time>,
    /// Seconds since the system started, by the clock that the log keeps: it stands still while the system is suspended.
    since_boot: Option<f64>,
    /// `emerg`, `alert`, `crit`, `err`, `warn`, `notice`, `info` or `debug`.
    level: Option<String>,
    /// `kern`, `user`, `daemon`, ...: `kern` for the kernel itself, the others for what programs wrote to `/dev/kmsg`.
    facility: Option<String>,
    /// Who logged it: `T` and a thread id, or `C` and a processor for an interrupt.
    caller: Option<String>,
    /// Short name of the task that logged it; kernels before 7.0 do not keep it.
    process: Option<String>,
    /// Subsystem of the device that it is about.
    subsystem: Option<String>,
    /// That device: `+pci:0000:00:01.0`, `b8:0` (block), `c4:64` (character), `n2` (network interface).
    device: Option<String>,
    /// The text; null where it is lost.
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_bytes: Option<String>,
}

/// By number: include/linux/kern_levels.h and syslog(3).
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];
const FACILITIES: [&str; 12] =
    ["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"];

impl Command for Kmsg {
    type Row = KmsgRow;
    const NAME: &'static str = "kmsg";
    const ALIASES: &'static [&'static str] = &["dmesg", "linux.kmsg"];
    const SUMMARY: &'static str = "List the messages of the kernel's log";
    const SHAPE: Shape = Shape::List(&["since_boot", "level", "message"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("kmsg", "all that is still there, oldest first"),
        ("kmsg --level warn", "warnings and worse"),
        ("dmesg --columns timestamp,level,message", "with the time of day"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, KmsgRow>) -> Result<()> {
        let worst = self.level.as_deref().map(level).transpose()?;
        let needle = self.text.as_deref().map(str::to_lowercase);
        let kernel = cx.session()?.linux("kmsg")?;
        for m in cx.take(&messages(kernel).map_err(crate::Error::from)?) {
            cx.go_on()?;
            if worst.is_some_and(|worst| m.level.is_none_or(|l| l > worst)) {
                continue;
            }
            let row = row(&m);
            if needle.as_ref().is_none_or(|n| row.message.as_ref().is_some_and(|t| t.to_lowercase().contains(n))) {
                out.push(&row)?;
            }
        }
        Ok(())
    }
}

fn level(text: &str) -> Result<u8> {
    let lower = text.to_lowercase();
    let name = match lower.as_str() {
        "warning" => "warn",
        "error" => "err",
        other => other,
    };
    let by_name = (0u8..).zip(LEVELS).find(|(_, l)| *l == name).map(|(n, _)| n);
    by_name.or_else(|| name.parse().ok().filter(|n| *n < 8)).ok_or_else(|| {
        Failure::Usage(format!("kmsg: {text} is no level"), Some(format!("levels are {}, or 0 to 7", LEVELS.join(", "))))
    })
}

fn row(m: &Message) -> KmsgRow {
    let lossy = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|b| String::from_utf8_lossy(b).into_owned());
    KmsgRow {
        sequence: m.sequence,
        timestamp: m.time.map(Time),
        since_boot: m.nanoseconds.map(seconds),
        level: m.level.map(|l| LEVELS.get(usize::from(l)).map_or_else(|| l.to_string(), |s| (*s).to_owned())),
        facility: m.facility.map(facility),
        caller: m.caller.map(|c| match c {
            Caller::Thread(id) => format!("T{id}"),
            Caller::Cpu(n) => format!("C{n}"),
        }),
        process: lossy(&m.process),
        subsystem: lossy(&m.subsystem),
        device: lossy(&m.device),
        message: lossy(&m.text),
        message_bytes: m.text.as_ref().filter(|t| std::str::from_utf8(t).is_err()).map(|t| hex(t)),
    }
}

/// Nanoseconds as seconds; exact to the nanosecond for the first hundred days, to the microsecond for three hundred years.
fn seconds(nanoseconds: u64) -> f64 {
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64()
}

fn facility(number: u8) -> String {
    match (FACILITIES.get(usize::from(number)), number) {
        (Some(name), _) => (*name).to_owned(),
        (None, 16..=23) => format!("local{}", number - 16),
        (None, n) => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn levels_go_by_name_and_number() {
        assert_eq!(["warn", "WARNING", "4"].map(|l| level(l).unwrap()), [4; 3]);
        assert!(level("8").is_err() && level("loud").is_err());
    }

    #[test]
    fn facilities_have_their_names() {
        assert_eq!([0, 3, 11, 12, 16, 23, 24].map(facility), ["kern", "daemon", "ftp", "12", "local0", "local7", "24"]);
    }

    #[test]
    fn seconds_keep_the_nanoseconds() {
        assert_eq!(seconds(4_404_017_123).to_string(), "4.404017123");
    }
}
