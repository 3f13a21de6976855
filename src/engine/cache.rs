//! Caches over memory that costs per access. Their content is dropped when the memory's epoch moves on.

use super::walk::Page;
use memsh_plugin::umem;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// A bounded map of one epoch. When full it starts anew: what is asked for often comes back at once.
struct Epochal<K, V> {
    epoch: u64,
    limit: usize,
    map: HashMap<K, V>,
}

impl<K: Eq + std::hash::Hash, V> Epochal<K, V> {
    fn new(limit: usize) -> Self {
        Self { epoch: 0, limit, map: HashMap::new() }
    }

    fn of(&mut self, epoch: u64) -> &mut HashMap<K, V> {
        if self.epoch != epoch {
            self.map.clear();
            self.epoch = epoch;
        }
        &mut self.map
    }

    fn put(&mut self, epoch: u64, key: K, value: V) {
        if self.map.len() >= self.limit {
            self.map.clear();
        }
        self.of(epoch).insert(key, value);
    }
}

fn lock<T>(m: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere leaves a cache that is at worst incomplete.
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Size in bytes of a cached page of physical memory.
pub(super) const FRAME: usize = 4096;
/// 64 MiB.
pub(super) const FRAMES: usize = 16384;

/// Pages of physical memory.
pub(super) struct FrameCache {
    kept: Mutex<Epochal<umem, Box<[u8; FRAME]>>>,
    hits: AtomicU64,
    misses: AtomicU64,
    /// Epoch and number of the pages that somebody is fetching.
    under_way: Mutex<HashSet<(u64, umem)>>,
    arrived: Condvar,
}

/// Pages that their holder is to fetch. Dropped when they are there, or are not to be had.
pub(super) struct Fetching<'a> {
    cache: &'a FrameCache,
    epoch: u64,
    /// Their numbers.
    pub(super) frames: Vec<umem>,
}

impl Drop for Fetching<'_> {
    fn drop(&mut self) {
        let mut under_way = lock(&self.cache.under_way);
        for frame in &self.frames {
            under_way.remove(&(self.epoch, *frame));
        }
        drop(under_way);
        self.cache.arrived.notify_all();
    }
}

impl FrameCache {
    /// One of at most `frames` pages.
    pub(super) fn new(frames: usize) -> Self {
        Self {
            kept: Mutex::new(Epochal::new(frames)),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            under_way: Mutex::default(),
            arrived: Condvar::new(),
        }
    }

    /// Of `wanted`, the pages that the caller is to fetch, and those that somebody else is fetching already.
    pub(super) fn fetching(&self, epoch: u64, wanted: Vec<umem>) -> (Fetching<'_>, Vec<umem>) {
        let mut under_way = lock(&self.under_way);
        let (frames, others) = wanted.into_iter().partition(|frame| under_way.insert((epoch, *frame)));
        (Fetching { cache: self, epoch, frames }, others)
    }

    /// Waits until nobody fetches any of `frames`. Whoever fetches some must have put them away before.
    pub(super) fn wait(&self, epoch: u64, frames: &[umem]) {
        let mut under_way = lock(&self.under_way);
        while frames.iter().any(|frame| under_way.contains(&(epoch, *frame))) {
            under_way = self.arrived.wait(under_way).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How many pages it holds at most.
    pub(super) fn limit(&self) -> usize {
        lock(&self.kept).limit
    }

    /// How many pieces of pages were asked for and were there, and how many were not.
    pub(super) fn hits(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    /// Copies `buf.len()` bytes at `offset` of a cached frame; false when it is not cached.
    pub(super) fn get(&self, epoch: u64, frame: umem, offset: usize, buf: &mut [u8]) -> bool {
        let mut inner = lock(&self.kept);
        match inner.of(epoch).get(&frame).and_then(|f| f.get(offset..offset + buf.len())) {
            Some(from) => {
                buf.copy_from_slice(from);
                self.hits.fetch_add(1, Ordering::Relaxed);
                true
            }
            None => {
                self.misses.fetch_add(1, Ordering::Relaxed);
                false
            }
        }
    }

    pub(super) fn put(&self, epoch: u64, frame: umem, bytes: &[u8; FRAME]) {
        lock(&self.kept).put(epoch, frame, Box::new(*bytes));
    }
}

/// Translations kept: entries for pages of every size.
const TRANSLATIONS: usize = 1 << 16;

/// Where a page lies, keyed by root, the page's first address and its size: a large page is one entry.
pub(super) struct TranslationCache(Mutex<Epochal<(u64, u64, u32), Page>>);

impl TranslationCache {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Epochal::new(TRANSLATIONS)))
    }

    /// The page of `va` below `root`, if a page of one of the sizes in `shifts` is known.
    pub(super) fn get(&self, epoch: u64, root: u64, va: u64, shifts: &[u32]) -> Option<Page> {
        let mut inner = lock(&self.0);
        let map = inner.of(epoch);
        shifts.iter().find_map(|&s| map.get(&(root, va >> s, s)).copied())
    }

    /// Keeps `page` for all addresses that share those of `va` from bit `shift` up.
    pub(super) fn put(&self, epoch: u64, root: u64, va: u64, shift: u32, page: Page) {
        lock(&self.0).put(epoch, (root, va >> shift, shift), page);
    }
}

/// One thing worked out from a memory, for as long as the memory's epoch lasts ([`Memory::epoch`](super::Memory::epoch)): of an image
/// once, of a live target anew after each refresh.
pub struct OfEpoch<T>(Mutex<Option<(u64, T)>>);

impl<T> Default for OfEpoch<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> OfEpoch<T> {
    /// What was kept of this epoch, or else what `make` gives. Two that ask at once may both make it.
    pub fn get_or(&self, epoch: u64, make: impl FnOnce() -> T) -> T {
        match self.get_or_try(epoch, || Ok::<T, std::convert::Infallible>(make())) {
            Ok(made) => made,
        }
    }

    /// The same; what fails is made again the next time.
    ///
    /// # Errors
    /// As `make`.
    pub fn get_or_try<E>(&self, epoch: u64, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if let Some((_, known)) = lock(&self.0).as_ref().filter(|(of, _)| *of == epoch) {
            return Ok(known.clone());
        }
        // Not under the lock: it may take a while, and may come back here.
        let made = make()?;
        *lock(&self.0) = Some((epoch, made.clone()));
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memsh_plugin::Perm;

    #[test]
    fn large_and_small_pages_and_roots_do_not_mix() {
        let c = TranslationCache::new();
        let large = Page { base: 0x20_0000, shift: 21, perm: Perm::READ };
        c.put(0, 0x1000, 0x7fff_0020_1000, 21, large);
        assert_eq!(c.get(0, 0x1000, 0x7fff_003f_ffff, &[12, 21]), Some(large));
        assert_eq!(c.get(0, 0x1000, 0x7fff_0040_0000, &[12, 21]), None);
        assert_eq!(c.get(0, 0x2000, 0x7fff_0020_1000, &[12, 21]), None);
        assert_eq!(c.get(1, 0x1000, 0x7fff_0020_1000, &[12, 21]), None, "another epoch");
    }
}
