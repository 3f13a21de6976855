//! `timeline`: everything in memory that has a time, in the order of time.
//!
//! It looks into no structure itself: it asks the commands that do ([`sources`]), and puts their rows side by side. A command that fails
//! takes only its own rows with it.

mod sources;

use super::ask::{Each, Outcome, ask};
use super::cells::Time;
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
pub use sources::System;
use sources::{SOURCES, Source, moment};

/// List what happened when: processes, files, modules, registry keys, connections, log lines
#[derive(clap::Args, Debug)]
pub struct Timeline {
    /// Only from this moment on: `2024-05-01`, `2024-05-01T13:00`, UTC
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only before this moment
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only events of this kind: system, process, file, bpf, module, network, registry, service, log, shell (several with commas)
    #[arg(long, value_name = "KIND", value_delimiter = ',', hide_possible_values = true)]
    only: Vec<Kind>,
    /// At most so many events are kept; which is said where it happens
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    max: usize,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Kind {
    /// The machine.
    System,
    /// A process.
    Process,
    /// A file.
    File,
    /// An eBPF program.
    Bpf,
    /// A module or driver of the kernel.
    Module,
    /// A connection.
    Network,
    /// A key or a hive of the registry.
    Registry,
    /// A service.
    Service,
    /// A line of a log.
    Log,
    /// A line that somebody typed.
    Shell,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::System => "system",
            Kind::Process => "process",
            Kind::File => "file",
            Kind::Bpf => "bpf",
            Kind::Module => "module",
            Kind::Network => "network",
            Kind::Registry => "registry",
            Kind::Service => "service",
            Kind::Log => "log",
            Kind::Shell => "shell",
        }
    }
}

/// Something that happened.
#[derive(Serialize, JsonSchema)]
pub struct TimelineRow {
    /// When, UTC, by the clock of the target.
    time: Time,
    /// `system`, `process`, `file`, `bpf`, `module`, `network`, `registry`, `service`, `log` or `shell`.
    kind: &'static str,
    /// What happened to it: `started`, `ended`, `modified`, `logged`, `typed`, ...
    event: &'static str,
    /// What it happened to: a program, a path, a key, a line.
    what: String,
    /// The process, where it is a process's.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    /// Address of the structure that says so, where the source tells.
    address: Option<String>,
    /// The command that found it, and its field with the time.
    source: String,
}

/// An event as it is kept until all are known.
struct Event {
    time: i64,
    source: &'static Source,
    /// Its place among the source's times.
    which: usize,
    what: String,
    pid: Option<u32>,
    process: Option<String>,
    address: Option<String>,
}

