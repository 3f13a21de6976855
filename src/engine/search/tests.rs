//! Tests of the whole search: borders, holes, cuts, order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::run::{search_units, strings_units};
use super::span::plan;
use super::*;
use crate::engine::{Memory, index, to_umem};
use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory, Status, umem};
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Pieces with their addresses, none of them neighbours in host memory.
pub(super) struct Pieces(pub(super) Vec<(umem, Vec<u8>)>);

impl Pieces {
    /// `bytes` from `addr`, cut at `cuts`.
    fn cut(addr: umem, bytes: &[u8], cuts: &[usize]) -> Self {
        let mut cuts: Vec<usize> = cuts.iter().map(|c| c % (bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        Self(cuts.windows(2).map(|w| (addr + to_umem(w[0]), bytes[w[0]..w[1]].to_vec())).collect())
    }
}

impl Source for Pieces {
    fn spans(&self) -> Box<dyn Iterator<Item = Span> + '_> {
        Box::new(self.0.iter().filter_map(|(a, b)| Span::new(*a, to_umem(b.len()))))
    }

    fn for_each_piece(&self, span: Span, piece: &mut dyn FnMut(umem, &[u8]) -> ControlFlow<()>) -> ControlFlow<()> {
        for (addr, bytes) in &self.0 {
            let Some(part) = Span::new(*addr, to_umem(bytes.len())).and_then(|s| s.meet(span)) else { continue };
            let at = index(part.first - addr).unwrap();
            piece(part.first, &bytes[at..at + index(part.bytes()).unwrap()])?;
        }
        ControlFlow::Continue(())
    }
}

pub(super) static NEVER: AtomicBool = AtomicBool::new(false);

fn options(threads: usize) -> Options<'static> {
    Options { threads, ..Options::new(&NEVER) }
}

type Found = Vec<(umem, usize)>;

/// All hits in units of `unit` bytes: alone, and checked to be the same on three threads.
fn find(source: &dyn Source, needle: &Needle, unit: umem) -> Found {
    let on = |threads| {
        let mut found = Found::new();
        let units = plan(source.spans(), unit);
        let summary = search_units(source, &units, needle, &options(threads), &mut |h| {
            found.push((h.addr, index(h.len).unwrap()));
            ControlFlow::Continue(())
        });
        assert_eq!(summary.hits, found.len() as u64);
        assert!(!summary.interrupted && !summary.truncated_at_max);
        assert_eq!(umem::from(summary.scanned_bytes), source.spans().map(Span::bytes).sum::<umem>());
        found
    };
    let alone = on(1);
    assert_eq!(alone, on(3));
    alone
}

fn text(s: &str) -> Needle {
    Needle::text(s, Widths::Utf8, false).unwrap()
}

fn at(addrs: &[umem], len: usize) -> Found {
    addrs.iter().map(|a| (*a, len)).collect()
}

#[test]
fn a_hit_across_a_border_is_found_once_wherever_the_border_is() {
    let mut bytes = vec![b'.'; 64];
    bytes[20..26].copy_from_slice(b"needle");
    for needle in [text("needle"), Needle::hex("6e ?? 65 64 ?c 65").unwrap(), Needle::regex("ne+dle", false).unwrap()] {
        for cut in 0..=64 {
            for unit in [7, 20, 21, 25, 26, 1000] {
                let source = Pieces::cut(0x1000, &bytes, &[cut]);
                assert_eq!(find(&source, &needle, unit), at(&[0x1014], 6), "cut {cut} unit {unit}");
            }
        }
    }
}

#[test]
fn large_pieces_are_searched_in_place_and_at_their_borders() {
    let mut bytes = vec![b'.'; 300_000];
    let places = [0, 99_994, 99_997, 150_000, 199_999, 200_010, 299_994];
    for p in places {
        bytes[p..p + 6].copy_from_slice(b"needle");
    }
    // The second overwrote the end of the one before it.
    let want: Vec<umem> = places.into_iter().filter(|p| *p != 99_994).map(|p| 0x5000 + to_umem(p)).collect();
    for needle in [text("needle"), Needle::hex("6e??65646c65").unwrap(), Needle::regex("needle", false).unwrap()] {
        for unit in [4096, 100_000, 1 << 20] {
            let source = Pieces::cut(0x5000, &bytes, &[100_000, 200_001, 200_012]);
            assert_eq!(find(&source, &needle, unit), at(&want, 6), "unit {unit}");
        }
    }
}

