//! A virtual space as pointers see it: what it maps, what of that is code, what is static. Shared by `ptrmap`, `xrefs` and `sig`.
//!
//! A kernel maps a page more than once: the image lies in its own place and once more in the map of all physical memory. Each byte
//! is looked at once, in the place that says most of it: the map of all memory is the last that is asked.

use super::cells::{number, plain, wide};
use super::context::Context;
use super::failure::{Failure, Result};
use super::pages::walk;
use super::searched::{every_process, region_at, region_name, regions, span, within};
use super::which::{Whose, open};
use crate::engine::search::{Options, RunSource, Span, VirtRun, clipped};
use crate::engine::{Memory, index, to_u64, to_umem};
use crate::pointers::{Base, Bases, Ranges, Scanned, Words, elf_extent};
use crate::session::Space;
use crate::{Error, ErrorKind, Layer, VirtAddr, umem};
use memsh_plugin::{Perm, Process, RegionInfo};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

/// A space, prepared.
pub struct Reach {
    /// The space.
    pub space: Space,
    memory: Memory,
    /// Everything that is mapped.
    mapped: Vec<VirtRun>,
    /// The same, each byte once.
    once: Vec<VirtRun>,
    /// What of that can be executed.
    code: Vec<VirtRun>,
    regions: Vec<RegionInfo>,
}

impl Reach {
    /// Walks the page tables of a space.
    ///
    /// # Errors
    /// A usage error for physical memory, which no pointer points into; Ctrl-C.
    pub fn new(cx: &Context, space: Space, command: &str) -> Result<Self> {
        let Some(tables) = space.tables() else {
            let hint = "-p PID for a process, -k for the kernel; `ptov` tells who maps a physical address".to_owned();
            return Err(Failure::Usage(format!("{command}: pointers hold virtual addresses, not physical ones"), Some(hint)));
        };
        let regions = regions(cx, &space).unwrap_or_default();
        let user_only = space.process().is_some_and(|p| !p.kernel_thread);
        let mut runs = Vec::new();
        let missing = walk(tables, 0, umem::MAX, user_only, &mut |r| {
            runs.push((VirtRun { virt: r.virt.value(), phys: r.phys.value(), size: r.size }, r.perm.has(Perm::EXECUTE)));
            if cx.go_on().is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        cx.go_on()?;
        cx.lost_many(missing, "page tables that are not in the image");
        let memory = tables.memory().clone();
        if tables.is_flat() {
            let all: Vec<VirtRun> = runs.into_iter().map(|r| r.0).collect();
            let mapped = within(&all, memory.data());
            let code: Vec<Span> = regions.iter().filter(|r| r.execute).filter_map(span).collect();
            let code = clipped(&mapped, &code);
            return Ok(Self { space, memory, once: mapped.clone(), mapped, code, regions });
        }
        let mapped: Vec<VirtRun> = runs.iter().map(|r| r.0).collect();
        let once = if user_only { runs } else { once(runs) };
        let code = once.iter().filter(|r| r.1).map(|r| r.0).collect();
        let once = once.into_iter().map(|r| r.0).collect();
        Ok(Self { space, memory, mapped, once, code, regions })
    }

    /// The spaces that an option means: one, or with `all` the kernel's and every process's.
    ///
    /// # Errors
    /// When a process does not exist or no system was found.
    pub fn spaces(cx: &Context, whose: &Whose, all: bool) -> Result<Vec<Space>> {
        if !all {
            return Ok(vec![whose.space(cx)?]);
        }
        let session = cx.session()?;
        let kernel = session.kernel_space().ok().filter(|s| s.process().is_none());
        Ok(kernel.into_iter().chain(every_process(cx)?).collect())
    }

    /// Every byte once.
    pub fn source(&self) -> RunSource<'_> {
        RunSource::new(&self.memory, self.once.iter().copied())
    }

    /// Every byte of a range once.
    pub fn source_within(&self, span: Span) -> RunSource<'_> {
        RunSource::new(&self.memory, clipped(&self.once, &[span]))
    }

