//! Many spaces at once, against each searched on its own, byte by byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::super::needle::Widths;
use super::super::{Charset, Needles, Number, NumberKind, NumberType, RunSource};
use super::*;
use crate::engine::{index, to_umem};
use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of a frame: little, so that needles are longer.
const FRAME: usize = 8;
/// Frames of one range of memory; the next begins elsewhere.
const TOGETHER: usize = 6;
const FRAMES: usize = 24;

static NEVER: AtomicBool = AtomicBool::new(false);

/// Where a frame lies. Ranges are so far apart that they are in windows of their own.
fn phys(frame: usize) -> umem {
    to_umem(frame % TOGETHER * FRAME) + to_umem(frame / TOGETHER) * (1 << 20) + 64
}

struct Ram {
    ranges: Vec<(umem, Vec<u8>)>,
    mapped: bool,
}

impl PhysicalMemory for Ram {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(1 << 30)
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        let range = |(at, bytes): &(umem, Vec<u8>)| MemoryRange { start: PhysAddr::new(*at), size: to_umem(bytes.len()) };
        self.ranges.iter().map(range).collect::<Vec<_>>().into()
    }

    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            let holds = |(at, bytes): &&(umem, Vec<u8>)| (*at..at + to_umem(bytes.len())).contains(&op.addr.value());
            if let Some((at, bytes)) = self.ranges.iter().find(holds) {
                op.fill_from(PhysAddr::new(*at), bytes);
            }
        }
    }

    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        let ranges = if self.mapped { self.ranges.as_slice() } else { &[] };
        ranges.iter().map(|(at, b)| MappedRun { start: PhysAddr::new(*at), data: b[..].into() }).collect::<Vec<_>>().into()
    }
}

/// Runs by space.
#[derive(Clone, Debug)]
struct Layout(Vec<Vec<VirtRun>>);

impl Spaces for Layout {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn runs(&self, space: usize, first: umem, run: &mut dyn FnMut(VirtRun) -> ControlFlow<()>) -> ControlFlow<()> {
        for r in &self.0[space] {
            let skip = first.saturating_sub(r.virt);
            if skip < r.size {
                run(VirtRun { virt: r.virt + skip, phys: r.phys + skip, size: r.size - skip })?;
            }
        }
        ControlFlow::Continue(())
    }
}

#[derive(Clone, Debug)]
struct World {
    bytes: Vec<u8>,
    /// Frames that are mapped and not there.
    missing: Vec<usize>,
    layout: Layout,
}

impl World {
    fn memory(&self, mapped: bool) -> Memory {
        let mut ranges: Vec<(umem, Vec<u8>)> = Vec::new();
        for (frame, bytes) in self.bytes.chunks(FRAME).enumerate() {
            if self.missing.contains(&frame) {
                continue;
            }
            match ranges.last_mut() {
                Some((at, held)) if *at + to_umem(held.len()) == phys(frame) => held.extend_from_slice(bytes),
                _ => ranges.push((phys(frame), bytes.to_vec())),
            }
        }
        // Memory that is read by calls is missing in whole pages.
        Memory::new(Ram { ranges, mapped: mapped || !self.missing.is_empty() })
    }

    /// The contiguous stretches of a space that are there, as bytes.
    fn flat(&self, space: usize) -> Vec<(umem, Vec<u8>)> {
        let mut there: BTreeMap<umem, u8> = BTreeMap::new();
        for r in &self.layout.0[space] {
            for i in 0..r.size {
                let frame = (0..FRAMES).find(|f| (phys(*f)..phys(*f) + to_umem(FRAME)).contains(&(r.phys + i)));
                let Some(frame) = frame.filter(|f| !self.missing.contains(f)) else { continue };
                there.insert(r.virt + i, self.bytes[frame * FRAME + index(r.phys + i - phys(frame)).unwrap()]);
            }
        }
        let mut out: Vec<(umem, Vec<u8>)> = Vec::new();
        for (at, byte) in there {
            match out.last_mut() {
                Some((start, bytes)) if *start + to_umem(bytes.len()) == at => bytes.push(byte),
                _ => out.push((at, vec![byte])),
            }
        }
        out
    }
}