#[test]
fn a_needle_longer_than_its_pieces_is_found() {
    let source = Pieces::cut(0, b"__long needle__", &[4, 7, 11]);
    assert_eq!(find(&source, &text("long needle"), 2), at(&[2], 11));
}

#[test]
fn a_hit_may_end_at_the_last_byte_of_memory() {
    let source = Pieces(vec![(umem::MAX - 7, b"....last".to_vec())]);
    for unit in [1, 3, 100] {
        assert_eq!(find(&source, &text("last"), unit), at(&[umem::MAX - 3], 4));
        assert_eq!(find(&source, &Needle::regex("last$", false).unwrap(), unit), at(&[umem::MAX - 3], 4));
    }
}

#[test]
fn nothing_matches_across_a_missing_page() {
    let source = Pieces(vec![(0x1000, b"....nee".to_vec()), (0x2000, b"dle....".to_vec())]);
    for needle in [text("needle"), Needle::hex("6e656564??65").unwrap(), Needle::regex("(?s)nee.*dle", false).unwrap()] {
        assert_eq!(find(&source, &needle, 1000), []);
    }
    assert_eq!(find(&source, &Needle::regex("e$", false).unwrap(), 1000), at(&[0x1006], 1));
    assert_eq!(find(&source, &Needle::regex("^d", false).unwrap(), 1000), at(&[0x2000], 1));
}

#[test]
fn literals_overlap_and_regexes_do_not() {
    let source = Pieces::cut(0, b"aaaaa", &[2]);
    assert_eq!(find(&source, &text("aa"), 2), at(&[0, 1, 2, 3], 2));
    assert_eq!(find(&source, &Needle::regex("aa", false).unwrap(), 1), at(&[0, 2], 2));
}

#[test]
fn anchors_mean_lines_and_the_ends_of_what_is_contiguous() {
    let source = Pieces::cut(0, b"one\ntwo\none two\n", &[4, 9]);
    for unit in [1, 4, 5, 100] {
        assert_eq!(find(&source, &Needle::regex("^one", false).unwrap(), unit), at(&[0, 8], 3));
        assert_eq!(find(&source, &Needle::regex("two$", false).unwrap(), unit), at(&[4, 12], 3));
        assert_eq!(find(&source, &Needle::regex(r"\Aone|\bTWO\n\z", true).unwrap(), unit), [(0, 3), (12, 4)]);
    }
}

#[test]
fn regexes_are_over_bytes() {
    let source = Pieces::cut(0, b"\x00\xff\xfe\x80caf\xc3\xa9", &[2]);
    assert_eq!(find(&source, &Needle::regex(r"\xff.\x80", false).unwrap(), 9), at(&[1], 3));
    assert_eq!(find(&source, &Needle::regex("(?u)é", false).unwrap(), 9), at(&[7], 2));
    // Matches of nothing are no hits.
    assert_eq!(find(&source, &Needle::regex("c*", false).unwrap(), 9), at(&[4], 1));
}

#[test]
fn text_in_both_widths_and_any_case() {
    let mut bytes = b"xROOT..".to_vec();
    bytes.extend(b"r\0O\0o\0t\0root@[");
    let source = Pieces::cut(0, &bytes, &[3, 9]);
    let both = Needle::text("root", Widths::Both, true).unwrap();
    assert_eq!(find(&source, &both, 4), [(1, 4), (7, 8), (15, 4)]);
    assert_eq!(find(&source, &Needle::text("root", Widths::Utf16, false).unwrap(), 4), []);
    // `@` and `[` differ from their lower-case neighbours only in the bit that case differs in.
    assert_eq!(find(&source, &Needle::text("`{", Widths::Utf8, true).unwrap(), 4), []);
}

#[test]
fn many_hits_are_handed_out_in_order_and_stop_at_the_limit() {
    let source = Pieces(vec![(0, vec![0; 3 << 20])]);
    let units = plan(source.spans(), 64 << 10);
    for threads in [1, 2, 4] {
        let mut next = 0;
        let opts = Options { max_hits: Some(500_000), ..options(threads) };
        let summary = search_units(&source, &units, &Needle::bytes(&[0]).unwrap(), &opts, &mut |h| {
            assert_eq!(h.addr, next);
            next += 1;
            ControlFlow::Continue(())
        });
        assert_eq!((summary.hits, summary.truncated_at_max, summary.interrupted), (500_000, true, false));
    }
    let none = Options { max_hits: Some(0), ..options(2) };
    assert_eq!(search_units(&source, &units, &text("x"), &none, &mut |_| panic!("a hit")).hits, 0);
}

