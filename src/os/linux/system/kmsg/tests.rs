//! Logs of small made-up kernels, whole and torn.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, clippy::type_complexity)]
use super::*;
use crate::os::linux::testkit::{Kit, array, u};

const RING: u64 = 0xffff_8880_0000_1000;
const DESCS: u64 = RING + 0x1000;
const INFOS: u64 = RING + 0x2000;
const DATA: u64 = RING + 0x3000;
const FINAL: u64 = 2 << 62;

/// A ring of four records and 64 bytes of text, with the numbers 4 to 7 in it.
fn ring_kit() -> Kit {
    let mut kit = Kit::new();
    kit.types.structure(
        "desc",
        40,
        &[("count_bits", 0, u(4)), ("descs", 8, u(8)), ("infos", 16, u(8)), ("head_id", 24, u(8)), ("tail_id", 32, u(8))],
    );
    kit.types.structure("datar", 16, &[("size_bits", 0, u(4)), ("data", 8, u(8))]);
    kit.types.structure("printk_ringbuffer", 64, &[("desc_ring", 0, "desc".into()), ("text_data_ring", 40, "datar".into())]);
    kit.types.structure("lpos", 16, &[("begin", 0, u(8)), ("next", 8, u(8))]);
    kit.types.structure("prb_desc", 24, &[("state_var", 0, u(8)), ("text_blk_lpos", 8, "lpos".into())]);
    kit.types.structure("dev", 24, &[("subsystem", 0, array(1, 8)), ("device", 8, array(1, 16))]);
    kit.types.structure(
        "printk_info",
        48,
        &[
            ("seq", 0, u(8)),
            ("ts_nsec", 8, u(8)),
            ("text_len", 16, u(2)),
            ("facility", 18, u(1)),
            ("level", 19, u(1)),
            ("caller_id", 20, u(4)),
            ("dev_info", 24, "dev".into()),
        ],
    );
    kit.symbol("prb", RING);
    kit.word(RING, RING + 0x100);
    kit.put(RING + 0x100, &2u32.to_le_bytes());
    kit.word(RING + 0x108, DESCS);
    kit.word(RING + 0x110, INFOS);
    kit.word(RING + 0x118, 7);
    kit.word(RING + 0x120, 4);
    kit.put(RING + 0x128, &6u32.to_le_bytes());
    kit.word(RING + 0x130, DATA);
    kit.put(DATA, &[0; 64]);
    for (id, at, text) in [(4, 64, "one"), (5, 80, "two\nthree"), (6, 104, "sixsix")] {
        record(&mut kit, id, at, at & 63, text);
    }
    // The last does not fit behind the third: it lies at the start of the ring, where the first one was.
    record(&mut kit, 7, 120, 0, "last");
    kit.word(DESCS + 3 * 24 + 16, 128 + 16);
    kit
}

fn record(kit: &mut Kit, id: u64, position: u64, place: u64, text: &str) {
    let (desc, info) = (DESCS + (id & 3) * 24, INFOS + (id & 3) * 48);
    kit.word(desc, FINAL | id);
    kit.word(desc + 8, position);
    kit.word(desc + 16, position + 8 + (text.len() as u64).next_multiple_of(8));
    kit.word(info, id);
    kit.word(info + 8, id * 1000);
    kit.put(info + 16, &(text.len() as u16).to_le_bytes());
    kit.put(info + 18, &[1, 6]);
    kit.put(info + 20, &0x8000_0003u32.to_le_bytes());
    kit.put(info + 24, b"pci\0");
    kit.word(DATA + place, id);
    kit.put(DATA + place + 8, text.as_bytes());
}

fn told(kit: &Kit) -> (Vec<(Option<u64>, Option<String>)>, usize) {
    let listing = messages(&kit.kernel()).unwrap();
    let line = |m: &Message| (m.sequence, m.text.as_ref().map(|t| String::from_utf8_lossy(t).into_owned()));
    (listing.items.iter().map(line).collect(), listing.lost.len())
}

fn some(n: u64, text: &str) -> (Option<u64>, Option<String>) {
    (Some(n), Some(text.to_owned()))
}

#[test]
fn a_ring_is_told_in_order_across_its_end() {
    let mut kit = ring_kit();
    // The last one took the place of the first's text.
    let (rows, lost) = told(&kit);
    assert_eq!(rows, [(Some(4), None), some(5, "two\nthree"), some(6, "sixsix"), some(7, "last")]);
    assert_eq!(lost, 1, "the lost text is counted once");
    kit.word(RING + 0x120, 5);
    assert_eq!(told(&kit).1, 0);
    let first = messages(&kit.kernel()).unwrap().items.first().cloned().unwrap();
    assert_eq!((first.level, first.facility, first.caller), (Some(6), Some(1), Some(Caller::Cpu(3))));
    assert_eq!((first.subsystem.as_deref(), first.device), (Some(&b"pci"[..]), None));
}

