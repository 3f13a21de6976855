//! Memory of a process that can run and comes from no file, or from one that is gone.

use super::elf::{self, Elf};
use super::hex;
use super::identity::DELETED;
use super::pages::{addresses, bytes, present, swapped};
use super::subject::{Subject, is_anonymous};
use crate::arch::Arch;
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::number;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::memory::mm::Vma;
use crate::os::linux::suspicion::finding::Finding;
use memsh_plugin::{RegionInfo, VirtAddr, umem};

/// So many pages of a region are looked at for content and for ELF files.
const LOOKED_AT: usize = 1 << 16;
/// From a multiple of this on.
const ALIGNED: usize = 16;

/// All regions of a process.
pub fn regions(kernel: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let mut out = Vec::new();
    for (vma, row) in &s.regions {
        let found = match (is_anonymous(vma, row), row.execute) {
            (true, true) => executable(kernel, s, vma, row),
            (true, false) => loaded(kernel, s, vma, row),
            (false, true) if vma.file.is_some() => mapped(s, vma, row),
            _ => None,
        };
        out.extend(found);
    }
    out
}

/// What lies in a region: the first page that is not all zeros, and the first ELF file.
#[derive(Default)]
struct Content {
    first: Option<(VirtAddr, Vec<u8>)>,
    elf: Option<(VirtAddr, Elf)>,
}

fn content(kernel: &Kernel, s: &Subject, vma: &Vma) -> (Content, u64) {
    let runs = present(s, vma);
    let mut out = Content::default();
    let mut page = vec![0u8; crate::engine::index(kernel.space_page_size()).unwrap_or(4096)];
    for (at, _) in addresses(kernel, &runs, LOOKED_AT) {
        if s.space.read_exact(at, &mut page).is_err() {
            continue;
        }
        if out.first.is_none() && page.iter().any(|&b| b != 0) {
            let start = page.iter().position(|&b| b != 0).unwrap_or(0) & !(ALIGNED - 1);
            let shown = page.get(start..).unwrap_or_default().iter().copied().take(64).collect();
            out.first = Some((at.wrapping_add(crate::engine::to_umem(start)), shown));
        }
        if out.elf.is_none() {
            out.elf = elf::header(&page).map(|e| (at, e));
        }
        if out.elf.is_some() && out.first.is_some() {
            break;
        }
    }
    (out, bytes(&runs))
}

/// Anonymous memory that can run.
fn executable(kernel: &Kernel, s: &Subject, vma: &Vma, row: &RegionInfo) -> Option<Finding> {
    let (content, resident) = content(kernel, s, vma);
    let access = row.permissions();
    let size = vma.end - vma.start;
    let named = row.path.as_ref().map_or_else(String::new, |p| format!(" {}", super::shown(p.as_bytes())));
    let mut evidence = format!("{access}{named}, {} of {} KiB", resident / 1024, size / 1024);
    if let Some((at, elf)) = &content.elf {
        let place = if number(*at) == vma.start { String::new() } else { format!(" at {at}") };
        evidence.push_str(&format!(";{place} {}", elf.describe()));
        return Some(s.in_region(row, "memory", ELF, evidence));
    }
    match &content.first {
        Some((at, bytes)) => {
            let place = if number(*at) == vma.start { String::new() } else { format!(" at {at}") };
            evidence.push_str(&format!(";{place} {}", hex(bytes)));
            if let Some(hint) = hint(kernel.space.format().arch, bytes) {
                evidence.push_str(&format!(" ({hint})"));
            }
        }
        // Reserved and never written: nothing is in it that could run.
        None if !swapped(kernel, s, vma) => return None,
        None => evidence.push_str("; the rest is swapped out"),
    }
    let reason = match row.write {
        true => "writable and executable memory",
        false => "executable anonymous memory",
    };
    Some(s.in_region(row, "memory", reason, evidence))
}

const ELF: &str = "ELF file in anonymous memory";

