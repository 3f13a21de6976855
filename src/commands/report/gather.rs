//! A section being filled: its rows go into JSON and CSV as they come, the first of them into the page.

use super::folder::{Folder, Part};
use super::plan::{Section, Suspect};
use crate::commands::ask::{self, Each, Outcome};
use crate::commands::context::Context;
use crate::commands::failure::Result;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{HashSet, VecDeque};

/// A section as the page has it.
#[derive(Serialize)]
pub struct Filled {
    /// Its name.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// The line that filled it.
    pub command: &'static str,
    /// The part of the report that it stands in.
    pub group: &'static str,
    /// What the command's table shows of a row, as [`crate::commands::Shape::List`] has it.
    pub columns: Vec<&'static str>,
    /// Keys of the rows.
    pub keys: Vec<String>,
    /// Rows: the values of the keys, in their order. Where there is no room for all, the first, of a [timeline](Kept) the last.
    pub rows: Vec<Vec<Value>>,
    /// Whether these are the last and not the first.
    pub last: bool,
    /// Rows in all.
    pub total: u64,
    /// See [`Outcome::partial`].
    pub partial: Option<String>,
    /// See [`Outcome::failed`].
    pub failed: Option<String>,
    /// See [`Outcome::foreign`].
    pub foreign: bool,
    /// See [`Outcome::nothing`].
    pub nothing: Option<String>,
}

/// Something that needs to be looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Suspicion {
    /// The section that has it.
    pub section: &'static str,
    /// What it is about, in a word: `memory`, `process`, `hook`, ...
    pub kind: String,
    /// The process.
    pub pid: Option<u64>,
    /// Its name, or the module's.
    pub name: Option<String>,
    /// Why it is suspicious.
    pub reason: String,
    /// Where.
    pub address: Option<String>,
    /// What was seen.
    pub evidence: Option<String>,
}

/// Suspicions of all sections, each once.
#[derive(Default)]
pub struct Suspicions {
    /// Those that are shown.
    pub shown: Vec<Suspicion>,
    /// All of them.
    pub total: u64,
    seen: HashSet<(Option<u64>, String)>,
}

/// So many suspicions stand in the page, with so many letters of each text.
const SUSPICIONS: usize = 5000;
const LETTERS: usize = 400;

impl Suspicions {
    /// Looks at a row. What an earlier section has said of the same address of the same process is not said again.
    fn look(&mut self, section: &Section, row: &Value) {
        let text =
            |keys: &[&str]| keys.iter().find_map(|k| row.get(*k)?.as_str()).map(|t| t.chars().take(LETTERS).collect::<String>());
        let hidden = row.get("hidden").and_then(Value::as_bool) == Some(true);
        let reason = match section.suspect {
            Suspect::Never => return,
            Suspect::Hidden if !hidden => return,
            Suspect::Hidden => {
                format!("hidden: not in the list that {} shows", section.command.split(' ').next().unwrap_or("ps"))
            }
            Suspect::Reason => match text(&["reason"]) {
                Some(reason) => reason,
                None => return,
            },
            Suspect::Every => text(&["reason"]).unwrap_or_else(|| section.title.to_owned()),
        };
        let address = text(&["address", "target", "base"]);
        let pid = row.get("pid").and_then(Value::as_u64);
        let first = section.id == "malfind";
        if let Some(address) = &address {
            let new = self.seen.insert((pid, address.clone()));
            if !new && !first {
                return;
            }
        }
        self.total += 1;
        if self.shown.len() >= SUSPICIONS {
            return;
        }
        self.shown.push(Suspicion {
            section: section.id,
            kind: text(&["kind", "table", "what"]).unwrap_or_else(|| section.id.split('-').next().unwrap_or_default().to_owned()),
            pid,
            name: text(&["process", "name", "symbol"]),
            reason,
            address,
            evidence: text(&["evidence", "detail", "path", "image_path", "key"]),
        });
    }
}

/// Rows of a section in the page, at most.
const ROWS: usize = 20_000;

/// Rows that go into the page, as far as there is room. Of a timeline the last ones matter more than the first; and the times of files, most of
/// them as old as the system's installation, share half of the room, so that they push out nothing else.
struct Kept {
    last: bool,
    lanes: [Lane; 2],
    taken: u64,
}

struct Lane {
    rows: VecDeque<(u64, usize, Vec<Value>)>,
    used: usize,
    room: usize,
    full: bool,
}

