//! Minidumps of one process, of either width and byte order.

/// A module of the list.
#[derive(Clone)]
pub struct Module {
    pub base: u64,
    pub size: u32,
    pub path: &'static str,
    /// CodeView record.
    pub debug: Vec<u8>,
    pub version: [u16; 4],
}

/// A dump to be: `prog.exe` with a library, two threads, the structures that Windows keeps in a process.
#[derive(Clone)]
pub struct MiniDump {
    pub big: bool,
    /// `ProcessorArchitecture` and `PlatformId`.
    pub architecture: u16,
    pub platform: u32,
    pub wide: bool,
    /// Memory64List in place of MemoryList.
    pub full: bool,
    /// Whether there are lists of regions and threads' times.
    pub infos: bool,
    pub modules: Vec<Module>,
    pub memory: Vec<(u64, Vec<u8>)>,
    /// Exception: code, flags, address, parameters.
    pub exception: Option<(u32, u32, u64, Vec<u64>)>,
    /// A context of thread `n` (the exception's is that of 9).
    pub context: fn(u64) -> Vec<u8>,
    /// Version's numbers, and the text of the service pack.
    pub numbers: [u32; 3],
    pub pack: &'static str,
    /// Further streams: type and bytes.
    pub more: Vec<(u32, Vec<u8>)>,
}

pub const PROGRAM: u64 = 0x0040_0000;
pub const LIBRARY: u64 = 0x7700_0000;
pub const STACK: u64 = 0x0010_0000;
pub const TEB: u64 = 0x0020_0000;
pub const PEB: u64 = 0x0021_0000;
pub const HEAP: u64 = 0x0030_0000;
pub const PARAMETERS: u64 = 0x0030_1000;
pub const TIME: u32 = 1_700_000_000;
/// Ids of the threads.
pub const THREADS: [u32; 2] = [0x111, 0x222];
pub const COMMAND_LINE: &str = "\"C:\\Program Files\\prog.exe\" /quiet ü";

/// Text as UTF-16.
pub fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
}

/// CONTEXT of x86-64: rip `0x400100 + n`, rsp in the stack.
pub fn amd64(n: u64) -> Vec<u8> {
    let mut c = vec![0; 1232];
    c[0x30..0x34].copy_from_slice(&0x0010_000bu32.to_le_bytes());
    c[0x98..0xa0].copy_from_slice(&(STACK + 0x800).to_le_bytes());
    c[0xf8..0x100].copy_from_slice(&(PROGRAM + 0x100 + n).to_le_bytes());
    c[0x78..0x80].copy_from_slice(&(0xaaaa_0000_0000_0000 + n).to_le_bytes());
    c
}

/// CONTEXT of x86.
pub fn i386(n: u64) -> Vec<u8> {
    let mut c = vec![0; 716];
    c[..4].copy_from_slice(&0x0001_003fu32.to_le_bytes());
    c[0xb8..0xbc].copy_from_slice(&((PROGRAM + 0x100 + n) as u32).to_le_bytes());
    c[0xc4..0xc8].copy_from_slice(&((STACK + 0x800) as u32).to_le_bytes());
    c
}

/// CONTEXT of ARM64.
pub fn arm64(n: u64) -> Vec<u8> {
    let mut c = vec![0; 912];
    c[..4].copy_from_slice(&0x0040_001fu32.to_le_bytes());
    c[0x100..0x108].copy_from_slice(&(STACK + 0x800).to_le_bytes());
    c[0x108..0x110].copy_from_slice(&(PROGRAM + 0x100 + n).to_le_bytes());
    c
}

/// CONTEXT of ARM.
pub fn arm(n: u64) -> Vec<u8> {
    let mut c = vec![0; 416];
    c[..4].copy_from_slice(&0x0020_001fu32.to_le_bytes());
    c[0x38..0x3c].copy_from_slice(&((STACK + 0x800) as u32).to_le_bytes());
    c[0x40..0x44].copy_from_slice(&((PROGRAM + 0x100 + n) as u32).to_le_bytes());
    c
}

