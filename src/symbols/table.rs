//! Names and addresses.

use crate::memo::{Reader, Writer};
use memsh_plugin::{VirtAddr, umem};
use std::ops::Range;
use std::sync::OnceLock;

/// A name and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Name.
    pub name: &'a str,
    /// Address.
    pub address: VirtAddr,
    /// Module it belongs to; the kernel itself has none.
    pub module: Option<&'a str>,
    /// Kind as `nm` prints it: `T`, `t`, `d`, `B`, ...; `?` where the source does not say.
    pub kind: char,
}

impl Symbol<'_> {
    /// `module!name+0x10`, as an expression takes it; without the distance where there is none.
    pub fn with_distance(&self, distance: umem) -> String {
        let module = self.module.map(|m| format!("{m}!")).unwrap_or_default();
        with_distance(&format!("{module}{}", self.name), distance)
    }

    /// Whether it is one of code, as far as its source says.
    pub fn is_code(&self) -> bool {
        matches!(self.kind, 't' | 'T' | 'w' | 'W' | '?')
    }
}

/// `name+0x10`; the bare name where there is no distance.
pub fn with_distance(name: &str, distance: umem) -> String {
    if distance == 0 { name.to_owned() } else { format!("{name}+{distance:#x}") }
}

/// Where names and addresses come from.
pub trait Symbols: Send + Sync {
    /// The address of a name (`name` or `module!name`); where it stands several times, the kernel's own first.
    fn address(&self, name: &str) -> Option<VirtAddr>;

    /// The last symbol at or below `address`, and the distance, where `address` can belong to it; none where symbols are
    /// [missing](Self::is_missing).
    fn near(&self, address: VirtAddr) -> Option<(Symbol<'_>, umem)>;

    /// Whether there are symbols here that could not be read: which of them `address` belongs to is not known.
    fn is_missing(&self, _address: VirtAddr) -> bool {
        false
    }

    /// Every symbol, ascending by address.
    fn all(&self) -> Box<dyn Iterator<Item = Symbol<'_>> + '_>;

    /// How many there are.
    fn count(&self) -> usize;

    /// Reads what is known of the modules that are `wanted`, where that waits to be asked for: [`all`](Self::all) has it afterwards.
    fn load(&self, _wanted: &dyn Fn(&str) -> bool) {}
}

/// A symbol table in memory: one string of all names, entries sorted by address, the index by name made when first asked.
#[derive(Default)]
pub struct SymbolTable {
    names: String,
    entries: Vec<Entry>,
    modules: Vec<Module>,
    /// Where symbols are that could not be read: ascending.
    holes: Vec<Range<umem>>,
    by_name: OnceLock<Vec<u64>>,
}

#[derive(Clone)]
struct Entry {
    address: VirtAddr,
    start: u32,
    len: u16,
    module: u16,
    kind: u8,
}

struct Module {
    name: String,
    range: Option<Range<umem>>,
}

/// Without bounds of its module, a symbol reaches this far at most.
const REACH: umem = 1 << 20;
const KERNEL: u16 = u16::MAX;
/// So many symbols at one address are looked for one by one.
const FEW: usize = 16;

impl SymbolTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for `symbols` more symbols, whose names take `bytes` bytes together.
    pub fn reserve(&mut self, symbols: usize, bytes: usize) {
        self.entries.reserve(symbols);
        self.names.reserve(bytes);
    }

    /// Declares a module and, where known, the addresses it occupies; gives the handle for [`push`](Self::push).
    pub fn add_module(&mut self, name: &str, range: Option<Range<umem>>) -> Option<u16> {
        let id = u16::try_from(self.modules.len()).ok().filter(|&i| i != KERNEL)?;
        self.modules.push(Module { name: name.to_owned(), range });
        Some(id)
    }

    /// Adds a symbol of `module` (of the kernel: `None`). Names of more than 65535 bytes are refused, as is a table of over 4 GiB.
    pub fn push(&mut self, name: &str, address: VirtAddr, kind: u8, module: Option<u16>) -> bool {
        let (Ok(start), Ok(len)) = (u32::try_from(self.names.len()), u16::try_from(name.len())) else {
            return false;
        };
        self.names.push_str(name);
        self.entries.push(Entry { address, start, len, module: module.unwrap_or(KERNEL), kind });
        true
    }

    /// Says that symbols in `range` could not be read.
    pub fn add_hole(&mut self, range: Range<umem>) {
        self.holes.push(range);
    }

    /// Sorts what was pushed; call once, before the first question.
    pub fn finish(&mut self) {
        self.entries.sort_by_key(|e| e.address);
        self.holes.sort_by_key(|h| h.start);
        self.by_name = OnceLock::new();
    }

    /// Moves the symbols whose address lies in `range` by `slide` (wrapping, so a negative slide is its two's complement).
    ///
    /// For a Linux kernel under KASLR the range is `_text.._end` at the link's addresses: per-CPU offsets and other absolute
    /// values below and above it stay. For a Windows module it is everything, and the slide the module's base.
    #[must_use]
    pub fn with_slide(mut self, slide: umem, range: &Range<umem>) -> Self {
        for e in self.entries.iter_mut().filter(|e| range.contains(&e.address.value())) {
            e.address = e.address.wrapping_add(slide);
        }
        for h in self.holes.iter_mut().filter(|h| range.contains(&h.start)) {
            *h = h.start.wrapping_add(slide)..h.end.wrapping_add(slide);
        }
        self.finish();
        self
    }

