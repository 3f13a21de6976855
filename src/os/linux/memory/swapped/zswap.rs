//! zswap: compressed pages in memory before they reach their area's device (mm/zswap.c). What it has is not on the device, or older there.
//!
//! Each area has a tree of entries by slot: a red-black tree up to 6.9 (6.9: one for each 64 MiB of it), an XArray for each 64 MiB since.

use super::area::Area;
use super::cache::{SPACE_SHIFT, slot_of};
use super::element::{array_of, element, pointer};
use super::zpool::{self, PoolKind};
use crate::engine::{Said, ViewExt, index};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::containers::xarray::load;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

/// No balanced tree in memory is deeper.
const DEEPEST: usize = 128;
/// Functions of which every kernel with zswap has one.
const BUILT_IN: [&str; 5] =
    ["zswap_store", "zswap_load", "zswap_frontswap_store", "zswap_frontswap_load", "zswap_frontswap_invalidate_page"];

shapes! {
    /// `zswap_tree`, up to 6.9.
    TreeShape: "zswap_tree" {
        root: ["rbroot"],
    }
    /// `zswap_entry`.
    EntryShape: "zswap_entry" {
        node: ["rbnode"],
        // 6.5 has the whole `swp_entry_t` in place of the slot.
        slot: ["offset"],
        entry: ["swpentry"],
        length: ["length"],
        pool: ["pool"],
        handle: ["handle"],
        // Of a page of one word, up to 6.11.
        value: ["value"],
    }
    /// `zswap_pool`.
    PoolShape: "zswap_pool" {
        pool: ["zpool"],
        // 6.3 to 6.11: several of one kind.
        pools: ["zpools"],
        // 6.18: always zsmalloc.
        zsmalloc: ["zs_pool"],
        compressor: ["tfm_name"],
    }
    /// `zpool`.
    ZpoolShape: "zpool" {
        driver: ["driver"],
        pool: ["pool"],
    }
    /// `zpool_driver`.
    DriverShape: "zpool_driver" {
        kind: ["type"],
    }
}

/// Sizes of structures.
#[derive(Debug, Default)]
struct Sizes {
    tree: Option<u64>,
    array: Option<u64>,
    /// `zswap_header`, before the compressed bytes where the pool can evict them, up to 6.4.
    header: Option<u64>,
}

impl Found for Sizes {
    fn find(types: &dyn Types) -> Self {
        let size = |name: &str| types.size_of(name).filter(|s| (4..=4096).contains(s));
        Self { tree: size("zswap_tree"), array: size("xarray"), header: size("zswap_header") }
    }
}

/// Whether zswap has, or had, pages of an area.
pub(super) fn in_use(kernel: &Kernel, area: &Area) -> bool {
    matches!(trees(kernel, area), Ok(Some(at)) if !is_blank(kernel, at))
}

/// Fills `page` with what zswap has of a slot; false where it has nothing.
///
/// # Errors
/// Why it can't be told or read.
pub(super) fn read(kernel: &Kernel, area: &Area, slot: u64, page: &mut [u8]) -> Result<bool, Said> {
    match find(kernel, area, slot)? {
        Some(entry) => unpack(kernel, area, slot, &entry, page).map(|()| true),
        None => Ok(false),
    }
}

/// The area's trees; none where it has none.
fn trees(kernel: &Kernel, area: &Area) -> Result<Option<VirtAddr>, Said> {
    if let Some(found) = array_of(kernel, "zswap_trees", area.number) {
        return Ok(found);
    }
    if kernel.address("zswap_trees").is_some() {
        return Err("whether zswap has it is not known: the root of its tree is not in the image".into());
    }
    match BUILT_IN.iter().any(|name| kernel.address(name).is_some()) {
        true => Err("whether zswap has it is not known: no symbol zswap_trees; give symbols with --symbols".into()),
        false => Ok(None),
    }
}

/// Whether not even the first words of a tree are set: an empty one of whatever kind.
fn is_blank(kernel: &Kernel, tree: VirtAddr) -> bool {
    (0..2).all(|n| pointer(kernel, tree, n).is_some_and(|p| p.is_null()))
}

/// zswap's entry for a slot.
fn find(kernel: &Kernel, area: &Area, slot: u64) -> Result<Option<Block>, Said> {
    let Some(trees) = trees(kernel, area)? else { return Ok(None) };
    let (entries, sizes) = (kernel.shape::<EntryShape>(), kernel.shape::<Sizes>());
    if entries.handle.is_none() || (entries.slot.is_none() && entries.entry.is_none()) {
        return match is_blank(kernel, trees) {
            true => Ok(None),
            false => Err("zswap is in use and may have it, and its structures are not known: give types with --symbols".into()),
        };
    }
    let part = slot >> SPACE_SHIFT;
    if entries.node.is_some() {
        let tree = kernel.shape::<TreeShape>();
        let (root, size) = tree.root.zip(sizes.tree).ok_or("zswap may have it, and the type zswap_tree is not known")?;
        // Only 6.9 has several, and their number.
        let split = kernel.address("nr_zswap_trees").is_some();
        let at = if split { element(trees, part, size) } else { Some(trees) };
        return match at.and_then(|at| at.checked_add(umem::from(root.offset))) {
            Some(root) => red_black(kernel, &entries, area, slot, root),
            None => Ok(None),
        };
    }
    let array = kernel.layouts.array.as_ref();
    let (array, size) = array.zip(sizes.array).ok_or("zswap may have it, and the type xarray is not known")?;
    let Some(at) = element(trees, part, size) else { return Ok(None) };
    for key in [slot, slot & ((1 << SPACE_SHIFT) - 1)] {
        let found = load(kernel.view(), array, at, key).map_err(|_| lost())?;
        let Some(found) = found.filter(|e| e & 3 == 0 && *e > 4096) else { continue };
        let entry = entries.read(kernel.view(), VirtAddr::new(umem::from(found)));
        match slot_in(kernel, &entries, &entry, area) {
            Some(own) if own == slot => return Ok(Some(entry)),
            Some(_) => {}
            None => return Err(lost()),
        }
    }
    Ok(None)
}

