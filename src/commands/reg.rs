//! `reg`: keys and values of the registry of Windows.

use super::cells::{Hex, Time, hex};
use super::context::Context;
use super::failure::{Failure, Result};
use super::glob::Glob;
use super::hives::registry;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::windows::kernel;
use crate::os::windows::registry::cells::Entries;
use crate::os::windows::registry::path::DEEPEST;
use crate::os::windows::registry::{Data, Entry, Hive, Key, Place, Registry, Value, data};
use clap::builder::PossibleValue;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, HashSet};

/// Read keys and values of the registry (Windows)
#[derive(clap::Args, Debug)]
pub struct Reg {
    /// `ls` lists what a key has, `get` reads values, `find` looks for names and texts
    #[arg(value_parser = actions())]
    action: String,
    /// A key: `HKLM\SYSTEM\Select`, `HKCU\Environment`, `\REGISTRY\USER\S-1-5-18`; for `find` a word, or a pattern (`*` and `?` stand for anything)
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// For `get` the name of a value; for `find` the key to begin at
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Everything below the key, too
    #[arg(short, long)]
    recurse: bool,
    /// So many levels below the key and no more
    #[arg(short, long, value_name = "LEVELS")]
    depth: Option<usize>,
    /// Keys only
    #[arg(short, long)]
    keys: bool,
    /// Look for hives that are in no list, too
    #[arg(short, long)]
    scan: bool,
}

/// What `reg` does, also in the words of Windows' own `reg`.
fn actions() -> [PossibleValue; 3] {
    [
        PossibleValue::new("ls").aliases(["list", "query"]),
        PossibleValue::new("get").alias("cat"),
        PossibleValue::new("find").alias("search"),
    ]
}

/// A key or a value.
#[derive(Serialize, JsonSchema)]
pub struct RegRow {
    /// Path of the hive that it is in; its file or address where that is not known.
    hive: String,
    /// Path of the key, or of the key that has the value.
    path: String,
    /// `key` or `value`.
    kind: &'static str,
    /// Name of the key or of the value, empty for a key's own value; null where it can't be read.
    name: Option<String>,
    /// Type of a value (`REG_SZ`); a number for one that Windows has no name for.
    #[serde(rename = "type")]
    type_: Option<String>,
    /// What a value holds: a number (`REG_DWORD`, `REG_QWORD`), a text, a list of texts (`REG_MULTI_SZ`), else its bytes in hex; null for
    /// a key, and where it can't be read.
    value: Option<serde_json::Value>,
    /// A number in both ways of writing it, the beginning of bytes that are many: what the table shows of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// What stands behind the end of a text, in hex, where that is not zeros alone: no tool of Windows shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<String>,
    /// Size of a value's data in bytes.
    size: Option<u32>,
    /// When the key, or the key of the value, was last changed.
    last_written: Option<Time>,
    /// Whether it is in memory only, and in no file; null for a key that is in no hive.
    volatile: Option<bool>,
    /// Address of its cell in the kernel's memory, or, since Windows 10 1803, in that of the process Registry.
    address: Option<Hex>,
}

