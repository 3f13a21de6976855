//! The rows of `scan`.

use crate::commands::cells::{Hex, exact, hex, number, plain};
use crate::commands::context::Context;
use crate::commands::searched::Searched;
use crate::engine::search::{Hit, Kind, Number};
use crate::engine::to_umem;
use crate::umem;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// A hit.
#[derive(Serialize, JsonSchema)]
pub struct HitRow {
    /// Address of its first byte.
    pub address: Hex,
    /// `phys`, `kernel` or `pid`.
    pub space: String,
    /// Process, where it is a process's memory.
    pub pid: Option<u32>,
    /// Its name.
    pub process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_bytes: Option<String>,
    /// Bytes from the start of the region.
    pub offset: Option<u64>,
    /// Physical address of its first byte.
    pub physical: Option<Hex>,
    /// The bytes that match, in hex (the first 256).
    #[serde(rename = "match")]
    pub bytes: String,
    /// Bytes that the match takes.
    pub length: u64,
    /// As what it was found: an encoding of text (`utf8`, `utf16`, `utf16be`, `latin1`, ...), `bytes`, `regex`, a type of numbers
    /// (`u32`, `f64be`, ...), `pointer`, `guid`.
    pub kind: String,
    /// Of a number: its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Number>,
    /// Of a pointer: where it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points_to: Option<Hex>,
    /// Where several needles were searched for: which it is, as it was written.
    pub needle: Option<String>,
    /// The same as text; null where it is none.
    pub text: Option<String>,
    /// Name of the region or the symbol in which it lies.
    pub region: Option<String>,
    /// The module in which it lies: of the process, or of the kernel.
    pub module: Option<String>,
    /// Bytes from the base of the module.
    pub module_offset: Option<u64>,
    /// The match with what can be read as text before and behind it; `.` for what is no text. Empty where the match is a number.
    pub context: String,
    /// With `--around`: the bytes before it in hex; unreadable ones are zeros.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// With `--around`: the bytes behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<String>,
    /// With `--owner`: who uses the frame, as far as the system tells: the path of a file whose cache it belongs to, `anonymous` for
    /// memory of processes, `slab NAME` for objects of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Option<String>>,
    /// With `--owner`: where processes map all of the match, as other commands take it: `142:0x7ffe12340000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapped_by: Option<Vec<String>>,
    /// With `--unique`: how often this match was found; all else is of the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// What was found in a space, with `--count`.
#[derive(Serialize, JsonSchema)]
pub struct CountRow {
    /// `phys`, `kernel` or `pid`.
    pub space: String,
    /// Process, where it is a process's memory.
    pub pid: Option<u32>,
    /// Its name.
    pub process: Option<String>,
    /// Of several needles: which, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needle: Option<String>,
    /// With `--count`: hits.
    pub hits: u64,
    /// With `--count`: matches that differ; null where there were too many to tell.
    pub distinct: Option<u64>,
}

/// A row of the answer.
#[derive(Serialize)]
#[serde(untagged)]
pub enum ScanRow {
    /// A hit.
    Hit(Box<HitRow>),
    /// With `--count`.
    Count(CountRow),
}

impl JsonSchema for ScanRow {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ScanRow".into()
    }

