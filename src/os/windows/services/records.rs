//! Records in the memory of services.exe.
//!
//! They are found by their tags in its private memory, and by the links from each to the one before.

use super::layout::{Layout, layout};
use crate::engine::{AddressSpace, FaultReason, Software, ViewExt, index, to_umem};
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::{Kernel, Reader};
use crate::os::windows::{peb, processes, vad};
use memsh_plugin::{MemoryView, ProcessInfo, VirtAddr, umem};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// What headers of records begin with since Vista, and what is in records before.
const HEADER: &[u8; 4] = b"serH";
const RECORD: &[u8; 4] = b"sErv";
/// Pages of private memory that are looked through: services.exe has some hundreds.
const PAGES: umem = 1 << 18;
/// Records; a system has some hundreds.
const MOST: usize = 1 << 14;
/// Tags that are followed: each record has one, and what was freed may have one left.
const MOST_TAGS: usize = 1 << 16;
/// Names have 256 characters at most (`CreateService`).
const LONGEST: usize = 256;
/// The bits of a type that there are (`SERVICE_TYPE_ALL`).
const KINDS: u32 = 0x3ff;
const RUNNING: u32 = 4;
/// The bits of a type of services that have a process.
const PROCESSES: u32 = 0xf0;

const NAME: &str = "services.exe";
/// Who starts it: `wininit.exe` since Vista.
const PARENTS: [&str; 2] = ["wininit.exe", "winlogon.exe"];
const PLACE: &str = "\\system32\\services.exe";

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

/// What services.exe says.
#[derive(Debug, Default)]
pub struct Records {
    /// What could be read.
    pub all: Vec<Record>,
    /// Whether there is no other: only then a service without a record is one that services.exe does not know.
    pub whole: bool,
}

/// What may hold records, and was not read.
#[derive(Debug, Default, PartialEq, Eq)]
struct Missing {
    pages: usize,
    records: usize,
    /// Descriptors of memory can't be read, or a limit was reached.
    cut: bool,
}

