#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use super::*;
use crate::engine::search::{Options, Source, Span, search};
use crate::engine::{index, to_umem};
use memsh_plugin::umem;
use proptest::prelude::*;
use std::ops::ControlFlow;

mod made;

/// What is found in memory that begins at 0 and has a hole where `hole` says.
fn carved(memory: &[u8], hole: std::ops::Range<usize>) -> Vec<(u64, File)> {
    let read = |at: umem, buf: &mut [u8]| {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let end = if at < hole.start {
            hole.start
        } else if at < hole.end {
            at
        } else {
            memory.len()
        };
        let held = memory.get(at..end.max(at)).unwrap_or_default();
        let n = held.len().min(buf.len());
        buf[..n].copy_from_slice(&held[..n]);
        n
    };
    (0..memory.len()).filter_map(|at| Some((at as u64, identify(&View::new(&read, at as umem), &Kind::ALL)?))).collect()
}

/// The file of a kind at a place.
fn at(found: &[(u64, File)], at: usize, kind: Kind) -> &File {
    let of = |(a, f): &&(u64, File)| *a == at as u64 && f.kind == kind;
    &found.iter().find(of).unwrap_or_else(|| panic!("no {} at {at:#x} in {found:?}", kind.name())).1
}

#[test]
fn every_kind_is_found_whole_wherever_it_lies() {
    for (kind, bytes, said) in made::all() {
        for before in [0, 1, 511, 4095, 4096, 5000] {
            // What stands before and behind is no zero.
            let memory = [vec![0xa5; before], bytes.clone(), vec![0x5a; 5000]].concat();
            let found = carved(&memory, 0..0);
            let file = at(&found, before, kind);
            assert_eq!(
                (file.size, file.there, file.state),
                (bytes.len() as u64, bytes.len() as u64, State::Complete),
                "{} at {before}: {file:?}",
                kind.name()
            );
            assert!(file.detail.contains(said), "{}: {}", kind.name(), file.detail);
        }
    }
}

/// Memory from address 0, in two pieces.
struct Pieces(Vec<u8>, usize);

