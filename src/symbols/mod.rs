//! Types and symbols, from wherever they come.
//!
//! Whatever the source (BTF and kallsyms in the image itself, ISF, DWARF, System.map), the rest of the program sees two
//! faces: [`Types`] answers what a structure looks like, [`Symbols`] what lies at an address and where a name is.

mod btf;
mod model;
mod table;
mod vmcoreinfo;

pub use btf::{Btf, BtfCandidate, find_btf};
pub use model::{Field, FieldPath, Type, TypeId, TypeKind, Types, TypesExt};
pub use table::{Symbol, SymbolTable, Symbols};
pub use vmcoreinfo::{VmcoreInfo, VmcoreInfoCopy, find_vmcoreinfo};
