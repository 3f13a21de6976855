//! What hides: the sample with something hidden in it, as rootkits do, and what `ps --scan`, `modules --scan` and `malfind` say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod torn;

use memsh::{VirtAddr, umem};
use serde_json::Value;
use torn::{Image, Torn};

/// A command that answers whole.
fn whole(image: &Image<'_>, words: &[&str]) -> Vec<Value> {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let run = image.run(&words);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

/// The only row of which `key` is `value`.
fn one<'a>(rows: &'a [Value], key: &str, value: &str) -> &'a Value {
    let found: Vec<&Value> = rows.iter().filter(|r| r[key] == value).collect();
    assert_eq!(found.len(), 1, "{key} {value}: {found:?}");
    found[0]
}

/// What malfind finds beyond what it finds in the intact sample: reason, process, evidence.
fn new_findings(image: &Image<'_>, words: &[&str]) -> Vec<(String, String, String)> {
    let key = |r: &Value| (r["reason"].clone(), r["pid"].clone(), r["address"].clone());
    let before: Vec<_> = cli::answer(&["malfind"]).as_array().unwrap().iter().map(key).collect();
    let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
    let rows = whole(image, words);
    let new = rows.iter().filter(|r| !before.contains(&key(r)));
    new.map(|r| (text(&r["reason"]), text(&r["process"]), text(&r["evidence"]))).collect()
}

/// Takes the node at `node` out of its list, as `list_del_init` does.
fn unlink(torn: &mut Torn, node: u64) {
    let (next, prev) = (torn.word(node), torn.word(node + 8));
    torn.put_word(prev, next);
    torn.put_word(next + 8, prev);
    torn.put_word(node, node);
    torn.put_word(node + 8, node);
}

/// Takes the node at `node` out of its chain, as `hlist_del_init` does.
fn unchain(torn: &mut Torn, node: u64) {
    let (next, place) = (torn.word(node), torn.word(node + 8));
    torn.put_word(place, next);
    if next != 0 {
        torn.put_word(next + 8, place);
    }
    torn.put(node, &[0; 16]);
}

fn sources(row: &Value) -> Vec<&str> {
    let all = row["sources"].as_object().unwrap();
    // Ways of Windows are null.
    let windows = ["cid_table", "driver_object", "handle_tables", "handles", "pool_tag"];
    let own = |name: &str| !windows.contains(&name);
    assert!(all.iter().all(|(k, v)| v.is_null() != own(k)), "every way can be gone in the sample: {row}");
    all.iter().filter(|(_, v)| **v == true).map(|(k, _)| k.as_str()).collect()
}

#[test]
fn nothing_is_hidden_in_the_intact_sample() {
    let rows = cli::answer(&["ps", "--scan", "--threads"]);
    let rows = rows.as_array().unwrap();
    assert!(rows.iter().all(|r| r["hidden"] == false));
    let processes = cli::answer(&["ps"]);
    let of = |r: &Value| (r["pid"].as_u64(), r["address"].clone(), r["name"].clone(), r["command_line"].clone());
    let listed: Vec<_> = processes.as_array().unwrap().iter().map(of).collect();
    let led: Vec<_> = rows.iter().filter(|r| r["tid"] == r["pid"]).map(of).collect();
    assert_eq!(led, listed);
    let threads = cli::answer(&["threads"]);
    let mut tids: Vec<u64> = threads.as_array().unwrap().iter().map(|r| r["tid"].as_u64().unwrap()).collect();
    let mut found: Vec<u64> = rows.iter().map(|r| r["tid"].as_u64().unwrap()).collect();
    tids.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, tids);
    for row in rows {
        // Whoever sleeps is in no run queue.
        let ways = sources(row).into_iter().filter(|w| *w != "scheduler").count();
        assert_eq!(ways, if row["tid"] == row["pid"] { 7 } else { 5 }, "{row}");
    }
    assert!(rows.iter().any(|r| r["sources"]["scheduler"] == true), "whoever made the image was running");
}

