//! Pages that are in no frame: what the pager gives, what it refuses, and reads across both.

use super::support::{Hand, Ram};
use crate::arch::Paging;
use crate::engine::{AddressSpace, FaultReason, Memory, Pager, Said, Software, ViewExt};
use memsh_plugin::{MemoryView, PhysAddr, TranslateOp, VirtAddr, umem};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const PAGE: usize = 4096;

/// Has area 1, but for slot 13; every page says its slot.
#[derive(Default)]
struct Slots(AtomicUsize);

impl Pager for Slots {
    fn fill(&self, reason: FaultReason, page: &mut [u8]) -> Result<Said, Said> {
        self.0.fetch_add(1, Ordering::Relaxed);
        match reason {
            // What was written before it refuses must not be seen.
            FaultReason::Swapped { area: 1, slot: 13 } => {
                page.fill(0xee);
                Err("slot 13 brings bad luck".into())
            }
            FaultReason::Swapped { area: 1, slot } => {
                page.chunks_mut(2).enumerate().for_each(|(i, b)| b.copy_from_slice(&[slot as u8, i as u8]));
                Ok(format!("slot {slot}").into())
            }
            _ => Err("".into()),
        }
    }
}

/// Page 0 is in a frame, 1 and 2 are swapped out, 3 is and is refused, 4 is not there, 5 is in a frame.
fn hand() -> Hand {
    let swapped = |slot: u64| !slot << 14 >> 5 | 1 << 59;
    let mut h = Hand::new(Paging::X86_64);
    h.chain(0x1000, &[0x2000, 0x3000, 0x4000], 7);
    for (n, entry) in [(0, 0x2_0000 | 7), (1, swapped(11)), (2, swapped(12)), (3, swapped(13)), (5, 0x2_1000 | 7)] {
        h.put(0x4000 + n * 8, 8, entry);
    }
    h.put(0x2_0000 + PAGE as u64 - 8, 8, 0x5555_5555_5555_5555);
    h.put(0x2_1000, 8, 0x6666_6666_6666_6666);
    h
}

/// In place, and behind calls.
fn spaces() -> [(AddressSpace, Arc<Slots>); 2] {
    [true, false].map(|mapped| {
        let bare = hand().space(0x1000);
        let bare = match mapped {
            true => bare,
            false => {
                let mut pieces = Vec::new();
                for range in bare.memory().ranges() {
                    let mut bytes = vec![0; range.size as usize];
                    bare.memory().read(range.start, &mut bytes).unwrap();
                    pieces.push((range.start.value() as u64, bytes));
                }
                let memory: Memory = Ram::new(pieces).behind_calls(0).memory();
                AddressSpace::new(memory, Paging::X86_64, PhysAddr::new(0x1000))
            }
        };
        assert_eq!(bare.memory().mapped().is_some(), mapped);
        let pager = Arc::new(Slots::default());
        (bare.with_software(Software::Linux).with_pager(Arc::clone(&pager) as Arc<dyn Pager>), pager)
    })
}

fn at(n: u64) -> VirtAddr {
    VirtAddr::new(umem::from(n))
}

#[test]
fn a_read_across_all_of_them_gets_what_there_is() {
    for (space, _) in spaces() {
        let mut bytes = vec![0x99; 6 * PAGE];
        let gaps = space.read_gaps(at(0), &mut bytes);
        let lost: Vec<_> = gaps.as_slice().iter().map(|g| (g.start as usize, g.end as usize)).collect();
        assert_eq!(lost, [(3 * PAGE, 5 * PAGE)], "the page that is refused, and the one that is not there");
        assert_eq!(bytes[PAGE - 8..PAGE + 4], [0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 11, 0, 11, 1]);
        assert_eq!((bytes[2 * PAGE], bytes[3 * PAGE - 2..3 * PAGE].to_vec()), (12, vec![12, 0xff]));
        assert!(bytes[3 * PAGE..5 * PAGE].iter().all(|b| *b == 0), "what the pager wrote before it refused is not shown");
        assert_eq!(bytes[5 * PAGE], 0x66);
    }
}

#[test]
fn a_part_of_a_page_is_that_part() {
    for (space, pager) in spaces() {
        let mut bytes = [0; 6];
        assert!(space.read_gaps(at(0x1000 + 100), &mut bytes).is_empty());
        assert_eq!(bytes, [11, 50, 11, 51, 11, 52]);
        // From the end of one into the next.
        assert!(space.read_gaps(at(0x2000 - 2), &mut bytes[..4]).is_empty());
        assert_eq!(bytes[..4], [11, 0xff, 12, 0]);
        assert_eq!(space.read_u64(at(0x1000)).unwrap(), u64::from_le_bytes([11, 0, 11, 1, 11, 2, 11, 3]));
        assert!(space.read_u64(at(0x3000)).is_err() && space.read_u64(at(0x3000 - 4)).is_err());
        // What is in memory does not ask.
        let asked = pager.0.load(Ordering::Relaxed);
        assert!(space.read_u64(at(0x5000)).is_ok());
        assert_eq!(pager.0.load(Ordering::Relaxed), asked);
    }
}

#[test]
fn what_is_read_so_still_has_no_translation() {
    for (space, _) in spaces() {
        assert_eq!(space.translate_one(at(0x1000)).unwrap_err().reason, FaultReason::Swapped { area: 1, slot: 11 });
        let mut ops = [TranslateOp::new(at(0x1000)), TranslateOp::new(at(0x5000))];
        space.translate(ops.as_mut_slice().into());
        assert_eq!(ops.map(|op| op.status.is_done()), [false, true]);
        let said = |n| space.elsewhere(at(n));
        assert_eq!(said(0x1000), Some(Ok("slot 11".into())));
        assert_eq!(said(0x3000), Some(Err("slot 13 brings bad luck".into())));
        assert_eq!([said(0), said(0x4000), said(0x5000), said(1 << 60)], [None, None, None, None]);
    }
}

#[test]
fn the_fault_names_area_and_slot() {
    for (space, _) in spaces() {
        let fault = space.translate_one(at(0x3000)).unwrap_err();
        assert!(fault.to_string().starts_with("swapped out: area 1, slot 13"), "{fault}");
    }
}
