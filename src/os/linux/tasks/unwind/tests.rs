#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use super::*;
use crate::os::linux::testkit::{Kit, array, u};

const TASK: u64 = 0xffff_8880_0001_0000;
const STACK: u64 = 0xffff_8880_0010_0000;
const TOP: u64 = STACK + 0x4000;
const TEXT: u64 = 0xffff_ffff_8100_0000;
const IPS: u64 = 0xffff_ffff_8200_0000;
const ENTRIES: u64 = 0xffff_ffff_8200_1000;
/// Where the sleeping task's registers lie.
const SLEEP: u64 = TOP - 0x300;

/// Functions of 0x100 bytes each: a leaf with a frame of 0x20 bytes, callers with 0x30 and so on.
const LEAF: u64 = TEXT;
const CALLER: u64 = TEXT + 0x100;
const ENTRY: u64 = TEXT + 0x200;
const BY_BP: u64 = TEXT + 0x300;
const WILD: u64 = TEXT + 0x400;
const BACK: u64 = TEXT + 0x500;
const END: u64 = TEXT + 0x600;

fn kit(numbering: usize) -> Kit {
    let mut kit = Kit::new();
    kit.types.structure(
        "task_struct",
        0x400,
        &[("stack", 0x20, u(8)), ("pid", 0x28, u(4)), ("thread", 0x100, "thread_struct".into())],
    );
    kit.types.structure("thread_struct", 0x20, &[("sp", 0x18, u(8))]);
    kit.types.structure("inactive_task_frame", 56, &[("bp", 40, u(8)), ("ret_addr", 48, u(8))]);
    kit.types.structure(
        "orc_entry",
        8,
        &[
            ("sp_offset", 0, u(2)),
            ("bp_offset", 2, u(2)),
            ("sp_reg", 4, u(1)),
            ("bp_reg", 5, u(1)),
            ("type", 6, u(1)),
            ("signal", 7, u(1)),
        ],
    );
    let names = [
        "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_ax", "ip", "cs",
        "flags", "sp", "ss",
    ];
    let fields: Vec<_> = names.iter().zip(0u64..).map(|(n, i)| (*n, i * 8, u(8))).collect();
    kit.types.structure("pt_regs", 168, &fields);
    kit.types.structure("list", 8, &[("x", 0, array(1, 8))]);
    kit.symbol("__start_init_stack", 0xffff_ffff_8300_0000);
    kit.symbol("__end_init_stack", 0xffff_ffff_8300_4000);
    kit.symbol("__start_orc_unwind_ip", IPS);
    kit.symbol("__start_orc_unwind", ENTRIES);
    for (name, at) in
        [("leaf", LEAF), ("caller", CALLER), ("entry", ENTRY), ("by_bp", BY_BP), ("wild", WILD), ("back", BACK), ("end", END)]
    {
        kit.code(name, at);
    }
    kit.symbol("_etext", TEXT + 0x1000);
    // Registers as numbered before and since: SP, BP, PREV_SP.
    let (sp, bp, previous) = [(5, 4, 1), (3, 4, 8)][numbering];
    // Where, sp_offset, bp_offset, sp_reg, bp_reg, type (2 a call, 3 registers).
    let table: [(u64, i16, i16, u8, u8, u8); 7] = [
        (LEAF, 0x20, 0, sp, 0, 2),
        (CALLER, 0x30, -16, sp, previous, 2),
        (ENTRY, 0, 0, sp, 0, 3),
        (BY_BP, 16, -16, bp, previous, 2),
        (WILD, 0x7ff0, 0, sp, 0, 2),
        (BACK, -0x40, 0, sp, 0, 2),
        (END, 0, 0, 0, 0, 1),
    ];
    for (i, (ip, sp_offset, bp_offset, sp_reg, bp_reg, kind)) in table.into_iter().enumerate() {
        let (at, i) = (IPS + i as u64 * 4, i as u64);
        kit.put(at, &((ip.wrapping_sub(at)) as u32).to_le_bytes());
        kit.put(ENTRIES + i * 8, &sp_offset.to_le_bytes());
        kit.put(ENTRIES + i * 8 + 2, &bp_offset.to_le_bytes());
        kit.put(ENTRIES + i * 8 + 4, &[sp_reg, bp_reg, kind, 0]);
    }
    kit.symbol("__stop_orc_unwind_ip", IPS + 4 * 7);
    // A whole stack, and the task on it.
    kit.put(STACK, &[0; 0x4000]);
    kit.word(TASK + 0x20, STACK);
    kit.word(TASK + 0x118, SLEEP);
    kit.word(SLEEP + 48, LEAF + 0x10);
    kit
}

