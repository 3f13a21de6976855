//! Writing page tables: the walker's other half.
//!
//! A [`TableBuilder`] owns a piece of physical memory, hands out its pages, and maps virtual to physical addresses in any
//! format by writing entries as a kernel would.

use super::random::Random;
use crate::arch::{Arch, Canonical, Level, PageFormat, Paging, SplitRoots};
use crate::engine::{index, to_umem};
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{Perm, PhysAddr, VirtAddr, umem};

/// The root tables of an address space. Where the format has one root for everything, both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Roots {
    /// Physical address of the root of the lower half.
    pub lower: u64,
    /// Physical address of the root of the upper half.
    pub upper: u64,
}

/// Physical memory under construction.
pub struct TableBuilder {
    paging: Paging,
    base: u64,
    bytes: Vec<u8>,
    /// Free pages, the next to be handed out last.
    free: Vec<u64>,
}

/// No builder is larger: it is a test device.
const MAX_SIZE: u64 = 1 << 36;

impl TableBuilder {
    /// `size` bytes of zeros from physical address `base` on; both are rounded to pages of the format.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when there is no room for a few pages, or far too much.
    pub fn new(paging: Paging, base: u64, size: u64) -> Result<Self> {
        let page = paging.format().page_size();
        let (base, size) = (base & !(page - 1), size & !(page - 1));
        if size < page * 8 || size > MAX_SIZE || base.checked_add(size).is_none() {
            return Err(Error::new(
                Layer::Connector,
                ErrorKind::Invalid,
                format!("a made-up memory of {size:#x} bytes: it needs {:#x} to {MAX_SIZE:#x}", page * 8),
            ));
        }
        let bytes = vec![0; index(umem::from(size)).unwrap_or(0)];
        // Page 0 stays unused, so that no table has address 0.
        let free = (u64::from(base == 0)..size / page).map(|i| base + i * page).rev().collect();
        Ok(Self { paging, base, bytes, free })
    }

    /// Hands out the pages in a random order from now on.
    pub fn shuffle(&mut self, random: &mut Random) {
        random.shuffle(&mut self.free);
    }

    /// The format.
    pub fn paging(&self) -> Paging {
        self.paging
    }

