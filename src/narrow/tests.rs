//! Sets against a naive list of addresses.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_lossless
)]

use super::*;
use crate::engine::search::{Options, RunSource, VirtRun, clipped};
use crate::engine::{Memory, to_u64};
use memsh_plugin::{CSliceMut, CVec, MappedRun, MemoryMetadata, MemoryRange, PhysAddr, PhysReadOp, PhysicalMemory, Status, umem};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

static NEVER: AtomicBool = AtomicBool::new(false);

/// Memory made of pieces, in place or behind calls.
struct Ram {
    pieces: Vec<(u64, Vec<u8>)>,
    mapped: bool,
}

impl PhysicalMemory for Ram {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(self.pieces.iter().map(|p| p.1.len() as umem).sum())
    }
    fn ranges(&self) -> CVec<MemoryRange> {
        let range =
            |(at, bytes): &(u64, Vec<u8>)| MemoryRange { start: PhysAddr::new(umem::from(*at)), size: bytes.len() as umem };
        self.pieces.iter().map(range).collect::<Vec<_>>().into()
    }
    fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
        for op in ops.iter_mut() {
            // Neighbouring pieces are one memory.
            let start = op.addr.value();
            let found = (0..op.buf.len()).filter(|i| {
                let byte = at(&self.pieces, to_u64(start + *i as umem).unwrap(), 1);
                op.buf[*i] = byte.as_ref().map_or(0, |b| b[0]);
                byte.is_some()
            });
            let (found, all) = (found.count(), op.buf.len());
            op.status = if found == all {
                Status::DONE
            } else if found == 0 {
                Status::MISSING
            } else {
                Status::PARTIAL
            };
        }
    }
    fn mapped_runs(&self) -> CVec<MappedRun<'_>> {
        let runs = self.pieces.iter().filter(|_| self.mapped);
        runs.map(|(at, b)| MappedRun { start: PhysAddr::new(umem::from(*at)), data: b[..].into() }).collect::<Vec<_>>().into()
    }
}

pub(super) fn kind(name: &str) -> Type {
    Type::parse(name, 8, false).unwrap()
}

fn condition(kind: Type, text: &str) -> Condition {
    Condition::parse(text, kind, None, &mut |_| Ok(0)).unwrap()
}

fn options() -> Options<'static> {
    Options { threads: 2, ..Options::new(&NEVER) }
}

pub(super) fn first(memory: &Memory, kind: Type, align: usize, text: &str) -> Set {
    let mut pass = Pass::first(kind, align, &condition(kind, text), text, u64::MAX).unwrap();
    pass.scan(Owner::Physical, &RunSource::physical(memory), false, &options()).unwrap();
    pass.finish()
}

pub(super) fn next(set: &Set, memory: &Memory, text: &str, steady: bool) -> Set {
    let mut pass = Pass::next(set, &condition(set.kind, text), text, u64::MAX);
    for part in &set.parts {
        let ranges = memory.ranges().iter().map(|r| VirtRun { virt: r.start.value(), phys: r.start.value(), size: r.size });
        let source = RunSource::new(memory, clipped(&ranges.collect::<Vec<_>>(), &part.wanted(set)));
        pass.narrow(part, &source, steady, &options()).unwrap();
    }
    pass.finish()
}

pub(super) fn addresses(set: &Set) -> Vec<u64> {
    set.parts.iter().flat_map(|p| set.candidates(p)).map(|c| to_u64(c.address).unwrap()).collect()
}

pub(super) fn ram(pieces: Vec<(u64, Vec<u8>)>, mapped: bool) -> Memory {
    Memory::new(Ram { pieces, mapped })
}

/// The naive way: every address on its own, its values as bytes.
#[derive(Clone, Default)]
struct Naive {
    all: BTreeMap<u64, (Vec<u8>, Vec<u8>)>,
    lost: u64,
}

fn at(pieces: &[(u64, Vec<u8>)], address: u64, width: usize) -> Option<Vec<u8>> {
    // Neighbouring pieces are one memory.
    (0..width as u64)
        .map(|i| pieces.iter().find_map(|(start, b)| b.get(usize::try_from((address + i).checked_sub(*start)?).ok()?).copied()))
        .collect()
}

