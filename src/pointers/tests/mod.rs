//! Maps, paths, references and signatures, against naive ones.
#![allow(clippy::cast_possible_truncation, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod code;
mod paths;

use super::*;
use crate::engine::search::{Options, Source, Span};
use crate::engine::{index, to_umem};
use memsh_plugin::umem;
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

pub static NEVER: AtomicBool = AtomicBool::new(false);

pub fn options(threads: usize) -> Options<'static> {
    Options { threads, ..Options::new(&NEVER) }
}

/// Pieces with their addresses, ascending.
#[derive(Clone, Debug)]
pub struct Pieces(pub Vec<(u64, Vec<u8>)>);

impl Pieces {
    pub fn byte(&self, at: u64) -> Option<u8> {
        let holds = |p: &&(u64, Vec<u8>)| at >= p.0 && at - p.0 < p.1.len() as u64;
        self.0.iter().find(holds).map(|p| p.1[(at - p.0) as usize])
    }

    pub fn number(&self, at: u64, size: u64) -> Option<u64> {
        (0..size).rev().try_fold(0u64, |v, i| Some(v << 8 | u64::from(self.byte(at.checked_add(i)?)?)))
    }

    pub fn read(&self, at: u64, buf: &mut [u8]) -> usize {
        let there = (0u64..).map_while(|i| self.byte(at.checked_add(i)?)).zip(buf).map(|(byte, b)| *b = byte);
        there.count()
    }
}

impl Source for Pieces {
    fn spans(&self) -> Box<dyn Iterator<Item = Span> + '_> {
        Box::new(self.0.iter().filter_map(|(a, b)| Span::new(umem::from(*a), to_umem(b.len()))))
    }

    fn for_each_piece(&self, span: Span, piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        for (addr, bytes) in &self.0 {
            let addr = umem::from(*addr);
            let Some(part) = Span::new(addr, to_umem(bytes.len())).and_then(|s| s.meet(span)) else { continue };
            let at = index(part.first - addr).unwrap();
            piece(part.first, &bytes[at..at + index(part.bytes()).unwrap()])?;
        }
        ControlFlow::Continue(())
    }
}

/// Pieces in three places of the address space, some of them neighbours, full of zeros, numbers and pointers into them.
fn spaces(wide: bool) -> impl Strategy<Value = Pieces> {
    let places = if wide { [0x40_0000u64, 0x7f12_3456_7000, 0xffff_8880_0000_1000] } else { [0x1000, 0x804_8000, 0xffff_0000] };
    let step = if wide { 8 } else { 4 };
    let word = prop_oneof![
        3 => Just(0u64),
        1 => any::<u64>(),
        1 => 0u64..0x100,
        4 => (0usize..3, 0u64..2200).prop_map(move |(i, n)| places[i] + n),
    ];
    let piece = prop::collection::vec(word, 0..200);
    (prop::collection::vec((piece, 0u64..3, 0usize..9), 1..7)).prop_map(move |given| {
        let mut out: Vec<(u64, Vec<u8>)> = Vec::new();
        for (i, (words, gap, odd)) in given.into_iter().enumerate() {
            let at = match out.last() {
                Some((a, b)) if i % 3 != 0 => a + b.len() as u64 + gap * 3,
                _ => places[(i / 3).min(2)],
            };
            let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()[..step].to_vec()).collect();
            // Pieces end and begin anywhere.
            bytes.truncate(bytes.len().saturating_sub(odd));
            if !bytes.is_empty() {
                out.push((at, bytes));
            }
        }
        Pieces(out)
    })
}

/// Every pointer, byte by byte.
fn naive(space: &Pieces, size: u64, unaligned: bool) -> Vec<(u64, u64)> {
    let mut out = Vec::new();
    for (at, bytes) in &space.0 {
        for place in *at..*at + bytes.len() as u64 {
            if let Some(value) = space.number(place, size).filter(|_| unaligned || place % size == 0)
                && space.byte(value).is_some()
            {
                out.push((value, place));
            }
        }
    }
    out.sort_unstable();
    out
}

proptest! {
    #[test]
    fn a_map_has_every_pointer_once(space in any::<bool>().prop_flat_map(|wide| (Just(wide), spaces(wide))), unaligned: bool) {
        let (wide, space) = space;
        let kind = Words { wide, unaligned };
        let want = naive(&space, kind.size() as u64, unaligned);
        for threads in [1, 3] {
            let built = build(&space, kind, &Ranges::new(space.spans(), wide), MAX_POINTERS, &options(threads));
            let got: Vec<(u64, u64)> = (0..built.map.len()).map(|i| built.map.get(i).unwrap()).collect();
            prop_assert_eq!(&got, &want);
            prop_assert_eq!(built.scanned.bytes, space.0.iter().map(|p| p.1.len() as u64).sum::<u64>());
            prop_assert!(!built.cut && !built.scanned.interrupted && built.scanned.missing == 0);
            for (value, place) in &want {
                prop_assert_eq!(built.map.at(*place), Some(*value));
            }
            let mut file = Vec::new();
            let saved = Saved { map: built.map, bases: Bases::default(), pointer_size: kind.size() as u8, of: "x".into() };
            save(&mut file, &saved).unwrap();
            let again = load(&mut file.as_slice()).unwrap();
            prop_assert_eq!(again.map.values(), saved.map.values());
            prop_assert_eq!(again.map.places(), saved.map.places());
        }
    }

    #[test]
    fn a_file_that_is_damaged_is_refused_or_harmless(at in 0usize..200, byte: u8, cut in 0usize..200) {
        let pairs = (0..20u64).map(|i| (i * 1000, 5000 - i)).collect();
        let bases = Bases::new(vec![Base { name: "a".into(), start: 1, end: 9 }]);
        let saved = Saved { map: PointerMap::of(pairs), bases, pointer_size: 8, of: "x".into() };
        let mut file = Vec::new();
        save(&mut file, &saved).unwrap();
        let short = &file[..cut.min(file.len() - 1)];
        let e = load(&mut &*short).unwrap_err().to_string();
        prop_assert!(e.contains("cut off") || e.contains("no pointer map"), "{}", e);
        let n = file.len();
        file[at % n] = byte;
        let _ = load(&mut file.as_slice());
    }
}

#[test]
fn a_map_stops_at_its_limit_and_at_an_interrupt() {
    let space = Pieces(vec![(0x1000, 0x1000u64.to_le_bytes().repeat(20_000))]);
    let ranges = Ranges::new(space.spans(), true);
    let kind = Words { wide: true, unaligned: false };
    let built = build(&space, kind, &ranges, 100, &options(2));
    assert!(built.cut && built.map.len() == 100);
    let stop = AtomicBool::new(true);
    let built = build(&space, kind, &ranges, MAX_POINTERS, &Options::new(&stop));
    assert!(built.scanned.interrupted && built.scanned.bytes < 160_000);
}
