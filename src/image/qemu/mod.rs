//! QEMU's migration streams: `migrate` to a file, `savevm`, what libvirt saves, what Proxmox keeps of a snapshot's RAM.
//!
//! The format is QEMU's `docs/devel/migration/main.rst`, `migration/savevm.c` and `migration/ram.c`; QEMU 2.4 to 10 write it, all
//! of them as version 3. The stream is read once from its beginning to its end, page header by page header, for it has no
//! index (`stream`, `ram`); the table that comes out has eight bytes per page (`pages`). Where the pages belong in physical
//! memory the stream does not say: that follows from the machine (`place`).

mod bytes;
mod cursor;
mod describe;
mod libvirt;
mod memory;
mod pages;
mod place;
mod ram;
mod stream;

pub(super) use bytes::{Bytes, Piece};
pub(super) use libvirt::{parse as parse_libvirt, probe as probe_libvirt};

use super::detect::Parsed;
use super::input::Input;
use super::map::Content;
use crate::{At, Error, ErrorKind, Layer, Result};
use bytes::Stretch;
use memory::Pages;
use place::Region;
use std::sync::Arc;
use stream::Stream;

/// Plain images become runs of mapped memory up to so many; more would take longer to sort than they save.
const MOST_RUNS: usize = 1 << 20;
/// Blocks that `info` names.
const NAMED: usize = 24;

/// Whether `data` begins with a migration stream.
pub(super) fn probe(data: &[u8]) -> bool {
    data.starts_with(stream::MAGIC)
}

/// A migration stream that is the whole file.
pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let bytes = Arc::new(Stretch::new(Arc::clone(input.content), 0, 0));
    read(input, Parsed::new("qemu"), bytes)
}

/// Reads the stream in `bytes` into `parsed`, which may have files already.
pub(super) fn read(input: &Input<'_>, mut parsed: Parsed, bytes: Arc<dyn Bytes>) -> Result<Parsed> {
    let total = bytes.len();
    let mut interrupted = None;
    let mut tick = |at: u64| match input.options.progress.as_ref().map(|p| p.report(at, total)) {
        Some(Err(e)) => {
            interrupted = Some(e);
            false
        }
        _ => true,
    };
    let stream = Stream::read(bytes.as_ref(), &mut tick);
    if let Some(e) = interrupted {
        return Err(e);
    }
    // Offsets in messages are those of the file, where the stream lies in it in one piece.
    let offset = |at: u64| bytes.place(at).filter(|(p, _)| p.file == 0).map_or(at, |(p, _)| p.offset);
    let stream = stream.map_err(|stop| {
        Error::new(Layer::Image, ErrorKind::Malformed, format!("the QEMU migration stream: {}", stop.why))
            .at(At::File(offset(stop.at)))
            .hint("the file is damaged or was cut short: copy it again")
    })?;
    let processors = describe::processors(&stream, bytes.as_ref());
    let cmos = describe::cmos(&stream, bytes.as_ref());
    let blocks: Vec<(String, u64)> = stream.ram.blocks.iter().map(|b| (b.name.clone(), b.len)).collect();
    let layout = place::lay_out(stream.machine.as_deref(), &blocks, cmos, processors.machine);
    facts(&stream, &layout, &blocks, &mut parsed);
    if let Some(stop) = &stream.stopped {
        let rest = if stream.ram_complete { "RAM had come to its end by then" } else { "RAM is not complete" };
        parsed.warnings.push(format!("the stream can't be read beyond offset {:#x}: {}; {rest}", offset(stop.at), stop.why));
    }
    let mut regions = layout.regions;
    regions.sort_by_key(|r| r.start);
    parsed.cpus = processors.states;
    parsed.machine = processors.machine.or(layout.machine).map(str::to_owned);
    let (tables, deltas, page_bits) = {
        let ram = stream.ram;
        (ram.blocks.into_iter().map(|b| b.table).collect::<Vec<_>>(), ram.deltas, ram.page_bits)
    };
    let pages = Pages { bytes, regions, tables, deltas, page_bits };
    missing(&pages, stream.ram_complete, &mut parsed);
    let zeros = parsed.files.len() + 1;
    match pages.claims(MOST_RUNS, zeros) {
        Some(claims) => {
            parsed.claims = claims;
            let run = usize::try_from(memory::ZERO_RUN).unwrap_or(4096);
            parsed.files.push(Arc::new(Content::Given(vec![0; run].into())));
        }
        None => parsed.blocks = Some(Box::new(pages)),
    }
    Ok(parsed)
}

