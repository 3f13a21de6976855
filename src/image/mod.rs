//! Memory-image formats: one file per format, each giving runs (physical range -> bytes of the file).
//!
//! [`open`] maps the file (`map`), unpacks it once where it is compressed as a whole (`unpack`), finds the format by content
//! (`detect`, with the table of everything else that such a file may be in `magic`) and lets the format say which bytes are
//! which part of physical memory (`elf`, `kdump`, `lime`, raw). The result is one connector, [`ImageMemory`], whatever the format.
//! Nothing is silently treated as raw: [`Image::detection`] says what was looked at and what was found.
//!
//! To add a format: a file with a `parse` function, and a line in the table of `detect`.
//!
//! [`write_image`] goes the other way.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod avml;
mod blocks;
mod calendar;
mod crashdump;
mod detect;
pub(crate) mod elf;
mod elf_write;
mod ewf;
mod fields;
mod hiberfil;
mod host;
mod hyperv;
mod input;
mod kdump;
mod kept;
mod lime;
mod lkcd;
mod lz4;
mod magic;
mod map;
mod memory;
mod minidump;
mod notes;
mod open;
mod process;
mod progress;
mod qcow2;
mod qemu;
#[cfg(feature = "http")]
mod remote;
#[cfg(any(test, feature = "cli"))]
mod sample;
mod split;
mod unpack;
mod url;
mod usercore;
mod vbox;
mod vmware;
mod windows;
mod write;
mod xen;
mod zip;
pub(crate) use zip::each as zip_members;

pub use blocks::BlockMemory;
pub use kdump::KdumpFacts;
pub(crate) use map::held;
pub use memory::ImageMemory;
pub use open::{CpuState, Image, ImageFacts, OpenOptions, Trouble, open, open_bytes};
pub use process::{ModuleImage, ProcessImage, RegionImage, ThreadImage};
pub use progress::Progress;
#[cfg(any(test, feature = "cli"))]
pub use sample::{SAMPLE, sample};
pub use url::name;
pub(crate) use windows::release;
pub use windows::{BugCheck, WindowsHints};
pub use write::{CorePlan, CoreSegment, ElfNotes, Summary, WriteFormat, elf_core, write_image};
