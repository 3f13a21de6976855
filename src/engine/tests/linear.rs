//! Addresses whose page tables are not in the image: computed where a rule holds, and only there.

use super::support::Ram;
use crate::arch::Paging;
use crate::engine::{AddressSpace, Computed, FaultReason, Linear, LinearMap, ViewExt};
use memsh_plugin::*;
use std::sync::{Arc, Mutex};

const BASE: u64 = 0xffff_8880_0000_0000;
/// Where the table that is missing would be.
const GONE: u64 = 0x10_0000;
/// A piece of memory behind a hole.
const FAR: u64 = 0x40_0000;

/// Memory up to 8 GiB at one distance, and what was missed.
#[derive(Default)]
struct Rule(Mutex<Vec<u64>>);

impl LinearMap for Rule {
    fn piece(&self, va: u64) -> Option<Linear> {
        let all = Linear::new("direct map", VirtAddr::new(umem::from(BASE)), PhysAddr::NULL, 8 << 30)?;
        Some(all).filter(|l| l.holds(va))
    }

    fn missed(&self, computed: &Computed) {
        self.0.lock().unwrap().push(computed.table.value() as u64);
    }

    fn told(&self) -> Vec<String> {
        Vec::new()
    }
}

fn va(n: u64) -> VirtAddr {
    VirtAddr::new(umem::from(n))
}

/// The first 2 MiB of the map have a table with one entry (page 5), those from 4 MiB on have one that is not in the image. Below them lie
/// an address of a process and one of vmalloc, whose tables are missing too.
fn ram() -> Ram {
    let mut low = vec![0u8; 0x8000];
    let mut put = |at: u64, entry: u64| low[at as usize..at as usize + 8].copy_from_slice(&entry.to_le_bytes());
    put(0x1000 + 273 * 8, 0x2000 | 3);
    put(0x2000, 0x3000 | 3);
    put(0x3000, 0x4000 | 3);
    put(0x4000 + 5 * 8, 0x6000 | 3);
    put(0x3000 + 2 * 8, GONE | 3);
    put(0x3000 + 4 * 8, GONE | 3);
    put(0x1000 + 8, GONE | 7);
    put(0x1000 + 402 * 8, GONE | 3);
    low[0x6000..0x6004].copy_from_slice(b"read");
    let far = (0..0x2000u32).map(|i| (i >> 4) as u8).collect();
    Ram::new(vec![(0, low), (FAR, far)])
}

fn spaces() -> [(AddressSpace, Arc<Rule>); 3] {
    let whole = |ram: Ram| {
        let rule = Arc::new(Rule::default());
        let space = AddressSpace::new(ram.memory(), Paging::X86_64, PhysAddr::new(0x1000));
        (space.with_linear(Arc::clone(&rule) as Arc<dyn LinearMap>), rule)
    };
    [whole(ram()), whole(ram().behind_calls(0)), whole(ram().behind_calls(1))]
}

#[test]
fn a_missing_table_is_made_up_for() {
    for (space, rule) in spaces() {
        let at = BASE + FAR + 0xff8;
        let found = space.translate_one(va(at)).unwrap();
        assert_eq!(
            (found.phys, found.perm),
            (PhysAddr::new(umem::from(FAR + 0xff8)), Perm::NONE),
            "what is allowed is not known"
        );
        let why = space.explain(va(at)).computed.unwrap();
        assert_eq!((why.table, why.rule.name), (PhysAddr::new(umem::from(GONE)), "direct map"));
        let steps = space.explain(va(at)).steps;
        assert_eq!((steps.len(), steps[3].table, steps[3].entry), (4, GONE, None));
        // Across pages, and out of memory at the end.
        let mut bytes = vec![0; 0x1010];
        space.read_exact(va(at), &mut bytes[..0x1008]).unwrap();
        assert_eq!((bytes[0], bytes[0x1007]), (0xff, 0xff), "bytes 0xff8 and 0x1fff of the piece");
        assert_eq!(space.read_u64(va(BASE + FAR + 16)).unwrap(), 0x0101_0101_0101_0101);
        assert!(space.read_exact(va(at), &mut bytes).is_err());
        let mut ops = [TranslateOp::new(va(at)), TranslateOp::new(va(BASE + 0x5000)), TranslateOp::new(va(BASE + FAR + 0x8000))];
        space.translate_batch(&mut ops);
        assert_eq!(ops.each_ref().map(|op| op.status.is_done()), [true, true, false]);
        assert_eq!(ops[0].translation.phys, found.phys);
        assert!(rule.0.lock().unwrap().iter().all(|t| *t == GONE));
    }
}

#[test]
fn what_tables_say_counts() {
    for (space, rule) in spaces() {
        let found = space.translate_one(va(BASE + 0x5000)).unwrap();
        assert_eq!(found.phys, PhysAddr::new(0x6000), "not what the rule says");
        assert_eq!(space.explain(va(BASE + 0x5000)).computed, None);
        let mut bytes = [0; 4];
        space.read_exact(va(BASE + 0x5000), &mut bytes).unwrap();
        assert_eq!(&bytes, b"read");
        // An entry of a table that is there says "not present".
        assert_eq!(space.translate_one(va(BASE + 0x6000)).unwrap_err().reason, FaultReason::NotPresent);
        assert!(space.read_exact(va(BASE + 0x6000), &mut bytes).is_err());
        assert!(rule.0.lock().unwrap().is_empty());
    }
}

#[test]
fn only_the_rules_addresses_are_computed() {
    for (space, rule) in spaces() {
        for at in [
            // Of a process, of vmalloc.
            1 << 39 | FAR,
            0xffff_c900_0000_0000 | FAR,
            // A frame that is not in the image: the third page of the piece, and one of which no part is.
            BASE + FAR + 0x2000,
            BASE + (8 << 20),
        ] {
            assert_eq!(space.translate_one(va(at)).unwrap_err().reason, FaultReason::NotInImage, "{at:#x}");
            assert!(space.read_exact(va(at), &mut [0; 8]).is_err(), "{at:#x}");
        }
        assert!(rule.0.lock().unwrap().is_empty());
    }
}

#[test]
fn without_the_rule_nothing_is_computed() {
    let [(space, _), ..] = spaces();
    assert_eq!(space.without_linear().translate_one(va(BASE + FAR)).unwrap_err().reason, FaultReason::NotInImage);
}

#[test]
fn other_roots_have_the_rule_too() {
    // A process whose root is not in the image: the kernel's half is the same in all.
    for (space, _) in spaces() {
        let other = space.with_root(PhysAddr::new(umem::from(GONE)));
        assert_eq!(other.translate_one(va(BASE + FAR)).unwrap().phys, PhysAddr::new(umem::from(FAR)));
        assert_eq!(other.translate_one(va(0x1000)).unwrap_err().reason, FaultReason::NotInImage);
    }
}

#[test]
fn nothing_is_written_where_the_place_was_computed() {
    for (space, _) in spaces() {
        let error = space.places(va(BASE + FAR), 8).unwrap_err().to_string();
        assert!(error.contains("not certain enough") && error.contains("0x100000"), "{error}");
        assert_eq!(space.places(va(BASE + 0x5000), 8).unwrap().len(), 1);
    }
}