impl Kept {
    fn new(last: bool, room: usize) -> Self {
        let lane = |room| Lane { rows: VecDeque::new(), used: 0, room, full: false };
        let lanes = if last { [lane(room / 2), lane(room / 2)] } else { [lane(room), lane(0)] };
        Self { last, lanes, taken: 0 }
    }

    fn take(&mut self, row: Value, size: usize, keys: &[String]) {
        let second = self.last && row.get("kind").and_then(Value::as_str) == Some("file");
        let [one, two] = &mut self.lanes;
        let lane = if second { two } else { one };
        self.taken += 1;
        lane.full |= lane.used + size > lane.room || lane.rows.len() >= ROWS;
        if lane.full && !self.last {
            return;
        }
        lane.used += size;
        lane.rows.push_back((self.taken, size, in_order(row, keys)));
        while lane.used > lane.room || lane.rows.len() > ROWS {
            let Some((_, size, _)) = lane.rows.pop_front() else { break };
            lane.used -= size;
        }
    }

    /// The rows in their order, and the bytes that they take.
    fn finish(self) -> (Vec<Vec<Value>>, usize) {
        let used = self.lanes.iter().map(|l| l.used).sum();
        let mut rows: Vec<_> = self.lanes.into_iter().flat_map(|l| l.rows).collect();
        rows.sort_by_key(|(n, ..)| *n);
        (rows.into_iter().map(|(.., row)| row).collect(), used)
    }
}

/// Fills a section. `room` is how many bytes of JSON its rows may still take in the page.
///
/// # Errors
/// When the user interrupts, or a file can't be written.
pub fn fill(
    cx: &Context,
    section: &Section,
    folder: &mut Folder<'_>,
    suspicions: &mut Suspicions,
    room: &mut usize,
) -> Result<Filled> {
    let (spec, _) = ask::command(section.command)?;
    let object = ask::is_object(spec);
    let keys = keys(spec.row_schema);
    let columns = match spec.shape {
        crate::commands::Shape::List(columns) => columns.to_vec(),
        crate::commands::Shape::Object => Vec::new(),
    };
    let mut json = folder.begin(&format!("json/{}.json", section.id))?;
    let mut csv = folder.begin(&format!("csv/{}.csv", section.id))?;
    write_line(&mut csv, keys.iter().map(|k| k.as_str().into()))?;
    json.write(if object { b"" } else { b"[" })?;
    let mut total = 0u64;
    let mut kept = Kept::new(section.id == "timeline", *room);
    let mut sink = Each(|row: Value| {
        let text = serde_json::to_string(&row).map_err(std::io::Error::other)?;
        if !object {
            json.write(if total == 0 { b"" } else { b"," })?;
        }
        json.write(text.as_bytes())?;
        write_line(&mut csv, keys.iter().map(|k| cell(row.get(k))))?;
        suspicions.look(section, &row);
        total += 1;
        kept.take(row, text.len(), &keys);
        Ok(())
    });
    let outcome = ask::ask(cx, section.command, &[], &mut sink);
    // Whatever came is kept whole, also where the user has enough of it.
    let outcome = match (outcome, object) {
        (outcome, false) => json.write(b"]\n").and(outcome),
        (outcome, true) if total == 0 => json.write(b"null\n").and(outcome),
        (outcome, true) => json.write(b"\n").and(outcome),
    };
    folder.end(json)?;
    folder.end(csv)?;
    let last = kept.last;
    let (rows, used) = kept.finish();
    *room = room.saturating_sub(used);
    let Outcome { partial, failed, foreign, nothing } = outcome?;
    let (id, title, command, group) = (section.id, section.title, section.command, section.group);
    Ok(Filled { id, title, command, group, columns, keys, rows, last, total, partial, failed, foreign, nothing })
}

impl Filled {
    /// A section that was never asked.
    pub fn skipped(section: &Section, why: &str) -> Self {
        Self {
            id: section.id,
            title: section.title,
            command: section.command,
            group: section.group,
            columns: Vec::new(),
            keys: Vec::new(),
            rows: Vec::new(),
            last: false,
            total: 0,
            partial: None,
            failed: Some(why.to_owned()),
            foreign: false,
            nothing: None,
        }
    }

