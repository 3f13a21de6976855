//! Random numbers that are the same on every machine.

/// A small generator (SplitMix64: Steele, Lea, Flood, 2014). For test data, not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 when there is none.
    pub const fn below(&mut self, n: u64) -> u64 {
        match self.next().checked_rem(n) {
            Some(r) => r,
            None => 0,
        }
    }

    /// True once in `n` times on average.
    pub const fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Puts `items` in a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let bound = crate::engine::to_u64(crate::engine::to_umem(i)).map_or(0, |n| n + 1);
            let j = crate::engine::index(memsh_plugin::umem::from(self.below(bound))).unwrap_or(0);
            items.swap(i, j);
        }
    }

    /// One of `items`.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        let n = crate::engine::to_u64(crate::engine::to_umem(items.len())).unwrap_or(0);
        items.get(crate::engine::index(memsh_plugin::umem::from(self.below(n))).unwrap_or(0)).copied()
    }
}
