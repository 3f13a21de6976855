//! Modules of a process: the loader's lists in its `_PEB`, and the 32-bit ones under WOW64.

use super::base::kernel::{Kernel, Reader, container};
use super::base::offsets::Member;
use super::base::{list, text};
use super::peb;
use crate::engine::{AddressSpace, ViewExt};
use crate::os::lost::Lost;
use memsh_plugin::*;
use std::collections::HashSet;

/// All that the loader's lists name, those in load order first.
pub fn list(kernel: &Kernel, process: VirtAddr, pid: u32, lost: &mut Lost) -> Vec<ModuleInfo> {
    let mut out = Vec::new();
    let Some(space) = peb::space(kernel, process) else { return out };
    let mut seen = HashSet::new();
    if let Some(peb) = kernel.reader().ptr_at(process, kernel.offsets.process.peb) {
        native(kernel, &space, peb, pid, lost, &mut |m| {
            if seen.insert(m.base) {
                out.push(m);
            }
        });
    }
    if let Some(peb) = peb::wow64(kernel, process) {
        let arch = peb::wow64_arch(kernel, process).unwrap_or_default();
        narrow(&space, arch, peb, pid, lost, &mut |m| {
            if seen.insert(m.base) {
                out.push(m);
            }
        });
    }
    out
}

fn native(kernel: &Kernel, space: &AddressSpace, peb: VirtAddr, pid: u32, lost: &mut Lost, take: &mut dyn FnMut(ModuleInfo)) {
    let o = &kernel.offsets;
    let reader = Reader::new(space).of_user();
    let Some(loader) = reader.ptr_at(peb, o.peb.loader) else {
        lost.push(format!("process {pid}: its environment block at {peb} is not resident, and so no list of its modules"));
        return;
    };
    let (Some(head), Some(links)) = (o.loader.in_load_order, o.module.links) else { return };
    let head = loader.wrapping_add(head.offset);
    for node in list::nodes(&reader, head, &format!("modules of process {pid}"), lost) {
        let at = container(node, links);
        let Some(base) = reader.ptr_at(at, o.module.base) else { continue };
        take(ModuleInfo {
            address: Some(at).into(),
            name: reader.unicode_at(at, o.module.name).map(Text::from).unwrap_or_default(),
            base,
            size: reader.u32_at(at, o.module.size).map(umem::from).unwrap_or(0),
            path: reader.unicode_at(at, o.module.path).map(Text::from).into(),
            arch: Text::from(kernel.arch()),
            ..ModuleInfo::default()
        });
    }
}

/// Where the 32-bit structures have their members; they have not moved since NT 4: `_PEB.Ldr`, `_PEB_LDR_DATA.InLoadOrderModuleList`,
/// and of `_LDR_DATA_TABLE_ENTRY` the base, the size and the names.
const LOADER: umem = 0xc;
const IN_LOAD_ORDER: umem = 0xc;
const BASE: umem = 0x18;
const SIZE: umem = 0x20;
const FULL_NAME: umem = 0x24;
const BASE_NAME: umem = 0x2c;

fn narrow(space: &AddressSpace, arch: &str, peb: VirtAddr, pid: u32, lost: &mut Lost, take: &mut dyn FnMut(ModuleInfo)) {
    let reader = Reader::narrow(space);
    let at = |offset| Some(Member { offset, bits: None });
    let Some(loader) = reader.ptr_at(peb, at(LOADER)) else {
        lost.push(format!("process {pid}: its 32-bit environment block at {peb} is not resident"));
        return;
    };
    let head = loader.wrapping_add(IN_LOAD_ORDER);
    for entry in list::nodes(&reader, head, &format!("32-bit modules of process {pid}"), lost) {
        let Some(base) = reader.ptr_at(entry, at(BASE)) else { continue };
        let string = |offset| text::unicode_of(space, entry.wrapping_add(offset), 4);
        take(ModuleInfo {
            address: Some(entry).into(),
            name: string(BASE_NAME).map(Text::from).unwrap_or_default(),
            base,
            size: space.read_u32(entry.wrapping_add(SIZE)).map(umem::from).unwrap_or(0),
            path: string(FULL_NAME).map(Text::from).into(),
            arch: Text::from(arch),
            ..ModuleInfo::default()
        });
    }
}
