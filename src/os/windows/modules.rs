//! Modules of a process: the loader's lists in its `_PEB`, and the 32-bit ones under WOW64.

use super::base::kernel::{Kernel, Reader, container};
use super::base::offsets::Member;
use super::base::{list, text};
use super::peb;
use crate::engine::{AddressSpace, ViewExt};
use crate::os::lost::Lost;
use memsh_plugin::*;
use std::collections::HashSet;

/// The three lists of a loader, in the order in which `_PEB_LDR_DATA` and each entry have their links.
pub const LISTS: [&str; 3] = ["load order", "memory order", "initialization order"];
/// `LDRP_PROCESS_ATTACH_CALLED`, in `_LDR_DATA_TABLE_ENTRY.Flags`: its start function was called for the process.
const ATTACHED: u32 = 0x8_0000;

/// A module, and which of the loader's lists have it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The module.
    pub info: ModuleInfo,
    /// Whether it is in each of [`LISTS`]; none of a list that was not read to its end, or has nothing in it.
    pub lists: [Option<bool>; 3],
}

/// All that the loader's lists name, those in load order first.
pub fn list(kernel: &Kernel, process: VirtAddr, pid: u32, lost: &mut Lost) -> Vec<ModuleInfo> {
    listed(kernel, process, pid, lost).into_iter().map(|m| m.info).collect()
}

/// The same, with the lists that have each.
pub fn listed(kernel: &Kernel, process: VirtAddr, pid: u32, lost: &mut Lost) -> Vec<Listed> {
    let mut out: Vec<Listed> = Vec::new();
    let Some(space) = peb::space(kernel, process) else { return out };
    let mut all = Vec::new();
    if let Some(peb) = kernel.reader().ptr_at(process, kernel.offsets.process.peb) {
        all.extend(native(kernel, &space, peb, pid, lost));
    }
    if let Some(peb) = peb::wow64(kernel, process) {
        let arch = peb::wow64_arch(kernel, process).unwrap_or_default();
        all.extend(narrow(&space, arch, peb, pid, lost));
    }
    let mut seen = HashSet::new();
    out.extend(all.into_iter().filter(|m| seen.insert(m.info.base)));
    out
}

/// Entries of the three lists, each entry once; the first list's heads and links are those at `head` and at an entry's beginning.
fn entries(reader: &Reader<'_>, head: VirtAddr, what: &str, lost: &mut Lost) -> Vec<(VirtAddr, [Option<bool>; 3])> {
    let mut order: Vec<VirtAddr> = Vec::new();
    let mut found: [Option<HashSet<VirtAddr>>; 3] = [None, None, None];
    for (i, (name, found)) in (0u8..).zip(LISTS.iter().zip(&mut found)) {
        // Heads follow each other as the links of an entry do.
        let by = umem::from(i) * 2 * reader.width();
        let head = head.wrapping_add(by);
        // Before the loader has begun there is nothing, not even an empty list.
        if i > 0 && reader.ptr(head).is_none_or(VirtAddr::is_null) {
            continue;
        }
        let mut own = Lost::default();
        let what = if i == 0 { what.to_owned() } else { format!("{what} in {name}") };
        let nodes: Vec<VirtAddr> =
            list::nodes(reader, head, &what, &mut own).into_iter().map(|node| node.wrapping_sub(by)).collect();
        order.extend(&nodes);
        if own.is_empty() && !nodes.is_empty() {
            *found = Some(nodes.into_iter().collect());
        }
        lost.extend(own);
    }
    let mut seen = HashSet::new();
    order.retain(|entry| seen.insert(*entry));
    let lists = |entry: &VirtAddr| found.each_ref().map(|list| list.as_ref().map(|l| l.contains(entry)));
    order.into_iter().map(|entry| (entry, lists(&entry))).collect()
}

