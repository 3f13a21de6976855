//! A made-up target, for docs, tests and benchmarks: physical memory with page tables in any format, known contents, and a small
//! operating system with processes, regions, threads and modules.
//!
//! Everything follows from [`DummyOptions`]: the same options give the same bytes on every machine.
//!
//! - `options` reads `seed=7,size=16m,format=x86_64,live=yes`
//! - `connector` is the physical memory, `os` the operating system, both through the plugin traits
//! - `machine` decides what lies where and writes it
//! - `types` are its structures; [`tables`] writes page tables of every format; `random` is the same everywhere
//!
//! ```
//! use memsh::engine::ViewExt;
//! use memsh::plugins::dummy::{Dummy, DummyOptions};
//! use memsh_plugin::Os;
//!
//! let dummy = Dummy::new(&"format=sv39,seed=7".parse::<DummyOptions>()?)?;
//! let kernel = dummy.os().os_info().kernel_base.get().ok_or("no kernel")?;
//! let start = dummy.kernel().read_cstr(kernel, 24)?;
//! assert_eq!(start, b"dummy kernel text page 0");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod connector;
mod machine;
mod options;
mod os;
mod random;
pub mod tables;
#[cfg(test)]
mod tests;
mod types;

pub use connector::DummyMemory;
pub use options::DummyOptions;
pub use os::{DummyOs, DummyProcess};
pub use random::Random;

use crate::Result;
use crate::arch::Paging;
use crate::engine::{AddressSpace, Memory};
use crate::live::middleware::overlay::Overlay;
use crate::os::OsLayer;
use crate::symbols::SymbolTable;
use machine::Machine;
use memsh_plugin::{Os, PhysAddr, VirtAddr, umem};
use std::sync::Arc;
use tables::TableBuilder;

/// A made-up target.
pub struct Dummy {
    connector: DummyMemory,
    memory: Memory,
    os: DummyOs,
}

impl Dummy {
    /// The target that `options` describe.
    ///
    /// # Errors
    /// When `options.size` is too small for it; 4 MiB are enough for every format with pages of up to 16 KiB, 16 MiB for all.
    pub fn new(options: &DummyOptions) -> Result<Self> {
        Ok(Self::through(options, |memory| memory, Memory::clone)?.0)
    }

    /// The same with whatever `wrap` puts around its memory; `inner` is the memory in that.
    fn through<T>(options: &DummyOptions, wrap: impl FnOnce(Memory) -> T, inner: impl FnOnce(&T) -> Memory) -> Result<(Self, T)> {
        let mut tables = TableBuilder::new(options.paging, 0, options.size)?;
        let machine = Machine::make(options, &mut tables)
            .map_err(|e| e.hint("4m of memory are enough for pages of up to 16 KiB, 16m for all"))?;
        let (base, bytes) = tables.finish();
        let connector = DummyMemory::new(base, bytes);
        let memory = match options.live {
            true => Memory::new(Overlay::new(Arc::new(connector.clone()))),
            false => Memory::new(connector.clone()),
        };
        let wrapped = wrap(memory);
        let memory = inner(&wrapped);
        let address = |n: u64| PhysAddr::new(umem::from(n));
        let kernel = AddressSpace::new(memory.clone(), options.paging, address(machine.roots.lower))
            .with_upper_root(address(machine.roots.upper));
        Ok((Self { connector, memory, os: DummyOs(Arc::new(os::State { machine, kernel })) }, wrapped))
    }

    /// The connector.
    pub fn connector(&self) -> &DummyMemory {
        &self.connector
    }

    /// Physical memory.
    pub fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// The page-table format.
    pub fn paging(&self) -> Paging {
        self.kernel().paging()
    }

    /// The kernel's address space.
    pub fn kernel(&self) -> &AddressSpace {
        &self.os.0.kernel
    }

    /// A large page of the kernel, where memory has room for one: its first address and its size in bytes.
    pub fn large_page(&self) -> Option<(VirtAddr, u64)> {
        self.os.0.machine.large.map(|(at, size)| (VirtAddr::new(umem::from(at)), size))
    }

    /// The operating system.
    pub fn os(&self) -> Arc<dyn Os> {
        Arc::new(self.os.clone())
    }

    /// The operating system as its own type.
    pub fn system(&self) -> &DummyOs {
        &self.os
    }

    fn symbols(&self) -> SymbolTable {
        let m = &self.os.0.machine;
        let page = self.kernel().format().page_size();
        let va = |n: u64| VirtAddr::new(umem::from(n));
        let mut table = SymbolTable::new();
        table.push("dummy_start", va(m.kernel_base), b'T', None);
        table.push("dummy_schedule", va(m.kernel_base + 0x100), b'T', None);
        table.push("dummy_idle", va(m.kernel_base + page), b't', None);
        table.push("dummy_banner", va(m.data - 2 * page), b'R', None);
        table.push("dummy_processes", va(m.data), b'D', None);
        for module in &m.modules {
            let end = module.base + module.pages * page;
            let id = table.add_module(module.name, Some(umem::from(module.base)..umem::from(end)));
            table.push(&format!("{}_init", module.name), va(module.base), b't', id);
            table.push(&format!("{}_exit", module.name), va(module.base + 0x80), b't', id);
        }
        table.finish();
        table
    }
}

/// A made-up target as the rest of the program holds any target.
///
/// # Errors
/// As [`Dummy::new`].
pub fn open(options: &DummyOptions) -> Result<(Memory, OsLayer)> {
    open_through(options, |memory| memory, |memory| memory)
}

/// The same with whatever `wrap` puts around its memory, through which its system reads as well; `inner` is the memory in that.
///
/// # Errors
/// As [`Dummy::new`].
pub fn open_through<T>(
    options: &DummyOptions,
    wrap: impl FnOnce(Memory) -> T,
    inner: impl FnOnce(&T) -> &Memory,
) -> Result<(T, OsLayer)> {
    let (dummy, wrapped) = Dummy::through(options, wrap, |t| inner(t).clone())?;
    let kernel = dummy.kernel().clone();
    let layer = OsLayer {
        os: dummy.os(),
        paging: options.paging,
        symbols: Arc::new(dummy.symbols()),
        types: Arc::new(types::DummyTypes::new(kernel.format().pointer_size())),
        kernel,
        linux: None,
        told: None,
        windows: None,
        spaces: None,
        warnings: Vec::new(),
    };
    Ok((wrapped, layer))
}