/// What a condition says of a value, worked out in 128 bits and floats.
fn passes(kind: Type, text: &str, now: &[u8], last: &[u8], first: &[u8]) -> bool {
    let number = |bytes: &[u8]| -> f64 {
        match kind.show(&kind.load(bytes)) {
            Shown::Unsigned(v) | Shown::Address(v) => v as f64,
            Shown::Signed(v) => v as f64,
            Shown::Float(v) => v,
            Shown::Text(v) => v.parse().unwrap_or(f64::NAN),
        }
    };
    let float = matches!(kind.kind, Kind::Float(_));
    let whole = |bytes: &[u8]| match kind.show(&kind.load(bytes)) {
        Shown::Unsigned(v) | Shown::Address(v) => i128::from(v),
        Shown::Signed(v) => i128::from(v),
        other => unreachable!("{other}"),
    };
    match text {
        "?" => true,
        "changed" => now != last,
        "unchanged" => now == last,
        "same-as-first" => now == first,
        "changed-since-first" => now != first,
        "+" if !float => whole(now) > whole(last),
        "-" if !float => whole(now) < whole(last),
        "+" => number(now) > number(last),
        "-" => number(now) < number(last),
        "+1" | "-1" if !float => {
            let by: u64 = if text == "+1" { 1 } else { u64::MAX };
            let bits = |b: &[u8]| if let Value::Number(v) = kind.load(b) { v } else { 0 };
            bits(now).wrapping_sub(bits(last)) & kind.mask() == by & kind.mask()
        }
        "+1" => (0.5..=1.5).contains(&(number(now) - number(last))),
        "-1" => (-1.5..=-0.5).contains(&(number(now) - number(last))),
        "> 1" => number(now) > 1.0,
        "<=2" => number(now) <= 2.0,
        "1..3" => (1.0..=3.0).contains(&number(now)),
        "!=0" if float => !(-0.5..=0.5).contains(&number(now)),
        "!=0" => number(now) != 0.0,
        "0" | "1" | "2" => {
            let wanted: f64 = text.parse().unwrap();
            if float { (wanted - 0.5..=wanted + 0.5).contains(&number(now)) } else { number(now) == wanted }
        }
        _ => unreachable!("{text}"),
    }
}

impl Naive {
    fn scan(pieces: &[(u64, Vec<u8>)], kind: Type, align: usize, text: &str) -> Self {
        let mut all = BTreeMap::new();
        for (start, bytes) in pieces {
            for address in *start..start + bytes.len() as u64 {
                let Some(now) = at(pieces, address, kind.width()) else { continue };
                if address.is_multiple_of(align as u64) && passes(kind, text, &now, &now, &now) {
                    all.insert(address, (now.clone(), now));
                }
            }
        }
        Self { all, lost: 0 }
    }

    fn next(&self, pieces: &[(u64, Vec<u8>)], kind: Type, text: &str) -> Self {
        let mut out = Self::default();
        for (address, (last, first)) in &self.all {
            match at(pieces, *address, kind.width()) {
                None => out.lost += 1,
                Some(now) if passes(kind, text, &now, last, first) => drop(out.all.insert(*address, (now, first.clone()))),
                Some(_) => {}
            }
        }
        out
    }
}

const FIRST: &[&str] = &["?", "?", "0", "1", "2", "1..3", "> 1", "<=2", "!=0"];
const NEXT: &[&str] = &[
    "?",
    "0",
    "1",
    "1..3",
    "> 1",
    "<=2",
    "!=0",
    "+",
    "-",
    "+1",
    "-1",
    "changed",
    "unchanged",
    "same-as-first",
    "changed-since-first",
];

/// Pieces near block borders, small values at random places, and what happens to them from one moment to the next.
fn moments(sizes: std::ops::Range<usize>, most: usize) -> impl Strategy<Value = Vec<Vec<(u64, Vec<u8>)>>> {
    let piece = (0u64..6, sizes, prop::collection::vec((any::<u16>(), -3i8..4), 0..60));
    let pieces = prop::collection::vec(piece, 1..4);
    prop::collection::vec((pieces, 0u8..4), 1..most).prop_map(|moments| {
        let mut out: Vec<Vec<(u64, Vec<u8>)>> = Vec::new();
        for (pieces, how) in moments {
            let mut all: Vec<(u64, Vec<u8>)> = Vec::new();
            let mut base = 0x1_0000 - 512;
            // Most moments are the one before with some bytes changed; now and then a piece is gone or new.
            if let Some(before) = out.last().filter(|_| how > 0) {
                all.clone_from(before);
                if how == 1 && all.len() > 1 {
                    all.remove(0);
                }
            } else {
                for (gap, size, _) in &pieces {
                    all.push((base + gap * 64, vec![0; *size]));
                    base += gap * 64 + *size as u64 + if size % 3 == 0 { 0 } else { 0x1_0000 - 300 };
                }
            }
            for ((_, bytes), (_, _, changes)) in all.iter_mut().zip(pieces.iter().cycle()) {
                for (place, value) in changes {
                    let n = bytes.len();
                    let at = usize::from(*place) % n;
                    // A float, a number with its sign, a byte.
                    let part = match place % 3 {
                        0 => f32::from(*value).to_le_bytes().to_vec(),
                        1 => i32::from(*value).to_le_bytes().to_vec(),
                        _ => value.to_le_bytes().to_vec(),
                    };
                    let end = n.min(at + part.len());
                    bytes[at..end].copy_from_slice(&part[..end - at]);
                }
            }
            out.push(all);
        }
        out
    })
}