    /// The keys of both kinds in one object: what an expression may name, and what a row always has.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut all = HitRow::json_schema(generator);
        let count = CountRow::json_schema(generator);
        let required = |s: &Schema| s.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let (of_hits, of_counts) = (required(&all), required(&count));
        let both: Vec<Value> = of_hits.into_iter().filter(|k| of_counts.contains(k)).collect();
        all.insert("required".to_owned(), both.into());
        all.insert("description".to_owned(), "A hit, or a count with --count.".into());
        if let (Some(Value::Object(to)), Some(Value::Object(from))) = (all.get_mut("properties"), count.get("properties")) {
            for (key, value) in from {
                to.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        all
    }
}

/// The row of a hit; `phys` is where it lies, if that is known already.
pub fn row(cx: &Context, searched: &Searched, hit: &Hit<'_>, phys: Option<umem>, around: Option<u64>) -> HitRow {
    let end = hit.addr.saturating_add(hit.len);
    let side = |from: umem, n: umem| {
        let mut window = vec![0; usize::try_from(n).unwrap_or(0)];
        searched.space.read_gaps(from, &mut window);
        hex(&window)
    };
    let before = around.map(|n| umem::from(n).min(hit.addr)).map(|n| side(hit.addr - n, n));
    let behind = around.map(|n| umem::from(n).min(umem::MAX - end)).map(|n| side(end, n));
    let inside = searched.inside(cx, hit.addr);
    let (region, offset) = inside.region.unzip();
    let (module, module_offset) = inside.module.unzip();
    let process = searched.space.process();
    HitRow {
        address: Hex(hit.addr),
        space: searched.space.kind().to_owned(),
        pid: process.map(|p| p.pid),
        process: process.map(|p| plain(&p.name)),
        process_bytes: process.and_then(|p| exact(&p.name)),
        offset,
        physical: phys.or_else(|| searched.physical(hit.addr)).map(Hex),
        bytes: hex(hit.bytes),
        length: number(hit.len),
        kind: hit.kind.to_string(),
        value: value(hit),
        points_to: points_to(hit).map(Hex),
        needle: None,
        text: text(hit),
        region: region.filter(|n| !n.is_empty()),
        module,
        module_offset,
        context: context(searched, hit),
        before,
        behind,
        owner: None,
        mapped_by: None,
        count: None,
    }
}

/// How many bytes before and behind a match are shown, where they are text.
const BEFORE: usize = 24;
const BEHIND: usize = 48;
/// And how many of the match.
const SHOWN: usize = 96;

/// The value of a number; `None` where JSON has none (infinity).
fn value(hit: &Hit<'_>) -> Option<serde_json::Number> {
    let Kind::Number(of) = hit.kind else { return None };
    match of.load(hit.bytes)? {
        Number::Signed(n) => Some(n.into()),
        Number::Unsigned(n) => Some(n.into()),
        // As short as it is written: 0.1, not 0.10000000149011612.
        Number::F32(n) => serde_json::Number::from_f64(n.to_string().parse().ok()?),
        Number::F64(n) => serde_json::Number::from_f64(n),
    }
}

/// Where a pointer leads.
fn points_to(hit: &Hit<'_>) -> Option<umem> {
    // Targets with the high byte first are none.
    (hit.kind == Kind::Pointer).then(|| hit.bytes.iter().rev().fold(0, |sum, b| sum << 8 | umem::from(*b)))
}

/// The match and the text around it.
fn context(searched: &Searched, hit: &Hit<'_>) -> String {
    if matches!(hit.kind, Kind::Number(_) | Kind::Pointer) {
        return String::new();
    }
    let end = hit.addr.saturating_add(to_umem(hit.bytes.len()));
    let side = |from: umem, len: usize| {
        let mut window = vec![0; len];
        // A missing byte reads as zero, which is no text.
        searched.space.read_gaps(from, &mut window);
        characters(&window, hit.kind)
    };
    let before = match to_umem(BEFORE).min(hit.addr) {
        n if n == to_umem(BEFORE) => side(hit.addr - n, BEFORE),
        _ => Vec::new(),
    };
    let text: Vec<char> = before.into_iter().rev().map_while(|c| c).collect();
    let found = characters(hit.bytes.get(..SHOWN).unwrap_or(hit.bytes), hit.kind).into_iter().map(|c| c.unwrap_or('.'));
    let behind = side(end, BEHIND).into_iter().map_while(|c| c);
    text.into_iter().rev().chain(found).chain(behind).collect()
}

/// Characters, `None` for what is none that can be shown: of UTF-16 where the match is, of another encoding's bytes each, else
/// of ASCII and of UTF-8 above it.
fn characters(bytes: &[u8], kind: Kind) -> Vec<Option<char>> {
    let shown = |c: char| (!c.is_control() && c != char::REPLACEMENT_CHARACTER).then_some(c);
    let load: fn([u8; 2]) -> u16 = match kind {
        Kind::Utf16 => u16::from_le_bytes,
        Kind::Utf16Be => u16::from_be_bytes,
        Kind::Encoded(charset) if bytes.iter().any(|b| !b.is_ascii()) => {
            // Around a match may stand half a character.
            return match charset.decode(bytes) {
                Some(text) => text.chars().map(shown).collect(),
                None => bytes.iter().map(|b| b.is_ascii().then_some(char::from(*b)).and_then(shown)).collect(),
            };
        }
        _ => return String::from_utf8_lossy(bytes).chars().map(shown).collect(),
    };
    let units = bytes.as_chunks::<2>().0.iter().map(|u| load(*u));
    char::decode_utf16(units).map(|c| c.ok().and_then(shown)).collect()
}

/// A match as text, where all of it is.
fn text(hit: &Hit<'_>) -> Option<String> {
    let text = match hit.kind.charset() {
        Some(charset) => charset.decode(hit.bytes)?,
        None if matches!(hit.kind, Kind::Number(_) | Kind::Pointer | Kind::Guid) => return None,
        None => std::str::from_utf8(hit.bytes).ok()?.to_owned(),
    };
    let readable = !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    readable.then_some(text)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A row of nothing.
    pub fn empty(address: crate::VirtAddr) -> HitRow {
        HitRow {
            address: address.into(),
            space: String::new(),
            pid: None,
            process: None,
            process_bytes: None,
            offset: None,
            physical: None,
            bytes: String::new(),
            length: 0,
            kind: String::new(),
            value: None,
            points_to: None,
            needle: None,
            text: None,
            region: None,
            module: None,
            module_offset: None,
            context: String::new(),
            before: None,
            behind: None,
            owner: None,
            mapped_by: None,
            count: None,
        }
    }
}