/// What the lists have of an entry, given its flags and whether it is the program itself: that is never started as libraries are, and
/// neither is what was loaded without being started.
fn judged(lists: [Option<bool>; 3], flags: Option<u32>, program: bool) -> [Option<bool>; 3] {
    let [load, memory, initialized] = lists;
    let started = !program && flags.is_some_and(|f| f & ATTACHED != 0);
    [load, memory, initialized.filter(|has| *has || started)]
}

fn native(kernel: &Kernel, space: &AddressSpace, peb: VirtAddr, pid: u32, lost: &mut Lost) -> Vec<Listed> {
    let o = &kernel.offsets;
    let reader = Reader::new(space).of_user();
    let Some(loader) = reader.ptr_at(peb, o.peb.loader) else {
        lost.push(format!("process {pid}: its environment block at {peb} is not resident, and so no list of its modules"));
        return Vec::new();
    };
    let (Some(head), Some(links)) = (o.loader.in_load_order, o.module.links) else { return Vec::new() };
    let program = reader.ptr_at(peb, o.peb.image);
    let mut out = Vec::new();
    for (node, lists) in entries(&reader, loader.wrapping_add(head.offset), &format!("modules of process {pid}"), lost) {
        let at = container(node, links);
        let Some(base) = reader.ptr_at(at, o.module.base) else { continue };
        // `Flags` stands behind the short name.
        let flags = o.module.name.map(|m| m.offset + 2 * reader.width());
        let flags = flags.and_then(|f| reader.u32_at(at, Some(Member { offset: f, bits: None })));
        out.push(Listed {
            info: ModuleInfo {
                address: Some(at).into(),
                name: reader.unicode_at(at, o.module.name).map(Text::from).unwrap_or_default(),
                base,
                size: reader.u32_at(at, o.module.size).map(umem::from).unwrap_or(0),
                path: reader.unicode_at(at, o.module.path).map(Text::from).into(),
                arch: Text::from(kernel.arch()),
                ..ModuleInfo::default()
            },
            lists: judged(lists, flags, program == Some(base)),
        });
    }
    out
}

/// Where the 32-bit structures have their members; they have not moved since NT 4: `_PEB.Ldr`, `_PEB_LDR_DATA.InLoadOrderModuleList`,
/// and of `_LDR_DATA_TABLE_ENTRY` the base, the size and the names.
const LOADER: umem = 0xc;
const IN_LOAD_ORDER: umem = 0xc;
const BASE: umem = 0x18;
const SIZE: umem = 0x20;
const FULL_NAME: umem = 0x24;
const BASE_NAME: umem = 0x2c;
const FLAGS: umem = 0x34;
/// `_PEB.ImageBaseAddress`.
const PROGRAM: umem = 8;

fn narrow(space: &AddressSpace, arch: &str, peb: VirtAddr, pid: u32, lost: &mut Lost) -> Vec<Listed> {
    let reader = Reader::narrow(space);
    let at = |offset| Some(Member { offset, bits: None });
    let Some(loader) = reader.ptr_at(peb, at(LOADER)) else {
        lost.push(format!("process {pid}: its 32-bit environment block at {peb} is not resident"));
        return Vec::new();
    };
    let program = reader.ptr_at(peb, at(PROGRAM));
    let mut out = Vec::new();
    let head = loader.wrapping_add(IN_LOAD_ORDER);
    for (entry, lists) in entries(&reader, head, &format!("32-bit modules of process {pid}"), lost) {
        let Some(base) = reader.ptr_at(entry, at(BASE)) else { continue };
        let string = |offset| text::unicode_of(space, entry.wrapping_add(offset), 4);
        out.push(Listed {
            info: ModuleInfo {
                address: Some(entry).into(),
                name: string(BASE_NAME).map(Text::from).unwrap_or_default(),
                base,
                size: space.read_u32(entry.wrapping_add(SIZE)).map(umem::from).unwrap_or(0),
                path: string(FULL_NAME).map(Text::from).into(),
                arch: Text::from(arch),
                ..ModuleInfo::default()
            },
            lists: judged(lists, reader.u32_at(entry, at(FLAGS)), program == Some(base)),
        });
    }
    out
}
