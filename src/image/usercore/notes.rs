//! Notes of a process's core.

use super::registers;
use super::virt;
use crate::image::elf::Header;
use crate::image::fields::Fields;
use crate::image::process::ThreadImage;

/// Note types under the name `CORE` (include/uapi/linux/elf.h).
const NT_PRSTATUS: u32 = 1;
const NT_PRPSINFO: u32 = 3;
const NT_AUXV: u32 = 6;
const NT_SIGINFO: u32 = 0x5349_4749;
const NT_FILE: u32 = 0x4649_4c45;

/// No process has more; what a hostile file claims beyond is not kept.
const MOST_THREADS: usize = 1 << 18;
const MOST_FILES: u64 = 1 << 20;
const MOST_AUX: usize = 256;

/// A file that is mapped.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    pub(super) start: u64,
    pub(super) end: u64,
    /// Position in the file, in bytes.
    pub(super) offset: u64,
    pub(super) path: Vec<u8>,
}

impl Mapping {
    /// Position in the file of an address inside.
    pub(super) fn offset_of(&self, at: u64) -> u64 {
        self.offset.saturating_add(at.saturating_sub(self.start))
    }
}

/// What the notes say.
#[derive(Default)]
pub(super) struct UserNotes {
    pub(super) system: String,
    pub(super) pid: Option<u32>,
    pub(super) ppid: Option<u32>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) name: Vec<u8>,
    /// The beginning of the command line, as `ps` would show it.
    pub(super) psargs: Option<Vec<u8>>,
    pub(super) threads: Vec<ThreadImage>,
    /// Type and value of each entry.
    pub(super) auxv: Vec<(u64, u64)>,
    /// Ascending.
    pub(super) mappings: Vec<Mapping>,
    signal: Option<u32>,
    /// Address that was touched, of the signals that have one.
    fault: Option<u64>,
}

impl UserNotes {
    /// Reads one PT_NOTE segment.
    pub(super) fn add(&mut self, segment: &[u8], header: &Header) {
        let f = Fields::new(segment, header.big);
        let mut at = 0u64;
        while let (Some(name_len), Some(desc_len), Some(kind)) = (f.u32(at), f.u32(at + 4), f.u32(at + 8)) {
            let name_at = at + 12;
            let desc_at = name_at + u64::from(name_len).next_multiple_of(4);
            let (Some(name), Some(desc)) = (f.bytes(name_at, name_len.into()), f.bytes(desc_at, desc_len.into())) else { break };
            let name = name.split(|&b| b == 0).next().unwrap_or(name);
            self.one(name, kind, Fields::new(desc, header.big), header);
            at = desc_at + u64::from(desc_len).next_multiple_of(4);
        }
    }

    fn one(&mut self, name: &[u8], kind: u32, desc: Fields<'_>, header: &Header) {
        match name {
            b"CORE" => {
                if self.system.is_empty() {
                    self.system = "linux".to_owned();
                }
            }
            // Their structures are others; memory, regions and the name of the system are what can be told.
            b"FreeBSD" | b"OpenBSD" | b"NetBSD-CORE" => {
                let system = String::from_utf8_lossy(name).to_lowercase();
                self.system = system.trim_end_matches("-core").to_owned();
                return;
            }
            _ => return,
        }
        match kind {
            NT_PRSTATUS if self.threads.len() < MOST_THREADS => self.status(desc, header),
            NT_PRPSINFO => self.info(desc, header.wide),
            NT_AUXV => self.auxv = auxv(desc, header.wide),
            NT_FILE => {
                self.mappings = mappings(desc, header.wide);
                self.mappings.sort_by_key(|m| m.start);
            }
            NT_SIGINFO if self.fault.is_none() => {
                self.signal = desc.u32(0).or(self.signal);
                // SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV have `si_addr` in the union.
                let has_address =
                    matches!(self.signal, Some(4 | 5 | 7 | 8 | 11)) && desc.u32(8).is_some_and(|code| code.cast_signed() > 0);
                self.fault = desc.word(if header.wide { 16 } else { 12 }, header.wide).filter(|_| has_address);
            }
            _ => {}
        }
    }

