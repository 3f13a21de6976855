//! Memory of a process that can run and comes from no program file.

use super::super::base::kernel::Kernel;
use super::super::pe;
use super::super::vad::Vad;
use super::code::hint;
use super::subject::Subject;
use super::{hex, wiped};
use crate::engine::{PageRun, ViewExt, to_u64};
use crate::os::finding::Finding;
use crate::os::lost::Lost;
use memsh_plugin::{Perm, VirtAddr, umem};

/// So many pages of a region are looked at for content.
const LOOKED_AT: usize = 1 << 14;
const PAGE: umem = 4096;
/// Content is shown from a multiple of this on.
const ALIGNED: usize = 16;

const PE: &str = "PE file in private memory";
const WIPED: &str = "PE file without its header in private memory";

/// All regions of a process.
pub fn regions(_: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    s.vads.iter().filter(|v| !v.image).filter_map(|v| region(s, v)).collect()
}

/// What lies in the pages that are in memory.
#[derive(Default)]
struct Content {
    /// The first bytes in pages that can run that are not zeros.
    first: Option<(VirtAddr, Vec<u8>)>,
    /// The first header of a PE file.
    pe: Option<(VirtAddr, pe::Header)>,
    resident: umem,
    executable: umem,
    /// Whether some page may be both written and executed.
    both: bool,
}

fn region(s: &Subject, vad: &Vad) -> Option<Finding> {
    let (_, write, declared) = vad.protection.map_or((false, false, false), |p| p.allows());
    let runs = s.runs(vad);
    // Each page has its own rights, as `VirtualProtect` left them; where the tables have no such bit, the region's count.
    let runs_of = |r: &&PageRun| if s.no_execute { r.perm.has(Perm::EXECUTE) } else { declared };
    let executable: Vec<PageRun> = runs.iter().filter(runs_of).copied().collect();
    if executable.is_empty() {
        // Nothing of it that could run is in memory.
        return None;
    }
    let content = content(s, &runs, &executable);
    let (at, bytes) = content.first.as_ref()?;
    let kib = |n: umem| n / 1024;
    let named = vad.protection.map_or("unknown protection", |p| p.name());
    let size = vad.end.value().saturating_sub(vad.start.value());
    let mut evidence = format!("{named}, {} of {} KiB in memory", kib(content.resident), kib(size));
    if content.executable < content.resident || !declared {
        evidence.push_str(&format!(", {} KiB executable", kib(content.executable)));
    }
    let place = |at: VirtAddr| if at == vad.start { String::new() } else { format!(" at {at}") };
    if let Some((at, header)) = &content.pe {
        let machine = match header.machine {
            0x8664 => "x86-64",
            0x14c => "x86",
            0xaa64 => "ARM64",
            _ => "unknown machine",
        };
        evidence.push_str(&format!(";{} PE file for {machine}, {} KiB", place(*at), header.size / 1024));
        let reason = if vad.private { PE } else { "PE file mapped as data that can run" };
        return Some(s.in_region(vad, "memory", reason, evidence));
    }
    if let Some((at, what)) = wiped::find(s, vad, &runs).filter(|_| vad.private) {
        evidence.push_str(&format!(";{} {what}", place(at)));
        return Some(s.in_region(vad, "memory", WIPED, evidence));
    }
    evidence.push_str(&format!(";{} {}", place(*at), hex(bytes)));
    if let Some(hint) = hint(bytes) {
        evidence.push_str(&format!(" ({hint})"));
    }
    let reason = match (vad.private, vad.file.is_some()) {
        (true, _) if content.both || write && declared => "writable and executable private memory",
        (true, _) => "executable private memory",
        (false, false) => "executable memory of a section without a file",
        (false, true) => "file mapped as data that can run",
    };
    Some(s.in_region(vad, "memory", reason, evidence))
}

fn content(s: &Subject, runs: &[PageRun], executable: &[PageRun]) -> Content {
    let total = |runs: &[PageRun]| runs.iter().fold(0, |sum: umem, r| sum.saturating_add(r.size));
    let both = s.no_execute && executable.iter().any(|r| r.perm.has(Perm::WRITE));
    let mut out = Content { resident: total(runs), executable: total(executable), both, ..Content::default() };
    let mut page = [0u8; 4096];
    for at in pages(runs).take(LOOKED_AT) {
        let mut head = [0u8; 2];
        if s.space.read_exact(at, &mut head).is_ok() && head == *b"MZ" && s.space.read_exact(at, &mut page).is_ok() {
            out.pe = pe::header(&page).map(|h| (at, h));
            if out.pe.is_some() {
                break;
            }
        }
    }
    for at in pages(executable).take(LOOKED_AT) {
        if s.space.read_exact(at, &mut page).is_err() {
            continue;
        }
        if let Some(start) = page.iter().position(|&b| b != 0) {
            let start = start & !(ALIGNED - 1);
            let shown = page.get(start..).unwrap_or_default().iter().copied().take(64).collect();
            out.first = Some((at.wrapping_add(crate::engine::to_umem(start)), shown));
            break;
        }
    }
    out
}

/// Addresses of pages.
pub(super) fn pages(runs: &[PageRun]) -> impl Iterator<Item = VirtAddr> + '_ {
    runs.iter().flat_map(|r| {
        let (virt, count) = (r.virt, to_u64(r.size / PAGE).unwrap_or(0));
        (0..count).map(move |i| virt.wrapping_add(umem::from(i) * PAGE))
    })
}
