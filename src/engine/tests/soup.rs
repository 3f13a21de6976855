//! Random tables: pages full of entries that point to each other, to memory, to nowhere, with random bits.

use super::support::Ram;
use crate::arch::{Arch, Canonical, PageFormat, Paging, SplitRoots};
use crate::plugins::dummy::Random;
use crate::plugins::dummy::tables::Roots;

pub struct Soup {
    pub paging: Paging,
    pub ram: Ram,
    pub roots: Roots,
}

const BASE: u64 = 0x40_0000;

/// `pages` pages of which every entry is filled once in `sparse` times on average.
pub fn soup(paging: Paging, random: &mut Random, pages: u64, sparse: u64) -> Soup {
    let f = paging.format();
    let page = f.page_size();
    let mut bytes = vec![0u8; (pages * page) as usize];
    let width = f.entry_size as usize;
    let mut previous = 0;
    for slot in bytes.chunks_exact_mut(width) {
        let filled = random.one_in(sparse) || (previous != 0 && random.one_in(4));
        if !filled {
            previous = 0;
            continue;
        }
        // Neighbours with equal entries: the zero page.
        if previous == 0 || !random.one_in(3) {
            previous = entry(f, random, BASE, pages);
        }
        slot.copy_from_slice(&previous.to_le_bytes()[..width]);
    }
    // Some full tables with consecutive frames, so that there are runs to merge.
    for p in 0..pages / 4 {
        let at = (p * 4 * page) as usize;
        let flags = entry(f, random, 0, 1);
        let mut frame = random.below(64);
        for slot in bytes[at..at + page as usize].chunks_exact_mut(width).take(random.below(64) as usize) {
            let addr = BASE + frame * page;
            frame += u64::from(!random.one_in(8));
            slot.copy_from_slice(&(flags | place(f, addr)).to_le_bytes()[..width]);
        }
    }
    Soup {
        paging,
        roots: Roots { lower: BASE, upper: if f.split == SplitRoots::Yes { BASE + page * random.below(pages) } else { BASE } },
        ram: Ram::new(pieces(random, bytes, page)),
    }
}

/// Cuts memory into pieces, between pages and within entries, and loses a little.
fn pieces(random: &mut Random, bytes: Vec<u8>, page: u64) -> Vec<(u64, Vec<u8>)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let step = match random.below(4) {
            0 => page,
            1 => page * 3 + 0x804,
            2 => page * 2 + 0x40,
            _ => page * 8,
        };
        let end = (at + step as usize).min(bytes.len());
        out.push((BASE + at as u64, bytes[at..end].to_vec()));
        at = end + if random.one_in(6) { random.pick(&[4, 8, 12, page as usize]).unwrap() } else { 0 };
    }
    out
}

/// An address where an entry keeps it.
fn place(f: &PageFormat, addr: u64) -> u64 {
    match f.arch {
        Arch::RiscV32 | Arch::RiscV64 => addr >> 12 << 10,
        _ => addr,
    }
}

