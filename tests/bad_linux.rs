//! Images whose open files, mounts, sockets, log and caches are corrupted. As in `bad_memory`: every test tears one thing of the
//! sample; rows that can be had stay, what is missing is told in one line, nothing hangs, and no text reaches the terminal as it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod torn;

use serde_json::Value;
use torn::{Image, Torn};

/// Where nothing is mapped.
const NOWHERE: u64 = 0x4141_4141_4141_4140;
/// Terminal commands, a name that turns its end around, a line of its own, and no text at all.
const NASTY: &[u8] = b"\x1b]0;A\x07\n\xe2\x80\xae\x9b\xff";

/// The rows of a command that answers in part, and what it says: one line, whatever it lost.
fn part(image: &Image<'_>, words: &[&str]) -> (Vec<Value>, String) {
    let (rows, says) = image.partial(words);
    assert_eq!(says.lines().filter(|l| l.starts_with("partial: ")).count(), 1, "{words:?}: {says}");
    (rows.as_array().unwrap().clone(), says)
}

/// The rows of a command on the sample as it is.
fn whole(words: &[&str]) -> Vec<Value> {
    cli::answer(words).as_array().unwrap().clone()
}

/// The row among them that `wanted` holds of.
fn one(rows: &[Value], wanted: impl Fn(&Value) -> bool) -> &Value {
    rows.iter().find(|r| wanted(r)).expect("the row is there")
}

/// Runs it and holds that nothing of `NASTY` comes out as it is. (CSV into a pipe is exact; `csv` tests what a terminal gets.)
fn tame(image: &Image<'_>, words: &[&str]) {
    for how in [&["--color", "never"][..], &["--json"], &["--jsonl"]] {
        let all: Vec<&str> = words.iter().chain(how).copied().collect();
        let run = image.run(&all);
        assert_eq!(run.status, 0, "{all:?}: {}", run.stderr);
        let both = run.stdout + run.stderr.as_str();
        let bad = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!both.contains(bad), "{all:?}: {both:?}");
    }
}

/// The `fdtable` of a process.
fn table(torn: &Torn, name: &str) -> u64 {
    let files = torn.word(torn.task(name) + torn.offset("task_struct", "files"));
    torn.word(files + torn.offset("files_struct", "fdt"))
}

#[test]
fn descriptors_that_lead_nowhere_or_to_each_other() {
    let mut torn = Torn::new();
    let array = torn.word(table(&torn, "victim-a") + torn.offset("fdtable", "fd"));
    let first = torn.word(array + 3 * 8);
    torn.put_word(array + 4 * 8, NOWHERE);
    // The table itself, and a file twice: both may be, one is no file.
    torn.put_word(array + 5 * 8, array);
    torn.put_word(array + 6 * 8, first);
    let image = torn.save();
    let words = ["files", "-p", "victim-a"];
    let (rows, says) = part(&image, &words);
    let fds: Vec<u64> = rows.iter().filter_map(|r| r["fd"].as_u64()).collect();
    let want: Vec<u64> = whole(&words).iter().filter_map(|r| r["fd"].as_u64()).filter(|fd| *fd != 4).collect();
    assert_eq!(
        fds.iter().copied().filter(|fd| *fd != 5).collect::<Vec<_>>(),
        want.into_iter().filter(|fd| *fd != 5).collect::<Vec<_>>()
    );
    let (third, sixth) = (one(&rows, |r| r["fd"] == 3), one(&rows, |r| r["fd"] == 6));
    assert_eq!((&third["file"], &third["path"]), (&sixth["file"], &sixth["path"]), "{says}");
}

