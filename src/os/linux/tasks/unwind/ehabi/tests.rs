#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use super::find::stretches;
use super::*;
use crate::arch::Arch;
use crate::os::linux::tasks::unwind::{FrameKind, Stack, Unwinder};
use crate::os::linux::testkit::{Kit, array, u};

const TEXT: u64 = 0xc010_0000;
const INDEX: u64 = 0xc060_0000;
const EXTRA: u64 = 0xc060_8000;
const TASK: u64 = 0xc200_0000;
const STACK: u64 = 0xc300_0000;
const TOP: u64 = STACK + 0x2000;
/// The registers of the program.
const SAVED: u64 = TOP - 8 - 72;
/// `thread_info.cpu_context` of the task.
const LEFT: u64 = TASK + 0x1c;

/// Functions of 0x100 bytes each: one that pops r4, r5, r11 and lr; one with eight bytes and r4, lr; one with a frame pointer; what is
/// interrupted; the way out of a system call; one whose tables refuse; the way into a thread of the kernel.
const LEAF: u64 = TEXT;
const CALLER: u64 = TEXT + 0x100;
const BY_FP: u64 = TEXT + 0x200;
const IRQ: u64 = TEXT + 0x300;
const EXIT: u64 = TEXT + 0x400;
const REFUSES: u64 = TEXT + 0x500;
const FORK: u64 = TEXT + 0x600;
/// One of assembly, that WAITS for an interrupt.
const WAITS: u64 = TEXT + 0x700;

fn w(kit: &mut Kit, at: u64, value: u32) {
    kit.put(at, &value.to_le_bytes());
}

/// An entry's distance.
fn to(at: u64, target: u64) -> u32 {
    target.wrapping_sub(at) as u32 & 0x7fff_ffff
}

fn kit() -> Kit {
    let mut kit = Kit::narrow(Arch::Arm);
    let task = [("thread_info", 0, "thread_info".into()), ("stack", 0x400, u(4)), ("pid", 0x404, u(4))];
    kit.types.structure("thread_info", 0x200, &[("cpu_context", 0x1c, "cpu_context_save".into()), ("abi_syscall", 0x10, u(4))]);
    let left = ["r4", "r5", "r6", "r7", "r8", "r9", "sl", "fp", "sp", "pc"];
    let fields: Vec<_> = left.iter().zip(0u64..).map(|(n, i)| (*n, i * 4, u(4))).collect();
    kit.types.structure("cpu_context_save", 48, &fields);
    kit.types.structure("pt_regs", 72, &[("uregs", 0, array(4, 18))]);
    kit.types.structure("task_struct", 0x800, &task);
    kit.symbol("__start_init_stack", 0xc080_0000);
    kit.symbol("__end_init_stack", 0xc080_2000);
    kit.symbol("__start_unwind_idx", INDEX);
    let functions = [
        ("__schedule", LEAF, 0x8084_83b0),
        ("vfs_read", CALLER, 0x8001_a8b0),
        ("by_fp", BY_FP, to(INDEX + 2 * 8 + 4, EXTRA)),
        ("__irq_svc", IRQ, to(INDEX + 3 * 8 + 4, EXTRA + 8)),
        ("ret_fast_syscall", EXIT, CANNOT),
        ("refuses", REFUSES, 0x8080_00b0),
        ("ret_from_fork", FORK, CANNOT),
        ("cpu_do_idle", WAITS, CANNOT),
    ];
    kit.symbol("__stop_unwind_idx", INDEX + 8 * 8);
    for (i, (name, at, how)) in functions.into_iter().enumerate() {
        kit.code(name, at);
        let entry = INDEX + 8 * i as u64;
        w(&mut kit, entry, to(entry, at));
        w(&mut kit, entry + 4, how);
        // Calls, at the end of each quarter.
        for quarter in [0x3c, 0x7c, 0xbc] {
            w(&mut kit, at + quarter, 0xeb00_1234);
        }
    }
    // pr1: vsp = r11, four back, pop {r11, lr}; pr1: pop {r0-r3}, pop {r4-r15}.
    for (at, word) in [(0, 0x8101_9b40), (4, 0x8480_b0b0), (8, 0x8101_b10f), (12, 0x8fff_b0b0)] {
        w(&mut kit, EXTRA + at, word);
    }
    kit.put(STACK, &[0; 0x2000]);
    kit.put(TASK, &[0; 0x800]);
    w(&mut kit, TASK + 0x400, STACK as u32);
    w(&mut kit, TASK + 0x10, 3);
    kit
}

