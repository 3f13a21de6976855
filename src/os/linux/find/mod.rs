//! Finding the kernel.
//!
//! A chain of short steps, each of which proves itself before the next stands on it, and each written down for `info`:
//!
//! 1. a page-table root that maps a kernel image (`machine`, and a file per architecture): from `--dtb`, VMCOREINFO, the
//!    processors' registers, the boot trampoline in low memory, the places where a kernel's image can begin (`sparse`), or passes
//!    over all of memory (`survey`, `sweep`), within bounds (`effort`); and where a raw image's memory begins (`rambase`)
//! 2. the kernel's own symbols (`names`): kallsyms, by VMCOREINFO's addresses or by the shape of its tables; where they are
//!    functions only, its data's from the export tables and other places (`datasyms`)
//! 3. the kernel's own types (`types`): BTF, by its symbols or by its header; for a kernel without any, tables that memsh carries
//!    (`typetables`), held against the image
//! 4. files given with `--symbols`, for what the image does not hold
use crate::os::trace;
mod aarch64;
mod arm;
mod constants;
mod datasyms;
mod effort;
#[cfg(test)]
mod far;
mod files;
mod image;
mod machine;
mod names;
mod rambase;
mod riscv;
mod sparse;
mod survey;
mod sweep;
mod told;
mod types;
mod typetables;
mod x86;
mod x86_64;

pub use detect::detect;
mod detect;