    /// How it went, in a word.
    pub fn status(&self) -> &'static str {
        match self {
            Self { failed: Some(_), foreign: true, .. } => "absent",
            Self { failed: Some(_), .. } => "failed",
            Self { partial: Some(_), .. } => "partial",
            _ => "whole",
        }
    }

    /// Why it is not whole, or why it is empty.
    pub fn note(&self) -> Option<String> {
        let empty = self.nothing.clone().filter(|_| self.total == 0);
        match (&self.failed, &self.partial) {
            (Some(f), Some(p)) => Some(format!("{f}; {p}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => empty,
        }
    }
}

/// The fields that a row can have.
fn keys(schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema) -> Vec<String> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let row = schema(&mut generator).to_value();
    let properties = row.get("properties").and_then(Value::as_object);
    properties.map(|p| p.keys().cloned().collect()).unwrap_or_default()
}

fn in_order(row: Value, keys: &[String]) -> Vec<Value> {
    let Value::Object(mut fields) = row else { return Vec::new() };
    let take = |fields: &mut Map<String, Value>, k: &String| fields.get_mut(k).map(Value::take).unwrap_or_default();
    keys.iter().map(|k| take(&mut fields, k)).collect()
}

/// A value as a cell of CSV: text as it is, nothing for null, structures as JSON.
fn cell(value: Option<&Value>) -> std::borrow::Cow<'_, str> {
    match value {
        None | Some(Value::Null) => "".into(),
        Some(Value::String(s)) => s.as_str().into(),
        Some(v) => v.to_string().into(),
    }
}

/// A line of CSV (RFC 4180). Text of the target that a spreadsheet would take for a formula gets an apostrophe in front: opening the file
/// must not run it. JSON has the exact text.
fn write_line<'a>(out: &mut Part, cells: impl Iterator<Item = std::borrow::Cow<'a, str>>) -> Result<()> {
    let mut line = String::new();
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            line.push(',');
        }
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
        let quote = formula || cell.contains(['"', ',', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ');
        if quote {
            line.push('"');
            line.push_str(if formula { "'" } else { "" });
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(&cell);
        }
    }
    line.push('\n');
    out.write(line.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;
    use crate::commands::report::plan::SECTIONS;
    use serde_json::json;

    fn section(id: &str) -> Section {
        SECTIONS.iter().find(|s| s.id == id).copied().unwrap_or(SECTIONS[0])
    }

    #[test]
    fn a_page_has_the_first_rows_and_of_a_timeline_the_last_of_each_kind() {
        let keys = ["n".to_owned(), "kind".to_owned()];
        let numbers = |last: bool, room: usize| {
            let mut kept = Kept::new(last, room);
            for n in 0..10u64 {
                let kind = if n == 1 { "process" } else { "file" };
                kept.take(json!({"n": n, "kind": kind}), 10, &keys);
            }
            let (rows, used) = kept.finish();
            (rows.iter().map(|r| r[0].as_u64().unwrap_or(99)).collect::<Vec<_>>(), used)
        };
        assert_eq!(numbers(false, 35), (vec![0, 1, 2], 30));
        assert_eq!(numbers(true, 60), (vec![1, 7, 8, 9], 40));
        assert_eq!(numbers(true, 1000).0.len(), 10);
        assert_eq!(numbers(true, 0), (vec![], 0));
    }

    #[test]
    fn one_address_is_suspected_once() {
        let mut all = Suspicions::default();
        let found = json!({"kind": "process", "pid": 7, "reason": "hidden", "address": "0x10", "evidence": "e"});
        all.look(&section("malfind"), &found);
        all.look(&section("malfind"), &json!({"kind": "process", "pid": 7, "reason": "other", "address": "0x10"}));
        all.look(&section("ps-scan"), &json!({"pid": 7, "name": "x", "hidden": true, "address": "0x10"}));
        all.look(&section("ps-scan"), &json!({"pid": 8, "name": "y", "hidden": true, "address": "0x20"}));
        all.look(&section("ps-scan"), &json!({"pid": 9, "name": "z", "hidden": false, "address": "0x30"}));
        all.look(&section("drivers"), &json!({"name": "d", "reason": null}));
        let seen: Vec<_> = all.shown.iter().map(|s| (s.section, s.pid, s.reason.as_str())).collect();
        let hidden = "hidden: not in the list that ps shows";
        assert_eq!(seen, [("malfind", Some(7), "hidden"), ("malfind", Some(7), "other"), ("ps-scan", Some(8), hidden)]);
    }
}
