//! Records in the memory of services.exe.
//!
//! They are found by their tags in its private memory, and by the links from each to the one before.

use super::layout::{Layout, layout};
use crate::engine::{AddressSpace, ViewExt, index};
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::{Kernel, Reader};
use crate::os::windows::{peb, processes, vad};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

/// What headers of records begin with since Vista, and what is in records before.
const HEADER: &[u8; 4] = b"serH";
const RECORD: &[u8; 4] = b"sErv";
/// Pages of private memory that are looked through: services.exe has some hundreds.
const PAGES: umem = 1 << 18;
/// Records; a system has some hundreds.
const MOST: usize = 1 << 14;
/// Names have 256 characters at most (`CreateService`).
const LONGEST: usize = 256;
/// The bits of a type that there are (`SERVICE_TYPE_ALL`).
const KINDS: u32 = 0x3ff;
const RUNNING: u32 = 4;
/// The bits of a type of services that have a process.
const PROCESSES: u32 = 0xf0;

/// What services.exe says of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where its record lies in services.exe.
    pub address: VirtAddr,
    /// Its name.
    pub name: String,
    /// Its display name.
    pub display: Option<String>,
    /// Number in the order of the list.
    pub order: u32,
    /// `SERVICE_*` bits.
    pub kind: u32,
    /// `SERVICE_RUNNING` ...
    pub state: u32,
    /// How it is started.
    pub start: u32,
    /// The process that it runs in; none where it does not run, or what stands there is no process.
    pub pid: Option<u32>,
    /// The command line of its process, or the name of its driver.
    pub binary: Option<String>,
}

/// Records of every services.exe.
pub fn records(kernel: &Kernel, lost: &mut Lost) -> Vec<Record> {
    let Some(layout) = layout(kernel.build.number, kernel.wide()) else {
        lost.push("how services.exe of this Windows keeps services is not known");
        return Vec::new();
    };
    let all = processes::addresses(kernel, &mut Lost::default());
    let pids: HashSet<u32> = all.iter().map(|at| processes::pid(kernel, *at)).collect();
    let mut out = Vec::new();
    let named = |at: &&VirtAddr| processes::short_name(kernel, **at).as_bytes().eq_ignore_ascii_case(b"services.exe");
    for at in all.iter().filter(named) {
        let Some(space) = peb::space(kernel, *at) else { continue };
        out.extend(of_process(kernel, *at, &space, layout, &pids));
    }
    if out.is_empty() {
        lost.push("no record of a service can be read in services.exe: states and process ids are not known");
    }
    out
}

fn of_process(kernel: &Kernel, process: VirtAddr, space: &AddressSpace, layout: &Layout, pids: &HashSet<u32>) -> Vec<Record> {
    let reader = Reader::new(space).of_user();
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    let mut left = PAGES;
    for vad in vad::descriptors(kernel, process).iter().filter(|v| v.private && !v.image) {
        for tag in tags(space, vad.start, vad.end, layout, &mut left) {
            let first = match layout.header {
                Some(offset) => reader.ptr(tag.wrapping_add(offset)),
                None => Some(tag.wrapping_sub(layout.tag)),
            };
            let mut next = first;
            while let Some(at) = next.filter(|at| reader.plausible(*at)) {
                if out.len() >= MOST || !seen.insert(at) {
                    break;
                }
                let Some(record) = record(&reader, at, layout, pids) else { break };
                out.push(record);
                next = reader.ptr(at.wrapping_add(layout.previous));
            }
        }
    }
    out
}

/// Where tags lie in a range, as far as it is resident.
fn tags(space: &AddressSpace, start: VirtAddr, end: VirtAddr, layout: &Layout, left: &mut umem) -> Vec<VirtAddr> {
    let tag = if layout.header.is_some() { HEADER } else { RECORD };
    let mut out = Vec::new();
    let mut page = [0u8; 4096];
    let mut at = start;
    while at < end && *left > 0 && out.len() < MOST {
        *left -= 1;
        if space.read_exact(at, &mut page).is_ok() {
            let words = page.as_chunks::<4>().0.iter().enumerate().filter(|(_, w)| *w == tag);
            out.extend(words.map(|(i, _)| at.wrapping_add(crate::engine::to_umem(i * 4))));
        }
        let Some(next) = at.checked_add(4096) else { break };
        at = next;
    }
    out
}

/// UTF-16 up to a zero; none where it is no name.
fn text(reader: &Reader<'_>, at: VirtAddr, longest: usize) -> Option<String> {
    let mut units = Vec::new();
    while units.len() <= longest {
        let unit = reader.view().read_u16(at.wrapping_add(crate::engine::to_umem(units.len() * 2))).ok()?;
        if unit == 0 {
            return String::from_utf16(&units).ok().filter(|t| !t.is_empty() && !t.contains(char::is_control));
        }
        units.push(unit);
    }
    None
}

/// The record at `at`, if what is there can be one in every member.
fn record(reader: &Reader<'_>, at: VirtAddr, layout: &Layout, pids: &HashSet<u32>) -> Option<Record> {
    let number = |offset| reader.view().read_u32(at.wrapping_add(offset)).ok();
    let pointer = |at: VirtAddr| reader.ptr(at).filter(|p| !p.is_null());
    let (kind, state, start) = (number(layout.kind)?, number(layout.state)?, number(layout.start)?);
    let order = number(layout.order)?;
    if order > 0xffff || super::state(state).is_none() || start > 4 || kind == 0 || kind & !KINDS != 0 {
        return None;
    }
    let name = text(reader, pointer(at.wrapping_add(layout.name))?, LONGEST)?;
    let display = pointer(at.wrapping_add(layout.display)).and_then(|p| text(reader, p, LONGEST));
    let (mut pid, mut binary) = (None, None);
    if kind & PROCESSES == 0 {
        binary = pointer(at.wrapping_add(layout.driver)).and_then(|p| text(reader, p, 512));
    } else if let Some(process) = pointer(at.wrapping_add(layout.process)) {
        let told = reader.view().read_u32(process.wrapping_add(layout.pid)).ok();
        pid = told.filter(|pid| state == RUNNING && *pid != 0 && pids.contains(pid));
        binary = pointer(process.wrapping_add(layout.path)).and_then(|p| text(reader, p, index(32768)?));
    }
    Some(Record { address: at, name, display, order, kind, state, start, pid, binary })
}
