#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::as_conversions, clippy::panic)]
#![allow(clippy::useless_conversion, reason = "addresses may be wider than 64 bits")]

use super::*;
use crate::arch::Paging;
use crate::image::{OpenOptions, open_bytes};
use std::ops::ControlFlow;

const SIZE: u64 = 16 << 20;
/// Where the kernel's image begins in the file, how much of it there is, and how much of that is code.
const KERNEL: u64 = 2 << 20;
const IMAGE: u64 = 4 << 20;
const TEXT: u64 = 2 << 20;
/// Places in the image.
const ROOT: u64 = 3 << 20;
const BANNER: u64 = TEXT + 0x1234;
const POINTERS: u64 = TEXT + 0x2_0000;
const RELEASE: &str = "6.6.1-test";

/// A machine's memory with a kernel in it.
struct Machine64 {
    bytes: Vec<u8>,
    base: u64,
    paging: Paging,
    text: u64,
    /// What the processor's register holds, where that is not the beginning of the table.
    skip: u64,
    next: u64,
}

impl Machine64 {
    fn new(paging: Paging, base: u64) -> Self {
        let bits = paging.format().va_bits;
        let least = if paging == Paging::AArch64K16B52 { 47 } else { bits.min(48) };
        Self::with(paging, base, (u64::MAX << (least - 1)) + (128 << 20), 0)
    }

    /// `skip`: where in its page the root begins.
    fn with(paging: Paging, base: u64, text: u64, skip: u64) -> Self {
        let mut m = Self { bytes: vec![0; SIZE as usize], base, paging, text, skip, next: 8 << 20 };
        let page = paging.format().page_size();
        for at in (0..IMAGE).step_by(page as usize) {
            m.map(text + at, base + KERNEL + at, at < TEXT);
        }
        // The direct map, in which nothing runs, in the other part of the half.
        let bits = paging.format().va_bits;
        let older = text < u64::MAX << (bits.min(48) - 1) && skip == 0 && bits == 48;
        let half = u64::MAX << if older { bits - 1 } else { bits };
        for at in (0..SIZE).step_by(page as usize) {
            m.map(half + at, base + at, false);
        }
        m.put(KERNEL + 16, &(IMAGE).to_le_bytes());
        let kind = match page {
            0x1000 => 1u64,
            0x4000 => 2,
            _ => 3,
        };
        m.put(KERNEL + 24, &(kind << 1).to_le_bytes());
        m.put(KERNEL + 56, b"ARM\x64");
        // A kernel is full of pointers into itself.
        for i in 0..1200 {
            m.put(KERNEL + POINTERS + i * 8, &(text + i * 64).to_le_bytes());
        }
        m.put(KERNEL + BANNER, format!("Linux version {RELEASE} (a@b) (gcc 13) #1 SMP 2026\n\0").as_bytes());
        m
    }

