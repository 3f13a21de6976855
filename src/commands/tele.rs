//! `tele`: what the words at an address point to, and what that points to.

use super::cells::{Hex, plain, plain_maybe};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use crate::engine::{index, to_u64};
use crate::session::Space;
use crate::{Error, ErrorKind, Layer, VirtAddr, umem};
use memsh_plugin::{Perm, RegionInfo};
use schemars::JsonSchema;
use serde::Serialize;

/// Follow the pointers at an address
#[derive(clap::Args, Debug)]
pub struct Tele {
    /// Address of the first word, or `START..END`; `142:ADDR` is process 142's, `p:ADDR` physical
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    address: String,
    /// Words to look at (8), or `L20` (a count in hex as WinDbg has it)
    #[arg(value_name = "COUNT")]
    count: Option<String>,
    /// Pointers to follow from each word
    #[arg(long, value_name = "N", default_value_t = 5)]
    depth: u32,
    #[command(flatten)]
    whose: Whose,
}

/// A word and where it leads.
#[derive(Serialize, JsonSchema)]
pub struct TeleRow {
    /// Bytes from the first word.
    offset: u64,
    /// Address of the word.
    address: Hex,
    /// Its value; null where it can't be read.
    value: Option<Hex>,
    /// What the value is, and what it points to, one step after the other.
    chain: Vec<StepPart>,
    /// The same in words.
    text: Option<String>,
}

/// A value on the way.
#[derive(Serialize, JsonSchema)]
struct StepPart {
    /// The value, taken as an address.
    address: Hex,
    /// What stands there, where a pointer's worth can be read.
    value: Option<Hex>,
    /// `symbol`, `region`, `string`, `pointer` (readable memory without a name; what is code is not followed), `loop` (met before), `number` (no address).
    kind: String,
    /// The symbol, the region's name or the text.
    text: Option<String>,
}

/// Words at most: more is for `read` and `scan`.
const MOST: u64 = 1 << 16;
/// Pointers followed at most from one word.
const DEEPEST: u32 = 64;
/// Text of at least so many letters is text.
const LETTERS: usize = 4;
/// And so much of it is shown.
const SHOWN: usize = 48;

impl Command for Tele {
    type Row = TeleRow;
    const NAME: &'static str = "tele";
    const ALIASES: &'static [&'static str] = &["telescope"];
    const SUMMARY: &'static str = "Follow the pointers at an address: symbols, regions, strings, loops";
    const SHAPE: Shape = Shape::List(&["offset", "address", "value", "text"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("tele init_task 16", "the first words of a structure"),
        ("telescope init_task+0x10", "as pwndbg writes it"),
        ("dpp init_task L4", "as WinDbg writes it"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, TeleRow>) -> Result<()> {
        let (first, end) = match self.address.split_once("..") {
            Some((first, end)) => (first, Some(end)),
            None => (self.address.as_str(), None),
        };
        let (space, start) = self.whose.place(cx, first)?;
        let unit = umem::from(space.pointer_size().max(1));
        let count = match (end, &self.count) {
            (Some(end), None) => {
                let end = cx.evaluate(end, Some(&space))?;
                end.checked_sub(start).and_then(|n| to_u64(n.div_ceil(unit))).unwrap_or(0)
            }
            (Some(_), Some(_)) => return Err(Failure::usage("tele: START..END says how many already")),
            (None, Some(count)) => match super::read::windbg_count(count) {
                Some(n) => n.ok_or_else(|| Failure::usage(format!("tele: {count} is no count")))?,
                None => cx.count(count)?,
            },
            (None, None) => 8,
        };
        if count == 0 || count > MOST {
            return Err(Failure::usage(format!("tele: {count} words; it shows 1 to {MOST}")));
        }
        let place = Place { cx, regions: regions(cx, &space), space: &space, depth: self.depth.min(DEEPEST) };
        let mut lost = 0;
        for i in 0..count {
            cx.go_on()?;
            let offset = i * u64::from(space.pointer_size());
            let Some(address) = start.checked_add(umem::from(offset)) else { break };
            let value = space.pointer(address).ok();
            lost += u64::from(value.is_none());
            let chain = value.map(|v| place.chain(address, v)).unwrap_or_default();
            let text = words(&chain);
            out.push(&TeleRow { offset, address: Hex(address), value: value.map(Hex), chain, text })?;
        }
        if lost == count {
            let e = Error::new(
                Layer::Virtual,
                ErrorKind::Unreadable,
                format!("none of the {count} words is mapped and in the image"),
            );
            return Err(e.at(space.at(start)).hint("`vtop` says why; a process's address needs `-p PID`").into());
        }
        cx.lost_many(lost, "words that are not mapped or not in the image");
        Ok(())
    }
}

struct Place<'a> {
    cx: &'a Context<'a>,
    space: &'a Space,
    regions: Vec<RegionInfo>,
    depth: u32,
}