const TYPES: &[&str] = &["u8", "i8", "i16", "u16be", "i32", "u32", "i32be", "i64", "u64be", "f32", "f64", "f32be"];

/// Narrows through `moments`, and compares after each pass.
fn compared(
    moments: &[Vec<(u64, Vec<u8>)>],
    (name, align): (&str, usize),
    begin: &str,
    steps: &[&str],
    (mapped, steady): (bool, bool),
) -> Result<(), TestCaseError> {
    let kind = kind(name);
    let memory = ram(moments[0].clone(), mapped);
    let mut set = first(&memory, kind, align, begin);
    let mut naive = Naive::scan(&moments[0], kind, align, begin);
    for i in 0..=steps.len() {
        let candidates = set.parts.iter().flat_map(|p| set.candidates(p));
        let told = candidates.map(|c| (to_u64(c.address).unwrap(), (kind.store(&c.previous), kind.store(&c.first))));
        let told: Vec<_> = told.collect();
        let wanted: Vec<_> = naive.all.clone().into_iter().collect();
        let wrong = told.iter().zip(&wanted).find(|(a, b)| a != b);
        prop_assert!(
            told.len() == wanted.len() && wrong.is_none(),
            "{:?} {} {} {:?}",
            wrong,
            told.len(),
            wanted.len(),
            set.steps
        );
        prop_assert_eq!(set.count(), naive.all.len() as u64);
        let Some(text) = steps.get(i) else { break };
        let pieces = &moments[(i + 1) % moments.len()];
        set = next(&set, &ram(pieces.clone(), mapped), text, steady);
        naive = naive.next(pieces, kind, text);
        prop_assert_eq!(set.steps.last().unwrap().lost, naive.lost);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn a_set_is_what_a_list_of_addresses_is(
        moments in moments(1..700, 6),
        name in prop::sample::select(TYPES.to_vec()),
        align in prop::sample::select(vec![1usize, 2, 4, 8, 16]),
        begin in prop::sample::select(FIRST.to_vec()),
        steps in prop::collection::vec(prop::sample::select(NEXT.to_vec()), 0..6),
        mapped: bool,
        steady: bool,
    ) {
        compared(&moments, (name, align), begin, &steps, (mapped, steady))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 20, ..ProptestConfig::default() })]
    /// The same with blocks that are full, whose values are kept whole.
    #[test]
    fn full_blocks_are_no_others(
        moments in moments(60_000..70_000, 4),
        name in prop::sample::select(TYPES.to_vec()),
        align in prop::sample::select(vec![1usize, 2, 4, 8]),
        begin in prop::sample::select(vec!["?", "?", "<=2", "!=0"]),
        steps in prop::collection::vec(prop::sample::select(NEXT.to_vec()), 1..5),
        steady: bool,
    ) {
        compared(&moments, (name, align), begin, &steps, (true, steady))?;
    }
}

#[test]
fn an_exact_pass_over_memory_that_did_not_change_keeps_the_first_values() {
    let bytes: Vec<u8> = (0..1u32 << 18).map(|i| (i % 5) as u8).collect();
    let memory = ram(vec![(0, bytes)], true);
    let set = next(&first(&memory, kind("u8"), 1, "1..3"), &memory, "3", false);
    let all = set.parts.iter().flat_map(|p| set.candidates(p));
    assert!(set.count() > 50_000 && all.into_iter().all(|c| c.first == Value::Number(3)));
    assert_eq!(next(&set, &memory, "same-as-first", false).count(), set.count());
}

#[test]
fn text_is_followed_too() {
    let kind = kind("text").of_length(5).unwrap();
    let mut bytes = vec![b'.'; 3 << 16];
    // One of them across the border of two blocks.
    for at in [7, (1 << 16) - 2, 2 << 16] {
        bytes[at..at + 5].copy_from_slice(b"hello");
    }
    let set = first(&ram(vec![(0, bytes.clone())], true), kind, 1, "hello");
    assert_eq!(addresses(&set), [7, (1 << 16) - 2, 2 << 16]);
    bytes[7..12].copy_from_slice(b"world");
    let memory = ram(vec![(0, bytes)], true);
    assert_eq!(addresses(&next(&set, &memory, "world", false)), [7]);
    assert_eq!(addresses(&next(&set, &memory, "unchanged", false)), [(1 << 16) - 2, 2 << 16]);
    assert_eq!(addresses(&next(&set, &memory, "!=hello", true)), [7]);
    // Overlapping, and in memory that is nothing else.
    let memory = ram(vec![(5, vec![b'a'; 2 << 16])], true);
    let set = first(&memory, Type::parse("text", 8, false).unwrap().of_length(3).unwrap(), 2, "aaa");
    assert_eq!(set.count(), (1 << 16) - 1);
    assert_eq!(next(&set, &memory, "aaa", false).count(), (1 << 16) - 1);
    assert_eq!(next(&set, &memory, "!=aaa", false).count(), 0);
}