/// A task that sleeps in `leaf`, called by `vfs_read` and `by_fp`, in a system call.
fn whole() -> Kit {
    let mut kit = kit();
    let leaf = SAVED - 8 - 8 - 16 - 16;
    left(&mut kit, leaf, LEAF + 0x10);
    // r4, r5, r11, lr of the leaf; then eight bytes, r4, lr; then r11, lr of the frame pointer's.
    let caller = leaf + 16;
    for (at, value) in [(leaf + 8, caller + 16 + 4), (leaf + 12, CALLER + 0x40), (caller + 12, BY_FP + 0x80)] {
        w(&mut kit, at, value as u32);
    }
    w(&mut kit, caller + 16, 0);
    w(&mut kit, caller + 20, EXIT as u32);
    program(&mut kit, 5);
    kit
}

fn left(kit: &mut Kit, sp: u64, pc: u64) {
    w(kit, LEFT + 8 * 4, sp as u32);
    w(kit, LEFT + 9 * 4, pc as u32);
}

/// The registers of a program that called `read(5, ...)`.
fn program(kit: &mut Kit, first: u32) {
    for (i, value) in [(0, 0xffff_fe00), (1, 0x11), (2, 0x22), (7, 3), (13, 0xbeff_f000), (15, 0x1_0230), (16, 0x10), (17, first)]
    {
        w(kit, SAVED + 4 * i, value);
    }
}

fn stack(kit: &Kit) -> Stack {
    let kernel = kit.kernel();
    Unwinder::new(&kernel, &[]).unwrap().stack(VirtAddr::new(umem::from(TASK)), false)
}

fn ips(stack: &Stack) -> Vec<u64> {
    stack.frames.iter().map(|f| number(f.ip)).collect()
}

#[test]
fn callers_are_found_up_to_the_way_out_of_the_system_call() {
    let found = stack(&whole());
    assert_eq!(ips(&found), [LEAF + 0x10, CALLER + 0x40, BY_FP + 0x80, EXIT], "{:?}", found.lost);
    assert!(found.lost.is_empty(), "{:?}", found.lost);
    assert_eq!(number(found.frames[3].sp), SAVED - 8, "two arguments lie below the registers");
    assert_eq!(
        found.frames.iter().map(|f| f.returns).collect::<Vec<_>>(),
        [true, true, true, false],
        "nobody called from the way out"
    );
    let user = found.user.unwrap();
    assert_eq!((user.get("ip"), user.get("sp"), user.get("r0")), (Some(0x1_0230), Some(0xbeff_f000), Some(0xffff_fe00)));
    let call = found.call.unwrap();
    assert_eq!((call.number, call.arguments), (3, [5, 0x11, 0x22, 0, 0, 0]));
}

#[test]
fn a_first_argument_of_minus_one_is_told_from_an_interrupt_by_the_way_in() {
    let mut kit = whole();
    program(&mut kit, u32::MAX);
    assert_eq!(stack(&kit).call.unwrap().arguments[0], 0xffff_ffff);
    let at = SAVED - 8 - 4;
    w(&mut kit, at, FORK as u32);
    let found = stack(&kit);
    assert_eq!((ips(&found).last(), found.call), (Some(&FORK), None));
}

#[test]
fn thumb_bits_are_no_part_of_an_address() {
    let mut kit = whole();
    let at = SAVED - 8 - 8 - 16 - 16;
    left(&mut kit, at, LEAF + 0x11);
    w(&mut kit, at + 12, CALLER as u32 + 0x41);
    assert_eq!(ips(&stack(&kit))[..2], [LEAF + 0x10, CALLER + 0x40]);
}

