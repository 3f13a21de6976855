//! Machine code of a space, line by line, and names for the addresses in it.

use super::context::Context;
use super::failure::{Failure, Result};
use super::which::open;
use crate::disasm::{Decoded, Disassembler, Instruction, Isa, Syntax};
use crate::engine::{Gaps, index, to_u64, to_umem};
use crate::session::{Session, Space};
use crate::{VirtAddr, umem};
use memsh_plugin::{ModuleInfo, Process, ProcessInfo, RegionInfo};

/// Bytes read at a time.
const WINDOW: usize = 4096;

/// What lies at an address.
#[derive(Clone, Debug)]
pub enum What {
    /// An instruction.
    Instruction(Instruction),
    /// Bytes that are none.
    Bad,
    /// Bytes that can't be read, so many.
    Unreadable(umem),
}

/// An address, its bytes, and what they are.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it begins.
    pub address: umem,
    /// The bytes that could be read.
    pub bytes: Vec<u8>,
    /// What they are.
    pub what: What,
}

/// The code from an address on.
pub struct Lines<'a> {
    space: &'a Space,
    disassembler: Disassembler,
    at: umem,
    end: umem,
    start: umem,
    window: Vec<u8>,
    gaps: Gaps,
}

impl<'a> Lines<'a> {
    /// The lines that begin in `start..end`.
    pub fn new(space: &'a Space, isa: Isa, syntax: Syntax, start: umem, end: umem) -> Self {
        let disassembler = Disassembler::new(isa, syntax);
        Self { space, disassembler, at: start, end, start, window: Vec::new(), gaps: Gaps::none() }
    }

    /// What of the window begins at `self.at` and can be read; makes a new window where little is left of this one.
    fn readable(&mut self) -> (Vec<u8>, Option<umem>) {
        let longest = self.disassembler.isa().longest();
        let used = index(self.at.wrapping_sub(self.start)).unwrap_or(usize::MAX);
        if self.window.len().saturating_sub(longest) <= used {
            self.start = self.at;
            let room = umem::MAX - self.at;
            self.window = vec![0; WINDOW.min(index(room).unwrap_or(WINDOW)).max(1)];
            self.gaps = self.space.read_gaps(self.at, &mut self.window);
        }
        let used = index(self.at.wrapping_sub(self.start)).unwrap_or(0);
        let window_end = self.start.saturating_add(to_umem(self.window.len()));
        let mut end = window_end.min(self.at.saturating_add(to_umem(longest)));
        for g in self.gaps.as_slice() {
            if g.start <= self.at && self.at < g.end {
                return (Vec::new(), Some(g.end.min(window_end)));
            }
            if g.start > self.at {
                end = end.min(g.start);
                break;
            }
        }
        let len = index(end - self.at).unwrap_or(0);
        (self.window.get(used..used + len).unwrap_or_default().to_vec(), None)
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.at >= self.end {
            return None;
        }
        let address = self.at;
        let (bytes, hole) = self.readable();
        if let Some(hole) = hole {
            self.at = hole.min(self.end).max(address.saturating_add(1));
            return Some(Line { address, bytes: Vec::new(), what: What::Unreadable(self.at - address) });
        }
        let (len, what) = match self.disassembler.decode(to_u64(address).unwrap_or(0), &bytes) {
            Decoded::Instruction(i) => (i.len, What::Instruction(i)),
            Decoded::Bad(len) => (len, What::Bad),
            // The rest of the instruction is in a hole, or beyond the last address.
            Decoded::Short => (bytes.len(), What::Unreadable(to_umem(bytes.len()))),
        };
        let len = len.clamp(1, bytes.len().max(1));
        self.at = address.saturating_add(to_umem(len));
        Some(Line { address, bytes: bytes.get(..len).unwrap_or_default().to_vec(), what })
    }
}

/// Names for addresses of one space: of the kernel `module!symbol+0x10`, of a process `libc.so.6+0x1234`.
pub struct Places<'a> {
    session: &'a Session,
    kernel: bool,
    regions: Vec<RegionInfo>,
    modules: Vec<ModuleInfo>,
}

impl<'a> Places<'a> {
    /// The names of `space`. What can't be had of a process costs names only.
    pub fn of(cx: &Context<'a>, space: &Space) -> Result<Self> {
        let session = cx.session()?;
        Ok(match space {
            // Detection is not begun for bytes that have no names.
            Space::Physical(_) => Self { session, kernel: false, regions: Vec::new(), modules: Vec::new() },
            Space::Kernel(_) => Self { session, kernel: session.os().is_ok(), regions: Vec::new(), modules: Vec::new() },
            Space::Process(process, _) => Self::of_process(session, process),
        })
    }

