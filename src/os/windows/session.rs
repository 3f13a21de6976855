//! Memory of the kernel that each session has for itself: win32k's data, and before Windows 8 its code.

use super::base::kernel::Kernel;
use super::{peb, processes};
use crate::engine::AddressSpace;
use crate::os::lost::Lost;
use memsh_plugin::VirtAddr;
use std::collections::HashSet;

/// Sessions that are asked.
const MOST: usize = 32;

/// The space in which `at` is mapped: the kernel's own, else that of a process of the first session that has it.
pub fn space(kernel: &Kernel, at: VirtAddr) -> AddressSpace {
    if kernel.space.translate_one(at).is_ok() {
        return kernel.space.clone();
    }
    let reader = kernel.reader();
    let mut seen = HashSet::new();
    let spaces = processes::addresses(kernel, &mut Lost::default()).into_iter().filter_map(|p| {
        let session = reader.ptr_at(p, kernel.offsets.process.session)?;
        (seen.len() < MOST && seen.insert(session)).then(|| peb::space(kernel, p)).flatten()
    });
    let mut spaces = spaces;
    spaces.find(|s| s.translate_one(at).is_ok()).unwrap_or_else(|| kernel.space.clone())
}
