#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use super::build::{Builder, sample};
use super::*;
use crate::ErrorKind;
use crate::symbols::{TypeId, TypeKind, Types, TypesExt};
use proptest::prelude::*;
use std::sync::Arc;

#[test]
fn both_byte_orders_say_the_same() {
    for big in [false, true] {
        let t = Btf::parse(sample(big).blob()).unwrap();
        assert_eq!(t.count(), 15);
        assert_eq!(t.size_of("task"), Some(32));
        let comm = t.field("task", "comm").unwrap();
        assert_eq!((comm.offset, comm.size, comm.bits), (8, Some(16), None));
        let flag = t.field("struct task", "flag").unwrap();
        assert_eq!((flag.offset, flag.bits), (4, Some((2, 3))));
        assert_eq!(t.field("outer", "pid").map(|f| f.size), Some(Some(8)), "anonymous members are looked through");
        let TypeKind::Enum(values) = t.get(t.find("answer").unwrap()).unwrap().kind else { panic!("no enum") };
        assert_eq!(values, [("NO".to_owned(), -1), ("YES".to_owned(), 1)]);
        let TypeKind::Enum(values) = t.get(t.find("wide").unwrap()).unwrap().kind else { panic!("no enum") };
        assert_eq!(values, [("YES".to_owned(), 0x8000_0000_ffff_ffff)]);
        let var = t.get(t.variable("current_task").unwrap()).unwrap();
        assert_eq!((var.kind, var.size), (TypeKind::Pointer(TypeId(6)), Some(8)));
        assert_eq!(t.get(TypeId(0)).unwrap().kind, TypeKind::Void);
        assert_eq!(t.get(TypeId(16)), None);
    }
}

#[test]
fn a_definition_wins_over_a_declaration_and_a_typedef() {
    let t = Btf::parse(sample(false).blob()).unwrap();
    assert_eq!(t.find("task"), Some(TypeId(6)));
    assert_eq!(t.find("struct task"), Some(TypeId(6)));
    assert_eq!(t.find("union task"), None);
    assert_eq!(t.find("union elsewhere"), Some(TypeId(13)), "only declared, but that is all there is");
    assert_eq!(t.find("struct elsewhere"), None);
    assert_eq!(t.find("enum answer"), Some(TypeId(11)));
    assert_eq!(t.find(""), None);
}

#[test]
fn old_writers_say_nothing_of_signs_and_describe_bit_fields_by_integers() {
    let mut b = Builder::new(false);
    b.add("unsigned int", 1, false, 0, 4, &[2 << 16 | 3]);
    let f = b.name("f");
    b.add("s", 4, false, 1, 4, &[f, 1, 32]);
    let no = b.name("NO");
    b.add("e", 6, false, 1, 4, &[no, u32::MAX]);
    let t = Btf::parse(b.blob()).unwrap();
    assert_eq!(t.field("s", "f").unwrap().bits, Some((2, 3)));
    let TypeKind::Enum(values) = t.get(t.find("e").unwrap()).unwrap().kind else { panic!("no enum") };
    assert_eq!(values, [("NO".to_owned(), -1)]);
}

#[test]
fn a_module_goes_on_where_the_kernel_ends() {
    let base = sample(false);
    let kernel = Arc::new(Btf::parse(base.blob()).unwrap());
    let mut m = Builder::on(&base);
    let t = m.name("owner");
    m.add("tun", 4, false, 1, 8, &[t, 7, 0]);
    m.add("task", 4, false, 0, 1, &[]);
    let module = Btf::parse_split(m.blob(), kernel).unwrap();
    assert_eq!(module.find("tun"), Some(TypeId(16)));
    assert_eq!(module.size_of("task"), Some(32), "the kernel's own goes first");
    assert_eq!(module.field("tun", "owner").unwrap().size, Some(8));
    assert!(module.variable("current_task").is_some());
    let other = Btf::parse_split(sample(true).blob(), Arc::new(Btf::parse(base.blob()).unwrap()));
    assert!(other.is_err());
}