/// What `info` says of it.
fn facts(stream: &Stream, layout: &place::Layout, blocks: &[(String, u64)], parsed: &mut Parsed) {
    if let Some(machine) = &stream.machine {
        parsed.detail("machine", machine);
    }
    if let Some(uuid) = &stream.uuid {
        parsed.detail("uuid", uuid);
    }
    if !stream.capabilities.is_empty() {
        parsed.detail("capabilities", stream.capabilities.join(", "));
    }
    parsed.detail("page_size", stream.ram.page_size());
    parsed.detail("placement", &layout.reason);
    let used = |i: usize| layout.regions.iter().any(|r| r.block == i);
    for (i, (name, len)) in blocks.iter().enumerate().take(NAMED) {
        let key = |kind: &str| format!("{kind}_{}", i + 1);
        let at: Vec<String> = layout.regions.iter().filter(|r| r.block == i).map(place_of).collect();
        match used(i) {
            true => parsed.detail(&key("ram_block"), format!("{name}, {len} bytes at {}", at.join(" and "))),
            false if place::is_device(name) => {
                parsed.detail(&key("device_block"), format!("{name}, {len} bytes (no main memory)"))
            }
            false => {
                parsed.detail(&key("other_block"), format!("{name}, {len} bytes, left out"));
                parsed.warnings.push(format!(
                    "the RAM block {name} ({len} bytes) is left out: the stream does not say where it is (memory that was plugged \
                     in, or shared with another machine)"
                ));
            }
        }
    }
    if blocks.len() > NAMED {
        parsed.detail("more_blocks", blocks.len() - NAMED);
    }
    let c = stream.ram.counts;
    for (name, n) in [
        ("normal_pages", c.normal),
        ("zero_pages", c.zero),
        ("zlib_pages", c.zlib),
        ("xbzrle_pages", c.xbzrle),
        ("pages_sent_again", c.again),
        ("ram_parts", stream.ram_parts),
    ] {
        parsed.detail(name, n);
    }
    let mut names: Vec<&str> = stream.sections.iter().map(|s| s.name.as_str()).collect();
    let total = names.len();
    names.dedup();
    names.truncate(NAMED);
    parsed.detail("device_sections", format!("{total}: {}", names.join(", ")));
    parsed.warnings.extend(stream.warnings.iter().chain(&stream.ram.warnings).chain(&layout.warnings).cloned());
    if stream.ram.multifd {
        parsed.detail("multifd", "yes");
    }
}

fn place_of(r: &Region) -> String {
    format!("{:#x}-{:#x}", r.start, r.start.saturating_add(r.len))
}

/// Warns of pages that should be there and aren't.
fn missing(pages: &Pages, complete: bool, parsed: &mut Parsed) {
    use super::blocks::Blocks;
    let wanted: u64 = pages.regions.iter().map(|r| r.len).fold(0, u64::saturating_add);
    let there = pages.ranges().iter().fold(0u64, |n, r| n.saturating_add(crate::engine::to_u64(r.size).unwrap_or(0)));
    if there < wanted {
        parsed
            .warnings
            .push(format!("{} of {wanted} bytes of RAM are not in the stream and count as unreadable", wanted - there));
    }
    if !complete && wanted > 0 {
        parsed.warnings.push(
            "the stream ends before the last part of RAM: pages may be older than others, as the machine went on running"
                .to_owned(),
        );
    }
}
