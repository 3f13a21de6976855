//! `diff`: the target beside another one.

use super::cells::{Hex, hex, number};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::{Collect, Rows};
use super::spec::{Command, Shape};
use crate::compare::{self, Difference, PAGE, Run, compare};
use crate::plugins::chain::{Kind, LayerSpec};
use crate::session::{Session, Space, Target};
use crate::umem;
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

/// Compare the target with another one: processes, modules, pages
#[derive(clap::Args, Debug)]
pub struct Diff {
    /// The other target: a memory image, the later one as a rule
    #[arg(value_name = "OTHER", required_unless_present = "other_connector", conflicts_with = "other_connector")]
    other: Option<PathBuf>,
    /// The other target by its connector (repeatable, as in `memsh -C`)
    #[arg(id = "other_connector", short = 'C', long = "connector", value_name = "NAME[:ARGS]")]
    connector: Vec<String>,
    /// OS layer on the other target's connector
    #[arg(id = "other_os", short = 'O', long = "os", value_name = "NAME[:ARGS]")]
    os: Vec<String>,
    /// Compare the memory of these processes, by their virtual addresses, and their regions; not all of physical memory
    #[arg(short = 'p', long = "pid", value_name = "PID|NAME")]
    process: Vec<String>,
    /// What to compare: processes, modules, maps, pages (maps need -p; all where nothing is said)
    #[arg(long, value_name = "WHAT", value_delimiter = ',', hide_possible_values = true)]
    only: Vec<What>,
    /// What changed inside of pages, too: offsets, old and new bytes
    #[arg(short, long)]
    bytes: bool,
    /// At most so many rows of pages, and of bytes
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Processes,
    Modules,
    Maps,
    Pages,
}

/// A difference.
#[derive(Serialize, JsonSchema)]
pub struct DiffRow {
    /// What differs: `process`, `module`, `map`, `page` (one, or neighbours that are all in one target only), `bytes`.
    what: &'static str,
    /// `added`: only in the other target; `removed`: only in this one; `changed`: in both.
    kind: &'static str,
    /// What it is known by in both: a process's id, a module's name, an address.
    key: String,
    /// The process, where it is a process's.
    pid: Option<u32>,
    /// Its name, where it has one.
    name: Option<String>,
    /// The field that changed.
    field: Option<String>,
    /// Its value in this target. Of a page the first 16 digits of its SHA-256, of bytes their hex digits.
    before: Value,
    /// Its value in the other target.
    after: Value,
    /// Where it lies.
    address: Option<Hex>,
    /// Bytes.
    size: Option<u64>,
}

/// Bytes of a difference inside of a page that are shown.
const SHOWN: usize = 64;
/// Equal bytes between two differences that are told as one.
const NEAR: usize = 8;

