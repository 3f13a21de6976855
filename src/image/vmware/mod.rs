//! VMware: the memory of a suspended machine or of a snapshot.
//!
//! Newer products put the memory into a `.vmem` file, without the hole that the machine has below 4 GiB, and its layout into the `.vmss`
//! (suspended) or `.vmsn` (snapshot) beside it; others have the memory in that file itself. Either may be named.

mod cpu;
mod tags;

use super::detect::{self, Parsed};
use super::input::Input;
use super::map::Content;
use crate::{At, Error, ErrorKind, Layer, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tags::{Checkpoint, Value, sort};

const PAGE: u64 = 4096;
/// More regions than any machine has.
const MOST_REGIONS: usize = 4096;
/// Where VMware's hole for devices begins and ends, in the machines whose layout is known here.
const HOLE: (u64, u64) = (3 << 30, 4 << 30);

/// Whether `data` begins with the magic of a checkpoint.
pub(super) fn probe(data: &[u8]) -> bool {
    sort(data).is_some()
}

/// The group `memory`.
#[derive(Default)]
struct Layout {
    count: Option<u64>,
    /// First page in the machine, first page in the file, pages.
    regions: BTreeMap<u32, [Option<u64>; 3]>,
    /// Offset, bytes in the file, bytes in memory, whether compressed.
    inline: Option<(u64, u64, u64, bool)>,
    further: usize,
}

impl Layout {
    fn read(checkpoint: &Checkpoint<'_>, warnings: &mut Vec<String>) -> Self {
        let mut layout = Self::default();
        let result = checkpoint.tags(b"memory", |tag| {
            let which = [&b"regionPPN"[..], b"regionPageNum", b"regionSize"].iter().position(|n| *n == tag.name);
            match (tag.name, tag.value, which) {
                (b"Memory", Value::Block { offset, stored, size, compressed }, _) => match layout.inline {
                    None => layout.inline = Some((offset, stored, size, compressed)),
                    Some(_) => layout.further += 1,
                },
                (b"regionsCount", value, _) => layout.count = value.number(),
                (_, value, Some(slot)) => {
                    if let Some(i) = tag.indices[0].filter(|_| layout.regions.len() < MOST_REGIONS)
                        && let Some(field) = layout.regions.entry(i).or_default().get_mut(slot)
                    {
                        *field = value.number();
                    }
                }
                _ => {}
            }
        });
        if let Err(why) = result {
            warnings.push(format!("the memory's layout is not all there: {why}"));
        }
        layout
    }

    /// Where in the machine each piece of the memory lies: first address, first byte in the memory's bytes, bytes.
    fn pieces(&self, size: u64, warnings: &mut Vec<String>) -> Result<Vec<(u64, u64, u64)>> {
        let count = self.count.unwrap_or(0);
        if count == 0 && self.regions.is_empty() {
            if size > HOLE.0 {
                warnings.push(format!(
                    "the checkpoint names no regions, but {size} bytes of memory do not fit below 3 GiB: what lies above may be at wrong \
                     addresses"
                ));
            }
            return Ok(vec![(0, 0, size)]);
        }
        let whole: Vec<(u32, [u64; 3])> = self
            .regions
            .iter()
            .filter_map(|(i, r)| Some((*i, [r[0]?, r[1]?, r[2]?])))
            .filter(|(i, _)| self.count.is_none_or(|n| u64::from(*i) < n))
            .collect();
        let have = u64::try_from(whole.len()).unwrap_or(u64::MAX);
        if have == 0 {
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Malformed,
                format!("the VMware checkpoint claims {count} regions of memory, and describes none"),
            )
            .hint("the file is damaged or was cut short: copy it again; --format raw on the .vmem takes it as it lies"));
        }
        if have != count {
            warnings.push(format!(
                "the checkpoint claims {count} regions of memory, and describes {have}: the others are missing here"
            ));
        }
        let mut pieces = Vec::new();
        for (i, [ppn, page, pages]) in whole {
            let bytes = |n: u64| n.checked_mul(PAGE);
            match (bytes(ppn), bytes(page), bytes(pages)) {
                (Some(start), Some(offset), Some(len))
                    if start.checked_add(len).is_some() && offset.checked_add(len).is_some() =>
                {
                    if offset.saturating_add(len) > size {
                        warnings.push(format!(
                            "region {i} of the memory ({len} bytes at {start:#x}) ends at byte {} of the memory's bytes, of which {size} are \
                             there",
                            offset.saturating_add(len)
                        ));
                    }
                    pieces.push((start, offset, len.min(size.saturating_sub(offset))));
                }
                _ => warnings.push(format!("region {i} of the memory runs past the last address and was left out")),
            }
        }
        pieces.sort_unstable();
        let overlap = |a: u64, n: u64, b: u64| a.saturating_add(n) > b;
        if let Some(w) = pieces.windows(2).find(|w| matches!(w, [a, b] if overlap(a.0, a.2, b.0))) {
            warnings.push(format!("regions of the memory overlap in the machine, at {:#x}", w.last().map_or(0, |p| p.0)));
        }
        let mut by_file: Vec<_> = pieces.iter().map(|p| (p.1, p.2)).collect();
        by_file.sort_unstable();
        if by_file.windows(2).any(|w| matches!(w, [a, b] if overlap(a.0, a.1, b.0))) {
            warnings.push("regions of the memory share bytes of the file: the layout is damaged".to_owned());
        }
        let used = pieces.iter().fold(0u64, |n, p| n.saturating_add(p.2));
        if used < size {
            warnings.push(format!(
                "the checkpoint's regions use {used} of {size} bytes of memory: do the two files belong together? The rest is not used"
            ));
        }
        Ok(pieces)
    }
}

