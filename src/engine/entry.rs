//! What one page-table entry says, for every format.
//!
//! Everything here is `inline(always)` over a `&PageFormat`: called with a constant, it folds to the few instructions that
//! the one format needs.

use crate::arch::{Canonical, Extra, Large, Leaf, Level, PageFormat, PermRule, SplitRoots};
use memsh_plugin::Perm;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Not valid.
    Absent,
    /// Reserved bits are set.
    Reserved,
    /// The physical address of the next table.
    Table(u64),
    /// The physical address and size (log2) of a page.
    Page(u64, u32),
}

/// Permission bits gathered on the way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Bits set in every entry.
    all: u64,
    /// Bits set in any entry.
    any: u64,
    /// Bits set in any table entry.
    tables: u64,
}

/// x86's bits for writing and for user code, which are those of [`Perm`] too.
const WRITE: u64 = 1 << 1;
const USER: u64 = 1 << 2;

impl Seen {
    pub(super) const NOTHING: Seen = Seen { all: u64::MAX, any: 0, tables: 0 };

    /// After an entry that points to a table.
    #[inline(always)]
    pub(super) const fn table(self, level: &Level, entry: u64) -> Seen {
        if !level.permits {
            return self;
        }
        Seen { all: self.all & entry, any: self.any | entry, tables: self.tables | entry }
    }

    /// What is allowed, after the entry that maps the page.
    #[inline(always)]
    pub(super) const fn page(self, rule: &PermRule, entry: u64) -> Perm {
        let all = self.all & entry;
        let any = self.any | entry;
        if rule.is_x86() {
            // The general way below comes to the same; this one is a third of the instructions of the whole walk less.
            return Perm::from_x86(all & (WRITE | USER), any >> 63);
        }
        let write = all & rule.all_write == rule.all_write
            && entry & rule.leaf_write == rule.leaf_write
            && entry & rule.leaf_read_only == 0
            && self.tables & rule.table_read_only == 0;
        let user = all & rule.all_user == rule.all_user
            && entry & rule.leaf_user == rule.leaf_user
            && self.tables & rule.table_no_user == 0;
        let barred = if user {
            entry & rule.leaf_uxn != 0 || self.tables & rule.table_uxn != 0
        } else {
            entry & rule.leaf_pxn != 0 || self.tables & rule.table_pxn != 0
        };
        let execute = any & rule.any_nx == 0 && entry & rule.leaf_execute == rule.leaf_execute && !barred;
        let read = entry & rule.leaf_read == rule.leaf_read && (rule.leaf_read_any == 0 || entry & rule.leaf_read_any != 0);
        Perm::NONE.with(Perm::READ, read).with(Perm::WRITE, write).with(Perm::EXECUTE, execute).with(Perm::USER, user)
    }
}

/// What the leaf `entry` of a level is judged by.
#[inline(always)]
pub(super) const fn rule<'f>(f: &'f PageFormat, level: &'f Level, entry: u64) -> &'f PermRule {
    if is_large(level, entry)
        && let Some(rule) = &level.large.perm
    {
        return rule;
    }
    match &level.perm {
        Some(rule) => rule,
        None => &f.perm,
    }
}

/// Bits of a leaf that its permissions can hang on.
#[inline(always)]
pub(super) const fn flags(f: &PageFormat, level: &Level, entry: u64) -> u64 {
    // A larger page has flags where others have address bits.
    if level.large.mask != 0 { entry & ((1 << level.large.shift) - 1) } else { entry & !f.address_mask }
}

#[inline(always)]
const fn is_large(level: &Level, entry: u64) -> bool {
    level.large.mask != 0 && entry & level.large.mask == level.large.value
}

#[inline(always)]
const fn address(f: &PageFormat, entry: u64) -> u64 {
    extra(f.extra, entry) | (entry & f.address_mask) << f.address_shift
}

/// The address in an entry that would map a page of `level`.
#[inline(always)]
pub(super) const fn leaf_address(f: &PageFormat, level: &Level, entry: u64) -> u64 {
    (address(f, entry) & !((1u64 << level.shift) - 1)) | extra(level.leaf_extra, entry)
}

#[inline(always)]
const fn extra(x: Extra, entry: u64) -> u64 {
    (entry & x.mask) << x.shift
}