#[test]
fn an_interrupt_or_a_break_ends_it() {
    let source = Pieces(vec![(0, vec![0; 8 << 20])]);
    for threads in [1, 2] {
        let stop = AtomicBool::new(false);
        let opts = Options { threads, ..Options::new(&stop) };
        let mut seen = 0;
        let summary = search(&source, &Needle::bytes(&[0]).unwrap(), &opts, &mut |_| {
            seen += 1;
            if seen == 3000 {
                stop.store(true, Ordering::Relaxed);
            }
            ControlFlow::Continue(())
        });
        assert!(summary.interrupted && summary.hits == 3000, "{summary:?}");
        let summary = search(&source, &Needle::bytes(&[0]).unwrap(), &options(threads), &mut |_| ControlFlow::Break(()));
        assert_eq!((summary.hits, summary.interrupted), (1, false));
        let stop = AtomicBool::new(true);
        let opts = Options { threads, ..Options::new(&stop) };
        assert!(search(&source, &text("x"), &opts, &mut |_| panic!("a hit")).interrupted);
    }
}

#[test]
fn progress_reaches_the_end() {
    let source = Pieces(vec![(0, vec![1; 9 << 20])]);
    let last = AtomicUsize::new(0);
    let progress = |done: u64, total: u64| {
        assert_eq!(total, 9 << 20);
        last.fetch_max(usize::try_from(done).unwrap(), Ordering::Relaxed);
    };
    search(&source, &text("x"), &Options { progress: &progress, ..options(2) }, &mut |_| ControlFlow::Continue(()));
    assert_eq!(last.into_inner(), 9 << 20);
}

/// Memory from 0x10000 on, read by calls or mapped, with one page that can't be read.
pub(super) struct Rom {
    pub(super) data: Vec<u8>,
    pub(super) bad: Option<umem>,
    pub(super) mapped: bool,
}

impl PhysicalMemory for Rom {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(to_umem(self.data.len()))
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        vec![MemoryRange { start: PhysAddr::new(0x10000), size: to_umem(self.data.len()) }].into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            op.fill_from(PhysAddr::new(0x10000), &self.data);
            let (first, last) = (op.addr.value(), op.addr.value() + to_umem(op.buf.len()) - 1);
            if self.bad.is_some_and(|bad| first < bad + 4096 && last >= bad) {
                op.bytes().fill(0xee);
                op.status = if last - first < 4096 { Status::MISSING } else { Status::PARTIAL };
            }
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        match self.mapped {
            true => vec![MappedRun { start: PhysAddr::new(0x10000), data: self.data[..].into() }].into(),
            false => Vec::new().into(),
        }
    }
}

#[test]
fn frames_in_any_order_mapped_or_read() {
    let mut data = vec![0; 0x6000];
    // "border" from the end of frame 4 to the beginning of frame 1, and all of it within frame 2.
    data[0x4ffd..0x5000].copy_from_slice(b"bor");
    data[0x1000..0x1003].copy_from_slice(b"der");
    data[0x2800..0x2806].copy_from_slice(b"border");
    for mapped in [true, false] {
        let memory = Memory::new(Rom { data: data.clone(), bad: None, mapped });
        let run = |virt: umem, frame: umem| VirtRun { virt, phys: 0x10000 + frame * 0x1000, size: 0x1000 };
        // The last lies outside of memory, the one before wraps around.
        let wrong = VirtRun { virt: umem::MAX - 3, phys: 0x10000, size: 0x1000 };
        let source = RunSource::new(&memory, [run(0x8000, 1), wrong, run(0x7000, 4), run(0xa000, 2), run(0xb000, 99)]);
        let mut found = Vec::new();
        let summary = search(&source, &text("border"), &options(2), &mut |h| {
            found.push(h.addr);
            ControlFlow::Continue(())
        });
        assert_eq!(found, [0x7ffd, 0xa800], "mapped {mapped}");
        assert_eq!((summary.scanned_bytes, summary.missing_bytes), (0x3000, 0x1000));
        assert_eq!(find(&RunSource::physical(&memory), &text("border"), 0x1234), at(&[0x12800], 6));
    }
}

