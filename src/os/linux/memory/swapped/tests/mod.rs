//! Swapped-out pages of small made-up kernels: one module for each place where they can be.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::as_conversions, clippy::panic)]

mod areas;
mod caches;
mod narrow;
mod pools;
mod zrams;
mod zswaps;

use super::SwapPager;
use crate::engine::{FaultReason, Pager, Software};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::memory::frames::Frames;
use crate::os::linux::testkit::{Kit, array, u};
use memsh_plugin::{VirtAddr, umem};
use std::path::PathBuf;
use std::sync::Arc;

/// Where `struct page`s are.
pub const MAP: u64 = 0xffff_ea00_0000_0000;
/// Where everything else is.
pub const K: u64 = 0xffff_8880_0000_0000;
/// The first `swap_info_struct`; the others follow.
pub const INFO: u64 = K + 0x1000;
pub const INFO_SIZE: u64 = 0x100;
/// Block devices and disks of the areas.
pub const DEVICES: u64 = K + 0x2000;
pub const PAGE: usize = 4096;

/// A kernel in the making, and the files that the user gives.
pub struct Rig {
    pub kit: Kit,
    pub files: Vec<PathBuf>,
    folder: tempfile::TempDir,
    areas: u64,
}

/// What became of a page.
pub type Got = Result<(Vec<u8>, String), String>;

pub fn page(seed: u64) -> Vec<u8> {
    (0..PAGE as u64 / 8).flat_map(|i| (seed * 1_000_003 + i / 16).to_le_bytes()).collect()
}

impl Rig {
    /// A system without swap areas.
    pub fn new() -> Self {
        let mut kit = Kit::new();
        let info = [
            ("flags", 0, u(8)),
            ("prio", 8, u(2)),
            ("type", 10, u(1)),
            ("max", 12, u(4)),
            ("pages", 16, u(4)),
            ("inuse_pages", 24, u(8)),
            ("bdev", 32, u(8)),
        ];
        kit.types.structure("swap_info_struct", INFO_SIZE, &info);
        kit.types.structure("block_device", 64, &[("bd_disk", 0, u(8))]);
        kit.types.structure("gendisk", 64, &[("disk_name", 0, array(1, 32)), ("private_data", 32, u(8))]);
        let members = [
            ("flags", 0, u(8)),
            ("compound_head", 8, u(8)),
            ("mapping", 24, u(8)),
            ("index", 32, u(8)),
            ("private", 40, u(8)),
            ("page_type", 48, u(4)),
            ("_refcount", 52, u(4)),
        ];
        kit.types.structure("page", 64, &members);
        kit.types.structure("folio", 256, &[("_flags_1", 64, u(8))]);
        kit.types.enumeration("pageflags", &[("PG_locked", 0), ("PG_uptodate", 3), ("PG_head", 6), ("PG_swapcache", 10)]);
        kit.types.enumeration("pagetype", &[("PGTY_slab", 245)]);
        kit.symbol("swap_info", K);
        kit.symbol("nr_swapfiles", K + 0x800);
        kit.put(K, &[0; PAGE]);
        kit.put(MAP, &[0; 4 * PAGE]);
        Self { kit, files: Vec::new(), folder: tempfile::tempdir().unwrap(), areas: 0 }
    }

    /// One more member of `swap_info_struct`, beyond those that all tests need.
    pub fn info_with(&mut self, more: &[(&str, u64)]) {
        let mut info = vec![
            ("flags", 0, u(8)),
            ("prio", 8, u(2)),
            ("type", 10, u(1)),
            ("max", 12, u(4)),
            ("pages", 16, u(4)),
            ("inuse_pages", 24, u(8)),
            ("bdev", 32, u(8)),
        ];
        info.extend(more.iter().map(|(name, at)| (*name, *at, u(8))));
        self.kit.types.structure("swap_info_struct", INFO_SIZE, &info);
    }

    /// An area on a disk of this name with so many slots; its address.
    pub fn area(&mut self, disk: &str, private: u64, slots: u32) -> u64 {
        let n = self.areas;
        let (at, device) = (INFO + n * INFO_SIZE, DEVICES + n * 0x100);
        self.kit.word(K + n * 8, at);
        self.kit.word(at, 3);
        self.kit.put(at + 10, &[n as u8]);
        self.kit.put(at + 12, &slots.to_le_bytes());
        self.kit.put(at + 16, &(slots - 1).to_le_bytes());
        self.kit.word(at + 32, device);
        self.kit.word(device, device + 0x40);
        self.kit.put(device + 0x40, disk.as_bytes());
        self.kit.word(device + 0x40 + 32, private);
        self.areas += 1;
        self.kit.put(K + 0x800, &(self.areas as u32).to_le_bytes());
        at
    }

    /// A file that is given with `--swap`.
    pub fn file(&mut self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(format!("swap{}", self.files.len()));
        std::fs::write(&path, bytes).unwrap();
        self.files.push(path.clone());
        path
    }

    /// The frame of a page of this kernel. What is put later must lie in pages that are there already.
    pub fn frame(&self, at: u64) -> u64 {
        let kernel = self.kit.kernel();
        crate::engine::to_u64(kernel.space.translate_one(VirtAddr::new(umem::from(at))).unwrap().phys.value() >> 12).unwrap()
    }

    /// The address of a frame's `struct page`.
    pub fn page_of(&self, at: u64) -> u64 {
        MAP + self.frame(at) * 64
    }

    pub fn start(&self) -> (Arc<Kernel>, Arc<SwapPager>) {
        let pager = Arc::new(SwapPager::new(&self.files));
        let bare = self.kit.kernel();
        let space = bare.space.clone().with_software(Software::Linux).with_pager(Arc::clone(&pager) as Arc<dyn Pager>);
        let kernel = Arc::new(Kernel::new(space, Arc::clone(&bare.symbols), Arc::clone(&bare.types), VirtAddr::NULL));
        Frames::test(MAP).preset(&kernel);
        pager.attach(&kernel);
        (kernel, pager)
    }

    /// What the pager has of a slot.
    pub fn get(&self, area: u32, slot: u64) -> Got {
        let (_kernel, pager) = self.start();
        let mut page = vec![0xee; PAGE];
        let said = pager.fill(FaultReason::Swapped { area, slot }, &mut page).map_err(|why| why.into_owned())?;
        Ok((page, said.into_owned()))
    }

    /// The page of a slot.
    pub fn has(&self, slot: u64) -> Vec<u8> {
        self.get(0, slot).unwrap().0
    }

    /// Why the page of a slot can't be had.
    pub fn refuses(&self, slot: u64) -> String {
        match self.get(0, slot) {
            Ok((_, from)) => panic!("slot {slot} was read from {from}"),
            Err(why) => why,
        }
    }

    pub fn warnings(&self) -> Vec<String> {
        let (kernel, pager) = self.start();
        pager.check(&kernel)
    }
}

/// A swap partition with so many slots, of which `present` are there: slot n is `page(first + n)`.
pub fn partition(slots: u32, present: u32, first: u64) -> Vec<u8> {
    let mut out = vec![0; PAGE];
    out[1024..1028].copy_from_slice(&1u32.to_le_bytes());
    out[1028..1032].copy_from_slice(&(slots - 1).to_le_bytes());
    out[PAGE - 10..].copy_from_slice(b"SWAPSPACE2");
    for n in 1..present {
        out.extend(page(first + u64::from(n)));
    }
    out
}