    fn status(&mut self, desc: Fields<'_>, header: &Header) {
        let wide = header.wide;
        let (pid_at, registers_at) = if wide { (32, 112) } else { (24, 72) };
        let mut thread = ThreadImage { id: desc.u32(pid_at).unwrap_or(0), ..ThreadImage::default() };
        if let Some(set) = registers::set(header.machine, wide) {
            let values: Vec<Option<u64>> =
                (registers_at..).step_by(if wide { 8 } else { 4 }).take(set.names.len()).map(|at| desc.word(at, wide)).collect();
            let of = |i: usize| values.get(i).copied().flatten();
            // s390's addresses have 31 bits in 32-bit mode; all others are as they stand.
            thread.instruction = of(set.instruction).map(virt);
            thread.stack = of(set.stack).map(virt);
            thread.registers = set
                .names
                .iter()
                .zip(&values)
                .filter(|(n, _)| !n.starts_with("pad"))
                .filter_map(|(n, v)| Some((*n, (*v)?)))
                .collect();
        }
        if self.threads.is_empty() {
            // `pr_cursig`: the first thread is the one that was hit.
            self.signal = self.signal.or_else(|| desc.u16(12).map(u32::from)).filter(|&s| s != 0);
            self.pid = self.pid.or(Some(thread.id));
        }
        self.threads.push(thread);
    }

    fn info(&mut self, desc: Fields<'_>, wide: bool) {
        // 32-bit: user and group id have two bytes on the older architectures (124 bytes in all) and four on others (128).
        let (ids, pid, name) = match (wide, desc.len()) {
            (true, _) => (16, 24, 40),
            (false, 124) => (8, 12, 28),
            (false, _) => (8, 16, 32),
        };
        let short = !wide && desc.len() == 124;
        let id = |i: u64| if short { desc.u16(ids + 2 * i).map(u32::from) } else { desc.u32(ids + 4 * i) };
        (self.uid, self.gid) = (id(0), id(1));
        self.pid = desc.u32(pid).or(self.pid);
        self.ppid = desc.u32(pid + 4);
        let text = |at: u64, len: u64| {
            let bytes = desc.bytes(at, len)?;
            let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
            bytes.get(..end).map(|b| b.trim_ascii_end().to_vec())
        };
        self.name = text(name, 16).unwrap_or_default();
        self.psargs = text(name + 16, 80).filter(|a| !a.is_empty());
        if let (Some(thread), Some(state)) = (self.threads.first_mut(), desc.bytes(1, 1).and_then(<[u8]>::first)) {
            thread.state = state_name(*state).map(str::to_owned);
        }
    }

    /// The value of an entry of the auxiliary vector.
    pub(super) fn aux(&self, kind: u64) -> Option<u64> {
        self.auxv.iter().find(|(k, _)| *k == kind).map(|(_, v)| *v).filter(|&v| v != 0)
    }

    /// The file that is mapped at an address.
    pub(super) fn mapping(&self, at: u64) -> Option<&Mapping> {
        let m = self.mappings.get(self.mappings.partition_point(|m| m.start <= at).checked_sub(1)?)?;
        (at < m.end).then_some(m)
    }

    /// Why the core was written.
    pub(super) fn reason(&self) -> Option<String> {
        let signal = self.signal?;
        let name = signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned);
        Some(match self.fault {
            Some(at) => format!("{name} at {at:#x}"),
            None => name,
        })
    }
}

fn auxv(desc: Fields<'_>, wide: bool) -> Vec<(u64, u64)> {
    let word: u64 = if wide { 8 } else { 4 };
    let pair = |i: u64| Some((desc.word(i * 2 * word, wide)?, desc.word((i * 2 + 1) * word, wide)?));
    (0u64..).map_while(pair).take_while(|(kind, _)| *kind != 0).take(MOST_AUX).collect()
}

/// `long count, page_size; struct { long start, end, file_ofs; }[count]; char names[]`: positions are counted in pages.
fn mappings(desc: Fields<'_>, wide: bool) -> Vec<Mapping> {
    let word: u64 = if wide { 8 } else { 4 };
    let read = || {
        let (count, page) = (desc.word(0, wide)?.min(MOST_FILES), desc.word(word, wide)?);
        let names_at = (2 + count * 3) * word;
        let mut names = desc.bytes(names_at, desc.len().checked_sub(names_at)?)?.split(|&b| b == 0);
        let mut out = Vec::new();
        for i in 0..count {
            let at = (2 + i * 3) * word;
            let (start, end, offset) = (desc.word(at, wide)?, desc.word(at + word, wide)?, desc.word(at + 2 * word, wide)?);
            let Some(path) = names.next() else { break };
            if start < end {
                out.push(Mapping { start, end, offset: offset.saturating_mul(page), path: path.to_vec() });
            }
        }
        Some(out)
    };
    read().unwrap_or_default()
}

/// `pr_sname`.
const fn state_name(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'R' => "running",
        b'S' => "sleeping",
        b'D' => "uninterruptible",
        b'T' => "stopped",
        b'Z' => "zombie",
        _ => return None,
    })
}

/// Signals that end a process with a core, and a few that debuggers use (signal(7), the numbers of x86 and Arm).
pub(in crate::image) const fn signal_name(signal: u32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        19 => "SIGSTOP",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}