    fn put(&mut self, at: u64, bytes: &[u8]) {
        self.bytes[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    }

    fn word(&self, at: u64) -> u64 {
        u64::from_le_bytes(self.bytes[at as usize..at as usize + 8].try_into().unwrap())
    }

    fn address(&self, physical: u64) -> u64 {
        let f = self.paging.format();
        physical & f.address_mask | physical >> f.extra.shift.min(63) & f.extra.mask
    }

    fn map(&mut self, va: u64, physical: u64, code: bool) {
        const AF: u64 = 1 << 10;
        const UXN: u64 = 1 << 54;
        const PXN: u64 = 1 << 53;
        let f = self.paging.format();
        let mut table = KERNEL + ROOT + self.skip;
        for (i, level) in f.used_levels().iter().enumerate() {
            let slot = table + (va >> level.shift & ((1 << level.bits) - 1)) * 8;
            if i + 1 == f.depth {
                let entry = self.address(physical) | AF | UXN | if code { 1 << 7 } else { PXN } | 3;
                return self.put(slot, &entry.to_le_bytes());
            }
            if self.word(slot) == 0 {
                let new = self.next;
                self.next += f.page_size();
                let entry = self.address(self.base + new) | 3;
                self.put(slot, &entry.to_le_bytes());
            }
            table = roots::table_of(f, self.word(slot)) - self.base;
        }
    }

    fn info(&self) -> VmcoreInfo {
        let f = self.paging.format();
        let root = self.text + ROOT;
        let text = format!(
            "OSRELEASE={RELEASE}\nPAGESIZE={}\nSYMBOL(init_uts_ns)={:x}\nSYMBOL(swapper_pg_dir)={root:x}\nSYMBOL(_stext)={:x}\n\
             NUMBER(kimage_voffset)={:#x}\nNUMBER(TCR_EL1_T1SZ)={:#x}\n",
            f.page_size(),
            self.text,
            self.text,
            self.text.wrapping_sub(self.base + KERNEL),
            64 - f.va_bits,
        );
        VmcoreInfo::parse(text.as_bytes())
    }

    fn memory(&self, base: u64) -> Memory {
        let options = OpenOptions { format: Some("raw".to_owned()), base: Some(phys(base)), ..OpenOptions::default() };
        open_bytes(self.bytes.clone(), "test", &options).unwrap().memory
    }

    /// What is found of the memory opened at `base`.
    fn find(&self, base: u64, info: Option<&VmcoreInfo>, hints: &Hints) -> (Option<Found>, Trace) {
        let memory = self.memory(base);
        let (search, mut trace) = (Search { memory: &memory, hints, info }, Trace::default());
        let found = AArch64.quick(&search, &mut trace).or_else(|| AArch64.thorough(&search, &mut trace));
        (found, trace)
    }

    fn check(&self, found: Option<&Found>, moved: bool) {
        let found = found.unwrap_or_else(|| panic!("{:?} at {:#x}", self.paging, self.base));
        assert_eq!(found.space.paging(), self.paging);
        assert_eq!(found.image.virt, virt(self.text));
        assert_eq!(found.image.phys, phys(self.base + KERNEL));
        assert_eq!(found.moved, moved.then(|| phys(self.base)));
        assert!(found.banner.contains(RELEASE));
        let upper = phys(self.base + KERNEL + ROOT + self.skip);
        assert_eq!(found.space.upper_root(), upper);
        // The lower half is another's.
        assert!(found.space.translate_one(virt(0)).is_err());
        assert_eq!(found.space.translate_one(virt(self.text + 8)).unwrap().phys, phys(self.base + KERNEL + 8));
    }
}

/// Each format, and a place at which RAM could begin; with the highest address bits where the format has them.
const CASES: &[(Paging, u64)] = &[
    (Paging::AArch64K4B39, 0x8000_0000),
    (Paging::AArch64K4B48, 0x4000_0000),
    (Paging::AArch64K4B48, 0x80_0020_0000),
    (Paging::AArch64K4B52, 0x4000_0000),
    (Paging::AArch64K4B52, 0x000c_0000_8000_0000),
    (Paging::AArch64K16B47, 0x4000_0000),
    (Paging::AArch64K16B52, 0x0008_0000_4000_0000),
    (Paging::AArch64K64B42, 0x4000_0000),
    (Paging::AArch64K64B48, 0x0003_0000_8000_0000),
    (Paging::AArch64K64B52, 0x0009_0000_8000_0000),
];

#[test]
fn vmcoreinfo_leads_to_the_root_wherever_memory_begins() {
    for &(paging, base) in CASES {
        let m = Machine64::new(paging, base);
        let info = m.info();
        m.check(m.find(base, Some(&info), &Hints::default()).0.as_ref(), false);
        let movable = Hints { movable: true, ..Hints::default() };
        m.check(m.find(0, Some(&info), &movable).0.as_ref(), true);
    }
}

#[test]
fn without_vmcoreinfo_tables_prove_themselves() {
    for &(paging, base) in CASES {
        let m = Machine64::new(paging, base);
        m.check(m.find(base, None, &Hints::default()).0.as_ref(), false);
        let movable = Hints { movable: true, ..Hints::default() };
        m.check(m.find(0, None, &movable).0.as_ref(), true);
    }
}

#[test]
fn a_root_in_a_register_is_enough() {
    let m = Machine64::new(Paging::AArch64K4B48, 0x4000_0000);
    let root = m.base + KERNEL + ROOT;
    // With an ASID and CnP.
    let cpu = crate::image::CpuState { root_upper: Some(root | 0x142 << 48 | 1), ..Default::default() };
    let hints = Hints { cpus: vec![cpu], ..Hints::default() };
    m.check(m.find(m.base, None, &hints).0.as_ref(), false);
    let hints = Hints { movable: true, ..hints };
    m.check(m.find(0, None, &hints).0.as_ref(), true);
}

#[test]
fn a_wrong_base_is_told() {
    let m = Machine64::new(Paging::AArch64K4B48, 0x4000_0000);
    let placed = Hints { placed: true, ..Hints::default() };
    for info in [Some(m.info()), None] {
        let (found, trace) = m.find(0x8000_0000, info.as_ref(), &placed);
        assert!(found.is_none());
        assert!(trace.advice.unwrap().contains("--base 0x40000000"));
    }
    // An image in a format with addresses of its own is not moved.
    let (found, trace) = m.find(0x8000_0000, Some(&m.info()), &Hints::default());
    assert!(found.is_none() && trace.advice.is_none());
}

#[test]
fn kernels_before_5_4_lie_below_the_direct_map() {
    let text = (u64::MAX << 48) + (128 << 20);
    let m = Machine64::with(Paging::AArch64K4B48, 0x4000_0000, text, 0);
    m.check(m.find(m.base, None, &Hints::default()).0.as_ref(), false);
}

#[test]
fn a_root_for_52_bits_is_used_from_its_end_with_48() {
    let text = (u64::MAX << 47) + (128 << 20);
    let m = Machine64::with(Paging::AArch64K64B48, 0x4000_0000, text, END_OF_52);
    m.check(m.find(m.base, Some(&m.info()), &Hints::default()).0.as_ref(), false);
    let movable = Hints { movable: true, ..Hints::default() };
    m.check(m.find(0, Some(&m.info()), &movable).0.as_ref(), true);
}

#[test]
fn no_kernel_is_none() {
    let mut m = Machine64::new(Paging::AArch64K4B48, 0x4000_0000);
    let info = m.info();
    m.bytes[(KERNEL + BANNER) as usize..][..16].fill(0);
    let movable = Hints { movable: true, ..Hints::default() };
    assert!(m.find(0, Some(&info), &movable).0.is_none());
    // Noise with many entries that look valid; a part of memory, since a test takes its time.
    m.bytes.truncate(1 << 20);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for word in m.bytes.chunks_exact_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        word.copy_from_slice(&(state & 0x0000_0000_40ff_f000 | 3).to_le_bytes());
    }
    assert!(m.find(0, Some(&info), &movable).0.is_none());
    assert!(m.find(0, None, &movable).0.is_none());
}

