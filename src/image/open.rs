//! Opening an image: which format it is, and what that format says of the machine.

use crate::engine::Memory;
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryRange, PhysAddr, VirtAddr};
use std::path::{Path, PathBuf};

/// How to open an image.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Skip detection: the name of a format (`raw`, `elf`, `lime`, `padded`).
    pub format: Option<String>,
    /// Where a raw image's first byte lies in physical memory.
    pub base: Option<PhysAddr>,
}

/// What is known of an image before anybody looks at the memory in it.
#[derive(Clone, Debug, Default)]
pub struct ImageFacts {
    /// The file.
    pub path: PathBuf,
    /// The format's short name: `raw`, `elf`, `lime`, `padded`.
    pub format: String,
    /// Size of the file in bytes.
    pub size: u64,
    /// Size of the memory in it, in bytes.
    pub memory_size: u64,
    /// Physical ranges it holds.
    pub ranges: Vec<MemoryRange>,
    /// How the file as a whole is compressed (`zstd`, `gzip`, `xz`, `bzip2`), if it is.
    pub compressed: Option<String>,
    /// What the analyst should know: a truncated segment, an assumption that was made.
    pub warnings: Vec<String>,
    /// Further facts of the header, in its own terms: name and value.
    pub details: Vec<(String, String)>,
}

/// What the image recorded of one processor.
#[derive(Clone, Debug, Default)]
pub struct CpuState {
    /// Page-table root as the register holds it (CR3, TTBR0_EL1, satp), where recorded.
    pub root: Option<u64>,
    /// Root of the upper half (TTBR1_EL1), where recorded.
    pub root_upper: Option<u64>,
    /// Control registers that name the paging mode, where recorded: CR0, CR4, EFER.
    pub cr0: Option<u64>,
    /// See `cr0`.
    pub cr4: Option<u64>,
    /// See `cr0`.
    pub efer: Option<u64>,
    /// Instruction pointer, where recorded.
    pub instruction_pointer: Option<VirtAddr>,
}

/// An opened image.
pub struct Image {
    /// Its physical memory.
    pub memory: Memory,
    /// What is known of the file.
    pub facts: ImageFacts,
    /// Text of the VMCOREINFO note, where the format carries one.
    pub vmcoreinfo: Option<Vec<u8>>,
    /// Processors, where the format records them.
    pub cpus: Vec<CpuState>,
    /// Machine as the format names it (`x86_64`, `x86`, `aarch64`, `riscv64`), where it does.
    pub machine: Option<String>,
    /// What was looked for and found, in order: for `info`.
    pub detection: Vec<String>,
}

/// Opens the image at `path`.
///
/// # Errors
/// When the file can't be read, is empty, or is no memory image that memsh knows; the error names the evidence.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Image> {
    let _ = options;
    Err(Error::new(Layer::Image, ErrorKind::Unsupported, format!("no format reads {}", path.display())))
}
