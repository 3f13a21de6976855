//! Every form of needle against a plain search over the same bytes, in random layouts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::reading::{Form, Reading};
use super::run::search_units;
use super::scan::Kind;
use super::span::plan;
use super::tests::{NEVER, Pieces, Rom};
use super::*;
use crate::engine::{Memory, index, to_umem};
use memsh_plugin::umem;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Address, length, needle, and as what.
type Found = (umem, usize, u32, String);

/// All hits, in units of `unit` bytes, alone and on three threads.
fn find(source: &dyn Source, needle: &Needle, unit: umem) -> Vec<Found> {
    let on = |threads| {
        let mut found: Vec<Found> = Vec::new();
        let options = Options { threads, ..Options::new(&NEVER) };
        search_units(source, &plan(source.spans(), unit), needle, &options, &mut |h| {
            let before = found.last().map_or(0, |f| f.0);
            assert!(h.addr >= before, "{:#x} came behind {before:#x}", h.addr);
            found.push((h.addr, index(h.len).unwrap(), h.needle, h.kind.to_string()));
            ControlFlow::Continue(())
        });
        found
    };
    let alone = on(1);
    assert_eq!(alone, on(3));
    alone
}

/// Gives the length that matches at the beginning of contiguous bytes, which lie at an address.
type Match = Box<dyn Fn(&[u8], umem) -> Option<usize>>;

/// A needle as the plain search knows it, and as what it is found.
struct Plain(u32, &'static str, Match);

/// Contiguous bytes with the address of their first.
type Flat = Vec<(umem, Vec<u8>)>;

fn plain(flat: &Flat, needles: &[Plain]) -> Vec<Found> {
    let mut all = Vec::new();
    for (addr, bytes) in flat {
        for i in 0..bytes.len() {
            let at = addr + to_umem(i);
            all.extend(needles.iter().filter_map(|n| Some((at, n.2(&bytes[i..], at)?, n.0, n.1.to_owned()))));
        }
    }
    all.sort();
    all
}

fn sorted(mut found: Vec<Found>) -> Vec<Found> {
    found.sort();
    found
}

fn literal(needle: u32, kind: &'static str, bytes: Vec<u8>, ignore_case: bool) -> Plain {
    Plain(
        needle,
        kind,
        Box::new(move |hay, _| {
            let same = |h: &[u8]| if ignore_case { h.eq_ignore_ascii_case(&bytes) } else { h == bytes };
            hay.get(..bytes.len()).is_some_and(same).then_some(bytes.len())
        }),
    )
}

fn number<T: 'static>(
    needle: u32,
    kind: &'static str,
    aligned: bool,
    load: fn(&[u8]) -> Option<T>,
    test: impl Fn(T) -> bool + 'static,
) -> Plain {
    let width = size_of::<T>();
    Plain(
        needle,
        kind,
        Box::new(move |hay, at| {
            let there = !aligned || at % to_umem(width) == 0;
            load(hay).is_some_and(&test).then_some(width).filter(|_| there)
        }),
    )
}

macro_rules! load {
    ($t:ty, $from:ident) => {
        |hay: &[u8]| hay.first_chunk().map(|b| <$t>::$from(*b))
    };
}

/// Bytes cut into pieces and by holes: what a search sees, and the same flat.
fn layout(bytes: &[u8], base: umem, cuts: &[(usize, bool)]) -> (Pieces, Flat) {
    let mut cuts: Vec<(usize, bool)> = cuts.iter().map(|c| (c.0 % (bytes.len() + 1), c.1)).collect();
    cuts.sort_unstable();
    cuts.push((bytes.len(), false));
    let (mut pieces, mut flat) = (Vec::new(), Flat::new());
    let (mut addr, mut from, mut joins) = (base, 0, false);
    for (to, hole) in cuts {
        if to > from {
            let part = bytes[from..to].to_vec();
            match flat.last_mut().filter(|_| joins) {
                Some(last) => last.1.extend_from_slice(&part),
                None => flat.push((addr, part.clone())),
            }
            pieces.push((addr, part));
            addr += to_umem(to - from);
            from = to;
            joins = true;
        }
        if hole {
            addr += 3;
            joins = false;
        }
    }
    (Pieces(pieces), flat)
}

