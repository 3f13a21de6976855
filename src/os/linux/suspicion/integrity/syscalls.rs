//! Tables of system calls (arch/x86/entry/syscall_64.c, syscall_32.c; arch/arm64/kernel/sys.c, sys32.c).
//!
//! Since 6.9 (and in stable kernels since 2024) the kernel dispatches through a function that is one large `switch`; the table
//! of 64-bit calls stays for tracing, the others are gone.

use super::{Hook, Reader, numbers, own};
use crate::arch::Arch;
use crate::engine::ViewExt;
use crate::os::linux::base::layout::number;
use crate::symbols::Symbols;
use memsh_plugin::{Perm, VirtAddr, umem};

/// No table has more slots: x32 begins at 512, and has some fifty.
const MOST: u64 = 1024;

type Names = fn(u64) -> Option<&'static str>;

pub(super) fn read(reader: &mut Reader<'_, '_>) {
    let none: Names = |_| None;
    let arch = reader.owners.kernel().space.format().arch;
    for (of, table, symbol, names) in [
        (Arch::X86_64, "syscall", "sys_call_table", numbers::x86_64 as Names),
        (Arch::X86_64, "ia32_syscall", "ia32_sys_call_table", numbers::ia32),
        (Arch::X86_64, "x32_syscall", "x32_sys_call_table", none),
        (Arch::AArch64, "syscall", "sys_call_table", numbers::aarch64),
        (Arch::AArch64, "compat_syscall", "compat_sys_call_table", none),
        (arch, "syscall", "sys_call_table", none),
    ] {
        let Some(at) = reader.owners.kernel().symbols.address(symbol).filter(|_| of == arch) else { continue };
        if !reader.out.iter().any(|h| h.table == table) {
            slots(reader, table, at, names);
        }
    }
}

/// How many slots the table at `at` has: as many words as fit before the next symbol, up to the first that is no code.
fn size(reader: &Reader<'_, '_>, at: VirtAddr) -> u64 {
    let kernel = reader.owners.kernel();
    let word = u64::from(kernel.view().view_metadata().pointer_size.max(1));
    let next = kernel.symbols.all().map(|s| s.address).find(|a| *a > at);
    let bytes = next.and_then(|n| number(n).checked_sub(number(at))).unwrap_or(MOST * word);
    (bytes / word).min(MOST)
}

/// How many of `count` slots the table has, where it is longer than all calls that this processor has: of what follows the last
/// system call nothing is an address, for constants without a name may stand there.
fn end(reader: &Reader<'_, '_>, at: VirtAddr, all: u64) -> u64 {
    let kernel = reader.owners.kernel();
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let target = |i: u64| kernel.space.read_ptr(at.wrapping_add(umem::from(i) * word)).ok();
    // Where data have no symbols, what follows is whatever the kernel keeps there: so many slots in a row that lead to no code.
    const ROW: u64 = 8;
    let runs = |i: u64| {
        let target = target(i).filter(|t| !t.is_null());
        target.is_some_and(|t| kernel.space.translate_one(t).is_ok_and(|t| t.perm.has(Perm::EXECUTE)))
    };
    let mut since = 0;
    let count = (0..all).find(|&i| {
        since = if runs(i) { i + 1 } else { since };
        i + 1 - since >= ROW
    });
    let count = count.map_or(all, |_| since);
    let nowhere = |i: &u64| target(*i).is_some_and(|t| !t.is_null() && kernel.space.translate_one(t).is_err());
    let tail = (0..count).rev().take_while(nowhere).count();
    count - u64::try_from(tail).unwrap_or(0)
}

