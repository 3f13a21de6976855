//! Types and symbols, from wherever they come.
//!
//! Whatever the source (BTF and kallsyms in the image itself, ISF, DWARF, System.map), the rest of the program sees two
//! faces: [`Types`] answers what a structure looks like, [`Symbols`] what lies at an address and where a name is.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod btf;
mod dwarf;
mod elf;
mod files;
mod interner;
mod isf;
pub mod kallsyms;
pub mod library;
mod model;
mod pdb;
mod store;
mod system_map;
mod table;
pub mod tables;
mod unpack;
mod vmcoreinfo;

pub use btf::{AllTypes, Btf, BtfCandidate, KernelTypes, ModuleBlob, ModuleBlobs, find_btf};
pub use files::{FileKind, Loaded, PdbId, SymbolFile, load};
pub use model::{Field, FieldPath, NoTypes, Type, TypeId, TypeKind, Types, TypesExt};
pub use store::TypeStore;
pub(crate) use system_map::parse as parse_symbol_list;
pub use table::{Symbol, SymbolTable, Symbols, with_distance};
pub use vmcoreinfo::{VmcoreInfo, VmcoreInfoCopy, find_vmcoreinfo};
