//! What could be the kernel's image or its root table, where nothing says where they are: one pass over memory each.

use super::super::machine::{Search, phys};
use super::super::sweep::{sweep, sweep_in};
use crate::arch::{Leaf, PageFormat, Paging};
use crate::engine::{index, to_u64};
use memsh_plugin::{PhysAddr, umem};

/// A kernel's image begins with this at byte 56 (Documentation/arch/arm64/booting.rst).
const MAGIC: &[u8; 4] = b"ARM\x64";
/// More kernels than lie in any memory.
const MOST_HEADS: usize = 64;
/// More tables than are worth a look.
const MOST_TABLES: usize = 512;

/// The header of a kernel's image.
pub(super) struct Head {
    /// Where it lies.
    pub(super) at: PhysAddr,
    /// Size of the image in bytes with what it needs behind it; 0 before 3.17.
    size: u64,
    /// Size of a page in bytes, where it says so.
    pub(super) page_size: Option<u64>,
    /// How far in what is needed for starting alone begins, where it says so: the tables lie right before it and the code for starting.
    pub(super) start_data: Option<u64>,
}

/// A table that could be the kernel's root.
pub(super) struct Candidate {
    pub(super) root: PhysAddr,
    /// Lowest and highest address of the tables that it points to.
    pub(super) low: u64,
    pub(super) high: u64,
    /// Those tables, a few of them.
    pub(super) tables: Vec<u64>,
}

/// An image without a header, or with one that does not say how large it is, is taken for so large; and none is taken for larger.
const SIZE: u64 = 64 << 20;
const LARGEST_SIZE: u64 = 256 << 20;

impl Head {
    /// The header that begins `page`, which lies at `at`.
    pub(super) fn of(at: PhysAddr, page: &[u8]) -> Option<Self> {
        let word = |at: usize| page.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
        (page.get(56..60) == Some(MAGIC.as_slice())).then(|| {
            // Bits 2:1 of the flags, 3.17.
            let page_size = [None, Some(4 << 10), Some(16 << 10), Some(64 << 10)];
            let page_size = usize::try_from(word(24) >> 1 & 3).ok().and_then(|i| page_size.get(i).copied().flatten());
            Self { at, size: word(16), page_size, start_data: start_data(page) }
        })
    }

    /// What is known of an image whose header is lost.
    pub(super) const fn without_header(at: PhysAddr) -> Self {
        Self { at, size: SIZE, page_size: None, start_data: None }
    }

    /// How much memory its tables are looked for in, in bytes.
    pub(super) fn extent(&self) -> umem {
        umem::from(if self.size == 0 { SIZE } else { self.size.min(LARGEST_SIZE) })
    }
}

/// Where `.init.data` begins, as the header for EFI says: its second section (arch/arm64/kernel/efi-header.S, Microsoft PE and COFF
/// Specification).
fn start_data(page: &[u8]) -> Option<u64> {
    let field = |at: usize, len: usize| page.get(at..at.checked_add(len)?);
    let number = |at: usize| field(at, 4)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    let pe = usize::try_from(number(0x3c)?).ok().filter(|&at| field(at, 4) == Some(b"PE\0\0"))?;
    let optional = usize::from(u16::from_le_bytes(*field(pe + 20, 2)?.first_chunk()?));
    let second = pe.checked_add(24)?.checked_add(optional)?.checked_add(40)?;
    (field(second, 6) == Some(b".data\0")).then(|| number(second + 12).map(u64::from)).flatten()
}

/// The images of kernels in memory.
pub(super) fn heads(search: &Search<'_>) -> Vec<Head> {
    let all = sweep(search, 4096, 0, |chunk| {
        chunk.parts(4096).filter_map(|(at, page)| Head::of(at, page)).take(MOST_HEADS).collect::<Vec<_>>()
    });
    all.into_iter().flatten().take(MOST_HEADS).collect()
}

