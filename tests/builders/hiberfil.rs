//! Windows hibernation files, of both kinds.

use super::xpress;

/// How pages are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pack {
    Stored,
    Plain,
    Huffman,
}

fn put(out: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if out.len() < at + bytes.len() {
        out.resize(at + bytes.len(), 0);
    }
    out[at..at + bytes.len()].copy_from_slice(bytes);
}

fn number(out: &mut Vec<u8>, at: usize, value: u64, wide: bool) {
    put(out, at, &value.to_le_bytes()[..if wide { 8 } else { 4 }]);
}

/// What page `number` holds: half of it can be packed.
pub fn page(number: u64) -> Vec<u8> {
    let mut out = super::pattern(512, number + 1);
    out.extend(number.to_le_bytes().repeat(448));
    out
}

pub fn pages(runs: &[(u64, u64)]) -> Vec<u8> {
    runs.iter().flat_map(|(start, count)| (*start..start + count).flat_map(page)).collect()
}

fn packed(data: &[u8], pack: Pack) -> Vec<u8> {
    match pack {
        Pack::Stored => data.to_vec(),
        Pack::Plain => xpress::plain(data),
        Pack::Huffman => xpress::huffman(data),
    }
}

/// A compression set of Windows 8 and later.
pub fn set(runs: &[(u64, u64)], wide: bool, pack: Pack) -> Vec<u8> {
    let data = packed(&pages(runs), pack);
    let method = if pack == Pack::Huffman { 2u32 } else { 0 };
    set_of(runs, wide, method, &data)
}

/// One of whatever bytes.
pub fn set_of(runs: &[(u64, u64)], wide: bool, method: u32, data: &[u8]) -> Vec<u8> {
    let head = runs.len() as u32 | (data.len() as u32) << 8 | method << 30;
    let mut out = head.to_le_bytes().to_vec();
    for (start, count) in runs {
        let descriptor = start << 4 | (count - 1);
        out.extend(&descriptor.to_le_bytes()[..if wide { 8 } else { 4 }]);
    }
    out.extend(data);
    out
}

/// Windows 8 and later: a header of this length, a set for the loader and one for the kernel.
#[derive(Clone)]
pub struct Modern {
    pub signature: [u8; 4],
    pub length: u32,
    pub wide: bool,
    /// Offsets of FirstBootRestorePage, FirstKernelRestorePage, KernelPagesProcessed.
    pub offsets: (usize, usize, usize),
    pub boot: Vec<u8>,
    pub boot_pages: u64,
    pub kernel: Vec<u8>,
    pub kernel_pages: u64,
    pub state: Option<Vec<u8>>,
}

impl Modern {
    /// Windows 10 from 1809 on, 64-bit.
    pub fn ten() -> Self {
        Self::with(0x3e0, true, (0x68, 0x70, 0x230))
    }

    pub fn with(length: u32, wide: bool, offsets: (usize, usize, usize)) -> Self {
        let (boot, kernel) = (Vec::new(), Vec::new());
        Self { signature: *b"HIBR", length, wide, offsets, boot, boot_pages: 0, kernel, kernel_pages: 0, state: None }
    }

    pub fn boot(mut self, runs: &[(u64, u64)], pack: Pack) -> Self {
        self.boot.extend(set(runs, self.wide, pack));
        self.boot_pages += runs.iter().map(|r| r.1).sum::<u64>();
        self
    }

    pub fn kernel(mut self, runs: &[(u64, u64)], pack: Pack) -> Self {
        self.kernel.extend(set(runs, self.wide, pack));
        self.kernel_pages += runs.iter().map(|r| r.1).sum::<u64>();
        self
    }

    /// The first page, and the page of the boot set and of the kernel set.
    pub fn build(&self) -> Vec<u8> {
        let w = self.wide;
        let mut out = vec![0; 4096];
        put(&mut out, 0, &self.signature);
        put(&mut out, 0xc, &self.length.to_le_bytes());
        put(&mut out, if w { 0x18 } else { 0x14 }, &4096u32.to_le_bytes());
        number(&mut out, if w { 0x20 } else { 0x18 }, 133_000_000_000_000_000, true);
        number(&mut out, if w { 0x58 } else { 0x48 }, self.boot_pages, true);
        number(&mut out, self.offsets.2, self.kernel_pages, true);
        out.resize(7 * 4096, 0);
        if let Some(state) = &self.state {
            put(&mut out, 4096, state);
        }
        let boot_page = (out.len() / 4096) as u64;
        out.extend(&self.boot);
        out.resize(out.len().next_multiple_of(4096), 0);
        let kernel_page = (out.len() / 4096) as u64;
        out.extend(&self.kernel);
        number(&mut out, self.offsets.0, if self.boot.is_empty() { 0 } else { boot_page }, w);
        number(&mut out, self.offsets.1, if self.kernel.is_empty() { 0 } else { kernel_page }, w);
        out
    }
}

