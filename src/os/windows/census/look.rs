//! What an `_EPROCESS` looks like.
//!
//! A place is taken for a process only where several facts that have nothing to do with each other hold: the header that waiting
//! threads see is a process's, its id is possible and so is its parent's, its name is text, it began at a time that clocks show, and
//! its thread list begins in the kernel's half.

use super::super::base::kernel::{Kernel, Reader};
use super::super::base::time::from_filetime;
use super::super::processes;
use crate::engine::{AddressSpace, to_u64};
use memsh_plugin::{UnixNanos, VirtAddr, umem};

/// `ProcessObject` (`KOBJECTS`, wdm.h).
pub const PROCESS: u8 = 3;
/// The highest bit of a header's first byte is its lock (`KOBJECT_LOCK_BIT`).
pub const LOCK: u8 = 0x80;
/// Ids are indices of a table of handles: multiples of four, at most 2^24 entries with room to spare.
const HIGHEST: umem = 1 << 28;
/// 1990 and 2100, in nanoseconds since 1970.
const CLOCKS: std::ops::Range<i64> = 631_152_000_000_000_000..4_102_444_800_000_000_000;

/// What tells of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// When it ended, where it did.
    pub exit_time: Option<UnixNanos>,
    /// Whether its page tables map the kernel where the kernel is.
    pub maps_kernel: bool,
    /// Threads in its list that belong to it; no more than a few are asked.
    pub threads: usize,
    /// Whether a neighbour in the list of processes points to it: not so where it was taken off.
    pub linked: bool,
}

/// Whether this is a moment of the time in which computers run Windows.
fn sane_time(at: UnixNanos) -> bool {
    CLOCKS.contains(&at)
}

/// Whether these bytes are a short name: text up to the first zero, which has to come.
pub fn is_name(name: &[u8; 15]) -> bool {
    let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
    // Letters of other code pages are above 0x7f.
    end > 0 && name.get(..end).is_some_and(|n| n.iter().all(|&b| b >= b' ' && b != 0x7f))
}

fn is_id(id: umem) -> bool {
    id < HIGHEST && id.is_multiple_of(4)
}

/// The process at `at`; none where there is none. Idle, which is no process, is none.
pub fn at(kernel: &Kernel, at: VirtAddr) -> Option<Look> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let header = at.wrapping_add(o.kprocess.header?.offset);
    if !reader.plausible(at) || reader.u8_at(header, o.dispatcher.kind)? & !LOCK != PROCESS {
        return None;
    }
    let pid = reader.word_at(at, o.process.pid).filter(|&p| p > 0 && is_id(p))?;
    reader.word_at(at, o.process.parent).filter(|&p| is_id(p))?;
    is_name(&reader.bytes_at::<15>(at, o.process.name)?).then_some(())?;
    let created = reader.u64_at(at, o.process.created).and_then(from_filetime);
    // System of Windows XP has no time.
    if created.is_some_and(|t| !sane_time(t)) || created.is_none() && pid != 4 {
        return None;
    }
    let head = at.wrapping_add(o.process.threads.or(o.kprocess.threads)?.offset);
    [reader.ptr(head)?, reader.ptr(head.wrapping_add(reader.width()))?].iter().all(|p| reader.plausible(*p)).then_some(())?;
    let exit_time = reader.u64_at(at, o.process.exited).and_then(from_filetime).filter(|&t| sane_time(t) && Some(t) >= created);
    Some(Look {
        exit_time,
        maps_kernel: maps_kernel(kernel, at),
        threads: super::own_threads(kernel, at, u32::try_from(to_u64(pid)?).ok()?),
        linked: is_linked(kernel, &reader, at),
    })
}

fn maps_kernel(kernel: &Kernel, at: VirtAddr) -> bool {
    let place = |space: &AddressSpace| space.translate_one(kernel.image.base).ok().map(|t| t.phys);
    let own = processes::dtb(kernel, at).and_then(|root| place(&kernel.process_space(root)));
    own.is_some() && own == place(&kernel.space)
}

fn is_linked(kernel: &Kernel, reader: &Reader<'_>, at: VirtAddr) -> bool {
    let Some(links) = kernel.offsets.process.links else { return false };
    let (node, width) = (at.wrapping_add(links.offset), reader.width());
    let other = |at: VirtAddr| reader.ptr(at).filter(|&n| n != node);
    let back = other(node).and_then(|next| reader.ptr(next.wrapping_add(width)));
    let before = other(node.wrapping_add(width)).and_then(|last| reader.ptr(last));
    back == Some(node) || before == Some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(is_name(b"svchost.exe\0\0\0\0") && is_name(b"SecurityHealth\0") && is_name(b"fifteen-letters"));
        assert!(!is_name(b"\0vchost.exe\0\0\0\0") && !is_name(b"a\x01b\0\0\0\0\0\0\0\0\0\0\0\0"));
    }
}
