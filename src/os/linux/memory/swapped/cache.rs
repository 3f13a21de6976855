//! The swap cache: pages that are in memory though entries of page tables say that they are swapped out. They are on their way out, or
//! were read back for another process (mm/swap_state.c). And the marks of pages that were all zeros.
//!
//! Up to 6.17 it is an array of pages for each 64 MiB of an area; since then each cluster of slots has a table.

use super::area::Area;
use super::element::{array_of, element, word_size};
use crate::engine::{Said, ViewExt};
use crate::os::linux::base::enums;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::containers::xarray::{ArrayShape, load};
use crate::os::linux::memory::frames::{Frames, MappingShape, PageFacts, PageShape};
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

/// `SWAP_ADDRESS_SPACE_SHIFT` (mm/swap.h): log2 of the slots that one array has.
pub(super) const SPACE_SHIFT: u32 = 14;
/// `MAX_SWAPFILES_SHIFT` (include/linux/swap.h): bits of an area's number in a `swp_entry_t`.
const AREA_BITS: u32 = 5;
/// `SWP_TB_FLAGS_BITS` (mm/swap_table.h): the topmost bits of a table's entry are a count and, the lowest of them, the mark of zeros.
const TABLE_FLAGS: u64 = 5;

shapes! {
    /// `page`, as the swap cache uses it: where it belongs in swap (of a folio since 6.6, in its first page).
    SwapPage: "page" {
        entry: ["private"],
    }
    /// `swap_cluster_info`.
    ClusterShape: "swap_cluster_info" {
        // 6.18.
        table: ["table"],
        // 7.2, where an entry of the table has no room for the mark.
        zeros: ["zero_bitmap"],
    }
}

/// Sizes of structures that stand in arrays, and flags of pages.
#[derive(Debug, Default)]
struct Sizes {
    space: Option<u64>,
    cluster: Option<u64>,
    /// Slots of a cluster times the size of a word (`struct swap_table`).
    table: Option<u64>,
    /// `PG_swapcache` and `PG_uptodate`, as masks.
    cached: Option<u64>,
    valid: Option<u64>,
    /// `PG_dirty` and `PG_writeback`.
    changed: Option<u64>,
}

impl Sizes {
    /// Whether a page of the cache with these flags is in its slot as it is in memory.
    fn is_written(&self, flags: u64) -> bool {
        self.changed.is_some_and(|changed| flags & changed == 0) && self.cached.is_some_and(|cached| flags & cached != 0)
    }
}

impl Found for Sizes {
    fn find(types: &dyn Types) -> Self {
        let size = |name: &str| types.size_of(name).filter(|s| (8..=1 << 16).contains(s));
        let mask = |name: &str| enums::value(types, "pageflags", name).filter(|&b| b < 64).map(|b| 1 << b);
        Self {
            space: size("address_space"),
            cluster: size("swap_cluster_info"),
            table: size("swap_table"),
            cached: mask("PG_swapcache"),
            valid: mask("PG_uptodate"),
            changed: mask("PG_dirty").zip(mask("PG_writeback")).map(|(a, b): (u64, u64)| a | b),
        }
    }
}

/// What the swap cache knows of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cached {
    /// Its page, which was read.
    Page,
    /// That it is all zeros.
    Zeros,
    /// Nothing: it is elsewhere.
    No,
    /// The cache can't be found.
    Unknown,
}

/// Looks a slot up, and reads its page where there is one.
pub(super) fn look(kernel: &Kernel, area: &Area, slot: u64, page: &mut [u8]) -> Result<Cached, Said> {
    if area.max.is_some_and(|max| slot >= max) {
        return Ok(Cached::No);
    }
    let found = match table_entry(kernel, area, slot)? {
        Some(entry) => entry.page,
        None => match array_entry(kernel, area, slot)? {
            Some(entry) => entry,
            None => return Ok(if marked(kernel, area, slot)? { Cached::Zeros } else { Cached::Unknown }),
        },
    };
    if let Some(place) = found
        && read(kernel, area.number, slot, place, page)?
    {
        return Ok(Cached::Page);
    }
    Ok(if marked(kernel, area, slot)? { Cached::Zeros } else { Cached::No })
}

