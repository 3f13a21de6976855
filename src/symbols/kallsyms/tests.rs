#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use super::synth::{AGES, Tables, build};
use super::*;
use crate::ErrorKind;
use crate::engine::to_u64;
use crate::symbols::Symbols;
use memsh_plugin::{CSliceMut, MemoryView, PhysAddr, Status, ViewMetadata, VirtAddr, VirtReadOp, umem};
use proptest::prelude::*;
use std::ops::Range;

const COUNT: usize = 2900;

fn agree(tables: &Tables, got: &Decoded) {
    let all: Vec<_> = got.symbols.all().map(|s| (format!("{}{}", s.kind, s.name), s.address.value())).collect();
    let want: Vec<_> = tables.symbols.iter().map(|(n, a)| (n.clone(), umem::from(*a))).collect();
    assert_eq!(all.len(), want.len(), "{}", tables.age.name);
    assert!(all == want, "{}: names or addresses differ", tables.age.name);
    assert_eq!((got.lost, got.encoding), (0, tables.age.encoding), "{}", tables.age.name);
    assert!(got.warnings.is_empty(), "{}: {:?}", tables.age.name, got.warnings);
}

#[test]
fn every_age_is_found_and_decoded_without_being_told() {
    for age in AGES {
        let t = build(age, COUNT);
        let layout = discover(&t.image, t.va(), age.pointer as u8, None).unwrap_or_else(|e| panic!("{}: {e}", age.name));
        agree(&t, &decode_slice(&t.image, t.va(), &layout).unwrap());
        let known = discover(&t.image, t.va(), age.pointer as u8, Some(t.text())).unwrap();
        assert_eq!(known.values, layout.values, "{}", age.name);
        let wrong = Some(t.text().saturating_add(0x1000));
        assert!(discover(&t.image, t.va(), age.pointer as u8, wrong).is_err(), "{}", age.name);
    }
}

#[test]
fn every_age_that_vmcoreinfo_describes_is_decoded() {
    // It names the tables since 6.0, where the counters have 32 bits and labels are aligned by bytes.
    for age in AGES.into_iter().filter(|a| a.count == 4) {
        let mut t = build(age, COUNT);
        if age.encoding == Encoding::Absolute && age.pointer == 8 {
            // Named kallsyms_addresses by every kernel that had them.
            let at = t.labels.remove("offsets").or_else(|| t.labels.remove("addresses")).unwrap();
            t.labels.insert("addresses", at);
        }
        let layout = t.vmcoreinfo().unwrap();
        assert_eq!((layout.markers, layout.text), (None, Some(t.text())));
        agree(&t, &decode_slice(&t.image, t.va(), &layout).unwrap_or_else(|e| panic!("{}: {e}", age.name)));
    }
}

#[test]
fn physical_addresses_do_where_virtual_ones_are_not_known() {
    for age in AGES.into_iter().filter(|a| a.encoding != Encoding::Place) {
        let t = build(age, COUNT);
        let at = VirtAddr::new(0x740_0000);
        let layout = discover(&t.image, at, age.pointer as u8, Some(t.text())).unwrap();
        agree(&t, &decode_slice(&t.image, at, &layout).unwrap());
    }
    let age = AGES.into_iter().find(|a| a.encoding == Encoding::Place).unwrap();
    let t = build(age, COUNT);
    let at = VirtAddr::new(0x740_0000);
    let got = decode_slice(&t.image, at, &discover(&t.image, at, 8, None).unwrap()).unwrap();
    let moved = t.start.wrapping_sub(0x740_0000);
    let text = got.symbols.address("_stext").unwrap();
    assert_eq!(text.wrapping_add(umem::from(moved)), t.text(), "counted from the physical place");
}

#[test]
fn token_tables_are_proved_by_their_index() {
    let t = build(AGES[8], COUNT);
    assert_eq!(token_table_candidates(&t.image), [t.labels["token_table"]]);
    let mut broken = t.image.clone();
    broken[t.labels["token_index"] + 100] ^= 1;
    assert!(token_table_candidates(&broken).is_empty());
    let e = discover(&broken, t.va(), 8, None).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::NotFound);
}

#[test]
fn another_kernels_tables_are_refused() {
    let t = build(AGES[8], COUNT);
    let mut layout = t.vmcoreinfo().unwrap();
    layout.text = Some(VirtAddr::new(0x1234_0000));
    let e = decode_slice(&t.image, t.va(), &layout).err().unwrap();
    assert!(e.reason().contains("must be 0x12340000"), "{e}");
}

