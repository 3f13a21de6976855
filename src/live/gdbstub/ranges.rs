//! What of memory there is: given by the user, told by the stub's monitor (QEMU), by its memory map, or found by reading.
//!
//! The protocol has no word for it. What is found by reading is exact to a page at its ends; a hole inside that is smaller than the
//! distance of the probes is not seen, and fails when it is read.

use super::client::{Client, Lost};
use super::description::{self, tags};
use super::packet;
use crate::live::Argument;
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryRange, PhysAddr, umem};

/// Bytes of a page, as far as holes are concerned.
pub const PAGE: u64 = 4096;
/// Lines of a monitor's answer are no more than this, in bytes.
const MOST_TEXT: usize = 1 << 20;
/// Probes of one pass: so many places at equal distances.
const PROBES: u64 = 4096;
/// Probes are no closer than this: 1 MiB, the step at which firmware lays out memory.
const CLOSEST: u64 = 1 << 20;
/// The first distance whose doubling is tried, and the last: 4 KiB to 4 TiB.
const DOUBLINGS: std::ops::RangeInclusive<u32> = 12..=42;
/// Two places where no machine has memory: a stub that answers there answers everywhere.
const NOWHERE: [u64; 2] = [0x000f_5a5a_a5a5_a000, 0x0007_c3c3_3c3c_3000];

/// A range of `start..end`.
pub fn range(start: u64, end: u64) -> MemoryRange {
    MemoryRange { start: PhysAddr::new(umem::from(start)), size: umem::from(end.saturating_sub(start)) }
}

/// Reads `START-END;START+SIZE;..`, numbers as everywhere.
///
/// # Errors
/// [`ErrorKind::Invalid`] for anything else.
pub fn given(text: &str) -> Result<Vec<MemoryRange>> {
    let wrong = |part: &str| {
        Error::new(Layer::Connector, ErrorKind::Invalid, format!("ranges: `{part}` is not START-END or START+SIZE"))
            .hint("for example ranges=0-0x9ffff;0x100000+1g (the end of START-END belongs to it)")
    };
    let mut out = Vec::new();
    for part in text.split(';').map(str::trim).filter(|p| !p.is_empty()) {
        let read = |word: &str| {
            let known = [Argument::optional("n", crate::live::ArgumentKind::Size, "")];
            crate::live::Arguments::parse("ranges", &format!("n={word}"), &known).ok()?.size("n")
        };
        let bounds = match part.split_once('+') {
            Some((start, size)) => read(start).and_then(|s| Some((s, s.checked_add(read(size)?)?))),
            None => part.split_once('-').and_then(|(s, e)| Some((read(s)?, read(e)?.checked_add(1)?))),
        };
        let (start, end) = bounds.filter(|(s, e)| s < e).ok_or_else(|| wrong(part))?;
        out.push(range(start, end));
    }
    out.sort_by_key(|r: &MemoryRange| r.start);
    let apart = out.windows(2).all(|w| matches!(w, [a, b] if a.start.saturating_add(a.size) <= b.start));
    if out.is_empty() || !apart {
        return Err(wrong(text));
    }
    Ok(out)
}

/// What a monitor command says, where the stub has a monitor (`qRcmd`).
///
/// # Errors
/// When the link fails.
pub fn monitor(client: &mut Client, command: &str) -> Result<Option<String>, Lost> {
    let mut request = b"qRcmd,".to_vec();
    packet::to_hex(command.as_bytes(), &mut request);
    let mut answer = client.ask(&request)?;
    let mut out = Vec::new();
    loop {
        match answer.split_first() {
            Some((b'O', b"K")) => return Ok(Some(String::from_utf8_lossy(&out).into_owned())),
            Some((b'O', digits)) if out.len() < MOST_TEXT => {
                let mut bytes = vec![0; digits.len() / 2];
                packet::from_hex(digits, &mut bytes);
                out.extend(bytes);
                answer = client.more()?;
            }
            // Without the letter, all of it in one packet.
            Some((b, _)) if packet::nibble(*b).is_some() && answer.len() % 2 == 0 && out.is_empty() => {
                let mut bytes = vec![0; answer.len() / 2];
                return Ok(packet::from_hex(&answer, &mut bytes).map(|_| String::from_utf8_lossy(&bytes).into_owned()));
            }
            _ => return Ok(None),
        }
    }
}

