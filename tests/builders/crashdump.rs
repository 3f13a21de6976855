//! Windows crash dumps.

/// A dump in the making: a header with its fields set, and what its type puts behind it.
#[derive(Clone)]
pub struct Dump {
    pub wide: bool,
    bytes: Vec<u8>,
}

/// Offsets that differ between the headers: 32-bit, 64-bit.
macro_rules! at {
    ($dump:expr, $narrow:expr, $wide:expr) => {
        if $dump.wide { $wide } else { $narrow }
    };
}

impl Dump {
    /// A header as Windows leaves it where nobody set anything.
    pub fn new(wide: bool) -> Self {
        let mut bytes = b"PAGE".repeat(if wide { 0x800 } else { 0x400 });
        bytes[4..8].copy_from_slice(if wide { b"DU64" } else { b"DUMP" });
        Self { wide, bytes }
    }

    /// An ordinary header of a type: build 19041 (7601 for 32 bits), one processor, root 0x1ad000.
    pub fn of(wide: bool, kind: u32) -> Self {
        let mut dump = Self::new(wide);
        dump.u32(8, 0xf).u32(0xc, if wide { 19041 } else { 7601 });
        dump.machine(if wide { 0x8664 } else { 0x14c }).dtb(0x1a_d000).kind(kind);
        let (at, bug) = (at!(dump, 0x24, 0x34), at!(dump, 0x28, 0x38));
        dump.u32(at, 1).u32(bug, 0xe2);
        for i in 0..4 {
            dump.word(at!(dump, 0x2c, 0x40) + i * dump.size(), i as u64 + 1);
        }
        if !wide {
            dump.bytes[0x5c] = 1;
        }
        dump
    }