impl Command for Reg {
    type Row = RegRow;
    const NAME: &'static str = "reg";
    const ALIASES: &'static [&'static str] = &["registry"];
    const SUMMARY: &'static str = "Read keys and values of the registry (Windows)";
    const SHAPE: Shape = Shape::List(&["?last_written", "path", "name", "type", "value=text|value", "!hidden"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("reg ls", "where the registry begins"),
        ("reg ls 'HKLM\\SYSTEM\\CurrentControlSet\\Services' --keys", "the keys below a key"),
        ("reg ls HKLM/SOFTWARE/Microsoft/Windows/CurrentVersion/Run", "slashes need no quotes"),
        ("reg get 'HKLM\\SYSTEM\\Select' Current", "one value"),
        ("reg find temp HKLM/SYSTEM", "names and texts with a word in them"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, RegRow>) -> Result<()> {
        let kernel = kernel(cx, Self::NAME)?;
        let registry = registry(kernel, cx, self.scan)?;
        let mut walk = Walk { cx, lost: BTreeMap::new() };
        let done = match self.action.as_str() {
            "get" | "cat" => self.get(&registry, &mut walk, out),
            "find" | "search" => self.find(&registry, &mut walk, out),
            _ => self.list(&registry, &mut walk, out),
        };
        if let Some(sentence) = registry.exhausted() {
            cx.lost(sentence);
        }
        for (what, count) in walk.lost {
            cx.lost_many(count, if count == 1 { what } else { format!("{what} ({count} times)") });
        }
        done
    }
}

/// A walk through keys, and what it could not read.
struct Walk<'c> {
    cx: &'c Context<'c>,
    lost: BTreeMap<String, u64>,
}

impl Walk<'_> {
    fn lose(&mut self, hive: &Hive, what: &str) {
        *self.lost.entry(format!("{}: {what}", hive.name())).or_default() += 1;
    }

    /// The entries of a list, of which what is wrong is noted.
    fn entries<T>(&mut self, hive: &Hive, entries: Entries<T>) -> Vec<Entry<T>> {
        for wrong in &entries.wrong {
            self.lose(hive, wrong);
        }
        entries.all
    }
}

/// The places that a path means: those of the registry, or those below the roots of hives.
fn places<'r>(registry: &'r Registry, written: &str) -> Result<(String, Vec<Place<'r>>)> {
    let whole = registry.whole(written).map_err(|why| Failure::Usage(why, Some("`hives` lists the hives".to_owned())))?;
    let mut found: Vec<Place<'_>> = registry.open(&whole).into_iter().collect();
    if found.is_empty() && !written.is_empty() {
        let below = written.trim_matches('\\');
        let paths = registry.hives.iter().filter_map(|h| h.path.as_deref());
        found.extend(paths.filter_map(|p| registry.open(&format!("{p}\\{below}"))));
    }
    Ok((whole, found))
}

fn nothing(path: &str) -> Failure {
    crate::Error::new(crate::Layer::Os, crate::ErrorKind::NotFound, format!("no key {path}"))
        .hint("`reg ls` shows where the registry begins, `hives` which hives there are")
        .into()
}

impl Reg {
    fn list(&self, registry: &Registry, walk: &mut Walk<'_>, out: &mut Rows<'_, RegRow>) -> Result<()> {
        let (whole, found) = places(registry, self.path.as_deref().unwrap_or_default())?;
        let mounted = registry.mounted_below(&whole);
        if found.is_empty() && mounted.is_empty() {
            return Err(nothing(&whole));
        }
        walk.cx.nothing(format!("{whole} has neither subkeys nor values"));
        let depth = self.depth.unwrap_or(if self.recurse { DEEPEST } else { 1 });
        for (name, hive) in &mounted {
            let root = hive.and_then(Hive::root_key);
            let path = format!("{whole}\\{name}");
            let row = RegRow {
                name: Some(name.clone()),
                hive: hive.map_or_else(|| whole.clone(), Hive::name),
                path: path.clone(),
                volatile: root.as_ref().map(Key::is_volatile),
                last_written: root.as_ref().and_then(|k| k.written).map(Time),
                address: hive.zip(root.as_ref()).and_then(|(h, k)| h.blocks.address(k.cell)).map(Hex::from),
                ..empty("key")
            };
            out.push(&row)?;
            if depth > 1
                && let Some((hive, key)) = hive.zip(root)
            {
                self.below(&Place { hive, key, path }, depth - 1, walk, &mut |row| out.push(&row))?;
            }
        }
        for place in &found {
            self.below(place, depth, walk, &mut |row| {
                let twice = mounted.iter().any(|(n, _)| row.path.eq_ignore_ascii_case(&format!("{}\\{n}", place.path)));
                if row.kind == "key" && twice { Ok(()) } else { out.push(&row) }
            })?;
        }
        Ok(())
    }