fn slots(reader: &mut Reader<'_, '_>, table: &'static str, at: VirtAddr, names: Names) {
    let count = size(reader, at);
    let kernel = reader.owners.kernel();
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let count = count.min(end(reader, at, count));
    let mut missing = 0u64;
    // What follows the last slot up to the next symbol is padding: nulls.
    let mut pending: Vec<(u64, VirtAddr)> = Vec::new();
    for i in 0..count {
        let slot = at.wrapping_add(umem::from(i) * word);
        let Ok(target) = kernel.space.read_ptr(slot) else {
            missing += 1;
            continue;
        };
        if target.is_null() {
            pending.push((i, slot));
            continue;
        }
        // A null between others is a slot that leads nowhere: the kernel itself leaves none.
        for (i, slot) in std::mem::take(&mut pending) {
            put(reader, table, i, slot, VirtAddr::NULL, names);
        }
        put(reader, table, i, slot, target, names);
    }
    if missing > 0 {
        reader.lost.push(format!("the table of system calls at {at}: {missing} of {count} slots are not in the image"));
    }
}

fn put(reader: &mut Reader<'_, '_>, table: &'static str, i: u64, slot: VirtAddr, target: VirtAddr, names: Names) {
    let given = names(i);
    let mut hook = reader.fixed(table, "", Some(slot), target);
    hook.index = Some(i);
    let symbol = hook.owner.as_ref().and_then(|o| o.base_name()).map(ToOwned::to_owned);
    let stem = symbol.as_deref().and_then(stem).map(ToOwned::to_owned);
    hook.name = given.map(ToOwned::to_owned).or_else(|| stem.clone()).unwrap_or_default();
    if hook.reason.is_none() && own(&hook) {
        hook.reason = wrong(reader, table, &hook, given, stem.as_deref());
    }
    reader.out.push(hook);
}

/// Why a function of the kernel is not what belongs into this slot; nothing is said of one whose name could not be read.
fn wrong(reader: &Reader<'_, '_>, table: &str, hook: &Hook, given: Option<&str>, stem: Option<&str>) -> Option<&'static str> {
    hook.owner.as_ref()?.symbol.as_ref()?;
    if hook.owner.as_ref().and_then(|o| o.distance).is_some_and(|d| d != 0) {
        Some("points into the middle of a function")
    } else if stem.is_none() && !named_otherwise(&*reader.owners.kernel().symbols, hook.target) {
        Some("points to a function that is no system call")
    } else {
        // Only the table of 64-bit calls: of 32-bit ones several old calls have the names of new ones.
        let known = match reader.owners.kernel().space.format().arch {
            Arch::AArch64 => numbers::is_aarch64,
            _ => numbers::is_x86_64,
        };
        let other = given.zip(stem).is_some_and(|(given, stem)| table == "syscall" && stem != given && known(stem));
        other.then_some("points to another system call")
    }
}

/// The name of the system call that a function of this name does; `None` where the name is no system call's.
fn stem(symbol: &str) -> Option<&str> {
    let rest = ["__x64_", "__ia32_", "__x32_", "__arm64_", "__riscv_", "__se_", "__do_", "stub_", "ptregs_"]
        .iter()
        .find_map(|p| symbol.strip_prefix(p))
        .unwrap_or(symbol);
    let rest = rest.strip_prefix("compat_").unwrap_or(rest);
    let rest = rest.strip_suffix(".cfi_jt").unwrap_or(rest);
    rest.strip_prefix("sys_").or_else(|| rest.strip_prefix("SyS_")).or_else(|| rest.strip_prefix("sys32_"))
}

/// Whether any of the names at `target` is a system call's: identical functions may be one.
fn named_otherwise(symbols: &dyn Symbols, target: VirtAddr) -> bool {
    symbols.all().filter(|s| s.address == target).any(|s| stem(s.name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_system_calls_are_known_by_their_names() {
        for (symbol, name) in [
            ("__x64_sys_read", "read"),
            ("__ia32_compat_sys_open", "open"),
            ("__ia32_sys_ni_syscall", "ni_syscall"),
            ("sys_ni_syscall", "ni_syscall"),
            ("__x32_compat_sys_ioctl", "ioctl"),
            ("__arm64_sys_read.cfi_jt", "read"),
        ] {
            assert_eq!(stem(symbol), Some(name), "{symbol}");
        }
        assert_eq!((stem("commit_creds"), stem("system_call")), (None, None));
    }
}