    /// Every byte that can be executed once.
    pub fn code(&self) -> RunSource<'_> {
        RunSource::new(&self.memory, self.code.iter().copied())
    }

    /// Words that can be pointers.
    pub fn words(&self, unaligned: bool) -> Words {
        Words { unaligned, ..Words::of_size(self.pointer_size()) }
    }

    /// Bytes of a pointer: of a 32-bit program those of its own.
    pub fn pointer_size(&self) -> u8 {
        let narrow = self.space.process().is_some_and(|p| p.wow64);
        if narrow { 4 } else { self.space.pointer_size() }
    }

    /// Everything that an address may lie in.
    pub fn mapped(&self) -> Ranges {
        Ranges::new(self.mapped.iter().filter_map(|r| Span::new(r.virt, r.size)), self.pointer_size() > 4)
    }

    /// Fills a buffer from an address on as far as it is there without a hole, and says how many bytes that is.
    pub fn read(&self, at: u64, buf: &mut [u8]) -> usize {
        let at = wide(at);
        let room = index(umem::MAX - at).unwrap_or(usize::MAX).min(buf.len());
        let Some(part) = buf.get_mut(..room) else { return 0 };
        let gaps = self.space.read_gaps(at, part);
        gaps.as_slice().first().map_or(room, |g| index(g.start.saturating_sub(at)).unwrap_or(0))
    }

    /// The pointer at an address.
    pub fn pointer(&self, at: u64) -> Option<u64> {
        let mut bytes = [0u8; 8];
        let size = usize::from(self.pointer_size().min(8));
        let part = bytes.get_mut(..size)?;
        (self.read(at, part) == size).then(|| u64::from_le_bytes(bytes))
    }

    /// What is static: modules of a process with all that they take in memory; the kernel's image and its modules.
    ///
    /// # Errors
    /// When the list of modules can't be had.
    pub fn bases(&self, cx: &Context) -> Result<Bases> {
        let os = cx.session()?.os()?.os.as_ref();
        let mut out = Vec::new();
        let base = |name: String, start: umem, size: umem| {
            let start = to_u64(start)?;
            Some(Base { name, start, end: start.checked_add(to_u64(size)?)? })
        };
        let listing = match self.space.process() {
            Some(p) if !p.kernel_thread => std::result::Result::from(open(os, p)?.modules()),
            _ => {
                let info = os.os_info();
                let image = info.kernel_base.get().zip(info.kernel_size.get());
                out.extend(image.and_then(|(start, size)| base(KERNEL.to_owned(), start.value(), size)));
                std::result::Result::from(os.kernel_modules())
            }
        };
        let process = self.space.process().is_some_and(|p| !p.kernel_thread);
        for m in cx.take(&listing.map_err(Error::from)?) {
            let start = m.base.value();
            let read = |distance: u64, buf: &mut [u8]| {
                to_u64(start).and_then(|s| s.checked_add(distance)).is_some_and(|at| self.read(at, buf) == buf.len())
            };
            // The list has what is mapped from the file; variables without a value lie behind that.
            let extent = if process { elf_extent(&read).map(wide) } else { None };
            let name = plain(&m.name);
            if out.iter().any(|b: &Base| Some(b.start) == to_u64(start)) {
                continue;
            }
            out.extend(base(if name.is_empty() { format!("{start:#x}") } else { name }, start, extent.unwrap_or(0).max(m.size)));
        }
        Ok(Bases::new(out))
    }

    /// `init_task+0x4c8` for an address of the kernel. Names that several variables have say nothing in another image.
    pub fn symbol(&self, cx: &Context, at: u64) -> Option<String> {
        if self.space.process().is_some_and(|p| !p.kernel_thread) {
            return None;
        }
        let symbols = cx.session().ok()?.symbols().ok()?;
        let (symbol, distance) = symbols.near(VirtAddr::new(wide(at)))?;
        let found = symbols.address(&symbol.with_distance(0)) == Some(symbol.address);
        found.then(|| symbol.with_distance(distance))
    }

    /// The name of the region of a process that an address lies in.
    pub fn region(&self, at: u64) -> Option<String> {
        region_at(&self.regions, wide(at)).map(region_name).filter(|name| !name.is_empty())
    }

    /// Runs a pass over the space, with a meter; notes what could not be read.
    ///
    /// # Errors
    /// Ctrl-C.
    pub fn pass<T>(&self, cx: &Context, task: &str, run: impl FnOnce(&Options<'_>) -> (T, Scanned)) -> Result<T> {
        let total = self.once.iter().fold(0u64, |sum, r| sum.saturating_add(number(r.size)));
        let (out, scanned) = cx.metered(task, total, run);
        cx.lost_many(scanned.missing, "bytes that are mapped and not in the image");
        cx.go_on()?;
        Ok(out)
    }

    /// `kernel`, or `firefox/142`.
    pub fn whose(&self) -> String {
        match self.space.process() {
            Some(p) => format!("{}/{}", plain(&p.name), p.pid),
            None => self.space.kind().to_owned(),
        }
    }
}

