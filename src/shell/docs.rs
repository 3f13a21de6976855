//! What the registry says of itself: help, schemas, docs/commands.md.

use crate::commands::{ALL, SECTIONS, Shape, Spec};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use std::fmt::Write;

/// Version of the schemas: that of the program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The JSON Schema of a command's answer.
pub fn value(spec: &Spec) -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let row = (spec.row_schema)(&mut generator).to_value();
    let mut definitions = generator.take_definitions(true);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("memsh:{}:{VERSION}", spec.name),
        "title": format!("memsh {}", spec.name),
    });
    match (spec.shape, schema.as_object_mut()) {
        (Shape::List(_), Some(schema)) => {
            schema.insert("type".to_owned(), "array".into());
            schema.insert("items".to_owned(), row);
        }
        (Shape::Object, Some(schema)) if spec.batch.is_some() => {
            schema.insert(
                "anyOf".to_owned(),
                json!([{ "$ref": "#/$defs/Row" }, { "type": "array", "items": { "$ref": "#/$defs/Row" } }]),
            );
            definitions.insert("Row".to_owned(), row);
        }
        (Shape::Object, Some(schema)) => schema.extend(row.as_object().cloned().unwrap_or_default()),
        _ => {}
    }
    if let (false, Some(schema)) = (definitions.is_empty(), schema.as_object_mut()) {
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    schema
}

/// [`value`] as text.
pub fn schema(spec: &Spec) -> String {
    format!("{:#}\n", value(spec))
}

/// All schemas in one object.
pub fn schemas() -> String {
    let all: serde_json::Map<String, Value> = ALL.iter().map(|s| (s.name.to_owned(), value(s))).collect();
    format!("{:#}\n", Value::Object(all))
}

/// The keys of a row of the command, and what they hold.
pub fn row_schema(spec: &Spec) -> super::filter::Schema {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let row = (spec.row_schema)(&mut generator).to_value();
    super::filter::Schema::new(spec.name, row, Value::Object(generator.take_definitions(true)))
}

/// The fields that a row of the command can have.
pub fn keys(spec: &Spec) -> Vec<String> {
    row_schema(spec).keys().into_iter().map(str::to_owned).collect()
}

