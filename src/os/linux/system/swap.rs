//! Swap areas (mm/swapfile.c), as `/proc/swaps` shows them.

use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::{Kernel, failed};
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::files::path::Paths;
use crate::symbols::Types;
use memsh_plugin::{ApiError, Listing, Status, Text, VirtAddr, umem};

/// `MAX_SWAPFILES` (include/linux/swap.h) is 32 less some that are set aside.
const MOST: u32 = 32;
/// `SWP_USED` (include/linux/swap.h).
const USED: u64 = 1;
/// `SWP_WRITEOK`.
const WRITABLE: u64 = 2;
/// `S_IFMT`, `S_IFBLK` (include/uapi/linux/stat.h).
const S_IFMT: u64 = 0o170_000;
const S_IFBLK: u64 = 0o60_000;
/// `SWAP_USAGE_OFFLIST_BIT` (6.13): a mark in the count of used pages.
const OFF_LIST: u64 = 1 << 30;

shapes! {
    /// `swap_info_struct`.
    SwapShape: "swap_info_struct" {
        flags: ["flags"],
        priority: ["prio"],
        number: ["type"],
        pages: ["pages"],
        used: ["inuse_pages"],
        file: ["swap_file"],
    }
    /// `file`, for its inode.
    SwapFileShape: "file" {
        inode: ["f_inode"],
    }
    /// `inode`, for the kind of file.
    SwapInodeShape: "inode" {
        mode: ["i_mode"],
    }
}

/// A swap area.
#[derive(Clone, Debug)]
pub struct Swap {
    /// Address of its `swap_info_struct`.
    pub address: VirtAddr,
    /// Its number, which swapped-out entries of page tables have.
    pub number: Option<u64>,
    /// Path of the device or file.
    pub path: Option<Text>,
    /// Whether it is a partition; else a file.
    pub partition: Option<bool>,
    /// Size in bytes.
    pub size: Option<u64>,
    /// Bytes in use.
    pub used: Option<u64>,
    /// Priority: higher ones are filled first.
    pub priority: Option<i64>,
    /// Whether pages may be written to it; not so while it is being turned off.
    pub writable: Option<bool>,
}

/// The swap areas that are in use, by number.
///
/// # Errors
/// When they are not known to symbols or types.
pub fn swaps(kernel: &Kernel) -> Result<Listing<Swap>, ApiError> {
    let first = kernel
        .address("swap_info")
        .ok_or_else(|| failed(Status::UNSUPPORTED, "can't list swap areas: no symbol swap_info; give symbols with --symbols"))?;
    let shape = kernel.shape::<SwapShape>();
    if shape.flags.is_none() {
        let why = "can't list swap areas: no type swap_info_struct; give types with --symbols";
        return Err(failed(Status::UNSUPPORTED, why));
    }
    let mut lost = Lost::default();
    let count = kernel.address("nr_swapfiles").and_then(|at| kernel.space.read_u32(at).ok());
    if count.is_none_or(|n| n > MOST) {
        lost.push(format!("the number of swap areas is not known; {MOST} were looked for"));
    }
    let word = umem::from(kernel.view().view_metadata().pointer_size);
    let mut paths = Paths::new(kernel);
    let mut out = Vec::new();
    for i in 0..count.unwrap_or(MOST).min(MOST) {
        let place = first.wrapping_add(umem::from(i) * word);
        let Ok(at) = kernel.space.read_ptr(place) else {
            lost.push(format!("swap area {i}: its address at {place} is not in the image"));
            continue;
        };
        // Without the count, the array's end is not known.
        if at.is_null() {
            continue;
        }
        out.extend(swap(kernel, &shape, at, &mut paths, &mut lost));
    }
    lost.extend(paths.lost);
    Ok(lost.listing(out))
}

fn swap(kernel: &Kernel, shape: &SwapShape, at: VirtAddr, paths: &mut Paths, lost: &mut Lost) -> Option<Swap> {
    let block = shape.read_or(kernel.view(), at, lost)?;
    let flags = block.uint(shape.flags);
    // A slot stays when its area is turned off.
    if flags.is_some_and(|f| f & USED == 0) {
        return None;
    }
    let file = block.ptr(shape.file);
    let (files, inodes) = (kernel.shape::<SwapFileShape>(), kernel.shape::<SwapInodeShape>());
    let inode = file.and_then(|at| files.read(kernel.view(), at).ptr(files.inode));
    let mode = inode.and_then(|at| inodes.read(kernel.view(), at).uint(inodes.mode));
    let page = to_u64(kernel.space_page_size())?;
    Some(Swap {
        address: at,
        number: block.uint(shape.number),
        path: file.and_then(|f| paths.file(f).path).map(Text::from),
        partition: mode.map(|m| m & S_IFMT == S_IFBLK),
        size: block.uint(shape.pages).and_then(|n| n.checked_mul(page)),
        used: block.uint(shape.used).and_then(|n| (n & !OFF_LIST).checked_mul(page)),
        priority: block.int(shape.priority),
        writable: flags.map(|f| f & WRITABLE != 0),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::linux::testkit::{Kit, u};

    const AT: u64 = 0xffff_8880_0000_0000;

    fn kit(count: u32) -> Kit {
        let mut kit = Kit::new();
        kit.types.structure(
            "swap_info_struct",
            64,
            &[("flags", 0, u(8)), ("prio", 8, u(2)), ("type", 10, u(1)), ("pages", 16, u(4)), ("inuse_pages", 24, u(8))],
        );
        kit.symbol("swap_info", AT);
        kit.symbol("nr_swapfiles", AT + 0x800);
        kit.put(AT, &[0; 256]);
        kit.put(AT + 0x800, &count.to_le_bytes());
        for i in 0..2 {
            let area = AT + 0x1000 + i * 0x1000;
            kit.word(AT + i * 8, area);
            kit.word(area, 3);
            kit.put(area + 8, &(-2i16).to_le_bytes());
            kit.put(area + 16, &9u32.to_le_bytes());
            kit.word(area + 24, 4 | OFF_LIST);
        }
        kit
    }

    #[test]
    fn an_area_tells_bytes_and_its_priority() {
        let mut kit = kit(2);
        // The second was turned off.
        kit.word(AT + 0x2000, 2);
        let listing = swaps(&kit.kernel()).unwrap();
        let all = listing.items.to_vec();
        assert_eq!(all.len(), 1);
        let first = all.first().unwrap();
        assert_eq!((first.size, first.used, first.priority), (Some(9 * 4096), Some(4 * 4096), Some(-2)));
        assert!(listing.lost.is_empty());
    }

    #[test]
    fn a_count_or_a_pointer_that_makes_no_sense_is_told() {
        let mut kit = kit(u32::MAX);
        kit.word(AT, 0x4141_4141_4141);
        let listing = swaps(&kit.kernel()).unwrap();
        assert_eq!((listing.items.len(), listing.lost.len()), (1, 2));
    }
}
