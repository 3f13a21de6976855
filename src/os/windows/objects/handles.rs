//! Tables of handles: `_HANDLE_TABLE`, `_HANDLE_TABLE_ENTRY`.
//!
//! `TableCode` points to a page of entries, or to a page of pointers to those, or to a page of pointers to such pages; its lowest two
//! bits say which. Each page of entries leaves its first one out.

use super::header::object_of;
use crate::engine::{ViewExt, to_u64};
use crate::os::lost::Lost;
use crate::os::windows::base::kernel::{Kernel, Reader};
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashSet;

const PAGE: usize = 0x1000;
/// Handles are multiples of this.
const STEP: u64 = 4;
/// More handles has no process that memsh lists; Windows ends at 16 million.
const MOST: usize = 1 << 21;
/// `ObpAccessProtectCloseBit` (WRK): in the access of an entry before Windows 8 this bit says that the handle can't be closed.
const PROTECTED: u32 = 0x0200_0000;
/// `GrantedAccessBits`, since Windows 8.
const ACCESS: u32 = 0x01ff_ffff;
/// The first build whose entries are laid out so (Windows XP): in Windows 2000 the lock is elsewhere.
const XP: u32 = 2600;

/// A handle of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// Its number.
    pub handle: u64,
    /// The object.
    pub object: VirtAddr,
    /// What may be done with the object.
    pub granted_access: Option<u32>,
    /// What was set for the handle; none where the table's form does not tell.
    pub attributes: Option<Attributes>,
}

/// What can be set for a handle: `OBJ_PROTECT_CLOSE`, `OBJ_INHERIT` (ntdef.h), `OBJ_AUDIT_OBJECT_CLOSE` (WRK, ob.h).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// It can't be closed.
    pub protected: bool,
    /// Children that are made get it, too.
    pub inherited: bool,
    /// Closing it is put on record.
    pub audited: bool,
}

impl Attributes {
    /// As the three bits of an attribute have them.
    fn of(bits: u64) -> Self {
        Self { protected: bits & 1 != 0, inherited: bits & 2 != 0, audited: bits & 4 != 0 }
    }

    /// The names of those that are set.
    pub fn names(self) -> Vec<&'static str> {
        let all = [(self.inherited, "inherit"), (self.protected, "protect_from_close"), (self.audited, "audit")];
        all.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect()
    }
}

/// An entry that is in use.
#[derive(Clone, Copy, Debug)]
struct Held {
    pointer: u64,
    access: u32,
    attributes: Attributes,
}

/// How an entry holds its object.
#[derive(Clone, Copy, Debug)]
enum Entry {
    /// Up to Windows 7: a pointer, whose lowest three bits are flags; offset of it and of the access.
    Pointer(usize, usize),
    /// Since Windows 8, 64 bits: the highest bits of the word, from `low` on, are the pointer shifted right by four.
    Shifted { low: u32, access: usize },
    /// Since Windows 8, 32 bits: the word without its lowest three bits.
    Masked { access: usize },
}

/// Layout of the entries, and bytes of one.
fn layout(kernel: &Kernel) -> Option<(Entry, usize)> {
    let o = &kernel.offsets.handle_entry;
    let at = |m: crate::os::windows::base::offsets::Member| usize::try_from(m.offset).ok();
    let bytes = usize::try_from(o.bytes?).ok().filter(|&n| n == 8 || n == 16)?;
    let entry = match (o.object, o.object_bits) {
        (_, Some(bits)) => {
            // Bits are counted from the byte that a member is said to be at; the word begins with the entry.
            let low = u32::try_from(bits.offset).ok()?.checked_mul(8)?.checked_add(bits.bits?.0)?;
            let access = at(o.access_bits?)?;
            if kernel.wide() { Entry::Shifted { low, access } } else { Entry::Masked { access } }
        }
        (Some(object), None) => Entry::Pointer(at(object)?, at(o.access?)?),
        (None, None) => return None,
    };
    Some((entry, bytes))
}