fn stack(kit: &Kit) -> Stack {
    let kernel = kit.kernel();
    Unwinder::new(&kernel, &[]).unwrap().stack(VirtAddr::new(umem::from(TASK)), false)
}

fn ips(stack: &Stack) -> Vec<u64> {
    stack.frames.iter().map(|f| number(f.ip)).collect()
}

/// A stack of leaf, caller and entry, with the registers of a program that reads.
fn whole(numbering: usize) -> Kit {
    let mut kit = kit(numbering);
    let leaf = SLEEP + 56;
    kit.word(leaf + 0x18, CALLER + 0x20);
    let caller = leaf + 0x20;
    kit.word(caller + 0x28, ENTRY + 0x30);
    let registers = caller + 0x30;
    for (index, value) in [(15, 0u64), (14, 3), (16, 0x40_1234), (17, 0x33), (18, 0x246), (19, 0x7fff_0000), (20, 0x2b)] {
        kit.word(registers + index * 8, value);
    }
    kit
}

#[test]
fn callers_are_found_by_the_tables_of_both_numberings() {
    for numbering in [0, 1] {
        let found = stack(&whole(numbering));
        assert_eq!(ips(&found), [LEAF + 0x10, CALLER + 0x20, ENTRY + 0x30], "{:?}", found.lost);
        assert!(found.lost.is_empty(), "{:?}", found.lost);
        assert_eq!(number(found.frames[1].sp), SLEEP + 56 + 0x20);
        let user = found.user.unwrap();
        assert_eq!((user.get("ip"), user.get("sp")), (Some(0x40_1234), Some(0x7fff_0000)));
        let call = found.call.unwrap();
        assert_eq!((call.number, call.arguments[0], call.name), (0, 3, None), "no table of system calls, no name");
    }
}

#[test]
fn a_way_back_and_a_way_out_end_and_are_told() {
    for (function, why) in [(BACK, "leads"), (WILD, "out of the stack")] {
        let mut kit = whole(0);
        kit.word(SLEEP + 48, function + 0x10);
        let found = stack(&kit);
        assert_eq!(ips(&found)[0], function + 0x10);
        assert!(found.frames.len() < 3);
        assert!(found.lost[0].contains(why), "{:?}", found.lost);
    }
}

#[test]
fn code_that_no_table_knows_is_followed_by_its_frame_pointer() {
    let mut kit = whole(0);
    let (program, frame) = (0xffff_ffff_c000_0010u64, SLEEP + 0x100);
    kit.word(SLEEP + 48, program);
    kit.word(SLEEP + 40, frame);
    kit.word(frame, 0);
    kit.word(frame + 8, END + 8);
    let found = stack(&kit);
    assert_eq!(ips(&found), [program, END + 8]);
    assert!(found.lost.is_empty(), "{:?}", found.lost);
}

#[test]
fn saved_registers_outside_the_stack_are_not_believed() {
    for at in [STACK - 8, TOP - 8, 0, u64::MAX - 7] {
        let mut kit = whole(0);
        kit.word(TASK + 0x118, at);
        let found = stack(&kit);
        assert!(found.frames.is_empty());
        assert_eq!(found.lost.len(), 1, "{:?}", found.lost);
    }
}

#[test]
fn a_stack_with_its_top_missing_keeps_what_is_there() {
    let mut kit = kit(0);
    kit.word(TASK + 0x20, STACK + 0x10_0000);
    kit.word(TASK + 0x118, STACK + 0x10_0000);
    let found = stack(&kit);
    assert!(found.frames.is_empty() && found.lost.len() == 1, "{:?}", found.lost);
}

#[test]
fn a_return_probe_gives_the_real_caller_back() {
    let mut kit = whole(0);
    kit.types.structure(
        "task_struct",
        0x400,
        &[("stack", 0x20, u(8)), ("thread", 0x100, "thread_struct".into()), ("rethooks", 0x200, "llist_head".into())],
    );
    kit.types.structure("llist_head", 8, &[("first", 0, u(8))]);
    kit.types.structure("rethook_node", 40, &[("llist", 16, "llist_head".into()), ("ret_addr", 24, u(8)), ("frame", 32, u(8))]);
    kit.code("arch_rethook_trampoline", TEXT + 0x900);
    let slot = SLEEP + 56 + 0x18;
    kit.word(slot, TEXT + 0x900);
    let node = TASK + 0x1000;
    kit.word(TASK + 0x200, node + 16);
    kit.word(node + 16, node + 16);
    assert!(stack(&kit).lost[0].contains("tracing took"), "a list that runs in a circle has no record");
    kit.word(node + 24, CALLER + 0x20);
    kit.word(node + 32, slot);
    assert_eq!(ips(&stack(&kit)), [LEAF + 0x10, CALLER + 0x20, ENTRY + 0x30]);
}

