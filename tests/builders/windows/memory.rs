//! Physical memory and the page tables in it.

use memsh::arch::Paging;

pub const PAGE: u64 = 0x1000;
/// The low MiB is left to what firmware and the starting of processors put there.
const FIRST: u64 = 0x10_0000;
/// No machine of a test is larger.
const LARGEST: usize = 6 << 20;

/// A format of page tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    X86,
    Pae,
    X64,
    La57,
    Arm64,
}

impl Mode {
    /// Lowest bit and number of bits that each level takes of an address, from the root on.
    fn levels(self) -> &'static [(u32, u32)] {
        match self {
            Mode::X86 => &[(22, 10), (12, 10)],
            Mode::Pae => &[(30, 2), (21, 9), (12, 9)],
            Mode::X64 | Mode::Arm64 => &[(39, 9), (30, 9), (21, 9), (12, 9)],
            Mode::La57 => &[(48, 9), (39, 9), (30, 9), (21, 9), (12, 9)],
        }
    }

    /// Bytes of an entry.
    fn entry(self) -> u64 {
        if self == Mode::X86 { 4 } else { 8 }
    }

    pub fn wide(self) -> bool {
        matches!(self, Mode::X64 | Mode::La57 | Mode::Arm64)
    }

    pub fn paging(self) -> Paging {
        match self {
            Mode::X86 => Paging::X86,
            Mode::Pae => Paging::X86Pae,
            Mode::X64 => Paging::X86_64,
            Mode::La57 => Paging::X86_64La57,
            Mode::Arm64 => Paging::AArch64K4B48Whole,
        }
    }

    /// An entry's bits: present, writable, for user mode where `user`, accessed, dirty.
    fn flags(self, user: bool) -> u64 {
        match (self, user) {
            // Valid, a page or table, shareable, accessed, `Writable`; `Owner` is the bit for user mode.
            (Mode::Arm64, true) => 0x0080_0000_0000_0743,
            (Mode::Arm64, false) => 0x0080_0000_0000_0703,
            (_, true) => 0x67,
            (_, false) => 0x63,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Memory {
    pub bytes: Vec<u8>,
    pub mode: Mode,
    next: u64,
}

impl Memory {
    pub fn new(mode: Mode) -> Self {
        Self { bytes: vec![0; FIRST as usize], mode, next: 0 }
    }

    /// A new page of zeros. Pages change places in pairs, so that what is contiguous in an address space is not so in memory.
    pub fn frame(&mut self) -> u64 {
        let at = FIRST + (self.next ^ 1) * PAGE;
        self.next += 1;
        let end = (FIRST + self.next.next_multiple_of(2) * PAGE) as usize;
        assert!(end <= LARGEST, "a tiny machine is tiny");
        self.bytes.resize(self.bytes.len().max(end), 0);
        at
    }

    /// A root table. With PAE it has 32 bytes and need not begin a page.
    pub fn root(&mut self) -> u64 {
        self.frame() + if self.mode == Mode::Pae { 0x240 } else { 0 }
    }

    pub fn phys_u64(&self, at: u64) -> u64 {
        u64::from_le_bytes(self.bytes[at as usize..at as usize + 8].try_into().unwrap())
    }

    pub fn put_phys(&mut self, at: u64, bytes: &[u8]) {
        self.bytes[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    }

    fn read_entry(&self, at: u64) -> u64 {
        if self.mode == Mode::X86 { self.phys_u64(at) & 0xffff_ffff } else { self.phys_u64(at) }
    }

    fn put_entry(&mut self, at: u64, entry: u64) {
        let size = self.mode.entry() as usize;
        self.put_phys(at, &entry.to_le_bytes()[..size]);
    }

    /// Where the entry of `va` lies, at the last level or `above` levels before it; tables on the way are made where `make`.
    fn place(&mut self, root: u64, va: u64, above: usize, make: bool) -> Option<u64> {
        let levels = self.mode.levels();
        let mut table = root;
        for (i, (shift, bits)) in levels.iter().enumerate() {
            let at = table + (va >> shift & ((1 << bits) - 1)) * self.mode.entry();
            if i + 1 + above == levels.len() {
                return Some(at);
            }
            let mut entry = self.read_entry(at);
            if entry & 1 == 0 {
                if !make {
                    return None;
                }
                // The upper level of PAE has no bits but this.
                let flags = match self.mode {
                    Mode::Pae if i == 0 => 1,
                    // A table's entry has no bit for user mode that is set.
                    mode => mode.flags(mode != Mode::Arm64),
                };
                entry = self.frame() | flags;
                self.put_entry(at, entry);
            }
            table = entry & 0x000f_ffff_ffff_f000;
        }
        None
    }

    /// Writes the last-level entry of `va` as it is.
    pub fn set_entry(&mut self, root: u64, va: u64, entry: u64) {
        let at = self.place(root, va, 0, true).unwrap();
        self.put_entry(at, entry);
    }

    /// The last-level entry of `va`.
    pub fn entry(&mut self, root: u64, va: u64) -> u64 {
        let at = self.place(root, va, 0, false).unwrap();
        self.read_entry(at)
    }

    /// Maps a page.
    pub fn map(&mut self, root: u64, va: u64, phys: u64) {
        let high = if self.mode.wide() { va >> 63 == 1 } else { va >= 0x8000_0000 };
        self.set_entry(root, va, phys | self.mode.flags(!high));
    }

    /// Maps new pages under a range, where there are none.
    pub fn map_new(&mut self, root: u64, va: u64, len: u64) {
        for page in (va / PAGE..(va + len.max(1)).div_ceil(PAGE)).map(|p| p * PAGE) {
            if self.translate(root, page).is_none() {
                let frame = self.frame();
                self.map(root, page, frame);
            }
        }
    }

    /// Where `va` lies in memory. What is in transition is there, too.
    pub fn translate(&mut self, root: u64, va: u64) -> Option<u64> {
        let at = self.place(root, va, 0, false)?;
        let entry = self.read_entry(at);
        (entry & 1 == 1 || entry & 0xc00 == 0x800).then_some((entry & 0x0000_ffff_ffff_f000) | (va & 0xfff))
    }

    pub fn put(&mut self, root: u64, va: u64, bytes: &[u8]) {
        for (i, byte) in bytes.iter().enumerate() {
            let va = va.wrapping_add(i as u64);
            let at = self.translate(root, va).unwrap_or_else(|| panic!("{va:#x} is not mapped"));
            self.bytes[at as usize] = *byte;
        }
    }

    pub fn get(&mut self, root: u64, va: u64, len: usize) -> Vec<u8> {
        (0..len as u64).map(|i| self.translate(root, va + i).map(|at| self.bytes[at as usize]).unwrap()).collect()
    }

    /// Gives `root` the kernel's half of `kernel`, and an entry that leads to itself.
    pub fn share(&mut self, kernel: u64, root: u64) {
        match self.mode {
            Mode::X86 => {
                let half: Vec<u8> = self.bytes[kernel as usize + 0x800..kernel as usize + 0x1000].to_vec();
                self.put_phys(root + 0x800, &half);
                self.put_entry(root + 0x300 * 4, (root & !0xfff) | self.mode.flags(false));
            }
            Mode::Pae => {
                let directory = |m: &Self, i: u64| m.read_entry(kernel + i * 8) & !0xfff;
                let (two, three) = (directory(self, 2), directory(self, 3));
                self.put_entry(root + 16, two | 1);
                // Each process has its own directory for the part in which the tables themselves are seen.
                if kernel != root {
                    let own = self.read_entry(root + 24) & !0xfff;
                    let own = if own == 0 { self.frame() } else { own };
                    let copy: Vec<u8> = self.bytes[three as usize..three as usize + 0x1000].to_vec();
                    self.put_phys(own, &copy);
                    self.put_entry(root + 24, own | 1);
                }
                let last = self.read_entry(root + 24) & !0xfff;
                for i in 0..4 {
                    let directory = self.read_entry(root + i * 8) & !0xfff;
                    if directory != 0 {
                        self.put_entry(last + i * 8, directory | self.mode.flags(false));
                    }
                }
            }
            Mode::X64 | Mode::La57 | Mode::Arm64 => {
                let half: Vec<u8> = self.bytes[kernel as usize + 0x800..kernel as usize + 0x1000].to_vec();
                self.put_phys(root + 0x800, &half);
                self.put_entry(root + 0x1ed * 8, root | self.mode.flags(false));
            }
        }
    }
}

/// A piece of an address space that is dealt out from its start on.
#[derive(Clone, Debug)]
pub struct Arena {
    pub root: u64,
    next: u64,
}

impl Arena {
    pub fn new(root: u64, from: u64) -> Self {
        Self { root, next: from }
    }

    /// The first address that is not dealt out.
    pub fn end(&self) -> u64 {
        self.next
    }

    pub fn take(&mut self, memory: &mut Memory, len: u64) -> u64 {
        let at = self.next.next_multiple_of(16);
        memory.map_new(self.root, at, len);
        self.next = at + len;
        at
    }

    /// A page of its own, and nothing else in it.
    pub fn page(&mut self, memory: &mut Memory) -> u64 {
        self.next = self.next.next_multiple_of(PAGE);
        self.take(memory, PAGE)
    }

    pub fn store(&mut self, memory: &mut Memory, bytes: &[u8]) -> u64 {
        let at = self.take(memory, bytes.len() as u64);
        memory.put(self.root, at, bytes);
        at
    }
}