#[test]
fn what_the_tables_do_not_say_is_told() {
    for (ip, why) in [
        (EXIT + 0x20, "can't be unwound"),
        (REFUSES + 0x20, "refuse"),
        (TEXT - 0x20, "no unwind table"),
        (FORK + 0x20, "can't be unwound"),
    ] {
        let mut kit = whole();
        left(&mut kit, SAVED - 0x100, ip);
        let found = stack(&kit);
        assert_eq!(ips(&found), [ip]);
        assert!(found.lost[0].contains(why), "{:?}", found.lost);
    }
    let mut kit = whole();
    w(&mut kit, SAVED - 8 - 8 - 16 - 16 + 12, 0x1234_5678);
    assert!(stack(&kit).lost[0].contains("which is no code"));
    let mut kit = whole();
    w(&mut kit, EXTRA, 0x7fff_0000);
    assert!(stack(&kit).lost[0].contains("another language"), "{:?}", stack(&kit).lost);
}

#[test]
fn saved_registers_outside_the_stack_are_not_believed() {
    for at in [STACK - 8, TOP, 0, 0xffff_fff8] {
        let mut kit = whole();
        left(&mut kit, at, LEAF + 0x10);
        let found = stack(&kit);
        assert!(found.frames.is_empty());
        assert_eq!(found.lost.len(), 1, "{:?}", found.lost);
    }
}

/// A task that was preempted: the leaf, called by what interrupts, below the registers of `vfs_read` with its frame at `sp`.
fn interrupted(pc: u64, sp: u64, lr: u64) -> Kit {
    let mut kit = whole();
    let saved = SAVED - 0x100;
    left(&mut kit, saved - 16, LEAF + 0x10);
    w(&mut kit, saved - 4, IRQ as u32 + 0x40);
    for (i, value) in [(11, 0), (13, sp), (14, lr), (15, pc), (16, 0x6000_0013)] {
        w(&mut kit, saved + 4 * i, value as u32);
    }
    kit
}

#[test]
fn an_interrupted_function_goes_on_with_all_its_registers() {
    let sp = SAVED - 8 - 16;
    let mut kit = interrupted(CALLER + 0x24, sp, 0);
    w(&mut kit, sp + 12, EXIT as u32);
    let found = stack(&kit);
    assert_eq!(ips(&found), [LEAF + 0x10, IRQ + 0x40, CALLER + 0x24, EXIT], "{:?}", found.lost);
    assert!(found.lost.is_empty(), "{:?}", found.lost);
    // Elsewhere than at the end of the stack a return address must follow a call.
    let mut kit = interrupted(CALLER + 0x24, sp - 0x20, 0);
    w(&mut kit, sp - 0x20 + 12, BY_FP as u32 + 0x44);
    assert!(stack(&kit).lost[0].contains("follows no call"), "{:?}", stack(&kit).lost);
    w(&mut kit, sp - 0x20 + 12, BY_FP as u32 + 0x80);
    let found = stack(&kit);
    assert_eq!(ips(&found)[..4], [LEAF + 0x10, IRQ + 0x40, CALLER + 0x24, BY_FP + 0x80], "{:?}", found.lost);
    assert!(!found.frames[2].returns && found.frames[3].returns);
}

#[test]
fn before_its_first_instruction_a_function_has_no_frame() {
    let sp = SAVED - 8 - 16;
    let mut kit = interrupted(LEAF, sp, CALLER + 0x40);
    w(&mut kit, sp + 12, EXIT as u32);
    let found = stack(&kit);
    assert_eq!(ips(&found), [LEAF + 0x10, IRQ + 0x40, LEAF, CALLER + 0x40, EXIT], "{:?}", found.lost);
    assert_eq!(found.frames[2].sp, found.frames[3].sp);
    assert!(found.lost.is_empty());
}

