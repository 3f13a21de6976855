//! Memory: address spaces of processes, and the page frames below them.
//!
//! - `space`: the address space of a process, with page-table isolation or without
//! - `mm`, `region`, `image`: what the kernel knows of an address space, its regions, the programs in them
//! - `linear`: what the kernel maps in one piece, for page tables that are not in the image
//! - `frames`, `frame_use`: page frames, `struct page` and the direct map; what a frame is used for
//! - `swapped`: pages in swap areas, and in zram

pub mod frame_use;
pub mod frames;
pub(crate) mod image;
pub mod linear;
pub(crate) mod mm;
pub(crate) mod region;
pub(crate) mod space;
pub mod swapped;
