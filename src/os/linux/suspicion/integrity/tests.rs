//! Hooks in made-up kernels: what is bad costs its rows and is told, and nothing hangs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use super::*;
use crate::os::linux::testkit::{Kit, array, u};
use memsh_plugin::umem;

const TEXT: u64 = 0xffff_ffff_8100_0000;
const DATA: u64 = TEXT + 0x10_0000;
const HEAP: u64 = 0xffff_8880_0000_1000;

/// A kernel with bounds and a function, and nothing else.
fn kit() -> Kit {
    let mut kit = Kit::new();
    for (name, at) in [("_text", TEXT), ("_stext", TEXT), ("_etext", TEXT + 0x1_0000), ("_end", DATA + 0x10_0000)] {
        kit.symbol(name, at);
    }
    kit.symbol("__start_rodata", TEXT + 0x1_0000);
    kit.symbol("__end_rodata", TEXT + 0x1_0008);
    kit.symbol("good", TEXT + 0x100);
    kit.put(TEXT + 0x100, &[0xc3]);
    kit
}

fn found(kit: &Kit, table: &str) -> (Vec<Hook>, Vec<String>) {
    let kernel = kit.kernel();
    let mut lost = Lost::default();
    let owners = Owners::new(&kernel, &mut lost);
    // What this made-up kernel lacks is told; only what comes after counts.
    let mut lost = Lost::default();
    let hooks = collect(&owners, &[table], &mut lost);
    (hooks, lost.sentences().to_vec())
}

#[test]
fn memory_is_told_by_whose_it_is() {
    let mut kit = kit();
    kit.word(HEAP, 1);
    kit.word(0xffff_c900_0000_0000, 1);
    let kernel = kit.kernel();
    let owners = Owners::new(&kernel, &mut Lost::default());
    let kind = |at: u64| owners.kind(VirtAddr::new(umem::from(at)));
    assert_eq!(kind(TEXT + 0x105), OwnerKind::Kernel);
    assert_eq!(kind(DATA), OwnerKind::KernelData);
    assert_eq!(kind(HEAP), OwnerKind::Direct);
    assert_eq!(kind(0xffff_c900_0000_0000), OwnerKind::Vmalloc);
    assert_eq!((kind(0x40_0000), kind(0xffff_ffff_c000_0000)), (OwnerKind::User, OwnerKind::Unmapped));
    let owner = owners.of(VirtAddr::new(umem::from(TEXT + 0x105)));
    assert_eq!((owner.symbol.as_deref(), owner.base_name(), owner.distance), (Some("good+0x5"), Some("good"), Some(5)));
}

#[test]
fn what_is_no_structure_of_functions_is_told_and_a_hooked_one_is_listed() {
    let mut kit = kit();
    // The fifth member lies in a page that is missing.
    let member = |i: u64| DATA + 0xfe0 + i * 8;
    for i in 0..4 {
        kit.word(member(i), TEXT + 0x100);
    }
    // The hook of a hidden module.
    kit.word(member(1), 0xffff_c900_0000_0000);
    kit.word(0xffff_c900_0000_0000, 1);
    let read = |kit: &Kit| {
        let (kernel, mut lost) = (kit.kernel(), Lost::default());
        let owners = Owners::new(&kernel, &mut Lost::default());
        let members = (0..6).map(|i| (format!("m{i}"), i * 8)).collect();
        let functions = HashMap::from([("operations", Rc::new(members))]);
        let mut reader =
            Reader { owners: &owners, lost: &mut lost, out: Vec::new(), seen: HashSet::new(), functions, uses: HashSet::new() };
        reader.operations("file_operations", "x", "operations", VirtAddr::new(umem::from(member(0))));
        let told: Vec<_> = reader.out.iter().map(|h| (h.name.clone(), h.reason)).collect();
        (told, lost.sentences().to_vec())
    };
    let (told, lost) = read(&kit);
    // What comes before a member that is missing is there.
    assert_eq!((told.len(), told[1].1, lost.len()), (4, Some("points to memory of no known module"), 1), "{told:?} {lost:?}");
    assert_eq!((told[0].1, told[2].1, told[3].1), (None, None, None));
    // Pieces of text lead anywhere.
    for i in 1..4 {
        kit.word(member(i), 0x6f6e_2065_6d6f_7320 + i);
    }
    let (told, lost) = read(&kit);
    assert!(told.is_empty() && lost.iter().any(|l| l.contains("3 of 4 functions lead to no code")), "{told:?} {lost:?}");
}