fn lost() -> Said {
    "zswap may have it, and a part of its tree is not in the image or makes no sense".into()
}

/// The slot that an entry is for; none where it is no entry of this area.
fn slot_in(kernel: &Kernel, shape: &EntryShape, entry: &Block, area: &Area) -> Option<u64> {
    match shape.entry {
        Some(_) => slot_of(kernel, entry.uint(shape.entry)?, area.number),
        None => entry.uint(shape.slot),
    }
}

fn red_black(kernel: &Kernel, shape: &EntryShape, area: &Area, slot: u64, root: VirtAddr) -> Result<Option<Block>, Said> {
    let links = &kernel.layouts.rb_node;
    let mut at = kernel.space.read_ptr(root).map_err(|_| lost())?;
    for _ in 0..DEEPEST {
        if at.is_null() {
            return Ok(None);
        }
        let entry = shape.read(kernel.view(), container_of(at, shape.node).ok_or_else(lost)?);
        let own = slot_in(kernel, shape, &entry, area).ok_or_else(lost)?;
        if own == slot {
            return Ok(Some(entry));
        }
        let node = links.read(kernel.view(), at);
        if !node.is_whole() {
            return Err(lost());
        }
        let next = if slot < own { node.ptr(links.left) } else { node.ptr(links.right) };
        at = next.unwrap_or(VirtAddr::NULL);
    }
    Err(lost())
}

fn unpack(kernel: &Kernel, area: &Area, slot: u64, entry: &Block, page: &mut [u8]) -> Result<(), Said> {
    let (shape, pools) = (kernel.shape::<EntryShape>(), kernel.shape::<PoolShape>());
    let page_size = page.len();
    let gone = || Said::from("zswap has it, but its entry is not whole in the image");
    let length = entry.uint(shape.length).ok_or_else(gone)?;
    if length == 0 && shape.value.is_some() {
        super::fill(kernel, page, entry.uint(shape.value).ok_or_else(gone)?);
        return Ok(());
    }
    let length = index(umem::from(length)).filter(|n| (1..=page.len()).contains(n));
    let length = length.ok_or("zswap has it, but its length makes no sense")?;
    let handle = entry.uint(shape.handle).ok_or_else(gone)?;
    let pool = pools.read(kernel.view(), entry.ptr(shape.pool).ok_or_else(gone)?);
    let name = pool.text(pools.compressor).ok_or_else(gone)?.to_vec();
    let kind = kind(kernel, &pools, &pool)?;
    // With the header, and without: 6.1's zsmalloc has none, 6.2's has one.
    let header = kernel.shape::<Sizes>().header.and_then(|n| index(umem::from(n))).filter(|h| (4..=8).contains(h));
    if let Some(header) = header {
        let mut headed = |stored: &[u8]| {
            let Some((before, stored)) = stored.split_at_checked(header) else { return false };
            let own = before.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
            slot_of(kernel, own, area.number) == Some(slot) && super::unpack("zswap", &name, stored, page).is_ok()
        };
        if zpool::object(kernel, &kind, handle, header + length, page_size).is_ok_and(|stored| headed(&stored)) {
            return Ok(());
        }
        let guesses = zpool::guesses(kernel, &kind, handle, page_size).into_iter();
        if guesses.filter_map(|at| zpool::bytes(kernel, at, header + length, page_size)).any(|stored| headed(&stored)) {
            return Ok(());
        }
    }
    super::unpack("zswap", &name, &zpool::object(kernel, &kind, handle, length, page_size)?, page)
}

/// What keeps the compressed bytes of a pool.
fn kind(kernel: &Kernel, shape: &PoolShape, pool: &Block) -> Result<PoolKind, Said> {
    if let Some(at) = pool.ptr(shape.zsmalloc) {
        return PoolKind::find(kernel, b"zsmalloc", Some(at));
    }
    let (zpools, drivers) = (kernel.shape::<ZpoolShape>(), kernel.shape::<DriverShape>());
    let first = || pointer(kernel, pool.at(shape.pools)?, 0).filter(|at| !at.is_null());
    let zpool = pool.ptr(shape.pool).or_else(first).map(|at| zpools.read(kernel.view(), at));
    let name = zpool.as_ref().and_then(|z| {
        let driver = drivers.read(kernel.view(), z.ptr(zpools.driver)?);
        kernel.space.read_cstr(driver.ptr(drivers.kind)?, 64).ok()
    });
    let name = name.ok_or("zswap has it, but the kind of its pool can't be read")?;
    PoolKind::find(kernel, &name, zpool.and_then(|z| z.ptr(zpools.pool)))
}
