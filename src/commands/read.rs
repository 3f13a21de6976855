//! `read`: bytes, and what people make of them: words, pointers, strings.

use super::cells::{Hex, hex};
use super::context::Context;
use super::failure::{Failure, Result};
use super::info::Range;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::tele::is_high;
use super::which::Whose;
use crate::engine::{Gaps, index, to_umem};
use crate::session::{Session, Space};
use crate::{Error, ErrorKind, Layer, VirtAddr, umem};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Read memory
#[derive(clap::Args, Debug)]
pub struct Read {
    /// Address of the first byte, or `START..END`; `142:ADDR` is process 142's, `p:ADDR` physical
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    address: String,
    /// `L20` (count of units, in hex as WinDbg has it), a count, or the first address after the range
    #[arg(value_name = "RANGE", conflicts_with_all = ["length", "count"])]
    range: Option<String>,
    /// Bytes to read (`64`, `0x100`, `4k`)
    #[arg(short = 'n', long, value_name = "LEN", conflicts_with = "count")]
    length: Option<String>,
    /// Units to read
    #[arg(long, value_name = "N")]
    count: Option<String>,
    /// How the dump shows them: b bytes, w d q words of 2, 4 and 8 bytes, c words of 4, p pointers with their symbols, s a string,
    /// u a string in UTF-16
    #[arg(long = "as", value_name = "UNIT", default_value = "b", hide_possible_values = true)]
    unit: Unit,
    /// No column of characters
    #[arg(long)]
    no_ascii: bool,
    /// Write the bytes themselves to stdout (unreadable ones as zeros)
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Unit {
    B,
    W,
    D,
    C,
    Q,
    P,
    S,
    U,
}

/// What was read.
#[derive(Serialize, JsonSchema)]
pub struct ReadRow {
    /// Address of the first byte.
    address: Hex,
    /// Bytes asked for.
    length: u64,
    /// `phys`, `kernel` or `pid`.
    space: String,
    /// The process, where it is a process's memory.
    pid: Option<u32>,
    /// The bytes in hex; unreadable ones are zeros.
    data: String,
    /// What could not be read.
    unreadable: Vec<Range>,
    /// Bytes of a unit in which they are shown.
    unit: u64,
    /// With `--as p`: address of a pointer and what it points to.
    #[serde(skip_serializing_if = "Option::is_none")]
    symbols: Option<BTreeMap<String, String>>,
    /// False with `--no-ascii`: the dump shows no characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    ascii: Option<bool>,
    /// With `--as s` and `--as u`: the text up to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// What is read where nothing says how much, as WinDbg does.
const DEFAULT: u64 = 128;
/// A string is looked for in so many bytes.
const STRING: u64 = 4096;
/// More than this is for `--raw` and `dump`: it would stand in memory several times over as text.
const LARGEST: u64 = 64 << 20;
/// `--raw` reads and writes so many bytes at a time.
const PIECE: u64 = 1 << 20;

impl Command for Read {
    type Row = ReadRow;
    const NAME: &'static str = "read";
    const ALIASES: &'static [&'static str] = &["x", "rd", "hexdump"];
    const SUMMARY: &'static str = "Read memory: bytes, words, pointers, strings";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("read init_task -n 64", "of the kernel"),
        ("read --phys 0x1000 -n 4k --raw | xxd", "physical memory, as bytes"),
        ("dq init_task L4", "as WinDbg writes it"),
        ("x/4gx init_task", "as gdb writes it"),
        ("rd -8 init_task 16", "as crash writes it"),
        ("read linux_banner --as s", "a string"),
        ("read init_task..init_task+0x20", "a range"),
        ("read p:0x1000", "physical memory"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, ReadRow>) -> Result<()> {
        let (address, end) = match self.address.split_once("..") {
            Some((start, end)) => (start, Some(end)),
            None => (self.address.as_str(), None),
        };
        let (space, start) = self.whose.place(cx, address)?;
        let unit = match self.unit {
            Unit::B | Unit::S => 1,
            Unit::W | Unit::U => 2,
            Unit::D | Unit::C => 4,
            Unit::Q => 8,
            Unit::P => u64::from(space.pointer_size()),
        };
        let length = match end {
            Some(end) => self.until(cx, &space, start, end)?,
            None => self.length(cx, &space, start, unit)?,
        };
        // A range may end at the top of the address space and never runs past it.
        let room = umem::MAX - start;
        if length == 0 || umem::from(length - 1) > room {
            return Err(Failure::usage(format!("read: {length} bytes from {start:#x} are no range")));
        }
        if self.raw {
            return raw(cx, &space, start, length, out);
        }
        if length > LARGEST {
            let hint = "use --raw, or `dump START..END -o FILE`".to_owned();
            return Err(Failure::Usage(format!("read: {length} bytes are too many to show"), Some(hint)));
        }
        let mut data = vec![0; usize::try_from(length).unwrap_or(0)];
        let mut gaps = space.read_gaps(start, &mut data);
        let mut text = None;
        if matches!(self.unit, Unit::S | Unit::U) {
            gaps = cut_string(&space, start, &mut data, &gaps, unit);
            text = Some(match self.unit {
                Unit::U => {
                    let units: Vec<u16> = data.as_chunks().0.iter().map(|u| u16::from_le_bytes(*u)).collect();
                    String::from_utf16_lossy(&units)
                }
                _ => String::from_utf8_lossy(&data).into_owned(),
            });
        }
        let symbols = (self.unit == Unit::P).then(|| pointers(cx.session().ok(), &space, start, &data));
        let length = to_umem(data.len());
        out.push(&ReadRow {
            address: Hex(start),
            length: super::cells::number(length),
            space: space.kind().to_owned(),
            pid: space.process().map(|p| p.pid),
            data: hex(&data),
            unreadable: gaps.as_slice().iter().map(|g| Range { start: Hex(g.start), end: Hex(g.end) }).collect(),
            unit,
            symbols,
            ascii: self.no_ascii.then_some(false),
            text,
        })?;
        missing(cx, &space, start, length, gaps.bytes())
    }
}

impl Read {
    /// Bytes up to the end of a range.
    fn until(&self, cx: &Context, space: &Space, start: umem, end: &str) -> Result<u64> {
        if self.range.is_some() || self.length.is_some() || self.count.is_some() {
            return Err(Failure::usage("read: START..END says how much already"));
        }
        let end = cx.evaluate(end, Some(space))?;
        let length = end.checked_sub(start).filter(|n| *n > 0).and_then(crate::engine::to_u64);
        length.ok_or_else(|| Failure::usage(format!("read: {start:#x}..{end:#x} is empty or ends before it begins")))
    }