#[test]
fn a_descriptor_table_of_the_size_of_the_world() {
    for (member, value) in [("max_fds", 0x7fff_ffff), ("max_fds", u64::MAX), ("fd", NOWHERE)] {
        let mut torn = Torn::new();
        let at = table(&torn, "victim-a");
        let bytes = u64::to_le_bytes(value);
        let size = if member == "fd" { 8 } else { 4 };
        torn.put(at + torn.offset("fdtable", member), &bytes[..size]);
        let image = torn.save();
        let (rows, _) = part(&image, &["files", "-p", "victim-a"]);
        assert!(rows.len() < 1000, "{} rows", rows.len());
        if member != "fd" {
            let found = |fd: u64| rows.iter().any(|r| r["fd"] == fd);
            assert!((0..37).all(found), "what was open still is");
        }
        // Others have tables of their own.
        assert_eq!(image.run(&["files", "-p", "victim-b"]).status, 0);
    }
}

#[test]
fn mounts_in_a_circle() {
    let mut torn = Torn::new();
    let address = |r: &Value| cli::number(&r["address"]);
    let rows = whole(&["mounts"]);
    let proc = address(one(&rows, |r| r["target"] == "/proc"));
    // It is mounted on itself.
    torn.put_word(proc + torn.offset("mount", "mnt_parent"), proc);
    let point = torn.offset("mount", "mnt_mountpoint");
    let other = address(one(&rows, |r| r["target"] == "/sys" || r["target"] == "/dev"));
    torn.put_word(proc + point, torn.word(other + point));
    // And the list of mounts leads from another back to it.
    let link = torn.offset("mount", "mnt_list");
    torn.put_word(other + link, proc + link);
    let image = torn.save();
    let (found, says) = part(&image, &["mounts"]);
    let mut all: Vec<u64> = found.iter().map(address).collect();
    let mut want: Vec<u64> = rows.iter().map(address).collect();
    all.sort_unstable();
    want.sort_unstable();
    assert_eq!(all, want, "{says}");
}

#[test]
fn sockets_in_a_circle_and_sockets_that_are_none() {
    let rows = whole(&["net"]);
    let ends: Vec<&Value> = rows.iter().filter(|r| r["protocol"] == "tcp" && r["state"] == "ESTABLISHED").collect();
    let address = |r: &Value| cli::number(&r["address"]);
    let mut torn = Torn::new();
    let (a, b) = (address(ends[0]), address(ends[1]));
    let link = torn.offset("sock", "__sk_common.skc_nulls_node");
    torn.put_word(a + link, b + link);
    torn.put_word(b + link, a + link);
    let image = torn.save();
    let (found, says) = part(&image, &["net"]);
    let mut all: Vec<u64> = found.iter().map(address).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!((all.len(), found.len()), (rows.len(), rows.len()), "{says}");

    let mut torn = Torn::new();
    torn.put_word(a + link, NOWHERE);
    // What was a socket is filled with nonsense.
    torn.put(b, &[0xa5; 256]);
    let image = torn.save();
    let (found, says) = part(&image, &["net"]);
    assert_eq!(found.len(), rows.len() - 1, "{says}");
    assert!(!found.iter().any(|r| address(r) == b));
}