impl Missing {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a process with the name is the service control manager. Anyone may give a program that name, and records to it.
fn is_manager(info: &ProcessInfo, path: Option<&str>, all: &[ProcessInfo]) -> bool {
    // Whoever has the id of the parent now may have got it after the parent was gone.
    let older = |p: &&ProcessInfo| match (p.start_time.get(), info.start_time.get()) {
        (Some(parent), Some(own)) => parent <= own,
        _ => p.pid == 4,
    };
    let is_parent = |p: &&ProcessInfo| info.ppid.get() == Some(p.pid) && p.address != info.address;
    let parent = all.iter().filter(is_parent).find(older);
    info.session.get().is_none_or(|s| s == 0)
        && parent.is_none_or(|p| PARENTS.iter().any(|n| p.name.as_bytes().eq_ignore_ascii_case(n.as_bytes())))
        && path.is_none_or(|p| p.to_lowercase().ends_with(PLACE))
}

/// The records of services.exe.
pub fn records(kernel: &Kernel, interrupt: &AtomicBool, lost: &mut Lost) -> Records {
    let Some(layout) = layout(kernel.build.number, kernel.wide()) else {
        lost.push("how services.exe of this Windows keeps services is not known");
        return Records::default();
    };
    let all = processes::list(kernel, &mut Lost::default());
    let pids: HashSet<u32> = all.iter().map(|p| p.pid).collect();
    let named = |p: &&ProcessInfo| p.name.as_bytes().eq_ignore_ascii_case(NAME.as_bytes()) && p.exit_time.get().is_none();
    let path = |p: &ProcessInfo| processes::image_path(kernel, p.address).filter(|p| !p.is_empty());
    let is_one = |p: &&ProcessInfo| is_manager(p, path(p).as_deref(), &all);
    let (managers, others): (Vec<_>, Vec<_>) = all.iter().filter(named).partition(is_one);
    if !others.is_empty() {
        let pids: Vec<String> = others.iter().map(|p| p.pid.to_string()).collect();
        let which = pids.join(", ");
        lost.push(format!("called services.exe, and not it by session, parent or path: {which}; what is in there was not read"));
    }
    let (mut out, mut missing) = (Vec::new(), Missing::default());
    for info in managers {
        let Some(space) = peb::space(kernel, info.address) else {
            missing.cut = true;
            continue;
        };
        let mut own = Lost::default();
        let vads = vad::list(kernel, info.address, info.pid, vad::Detail::Plain, &mut own);
        missing.cut |= !own.is_empty();
        lost.extend(own);
        let ranges = vads.iter().filter(|v| v.private && !v.image).map(|v| (v.start, v.end));
        let search = Search { space: &space, layout, pids: &pids, interrupt };
        out.extend(search.records(ranges, &mut missing));
    }
    if out.is_empty() {
        lost.push("no record of a service can be read in services.exe: states and process ids are not known");
    } else if !missing.is_nothing() {
        let Missing { pages, records, cut } = &missing;
        let more = if *cut { ", and not all of its memory was looked through" } else { "" };
        lost.push(format!(
            "services.exe: {pages} private pages and {records} records can't be read{more}: whether it knows the other services is \
             not known"
        ));
    }
    Records { whole: !out.is_empty() && missing.is_nothing(), all: out }
}

/// Where reading ended.
struct Gone(VirtAddr);

/// How far behind `at` nothing was ever made, where nothing is there at all. None where something may have been, and can't be read.
fn hole(space: &AddressSpace, at: VirtAddr) -> Option<umem> {
    let Err(fault) = space.translate_one(at) else { return None };
    let empty = fault.entry.is_none_or(|e| e == 0);
    // Pages that were given back, as heaps do, have an entry that says so; of another system's entries that can't be told.
    let never = match fault.reason {
        FaultReason::NotPresent => empty || matches!(space.software(), Software::Windows(_)),
        reason => reason == FaultReason::DemandZero,
    };
    // A table that is not there is one for all of its pages; it has 512 entries or more.
    let level = u32::try_from(fault.level).ok().filter(|_| empty && !space.is_flat());
    let span: umem = 4096 << (9 * level.map_or(0, |l| l.saturating_sub(1).min(3)));
    never.then_some(span - at.value() % span)
}

/// A search in one process.
struct Search<'s> {
    space: &'s AddressSpace,
    layout: &'s Layout,
    pids: &'s HashSet<u32>,
    interrupt: &'s AtomicBool,
}

impl Search<'_> {
    fn stopped(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// What could not be read at `at` is missing, if it was ever there.
    fn lose(&self, at: VirtAddr, missing: &mut Missing) {
        if hole(self.space, at).is_none() {
            missing.records += 1;
        }
    }

    fn records(&self, ranges: impl Iterator<Item = (VirtAddr, VirtAddr)>, missing: &mut Missing) -> Vec<Record> {
        let reader = Reader::new(self.space).of_user();
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        let (mut pages, mut tags) = (PAGES, MOST_TAGS);
        for (start, end) in ranges {
            for tag in self.tags(start, end, (&mut pages, &mut tags), missing) {
                if self.stopped() {
                    missing.cut = true;
                    return out;
                }
                let mut next = match self.layout.header {
                    Some(offset) => self.pointer(&reader, tag.wrapping_add(offset), missing),
                    None => Some(tag.wrapping_sub(self.layout.tag)),
                };
                while let Some(at) = next.filter(|at| reader.plausible(*at)) {
                    if out.len() >= MOST {
                        missing.cut = true;
                        return out;
                    }
                    if !seen.insert(at) {
                        break;
                    }
                    match record(&reader, at, self.layout, self.pids) {
                        Ok(Some(record)) => out.push(record),
                        Ok(None) => break,
                        Err(Gone(at)) => {
                            self.lose(at, missing);
                            break;
                        }
                    }
                    next = self.pointer(&reader, at.wrapping_add(self.layout.previous), missing);
                }
            }
        }
        out
    }

    fn pointer(&self, reader: &Reader<'_>, at: VirtAddr, missing: &mut Missing) -> Option<VirtAddr> {
        let pointer = reader.ptr(at);
        if pointer.is_none() {
            self.lose(at, missing);
        }
        pointer
    }

    /// Where tags lie in a range, as far as it is resident. Limits: of pages, of tags.
    fn tags(
        &self,
        start: VirtAddr,
        end: VirtAddr,
        (pages, tags): (&mut umem, &mut usize),
        missing: &mut Missing,
    ) -> Vec<VirtAddr> {
        let tag = if self.layout.header.is_some() { HEADER } else { RECORD };
        let mut out = Vec::new();
        let mut page = [0u8; 4096];
        let mut at = start;
        while at < end {
            if *pages == 0 || *tags == 0 || self.stopped() {
                missing.cut = true;
                break;
            }
            *pages -= 1;
            let mut step = 4096;
            if self.space.read_exact(at, &mut page).is_ok() {
                let words = page.as_chunks::<4>().0.iter().enumerate().filter(|(_, w)| *w == tag).take(*tags);
                let before = out.len();
                out.extend(words.map(|(i, _)| at.wrapping_add(to_umem(i * 4))));
                *tags = tags.saturating_sub(out.len() - before);
            } else {
                match hole(self.space, at) {
                    Some(span) => step = span,
                    None => missing.pages += 1,
                }
            }
            let Some(next) = at.checked_add(step) else { break };
            at = next;
        }
        out
    }
}