/// Adds needles.
type Make<'m> = &'m dyn Fn(&mut Needles) -> crate::Result<()>;

/// Space, address, bytes.
type Hits = Vec<(usize, umem, Vec<u8>)>;

fn sorted(mut hits: Hits) -> Hits {
    hits.sort();
    hits
}

fn run(world: &World, mapped: bool, threads: usize, search: &dyn Fn(&Memory, &Options<'_>, &mut Given<'_>)) -> Hits {
    let memory = world.memory(mapped);
    let options = Options { threads, ..Options::new(&NEVER) };
    let mut hits = Vec::new();
    let mut found = |step: Step<Found<'_>>| {
        let Step::Found(f) = step else { return ControlFlow::Continue(()) };
        let place = world.layout.0[f.space].iter().find(|r| (r.virt..r.virt + r.size).contains(&f.hit.addr)).unwrap();
        assert_eq!(f.phys, Some(place.phys + (f.hit.addr - place.virt)), "the frame of the first byte");
        hits.push((f.space, f.hit.addr, f.hit.bytes.to_vec()));
        ControlFlow::Continue(())
    };
    let mut given = Given::new(&options, &mut found);
    search(&memory, &options, &mut given);
    let summary = given.summary;
    assert_eq!(summary.hits, hits.len() as u64);
    assert!(!summary.interrupted && !summary.truncated_at_max);
    sorted(hits)
}

/// Pages of a space: gaps before them, which frame, how many frames on end.
fn pages() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    proptest::collection::vec((prop_oneof![4 => Just(0usize), 1 => 1..3usize], 0..FRAMES, 1..4usize), 0..9)
}

fn layout() -> impl Strategy<Value = Layout> {
    let own = proptest::collection::vec((pages(), 0..5usize), 1..4);
    // Some spaces have a part of another one too, elsewhere: a library.
    let shared = proptest::collection::vec((0..4usize, 0..3usize), 0..3);
    (own, shared).prop_map(|(own, shared)| {
        let runs = |pages: &[(usize, usize, usize)], from: usize| {
            let mut at = to_umem(from * FRAME);
            let mut runs = Vec::new();
            for (gap, frame, count) in pages {
                at += to_umem(gap * FRAME);
                // A large page ends where its range of memory ends.
                let size = to_umem((*count).min(TOGETHER - frame % TOGETHER) * FRAME);
                runs.push(VirtRun { virt: at, phys: phys(*frame), size });
                at += size;
            }
            runs
        };
        let mut spaces: Vec<Vec<VirtRun>> = own.iter().map(|(pages, from)| runs(pages, *from)).collect();
        for (of, from) in shared {
            let of = of % own.len();
            let mut copy = runs(&own[of].0, 1000 + from);
            match from {
                // In another process, in the same one, and in a new one beside something of its own.
                0 => spaces[(of + 1) % own.len()].append(&mut copy),
                1 => spaces[of].append(&mut copy),
                _ => spaces.push(copy),
            }
            spaces.iter_mut().for_each(|s| {
                s.sort_by_key(|r| r.virt);
                s.dedup_by(|b, a| b.virt < a.virt + a.size);
            });
        }
        Layout(spaces)
    })
}