#[test]
fn an_interrupt_ends_the_search() {
    static STOP: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(true);
    let m = Machine64::new(Paging::AArch64K4B48, 0x4000_0000);
    let hints = Hints { movable: true, interrupt: Some(&STOP), ..Hints::default() };
    assert!(m.find(0, None, &hints).0.is_none());
}

/// What is found where images begin.
fn begun(m: &Machine64, base: u64, hints: &Hints) -> (Option<Found>, Option<String>) {
    let memory = m.memory(base);
    let (search, mut trace) = (Search { memory: &memory, hints, info: None }, Trace::default());
    let found = crate::os::linux::find::sparse::find(&search, &[&AArch64], &mut trace).pop().map(|(f, _)| f);
    (found, trace.advice)
}

#[test]
fn the_header_leads_to_the_root_wherever_memory_begins() {
    for &(paging, base) in CASES {
        let m = Machine64::new(paging, base);
        m.check(begun(&m, base, &Hints::default()).0.as_ref(), false);
        m.check(begun(&m, 0, &Hints { movable: true, ..Hints::default() }).0.as_ref(), true);
        let (found, advice) = begun(&m, 0, &Hints { placed: true, ..Hints::default() });
        assert!(found.is_none() && advice.unwrap().contains(&format!("--base {}", phys(base))));
    }
}

#[test]
fn code_leads_to_the_root_where_the_header_is_lost() {
    let mut m = Machine64::new(Paging::AArch64K4B48, 0x4000_0000);
    m.bytes[KERNEL as usize + 56..][..4].fill(0);
    let movable = Hints { movable: true, ..Hints::default() };
    assert!(begun(&m, 0, &movable).0.is_none());
    // Two functions, and vectors that ask for the task.
    for i in 0..2 {
        m.put(KERNEL + begin::BEFORE_TEXT + i * 64, &0xd65f_03c0u32.to_le_bytes());
    }
    for i in 0..4 {
        m.put(KERNEL + begin::BEFORE_TEXT + 0x1000 + i * 128, &(0xd538_4100u32 | i as u32).to_le_bytes());
    }
    m.check(begun(&m, 0, &movable).0.as_ref(), true);
    // No code of programs reads that register.
    assert!(!begin::is_text([0xc0, 0x03, 0x5f, 0xd6].repeat(1024).as_slice(), || [0xc0, 0x03, 0x5f, 0xd6].repeat(1024)));
}