#[test]
fn a_function_without_tables_that_leaves_the_stack_alone_is_followed_by_the_link_register() {
    let sp = SAVED - 8 - 16;
    // DSB, WFI, BX LR; then a push in the place of the first.
    for (first, frames) in [(0xf57f_f04fu32, 5), (0xe92d_4010, 3), (0xeb00_0010, 3), (0xe28d_d008, 3)] {
        let mut kit = interrupted(WAITS + 8, sp, CALLER + 0x40);
        for (at, word) in [(0, first), (4, 0xe320_f003), (8, 0xe12f_ff1e)] {
            w(&mut kit, WAITS + at, word);
        }
        w(&mut kit, sp + 12, EXIT as u32);
        let found = stack(&kit);
        assert_eq!(found.frames.len(), frames, "{first:x} {:?}", found.lost);
        assert_eq!(found.lost.is_empty(), frames == 5, "{:?}", found.lost);
    }
}

#[test]
fn threads_of_the_kernel_end_without_a_program() {
    let mut kit = kit();
    left(&mut kit, SAVED - 16, CALLER + 0x40);
    w(&mut kit, SAVED - 4, FORK as u32 + 0x14);
    let found = stack(&kit);
    assert_eq!((ips(&found), found.user), (vec![CALLER + 0x40, FORK + 0x14], None));
    assert!(found.lost.is_empty(), "{:?}", found.lost);
}

#[test]
fn a_processors_first_stack_ends_where_it_began() {
    let mut kit = kit();
    left(&mut kit, TOP - 8 - 16, CALLER + 0x40);
    // Whoever called was not at an address of the kernel's yet.
    w(&mut kit, TOP - 8 - 4, 0x4030_1a20);
    let found = stack(&kit);
    assert_eq!(ips(&found), [CALLER + 0x40]);
    assert!(found.lost.is_empty(), "{:?}", found.lost);
    left(&mut kit, TOP - 8 - 32, CALLER + 0x40);
    w(&mut kit, TOP - 8 - 20, 0x4030_1a20);
    assert!(stack(&kit).lost[0].contains("which is no code"));
}

#[test]
fn thread_info_at_the_beginning_of_the_stack_is_read_there() {
    let mut kit = whole();
    kit.types.structure("task_struct", 0x800, &[("stack", 0x400, u(4)), ("pid", 0x404, u(4))]);
    for i in 0..10 {
        w(&mut kit, LEFT + 4 * i, 0);
    }
    let leaf = SAVED - 8 - 8 - 16 - 16;
    w(&mut kit, STACK + 0x1c + 32, leaf as u32);
    w(&mut kit, STACK + 0x1c + 36, LEAF as u32 + 0x10);
    w(&mut kit, STACK + 0x10, 4);
    let found = stack(&kit);
    assert_eq!(found.frames.len(), 4, "{:?}", found.lost);
    assert_eq!(found.call.unwrap().number, 4);
}