/// The shell's own commands.
const BUILTINS: &[(&str, &str)] = &[
    (
        "tutorial",
        "tutorial [N]\n\nShows memsh in ten minutes, from `info` to a finding: on the sample, step by step (`memsh sample tutorial` prints it).\n",
    ),
    ("help", "help [COMMAND]\n\nLists the commands, or explains one.\n"),
    (
        "proc",
        "proc [PID|NAME|-]\n\nChooses the process whose addresses the commands that follow mean; `proc -` goes back to the kernel.\n",
    ),
    (
        "set",
        "set [NAME VALUE]\n\nLists the settings, or changes one: format, header, color, pager, progress, quiet, strict, verbose; log is where the transcript goes.\n",
    ),
    (
        "foreach",
        "foreach FILTER|hit|(COMMAND) COMMAND\n\nRuns a command once for each process, as if `proc` had chosen it. FILTER is user, kernel, all, a name, pids \
         as 1,2,3, or an expression over the rows of ps: foreach 'uid == 0 and name ~ \"ssh\"' maps. With --json the rows of all are one \
         array, with pid and name.\n\nforeach hit runs it for each hit of the last search, foreach (scan password --all) for each row of that \
         command. {KEY} stands for a field of the row: foreach hit read {address} -n 64; without any the row's address is the first argument, \
         and a process that the row names is the chosen one. scan password | near is the same as foreach (scan password) near; behind a | \
         foreach, near, read, dis, tele, vtop and ptov are memsh's own, everything else goes to the host's shell.\n",
    ),
    (
        "watch",
        "watch [-n SECONDS] [--count N] COMMAND\n\nRepeats a command every 2 seconds (-n) until Ctrl-C, or N times. A live target is read anew each \
         time. On a terminal the screen is drawn again, with cells that changed in reverse, new rows in green, those that are gone in red; \
         into a pipe goes a line of JSON for each answer: {\"time\": .., \"status\": .., \"answer\": ..}.\n",
    ),
    (
        "alias",
        "alias [NAME=COMMAND | --builtin]\n\nLists the other names of the commands (--builtin: all that other tools' users type), or defines one: alias top='ps --sort -threads --limit $1'. $1, $2, ... are \
         the arguments, $* all of them; without any they stand behind.\n",
    ),
    ("unalias", "unalias NAME\n\nForgets an alias of yours.\n"),
    (
        "source",
        "source FILE   (also: . FILE, $<FILE)\n\nRuns the commands in a file. `source FILE > OUT` takes what pipes and !COMMAND in it show, too.\n",
    ),
    (
        "history",
        "history   (!! the last line again, !12 that line, !-2 the last but one, !ps the last that begins so)\n\nLists the lines that were typed \
         into the shell. In scripts, and with arguments, it is the command over the target.\n",
    ),
    (
        "log",
        "log [FILE [--force] | status | off | verify FILE]   (also: .logopen FILE, .logfile, .logclose)\n\nKeeps a transcript: time (UTC), command, answer, exit \
         status. A file that is there is written behind; --force begins it anew. Each entry ends with a hash that covers it and all before it; \
         log off shows the last one, log verify FILE holds the file against them. log status says where it goes, as set log does. log alone is the kernel's log, as in crash.\n",
    ),
    ("schema", "schema [COMMAND]\n\nPrints the JSON Schema of a command's answer, or of all of them.\n"),
    ("completions", "completions SHELL\n\nPrints completions for bash, zsh, fish, elvish or powershell.\n"),
    ("man", "man [COMMAND]\n\nPrints the man page.\n"),
    ("exit", "exit   (also: quit, q, Ctrl-D)\n\nEnds the shell.\n"),
];

/// Columns of the narrowest terminal that is thought of.
const NARROW: usize = 80;

/// Help for one of the shell's own commands.
pub fn builtin(name: &str) -> Option<&'static str> {
    let name = if matches!(name, "quit" | "q") { "exit" } else { name };
    BUILTINS.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
}

/// The arguments of one of the shell's own commands.
pub fn builtin_usage(name: &str) -> Option<&'static str> {
    let usage = builtin(name)?.lines().next()?.split("   ").next()?;
    usage.strip_prefix(name).map(str::trim).filter(|u| !u.is_empty())
}

/// The list of commands.
pub fn overview(interactive: bool) -> String {
    let mut out = String::new();
    for s in ALL {
        if let Some((title, _)) = SECTIONS.iter().find(|(_, first)| *first == s.name) {
            let _ = writeln!(out, "{title}:");
        }
        // The names that other tools spell with dots are understood, and too long to be shown.
        let short: Vec<&str> = s.aliases.iter().copied().filter(|a| !a.contains(['.', '_'])).take(3).collect();
        let line = format!("  {:<12} {}", s.name, s.summary);
        let aliases = format!("  ({})", short.join(", "));
        let fits = !short.is_empty() && line.chars().count() + aliases.chars().count() <= NARROW;
        let _ = writeln!(out, "{line}{}", if fits { &aliases } else { "" });
    }
    out.push_str("The shell:\n");
    for (name, text) in BUILTINS {
        // The first sentence; `help NAME` has the rest.
        let what = text.split("\n\n").nth(1).unwrap_or_default().trim();
        let what = what.split_once(". ").map_or(what, |(first, _)| first).trim_end_matches('.');
        let _ = writeln!(out, "  {name:<12} {what}");
    }
    out.push_str(
        "\n`help COMMAND` explains one. `COMMAND | shell command`, `COMMAND > file`, `!shell command`, `;` between commands.\n",
    );
    if !interactive {
        out.push_str(
            "memsh IMAGE opens a shell; memsh IMAGE COMMAND runs one command; --json, --jsonl and --csv are for programs.\n",
        );
    }
    out
}