/// KPROCESSOR_STATE of an x86-64.
pub fn state64(cr3: u64, rip: u64) -> Vec<u8> {
    let mut out = vec![0; 0xe0 + 0x4d0];
    for (at, value) in [
        (0, 0x8005_0033),
        (8, 0x1234),
        (0x10, cr3),
        (0x18, 0x3506f8),
        (0x58, 0xffff_f800_0000_1000),
        (0x68, 0xffff_f800_0000_0080),
    ] {
        number(&mut out, at, value, true);
    }
    put(&mut out, 0xe0 + 0x30, &0x10_001fu32.to_le_bytes());
    number(&mut out, 0xe0 + 0xf8, rip, true);
    number(&mut out, 0xe0 + 0x98, 0xffff_f800_0055_0000, true);
    out
}

/// KPROCESSOR_STATE of an x86.
pub fn state32(cr3: u32, eip: u32, cr4: u32) -> Vec<u8> {
    let mut out = vec![0; 0x400];
    let fields = [
        (0, 0x1_001f),
        (0xb8, eip),
        (0x2cc, 0x8001_003b),
        (0x2d4, cr3),
        (0x2d8, cr4),
        (0x2f8, 0x8003_f000),
        (0x300, 0x8003_f400),
    ];
    for (at, value) in fields {
        put(&mut out, at, &value.to_le_bytes());
    }
    out
}

/// Windows 7 and before.
#[derive(Clone)]
pub struct Old {
    pub signature: [u8; 4],
    pub length: u32,
    pub wide: bool,
    /// Offset of FirstTablePage.
    pub first_at: usize,
    /// Head and entry of a table: offset of the next page, of the count, size of the head; size of an entry, offsets of start, end.
    pub head: (usize, usize, usize),
    pub entry: (usize, usize, usize),
    /// Each table's ranges.
    pub tables: Vec<Vec<(u64, u64)>>,
    pub pack: Pack,
    pub state: Option<Vec<u8>>,
    pub state_page: usize,
}

impl Old {
    pub fn windows7(wide: bool) -> Self {
        match wide {
            true => Self::with(0x128, true, 0x68, (0, 8, 16), (16, 0, 8)),
            false => Self::with(0xe0, false, 0x50, (0, 4, 8), (8, 0, 4)),
        }
    }

    pub fn xp(wide: bool) -> Self {
        match wide {
            true => Self::with(0xc0, true, 0x68, (8, 20, 32), (32, 8, 16)),
            false => Self::with(0xa8, false, 0x58, (4, 12, 16), (16, 4, 8)),
        }
    }

    pub fn vista(wide: bool) -> Self {
        match wide {
            true => Self::with(0x138, true, 0x68, (8, 16, 24), (16, 0, 8)),
            false => Self::with(0xf0, false, 0x50, (4, 12, 16), (16, 4, 8)),
        }
    }

    pub fn with(length: u32, wide: bool, first_at: usize, head: (usize, usize, usize), entry: (usize, usize, usize)) -> Self {
        let signature = if length < 0xe0 { *b"hibr" } else { *b"HIBR" };
        let (tables, pack) = (Vec::new(), Pack::Plain);
        Self { signature, length, wide, first_at, head, entry, tables, pack, state: None, state_page: 1 }
    }

    pub fn table(mut self, ranges: &[(u64, u64)]) -> Self {
        self.tables.push(ranges.to_vec());
        self
    }

    /// `next` and `count` of each table may be made wrong by the caller: their offsets come with the file.
    pub fn build(&self) -> (Vec<u8>, Vec<usize>) {
        let w = self.wide;
        let mut out = vec![0; 4096];
        put(&mut out, 0, &self.signature);
        put(&mut out, 0xc, &self.length.to_le_bytes());
        put(&mut out, if w { 0x18 } else { 0x14 }, &4096u32.to_le_bytes());
        let time_at = if w || self.length < 0xe0 { 0x20 } else { 0x18 };
        number(&mut out, time_at, 129_000_000_000_000_000, true);
        out.resize(6 * 4096, 0);
        if let Some(state) = &self.state {
            put(&mut out, self.state_page * 4096, state);
        }
        number(&mut out, self.first_at, 6, w);
        let mut at = Vec::new();
        for (i, ranges) in self.tables.iter().enumerate() {
            let table = out.len();
            at.push(table);
            out.resize(table + 4096, 0);
            put(&mut out, table + self.head.1, &(ranges.len() as u32).to_le_bytes());
            for (j, (start, count)) in ranges.iter().enumerate() {
                let entry = table + self.head.2 + j * self.entry.0;
                number(&mut out, entry + self.entry.1, *start, w);
                number(&mut out, entry + self.entry.2, start + count, w);
            }
            let data = pages(ranges);
            for chunk in data.chunks(16 * 4096) {
                out.extend(block(chunk, self.pack));
            }
            out.resize(out.len().next_multiple_of(4096), 0);
            if i + 1 < self.tables.len() {
                let next = (out.len() / 4096) as u64;
                number(&mut out, table + self.head.0, next, w);
            }
        }
        (out, at)
    }
}

/// A block of packed pages of Windows 7 and before.
pub fn block(data: &[u8], pack: Pack) -> Vec<u8> {
    let mut bytes = packed(data, pack);
    let info = (data.len() / 4096 - 1) as u32 | (bytes.len() as u32 - 1) << 10;
    let mut out = b"\x81\x81xpress".to_vec();
    out.extend(info.to_le_bytes());
    out.resize(32, 0);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    out.extend(bytes);
    out
}