/// Writes functions that end and ask for the current task into the kernel's code.
fn with_code(mut m: Machine64) -> Machine64 {
    for at in (begin::BEFORE_TEXT..TEXT).step_by(256) {
        m.put(KERNEL + at, &(0xd538_4100u32 | 3).to_le_bytes());
        m.put(KERNEL + at + 128, &0xd65f_03c0u32.to_le_bytes());
    }
    m
}

#[test]
fn in_a_large_memory_few_pages_lead_to_the_root() {
    use crate::os::linux::find::{far, sparse};
    const RAM: u64 = 0x4000_0000;
    // At a multiple of 2 MiB, and as the EFI stub puts it, with the header and without.
    for (moved, header) in [(0, true), (700 << 20, true), (5 << 16, true), (0, false), ((700 << 20) + (9 << 16), false)] {
        for (paging, start) in [(Paging::AArch64K4B48, RAM), (Paging::AArch64K4B48, 0), (Paging::AArch64K64B52, RAM)] {
            let mut m = with_code(Machine64::new(paging, RAM + moved));
            if !header {
                m.bytes[KERNEL as usize + 56..][..4].fill(0);
            }
            let (memory, read) = far::gibibyte(start, moved, m.bytes.clone());
            let hints = Hints { movable: true, ..Hints::default() };
            let (search, mut trace) = (Search { memory: &memory, hints: &hints, info: None }, Trace::default());
            let machines = crate::os::linux::find::machine::MACHINES;
            let found = sparse::find(&search, machines, &mut trace).pop().map(|(f, _)| f);
            let found = found.unwrap_or_else(|| panic!("{moved:#x} {header} {paging:?}: {:?}", trace.steps));
            assert_eq!((found.image.phys, found.image.virt), (phys(m.base + KERNEL), virt(m.text)));
            assert_eq!(found.space.upper_root(), phys(m.base + KERNEL + ROOT));
            assert_eq!(found.moved, (start == 0).then_some(phys(RAM)));
            assert!(read.bytes() < far::FEW, "{moved:#x} {header} {paging:?}: {} bytes", read.bytes());
        }
    }
}

/// Tables that all lead to each other, by the flags of tables or of pages of code, and a header before them.
fn maze(size: usize, flags: u64, magic: bool) -> Machine64 {
    let mut m = Machine64::new(Paging::AArch64K4B48, 0x4000_0000);
    m.bytes = vec![0; size];
    let pages = (size >> 12) as u64;
    for (i, table) in m.bytes.chunks_exact_mut(4096).enumerate() {
        // Fewer than half of the entries, in the upper half: a likely root.
        for slot in 260..500u64 {
            let next = 0x4000_0000 + (((i as u64 * 7 + slot * 13) % pages) << 12);
            table[slot as usize * 8..][..8].copy_from_slice(&(next | flags).to_le_bytes());
        }
    }
    if magic {
        m.put(KERNEL, &[0; 4096]);
        m.put(KERNEL + 16, &(size as u64).to_le_bytes());
        m.put(KERNEL + 56, b"ARM\x64");
    }
    m
}

#[test]
fn a_maze_of_tables_does_not_take_for_ever() {
    const UXN_AF: u64 = 1 << 54 | 1 << 10;
    for flags in [3, UXN_AF | 3] {
        let m = maze(8 << 20, flags, true);
        for (base, hints) in [(0x4000_0000, Hints::default()), (0, Hints { movable: true, ..Hints::default() })] {
            let memory = m.memory(base);
            let search = Search { memory: &memory, hints: &hints, info: None };
            let heads = roots::heads(&search);
            assert_eq!(heads.len(), 1);
            // A hundredth of what a search may cost is soon spent, and not overdrawn by a single walk.
            let effort = Effort::part(100);
            assert!(by_tables(&search, &heads, &[], (&effort, true)).unwrap().is_none());
            assert!(effort.is_over(), "{flags:#x} {base:#x}");
            let space = AddressSpace::new(memory.clone(), Paging::AArch64K4B48, phys(base + 0x10_0000));
            let walked = space.runs_within(100, virt(0xffff_8000_0000_0000), virt(u64::MAX), &mut |_| ControlFlow::Continue(()));
            assert!(walked.cut && walked.tables <= 100);
        }
    }
}
