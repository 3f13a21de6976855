//! Writes kallsyms tables as the kernels of each age lay them out.
#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::unwrap_used, reason = "test data")]

use super::{Encoding, Layout};
use crate::symbols::VmcoreInfo;
use memsh_plugin::{VirtAddr, umem};
use std::collections::HashMap;

/// What changed over the years.
#[derive(Clone, Copy, Debug)]
pub(super) struct Age {
    pub name: &'static str,
    pub pointer: usize,
    pub big: bool,
    pub align: usize,
    /// Width of num_syms and of the markers.
    pub count: usize,
    /// Values before the names (up to 6.3), not after the tokens.
    pub values_first: bool,
    /// Two bytes for the length of long names.
    pub uleb: bool,
    /// Whether there is a table of sequence numbers.
    pub seqs: bool,
    pub encoding: Encoding,
}

const X64: Age = Age {
    name: "4.19 x86-64",
    pointer: 8,
    big: false,
    align: 8,
    count: 8,
    values_first: true,
    uleb: false,
    seqs: false,
    encoding: Encoding::BasePercpu,
};

/// The layouts that differ.
pub(super) const AGES: [Age; 18] = [
    X64,
    Age { name: "4.19 arm64", align: 256, encoding: Encoding::Base, ..X64 },
    Age { name: "4.19 absolute", encoding: Encoding::Absolute, ..X64 },
    Age { name: "4.19 arm", pointer: 4, align: 16, count: 4, encoding: Encoding::Base, ..X64 },
    Age { name: "4.19 big endian", big: true, encoding: Encoding::Base, ..X64 },
    Age { name: "5.x x86-64", count: 4, ..X64 },
    Age { name: "5.x i386", pointer: 4, align: 4, count: 4, encoding: Encoding::Base, ..X64 },
    Age { name: "5.x i386 absolute", pointer: 4, align: 4, count: 4, encoding: Encoding::Absolute, ..X64 },
    Age { name: "6.1 x86-64", count: 4, uleb: true, ..X64 },
    Age { name: "6.2 x86-64", count: 4, uleb: true, seqs: true, ..X64 },
    Age { name: "6.2 i386", pointer: 4, align: 4, count: 4, uleb: true, seqs: true, encoding: Encoding::Base, ..X64 },
    Age { name: "6.4 x86-64", count: 4, uleb: true, seqs: true, values_first: false, ..X64 },
    Age { name: "6.4 i386", pointer: 4, align: 4, encoding: Encoding::Base, ..NEW },
    Age { name: "6.4 absolute", encoding: Encoding::Absolute, ..NEW },
    Age { name: "6.15 x86-64", encoding: Encoding::Base, ..NEW },
    Age { name: "7.0 x86-64", align: 4, encoding: Encoding::Place, ..NEW },
    Age { name: "7.0 i386", pointer: 4, align: 4, encoding: Encoding::Place, ..NEW },
    Age { name: "7.0 m68k", pointer: 4, big: true, align: 4, encoding: Encoding::Absolute, ..NEW },
];

const NEW: Age = Age { name: "", count: 4, uleb: true, seqs: true, values_first: false, ..X64 };

/// A symbol: name with its kind in front, address.
pub(super) type Sym = (String, u64);

/// Tables in a piece of memory.
pub(super) struct Tables {
    pub image: Vec<u8>,
    pub start: u64,
    pub labels: HashMap<&'static str, usize>,
    pub symbols: Vec<Sym>,
    pub age: Age,
}

impl Tables {
    pub fn va(&self) -> VirtAddr {
        VirtAddr::new(umem::from(self.start))
    }

    pub fn text(&self) -> VirtAddr {
        VirtAddr::new(umem::from(base(self.age)))
    }

    /// What VMCOREINFO of Linux 6.0 and later says of the tables.
    pub fn vmcoreinfo(&self) -> Option<Layout> {
        let mut text = format!("SYMBOL(_stext)={:x}\n", self.text());
        for (label, at) in &self.labels {
            if !matches!(*label, "markers" | "seqs") {
                text += &format!("SYMBOL(kallsyms_{label})={:x}\n", self.start + *at as u64);
            }
        }
        Layout::from_vmcoreinfo(&VmcoreInfo::parse(text.as_bytes()), self.age.pointer as u8, !self.age.big)
    }
}

fn base(age: Age) -> u64 {
    if age.pointer == 4 { 0xc010_0000 } else { 0xffff_ffff_9540_0000 }
}

/// `count` symbols: some per-CPU where the age has them, then the kernel's, some of which share an address.
fn symbols(age: Age, count: usize) -> Vec<Sym> {
    let percpu = matches!((age.encoding, age.pointer), (Encoding::BasePercpu, _) | (Encoding::Absolute, 8));
    let mut out: Vec<Sym> = Vec::new();
    if percpu {
        out.extend((0..60).map(|i| (format!("Apercpu_{i}"), i * 0x40)));
    }
    out.push(("T_stext".into(), base(age)));
    out.push(("T_text".into(), base(age)));
    for i in out.len()..count {
        let name = match i {
            // One length byte is not enough, and what takes two is read otherwise before 6.1.
            700 => format!("t{}", "xYzW9.Qk".repeat(20)),
            701 => format!("t{}", "qJ$".repeat(65)),
            _ => format!("{}__sys_{}_{i}", ['t', 'T', 'd', 'B'][i % 4], ["open", "_read", "vm.cold", "ABCDEFGHIJKLM"][i / 7 % 4]),
        };
        out.push((name, base(age) + (i as u64 / 3 * 3) * 0x230));
    }
    out.truncate(count);
    out
}