impl Place<'_> {
    /// Where `value`, which stands at `from`, leads.
    fn chain(&self, from: umem, value: umem) -> Vec<StepPart> {
        let mut met = vec![from];
        let mut out = Vec::new();
        let mut at = value;
        while at != 0 && out.len() < usize::try_from(self.depth).unwrap_or(0) {
            let (step, next) = self.step(at, &met);
            out.push(step);
            let Some(next) = next else { break };
            met.push(at);
            at = next;
        }
        out
    }

    /// What an address is, and the value to go on with.
    fn step(&self, at: umem, met: &[umem]) -> (StepPart, Option<umem>) {
        let part = |value: Option<umem>, kind: &str, text: Option<String>| StepPart {
            address: Hex(at),
            value: value.map(Hex),
            kind: kind.to_owned(),
            text,
        };
        if met.contains(&at) {
            return (part(None, "loop", None), None);
        }
        let physical = matches!(self.space, Space::Physical(_));
        let mut window = vec![0u8; SHOWN + 1];
        let gaps = self.space.read_gaps(at, &mut window);
        let first_gap = gaps.as_slice().first().and_then(|g| index(g.start.saturating_sub(at)));
        window.truncate(first_gap.unwrap_or(window.len()));
        let value = self.space.pointer(at).ok();
        if window.is_empty() {
            // No memory there: what looks like letters is said to be letters.
            let letters = text_of(&at.to_le_bytes()).filter(|(_, whole)| *whole).map(|(t, _)| t);
            let name = if physical { None } else { self.name(at) };
            return match (name, letters) {
                (Some((kind, name)), _) => (part(None, kind, Some(name)), None),
                (None, Some(t)) => (part(None, "string", Some(t)), None),
                _ => (part(None, "number", None), None),
            };
        }
        // Small numbers are numbers, also in physical memory, where they could be addresses.
        if physical && at < 0x1000 {
            return (part(None, "number", None), None);
        }
        let name = if physical { None } else { self.name(at) };
        if let Some((text, _)) = text_of(&window) {
            return (part(value, "string", Some(text)), None);
        }
        // Behind a pointer to code stand instructions, no pointers.
        let value = value.filter(|_| !self.is_code(at));
        match name {
            Some((kind, name)) => (part(value, kind, Some(name)), value),
            None => (part(value, "pointer", None), value),
        }
    }

    fn is_code(&self, at: umem) -> bool {
        let Some(tables) = self.space.tables() else { return false };
        tables.translate_one(VirtAddr::new(at)).is_ok_and(|t| t.perm.has(Perm::EXECUTE))
    }

    /// The symbol or the region at an address.
    fn name(&self, at: umem) -> Option<(&'static str, String)> {
        let at = self.space.plain(at);
        let i = self.regions.partition_point(|r| r.start.value() <= at);
        let region = i.checked_sub(1).and_then(|i| self.regions.get(i)).filter(|r| at < r.end.value());
        if let Some(r) = region {
            let name = plain_maybe(&r.path).or_else(|| Some(plain(&r.kind)).filter(|k| !k.is_empty()));
            let name = name.unwrap_or_else(|| "anonymous".to_owned());
            return Some(("region", format!("{name}+{:#x}", at - r.start.value())));
        }
        // Per-CPU variables have small numbers for addresses: what small numbers mostly are is numbers.
        if !is_high(at, self.space) {
            return None;
        }
        Some(("symbol", self.cx.session().ok()?.name_of(VirtAddr::new(at))?))
    }
}

/// Whether an address lies in the upper half, as the kernel's do.
pub fn is_high(address: umem, space: &Space) -> bool {
    let bits = u32::from(space.pointer_size()) * 8;
    bits > 0 && bits <= umem::BITS && address >> (bits - 1) & 1 == 1
}

fn regions(cx: &Context, space: &Space) -> Vec<RegionInfo> {
    super::searched::regions(cx, space).unwrap_or_default()
}

/// Text at the beginning of `bytes`, and whether only zeros follow it: printable ASCII, long enough, ended by a zero or by the
/// end of what was read.
fn text_of(bytes: &[u8]) -> Option<(String, bool)> {
    let printable = |b: &u8| b.is_ascii_graphic() || matches!(*b, b' ' | b'\t' | b'\n');
    let length = bytes.iter().take_while(|b| printable(b)).count();
    let ended = bytes.get(length).is_none_or(|b| *b == 0);
    if length < LETTERS || !ended {
        return None;
    }
    let text = bytes.get(..length.min(SHOWN)).map(|t| String::from_utf8_lossy(t).into_owned())?;
    let whole = bytes.iter().skip(length).all(|b| *b == 0);
    Some((text, whole))
}

/// The chain as it is read: `symbol -> 0x1234 -> 'text'`.
fn words(chain: &[StepPart]) -> Option<String> {
    let mut out = Vec::new();
    for (i, step) in chain.iter().enumerate() {
        let at = format!("{:#x}", step.address.0);
        // The first address is the value, which has a column of its own.
        let at = if i == 0 { String::new() } else { at };
        let name = step.text.as_deref().unwrap_or_default();
        let text = match (step.kind.as_str(), at.is_empty()) {
            ("string", true) => format!("{name:?}"),
            ("string", false) => format!("{at} {name:?}"),
            ("loop", _) => format!("{at} (met before)").trim().to_owned(),
            ("number", _) => at,
            (_, true) if name.is_empty() => "*".to_owned(),
            (_, true) => name.to_owned(),
            (_, false) if name.is_empty() => at,
            (_, false) => format!("{at} {name}"),
        };
        out.push(text);
    }
    // The last pointer's target, where the way ends at a number or at its depth.
    if let Some(last) = chain.last().filter(|s| !matches!(s.kind.as_str(), "string" | "loop" | "number"))
        && let Some(value) = &last.value
    {
        out.push(format!("{:#x}", value.0));
    }
    let text = out.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" -> ");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_printable_long_enough_and_ends() {
        let of = |bytes: &[u8]| text_of(bytes).map(|(t, whole)| format!("{t} {whole}"));
        assert_eq!(of(b"swapper/0\0\0").as_deref(), Some("swapper/0 true"));
        assert_eq!(of(b"swapper/0\0x").as_deref(), Some("swapper/0 false"));
        assert_eq!(of(b"abc\0"), None);
        assert_eq!(of(b"abcd\xff"), None);
        assert_eq!(of(b""), None);
        assert_eq!(of(&[b'a'; SHOWN + 1]).map(|t| t.len()), Some(SHOWN + 5));
    }
}
