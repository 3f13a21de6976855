//! What a process keeps about itself: `_PEB`, `_RTL_USER_PROCESS_PARAMETERS`, and their 32-bit forms under WOW64.

use super::base::kernel::{Kernel, Reader};
use super::processes;
use crate::engine::{AddressSpace, ViewExt};
use memsh_plugin::{VirtAddr, umem};

/// The process's own space.
pub fn space(kernel: &Kernel, process: VirtAddr) -> Option<AddressSpace> {
    Some(kernel.process_space(processes::dtb(kernel, process)?))
}

/// What a process was started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterInfo {
    /// Path of its program.
    pub image_path: Option<String>,
    /// Its command line.
    pub command_line: Option<String>,
    /// Where its environment lies, and its size in bytes where that is told.
    pub environment: Option<(VirtAddr, Option<umem>)>,
    /// Its current directory.
    pub directory: Option<String>,
}

/// The parameters; none where the process has none, or they are not resident.
pub fn parameters(kernel: &Kernel, process: VirtAddr) -> Option<ParameterInfo> {
    let o = &kernel.offsets;
    let peb = kernel.reader().ptr_at(process, o.process.peb)?;
    let space = space(kernel, process)?;
    let reader = Reader::new(&space);
    let at = reader.ptr_at(peb, o.peb.parameters)?;
    let environment = reader.ptr_at(at, o.parameters.environment).map(|env| {
        let size = reader.word_at(at, o.parameters.environment_size).filter(|&n| n > 0 && n <= 1 << 20);
        (env, size)
    });
    // None of them holds a zero: what does is longer than its text, and not told.
    let string = |member| reader.unicode_at(at, member).filter(|text| !text.contains('\0'));
    Some(ParameterInfo {
        image_path: string(o.parameters.image_path),
        command_line: string(o.parameters.command_line),
        environment,
        // `_CURDIR` begins with the path.
        directory: string(o.parameters.directory),
    })
}

/// The architecture of a program under WOW64 (`x86`, `arm`); none where that is not known.
pub fn wow64_arch(kernel: &Kernel, process: VirtAddr) -> Option<&'static str> {
    if kernel.arch() != "aarch64" {
        return Some("x86");
    }
    // `_EWOW64PROCESS`: the pointer to the environment block, and behind it `Machine`, as in a PE header.
    let reader = kernel.reader();
    let at = reader.ptr_at(process, kernel.offsets.process.wow64).filter(|&at| reader.plausible(at))?;
    match ViewExt::read_u16(&kernel.space, at.wrapping_add(8)).ok()? {
        0x14c => Some("x86"),
        0x1c4 => Some("arm"),
        _ => None,
    }
}

/// The 32-bit `_PEB` of a process under WOW64; none for any other.
///
/// Until Windows 8.1 the process points to it, since Windows 10 to an `_EWOW64PROCESS` that begins with that pointer.
pub fn wow64(kernel: &Kernel, process: VirtAddr) -> Option<VirtAddr> {
    let reader = kernel.reader();
    if !kernel.wide() {
        return None;
    }
    let at = reader.ptr_at(process, kernel.offsets.process.wow64)?;
    // A user address is the environment block itself.
    let peb = if reader.plausible(at) { reader.ptr(at)? } else { at };
    (peb.value() < 1 << 32 && !peb.is_null()).then_some(peb)
}