#[test]
fn an_index_is_taken_only_where_it_fits() {
    for big in [false, true] {
        let blob = sample(big).blob();
        let first = Btf::parse(blob.clone()).unwrap();
        let index = first.index_bytes();
        let (again, used) = Btf::parse_with(blob.clone(), &index).unwrap();
        assert!(used);
        let mut names = (first.names(), again.names());
        names.0.sort();
        names.1.sort();
        assert_eq!(names.0, names.1);
        assert!(names.0.iter().all(|n| first.find(n) == again.find(n) && first.size_of(n) == again.size_of(n)));
        assert_eq!(again.parsed_again().unwrap().index_bytes(), index);
        // Cut short, or of another form: numbers twice as wide.
        let wide: Vec<u8> = index.iter().flat_map(|&b| [b, 0]).collect();
        for bad in [&index[..index.len() - 1], &index[..9], b"", &wide] {
            let (without, used) = Btf::parse_with(blob.clone(), bad).unwrap();
            assert!(!used);
            assert!(names.0.iter().all(|n| first.find(n) == without.find(n)));
        }
    }
}

#[test]
fn errors_name_the_place() {
    let whole = sample(false).blob();
    let cut = Btf::parse(whole[..whole.len() - 1].to_vec()).err().unwrap();
    assert_eq!(cut.kind(), ErrorKind::Malformed);
    assert!(cut.reason().contains(&format!("cut short at {:#x}", whole.len() - 1)), "{cut}");
    let mut b = sample(false);
    b.add("new", 99, false, 0, 0, &[]);
    let unknown = Btf::parse(b.blob()).err().unwrap();
    assert_eq!(unknown.kind(), ErrorKind::Unsupported);
    assert!(unknown.reason().contains("type 16 at offset") && unknown.reason().contains("kind 99"), "{unknown}");
    let mut b = sample(false);
    b.add("long", 4, false, 9, 0, &[0, 0, 0]);
    let over = Btf::parse(b.blob()).err().unwrap();
    assert!(over.reason().contains("runs over the end"), "{over}");
    assert!(Btf::parse(Vec::new()).is_err());
    assert!(Btf::parse(b"MZ not a type section, but long enough".to_vec()).is_err());
}

#[test]
fn a_layout_section_steps_over_what_is_unknown() {
    let mut b = sample(false);
    b.add("new", 30, false, 2, 0, &[1, 2, 3]);
    b.add("after", 4, false, 0, 12, &[]);
    let (t, s) = (b.types.len() as u32, b.strings.len() as u32);
    let s = s.next_multiple_of(4);
    b.strings.resize(s as usize, 0);
    let mut blob = vec![0x9f, 0xeb, 1, 0];
    for w in [32, 0, t, t, s, t + s, 31 * 4] {
        blob.extend(b.word(w));
    }
    blob.extend(&b.types);
    blob.extend(&b.strings);
    blob.extend([0; 30 * 4]);
    blob.extend([4, 4, 0, 0]);
    assert_eq!(Btf::parse(blob).unwrap().size_of("after"), Some(12));
}

#[test]
fn loops_end() {
    let mut b = Builder::new(false);
    b.add("a", 8, false, 0, 2, &[]);
    b.add("b", 8, false, 0, 1, &[]);
    b.add("", 3, false, 0, 0, &[3, 3, 2]);
    let m = b.name("");
    b.add("s", 4, false, 2, 8, &[m, 4, 0, m, 4, 0]);
    let t = Btf::parse(b.blob()).unwrap();
    assert_eq!(t.size_of("a"), None);
    assert_eq!(t.get(TypeId(3)).unwrap().size, None);
}

#[test]
fn blobs_are_found_in_raw_memory() {
    let blob = sample(false).blob();
    let mut memory = vec![0u8; 0x3000];
    memory[0x123..0x127].copy_from_slice(&[0x9f, 0xeb, 1, 0]);
    memory[0x1008..0x1008 + blob.len()].copy_from_slice(&blob);
    let cut = memory.len() - 0x40;
    memory[cut..].copy_from_slice(&blob[..0x40]);
    let found: Vec<_> = find_btf(&memory).collect();
    assert_eq!(found, [BtfCandidate { offset: 0x1008, len: blob.len() }, BtfCandidate { offset: cut, len: blob.len() }]);
}

fn use_all(t: &Btf) {
    for name in t.names().iter().take(50) {
        t.size_of(name);
        t.field(name, "pid");
    }
    for id in 0..t.count().saturating_add(2).min(1000) {
        t.get(TypeId(id));
    }
}

