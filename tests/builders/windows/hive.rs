//! The cells of a hive: keys and values, in the stable and in the volatile half.

/// The bit of an index that tells volatile cells.
pub const VOLATILE: u32 = 1 << 31;
/// Largest piece of data that is in pieces.
const PIECE: usize = 16344;
/// 2024-05-01 12:00:00 UTC.
pub const WRITTEN: u64 = 133_590_384_000_000_000;

/// A value: its name, type and data.
pub type Datum = (String, u32, Vec<u8>);

/// A key in the making.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub name: String,
    pub values: Vec<Datum>,
    pub below: Vec<Tree>,
    pub volatile: bool,
    /// It stands for another.
    pub link: bool,
    /// The hive that begins here.
    pub hive: Option<u64>,
}

impl Tree {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub fn below(mut self, trees: impl IntoIterator<Item = Tree>) -> Self {
        self.below.extend(trees);
        self
    }

    pub fn value(mut self, name: &str, kind: u32, data: &[u8]) -> Self {
        self.values.push((name.to_owned(), kind, data.to_vec()));
        self
    }

    pub fn text(self, name: &str, text: &str) -> Self {
        self.value(name, 1, &wide(&format!("{text}\0")))
    }

    pub fn number(self, name: &str, number: u32) -> Self {
        self.value(name, 4, &number.to_le_bytes())
    }

    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }
}

/// UTF-16.
pub fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The cells of a hive. Index 0 of each half is its first bin.
#[derive(Clone, Debug)]
pub struct Bins {
    /// Stable and volatile.
    pub halves: [Vec<u8>; 2],
    pub root: u32,
    /// Keys in a list of subkeys; where there are more, a list of lists.
    pub leaf: usize,
    /// `lf`, `lh` or `li`.
    pub kind: [u8; 2],
    /// Whether pointers have eight bytes.
    pub wide: bool,
    /// The parts of every path and the cell that it has.
    pub cells: Vec<(String, u32)>,
}

impl Bins {
    /// Of a tree.
    pub fn of(tree: &Tree, wide: bool) -> Self {
        Self::with(tree, wide, 511, *b"lh")
    }

    pub fn with(tree: &Tree, wide: bool, leaf: usize, kind: [u8; 2]) -> Self {
        let mut bins = Self { halves: [Vec::new(), Vec::new()], root: 0, leaf, kind, wide, cells: Vec::new() };
        bins.root = bins.key(tree, u32::MAX, true, "");
        for half in &mut bins.halves {
            if half.is_empty() {
                continue;
            }
            // What is left is a free cell.
            let rest = half.len().next_multiple_of(4096) - half.len();
            if rest > 0 {
                half.extend((rest as u32).to_le_bytes());
                half.resize(half.len() + rest - 4, 0);
            }
            let len = half.len() as u32;
            half[..4].copy_from_slice(b"hbin");
            half[8..12].copy_from_slice(&len.to_le_bytes());
        }
        bins
    }

    /// The cell of a path below the root, `\A\B`.
    pub fn cell(&self, path: &str) -> u32 {
        self.cells.iter().find(|(p, _)| p == path).unwrap_or_else(|| panic!("{path}")).1
    }

    /// A cell with this content.
    pub fn add(&mut self, volatile: bool, content: &[u8]) -> u32 {
        let half = &mut self.halves[usize::from(volatile)];
        if half.is_empty() {
            half.resize(0x20, 0);
        }
        let at = half.len() as u32;
        let size = (content.len() + 4).next_multiple_of(8);
        half.extend((-(size as i32)).to_le_bytes());
        half.extend(content);
        half.resize(at as usize + size, 0);
        at | if volatile { VOLATILE } else { 0 }
    }

