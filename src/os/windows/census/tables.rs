//! The kernel's tables that lead to processes.

use super::super::base::kernel::{Kernel, container};
use super::super::base::list::nodes;
use super::look;
use super::ways::{Sightings, Way};
use crate::os::lost::Lost;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// `ThreadObject` (`KOBJECTS`).
const THREAD: u8 = 6;
/// Tables have at most so many entries (`MAX_HANDLES`).
const MOST: usize = 1 << 24;
/// Tables of tables nest no deeper: the lowest two bits of `TableCode`.
const LEVEL: umem = 3;
const PAGE: umem = 4096;
/// Pages of a table that are not there are told one by one up to this.
const TOLD: usize = 8;

/// The table of ids, which has the processes and the threads.
pub fn by_id(kernel: &Kernel, sightings: &mut Sightings, lost: &mut Lost) {
    let reader = kernel.reader();
    let Some(table) = kernel.address("PspCidTable").and_then(|at| reader.ptr(at)).filter(|&t| reader.plausible(t)) else {
        return;
    };
    let Some(objects) = objects(kernel, table, lost) else { return };
    sightings.open(Way::CidTable);
    let o = &kernel.offsets;
    for (id, at) in objects {
        match reader.u8_at(at, o.dispatcher.kind).map(|k| k & !look::LOCK) {
            Some(look::PROCESS) if reader.word_at(at, o.process.pid) == Some(id) && look::at(kernel, at).is_some() => {
                sightings.add(at, Way::CidTable);
            }
            Some(THREAD) => {
                let process = reader.ptr_at(at, o.kthread.process).or_else(|| reader.ptr_at(at, o.thread.process));
                if let Some(process) = process.filter(|&p| look::at(kernel, p).is_some()) {
                    sightings.add(process, Way::CidTable);
                }
            }
            _ => {}
        }
    }
}

/// The ids and the objects of a table; none where it makes no sense.
fn objects(kernel: &Kernel, table: VirtAddr, lost: &mut Lost) -> Option<Vec<(umem, VirtAddr)>> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let code = reader.word_at(table, o.handle_table.code)?;
    let (level, size) = (code & LEVEL, o.handle_entry.bytes.filter(|n| (4..=64).contains(n))?);
    let mut pages = vec![VirtAddr::new(code & !7)];
    for _ in 0..level {
        let mut below = Vec::new();
        for page in pages {
            let pointers = (0..PAGE / reader.width()).filter_map(|i| reader.ptr(page.wrapping_add(i * reader.width())));
            // Tables of tables are filled from their beginning.
            below.extend(pointers.take_while(|p| reader.plausible(*p)));
            if below.len() > MOST / 256 {
                return None;
            }
        }
        pages = below;
    }
    let each = PAGE / size;
    let mut out = Vec::new();
    let mut missing = 0;
    for (n, page) in (0..).zip(pages) {
        let n: umem = n;
        if reader.ptr(page).is_none() {
            missing += 1;
            if missing <= TOLD {
                lost.push(format!("a page of the table of process ids, at {page}, is not there"));
            }
            continue;
        }
        // A handle is four times its index.
        out.extend((0..each).filter_map(|i| Some(((n * each + i) * 4, object(kernel, page.wrapping_add(i * size))?))));
    }
    Some(out)
}

/// The object of an entry: since Windows 8 its address without the bits that all such addresses share, before with flags in its
/// lowest bits.
fn object(kernel: &Kernel, entry: VirtAddr) -> Option<VirtAddr> {
    let (o, reader) = (&kernel.offsets.handle_entry, kernel.reader());
    let at = match o.object_bits {
        Some(member) => {
            let (_, width) = member.bits?;
            let bits = reader.bits_at(entry, Some(member))?;
            // Without the lowest four bits, on x86 three; the highest are those of the kernel's half.
            umem::from(match kernel.wide() {
                true => bits << 4 | u64::MAX.checked_shl(width + 4).unwrap_or(0),
                false => bits << 3 & 0xffff_ffff,
            })
        }
        None => reader.word_at(entry, o.object)? & !7,
    };
    Some(VirtAddr::new(at)).filter(|&p| reader.plausible(p))
}

/// The list of handle tables: each says whose it is.
pub fn by_handles(kernel: &Kernel, sightings: &mut Sightings, lost: &mut Lost) {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let (Some(own), Some(links)) = (reader.ptr_at(kernel.system, o.process.object_table), o.handle_table.links) else { return };
    // The table of System is in it, as every other one; the list's head lies in the kernel's image.
    let first = own.wrapping_add(links.offset);
    if reader.ptr_at(own, o.handle_table.process) != Some(kernel.system) || reader.ptr(first) == Some(first) {
        return;
    }
    let mut found = nodes(&reader, first, "HandleTableListHead", lost);
    found.retain(|n| !kernel.image.holds(*n));
    sightings.open(Way::HandleTables);
    for table in std::iter::once(own).chain(found.into_iter().map(|n| container(n, links))) {
        let Some(process) = reader.ptr_at(table, o.handle_table.process) else { continue };
        // Both point to each other.
        if reader.ptr_at(process, o.process.object_table) == Some(table) && look::at(kernel, process).is_some() {
            sightings.add(process, Way::HandleTables);
        }
    }
}

/// The processes that the handles of all processes seen so far lead to: csrss has one to each of its session.
pub fn held(kernel: &Kernel, sightings: &mut Sightings) {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let Some(body) = o.object_header.body else { return };
    let owners: Vec<VirtAddr> = sightings.all().to_vec();
    let mut known: HashSet<VirtAddr> = HashSet::new();
    let mut own_tables: HashSet<VirtAddr> = HashSet::new();
    for owner in owners {
        let Some(table) = reader.ptr_at(owner, o.process.object_table).filter(|&t| reader.plausible(t)) else { continue };
        if !own_tables.insert(table) || reader.ptr_at(table, o.handle_table.process) != Some(owner) {
            continue;
        }
        // What is missing of a table is told by `files`.
        let Some(objects) = objects(kernel, table, &mut Lost::default()) else { continue };
        sightings.open(Way::Handles);
        for (_, header) in objects {
            let at = header.wrapping_add(body.offset);
            // One process has many handles to few others.
            if reader.u8_at(at, o.dispatcher.kind).is_some_and(|k| k & !look::LOCK == look::PROCESS)
                && known.insert(at)
                && look::at(kernel, at).is_some()
            {
                sightings.add(at, Way::Handles);
            }
        }
    }
}
