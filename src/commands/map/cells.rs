//! Cells of a picture, and what their marks mean.

use super::By;
use super::uses::{Owner, USES, Use, Uses};
use crate::commands::cells::{Hex, number};
use crate::engine::index;
use crate::survey::{Block, Layout};
use crate::umem;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A cell.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Cell {
    /// Address of its first byte.
    pub address: Hex,
    /// What it shows: a mark of the legend.
    pub mark: char,
    /// Bytes of it that are in the image.
    present: u64,
    /// How many of these are zero.
    zeros: u64,
    /// Mean of the entropy of its blocks of 4 KiB, in bits per byte.
    entropy: f64,
    /// What most of its frames that are not all zeros are used for; null where that was not asked.
    #[serde(rename = "use")]
    used: Option<&'static str>,
    /// With `--by owner`: the process that maps most of it.
    pid: Option<u32>,
    /// With `--hits`: how often the text begins in it.
    hits: u64,
}

/// What a mark means.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Key {
    /// The mark.
    pub mark: char,
    /// What it means.
    pub name: String,
    /// Its colour as `#rrggbb`.
    pub color: String,
    /// Cells with this mark.
    pub cells: u64,
    /// Bytes in all that are so, wherever they lie: `use`, `owner` and zeros count frames, not cells. Null for hits.
    pub bytes: Option<u64>,
}

/// What is gathered for a cell.
#[derive(Clone, Default)]
struct Sum {
    present: u64,
    zeros: u64,
    weighted: f64,
    /// Bytes by use and by owner.
    used: BTreeMap<Use, u64>,
    owners: BTreeMap<u32, u64>,
    hits: u64,
}

/// A picture in the making.
pub struct Picture {
    pub layout: Layout,
    pub by: By,
    uses: Option<Uses>,
    sums: Vec<Sum>,
}

const ZERO: (&str, char, u32) = ("zero", ' ', 0x10_1010);
/// Marks of owners, the largest first; the others share one.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SEVERAL: u32 = u32::MAX;
const NOBODY: u32 = u32::MAX - 1;

impl Picture {
    pub fn new(layout: Layout, by: By, uses: Option<Uses>) -> Self {
        let sums = vec![Sum::default(); layout.cells()];
        Self { layout, by, uses, sums }
    }

    /// Adds a block of one frame.
    pub fn add(&mut self, block: &Block) {
        let Some(position) = self.layout.position(block.start) else { return };
        let Some(sum) = index(position / self.layout.cell()).and_then(|i| self.sums.get_mut(i)) else { return };
        let present = u64::from(block.present);
        sum.present += present;
        sum.zeros += u64::from(block.zeros);
        sum.weighted += block.entropy * f64::from(block.present);
        // Frames of zeros are empty, whosever they are.
        if block.zeros == block.present {
            return;
        }
        if let Some(uses) = &self.uses {
            let frame = uses.at(position);
            *sum.used.entry(frame.used).or_default() += present;
            let owner = match frame.owner {
                Owner::Nobody => NOBODY,
                Owner::One(n) => n,
                Owner::Several => SEVERAL,
            };
            *sum.owners.entry(owner).or_default() += present;
        }
    }

    /// A hit at an address.
    pub fn hit(&mut self, address: umem) {
        if let Some(sum) = self.layout.cell_of(address).and_then(|i| self.sums.get_mut(i)) {
            sum.hits += 1;
        }
    }

    /// The cells and the legend.
    pub fn finish(self) -> (Vec<Cell>, Vec<Key>) {
        let ranks = self.ranks();
        let looks = |sum: &Sum| self.look(sum, &ranks);
        let mut cells = Vec::with_capacity(self.sums.len());
        let mut marks: BTreeMap<char, u64> = BTreeMap::new();
        for (i, sum) in self.sums.iter().enumerate() {
            let mark = looks(sum);
            *marks.entry(mark).or_default() += 1;
            let used = most(&sum.used).map(|u| u.look().0);
            let owner = most(&sum.owners).filter(|_| self.by == By::Owner);
            cells.push(Cell {
                address: Hex(self.layout.start_of(i).unwrap_or_default()),
                mark,
                present: sum.present,
                zeros: sum.zeros,
                entropy: (self.entropy(sum) * 1000.0).round() / 1000.0,
                used: if sum.present > 0 && sum.zeros == sum.present { Some(ZERO.0) } else { used },
                pid: owner.and_then(|o| self.name(o)).map(|(pid, _)| *pid),
                hits: sum.hits,
            });
        }
        let legend = self.legend(&ranks, &marks);
        (cells, legend)
    }

    fn entropy(&self, sum: &Sum) -> f64 {
        // Bytes of a cell are far below 2^52.
        sum.weighted / sum.present.max(1) as f64
    }

    fn name(&self, owner: u32) -> Option<&(u32, String)> {
        self.uses.as_ref()?.names.get(usize::try_from(owner).ok()?)
    }

    /// Owners by how much they have.
    fn ranks(&self) -> Vec<(u32, u64)> {
        let mut all: BTreeMap<u32, u64> = BTreeMap::new();
        for (owner, bytes) in self.sums.iter().flat_map(|s| &s.owners) {
            *all.entry(*owner).or_default() += bytes;
        }
        let mut ranks: Vec<_> = all.into_iter().collect();
        ranks.sort_by_key(|(owner, bytes)| (*owner >= NOBODY, std::cmp::Reverse(*bytes), *owner));
        ranks
    }

