//! `check`: the same answers as last time?

use super::context::Context;
use super::evidence::guard;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::Read;
use std::path::PathBuf;

/// Run the commands in a file and compare their answers with those in it
#[derive(clap::Args, Debug)]
pub struct Check {
    /// The file: {"commands":[{"command":"ps","expect":[...]}]}
    #[arg(value_name = "EXPECT.json")]
    path: PathBuf,
    /// Write the answers of today into the file; a file that does not exist gets info, ps and modules
    #[arg(long)]
    update: bool,
}

/// The outcome.
#[derive(Serialize, JsonSchema)]
pub struct CheckRow {
    /// Whether every answer is as expected.
    ok: bool,
    /// Commands that were run.
    commands: usize,
    /// Whether the file was written.
    updated: bool,
    /// What differs.
    differences: Vec<Difference>,
}

#[derive(Serialize, JsonSchema)]
struct Difference {
    /// The command.
    command: String,
    /// Where in its answer, as a path of keys and positions.
    path: String,
    /// What the file says; null where it says nothing.
    expected: Value,
    /// What the command answers; null where it answers nothing.
    found: Value,
}

#[derive(Serialize, Deserialize)]
struct File {
    commands: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    command: String,
    #[serde(default)]
    expect: Value,
}

/// So many differences are listed; more of them say nothing new.
const LISTED: usize = 100;
/// No file of answers is larger, in bytes.
const LARGEST: u64 = 1 << 30;

impl Command for Check {
    type Row = CheckRow;
    const NAME: &'static str = "check";
    const SUMMARY: &'static str = "Compare answers with those in a file";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("check expect.json --update", "write down the answers of today"),
        ("check expect.json", "exit status 3 when an answer differs"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, CheckRow>) -> Result<()> {
        if self.update {
            guard(cx.session().ok(), &self.path)?;
        }
        let mut file = self.load()?;
        let mut differences = Vec::new();
        for entry in &mut file.commands {
            cx.go_on()?;
            let found = cx.host().answer(&entry.command)?;
            if self.update {
                entry.expect = steady(found);
            } else {
                compare(&entry.command, "", &entry.expect, &found, &mut differences);
            }
        }
        if self.update {
            let text = serde_json::to_string_pretty(&file).map_err(std::io::Error::other)?;
            std::fs::write(&self.path, text + "\n").map_err(|e| Failure::file(&self.path, "write", e))?;
        }
        let n = differences.len();
        differences.truncate(LISTED);
        out.push(&CheckRow { ok: n == 0, commands: file.commands.len(), updated: self.update, differences })?;
        if n == 0 { Ok(()) } else { Err(Failure::Difference(n)) }
    }
}

impl Check {
    fn load(&self) -> Result<File> {
        // A memory image given by mistake is not read whole to find that out.
        let read = std::fs::File::open(&self.path).and_then(|file| {
            let mut text = String::new();
            file.take(LARGEST).read_to_string(&mut text).map(|_| text)
        });
        let text = match read {
            Ok(text) => text,
            Err(e) if self.update && e.kind() == std::io::ErrorKind::NotFound => {
                let entry = |c: &str| Entry { command: c.to_owned(), expect: Value::Null };
                return Ok(File { commands: ["info", "ps", "modules"].map(entry).into() });
            }
            Err(e) => return Err(Failure::file(&self.path, "read", e)),
        };
        serde_json::from_str(&text).map_err(|e| {
            Failure::Usage(
                format!("check: {} makes no sense: {e}", self.path.display()),
                Some("it is {\"commands\":[{\"command\":\"ps\",\"expect\":[...]}]}; --update fills in what to expect".to_owned()),
            )
        })
    }
}

/// An answer without what is never the same twice: timings, and where the file lies.
fn steady(mut answer: Value) -> Value {
    if let Some(object) = answer.as_object_mut() {
        object.remove("detection");
        if let Some(image) = object.get_mut("image").and_then(Value::as_object_mut) {
            image.remove("path");
        }
    }
    answer
}

/// Differences between what is expected and what was found. Fields that are not expected may come and go: answers grow.
fn compare(command: &str, path: &str, expected: &Value, found: &Value, out: &mut Vec<Difference>) {
    let mut differ = |path: String, expected: &Value, found: &Value| {
        out.push(Difference { command: command.to_owned(), path, expected: expected.clone(), found: found.clone() });
    };
    match (expected, found) {
        (Value::Object(want), Value::Object(have)) => {
            for (key, value) in want {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match have.get(key) {
                    Some(found) => compare(command, &path, value, found, out),
                    None => {
                        out.push(Difference { command: command.to_owned(), path, expected: value.clone(), found: Value::Null })
                    }
                }
            }
        }
        (Value::Array(want), Value::Array(have)) => {
            for i in 0..want.len().max(have.len()) {
                let path = format!("{path}[{i}]");
                match (want.get(i), have.get(i)) {
                    (Some(w), Some(h)) => compare(command, &path, w, h, out),
                    (w, h) => out.push(Difference {
                        command: command.to_owned(),
                        path,
                        expected: w.cloned().unwrap_or(Value::Null),
                        found: h.cloned().unwrap_or(Value::Null),
                    }),
                }
            }
        }
        (a, b) if a == b => {}
        (a, b) => differ(path.to_owned(), a, b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differences(expected: &Value, found: &Value) -> Vec<String> {
        let mut out = Vec::new();
        compare("ps", "", expected, found, &mut out);
        out.into_iter().map(|d| format!("{}: {} -> {}", d.path, d.expected, d.found)).collect()
    }

    #[test]
    fn answers_may_grow_fields_and_not_rows() {
        assert!(differences(&json!([{"pid": 1}]), &json!([{"pid": 1, "new": true}])).is_empty());
        assert_eq!(differences(&json!([{"pid": 1}]), &json!([{"pid": 1}, {"pid": 2}])), ["[1]: null -> {\"pid\":2}"]);
        assert_eq!(
            differences(&json!([{"pid": 1, "name": "a"}]), &json!([{"pid": 2}])),
            ["[0].pid: 1 -> 2", "[0].name: \"a\" -> null"]
        );
    }
}
