//! What Windows keeps of a process in the process: the PEB and its parameters, where the dump has their memory.
//!
//! The offsets have been the same since Windows XP (`winternl.h`; the public symbols of ntdll).

use super::header::utf16;
use super::memory::DumpMemory;
use crate::engine::to_umem;

/// Longest environment that is read.
const MOST_ENVIRONMENT: u64 = 1 << 20;
/// Heaps that are marked.
const MOST_HEAPS: u32 = 1024;

/// Offsets by the width of pointers.
struct Layout {
    /// `TEB`: `NtTib.Self`, `ClientId.UniqueProcess`, `ProcessEnvironmentBlock`.
    own: u64,
    pid: u64,
    peb: u64,
    /// `PEB`: `ImageBaseAddress`, `ProcessParameters`, `NumberOfHeaps`, `ProcessHeaps`.
    image: u64,
    parameters: u64,
    heap_count: u64,
    heaps: u64,
    /// `RTL_USER_PROCESS_PARAMETERS`: `CurrentDirectory`, `ImagePathName`, `CommandLine`, `Environment`.
    directory: u64,
    path: u64,
    line: u64,
    environment: u64,
}

const WIDE: Layout = Layout {
    own: 0x30,
    pid: 0x40,
    peb: 0x60,
    image: 0x10,
    parameters: 0x20,
    heap_count: 0xe8,
    heaps: 0xf0,
    directory: 0x38,
    path: 0x60,
    line: 0x70,
    environment: 0x80,
};

const NARROW: Layout = Layout {
    own: 0x18,
    pid: 0x20,
    peb: 0x30,
    image: 0x08,
    parameters: 0x10,
    heap_count: 0x88,
    heaps: 0x90,
    directory: 0x24,
    path: 0x38,
    line: 0x40,
    environment: 0x48,
};

/// What was found.
#[derive(Default)]
pub(super) struct Peb {
    pub(super) address: Option<u64>,
    pub(super) pid: Option<u32>,
    /// Base of the program.
    pub(super) image: Option<u64>,
    pub(super) debugged: bool,
    pub(super) directory: Option<Vec<u8>>,
    pub(super) path: Option<Vec<u8>>,
    pub(super) line: Option<Vec<u8>>,
    pub(super) environment: Vec<Vec<u8>>,
    pub(super) heaps: Vec<u64>,
}

/// The PEB to which the first of the threads' blocks leads.
pub(super) fn read(memory: &DumpMemory<'_>, blocks: impl Iterator<Item = u64>) -> Peb {
    let layout = if memory.wide { &WIDE } else { &NARROW };
    let word = |at: u64, offset: u64| memory.word(at.checked_add(offset)?);
    // A block names itself.
    let Some(teb) = blocks.into_iter().find(|&b| word(b, layout.own) == Some(b)) else { return Peb::default() };
    let pid = word(teb, layout.pid).and_then(|p| u32::try_from(p).ok()).filter(|&p| p != 0);
    let Some(address) = word(teb, layout.peb) else { return Peb { pid, ..Peb::default() } };
    let mut peb = Peb { address: Some(address), pid, image: word(address, layout.image), ..Peb::default() };
    // BeingDebugged is the third byte.
    peb.debugged = memory.u16(address.saturating_add(2)).is_some_and(|b| b & 0xff != 0);
    if let (Some(count), Some(list)) =
        (address.checked_add(layout.heap_count).and_then(|a| memory.u32(a)), word(address, layout.heaps))
    {
        let size = if memory.wide { 8 } else { 4 };
        let heap = |i: u32| word(list, u64::from(i) * size).filter(|&h| h != 0);
        peb.heaps = (0..count.min(MOST_HEAPS)).map_while(heap).collect();
    }
    let Some(parameters) = word(address, layout.parameters) else { return peb };
    let text = |offset: u64| unicode(memory, parameters.checked_add(offset)?);
    peb.directory = text(layout.directory);
    peb.path = text(layout.path);
    peb.line = text(layout.line);
    if let Some(block) = word(parameters, layout.environment) {
        peb.environment = environment(memory, block);
    }
    peb
}

/// A `UNICODE_STRING`: length in bytes, room, pointer.
fn unicode(memory: &DumpMemory<'_>, at: u64) -> Option<Vec<u8>> {
    let (len, room) = (memory.u16(at)?, memory.u16(at.checked_add(2)?)?);
    if len == 0 || len % 2 != 0 || room < len {
        return None;
    }
    let text = memory.word(at.checked_add(if memory.wide { 8 } else { 4 })?)?;
    let text = utf16(memory.bytes(text, len.into())?, false);
    (!text.is_empty()).then_some(text)
}

/// `NAME=value` after each other, each with a NUL; an empty one ends them.
fn environment(memory: &DumpMemory<'_>, at: u64) -> Vec<Vec<u8>> {
    let Some(bytes) = memory.upto(at, MOST_ENVIRONMENT) else { return Vec::new() };
    let mut out = Vec::new();
    let mut rest = bytes;
    loop {
        let end = rest.chunks_exact(2).position(|c| c == [0, 0]);
        let Some((line, tail)) = end.and_then(|n| rest.split_at_checked(n * 2)) else { break };
        if line.is_empty() || to_umem(out.len()) >= 1 << 16 {
            break;
        }
        out.push(utf16(line, false));
        rest = tail.get(2..).unwrap_or(&[]);
    }
    out
}
