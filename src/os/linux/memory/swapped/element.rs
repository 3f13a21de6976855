//! Elements of arrays.

use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use memsh_plugin::{VirtAddr, umem};

/// The address of an element of an array.
pub(super) fn element(base: VirtAddr, number: u64, size: u64) -> Option<VirtAddr> {
    base.checked_add(umem::from(number).checked_mul(umem::from(size))?)
}

/// Size in bytes of the kernel's words and pointers.
pub(super) fn word_size(kernel: &Kernel) -> u64 {
    u64::from(kernel.view().view_metadata().pointer_size)
}

/// A pointer in an array of pointers; null is one. None where it is not in the image.
pub(super) fn pointer(kernel: &Kernel, base: VirtAddr, number: u64) -> Option<VirtAddr> {
    kernel.space.read_ptr(element(base, number, word_size(kernel))?).ok()
}

/// The address of the array that a symbol `name` has for an area; none inside where there is none, none outside where that is not known.
pub(super) fn array_of(kernel: &Kernel, name: &str, area: u64) -> Option<Option<VirtAddr>> {
    Some(Some(pointer(kernel, kernel.address(name)?, area)?).filter(|at| !at.is_null()))
}