/// A chain with an atomic head, of the callbacks at these addresses.
fn chain(kit: &mut Kit, blocks: &[(u64, u64, u64)]) {
    kit.types.structure("notifier_block", 24, &[("notifier_call", 0, u(8)), ("next", 8, u(8)), ("priority", 16, u(4))]);
    kit.types.structure("atomic_notifier_head", 16, &[("lock", 0, u(4)), ("head", 8, u(8))]);
    kit.types.structure("raw_notifier_head", 8, &[("head", 0, u(8))]);
    kit.symbol("die_chain", DATA);
    kit.word(DATA + 8, blocks[0].0);
    for (at, call, next) in blocks {
        kit.word(*at, *call);
        kit.word(at + 8, *next);
        kit.word(at + 16, 5);
    }
}

#[test]
fn callbacks_are_told_and_a_wild_one_is_suspicious() {
    let mut kit = kit();
    chain(&mut kit, &[(HEAP, TEXT + 0x100, HEAP + 0x40), (HEAP + 0x40, HEAP + 0x80, 0)]);
    let (hooks, lost) = found(&kit, "notifier");
    let told: Vec<_> = hooks.iter().map(|h| (h.name.as_str(), h.priority, h.reason)).collect();
    assert_eq!(told, [("die_chain", Some(5), None), ("die_chain", Some(5), Some("points into the direct map"))]);
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn a_chain_in_a_circle_ends() {
    let mut kit = kit();
    chain(&mut kit, &[(HEAP, TEXT + 0x100, HEAP + 0x40), (HEAP + 0x40, TEXT + 0x100, HEAP)]);
    let (hooks, lost) = found(&kit, "notifier");
    assert_eq!((hooks.len(), lost.len()), (2, 1), "{lost:?}");
}

#[test]
fn a_chain_that_runs_into_nowhere_keeps_what_came_before() {
    let mut kit = kit();
    chain(&mut kit, &[(HEAP, TEXT + 0x100, 0x4141_4140)]);
    let (hooks, lost) = found(&kit, "notifier");
    assert_eq!((hooks.len(), lost.len()), (1, 1), "{lost:?}");
}

#[test]
fn a_callback_by_itself_is_no_chain() {
    let mut kit = kit();
    chain(&mut kit, &[(HEAP, TEXT + 0x100, 0)]);
    kit.symbol("other_notifier", DATA + 0x100);
    kit.word(DATA + 0x100, TEXT + 0x100);
    kit.word(DATA + 0x108, HEAP);
    assert_eq!(found(&kit, "notifier").0.len(), 1);
}

fn netfilter(claims: u64, hooks: &[(u64, u64)]) -> Kit {
    let mut kit = kit();
    kit.types.structure("netns_nf", 64, &[("hooks_ipv4", 8, array(8, 5))]);
    kit.types.structure("net", 128, &[("list", 0, "list_head".into()), ("nf", 16, "netns_nf".into())]);
    kit.types.structure("nf_hook_entries", 8, &[("num_hook_entries", 0, u(2)), ("hooks", 8, u(8))]);
    kit.types.structure("nf_hook_entry", 16, &[("hook", 0, u(8)), ("priv", 8, u(8))]);
    kit.types.structure("nf_hook_ops", 40, &[("hook", 0, u(8)), ("priority", 32, u(4))]);
    kit.symbol("init_net", DATA);
    kit.word(DATA + 16 + 8 + 8, HEAP);
    kit.word(HEAP, claims);
    let count = hooks.len() as u64;
    for (i, (hook, registered)) in (0u64..).zip(hooks) {
        kit.word(HEAP + 8 + i * 16, *hook);
        let ops = HEAP + 0x800 + i * 64;
        kit.word(HEAP + 8 + count * 16 + i * 8, ops);
        kit.word(ops, *registered);
        kit.put(ops + 32, &(-100i32).to_le_bytes());
    }
    kit
}

#[test]
fn netfilter_tells_chain_and_priority() {
    let good = TEXT + 0x100;
    let (hooks, lost) = found(&netfilter(2, &[(good, good), (good, good + 1)]), "netfilter");
    let told: Vec<_> = hooks.iter().map(|h| (h.name.as_str(), h.index, h.priority, h.reason)).collect();
    let other = Some("calls another function than the one that was registered");
    assert_eq!(told, [("ipv4 input", Some(0), Some(-100), None), ("ipv4 input", Some(1), Some(-100), other)]);
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn a_netfilter_chain_that_claims_the_world_ends() {
    let (hooks, lost) = found(&netfilter(0xffff, &[(TEXT + 0x100, 0)]), "netfilter");
    assert!(!hooks.is_empty() && hooks.len() <= 1024);
    assert!(lost.iter().any(|l| l.contains("claims 65535 hooks")), "{lost:?}");
}

#[test]
fn users_of_ftrace_in_a_circle_end() {
    let mut kit = kit();
    kit.types.structure("ftrace_ops", 64, &[("func", 0, u(8)), ("next", 8, u(8)), ("flags", 16, u(8))]);
    kit.symbol("ftrace_ops_list", DATA);
    kit.symbol("ftrace_list_end", DATA + 0x40);
    kit.word(DATA, HEAP);
    kit.word(HEAP, TEXT + 0x100);
    kit.word(HEAP + 8, HEAP);
    kit.word(HEAP + 16, 1);
    let (hooks, lost) = found(&kit, "ftrace");
    assert_eq!((hooks.len(), hooks[0].name.as_str(), hooks[0].reason), (1, "all functions", None));
    assert!(lost.iter().any(|l| l.contains("circle")), "{lost:?}");
}

/// A module with text of one page and data of another.
fn module(kit: &mut Kit, at: u64, base: u64, name: &[u8]) {
    let layout = &[("base", 0, u(8)), ("size", 8, u(4)), ("text_size", 12, u(4))];
    kit.types.structure("module_layout", 16, layout);
    let list = "list_head".into();
    kit.types.structure(
        "module",
        256,
        &[("state", 0, u(4)), ("list", 8, list), ("name", 24, array(1, 56)), ("core_layout", 80, "module_layout".into())],
    );
    kit.symbol("modules", DATA + 0x800);
    kit.ring(&[DATA + 0x800, at + 8]);
    kit.put(at + 24, name);
    kit.word(at + 80, base);
    kit.word(at + 88, 0x1000 << 32 | 0x2000);
}

#[test]
fn a_module_that_replaces_functions_by_ftrace_is_suspicious() {
    const IPMODIFY: u64 = 1 << 12;
    const MODULE: u64 = 0xffff_ffff_c000_0000;
    for (flags, reason) in [(1, None), (1 | IPMODIFY, Some("a module replaces functions of the kernel by ftrace"))] {
        let mut kit = kit();
        module(&mut kit, HEAP + 0x800, MODULE, b"rk\0");
        kit.types.structure(
            "ftrace_ops",
            64,
            &[("func", 0, u(8)), ("next", 8, u(8)), ("flags", 16, u(8)), ("func_hash", 24, u(8))],
        );
        kit.types.structure("ftrace_ops_hash", 16, &[("filter_hash", 8, u(8))]);
        kit.types.structure("ftrace_hash", 24, &[("size_bits", 0, u(8)), ("buckets", 8, u(8)), ("count", 16, u(8))]);
        kit.types.structure("ftrace_func_entry", 32, &[("hlist", 0, u(8)), ("ip", 16, u(8))]);
        kit.symbol("ftrace_ops_list", DATA);
        kit.symbol("ftrace_list_end", DATA + 0x40);
        kit.word(DATA, HEAP);
        for (at, value) in [(0, MODULE + 0x10), (8, DATA + 0x40), (16, flags), (24, HEAP + 0x40)] {
            kit.word(HEAP + at, value);
        }
        kit.word(HEAP + 0x48, HEAP + 0x60);
        for (at, value) in [(0, 1), (8, HEAP + 0x80), (16, 1)] {
            kit.word(HEAP + 0x60 + at, value);
        }
        kit.word(HEAP + 0x88, HEAP + 0xa0);
        kit.word(HEAP + 0xb0, TEXT + 0x104);
        let (hooks, lost) = found(&kit, "ftrace");
        assert_eq!(hooks.len(), 1, "{lost:?}");
        assert_eq!((hooks[0].name.as_str(), hooks[0].reason), ("good", reason));
        assert_eq!(hooks[0].owner.as_ref().map(Owner::word).as_deref(), Some("rk"));
    }
}

#[test]
fn a_helper_that_anybody_may_write_is_suspicious() {
    for (path, reason) in [("/sbin/modprobe\0", None), ("/tmp/x\0", Some("the kernel starts a program that anybody may write"))] {
        let mut kit = kit();
        kit.symbol("modprobe_path", DATA);
        kit.put(DATA, path.as_bytes());
        let (hooks, _) = found(&kit, "helper");
        assert_eq!((hooks.len(), hooks[0].reason), (1, reason));
    }
}

/// The suspicious places of a kernel with this code at `good`.
fn code(bytes: &[u8]) -> Vec<(&'static str, Option<&'static str>)> {
    let mut kit = kit();
    kit.symbols_as_text();
    kit.put(TEXT + 0x100, bytes);
    kit.word(HEAP, 1);
    let kernel = kit.kernel();
    let owners = Owners::new(&kernel, &mut Lost::default());
    let found = code::patches(&owners, &HashSet::new(), &mut Lost::default());
    found.into_iter().filter(|p| p.what != "mapping").map(|p| (p.what, p.reason)).collect()
}

#[test]
fn jumps_at_the_start_of_a_function_are_told() {
    let elsewhere = [("entry", Some("a function begins with a jump elsewhere"))];
    let heap = HEAP.to_le_bytes();
    // movabs rax, imm64; jmp rax
    let by_register = [&[0x48, 0xb8][..], &heap, &[0xff, 0xe0]].concat();
    // endbr64; jmp rel32, far out of the kernel
    let direct = [0xf3, 0x0f, 0x1e, 0xfa, 0xe9, 0, 0, 0, 0x70];
    // push imm32; ret
    let by_return = [0x68, 0, 0, 0, 0xa0, 0xc3];
    // movabs r11, imm64; push r11; ret
    let by_both = [&[0x49, 0xbb][..], &heap, &[0x41, 0x53, 0xc3]].concat();
    for bytes in [&by_register[..], &direct, &by_return, &by_both] {
        assert_eq!(code(bytes), elsewhere, "{bytes:02x?}");
    }
    assert_eq!(code(&[0xcc, 0x90, 0xc3]), [("breakpoint", Some("a breakpoint that no kprobe set"))]);
}

#[test]
fn findings_are_what_is_suspicious_with_its_evidence() {
    let mut kit = kit();
    kit.symbols_as_text();
    kit.symbol("modprobe_path", DATA);
    kit.put(DATA, b"/tmp/x\0");
    kit.put(TEXT + 0x100, &[0xcc, 0x90]);
    let found = findings(&kit.kernel(), &mut Lost::default());
    let told: Vec<_> = found.iter().filter(|f| f.kind == "hook" || f.reason.contains("breakpoint")).collect();
    assert_eq!(told.iter().map(|f| f.kind).collect::<Vec<_>>(), ["hook", "code"], "{found:?}");
    assert!(told[0].evidence.starts_with("modprobe_path, slot ") && told[0].evidence.ends_with("/tmp/x"), "{:?}", told[0]);
    assert!(told[1].evidence.starts_with("breakpoint at good, bytes cc90"), "{:?}", told[1]);
}

#[test]
fn what_the_compiler_writes_is_not_told() {
    for bytes in [
        // jmp within the kernel; ret; int3 padding
        &[0xe9, 0, 0x01, 0, 0][..],
        &[0xc3, 0xcc, 0xcc, 0xcc],
        &[0xcc, 0xcc, 0xcc],
        // movabs rax, a constant of no meaning
        &[0x48, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0xc3],
        // movabs rax, an address of data that is not there; ret
        &[0x48, 0xb8, 0, 0x10, 0x90, 0, 0x80, 0x88, 0xff, 0xff, 0xc3],
        // no instruction
        &[0x06, 0xff, 0xff],
    ] {
        assert_eq!(code(bytes), [], "{bytes:02x?}");
    }
}