/// The memory in QEMU's `info mtree -f`: of the view of the address space "memory" all that is RAM, but no device's.
///
/// A line is `0000000000100000-0000000003ffffff (prio 0, ram): pc.ram @0000000000100000` (QEMU's `system/memory.c`).
pub fn of_mtree(text: &str) -> Vec<MemoryRange> {
    let mut of_memory = false;
    let mut out = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("FlatView") {
            of_memory = false;
        } else if line.starts_with("AS \"memory\"") {
            of_memory = true;
        } else if of_memory {
            out.extend(mtree_line(line));
        }
    }
    // Some machines show a part of their RAM as ROM (shadowed firmware): the same block, or the firmware's copy below 1 MiB.
    let blocks: Vec<String> = out.iter().filter(|(_, _, kind, _)| *kind == "ram").map(|o| o.3.clone()).collect();
    let is_ram = |(start, _, kind, name): &(u64, u64, &str, String)| match *kind {
        "ram" => !["vram", "vgamem", "flash", "rom", "bios", "framebuffer"].iter().any(|d| name.contains(d)),
        "rom" => blocks.contains(name) || name.starts_with("pc.") && *start < 1 << 20,
        _ => false,
    };
    let mut ranges: Vec<MemoryRange> = Vec::new();
    out.sort_by_key(|o| o.0);
    for (start, end, ..) in out.iter().filter(|o| is_ram(o)) {
        match ranges.last_mut() {
            Some(last) if last.start.value().checked_add(last.size) == Some(umem::from(*start)) => {
                last.size = last.size.saturating_add(umem::from(end - start));
            }
            _ => ranges.push(range(*start, *end)),
        }
    }
    ranges
}

/// Start, end, kind, and the block's name.
fn mtree_line(line: &str) -> Option<(u64, u64, &str, String)> {
    let (bounds, rest) = line.split_once(" (prio ")?;
    let (start, last) = bounds.split_once('-')?;
    let (attributes, name) = rest.split_once("): ")?;
    let kind = attributes.rsplit_once(", ")?.1;
    let start = packet::number(start.as_bytes())?;
    let end = packet::number(last.as_bytes())?.checked_add(1).filter(|e| *e > start)?;
    Some((start, end, kind, name.split(" @").next()?.trim().to_owned()))
}

/// The RAM in a memory map (the GDB manual, appendix E, "Memory Map Format").
///
/// # Errors
/// When the link fails.
pub fn of_map(client: &mut Client, step: usize) -> Result<Vec<MemoryRange>, Lost> {
    let Some(text) = description::object(client, "memory-map:read:", step)? else { return Ok(Vec::new()) };
    Ok(in_map(&String::from_utf8_lossy(&text)))
}

fn in_map(text: &str) -> Vec<MemoryRange> {
    let ram = tags(text).filter(|t| t.name == "memory" && matches!(t.attribute("type"), Some("ram" | "rom")));
    let bounds = ram.filter_map(|t| Some((t.number("start")?, t.number("start")?.checked_add(t.number("length")?)?)));
    bounds.filter(|(s, e)| s < e).map(|(s, e)| range(s, e)).take(1 << 16).collect()
}

/// What reading finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Probed {
    /// These ranges.
    Ranges(Vec<MemoryRange>),
    /// The stub answers everywhere: reading says nothing.
    Everywhere,
}

/// Finds memory by asking `there` whether pages can be read: at doubling addresses first, then at equal distances up to the last of
/// those that answered; the ends of what was found to the page.
///
/// # Errors
/// When the link fails.
pub fn probe(mut there: impl FnMut(&[u64]) -> Result<Vec<bool>, Lost>) -> Result<Probed, Lost> {
    if there(&NOWHERE)?.contains(&true) {
        return Ok(Probed::Everywhere);
    }
    // Between two doublings lies half of the address space: a place in the middle as well.
    let far: Vec<u64> = std::iter::once(0).chain(DOUBLINGS.flat_map(|n| [1u64 << n, 3u64 << (n - 1)])).collect();
    let answers = there(&far)?;
    let Some(last) = far.iter().zip(&answers).filter(|(_, yes)| **yes).map(|(at, _)| *at).max() else {
        return Ok(Probed::Ranges(Vec::new()));
    };
    // Memory may go on behind the last place that answered, but not to the next one that did not.
    let limit = far.iter().copied().filter(|at| *at > last).min().unwrap_or(last).max(CLOSEST);
    let step = (limit / PROBES).max(CLOSEST);
    let mut places: Vec<u64> =
        (0..limit.div_ceil(step)).map(|i| i * step).chain(far.iter().copied().filter(|at| *at < limit)).collect();
    places.sort_unstable();
    places.dedup();
    let answers = there(&places)?;
    let mut out = Vec::new();
    let mut begun = None;
    let mut before = 0;
    for (&at, &yes) in places.iter().zip(&answers) {
        match (begun, yes) {
            (None, true) => begun = Some(if at == 0 { 0 } else { edge(&mut there, before, at, false)? }),
            (Some(start), false) => {
                out.push(range(start, edge(&mut there, before, at, true)?));
                begun = None;
            }
            _ => {}
        }
        before = at;
    }
    if let Some(start) = begun {
        out.push(range(start, edge(&mut there, before, limit, true)?));
    }
    Ok(Probed::Ranges(out))
}