/// Few different bytes, so that things happen.
fn dense(from: &'static [u8], len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(from.to_vec()), 1..len)
}

fn cuts() -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((any::<usize>(), prop::bool::weighted(0.3)), 0..12)
}

fn numbers(types: &[&str], aligned: bool) -> Reading {
    let types = types.iter().map(|t| NumberType::parse(t, 8).unwrap()).collect();
    Reading { form: Form::Number, types, aligned, ..Reading::default() }
}

proptest! {
    #[test]
    fn many_needles_are_each_found_as_if_alone(
        bytes in dense(b"abAB\0", 600),
        base in 0_u64..40,
        cuts in cuts(),
        unit in 1..300_u64,
        given in prop::collection::vec((dense(b"abA\0", 14), any::<bool>()), 4..40),
        // Short ones, none, or all but a few of them long; with case, and without.
        (least, fold) in (prop::sample::select(vec![1_usize, 4, 5, 7, 11]), any::<bool>()),
    ) {
        let (source, flat) = layout(&bytes, umem::from(base), &cuts);
        let (mut needles, mut want) = (Needles::new(), Vec::new());
        for ((mut bytes, ignore), i) in given.into_iter().zip(0..) {
            let ignore = ignore && fold;
            if i > 2 {
                bytes.extend(b"ab\0baAb\0aba".iter().take(least.saturating_sub(bytes.len())));
            }
            needles.text(std::str::from_utf8(&bytes).unwrap(), &[Charset::Utf8], ignore).unwrap();
            want.push(literal(i, "utf8", bytes, ignore));
        }
        prop_assert_eq!(sorted(find(&source, &needles.build().unwrap(), umem::from(unit))), plain(&flat, &want));
    }

    #[test]
    fn numbers_are_found_where_they_may_lie(
        bytes in dense(&[0, 1, 2, 0x40, 0x80, 0xff], 500),
        base in 0_u64..40,
        cuts in cuts(),
        unit in 1..300_u64,
        aligned in any::<bool>(),
    ) {
        let (source, flat) = layout(&bytes, umem::from(base), &cuts);
        let mut needles = Needles::new();
        let mut read = |text: &str, of: &str| needles.read(text, &numbers(&[of], aligned)).unwrap();
        read("1..2", "u8");
        read("-1", "i8");
        read("0x102..0x4001", "u16be");
        read("-32768..-300", "i16");
        read("0x1000000..", "u32");
        read("-5..0x4002", "i32be");
        read("0xffffffff00000000..0xffffffffffffff00", "u64");
        read("..-0x7f00000000000000", "i64be");
        read("2.0..2.2", "f32");
        read("-0.0..0", "f64be");
        read("0x201", "u16");
        read("0x01020102", "u32be");
        let want = [
            number(0, "u8", aligned, load!(u8, from_le_bytes), |v| (1..=2).contains(&v)),
            number(1, "i8", aligned, load!(i8, from_le_bytes), |v| v == -1),
            number(2, "u16be", aligned, load!(u16, from_be_bytes), |v| (0x102..=0x4001).contains(&v)),
            number(3, "i16", aligned, load!(i16, from_le_bytes), |v| v <= -300),
            number(4, "u32", aligned, load!(u32, from_le_bytes), |v| v >= 0x0100_0000),
            number(5, "i32be", aligned, load!(i32, from_be_bytes), |v| (-5..=0x4002).contains(&v)),
            number(6, "u64", aligned, load!(u64, from_le_bytes), |v| {
                (0xffff_ffff_0000_0000..=0xffff_ffff_ffff_ff00).contains(&v)
            }),
            number(7, "i64be", aligned, load!(i64, from_be_bytes), |v| v <= -0x7f00_0000_0000_0000),
            number(8, "f32", aligned, load!(f32, from_le_bytes), |v| (2.0..=2.2).contains(&v)),
            number(9, "f64be", aligned, load!(f64, from_be_bytes), |v| v == 0.0),
            number(10, "u16", aligned, load!(u16, from_le_bytes), |v| v == 0x201),
            number(11, "u32be", aligned, load!(u32, from_be_bytes), |v| v == 0x0102_0102),
        ];
        prop_assert_eq!(sorted(find(&source, &needles.build().unwrap(), umem::from(unit))), plain(&flat, &want));
        // A single number has a loop of its own.
        for (text, of, load) in [("0x201", "u16", load!(u16, from_le_bytes) as fn(&[u8]) -> Option<u16>), ("0x201", "u16be", load!(u16, from_be_bytes))] {
            let mut one = Needles::new();
            one.read(text, &numbers(&[of], aligned)).unwrap();
            let want = [number(0, if of == "u16" { "u16" } else { "u16be" }, aligned, load, |v| v == 0x201)];
            prop_assert_eq!(sorted(find(&source, &one.build().unwrap(), umem::from(unit))), plain(&flat, &want));
        }
    }

    #[test]
    fn jumps_and_alternatives_match_the_shortest_way(
        bytes in dense(b"abc\0", 400),
        cuts in cuts(),
        unit in 1..300_u64,
        pick in prop::sample::subsequence(vec![0, 1, 2, 3, 4, 5, 6], 1..7),
    ) {
        // The same as regexes, which tell at one place what is the shortest.
        const BOTH: [(&str, &str); 7] = [
            ("61 [0-3] 62", "a.{0,3}?b"),
            ("61 (62|6263|00) 61", "a(?:b|bc|\0)a"),
            ("(61|62) [2] 63 [1-9] 00", "[ab]..c.{1,9}?\0"),
            ("[1-4] 61 62 63", ".{1,4}?abc"),
            ("6? 00 [0-2] ?2", "[abc]\0.{0,2}?b"),
            ("(61 61|61) (62|62 62) 63", "(?:aa|a)(?:b|bb)c"),
            ("00 [3-40] 61 61", "\0.{3,40}?aa"),
        ];
        let (source, flat) = layout(&bytes, 0x1000, &cuts);
        let (mut needles, mut want) = (Needles::new(), Vec::new());
        for (&i, n) in pick.iter().zip(0..) {
            needles.hex(BOTH[i].0).unwrap();
            let whole = regex::bytes::Regex::new(&format!("(?s-u)^(?:{})$", BOTH[i].1)).unwrap();
            want.push(Plain(n, "bytes", Box::new(move |hay, _| {
                (1..=hay.len().min(60)).find(|len| whole.is_match(&hay[..*len]))
            })));
        }
        prop_assert_eq!(sorted(find(&source, &needles.build().unwrap(), umem::from(unit))), plain(&flat, &want));
    }

    #[test]
    fn regexes_among_others_are_found_as_if_alone(
        bytes in dense(b"ab\0", 400),
        cuts in cuts(),
        unit in 1..200_u64,
        pick in prop::sample::subsequence(vec!["a+", "ab|ba", "(?s).{3}", r"a[^b]{0,3}b", "b*?a", r"(?s)a.{0,7}b"], 1..5),
    ) {
        let (source, flat) = layout(&bytes, 0x1000, &cuts);
        let mut needles = Needles::new();
        let mut want = Vec::new();
        for (pattern, n) in pick.into_iter().zip(0..) {
            needles.regex(pattern, &[Charset::Utf8, Charset::Utf16], false).unwrap();
            for (kind, pattern) in [("regex", pattern.to_owned()), ("utf16", super::wide::translate(pattern, false, false).unwrap())] {
                let plain = regex::bytes::RegexBuilder::new(&pattern).unicode(false).multi_line(true).build().unwrap();
                for (addr, bytes) in &flat {
                    want.extend(plain.find_iter(bytes).map(|m| (addr + to_umem(m.start()), m.len(), n, kind.to_owned())));
                }
            }
        }
        needles.bytes(b"ba").unwrap();
        let last = u32::try_from(needles.len() - 1).unwrap();
        want.extend(plain(&flat, &[literal(last, "bytes", b"ba".to_vec(), false)]));
        prop_assert_eq!(sorted(find(&source, &needles.build().unwrap(), umem::from(unit))), sorted(want));
    }

    #[test]
    fn text_of_any_letters_in_every_encoding(
        text in "[aéΣ ß😀]{1,5}",
        hay in "[aAéÉΣσς ßẞ😀]{0,60}",
        shift in 0_usize..3,
        cuts in cuts(),
        unit in 1..200_u64,
    ) {
        let charsets = [Charset::Utf8, Charset::Utf16, Charset::Utf16Be];
        for charset in charsets {
            let mut bytes = vec![0x7f; shift];
            bytes.extend(charset.encode(&hay).unwrap());
            let (source, flat) = layout(&bytes, 0x1001, &cuts);
            let mut needles = Needles::new();
            needles.text(&text, &[charset], true).unwrap();
            // Every spelling of the text, each on its own.
            let mut spellings = vec![String::new()];
            for c in text.chars() {
                let same: &[&str] = match c {
                    'a' => &["a", "A"],
                    'é' => &["é", "É"],
                    'Σ' => &["Σ", "σ", "ς"],
                    'ß' => &["ß", "ẞ"],
                    '😀' => &["😀"],
                    _ => &[" "],
                };
                spellings = spellings.iter().flat_map(|s| same.iter().map(move |c| format!("{s}{c}"))).collect();
            }
            let mut want = BTreeSet::new();
            for s in spellings {
                let kind = ["utf8", "utf16", "utf16be"][charsets.iter().position(|c| *c == charset).unwrap()];
                want.extend(plain(&flat, &[literal(0, kind, charset.encode(&s).unwrap(), false)]));
            }
            let found = sorted(find(&source, &needles.build().unwrap(), umem::from(unit)));
            prop_assert_eq!(found, want.into_iter().collect::<Vec<_>>());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Virtual memory: small and large pages in any order of frames, holes, frames that can't be read; in place and by calls.
    #[test]
    fn nothing_is_lost_or_found_twice_at_the_borders_of_pages(
        pages in prop::collection::vec((0_u64..24, prop::bool::weighted(0.2), 1_u64..5), 4..24),
        seed in any::<u64>(),
        mapped in any::<bool>(),
        bad in prop::option::of(0_u64..24),
        unit in prop::sample::select(vec![1000_u64, 4096, 10_000, 1 << 20]),
    ) {
        const FRAMES: usize = 24;
        let mut state = seed | 1;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut data: Vec<u8> = (0..FRAMES * 4096).map(|_| b"ab\0\x01"[index(umem::from(random() >> 62)).unwrap()]).collect();
        // At every border of a page lie halves of needles.
        for frame in 0..FRAMES {
            data[frame * 4096..][..5].copy_from_slice(b"-wide");
            data[(frame + 1) * 4096 - 6..][..6].copy_from_slice(b"border");
        }
        let bad = bad.filter(|_| !mapped).map(|f| 0x10000 + umem::from(f) * 4096);
        let memory = Memory::new(Rom { data: data.clone(), bad, mapped });
        let (mut runs, mut flat): (Vec<VirtRun>, Flat) = (Vec::new(), Flat::new());
        let mut virt: umem = 0x7000;
        let mut joins = false;
        for (frame, hole, long) in pages {
            if hole {
                virt += 4096;
                joins = false;
            }
            // A large page is a run of several frames.
            let count = long.min(FRAMES as u64 - frame);
            runs.push(VirtRun { virt, phys: 0x10000 + umem::from(frame) * 4096, size: umem::from(count) * 4096 });
            for f in frame..frame + count {
                let from = index(umem::from(f)).unwrap() * 4096;
                if bad == Some(0x10000 + umem::from(f) * 4096) {
                    joins = false;
                } else {
                    let page = &data[from..from + 4096];
                    match flat.last_mut().filter(|_| joins) {
                        Some(last) => last.1.extend_from_slice(page),
                        None => flat.push((virt, page.to_vec())),
                    }
                    joins = true;
                }
                virt += 4096;
            }
        }
        let source = RunSource::new(&memory, runs);
        let how = Reading::default();
        let mut needles = Needles::new();
        for line in ["border-wide", "order-w", "r-wid", "hex:6f 72 [1-9] 2d 77", "u64be:0x726465722d776964", "abab\0a", "regex:(ab)+\\x00{2,9}", "abba", "bbbbbbbb", "both:ab\0a"] {
            needles.read_marked(line, &Reading { aligned: false, ..how.clone() }).unwrap();
        }
        needles.read("0x00010001", &numbers(&["u32"], true)).unwrap();
        let regex = regex::bytes::Regex::new(r"(?-u)(ab)+\x00{2,9}").unwrap();
        let jump = regex::bytes::Regex::new("(?s-u)^or.{1,9}?-w").unwrap();
        let mut want = plain(&flat, &[
            literal(0, "utf8", b"border-wide".to_vec(), false),
            literal(1, "utf8", b"order-w".to_vec(), false),
            literal(2, "utf8", b"r-wid".to_vec(), false),
            Plain(3, "bytes", Box::new(move |hay, _| jump.find(&hay[..hay.len().min(20)]).map(|m| m.len()))),
            literal(4, "u64be", b"rder-wid".to_vec(), false),
            literal(5, "utf8", b"abab\0a".to_vec(), false),
            literal(7, "utf8", b"abba".to_vec(), false),
            literal(8, "utf8", b"bbbbbbbb".to_vec(), false),
            literal(9, "utf8", b"ab\0a".to_vec(), false),
            literal(9, "utf16", b"a\0b\0\0\0a\0".to_vec(), false),
            number(10, "u32", true, load!(u32, from_le_bytes), |v| v == 0x0001_0001),
        ]);
        for (addr, bytes) in &flat {
            want.extend(regex.find_iter(bytes).map(|m| (addr + to_umem(m.start()), m.len(), 6, "regex".to_owned())));
        }
        prop_assert_eq!(sorted(find(&source, &needles.build().unwrap(), umem::from(unit))), sorted(want));
    }
}

#[test]
fn a_file_of_needles_says_where_each_stands_and_which_is_bad() {
    let how = Reading::default();
    let mut needles = Needles::new();
    let file = b"plain\r\n\nhex:4d 5a ??\nhttp://a:b\nu16be:258\nguid:6B29FC40-CA47-1067-B31D-00DD010662DA\nlast";
    let places = needles.read_lines(file, &how).unwrap();
    let lines: Vec<&str> = places.into_iter().map(|p| std::str::from_utf8(&file[p]).unwrap()).collect();
    assert_eq!(lines.len(), needles.len());
    assert_eq!(lines[..4], ["plain", "hex:4d 5a ??", "http://a:b", "u16be:258"]);
    let source = Pieces(vec![(0, b"MZ\0http://a:b.\x01\x02plain6b29fc40-ca47-1067-b31d-00dd010662da..last".to_vec())]);
    let found = find(&source, &needles.build().unwrap(), 1000);
    let found: Vec<(umem, u32, &str)> = found.iter().map(|f| (f.0, f.2, f.3.as_str())).collect();
    let want = [(0, 1, "bytes"), (3, 2, "utf8"), (14, 3, "u16be"), (16, 0, "utf8"), (21, 4, "utf8"), (59, 5, "utf8")];
    assert_eq!(found, want);
    for (file, says) in [
        (&b"fine\nhex:4"[..], "line 2: the hex pattern's part"),
        (b"\n\n\xff\xfe", "line 3: it is no UTF-8"),
        (b"u8:300", "line 1: 300 does not fit into u8"),
        (b"regex:(", "line 1: the regex can't be read"),
    ] {
        let e = Needles::new().read_lines(file, &how).unwrap_err();
        assert!(e.to_string().contains(says), "{e}");
    }
}

#[test]
fn what_is_too_much_is_told_and_not_tried() {
    let mut needles = Needles::new();
    let lines: Vec<u8> = (0..=MAX_NEEDLES).flat_map(|i| format!("needle {i}\n").into_bytes()).collect();
    let e = needles.read_lines(&lines, &Reading::default()).unwrap_err();
    assert!(e.to_string().contains("line 500001: there are more than 500000 needles"), "{e}");
    let mut needles = Needles::new();
    let e = (0..=MAX_SINGLE).find_map(|i| needles.regex(&format!("a{i}+"), &[Charset::Utf8], false).err()).unwrap();
    assert!(e.to_string().contains("more than 256"), "{e}");
    let mut needles = Needles::new();
    let long = "x".repeat(MAX_NEEDLE);
    let e = (0..=MAX_NEEDLE_BYTES / MAX_NEEDLE).find_map(|_| needles.text(&long, &[Charset::Utf8], false).err()).unwrap();
    assert!(e.to_string().contains("bytes in all"), "{e}");
    let mut needles = Needles::new();
    for i in 0..=255_u8 {
        needles.bytes(&[i]).unwrap();
        needles.bytes(&[i, i]).unwrap();
    }
    assert!(needles.build().err().unwrap().to_string().contains("more than 256"));
}

#[test]
fn pointers_lead_into_their_range() {
    let mut bytes = vec![0; 64];
    bytes[8..16].copy_from_slice(&0xffff_8880_0000_1000_u64.to_le_bytes());
    bytes[17..25].copy_from_slice(&0xffff_8880_0000_1000_u64.to_le_bytes());
    bytes[32..40].copy_from_slice(&0xffff_8880_0000_2000_u64.to_le_bytes());
    bytes[44..48].copy_from_slice(&0xc000_1004_u32.to_le_bytes());
    let source = Pieces(vec![(0x1000, bytes)]);
    let mut needles = Needles::new();
    needles.pointer_to(0xffff_8880_0000_1000, 0xffff_8880_0000_1fff, 8).unwrap();
    needles.pointer_to(0xc000_1000, 0xc000_1fff, 4).unwrap();
    let want = [(0x1008, 8, 0, "pointer".to_owned()), (0x102c, 4, 1, "pointer".to_owned())];
    assert_eq!(find(&source, &needles.build().unwrap(), 100), want);
    assert!(Needles::new().pointer_to(0x1_0000_0000, 0x1_0000_0fff, 4).is_err());
    assert!(Needles::new().pointer_to(2, 1, 8).is_err());
}

#[test]
fn a_hit_says_as_what_it_was_found() {
    assert_eq!(Kind::from(Charset::parse("koi8-r").unwrap()).to_string(), "koi8-r");
    let mut needles = Needles::new();
    needles.text("Жук", &[Charset::parse("koi8-r").unwrap(), Charset::parse("cp1251").unwrap()], true).unwrap();
    let source = Pieces(vec![(0, b"\xf6\xf5\xeb \xe6\xf3\xea".to_vec())]);
    let want = [(0, 3, 0, "koi8-r".to_owned()), (4, 3, 0, "windows-1251".to_owned())];
    assert_eq!(find(&source, &needles.build().unwrap(), 100), want);
}