#[test]
fn frame_pointers_of_both_compilers_lead_where_there_are_no_tables() {
    let without = |kit: &Kit| {
        let kernel = kit.kernel();
        let mut unwinder = Unwinder::new(&kernel, &[]).unwrap();
        unwinder.exceptions = None;
        unwinder.stack(VirtAddr::new(umem::from(TASK)), false)
    };
    // GCC: fp, sp, lr, pc, downwards from where the pointer points.
    let mut kit = whole();
    let (first, second) = (SAVED - 0x80, SAVED - 0x40);
    left(&mut kit, first - 0x10, LEAF + 0x10);
    w(&mut kit, LEFT + 7 * 4, first as u32);
    for (frame, fp, lr) in [(first, second, CALLER + 0x40), (second, 0, EXIT)] {
        for (at, value) in [(0, LEAF + 8), (4, lr), (8, frame + 4), (12, fp)] {
            w(&mut kit, frame - at, value as u32);
        }
    }
    let found = without(&kit);
    assert_eq!(ips(&found), [LEAF + 0x10, CALLER + 0x40, EXIT], "{:?}", found.lost);
    assert!(found.lost.is_empty(), "{:?}", found.lost);
    // Clang: fp, lr, upwards.
    let mut kit = whole();
    left(&mut kit, first - 0x10, LEAF + 0x10);
    w(&mut kit, LEFT + 7 * 4, first as u32);
    for (frame, fp, lr) in [(first, second, CALLER + 0x40), (second, 0, EXIT)] {
        w(&mut kit, frame, fp as u32);
        w(&mut kit, frame + 4, lr as u32);
    }
    let found = without(&kit);
    assert_eq!(ips(&found), [LEAF + 0x10, CALLER + 0x40, EXIT], "{:?}", found.lost);
    // Neither.
    w(&mut kit, first + 4, 0x1234);
    assert!(without(&kit).lost[0].contains("points to no frame"), "{:?}", without(&kit).lost);
    // What interrupts keeps all registers where its frame begins.
    let mut kit = interrupted(CALLER + 0x24, SAVED - 0x90, 0);
    w(&mut kit, LEFT + 7 * 4, (SAVED - 0x140) as u32);
    left(&mut kit, SAVED - 0x150, LEAF + 0x10);
    for (at, value) in [(0, LEAF + 8), (4, IRQ + 0x40), (8, SAVED - 0x13c), (12, 0)] {
        w(&mut kit, SAVED - 0x140 - at, value as u32);
    }
    for i in 0..18 {
        w(
            &mut kit,
            SAVED - 0x13c + 4 * i,
            [(13, SAVED - 0x90), (15, CALLER + 0x24), (16, 0x13)].iter().find(|(n, _)| *n == i).map_or(0, |(_, v)| *v as u32),
        );
    }
    let found = without(&kit);
    assert_eq!(ips(&found), [LEAF + 0x10, IRQ + 0x40, CALLER + 0x24], "{:?}", found.lost);
    assert!(!found.frames[2].returns);
}

#[test]
fn guesses_are_return_addresses_behind_calls() {
    let mut kit = whole();
    w(&mut kit, SAVED - 0x20, BY_FP as u32 + 0x40);
    w(&mut kit, SAVED - 0x1c, BY_FP as u32 + 0x44);
    let kernel = kit.kernel();
    let found = Unwinder::new(&kernel, &[]).unwrap().stack(VirtAddr::new(umem::from(TASK)), true);
    let guesses: Vec<u64> = found.frames.iter().filter(|f| f.kind == FrameKind::Guess).map(|f| number(f.ip)).collect();
    assert_eq!(guesses, [BY_FP + 0x40]);
    assert_eq!(found.frames.len(), 5);
}

/// An image at `TEXT` of `count` functions, with its index at `at`; what lies around it is noise.
fn image(count: u32, at: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..0x4_0000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for i in 0..u64::from(count) {
        let entry = at + 8 * i;
        let words = [to(entry, TEXT + 16 * i), if i % 3 == 0 { CANNOT } else { 0x80a8_b0b0 }];
        let offset = (entry - TEXT) as usize;
        bytes[offset..offset + 8].copy_from_slice(&words.map(u32::to_le_bytes).concat());
    }
    bytes
}

#[test]
fn the_kernels_index_is_found_by_what_it_looks_like() {
    for at in [TEXT + 0x1_0000, TEXT + 0x1_0004] {
        let found = stretches(TEXT, &image(2000, at));
        assert_eq!(found.len(), 1);
        assert!((at - 16..=at).contains(&found[0].0) && found[0].1 >= 2000, "{found:x?}");
    }
    assert_eq!(stretches(TEXT, &image(500, TEXT + 0x1_0000)), [], "too short to be one");
    assert_eq!(stretches(TEXT, &[]), []);
    assert_eq!(stretches(TEXT, &[0; 0x1_0000]), [], "zeros name themselves");
    // Half of its functions, and more, are symbols.
    let at = TEXT + 0x1_0000;
    for (named, found) in [(2000, Some((at, 2000))), (1200, Some((at, 2000))), (600, None)] {
        let mut kit = Kit::narrow(Arch::Arm);
        kit.put(TEXT, &image(2000, at));
        (0..2000).filter(|i| *i < named).for_each(|i| kit.code(&format!("f{i}"), TEXT + 16 * i));
        let mut kernel = kit.kernel();
        (kernel.base, kernel.size) = (VirtAddr::new(umem::from(TEXT)), Some(0x4_0000));
        assert_eq!(super::find::index(&kernel), found);
    }
}