    /// The names of a process.
    pub fn of_process(session: &'a Session, process: &ProcessInfo) -> Self {
        let opened = session.os().and_then(|layer| open(layer.os.as_ref(), process)).ok();
        let regions = opened.as_ref().and_then(|o| Result::from(o.regions()).ok()).map(|l| l.items.to_vec());
        let modules = opened.as_ref().and_then(|o| Result::from(o.modules()).ok()).map(|l| l.items.to_vec());
        Self { session, kernel: true, regions: regions.unwrap_or_default(), modules: modules.unwrap_or_default() }
    }

    /// What lies at an address.
    pub fn name(&self, address: umem) -> Option<String> {
        self.program(address).or_else(|| self.kernel.then(|| self.session.name_of(VirtAddr::new(address)))?)
    }

    /// The name of code: as [`name`](Self::name), but no variable's.
    pub fn code(&self, address: umem) -> Option<String> {
        self.program(address).or_else(|| {
            let (symbol, _) = self.session.symbols().ok().filter(|_| self.kernel)?.near(VirtAddr::new(address))?;
            symbol.is_code().then(|| self.session.name_of(VirtAddr::new(address)))?
        })
    }

    /// The name of a number that may be an address: small ones are numbers.
    pub fn far(&self, number: umem) -> Option<String> {
        if number >> 63 == 1 { self.name(number) } else { self.program(number) }
    }

    /// What of the program lies there: the module, or the region's own name, and the distance.
    pub fn program(&self, address: umem) -> Option<String> {
        let region = self.regions.iter().find(|r| r.start.value() <= address && address < r.end.value())?;
        let path = region.path.as_ref().map(|p| p.to_string_lossy().into_owned());
        let module = self.modules.iter().find(|m| address.checked_sub(m.base.value()).is_some_and(|d| d < m.size));
        let (name, base) = match (module, &path) {
            // A module's hull may hold regions of something else.
            (Some(m), Some(p)) if m.path.as_ref().is_some_and(|own| own.to_string_lossy() == *p) => {
                (m.name.to_string_lossy().into_owned(), m.base.value())
            }
            (_, Some(p)) => {
                let short = p.rsplit('/').next().unwrap_or(p).to_owned();
                let offset = region.offset.get().unwrap_or(0);
                (short, region.start.value().wrapping_sub(umem::from(offset)))
            }
            _ => return None,
        };
        Some(format!("{name}+{:#x}", address.wrapping_sub(base)))
    }

    /// Whether an address that instructions reach through a segment of their own has a name: the kernel's per-CPU variables.
    pub fn has_segment(&self) -> bool {
        self.kernel && self.regions.is_empty()
    }
}

/// The instruction set of `space`: the chosen one, else that of the process, else of the kernel.
///
/// # Errors
/// A usage error where nothing says.
pub fn isa(cx: &Context, space: &Space, chosen: Option<Isa>) -> Result<Isa> {
    if let Some(isa) = chosen {
        return Ok(isa);
    }
    if let Some(p) = space.process() {
        let kernel = space.tables().map(|t| Isa::from(t.format().arch));
        if p.wow64 && kernel == Some(Isa::X86_64) {
            return Ok(Isa::X86);
        }
        if p.wow64 && p.arch.as_bytes() == b"x86" {
            return Ok(Isa::X86);
        }
        if p.wow64 && kernel == Some(Isa::AArch64) {
            return Err(Failure::Usage(
                format!("process {} is a 32-bit Arm program, whose instructions (A32 and T32) memsh does not read", p.pid),
                Some("--isa aarch64 reads the bytes as 64-bit instructions, which they are not; `read` shows them".to_owned()),
            ));
        }
    }
    if let Some(tables) = space.tables() {
        return Ok(tables.format().arch.into());
    }
    let session = cx.session()?;
    if let Some(arch) = session.hints().arch {
        return Ok(arch.into());
    }
    session.os().map(|layer| layer.paging.format().arch.into()).map_err(|_| {
        let names: Vec<&str> = Isa::ALL.iter().map(|i| i.name()).collect();
        Failure::Usage(
            "which instruction set? No operating system was found that would say".to_owned(),
            Some(format!("give one: --isa {}", names.join("|"))),
        )
    })
}