    fn owner_mark(ranks: &[(u32, u64)], owner: u32) -> char {
        match owner {
            SEVERAL => '+',
            NOBODY => '.',
            _ => ranks.iter().position(|(o, _)| *o == owner).and_then(|i| LETTERS.chars().nth(i)).unwrap_or('*'),
        }
    }

    fn look(&self, sum: &Sum, ranks: &[(u32, u64)]) -> char {
        match self.by {
            By::Hits => match sum.hits {
                0 => ' ',
                n @ 1..=9 => char::from_digit(u32::try_from(n).unwrap_or(9), 10).unwrap_or('9'),
                _ => '#',
            },
            _ if sum.present == 0 => '!',
            _ if sum.zeros == sum.present => ZERO.1,
            By::Use => most(&sum.used).unwrap_or_default().look().1,
            By::Owner => Self::owner_mark(ranks, most(&sum.owners).unwrap_or(NOBODY)),
            By::Entropy => steps(self.entropy(sum)),
        }
    }

    fn legend(&self, ranks: &[(u32, u64)], marks: &BTreeMap<char, u64>) -> Vec<Key> {
        let count = |mark: char| marks.get(&mark).copied().unwrap_or(0);
        let key = |mark, name: &str, color: u32, bytes| {
            let color = format!("#{color:06x}");
            Key { mark, name: name.to_owned(), color, cells: count(mark), bytes: Some(bytes) }
        };
        let hits = |mark, name: &str, color: u32| Key { bytes: None, ..key(mark, name, color, 0) };
        let present: u64 = self.sums.iter().map(|s| s.present).sum();
        let cell = number(self.layout.cell());
        let mut legend = Vec::new();
        match self.by {
            By::Use => {
                let bytes = |u: Use| self.sums.iter().filter_map(|s| s.used.get(&u)).sum::<u64>();
                for used in USES {
                    let (name, mark, color) = used.look();
                    legend.push(key(mark, name, color, bytes(used)));
                }
            }
            By::Owner => {
                let mut others = 0;
                for &(owner, bytes) in ranks {
                    match (owner, Self::owner_mark(ranks, owner)) {
                        (SEVERAL, mark) => legend.push(key(mark, "several processes", 0x26_a69a, bytes)),
                        (NOBODY, mark) => legend.push(key(mark, "no process", 0x40_4040, bytes)),
                        (_, '*') => others += bytes,
                        (_, mark) => {
                            let name = self.name(owner).map_or_else(String::new, |(pid, name)| format!("{pid} {name}"));
                            legend.push(key(mark, &name, hue(legend.len()), bytes));
                        }
                    }
                }
                legend.push(key('*', "other processes", 0x8d_6e63, others));
            }
            By::Entropy => {
                for step in 0..8u32 {
                    let mark = char::from_digit(step, 10).unwrap_or('0');
                    let bytes = count(mark).saturating_mul(cell);
                    legend.push(key(mark, &format!("{step} to {} bits", step + 1), heat(step, 7), bytes));
                }
            }
            By::Hits => {
                for n in 1..=9u32 {
                    let mark = char::from_digit(n, 10).unwrap_or('9');
                    let name = if n == 1 { "1 hit".to_owned() } else { format!("{n} hits") };
                    legend.push(hits(mark, &name, heat(n, 10)));
                }
                legend.push(hits('#', "10 hits or more", heat(10, 10)));
                legend.push(hits(' ', "none", ZERO.2));
            }
        }
        if self.by != By::Hits {
            // Whole frames of zeros: what is in no other part.
            let frames: u64 = match self.by {
                By::Entropy => count(ZERO.1).saturating_mul(cell).min(present),
                _ => present - self.sums.iter().flat_map(|s| s.used.values()).sum::<u64>().min(present),
            };
            legend.push(key(ZERO.1, ZERO.0, ZERO.2, frames));
            let total = number(self.layout.total());
            legend.push(key('!', "not in the image", 0x80_0080, total.saturating_sub(present)));
        }
        legend.retain(|k| k.cells > 0 || k.bytes.is_some_and(|b| b > 0));
        legend
    }
}

/// The key with the largest value; of equal ones the first.
fn most<K: Copy + Ord>(counts: &BTreeMap<K, u64>) -> Option<K> {
    counts.iter().max_by_key(|(k, n)| (**n, std::cmp::Reverse(**k))).map(|(k, _)| *k)
}

/// `0` to `7` for 0 to 8 bits.
fn steps(bits: f64) -> char {
    let step = (0..7u32).find(|s| bits < f64::from(s + 1)).unwrap_or(7);
    char::from_digit(step, 10).unwrap_or('7')
}

/// From dark blue over green to yellow, as many maps of heat have it.
fn heat(step: u32, of: u32) -> u32 {
    const STOPS: [[u32; 3]; 5] = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
    let at = step * 400 / of.max(1);
    let (i, part) = ((at / 100).min(3) as usize, if at >= 400 { 100 } else { at % 100 });
    let [from, to] = [STOPS[i], STOPS[i + 1]];
    from.iter().zip(to).fold(0, |rgb, (a, b)| (rgb << 8) | ((a * (100 - part) + b * part) / 100))
}

/// Colours far from one another.
fn hue(n: usize) -> u32 {
    const HUES: [u32; 12] = [
        0xe6_194b, 0x3c_b44b, 0xff_e119, 0x43_63d8, 0xf5_8231, 0x91_1eb4, 0x42_d4f4, 0xf0_32e6, 0xbf_ef45, 0xfa_bed4, 0xdc_beff,
        0x9a_6324,
    ];
    HUES[n % HUES.len()]
}