/// A number in the middle of an entry.
fn number(entry: &[u8], at: usize, len: usize) -> Option<u64> {
    let mut word = [0; 8];
    word.get_mut(..len)?.copy_from_slice(entry.get(at..at.checked_add(len)?)?);
    Some(u64::from_le_bytes(word))
}

impl Entry {
    /// What an entry holds; none of a free one.
    fn read(self, entry: &[u8], width: usize) -> Option<Held> {
        let access = |at| number(entry, at, 4).and_then(|n| u32::try_from(n).ok());
        // The lowest bit of a pointer is the entry's lock; whether it can be closed stands with the access.
        let narrow = |word: u64, access: u32| Attributes { protected: access & PROTECTED != 0, ..Attributes::of(word & 6) };
        let (pointer, access, attributes) = match self {
            Entry::Pointer(object, at) => {
                let (word, access) = (number(entry, object, width)?, access(at)?);
                (word & !7, access & !PROTECTED, narrow(word, access))
            }
            Entry::Shifted { low, access: at } => {
                let word = number(entry, 0, 8)?;
                // An arithmetic shift brings the sign along, as the kernel's own does.
                let shifted = word.cast_signed().checked_shr(low)? << 4;
                // `Attributes` are the three bits below the pointer's.
                let attributes = Attributes::of(word.checked_shr(low.checked_sub(3)?)? & 7);
                (shifted.cast_unsigned(), access(at)? & ACCESS, attributes)
            }
            Entry::Masked { access: at } => {
                let (word, access) = (number(entry, 0, 4)?, access(at)?);
                (word & !7, access & ACCESS, narrow(word, access))
            }
        };
        (pointer != 0).then_some(Held { pointer, access, attributes })
    }
}

/// Entries of a table with the pointers that they hold: of a process's table to headers, of `PspCidTable` to objects.
struct Walk<'k> {
    reader: Reader<'k>,
    entry: Entry,
    bytes: usize,
    /// Handles from here on have no entry.
    end: u64,
    what: String,
    seen: HashSet<VirtAddr>,
    out: Vec<(u64, VirtAddr, Held)>,
}

impl Walk<'_> {
    fn per_page(&self) -> u64 {
        u64::try_from(PAGE / self.bytes).unwrap_or(1)
    }

    fn pointers_per_page(&self) -> u64 {
        if self.reader.width() == 8 { 512 } else { 1024 }
    }

    /// The part of the tree of tables at `at`, whose first handle is `first`; `level` is 0 for entries. Three deep at most.
    fn page(&mut self, at: VirtAddr, level: u8, first: u64, lost: &mut Lost) {
        if first >= self.end {
            return;
        }
        if !self.reader.plausible(at) || !self.seen.insert(at) {
            lost.push(format!("{}: the page of handles from {first:#x} on is said to be at {at}, where it can't be", self.what));
            return;
        }
        let mut page = [0u8; PAGE];
        if self.reader.view().read_exact(at, &mut page).is_err() {
            lost.push(format!("{}: the page at {at} of handles from {first:#x} on is not resident", self.what));
            return;
        }
        if level == 0 {
            self.leaf(&page, first, lost);
            return;
        }
        let width = if self.reader.width() == 8 { 8 } else { 4 };
        let span = self.per_page() * STEP * if level == 2 { self.pointers_per_page() } else { 1 };
        for (i, slot) in (0u64..).zip(page.chunks_exact(width)) {
            let Some(next) = number(slot, 0, width).filter(|&n| n != 0) else { break };
            if self.out.len() >= MOST {
                break;
            }
            self.page(VirtAddr::new(umem::from(next)), level - 1, first.saturating_add(span.saturating_mul(i)), lost);
        }
    }

    fn leaf(&mut self, page: &[u8], first: u64, lost: &mut Lost) {
        let width = if self.reader.width() == 8 { 8 } else { 4 };
        let mut wild = 0u32;
        // The first entry is the page's own.
        for (i, entry) in (0u64..).zip(page.chunks_exact(self.bytes)).skip(1) {
            let handle = first.saturating_add(i * STEP);
            if handle >= self.end {
                break;
            }
            let Some(held) = self.entry.read(entry, width) else { continue };
            let pointer = VirtAddr::new(umem::from(held.pointer));
            match self.reader.plausible(pointer) {
                true => self.out.push((handle, pointer, held)),
                false => wild += 1,
            }
        }
        if wild > 0 {
            lost.push(format!("{}: {wild} entries from {first:#x} on lead to no address", self.what));
        }
    }
}