/// Where a page is, as the cache says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Struct(VirtAddr),
    Frame(u64),
}

/// What a cluster's table has for a slot.
struct Entry {
    page: Option<Place>,
    zeros: bool,
}

/// The entry of a slot in its cluster's table; none for kernels without such tables.
fn table_entry(kernel: &Kernel, area: &Area, slot: u64) -> Result<Option<Entry>, Said> {
    let (shape, sizes) = (kernel.shape::<ClusterShape>(), kernel.shape::<Sizes>());
    if shape.table.is_none() {
        return Ok(None);
    }
    let word = word_size(kernel);
    let lost = || Said::from("the table of its cluster of swap slots is not in the image");
    let (size, slots) =
        sizes.cluster.zip(sizes.table.and_then(|t| t.checked_div(word))).filter(|(_, n)| *n > 0).ok_or_else(lost)?;
    let at = area.clusters.and_then(|base| element(base, slot / slots, size)).ok_or_else(lost)?;
    let cluster = shape.read(kernel.view(), at);
    if !cluster.is_whole() {
        return Err(lost());
    }
    // A cluster without a slot in use has none.
    let Some(table) = cluster.ptr(shape.table) else { return Ok(Some(Entry { page: None, zeros: false })) };
    let entry = element(table, slot % slots, word).and_then(|at| kernel.space.read_ptr(at).ok()).ok_or_else(lost)?;
    let entry = crate::engine::to_u64(entry.value()).unwrap_or(0);
    let bad = (u64::MAX >> (64 - (word * 8).clamp(8, 64))) & !7;
    let flags_at = (word * 8).saturating_sub(TABLE_FLAGS);
    let page = match entry & 7 {
        2 | 6 => Some(Place::Frame((entry & ((1 << flags_at) - 1)) >> 2)),
        // 6.18 and 6.19. What has all bits above these is a slot that is not used (`SWP_TB_BAD`).
        0 if entry > 4096 && entry != bad => Some(Place::Struct(VirtAddr::new(umem::from(entry)))),
        _ => None,
    };
    let zeros = match shape.zeros {
        Some(bits) if bits.size <= word => cluster.ptr(Some(bits)).map_or(Ok(false), |map| bit(kernel, map, slot % slots))?,
        Some(bits) => cluster.at(Some(bits)).map_or(Ok(false), |map| bit(kernel, map, slot % slots))?,
        // Pages and what is swapped out have flags.
        None => !area.has_zeros && (entry & 1 == 1 || entry & 3 == 2) && entry >> flags_at & 1 == 1,
    };
    Ok(Some(Entry { page, zeros }))
}

/// The entry of a slot in the arrays; none where there are none that are known.
fn array_entry(kernel: &Kernel, area: &Area, slot: u64) -> Result<Option<Option<Place>>, Said> {
    let (shape, sizes) = (kernel.shape::<MappingShape>(), kernel.shape::<Sizes>());
    let Some(spaces) = array_of(kernel, "swapper_spaces", area.number) else { return Ok(None) };
    let Some(spaces) = spaces else { return Ok(Some(None)) };
    let (Some(array), Some(size), Some(pages)) = (kernel.layouts.array.as_ref(), sizes.space, shape.pages) else {
        return Ok(None);
    };
    let at = element(spaces, slot >> SPACE_SHIFT, size).and_then(|at| at.checked_add(umem::from(pages.offset)));
    let lost = |_| Said::from("the swap cache can't be read: a part of it is not in the image");
    let at = at.ok_or(()).map_err(|()| lost(VirtAddr::NULL))?;
    // By slot; since 6.11 by slot within the array.
    let indices = [slot, slot & ((1 << SPACE_SHIFT) - 1)];
    let mut found = load(kernel.view(), array, at, slot).map_err(lost)?;
    if found.is_none() && indices[0] != indices[1] {
        found = load(kernel.view(), array, at, indices[1]).map_err(lost)?;
    }
    // Numbers are shadows of pages that have gone.
    Ok(Some(found.filter(|e| e & 3 == 0 && *e > 4096).map(|e| Place::Struct(VirtAddr::new(umem::from(e))))))
}