impl Command for Timeline {
    type Row = TimelineRow;
    const NAME: &'static str = "timeline";
    const ALIASES: &'static [&'static str] = &["timeliner"];
    const SUMMARY: &'static str = "List what happened when: processes, files, modules, registry keys, log lines";
    const SHAPE: Shape = Shape::List(&["time", "kind", "event", "!pid", "!process", "what", "??source"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("timeline", "everything that has a time, the oldest first"),
        ("timeline --only process,shell", "who started what"),
        ("timeline --from 2026-11-20T12:43:51", "from a moment on, UTC"),
        ("timeline --where 'what contains \"busybox\"'", "about one thing"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, TimelineRow>) -> Result<()> {
        let bound = |option: &str, text: &Option<String>| text.as_deref().map(|t| given(option, t)).transpose();
        let (from, to) = (bound("--from", &self.from)?, bound("--to", &self.to)?);
        let session = cx.session()?;
        let here = System::of(session);
        let mut events: Vec<Event> = Vec::new();
        let mut over = 0u64;
        let mut answered = false;
        for source in SOURCES {
            cx.go_on()?;
            if !source.systems.contains(&here) || !(self.only.is_empty() || self.only.contains(&source.kind)) {
                continue;
            }
            let mut sink = Each(|row: Value| {
                source.events(&row, &mut |which, time, about| {
                    if from.is_some_and(|f| time < f) || to.is_some_and(|t| time >= t) {
                        return;
                    }
                    if events.len() >= self.max {
                        over += 1;
                        return;
                    }
                    events.push(Event {
                        time,
                        source,
                        which,
                        what: about.what.to_owned(),
                        pid: about.pid,
                        process: about.process.map(str::to_owned),
                        address: about.address.map(str::to_owned),
                    });
                });
                Ok(())
            });
            match ask(cx, source.command, &[], &mut sink) {
                Ok(outcome) => {
                    answered |= outcome.failed.is_none();
                    say(cx, source, &outcome);
                }
                Err(Failure::Interrupted) => {
                    // What was found until then is still in order.
                    cx.lost(format!("{} and what follows it: interrupted", source.command));
                    cx.after_all(|| give(&mut events, out))?;
                    return Err(Failure::Interrupted);
                }
                Err(other) => return Err(other),
            }
        }
        cx.lost_many(over, format!("events beyond {} (--max)", self.max));
        if events.is_empty() && !answered {
            // Without a system there is nothing to ask; its error says more than a list of failures.
            session.os()?;
        }
        cx.nothing(match from.is_some() || to.is_some() || !self.only.is_empty() {
            true => "nothing with a time was found in this span and of these kinds",
            false => "nothing with a time was found",
        });
        give(&mut events, out)
    }
}

/// Tells what a source could not say.
fn say(cx: &Context, source: &Source, outcome: &Outcome) {
    match &outcome.failed {
        // What this system does not have is no loss.
        Some(_) if outcome.foreign && source.spare => {}
        Some(why) => cx.lost(format!("{}: {why}", source.command)),
        None => {}
    }
    if let Some(partial) = &outcome.partial {
        cx.lost(format!("{}: {partial}", source.command));
    }
}

/// Hands the events out in their order: of the same moment in that of the sources and of their rows.
fn give(events: &mut [Event], out: &mut Rows<'_, TimelineRow>) -> Result<()> {
    events.sort_by_key(|e| e.time);
    for e in events.iter() {
        let (field, event) = e.source.times.get(e.which).copied().unwrap_or_default();
        out.push(&TimelineRow {
            time: Time(e.time),
            kind: e.source.kind.name(),
            event,
            what: e.what.clone(),
            pid: e.pid,
            process: e.process.clone(),
            address: e.address.clone(),
            source: format!("{} ({field})", e.source.command),
        })?;
    }
    Ok(())
}

/// The moment that an option names.
fn given(option: &str, text: &str) -> Result<i64> {
    moment(text).ok_or_else(|| {
        let hint = "a moment is 2024-05-01, 2024-05-01T13:00, 2024-05-01T13:00:05 or 2024-05-01T13:00:05.25Z, in UTC";
        Failure::Usage(format!("timeline: {option}: {text:?} is no moment"), Some(hint.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_source_is_a_command_that_takes_its_words() {
        for source in SOURCES {
            let (spec, words) = super::super::ask::command(source.command).unwrap();
            let parser = (spec.arguments)(clap::Command::new(spec.name).no_binary_name(true));
            assert!(parser.try_get_matches_from(&words).is_ok(), "{}", source.command);
        }
    }

    #[test]
    fn moments_may_be_short() {
        let day = given("--from", "2024-05-01").unwrap();
        assert_eq!(Time(day).to_string(), "2024-05-01T00:00:00Z");
        assert_eq!(given("--from", "2024-05-01 13:00").unwrap() - day, 13 * 3600 * 1_000_000_000);
        for no in ["yesterday", "2026-02-29", "2100-02-29", "2024-04-31", "2024-13-01", "2024-00-01", "2024-01-00"] {
            assert!(given("--from", no).is_err(), "{no}");
        }
        assert!(given("--from", "2024-02-29").is_ok() && given("--from", "2000-02-29").is_ok());
    }
}
