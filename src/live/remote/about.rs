//! What the server says of its target, as JSON.

use crate::engine::to_u64;
use crate::image::{CpuState, Image};
use crate::{VirtAddr, umem};
use serde::{Deserialize, Serialize};

/// No more ranges, processors, facts are taken from a server.
const MOST: usize = 1 << 16;

/// Names of registers that an image records (`CpuState::registers`).
const NAMES: &[&str] = &[
    "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_ax", "ip", "cs",
    "flags", "sp", "ss", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
    "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "pc", "pstate",
];

/// A target.
#[derive(Serialize, Deserialize, Debug, Default)]
#[serde(default)]
pub struct About {
    /// Path or name there.
    pub name: String,
    /// Format there.
    pub format: String,
    /// Whether it changes while it is read.
    pub live: bool,
    /// Whether it may be written to.
    pub writable: bool,
    /// First address and bytes of each range.
    pub ranges: Vec<(u64, u64)>,
    /// Machine as memsh names it.
    pub machine: Option<String>,
    /// Text of the VMCOREINFO note.
    pub vmcoreinfo: Option<Vec<u8>>,
    /// Processors.
    pub processors: Vec<Processor>,
    /// Further facts.
    pub details: Vec<(String, String)>,
    /// Warnings.
    pub warnings: Vec<String>,
}

/// A processor.
#[derive(Serialize, Deserialize, Debug, Default)]
#[serde(default)]
pub struct Processor {
    root: Option<u64>,
    root_upper: Option<u64>,
    cr0: Option<u64>,
    cr4: Option<u64>,
    efer: Option<u64>,
    instruction_pointer: Option<u64>,
    registers: Vec<(String, u64)>,
}

impl About {
    /// What there is to say of `image`.
    pub fn of(image: &Image, write: bool) -> Self {
        let metadata = image.memory.metadata();
        let ranges = image.memory.ranges().iter().filter_map(|r| Some((to_u64(r.start.value())?, to_u64(r.size)?)));
        Self {
            name: image.facts.path.display().to_string(),
            format: image.facts.format.clone(),
            live: metadata.live,
            writable: write && !metadata.read_only,
            ranges: ranges.take(MOST).collect(),
            machine: image.machine.clone(),
            vmcoreinfo: image.vmcoreinfo.clone(),
            processors: image.cpus.iter().map(Processor::of).collect(),
            details: image.facts.details.clone(),
            warnings: image.facts.warnings.clone(),
        }
    }

    /// The processors.
    pub fn cpus(&self) -> Vec<CpuState> {
        self.processors.iter().take(MOST).map(Processor::state).collect()
    }
}

impl Processor {
    fn of(cpu: &CpuState) -> Self {
        Self {
            root: cpu.root,
            root_upper: cpu.root_upper,
            cr0: cpu.cr0,
            cr4: cpu.cr4,
            efer: cpu.efer,
            instruction_pointer: cpu.instruction_pointer.and_then(|p| to_u64(p.value())),
            registers: cpu.registers.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        }
    }

    fn state(&self) -> CpuState {
        let known = |(name, value): &(String, u64)| Some((*NAMES.iter().find(|n| *n == name)?, *value));
        CpuState {
            root: self.root,
            root_upper: self.root_upper,
            cr0: self.cr0,
            cr4: self.cr4,
            efer: self.efer,
            instruction_pointer: self.instruction_pointer.map(|p| VirtAddr::new(umem::from(p))),
            registers: self.registers.iter().filter_map(known).collect(),
        }
    }
}