/// An ELF file at the start of anonymous memory that can't run itself: told where the part of it that runs lies in anonymous memory
/// that can, at the place that its program headers say. (A program that has read a file into a buffer is no loader.)
fn loaded(kernel: &Kernel, s: &Subject, vma: &Vma, row: &RegionInfo) -> Option<Finding> {
    let start = VirtAddr::new(umem::from(vma.start));
    let mut page = vec![0u8; crate::engine::index(kernel.space_page_size()).unwrap_or(4096)];
    let mut magic = [0u8; 4];
    s.space.read_exact(start, &mut magic).ok().filter(|()| magic == *b"\x7fELF")?;
    s.space.read_gaps(start, &mut page);
    let elf = elf::header(&page)?;
    // Addresses of a program with fixed ones are its own; others count from where it lies.
    let lowest = elf.loads.iter().map(|l| l.0).min()?;
    let base = if elf.kind == 2 { 0 } else { vma.start.wrapping_sub(lowest) };
    let runs = |address: u64| {
        let at = base.wrapping_add(address);
        s.regions.iter().find(|(v, r)| v.start <= at && at < v.end && r.execute && is_anonymous(v, r))
    };
    let (code, _) = elf.loads.iter().filter(|l| l.2 & elf::EXECUTE != 0).find_map(|l| runs(l.0))?;
    let evidence = format!("{}, {}; its code lies at {:#x}", row.permissions(), elf.describe(), code.start);
    Some(s.in_region(row, "memory", ELF, evidence))
}

/// Code from a file that is no file, or is gone. What belongs to the program itself is told with the process.
fn mapped(s: &Subject, vma: &Vma, row: &RegionInfo) -> Option<Finding> {
    let path = row.path.as_ref()?.as_bytes();
    let own = s.exe.as_ref().is_some_and(|(file, facts)| {
        Some(*file) == vma.file || facts.inode.is_some() && facts.inode == row.inode.get() && facts.path.as_deref() == Some(path)
    });
    let evidence = || format!("{}, {}", row.permissions(), super::shown(path));
    if path.ends_with(DELETED) && !own {
        // A memfd and shared anonymous memory have a name that was never linked anywhere.
        let pseudo = row.kind.as_bytes() == b"shared memory";
        let reason = if pseudo { "code in shared memory without a file" } else { "code from a deleted file" };
        return Some(s.in_region(row, "memory", reason, evidence()));
    }
    (row.write && row.execute).then(|| s.in_region(row, "memory", "writable code of a file", evidence()))
}

/// What the first bytes of code often are.
fn hint(arch: Arch, bytes: &[u8]) -> Option<&'static str> {
    match arch {
        Arch::X86 | Arch::X86Pae | Arch::X86_64 => hint_x86(bytes),
        Arch::AArch64 => hint_aarch64(bytes),
        _ => None,
    }
}

fn hint_aarch64(bytes: &[u8]) -> Option<&'static str> {
    let word = bytes.first_chunk().map(|b| u32::from_le_bytes(*b))?;
    match word {
        0xd503_201f => Some("nop"),
        0xd503_245f => Some("bti c: a function begins"),
        0xd503_233f => Some("paciasp: a function begins"),
        // stp x29, x30, [sp, #-n]!
        w if w & 0xffc0_7fff == 0xa980_7bfd => Some("stp x29, x30: a function begins"),
        // mov x8, #number; svc #0 follows soon in code that is made to be injected.
        w if w & 0xffe0_001f == 0xd280_0008 => Some("mov x8: a system call's number"),
        _ => None,
    }
}

fn hint_x86(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 9] = [
        (b"\x90\x90\x90\x90", "a run of nop"),
        (b"\xf3\x0f\x1e\xfa", "endbr64: a function begins"),
        (b"\x55\x48\x89\xe5", "push rbp; mov rbp, rsp: a function begins"),
        (b"\x55\x89\xe5", "push ebp; mov ebp, esp: a function begins"),
        (b"\x48\x83\xec", "sub rsp: a function begins"),
        (b"\xfc\x48", "cld: shellcode often begins so"),
        (b"\xfc\xe8", "cld; call: shellcode often begins so"),
        (b"\x48\x31", "xor of a register: shellcode often begins so"),
        (b"\x31\xc0", "xor eax, eax: shellcode often begins so"),
    ];
    BEGINNINGS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, what)| *what)
}