fn world() -> impl Strategy<Value = World> {
    let bytes = proptest::collection::vec(prop_oneof![6 => Just(b'a'), 3 => Just(b'b'), 1 => Just(0)], FRAMES * FRAME);
    (bytes, proptest::collection::vec(0..FRAMES, 0..3), layout()).prop_map(|(bytes, missing, layout)| World {
        bytes,
        missing,
        layout,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn bytes_are_found_as_in_each_space_on_its_own(
        world in world(),
        pattern in "[ab]{1,5}|[ab]{8,20}|a{2,3}",
        wild in proptest::option::of(0..20usize),
        most in prop_oneof![Just(1usize), Just(3), Just(10), Just(1000)],
        mapped: bool,
        threads in 1..3usize,
    ) {
        let mut hex: Vec<String> = pattern.bytes().map(|b| format!("{b:02x}")).collect();
        let mut masked: Vec<Option<u8>> = pattern.bytes().map(Some).collect();
        if let Some(at) = wild.filter(|w| *w < hex.len() && hex.len() > 1) {
            (hex[at], masked[at]) = ("??".to_owned(), None);
        }
        let needle = Needle::hex(&hex.join(" ")).unwrap();
        let mut want = Hits::new();
        for space in 0..world.layout.0.len() {
            for (at, bytes) in world.flat(space) {
                for (i, window) in bytes.windows(masked.len()).enumerate() {
                    if window.iter().zip(&masked).all(|(b, m)| m.is_none_or(|m| m == *b)) {
                        want.push((space, at + to_umem(i), window.to_vec()));
                    }
                }
            }
        }
        let got = run(&world, mapped, threads, &|memory, options, given| {
            physical::search(memory, &world.layout, &needle, options, given, most);
        });
        prop_assert_eq!(got, sorted(want));
    }

    #[test]
    fn every_form_is_found_as_in_each_space_on_its_own(
        world in world(),
        most in prop_oneof![Just(1usize), Just(5), Just(1000)],
        mapped: bool,
        threads in 1..3usize,
    ) {
        let aligned = |n: &mut Needles| {
            let of = NumberType { kind: NumberKind::U32, big_endian: false };
            n.number(of, Number::Unsigned(u64::from(u32::from_le_bytes(*b"aaaa"))), true)?;
            n.range(of, Number::Unsigned(u64::from(u32::from_le_bytes(*b"aaab"))), Number::Unsigned(0x6262_6262), true)
        };
        let jumps = |n: &mut Needles| n.hex("61 [0-3] 62 62").and_then(|()| n.hex("62 ( 61 | 62 61 ) 61"));
        let texts = |n: &mut Needles| ["aab", "ba", "abab", "aaaaaaaaaa", "b"].iter().try_for_each(|t| n.text(t, &[Charset::Utf8], false));
        let make: [Make<'_>; 4] = [&aligned, &jumps, &texts, &|n| {
            aligned(n)?;
            texts(n)?;
            n.regex("ab+", &[Charset::Utf8], false)
        }];
        for (i, make) in make.iter().enumerate() {
            let mut needles = Needles::new();
            // A form that there is not is for the tests of needles.
            if make(&mut needles).is_err() && i == 1 {
                needles = Needles::new();
                needles.hex("61 [0-3] 62 62").unwrap();
            }
            let needle = needles.build().unwrap();
            let memory = world.memory(mapped);
            let mut want = Hits::new();
            for (space, runs) in world.layout.0.iter().enumerate() {
                let source = RunSource::new(&memory, runs.iter().copied());
                super::super::run::search(&source, &needle, &Options { threads: 1, ..Options::new(&NEVER) }, &mut |h| {
                    want.push((space, h.addr, h.bytes.to_vec()));
                    ControlFlow::Continue(())
                });
            }
            let got = run(&world, mapped, threads, &|memory, options, given| match i {
                3 => {
                    let search: &mut stretches::Search<'_> =
                        &mut |source, options, step| search_steps(source, &needle, options, step);
                    stretches::search(memory, &world.layout, options, given, search);
                }
                _ => physical::search(memory, &world.layout, &needle, options, given, most),
            });
            prop_assert_eq!(got, sorted(want), "{}", i);
        }
    }

    #[test]
    fn regexes_are_found_as_in_each_space_on_its_own(world in world(), mapped: bool, threads in 1..3usize) {
        for pattern in ["ab+", "a{3,9}", "b.{2,11}b", "^a|b$", r"a\x00+"] {
            let needle = Needle::regex(pattern, false).unwrap();
            let regex = regex::bytes::RegexBuilder::new(pattern).unicode(false).multi_line(true).build().unwrap();
            let mut want = Hits::new();
            for space in 0..world.layout.0.len() {
                for (at, bytes) in world.flat(space) {
                    want.extend(regex.find_iter(&bytes).map(|m| (space, at + to_umem(m.start()), m.as_bytes().to_vec())));
                }
            }
            let got = run(&world, mapped, threads, &|memory, options, given| {
                let search: &mut stretches::Search<'_> =
                    &mut |source, options, step| search_steps(source, &needle, options, step);
                stretches::search(memory, &world.layout, options, given, search);
            });
            prop_assert_eq!(got, sorted(want), "{}", pattern);
        }
    }

    #[test]
    fn strings_are_found_as_in_each_space_on_its_own(world in world()) {
        let wanted = StringsOptions { min_chars: 3, utf16: false, ..StringsOptions::default() };
        let mut want = Hits::new();
        for space in 0..world.layout.0.len() {
            for (at, bytes) in world.flat(space) {
                let mut from = 0;
                for part in bytes.split(|b| *b == 0) {
                    if part.len() >= 3 {
                        want.push((space, at + to_umem(from), part.to_vec()));
                    }
                    from += part.len() + 1;
                }
            }
        }
        let got = run(&world, true, 2, &|memory, options, given| {
            let search: &mut stretches::Search<'_> = &mut |source, options, step| strings_steps(source, &wanted, options, step);
            stretches::search(memory, &world.layout, options, given, search);
        });
        prop_assert_eq!(got, sorted(want));
    }

    #[test]
    fn owners_are_all_that_map_the_bytes(world in world(), asked in proptest::collection::vec((0..FRAMES * FRAME, 1..20u8), 1..12), rising: bool) {
        let memory = world.memory(true);
        let mut owners = Owners::new(&memory, &world.layout, &NEVER);
        let mut asked: Vec<(umem, umem)> =
            asked.into_iter().map(|(i, len)| (phys(i / FRAME) + to_umem(i % FRAME), umem::from(len))).collect();
        if rising {
            asked.sort_unstable();
        }
        for (addr, len) in asked {
            let mut want: Vec<(usize, umem)> = Vec::new();
            for (space, _) in world.layout.0.iter().enumerate() {
                // Neighbours in both memories are one run.
                let mut runs = Vec::new();
                let _ = index::joined(&world.layout, space, 0, &mut |r| { runs.push(r); ControlFlow::Continue(()) });
                let holds = |r: &&VirtRun| r.phys <= addr && addr + len <= r.phys + r.size;
                want.extend(runs.iter().filter(holds).map(|r| (space, r.virt + (addr - r.phys))));
            }
            want.sort_unstable();
            prop_assert_eq!(owners.of(addr, len), &want[..]);
            prop_assert!(!owners.incomplete());
        }
    }
}

fn run_of(virt: umem, frame: usize, frames: usize) -> VirtRun {
    VirtRun { virt, phys: phys(frame), size: to_umem(frames * FRAME) }
}

/// Two frames that two spaces map in turn, and a third space that has them the other way round.
fn swapped() -> World {
    let mut bytes = vec![b'.'; FRAMES * FRAME];
    bytes[FRAME - 3..FRAME].copy_from_slice(b"nee");
    bytes[6 * FRAME..6 * FRAME + 3].copy_from_slice(b"dle");
    let f = to_umem(FRAME);
    let layout = Layout(vec![
        vec![run_of(0x100, 0, 1), run_of(0x100 + f, 6, 1)],
        vec![run_of(0x900, 0, 1), run_of(0x900 + f, 6, 1)],
        vec![run_of(0x100, 6, 1), run_of(0x100 + f, 0, 1), run_of(0x100 + 3 * f, 6, 1)],
    ]);
    World { bytes, missing: Vec::new(), layout }
}

#[test]
fn a_hit_at_a_seam_is_found_in_each_space_that_has_it() {
    let world = swapped();
    let needle = Needle::text("needle", Widths::Utf8, false).unwrap();
    let memory = world.memory(true);
    let mut hits = Vec::new();
    let summary = search_spaces(&memory, &world.layout, &needle, &Options::new(&NEVER), &mut |step| {
        let Step::Found(f) = step else { return ControlFlow::Continue(()) };
        hits.push((f.space, f.hit.addr, f.phys.unwrap()));
        ControlFlow::Continue(())
    });
    assert_eq!(hits, [(0, 0x105, phys(0) + 5), (1, 0x905, phys(0) + 5)]);
    // Both frames once, though seven pages are mapped.
    assert_eq!(summary.scanned_bytes, 2 * FRAME as u64);
}

#[test]
fn it_ends_at_the_most_hits_and_when_nobody_wants_more() {
    let world = swapped();
    let memory = world.memory(false);
    for (needle, all) in [(Needle::text(".", Widths::Utf8, false).unwrap(), 35), (Needle::regex("[.]", false).unwrap(), 35)] {
        let with = |max: Option<u64>, takes: usize| {
            let mut n = 0;
            let options = Options { max_hits: max, threads: 1, ..Options::new(&NEVER) };
            let summary = search_spaces(&memory, &world.layout, &needle, &options, &mut |step| {
                n += usize::from(matches!(step, Step::Found(_)));
                if n == takes { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            (n, summary.hits, summary.truncated_at_max, summary.interrupted)
        };
        assert_eq!(with(None, 0), (all, all as u64, false, false));
        assert_eq!(with(Some(7), 0), (7, 7, true, false));
        assert_eq!(with(Some(0), 0), (0, 0, true, false));
        assert_eq!(with(None, 5), (5, 5, false, false));
    }
}

#[test]
fn an_interrupt_ends_it_and_is_told() {
    let world = swapped();
    let memory = world.memory(true);
    let stop = AtomicBool::new(false);
    for needle in [Needle::text(".", Widths::Utf8, false).unwrap(), Needle::regex("[.]", false).unwrap()] {
        stop.store(false, Ordering::Relaxed);
        let options = Options { threads: 1, ..Options::new(&stop) };
        let mut n = 0;
        let summary = search_spaces(&memory, &world.layout, &needle, &options, &mut |step| {
            n += usize::from(matches!(step, Step::Found(_)));
            stop.store(n >= 3, Ordering::Relaxed);
            ControlFlow::Continue(())
        });
        // What belongs to the same bytes may still come.
        assert!(summary.interrupted && (3..8).contains(&summary.hits), "{summary:?}");
        stop.store(true, Ordering::Relaxed);
        let none = search_spaces(&memory, &world.layout, &needle, &options, &mut |step| {
            assert!(matches!(step, Step::Idle), "nothing is looked for");
            ControlFlow::Continue(())
        });
        assert!(none.interrupted && none.hits == 0);
    }
}

#[test]
fn what_is_kept_is_bounded() {
    // Every second frame, so that no two are one run, in many spaces.
    let spaces = 40;
    let runs = |shift: usize| -> Vec<VirtRun> {
        (0..5000).map(|i| VirtRun { virt: to_umem(i + shift) << 12, phys: to_umem(i * 2 % 4001) << 12, size: 4096 }).collect()
    };
    let layout = Layout((0..spaces).map(|s| runs(s * 7)).collect());
    let memory = Memory::new(Ram { ranges: vec![(0, vec![0; 4001 << 12])], mapped: true });
    let most = 10_000;
    let mut windows = windows::Windows::new(&memory, &layout, 8, most);
    let (mut places, mut seams, mut indexes) = (0, 0, 0);
    while let Some((_, index)) = windows.next(&|| false) {
        assert!(index.places.len() + index.seams.len() <= most + 8, "{} {}", index.places.len(), index.seams.len());
        places += index.places.len();
        seams += index.seams.len();
        indexes += 1;
    }
    assert_eq!((places, seams), (spaces * 5000, spaces * 4999));
    assert!(indexes >= 40, "{indexes}");
}
