//! The kernel's tables that lead to processes.

use super::super::base::kernel::{Kernel, container};
use super::super::base::list::nodes;
use super::super::objects::handles;
use super::look;
use super::ways::{Sightings, Way};
use crate::os::lost::Lost;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// `ThreadObject` (`KOBJECTS`).
const THREAD: u8 = 6;

/// The table of ids, which has the processes and the threads.
pub fn by_id(kernel: &Kernel, sightings: &mut Sightings, lost: &mut Lost) {
    let reader = kernel.reader();
    let objects = handles::ids(kernel, lost);
    if objects.is_empty() {
        return;
    }
    sightings.open(Way::CidTable);
    let o = &kernel.offsets;
    for (id, at) in objects {
        match reader.u8_at(at, o.dispatcher.kind).map(|k| k & !look::LOCK) {
            Some(look::PROCESS)
                if reader.word_at(at, o.process.pid) == Some(umem::from(id)) && look::at(kernel, at).is_some() =>
            {
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
    let owners: Vec<VirtAddr> = sightings.all().to_vec();
    let mut known: HashSet<VirtAddr> = HashSet::new();
    let mut own_tables: HashSet<VirtAddr> = HashSet::new();
    for owner in owners {
        let Some(table) = reader.ptr_at(owner, o.process.object_table).filter(|&t| reader.plausible(t)) else { continue };
        if !own_tables.insert(table) || reader.ptr_at(table, o.handle_table.process) != Some(owner) {
            continue;
        }
        // What is missing of a table is told by `files`.
        let handles = handles::of_process(kernel, owner, 0, &mut Lost::default());
        sightings.open(Way::Handles);
        for at in handles.into_iter().map(|h| h.object) {
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