fn host(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Reads a checkpoint that was named, with the `.vmem` that belongs to it.
pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let data = input.data();
    if !probe(data) {
        // `--format vmware` on the memory itself.
        return by_name(input)?.ok_or_else(|| {
            Error::new(Layer::Image, ErrorKind::Malformed, "no VMware checkpoint (d2 be d2 be) at the beginning of the file")
                .at(At::File(0))
                .hint("name the .vmss, .vmsn or .vmem file, or leave --format away")
        });
    }
    let mut parsed = Parsed::new("vmware");
    let checkpoint = read(data)?;
    let layout = describe(&checkpoint, data, &mut parsed);
    if let Some((offset, stored, size, compressed)) = layout.inline {
        if compressed {
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Unsupported,
                format!(
                    "a VMware checkpoint whose memory is compressed ({stored} bytes of {size}), in a way that is not documented"
                ),
            )
            .at(At::File(offset))
            .hint("resume and suspend the machine without compression, or convert with VMware's vmss2core"));
        }
        let there = stored.min(host(data.len()).saturating_sub(offset));
        if there < stored {
            parsed.warnings.push(format!(
                "the file is truncated: the memory at file offset {offset:#x} should have {stored} bytes, {there} are there"
            ));
        }
        if layout.further > 0 {
            parsed.warnings.push(format!("{} further blocks of memory in the checkpoint were not used", layout.further));
        }
        parsed.detail("memory", "inside the checkpoint");
        for (start, from, len) in layout.pieces(there, &mut parsed.warnings)? {
            parsed.claim(start, len, offset.saturating_add(from));
        }
        return Ok(parsed);
    }
    let given = input.options.sidecars.first().cloned();
    let Some(path) = given.or_else(|| input.beside("vmem")) else {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::NotFound,
            "a VMware checkpoint without the memory, which should lie beside it in a .vmem file of the same name",
        )
        .at(At::File(0))
        .hint("copy the .vmem file beside it, or name it with --sidecar"));
    };
    let vmem = input.open(&path)?;
    if let Some(what) = sort(&vmem) {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Invalid,
            format!("{} is a VMware {what} too, not the memory that belongs to one", path.display()),
        )
        .hint("--sidecar takes the .vmem file here"));
    }
    parsed.detail("memory", path.display());
    for (start, from, len) in layout.pieces(host(vmem.len()), &mut parsed.warnings)? {
        parsed.claim_in(1, start, len, from);
    }
    parsed.files.push(vmem);
    Ok(parsed)
}

fn read(data: &[u8]) -> Result<Checkpoint<'_>> {
    Checkpoint::read(data).ok_or_else(|| {
        Error::new(
            Layer::Image,
            ErrorKind::Malformed,
            format!("the file ends inside the VMware checkpoint's header ({} bytes)", data.len()),
        )
        .at(At::File(0))
        .hint("the file is damaged or was cut short: copy it again")
    })
}

/// What the checkpoint says beside where the memory is.
fn describe(checkpoint: &Checkpoint<'_>, data: &[u8], parsed: &mut Parsed) -> Layout {
    parsed.detail("checkpoint", sort(data).unwrap_or("none"));
    parsed.detail("checkpoint_version", checkpoint.version);
    parsed.detail("checkpoint_groups", checkpoint.groups.len());
    if host(checkpoint.groups.len()) < u64::from(checkpoint.claimed) {
        parsed.warnings.push(format!(
            "the VMware checkpoint claims {} groups, {} are in the file",
            checkpoint.claimed,
            checkpoint.groups.len()
        ));
    }
    let layout = Layout::read(checkpoint, &mut parsed.warnings);
    let (cpus, number) = cpu::read(checkpoint, &mut parsed.warnings);
    if let Some(n) = number {
        parsed.detail("cpus", n);
        if n != host(cpus.len()) {
            parsed.warnings.push(format!("the checkpoint claims {n} processors, and describes {}", cpus.len()));
        }
    }
    parsed.detail("regions", layout.regions.len().max(1));
    // IA32_EFER.LMA: only a processor in long mode has it.
    if cpus.iter().any(|c| c.efer.is_some_and(|e| e & 0x400 != 0)) {
        parsed.machine = Some("x86_64".to_owned());
    }
    parsed.cpus = cpus;
    layout
}