impl Command for Diff {
    type Row = DiffRow;
    const NAME: &'static str = "diff";
    const ALIASES: &'static [&'static str] = &["compare"];
    const SUMMARY: &'static str = "Compare the target with another one: processes, modules, pages";
    const SHAPE: Shape = Shape::List(&["what", "kind", "key", "!pid", "name", "field", "before", "after", "!size"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("diff later.raw", "an image that was taken later"),
        ("diff -C file:later.raw", "a target behind a connector"),
        ("diff later.raw -p 1 --bytes", "a process's memory, and what changed in it"),
        ("diff later.raw --only processes,modules", "without a look at pages"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, DiffRow>) -> Result<()> {
        let here = cx.session()?;
        if self.max == 0 {
            return Err(Failure::usage("diff: --max: a number of rows, 1 or more"));
        }
        let wants = |what| self.only.is_empty() || self.only.contains(&what);
        if self.only.contains(&What::Maps) && self.process.is_empty() {
            return Err(Failure::Usage("diff: maps are of a process".to_owned(), Some("say which: -p PID".to_owned())));
        }
        let there = cx.host().open_other(&self.target())?;
        there.refresh();
        cx.nothing("no difference was found in what was compared");
        let both = Both { cx, here, there: &there };
        if self.process.is_empty() {
            if wants(What::Processes) {
                both.lists("process", "ps", &[], &PROCESS, None, out)?;
            }
            if wants(What::Modules) {
                both.lists("module", "modules", &["-k"], &MODULE, None, out)?;
            }
            if wants(What::Pages) {
                let (a, b) = (here.physical_space()?, there.physical_space()?);
                self.pages(cx, (&a, &b), None, out)?;
            }
        }
        for which in &self.process {
            let (p, q) = (here.find_process(which)?, there.find_process(which)?);
            let pid = Some((p.pid, super::cells::plain(&p.name)));
            if wants(What::Processes) {
                let only = [p.pid.to_string()];
                both.lists("process", "ps", &[&only[0]], &PROCESS, pid.clone(), out)?;
            }
            if wants(What::Maps) {
                both.maps((p.pid, q.pid), pid.clone(), out)?;
            }
            if wants(What::Pages) {
                let (a, b) = (here.process_space(&p)?, there.process_space(&q)?);
                self.pages(cx, (&a, &b), pid, out)?;
            }
        }
        Ok(())
    }
}

/// What rows of a command are known by, and what is no difference.
struct Known {
    /// Fields that together name a row.
    keys: &'static [&'static str],
    /// The field that a person knows it by.
    shown: &'static str,
    /// Its address.
    address: &'static str,
}

const PROCESS: Known = Known { keys: &["pid", "start_time"], shown: "pid", address: "address" };
const MODULE: Known = Known { keys: &["name", "base"], shown: "name", address: "base" };
const MAP: Known = Known { keys: &["start"], shown: "start", address: "start" };

/// Two targets.
struct Both<'a, 'c> {
    cx: &'a Context<'c>,
    here: &'a Session,
    there: &'a Session,
}

type Whose = Option<(u32, String)>;

