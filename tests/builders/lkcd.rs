//! LKCD dumps.

use std::io::Write;

#[derive(Clone)]
pub struct Page {
    pub start: u64,
    /// As they stand in the file.
    pub data: Vec<u8>,
    pub flags: u32,
    pub size: Option<u32>,
}

#[derive(Clone)]
pub struct Lkcd {
    pub big: bool,
    pub version: u32,
    /// Width of a `long`, which the headers before version 8 depend on.
    pub wide: bool,
    pub page_size: u32,
    pub compress: u32,
    pub first: u64,
    pub pages: Vec<Page>,
    pub end: bool,
}

pub fn raw(start: u64, data: &[u8]) -> Page {
    Page { start, data: data.to_vec(), flags: 1, size: None }
}

pub fn gzip(start: u64, data: &[u8]) -> Page {
    let mut w = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    w.write_all(data).unwrap();
    Page { flags: 2, ..raw(start, &w.finish().unwrap()) }
}

pub fn rle(start: u64, data: &[u8]) -> Page {
    let mut out = Vec::new();
    let mut rest = data;
    while let Some(&b) = rest.first() {
        let n = rest.iter().take(255).take_while(|&&x| x == b).count();
        match (b, n) {
            (0, 1) => out.extend([0, 0]),
            (b, n) if n > 3 || b == 0 => out.extend([0, n as u8, b]),
            (b, n) => out.extend(vec![b; n]),
        }
        rest = &rest[n..];
    }
    Page { flags: 2, ..raw(start, &out) }
}

impl Lkcd {
    pub fn new(version: u32, compress: u32, pages: Vec<Page>) -> Self {
        Self { big: false, version, wide: true, page_size: 4096, compress, first: 65536, pages, end: true }
    }

    fn n(&self, value: u64, size: usize) -> Vec<u8> {
        let le = &value.to_le_bytes()[..size];
        if self.big { le.iter().rev().copied().collect() } else { le.to_vec() }
    }

    pub fn build(&self) -> Vec<u8> {
        let mut o = self.n(0xa819_0173_618f_23ed, 8);
        for n in [self.version, 0, 1, self.page_size] {
            o.extend(self.n(n.into(), 4));
        }
        for n in [0x1000_0000u64, 0, 0x1000_0000] {
            o.extend(self.n(n, 8));
        }
        o.extend(self.n(self.pages.len() as u64, 4));
        let mut panic = b"Oops".to_vec();
        panic.resize(256, 0);
        o.extend(panic);
        let (long, eight) = (if self.wide || self.version >= 8 { 8 } else { 4 }, self.version >= 8);
        if self.wide && !eight {
            o.extend([0; 4]);
        }
        o.extend(self.n(1_100_000_000, long));
        o.extend(self.n(0, long));
        for text in ["Linux", "host", "2.6.5-7.97-smp", "#1 SMP", if self.wide { "x86_64" } else { "i686" }, "(none)"] {
            let mut t = text.as_bytes().to_vec();
            t.resize(65, 0);
            o.extend(t);
        }
        if !eight {
            o.extend([0; 2]);
        }
        o.extend(self.n(0xffff_8000, long));
        for n in [self.compress, 0, 0] {
            o.extend(self.n(n.into(), 4));
        }
        if self.version >= 9 {
            o.extend(self.n(self.first, 8));
        }
        o.resize(self.first as usize, 0);
        for p in &self.pages {
            o.extend(self.n(p.start, 8));
            o.extend(self.n(p.size.unwrap_or(p.data.len() as u32).into(), 4));
            o.extend(self.n(p.flags.into(), 4));
            o.extend(&p.data);
        }
        if self.end {
            o.extend([0; 12]);
            o.extend(self.n(4, 4));
        }
        o
    }
}