#[test]
fn a_log_whose_ends_and_records_make_no_sense() {
    let all = whole(&["kmsg"]).len();
    let texts = |rows: &[Value]| rows.iter().filter(|r| r["message"].as_str().is_some_and(|t| !t.is_empty())).count();
    for (path, value, least) in [
        // The ends: all records are looked at.
        ("desc_ring.head_id.counter", 3, all / 2),
        ("desc_ring.tail_id.counter", u64::MAX, all / 2),
        // Elsewhere: nothing is there, and that is told.
        ("desc_ring.descs", NOWHERE, 0),
        ("desc_ring.infos", NOWHERE, 0),
        ("text_data_ring.data", NOWHERE, 0),
    ] {
        let mut torn = Torn::new();
        let ring = torn.word(torn.symbol("prb"));
        torn.put_word(ring + torn.offset("printk_ringbuffer", path), value);
        let image = torn.save();
        let (rows, says) = part(&image, &["kmsg"]);
        assert!(rows.len() <= 4 * all && texts(&rows) >= least, "{path}: {} rows, {says}", rows.len());
    }
    // Sizes that no ring has.
    let mut torn = Torn::new();
    let ring = torn.word(torn.symbol("prb"));
    torn.put(ring + torn.offset("printk_ringbuffer", "desc_ring.count_bits"), &[60, 0, 0, 0]);
    let run = torn.save().run(&["kmsg"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr.contains("can't read the kernel's log: the ring at") && run.stderr.contains("scan --phys"),
        "{}",
        run.stderr
    );
    // Each record says it is as long as can be, and its text begins anywhere.
    let mut torn = Torn::new();
    let ring = torn.word(torn.symbol("prb"));
    let infos = torn.word(ring + torn.offset("printk_ringbuffer", "desc_ring.infos"));
    let size = torn.session().types().unwrap();
    let size = memsh::symbols::TypesExt::size_of(size, "struct printk_info").unwrap();
    let length = torn.offset("printk_info", "text_len");
    for i in 0..64 {
        torn.put(infos + i * size + length, &[0xff, 0xff]);
    }
    let rows: Vec<Value> = serde_json::from_str(&torn.save().run(&["kmsg", "--json"]).stdout).unwrap();
    assert_eq!(rows.len(), all);
}

#[test]
fn a_table_of_process_ids_that_holds_itself() {
    let mut torn = Torn::new();
    let root = torn.symbol("init_pid_ns") + torn.offset("pid_namespace", "idr.idr_rt.xa_head");
    let node = torn.word(root) & !3;
    // The node's first and last slots are the node.
    let slots = node + torn.offset("xa_node", "slots");
    torn.put_word(slots + 63 * 8, node | 2);
    torn.put_word(slots + 8, node | 2);
    let image = torn.save();
    let (rows, says) = part(&image, &["ps", "--scan"]);
    let pids =
        |rows: &[Value]| rows.iter().filter(|r| r["exited"] != true).map(|r| r["pid"].as_u64().unwrap()).collect::<Vec<_>>();
    let (mut found, mut want) = (pids(&rows), pids(&whole(&["ps", "--scan"])));
    found.sort_unstable();
    want.sort_unstable();
    assert_eq!(found, want, "{says}");
}

#[test]
fn lists_of_file_systems_and_inodes_in_a_circle() {
    let mut torn = Torn::new();
    let rows = whole(&["pagecache"]);
    let head = torn.symbol("super_blocks");
    let (first, last) = (torn.word(head), torn.word(head + 8));
    torn.put_word(last, first);
    torn.put_word(first + 8, last);
    let image = torn.save();
    let (found, says) = part(&image, &["pagecache"]);
    let addresses = |rows: &[Value]| rows.iter().map(|r| cli::number(&r["address"])).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(addresses(&found), addresses(&rows), "{says}");
    assert_eq!(found.len(), rows.len(), "no file twice");
}

#[test]
fn a_file_as_long_as_no_disk() {
    let rows = whole(&["pagecache"]);
    let file = one(&rows, |r| r["kind"] == "file" && (r["fstype"] == "tmpfs" || r["fstype"] == "rootfs"));
    let (inode, path) = (cli::number(&file["address"]), file["path"].as_str().unwrap());
    for size in [1u64 << 62, u64::MAX, 1 << 40] {
        let mut torn = Torn::new();
        torn.put_word(inode + torn.offset("inode", "i_size"), size);
        let image = torn.save();
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let run = image.run(&["pagecache", path, "--extract", torn::text(&out), "--json"]);
        assert!(matches!(run.status, 0 | 1), "{size:#x}: {}", run.stderr);
        // A hole is no bytes on the disk.
        let used: u64 = walk(&out).iter().map(|f| std::os::unix::fs::MetadataExt::blocks(&f.metadata().unwrap()) * 512).sum();
        assert!(used < 16 << 20, "{size:#x}: {used} bytes");
    }
}

/// The files below a folder.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.map(|e| e.unwrap().path());
    entries.flat_map(|p| if p.is_dir() { walk(&p) } else { vec![p] }).collect()
}