    fn length(&self, cx: &Context, space: &Space, start: umem, unit: u64) -> Result<u64> {
        let too_long = || Failure::usage("read: the length is too large");
        let units = |n: u64| n.checked_mul(unit).ok_or_else(too_long);
        if let Some(text) = &self.length {
            return cx.count(text);
        }
        if let Some(text) = &self.count {
            return units(cx.count(text)?);
        }
        let Some(range) = &self.range else {
            return Ok(if matches!(self.unit, Unit::S | Unit::U) { STRING } else { DEFAULT });
        };
        if let Some(count) = windbg_count(range) {
            return units(count.ok_or_else(|| Failure::usage(format!("read: {range} is no count")))?);
        }
        let value = cx.evaluate(range, Some(space))?;
        // Past the start it is the end of the range; anything smaller can only be a count.
        match value.checked_sub(start).filter(|n| *n > 0 && start > 0) {
            Some(n) => crate::engine::to_u64(n).ok_or_else(too_long),
            None => units(crate::engine::to_u64(value).ok_or_else(too_long)?),
        }
    }
}

/// WinDbg's `L20`, `L?1000`, `L0n32`: hexadecimal unless it says otherwise.
pub fn windbg_count(text: &str) -> Option<Option<u64>> {
    let body = text.strip_prefix(['L', 'l'])?;
    let body = body.strip_prefix('?').unwrap_or(body);
    let hex = body.strip_prefix("0x").unwrap_or(body);
    if let Some(decimal) = body.strip_prefix("0n") {
        return Some(decimal.parse().ok());
    }
    // Not a count but a name, such as `list_head`.
    if hex.is_empty() || !hex.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    Some(u64::from_str_radix(hex, 16).ok())
}

fn missing(cx: &Context, space: &Space, start: umem, length: umem, missing: umem) -> Result<()> {
    if missing == 0 {
        return Ok(());
    }
    if missing < length {
        cx.lost_many(super::cells::number(missing), "bytes that are not mapped or not in the image");
        return Ok(());
    }
    let hint = match (space, space.tables().and_then(|t| t.elsewhere(VirtAddr::new(start)))) {
        (Space::Physical(_), _) => "`info` lists the ranges that the image holds".to_owned(),
        (_, Some(Err(why))) => format!("it is swapped out, and its content can't be read: {why}"),
        _ => "`vtop` says why; a process's address needs `-p PID`".to_owned(),
    };
    let reason = format!("none of the {length} bytes is mapped and in the image");
    let layer = if matches!(space, Space::Physical(_)) { Layer::Physical } else { Layer::Virtual };
    Err(Error::new(layer, ErrorKind::Unreadable, reason).at(space.at(start)).hint(hint).into())
}

fn raw(cx: &Context, space: &Space, start: umem, length: u64, out: &mut Rows<'_, ReadRow>) -> Result<()> {
    let mut done = 0;
    let mut lost: umem = 0;
    let mut piece = vec![0; usize::try_from(length.min(PIECE)).unwrap_or(0)];
    while done < length {
        cx.go_on()?;
        let n = usize::try_from((length - done).min(PIECE)).unwrap_or(0);
        let Some(buf) = piece.get_mut(..n) else { break };
        lost += space.read_gaps(start.wrapping_add(umem::from(done)), buf).bytes();
        out.bytes(buf)?;
        done += (length - done).min(PIECE);
    }
    missing(cx, space, start, umem::from(length), lost)
}

/// Cuts `data` where the string ends, and the holes with it.
fn cut_string(space: &Space, start: umem, data: &mut Vec<u8>, gaps: &Gaps, unit: u64) -> Gaps {
    let first_hole = gaps.as_slice().first().and_then(|g| index(g.start.saturating_sub(start)));
    let unit = usize::try_from(unit).unwrap_or(1).max(1);
    let end = data.chunks(unit).position(|c| c.iter().all(|&b| b == 0)).map_or(data.len(), |i| i * unit);
    match first_hole {
        // The zero is that of a hole: what is behind is unknown.
        Some(hole) if hole <= end => {
            data.truncate(hole.saturating_add(1).min(data.len()));
            space.read_gaps(start, data)
        }
        _ => {
            data.truncate(end);
            Gaps::none()
        }
    }
}

fn pointers(session: Option<&Session>, space: &Space, start: umem, data: &[u8]) -> BTreeMap<String, String> {
    let unit = usize::from(space.pointer_size()).max(1);
    let mut out = BTreeMap::new();
    for (i, word) in data.chunks_exact(unit).enumerate() {
        let value = word.iter().rev().fold(0u64, |v, b| v << 8 | u64::from(*b));
        let name = session.and_then(|s| s.name_of(VirtAddr::new(umem::from(value))));
        // Small numbers could be offsets of per-CPU variables, and mostly are numbers.
        if let Some(name) = name.filter(|_| is_high(umem::from(value), space)) {
            out.insert(format!("{:#x}", start.wrapping_add(to_umem(i * unit))), name);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windbg_counts_are_hexadecimal() {
        assert_eq!(windbg_count("L20"), Some(Some(32)));
        assert_eq!(windbg_count("L?0x10"), Some(Some(16)));
        assert_eq!(windbg_count("L0n20"), Some(Some(20)));
        assert_eq!(windbg_count("list_head"), None);
        assert_eq!(windbg_count("0x20"), None);
    }
}
