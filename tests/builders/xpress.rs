//! Packers, simple and slow: Xpress plain and with Huffman codes, by the specification's account of packing.

use std::collections::HashMap;

/// A literal, or a match of distance and length.
enum Piece {
    Literal(u8),
    Match(usize, usize),
}

/// Greedy: at each place the last earlier one where the same three bytes stood.
fn pieces(data: &[u8], farthest: usize) -> Vec<Piece> {
    let mut last: HashMap<&[u8], usize> = HashMap::new();
    let mut out = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let three = data.get(at..at + 3);
        // Where a match goes on is not noted: its beginning will do.
        let found = three.and_then(|three| last.insert(three, at)).filter(|&from| at - from <= farthest);
        match found {
            Some(from) => {
                let length = data[from..].iter().zip(&data[at..]).take_while(|(a, b)| a == b).count();
                out.push(Piece::Match(at - from, length));
                at += length;
            }
            None => {
                out.push(Piece::Literal(data[at]));
                at += 1;
            }
        }
    }
    out
}

/// Plain LZ77, `[MS-XCA]` section 2.3.
pub fn plain(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 4];
    let (mut flags, mut count, mut flags_at) = (0u32, 0, 0);
    let mut half: Option<usize> = None;
    for piece in pieces(data, 8192) {
        if count == 32 {
            out[flags_at..flags_at + 4].copy_from_slice(&flags.to_le_bytes());
            (flags, count, flags_at) = (0, 0, out.len());
            out.extend([0; 4]);
        }
        count += 1;
        flags <<= 1;
        match piece {
            Piece::Literal(byte) => out.push(byte),
            Piece::Match(distance, length) => {
                flags |= 1;
                let length = length - 3;
                let token = ((distance - 1) << 3 | length.min(7)) as u16;
                out.extend(token.to_le_bytes());
                let Some(rest) = length.checked_sub(7) else { continue };
                let nibble = rest.min(15) as u8;
                match half.take() {
                    None => {
                        half = Some(out.len());
                        out.push(nibble);
                    }
                    Some(at) => out[at] |= nibble << 4,
                }
                let Some(rest) = rest.checked_sub(15) else { continue };
                out.push(rest.min(255) as u8);
                if rest >= 255 {
                    out.extend((length as u16).to_le_bytes());
                }
            }
        }
    }
    // The bits that are left say that nothing follows.
    let left = 32 - count;
    let flags = if left == 32 { u32::MAX } else { flags << left | ((1u32 << left) - 1) };
    out[flags_at..flags_at + 4].copy_from_slice(&flags.to_le_bytes());
    out
}

/// The symbol of a match.
fn symbol(distance: usize, length: usize) -> (usize, u32) {
    let bits = distance.ilog2();
    (256 + (bits as usize) * 16 + (length - 3).min(15), bits)
}

/// Lengths of Huffman codes for symbols that are used this often, 15 bits at most.
fn lengths(counts: &[u64; 512]) -> [u8; 512] {
    let mut lengths = [0u8; 512];
    // Sets of symbols by weight; the two lightest become one, whose symbols are a bit longer.
    let mut sets: Vec<(u64, Vec<usize>)> =
        counts.iter().enumerate().filter(|(_, n)| **n > 0).map(|(s, n)| (*n, vec![s])).collect();
    if sets.len() == 1 {
        // A code needs two symbols to be complete.
        let other = if sets[0].1[0] == 0 { 1 } else { 0 };
        sets.push((0, vec![other]));
    }
    while sets.len() > 1 {
        sets.sort_by_key(|s| std::cmp::Reverse(s.0));
        let (a, mut b) = (sets.pop().unwrap(), sets.pop().unwrap());
        b.1.extend(a.1);
        for s in &b.1 {
            lengths[*s] += 1;
        }
        sets.push((a.0 + b.0, b.1));
    }
    if lengths.iter().any(|&l| l > 15) { [9; 512] } else { lengths }
}

/// Words of 16 bits, each of which has its place before the bytes that were written after it was begun.
struct Words {
    out: Vec<u8>,
    first: usize,
    second: usize,
    word: u32,
    free: u32,
}

impl Words {
    fn new(mut out: Vec<u8>) -> Self {
        let first = out.len();
        out.extend([0; 4]);
        Self { out, first, second: first + 2, word: 0, free: 16 }
    }

    fn bits(&mut self, count: u32, bits: u32) {
        for i in (0..count).rev() {
            if self.free == 0 {
                let word = (self.word as u16).to_le_bytes();
                self.out[self.first..self.first + 2].copy_from_slice(&word);
                (self.first, self.second) = (self.second, self.out.len());
                self.out.extend([0; 2]);
                (self.word, self.free) = (0, 16);
            }
            self.word = self.word << 1 | bits >> i & 1;
            self.free -= 1;
        }
    }

    fn done(mut self) -> Vec<u8> {
        let word = ((self.word << self.free) as u16).to_le_bytes();
        self.out[self.first..self.first + 2].copy_from_slice(&word);
        self.out
    }
}

/// Huffman codes over LZ77, `[MS-XCA]` section 2.1, for at most 64 KiB.
pub fn huffman(data: &[u8]) -> Vec<u8> {
    assert!(data.len() <= 65536);
    let pieces = pieces(data, 65535);
    let mut counts = [0u64; 512];
    for piece in &pieces {
        match piece {
            Piece::Literal(byte) => counts[usize::from(*byte)] += 1,
            Piece::Match(distance, length) => counts[symbol(*distance, *length).0] += 1,
        }
    }
    counts[256] += 1;
    let lengths = lengths(&counts);
    // Canonical: shorter ones first, and of one length by symbol.
    let mut codes = [0u32; 512];
    let mut code = 0;
    for bits in 1..=15 {
        for s in (0..512).filter(|&s| lengths[s] == bits) {
            codes[s] = code;
            code += 1;
        }
        code <<= 1;
    }
    let table = lengths.chunks(2).map(|pair| pair[0] | pair[1] << 4).collect();
    let mut words = Words::new(table);
    for piece in &pieces {
        match piece {
            Piece::Literal(byte) => words.bits(lengths[usize::from(*byte)].into(), codes[usize::from(*byte)]),
            Piece::Match(distance, length) => {
                let (symbol, bits) = symbol(*distance, *length);
                words.bits(lengths[symbol].into(), codes[symbol]);
                let rest = length - 3;
                if let Some(more) = rest.checked_sub(15) {
                    words.out.push(more.min(255) as u8);
                    if more >= 255 {
                        words.out.extend((rest as u16).to_le_bytes());
                    }
                }
                words.bits(bits, (*distance as u32) - (1 << bits));
            }
        }
    }
    words.bits(lengths[256].into(), codes[256]);
    words.done()
}
