//! The address space of a process.

use crate::arch::Paging;
use crate::engine::{AddressSpace, to_umem};
use memsh_plugin::PhysAddr;

const PRESENT: u64 = 1;
const USER: u64 = 1 << 2;
const NX: u64 = 1 << 63;
/// Entries of the lower half of an x86-64 root table.
const LOWER: usize = 256;
/// With page-table isolation a process has two root tables, the user's one page above the kernel's
/// (`kernel_to_user_pgdp`, arch/x86/include/asm/pgtable.h).
const USER_ROOT: usize = 4096;

/// The address space below a process's root table, as the process itself sees it.
///
/// With page-table isolation the kernel's table has the user half too, but with NX set in every entry of it
/// (`__pti_set_user_pgtbl`, arch/x86/mm/pti.c), so that no user code would be executable. There the user half is taken from the
/// user's table, which proves itself by having the same entries without NX.
pub fn process_space(kernel: &AddressSpace, root: PhysAddr) -> AddressSpace {
    let split = match kernel.paging() {
        Paging::X86_64 => Paging::X86_64Split,
        Paging::X86_64La57 => Paging::X86_64La57Split,
        _ => return kernel.with_root(root),
    };
    let user = root.saturating_add(to_umem(USER_ROOT));
    match isolated(kernel, root, user) {
        Some(true) => kernel.with_roots(split, user, root),
        _ => kernel.with_root(root),
    }
}

fn isolated(kernel: &AddressSpace, root: PhysAddr, user: PhysAddr) -> Option<bool> {
    let ours = lower(kernel, root)?;
    if !ours.iter().any(|e| e & (PRESENT | USER | NX) == PRESENT | USER | NX) {
        return Some(false);
    }
    let theirs = lower(kernel, user)?;
    // The accessed bit is set in one of them only.
    const ACCESSED: u64 = 1 << 5;
    let same = |(a, b): (&u64, &u64)| (a ^ b) & !(NX | ACCESSED) == 0 && b & NX == 0;
    Some(ours.iter().zip(&theirs).filter(|(a, _)| **a & USER != 0).all(same))
}

fn lower(kernel: &AddressSpace, table: PhysAddr) -> Option<Vec<u64>> {
    let mut bytes = [0u8; LOWER * 8];
    kernel.memory().read(table, &mut bytes).ok()?;
    let (words, _) = bytes.as_chunks::<8>();
    Some(words.iter().map(|w| u64::from_le_bytes(*w)).collect())
}
