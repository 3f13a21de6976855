//! The header, the directory of streams, and how to get at what they point to.

use crate::image::fields::Fields;
use std::cell::Cell;

/// `MINIDUMP_HEADER`.
const HEADER: u64 = 32;
/// The lower half of the version (`MINIDUMP_VERSION`); the upper half is the writer's own.
pub(super) const VERSION: u32 = 0xa793;
/// `MINIDUMP_DIRECTORY`.
const ENTRY: u64 = 12;
/// `MINIDUMP_SYSTEM_INFO`.
const SYSTEM_INFO_SIZE: u64 = 56;
/// Writers know a few dozen of streams.
const MOST_STREAMS: u64 = 4096;
/// Bytes of names and other text that are taken from one file: many entries may point to one long text.
const MOST_TEXT: u64 = 16 << 20;
/// Longest single name.
const LONGEST: u64 = 64 << 10;

/// How a file that is a minidump begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    Little,
    /// PowerPC and SPARC.
    Big,
    /// Without signature and version, but with a directory that only a minidump has: tools that steal memory write such files, so that
    /// nobody finds them by their first bytes.
    Wiped,
}

pub(super) fn beginning(data: &[u8]) -> Option<Beginning> {
    if data.starts_with(b"MDMP") {
        return Some(Beginning::Little);
    }
    // Four letters are little: the version must be right, too.
    let version = Fields::new(data, true).u32(4);
    if data.starts_with(b"PMDM") && version.is_some_and(|v| v & 0xffff == VERSION) {
        return Some(Beginning::Big);
    }
    is_wiped(&Fields::new(data, false)).then_some(Beginning::Wiped)
}

/// Whether a directory follows the header, all of whose streams are known and lie in the file; the system and memory among them.
fn is_wiped(f: &Fields<'_>) -> bool {
    let Some(count @ 2..=64) = f.u32(8) else { return false };
    if f.u32(12) != Some(32) {
        return false;
    }
    let (mut system, mut memory) = (false, false);
    for i in 0..u64::from(count) {
        let at = 32 + i * ENTRY;
        let entry = || Some((f.u32(at)?, f.u32(at + 4)?, f.u32(at + 8)?));
        match entry() {
            Some((0, 0, 0)) => {}
            Some((kind, size, rva))
                if name(kind).is_some()
                    && u64::from(rva) >= 32 + u64::from(count) * ENTRY
                    && f.bytes(rva.into(), size.into()).is_some() =>
            {
                system |= kind == SYSTEM_INFO && u64::from(size) == SYSTEM_INFO_SIZE;
                memory |= matches!(kind, MEMORY_LIST | MEMORY64_LIST) && size > 4;
            }
            _ => return false,
        }
    }
    system && memory
}

/// Where something lies in the file.
#[derive(Clone, Copy)]
pub(super) struct Location {
    pub(super) size: u32,
    pub(super) rva: u32,
}

struct Entry {
    kind: u32,
    place: Location,
}

/// A stream, as much of it as the file has.
#[derive(Clone, Copy)]
pub(super) struct Stream<'a> {
    /// What is there.
    pub(super) f: Fields<'a>,
    /// Offset in the file.
    pub(super) at: u64,
    /// Bytes that the directory says.
    pub(super) size: u64,
    pub(super) name: &'static str,
}

/// The entries of a list.
pub(super) struct Rows {
    first: u64,
    each: u64,
    count: u64,
}

impl Rows {
    /// Offsets of the entries in the stream.
    pub(super) fn offsets(&self) -> impl Iterator<Item = u64> {
        let (first, each) = (self.first, self.each);
        (0..self.count).map(move |i| first + i * each)
    }
}

impl Stream<'_> {
    /// Entries of `each` bytes behind a header: as many as the list says, as the stream has room for, and as `most` allows.
    pub(super) fn rows(&self, first: u64, each: u64, said: u64, most: u64, warnings: &mut Vec<String>) -> Rows {
        let room = self.f.len().saturating_sub(first).checked_div(each).unwrap_or(0);
        let count = said.min(room).min(most);
        if said > room {
            warnings.push(format!(
                "{} (file offset {:#x}) says {said} entries of {each} bytes, but has room for {room}",
                self.name, self.at
            ));
        } else if said > most {
            warnings.push(format!("{} (file offset {:#x}) has {said} entries: only {most} are shown", self.name, self.at));
        }
        Rows { first, each, count }
    }

    /// A list whose header is a count of four bytes. Some writers align the entries behind it to eight.
    pub(super) fn counted(&self, each: u64, most: u64, warnings: &mut Vec<String>) -> Option<Rows> {
        let said = u64::from(self.f.u32(0)?);
        let first = if self.size == said * each + 8 { 8 } else { 4 };
        Some(self.rows(first, each, said, most, warnings))
    }

    /// A list whose header says its own size, that of an entry, and the count, which is 4 or 8 bytes wide.
    pub(super) fn sized(&self, least: u64, wide: bool, most: u64, warnings: &mut Vec<String>) -> Option<Rows> {
        let (header, each) = (u64::from(self.f.u32(0)?), u64::from(self.f.u32(4)?));
        let said = self.f.word(8, wide)?;
        if each < least || header < if wide { 16 } else { 12 } {
            warnings.push(format!(
                "{} (file offset {:#x}) says a header of {header} and entries of {each} bytes, which is too few: it is not read",
                self.name, self.at
            ));
            return None;
        }
        Some(self.rows(header, each, said, most, warnings))
    }
}

