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
