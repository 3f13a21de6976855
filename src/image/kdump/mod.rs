//! kdump and diskdump files: what makedumpfile writes by default and QEMU with `dump-guest-memory -z`, `-l`, `-s` and `-R`.
//!
//! The form is described in makedumpfile's `IMPLEMENTATION` and `diskdump_mod.h`. A `header`, a sub-header, two bitmaps of pages, and
//! for each page in the dump a descriptor and its packed bytes (`part`, `pages`). All of it may come in pieces from a pipe (`flat`),
//! and in several files (`split`). A page whose bit is not set was left out, and is unreadable. A page of zeros has a bit and a
//! descriptor that all such pages share. `write` makes such files.

mod describe;
mod flat;
mod header;
mod machine;
mod notes;
mod pages;
mod part;
mod split;
mod write;

pub use write::KdumpFacts;
pub(super) use write::write;

use super::detect::Parsed;
use super::elf;
use super::host;
use super::input::Input;
use super::map::Content;
use super::notes::Notes;
use crate::{Error, ErrorKind, Layer, Result};
use flat::View;
use header::Header;
use pages::Pages;
use part::Part;
use std::sync::Arc;

/// Notes and VMCOREINFO are small; of larger ones the beginning is read.
const MOST_NOTES: u64 = 64 << 20;
const MOST_VMCOREINFO: u64 = 1 << 20;
/// What is put in order in memory where the host does not say how much it has.
const MOST_REARRANGED: u64 = 1 << 30;
/// How long an ELF core may be that is put in order, gaps between its pieces included; longer where the host has more memory.
const LONGEST_REARRANGED: u64 = 64 << 30;

/// Whether `data` begins with a signature of makedumpfile's or diskdump's.
pub(super) fn probe(data: &[u8]) -> bool {
    data.starts_with(header::KDUMP) || data.starts_with(header::DISKDUMP) || data.starts_with(flat::SIGNATURE)
}

/// What of a file elsewhere [`parse`] needs as a slice: nothing but its beginning. All else is fetched through [`View`].
///
/// # Errors
/// For a flattened dump: where its pieces lie shows only in each of them.
#[cfg(feature = "http")]
pub(super) fn outline(sketch: &mut super::remote::Sketch<'_>) -> Result<()> {
    match sketch.data().starts_with(flat::SIGNATURE) {
        true => Err(sketch.whole("a flattened dump")),
        false => Ok(()),
    }
}

/// Reads headers and bitmaps, and finds the other files of a split dump.
pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let view = View::open(Arc::clone(input.content))?;
    if view.is_flattened() && view.bytes(0, 4).as_deref() == Some(b"\x7fELF") {
        return flattened_elf(input, &view);
    }
    let header = Header::read(&view)?;
    let mut parsed = Parsed::new("kdump");
    parsed.warnings.extend(view.warnings.iter().cloned());
    if header.is_newer() {
        parsed.warnings.push(format!("kdump version {} is newer than memsh knows; read as version 6", header.version));
    }
    let first = Part::open(view, header, 0);
    read_notes(&first, &mut parsed);
    let others = if first.header.sub.split { split::others(input, &first)? } else { Vec::new() };
    parsed.files = others.iter().map(|p| p.view.content()).collect();
    let mut parts: Vec<Part> = std::iter::once(first).chain(others).collect();
    parts.sort_by_key(|p| (p.pages.start, p.file));
    for part in &parts {
        let name = if part.file == 0 { String::new() } else { format!("file {} of the split dump: ", part.file + 1) };
        let more = if part.file == 0 { &[][..] } else { &part.view.warnings };
        parsed.warnings.extend(more.iter().chain(&part.warnings).map(|w| format!("{name}{w}")));
    }
    describe::describe(&parts, &mut parsed);
    if !claim(&parts, &mut parsed) {
        parsed.blocks = Some(Box::new(Pages::new(parts)));
    }
    Ok(parsed)
}

/// An ELF core that was written to a pipe (`makedumpfile -E -F`). What it maps must lie in one piece: it is put together in memory.
fn flattened_elf(input: &Input<'_>, view: &View) -> Result<Parsed> {
    let memory = host::free_memory().unwrap_or(MOST_REARRANGED);
    let most = input.options.max_unpacked.unwrap_or(u64::MAX).min(memory.max(LONGEST_REARRANGED));
    let Some(bytes) = view.rearranged(most, memory, input.options.progress.as_ref())? else {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Unsupported,
            format!("a flattened ELF core of {} bytes, for which this host has no memory to put it in order", view.len()),
        )
        .hint("put it in order first: makedumpfile -R CORE < FILE"));
    };
    let content = Arc::new(Content::Unpacked(bytes));
    let mut parsed = elf::parse(&Input { content: &content, ..*input })?;
    for (_, place) in &mut parsed.claims {
        place.file = 1;
    }
    parsed.files = vec![content];
    parsed.warnings.splice(0..0, view.warnings.iter().cloned());
    parsed.detail("flattened_pieces", view.count);
    Ok(parsed)
}

/// Maps the pages where none of them is packed.
fn claim(parts: &[Part], parsed: &mut Parsed) -> bool {
    let Some(all) = parts.iter().map(|p| Some((p, p.claims()?))).collect::<Option<Vec<_>>>() else { return false };
    for (part, claims) in all {
        for (at, len, stored) in claims {
            // Addresses beyond the last one are nobody's.
            let start = at.checked_add(part.header.base()).filter(|s| s.checked_add(len - 1).is_some());
            if let Some(start) = start {
                parsed.claim_in(part.file, start, len, stored);
            }
        }
    }
    true
}

/// Processors, VMCOREINFO, and which machine it is.
fn read_notes(part: &Part, parsed: &mut Parsed) {
    let h = &part.header;
    let mut read = |what: &str, (at, len): (u64, u64), most: u64| {
        if at == 0 || len == 0 {
            return None;
        }
        let wanted = len.min(most);
        let there = part.view.present(at, wanted);
        if there < len {
            parsed.warnings.push(format!("{what} at offset {at:#x}: {there} of {len} bytes were read"));
        }
        part.view.bytes(at, there)
    };
    let bytes = read("the notes", h.sub.notes, MOST_NOTES).unwrap_or_default();
    let text = read("VMCOREINFO", h.sub.vmcoreinfo, MOST_VMCOREINFO).unwrap_or_default();
    let machine = machine::by_name(h.machine()).or_else(|| machine::by_notes(&bytes, h.big));
    let mut notes = Notes::default();
    let (number, wide) = machine.map_or((0, h.width == "64-bit"), |(_, number, wide)| (number, wide));
    notes.add(&bytes, h.big, wide, number);
    let end = text.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
    let text = text.get(..end).filter(|t| !t.is_empty()).map(<[u8]>::to_vec);
    parsed.cpus = notes.cpus();
    parsed.machine = machine.map(|(name, ..)| name.to_owned());
    for (name, found) in
        [("note_vmcoreinfo", text.is_some() || notes.vmcoreinfo.is_some()), ("note_qemu_cpu", !notes.qemu.is_empty())]
    {
        if found {
            parsed.detail(name, "yes");
        }
    }
    parsed.vmcoreinfo = text.or(notes.vmcoreinfo);
}