    /// What is below a key: its values, then each subkey and what is below that.
    fn below(
        &self,
        place: &Place<'_>,
        depth: usize,
        walk: &mut Walk<'_>,
        row: &mut dyn FnMut(RegRow) -> Result<()>,
    ) -> Result<()> {
        let hive = place.hive;
        let mut seen = HashSet::from([place.key.cell]);
        let mut open = vec![(place.key.clone(), place.path.clone(), depth)];
        let mut first = true;
        while let Some((key, path, depth)) = open.pop() {
            walk.cx.go_on()?;
            if !std::mem::take(&mut first) {
                row(key_row(hive, key.cell, Some(&key), &path))?;
            }
            if depth == 0 {
                continue;
            }
            if !self.keys {
                for entry in walk.entries(hive, hive.cells().values(&key)) {
                    row(value_row(hive, &key, &path, &entry, walk))?;
                }
            }
            let mut next = Vec::new();
            for entry in walk.entries(hive, hive.cells().subkeys(&key)) {
                match entry.found {
                    Some(child) if seen.insert(child.cell) => {
                        if child.parent != key.cell {
                            walk.lose(hive, "a key names another parent than the one that lists it");
                        }
                        let path = format!("{path}\\{}", child.name);
                        next.push((child, path, depth - 1));
                    }
                    Some(_) => walk.lose(hive, "a key is listed twice"),
                    None => {
                        walk.lose(hive, "a key can't be read");
                        row(key_row(hive, entry.cell, None, &path))?;
                    }
                }
            }
            open.extend(next.into_iter().rev());
        }
        Ok(())
    }

