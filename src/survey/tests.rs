//! Blocks of made-up spaces, beside the plain definition.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::float_cmp)]
use super::*;
use crate::engine::search::{Options, Source, Span};
use memsh_plugin::umem;
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

/// Pieces of memory, ascending; the spans, which touch, reach from the start of each to the start of the next, so that holes are
/// missing bytes.
struct Pieces(Vec<(umem, Vec<u8>)>);

impl Source for Pieces {
    fn spans(&self) -> Box<dyn Iterator<Item = Span> + '_> {
        let end = |i: usize| match self.0.get(i + 1) {
            Some(next) => next.0 - 1,
            None => self.0[i].0 + (self.0[i].1.len() as umem - 1),
        };
        Box::new((0..self.0.len()).map(move |i| Span { first: self.0[i].0, last: end(i) }))
    }

    fn for_each_piece(&self, span: Span, piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        for (at, bytes) in &self.0 {
            let own = Span { first: *at, last: at + (bytes.len() as umem - 1) };
            if let Some(part) = own.meet(span) {
                let from = (part.first - at) as usize;
                piece(part.first, &bytes[from..from + part.bytes() as usize])?;
            }
        }
        ControlFlow::Continue(())
    }
}

fn all(source: &Pieces, size: umem, threads: usize) -> (Vec<Block>, crate::engine::search::Summary) {
    let interrupt = AtomicBool::new(false);
    let options = Options { threads, ..Options::new(&interrupt) };
    let mut blocks = Vec::new();
    let summary = survey(source, size, &options, &mut |b| {
        blocks.push(*b);
        ControlFlow::Continue(())
    });
    (blocks, summary)
}

/// Entropy as it is defined: minus the sum of p log2 p.
fn shannon(bytes: &[u8]) -> f64 {
    let mut out = 0.0;
    for v in 0..=255u8 {
        let p = bytes.iter().filter(|b| **b == v).count() as f64 / bytes.len() as f64;
        if p > 0.0 {
            out -= p * p.log2();
        }
    }
    out
}

#[test]
fn classes() {
    let mut memory = vec![0u8; 4096];
    memory.extend([7; 4096]);
    memory.extend((0..4096).map(|i| if i % 64 == 0 { 1 } else { 0 }));
    memory.extend(b"the quick brown fox jumps over the lazy dog. ".iter().cycle().take(4096));
    let mut state = 1u64;
    memory.extend((0..4096).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    }));
    let (blocks, summary) = all(&Pieces(vec![(0x1000, memory)]), 4096, 0);
    let classes: Vec<_> = blocks.iter().map(|b| (b.start, b.class.name())).collect();
    assert_eq!(classes, [(0x1000, "zero"), (0x2000, "fill"), (0x3000, "sparse"), (0x4000, "plain"), (0x5000, "dense")]);
    assert!(blocks[4].entropy > 7.9 && blocks[0].entropy == 0.0 && blocks[1].entropy == 0.0);
    assert_eq!((summary.scanned_bytes, summary.missing_bytes, summary.hits), (5 * 4096, 0, 5));
}

#[test]
fn an_interrupt_ends_it() {
    let interrupt = AtomicBool::new(true);
    let source = Pieces(vec![(0, vec![1; 1 << 16])]);
    let summary = survey(&source, 4096, &Options::new(&interrupt), &mut |_| ControlFlow::Continue(()));
    assert!(summary.interrupted);
    assert_eq!(summary.hits, 0);
}

#[test]
fn the_top_of_the_address_space_is_reached() {
    let start = umem::MAX - 4095;
    let (blocks, _) = all(&Pieces(vec![(start - 4096, vec![3; 8192])]), 4096, 1);
    assert_eq!(blocks.iter().map(|b| (b.start, b.size)).collect::<Vec<_>>(), [(start - 4096, 4096), (start, 4096)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the pieces and the number of threads: the blocks are those of the definition, each byte in one of them.
    #[test]
    fn blocks_are_as_defined(
        parts in proptest::collection::vec((0u64..3000, proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 1..3000)), 1..12),
        shift in 10u32..14,
        threads in 1usize..4,
    ) {
        let mut pieces = Vec::new();
        let mut at: umem = 0x10_0123;
        for (gap, bytes) in parts {
            at += umem::from(gap);
            let len = bytes.len() as umem;
            pieces.push((at, bytes));
            at += len;
        }
        let size: umem = 1 << shift;
        let mut expected = std::collections::BTreeMap::<umem, Vec<u8>>::new();
        for (at, bytes) in &pieces {
            for (i, b) in bytes.iter().enumerate() {
                expected.entry((at + i as umem) / size).or_default().push(*b);
            }
        }
        let source = Pieces(pieces);
        let (blocks, summary) = all(&source, size, threads);
        prop_assert_eq!(blocks.len(), expected.len());
        let mut present = 0;
        for (block, (number, bytes)) in blocks.iter().zip(&expected) {
            prop_assert_eq!(block.start / size, *number);
            prop_assert_eq!(block.present as usize, bytes.len());
            prop_assert_eq!(block.zeros as usize, bytes.iter().filter(|b| **b == 0).count());
            prop_assert!((block.entropy - shannon(bytes)).abs() < 1e-6);
            present += bytes.len() as u64;
        }
        prop_assert_eq!(summary.scanned_bytes, present);
        let whole = source.spans().map(|s| s.bytes()).sum::<umem>();
        prop_assert_eq!(summary.missing_bytes, whole - umem::from(present));
    }
}