/// Breakpad's context of 32-bit PowerPC, big-endian.
pub fn ppc(n: u64) -> Vec<u8> {
    let mut c = vec![0; 1000];
    c[4..8].copy_from_slice(&((PROGRAM + 0x100 + n) as u32).to_be_bytes());
    c[16..20].copy_from_slice(&((STACK + 0x800) as u32).to_be_bytes());
    c
}

/// A file that grows: header and directory come first and are filled in last.
struct File {
    bytes: Vec<u8>,
    big: bool,
    streams: Vec<(u32, u32, u32)>,
}

const ROOM: usize = 32;

impl File {
    fn new(big: bool) -> Self {
        Self { bytes: vec![0; 32 + ROOM * 12], big, streams: Vec::new() }
    }

    fn n(&self, out: &mut Vec<u8>, value: u64, size: usize) {
        let le = value.to_le_bytes();
        match self.big {
            true => out.extend(le[..size].iter().rev()),
            false => out.extend(&le[..size]),
        }
    }

    fn row(&self, values: &[(u64, usize)]) -> Vec<u8> {
        let mut out = Vec::new();
        values.iter().for_each(|&(v, size)| self.n(&mut out, v, size));
        out
    }

    fn blob(&mut self, bytes: &[u8]) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = self.bytes.len();
        self.bytes.extend(bytes);
        at as u64
    }

    fn string(&mut self, text: &str) -> u64 {
        let text = utf16(text, self.big);
        let bytes = [self.row(&[(text.len() as u64, 4)]), text, vec![0, 0]].concat();
        self.blob(&bytes)
    }

    fn stream(&mut self, kind: u32, bytes: &[u8]) -> u64 {
        let at = self.blob(bytes);
        self.streams.push((kind, bytes.len() as u32, at as u32));
        at
    }

    fn finish(mut self, full: bool) -> Vec<u8> {
        let magic: &[u8] = if self.big { b"PMDM" } else { b"MDMP" };
        let flags = if full { 0x1806 } else { 0 };
        let rest = self.row(&[(0x1234_a793, 4), (self.streams.len() as u64, 4), (32, 4), (0, 4), (TIME.into(), 4), (flags, 8)]);
        let mut head = [magic, &rest].concat();
        for &(kind, size, at) in &self.streams {
            head.extend(self.row(&[(kind.into(), 4), (size.into(), 4), (at.into(), 4)]));
        }
        assert!(head.len() <= 32 + ROOM * 12);
        self.bytes[..head.len()].copy_from_slice(&head);
        self.bytes
    }
}

/// A PDB 7.0 record.
pub fn rsds(name: &str) -> Vec<u8> {
    let guid = [0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde, 1, 2, 3, 4, 5, 6, 7, 8];
    [&b"RSDS"[..], &guid, &2u32.to_le_bytes(), name.as_bytes(), &[0]].concat()
}

impl MiniDump {
    /// Windows on x86-64.
    pub fn x64() -> Self {
        Self::windows(9, true, amd64)
    }

    /// Windows on x86.
    pub fn x86() -> Self {
        Self::windows(0, false, i386)
    }

    pub fn windows(architecture: u16, wide: bool, context: fn(u64) -> Vec<u8>) -> Self {
        let module = |base, size, path, debug, version| Module { base, size, path, debug, version };
        let mut dump = Self {
            big: false,
            architecture,
            platform: 2,
            wide,
            full: true,
            infos: true,
            modules: vec![
                module(PROGRAM, 0x3000, "C:\\Program Files\\prog.exe", rsds("C:\\build\\prog.pdb"), [1, 2, 3, 4]),
                module(LIBRARY, 0x10000, "C:\\Windows\\System32\\ntdll.dll", Vec::new(), [10, 0, 19041, 1]),
            ],
            memory: Vec::new(),
            exception: Some((0xc000_0005, 0, PROGRAM + 0x109, vec![1, 0xdead_0000])),
            context,
            numbers: [10, 0, 19045],
            pack: "Service Pack 9",
            more: Vec::new(),
        };
        dump.memory = dump.windows_memory();
        dump
    }

