//! Arguments and environment of a process, as `/proc/PID/cmdline` and `environ` show them (fs/proc/base.c).

use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::memory::mm::Mm;
use memsh_plugin::{EnvVar, Maybe, MemoryView, Text, VirtAddr, umem};

/// The stack of a new program holds at most 6 MiB of arguments and environment (`_STK_LIM / 4 * 3`, fs/exec.c).
const LARGEST: u64 = 8 << 20;

/// The arguments' bytes, as the kernel shows them.
///
/// A program may write its title over its arguments (`setproctitle`). The kernel takes it for that when the last byte of the
/// arguments is not NUL: then there is one string, which may go on into the environment, up to its first NUL and at most a page.
fn argument_bytes(kernel: &Kernel, mm: &Mm, view: &dyn MemoryView, lost: &mut Lost) -> Option<Vec<u8>> {
    let l = &kernel.layouts.mm;
    let (start, end) = (mm.address(l.arg_start)?, mm.address(l.arg_end)?);
    if start >= end {
        return None;
    }
    let last = view.read_u8(VirtAddr::new(umem::from(end - 1))).unwrap_or(0);
    if last == 0 {
        return read(view, start, end, "arguments", lost);
    }
    let limit = match (mm.address(l.env_start), mm.address(l.env_end)) {
        (Some(from), Some(to)) if from == end && to >= from => to,
        _ => end,
    };
    let page = crate::engine::to_u64(kernel.space_page_size())?;
    let mut title = read(view, start, limit.min(start.checked_add(page)?), "arguments", lost)?;
    title.truncate(title.iter().position(|&b| b == 0).unwrap_or(title.len()));
    Some(title)
}

/// `start..end` of the process; what is missing becomes zeros and a sentence.
fn read(view: &dyn MemoryView, start: u64, end: u64, what: &str, lost: &mut Lost) -> Option<Vec<u8>> {
    let mut len = end.checked_sub(start)?;
    if len > LARGEST {
        lost.push(format!("{what}: {start:#x}-{end:#x} is more than a process can have; cut to {LARGEST} bytes"));
        len = LARGEST;
    }
    let mut bytes = vec![0u8; index(umem::from(len))?];
    let gaps = view.read_gaps(VirtAddr::new(umem::from(start)), &mut bytes);
    for gap in gaps.as_slice() {
        lost.push(format!("{what}: {:#x}-{:#x} is not in the image", gap.start, gap.end));
    }
    if to_all(&gaps, len) {
        return None;
    }
    Some(bytes)
}

fn to_all(gaps: &crate::engine::Gaps, len: u64) -> bool {
    len > 0 && gaps.bytes() >= umem::from(len)
}

/// The strings of `bytes`, each ended by NUL; the last may lack it.
fn strings(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    bytes.split(|&b| b == 0)
}

/// The arguments, the program's name first.
pub fn arguments(kernel: &Kernel, mm: &Mm, view: &dyn MemoryView, lost: &mut Lost) -> Vec<Text> {
    let Some(bytes) = argument_bytes(kernel, mm, view, lost).filter(|b| !b.is_empty()) else { return Vec::new() };
    strings(&bytes).map(Text::from).collect()
}

/// The arguments joined by spaces.
pub fn command_line(kernel: &Kernel, mm: &Mm, view: &dyn MemoryView, lost: &mut Lost) -> Option<Vec<u8>> {
    let bytes = argument_bytes(kernel, mm, view, lost).filter(|b| !b.is_empty())?;
    let mut line = bytes.strip_suffix(b"\0").unwrap_or(&bytes).to_vec();
    for b in line.iter_mut().filter(|b| **b == 0) {
        *b = b' ';
    }
    Some(line)
}

/// The environment. Empty strings, which a program leaves when it moves its own, are no variables.
pub fn environment(kernel: &Kernel, mm: &Mm, view: &dyn MemoryView, lost: &mut Lost) -> Vec<EnvVar> {
    let l = &kernel.layouts.mm;
    let (Some(start), Some(end)) = (mm.address(l.env_start), mm.address(l.env_end)) else { return Vec::new() };
    let Some(bytes) = (start < end).then(|| read(view, start, end, "environment", lost)).flatten() else {
        return Vec::new();
    };
    strings(&bytes)
        .filter(|s| !s.is_empty())
        .map(|s| match s.iter().position(|&b| b == b'=') {
            Some(at) => {
                let (key, value) = s.split_at(at);
                EnvVar { key: Text::from(key), value: Maybe::Some(Text::from(value.get(1..).unwrap_or(&[]))) }
            }
            None => EnvVar { key: Text::from(s), value: Maybe::None },
        })
        .collect()
}