#[test]
fn a_page_that_fails_costs_only_itself() {
    let mut data = vec![0; 0x40000];
    for page in 0..0x40 {
        data[page * 0x1000..][..4].copy_from_slice(b"page");
    }
    let memory = Memory::new(Rom { data, bad: Some(0x15000), mapped: false });
    let mut found = Vec::new();
    let summary = search(&RunSource::physical(&memory), &text("page"), &options(1), &mut |h| {
        found.push(h.addr);
        ControlFlow::Continue(())
    });
    assert_eq!((found.len(), summary.scanned_bytes, summary.missing_bytes), (0x3f, 0x3f000, 0x1000));
    assert!(!found.contains(&0x15000));
    let ee = Needle::bytes(&[0xee]).unwrap();
    assert_eq!(search(&RunSource::physical(&memory), &ee, &options(1), &mut |_| panic!("a hit in a hole")).hits, 0);
}

#[test]
fn claims_that_overlap_are_read_once() {
    let memory = Memory::new(Rom { data: vec![7; 0x3000], bad: None, mapped: true });
    let run = |virt, size| VirtRun { virt, phys: 0x10000, size };
    let source = RunSource::new(&memory, [run(0x1000, 0x1800), run(0x1800, 0x800), run(0x2000, 0x1000), run(5, 0)]);
    let spans: Vec<_> = source.spans().map(|s| (s.first, s.last)).collect();
    assert_eq!(spans, [(0x1000, 0x27ff), (0x2800, 0x2fff)]);
}

type Strings = Vec<(umem, umem, Kind, String, bool)>;

fn all_strings(source: &dyn Source, wanted: &StringsOptions, unit: umem) -> Strings {
    let on = |threads| {
        let mut found = Strings::new();
        let units = plan(source.spans(), unit);
        strings_units(source, &units, wanted, &options(threads), &mut |h| {
            found.push((h.addr, h.len, h.kind, String::from_utf8(h.bytes.to_vec()).unwrap(), h.cut));
            ControlFlow::Continue(())
        });
        found
    };
    let alone = on(1);
    assert_eq!(alone, on(3));
    alone
}

/// The plain way: each encoding on its own, every maximal run, cut into parts.
fn plain_strings(addr: umem, bytes: &[u8], wanted: &StringsOptions) -> Strings {
    let print = |b: u8| (0x20..0x7f).contains(&b) || b == 9;
    let mut found = Strings::new();
    let mut i = 0;
    for (kind, width) in [(Kind::Text, 1), (Kind::Utf16, 2)] {
        let char_at = |i: usize| i + width <= bytes.len() && print(bytes[i]) && (width == 1 || bytes[i + 1] == 0);
        while i < bytes.len() {
            let start = i;
            while char_at(i) {
                i += width;
            }
            let chars: Vec<u8> = bytes[start..i].iter().copied().step_by(width).collect();
            if chars.len() >= wanted.min_chars {
                let parts = chars.chunks(wanted.max_chars).count();
                for (n, part) in chars.chunks(wanted.max_chars).enumerate() {
                    let at = addr + to_umem(start + n * wanted.max_chars * width);
                    let text = String::from_utf8(part.to_vec()).unwrap();
                    found.push((at, to_umem(part.len() * width), kind, text, n + 1 < parts));
                }
            }
            i = i.max(start + 1);
        }
        i = 0;
    }
    found.sort_by_key(|f| f.0);
    found
}

#[test]
fn strings_of_both_encodings_across_borders() {
    let bytes = b"\x01hello\0\x02w\0i\0d\0e\0\x03abc\x04tab\tbed\0\0last one";
    let wanted = StringsOptions::default();
    for cut in 0..bytes.len() {
        for unit in [1, 5, 11, 100] {
            let found = all_strings(&Pieces::cut(0x100, bytes, &[cut, 30]), &wanted, unit);
            let texts: Vec<_> = found.iter().map(|f| (f.0, f.2, f.3.as_str())).collect();
            let want = [
                (0x101, Kind::Text, "hello"),
                (0x108, Kind::Utf16, "wide"),
                (0x115, Kind::Text, "tab\tbed"),
                (0x11e, Kind::Text, "last one"),
            ];
            assert_eq!(texts, want, "cut {cut} unit {unit}");
        }
    }
}