/// The checkpoint that belongs to a `.vmem` file: named as a sidecar, or beside it.
fn checkpoint_of(input: &Input<'_>) -> Result<Option<(PathBuf, Arc<Content>)>> {
    if let Some(path) = input.options.sidecars.first() {
        let file = input.open(path)?;
        return Ok(probe(&file).then(|| (path.clone(), file)));
    }
    for path in ["vmss", "vmsn"].iter().filter_map(|ext| input.beside(ext)) {
        let file = input.open(&path)?;
        if probe(&file) {
            return Ok(Some((path, file)));
        }
    }
    Ok(None)
}

/// Reads a `.vmem` file that was named: it has no header, so only its name tells. `None` where it is not one, or nothing more than raw.
pub(super) fn by_name(input: &Input<'_>) -> Result<Option<Parsed>> {
    let named = input.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("vmem"));
    let asked = input.options.format.as_deref() == Some("vmware");
    if !named && !asked && !input.options.sidecars.iter().any(|p| has_checkpoint_name(p)) {
        return Ok(None);
    }
    let size = host(input.data().len());
    let Some((path, file)) = checkpoint_of(input)? else {
        if !named || size <= HOLE.0 {
            return Ok(None);
        }
        let mut parsed = Parsed::new("vmware");
        parsed.claim(0, HOLE.0, 0);
        parsed.claim(HOLE.1, size - HOLE.0, HOLE.0);
        parsed.warnings.push(format!(
            "a .vmem file of {size} bytes without its .vmss or .vmsn, which says where its parts lie: what is above 3 GiB was ASSUMED to \
             lie from 4 GiB on, as VMware does it. Find that file (--sidecar FILE); other layouts: --format raw-2g, raw-3.5g; --format raw for \
             none"
        ));
        parsed.detail("memory_layout", "assumed: a hole from 3 to 4 GiB");
        return Ok(Some(parsed));
    };
    let mut parsed = Parsed::new("vmware");
    let checkpoint = read(&file)?;
    let layout = describe(&checkpoint, &file, &mut parsed);
    if layout.inline.is_some() {
        parsed
            .warnings
            .push(format!("{} has memory of its own, which was not used: does it belong to this file?", path.display()));
    }
    parsed.detail("checkpoint_file", path.display());
    for (start, from, len) in layout.pieces(size, &mut parsed.warnings)? {
        parsed.claim(start, len, from);
    }
    Ok(Some(parsed))
}

fn has_checkpoint_name(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("vmss") || e.eq_ignore_ascii_case("vmsn"))
}

/// `--format raw-3g`: raw memory whose part above `SIZE` lies from 4 GiB on. `None` where `name` is nothing like it.
pub(super) fn with_hole(input: &Input<'_>, name: &str) -> Option<Result<Parsed>> {
    let hole = hole_size(name.strip_prefix("raw-")?)?;
    let size = host(input.data().len());
    let mut parsed = match detect::raw(input.data(), "raw-hole", input.options) {
        Ok(parsed) => parsed,
        Err(e) => return Some(Err(e)),
    };
    if input.options.base.is_some() {
        parsed.warnings.push("--base was not used: the layout that was asked for has its own addresses".to_owned());
    }
    parsed.claims.clear();
    parsed.details.clear();
    parsed.claim(0, size.min(hole), 0);
    if size > hole {
        parsed.claim(HOLE.1, size - hole, hole);
    }
    parsed.detail("memory_layout", format!("as asked: bytes {hole:#x} and above from {:#x} on", HOLE.1));
    Some(Ok(parsed))
}

/// `3g`, `3.5g`, `2816m`: at most 4 GiB, a whole number of MiB.
fn hole_size(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix(['g', 'G']) {
        Some(number) => (number, 1u64 << 30),
        None => (text.strip_suffix(['m', 'M'])?, 1 << 20),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut size = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    if !fraction.is_empty() {
        let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok().filter(|n| *n < 5)?)?;
        size = size
            .checked_add(unit / scale * fraction.parse::<u64>().ok()? + unit % scale * fraction.parse::<u64>().ok()? / scale)?;
    }
    (size > 0 && size <= HOLE.1 && size.is_multiple_of(1 << 20)).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_have_sizes() {
        assert_eq!(hole_size("3g"), Some(3 << 30));
        assert_eq!(hole_size("3.5g"), Some(7 << 29));
        assert_eq!(hole_size("2.75G"), Some(11 << 28));
        assert_eq!(hole_size("2816m"), Some(11 << 28));
        for bad in ["", "g", "0g", "5g", "3", "3.x", "-1g", "3.123456g", "99999999999g", "1.0001m"] {
            assert_eq!(hole_size(bad), None, "{bad}");
        }
    }
}