#[test]
fn what_is_damaged_is_lost_and_nothing_else() {
    for age in [AGES[8], AGES[10], AGES[14]] {
        let mut t = build(age, COUNT);
        let layout = t.vmcoreinfo().unwrap();
        let at = t.labels["names"] + 5000;
        t.image[at..at + 64].fill(0);
        let got = decode_slice(&t.image, t.va(), &layout).unwrap();
        assert!((256..=512).contains(&got.lost), "{}: {}", age.name, got.lost);
        assert!(got.warnings.iter().any(|w| w.contains("are lost")), "{:?}", got.warnings);
        right(&t, &got);
    }
}

/// Every symbol that is given is one that there is.
fn right(t: &Tables, got: &Decoded) {
    for s in got.symbols.all() {
        let want = (format!("{}{}", s.kind, s.name), s.address.value());
        assert!(t.symbols.iter().any(|(n, a)| *n == want.0 && umem::from(*a) == want.1), "{want:x?}");
    }
}

/// Memory of which some pages are missing.
struct Holes<'a> {
    t: &'a Tables,
    missing: Range<u64>,
}

impl MemoryView for Holes<'_> {
    fn view_metadata(&self) -> ViewMetadata {
        ViewMetadata { pointer_size: 8, little_endian: true, page_size: 0x1000, root: PhysAddr::NULL }
    }

    fn read_virt(&self, ops: CSliceMut<VirtReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            let from = to_u64(op.addr.value()).unwrap().wrapping_sub(self.t.start);
            let len = op.buf.len() as u64;
            let hit = self.missing.start < from.saturating_add(len) && from < self.missing.end;
            let bytes = from.checked_add(len).and_then(|to| self.t.image.get(from as usize..to as usize));
            op.status = match bytes {
                Some(b) if !hit => {
                    op.bytes().copy_from_slice(b);
                    Status::DONE
                }
                _ => {
                    op.bytes().fill(0);
                    Status::MISSING
                }
            };
        }
    }
}

#[test]
fn what_is_missing_is_counted_and_the_rest_is_given() {
    for age in [AGES[8], AGES[10], AGES[14]] {
        let t = build(age, COUNT);
        let layout = t.vmcoreinfo().unwrap();
        let page = |at: usize| (at as u64 & !0xfff)..(at as u64 & !0xfff) + 0x1000;
        let names = page(t.labels["names"] + 9000);
        let got = decode(&Holes { t: &t, missing: names }, &layout).unwrap();
        assert!((100..1000).contains(&got.lost), "{}: {}", age.name, got.lost);
        right(&t, &got);
        let values = page(t.labels["offsets"] + 0x1800);
        let got = decode(&Holes { t: &t, missing: values }, &layout).unwrap();
        assert_eq!((got.lost, got.symbols.count()), (1024, COUNT - 1024), "{}", age.name);
        right(&t, &got);
        let all = decode(&Holes { t: &t, missing: 0..u64::MAX }, &layout).err().unwrap();
        assert_eq!(all.kind(), ErrorKind::Unreadable);
    }
}

#[test]
fn a_count_out_of_reason_is_refused_at_once() {
    let mut t = build(AGES[10], COUNT);
    let at = t.labels["num_syms"];
    let layout = t.vmcoreinfo().unwrap();
    t.image[at..at + 4].fill(0xff);
    let e = decode_slice(&t.image, t.va(), &layout).err().unwrap();
    assert!(e.reason().contains("4294967295 symbols"), "{e}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn damage_never_panics(
        age in 0usize..AGES.len(),
        cut in 0usize..200_000,
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 0..40),
        label in 0usize..8,
    ) {
        let mut t = build(AGES[age], 1100);
        let whole = discover(&t.image, t.va(), t.age.pointer as u8, None).unwrap();
        let hit = ["num_syms", "names", "markers", "token_table", "token_index", "offsets", "relative_base", "addresses"][label];
        if let Some(&at) = t.labels.get(hit) {
            t.image[at] ^= 0x41;
        }
        for (at, bit) in flips {
            let n = t.image.len();
            t.image[at.index(n)] ^= 1 << bit;
        }
        t.image.truncate(cut);
        token_table_candidates(&t.image);
        let _ = decode_slice(&t.image, t.va(), &whole);
        if let Ok(found) = discover(&t.image, t.va(), t.age.pointer as u8, Some(t.text())) {
            let _ = decode_slice(&t.image, t.va(), &found);
        }
    }
}

#[test]
fn digits_without_end_cost_nothing() {
    let digits: Vec<u8> = b"0\x001\x002\x003\x004\x005\x006\x007\x008\x009\0".iter().copied().cycle().take(1 << 20).collect();
    assert!(token_table_candidates(&digits).is_empty());
}
