//! The stable interface between memsh and what extends it.
//!
//! A **connector** says where bytes come from: it implements [`PhysicalMemory`]. An **OS layer** says what the bytes mean:
//! it implements [`Os`], and hands out processes that implement [`Process`] and [`MemoryView`]. All four are `cglue`
//! traits: the same implementation can be called directly when it is linked into the program, or through a table of
//! C functions when it was loaded from a shared object. Every type that crosses the boundary is `#[repr(C)]`.
//!
//! This crate depends on no other part of memsh.
//!
//! # A connector in a few lines
//!
//! ```
//! use memsh_plugin::*;
//!
//! struct Rom(Vec<u8>);
//!
//! impl PhysicalMemory for Rom {
//!     fn metadata(&self) -> MemoryMetadata {
//!         MemoryMetadata::snapshot(self.0.len() as umem)
//!     }
//!     fn ranges(&self) -> CVec<MemoryRange> {
//!         vec![MemoryRange { start: PhysAddr::new(0), size: self.0.len() as umem }].into()
//!     }
//!     fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
//!         for op in ops.iter_mut() {
//!             op.fill_from(PhysAddr::new(0), &self.0);
//!         }
//!     }
//! }
//!
//! let rom = Rom(b"hello, memory".to_vec());
//! let mut word = [0u8; 6];
//! let mut ops = [PhysReadOp::new(PhysAddr::new(7), &mut word)];
//! rom.read((&mut ops[..]).into());
//! assert_eq!(ops[0].status, Status::DONE);
//! assert_eq!(&word, b"memory");
//! ```

mod addr;
pub mod c;
mod command;
mod descriptor;
mod export;
mod groups;
mod guard;
pub mod layout;
mod maybe;
mod memory;
mod ops;
mod os;
mod request;
mod status;
mod text;
mod view;

pub use addr::{PhysAddr, VirtAddr, umem};
pub use command::*;
pub use descriptor::*;
pub use export::{command_object, connector_object, os_object, process_object};
pub use groups::*;
pub use guard::{Guarded, caught, tell_few_panics};
pub use memory::*;
pub use ops::{
    Op, PhysReadOp, PhysWriteOp, ReadOp, TranslateOp, VirtReadOp, VirtWriteOp, WriteOp, forward_reads, forward_writes,
};
pub use os::*;
pub use request::*;
pub use status::{ApiError, Status};
pub use text::Text;
pub use view::*;

// The macros below write paths that begin with `cglue`: who uses them needs `use memsh_plugin::cglue` in scope.
#[doc(hidden)]
pub use cglue;
pub use cglue::callback::OpaqueCallback;
pub use cglue::prelude::v1::{cglue_impl_group, group_obj, trait_obj};
pub use cglue::result::CResult;
pub use cglue::slice::{CSliceMut, CSliceRef};
pub use cglue::vec::CVec;
pub use maybe::Maybe;

/// Version of this interface. It changes whenever a type or a trait in this crate changes its layout. Whether a plugin can be used
/// is decided by the hashes in [`layout`]; this number is what people read.
pub const ABI_VERSION: u32 = 3;