/// The file with its directory.
pub(super) struct Dump<'a> {
    pub(super) f: Fields<'a>,
    pub(super) big: bool,
    pub(super) version: u32,
    /// When it was written, in seconds since 1970.
    pub(super) time: u32,
    pub(super) flags: u64,
    entries: Vec<Entry>,
    text: Cell<u64>,
}

impl<'a> Dump<'a> {
    /// Reads header and directory.
    ///
    /// # Errors
    /// In words, and the offset at which the file is not what it should be.
    pub(super) fn read(data: &'a [u8], warnings: &mut Vec<String>) -> Result<Self, (String, u64)> {
        let Some(beginning) = beginning(data) else {
            return Err(("no minidump header (MDMP) at the beginning of the file".to_owned(), 0));
        };
        let (big, wiped) = (beginning == Beginning::Big, beginning == Beginning::Wiped);
        let f = Fields::new(data, big);
        let header = || Some((f.u32(4)?, f.u32(8)?, f.u32(12)?, f.u32(20)?, f.u64(24)?));
        let Some((version, said, directory, time, flags)) = header() else {
            return Err((format!("the file ends inside the minidump header ({} of {HEADER} bytes)", f.len()), f.len()));
        };
        if wiped {
            warnings.push(
                "the file's first bytes are not those of a minidump, but its directory is: the signature was wiped, as tools do that hide \
                 the memory they steal"
                    .to_owned(),
            );
        } else if version & 0xffff != VERSION {
            warnings
                .push(format!("the header's version is {:#x}, not {VERSION:#x} (file offset 4): read as that", version & 0xffff));
        }
        let (said, directory) = (u64::from(said), u64::from(directory));
        let room = f.len().saturating_sub(directory) / ENTRY;
        let count = said.min(room).min(MOST_STREAMS);
        if count < said {
            let why = if count == room { "the file has room for" } else { "memsh takes" };
            warnings.push(format!("the directory (file offset {directory:#x}) says {said} streams, {why} {count}"));
        }
        let entry = |i: u64| {
            let at = directory + i * ENTRY;
            Some(Entry { kind: f.u32(at)?, place: Location { size: f.u32(at + 4)?, rva: f.u32(at + 8)? } })
        };
        // Type 0 is an entry that was reserved and not used.
        let entries: Vec<Entry> = (0..count).map_while(entry).filter(|e| e.kind != 0).collect();
        if entries.is_empty() {
            return Err((format!("the directory of streams has none ({said} said, file of {} bytes)", f.len()), directory));
        }
        Ok(Self { f, big, version, time, flags, entries, text: Cell::new(MOST_TEXT) })
    }

    /// Types of the streams, in the file's order.
    pub(super) fn kinds(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|e| e.kind)
    }

    /// Whether it says that it holds all of the process's memory.
    pub(super) fn is_full(&self) -> bool {
        self.kinds().any(|k| k == MEMORY64_LIST)
    }

    /// The first stream of a type.
    pub(super) fn stream(&self, kind: u32, warnings: &mut Vec<String>) -> Option<Stream<'a>> {
        let mut all = self.entries.iter().filter(|e| e.kind == kind);
        let place = all.next()?.place;
        let name = name(kind).unwrap_or("a stream");
        let (at, size) = (u64::from(place.rva), u64::from(place.size));
        let there = size.min(self.f.len().saturating_sub(at));
        if there < size {
            warnings.push(format!("the file is truncated: {name} (file offset {at:#x}) has {there} of {size} bytes"));
        }
        if all.next().is_some() {
            warnings.push(format!("there is more than one {name}: the first (file offset {at:#x}) counts"));
        }
        Some(Stream { f: Fields::new(self.f.bytes(at, there).unwrap_or(&[]), self.big), at, size, name })
    }

    /// A location at `at` of `f`.
    pub(super) fn location(f: &Fields<'_>, at: u64) -> Option<Location> {
        Some(Location { size: f.u32(at)?, rva: f.u32(at + 4)? })
    }

    /// What lies at a location, as much of it as the file has.
    pub(super) fn at(&self, place: Location) -> Fields<'a> {
        let at = u64::from(place.rva);
        let there = u64::from(place.size).min(self.f.len().saturating_sub(at));
        Fields::new(self.f.bytes(at, there).unwrap_or(&[]), self.big)
    }

    /// Takes `len` from the bytes of text that one file may have.
    fn allow(&self, len: u64) -> Option<()> {
        self.text.set(self.text.get().checked_sub(len)?);
        Some(())
    }

    /// Whether there was more text than is taken.
    pub(super) fn too_wordy(&self) -> bool {
        self.text.get() < LONGEST
    }

    /// `MINIDUMP_STRING`: bytes, then UTF-16. In UTF-8.
    pub(super) fn string(&self, rva: u32) -> Option<Vec<u8>> {
        if rva == 0 {
            return None;
        }
        let at = u64::from(rva);
        let len = u64::from(self.f.u32(at)?).min(LONGEST).min(self.f.len().saturating_sub(at + 4));
        self.allow(len)?;
        Some(utf16(self.f.bytes(at + 4, len)?, self.big))
    }

    /// Bytes as text up to the first NUL.
    pub(super) fn plain(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        let bytes = bytes.get(..end.min(index(LONGEST)))?;
        self.allow(crate::engine::to_u64(crate::engine::to_umem(bytes.len()))?)?;
        Some(bytes.to_vec())
    }
}

