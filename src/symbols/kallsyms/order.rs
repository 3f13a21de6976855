//! Symbols that could not be read: which addresses are believed, and where the others leave holes.

use crate::symbols::SymbolTable;
use memsh_plugin::umem;

/// So many names of one address are a page of zeros: system calls that a kernel was built without share a hundred and more.
const SAME: usize = 512;

/// Which of `count` addresses are believed, where some are damaged: as many as there can be of which none is lower than the one before.
/// `address` gives those that could be read.
pub(super) fn ascending(count: usize, address: impl Fn(usize) -> Option<u64>) -> Vec<bool> {
    let mut all: Vec<Option<u64>> = (0..count).map(address).collect();
    for same in all.chunk_by_mut(|a, b| a == b).filter(|same| same.len() >= SAME) {
        same.fill(None);
    }
    let address = |i: usize| all.get(i).copied().flatten();
    // Of every length the chain whose last address is the lowest, by the number of that symbol, and for each symbol the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![usize::MAX; count];
    for i in 0..count {
        let Some(own) = address(i) else { continue };
        let len = ends.partition_point(|&end| address(end).is_some_and(|a| a <= own));
        if let (Some(before), Some(last)) = (before.get_mut(i), len.checked_sub(1).and_then(|l| ends.get(l))) {
            *before = *last;
        }
        match ends.get_mut(len) {
            Some(end) => *end = i,
            None => ends.push(i),
        }
    }
    let mut believed = vec![false; count];
    let mut at = ends.last().copied();
    while let Some(i) = at {
        if let Some(one) = believed.get_mut(i) {
            *one = true;
        }
        at = before.get(i).copied().filter(|b| *b != usize::MAX);
    }
    believed
}

/// The addresses at which symbols lie that could not be read, as they come in their order.
#[derive(Default)]
pub(super) struct Holes {
    last: Option<u64>,
    open: Option<u64>,
}

impl Holes {
    /// A symbol that could be read.
    pub(super) fn known(&mut self, address: u64, table: &mut SymbolTable) {
        if let Some(start) = self.open.take().filter(|s| *s < address) {
            table.add_hole(umem::from(start)..umem::from(address));
        }
        self.last = Some(address);
    }

    /// One that could not, but for its address where that is known. Without, it is somewhere behind the last known one.
    pub(super) fn lost(&mut self, address: Option<u64>) {
        let start = match address {
            // Another name of the same.
            Some(own) if self.last == Some(own) => return,
            Some(own) => own,
            None => self.last.map_or(0, |l| l.saturating_add(1)),
        };
        self.open.get_or_insert(start);
    }

    /// No symbol follows.
    pub(super) fn end(self, table: &mut SymbolTable) {
        if let Some(start) = self.open {
            table.add_hole(umem::from(start)..umem::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;
    use crate::symbols::Symbols;
    use memsh_plugin::VirtAddr;
    use proptest::prelude::*;

    fn believed(all: &[u64]) -> Vec<usize> {
        let good = ascending(all.len(), |i| Some(all[i]).filter(|a| *a != u64::MAX));
        (0..all.len()).filter(|i| good[*i]).collect()
    }

    #[test]
    fn damaged_addresses_are_not_believed() {
        assert_eq!(believed(&[1, 2, 2, 3]), [0, 1, 2, 3]);
        // One that is too high, a page of zeros, one that is missing.
        assert_eq!(believed(&[1, 900, 2, 3, 4]), [0, 2, 3, 4]);
        let zeros = [vec![5, 6], vec![0; SAME], vec![7]].concat();
        assert_eq!(believed(&zeros), [0, 1, SAME + 2]);
        assert_eq!(believed(&[1, u64::MAX, 3]), [0, 2]);
        assert!(believed(&[]).is_empty());
    }

    #[test]
    fn holes_are_where_the_lost_ones_were() {
        let mut table = SymbolTable::new();
        let mut holes = Holes::default();
        for (address, named) in [
            (Some(0x10), true),
            // Another name of the same leaves none.
            (Some(0x10), false),
            (Some(0x20), true),
            (Some(0x28), false),
            (Some(0x2c), false),
            (Some(0x30), true),
            (None, false),
            (Some(0x40), true),
            (Some(0x50), false),
        ] {
            match address.filter(|_| named) {
                Some(address) => holes.known(address, &mut table),
                None => holes.lost(address),
            }
        }
        holes.end(&mut table);
        table.finish();
        let missing = |at: u64| table.is_missing(VirtAddr::new(umem::from(at)));
        assert_eq!([0x10, 0x1f, 0x27, 0x30, 0x40, 0x4f].map(missing), [false; 6]);
        assert_eq!([0x28, 0x2f, 0x31, 0x3f, 0x50, 0x1000].map(missing), [true; 6]);
    }

    proptest! {
        #[test]
        fn what_is_believed_ascends_and_is_the_most(all in proptest::collection::vec(0u64..40, 0..40)) {
            let chosen = believed(&all);
            prop_assert!(chosen.windows(2).all(|w| all[w[0]] <= all[w[1]]));
            // The longest by trying every end.
            let mut best = vec![0; all.len()];
            for i in 0..all.len() {
                best[i] = 1 + (0..i).filter(|j| all[*j] <= all[i]).map(|j| best[j]).max().unwrap_or(0);
            }
            prop_assert_eq!(chosen.len(), best.iter().copied().max().unwrap_or(0));
        }
    }
}