/// Whether a valid entry of `level` maps memory; `None` where it is invalid after all.
#[inline(always)]
const fn is_leaf(level: &Level, entry: u64) -> Option<bool> {
    match level.leaf {
        Leaf::Never { require } => {
            if entry & require == require {
                Some(false)
            } else {
                None
            }
        }
        Leaf::Always { require } => {
            if entry & require == require {
                Some(true)
            } else {
                None
            }
        }
        Leaf::IfAny(mask) => Some(entry & mask != 0),
        Leaf::OnlyIfAny(mask) => {
            if entry & mask != 0 {
                Some(true)
            } else {
                None
            }
        }
        Leaf::IfClear(mask) => Some(entry & mask == 0),
    }
}

/// What `entry` of `level` is.
#[inline(always)]
pub(super) const fn decode(f: &PageFormat, level: &Level, entry: u64) -> Entry {
    // The common case of a pointing level in one test.
    if let Leaf::Never { require } = level.leaf
        && f.forbidden.0 == 0
        && entry & (f.present | require | level.table_reserved) == f.present | require
    {
        return Entry::Table(address(f, entry));
    }
    if entry & f.present != f.present || (f.present_any != 0 && entry & f.present_any == 0) {
        return Entry::Absent;
    }
    if f.forbidden.0 != 0 && entry & f.forbidden.0 == f.forbidden.1 {
        return Entry::Reserved;
    }
    match is_leaf(level, entry) {
        None => Entry::Reserved,
        Some(false) => {
            if entry & level.table_reserved != 0 {
                return Entry::Reserved;
            }
            Entry::Table(address(f, entry))
        }
        Some(true) => {
            if entry & level.leaf_reserved != 0 {
                return Entry::Reserved;
            }
            if f.napot != 0 && entry & f.napot != 0 {
                return napot(f, level, entry);
            }
            if is_large(level, entry) {
                return large(f, &level.large, entry);
            }
            Entry::Page(leaf_address(f, level, entry), level.shift)
        }
    }
}

/// A page that takes several entries.
#[cold]
const fn large(f: &PageFormat, l: &Large, entry: u64) -> Entry {
    let [a, b] = l.extra;
    let base = address(f, entry) & !((1u64 << l.shift) - 1);
    Entry::Page(base | extra(a, entry) | extra(b, entry), l.shift)
}

/// RISC-V Svnapot: the low bits of the page number say the size; only 64 KiB (`1000`) is defined, and only at the last level.
#[cold]
const fn napot(f: &PageFormat, level: &Level, entry: u64) -> Entry {
    let number = address(f, entry) >> level.shift;
    if level.shift != f.page_shift() || number & 0xf != 0b1000 {
        return Entry::Reserved;
    }
    Entry::Page((number & !0xf) << level.shift, level.shift + 4)
}

/// Position of the entry for `va` in a table of `level`, in bytes.
#[inline(always)]
pub(super) const fn entry_offset(f: &PageFormat, level: &Level, va: u64) -> u64 {
    ((va >> level.shift) & ((1 << level.bits) - 1)) * f.entry_size_u64()
}

/// Whether `va` is translated at all, and from the upper root.
#[inline(always)]
pub(super) const fn half(f: &PageFormat, va: u64) -> Option<bool> {
    match f.canonical {
        Canonical::Zero => {
            if va >> f.va_bits == 0 {
                Some(false)
            } else {
                None
            }
        }
        Canonical::Below(bit) => {
            if va >> f.va_bits == 0 {
                Some(va >> bit != 0)
            } else {
                None
            }
        }
        Canonical::Signed => {
            // Half the range up, the two halves become one that begins at 0.
            if va.wrapping_add(1 << (f.va_bits - 1)) >> f.va_bits == 0 {
                Some(matches!(f.split, SplitRoots::Yes) && va >> 63 == 1)
            } else {
                None
            }
        }
        Canonical::Split => {
            let upper = va >> 55 & 1 == 1;
            // A kernel that tags its own pointers (KASAN with memory tagging) uses tags from 0xf0 on.
            let checked = if upper && va >> 60 == 0xf {
                (va | 0xff << 56) >> f.va_bits
            } else if upper {
                va >> f.va_bits
            } else {
                (va & 0x00ff_ffff_ffff_ffff) >> f.va_bits
            };
            if checked == 0 {
                Some(false)
            } else if checked == u64::MAX >> f.va_bits && upper {
                Some(true)
            } else {
                None
            }
        }
    }
}