#[test]
fn modules_bring_their_tables_with_their_type_and_without() {
    let module = 0xbf00_0000u64;
    let (code, node, index) = (module, module + 0x3000, module + 0x4000);
    for typed in [true, false] {
        let mut kit = kit();
        kit.symbol("modules", 0xc070_0000);
        let members = [
            ("list", 4, "list_head".into()),
            ("name", 12, array(1, 56)),
            ("arch", 0x100, "mod_arch_specific".into()),
            ("core_layout", 0x80, "module_layout".into()),
        ];
        kit.types.structure("module_layout", 16, &[("base", 0, u(4)), ("size", 4, u(4))]);
        kit.types.structure("mod_arch_specific", 8, &[("unwind_list", 0, "list_head".into())]);
        kit.types.structure("module", 0x200, &members);
        if typed {
            let members = [
                ("mod_list", 8, "list_head".into()),
                ("start", 16, u(4)),
                ("stop", 24, u(4)),
                ("begin_addr", 28, u(4)),
                ("end_addr", 32, u(4)),
            ];
            kit.types.structure("unwind_table", 36, &members);
        }
        let m = module + 0x1000;
        kit.put(module, &[0; 0x5000]);
        kit.ring(&[0xc070_0000, m + 4]);
        kit.ring(&[m + 0x100, node + 8]);
        kit.put(m + 12, b"lab\0");
        w(&mut kit, m + 0x80, code as u32);
        w(&mut kit, m + 0x84, 0x1000);
        for (i, value) in [index, index, index + 8, code, code + 0x1000].into_iter().enumerate() {
            w(&mut kit, node + 16 + 4 * i as u64, value as u32);
        }
        w(&mut kit, index, to(index, code + 0x10));
        w(&mut kit, index + 4, 0x80a8_b0b0);
        let kernel = kit.kernel();
        let mut lost = Lost::default();
        let tables = Tables::find(&kernel, &mut lost).unwrap();
        assert_eq!(tables.lookup(code + 0x20), Some(Entry { start: code + 0x10, how: How::Code(vec![0xa8, 0xb0, 0xb0]) }));
        assert_eq!(tables.lookup(code + 0x1000), None, "outside of its code");
        assert_eq!(tables.tables.len(), 2);
        // A table that speaks of other code is none.
        w(&mut kit, node + 32, code as u32 + 8);
        let kernel = kit.kernel();
        let mut lost = Lost::default();
        assert_eq!(Tables::find(&kernel, &mut lost).unwrap().tables.len(), 1);
        assert_eq!(lost.listing::<()>(Vec::new()).lost.len(), 1);
    }
}

proptest::proptest! {
    #[test]
    fn no_stack_hangs(words in proptest::collection::vec(0usize..13, 64), fp in 0u64..200, tables in proptest::bool::ANY) {
        let mut kit = whole();
        let wild = [LEAF, CALLER, BY_FP, IRQ, EXIT, REFUSES, FORK, 0, SAVED, STACK, TOP, 0xffff_ffff, 0x4141_4141];
        let sp = SAVED - 0x100;
        for (i, word) in words.iter().enumerate() {
            w(&mut kit, sp + 4 * i as u64, wild[*word] as u32 + if *word < 7 { 0x40 } else { 0 });
        }
        left(&mut kit, sp, LEAF + 0x10);
        w(&mut kit, LEFT + 7 * 4, (sp + fp) as u32);
        let kernel = kit.kernel();
        let mut unwinder = Unwinder::new(&kernel, &[]).unwrap();
        if !tables {
            unwinder.exceptions = None;
        }
        let found = unwinder.stack(VirtAddr::new(umem::from(TASK)), false);
        proptest::prop_assert!(found.frames.windows(2).all(|p| p[0].sp <= p[1].sp), "{:?}", found.frames);
    }
}