/// Whether a slot is marked as all zeros.
fn marked(kernel: &Kernel, area: &Area, slot: u64) -> Result<bool, Said> {
    match area.zeros {
        Some(map) => bit(kernel, map, slot),
        None => Ok(table_entry(kernel, area, slot)?.is_some_and(|e| e.zeros)),
    }
}

fn bit(kernel: &Kernel, map: VirtAddr, number: u64) -> Result<bool, Said> {
    let mut byte = [0];
    // Words with the least significant byte first, as all processors have that memsh knows.
    let place = element(map, number / 8, 1);
    let whole = place.is_some_and(|at| kernel.view().read_gaps(at, &mut byte).is_empty());
    match whole {
        true => Ok(byte[0] >> (number % 8) & 1 == 1),
        false => Err("whether it is all zeros is not known: the map of swap slots is not in the image".into()),
    }
}

/// Reads the page of a slot from its frame; false where it is still where it was: it is being read in, or was not changed since it was
/// written and its frame can't be had.
fn read(kernel: &Kernel, area: u64, slot: u64, place: Place, page: &mut [u8]) -> Result<bool, Said> {
    let Some(frames) = Frames::find(kernel) else {
        return match is_clean(kernel, place) {
            true => Ok(false),
            false => Err("the swap cache has it, but where the kernel keeps page frames is not known".into()),
        };
    };
    let at = match place {
        Place::Struct(at) => Some(at),
        Place::Frame(pfn) => frames.page_of(pfn),
    };
    let facts = at.and_then(|at| frames.facts(kernel, at));
    let facts = facts.ok_or("the swap cache has it, but the description of its page is not in the image")?;
    let sizes = kernel.shape::<Sizes>();
    let is = |mask: Option<u64>| mask.is_none_or(|mask| facts.flags & mask != 0);
    let pfn = is(sizes.cached).then(|| frame(kernel, &frames, &facts, area, slot)).flatten();
    let pfn = pfn.ok_or("the swap cache names a page for it that is another slot's")?;
    if !is(sizes.valid) {
        return Ok(false);
    }
    match kernel.space.memory().read(frames.phys(pfn), page) {
        Ok(()) => Ok(true),
        Err(_) if sizes.is_written(facts.flags) => Ok(false),
        Err(_) => {
            Err(format!("the swap cache has it, but its frame at {:#x} is not in the image", frames.phys(pfn).value()).into())
        }
    }
}

/// Whether the page of this `struct page`, which must be one by itself, is as it was written.
fn is_clean(kernel: &Kernel, place: Place) -> bool {
    let (Place::Struct(at), shape) = (place, kernel.shape::<PageShape>()) else { return false };
    let page = shape.read(kernel.view(), at);
    // What has a head is a part of a larger one, which has the flags.
    let alone = shape.head.is_some_and(|m| page.word(m.offset).is_some_and(|w| w & 1 == 0));
    alone && page.uint(shape.flags).is_some_and(|flags| kernel.shape::<Sizes>().is_written(flags))
}

/// The frame of a slot in the folio of these facts, if the folio says that it is that slot's.
fn frame(kernel: &Kernel, frames: &Frames, facts: &PageFacts, area: u64, slot: u64) -> Option<u64> {
    let shape = kernel.shape::<SwapPage>();
    let entry = shape.read(kernel.view(), facts.head).uint(shape.entry)?;
    let inside = slot.checked_sub(slot_of(kernel, entry, area)?).filter(|n| *n < 1 << facts.order.unwrap_or(0))?;
    frames.pfn_of(facts.head)?.checked_add(inside)
}

/// The slot of a `swp_entry_t`, if it is one of this area (`SWP_TYPE_SHIFT`, include/linux/swapops.h).
pub(super) fn slot_of(kernel: &Kernel, entry: u64, area: u64) -> Option<u64> {
    // What marks a number in an XArray, or in the radix tree before it, leaves so many bits less.
    let spare = if kernel.layouts.array.as_ref().is_some_and(ArrayShape::is_radix) { 2 } else { 1 };
    let shift = u32::try_from(word_size(kernel) * 8).ok()?.checked_sub(AREA_BITS + spare)?;
    (entry >> shift == area).then_some(entry & ((1 << shift) - 1))
}