/// docs/commands.md.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Commands\n\nMade by `memsh help --markdown`; a test fails when this page and the program part ways.\n\
         Options that every command takes (`--json`, `--columns`, ...) are in `memsh --help`. Fields are those of `--json`;\n\
         `memsh schema COMMAND` prints them as a JSON Schema.\n",
    );
    for s in ALL {
        let _ = writeln!(out, "\n## {}\n\n{}.", s.name, s.summary);
        if !s.aliases.is_empty() {
            let _ = writeln!(out, "Also: {}.", s.aliases.iter().map(|a| format!("`{a}`")).collect::<Vec<_>>().join(", "));
        }
        let command = (s.arguments)(clap::Command::new(s.name)).disable_help_flag(true);
        let usage = command.clone().render_usage().to_string();
        let _ = writeln!(out, "\n    {}\n", usage.trim_start_matches("Usage: ").trim());
        for a in command.get_arguments().filter(|a| !a.is_hide_set()) {
            let name = match (a.get_short(), a.get_long()) {
                (Some(s), Some(l)) => format!("-{s}, --{l}"),
                (Some(s), None) => format!("-{s}"),
                (None, Some(l)) => format!("--{l}"),
                (None, None) => {
                    a.get_value_names().map(|v| v.iter().map(|n| n.as_str()).collect::<Vec<_>>().join(" ")).unwrap_or_default()
                }
            };
            let help = a.get_help().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(out, "- `{name}`: {help}");
        }
        let shape = if matches!(s.shape, Shape::List(_)) { "a list; each row has" } else { "an object with" };
        let fields: Vec<String> = keys(s).iter().map(|k| format!("`{k}`")).collect();
        let _ = writeln!(out, "\nAnswer: {shape} {}.\n\nExamples:\n", fields.join(", "));
        for (line, what) in s.examples {
            let _ = writeln!(out, "    {line}    # {what}");
        }
    }
    out.push_str("\n# The shell's own\n");
    for (name, text) in BUILTINS {
        let (usage, what) = text.split_once("\n\n").unwrap_or((text, ""));
        let _ = writeln!(out, "\n## {name}\n\n    {usage}\n\n{}", what.trim());
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::super::args::parser;
    use super::*;

    #[test]
    fn every_parser_holds_together() {
        for s in ALL {
            parser(s, true).debug_assert();
            parser(s, false).debug_assert();
        }
        super::super::args::whole().debug_assert();
    }

    #[test]
    fn every_section_begins_with_a_command() {
        assert!(SECTIONS.iter().all(|(_, first)| ALL.iter().filter(|s| s.name == *first).count() == 1));
        assert_eq!(SECTIONS[0].1, ALL[0].name);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = ALL.iter().flat_map(|s| std::iter::once(s.name).chain(s.aliases.iter().copied())).collect();
        names.sort_unstable();
        let n = names.len();
        names.dedup();
        assert_eq!(names.len(), n);
    }

    #[test]
    fn columns_of_tables_are_fields() {
        for s in ALL {
            if let Shape::List(columns) = s.shape {
                let keys = keys(s);
                for c in columns.iter().flat_map(|c| super::super::render::Column::new(c).keys) {
                    assert!(keys.contains(&c), "{} has no field {c}", s.name);
                }
            }
        }
    }

    #[test]
    fn examples_parse() {
        for s in ALL {
            for (text, _) in s.examples {
                for line in super::super::line::split(text).unwrap() {
                    let words = super::super::alias::expand(&line.words);
                    let spec = crate::commands::find(&words[0]).unwrap();
                    parser(spec, true).try_get_matches_from(&words[1..]).unwrap();
                }
            }
        }
    }
}
