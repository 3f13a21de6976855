//! The swap areas, and what each is kept on.

use super::zram::Zram;
use crate::engine::{ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::system::swap::swaps;
use crate::symbols::{MappedFile, Types};
use memsh_plugin::{VirtAddr, umem};
use std::path::PathBuf;

shapes! {
    /// `swap_info_struct`, for its device.
    SwapDevice: "swap_info_struct" {
        device: ["bdev"],
        max: ["max"],
    }
    /// `block_device`, for its disk.
    DeviceShape: "block_device" {
        disk: ["bd_disk"],
    }
    /// `gendisk`, for its driver's own.
    DiskShape: "gendisk" {
        name: ["disk_name"],
        private: ["private_data"],
    }
}

/// Where a page of swap begins to say what it is: ten bytes before its end (`union swap_header`, include/linux/swap.h).
const SIGNATURE: &[u8] = b"SWAPSPACE2";

/// A swap area.
pub(super) struct Area {
    /// Its number in entries of page tables.
    pub(super) number: u64,
    /// Its path, for messages.
    path: String,
    /// Slots, with the header's.
    max: Option<u64>,
    kept: Kept,
}

enum Kept {
    /// Compressed, in memory.
    Zram(Zram),
    /// In a file that the user has.
    File(MappedFile),
    /// On a device whose contents are not at hand.
    Elsewhere,
    /// In a file, but part of it is kept in zswap, so that the file may be out of date.
    Behind,
}

/// The areas in use. `files` are those of the areas that are on disks, in their order.
pub(super) fn areas(kernel: &Kernel, files: &[PathBuf]) -> Vec<Area> {
    let Ok(listing) = swaps(kernel) else { return Vec::new() };
    let (device, block, disk) = (kernel.shape::<SwapDevice>(), kernel.shape::<DeviceShape>(), kernel.shape::<DiskShape>());
    let behind = zswap_in_use(kernel);
    let mut files = files.iter();
    listing
        .items
        .iter()
        .filter_map(|swap| {
            let info = device.read(kernel.view(), swap.address);
            let at = info.ptr(device.device).and_then(|at| block.read(kernel.view(), at).ptr(block.disk));
            let gendisk = at.map(|at| disk.read(kernel.view(), at));
            let zram = gendisk.as_ref().and_then(|g| {
                let name = g.text(disk.name)?;
                Zram::open(kernel, g.ptr(disk.private).filter(|_| name.starts_with(b"zram"))?)
            });
            let is_zram = gendisk.as_ref().and_then(|g| g.text(disk.name)).is_some_and(|n| n.starts_with(b"zram"));
            let kept = match (zram, is_zram) {
                (Some(zram), _) => Kept::Zram(zram),
                (None, true) => Kept::Elsewhere,
                (None, false) => match files.next().and_then(|path| MappedFile::open(path).ok()) {
                    Some(_) if behind => Kept::Behind,
                    Some(file) => Kept::File(file),
                    None => Kept::Elsewhere,
                },
            };
            let path = swap.path.as_ref().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
            Some(Area { number: swap.number?, path, max: info.uint(device.max), kept })
        })
        .collect()
}

/// Whether zswap holds pages: those are newer than what is on the disk (mm/zswap.c).
fn zswap_in_use(kernel: &Kernel) -> bool {
    let Some(at) = kernel.address("zswap_stored_pages") else { return false };
    // An atomic_t, since 6.11 an atomic_long_t; the lower half tells in either.
    kernel.space.read_u32(at).is_ok_and(|n| n != 0)
}

/// What the user should know of the files.
pub(super) fn check(areas: &[Area], files: &[PathBuf]) -> Vec<String> {
    let mut out = Vec::new();
    let mut used = 0;
    for area in areas {
        match &area.kept {
            Kept::Zram(_) => {}
            Kept::Elsewhere => {
                if used < files.len() {
                    out.push(format!("--swap: the file for area {} ({}) can't be read", area.number, area.path));
                }
                used += 1;
            }
            Kept::Behind => {
                used += 1;
                out.push(format!(
                    "--swap: area {} ({}) is not read: zswap holds some of its pages, and memsh does not read zswap yet",
                    area.number, area.path
                ));
            }
            Kept::File(file) => {
                used += 1;
                let known = [4096usize, 16384, 65536].iter().any(|p| file.get(p - SIGNATURE.len()..*p) == Some(SIGNATURE));
                if !known {
                    out.push(format!(
                        "--swap: the file for area {} ({}) has no swap header (SWAPSPACE2): is it the partition or file itself?",
                        area.number, area.path
                    ));
                }
                // `info.last_page`, behind 1024 bytes for a boot loader and the version.
                let last = file.get(1028..1032).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
                if let (true, Some(last), Some(max)) = (known, last, area.max.filter(|m| *m != 0))
                    && u64::from(last).saturating_add(1) != max
                {
                    out.push(format!(
                        "--swap: area {} ({}) has {max} slots, the file for it {}: is it another area's?",
                        area.number,
                        area.path,
                        u64::from(last).saturating_add(1)
                    ));
                }
            }
        }
    }
    if used < files.len() {
        out.push(format!("--swap: {} files were given, but the system has {used} swap areas on disks", files.len()));
    }
    out
}

impl Area {
    /// Fills `page` with what is in a slot.
    pub(super) fn read(&self, kernel: &Kernel, slot: u64, page: &mut [u8]) -> bool {
        if self.max.is_some_and(|max| max != 0 && slot >= max) {
            return false;
        }
        match &self.kept {
            Kept::Zram(zram) => zram.read(kernel, slot, page),
            Kept::File(file) => {
                let from = umem::from(slot).checked_mul(crate::engine::to_umem(page.len())).and_then(index);
                let bytes = from.and_then(|from| file.get(from..from.checked_add(page.len())?));
                bytes.map(|b| page.copy_from_slice(b)).is_some()
            }
            Kept::Elsewhere | Kept::Behind => false,
        }
    }
}

/// An address, for the shapes' users.
pub(super) fn element(base: VirtAddr, number: u64, size: u64) -> Option<VirtAddr> {
    base.checked_add(umem::from(number).checked_mul(umem::from(size))?)
}
