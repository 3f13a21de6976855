//! What was worked out lately, up to a number of things and of bytes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The latest values, by key.
pub struct Recent<K, V> {
    most: usize,
    bytes: u64,
    /// How long one is good; none for ever.
    life: Option<Duration>,
    /// The oldest first: key, value, weight, when.
    kept: Mutex<VecDeque<(K, V, u64, Instant)>>,
}

impl<K: PartialEq, V: Clone> Recent<K, V> {
    /// Keeps up to `most` values of up to `bytes` together, each as long as `life`.
    pub fn new(most: usize, bytes: u64, life: Option<Duration>) -> Self {
        Self { most, bytes, life, kept: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(K, V, u64, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a key, while it is good.
    pub fn get(&self, key: &K) -> Option<V> {
        let mut kept = self.lock();
        if let Some(life) = self.life {
            kept.retain(|(.., when)| when.elapsed() < life);
        }
        kept.iter().rev().find(|(k, ..)| k == key).map(|(_, v, ..)| v.clone())
    }

    /// Keeps a value; the oldest make room.
    pub fn put(&self, key: K, value: V, weight: u64) {
        let mut kept = self.lock();
        kept.retain(|(k, ..)| *k != key);
        kept.push_back((key, value, weight, Instant::now()));
        let mut sum = kept.iter().fold(0u64, |sum, (_, _, w, _)| sum.saturating_add(*w));
        while kept.len() > self.most || sum > self.bytes {
            let Some((_, _, weight, _)) = kept.pop_front() else { break };
            sum = sum.saturating_sub(weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room() {
        let recent = Recent::new(2, 10, None);
        recent.put(1, 'a', 4);
        recent.put(2, 'b', 4);
        recent.put(1, 'c', 4);
        assert_eq!((recent.get(&1), recent.get(&2)), (Some('c'), Some('b')));
        recent.put(3, 'd', 8);
        assert_eq!((recent.get(&1), recent.get(&2), recent.get(&3)), (None, None, Some('d')));
        recent.put(4, 'e', 11);
        assert_eq!(recent.get(&4), None);
        let never = Recent::new(2, 10, Some(Duration::ZERO));
        never.put(1, 'a', 1);
        assert_eq!(never.get(&1), None);
    }
}