fn index(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// UTF-16 in UTF-8, up to the first NUL.
pub(super) fn utf16(bytes: &[u8], big: bool) -> Vec<u8> {
    let units = bytes.chunks_exact(2).filter_map(|c| <[u8; 2]>::try_from(c).ok());
    let units = units.map(|c| if big { u16::from_be_bytes(c) } else { u16::from_le_bytes(c) }).take_while(|&u| u != 0);
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.into_bytes()
}

pub(super) const THREAD_LIST: u32 = 3;
pub(super) const MODULE_LIST: u32 = 4;
pub(super) const MEMORY_LIST: u32 = 5;
pub(super) const EXCEPTION: u32 = 6;
pub(super) const SYSTEM_INFO: u32 = 7;
pub(super) const THREAD_EX_LIST: u32 = 8;
pub(super) const MEMORY64_LIST: u32 = 9;
pub(super) const COMMENT_A: u32 = 10;
pub(super) const COMMENT_W: u32 = 11;
pub(super) const HANDLE_DATA: u32 = 12;
pub(super) const UNLOADED_MODULE_LIST: u32 = 14;
pub(super) const MISC_INFO: u32 = 15;
pub(super) const MEMORY_INFO_LIST: u32 = 16;
pub(super) const THREAD_INFO_LIST: u32 = 17;
pub(super) const THREAD_NAMES: u32 = 24;
pub(super) const CRASHPAD_INFO: u32 = 0x4350_0001;
pub(super) const BREAKPAD_INFO: u32 = 0x4767_0001;
pub(super) const ASSERTION: u32 = 0x4767_0002;
pub(super) const LINUX_PROC_STATUS: u32 = 0x4767_0004;
pub(super) const LINUX_LSB_RELEASE: u32 = 0x4767_0005;
pub(super) const LINUX_CMD_LINE: u32 = 0x4767_0006;
pub(super) const LINUX_ENVIRON: u32 = 0x4767_0007;
pub(super) const LINUX_AUXV: u32 = 0x4767_0008;
pub(super) const LINUX_MAPS: u32 = 0x4767_0009;

/// Name of a stream's type (`MINIDUMP_STREAM_TYPE` of minidumpapiset.h; Breakpad's minidump_format.h; Crashpad's minidump_extensions.h).
pub(super) const fn name(kind: u32) -> Option<&'static str> {
    Some(match kind {
        THREAD_LIST => "ThreadList",
        MODULE_LIST => "ModuleList",
        MEMORY_LIST => "MemoryList",
        EXCEPTION => "Exception",
        SYSTEM_INFO => "SystemInfo",
        THREAD_EX_LIST => "ThreadExList",
        MEMORY64_LIST => "Memory64List",
        COMMENT_A => "CommentA",
        COMMENT_W => "CommentW",
        HANDLE_DATA => "HandleData",
        13 => "FunctionTable",
        UNLOADED_MODULE_LIST => "UnloadedModuleList",
        MISC_INFO => "MiscInfo",
        MEMORY_INFO_LIST => "MemoryInfoList",
        THREAD_INFO_LIST => "ThreadInfoList",
        18 => "HandleOperationList",
        19 => "Token",
        20 => "JavaScriptData",
        21 => "SystemMemoryInfo",
        22 => "ProcessVmCounters",
        23 => "IptTrace",
        THREAD_NAMES => "ThreadNames",
        CRASHPAD_INFO => "CrashpadInfo",
        BREAKPAD_INFO => "BreakpadInfo",
        ASSERTION => "AssertionInfo",
        0x4767_0003 => "LinuxCpuInfo",
        LINUX_PROC_STATUS => "LinuxProcStatus",
        LINUX_LSB_RELEASE => "LinuxLsbRelease",
        LINUX_CMD_LINE => "LinuxCmdLine",
        LINUX_ENVIRON => "LinuxEnviron",
        LINUX_AUXV => "LinuxAuxv",
        LINUX_MAPS => "LinuxMaps",
        0x4767_000a => "LinuxDsoDebug",
        0x4d7a_0001 => "MozMacosCrashInfo",
        0x4d7a_0002 => "MozMacosBootargs",
        0x4d7a_0003 => "MozLinuxLimits",
        0x4d7a_0004 => "MozSoftErrors",
        _ => return None,
    })
}
