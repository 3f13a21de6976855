//! Pages that were swapped out, read from where they went: the swap cache, zswap or zram, all in memory itself, or a swap partition or file
//! that the user has (`--swap`).
//!
//! An entry of a page table names a swap area and a slot in it (`swp_entry_t`, include/linux/swapops.h). The kernel looks for the slot's
//! content in this order, and so does memsh: each place may hide older content of the slot in those behind it.
//!
//! 1. The swap cache ([`cache`]): the page is in a frame after all.
//! 2. A mark that the page was all zeros, which is never written anywhere (6.12).
//! 3. zswap ([`zswap`]), compressed.
//! 4. The area's device: zram ([`zram`]), or `slot` pages into the partition or file ([`area`]).

mod area;
mod cache;
mod element;
mod file;
#[cfg(test)]
mod tests;
mod zpool;
mod zram;
mod zsmalloc;
mod zswap;

use crate::codec::Codec;
use crate::engine::{FaultReason, Pager, Said};
use crate::os::linux::base::kernel::Kernel;
use area::Areas;
use cache::Cached;
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};

/// Knows where the kernel put what it swapped out.
pub struct SwapPager {
    files: Vec<PathBuf>,
    /// The kernel's own address space has this pager, so that the kernel can't be owned by it.
    kernel: OnceLock<Weak<Kernel>>,
    areas: OnceLock<Areas>,
}

thread_local! {
    // What the pager itself reads must not be swapped out in turn: kernels keep their own memory, and a hostile image would lead in
    // circles.
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// Marks that this thread is in the pager.
struct Reading;

impl Reading {
    fn begin() -> Option<Self> {
        // Not `then_some`: what it drops would end the mark.
        (!READING.replace(true)).then(|| Self)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        READING.set(false);
    }
}

impl SwapPager {
    /// A pager with the contents of areas that are on disks.
    pub(crate) fn new(files: &[PathBuf]) -> Self {
        Self { files: files.to_vec(), kernel: OnceLock::new(), areas: OnceLock::new() }
    }

    /// Tells whose areas they are.
    pub(crate) fn attach(&self, kernel: &Arc<Kernel>) {
        let _ = self.kernel.set(Arc::downgrade(kernel));
    }

    fn areas(&self, kernel: &Kernel) -> &Areas {
        self.areas.get_or_init(|| Areas::find(kernel, &self.files))
    }

    /// What is wrong with the files that were given; nothing where none were.
    pub(crate) fn check(&self, kernel: &Kernel) -> Vec<String> {
        let reading = Reading::begin();
        match self.files.is_empty() || reading.is_none() {
            true => Vec::new(),
            false => self.areas(kernel).warnings.clone(),
        }
    }

    fn find(&self, kernel: &Kernel, number: u64, slot: u64, page: &mut [u8]) -> Result<Said, Said> {
        let areas = self.areas(kernel);
        let area = areas.area(number)?;
        let cached = cache::look(kernel, area, slot, page)?;
        match cached {
            Cached::Page => return Ok("the swap cache, in memory".into()),
            Cached::Zeros => {
                page.fill(0);
                return Ok("a mark of swap that it is all zeros".into());
            }
            Cached::No | Cached::Unknown => {}
        }
        if zswap::read(kernel, area, slot, page)? {
            return Ok("zswap, in memory".into());
        }
        // What zswap gives back to the swap cache is nowhere else.
        if cached == Cached::Unknown && zswap::in_use(kernel, area) {
            return Err("zswap is in use, and the swap cache, which may have it, can't be read".into());
        }
        area.read(kernel, slot, page)
    }
}

impl Pager for SwapPager {
    fn fill(&self, reason: FaultReason, page: &mut [u8]) -> Result<Said, Said> {
        let FaultReason::Swapped { area, slot } = reason else { return Err("".into()) };
        let Some(kernel) = self.kernel.get().and_then(Weak::upgrade) else { return Err("".into()) };
        let Some(_reading) = Reading::begin() else {
            return Err("the kernel's own swap structures are said to be swapped out".into());
        };
        self.find(&kernel, u64::from(area), slot, page)
    }
}

/// The compressors that memsh unpacks, by their name in the kernel's crypto layer.
fn codec(name: &[u8]) -> Option<Codec> {
    Some(match name {
        b"lzo" => Codec::Lzo,
        b"lzo-rle" => Codec::LzoRle,
        b"lz4" | b"lz4hc" => Codec::Lz4,
        b"zstd" => Codec::Zstd,
        b"deflate" => Codec::Deflate,
        _ => return None,
    })
}

/// Fills `page` with one word again and again.
fn fill(kernel: &Kernel, page: &mut [u8], word: u64) {
    let size = usize::from(kernel.view().view_metadata().pointer_size).clamp(1, 8);
    for to in page.chunks_mut(size) {
        to.iter_mut().zip(word.to_le_bytes()).for_each(|(t, w)| *t = w);
    }
}

/// Unpacks what `who` compressed with the compressor of this name; less than a page is not what was swapped out.
fn unpack(who: &str, name: &[u8], stored: &[u8], page: &mut [u8]) -> Result<(), Said> {
    // What does not get smaller is kept as it is.
    if stored.len() == page.len() {
        page.copy_from_slice(stored);
        return Ok(());
    }
    if name.is_empty() {
        return Err(format!("{who} compressed it, and the compressor's name can't be read").into());
    }
    let text = String::from_utf8_lossy(name);
    let codec = codec(name).ok_or_else(|| format!("{who} compressed it with {text:?}, which memsh does not unpack"))?;
    match codec.unpack(stored, page) {
        Ok(n) if n == page.len() => Ok(()),
        Ok(n) => Err(format!("what {who} compressed ({text}) unpacks to {n} bytes, less than a page").into()),
        Err(e) => Err(format!("what {who} compressed ({text}) can't be unpacked: {e}").into()),
    }
}