#[test]
fn a_traced_return_gives_the_real_caller_back() {
    let mut kit = whole(0);
    let members = [
        ("stack", 0x20, u(8)),
        ("thread", 0x100, "thread_struct".into()),
        ("ret_stack", 0x210, u(8)),
        ("curr_ret_stack", 0x218, u(4)),
    ];
    kit.types.structure("task_struct", 0x400, &members);
    kit.types.structure("ftrace_ret_stack", 32, &[("ret", 0, u(8)), ("retp", 24, u(8))]);
    kit.code("return_to_handler", TEXT + 0x900);
    let (slot, records) = (SLEEP + 56 + 0x18, TASK + 0x2000);
    kit.word(slot, TEXT + 0x900);
    kit.word(TASK + 0x210, records);
    // An old record of the same place, the one in force, and what is left behind above the end.
    for (i, ip) in [(0, WILD), (1, CALLER + 0x20), (2, BACK)] {
        kit.word(records + i * 32, ip);
        kit.word(records + i * 32 + 24, slot);
    }
    kit.word(TASK + 0x218, 8);
    assert_eq!(ips(&stack(&kit)), [LEAF + 0x10, CALLER + 0x20, ENTRY + 0x30]);
    kit.word(TASK + 0x218, 0);
    assert!(stack(&kit).lost[0].contains("tracing took"), "no record, no caller");
}

#[test]
fn frame_pointers_lead_where_there_are_no_tables() {
    let mut kit = whole(0);
    kit.types.structure("orc_entry", 0, &[]);
    kit.code("last", 0xffff_ffff_8190_0000);
    let frame = SLEEP + 0x100;
    kit.word(SLEEP + 40, frame);
    kit.word(frame, frame + 0x40);
    kit.word(frame + 8, CALLER + 0x20);
    kit.word(frame + 0x40, 0);
    kit.word(frame + 0x48, ENTRY + 0x30);
    let found = stack(&kit);
    assert_eq!(ips(&found), [LEAF + 0x10, CALLER + 0x20, ENTRY + 0x30], "{:?}", found.lost);
    assert!(found.lost.is_empty(), "{:?}", found.lost);
    // A pointer to itself.
    kit.word(frame, frame);
    let found = stack(&kit);
    assert!(found.frames.len() <= 3 && found.lost[0].contains("leads back"), "{:?}", found.lost);
}

#[test]
fn guesses_are_marked_and_never_take_the_place_of_frames() {
    let mut kit = whole(0);
    kit.word(SLEEP + 56 + 8, BY_BP + 0x44);
    let kernel = kit.kernel();
    let found = Unwinder::new(&kernel, &[]).unwrap().stack(VirtAddr::new(umem::from(TASK)), true);
    let guesses: Vec<u64> = found.frames.iter().filter(|f| f.kind == FrameKind::Guess).map(|f| number(f.ip)).collect();
    assert_eq!(guesses, [BY_BP + 0x44]);
    assert_eq!(found.frames.len(), 4);
}

proptest::proptest! {
    #[test]
    fn no_stack_hangs(words in proptest::collection::vec(0u64..14, 96), bp in 0u64..200) {
        let mut kit = kit(0);
        let wild = [LEAF, CALLER, ENTRY, BY_BP, WILD, BACK, END, 0, SLEEP, STACK, TOP, u64::MAX, TOP - 8, 0x4141_4141_4141_4141];
        for (i, w) in words.iter().enumerate() {
            kit.word(SLEEP + i as u64 * 8, wild[*w as usize] + if *w < 7 { 0x10 } else { 0 });
        }
        kit.word(SLEEP + 40, SLEEP + bp * 8);
        let found = stack(&kit);
        // Each frame is above the one before it, so there are no more than words on the stack.
        proptest::prop_assert!(found.frames.windows(2).all(|p| p[0].sp < p[1].sp), "{:?}", found.frames);
    }
}
