//! What is done to the sample. Everything follows from the number of the corruption.

use crate::torn::Torn;

/// Size of a page, in bytes.
const PAGE: usize = 4096;
const MIB: usize = 1 << 20;

/// The sample, and what a later moment of the same machine has otherwise.
pub struct Ground {
    /// Its memory.
    pub bytes: Vec<u8>,
    /// For each of some tasks: the words and stretches that its end changes (position, new bytes).
    ends: Vec<Vec<(usize, Vec<u8>)>>,
}

impl Ground {
    /// Of the sample that comes with the program.
    #[allow(clippy::useless_conversion, reason = "addresses are wider under `wide-addresses`")]
    pub fn new() -> Self {
        let mut torn = Torn::new();
        let link = torn.offset("task_struct", "tasks");
        let size =
            usize::try_from(memsh::symbols::TypesExt::size_of(torn.session().types().unwrap(), "task_struct").unwrap()).unwrap();
        let all = torn.session().processes().unwrap();
        let tasks: Vec<u64> = all.items.iter().map(|p| u64::try_from(p.address.value()).unwrap()).collect();
        let end = |task: u64| {
            // It leaves the list of tasks, and its memory is cleared, as by init_on_free.
            let (next, before) = (torn.word(task + link), torn.word(task + link + 8));
            let gone = torn.position(task);
            let (after, previous) = (torn.position(before), torn.position(next + 8));
            vec![(after, next.to_le_bytes().to_vec()), (previous, before.to_le_bytes().to_vec()), (gone, vec![0; size])]
        };
        // Not the first ones, without which no machine runs.
        let ends = tasks.iter().skip(2).map(|t| end(*t)).collect();
        Self { bytes: std::mem::take(torn.bytes()), ends }
    }
}

/// The generator that all chance comes from: splitmix64, whose constants are those of its paper.
pub struct Chance(u64);

impl Chance {
    /// That of one corruption.
    pub fn new(seed: usize) -> Self {
        Self(seed as u64)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}

/// How a sample is damaged.
#[derive(Clone, Copy)]
enum How {
    /// One of this many bits is the other way round.
    Flipped(usize),
    /// So many pages hold zeros.
    Zeroed(usize),
    /// So many pairs of pages have changed places.
    Swapped(usize),
    /// It ends after so many MiB.
    Cut(usize),
    /// Pages before a place are of one moment, those behind it of a later one, at which some tasks had ended.
    Smeared,
}

/// One damaged sample.
pub struct Corruption {
    number: usize,
    how: How,
}

/// Kinds, and how many of a thousand are of each; of cuts there is one per MiB of the sample.
const KINDS: [(How, usize); 12] = [
    (How::Flipped(10_000_000), 100),
    (How::Flipped(1_000_000), 100),
    (How::Flipped(100_000), 100),
    (How::Flipped(10_000), 100),
    (How::Zeroed(1), 75),
    (How::Zeroed(12), 75),
    (How::Zeroed(123), 75),
    (How::Zeroed(1229), 75),
    (How::Swapped(1), 75),
    (How::Swapped(32), 75),
    (How::Cut(0), 47),
    (How::Smeared, 103),
];

impl Corruption {
    /// `count` of them, the same share of every kind.
    pub fn all(count: usize) -> Vec<Self> {
        let total: usize = KINDS.iter().map(|k| k.1).sum();
        assert_eq!(total, 1000);
        let mut all = Vec::new();
        for (how, many) in KINDS {
            let wanted = (many * count).div_ceil(total);
            for i in 0..wanted {
                let how = match how {
                    // Spread over the sample's length.
                    How::Cut(_) => How::Cut(1 + i * many / wanted),
                    other => other,
                };
                all.push(Self { number: i, how });
            }
        }
        all
    }

    /// The kind, for the table.
    pub fn kind(&self) -> &'static str {
        match self.how {
            How::Flipped(10_000_000) => "flip-1e-7",
            How::Flipped(1_000_000) => "flip-1e-6",
            How::Flipped(100_000) => "flip-1e-5",
            How::Flipped(_) => "flip-1e-4",
            How::Zeroed(1) => "zero-1-page",
            How::Zeroed(12) => "zero-0.1%",
            How::Zeroed(123) => "zero-1%",
            How::Zeroed(_) => "zero-10%",
            How::Swapped(1) => "swap-1-pair",
            How::Swapped(_) => "swap-32-pairs",
            How::Cut(_) => "cut",
            How::Smeared => "smear",
        }
    }

    /// What it is called where it goes wrong.
    pub fn name(&self) -> String {
        match self.how {
            How::Cut(at) => format!("cut at {at} MiB"),
            _ => format!("{} #{}", self.kind(), self.number),
        }
    }

    /// The damaged memory.
    pub fn applied(&self, ground: &Ground) -> Vec<u8> {
        let mut bytes = ground.bytes.clone();
        // Seeds of each kind begin anew, so that the first ones of a kind are the same whatever the count.
        let kind = self.kind().bytes().fold(7usize, |sum, b| sum.wrapping_mul(31).wrapping_add(usize::from(b)));
        let mut chance = Chance::new(self.number.wrapping_mul(0x1_0001) ^ kind);
        let pages = bytes.len() / PAGE;
        match self.how {
            How::Flipped(of) => {
                for _ in 0..bytes.len() * 8 / of {
                    let bit = chance.below(bytes.len() * 8);
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
            }
            How::Zeroed(count) => {
                for _ in 0..count {
                    let at = chance.below(pages) * PAGE;
                    bytes[at..at + PAGE].fill(0);
                }
            }
            How::Swapped(pairs) => {
                for _ in 0..pairs {
                    let (a, b) = (chance.below(pages) * PAGE, chance.below(pages) * PAGE);
                    let page = bytes[a..a + PAGE].to_vec();
                    bytes.copy_within(b..b + PAGE, a);
                    bytes[b..b + PAGE].copy_from_slice(&page);
                }
            }
            How::Cut(at) => bytes.truncate(at * MIB),
            How::Smeared => {
                let from = chance.below(pages) * PAGE;
                for _ in 0..1 + chance.below(4) {
                    for (at, new) in &ground.ends[chance.below(ground.ends.len())] {
                        // Of what lies over the border, the part behind it is of the later moment.
                        let skip = from.saturating_sub(*at).min(new.len());
                        bytes[at + skip..at + new.len()].copy_from_slice(&new[skip..]);
                    }
                }
            }
        }
        bytes
    }
}