    pub fn size(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    pub fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        if self.bytes.len() < at + bytes.len() {
            self.bytes.resize(at + bytes.len(), 0);
        }
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub fn u32(&mut self, at: usize, value: u32) -> &mut Self {
        self.put(at, &value.to_le_bytes())
    }

    pub fn u64(&mut self, at: usize, value: u64) -> &mut Self {
        self.put(at, &value.to_le_bytes())
    }

    /// An address or a number of its size.
    pub fn word(&mut self, at: usize, value: u64) -> &mut Self {
        if self.wide { self.u64(at, value) } else { self.u32(at, value as u32) }
    }

    pub fn kind(&mut self, kind: u32) -> &mut Self {
        self.u32(at!(self, 0xf88, 0xf98), kind)
    }

    pub fn machine(&mut self, machine: u32) -> &mut Self {
        self.u32(at!(self, 0x20, 0x30), machine)
    }

    pub fn dtb(&mut self, dtb: u64) -> &mut Self {
        self.word(0x10, dtb)
    }

    /// PsLoadedModuleList, PsActiveProcessHead, KdDebuggerDataBlock, MmPfnDatabase.
    pub fn addresses(&mut self, all: [u64; 4]) -> &mut Self {
        let at = [at!(self, 0x18, 0x20), at!(self, 0x1c, 0x28), at!(self, 0x60, 0x80), at!(self, 0x14, 0x18)];
        for (at, address) in at.into_iter().zip(all) {
            self.word(at, address);
        }
        self
    }

    pub fn bug_check(&mut self, code: u32, parameters: [u64; 4]) -> &mut Self {
        self.u32(at!(self, 0x28, 0x38), code);
        for (i, p) in parameters.into_iter().enumerate() {
            self.word(at!(self, 0x2c, 0x40) + i * self.size(), p);
        }
        self
    }

    pub fn times(&mut self, time: u64, uptime: u64) -> &mut Self {
        let (time_at, uptime_at) = (at!(self, 0xfc0, 0xfa8), at!(self, 0xfb8, 0x1030));
        self.u64(time_at, time).u64(uptime_at, uptime)
    }

    pub fn comment(&mut self, text: &[u8]) -> &mut Self {
        let mut field = text.to_vec();
        field.resize(128, 0);
        self.put(at!(self, 0x820, 0xfb0), &field)
    }

    pub fn required(&mut self, space: u64) -> &mut Self {
        self.u64(0xfa0, space)
    }

    pub fn attributes(&mut self, bits: u32) -> &mut Self {
        self.u32(at!(self, 0x8a0, 0x1050), bits)
    }

    /// NumberOfRuns, NumberOfPages and the runs.
    pub fn descriptor(&mut self, count: u32, pages: u64, runs: &[(u64, u64)]) -> &mut Self {
        let (at, size) = (at!(self, 0x64, 0x88), self.size());
        self.u32(at, count).word(at + size, pages);
        for (i, run) in runs.iter().enumerate() {
            let place = at + 2 * size + i * 2 * size;
            self.word(place, run.0).word(place + size, run.1);
        }
        self
    }

    pub fn header_size(&self) -> usize {
        at!(self, 0x1000, 0x2000)
    }

    /// Bytes behind what there is.
    pub fn then(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    pub fn build(&self) -> Vec<u8> {
        self.bytes.clone()
    }
}

/// A byte per page, told apart by page number: `count` pages from `first` on.
pub fn pages(first: u64, count: u64) -> Vec<u8> {
    (first..first + count).flat_map(page).collect()
}

/// What page `number` holds in all these dumps.
pub fn page(number: u64) -> Vec<u8> {
    super::pattern(4096, number + 1)
}

/// A full dump of runs.
pub fn full(wide: bool, runs: &[(u64, u64)]) -> Dump {
    let mut dump = Dump::of(wide, 1);
    dump.descriptor(runs.len() as u32, runs.iter().map(|r| r.1).sum(), runs);
    for (first, count) in runs {
        dump.then(&pages(*first, *count));
    }
    dump
}

/// Bits of these pages.
pub fn bits(pages: &[u64], count: u64) -> Vec<u8> {
    let mut bits = vec![0u8; (count as usize).div_ceil(8)];
    for p in pages {
        bits[(*p / 8) as usize] |= 1 << (p % 8);
    }
    bits
}

/// A dump with the bitmap of Windows 8 and later.
pub fn bitmap(wide: bool, kind: u32, held: &[u64], count: u64) -> Dump {
    let mut dump = Dump::of(wide, kind);
    let (at, bits) = (dump.header_size(), bits(held, count));
    let first = (at + 0x38 + bits.len()).next_multiple_of(4096);
    dump.put(at, if kind == 5 { b"FDMPDUMP" } else { b"SDMPDUMP" });
    dump.u64(at + 0x20, first as u64).u64(at + 0x28, held.len() as u64).u64(at + 0x30, count).put(at + 0x38, &bits);
    dump.put(first - 1, &[0]);
    held.iter().for_each(|p| {
        dump.then(&page(*p));
    });
    dump
}

/// A kernel dump of before Windows 8.
pub fn summary(wide: bool, held: &[u64], count: u64) -> Dump {
    let mut dump = Dump::of(wide, 2);
    let (at, bits) = (dump.header_size(), bits(held, count));
    let bits_at = at + if wide { 0x28 } else { 0x20 };
    let first = (bits_at + bits.len()).next_multiple_of(4096);
    dump.put(at, b"SDMPDUMP").u32(at + 0xc, first as u32).u32(at + 0x10, count as u32).u32(at + 0x14, held.len() as u32);
    dump.u32(at + 0x18, count as u32).put(bits_at, &bits).put(first - 1, &[0]);
    held.iter().for_each(|p| {
        dump.then(&page(*p));
    });
    dump
}

/// A dump of WinDbg or Task Manager on Windows 11: ranges of pages.
pub fn ranges(kind: u32, runs: &[(u64, u64)]) -> Dump {
    let mut dump = Dump::of(true, kind);
    let first = (0x2030 + (runs.len() + 1) * 16).next_multiple_of(4096);
    let total = runs.iter().map(|r| r.1).sum();
    dump.u32(0x2000, 0x40).put(0x2004, b"RDMPDUMP").u32(0x200c, 0).u64(0x2010, (first - 0x2020) as u64).u64(0x2018, first as u64);
    dump.u64(0x2020, runs.len() as u64).u64(0x2028, total);
    for (i, run) in runs.iter().enumerate() {
        dump.u64(0x2030 + i * 16, run.0).u64(0x2038 + i * 16, run.1);
    }
    dump.put(first - 1, &[0]);
    for (start, count) in runs {
        dump.then(&pages(*start, *count));
    }
    dump
}

/// A triage dump with drivers (name, base, size), one data block, a stack and KDBG.
pub fn triage(wide: bool, drivers: &[(&str, u64, u32)]) -> Dump {
    let mut dump = Dump::of(wide, 4);
    // Nobody sets the descriptor in such a dump.
    let at = dump.header_size();
    let (list, stride) = (at + 0x100, if wide { 0x90 } else { 0x50 });
    let (base_at, size_at) = if wide { (0x38, 0x48) } else { (0x1c, 0x24) };
    let pool = list + drivers.len() * stride;
    let mut names = pool;
    for (i, (name, base, size)) in drivers.iter().enumerate() {
        let entry = list + i * stride;
        dump.u32(entry, names as u32).word(entry + base_at, *base).u32(entry + size_at, *size);
        let text: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        dump.u32(names, name.len() as u32).put(names + 4, &text);
        names = (names + 4 + text.len() + 2).next_multiple_of(8);
    }
    let stack = names.next_multiple_of(16);
    dump.put(stack, &[0x55; 64]);
    let kdbg = stack + 64;
    dump.put(kdbg, &[0; 0x340]).put(kdbg + 16, b"KDBG").u64(kdbg + 0x18, 0xffff_f800_1000_0000);
    let block = kdbg + 0x340;
    dump.put(block, &[0x77; 32]);
    let blocks = block + 32;
    dump.u64(blocks, 0xffff_9000_0000_1000).u32(blocks + 8, block as u32).u32(blocks + 12, 32);
    let mark = blocks + 16;
    dump.put(mark, b"TRGD");
    let fields: [u32; 18] = [
        0,
        mark as u32 + 4,
        mark as u32,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        stack as u32,
        64,
        list as u32,
        drivers.len() as u32,
        pool as u32,
        (names - pool) as u32,
        list as u32,
        0,
    ];
    for (i, value) in fields.into_iter().enumerate() {
        dump.u32(at + i * 4, value);
    }
    dump.word(at + 0x48, 0xffff_8000_1234_0000);
    let (debugger, data) = if wide { (0x70, 0x78) } else { (0x58, 0x60) };
    dump.u32(at + debugger, kdbg as u32).u32(at + debugger + 4, 0x340).u32(at + data, blocks as u32).u32(at + data + 4, 1);
    dump.u32(if wide { 0x1038 } else { 0xf8c }, 0x6ff);
    dump
}
