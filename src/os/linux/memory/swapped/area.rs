//! The swap areas, and what each is kept on.

use super::file::SwapFile;
use super::zram::Zram;
use crate::engine::{Said, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::system::swap::swaps;
use crate::symbols::Types;
use memsh_plugin::VirtAddr;
use std::path::PathBuf;

shapes! {
    /// `swap_info_struct`, for its device and its maps.
    SwapDevice: "swap_info_struct" {
        device: ["bdev"],
        max: ["max"],
        // 6.12 to 7.1.
        zeros: ["zeromap"],
        clusters: ["cluster_info"],
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

/// The swap areas in use.
pub(super) struct Areas {
    areas: Vec<Area>,
    /// Why there may be more.
    lost: Option<String>,
    /// What the user should know of the files.
    pub(super) warnings: Vec<String>,
}

/// A swap area.
pub(super) struct Area {
    /// Its number in entries of page tables.
    pub(super) number: u64,
    /// Its path, for messages.
    path: String,
    /// Slots, with the header's.
    pub(super) max: Option<u64>,
    /// Whether the kernel has a map with a bit for each slot that is all zeros, and where.
    pub(super) has_zeros: bool,
    pub(super) zeros: Option<VirtAddr>,
    /// Its clusters, since 6.18 with tables of what is in the swap cache.
    pub(super) clusters: Option<VirtAddr>,
    kept: Kept,
}

enum Kept {
    /// Compressed, in memory.
    Zram(Box<Zram>),
    /// In a file that the user has.
    File(SwapFile),
    /// Nowhere at hand, for this reason.
    Elsewhere(Said),
}

impl Areas {
    /// The areas in use. Of the `files`, each goes to the first area on a disk that has as many slots and no file yet.
    pub(super) fn find(kernel: &Kernel, files: &[PathBuf]) -> Self {
        let mut warnings = Vec::new();
        let listing = match swaps(kernel) {
            Ok(listing) => listing,
            Err(e) => {
                let why = e.message.to_string_lossy().into_owned();
                warnings.push(format!("--swap: {why}"));
                return Self { areas: Vec::new(), lost: Some(why), warnings };
            }
        };
        let page = index(kernel.space_page_size()).unwrap_or(usize::MAX);
        let mut opened: Vec<Option<SwapFile>> = Vec::new();
        for path in files {
            match SwapFile::open(path, page) {
                Ok(file) => opened.push(Some(file)),
                Err(why) => warnings.push(format!("--swap: {why}")),
            }
        }
        let mut areas: Vec<Area> = Vec::new();
        for swap in listing.items.iter() {
            let Some(number) = swap.number else { continue };
            let shape = kernel.shape::<SwapDevice>();
            let info = shape.read(kernel.view(), swap.address);
            let max = info.uint(shape.max).filter(|max| *max != 0);
            let path = swap.path.as_ref().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
            let kept = match zram(kernel, info.ptr(shape.device)) {
                // There may be marks in what is missing.
                _ if !info.is_whole() => {
                    Kept::Elsewhere(format!("the description of area {number} is not whole in the image").into())
                }
                Some(Ok(zram)) => Kept::Zram(Box::new(zram)),
                Some(Err(why)) => Kept::Elsewhere(why),
                None => match opened.iter_mut().find(|f| f.as_ref().is_some_and(|f| f.fits(max))).and_then(Option::take) {
                    Some(file) => Kept::File(file),
                    None if files.is_empty() => {
                        let whose = if path.is_empty() { String::new() } else { format!(" ({path})") };
                        Kept::Elsewhere(format!("area {number}{whose} is on a disk: give its content with --swap FILE").into())
                    }
                    None => {
                        let slots = max.map_or_else(String::new, |max| format!(", which has {max} slots"));
                        let why = format!("no file given with --swap is that of area {number} ({path}){slots}");
                        warnings.push(format!("--swap: {why}"));
                        Kept::Elsewhere(why.into())
                    }
                },
            };
            let (zeros, clusters) = (info.ptr(shape.zeros), info.ptr(shape.clusters));
            areas.push(Area { number, path, max, has_zeros: shape.zeros.is_some(), zeros, clusters, kept });
        }
        for file in opened.into_iter().flatten() {
            warnings.push(format!("--swap: {} has {} slots and is no area's of this system", file.name, file.slots));
        }
        let lost = listing.lost.first().map(|why| why.to_string_lossy().into_owned());
        Self { areas, lost, warnings }
    }

    /// The area of this number.
    pub(super) fn area(&self, number: u64) -> Result<&Area, Said> {
        let found = self.areas.iter().find(|a| a.number == number);
        found.ok_or_else(|| match &self.lost {
            Some(lost) => lost.clone().into(),
            None => format!("the system has no swap area {number}").into(),
        })
    }
}

/// The zram disk of a block device, or why it can't be read; none where it is no zram.
fn zram(kernel: &Kernel, device: Option<VirtAddr>) -> Option<Result<Zram, Said>> {
    let (block, disk) = (kernel.shape::<DeviceShape>(), kernel.shape::<DiskShape>());
    let gendisk = disk.read(kernel.view(), block.read(kernel.view(), device?).ptr(block.disk)?);
    gendisk.text(disk.name).filter(|name| name.starts_with(b"zram"))?;
    Some(gendisk.ptr(disk.private).map_or_else(|| Err("its zram disk can't be read".into()), |at| Zram::open(kernel, at)))
}

impl Area {
    /// Fills `page` with what the area's device has in a slot.
    pub(super) fn read(&self, kernel: &Kernel, slot: u64, page: &mut [u8]) -> Result<Said, Said> {
        if let Some(max) = self.max.filter(|max| slot >= *max) {
            return Err(format!("area {} has {max} slots only", self.number).into());
        }
        match &self.kept {
            Kept::Zram(zram) => {
                zram.read(kernel, slot, page)?;
                Ok(if self.path.is_empty() {
                    "zram, in memory".into()
                } else {
                    format!("zram ({}), in memory", self.path).into()
                })
            }
            Kept::File(file) => file.read(slot, page).map(|()| file.name.clone().into()),
            Kept::Elsewhere(why) => Err(why.clone()),
        }
    }
}
