//! zram: a disk in memory, each page compressed by itself (drivers/block/zram/zram_drv.c).

use super::area::element;
use super::zsmalloc::Pool;
use crate::codec::Codec;
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::{TypeKind, Types, TypesExt};
use memsh_plugin::VirtAddr;

shapes! {
    /// `zram`.
    ZramShape: "zram!zram" {
        table: ["table"],
        pool: ["mem_pool"],
        // A name in place; since 6.2 pointers to names, the first compressor's first.
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
    /// Compressed by another than the first compressor: two bits from here.
    other_compressor: Option<u32>,
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
            other_compressor: bit("ZRAM_COMP_PRIORITY_BIT1"),
        }
    }
}

/// A zram disk.
pub(super) struct Zram {
    table: VirtAddr,
    slots: u64,
    codec: Codec,
    pool: Pool,
}

/// The compressors that memsh unpacks, by the name in the kernel's crypto layer.
fn codec(name: &[u8]) -> Option<Codec> {
    Some(match name {
        b"lzo" => Codec::Lzo,
        b"lzo-rle" => Codec::LzoRle,
        b"lz4" | b"lz4hc" => Codec::Lz4,
        b"zstd" => Codec::Zstd,
        _ => return None,
    })
}

impl Zram {
    /// The disk whose `struct zram` lies at `at`; none where its structures are not known or its compressor is not.
    pub(super) fn open(kernel: &Kernel, at: VirtAddr) -> Option<Self> {
        let shape = kernel.shape::<ZramShape>();
        let zram = shape.read(kernel.view(), at);
        let name = match shape.name {
            Some(_) => zram.text(shape.name)?.to_vec(),
            None => {
                let names = zram.at(shape.names)?;
                kernel.space.read_cstr(kernel.space.read_ptr(names).ok()?, 64).ok()?
            }
        };
        let page = crate::engine::to_u64(kernel.space_page_size())?;
        Some(Self {
            table: zram.ptr(shape.table)?,
            slots: zram.uint(shape.bytes)? / page,
            codec: codec(&name)?,
            pool: Pool::open(kernel, zram.ptr(shape.pool)?)?,
        })
    }

    /// Fills `page` with what is in a slot.
    pub(super) fn read(&self, kernel: &Kernel, slot: u64, page: &mut [u8]) -> bool {
        self.try_read(kernel, slot, page).is_some()
    }

    fn try_read(&self, kernel: &Kernel, slot: u64, page: &mut [u8]) -> Option<()> {
        let (shape, flags) = (kernel.shape::<EntryShape>(), kernel.shape::<EntryFlags>());
        if slot >= self.slots {
            return None;
        }
        let entry = shape.read(kernel.view(), element(self.table, slot, flags.size?)?);
        let bits = entry.uint(shape.flags)?;
        // On the backing device; or by another compressor than the first.
        let elsewhere = flags.written_back.is_some_and(|wb| bits & wb != 0);
        let other = flags.other_compressor.is_some_and(|at| at < 63 && bits >> at & 3 != 0);
        if elsewhere || other {
            return None;
        }
        let handle = entry.uint(shape.handle)?;
        if flags.same.is_some_and(|same| bits & same != 0) || handle == 0 {
            // One word again and again; a slot that nothing was written to is all zeros.
            let word = if handle == 0 { 0 } else { entry.uint(shape.element.or(shape.handle))? };
            let size = usize::from(kernel.view().view_metadata().pointer_size);
            page.chunks_mut(size).zip(std::iter::repeat(word.to_le_bytes())).for_each(|(to, word)| {
                to.iter_mut().zip(word).for_each(|(t, w)| *t = w);
            });
            return Some(());
        }
        let size = usize::try_from(bits & ((1u64 << flags.size_bits?) - 1)).ok()?;
        if size == 0 || size > page.len() {
            return None;
        }
        let stored = self.pool.object(kernel, handle, size)?;
        if size == page.len() {
            page.copy_from_slice(&stored);
            return Some(());
        }
        // Less than a page is not what was swapped out.
        (self.codec.unpack(&stored, page).ok()? == page.len()).then_some(())
    }
}