#[test]
fn a_set_of_control_groups_in_a_circle() {
    let mut torn = Torn::new();
    let want = whole(&["ps", "--scan"]).len();
    let tasks = torn.symbol("init_css_set") + torn.offset("css_set", "tasks");
    let (first, last) = (torn.word(tasks), torn.word(tasks + 8));
    assert_ne!(first, tasks, "it has tasks");
    torn.put_word(last, first);
    let image = torn.save();
    let (rows, says) = part(&image, &["ps", "--scan"]);
    assert_eq!(rows.len(), want, "{says}");
}

#[test]
fn a_path_that_is_a_terminal_command() {
    let rows = whole(&["files", "-p", "victim-a"]);
    let row = one(&rows, |r| r["kind"] == "file" && r["path"].as_str().is_some_and(|p| p.starts_with('/')));
    let (file, fd) = (cli::number(&row["file"]), row["fd"].clone());
    let mut torn = Torn::new();
    let dentry = torn.word(file + torn.offset("file", "f_path.dentry"));
    let name = torn.word(dentry + torn.offset("dentry", "d_name.name"));
    torn.put(name, &[NASTY, b"\0"].concat());
    torn.put(dentry + torn.offset("dentry", "d_name.len"), &u32::try_from(NASTY.len()).unwrap().to_le_bytes());
    let image = torn.save();
    for words in [
        &["files", "-p", "victim-a"][..],
        &["files", "--all"],
        &["pagecache", "--all"],
        &["maps", "-p", "victim-a"],
        &["malfind"],
    ] {
        tame(&image, words);
    }
    let found: Vec<Value> = serde_json::from_str(&image.run(&["files", "-p", "victim-a", "--json"]).stdout).unwrap();
    let row = one(&found, |r| r["fd"] == fd);
    assert!(row["path"].as_str().unwrap().contains("\x1b]0;A\x07\n\u{202e}\u{fffd}"), "{row}");
    assert!(row["path_bytes"].as_str().unwrap().contains("1b5d303b41070ae280ae9bff"), "{row}");
}

#[test]
fn process_names_socket_names_and_messages_that_are_terminal_commands() {
    let rows = whole(&["net"]);
    let socket = one(&rows, |r| r["protocol"] == "unix" && r["path"].as_str().is_some_and(|p| p.starts_with('/')));
    let mut torn = Torn::new();
    let comm = torn.task("victim-a") + torn.offset("task_struct", "comm");
    torn.put(comm, &[NASTY, b"\0"].concat());
    let addr = torn.word(cli::number(&socket["address"]) + torn.offset("unix_sock", "addr"));
    torn.put(addr + torn.offset("unix_address", "name") + 2, NASTY);
    let ring = torn.word(torn.symbol("prb"));
    let text = torn.word(ring + torn.offset("printk_ringbuffer", "text_data_ring.data"));
    // Behind the number of the first record that there is.
    torn.put(text + 8, NASTY);
    let image = torn.save();
    for words in [
        &["ps"][..],
        &["ps", "--scan"],
        &["files"],
        &["net"],
        &["kmsg"],
        &["namespaces"],
        &["cgroups"],
        &["creds"],
        &["timers"],
        &["bt"],
        &["malfind"],
        &["hooks"],
        &["mounts"],
    ] {
        tame(&image, words);
    }
    let found: Vec<Value> = serde_json::from_str(&image.run(&["net", "--json"]).stdout).unwrap();
    let row = one(&found, |r| r["address"] == socket["address"]);
    assert!(row["path_bytes"].as_str().unwrap().starts_with("1b5d303b41070ae280ae9bff"), "{row}");
    let found: Vec<Value> = serde_json::from_str(&image.run(&["kmsg", "--json"]).stdout).unwrap();
    let row = one(&found, |r| r["message"].as_str().is_some_and(|t| t.starts_with("\x1b]0;A")));
    assert!(row["message_bytes"].as_str().unwrap().starts_with("1b5d303b41070ae280ae9bff"), "{row}");
}