    fn format(&self) -> &'static PageFormat {
        self.paging.format()
    }

    /// A free page of the smallest size, for a table or for data.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when no page is left.
    pub fn page(&mut self) -> Result<u64> {
        self.free.pop().ok_or_else(|| Error::new(Layer::Connector, ErrorKind::Invalid, "the made-up memory is full"))
    }

    /// A free, aligned block of `size` bytes (a page size of the format), for a large page.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when none is left.
    pub fn large_page(&mut self, size: u64) -> Result<u64> {
        let page = self.format().page_size();
        let mut sorted = self.free.clone();
        sorted.sort_unstable();
        let end = self.base.saturating_add(to_umem_u64(self.bytes.len()));
        let mut at = self.base.next_multiple_of(size.max(1));
        while at.saturating_add(size) <= end {
            let first = sorted.partition_point(|&p| p < at);
            let last = sorted.partition_point(|&p| p < at + size);
            if to_umem_u64(last - first) == size / page {
                self.free.retain(|p| !(at..at + size).contains(p));
                return Ok(at);
            }
            at += size;
        }
        Err(Error::new(Layer::Connector, ErrorKind::Invalid, format!("no free block of {size:#x} bytes is left")))
    }

    /// New, empty root tables.
    ///
    /// # Errors
    /// When memory is full.
    pub fn roots(&mut self) -> Result<Roots> {
        let lower = self.root()?;
        let upper = if self.format().split == SplitRoots::Yes { self.root()? } else { lower };
        Ok(Roots { lower, upper })
    }

    /// A table of the first level; ARM's is larger than a page.
    fn root(&mut self) -> Result<u64> {
        match self.format().root_size() {
            size if size > self.format().page_size() => self.large_page(size),
            _ => self.page(),
        }
    }

    /// Copies `bytes` to physical address `at`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] outside the memory.
    pub fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let to = at.checked_sub(self.base).and_then(|o| index(umem::from(o)));
        match to.and_then(|o| self.bytes.get_mut(o..o.checked_add(bytes.len())?)) {
            Some(to) => {
                to.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(Error::new(Layer::Connector, ErrorKind::Invalid, "outside the made-up memory")
                .at(At::Phys(PhysAddr::new(umem::from(at))))),
        }
    }

    /// The bytes so far, from the base on.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The finished memory: its base and its bytes.
    pub fn finish(self) -> (u64, Vec<u8>) {
        (self.base, self.bytes)
    }

    /// The entry at physical address `at`.
    pub fn entry(&self, at: u64) -> Option<u64> {
        let o = index(umem::from(at.checked_sub(self.base)?))?;
        let size = index(umem::from(self.format().entry_size))?;
        let bytes = self.bytes.get(o..o.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)))
    }

    /// Writes an entry of the format's size at physical address `at`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] outside the memory.
    pub fn set_entry(&mut self, at: u64, entry: u64) -> Result<()> {
        let size = index(umem::from(self.format().entry_size)).unwrap_or(8);
        self.write(at, entry.to_le_bytes().get(..size).unwrap_or(&[]))
    }

    /// Where the entry for `va` of the level with this shift lies; tables above it are made where they are missing.
    ///
    /// # Errors
    /// When memory is full, when a large page is in the way, or when the format has no such level.
    pub fn entry_address(&mut self, roots: Roots, va: u64, shift: u32) -> Result<u64> {
        let f = self.format();
        // AArch64 has a tag above bit 55; x86 knows no such thing.
        let half = match f.canonical {
            Canonical::Split => 55,
            Canonical::Below(bit) => bit,
            _ => 63,
        };
        let upper = f.split == SplitRoots::Yes && va >> half & 1 == 1;
        let mut table = if upper { roots.upper } else { roots.lower };
        for level in f.used_levels() {
            let at = table + ((va >> level.shift) & ((1 << level.bits) - 1)) * u64::from(f.entry_size);
            if level.shift == shift {
                return Ok(at);
            }
            let entry = self.entry(at).unwrap_or(0);
            table = match next_table(f, entry) {
                Some(next) => next,
                None if entry == 0 => {
                    let next = self.page()?;
                    self.set_entry(at, table_entry(f, level, next))?;
                    next
                }
                None => return Err(at_virt("a larger page is mapped there already", va)),
            };
        }
        Err(at_virt(&format!("{} has no pages of {:#x} bytes", f.mode, 1u64 << shift), va))
    }

    /// Maps the page of `size` bytes around `va` to `pa`.
    ///
    /// # Errors
    /// As [`entry_address`](Self::entry_address); also when the format has no page of that size.
    pub fn map(&mut self, roots: Roots, va: u64, pa: u64, size: u64, perm: Perm) -> Result<()> {
        let f = self.format();
        let entry = f.used_levels().iter().find(|l| 1u64 << l.shift == size).and_then(|l| leaf_entry(f, l, pa, perm));
        let Some(entry) = entry else {
            return Err(at_virt(&format!("{} has no pages of {size:#x} bytes", f.mode), va));
        };
        let at = self.entry_address(roots, va, size.trailing_zeros())?;
        self.set_entry(at, entry)
    }

    /// Where a smallest page that was mapped puts `va`.
    pub fn lookup(&mut self, roots: Roots, va: u64) -> Option<u64> {
        let f = self.format();
        let at = self.entry_address(roots, va, f.page_shift()).ok()?;
        let entry = self.entry(at).filter(|&e| e != 0)?;
        let base = match f.arch {
            Arch::RiscV64 | Arch::RiscV32 => (entry & 0x003f_ffff_ffff_fc00) << 2,
            Arch::X86 => entry & 0xffff_f000,
            Arch::X86Pae | Arch::X86_64 => entry & 0x000f_ffff_ffff_f000,
            Arch::Arm if f.entry_size == 4 => entry & 0xffff_f000,
            Arch::Arm => entry & 0x00ff_ffff_f000,
            // Only memory of this builder, which no high bits are needed for.
            Arch::AArch64 => entry & 0x0000_ffff_ffff_f000 & !(f.page_size() - 1),
        };
        Some(base + (va & (f.page_size() - 1)))
    }

    /// Lets `to` have what the root entry for `va` of `from` maps: how processes share the kernel's half.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for roots outside the memory.
    pub fn share(&mut self, from: Roots, to: Roots, va: u64) -> Result<()> {
        let shift = self.format().used_levels().first().map_or(0, |l| l.shift);
        let (from, to) = (self.entry_address(from, va, shift)?, self.entry_address(to, va, shift)?);
        let entry = self.entry(from).unwrap_or(0);
        self.set_entry(to, entry)
    }
}

fn at_virt(reason: &str, va: u64) -> Error {
    Error::new(Layer::Connector, ErrorKind::Invalid, reason).at(At::Virt(VirtAddr::new(umem::from(va))))
}

fn to_umem_u64(n: usize) -> u64 {
    crate::engine::to_u64(to_umem(n)).unwrap_or(u64::MAX)
}

/// The entry that points from a table of `level` to the table at `next`, allowing everything.
pub fn table_entry(f: &PageFormat, level: &Level, next: u64) -> u64 {
    match f.arch {
        // A PAE first-level entry has no permission bits (SDM 3A, table 4-8).
        Arch::X86Pae if !level.permits => next | 1,
        Arch::X86 | Arch::X86Pae | Arch::X86_64 => next | 0b111,
        Arch::AArch64 => arm_address(f, next) | 0b11,
        Arch::Arm if f.entry_size == 4 => next & 0xffff_fc00 | 0b01,
        Arch::Arm => next | 0b11,
        Arch::RiscV64 | Arch::RiscV32 => next >> 12 << 10 | 1,
    }
}