    fn symbol(&self, e: &Entry) -> Symbol<'_> {
        let start = e.start as usize;
        Symbol {
            name: self.names.get(start..start + usize::from(e.len)).unwrap_or(""),
            address: e.address,
            module: self.modules.get(usize::from(e.module)).map(|m| m.name.as_str()),
            kind: char::from(e.kind),
        }
    }

    /// Hash of each name in the upper half, number of its entry in the lower, sorted: of one name the lowest address first.
    fn index(&self) -> &[u64] {
        self.by_name.get_or_init(|| {
            let hashes = self.entries.iter().map(|e| hash(self.symbol(e).name));
            let mut keys: Vec<u64> = hashes.zip(0u32..).map(|(h, i)| key(h, i)).collect();
            keys.sort_unstable();
            keys
        })
    }

    /// The entries whose name is `name`, ascending by address.
    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Symbol<'a>> + 'a {
        let hash = hash(name);
        let keys = self.index();
        let from = keys.partition_point(|&k| k < key(hash, 0));
        let same = keys.iter().skip(from).take_while(move |&&k| k >> 32 == u64::from(hash));
        same.filter_map(|&k| Some(self.symbol(self.entries.get((k & 0xffff_ffff) as usize)?))).filter(move |s| s.name == name)
    }
}

fn key(hash: u32, entry: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(entry)
}

fn hash(name: &str) -> u32 {
    // FNV-1a: names are short, and nothing here faces an attacker who could make more than a slow lookup of it.
    name.bytes().fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

impl SymbolTable {
    /// The table as bytes, its index by name included, for [`from_bytes`](Self::from_bytes). Modules and missing symbols are no part of it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u64(u64::try_from(self.entries.len()).unwrap_or(u64::MAX));
        out.bytes(self.names.as_bytes());
        for e in &self.entries {
            out.umem(e.address.value());
            out.u32(e.start);
            out.u32(u32::from(e.len) | u32::from(e.kind) << 16);
        }
        for key in self.index() {
            out.u64(*key);
        }
        out.done()
    }

    /// The table of these bytes; none where they are not what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let count = usize::try_from(from.u64()?).ok()?;
        let names = std::str::from_utf8(from.bytes()?).ok()?.to_owned();
        let number = |b: &[u8]| b.first_chunk().map_or(0, |b| u64::from_le_bytes(*b));
        let entry = |b: &[u8]| {
            let packed = number(b.get(8..)?);
            let [a, b1, c, d, len0, len1, kind, _] = packed.to_le_bytes();
            let start = u32::from_le_bytes([a, b1, c, d]);
            let len = u16::from_le_bytes([len0, len1]);
            Some(Entry { address: VirtAddr::new(umem::from(number(b))), start, len, module: KERNEL, kind })
        };
        let entries: Vec<Entry> = from.raw(count.checked_mul(16)?)?.chunks_exact(16).filter_map(entry).collect();
        let keys: Vec<u64> = from.raw(count.checked_mul(8)?)?.chunks_exact(8).map(number).collect();
        let sorted = entries.is_sorted_by_key(|e| e.address) && keys.is_sorted();
        (from.0.is_empty() && sorted).then(|| Self { names, entries, by_name: OnceLock::from(keys), ..Self::default() })
    }
}

impl Symbols for SymbolTable {
    fn address(&self, name: &str) -> Option<VirtAddr> {
        let (module, name) = match name.split_once('!') {
            Some((m, n)) => (Some(m), n),
            None => (None, name),
        };
        let mut symbols = self.named(name);
        match module {
            None => {
                let first = symbols.next()?;
                if first.module.is_none() {
                    return Some(first.address);
                }
                Some(symbols.find(|s| s.module.is_none()).unwrap_or(first).address)
            }
            Some("vmlinux" | "kernel" | "nt") => symbols.find(|s| s.module.is_none()).map(|s| s.address),
            Some(m) => symbols.find(|s| s.module == Some(m)).map(|s| s.address),
        }
    }

    fn near(&self, address: VirtAddr) -> Option<(Symbol<'_>, umem)> {
        let last = self.entries.partition_point(|e| e.address <= address).checked_sub(1)?;
        let at = self.entries.get(last)?.address;
        // Of several names at one address the first is the one that kallsyms itself answers. There are few; where there are very many,
        // they are not gone through one by one.
        let before = self.entries.get(..last)?;
        let near = before.get(last.saturating_sub(FEW)..)?;
        let same = match near.iter().rev().position(|p| p.address != at) {
            Some(same) => last - same,
            None => before.partition_point(|p| p.address < at),
        };
        let e = self.entries.get(same)?;
        let distance = address.offset_from(e.address)?;
        if distance != 0 && self.is_missing(address) {
            return None;
        }
        let module = self.modules.get(usize::from(e.module));
        let inside = match module.and_then(|m| m.range.as_ref()) {
            Some(range) => range.contains(&address.value()),
            None => distance < REACH,
        };
        inside.then(|| (self.symbol(e), distance))
    }