    fn word(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    fn put(&self, page: &mut [u8], at: usize, value: u64) {
        let le = value.to_le_bytes();
        page[at..at + self.word()].copy_from_slice(&le[..self.word()]);
    }

    /// UNICODE_STRING at `at` of a page at PARAMETERS, its text at `text`.
    fn unicode(&self, page: &mut [u8], at: usize, text_at: usize, text: &str) {
        let bytes = utf16(text, false);
        page[at..at + 2].copy_from_slice(&(bytes.len() as u16).to_le_bytes());
        page[at + 2..at + 4].copy_from_slice(&(bytes.len() as u16 + 2).to_le_bytes());
        self.put(page, at + self.word(), PARAMETERS + text_at as u64);
        page[text_at..text_at + bytes.len()].copy_from_slice(&bytes);
    }

    /// Program, stack, TEB, PEB, heap with the process's parameters.
    fn windows_memory(&self) -> Vec<(u64, Vec<u8>)> {
        let page = || vec![0; 0x1000];
        let (mut program, mut teb, mut peb, mut heap, mut parameters) = (page(), page(), page(), page(), page());
        program[..2].copy_from_slice(b"MZ");
        program[0x100..0x110].copy_from_slice(b"needle in memory");
        // TEB: Self, ClientId, PEB. PEB: ImageBase, Parameters, heaps. Parameters: directory, path, line, environment.
        let [own, pid, peb_at] = if self.wide { [0x30, 0x40, 0x60] } else { [0x18, 0x20, 0x30] };
        let [image, params, count, list] = if self.wide { [0x10, 0x20, 0xe8, 0xf0] } else { [8, 0x10, 0x88, 0x90] };
        let [directory, path, line, environment] = if self.wide { [0x38, 0x60, 0x70, 0x80] } else { [0x24, 0x38, 0x40, 0x48] };
        self.put(&mut teb, own, TEB);
        self.put(&mut teb, pid, 4242);
        self.put(&mut teb, peb_at, PEB);
        self.put(&mut peb, image, PROGRAM);
        self.put(&mut peb, params, PARAMETERS);
        peb[count..count + 4].copy_from_slice(&1u32.to_le_bytes());
        self.put(&mut peb, list, HEAP + 0x10);
        self.put(&mut heap, 0x10, HEAP);
        self.unicode(&mut parameters, directory, 0x400, "C:\\Users\\");
        self.unicode(&mut parameters, path, 0x500, "C:\\Program Files\\prog.exe");
        self.unicode(&mut parameters, line, 0x600, COMMAND_LINE);
        self.put(&mut parameters, environment, PARAMETERS + 0x800);
        let block = utf16("A=1\0PATH=C:\\x=y\0\0", false);
        parameters[0x800..0x800 + block.len()].copy_from_slice(&block);
        heap.extend(parameters);
        vec![(STACK, super::pattern(0x1000, 7)), (TEB, teb), (PEB, peb), (HEAP, heap), (PROGRAM, program)]
    }

    /// Regions: start, size, state, protection, type.
    pub fn regions() -> Vec<[u64; 5]> {
        const PRIVATE: u64 = 0x2_0000;
        vec![
            [0, STACK - 0x2000, 0x1_0000, 1, 0],
            [STACK - 0x2000, 0x1000, 0x2000, 0, PRIVATE],
            [STACK - 0x1000, 0x1000, 0x1000, 0x104, PRIVATE],
            [STACK, 0x1000, 0x1000, 4, PRIVATE],
            [TEB, 0x2000, 0x1000, 4, PRIVATE],
            [PEB, 0x1000, 0x1000, 4, PRIVATE],
            [HEAP, 0x2000, 0x1000, 4, PRIVATE],
            [PROGRAM, 0x1000, 0x1000, 2, 0x100_0000],
            [PROGRAM + 0x1000, 0x1000, 0x1000, 0x20, 0x100_0000],
            [PROGRAM + 0x2000, 0x1000, 0x1000, 8, 0x100_0000],
            [LIBRARY, 0x10000, 0x1000, 0x80, 0x100_0000],
        ]
    }

    pub fn build(&self) -> Vec<u8> {
        let mut f = File::new(self.big);
        self.system(&mut f);
        self.misc(&mut f);
        let contexts: Vec<u64> = [1, 2, 9].iter().map(|&n| f.blob(&(self.context)(n))).collect();
        let size = (self.context)(0).len() as u64;
        if let Some((code, flags, at, parameters)) = &self.exception {
            let mut row = vec![(THREADS[1].into(), 4), (0, 4), ((*code).into(), 4), ((*flags).into(), 4), (0, 8), (*at, 8)];
            row.extend([(parameters.len() as u64, 4), (0, 4)]);
            row.extend((0..15).map(|i| (parameters.get(i).copied().unwrap_or(0), 8)));
            row.extend([(size, 4), (contexts[2], 4)]);
            let bytes = f.row(&row);
            f.stream(6, &bytes);
        }
        self.module_list(&mut f);
        if self.infos {
            self.thread_infos(&mut f);
        }
        f.stream(10, b"what the analyst said\0");
        for (kind, bytes) in &self.more {
            f.stream(*kind, bytes);
        }
        self.memory_and_threads(&mut f, &contexts, size);
        f.finish(self.full)
    }

    fn system(&self, f: &mut File) {
        let pack = f.string(self.pack);
        let [a, b, c] = self.numbers.map(u64::from);
        let mut bytes = f.row(&[(self.architecture.into(), 2), (6, 2), (0x8e0a, 2), (4, 1), (1, 1), (a, 4), (b, 4), (c, 4)]);
        bytes.extend(f.row(&[(self.platform.into(), 4), (pack, 4), (0, 4)]));
        bytes.extend(b"GenuineIntel");
        bytes.resize(56, 0);
        f.stream(7, &bytes);
    }

    fn misc(&self, f: &mut File) {
        // Version 4: pid, times, integrity, build.
        let mut bytes = f.row(&[(832, 4), (0x113, 4), (4242, 4), (u64::from(TIME) - 60, 4), (3661, 4), (5, 4)]);
        bytes.resize(44, 0);
        bytes.extend(f.row(&[(0x3000, 4)]));
        bytes.resize(232, 0);
        bytes.extend(utf16("19041.vb_release", self.big));
        bytes.resize(832, 0);
        f.stream(15, &bytes);
    }

    fn module_list(&self, f: &mut File) {
        let mut bytes = f.row(&[(self.modules.len() as u64, 4)]);
        for m in &self.modules {
            let (name, debug) = (f.string(m.path), f.blob(&m.debug));
            bytes.extend(f.row(&[(m.base, 8), (m.size.into(), 4), (0, 4), (0x5f00_0000, 4), (name, 4)]));
            let [a, b, c, d] = m.version.map(u64::from);
            bytes.extend(f.row(&[(0xfeef_04bd, 4), (0x10000, 4), (a << 16 | b, 4), (c << 16 | d, 4), (c, 4), (d, 4)]));
            bytes.extend([0; 28]);
            bytes.extend(f.row(&[(m.debug.len() as u64, 4), (debug, 4), (0, 8), (0, 8), (0, 8)]));
        }
        f.stream(4, &bytes);
        let name = f.string("gone.dll");
        let mut bytes = f.row(&[(12, 4), (24, 4), (1, 4)]);
        bytes.extend(f.row(&[(LIBRARY + 0x100_0000, 8), (0x5000, 4), (0, 4), (0x5f00_0001, 4), (name, 4)]));
        f.stream(14, &bytes);
    }

    fn thread_infos(&self, f: &mut File) {
        let mut bytes = f.row(&[(12, 4), (64, 4), (2, 4)]);
        for (id, flags) in THREADS.iter().zip([2, 0]) {
            bytes.extend(f.row(&[
                ((*id).into(), 4),
                (flags, 4),
                (0, 8),
                (1, 8),
                (0, 8),
                (7, 8),
                (8, 8),
                (LIBRARY + 0x42, 8),
                (1, 8),
            ]));
        }
        f.stream(17, &bytes);
        let name = f.string("worker");
        let bytes = f.row(&[(1, 4), (THREADS[1].into(), 4), (name, 8)]);
        f.stream(24, &bytes);
        let mut bytes = f.row(&[(16, 4), (48, 4), (Self::regions().len() as u64, 8)]);
        for [start, size, state, protect, kind] in Self::regions() {
            bytes.extend(f.row(&[
                (start, 8),
                (start, 8),
                (protect, 4),
                (0, 4),
                (size, 8),
                (state, 4),
                (protect, 4),
                (kind, 4),
                (0, 4),
            ]));
        }
        f.stream(16, &bytes);
        let types = [f.string("Event"), f.string("File"), f.string("Event")];
        let mut bytes = f.row(&[(16, 4), (32, 4), (3, 4), (0, 4)]);
        for (i, name) in (1..).zip(types) {
            bytes.extend(f.row(&[(i * 4, 8), (name, 4), (0, 4), (0, 4), (0x1f_0003, 4), (1, 4), (1, 4)]));
        }
        f.stream(12, &bytes);
    }

    fn memory_and_threads(&self, f: &mut File, contexts: &[u64], size: u64) {
        let stack_at = if self.full {
            let list = 16 + 16 * self.memory.len();
            // The list comes right before the bytes, behind the threads.
            let threads = (4 + 2 * 48usize).next_multiple_of(8);
            let start = f.bytes.len().next_multiple_of(8) + threads;
            (start + list) as u64
        } else {
            let places: Vec<u64> = self.memory.iter().map(|(_, bytes)| f.blob(bytes)).collect();
            let mut list = f.row(&[(places.len() as u64, 4)]);
            for ((start, bytes), at) in self.memory.iter().zip(&places) {
                list.extend(f.row(&[(*start, 8), (bytes.len() as u64, 4), (*at, 4)]));
            }
            f.stream(5, &list);
            places.first().copied().unwrap_or(0)
        };
        let stack = self.memory.first().cloned().unwrap_or_default();
        let mut bytes = f.row(&[(2, 4)]);
        for (i, id) in THREADS.iter().enumerate() {
            // The second has no block and no stack of its own.
            let first = i == 0;
            let (block, start, len, at) = if first { (TEB, stack.0, stack.1.len() as u64, stack_at) } else { (0, stack.0, 0, 0) };
            bytes.extend(f.row(&[((*id).into(), 4), (0, 4), (0, 4), (0, 4), (block, 8), (start, 8), (len, 4), (at, 4)]));
            bytes.extend(f.row(&[(size, 4), (contexts[i], 4)]));
        }
        f.stream(3, &bytes);
        if self.full {
            f.bytes.resize(f.bytes.len().next_multiple_of(8), 0);
            let base = f.bytes.len() as u64 + 16 + 16 * self.memory.len() as u64;
            let mut list = f.row(&[(self.memory.len() as u64, 8), (base, 8)]);
            for (start, bytes) in &self.memory {
                list.extend(f.row(&[(*start, 8), (bytes.len() as u64, 8)]));
            }
            f.stream(9, &list);
            for (_, bytes) in &self.memory {
                f.bytes.extend(bytes);
            }
        }
    }
}

/// Offset and size of a stream in a little-endian dump.
pub fn stream(file: &[u8], kind: u32) -> (usize, usize) {
    let n = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let at = (0..n(8) as usize).map(|i| 32 + i * 12).find(|&at| n(at) == kind).unwrap();
    (n(at + 8) as usize, n(at + 4) as usize)
}

/// Offset of a stream's entry in the directory of a little-endian dump.
pub fn entry(file: &[u8], kind: u32) -> usize {
    (32..).step_by(12).find(|&at| file[at..at + 4] == kind.to_le_bytes()).unwrap()
}