    fn get(&self, registry: &Registry, walk: &mut Walk<'_>, out: &mut Rows<'_, RegRow>) -> Result<()> {
        let Some(written) = &self.path else {
            return Err(Failure::Usage("reg get: which key?".to_owned(), Some("reg get HKLM/SYSTEM/Select Current".to_owned())));
        };
        let (mut whole, mut found) = places(registry, written)?;
        let mut name = self.name.clone();
        // The path may end with the value's name.
        if found.is_empty() && name.is_none() {
            let separator = if written.contains('\\') { '\\' } else { '/' };
            if let Some((above, last)) = written.rsplit_once(separator) {
                (whole, found) = places(registry, above)?;
                name = Some(last.to_owned());
            }
        }
        if found.is_empty() {
            return Err(nothing(&whole));
        }
        let glob = name.as_deref().map(Glob::any_case).transpose()?;
        let mut rows = 0u32;
        for place in &found {
            for entry in walk.entries(place.hive, place.hive.cells().values(&place.key)) {
                let meant = |v: &Value| glob.as_ref().is_none_or(|g| g.matches(&v.name));
                if entry.found.as_ref().is_none_or(meant) {
                    out.push(&value_row(place.hive, &place.key, &place.path, &entry, walk))?;
                    rows += 1;
                }
            }
        }
        match (rows, name) {
            (0, Some(name)) => {
                let what = format!("{whole} has no value {name}");
                Err(crate::Error::new(crate::Layer::Os, crate::ErrorKind::NotFound, what).hint("`reg ls` lists them").into())
            }
            (0, None) => {
                walk.cx.nothing(format!("{whole} has no values; `reg ls` lists its subkeys"));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn find(&self, registry: &Registry, walk: &mut Walk<'_>, out: &mut Rows<'_, RegRow>) -> Result<()> {
        let Some(pattern) = &self.path else {
            return Err(Failure::Usage("reg find: what?".to_owned(), Some("reg find '*temp*'".to_owned())));
        };
        // A word alone is looked for anywhere in a text.
        let anywhere = !pattern.contains(['*', '?']);
        let glob = Glob::any_case(&if anywhere { format!("*{pattern}*") } else { pattern.clone() })?;
        let found = match &self.name {
            Some(written) => {
                let (whole, found) = places(registry, written)?;
                if found.is_empty() {
                    return Err(nothing(&whole));
                }
                found
            }
            None => {
                let root = |hive| Some(Place { hive, key: Hive::root_key(hive)?, path: hive.name() });
                registry.hives.iter().filter_map(root).collect()
            }
        };
        walk.cx.nothing("no name and no text matches");
        let text = |v: &serde_json::Value| match v {
            serde_json::Value::String(s) => glob.matches(s),
            serde_json::Value::Array(all) => all.iter().filter_map(|s| s.as_str()).any(|s| glob.matches(s)),
            _ => false,
        };
        let depth = self.depth.unwrap_or(DEEPEST);
        for place in &found {
            self.below(place, depth, walk, &mut |row| {
                let named = row.name.as_ref().is_some_and(|n| glob.matches(n));
                if named || row.value.as_ref().is_some_and(text) { out.push(&row) } else { Ok(()) }
            })?;
        }
        Ok(())
    }
}

fn empty(kind: &'static str) -> RegRow {
    RegRow {
        hive: String::new(),
        path: String::new(),
        kind,
        name: None,
        type_: None,
        value: None,
        text: None,
        hidden: None,
        size: None,
        last_written: None,
        volatile: None,
        address: None,
    }
}

/// A key, or a cell where one should be: then `path` is that of its parent.
fn key_row(hive: &Hive, cell: u32, key: Option<&Key>, path: &str) -> RegRow {
    RegRow {
        hive: hive.name(),
        path: path.to_owned(),
        name: key.map(|k| k.name.clone()),
        last_written: key.and_then(|k| k.written).map(Time),
        ..place_of(hive, cell, "key")
    }
}

fn place_of(hive: &Hive, cell: u32, kind: &'static str) -> RegRow {
    RegRow { volatile: Some(cell >> 31 == 1), address: hive.blocks.address(cell).map(Hex::from), ..empty(kind) }
}

fn value_row(hive: &Hive, key: &Key, path: &str, entry: &Entry<Value>, walk: &mut Walk<'_>) -> RegRow {
    let row = RegRow {
        hive: hive.name(),
        path: path.to_owned(),
        last_written: key.written.map(Time),
        ..place_of(hive, entry.cell, "value")
    };
    let Some(value) = &entry.found else {
        walk.lose(hive, "a value can't be read");
        return row;
    };
    let bytes = hive.cells().data(value);
    if bytes.is_none() {
        walk.lose(hive, "the data of a value can't be read");
    }
    let hidden = bytes.as_ref().and_then(|b| data::behind_text(value.kind, b)).map(hex);
    let data = bytes.map(|b| Data::of(value.kind, b));
    RegRow {
        hidden,
        name: Some(value.name.clone()),
        type_: Some(data::kind(value.kind)),
        size: Some(value.size),
        text: data.as_ref().and_then(shown),
        value: data.map(|d| match d {
            Data::Number(n) => json!(n),
            Data::Text(text) => json!(text),
            Data::Texts(texts) => json!(texts),
            Data::Bytes(bytes) => json!(hex(&bytes)),
        }),
        ..row
    }
}

/// Bytes that a table has room for.
const SHOWN: usize = 48;

/// What a table shows of data where that is not how JSON has them.
fn shown(data: &Data) -> Option<String> {
    match data {
        Data::Number(n) if *n < 10 => Some(n.to_string()),
        Data::Number(n) => Some(format!("{n} ({n:#x})")),
        Data::Bytes(bytes) if bytes.len() > SHOWN => {
            Some(format!("{}... ({} bytes)", hex(bytes.get(..SHOWN).unwrap_or_default()), bytes.len()))
        }
        _ => None,
    }
}