/// The page at which reading changes from `first` between `low` (which is as `first` says) and `high` (which is not).
fn edge(there: &mut impl FnMut(&[u64]) -> Result<Vec<bool>, Lost>, low: u64, high: u64, first: bool) -> Result<u64, Lost> {
    let (mut low, mut high) = (low / PAGE, high / PAGE);
    while high.saturating_sub(low) > 1 {
        let middle = low + (high - low) / 2;
        if there(&[middle * PAGE])?.first().copied().unwrap_or(false) == first { low = middle } else { high = middle }
    }
    Ok(high * PAGE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PC: &str = "FlatView #0\r\n AS \"I/O\", root: io\r\n Root memory region: io\r\n  0000000000000000-0000000000000007 (prio 0, i/o): dma\r\n\
        \r\nFlatView #1\r\n AS \"cpu-smm-0\", root: memory\r\n  0000000000000000-00000000ffffffff (prio 0, ram): wrong\r\n\r\n\
        FlatView #3\r\n AS \"memory\", root: system\r\n AS \"cpu-memory-0\", root: system\r\n Root memory region: system\r\n\
        \x20 0000000000000000-000000000009ffff (prio 0, ram): pc.ram\r\n  00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem\r\n\
        \x20 00000000000c0000-00000000000dffff (prio 1, rom): pc.rom\r\n  00000000000e0000-00000000000fffff (prio 0, rom): pc.bios @0000000000020000\r\n\
        \x20 0000000000100000-0000000003ffffff (prio 0, ram): pc.ram @0000000000100000\r\n  00000000fd000000-00000000fdffffff (prio 1, ram): vga.vram\r\n\
        \x20 00000000fffc0000-00000000ffffffff (prio 0, rom): pc.bios\r\n";

    #[test]
    fn qemus_own_account_of_memory() {
        assert_eq!(of_mtree(PC), [range(0, 0xa0000), range(0xc0000, 0x400_0000)]);
        assert_eq!(of_mtree("unknown command: 'info mtree -f'"), []);
    }

    #[test]
    fn a_map_in_xml() {
        let map = r#"<memory-map><memory type="flash" start="0" length="0x1000"><property name="blocksize">1</property></memory>
            <memory type="ram" start="0x20000000" length="0x20000"/><memory type="ram" start="0xffffffffffffffff" length="9"/></memory-map>"#;
        assert_eq!(in_map(map), [range(0x2000_0000, 0x2002_0000)]);
    }

    #[test]
    fn ranges_as_people_write_them() {
        assert_eq!(given("0-0x9ffff;0x100000+1m").unwrap(), [range(0, 0xa0000), range(0x10_0000, 0x20_0000)]);
        for bad in ["", "5", "9-3", "0-10;5-20", "0+0", "0-0xffffffffffffffff"] {
            assert!(given(bad).unwrap_err().reason().starts_with("ranges:"), "{bad}");
        }
    }

    #[test]
    fn probing_finds_ends_and_holes_to_the_page() {
        let memory = [(0u64, 0x9f000u64), (0x10_0000, 0x2fe_d000), (0x1_0000_0000, 0x1_2345_6000)];
        let mut asked = 0;
        let found = probe(|places| {
            asked += places.len();
            Ok(places.iter().map(|at| memory.iter().any(|(s, e)| (s..e).contains(&at))).collect())
        });
        let want = memory.map(|(s, e)| range(s, e));
        assert_eq!(found.unwrap(), Probed::Ranges(want.to_vec()));
        assert!(asked < 10_000, "{asked}");
    }

    #[test]
    fn a_stub_that_answers_everywhere_is_not_believed() {
        assert_eq!(probe(|places| Ok(vec![true; places.len()])).unwrap(), Probed::Everywhere);
        assert_eq!(probe(|places| Ok(vec![false; places.len()])).unwrap(), Probed::Ranges(Vec::new()));
    }
}