struct Writer {
    out: Vec<u8>,
    age: Age,
    labels: HashMap<&'static str, usize>,
}

impl Writer {
    fn label(&mut self, name: &'static str) {
        self.out.resize(self.out.len().next_multiple_of(self.age.align), 0);
        self.labels.insert(name, self.out.len());
    }

    fn uint(&mut self, v: u64, size: usize) {
        let big = v.to_be_bytes();
        let cut = &big[8 - size..];
        if self.age.big {
            self.out.extend(cut);
        } else {
            self.out.extend(cut.iter().rev());
        }
    }

    fn values(&mut self, symbols: &[Sym], start: u64) {
        let age = self.age;
        self.label(if age.encoding == Encoding::Absolute && age.values_first { "addresses" } else { "offsets" });
        for (_, address) in symbols {
            let place = start + self.out.len() as u64;
            match age.encoding {
                Encoding::Absolute => self.uint(*address, age.pointer),
                Encoding::Base => self.uint(address - base(age), 4),
                Encoding::BasePercpu if *address < base(age) => self.uint(*address, 4),
                Encoding::BasePercpu => self.uint(base(age).wrapping_sub(*address).wrapping_sub(1) & 0xffff_ffff, 4),
                Encoding::Place => self.uint(address.wrapping_sub(place) & 0xffff_ffff, 4),
            }
        }
        if matches!(age.encoding, Encoding::Base | Encoding::BasePercpu) {
            self.label("relative_base");
            self.uint(base(age), age.pointer);
        }
    }

    fn seqs(&mut self, n: usize) {
        self.label("seqs");
        for i in 0..n {
            // The first looks like a marker that could follow the last one.
            let v = ((i * 7919 + 2565) % n) as u32;
            self.out.extend(&v.to_be_bytes()[1..]);
        }
    }
}

/// Tokens: graphic characters are themselves, other codes are strings, as scripts/kallsyms.c leaves them.
fn tokens() -> Vec<String> {
    let words = ["__sys_", "T__sys_", "read_", "open_", "percpu_", "vm.cold_", "ABCDEFGHIJKLMNOPQRSTUVWXYZ_longest", "_1", "_2"];
    let graphic = |c: u8| c.is_ascii_graphic();
    (0..=255u8)
        .map(|c| match graphic(c) {
            true => char::from(c).to_string(),
            false => words.get(usize::from(c) % 32).map_or_else(|| format!("w{c}"), ToString::to_string),
        })
        .collect()
}

fn compress(name: &str, tokens: &[String]) -> Vec<u8> {
    let words: Vec<u8> = (0..=255u8).filter(|&c| tokens[usize::from(c)].len() > 1).collect();
    let mut rest = name;
    let mut out = Vec::new();
    while let Some(&first) = rest.as_bytes().first() {
        // The first words are enough, and quick.
        let fits = words.iter().copied().take(16).filter(|&c| rest.starts_with(&tokens[usize::from(c)]));
        let best = fits.max_by_key(|&c| tokens[usize::from(c)].len()).unwrap_or(first);
        out.push(best);
        rest = &rest[tokens[usize::from(best)].len()..];
    }
    out
}

/// Tables of `count` symbols with other data around.
pub(super) fn build(age: Age, count: usize) -> Tables {
    let start = base(age) + 0xe0_0000;
    let symbols = symbols(age, count);
    let tokens = tokens();
    let mut w = Writer { out: b"Linux version 6.66 (somebody)\0".repeat(7), age, labels: HashMap::new() };
    w.out.extend((0..2048u32).flat_map(|i| i.wrapping_mul(0x9e37_79b9).to_le_bytes()));
    w.out.extend(b"0\x001\x002\x003\x004\x005\x006\x007\x008\x009\0 a wide string, no tokens");
    if age.values_first {
        w.values(&symbols, start);
    }
    w.label("num_syms");
    w.uint(count as u64, age.count);
    w.label("names");
    let (first, mut markers) = (w.out.len(), Vec::new());
    for (i, (name, _)) in symbols.iter().enumerate() {
        if i % 256 == 0 {
            markers.push((w.out.len() - first) as u64);
        }
        let bytes = compress(name, &tokens);
        match bytes.len() {
            n if n >= 0x80 && age.uleb => w.out.extend([(n & 0x7f) as u8 | 0x80, (n >> 7) as u8]),
            n => w.out.push(u8::try_from(n).unwrap()),
        }
        w.out.extend(bytes);
    }
    w.label("markers");
    for m in markers {
        w.uint(m, age.count);
    }
    if age.values_first && age.seqs {
        w.seqs(count);
    }
    w.label("token_table");
    let mut index = Vec::new();
    let table = w.out.len();
    for t in &tokens {
        index.push((w.out.len() - table) as u64);
        w.out.extend(t.bytes());
        w.out.push(0);
    }
    w.label("token_index");
    for i in index {
        w.uint(i, 2);
    }
    if !age.values_first {
        w.values(&symbols, start);
        if age.seqs {
            w.seqs(count);
        }
    }
    w.out.extend([0xaa; 3000]);
    Tables { image: w.out, start, labels: w.labels, symbols, age }
}