/// The table that an entry points to, if it points to one; entries as this file writes them.
fn next_table(f: &PageFormat, entry: u64) -> Option<u64> {
    match f.arch {
        Arch::X86 => (entry & 0x81 == 1).then_some(entry & 0xffff_f000),
        Arch::X86Pae | Arch::X86_64 => (entry & 0x81 == 1).then_some(entry & 0x000f_ffff_ffff_f000),
        Arch::AArch64 => (entry & 3 == 3).then(|| {
            let high = match f.extra.shift {
                36 => (entry & 0xf000) << 36,
                42 => (entry & 0x300) << 42,
                _ => 0,
            };
            high | (entry & 0x0003_ffff_ffff_f000 & !(f.page_size() - 1))
        }),
        Arch::Arm if f.entry_size == 4 => (entry & 3 == 1).then_some(entry & 0xffff_fc00),
        Arch::Arm => (entry & 3 == 3).then_some(entry & 0x00ff_ffff_f000),
        Arch::RiscV64 | Arch::RiscV32 => (entry & 0xf == 1).then_some((entry & 0x003f_ffff_ffff_fc00) << 2),
    }
}

/// An entry of `level` that maps the page at `pa`; `None` where such a level can't map, or `pa` is too high or not aligned.
/// What a format can't express is left out: every page of x86 and AArch64 can be read, 2-level x86 pages can be executed, what
/// RISC-V can write it can read.
pub fn leaf_entry(f: &PageFormat, level: &Level, pa: u64, perm: Perm) -> Option<u64> {
    let last = level.shift == f.page_shift();
    let (read, write) = (perm.has(Perm::READ), perm.has(Perm::WRITE));
    let (execute, user) = (perm.has(Perm::EXECUTE), perm.has(Perm::USER));
    let bit = |on: bool, n: u32| u64::from(on) << n;
    if pa & ((1 << level.shift) - 1) != 0 {
        return None;
    }
    match f.arch {
        Arch::X86 => {
            let flags = 1 | bit(write, 1) | bit(user, 2) | bit(!last, 7);
            // PSE-36: address bits 39:32 of a 4 MiB page are bits 20:13 of its entry.
            let high = pa >> 32;
            if high > if last { 0 } else { 0xff } {
                return None;
            }
            Some(pa & 0xffff_f000 | high << 13 | flags)
        }
        Arch::X86Pae | Arch::X86_64 => {
            let maps = last || matches!(level.shift, 21) || (level.shift == 30 && f.arch == Arch::X86_64);
            (maps && pa >> 52 == 0).then_some(pa | 1 | bit(write, 1) | bit(user, 2) | bit(!last, 7) | bit(!execute, 63))
        }
        Arch::AArch64 => {
            let blocks = match (f.page_shift(), f.extra.shift) {
                (12, 42) => 39,
                (12, _) => 30,
                (14, 42) => 36,
                (14, _) => 25,
                (_, 36) => 42,
                _ => 29,
            };
            let top = if f.extra.shift == 0 { 48 } else { 52 };
            if level.shift > blocks || pa >> top != 0 {
                return None;
            }
            // Access flag (10), AP[2:1] (7:6), UXN (54), PXN (53).
            let never = bit(!(execute && user), 54) | bit(!execute || user, 53);
            Some(arm_address(f, pa) | 1 | bit(last, 1) | 1 << 10 | bit(user, 6) | bit(!write, 7) | never)
        }
        Arch::Arm if f.entry_size == 4 => {
            // AP[2:0], from the processor's table for SCTLR.AFE = 0.
            let ap = match (write, user) {
                (true, false) => 0b001,
                (true, true) => 0b011,
                (false, false) => 0b101,
                (false, true) => 0b111,
            };
            let flags = match last {
                true => 0b10 | bit(!execute, 0) | (ap & 3) << 4 | (ap >> 2) << 9,
                false => 0b10 | bit(!execute, 4) | (ap & 3) << 10 | (ap >> 2) << 15,
            };
            (pa >> 32 == 0).then_some(pa | flags)
        }
        Arch::Arm => {
            let never = bit(!execute, 54) | bit(!execute || user, 53);
            let flags = 1 | bit(last, 1) | 1 << 10 | bit(user, 6) | bit(!write, 7);
            (pa >> 40 == 0).then_some(pa | flags | never)
        }
        Arch::RiscV64 | Arch::RiscV32 => {
            let top = if f.arch == Arch::RiscV64 { 56 } else { 34 };
            let read = read || write || !execute;
            // Accessed and dirty (6, 7) as a kernel sets them beforehand.
            let flags = 1 | bit(read, 1) | bit(write, 2) | bit(execute, 3) | bit(user, 4) | 0xc0;
            (pa >> top == 0).then_some(pa >> 12 << 10 | flags)
        }
    }
}

/// An address as AArch64 descriptors hold it: with 52-bit addresses the top bits are elsewhere.
fn arm_address(f: &PageFormat, pa: u64) -> u64 {
    match f.extra.shift {
        36 => pa & 0x0000_ffff_ffff_f000 | (pa >> 48 & 0xf) << 12,
        42 => pa & 0x0003_ffff_ffff_f000 | (pa >> 50 & 3) << 8,
        _ => pa & 0x0000_ffff_ffff_f000,
    }
}
