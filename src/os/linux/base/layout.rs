//! Where the kernel keeps what: members of structures, found once by name, read in one piece.
//!
//! A [`Shape`] is a structure of the kernel with the members that memsh asks for. Kernels rename and move members; each is
//! looked for under all the names it has had since 4.19. One that is not found is `None`, and whoever needs it goes without.

use super::lost::Lost;
use crate::engine::{Gaps, ViewExt, index, to_u64, to_umem};
use crate::symbols::{TypeId, Types, TypesExt};
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::collections::HashMap;

/// Members farther apart than this are not read: no structure that memsh reads is larger, and a hostile type must not size a
/// buffer.
const WIDEST: u64 = 64 << 10;

/// A member of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Position in bytes.
    pub offset: u64,
    /// Size in bytes; 0 when unknown.
    pub size: u64,
    /// For a bit field: position within `offset`'s byte, and width.
    pub bits: Option<(u32, u32)>,
}

/// The members of one structure, anonymous ones looked through, indexed once.
pub struct Members<'t> {
    types: &'t dyn Types,
    own: HashMap<String, (u64, Option<u32>, TypeId)>,
}

impl<'t> Members<'t> {
    /// The members of the structure `name`; none at all where there is no such structure. `MODULE!NAME` is one that a module has
    /// where it was not built into the kernel.
    pub fn of(types: &'t dyn Types, name: &str) -> Self {
        let mut members = Self { types, own: HashMap::new() };
        let plain = name.split_once('!').map_or(name, |(_, plain)| plain);
        if let Some(id) = types.find(&format!("struct {plain}")).or_else(|| types.find(plain)) {
            members.add(id);
        }
        if members.own.is_empty()
            && plain != name
            && let Some(id) = types.find(name)
        {
            members.add(id);
        }
        members
    }

    fn add(&mut self, id: TypeId) {
        self.types.members(id, |at, f| {
            self.own.entry(f.name).or_insert((at, f.bit_size, f.type_id));
            None::<()>
        });
    }

    /// The first of `paths` that exists.
    pub fn find(&self, paths: &[&str]) -> Option<Member> {
        paths.iter().find_map(|p| self.member(p))
    }

    fn member(&self, path: &str) -> Option<Member> {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        let &(bit_offset, bit_size, type_id) = self.own.get(first)?;
        let offset = bit_offset / 8;
        match rest {
            Some(rest) => {
                let inner = self.types.field_of(type_id, rest)?;
                Some(Member { offset: offset.checked_add(inner.offset)?, size: inner.size.unwrap_or(0), bits: inner.bits })
            }
            None => {
                let size = self.types.resolve(type_id).and_then(|(_, t)| t.size).unwrap_or(0);
                Some(Member { offset, size, bits: bit_size.map(|w| (u32::try_from(bit_offset % 8).unwrap_or(0), w)) })
            }
        }
    }
}

/// The part of a structure that holds all members that are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    start: u64,
    len: usize,
}

impl Extent {
    /// The extent of `members`. One that would make it too wide is dropped.
    pub fn over(members: &mut [&mut Option<Member>]) -> Self {
        let start = members.iter().filter_map(|m| m.map(|m| m.offset)).min().unwrap_or(0);
        let mut end = start;
        for slot in members.iter_mut() {
            let Some(m) = **slot else { continue };
            let bits = m.bits.map_or(0, |(p, w)| (u64::from(p) + u64::from(w)).div_ceil(8));
            match m.offset.checked_add(m.size.max(bits).max(8)) {
                Some(e) if e - start <= WIDEST => end = end.max(e),
                _ => **slot = None,
            }
        }
        Self { start, len: index(umem::from(end - start)).unwrap_or(0) }
    }

    /// Reads this part of the structure at `base`. What is missing is known to the block.
    pub fn read(&self, view: &dyn MemoryView, base: VirtAddr) -> Block {
        let mut bytes = vec![0; self.len];
        let from = base.wrapping_add(umem::from(self.start));
        let gaps = view.read_gaps(from, &mut bytes);
        let meta = view.view_metadata();
        Block {
            base,
            start: self.start,
            bytes,
            gaps,
            little_endian: meta.little_endian,
            pointer_size: u64::from(meta.pointer_size),
        }
    }
}

/// A piece of a structure, read at once.
#[derive(Debug)]
pub struct Block {
    base: VirtAddr,
    start: u64,
    bytes: Vec<u8>,
    gaps: Gaps,
    little_endian: bool,
    pointer_size: u64,
}

impl Block {
    /// Where the structure lies.
    pub fn base(&self) -> VirtAddr {
        self.base
    }

    /// Whether every byte was there.
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Whether nothing at all was there.
    pub fn is_missing(&self) -> bool {
        !self.bytes.is_empty() && self.gaps.bytes() >= to_umem(self.bytes.len())
    }

    /// `size` bytes of the member, if they were there.
    fn slice(&self, m: Member, size: u64) -> Option<&[u8]> {
        let offset = m.offset.checked_sub(self.start)?;
        let (from, to) = (index(umem::from(offset))?, index(umem::from(offset.checked_add(size)?))?);
        let bytes = self.bytes.get(from..to)?;
        if !self.gaps.is_empty() {
            let low = self.base.wrapping_add(umem::from(m.offset)).value();
            let high = low.saturating_add(umem::from(size));
            if self.gaps.as_slice().iter().any(|g| g.start < high && low < g.end) {
                return None;
            }
        }
        Some(bytes)
    }