impl Both<'_, '_> {
    /// The rows of a command on one of them; none where its system can't be asked, which is told.
    fn rows(&self, session: &Session, command: &str, words: &[&str]) -> Result<Option<Vec<Value>>> {
        let spec = super::find(command).ok_or_else(|| Failure::usage(format!("there is no command {command}")))?;
        let parser = (spec.arguments)(clap::Command::new(spec.name).no_binary_name(true));
        let matches = parser.try_get_matches_from(words).map_err(|e| Failure::usage(e.to_string()))?;
        let cx = Context::new(self.cx.host(), Some(session), None);
        let mut rows = Collect::default();
        match (spec.run)(&matches, &cx, &mut rows) {
            Ok(()) => {
                if let Some(partial) = cx.partial() {
                    self.cx.lost(format!("{command} of {}: {partial}", session.name()));
                }
                Ok(Some(rows.0))
            }
            Err(Failure::Error(e)) if e.kind() != crate::ErrorKind::Interrupted => {
                self.cx.lost(format!("{command} of {}: {e}", session.name()));
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    fn lists(
        &self,
        what: &'static str,
        command: &str,
        words: &[&str],
        known: &Known,
        whose: Whose,
        out: &mut Rows<'_, DiffRow>,
    ) -> Result<()> {
        let (a, b) = (self.rows(self.here, command, words)?, self.rows(self.there, command, words)?);
        match (a, b) {
            (Some(a), Some(b)) => differences(what, (&a, &b), known, &whose, out),
            _ => Ok(()),
        }
    }

    fn maps(&self, (p, q): (u32, u32), whose: Whose, out: &mut Rows<'_, DiffRow>) -> Result<()> {
        let words = [p.to_string(), q.to_string()];
        let (a, b) = (self.rows(self.here, "maps", &["-p", &words[0]])?, self.rows(self.there, "maps", &["-p", &words[1]])?);
        match (a, b) {
            (Some(a), Some(b)) => differences("map", (&a, &b), &MAP, &whose, out),
            _ => Ok(()),
        }
    }
}

/// The rows of both by what they are known by; several of one name by their order.
fn by_key<'v>(rows: &'v [Value], known: &Known) -> Vec<(String, &'v Value)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let named = |row: &'v Value| {
        let key: Vec<String> = known.keys.iter().map(|k| row.get(*k).unwrap_or(&Value::Null).to_string()).collect();
        let key = key.join(" ");
        let n = seen.entry(key.clone()).or_default();
        *n += 1;
        (format!("{key} {n}"), row)
    };
    rows.iter().map(named).collect()
}

fn differences(
    what: &'static str,
    (a, b): (&[Value], &[Value]),
    known: &Known,
    whose: &Whose,
    out: &mut Rows<'_, DiffRow>,
) -> Result<()> {
    let (a, b) = (by_key(a, known), by_key(b, known));
    let later: HashMap<&str, &Value> = b.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let before: HashMap<&str, &Value> = a.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let text = |row: &Value, field: &str| match row.get(field) {
        Some(Value::String(s)) => Some(s.clone()),
        Some(Value::Null) | None => None,
        Some(other) => Some(other.to_string()),
    };
    let row = |kind, row: &Value, field: Option<String>, values: (Value, Value)| DiffRow {
        what,
        kind,
        key: text(row, known.shown).unwrap_or_default(),
        pid: whose.as_ref().map(|w| w.0).or_else(|| row.get("pid")?.as_u64().and_then(|n| u32::try_from(n).ok())),
        name: text(row, "name").or_else(|| text(row, "path")).or_else(|| whose.as_ref().map(|w| w.1.clone())),
        field,
        before: values.0,
        after: values.1,
        address: text(row, known.address).and_then(|t| umem::from_str_radix(t.strip_prefix("0x")?, 16).ok()).map(Hex),
        size: row.get("size").and_then(Value::as_u64),
    };
    for (key, one) in &a {
        let Some(other) = later.get(key.as_str()) else {
            out.push(&row("removed", one, None, (Value::Null, Value::Null)))?;
            continue;
        };
        let fields: BTreeSet<&String> = one.as_object().into_iter().chain(other.as_object()).flat_map(|o| o.keys()).collect();
        for field in fields {
            let (x, y) = (one.get(field).unwrap_or(&Value::Null), other.get(field).unwrap_or(&Value::Null));
            if x != y {
                out.push(&row("changed", one, Some(field.clone()), (x.clone(), y.clone())))?;
            }
        }
    }
    for (_, other) in b.iter().filter(|(key, _)| !before.contains_key(key.as_str())) {
        out.push(&row("added", other, None, (Value::Null, Value::Null)))?;
    }
    Ok(())
}

impl Diff {
    fn target(&self) -> Target {
        if let Some(path) = &self.other {
            return match path.as_os_str() == "sample" && !path.exists() {
                true => Target::Sample,
                false => Target::File(path.clone()),
            };
        }
        // Connectors and systems take turns, as in a chain they must.
        let mut systems = self.os.iter();
        let mut layers = Vec::new();
        for connector in &self.connector {
            layers.push(LayerSpec::new(Kind::Connector, connector));
            layers.extend(systems.next().map(|os| LayerSpec::new(Kind::Os, os)));
        }
        Target::Chain(None, layers)
    }

    fn pages(&self, cx: &Context, (a, b): (&Space, &Space), whose: Whose, out: &mut Rows<'_, DiffRow>) -> Result<()> {
        let total = a.memory().ranges().iter().fold(0u64, |sum, r| sum.saturating_add(number(r.size)));
        let meter = cx.host().meter("comparing pages", total);
        let found = compare(a, b, cx.host().interrupt(), &|done, _| meter.at(done));
        drop(meter);
        cx.go_on()?;
        let (mut pages, mut left) = (0u64, self.max);
        let (mut bytes, mut left_bytes) = (0u64, self.max);
        let base = |what, kind, at: umem, size: u64| DiffRow {
            what,
            kind,
            key: format!("{at:#x}"),
            pid: whose.as_ref().map(|w| w.0),
            name: whose.as_ref().map(|w| w.1.clone()),
            field: None,
            before: Value::Null,
            after: Value::Null,
            address: Some(Hex(at)),
            size: Some(size),
        };
        for run in &found.runs {
            let kind = match run.how {
                Difference::Added => "added",
                Difference::Removed => "removed",
                Difference::Changed => "changed",
            };
            if run.how != Difference::Changed {
                pages += 1;
                if left > 0 {
                    left -= 1;
                    out.push(&base("page", kind, run.start, number(run.size)))?;
                }
                continue;
            }
            for (at, size) in single(run) {
                pages += 1;
                if left == 0 && (!self.bytes || left_bytes == 0) {
                    continue;
                }
                cx.go_on()?;
                let (mut x, mut y) = (vec![0; size], vec![0; size]);
                a.read_gaps(at, &mut x);
                b.read_gaps(at, &mut y);
                let hash = |bytes: &[u8]| Value::from(hex(Sha256::digest(bytes).get(..8).unwrap_or_default()));
                if left > 0 {
                    left -= 1;
                    let size = u64::try_from(size).unwrap_or(PAGE);
                    out.push(&DiffRow {
                        field: Some("sha256".to_owned()),
                        before: hash(&x),
                        after: hash(&y),
                        ..base("page", kind, at, size)
                    })?;
                }
                for (from, to) in if self.bytes { inside(&x, &y) } else { Vec::new() } {
                    bytes += 1;
                    if left_bytes == 0 {
                        continue;
                    }
                    left_bytes -= 1;
                    let shown = |data: &[u8]| {
                        let end = to.min(from + SHOWN);
                        let more = if end < to { ".." } else { "" };
                        Value::from(format!("{}{more}", hex(data.get(from..end).unwrap_or_default())))
                    };
                    let address = at.wrapping_add(crate::engine::to_umem(from));
                    out.push(&DiffRow {
                        field: Some(format!("+{from:#x}")),
                        before: shown(&x),
                        after: shown(&y),
                        ..base("bytes", kind, address, u64::try_from(to - from).unwrap_or(0))
                    })?;
                }
            }
        }
        for (told, all, what) in [(self.max - left, pages, "pages"), (self.max - left_bytes, bytes, "pieces of bytes")] {
            let told = u64::try_from(told).unwrap_or(0);
            if told < all {
                cx.host().warn(&format!("({told} of {all} {what} that differ are shown: --max N shows more)"));
            }
        }
        Ok(())
    }
}

/// The pages of a run, each by itself.
fn single(run: &Run) -> impl Iterator<Item = (umem, usize)> {
    let end = run.start.saturating_add(run.size);
    let mut at = run.start;
    std::iter::from_fn(move || {
        let left = end.checked_sub(at).filter(|n| *n > 0)?;
        let page = umem::from(compare::PAGE);
        let size = (page - at % page).min(left);
        let one = (at, usize::try_from(size).unwrap_or(0));
        at += size;
        Some(one)
    })
}

/// Where two pages differ: from, to. Differences that are near each other are one.
fn inside(x: &[u8], y: &[u8]) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for (i, _) in x.iter().zip(y).enumerate().filter(|(_, (a, b))| a != b) {
        match out.last_mut() {
            Some(last) if i - last.1 < NEAR => last.1 = i + 1,
            _ => out.push((i, i + 1)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_differences_are_one() {
        let x = [0u8; 64];
        let mut y = x;
        (y[3], y[5], y[40]) = (1, 1, 1);
        assert_eq!(inside(&x, &y), [(3, 6), (40, 41)]);
    }

    #[test]
    fn pages_of_a_run() {
        let run = Run { start: 0x1800, size: 0x1900, how: Difference::Changed };
        assert_eq!(single(&run).collect::<Vec<_>>(), [(0x1800, 0x800), (0x2000, 0x1000), (0x3000, 0x100)]);
    }
}
