//! Code in the kernel: where it comes from, and whose an address is.
//!
//! - `module`, `modscan`: kernel modules, as listed and by every other way that leads to them
//! - `names`: symbols of the kernel and its modules
//! - `modsyms`, `modtypes`: symbols and types of modules
//! - `bpf`: eBPF programs, maps and links
//! - `owner`: whose code an address is

pub mod bpf;
pub mod modscan;
pub(crate) mod modsyms;
pub(crate) mod modtypes;
pub(crate) mod module;
pub(crate) mod names;
pub mod owner;
