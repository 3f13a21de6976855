//! One block: its bytes counted by value.

use memsh_plugin::umem;
use std::sync::LazyLock;

/// What a block looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Zeros and nothing else.
    Zero,
    /// One other byte, over and over.
    Fill,
    /// Entropy below 1: tables with few entries, mostly zeros.
    Sparse,
    /// Entropy from 1 to below 7.2: text, code, data.
    Plain,
    /// Entropy of 7.2 and more: compressed or encrypted.
    Dense,
}

impl Class {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Class::Zero => "zero",
            Class::Fill => "fill",
            Class::Sparse => "sparse",
            Class::Plain => "plain",
            Class::Dense => "dense",
        }
    }
}

/// From here on a block is [`Class::Dense`]: 4 KiB of random bytes have about 7.95 bits per byte, 1 KiB about 7.8, and machine code
/// hardly reaches 6.8.
const DENSE: f64 = 7.2;

/// What was measured of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// Address of its first byte, present or not.
    pub start: umem,
    /// Bytes from there on, present or not; the first and the last block of a span may be shorter than the others.
    pub size: umem,
    /// Bytes that could be read: at least one.
    pub present: u32,
    /// How many of these are zero.
    pub zeros: u32,
    /// Shannon entropy of those present, in bits per byte, 0 to 8.
    pub entropy: f64,
    /// What that makes it.
    pub class: Class,
}

/// `c * log2(c)` for counts that occur in small blocks.
static TERMS: LazyLock<Vec<f64>> = LazyLock::new(|| (0..=4096u32).map(term).collect());

fn term(count: u32) -> f64 {
    if count < 2 { 0.0 } else { f64::from(count) * f64::from(count).log2() }
}

/// Counts bytes by value. Four tables, so that equal bytes in a row do not wait for one another.
pub(super) struct Counter {
    tables: [[u32; 256]; 4],
    /// Zeros that came in stretches, which are not in the tables.
    zeros: u32,
    present: u32,
}

/// Stretches of this size are looked at for zeros before they are counted.
const STRETCH: usize = 512;

impl Counter {
    pub(super) fn new() -> Self {
        Self { tables: [[0; 256]; 4], zeros: 0, present: 0 }
    }

    /// Counts `bytes`. A block has at most [`LARGEST`](super::LARGEST), so that the counts do not overflow.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for stretch in bytes.chunks(STRETCH) {
            let len = u32::try_from(stretch.len()).unwrap_or(0);
            self.present = self.present.saturating_add(len);
            if stretch.iter().fold(0, |all, b| all | b) == 0 {
                self.zeros = self.zeros.saturating_add(len);
                continue;
            }
            let [a, b, c, d] = &mut self.tables;
            let add = |table: &mut [u32; 256], byte: u8| {
                if let Some(n) = table.get_mut(usize::from(byte)) {
                    *n = n.saturating_add(1);
                }
            };
            let (fours, rest) = stretch.as_chunks::<4>();
            for [w, x, y, z] in fours {
                add(a, *w);
                add(b, *x);
                add(c, *y);
                add(d, *z);
            }
            rest.iter().for_each(|byte| add(a, *byte));
        }
    }

    /// The numbers of the block at `start`, and a fresh beginning; none where nothing of it was there.
    pub(super) fn take(&mut self, start: umem, size: umem) -> Option<Block> {
        let (present, given_zeros) = (self.present, self.zeros);
        if present == 0 {
            return None;
        }
        let block = |zeros, entropy, class| Some(Block { start, size, present, zeros, entropy, class });
        if given_zeros == present {
            (self.zeros, self.present) = (0, 0);
            return block(present, 0.0, Class::Zero);
        }
        let [a, b, c, d] = &self.tables;
        let mut counts: Vec<u32> = a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| a + b + c + d).collect();
        if let Some(zero) = counts.first_mut() {
            *zero = zero.saturating_add(given_zeros);
        }
        let terms = &*TERMS;
        let find = |count: u32| usize::try_from(count).ok().and_then(|i| terms.get(i)).copied().unwrap_or_else(|| term(count));
        let sum: f64 = counts.iter().map(|&n| find(n)).sum();
        let n = f64::from(present);
        let entropy = (n.log2() - sum / n).clamp(0.0, 8.0);
        let zeros = counts.first().copied().unwrap_or(0);
        let class = match counts.iter().max() {
            Some(&most) if most == present => Class::Fill,
            _ if entropy < 1.0 => Class::Sparse,
            _ if entropy < DENSE => Class::Plain,
            _ => Class::Dense,
        };
        *self = Self::new();
        // All zeros in stretches too short to be seen as such.
        block(zeros, entropy, if zeros == present { Class::Zero } else { class })
    }
}
