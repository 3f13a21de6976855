//! The answers of passes, and candidates as rows.

use super::opened;
use crate::commands::cells::{Hex, exact, plain};
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::searched::Searched;
use crate::commands::sink::Rows;
use crate::narrow::{Candidate, Owner, Set, Shown, Value};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// A value: a number as far as JSON has it, otherwise text.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Cell {
    /// A whole number without a sign.
    Unsigned(u64),
    /// A whole number.
    Signed(i64),
    /// A number.
    Float(f64),
    /// An address in hex; text; bytes in hex; `NaN`, `inf`.
    Text(String),
}

impl From<Shown> for Cell {
    fn from(value: Shown) -> Self {
        match value {
            Shown::Unsigned(v) => Cell::Unsigned(v),
            Shown::Signed(v) => Cell::Signed(v),
            Shown::Float(v) => Cell::Float(v),
            Shown::Address(v) => Cell::Text(format!("{v:#x}")),
            Shown::Text(v) => Cell::Text(v),
        }
    }
}

/// A candidate.
#[derive(Serialize, JsonSchema)]
pub struct MatchRow {
    /// Its address.
    address: Hex,
    /// `phys`, `kernel` or `pid`.
    space: String,
    /// Process, where it is a process's memory.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_bytes: Option<String>,
    /// Type of the value.
    #[serde(rename = "type")]
    kind: String,
    /// What is there now; null where it can't be read.
    value: Option<Cell>,
    /// What was there at the last pass.
    previous: Cell,
    /// What was there at the first scan.
    first: Cell,
    /// Name of the region or the symbol in which it lies.
    region: Option<String>,
    /// Bytes from the start of the region.
    offset: Option<u64>,
    /// Its physical address.
    physical: Option<Hex>,
}

impl MatchRow {
    /// The row of a candidate. What it is now is read, unless `now` says it.
    pub fn new(cx: &Context, set: &Set, searched: &Searched, candidate: &Candidate, now: Option<&Value>) -> Self {
        let show = |value: &Value| Cell::from(set.kind.show(value));
        let (region, offset) = searched.region(cx, candidate.address).unzip();
        let process = searched.space.process();
        let value = match now {
            Some(value) => Some(show(value)),
            None => opened::value(&searched.space, set.kind, candidate.address).as_ref().map(show),
        };
        Self {
            address: Hex(candidate.address),
            space: searched.space.kind().to_owned(),
            pid: process.map(|p| p.pid),
            process: process.map(|p| plain(&p.name)),
            process_bytes: process.and_then(|p| exact(&p.name)),
            kind: set.kind.name(),
            value,
            previous: show(&candidate.previous),
            first: show(&candidate.first),
            region,
            offset,
            physical: searched.physical(candidate.address).map(Hex),
        }
    }
}

/// How a pass went.
#[derive(Serialize, JsonSchema)]
pub struct PassRow {
    /// Name of the scan.
    name: String,
    /// Type of the values.
    #[serde(rename = "type")]
    kind: String,
    /// Addresses are multiples of this.
    align: u64,
    /// What was asked of the values.
    condition: String,
    /// `phys`, `kernel` or `pid`; null for several spaces.
    space: Option<String>,
    /// The process, where it is one's memory.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    /// Candidates before; of a first scan, all places that were looked at.
    before: u64,
    /// Candidates that remain.
    after: u64,
    /// Candidates that lie in memory that is gone.
    lost: u64,
    /// Bytes that were read.
    bytes: u64,
    /// How long it took.
    seconds: f64,
    /// Bytes of memory that the candidates take.
    memory: u64,
    /// The file that they were written to.
    saved: Option<String>,
    /// The candidates, where they are few.
    matches: Option<Vec<MatchRow>>,
}

/// Answers a pass that has gone well. `few`: so many candidates are told at most.
pub fn answer(
    cx: &Context,
    out: &mut Rows<'_, PassRow>,
    name: &str,
    set: &Set,
    saved: Option<String>,
    (time, few): (Duration, u64),
) -> Result<()> {
    let Some(step) = set.steps.last() else { return Ok(()) };
    if step.lost > 0 {
        let (noun, verb) = if step.lost == 1 { ("candidate", "lies") } else { ("candidates", "lie") };
        cx.host().warn(&format!("note: {} {noun} {verb} in memory that is gone", step.lost));
    }
    let one = if let [part] = set.parts.as_slice() { Some(&part.owner) } else { None };
    let (pid, process) = match one {
        Some(Owner::Process { pid, name, .. }) => (Some(*pid), Some(String::from_utf8_lossy(name).into_owned())),
        _ => (None, None),
    };
    let kind = one.map(|owner| match owner {
        Owner::Physical => "phys",
        Owner::Kernel => "kernel",
        Owner::Process { .. } => "pid",
    });
    let mut matches = None;
    if step.after > 0 && step.after <= few {
        let mut rows = Vec::new();
        for part in &set.parts {
            let (searched, _) = opened::open(cx, set, part)?;
            // What the pass has just read is what it is: to read it again could give another answer.
            rows.extend(set.candidates(part).map(|c| MatchRow::new(cx, set, &searched, &c, Some(&c.previous))));
        }
        matches = Some(rows);
    }
    out.push(&PassRow {
        name: name.to_owned(),
        kind: set.kind.name(),
        align: u64::try_from(set.align).unwrap_or(u64::MAX),
        condition: step.condition.clone(),
        space: kind.map(str::to_owned),
        pid,
        process,
        before: step.before,
        after: step.after,
        lost: step.lost,
        bytes: step.bytes,
        seconds: time.as_secs_f64(),
        memory: set.memory(),
        saved,
        matches,
    })
}
