//! Reading ahead over memory that costs per access: several threads ask what one will ask next, so that it finds the answers kept.
//!
//! Nothing here changes an answer: whoever reads does so as if nobody had read ahead, in the same order, from the same epoch's pages.

use super::memory::Memory;
use memsh_plugin::{CSliceMut, MemoryView, PhysAddr, VirtAddr, VirtReadOp};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Items per thread that are asked ahead of the one that is being read: what they read has to be kept until then.
const EACH: usize = 32;

impl Memory {
    /// Whether reading ahead pays: each access costs, what is read is kept, and several calls may be under way at once.
    pub fn reads_ahead(&self) -> bool {
        self.is_far() && self.keeps_pages() && self.in_flight() > 1
    }

    /// Goes through `items` in order with `each`. Over memory that is far, `ahead` does the same reads before it, for several items at
    /// once; its answers are thrown away.
    pub fn for_each_ahead<T: Sync, E>(
        &self,
        items: &[T],
        ahead: impl Fn(&T) + Sync,
        mut each: impl FnMut(&T) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.reads_ahead() {
            return items.iter().try_for_each(each);
        }
        for group in items.chunks(self.in_flight().saturating_mul(EACH).max(1)) {
            // One alone has nothing beside it.
            if group.len() > 1 {
                self.warm(group, &ahead);
            }
            group.iter().try_for_each(&mut each)?;
        }
        Ok(())
    }

    /// Does `ahead` for all of `items`, several at once.
    fn warm<T: Sync>(&self, items: &[T], ahead: &(impl Fn(&T) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                ahead(item);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.in_flight().min(items.len()) {
                // Whatever does not start is read later, one after the other.
                let _ = std::thread::Builder::new().spawn_scoped(scope, work);
            }
        });
    }

    /// Reads `size` bytes at each of `places` in one batch, so that they are kept; over memory that is not far, nothing.
    pub fn read_ahead_at(&self, places: &[PhysAddr], size: usize) {
        if !self.is_far() || !self.keeps_pages() || size == 0 {
            return;
        }
        for group in places.chunks(GROUP) {
            // They are kept: nobody wants them yet.
            let _ = self.read_each(group, size);
        }
    }

    /// Reads pieces of `size` bytes at each of `addresses` in one batch, so that they are kept; over memory that is not far, nothing.
    pub fn read_ahead(&self, view: &dyn MemoryView, addresses: &[VirtAddr], size: usize) {
        if !self.reads_ahead() || size == 0 {
            return;
        }
        for group in addresses.chunks(GROUP) {
            let mut bytes = vec![0; group.len().saturating_mul(size)];
            let mut ops: Vec<VirtReadOp> =
                group.iter().zip(bytes.chunks_exact_mut(size)).map(|(at, buf)| VirtReadOp::new(*at, buf)).collect();
            view.read_virt(CSliceMut::from(&mut ops[..]));
        }
    }
}

/// Pieces of one batch that is read ahead.
const GROUP: usize = 1024;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::memory::Habits;
    use super::*;
    use crate::engine::{Metered, to_umem};
    use crate::plugins::dummy::DummyMemory;
    use memsh_plugin::PhysAddr;
    use std::sync::Arc;

    #[test]
    fn what_was_read_ahead_is_not_asked_for_again() {
        let mut metrics = None;
        let plain = Memory::new(DummyMemory::new(0, vec![1; 64 << 12]));
        let habits = Habits { in_flight: Some(4), ..Habits::default() };
        let memory = plain.through(habits, |source| {
            let metered = Metered::new(source);
            metrics = Some(metered.metrics());
            Arc::new(metered)
        });
        let metrics = metrics.unwrap();
        let items: Vec<usize> = (0..64).collect();
        let read = |i: &usize| {
            let mut b = [0; 8];
            memory.read(PhysAddr::new(to_umem(*i << 12)), &mut b).unwrap();
        };
        let mut order = Vec::new();
        memory
            .for_each_ahead(&items, read, |i| {
                let before = metrics.counts().calls;
                read(i);
                order.push(*i);
                if metrics.counts().calls == before { Ok(()) } else { Err(*i) }
            })
            .unwrap();
        assert_eq!((order, metrics.counts().calls), (items, 64));
    }
}