proptest! {
    #[test]
    fn damage_never_panics(cut in 0usize..700, flips in prop::collection::vec((0usize..700, 0u8..8), 0..12), big: bool) {
        let mut blob = sample(big).blob();
        for (at, bit) in flips {
            let n = blob.len();
            blob[at % n] ^= 1 << bit;
        }
        if cut < 300 {
            blob.truncate(cut);
        }
        find_btf(&blob).count();
        if let Ok(t) = Btf::parse(blob) {
            use_all(&t);
        }
    }
}

/// A blob like a kernel's: pointers, structures with anonymous members, arrays, prototypes and functions, `count` times.
fn large(count: u32) -> Builder {
    let mut b = sample(false);
    let mut base = 15;
    for i in 0..count {
        // Kernels are not as regular as this would be: ids could be moved by a period, and all would fit.
        for extra in 0..(i.wrapping_mul(0x9e37_79b1) >> 16) % 5 {
            b.add(&format!("e{i}x{extra}"), 8, false, 0, 1, &[]);
            base += 1;
        }
        let (a, c) = (b.name("first"), b.name("second"));
        // base + 1: a structure; + 2: a pointer to it; + 3: an array; + 4: one with an anonymous member; + 5, + 6: a function.
        b.add(&format!("s{i}"), 4, false, 2, 16, &[a, 1, 0, c, base + 2, 64]);
        b.add("", 2, false, 0, base + 1, &[]);
        b.add("", 3, false, 0, 0, &[base + 1, 1, 4]);
        b.add(&format!("t{i}"), 4, false, 2, 80, &[0, base + 1, 0, c, base + 3, 128]);
        b.add("", 13, false, 1, 1, &[a, base + 2]);
        b.add(&format!("f{i}"), 12, false, 1, base + 5, &[]);
        base += 6;
    }
    b
}

#[test]
fn damaged_types_are_had_but_for_those_that_are_hit() {
    let whole = large(400);
    let intact = Btf::parse(whole.blob()).unwrap();
    let bytes = whole.blob();
    let types = 24..24 + whole.types.len();
    let place = |name: &str| intact.own().find(|(_, h)| intact.string(h.name).as_deref() == Some(name)).unwrap().1.rest - 12;
    let (whole_salvaged, told) = Btf::salvage(bytes.clone()).unwrap();
    assert_eq!((whole_salvaged.count(), told), (intact.count(), Salvage::default()));
    // The number of elements, up and down; the kind; a page of zeros; several at once.
    let s = place("s100");
    let flip = |at: usize, bit: u8| vec![(at..at + 1, bit)];
    let zeros = |from: usize, len: usize| vec![(from..from + len, 0)];
    for damage in [
        flip(s + 4, 1),
        flip(s + 4, 2),
        flip(s + 4, 64),
        flip(s + 7, 1),
        flip(place("t200") + 7, 16),
        zeros(types.start + 8192, 4096),
        zeros(types.start + 12_345 / 4 * 4, 16),
        [zeros(types.start + 4096, 4096), flip(place("s300") + 4, 1), zeros(types.start + 40_960, 2000)].concat(),
    ] {
        let mut bytes = bytes.clone();
        for (range, bit) in &damage {
            for b in &mut bytes[range.clone()] {
                *b = if *bit == 0 { 0 } else { *b ^ bit };
            }
        }
        let (t, told) = Btf::salvage(bytes).unwrap();
        assert_eq!((t.count(), told.unknown), (intact.count(), 0), "{damage:?}: {told:?}");
        assert!(told.lost <= damage.iter().map(|d| d.0.len() / 12 + 2).sum(), "{damage:?}: {told:?}");
        // Whatever is known is right.
        let differs = (1..=t.count()).filter(|&id| t.get(TypeId(id)).is_some_and(|x| Some(x) != intact.get(TypeId(id)))).count();
        let damaged: usize = damage.iter().map(|d| d.0.len() / 12 + 2).sum();
        assert!(differs <= damaged, "{damage:?}: {differs} of {}", t.count());
        assert_eq!(t.size_of("t399"), Some(80), "{damage:?}");
    }
}

proptest! {
    #[test]
    fn no_damage_makes_salvage_slow_or_panic(places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 1usize..5000), 1..20)) {
        let mut bytes = large(60).blob();
        for (at, value, len) in places {
            let from = 24 + at.index(bytes.len() - 24);
            let to = (from + len).min(bytes.len());
            bytes[from..to].fill(value);
        }
        if let Ok((t, _)) = Btf::salvage(bytes) {
            for id in 0..t.count().min(2000) {
                let _ = t.get(TypeId(id));
            }
        }
    }
}