#[test]
fn nothing_of_the_intact_sample_but_what_its_programs_did() {
    let rows = cli::answer(&["malfind"]);
    let found: Vec<(&str, &str)> =
        rows.as_array().unwrap().iter().map(|r| (r["process"].as_str().unwrap(), r["reason"].as_str().unwrap())).collect();
    assert_eq!(
        found,
        [
            ("victim-a", "code from a deleted file"),
            ("victim-a", "ELF file in anonymous memory"),
            ("victim-a", "executable anonymous memory"),
            ("victim-a", "writable and executable memory"),
            ("victim-b", "writable and executable memory"),
        ]
    );
    let modules = cli::answer(&["modules", "--scan"]);
    for row in modules.as_array().unwrap() {
        assert_eq!((sources(row).len(), row["hidden"].as_bool()), (5, Some(false)), "{row}");
    }
}

#[test]
fn a_process_taken_off_the_list() {
    let mut torn = Torn::new();
    let node = torn.task("victim-b") + torn.offset("task_struct", "tasks");
    unlink(&mut torn, node);
    let image = torn.save();
    assert!(whole(&image, &["ps"]).iter().all(|r| r["name"] != "victim-b"), "the list is whole without it");
    let rows = whole(&image, &["ps", "--scan"]);
    let row = one(&rows, "name", "victim-b");
    assert_eq!((row["hidden"].as_bool(), row["pid"].as_u64()), (Some(true), Some(65)));
    assert_eq!(sources(row), ["pid_idr", "threads", "children", "cgroup", "slab", "signature"]);
    assert_eq!(rows.iter().filter(|r| r["hidden"] == true).count(), 1);
    let found = new_findings(&image, &["malfind"]);
    let [(reason, process, evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((reason.as_str(), process.as_str()), ("process hidden from the task list", "victim-b"));
    assert_eq!(evidence, "found by pid_idr, threads, children, cgroup, slab, signature; not in list");
    // Its memory is looked at all the same.
    assert!(whole(&image, &["malfind"]).iter().any(|r| r["pid"] == 65 && r["kind"] == "memory"));
}

/// Takes a task out of everything that leads to tasks.
fn erase(torn: &mut Torn, task: u64) {
    for link in ["tasks", "sibling", "cg_list", "thread_node"] {
        let node = task + torn.offset("task_struct", link);
        unlink(torn, node);
    }
    let links = task + torn.offset("task_struct", "pid_links");
    for kind in 0..4 {
        unchain(torn, links + kind * 16);
    }
}

#[test]
fn a_process_that_nothing_leads_to() {
    let mut torn = Torn::new();
    let task = torn.task("victim-b");
    erase(&mut torn, task);
    let image = torn.save();
    let rows = whole(&image, &["ps", "--scan"]);
    let row = one(&rows, "name", "victim-b");
    assert_eq!((row["hidden"].as_bool(), row["state"].as_str()), (Some(true), Some("sleeping")));
    assert_eq!(sources(row), ["slab", "signature"]);
    assert_eq!(rows.iter().filter(|r| r["hidden"] == true).count(), 1);
    assert_eq!(whole(&image, &["ps", "--scan", "65"]).len(), 1, "it can be asked for");
    // So thoroughly the kernel itself takes off who ends.
    let (_, _, evidence) = &new_findings(&image, &["malfind"])[0];
    assert!(evidence.ends_with("; or it ended while memory was copied"), "{evidence}");
}

#[test]
fn a_process_without_a_number() {
    let mut torn = Torn::new();
    let task = torn.task("victim-b");
    erase(&mut torn, task);
    for id in ["pid", "tgid"] {
        let at = task + torn.offset("task_struct", id);
        torn.put(at, &[0; 4]);
    }
    let rows = whole(&torn.save(), &["ps", "--scan"]);
    let row = one(&rows, "name", "victim-b");
    assert_eq!((row["hidden"].as_bool(), row["pid"].as_u64()), (Some(true), Some(0)), "pid 0 makes nobody the idle task");
}

#[test]
fn the_remains_of_a_process_are_not_hidden() {
    let mut torn = Torn::new();
    let task = torn.task("victim-b");
    erase(&mut torn, task);
    // TASK_DEAD and EXIT_DEAD.
    for (member, value) in [("__state", 0x80u32), ("exit_state", 0x10)] {
        let at = task + torn.offset("task_struct", member);
        torn.put(at, &value.to_le_bytes());
    }
    for pointer in ["mm", "real_cred", "stack"] {
        let at = task + torn.offset("task_struct", pointer);
        torn.put_word(at, 0);
    }
    let image = torn.save();
    let rows = whole(&image, &["ps", "--scan"]);
    let row = one(&rows, "name", "victim-b");
    assert_eq!((row["hidden"].as_bool(), row["state"].as_str(), row["pid"].as_u64()), (Some(false), Some("exited"), Some(65)));
    for unknown in ["ppid", "uid", "threads", "dtb", "command_line", "exit_time"] {
        assert!(row[unknown].is_null(), "{unknown}: {row}");
    }
    assert!(row["start_time"].is_string());
    assert_eq!(new_findings(&image, &["malfind"]), []);
}

#[test]
fn what_is_overwritten_is_no_process() {
    let mut torn = Torn::new();
    let task = torn.task("victim-b");
    erase(&mut torn, task);
    // A list of children that leads elsewhere: a copy, or a slab that something else uses now.
    let head = task + torn.offset("task_struct", "children");
    torn.put_word(head, head + 0x40);
    let rows = whole(&torn.save(), &["ps", "--scan"]);
    assert!(rows.iter().all(|r| r["name"] != "victim-b"));
}

#[test]
fn a_thread_taken_off_its_group() {
    let mut torn = Torn::new();
    let threads = cli::answer(&["threads", "-p", "victim-a"]);
    let worker = threads.as_array().unwrap().iter().find(|t| t["name"] == "va-worker-2").unwrap().clone();
    let task = cli::number(&worker["address"]);
    let node = task + torn.offset("task_struct", "thread_node");
    unlink(&mut torn, node);
    let image = torn.save();
    let rows = whole(&image, &["ps", "--scan", "--threads"]);
    let hidden: Vec<&Value> = rows.iter().filter(|r| r["hidden"] == true).collect();
    assert_eq!(hidden.len(), 1);
    assert_eq!((&hidden[0]["tid"], hidden[0]["name"].as_str()), (&worker["tid"], Some("va-worker-2")));
    let found = new_findings(&image, &["malfind"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "thread hidden from its process");
    assert!(found[0].2.ends_with("; thread 59"), "{found:?}");
}

#[test]
fn a_torn_list_hides_nobody() {
    let mut torn = Torn::new();
    let node = torn.task("victim-b") + torn.offset("task_struct", "tasks");
    torn.put(node, &[0; 16]);
    let (rows, says) = torn.save().partial(&["ps", "--scan"]);
    assert!(says.contains("task list: "), "{says}");
    assert!(rows.as_array().unwrap().iter().all(|r| r["hidden"] == false), "its neighbours still point to it");
}

#[test]
fn tables_that_lead_nowhere_add_no_rows() {
    let mut torn = Torn::new();
    let set = torn.symbol("init_css_set") + torn.offset("css_set", "tasks");
    let text = torn.symbol("_text");
    torn.put_word(set, text);
    let children = torn.task("kthreadd") + torn.offset("task_struct", "children");
    torn.put_word(children, 0x4141_4141_4141_4140);
    let (rows, _) = torn.save().partial(&["ps", "--scan"]);
    assert_eq!(rows.as_array().unwrap().len(), cli::answer(&["ps"]).as_array().unwrap().len());
}

#[test]
fn a_process_that_calls_itself_a_thread_of_the_kernel() {
    let mut torn = Torn::new();
    let comm = torn.task("victim-b") + torn.offset("task_struct", "comm");
    torn.put(comm, b"kworker/3:1\0");
    let found = new_findings(&torn.save(), &["malfind", "--kind", "process"]);
    let [(reason, process, evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((reason.as_str(), process.as_str()), ("poses as a kernel thread", "kworker/3:1"));
    assert!(evidence.contains("it runs /lab/bin/victim-b"), "{evidence}");
}

#[test]
fn a_process_with_the_flag_of_a_thread_of_the_kernel() {
    let mut torn = Torn::new();
    let flags = torn.task("victim-b") + torn.offset("task_struct", "flags");
    // PF_KTHREAD.
    let now = torn.word(flags) | 0x0020_0000;
    torn.put(flags, &now.to_le_bytes()[..4]);
    let found = new_findings(&torn.save(), &["malfind"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "kernel thread not from kthreadd");
}

#[test]
fn borrowed_credentials() {
    for (from, owner) in [("lab", "lab (1)"), ("kthreadd", "kthreadd (2)")] {
        let mut torn = Torn::new();
        let member = torn.offset("task_struct", "real_cred");
        let cred = torn.word(torn.task(from) + member);
        let at = torn.task("victim-b") + member;
        torn.put_word(at, cred);
        let found = new_findings(&torn.save(), &["malfind"]);
        let [(reason, process, evidence)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((reason.as_str(), process.as_str()), ("credentials of another process", "victim-b"));
        assert!(evidence.ends_with(&format!("uid 0 is that of {owner}")), "{evidence}");
    }
    let mut torn = Torn::new();
    let (at, cred) = (torn.task("victim-b") + torn.offset("task_struct", "real_cred"), torn.symbol("init_cred"));
    torn.put_word(at, cred);
    let found = new_findings(&torn.save(), &["malfind"]);
    assert!(found.len() == 1 && found[0].2.ends_with("is that of the idle task"), "{found:?}");
}

#[test]
fn a_traced_process() {
    let mut torn = Torn::new();
    let task = torn.task("victim-b");
    // PT_PTRACED | PT_SEIZED; the tracer becomes its parent.
    let (flags, parent) = (task + torn.offset("task_struct", "ptrace"), task + torn.offset("task_struct", "parent"));
    torn.put(flags, &0x0001_0001u32.to_le_bytes());
    let tracer = torn.task("victim-a");
    torn.put_word(parent, tracer);
    let found = new_findings(&torn.save(), &["malfind"]);
    let [(reason, process, evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((reason.as_str(), process.as_str()), ("traced by another process", "victim-b"));
    assert_eq!(evidence, "by victim-a (54); thread 65 is sleeping");
}

/// Where an address of victim-b lies in the file, and the entry of the page tables that says so.
fn place(torn: &Torn, at: u64) -> (usize, usize) {
    let session = torn.session();
    let process = session.find_process("victim-b").unwrap();
    let space = session.process_space(&process).unwrap();
    let told = space.tables().unwrap().explain(VirtAddr::new(umem::from(at)));
    let phys = told.outcome.unwrap().phys.value();
    let entry = told.steps.last().unwrap().entry_address;
    (usize::try_from(phys).unwrap(), usize::try_from(entry).unwrap())
}

const TEXT: u64 = 0x0040_1000;
const CODE_OF_ITS_OWN: u64 = 0x7fbb_1109_c000;

#[test]
fn code_that_was_changed_in_memory() {
    let mut torn = Torn::new();
    // The page of code becomes a frame of the process's own, which holds the same but three bytes.
    let ((text, entry), (own, own_entry)) = (place(&torn, TEXT), place(&torn, CODE_OF_ITS_OWN));
    let bytes = torn.bytes();
    let page = bytes[text..text + 4096].to_vec();
    bytes[own..own + 4096].copy_from_slice(&page);
    let frame = bytes[own_entry + 1..own_entry + 5].to_vec();
    bytes[entry + 1..entry + 5].copy_from_slice(&frame);
    let low = bytes[own_entry] & 0xf0 | bytes[entry] & 0x0f;
    bytes[entry] = low;
    let same = torn.save();
    assert_eq!(new_findings(&same, &["malfind", "--kind", "code"]), [], "a copy that says what the file says");
    for (i, b) in [(0x123, 0xcc), (0x124, 0x90), (0x200, 0xcc)] {
        let old = torn.bytes()[own + i];
        torn.bytes()[own + i] = if old == b { !b } else { b };
    }
    let found = new_findings(&torn.save(), &["malfind", "--kind", "code"]);
    let [(reason, process, evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((reason.as_str(), process.as_str()), ("code of a file changed in memory", "victim-b"));
    assert!(
        evidence.starts_with("1 page is not the file's; at 0x401123: ") && evidence.ends_with(", 3 bytes differ"),
        "{evidence}"
    );
}

#[test]
fn a_thread_that_runs_foreign_code() {
    for (ip, reason) in [
        (CODE_OF_ITS_OWN + 0x123, Some("thread in anonymous memory")),
        (0x1234_5000, Some("thread outside of all regions")),
        (TEXT + 0x10, None),
    ] {
        let mut torn = Torn::new();
        let stack = torn.word(torn.task("victim-b") + torn.offset("task_struct", "stack"));
        // Its registers lie at the end of its kernel stack of 16 KiB.
        let registers = stack + 0x4000 - 168;
        assert_eq!(torn.word(registers + torn.offset("pt_regs", "cs")), 0x33);
        torn.put_word(registers + torn.offset("pt_regs", "ip"), ip);
        let found = new_findings(&torn.save(), &["malfind"]);
        assert_eq!(found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), reason.into_iter().collect::<Vec<_>>());
        let from = format!("thread 65 entered the kernel from {ip:#x}");
        assert!(found.iter().all(|f| f.1 == "victim-b" && f.2.starts_with(&from)), "{found:?}");
    }
}

#[test]
fn a_library_in_the_environment() {
    for (text, reason) in [
        ("LD_PRELOAD=/lab/x.so", Some("library loaded by the environment")),
        ("LD_AUDIT=/x", Some("library loaded by the environment")),
        ("LD_LIBRARY_PATH=/lib:/tmp", Some("libraries from a folder open to all")),
        ("LD_LIBRARY_PATH=/lib:/usr", None),
        ("LD_PRELOAD=", None),
    ] {
        let mut torn = Torn::new();
        let mm = torn.word(torn.task("victim-b") + torn.offset("task_struct", "mm"));
        let start = torn.word(mm + torn.offset("mm_struct", "env_start"));
        let (at, _) = place(&torn, start);
        torn.bytes()[at..at + text.len()].copy_from_slice(text.as_bytes());
        torn.bytes()[at + text.len()] = 0;
        let found = new_findings(&torn.save(), &["malfind"]);
        assert_eq!(found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), reason.into_iter().collect::<Vec<_>>(), "{text}");
        assert!(found.iter().all(|f| f.2 == text && f.1 == "victim-b"), "{found:?}");
    }
}

#[test]
fn memory_that_holds_nothing_is_no_finding() {
    let mut torn = Torn::new();
    for page in 0..16 {
        let (at, _) = place(&torn, CODE_OF_ITS_OWN + page * 4096);
        torn.bytes()[at..at + 4096].fill(0);
    }
    let rows = whole(&torn.save(), &["malfind", "-p", "victim-b"]);
    assert_eq!(rows, Vec::<Value>::new());
}

#[test]
fn a_program_that_another_loader_loaded() {
    // An ELF file whose code lies in memory that can run, its header in a region of its own that can't.
    let mut torn = Torn::new();
    let header_at = CODE_OF_ITS_OWN + 0x1_0000;
    let (at, _) = place(&torn, header_at);
    let mut elf = vec![0u8; 0x200];
    elf[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    elf[16..24].copy_from_slice(&[3, 0, 62, 0, 1, 0, 0, 0]);
    elf[32..40].copy_from_slice(&64u64.to_le_bytes());
    elf[54..58].copy_from_slice(&[56, 0, 2, 0]);
    // Its data lie where the header does, its code 64 KiB before.
    for (i, (flags, address)) in [(4u32, 0x1_0000u64), (5, 0)].into_iter().enumerate() {
        let part = 64 + i * 56;
        elf[part..part + 4].copy_from_slice(&1u32.to_le_bytes());
        elf[part + 4..part + 8].copy_from_slice(&flags.to_le_bytes());
        elf[part + 16..part + 24].copy_from_slice(&address.to_le_bytes());
        elf[part + 40..part + 48].copy_from_slice(&0x1000u64.to_le_bytes());
    }
    torn.bytes()[at..at + elf.len()].copy_from_slice(&elf);
    // So it is a file that was read into a buffer: nothing that runs lies where it says.
    assert_eq!(new_findings(&torn.save(), &["malfind"]), []);
    // Its code lies a region before: where it really is when the header says that it begins there.
    let mut fixed = elf.clone();
    fixed[16] = 2;
    let part = 64 + 56 + 16;
    fixed[part..part + 8].copy_from_slice(&CODE_OF_ITS_OWN.to_le_bytes());
    torn.bytes()[at..at + fixed.len()].copy_from_slice(&fixed);
    let found = new_findings(&torn.save(), &["malfind"]);
    let [(reason, _, evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(reason, "ELF file in anonymous memory");
    assert!(evidence.ends_with(&format!("its code lies at {CODE_OF_ITS_OWN:#x}")), "{evidence}");
}

/// The `struct module` of this name.
fn module(name: &str) -> u64 {
    let rows = cli::answer(&["modules", name]);
    cli::number(&rows[0]["address"])
}

#[test]
fn a_module_taken_off_the_list() {
    let mut torn = Torn::new();
    let at = module("qemu_fw_cfg");
    let node = at + torn.offset("module", "list");
    unlink(&mut torn, node);
    let image = torn.save();
    assert_eq!(whole(&image, &["modules"]).len(), 1);
    let rows = whole(&image, &["modules", "--scan"]);
    let row = one(&rows, "name", "qemu_fw_cfg");
    assert_eq!((row["hidden"].as_bool(), sources(row)), (Some(true), vec!["sysfs", "tree", "vmalloc", "signature"]));
    assert_eq!(one(&rows, "name", "virtio_console")["hidden"], false);
    let found = new_findings(&image, &["malfind"]);
    let [(reason, _, evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(reason, "module hidden from the module list");
    assert_eq!(evidence, "qemu_fw_cfg; found by sysfs, tree, vmalloc, signature; not in list; it is live");
}

#[test]
fn a_module_taken_off_sysfs() {
    let mut torn = Torn::new();
    let at = module("qemu_fw_cfg") + torn.offset("module", "mkobj") + torn.offset("module_kobject", "kobj.entry");
    unlink(&mut torn, at);
    let found = new_findings(&torn.save(), &["malfind"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "module hidden from sysfs");
}

#[test]
fn a_module_that_only_its_look_and_its_memory_tell() {
    let mut torn = Torn::new();
    let at = module("qemu_fw_cfg");
    for node in
        [at + torn.offset("module", "list"), at + torn.offset("module", "mkobj") + torn.offset("module_kobject", "kobj.entry")]
    {
        unlink(&mut torn, node);
    }
    // The tree of addresses is empty.
    let tree = torn.symbol("mod_tree") + torn.offset("mod_tree_root", "root") + torn.offset("latch_tree_root", "tree");
    torn.put(tree, &[0; 16]);
    let image = torn.save();
    let rows = whole(&image, &["modules", "--scan"]);
    let row = one(&rows, "name", "qemu_fw_cfg");
    assert_eq!((row["hidden"].as_bool(), sources(row)), (Some(true), vec!["vmalloc", "signature"]));
    // Without its look no more than memory is left, which somebody allocated for a module.
    let back = at + torn.offset("module", "mkobj") + torn.offset("module_kobject", "mod");
    torn.put_word(back, 0);
    let image = torn.save();
    let rows = whole(&image, &["modules", "--scan"]);
    assert_eq!(rows.len(), 2);
    let row = rows.iter().find(|r| r["name"].is_null()).unwrap();
    assert_eq!((row["hidden"].as_bool(), sources(row)), (Some(true), vec!["vmalloc"]));
    let found = new_findings(&image, &["malfind", "--kind", "module"]);
    assert!(found.iter().any(|f| f.0 == "memory of a module that is not there"), "{found:?}");
}

#[test]
fn a_module_that_says_it_is_not_formed() {
    let mut torn = Torn::new();
    // MODULE_STATE_UNFORMED: `lsmod` passes over it.
    let at = module("qemu_fw_cfg");
    torn.put(at, &3u32.to_le_bytes());
    let image = torn.save();
    assert_eq!(whole(&image, &["modules"]).len(), 1);
    let rows = whole(&image, &["modules", "--scan"]);
    assert_eq!(one(&rows, "name", "qemu_fw_cfg")["hidden"], true);
}

#[test]
fn a_file_that_every_program_loads() {
    let mut torn = Torn::new();
    // /lab becomes the root of all, /lab/bin becomes /etc, and the file in it is called as the loader wants it.
    let mm = torn.word(torn.task("victim-b") + torn.offset("task_struct", "mm"));
    let file = torn.word(mm + torn.offset("mm_struct", "exe_file"));
    let entry = torn.word(file + torn.offset("file", "f_path.dentry"));
    let parent = torn.offset("dentry", "d_parent");
    let (folder, name) = (torn.word(entry + parent), torn.offset("dentry", "d_name"));
    for (at, text) in [(folder, "etc"), (entry, "ld.so.preload")] {
        let place = torn.word(at + name + torn.offset("qstr", "name"));
        torn.put(place, text.as_bytes());
        torn.put(place + u64::try_from(text.len()).unwrap(), &[0]);
        torn.put(at + name + torn.offset("qstr", "len"), &u32::try_from(text.len()).unwrap().to_le_bytes());
    }
    let fs = torn.word(torn.task("lab") + torn.offset("task_struct", "fs"));
    let root = torn.word(folder + parent);
    torn.put_word(fs + torn.offset("fs_struct", "root.dentry"), root);
    let found = new_findings(&torn.save(), &["malfind", "--kind", "file"]);
    let [(reason, process, evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((reason.as_str(), process.as_str()), ("library loaded into every program", "-"));
    assert!(evidence.contains(" bytes: \u{7f}ELF"), "{evidence}");
}

#[test]
fn an_executable_that_is_gone() {
    let mut torn = Torn::new();
    let mm = torn.word(torn.task("victim-b") + torn.offset("task_struct", "mm"));
    let file = torn.word(mm + torn.offset("mm_struct", "exe_file"));
    let entry = torn.word(file + torn.offset("file", "f_path.dentry"));
    let hash = entry + torn.offset("dentry", "d_hash") + 8;
    torn.put_word(hash, 0);
    let found = new_findings(&torn.save(), &["malfind"]);
    let [(reason, process, evidence)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((reason.as_str(), process.as_str()), ("executable deleted", "victim-b"));
    assert!(evidence.starts_with("/lab/bin/victim-b (deleted), "), "{evidence}");
}

#[test]
fn what_other_tools_call_it() {
    for (words, same) in [
        (&["psscan"][..], &["ps", "--scan"][..]),
        (&["linux.psxview"], &["ps", "--scan"]),
        (&["linux.modxview"], &["modules", "--scan"]),
        (&["check_modules"], &["modules", "--scan"]),
        (&["linux.malfind"], &["malfind"]),
        (&["malfind", "-p", "victim-b"], &["malfind", "-p", "65"]),
    ] {
        assert_eq!(cli::answer(words), cli::answer(same), "{words:?}");
    }
    let run = cli::sample(&["modules", "--scan", "-p", "1"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    let run = cli::sample(&["malfind", "nobody"]);
    assert!(run.status == 1 && run.stderr.contains("no process nobody"), "{}", run.stderr);
    let run = cli::sample(&["ps", "--scan", "nobody"]);
    assert!(run.status == 1 && run.stderr.contains("no process nobody"), "{}", run.stderr);
    assert_eq!(cli::sample(&["ps", "--threads"]).status, 2, "--threads belongs to --scan");
}