/// UTF-16 up to a zero; none where it is no name.
fn text(view: &dyn MemoryView, at: VirtAddr, longest: usize) -> Result<Option<String>, Gone> {
    const PIECE: umem = 512;
    let mut units = Vec::new();
    let mut piece = [0u8; 512];
    let mut here = at;
    while here.value().is_multiple_of(2) && units.len() <= longest {
        // Up to the end of a page, behind which nothing may be.
        let len = PIECE - here.value() % PIECE;
        let Some(bytes) = index(len).and_then(|len| piece.get_mut(..len)) else { break };
        view.read_exact(here, bytes).map_err(|_| Gone(here))?;
        let words = bytes.as_chunks::<2>().0;
        let end = words.iter().position(|w| *w == [0; 2]);
        units.extend(words.iter().take(end.unwrap_or(words.len())).map(|w| u16::from_le_bytes(*w)));
        if end.is_some() {
            let whole = String::from_utf16(&units).ok().filter(|_| units.len() <= longest);
            return Ok(whole.filter(|t| !t.is_empty() && !t.contains(char::is_control)));
        }
        here = here.wrapping_add(len);
    }
    Ok(None)
}

/// The record at `at`, if what is there can be one in every member.
fn record(reader: &Reader<'_>, at: VirtAddr, layout: &Layout, pids: &HashSet<u32>) -> Result<Option<Record>, Gone> {
    let number = |offset: umem| {
        let at = at.wrapping_add(offset);
        reader.view().read_u32(at).map_err(|_| Gone(at))
    };
    let pointer = |at: VirtAddr| reader.ptr(at).filter(|p| !p.is_null());
    let (kind, state, start) = (number(layout.kind)?, number(layout.state)?, number(layout.start)?);
    let order = number(layout.order)?;
    if order > 0xffff || super::state(state).is_none() || start > 4 || kind == 0 || kind & !KINDS != 0 {
        return Ok(None);
    }
    let name_at = at.wrapping_add(layout.name);
    let name_at = reader.ptr(name_at).ok_or(Gone(name_at))?;
    if name_at.is_null() {
        return Ok(None);
    }
    let Some(name) = text(reader.view(), name_at, LONGEST)? else { return Ok(None) };
    // What is not there of the rest leaves the record one.
    let told = |at: VirtAddr, longest| pointer(at).and_then(|p| text(reader.view(), p, longest).ok().flatten());
    let display = told(at.wrapping_add(layout.display), LONGEST);
    let (mut pid, mut binary) = (None, None);
    if kind & PROCESSES == 0 {
        binary = told(at.wrapping_add(layout.driver), 512);
    } else if let Some(process) = pointer(at.wrapping_add(layout.process)) {
        let number = reader.view().read_u32(process.wrapping_add(layout.pid)).ok();
        pid = number.filter(|pid| state == RUNNING && *pid != 0 && pids.contains(pid));
        binary = told(process.wrapping_add(layout.path), 32768);
    }
    Ok(Some(Record { address: at, name, display, order, kind, state, start, pid, binary }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::os::windows::testkit::Kit;
    use memsh_plugin::Text;

    fn process(pid: u32, ppid: u32, name: &str) -> ProcessInfo {
        let address = VirtAddr::new(umem::from(pid) << 12);
        ProcessInfo {
            address,
            pid,
            ppid: Some(ppid).into(),
            name: Text::from(name),
            start_time: Some(i64::from(pid)).into(),
            ..ProcessInfo::default()
        }
    }

    #[test]
    fn the_manager_is_known_by_session_parent_and_path() {
        let all = [process(8, 4, "wininit.exe"), process(12, 8, "services.exe"), process(16, 12, "svchost.exe")];
        let path = "\\Device\\HarddiskVolume2\\Windows\\System32\\services.exe";
        assert!(is_manager(&all[1], Some(path), &all) && is_manager(&all[1], None, &all));
        assert!(!is_manager(&all[1], Some("\\Device\\HarddiskVolume2\\Temp\\services.exe"), &all));
        let other = |info: ProcessInfo| is_manager(&info, Some(path), &all);
        assert!(!other(process(20, 16, "services.exe")), "svchost.exe starts it");
        assert!(!other(ProcessInfo { session: Some(1).into(), ..process(12, 8, "services.exe") }));
        assert!(other(ProcessInfo { session: Some(0).into(), ..process(12, 8, "services.exe") }));
        // A parent that is gone, and one that got the id later.
        assert!(other(process(12, 10, "services.exe")) && other(process(12, 16, "services.exe")));
    }

    #[test]
    fn text_ends_at_a_zero_and_at_its_cap() {
        let mut kit = Kit::new("10.0.19041", true);
        let at = kit.at(0x10_0000);
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        kit.put(at, &wide(&format!("{}\0", "n".repeat(256))));
        // The last characters of a page, behind which nothing is.
        kit.put(at + 0xff8, &wide("end\0"));
        kit.put(at + 0x1_0ff8, &wide("none"));
        let kernel = kit.kernel();
        let read = |at: u64, longest| text(&kernel.space, VirtAddr::new(umem::from(at)), longest);
        assert_eq!(read(at, 256).ok().flatten(), Some("n".repeat(256)));
        assert_eq!(read(at, 255).ok(), Some(None));
        assert_eq!(read(at + 0xff8, 256).ok().flatten().as_deref(), Some("end"));
        assert!(read(at + 0x1_0ff8, 256).is_err_and(|Gone(end)| end.value() == umem::from(at + 0x1_1000)));
    }

    #[test]
    fn pages_and_records_that_are_gone_are_counted() {
        let mut kit = Kit::new("10.0.19041", true);
        let layout = layout(19041, true).unwrap();
        let at = 0x7f00_0000_0000u64;
        // A header in a page, its record in one that is in the page file; a page where nothing ever was.
        kit.put(at, HEADER);
        kit.word(at + 16, at + 0x1000);
        kit.put(at + 0x1000, &[0; 8]);
        let kernel = kit.paged(&[(at + 0x1000, 12, 0x1d18_0000_0080)], false);
        let (pids, never) = (HashSet::new(), AtomicBool::new(false));
        let search = |interrupt: &AtomicBool| {
            let mut missing = Missing::default();
            let search = Search { space: &kernel.space, layout, pids: &pids, interrupt };
            let range = (VirtAddr::new(umem::from(at)), VirtAddr::new(umem::from(at + 0x4000_0000)));
            let found = search.records(std::iter::once(range), &mut missing);
            (found.len(), missing)
        };
        assert_eq!(search(&never), (0, Missing { pages: 1, records: 1, cut: false }));
        never.store(true, Ordering::Relaxed);
        assert_eq!(search(&never), (0, Missing { pages: 0, records: 0, cut: true }));
    }
}
