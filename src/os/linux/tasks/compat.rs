//! 32-bit programs under a 64-bit kernel.

use crate::arch::Arch;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::memory::mm::Mm;
use crate::symbols::Types;
use memsh_plugin::VirtAddr;

shapes! {
    /// `task_struct`, for the flags of its thread.
    ThreadFlagsShape: "task_struct" {
        flags: ["thread_info.flags"],
    }
}

/// `TIF_32BIT` (arch/arm64/include/asm/thread_info.h).
const AARCH64_32BIT: u64 = 1 << 22;

/// The instruction set that the program of `task` is in, where it is the 32-bit one of a 64-bit kernel.
pub fn narrow(kernel: &Kernel, task: VirtAddr, mm: Option<&Mm>) -> Option<&'static str> {
    match kernel.space.format().arch {
        Arch::X86_64 => mm?.is_ia32(kernel).then_some(Arch::X86.name()),
        Arch::AArch64 => {
            // A thread of the kernel has no program.
            mm?;
            let shape = kernel.shape::<ThreadFlagsShape>();
            let flags = shape.read(kernel.view(), task).uint(shape.flags)?;
            (flags & AARCH64_32BIT != 0).then_some("arm")
        }
        _ => None,
    }
}