#[test]
fn a_string_ends_where_memory_is_missing_and_long_ones_come_in_parts() {
    let source = Pieces(vec![(0, b"..left".to_vec()), (0x1000, b"right".to_vec())]);
    let found = all_strings(&source, &StringsOptions::default(), 100);
    assert_eq!(found.iter().map(|f| f.3.as_str()).collect::<Vec<_>>(), ["..left", "right"]);
    let wanted = StringsOptions { max_chars: 4, ..StringsOptions::default() };
    let found = all_strings(&Pieces::cut(0, b"0123456789", &[3]), &wanted, 3);
    let parts: Vec<_> = found.iter().map(|f| (f.0, f.3.as_str(), f.4)).collect();
    assert_eq!(parts, [(0, "0123", true), (4, "4567", true), (8, "89", false)]);
}

/// Few different bytes, so that things happen.
fn dense(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"aab\0\x01".to_vec()), 1..len)
}

proptest! {
    #[test]
    fn hits_are_those_of_the_plain_search(
        bytes in dense(400),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        unit in 1..200_u64,
        needle in prop::collection::vec((prop::sample::select(b"ab\0".to_vec()), any::<bool>()), 1..6),
    ) {
        let source = Pieces::cut(0x7000, &bytes, &cuts);
        let hex: String = needle.iter().map(|(b, any)| if *any { "??".into() } else { format!("{b:02x}") }).collect();
        prop_assume!(needle.iter().any(|n| !n.1));
        let fits = |w: &[u8]| w.iter().zip(&needle).all(|(b, (want, any))| *any || b == want);
        let want: Vec<umem> =
            bytes.windows(needle.len()).enumerate().filter(|(_, w)| fits(w)).map(|(i, _)| 0x7000 + to_umem(i)).collect();
        prop_assert_eq!(find(&source, &Needle::hex(&hex).unwrap(), umem::from(unit)), at(&want, needle.len()));
    }

    #[test]
    fn regex_hits_are_those_of_the_plain_search(
        bytes in dense(300),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        unit in 1..150_u64,
        pattern in prop::sample::select(vec!["a+", "ab|ba", "aba", r"a[^b]{0,3}b", r"\x00+a", "^a", "b*?a", r"(?s).{3}"]),
    ) {
        let source = Pieces::cut(0x7000, &bytes, &cuts);
        let plain = regex::bytes::RegexBuilder::new(pattern).unicode(false).multi_line(true).build().unwrap();
        let want: Found = plain.find_iter(&bytes).map(|m| (0x7000 + to_umem(m.start()), m.len())).collect();
        prop_assert_eq!(find(&source, &Needle::regex(pattern, false).unwrap(), umem::from(unit)), want);
    }

    #[test]
    fn strings_are_those_of_the_plain_search(
        bytes in dense(400),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        unit in 1..200_u64,
        min_chars in 2..7_usize,
        more in 0..9_usize,
    ) {
        let wanted = StringsOptions { min_chars, max_chars: min_chars + more, ascii: true, utf16: true };
        let source = Pieces::cut(0x7000, &bytes, &cuts);
        prop_assert_eq!(all_strings(&source, &wanted, umem::from(unit)), plain_strings(0x7000, &bytes, &wanted));
    }
}

proptest! {
    // Each case takes long in a debug build.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn large_pieces_too(seed in any::<u64>(), cuts in prop::collection::vec(any::<usize>(), 0..6), unit in 1000..200_000_u64) {
        let mut state = seed | 1;
        let bytes: Vec<u8> = (0..150_000).map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            b"ab\0\x01"[usize::try_from(state >> 62).unwrap()]
        }).collect();
        let source = Pieces::cut(0, &bytes, &cuts);
        let needle = b"abab\0a";
        let want: Vec<umem> = bytes.windows(6).enumerate().filter(|(_, w)| w == needle).map(|(i, _)| to_umem(i)).collect();
        prop_assert_eq!(find(&source, &Needle::bytes(needle).unwrap(), umem::from(unit)), at(&want, 6));
        prop_assert_eq!(find(&source, &Needle::hex("616?616200 6?").unwrap(), umem::from(unit)).len() >= want.len(), true);
        let regex = regex::bytes::Regex::new(r"(?-u)(ab)+\x00{2,9}").unwrap();
        let want: Found = regex.find_iter(&bytes).map(|m| (to_umem(m.start()), m.len())).collect();
        prop_assert_eq!(find(&source, &Needle::regex(r"(ab)+\x00{2,9}", false).unwrap(), umem::from(unit)), want);
        let wanted = StringsOptions::default();
        prop_assert_eq!(all_strings(&source, &wanted, umem::from(unit)), plain_strings(0, &bytes, &wanted));
    }
}
