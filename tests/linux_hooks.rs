//! Hooks: none in the clean sample, and each that is planted in a copy of it is found, with its owner.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod torn;

use serde_json::Value;
use torn::Torn;

/// The rows of `hooks --suspicious` on a torn sample.
fn suspicious(torn: &Torn) -> Vec<Value> {
    let run = torn.save().run(&["hooks", "--suspicious", "--json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let rows: Value = serde_json::from_str(&run.stdout).unwrap();
    rows.as_array().unwrap().clone()
}

/// Name, owner and reason of the only suspicious row.
fn only(torn: &Torn) -> (String, String, String) {
    let rows = suspicious(torn);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let text = |key: &str| rows[0][key].as_str().unwrap_or_default().to_owned();
    assert_eq!(rows[0]["suspicious"], true);
    (format!("{} {}", text("table"), text("name")), text("owner"), text("reason"))
}

fn told(what: &str, owner: &str, reason: &str) -> (String, String, String) {
    (what.to_owned(), owner.to_owned(), reason.to_owned())
}

/// Where the text of a module of the sample begins.
fn module(name: &str) -> u64 {
    let rows = cli::answer(&["modules", name]);
    cli::number(&rows[0]["base"])
}

#[test]
fn the_clean_sample_has_no_suspicious_hook() {
    let rows = cli::answer(&["hooks", "--all"]);
    let rows = rows.as_array().unwrap();
    let bad: Vec<&Value> = rows.iter().filter(|r| r["suspicious"] != false || !r["reason"].is_null()).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let of = |table: &str| rows.iter().filter(|r| r["table"] == table).count();
    assert_eq!((of("syscall"), of("idt")), (451, 256));
    let kill = rows.iter().find(|r| r["table"] == "syscall" && r["index"] == 62).unwrap();
    assert_eq!((&kill["name"], &kill["symbol"], &kill["owner"]), (&"kill".into(), &"__x64_sys_kill".into(), &"kernel".into()));
}

#[test]
fn a_system_call_in_a_module() {
    let mut torn = Torn::new();
    torn.put_word(torn.symbol("sys_call_table") + 62 * 8, module("virtio_console") + 0x40);
    assert_eq!(only(&torn), told("syscall kill", "virtio_console", "a table of the kernel points into a module"));
}

#[test]
fn a_system_call_in_the_direct_map() {
    let mut torn = Torn::new();
    let page = torn.task("kthreadd");
    torn.put_word(torn.symbol("sys_call_table") + 217 * 8, page);
    assert_eq!(only(&torn), told("syscall getdents64", "direct-map", "points into the direct map"));
}

#[test]
fn a_system_call_in_memory_of_no_module() {
    let mut torn = Torn::new();
    let stack = torn.word(torn.task("kthreadd") + torn.offset("task_struct", "stack"));
    torn.put_word(torn.symbol("sys_call_table"), stack);
    assert_eq!(only(&torn), told("syscall read", "vmalloc", "points to memory of no known module"));
}

#[test]
fn system_calls_that_lead_to_other_functions_of_the_kernel() {
    for (target, distance, reason) in [
        ("commit_creds", 0, "points to a function that is no system call"),
        ("__x64_sys_read", 0, "points to another system call"),
        ("__x64_sys_kill", 4, "points into the middle of a function"),
    ] {
        let mut torn = Torn::new();
        torn.put_word(torn.symbol("sys_call_table") + 62 * 8, torn.symbol(target) + distance);
        assert_eq!(only(&torn), told("syscall kill", "kernel", reason));
    }
}

#[test]
fn system_calls_that_lead_nowhere() {
    for (target, owner, reason) in [
        (0x41_4140u64, "user", "points to user memory"),
        (0xffff_fe80_4141_4140, "unmapped", "points to memory that is not mapped"),
    ] {
        let mut torn = Torn::new();
        torn.put_word(torn.symbol("sys_call_table") + 62 * 8, target);
        assert_eq!(only(&torn), told("syscall kill", owner, reason));
    }
}

/// The 16 bytes of a gate that leads to `target`.
fn gate(old: &[u8], target: u64) -> Vec<u8> {
    let t = target.to_le_bytes();
    [&t[..2], &old[2..6], &t[2..4], &t[4..8], &old[12..16]].concat()
}

#[test]
fn gates_that_lead_elsewhere() {
    for (vector, target, owner, reason) in [
        (14, Some("commit_creds"), "kernel", "a gate leads outside of the kernel's entry code"),
        (3, None, "qemu_fw_cfg", "a table of the kernel points into a module"),
    ] {
        let mut torn = Torn::new();
        let at = torn.symbol("idt_table") + vector * 16;
        let target = target.map_or_else(|| module("qemu_fw_cfg"), |t| torn.symbol(t));
        let old = [torn.word(at).to_le_bytes(), torn.word(at + 8).to_le_bytes()].concat();
        torn.put(at, &gate(&old, target));
        let name = if vector == 14 { "idt #PF" } else { "idt #BP" };
        assert_eq!(only(&torn), told(name, owner, reason));
    }
}

#[test]
fn a_gate_that_is_open_to_programs() {
    let mut torn = Torn::new();
    let at = torn.symbol("idt_table") + 0x21 * 16;
    let old = torn.word(at);
    torn.put_word(at, old | 3 << 45);
    assert_eq!(only(&torn), told("idt vector 0x21", "kernel", "a gate is open to user mode"));
}

#[test]
fn an_unknown_table_is_an_error_that_names_the_known_ones() {
    let run = cli::sample(&["hooks", "--only", "nonsense"]);
    assert!(run.status == 2 && run.stderr.contains("syscall, "), "{}", run.stderr);
}

#[test]
fn a_file_of_proc_that_shows_less() {
    let mut torn = Torn::new();
    let show = torn.symbol("tcp4_seq_ops") + torn.offset("seq_operations", "show");
    torn.put_word(show, module("virtio_console") + 0x10);
    let what = "seq_operations /proc/net/tcp show";
    assert_eq!(only(&torn), told(what, "virtio_console", "a table of the kernel points into a module"));
}

/// The `proc_dir_entry` of this name in the tree of entries below a node.
fn entry(torn: &Torn, node: u64, name: &[u8]) -> Option<u64> {
    if node == 0 {
        return None;
    }
    let at = node - torn.offset("proc_dir_entry", "subdir_node");
    let text = torn.word(at + torn.offset("proc_dir_entry", "name"));
    if torn.word(text).to_le_bytes().starts_with(name) {
        return Some(at);
    }
    let child = |side| torn.word(node + torn.offset("rb_node", side));
    entry(torn, child("rb_left"), name).or_else(|| entry(torn, child("rb_right"), name))
}

#[test]
fn a_file_of_proc_that_was_given_other_operations() {
    let mut torn = Torn::new();
    let net = torn.word(torn.symbol("init_net") + torn.offset("net", "proc_net"));
    let root = torn.word(net + torn.offset("proc_dir_entry", "subdir"));
    let tcp = entry(&torn, root, b"tcp\0").unwrap();
    torn.put_word(tcp + torn.offset("proc_dir_entry", "seq_ops"), torn.symbol("udp_seq_ops"));
    let (what, _, reason) = only(&torn);
    assert_eq!(
        (what.as_str(), reason.as_str()),
        ("seq_operations /proc/net/tcp operations", "other operations than the kernel's own")
    );
}

#[test]
fn a_tree_of_files_in_a_circle_keeps_the_rest() {
    let mut torn = Torn::new();
    let net = torn.word(torn.symbol("init_net") + torn.offset("net", "proc_net"));
    let root = torn.word(net + torn.offset("proc_dir_entry", "subdir"));
    torn.put_word(root + torn.offset("rb_node", "rb_right"), root);
    let (rows, says) = torn.save().partial(&["hooks", "--all"]);
    assert!(says.contains("/proc/net: the tree runs in a circle"), "{says}");
    let rows = rows.as_array().unwrap();
    assert!(rows.iter().any(|r| r["name"] == "/proc/version show") && rows.iter().all(|r| r["suspicious"] == false));
}

#[test]
fn a_constant_of_no_known_table() {
    let mut torn = Torn::new();
    torn.put_word(torn.symbol("pipefifo_fops") + torn.offset("file_operations", "read_iter"), module("virtio_console"));
    let (what, owner, _) = only(&torn);
    assert!(what.starts_with("constant pipefifo_fops+") && owner == "virtio_console", "{what} {owner}");
}

#[test]
fn what_receives_the_keys_of_a_terminal() {
    let mut torn = Torn::new();
    torn.put_word(torn.symbol("n_tty_ops") + torn.offset("tty_ldisc_ops", "receive_buf2"), module("virtio_console"));
    let (what, owner, reason) = only(&torn);
    assert!(what.starts_with("tty ") && what.ends_with(" receive_buf2"), "{what}");
    assert_eq!((owner.as_str(), reason.as_str()), ("virtio_console", "a table of the kernel points into a module"));
}

#[test]
fn a_callback_a_packet_handler_a_loader_and_a_protocol() {
    for (symbol, structure, member, what) in [
        ("ip_packet_type", "packet_type", "func", "packet protocol 0x0800"),
        ("script_format", "linux_binfmt", "load_binary", "binfmt script_format load_binary"),
        ("tcp_prot", "proto", "recvmsg", "socket TCP recvmsg"),
    ] {
        let mut torn = Torn::new();
        torn.put_word(torn.symbol(symbol) + torn.offset(structure, member), module("qemu_fw_cfg"));
        assert_eq!(only(&torn), told(what, "qemu_fw_cfg", "a table of the kernel points into a module"));
    }
    let mut torn = Torn::new();
    let head = torn.symbol("reboot_notifier_list") + torn.offset("blocking_notifier_head", "head");
    let stack = torn.word(torn.task("kthreadd") + torn.offset("task_struct", "stack"));
    torn.put_word(torn.word(head), stack);
    assert_eq!(only(&torn), told("notifier reboot_notifier_list", "vmalloc", "points to memory of no known module"));
}

#[test]
fn a_program_that_the_kernel_starts() {
    let mut torn = Torn::new();
    torn.put(torn.symbol("core_pattern"), b"|/dev/shm/.x %p\0");
    assert_eq!(only(&torn), told("helper core_pattern", "", "the kernel starts a program that anybody may write"));
}

/// The rows of `textcheck` on a torn sample.
fn patched(torn: &Torn) -> Vec<Value> {
    let run = torn.save().run(&["textcheck", "--json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let rows: Value = serde_json::from_str(&run.stdout).unwrap();
    rows.as_array().unwrap().clone()
}

/// What, where, whose target and why, of the only row.
fn only_patch(torn: &Torn) -> [String; 4] {
    let rows = patched(torn);
    assert_eq!(rows.len(), 1, "{rows:?}");
    ["what", "symbol", "owner", "reason"].map(|k| rows[0][k].as_str().unwrap_or_default().to_owned())
}

/// A jump or call (by its opcode) at `from` to `to`.
fn branch(opcode: u8, from: u64, to: u64) -> Vec<u8> {
    let distance = i32::try_from(to.wrapping_sub(from + 5).cast_signed()).unwrap();
    [&[opcode][..], &distance.to_le_bytes()].concat()
}

#[test]
fn the_code_of_the_clean_sample_leads_nowhere_else() {
    let rows = cli::answer(&["textcheck", "--all"]);
    let rows = rows.as_array().unwrap();
    let bad: Vec<&Value> = rows.iter().filter(|r| r["suspicious"] != false).collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert!(rows.iter().any(|r| r["what"] == "mapping" && r["region"] == "kernel"));
    assert!(rows.iter().any(|r| r["what"] == "mapping" && r["region"] == "virtio_console"));
}

#[test]
fn a_function_that_begins_with_a_jump_elsewhere() {
    const WHY: &str = "a function begins with a jump elsewhere";
    let mut torn = Torn::new();
    let (at, to) = (torn.symbol("__x64_sys_getdents64"), module("virtio_console") + 0x20);
    torn.put(at, &branch(0xe9, at, to));
    assert_eq!(only_patch(&torn), ["entry", "__x64_sys_getdents64", "virtio_console", WHY]);

    let mut torn = Torn::new();
    let page = torn.task("kthreadd");
    torn.put(torn.symbol("tcp4_seq_show"), &[&[0x48, 0xb8][..], &page.to_le_bytes(), &[0xff, 0xe0]].concat());
    assert_eq!(only_patch(&torn), ["entry", "tcp4_seq_show", "direct-map", WHY]);

    let mut torn = Torn::new();
    let low = u32::try_from(to & 0xffff_ffff).unwrap();
    torn.put(torn.symbol("tcp4_seq_show"), &[&[0x68][..], &low.to_le_bytes(), &[0xc3]].concat());
    assert_eq!(only_patch(&torn), ["entry", "tcp4_seq_show", "virtio_console", WHY]);
}

#[test]
fn a_function_that_begins_with_a_breakpoint() {
    let mut torn = Torn::new();
    torn.put(torn.symbol("__x64_sys_kill"), &[0xcc]);
    assert_eq!(only_patch(&torn), ["breakpoint", "__x64_sys_kill", "", "a breakpoint that no kprobe set"]);
}

#[test]
fn a_call_in_the_middle_of_a_function() {
    // The first bytes that are a call to the start of a function.
    let mut torn = Torn::new();
    let symbols = torn.session().symbols().unwrap();
    let at = torn.symbol("do_exit");
    let call = (at + 4..at + 0x400).find(|&a| {
        let word = torn.word(a).to_le_bytes();
        let to = a.wrapping_add(5).wrapping_add_signed(i64::from(i32::from_le_bytes(word[1..5].try_into().unwrap())));
        word[0] == 0xe8
            && symbols.near(memsh::VirtAddr::new(memsh::umem::from(to))).is_some_and(|(s, d)| d == 0 && "tT".contains(s.kind))
    });
    let call = call.unwrap();
    torn.put(call, &branch(0xe8, call, module("virtio_console")));
    let [what, symbol, owner, why] = only_patch(&torn);
    assert_eq!([what.as_str(), &owner, &why], ["branch", "virtio_console", "code branches where it has no business"]);
    assert!(symbol.starts_with("do_exit+"), "{symbol}");
}

#[test]
fn pages_that_are_writable_and_executable() {
    let mut torn = Torn::new();
    let at = format!("{:#x}", module("virtio_console"));
    let walk = cli::answer(&["vtop", &at]);
    // Every level above lets write; the last entry's R/W bit is what keeps it from it.
    let last = walk["steps"].as_array().unwrap().last().unwrap();
    let entry = usize::try_from(cli::number(&last["entry_address"])).unwrap();
    torn.bytes()[entry] |= 2;
    let [what, _, _, why] = only_patch(&torn);
    assert_eq!([what, why], ["mapping", "memory that is writable and executable"]);
}

#[test]
fn data_that_is_executable() {
    let mut torn = Torn::new();
    let at = format!("{:#x}", torn.task("kthreadd"));
    let walk = cli::answer(&["vtop", &at]);
    for step in walk["steps"].as_array().unwrap() {
        let entry = usize::try_from(cli::number(&step["entry_address"])).unwrap();
        torn.bytes()[entry + 7] &= 0x7f;
    }
    let rows = patched(&torn);
    assert!(!rows.is_empty() && rows.iter().all(|r| r["what"] == "mapping" && r["region"] == "direct-map"), "{rows:?}");
}

#[test]
fn code_that_is_not_there_is_told() {
    let torn = Torn::new();
    let end = torn.position(torn.symbol("_etext"));
    let mut torn = torn;
    torn.bytes().truncate(end - 0x1_0000);
    let run = torn.save().run(&["textcheck", "--json"]);
    assert!(matches!(run.status, 0 | 1), "{}", run.stderr);
    assert!(run.stderr.contains("not in the image") || run.stderr.contains("hint: "), "{}", run.stderr);
}