    /// Overwrites content of a cell.
    pub fn put(&mut self, cell: u32, within: usize, bytes: &[u8]) {
        let at = (cell & !VOLATILE) as usize + 4 + within;
        self.halves[usize::from(cell & VOLATILE != 0)][at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Overwrites the size of a cell.
    pub fn resize(&mut self, cell: u32, size: i32) {
        let at = (cell & !VOLATILE) as usize;
        self.halves[usize::from(cell & VOLATILE != 0)][at..at + 4].copy_from_slice(&size.to_le_bytes());
    }

    /// 32 bits of a cell's content.
    pub fn get(&self, cell: u32, within: usize) -> u32 {
        let at = (cell & !VOLATILE) as usize + 4 + within;
        u32::from_le_bytes(self.halves[usize::from(cell & VOLATILE != 0)][at..at + 4].try_into().unwrap())
    }

    fn name(text: &str) -> (Vec<u8>, bool) {
        let narrow = text.chars().all(|c| u32::from(c) < 256);
        let bytes = if narrow { text.chars().map(|c| c as u32 as u8).collect() } else { wide(text) };
        (bytes, narrow)
    }

    fn key(&mut self, tree: &Tree, parent: u32, root: bool, path: &str) -> u32 {
        let (name, narrow) = Self::name(&tree.name);
        let mut nk = vec![0; 0x4c];
        nk[..2].copy_from_slice(b"nk");
        let bits = [(narrow, 0x20), (root, 0x0c), (tree.link, 0x10), (tree.hive.is_some(), 2)];
        let flags: u16 = bits.into_iter().filter(|(set, _)| *set).map(|(_, bit)| bit).sum();
        nk[2..4].copy_from_slice(&flags.to_le_bytes());
        nk[4..12].copy_from_slice(&WRITTEN.to_le_bytes());
        nk[0x10..0x14].copy_from_slice(&parent.to_le_bytes());
        nk[0x1c..0x24].fill(0xff);
        nk[0x28..0x34].fill(0xff);
        nk[0x48..0x4a].copy_from_slice(&(name.len() as u16).to_le_bytes());
        if let Some(hive) = tree.hive {
            nk[0x1c..0x20].copy_from_slice(&0x20u32.to_le_bytes());
            let size = if self.wide { 8 } else { 4 };
            nk[0x20..0x20 + size].copy_from_slice(&hive.to_le_bytes()[..size]);
        }
        nk.extend(&name);
        let cell = self.add(tree.volatile, &nk);
        self.cells.push((path.to_owned(), cell));
        for (i, volatile) in [false, true].into_iter().enumerate() {
            let below: Vec<u32> = tree
                .below
                .iter()
                .filter(|t| t.volatile == volatile)
                .map(|t| self.key(t, cell, false, &format!("{path}\\{}", t.name)))
                .collect();
            if !below.is_empty() {
                let list = self.list(volatile, &below);
                self.put(cell, 0x14 + 4 * i, &(below.len() as u32).to_le_bytes());
                self.put(cell, 0x1c + 4 * i, &list.to_le_bytes());
            }
        }
        if !tree.values.is_empty() {
            let cells: Vec<u8> = tree.values.iter().flat_map(|v| self.datum(tree.volatile, v).to_le_bytes()).collect();
            let list = self.add(tree.volatile, &cells);
            self.put(cell, 0x24, &(tree.values.len() as u32).to_le_bytes());
            self.put(cell, 0x28, &list.to_le_bytes());
        }
        cell
    }

    fn list(&mut self, volatile: bool, cells: &[u32]) -> u32 {
        let leaves: Vec<u32> = cells.chunks(self.leaf).map(|part| self.leaf_of(volatile, part)).collect();
        if let [one] = leaves.as_slice() {
            return *one;
        }
        let mut ri = [*b"ri", (leaves.len() as u16).to_le_bytes()].concat();
        ri.extend(leaves.iter().flat_map(|l| l.to_le_bytes()));
        self.add(volatile, &ri)
    }

    fn leaf_of(&mut self, volatile: bool, cells: &[u32]) -> u32 {
        let mut out = [self.kind, (cells.len() as u16).to_le_bytes()].concat();
        for cell in cells {
            out.extend(cell.to_le_bytes());
            if &self.kind != b"li" {
                out.extend([0; 4]);
            }
        }
        self.add(volatile, &out)
    }

    fn datum(&mut self, volatile: bool, (name, kind, data): &Datum) -> u32 {
        let (name, narrow) = Self::name(name);
        let mut size = data.len() as u32;
        let place = match data.len() {
            0..=4 => {
                size |= 1 << 31;
                let mut inline = data.clone();
                inline.resize(4, 0);
                u32::from_le_bytes(inline.try_into().unwrap())
            }
            5..=PIECE => self.add(volatile, data),
            _ => {
                let pieces: Vec<u8> = data.chunks(PIECE).flat_map(|p| self.add(volatile, p).to_le_bytes()).collect();
                let count = (pieces.len() / 4) as u16;
                let list = self.add(volatile, &pieces);
                self.add(volatile, &[&b"db"[..], &count.to_le_bytes(), &list.to_le_bytes()].concat())
            }
        };
        let mut vk = [*b"vk", (name.len() as u16).to_le_bytes()].concat();
        vk.extend([size, place, *kind].iter().flat_map(|n| n.to_le_bytes()));
        vk.extend([u8::from(narrow), 0, 0, 0]);
        vk.extend(&name);
        self.add(volatile, &vk)
    }
}
