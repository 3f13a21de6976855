//! A system that is known by the plugin traits alone: this machine's, or a plugin's.
//!
//! Its processes have no page tables here. Each becomes a flat address space over what the process itself says it has mapped,
//! read through the process.

use super::{OsLayer, layer::ProcessSpaces};
use crate::arch::Arch;
use crate::engine::{AddressSpace, Flat, Memory};
use crate::symbols::{NoTypes, SymbolTable};
use crate::{Error, Result};
use memsh_plugin::{
    CSliceMut, CVec, MemoryMetadata, MemoryRange, MemoryView, ModuleInfo, Os, Perm, PhysAddr, PhysReadOp, PhysWriteOp,
    PhysicalMemory, Process, ProcessInfo, RegionInfo, VirtAddr, forward_reads, forward_writes, umem,
};
use std::sync::Arc;

/// A system that can be asked, and whose own memory can be read.
pub trait System: Os + MemoryView {}

impl<T: Os + MemoryView> System for T {}

/// The layer of a system that is known by the plugin traits alone. `symbols` are its kernel's, where it knows some.
pub fn layer(os: Arc<dyn System>, symbols: SymbolTable) -> OsLayer {
    let kernel = kernel_space(&os);
    let asked: Arc<dyn Os> = os.clone();
    let spaces: ProcessSpaces = Arc::new(move |process| process_space(&*os, process));
    OsLayer {
        os: asked,
        paging: kernel.paging(),
        kernel,
        symbols: Arc::new(symbols),
        types: Arc::new(NoTypes),
        linux: None,
        told: None,
        windows: None,
        spaces: Some(spaces),
        warnings: Vec::new(),
    }
}

/// What the system says of its kernel: the kernel's image and its modules.
fn kernel_space(os: &Arc<dyn System>) -> AddressSpace {
    let info = os.os_info();
    let image = info.kernel_base.get().zip(info.kernel_size.get());
    let modules = std::result::Result::from(os.kernel_modules()).map(|l| l.items.to_vec()).unwrap_or_default();
    // Who may not know where they lie says 0.
    let modules = modules.iter().filter(|m| !m.base.is_null()).map(|m: &ModuleInfo| (m.base, m.size));
    let pieces: Vec<_> = image.into_iter().chain(modules).map(|(at, size)| (at, size, Perm::READ)).collect();
    let view: Arc<dyn MemoryView> = os.clone();
    space(view, "", pieces, None)
}

fn process_space(os: &dyn System, process: &ProcessInfo) -> Result<AddressSpace> {
    let opened = std::result::Result::from(os.process(process.address))?;
    let regions = std::result::Result::from(opened.regions()).map_err(Error::from)?;
    Ok(space(Arc::new(opened), &process.arch.to_string_lossy(), pieces(&regions.items), None))
}

/// What may hold something else than zeros, of a process that can tell: asked when a search first passes over its memory.
pub(super) type FindData = Box<dyn Fn() -> Vec<MemoryRange> + Send + Sync>;

/// What is there by a process's regions, and what it may do there.
pub(super) fn pieces(regions: &[RegionInfo]) -> Vec<(VirtAddr, umem, Perm)> {
    let allowed = |r: &RegionInfo| Perm::USER.with(Perm::READ, r.read).with(Perm::WRITE, r.write).with(Perm::EXECUTE, r.execute);
    regions.iter().map(|r| (r.start, r.end.value().saturating_sub(r.start.value()), allowed(r))).collect()
}

/// A flat space of `pieces`, read through `view`, in the byte order and with the pointers that it states.
pub(super) fn space(
    view: Arc<dyn MemoryView>,
    machine: &str,
    pieces: Vec<(VirtAddr, umem, Perm)>,
    data: Option<FindData>,
) -> AddressSpace {
    let meta = view.view_metadata();
    let fallback = if meta.pointer_size == 4 { Arch::X86 } else { Arch::X86_64 };
    let arch = Arch::from_name(machine).or_else(|| Arch::from_name(std::env::consts::ARCH)).unwrap_or(fallback);
    let ranges: Vec<MemoryRange> =
        pieces.iter().map(|&(start, size, _)| MemoryRange { start: PhysAddr::new(start.value()), size }).collect();
    let flat = Flat::new(meta.pointer_size, !meta.little_endian, pieces);
    let memory = ViewMemory::new(view, ranges);
    let memory = match data {
        Some(data) => Memory::with_exact_data(memory, data),
        None => Memory::new(memory),
    };
    AddressSpace::flat(memory, arch, flat)
}

/// An address space in the place of a memory: its addresses are virtual.
pub struct ViewMemory {
    view: Arc<dyn MemoryView>,
    ranges: Vec<MemoryRange>,
}

impl ViewMemory {
    /// The parts of a view that are worth looking at.
    pub fn new(view: Arc<dyn MemoryView>, ranges: Vec<MemoryRange>) -> Self {
        Self { view, ranges }
    }
}

/// The same number as an address of the view.
fn virtually(at: PhysAddr) -> VirtAddr {
    VirtAddr::new(at.value())
}

impl PhysicalMemory for ViewMemory {
    fn metadata(&self) -> MemoryMetadata {
        let last = |r: &MemoryRange| r.start.saturating_add(r.size.saturating_sub(1));
        MemoryMetadata {
            size: self.ranges.iter().fold(0, |sum: umem, r| sum.saturating_add(r.size)),
            max_address: self.ranges.iter().map(last).max().unwrap_or(PhysAddr::NULL),
            read_only: false,
            live: true,
            ideal_batch: 0,
        }
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.ranges.clone().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        forward_reads(&mut ops, virtually, |asked| self.view.read_virt(asked.into()));
    }

    fn write(&self, ops: CSliceMut<PhysWriteOp>) {
        let mut ops = ops;
        forward_writes(&mut ops, virtually, |asked| self.view.write_virt(asked.into()));
    }
}
