//! Pages that were swapped out, read from where they went: a swap partition or file that the user has (`--swap`), or zram, which lies
//! compressed in memory itself.
//!
//! An entry of a page table names a swap area and a slot in it (`swp_entry_t`, include/linux/swapops.h); the area's `swap_info_struct` tells
//! the device. A page of an area on a disk is `slot` pages into that disk's partition or file.

mod area;
mod zram;
mod zsmalloc;

use crate::engine::{FaultReason, Pager};
use crate::os::linux::base::kernel::Kernel;
use area::Area;
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};

/// Knows where the kernel put what it swapped out.
pub struct SwapPager {
    files: Vec<PathBuf>,
    /// The kernel's own address space has this pager, so that the kernel can't be owned by it.
    kernel: OnceLock<Weak<Kernel>>,
    areas: OnceLock<Vec<Area>>,
}

thread_local! {
    // What the pager itself reads must not be swapped out in turn: kernels keep their own memory, and a hostile image would lead in
    // circles.
    static READING: Cell<bool> = const { Cell::new(false) };
}

impl SwapPager {
    /// A pager with the contents of the areas that are on disks, in their order.
    pub(crate) fn new(files: &[PathBuf]) -> Self {
        Self { files: files.to_vec(), kernel: OnceLock::new(), areas: OnceLock::new() }
    }

    /// Tells whose areas they are.
    pub(crate) fn attach(&self, kernel: &Arc<Kernel>) {
        let _ = self.kernel.set(Arc::downgrade(kernel));
    }

    fn areas(&self, kernel: &Kernel) -> &[Area] {
        self.areas.get_or_init(|| area::areas(kernel, &self.files))
    }

    /// What is wrong with the files that were given; nothing where none were.
    pub(crate) fn check(&self, kernel: &Kernel) -> Vec<String> {
        match self.files.is_empty() {
            true => Vec::new(),
            false => area::check(self.areas(kernel), &self.files),
        }
    }
}

impl Pager for SwapPager {
    fn fill(&self, reason: FaultReason, page: &mut [u8]) -> bool {
        let FaultReason::Swapped { area, slot } = reason else { return false };
        let Some(kernel) = self.kernel.get().and_then(Weak::upgrade) else { return false };
        if READING.replace(true) {
            return false;
        }
        let found = self.areas(&kernel).iter().find(|a| a.number == u64::from(area));
        let filled = found.is_some_and(|a| a.read(&kernel, slot, page));
        READING.set(false);
        filled
    }
}
