//! `set`: what holds until it is set again.

use super::args::When;
use super::host::Shell;
use super::pager::Setting;
use super::render::escape;
use crate::commands::failure::{Failure, Result};

/// Names, and what they can be.
pub const NAMES: &[(&str, &str)] = &[
    ("format", "table, json, jsonl, csv"),
    ("header", "on, off"),
    ("color", "auto, always, never"),
    ("pager", "auto, off, or a command"),
    ("progress", "auto, always, never"),
    ("quiet", "on, off"),
    ("strict", "on, off"),
    ("verbose", "0, 1, 2"),
    ("log", "log FILE begins a transcript, log off ends it"),
];

/// Lists the settings, or changes the one that `rest` names. What there is to show.
///
/// # Errors
/// A usage error for a setting that there is not, or a value that it can't have.
pub fn run(shell: &Shell, rest: &[String]) -> Result<String> {
    let assignment = rest.join(" ");
    let (name, value) = assignment.split_once(['=', ' ']).map_or((assignment.as_str(), ""), |(n, v)| (n.trim(), v.trim()));
    // `set pager = less`.
    let value = value.strip_prefix('=').map_or(value, str::trim);
    let list = || Some("`set` lists the settings".to_owned());
    let bad = |what: &str| Failure::Usage(format!("set {name}: {value:?} is not {what}"), list());
    let flag = || match value {
        "" | "on" | "yes" | "true" | "1" => Ok(true),
        "off" | "no" | "false" | "0" => Ok(false),
        _ => Err(bad("on or off")),
    };
    let when = || <When as clap::ValueEnum>::from_str(value, true).map_err(|_| bad("auto, always or never"));
    let mut o = shell.defaults.borrow_mut();
    match name {
        "" => {
            drop(o);
            let line = |(name, can): &(&str, &str)| format!("{name:<9} {:<12} {can}\n", value_of(shell, name));
            return Ok(NAMES.iter().map(line).collect());
        }
        "format" => {
            let is = |f: &str| value == f;
            if !["table", "json", "jsonl", "csv"].contains(&value) {
                return Err(bad("table, json, jsonl or csv"));
            }
            (o.table, o.json, o.jsonl, o.csv) = (is("table"), is("json"), is("jsonl"), is("csv"));
        }
        "header" => o.no_header = !flag()?,
        "color" => o.color = Some(when()?),
        "pager" => {
            let setting = match value {
                "off" | "no" | "none" | "never" => Setting::Off,
                "" | "on" | "auto" => Setting::Auto,
                command => Setting::Command(command.to_owned()),
            };
            o.no_pager = setting == Setting::Off;
            shell.pager.replace(setting);
        }
        "progress" => o.progress = Some(when()?),
        "quiet" => o.quiet = flag()?,
        "strict" => o.strict = flag()?,
        "log" if value.is_empty() => {
            drop(o);
            return Ok(format!("{}\n", value_of(shell, name)));
        }
        "log" => {
            let hint = format!("log {value}");
            return Err(Failure::Usage(
                "set log shows where the transcript goes; log begins and ends one".to_owned(),
                Some(hint),
            ));
        }
        "verbose" => o.verbose = value.parse().map_err(|_| bad("a number"))?,
        other => {
            return Err(Failure::Usage(format!("there is no setting {other}"), list()));
        }
    }
    Ok(String::new())
}

fn value_of(shell: &Shell, name: &str) -> String {
    let o = shell.defaults.borrow();
    let when = |w: Option<When>| format!("{:?}", w.unwrap_or_default()).to_lowercase();
    let on = |b: bool| if b { "on" } else { "off" }.to_owned();
    match name {
        "format" if o.json => "json".to_owned(),
        "format" if o.jsonl => "jsonl".to_owned(),
        "format" if o.csv => "csv".to_owned(),
        "format" => "table".to_owned(),
        "header" => on(!o.no_header),
        "color" => when(o.color),
        "pager" if o.no_pager => "off".to_owned(),
        "pager" => match &*shell.pager.borrow() {
            Setting::Off => "off".to_owned(),
            Setting::Command(command) => command.clone(),
            // Which one that is today.
            auto => auto.command().map_or("auto (none)".to_owned(), |c| format!("auto ({c})")),
        },
        "progress" => when(o.progress),
        "quiet" => on(o.quiet),
        "strict" => on(o.strict),
        "log" => match shell.log.borrow().as_ref() {
            Some(log) => escape::terminal(&log.path().to_string_lossy()).into_owned(),
            None => "off".to_owned(),
        },
        _ => o.verbose.to_string(),
    }
}
