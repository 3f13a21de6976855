//! Where zswap keeps compressed bytes: zbud, z3fold or zsmalloc, by a handle (mm/zpool.c; since 6.18 zsmalloc only).

use super::element::word_size;
use super::zsmalloc::Pool;
use crate::engine::{Said, ViewExt, to_u64, to_umem};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

/// `NCHUNKS_ORDER` (mm/zbud.c, mm/z3fold.c): log2 of the chunks that a page is divided into.
const CHUNKS: u32 = 6;
/// `enum buddy` (mm/z3fold.c): which object of a page a handle is for.
const FIRST: u64 = 1;
const MIDDLE: u64 = 2;
const LAST: u64 = 3;
/// `BUDDY_MASK`, and above it the size of the last object in chunks (`BUDDY_SHIFT`).
const BUDDY: u64 = 3;
const BUDDY_BITS: u32 = 2;
/// `PAGE_HEADLESS`: the object has the whole page.
const HEADLESS: u64 = 1;

shapes! {
    /// `z3fold_header`, at the beginning of a page.
    Z3foldShape: "z3fold!z3fold_header" {
        middle: ["start_middle"],
        first: ["first_num"],
        last: ["last_chunks"],
    }
}

/// What z3fold's types say.
#[derive(Debug, Default)]
struct Z3foldKind {
    header: Option<u64>,
    /// Whether a handle points to what it is, or is it (before 5.3).
    slots: bool,
}

impl Found for Z3foldKind {
    fn find(types: &dyn Types) -> Self {
        let size = |name: &str| types.size_of(name).or_else(|| types.size_of(&format!("z3fold!{name}")));
        Self { header: size("z3fold_header").filter(|s| *s <= 4096), slots: size("z3fold_buddy_slots").is_some() }
    }
}

/// What keeps the bytes.
pub(super) enum PoolKind {
    Zbud,
    Z3fold,
    Zsmalloc(Box<Pool>),
}

impl PoolKind {
    /// The kind of this name, for the pool at `at`.
    pub(super) fn find(kernel: &Kernel, name: &[u8], at: Option<VirtAddr>) -> Result<Self, Said> {
        match name {
            b"zbud" => Ok(Self::Zbud),
            b"z3fold" => Ok(Self::Z3fold),
            b"zsmalloc" => match at.and_then(|at| Pool::open(kernel, at)) {
                Some(pool) => Ok(Self::Zsmalloc(Box::new(pool))),
                None => Err("zswap has it, but its zsmalloc pool can't be read: no types of zsmalloc, or no page frames".into()),
            },
            other => {
                Err(format!("zswap has it, in a pool of a kind that memsh does not read: {:?}", String::from_utf8_lossy(other))
                    .into())
            }
        }
    }
}

/// The first `size` bytes of the object of a handle, in a system with pages of `page` bytes.
pub(super) fn object(kernel: &Kernel, kind: &PoolKind, handle: u64, size: usize, page: usize) -> Result<Vec<u8>, Said> {
    let lost = || Said::from("zswap has it, but the compressed bytes are not in the image, or its handle makes no sense");
    match kind {
        PoolKind::Zsmalloc(pool) => pool.object(kernel, handle, size).ok_or_else(lost),
        // The handle is the object's address (`encode_handle`, mm/zbud.c).
        PoolKind::Zbud => bytes(kernel, handle, size, page).ok_or_else(lost),
        PoolKind::Z3fold => {
            let known = kernel.shape::<Z3foldKind>();
            if known.header.is_none() {
                return Err("zswap has it, in z3fold, whose types are not known".into());
            }
            bytes(kernel, z3fold(kernel, &known, handle, page).ok_or_else(lost)?, size, page).ok_or_else(lost)
        }
    }
}

/// Where in z3fold's page an object may begin whose types are not known: kernels before 5.11 have none of modules. Only what proves
/// itself may be taken.
pub(super) fn guesses(kernel: &Kernel, kind: &PoolKind, handle: u64, page: usize) -> Vec<u64> {
    let known = kernel.shape::<Z3foldKind>();
    let Some(page) = to_u64(to_umem(page)).filter(|_| matches!(kind, PoolKind::Z3fold) && known.header.is_none()) else {
        return Vec::new();
    };
    let place = kernel.space.read_ptr(VirtAddr::new(umem::from(handle))).ok().and_then(|p| to_u64(p.value()));
    let step = (page >> CHUNKS).max(1);
    place
        .into_iter()
        .chain([handle])
        .flat_map(|at| (0..1 << CHUNKS).map(move |n| (at & !(page - 1)).wrapping_add(n * step)))
        .collect()
}

/// Bytes that lie in one page.
pub(super) fn bytes(kernel: &Kernel, at: u64, size: usize, page: usize) -> Option<Vec<u8>> {
    let (size, page) = (to_u64(to_umem(size))?, to_u64(to_umem(page))?);
    ((at & (page - 1)).checked_add(size)? <= page).then_some(())?;
    let mut out = vec![0; usize::try_from(size).ok()?];
    kernel.view().read_gaps(VirtAddr::new(umem::from(at)), &mut out).is_empty().then_some(out)
}

/// The address of z3fold's object.
fn z3fold(kernel: &Kernel, known: &Z3foldKind, handle: u64, page: usize) -> Option<u64> {
    let page = to_u64(to_umem(page))?;
    let base = |at: u64| at & !(page - 1);
    let chunk = page.checked_ilog2()?.checked_sub(CHUNKS)?;
    if known.slots && handle & HEADLESS != 0 {
        return Some(base(handle));
    }
    let place = match known.slots {
        // Slots are words.
        true if handle.is_multiple_of(word_size(kernel)) => {
            to_u64(kernel.space.read_ptr(VirtAddr::new(umem::from(handle))).ok()?.value())?
        }
        true => return None,
        false => handle,
    };
    let at = base(place);
    let shape = kernel.shape::<Z3foldShape>();
    let header = shape.read(kernel.view(), VirtAddr::new(umem::from(at)));
    let buddy = place.wrapping_sub(header.uint(shape.first)?) & BUDDY;
    let inside = match buddy {
        FIRST => known.header?.div_ceil(1 << chunk) << chunk,
        MIDDLE => header.uint(shape.middle)? << chunk,
        LAST => page.checked_sub(((place & (page - 1)) >> BUDDY_BITS) << chunk)?,
        // Before 5.3 there are handles of whole pages without a mark.
        _ if !known.slots && place == at => 0,
        _ => return None,
    };
    (inside < page).then_some(at.checked_add(inside)?)
}