fn entry(f: &PageFormat, random: &mut Random, base: u64, pages: u64) -> u64 {
    if random.one_in(24) {
        return random.next() | u64::from(random.one_in(2));
    }
    let addr = match random.below(12) {
        0 => 0x7_0000_0000,
        1 => random.next() & 0x000f_ffff_ffff_f000,
        2 => (random.next() & 0xff) << 21,
        3 => (random.next() & 0x3) << 30,
        _ => base + random.below(pages) * f.page_size(),
    };
    let rare = |random: &mut Random, n: u32| u64::from(random.one_in(40)) << n;
    let often = |random: &mut Random, n: u32| u64::from(!random.one_in(4)) << n;
    let even = |random: &mut Random, n: u32| u64::from(random.one_in(2)) << n;
    let mut e = place(f, addr);
    match f.arch {
        Arch::X86 | Arch::X86Pae | Arch::X86_64 => {
            e |= u64::from(!random.one_in(8));
            // Sometimes nothing but the present bit: what a PAE first-level entry must be.
            if !random.one_in(3) {
                e |= often(random, 1) | often(random, 2) | even(random, 5) | even(random, 6);
            }
            e |= u64::from(random.one_in(6)) << 7 | u64::from(random.one_in(6)) << 8;
            e |= rare(random, 12) | rare(random, 13) | rare(random, 58) | u64::from(random.one_in(4)) << 63;
        }
        Arch::AArch64 => {
            e |= u64::from(!random.one_in(8)) | u64::from(!random.one_in(4)) << 1;
            e |= (random.next() & 0xfc) | even(random, 10);
            e |= rare(random, 8) | rare(random, 9) | rare(random, 14) | rare(random, 17) | rare(random, 50);
            e |= (random.next() & random.next() & 0xff) << 53 | rare(random, 61) | rare(random, 62);
        }
        Arch::Arm if f.entry_size == 4 => {
            e &= 0xffff_ffff;
            e |= u64::from(!random.one_in(3)) | u64::from(random.one_in(3)) << 1;
            e |= (random.next() & 0x3c) | rare(random, 9) | even(random, 10) | even(random, 11) | even(random, 15);
            e |= u64::from(random.one_in(8)) << 18 | rare(random, 5) | rare(random, 20);
        }
        Arch::Arm => {
            e |= u64::from(!random.one_in(8)) | u64::from(!random.one_in(4)) << 1;
            e |= (random.next() & 0xfc) | even(random, 10) | rare(random, 13) | rare(random, 38);
            e |= (random.next() & random.next() & 0xff) << 53 | rare(random, 61) | rare(random, 62);
        }
        Arch::RiscV64 | Arch::RiscV32 => {
            e |= u64::from(!random.one_in(8));
            if random.one_in(3) {
                e |= (random.next() & 0xf) << 1 | (random.next() & 0xf) << 4;
            }
            if random.one_in(12) {
                // Svnapot, mostly as it should be.
                e = (e & !0x3c00) | 0x2000 | rare(random, 10) | 1 << 63 | 2;
            }
            e |= rare(random, 4) | rare(random, 6) | rare(random, 59) | rare(random, 61);
        }
    }
    e
}

impl Soup {
    /// A full virtual address from one whose bits above the translated ones are missing.
    pub fn canonical(&self, va: u64, upper: bool) -> u64 {
        let f = self.paging.format();
        let low = if f.va_bits >= 64 { va } else { va & ((1 << f.va_bits) - 1) };
        let sign = match f.canonical {
            Canonical::Zero | Canonical::Below(_) => false,
            Canonical::Signed => low >> (f.va_bits - 1) == 1,
            Canonical::Split => upper,
        };
        if sign { low | u64::MAX << f.va_bits } else { low }
    }

    /// An address that goes through entries which are not zero, where it can.
    pub fn address(&self, random: &mut Random) -> u64 {
        let f = self.paging.format();
        let upper = f.split == SplitRoots::Yes && random.one_in(2);
        let mut table = if upper { self.roots.upper } else { self.roots.lower };
        let mut va = random.next() & (f.page_size() - 1);
        for level in f.used_levels() {
            let entries = 1u64 << level.bits;
            let start = random.below(entries);
            let used = (0..entries).map(|i| (start + i) % entries).find(|i| {
                self.ram.word(table.wrapping_add(i * u64::from(f.entry_size)), u64::from(f.entry_size)).is_some_and(|e| e != 0)
            });
            let Some(index) = used.filter(|_| !random.one_in(20)) else {
                va |= start << level.shift;
                continue;
            };
            va |= index << level.shift;
            let entry = self.ram.word(table + index * u64::from(f.entry_size), u64::from(f.entry_size)).unwrap_or(0);
            table = match f.arch {
                Arch::RiscV32 | Arch::RiscV64 => (entry << 10 >> 10) >> 10 << 12,
                _ => entry & 0x0000_ffff_ffff_ffff & !(f.page_size() - 1),
            };
        }
        self.canonical(va, upper)
    }

    /// Addresses at which something ends.
    pub fn borders(&self) -> Vec<u64> {
        let bits = self.paging.format().va_bits;
        let mut out =
            vec![0, 1, u64::MAX, 1 << 63, 0xffff_ffff, 1 << 32, 0xab << 56, 0xab << 56 | 0x1000, 1 << 55, 0xa5 << 56 | 1 << 55];
        for edge in [1u64.checked_shl(bits), Some(1 << (bits - 1)), Some(u64::MAX << (bits - 1)), Some(u64::MAX << bits)] {
            let edge = edge.unwrap_or(0);
            out.extend([edge.wrapping_sub(1), edge, edge.wrapping_add(1), edge.wrapping_sub(4096), edge.wrapping_add(4096)]);
        }
        out
    }
}