/// Entries of the `_HANDLE_TABLE` at `table`.
fn walk(kernel: &Kernel, table: VirtAddr, what: String, lost: &mut Lost) -> Vec<(u64, VirtAddr, Held)> {
    let (o, reader) = (&kernel.offsets.handle_table, kernel.reader());
    let Some((entry, bytes)) = layout(kernel) else {
        lost.push(format!("{what}: how its entries look is not known"));
        return Vec::new();
    };
    let Some(code) = reader.word_at(table, o.code) else {
        lost.push(format!("{what}: the table at {table} can't be read"));
        return Vec::new();
    };
    let level = match code & 3 {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => {
            lost.push(format!("{what}: the table at {table} has a code that no table has, {code:#x}"));
            return Vec::new();
        }
    };
    let end = reader.u32_at(table, o.next).map(u64::from).filter(|&n| n > 0 && n.is_multiple_of(STEP)).unwrap_or(u64::MAX);
    let mut walk = Walk { reader, entry, bytes, end, what, seen: HashSet::new(), out: Vec::new() };
    walk.page(VirtAddr::new(code & !3), level, 0, lost);
    if walk.out.len() >= MOST {
        lost.push(format!("{}: it does not end", walk.what));
    }
    // Before Windows 8 the table counts its handles.
    let count = reader.u32_at(table, o.count).and_then(|n| usize::try_from(n).ok());
    if let Some(missing) = count.and_then(|n| n.checked_sub(walk.out.len())).filter(|&n| n > 0 && n < MOST) {
        lost.push(format!("{}: {missing} handles more are counted than were found", walk.what));
    }
    walk.out
}

/// Handles of the process whose `_EPROCESS` lies at `process`. One that has ended has none.
pub fn of_process(kernel: &Kernel, process: VirtAddr, pid: u32, lost: &mut Lost) -> Vec<Handle> {
    let Some(member) = kernel.offsets.process.object_table else { return Vec::new() };
    let reader = kernel.reader();
    let what = format!("handles of process {pid}");
    let Some(table) = reader.ptr(process.wrapping_add(member.offset)) else {
        lost.push(format!("{what}: the pointer to them can't be read"));
        return Vec::new();
    };
    if table.is_null() {
        return Vec::new();
    }
    walk(kernel, table, what, lost)
        .into_iter()
        .filter_map(|(handle, header, held)| {
            let attributes = (kernel.build.number >= XP).then_some(held.attributes);
            Some(Handle { handle, object: object_of(kernel, header)?, granted_access: Some(held.access), attributes })
        })
        .collect()
}

/// What `PspCidTable` holds: processes and threads by id, also those that no list has any more.
pub fn ids(kernel: &Kernel, lost: &mut Lost) -> Vec<(u64, VirtAddr)> {
    let table = kernel.address("PspCidTable").and_then(|at| kernel.reader().ptr(at)).filter(|&p| kernel.reader().plausible(p));
    let Some(table) = table else { return Vec::new() };
    walk(kernel, table, "PspCidTable".to_owned(), lost).into_iter().map(|(id, at, _)| (id, at)).collect()
}

/// A process's number of handles as its table counts them, before Windows 8.
pub fn count(kernel: &Kernel, process: VirtAddr) -> Option<u64> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let table = reader.ptr_at(process, o.process.object_table)?;
    reader.u32_at(table, o.handle_table.count).map(u64::from).filter(|&n| to_u64(umem::from(n)).is_some() && n < 1 << 24)
}
