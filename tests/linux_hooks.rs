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