#[test]
fn the_top_of_the_address_space_has_values() {
    let memory = ram(vec![(0, vec![1; 0x1000])], true);
    let source = RunSource::new(&memory, [VirtRun { virt: umem::MAX - 0xfff, phys: 0, size: 0x1000 }]);
    let kind = kind("u32");
    let mut pass = Pass::first(kind, 4, &Condition::Any, "?", u64::MAX).unwrap();
    pass.scan(Owner::Kernel, &source, false, &options()).unwrap();
    let set = pass.finish();
    // A run that ends with the last address of all can't be told by its end.
    assert_eq!(set.count(), 1024);
    let last = set.candidates(&set.parts[0]).last().unwrap();
    assert_eq!((last.address, last.previous), (umem::MAX - 3, Value::Number(0x0101_0101)));
    let mut pass = Pass::next(&set, &Condition::Unchanged, "unchanged", u64::MAX);
    pass.narrow(&set.parts[0], &source, false, &options()).unwrap();
    assert_eq!(pass.finish().count(), 1024);
}

#[test]
fn a_set_that_is_too_large_says_how_large() {
    let bytes: Vec<u8> = (0..8u32 << 20).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    let memory = ram(vec![(0, bytes)], true);
    let source = RunSource::physical(&memory);
    let mut pass = Pass::first(kind("u32"), 4, &Condition::Any, "?", 2 << 20).unwrap();
    let e = pass.scan(Owner::Physical, &source, false, &options()).err().unwrap();
    assert!(e.reason().starts_with("the candidates take more than 2 MiB: ") && e.reason().contains(" takes about "), "{e}");
    assert!(e.hint_text().unwrap().contains("--max-memory"));
    // Empty memory takes next to nothing, whatever its size.
    let set = first(&ram(vec![(0, vec![0; 8 << 20])], true), kind("u32"), 4, "?");
    assert_eq!(set.count(), 2 << 20);
    assert!(set.memory() < 32 << 10, "{}", set.memory());
}

#[test]
fn an_interrupted_pass_leaves_the_set() {
    static NOW: AtomicBool = AtomicBool::new(true);
    let memory = ram(vec![(0, vec![7; 1 << 20])], true);
    let set = first(&memory, kind("u8"), 1, "7");
    let condition = condition(set.kind, "8");
    let mut pass = Pass::next(&set, &condition, "8", u64::MAX);
    let e = pass.narrow(&set.parts[0], &RunSource::physical(&memory), false, &Options::new(&NOW)).err().unwrap();
    assert_eq!((e.kind(), set.count()), (crate::ErrorKind::Interrupted, 1 << 20));
}

#[test]
fn values_that_did_not_change_are_shared() {
    let mut bytes: Vec<u8> = (0..4u32 << 20).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    let set = first(&ram(vec![(0, bytes.clone())], true), kind("u32"), 4, "?");
    bytes[0x12345] ^= 1;
    let narrowed = next(&set, &ram(vec![(0, bytes)], true), "?", true);
    assert_eq!(narrowed.count(), 1 << 20);
    let mut both = set.clone();
    both.parts.extend(narrowed.parts.clone());
    // Of 64 blocks one has values of its own beside the first.
    let own = narrowed.memory() - set.memory();
    assert!((64 << 10..66 << 10).contains(&own), "{own}");
}

#[test]
fn one_of_each_pair_of_a_dense_set() {
    let bytes: Vec<u8> = (0..1u32 << 18).flat_map(|i| i.to_le_bytes()).collect();
    let set = first(&ram(vec![(0, bytes)], true), kind("u32"), 4, "?");
    let later: Vec<u8> = (0..1u32 << 18).flat_map(|i| (i + (i & 1)).to_le_bytes()).collect();
    let memory = ram(vec![(0, later)], true);
    let more = next(&set, &memory, "+1", false);
    assert_eq!((more.count(), addresses(&more)[..2].to_vec()), (1 << 17, vec![4, 12]));
    assert_eq!(next(&more, &memory, "unchanged", false).count(), 1 << 17);
    assert_eq!(next(&more, &memory, "changed-since-first", false).count(), 1 << 17);
    assert_eq!(next(&more, &memory, "same-as-first", false).count(), 0);
}