    fn is_missing(&self, address: VirtAddr) -> bool {
        let after = self.holes.partition_point(|h| h.start <= address.value());
        after.checked_sub(1).and_then(|i| self.holes.get(i)).is_some_and(|h| h.contains(&address.value()))
    }

    fn all(&self) -> Box<dyn Iterator<Item = Symbol<'_>> + '_> {
        Box::new(self.entries.iter().map(|e| self.symbol(e)))
    }

    fn count(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn table() -> SymbolTable {
        let mut t = SymbolTable::new();
        let m = t.add_module("ext4", Some(0x9000..0xa000));
        t.push("shared", VirtAddr::new(0x9010), b't', m);
        t.push("start", VirtAddr::new(0x1000), b'T', None);
        t.push("alias_of_start", VirtAddr::new(0x1000), b't', None);
        t.push("shared", VirtAddr::new(0x2000), b'T', None);
        t.finish();
        t
    }

    #[test]
    fn the_kernels_own_name_wins_and_a_module_can_be_asked_for() {
        let t = table();
        assert_eq!(t.address("shared"), Some(VirtAddr::new(0x2000)));
        assert_eq!(t.address("ext4!shared"), Some(VirtAddr::new(0x9010)));
        assert_eq!(t.address("nowhere!shared"), None);
        assert_eq!(t.address("absent"), None);
    }

    #[test]
    fn a_slide_moves_only_its_range() {
        let t = table().with_slide(umem::MAX - 0x7ff, &(0x1000..0x2000));
        assert_eq!(t.address("start"), Some(VirtAddr::new(0x800)));
        assert_eq!(t.address("shared"), Some(VirtAddr::new(0x2000)));
        assert_eq!(t.near(VirtAddr::new(0x810)).map(|(s, d)| (s.name, d)), Some(("start", 0x10)));
    }

    #[test]
    fn a_table_comes_back_from_its_bytes() {
        let mut t = SymbolTable::new();
        for (name, at) in [("b", 0x20u64), ("a", 0x10), ("b", 0x30), ("\u{fc}", 0x40)] {
            t.push(name, VirtAddr::new(umem::from(at)), b'T', None);
        }
        t.finish();
        let bytes = t.to_bytes();
        let again = SymbolTable::from_bytes(&bytes).unwrap();
        assert!(t.all().eq(again.all()));
        assert_eq!(again.address("b"), Some(VirtAddr::new(0x20)));
        for len in 0..bytes.len() {
            assert!(SymbolTable::from_bytes(&bytes[..len]).is_none(), "{len}");
        }
    }

    #[test]
    fn nothing_is_near_where_symbols_are_missing() {
        let mut t = table();
        t.add_hole(0x1800..0x2000);
        t.finish();
        let near = |t: &SymbolTable, at: u64| t.near(VirtAddr::new(umem::from(at))).map(|(s, d)| (s.name.to_owned(), d));
        assert_eq!(near(&t, 0x17ff), Some(("start".to_owned(), 0x7ff)));
        assert_eq!((near(&t, 0x1800), near(&t, 0x1fff)), (None, None));
        assert_eq!(near(&t, 0x2000), Some(("shared".to_owned(), 0)));
        assert!(t.is_missing(VirtAddr::new(0x1800)) && !t.is_missing(VirtAddr::new(0x2000)));
        let t = t.with_slide(0x100, &(0x1000..0x2000));
        assert_eq!((near(&t, 0x1850), near(&t, 0x1950)), (Some(("start".to_owned(), 0x750)), None));
    }

    #[test]
    fn of_names_at_one_address_the_first_is_near_however_many_there_are() {
        for many in [1u32, 2, 15, 16, 17, 18, 400] {
            for before in [0u32, 1, 20] {
                let mut t = SymbolTable::new();
                for i in 0..before {
                    t.push("before", VirtAddr::new(umem::from(i)), b't', None);
                }
                for i in 0..many {
                    t.push(&format!("name{i}"), VirtAddr::new(0x1000), b't', None);
                }
                t.push("behind", VirtAddr::new(0x1010), b't', None);
                t.finish();
                let near = t.near(VirtAddr::new(0x1004)).map(|(s, d)| (s.name, d));
                assert_eq!(near, Some(("name0", 4)), "{many} after {before}");
            }
        }
    }

    #[test]
    fn near_stays_inside() {
        let t = table();
        assert_eq!(t.near(VirtAddr::new(0x1010)).map(|(s, d)| (s.name, d)), Some(("start", 0x10)));
        assert_eq!(t.near(VirtAddr::new(0x9fff)).map(|(s, _)| s.name), Some("shared"));
        assert_eq!(t.near(VirtAddr::new(0xa000)), None);
        assert_eq!(t.near(VirtAddr::new(0xfff)), None);
    }
}
