//! Pieces that were unpacked or fetched, as many as may be kept.

use std::collections::HashMap;
use std::sync::Arc;

/// Bytes that are kept.
const KEPT: usize = 128 << 20;

/// Pieces by a number of theirs. When full it starts anew with the younger half.
#[derive(Default)]
pub(super) struct Kept {
    young: HashMap<u64, Arc<[u8]>>,
    old: HashMap<u64, Arc<[u8]>>,
    bytes: usize,
}

impl Kept {
    /// Whether it has the piece. That does not make it younger.
    pub(super) fn has(&self, key: u64) -> bool {
        self.young.contains_key(&key) || self.old.contains_key(&key)
    }

    pub(super) fn get(&mut self, key: u64) -> Option<Arc<[u8]>> {
        if let Some(bytes) = self.young.get(&key) {
            return Some(Arc::clone(bytes));
        }
        let bytes = self.old.remove(&key)?;
        self.put(key, Arc::clone(&bytes));
        Some(bytes)
    }

    pub(super) fn put(&mut self, key: u64, bytes: Arc<[u8]>) {
        if self.bytes.saturating_add(bytes.len()) > KEPT / 2 {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += bytes.len();
        self.young.insert(key, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_a_bound() {
        const PIECE: usize = 1 << 20;
        let mut kept = Kept::default();
        let piece: Arc<[u8]> = vec![0; PIECE].into();
        for key in 0..400 {
            kept.put(key, Arc::clone(&piece));
            let bytes: usize = kept.young.values().chain(kept.old.values()).map(|b| b.len()).sum();
            assert!(bytes <= KEPT + PIECE, "{bytes}");
        }
        assert!(kept.has(399) && kept.get(399).is_some());
        assert!(!kept.has(0) && kept.get(0).is_none());
    }

    #[test]
    fn what_is_asked_for_stays() {
        let mut kept = Kept::default();
        let piece: Arc<[u8]> = vec![0; 1 << 20].into();
        for key in 0..1000 {
            kept.put(key, Arc::clone(&piece));
            assert!(kept.get(0).is_some(), "after {key}");
        }
    }
}