/// The kernel's image among static memory.
pub const KERNEL: &str = "kernel";

/// The runs with each byte of physical memory once, ascending. Of several places the map of all memory comes last: it is what lies at
/// one distance from physical memory and is the largest; of others the highest stays.
fn once(mut runs: Vec<(VirtRun, bool)>) -> Vec<(VirtRun, bool)> {
    let mut sizes = HashMap::<umem, umem>::new();
    for (r, _) in &runs {
        let size = sizes.entry(r.virt.wrapping_sub(r.phys)).or_default();
        *size = size.saturating_add(r.size);
    }
    let all = sizes.into_iter().max_by_key(|s| (s.1, s.0)).map(|s| s.0);
    runs.sort_by_key(|(r, _)| (Some(r.virt.wrapping_sub(r.phys)) == all, std::cmp::Reverse(r.virt)));
    // First address and first one behind of what has been taken.
    let mut taken = BTreeMap::<umem, umem>::new();
    let mut out = Vec::new();
    for (run, code) in runs {
        let (mut at, end) = (run.phys, run.phys.saturating_add(run.size));
        let before = taken.range(..=at).next_back().map(|(s, e)| (*s, *e)).filter(|b| b.1 > at);
        let mut merged = (at, end);
        if let Some((start, stop)) = before {
            merged = (start, end.max(stop));
            at = stop;
        }
        let behind: Vec<(umem, umem)> = taken.range(run.phys..end).map(|(s, e)| (*s, *e)).collect();
        for (start, stop) in behind {
            if start > at {
                out.push((VirtRun { virt: run.virt + (at - run.phys), phys: at, size: start - at }, code));
            }
            at = at.max(stop);
            merged.1 = merged.1.max(stop);
            taken.remove(&start);
        }
        if at < end {
            out.push((VirtRun { virt: run.virt + (at - run.phys), phys: at, size: end - at }, code));
        }
        taken.insert(merged.0, merged.1);
    }
    out.sort_by_key(|(r, _)| r.virt);
    out
}

/// What an address needs to be looked for: it must fit into a pointer of the space.
///
/// # Errors
/// A usage error where it does not.
pub fn fitting(reach: &Reach, at: umem) -> Result<u64> {
    let most = if reach.pointer_size() > 4 { u64::MAX } else { 0xffff_ffff };
    to_u64(at).filter(|a| *a <= most).ok_or_else(|| {
        let what = format!("{at:#x} does not fit into a pointer of {} bytes", reach.pointer_size());
        Error::new(Layer::Command, ErrorKind::Invalid, what).at(reach.space.at(at)).into()
    })
}

/// Bytes from one address to another, for whoever shows a size.
pub fn size_of(bytes: usize) -> u64 {
    number(to_umem(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(virt: umem, phys: umem, size: umem) -> (VirtRun, bool) {
        (VirtRun { virt, phys, size }, virt > 5000)
    }

    #[test]
    fn the_map_of_all_memory_is_asked_last() {
        let runs = vec![run(1000, 0, 100), run(2000, 40, 10), run(9000, 45, 20)];
        let got: Vec<_> = once(runs).into_iter().map(|(r, c)| (r.virt, r.phys, r.size, c)).collect();
        assert_eq!(got, [(1000, 0, 40, false), (1065, 65, 35, false), (2000, 40, 5, false), (9000, 45, 20, true)]);
    }

    proptest! {
        #[test]
        fn every_byte_of_memory_is_there_once(given in prop::collection::vec((0u64..60, 1u64..20), 0..12)) {
            let runs: Vec<_> = given.iter().enumerate().map(|(i, (p, n))| run(umem::from(1000 * i as u64 + 3), umem::from(*p), umem::from(*n))).collect();
            let bytes = |runs: &[(VirtRun, bool)]| {
                let mut all: Vec<umem> = runs.iter().flat_map(|(r, _)| r.phys..r.phys + r.size).collect();
                all.sort_unstable();
                all
            };
            let mut want = bytes(&runs);
            want.dedup();
            let got = once(runs.clone());
            prop_assert_eq!(bytes(&got), want);
            for (r, _) in &got {
                prop_assert!(runs.iter().any(|(o, _)| r.virt >= o.virt && r.virt + r.size <= o.virt + o.size && r.virt - o.virt == r.phys - o.phys));
            }
        }
    }
}
