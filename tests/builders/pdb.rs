//! PDB files: a container of streams, types, public symbols.
#![allow(dead_code, reason = "no test uses all of it")]

const BLOCK: usize = 4096;

/// A PDB file to be.
#[derive(Clone)]
pub struct Pdb {
    /// GUID and age as symbol servers write them.
    pub id: String,
    pub machine: u16,
    /// Records of types, from index 0x1000 on: kind and data.
    pub types: Vec<(u16, Vec<u8>)>,
    /// Records of symbols: kind and data.
    pub symbols: Vec<(u16, Vec<u8>)>,
    /// First address and size of each section.
    pub sections: Vec<(u32, u32)>,
}

/// Simple types.
pub const ULONG: u32 = 0x22;
pub const ULONGLONG: u32 = 0x23;
pub const POINTER: u32 = 0x603;

impl Pdb {
    /// For the image with this identity, of one section that reaches from its second page on over all of it.
    pub fn new(id: &str) -> Self {
        let sections = vec![(0x1000, 0x0fff_0000)];
        Self { id: id.to_owned(), machine: 0x8664, types: Vec::new(), symbols: Vec::new(), sections }
    }

    fn push(&mut self, kind: u16, data: Vec<u8>) -> u32 {
        self.types.push((kind, data));
        0xfff + self.types.len() as u32
    }

    /// A structure; gives its index.
    pub fn structure(&mut self, name: &str, size: u32, fields: &[(&str, u32, u32)]) -> u32 {
        let mut list = Vec::new();
        for (name, of, offset) in fields {
            list.extend([0x0d, 0x15, 3, 0]);
            list.extend(of.to_le_bytes());
            number(&mut list, *offset);
            text(&mut list, name);
            // LF_PAD3, 2, 1
            while list.len() % 4 != 0 {
                list.push(0xf0 | (4 - list.len() % 4) as u8);
            }
        }
        let list = self.push(0x1203, list);
        let mut data = Vec::new();
        data.extend((fields.len() as u16).to_le_bytes());
        data.extend([0, 0]);
        data.extend(list.to_le_bytes());
        data.extend([0; 8]);
        number(&mut data, size);
        text(&mut data, name);
        self.push(0x1505, data)
    }

    /// A bit field; gives its index.
    pub fn bits(&mut self, of: u32, bits: u8, position: u8) -> u32 {
        self.push(0x1205, [&of.to_le_bytes()[..], &[bits, position]].concat())
    }

    /// An array of `size` bytes; gives its index.
    pub fn array(&mut self, of: u32, size: u32) -> u32 {
        let mut data = [of.to_le_bytes(), ULONGLONG.to_le_bytes()].concat();
        number(&mut data, size);
        text(&mut data, "");
        self.push(0x1503, data)
    }

    /// A structure that is declared only; gives its index.
    pub fn forward(&mut self, name: &str) -> u32 {
        let mut data = vec![0, 0, 0x80, 0];
        data.extend([0; 14]);
        text(&mut data, name);
        self.push(0x1505, data)
    }

    /// A public symbol at a distance from the image's base.
    pub fn public(&mut self, name: &str, rva: u32) {
        let mut data = Vec::new();
        data.extend([0; 4]);
        let (start, _) = self.sections[0];
        data.extend((rva - start).to_le_bytes());
        data.extend([1, 0]);
        text(&mut data, name);
        self.symbols.push((0x110e, data));
    }

    pub fn bytes(&self) -> Vec<u8> {
        let (guid, age) = self.id.split_at(32);
        let number = |at: usize, len: usize| u32::from_str_radix(&guid[at..at + len], 16).unwrap();
        let age = u32::from_str_radix(age, 16).unwrap();
        let mut info = Vec::new();
        // The age of this stream is another: what counts is the debug stream's.
        [20_000_404, 0x5f00_0000, age + 7, number(0, 8)].iter().for_each(|n| info.extend(n.to_le_bytes()));
        info.extend((number(8, 4) as u16).to_le_bytes());
        info.extend((number(12, 4) as u16).to_le_bytes());
        (16..32).step_by(2).for_each(|at| info.push(number(at, 2) as u8));
        info.extend([0; 12]);

        let types = records(&self.types);
        let mut tpi = Vec::new();
        [20_040_203, 56, 0x1000, 0x1000 + self.types.len() as u32, types.len() as u32]
            .iter()
            .for_each(|n| tpi.extend(n.to_le_bytes()));
        tpi.resize(56, 0xff);
        tpi.extend(types);

        let mut debug = Vec::new();
        [u32::MAX, 19_990_903, age].iter().for_each(|n| debug.extend(n.to_le_bytes()));
        // Streams of globals and publics are none; that of the records is 5.
        debug.extend([0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0, 5, 0, 0, 0]);
        debug.extend([0; 24]);
        debug.extend(22u32.to_le_bytes());
        debug.extend([0; 6]);
        debug.extend(self.machine.to_le_bytes());
        debug.extend([0; 4]);
        (0..11).for_each(|i| debug.extend(if i == 5 { [6, 0] } else { [0xff, 0xff] }));

        let mut sections = Vec::new();
        for (at, size) in &self.sections {
            sections.extend(b".all\0\0\0\0");
            sections.extend(size.to_le_bytes());
            sections.extend(at.to_le_bytes());
            sections.extend([0; 24]);
        }
        container(&[Vec::new(), info, tpi, debug, Vec::new(), records(&self.symbols), sections])
    }
}

fn number(out: &mut Vec<u8>, n: u32) {
    if n >= 0x8000 {
        out.extend([4, 0x80]);
        out.extend(n.to_le_bytes());
    } else {
        out.extend((n as u16).to_le_bytes());
    }
}

fn text(out: &mut Vec<u8>, name: &str) {
    out.extend(name.as_bytes());
    out.push(0);
}

fn records(list: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (kind, data) in list {
        let padded = data.len().next_multiple_of(4) + 4;
        let end = out.len() + padded;
        out.extend((padded as u16 - 2).to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(data);
        out.resize(end, 0);
    }
    out
}

/// A file of these streams, the blocks of each in descending order.
pub fn container(streams: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0; 3 * BLOCK];
    let mut directory = Vec::new();
    directory.extend((streams.len() as u32).to_le_bytes());
    streams.iter().for_each(|s| directory.extend((s.len() as u32).to_le_bytes()));
    for stream in streams {
        let first = out.len() / BLOCK;
        let count = stream.len().div_ceil(BLOCK);
        out.resize(out.len() + count * BLOCK, 0);
        for (i, piece) in stream.chunks(BLOCK).enumerate() {
            let block = first + count - 1 - i;
            directory.extend((block as u32).to_le_bytes());
            out[block * BLOCK..block * BLOCK + piece.len()].copy_from_slice(piece);
        }
    }
    let list = out.len() / BLOCK;
    let blocks = directory.len().div_ceil(BLOCK);
    let mut numbers: Vec<u8> = (0..blocks).flat_map(|i| ((list + 1 + i) as u32).to_le_bytes()).collect();
    numbers.resize(BLOCK, 0);
    out.extend(numbers);
    out.extend(&directory);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    let total = out.len() / BLOCK;
    out[..32].copy_from_slice(b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0");
    for (at, n) in [(32, BLOCK), (36, 1), (40, total), (44, directory.len()), (52, list)] {
        out[at..at + 4].copy_from_slice(&(n as u32).to_le_bytes());
    }
    out
}
