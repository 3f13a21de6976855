//! zram: a disk in memory, each page compressed by itself (drivers/block/zram/zram_drv.c).

use super::element::{element, pointer};
use super::zsmalloc::Pool;
use crate::engine::{Said, ViewExt};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::{TypeKind, Types, TypesExt};
use memsh_plugin::VirtAddr;

shapes! {
    /// `zram`.
    ZramShape: "zram!zram" {
        table: ["table"],
        pool: ["mem_pool"],
        // A name in place; since 6.2 pointers to names, in the order of their numbers.
        name: ["compressor"],
        names: ["comp_algs"],
        bytes: ["disksize"],
    }
    /// `zram_table_entry`.
    EntryShape: "zram!zram_table_entry" {
        handle: ["handle"],
        element: ["element"],
        flags: ["flags", "attr.flags"],
    }
}

/// The bits of an entry's flags (`enum zram_pageflags`): they move with every version. Below the lowest stands the size.
#[derive(Clone, Debug, Default)]
struct EntryFlags {
    size_bits: Option<u32>,
    same: Option<u64>,
    written_back: Option<u64>,
    /// Size of an entry in bytes.
    size: Option<u64>,
    /// Compressed by which compressor: two bits from here (6.2).
    compressor: Option<u32>,
}

impl Found for EntryFlags {
    fn find(types: &dyn Types) -> Self {
        let id = ["enum zram_pageflags", "zram!enum zram_pageflags", "zram!zram_pageflags"].iter().find_map(|n| types.find(n));
        let values = match id.and_then(|id| types.resolve(id)).map(|(_, t)| t.kind) {
            Some(TypeKind::Enum(values)) => values,
            _ => Vec::new(),
        };
        let bit = |name: &str| {
            let found = values.iter().find(|(n, _)| n == name).map(|(_, v)| *v);
            found.and_then(|v| u32::try_from(v).ok()).filter(|b| *b < 64)
        };
        // The enumeration begins behind the size (ZRAM_FLAG_SHIFT).
        let size_bits = values.iter().filter_map(|(_, v)| u32::try_from(*v).ok()).min().filter(|b| (12..64).contains(b));
        let size = ["zram_table_entry", "zram!zram_table_entry"].iter().find_map(|n| types.size_of(n));
        Self {
            size_bits,
            same: bit("ZRAM_SAME").map(|b| 1 << b),
            written_back: bit("ZRAM_WB").map(|b| 1 << b),
            size: size.filter(|s| (8..=256).contains(s)),
            compressor: bit("ZRAM_COMP_PRIORITY_BIT1"),
        }
    }
}

/// The most compressors that a disk has: the bits of an entry's that tell which it was (`ZRAM_COMP_PRIORITY_MASK`).
const COMPRESSORS: u64 = 4;

/// A zram disk.
pub(super) struct Zram {
    table: VirtAddr,
    slots: u64,
    /// Names of its compressors.
    compressors: Vec<Vec<u8>>,
    pool: Pool,
}

impl Zram {
    /// The disk whose `struct zram` lies at `at`.
    pub(super) fn open(kernel: &Kernel, at: VirtAddr) -> Result<Self, Said> {
        let shape = kernel.shape::<ZramShape>();
        if shape.table.is_none() {
            return Err("it is in zram, whose types are not known: give types with --symbols".into());
        }
        let zram = shape.read(kernel.view(), at);
        let compressors: Vec<Vec<u8>> = match (shape.name, zram.at(shape.names)) {
            (Some(_), _) => zram.text(shape.name).map(<[u8]>::to_vec).into_iter().collect(),
            (None, Some(names)) => {
                let name = |n| kernel.space.read_cstr(pointer(kernel, names, n).filter(|at| !at.is_null())?, 64).ok();
                (0..COMPRESSORS).map(|n| name(n).unwrap_or_default()).collect()
            }
            (None, None) => Vec::new(),
        };
        let lost = || Said::from("it is in zram, but the description of the disk is not whole in the image");
        let page = crate::engine::to_u64(kernel.space_page_size()).filter(|p| *p > 0).ok_or_else(lost)?;
        let pool = zram.ptr(shape.pool).ok_or_else(lost)?;
        Ok(Self {
            table: zram.ptr(shape.table).ok_or_else(lost)?,
            slots: zram.uint(shape.bytes).ok_or_else(lost)? / page,
            compressors,
            pool: Pool::open(kernel, pool)
                .ok_or("it is in zram, whose zsmalloc pool can't be read: no types of zsmalloc, or no page frames")?,
        })
    }

    /// Fills `page` with what is in a slot.
    pub(super) fn read(&self, kernel: &Kernel, slot: u64, page: &mut [u8]) -> Result<(), Said> {
        let (shape, flags) = (kernel.shape::<EntryShape>(), kernel.shape::<EntryFlags>());
        if slot >= self.slots {
            return Err(format!("its zram disk has {} pages only", self.slots).into());
        }
        let lost = || Said::from("it is in zram, but its entry is not in the image");
        let size_bits = flags.size_bits.ok_or("it is in zram, whose flags are not known: give types with --symbols")?;
        let at = flags.size.and_then(|size| element(self.table, slot, size)).ok_or_else(lost)?;
        let entry = shape.read(kernel.view(), at);
        let bits = entry.uint(shape.flags).ok_or_else(lost)?;
        let handle = entry.uint(shape.handle).ok_or_else(lost)?;
        if flags.written_back.is_some_and(|wb| bits & wb != 0) {
            return Err("zram wrote it to its backing device".into());
        }
        if flags.same.is_some_and(|same| bits & same != 0) || handle == 0 {
            // One word again and again; a slot that nothing was written to is all zeros.
            let word = if handle == 0 { Some(0) } else { entry.uint(shape.element.or(shape.handle)) };
            super::fill(kernel, page, word.ok_or_else(lost)?);
            return Ok(());
        }
        let size = usize::try_from(bits & ((1u64 << size_bits) - 1)).ok().filter(|s| (1..=page.len()).contains(s));
        let size = size.ok_or("it is in zram, with a length that makes no sense")?;
        let stored = self.pool.object(kernel, handle, size);
        let stored = stored.ok_or("it is in zram, but its bytes are not in the image, or its handle makes no sense")?;
        // By which of the compressors.
        let which = flags.compressor.filter(|at| *at < 63).map_or(0, |at| bits >> at & (COMPRESSORS - 1));
        let name = usize::try_from(which).ok().and_then(|n| self.compressors.get(n));
        super::unpack("zram", name.map_or(&b""[..], Vec::as_slice), &stored, page)
    }
}