    /// The member's bytes.
    pub fn bytes(&self, m: Option<Member>) -> Option<&[u8]> {
        let m = m?;
        self.slice(m, m.size)
    }

    /// The member as text, up to its first NUL.
    pub fn text(&self, m: Option<Member>) -> Option<&[u8]> {
        let bytes = self.bytes(m)?;
        Some(bytes.split(|&b| b == 0).next().unwrap_or(bytes))
    }

    /// The member as an unsigned number of at most eight bytes.
    pub fn uint(&self, m: Option<Member>) -> Option<u64> {
        let m = m?;
        if let Some((position, width)) = m.bits {
            let bytes = (u64::from(position) + u64::from(width)).div_ceil(8);
            let value = self.number(self.slice(m, bytes)?)? >> position;
            return Some(if width < 64 { value & ((1 << width) - 1) } else { value });
        }
        match m.size {
            1..=8 => self.number(self.slice(m, m.size)?),
            _ => None,
        }
    }

    fn number(&self, bytes: &[u8]) -> Option<u64> {
        let mut b = [0u8; 8];
        let n = bytes.len();
        if self.little_endian {
            b.get_mut(..n)?.copy_from_slice(bytes);
            Some(u64::from_le_bytes(b))
        } else {
            b.get_mut(8usize.checked_sub(n)?..)?.copy_from_slice(bytes);
            Some(u64::from_be_bytes(b))
        }
    }

    /// The member as a 32-bit number.
    pub fn u32(&self, m: Option<Member>) -> Option<u32> {
        u32::try_from(self.uint(m)?).ok()
    }

    /// The member as a signed number.
    pub fn int(&self, m: Option<Member>) -> Option<i64> {
        let value = self.uint(m)?;
        let spare = u32::try_from(64u64.saturating_sub(8 * m?.size.min(8))).ok()?;
        Some((value << spare).cast_signed() >> spare)
    }

    /// The member as a pointer: its first word, whatever it is embedded in. Null is `None`.
    pub fn ptr(&self, m: Option<Member>) -> Option<VirtAddr> {
        let value = self.number(self.slice(m?, self.pointer_size)?)?;
        (value != 0).then(|| VirtAddr::new(umem::from(value)))
    }

    /// The word of a pointer's size at `offset` of the structure.
    pub fn word(&self, offset: u64) -> Option<u64> {
        let m = Member { offset, size: self.pointer_size, bits: None };
        self.number(self.slice(m, self.pointer_size)?)
    }

    /// The address of an embedded member.
    pub fn at(&self, m: Option<Member>) -> Option<VirtAddr> {
        Some(self.base.wrapping_add(umem::from(m?.offset)))
    }
}

/// A structure of the kernel, of which one piece is read at a time.
pub trait Shape {
    /// The part that is read.
    fn extent(&self) -> Extent;

    /// The structure's name.
    fn name(&self) -> &'static str;

    /// Reads the structure at `base`.
    fn read(&self, view: &dyn MemoryView, base: VirtAddr) -> Block {
        self.extent().read(view, base)
    }

    /// Reads the structure at `base`; where nothing of it is there, says so.
    fn read_or(&self, view: &dyn MemoryView, base: VirtAddr, lost: &mut Lost) -> Option<Block> {
        let block = self.read(view, base);
        if block.is_missing() {
            lost.push(format!("{} at {base} is not in the image", self.name()));
            return None;
        }
        if !block.is_whole() {
            lost.push(format!("a part of {} at {base} is not in the image", self.name()));
        }
        Some(block)
    }
}

/// What is looked up in the types once for a kernel, and kept ([`Kernel::shape`](super::kernel::Kernel::shape)).
pub trait Found: Send + Sync + 'static {
    /// Looks it up.
    fn find(types: &dyn Types) -> Self;
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident: $structure:literal { $($member:ident: [$($path:literal),+]),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            extent: Extent,
            $(#[doc = concat!("One of: ", $("`", $path, "` "),+)] pub $member: Option<Member>,)*
        }

        impl Found for $name {
            fn find(types: &dyn Types) -> Self {
                let members = Members::of(types, $structure);
                let mut shape = Self { extent: Extent::default(), $($member: members.find(&[$($path),+])),* };
                shape.extent = Extent::over(&mut [$(&mut shape.$member),*]);
                shape
            }
        }

        impl Shape for $name {
            fn extent(&self) -> Extent {
                self.extent
            }
            fn name(&self) -> &'static str {
                $structure
            }
        }
    )*};
}
pub(crate) use shapes;

/// The offset of an embedded member, as an address distance.
pub fn offset_of(m: Option<Member>) -> Option<umem> {
    Some(umem::from(m?.offset))
}

/// The address of the structure whose member `m` lies at `at`.
pub fn container_of(at: VirtAddr, m: Option<Member>) -> Option<VirtAddr> {
    Some(at.wrapping_sub(offset_of(m)?))
}

/// A 64-bit number for arithmetic on addresses of the target.
pub fn number(at: VirtAddr) -> u64 {
    to_u64(at.value()).unwrap_or(u64::MAX)
}
