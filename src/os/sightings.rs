//! Who was seen on which ways: what hides is a difference between them.

use memsh_plugin::VirtAddr;
use std::collections::HashMap;

/// A way that leads to processes.
pub trait Way: Copy + PartialEq + 'static {
    /// All of them, sixteen at most.
    const ALL: &'static [Self];

    /// Its name in an answer.
    fn name(self) -> &'static str;
}

fn bit<W: Way>(way: W) -> u16 {
    W::ALL.iter().position(|w| *w == way).and_then(|i| 1u16.checked_shl(u32::try_from(i).ok()?)).unwrap_or(0)
}

/// On which ways somebody was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources<W> {
    seen: u16,
    gone: u16,
    ways: std::marker::PhantomData<W>,
}

impl<W> Default for Sources<W> {
    fn default() -> Self {
        Self { seen: 0, gone: 0, ways: std::marker::PhantomData }
    }
}

impl<W: Way> Sources<W> {
    /// Whether it was seen that way; `None` where this kernel could not be asked.
    pub fn get(self, way: W) -> Option<bool> {
        (self.gone & bit(way) != 0).then_some(self.has(way))
    }

    /// Whether it was seen that way.
    pub fn has(self, way: W) -> bool {
        self.seen & bit(way) != 0
    }

    /// The names of the ways on which it was seen, or was not though they could be asked.
    pub fn names(self, seen: bool) -> Vec<&'static str> {
        W::ALL.iter().filter(|w| self.get(**w) == Some(seen)).map(|w| w.name()).collect()
    }
}

/// Who was seen where, in the order of the first sighting.
#[derive(Debug)]
pub struct Sightings<W> {
    order: Vec<VirtAddr>,
    seen: HashMap<VirtAddr, u16>,
    gone: u16,
    ways: std::marker::PhantomData<W>,
}

impl<W> Default for Sightings<W> {
    fn default() -> Self {
        Self { order: Vec::new(), seen: HashMap::new(), gone: 0, ways: std::marker::PhantomData }
    }
}

impl<W: Way> Sightings<W> {
    /// That a way can be gone at all.
    pub fn open(&mut self, way: W) {
        self.gone |= bit(way);
    }

    /// That the one at `at` was seen on `way`; whether it was new.
    pub fn add(&mut self, at: VirtAddr, way: W) -> bool {
        self.open(way);
        let known = self.order.len();
        let bits = self.seen.entry(at).or_insert_with(|| {
            self.order.push(at);
            0
        });
        *bits |= bit(way);
        self.order.len() > known
    }

    /// Everybody seen so far.
    pub fn all(&self) -> &[VirtAddr] {
        &self.order
    }

    /// Where the one at `at` was seen.
    pub fn of(&self, at: VirtAddr) -> Sources<W> {
        Sources { seen: self.seen.get(&at).copied().unwrap_or(0), gone: self.gone, ways: std::marker::PhantomData }
    }
}