impl Source for Pieces {
    fn spans(&self) -> Box<dyn Iterator<Item = Span> + '_> {
        Box::new(Span::new(0, to_umem(self.0.len())).into_iter())
    }

    fn for_each_piece(&self, span: Span, piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        let (first, last) = (index(span.first).unwrap(), index(span.last).unwrap().min(self.0.len() - 1));
        for range in [first..self.1.clamp(first, last + 1), self.1.clamp(first, last + 1)..last + 1] {
            if !range.is_empty() {
                piece(to_umem(range.start), &self.0[range])?;
            }
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn the_needle_finds_every_beginning() {
    for (kind, bytes, _) in made::all() {
        let memory = [vec![0xa5; 4093], bytes, vec![0; 100]].concat();
        let source = Pieces(memory, 4096);
        let mut found: Vec<umem> = Vec::new();
        let options =
            Options { max_hits: None, threads: 1, interrupt: &std::sync::atomic::AtomicBool::new(false), progress: &|_, _| {} };
        search(&source, &needle(&[kind]).unwrap(), &options, &mut |hit| {
            found.push(hit.addr);
            ControlFlow::Continue(())
        });
        assert!(found.contains(&4093), "{}: {found:?}", kind.name());
    }
}

#[test]
fn what_is_cut_off_is_told() {
    for (kind, bytes, _) in made::all() {
        // Memory ends in the middle, and shortly before the end: a line feed may stand behind a PDF.
        for end in [bytes.len() / 2, bytes.len() - 3] {
            let found = carved(&bytes[..end], 0..0);
            if let Some((_, file)) = found.iter().find(|(a, f)| *a == 0 && f.kind == kind) {
                assert_ne!(file.state, State::Complete, "{} cut at {end}: {file:?}", kind.name());
                assert!(file.there <= end as u64, "{}: {file:?}", kind.name());
            }
        }
    }
    // A hole in a hive, and pages of somebody else's in it.
    let hive = made::regf();
    let found = carved(&hive, 8192..12288);
    assert_eq!((at(&found, 0, Kind::Regf).state, at(&found, 0, Kind::Regf).there), (State::Truncated, 8192));
    let mut torn = hive;
    torn[8192..12288].fill(0x41);
    let found = carved(&torn, 0..0);
    assert_eq!((at(&found, 0, Kind::Regf).state, at(&found, 0, Kind::Regf).there), (State::Truncated, 8192));
    let mut torn = made::regf();
    torn[4096..].fill(0);
    assert_eq!(at(&carved(&torn, 0..0), 0, Kind::Regf).state, State::HeaderOnly);
}

#[test]
fn torn_files_break_off_where_they_are_torn() {
    let mut png = made::png();
    let length = png.len();
    png[length - 20] ^= 1;
    let file = carved(&png, 0..0).remove(0).1;
    assert_eq!((file.state, file.size == file.there), (State::Truncated, true));
    assert!((33..length as u64).contains(&file.there));
    // The directory names an entry that is not there.
    let mut zip = made::zip();
    let second = memchr::memmem::rfind(&zip, b"PK\x03\x04").unwrap();
    zip[second..second + 4].fill(0);
    let file = carved(&zip, 0..0).remove(0).1;
    assert_eq!((file.state, file.there, file.size), (State::Truncated, second as u64, zip.len() as u64));
    let mut pem = made::pem();
    let middle = pem.len() / 2;
    pem[middle] = 0;
    let file = carved(&pem, 0..0).remove(0).1;
    assert_eq!((file.state, file.there), (State::Truncated, middle as u64));
}

#[test]
fn ends_that_follow_each_other_closely_are_not_read_for_again() {
    // A document of half a million ends: 2^39 bytes, where a whole piece is read for each.
    let memory = [&b"%PDF-1.4\n"[..], &b"%%EOF".repeat(1 << 19)].concat();
    let asked = std::cell::Cell::new(0usize);
    let read = |at: umem, buf: &mut [u8]| {
        asked.set(asked.get() + buf.len());
        let held = memory.get(index(at).unwrap()..).unwrap_or_default();
        let n = held.len().min(buf.len());
        buf[..n].copy_from_slice(&held[..n]);
        n
    };
    let file = identify(&View::new(&read, 0), &Kind::ALL).unwrap();
    assert_eq!((file.kind, file.size), (Kind::Pdf, 9 + 5));
    assert!(asked.get() < memory.len() * 400, "{}", asked.get());
}

#[test]
fn beginnings_without_a_file_are_none() {
    let all: Vec<Vec<u8>> = made::all().into_iter().map(|(_, bytes, _)| bytes.get(..8).unwrap().to_vec()).collect();
    for filler in [0u8, 0xff, 0x41] {
        let memory: Vec<u8> = all.iter().flat_map(|begin| [begin.clone(), vec![filler; 600]].concat()).collect();
        // Of a PDF nothing else is needed to be the header of one.
        let found: Vec<_> = carved(&memory, 0..0).into_iter().filter(|(_, f)| f.kind != Kind::Pdf).collect();
        assert!(found.is_empty(), "{filler:#x}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn broken_files_break_nothing(which in 0usize..20, at in any::<prop::sample::Index>(), byte: u8, from in any::<prop::sample::Index>()) {
        let all = made::all();
        let (_, mut bytes, _) = all[which % all.len()].clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let hole = from.index(bytes.len());
        let hole = hole..(hole + 100).min(bytes.len());
        for (place, file) in carved(&bytes[..], hole.clone()).into_iter().chain(carved(&bytes[..], 0..0)) {
            prop_assert!(file.there <= file.size, "{file:?}");
            prop_assert!(place + file.there <= bytes.len() as u64, "{file:?}");
            prop_assert!(file.state != State::Complete || file.there == file.size, "{file:?}");
        }
    }
}