/// The tables in memory, or in `within`, that could be the kernel's root in this format; those inside a kernel's image first.
pub(super) fn candidates(
    search: &Search<'_>,
    paging: Paging,
    heads: &[Head],
    within: Option<(PhysAddr, umem)>,
) -> Vec<Candidate> {
    let f = paging.format();
    let all = search.memory.ranges();
    let extent = all.first().zip(all.last()).and_then(|(a, b)| b.start.value().checked_add(b.size)?.checked_sub(a.start.value()));
    let Some(extent) = extent.and_then(to_u64) else { return Vec::new() };
    let (Some(size), Some(page_size)) = (index(umem::from(f.root_size())), index(umem::from(f.page_size()))) else {
        return Vec::new();
    };
    let is_inside = |at: PhysAddr| heads.iter().any(|h| at >= h.at && at < h.at.saturating_add(umem::from(h.size)));
    let within = within.unwrap_or((PhysAddr::NULL, umem::MAX));
    let parts = sweep_in(search, within, umem::from(f.page_size()), 0, |chunk| {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for (at, page) in chunk.parts(page_size) {
            for (skip, root) in
                super::parts(PhysAddr::NULL, paging).filter_map(|p| Some((index(p.value())?, at.saturating_add(p.value()))))
            {
                let table = skip.checked_add(size).and_then(|end| page.get(skip..end));
                let Some(found) = table.and_then(|t| candidate(f, root, t, extent)) else { continue };
                let list = if is_inside(at) { &mut inside } else { &mut outside };
                if list.len() < MOST_TABLES {
                    list.push(found);
                }
            }
        }
        (inside, outside)
    });
    let (inside, outside): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let first = |lists: Vec<Vec<Candidate>>| lists.into_iter().flatten().take(MOST_TABLES);
    first(inside).chain(first(outside)).collect()
}

/// A root of so many entries is never full: half of the address space would be more memory than there is.
const SPARSE: usize = 64;

/// A root is sparse: the direct map, the kernel and its devices. All that is in it are entries of its level.
fn candidate(f: &'static PageFormat, root: PhysAddr, table: &[u8], extent: u64) -> Option<Candidate> {
    let level = f.used_levels().first()?;
    let blocks = matches!(level.leaf, Leaf::IfClear(_));
    let (words, _) = table.as_chunks::<8>();
    let mut found = Candidate { root, low: u64::MAX, high: 0, tables: Vec::new() };
    let mut upper = false;
    // Memory that is the same all over would be full of tables full of entries. Small roots may well be full.
    let same = words.len() > 1 && words.iter().all(|w| Some(w) == words.first());
    if same || words.len() >= SPARSE && words.iter().filter(|w| **w != [0; 8]).count() > words.len() / 2 {
        return None;
    }
    for (entry, i) in words.iter().map(|w| u64::from_le_bytes(*w)).zip(0usize..) {
        match entry & 3 {
            0 if entry == 0 => continue,
            3 => {
                let table = table_of(f, entry);
                (found.low, found.high) = (found.low.min(table), found.high.max(table));
                if found.tables.len() < 16 {
                    found.tables.push(table);
                }
            }
            1 if blocks => {}
            _ => return None,
        }
        upper |= i >= words.len() / 2;
        if found.high.saturating_sub(found.low) >= extent {
            return None;
        }
    }
    (upper && !found.tables.is_empty() && found.low != 0).then_some(found)
}

/// The address of the table that an entry points to.
pub(super) fn table_of(f: &PageFormat, entry: u64) -> u64 {
    entry & f.address_mask | (entry & f.extra.mask) << f.extra.shift
}

/// Whether what lies at `at` could be a table: all that is in it are valid entries, and there is one.
pub(super) fn is_table(search: &Search<'_>, f: &PageFormat, at: PhysAddr) -> bool {
    let mut buf = vec![0; index(umem::from(f.page_size())).unwrap_or(0)];
    if search.memory.read(at, &mut buf).is_err() {
        return false;
    }
    let (words, _) = buf.as_chunks::<8>();
    let mut some = false;
    words.iter().map(|w| u64::from_le_bytes(*w)).filter(|e| *e != 0).all(|e| {
        some = true;
        e & 1 != 0
    }) && some
}

/// Where memory begins, as it was opened.
pub(super) fn start(search: &Search<'_>) -> PhysAddr {
    search.memory.ranges().first().map_or(phys(0), |r| r.start)
}