#[test]
fn descriptors_under_way_and_torn_ones_are_counted() {
    let mut kit = ring_kit();
    kit.word(DESCS + 24, 5);
    kit.word(DESCS + 2 * 24, FINAL | 0x1234_5678);
    let (rows, lost) = told(&kit);
    assert_eq!(rows, [(Some(4), None), some(7, "last")]);
    assert_eq!(lost, 3);
}

#[test]
fn ends_that_make_no_sense_cost_no_rows() {
    let mut kit = ring_kit();
    kit.word(RING + 0x120, 0x7777_7777);
    let (rows, _) = told(&kit);
    assert_eq!(rows.len(), 4);
    // Neither end is one: records are known by their places.
    let end = kit.kernel().shape::<super::ring::RingShape>().head.map_or(0, |m| m.offset);
    kit.word(RING + end, 0x1111_1111);
    assert_eq!(told(&kit).0.len(), 4);
}

#[test]
fn an_empty_line_is_a_message_and_a_lost_text_is_none() {
    let mut kit = ring_kit();
    for (slot, lpos) in [(1u64, 3u64), (2, 1)] {
        kit.word(DESCS + slot * 24 + 8, lpos);
        kit.word(DESCS + slot * 24 + 16, lpos);
    }
    let (rows, _) = told(&kit);
    assert_eq!(rows, [(Some(4), None), some(5, ""), (Some(6), None), some(7, "last")]);
}

#[test]
fn a_ring_of_impossible_size_is_refused() {
    let mut kit = ring_kit();
    kit.put(RING + 0x100, &63u32.to_le_bytes());
    assert!(messages(&kit.kernel()).is_err());
}

const BUF: u64 = 0xffff_8880_0001_0000;

fn buffer_kit(first: u32, next: u32) -> Kit {
    let mut kit = Kit::new();
    kit.types.structure(
        "printk_log",
        16,
        &[
            ("ts_nsec", 0, u(8)),
            ("len", 8, u(2)),
            ("text_len", 10, u(2)),
            ("dict_len", 12, u(2)),
            ("facility", 14, u(1)),
            ("level", 15, u(1)),
        ],
    );
    for (i, (name, value)) in [
        ("log_buf", BUF),
        ("log_buf_len", 128),
        ("log_first_idx", u64::from(first)),
        ("log_next_idx", u64::from(next)),
        ("log_first_seq", 7),
    ]
    .into_iter()
    .enumerate()
    {
        let at = RING + 8 * i as u64;
        kit.symbol(name, at);
        kit.word(at, value);
    }
    kit.put(BUF, &[0; 128]);
    kit
}

fn old(kit: &mut Kit, at: u64, text: &str, dictionary: &str) -> u64 {
    let length = (16 + text.len() + dictionary.len()).next_multiple_of(4) as u64;
    kit.word(BUF + at, at * 10);
    kit.put(BUF + at + 8, &(length as u16).to_le_bytes());
    kit.put(BUF + at + 10, &(text.len() as u16).to_le_bytes());
    kit.put(BUF + at + 12, &(dictionary.len() as u16).to_le_bytes());
    kit.put(BUF + at + 14, &[0, 4]);
    kit.put(BUF + at + 16, format!("{text}{dictionary}").as_bytes());
    at + length
}

#[test]
fn old_records_are_told_in_order_across_the_end() {
    let mut kit = buffer_kit(56, 24);
    let next = old(&mut kit, 56, "first", "SUBSYSTEM=pci\0DEVICE=+pci:1");
    assert!(next <= 128 - 16);
    assert_eq!(old(&mut kit, 0, "second", ""), 24);
    let (rows, lost) = told(&kit);
    assert_eq!((rows, lost), (vec![some(7, "first"), some(8, "second")], 0));
    let first = messages(&kit.kernel()).unwrap().items.first().cloned().unwrap();
    assert_eq!((first.subsystem.as_deref(), first.device.as_deref()), (Some(&b"pci"[..]), Some(&b"+pci:1"[..])));
}

#[test]
fn behind_a_torn_old_record_the_rest_is_found() {
    let mut kit = buffer_kit(0, 72);
    let second = old(&mut kit, 0, "first!!!", "");
    let third = old(&mut kit, second, "second!!", "");
    assert_eq!(old(&mut kit, third, "third!!!", ""), 72);
    kit.put(BUF + second + 8, &0xffffu16.to_le_bytes());
    let (rows, lost) = told(&kit);
    assert_eq!((rows, lost), (vec![some(7, "first!!!"), (None, Some("third!!!".to_owned()))], 1));
}

#[test]
fn without_a_log_the_error_says_what_was_tried() {
    let error = messages(&Kit::new().kernel()).err().unwrap();
    assert!(error.message.to_string_lossy().contains("prb"));
}

proptest::proptest! {
    #[test]
    fn no_buffer_hangs(bytes in proptest::collection::vec(0u8..32, 128), first in 0u32..128, next in 0u32..128) {
        let mut kit = buffer_kit(first, next);
        kit.put(BUF, &bytes);
        proptest::prop_assert!(told(&kit).0.len() <= 32);
    }
}
