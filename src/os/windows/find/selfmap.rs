//! Root tables that map themselves: Windows has an entry in each that points back to the table, and reaches all page tables through it.

use super::roots::{Root, pagings};
use crate::arch::{Arch, Paging};
use crate::engine::search::{Options, RunSource};
use crate::engine::{Memory, to_u64};
use crate::os::Hints;
use crate::os::sweep::records;
use memsh_plugin::PhysAddr;

/// Tables that are looked into: on a machine with Windows the first is one, for all of them map the kernel.
const TRIES: usize = 4;
/// A root table is mostly empty: so many entries of each half at least (MemProcFS asks for the same). One that maps everything everywhere is
/// a forgery that would take long to walk.
const EMPTY: usize = 64;

/// Every root that maps itself, by one pass over memory. PAE's are not found so: its roots have no room for such an entry.
pub(super) fn mapping_themselves(memory: &Memory, hints: &Hints) -> Vec<Root> {
    let options = Options::new(hints.until());
    let formats: Vec<Paging> = pagings(hints).into_iter().filter(|p| !matches!(p, Paging::X86Pae | Paging::X86_64La57)).collect();
    let fits = |at, page: &[u8]| formats.iter().copied().find(|p| maps_itself(*p, at, page));
    let found =
        records(&RunSource::data(memory), 4096, 0, &options, |at, _, page| to_u64(at).is_some_and(|at| fits(at, page).is_some()));
    let mut out = Vec::new();
    let mut page = [0; 4096];
    for at in found.at.into_iter().take(TRIES) {
        let root = PhysAddr::new(at);
        if memory.read(root, &mut page).is_err() {
            continue;
        }
        let Some(paging) = to_u64(at).and_then(|at| fits(at, &page)) else { continue };
        out.push(Root { paging, root, near: None });
        // With five levels such a table looks the same.
        if paging == Paging::X86_64 && pagings(hints).contains(&Paging::X86_64La57) {
            out.push(Root { paging: Paging::X86_64La57, root, near: None });
        }
    }
    out
}

/// Whether the page at `at` has a valid entry for the kernel's half that points to it, and is as empty as such tables are.
fn maps_itself(paging: Paging, at: u64, page: &[u8]) -> bool {
    let (lower, half) = (page.get(..2048).unwrap_or_default(), page.get(2048..4096).unwrap_or_default());
    itself(paging, at, half) && [lower, half].iter().all(|h| empty(h) >= EMPTY)
}

/// Entries of zeros, of eight bytes each.
fn empty(half: &[u8]) -> usize {
    half.as_chunks::<8>().0.iter().filter(|e| **e == [0; 8]).count()
}

fn itself(paging: Paging, at: u64, half: &[u8]) -> bool {
    match paging.format().arch {
        Arch::X86 => half.as_chunks().0.iter().any(|e| {
            let entry = u32::from_le_bytes(*e);
            entry & 1 == 1 && u64::from(entry & 0xffff_f000) == at
        }),
        arch => half.as_chunks().0.iter().any(|e| {
            let entry = u64::from_le_bytes(*e);
            // On ARM64 a table's entry has two bits set, and on x86-64 a large page's bit has no meaning here.
            let valid = if arch == Arch::AArch64 { entry & 3 == 3 } else { entry & 0x81 == 1 };
            valid && entry & 0x000f_ffff_ffff_f000 == at
        }),
    }
}
