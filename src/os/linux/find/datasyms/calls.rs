//! The table of system calls: the addresses of its first functions, one after the other.

use super::super::image::KernelImage;
use crate::engine::{to_u64, to_umem};
use crate::symbols::Symbols;
use memsh_plugin::VirtAddr;

/// The first system calls by number, of each architecture (arch/*/entry/syscalls/*.tbl, include/uapi/asm-generic/unistd.h). A table that is
/// indexed by a function in code (since 6.9, and backported) is still there for tracing.
const FIRST: &[&[&str]] = &[
    &["__x64_sys_read", "__x64_sys_write", "__x64_sys_open", "__x64_sys_close"],
    &["__ia32_sys_exit", "__ia32_sys_fork", "__ia32_sys_read", "__ia32_sys_write"],
    &["__arm64_sys_io_setup", "__arm64_sys_io_destroy", "__arm64_sys_io_submit", "__arm64_sys_io_cancel"],
    &["__riscv_sys_io_setup", "__riscv_sys_io_destroy", "__riscv_sys_io_submit", "__riscv_sys_io_cancel"],
    &["sys_exit", "sys_fork", "sys_read", "sys_write"],
];

/// What the table is called.
pub(super) const NAME: &str = "sys_call_table";

/// `sys_call_table`, where the image has one such table only.
pub(super) fn table(bytes: &[u8], image: &KernelImage, pointer_size: u8, symbols: &dyn Symbols) -> Option<(String, VirtAddr)> {
    let width = usize::from(pointer_size);
    if symbols.address(NAME).is_some() {
        return None;
    }
    FIRST.iter().find_map(|first| {
        let mut needle = Vec::new();
        for name in *first {
            // A call's own function may have two names; that without an argument has another.
            let bare = || name.split_once("sys_").and_then(|(_, call)| symbols.address(&format!("__do_sys_{call}")));
            let address = symbols.address(name).or_else(bare).and_then(|at| to_u64(at.value()))?;
            needle.extend_from_slice(address.to_le_bytes().get(..width)?);
        }
        let mut found = memchr::memmem::find_iter(bytes, &needle).filter(|at| at.is_multiple_of(width));
        let at = found.next()?;
        if found.next().is_some() {
            return None;
        }
        // Tables whose first call is no function of its own begin with that of restart_syscall.
        let skipped = if first.first().is_some_and(|n| n.ends_with("sys_exit")) { width } else { 0 };
        Some((NAME.to_owned(), image.virt.wrapping_add(to_umem(at.checked_sub(skipped)?))))
    })
}
