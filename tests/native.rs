//! This machine through `-O native`, end to end: the program looks at a process that these tests start.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{Run, memsh, number};
use memsh_plugin::{MemoryView, ProcessInstanceBox, Status, VirtAddr, VirtReadOp, VirtWriteOp, umem};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

const HOLD: &str = "MEMSH_TEST_HOLD";
/// Made of two parts, so that the pattern lies in no program's file.
const PATTERN: [&str; 2] = ["held-by-the-", "test-of-native"];
const READ_ONLY: &str = "what no program may write to";

/// Not a test: what the started process does. It tells where its buffer is and waits to be let go.
#[test]
fn holder() {
    if std::env::var_os(HOLD).is_none() {
        return;
    }
    let mut bytes = vec![0u8; 3 * 4096];
    let text = PATTERN.concat();
    bytes[5000..5000 + text.len()].copy_from_slice(text.as_bytes());
    println!("held {} {}", bytes.as_ptr() as usize + 5000, READ_ONLY.as_ptr() as usize);
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
    std::hint::black_box(bytes);
}

/// A process that holds the pattern, ended with this.
struct Held {
    child: Child,
    /// Where the pattern is.
    at: u64,
    /// Where a text is that the process can't write to.
    fixed: u64,
}

impl Held {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "holder", "--nocapture", "--test-threads=1"]).env(HOLD, "yes=no").env("EMPTY", "");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Before it the harness says what it runs, on the same line.
        let said = lines.map_while(Result::ok).find_map(|l| Some(l.split_once("held ")?.1.to_owned())).unwrap();
        let (at, fixed) = said.split_once(' ').unwrap();
        Self { child, at: at.parse().unwrap(), fixed: fixed.parse().unwrap() }
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// The JSON answer of a command of which nothing may be missing.
    fn answer(&self, words: &[&str]) -> Value {
        let pid = self.pid();
        let words: Vec<&str> = words.iter().map(|w| if *w == "PID" { pid.as_str() } else { w }).collect();
        let run = native(&[words.as_slice(), &["--json", "--strict"]].concat());
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words:?}");
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// The process through the library.
    fn open(&self, write: bool) -> ProcessInstanceBox<'static> {
        let layer = memsh::os::native::layer_for(write).unwrap();
        Result::from(layer.os.process(VirtAddr::new(umem::from(self.child.id())))).unwrap()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn native(words: &[&str]) -> Run {
    memsh(&[&["-O", "native"], words].concat())
}

fn proc_file(held: &Held, name: &str) -> Vec<u8> {
    std::fs::read(format!("/proc/{}/{name}", held.pid())).unwrap()
}

#[test]
fn a_process_is_listed_with_all_that_is_known_of_it() {
    let held = Held::start();
    let row = &held.answer(&["ps", "PID"])[0];
    assert_eq!(row["pid"], held.child.id());
    assert_eq!(row["ppid"], std::process::id());
    assert_eq!(row["name"].as_str().unwrap().as_bytes(), proc_file(&held, "comm").trim_ascii_end());
    assert!(row["threads"].as_u64().unwrap() >= 2 && row["state"] == "sleeping", "{row}");
    let exe = std::env::current_exe().unwrap().canonicalize().unwrap();
    assert_eq!(row["image_path"], exe.to_str().unwrap());
    assert!(row["command_line"].as_str().unwrap().ends_with("--exact holder --nocapture --test-threads=1"), "{row}");
    assert_eq!((&row["kernel_thread"], &row["wow64"], &row["dtb"]), (&false.into(), &false.into(), &Value::Null));
    assert_eq!(row["arch"], std::env::consts::ARCH);
    assert_eq!(number(&row["address"]), u64::from(held.child.id()), "the id stands for the address");
    let status = String::from_utf8_lossy(&proc_file(&held, "status")).into_owned();
    let uid = status.lines().find_map(|l| l.strip_prefix("Uid:")).unwrap().split_whitespace().next().unwrap();
    assert_eq!(row["uid"].to_string(), uid);
    // The tree and the kernel's threads are those of any system.
    let all = native(&["ps", "-k", "--json"]);
    let kernel: Value = serde_json::from_str(&all.stdout).unwrap();
    assert!(kernel.as_array().unwrap().iter().all(|p| p["kernel_thread"] == true && p["command_line"].is_null()), "{kernel}");
}

#[test]
fn starts_are_told_in_the_systems_time() {
    let before = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let held = Held::start();
    let pid = held.pid();
    let run = native(&["ps", &pid, "--where", &format!("start_time > {:?}", "2020-01-01"), "--json"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let boot = std::fs::read_to_string("/proc/stat").unwrap();
    let boot: u64 = boot.lines().find_map(|l| l.strip_prefix("btime ")?.parse().ok()).unwrap();
    assert!(boot <= before);
    let layer = memsh::os::native::layer().unwrap();
    let all = Result::from(layer.os.processes()).unwrap();
    let start = all.items.iter().find(|p| p.pid == held.child.id()).unwrap().start_time.get().unwrap() / 1_000_000_000;
    assert!(start.abs_diff(before.try_into().unwrap()) <= 5, "{start} {before}");
}

#[test]
fn regions_are_those_of_proc_line_by_line() {
    let held = Held::start();
    let rows = held.answer(&["maps", "-p", "PID"]);
    let text = String::from_utf8(proc_file(&held, "maps")).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), text.lines().count());
    for (line, row) in text.lines().zip(rows) {
        let told = format!(
            "{:08x}-{:08x} {} {:08x} {} {} ",
            number(&row["start"]),
            number(&row["end"]),
            row["perm"].as_str().unwrap(),
            row["offset"].as_u64().unwrap(),
            row["device"].as_str().unwrap_or("00:00"),
            row["inode"].as_u64().unwrap_or(0),
        );
        let path = row["path"].as_str().unwrap_or("");
        let width = told.len().max(if path.is_empty() { 0 } else { 73 });
        assert_eq!(line, format!("{told:width$}{path}"), "{row}");
        let kind = row["kind"].as_str().unwrap();
        assert_eq!(kind == "stack", path == "[stack]");
        assert_eq!(kind == "file", path.starts_with('/'), "{row}");
    }
}

#[test]
fn what_the_process_holds_is_read_and_found() {
    let held = Held::start();
    let text = PATTERN.concat();
    let read = held.answer(&["read", "-p", "PID", &held.at.to_string(), "-n", &text.len().to_string()]);
    let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
    assert_eq!(read["data"].as_str().unwrap().replace(' ', ""), hex, "{read}");
    let hits = held.answer(&["scan", "-p", "PID", &text]);
    assert!(hits.as_array().unwrap().iter().any(|h| number(&h["address"]) == held.at), "{hits}");
    let strings = held.answer(&["strings", "-p", "PID", "-n", "12", "held-by-the-test*"]);
    assert!(strings.as_array().unwrap().iter().any(|s| number(&s["address"]) == held.at), "{strings}");
    // Only its own process has it at that place; a search through all says whose it is.
    let run = native(&["scan", "--all", &text, "--jsonl"]);
    let own =
        |l: &str| serde_json::from_str::<Value>(l).is_ok_and(|h| h["pid"] == held.child.id() && number(&h["address"]) == held.at);
    assert!(run.status == 0 && run.stdout.lines().any(own), "{} {}", run.stdout, run.stderr);
}

#[test]
fn threads_modules_arguments_and_environment() {
    let held = Held::start();
    let threads = held.answer(&["threads", "-p", "PID"]);
    let threads = threads.as_array().unwrap();
    assert_eq!(threads[0]["tid"], held.child.id(), "the main thread comes first");
    assert!(threads.iter().any(|t| t["name"] == "holder"), "{threads:?}");
    let modules = held.answer(&["modules", "-p", "PID"]);
    let modules = modules.as_array().unwrap();
    let exe = std::env::current_exe().unwrap().canonicalize().unwrap();
    let program = modules.iter().find(|m| m["path"] == exe.to_str().unwrap()).expect("the program is one of its modules");
    let maps = String::from_utf8(proc_file(&held, "maps")).unwrap();
    let lines = || maps.lines().filter(|l| l.ends_with(exe.to_str().unwrap()));
    let start = u64::from_str_radix(lines().next().unwrap().split('-').next().unwrap(), 16).unwrap();
    let end = lines().next_back().unwrap().split(['-', ' ']).nth(1).unwrap();
    assert_eq!(number(&program["base"]), start);
    assert_eq!(start + program["size"].as_u64().unwrap(), u64::from_str_radix(end, 16).unwrap());
    assert_eq!(program["arch"], std::env::consts::ARCH);
    let args = held.answer(&["cmdline", "-p", "PID"]);
    assert_eq!(args[0]["args"].as_array().unwrap()[1..], ["--exact", "holder", "--nocapture", "--test-threads=1"]);
    let env = held.answer(&["env", "-p", "PID"]);
    let value = |key: &str| env.as_array().unwrap().iter().find(|v| v["key"] == key).map(|v| v["value"].clone());
    assert_eq!((value(HOLD), value("EMPTY")), (Some("yes=no".into()), Some("".into())));
}

#[test]
fn each_operation_of_a_batch_has_its_own_answer() {
    let held = Held::start();
    let maps = String::from_utf8(proc_file(&held, "maps")).unwrap();
    let spans: Vec<(u64, u64)> = maps
        .lines()
        .map(|l| l.split(['-', ' ']).take(2).map(|n| u64::from_str_radix(n, 16).unwrap()).collect::<Vec<_>>())
        .map(|v| (v[0], v[1]))
        .collect();
    let heap = maps.lines().position(|l| l.ends_with("[heap]")).unwrap();
    let (end, next) = (spans[heap].1, spans[heap + 1].0);
    assert!(next > end + 8192, "behind the heap there is a hole");
    let text = PATTERN.concat();
    let mut buffers = [vec![1u8; text.len()], vec![2u8; 8192], vec![3u8; 100], vec![], vec![4u8; 64], vec![5u8; text.len()]];
    let places = [held.at, end - 4096, end + 10, held.at, u64::MAX - 10, held.at];
    let mut ops: Vec<VirtReadOp> =
        buffers.iter_mut().zip(places).map(|(b, at)| VirtReadOp::new(VirtAddr::new(umem::from(at)), b)).collect();
    held.open(false).read_virt((&mut ops[..]).into());
    let status: Vec<Status> = ops.iter().map(|op| op.status).collect();
    drop(ops);
    assert_eq!(status, [Status::DONE, Status::PARTIAL, Status::MISSING, Status::DONE, Status::MISSING, Status::DONE]);
    assert!(buffers[0] == text.as_bytes() && buffers[5] == text.as_bytes());
    assert!(buffers[1][4096..].iter().all(|b| *b == 0) && buffers[2].iter().chain(&buffers[4]).all(|b| *b == 0));
    // More operations than one call of the system takes.
    let mut many = vec![[0u8; 4]; 5000];
    let at = |i: usize| if i % 1700 == 1699 { end } else { held.at };
    let mut ops: Vec<VirtReadOp> =
        many.iter_mut().enumerate().map(|(i, b)| VirtReadOp::new(VirtAddr::new(umem::from(at(i))), b)).collect();
    held.open(false).read_virt((&mut ops[..]).into());
    let wrong = |(i, op): (usize, &VirtReadOp)| (op.status == Status::DONE) != (at(i) == held.at);
    assert_eq!(ops.iter().enumerate().filter(|p| wrong(*p)).count(), 0);
    drop(ops);
    assert!(many.iter().enumerate().all(|(i, b)| (b == b"held") == (at(i) == held.at)));
}

#[test]
fn memory_is_written_where_the_layer_was_made_for_it() {
    let held = Held::start();
    let write = |process: &ProcessInstanceBox<'static>, at: u64, bytes: &[u8]| {
        let mut ops = [VirtWriteOp::new(VirtAddr::new(umem::from(at)), bytes)];
        process.write_virt((&mut ops[..]).into());
        ops[0].status
    };
    assert_eq!(write(&held.open(false), held.at, b"HELD"), Status::READ_ONLY);
    let open = held.open(true);
    assert_eq!(write(&open, held.at, b"HELD"), Status::DONE);
    assert_eq!(write(&open, held.fixed, b"WHAT"), Status::DONE, "the process can't write there; a debugger can");
    assert_eq!(write(&open, 4096, b"x"), Status::MISSING);
    for (at, text) in [(held.at, "HELD"), (held.fixed, "WHAT")] {
        let mut buffer = [0u8; 4];
        let mut ops = [VirtReadOp::new(VirtAddr::new(umem::from(at)), &mut buffer)];
        held.open(false).read_virt((&mut ops[..]).into());
        assert_eq!((ops[0].status, &buffer[..]), (Status::DONE, text.as_bytes()));
    }
}

#[test]
fn the_machine_tells_of_itself() {
    let run = native(&["info", "--json"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let info: Value = serde_json::from_str(&run.stdout).unwrap();
    let word = |name: &str| std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap().trim().to_owned();
    let os = &info["os"];
    assert_eq!(
        (os["kind"].as_str(), &os["version"], &os["hostname"]),
        (Some("linux"), &word("osrelease").into(), &word("hostname").into())
    );
    assert!(os["boot_time"].is_string() && os["cpus"].as_u64().unwrap() >= 1, "{os}");
    assert!(info["image"]["size"].is_null() && info["paging"].is_null(), "{info}");
    let modules = native(&["modules", "--json"]);
    let modules: Value = serde_json::from_str(&modules.stdout).unwrap();
    let listed = std::fs::read_to_string("/proc/modules").unwrap_or_default();
    assert_eq!(modules.as_array().unwrap().len(), listed.lines().count());
}

#[test]
fn what_only_a_memory_has_is_refused_in_words() {
    let held = Held::start();
    let pid = held.pid();
    for (words, says) in [
        (&["vtop", "-p", &pid, "0x1000"][..], "page tables can't be reached through native"),
        (&["pages", "-p", &pid], "page tables can't be reached through native"),
        (&["ptov", "0x1000"], "page tables can't be reached through native"),
        (&["hash"], "native is no file"),
        (&["scan", "x"], "no physical memory can be reached through it"),
        (&["strings"], "no physical memory can be reached through it"),
        (&["read", "--phys", "0"], "no physical memory can be reached through it"),
        (&["read", "-k", "0xffffffff81000000"], "nothing of the kernel's memory can be reached"),
        (&["read", "0x1000"], "nothing of the kernel's memory can be reached"),
        (&["malfind"], "its kernel's structures are not read"),
        (&["hooks"], "its kernel's structures are not read"),
        (&["bpf"], "its kernel's structures are not read"),
        (&["ps", "--scan"], "its kernel's structures are not read"),
        (&["drivers"], "only the memory of a Windows machine has this"),
        (&["dt", "task_struct"], "no type task_struct"),
        (&["read", "-p", "2", "0x1000"], if held.has_kthreadd() { "a thread of the kernel" } else { "" }),
        (&["read", "-p", "4194304", "0x1000"], "no process 4194304"),
    ] {
        let run = native(words);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{words:?} {}", run.stderr);
        assert!(run.stderr.contains(says), "{words:?} {}", run.stderr);
    }
    for (before, says) in [
        (&["sample", "-O", "native"][..], "stands on nothing"),
        (&["-C", "dummy", "-O", "native"], "it stands on an OS layer"),
        (&["-O", "native", "-O", "linux"], "it stands on an OS layer"),
        (&["-O", "native:what"], "does not know what `what` is"),
    ] {
        let run = memsh(&[before, &["ps"]].concat());
        if before[0] == "sample" && run.stderr.contains("can't open sample") {
            continue;
        }
        assert!(run.status == 2 && run.stderr.contains(says), "{before:?} {}", run.stderr);
    }
}

impl Held {
    fn has_kthreadd(&self) -> bool {
        std::fs::read("/proc/2/comm").is_ok_and(|c| c.trim_ascii_end() == b"kthreadd")
    }
}

#[test]
fn processes_that_end_are_no_error() {
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|s| {
        s.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = Command::new("true").status();
            }
        });
        let layer = memsh::os::native::layer().unwrap();
        for _ in 0..200 {
            let all = Result::from(layer.os.processes()).unwrap();
            assert!(all.items.iter().all(|p| p.pid > 0 && !p.name.is_empty() && p.state.as_ref().is_some()));
        }
        for words in [&["threads"][..], &["cmdline"], &["ps"]] {
            let run = native(&[words, &["--json"]].concat());
            assert_eq!(run.status, 0, "{}", run.stderr);
            assert!(!run.stderr.contains("any more"), "{}", run.stderr);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    // What was opened while it was there says so afterwards, whoever has its id by then.
    let held = Held::start();
    let (open, pid, at) = (held.open(false), held.pid(), held.at);
    drop(held);
    let mut buffer = [7u8; 16];
    let mut ops = [VirtReadOp::new(VirtAddr::new(umem::from(at)), &mut buffer)];
    open.read_virt((&mut ops[..]).into());
    assert_eq!((ops[0].status, buffer), (Status::FAILED, [0; 16]));
    assert!(native(&["read", "-p", &pid, &at.to_string()]).stderr.contains(&format!("no process {pid}")));
}

/// Runs the program as a user who owns nothing; none where these tests can't become another user.
fn as_nobody(folder: &std::path::Path, words: &[&str]) -> Option<Run> {
    let program = folder.join("memsh");
    if !program.exists() {
        std::fs::copy(assert_cmd::cargo::cargo_bin("memsh"), &program).unwrap();
    }
    let mut command = Command::new(program);
    command.args(["-O", "native"]).args(words).uid(65534).gid(65534).current_dir("/").env("XDG_CACHE_HOME", "/dev/null");
    let output = command.output().ok()?;
    Some(Run {
        status: output.status.code()?,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

#[test]
fn without_privilege_answers_say_what_is_missing() {
    use std::os::unix::fs::PermissionsExt;
    let held = Held::start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let pid = held.pid();
    let Some(ps) = as_nobody(folder.path(), &["ps", "--json"]) else {
        eprintln!("skipped: only root can run a program as somebody else");
        return;
    };
    // Everybody sees who runs; what they run is told of one's own processes.
    let rows: Value = serde_json::from_str(&ps.stdout).unwrap();
    let row = rows.as_array().unwrap().iter().find(|p| p["pid"] == held.child.id()).unwrap();
    assert!(row["image_path"].is_null() && row["arch"].is_null() && row["command_line"].is_string(), "{row}");
    assert_eq!(ps.status, 0);
    assert_eq!(ps.stderr.matches("partial: ").count(), 1, "{}", ps.stderr);
    assert!(ps.stderr.contains("image_path and arch of") && ps.stderr.contains("CAP_SYS_PTRACE"), "{}", ps.stderr);
    let strict = as_nobody(folder.path(), &["ps", "--strict"]).unwrap();
    assert_eq!(strict.status, 4, "{}", strict.stderr);
    for words in [&["maps", &pid][..], &["modules", &pid], &["read", "-p", &pid, "0x1000"], &["scan", "-p", &pid, "x"]] {
        let run = as_nobody(folder.path(), words).unwrap();
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{words:?}");
        let says = "and memsh runs as user 65534; run memsh as that user or with CAP_SYS_PTRACE";
        assert!(run.stderr.contains(says) && run.stderr.contains(&format!("of process {pid} can't be read")), "{}", run.stderr);
    }
    let env = as_nobody(folder.path(), &["env", "-p", &pid]).unwrap();
    assert!(env.stderr.starts_with("partial: 1 missing: environment of process"), "{}", env.stderr);
    let threads = as_nobody(folder.path(), &["threads", "-p", &pid, "--strict"]).unwrap();
    assert_eq!((threads.status, threads.stderr.as_str()), (0, ""), "threads are no secret");
    // One's own processes need nothing.
    let mut own = Command::new("sleep").arg("600").uid(65534).gid(65534).current_dir("/").spawn().unwrap();
    let pid = own.id().to_string();
    let run = as_nobody(folder.path(), &["scan", "-p", &pid, "ELF", "--strict", "--json"]).unwrap();
    let maps = as_nobody(folder.path(), &["maps", &pid, "--strict", "--json"]).unwrap();
    own.kill().unwrap();
    own.wait().unwrap();
    if !scope_forbids_siblings() {
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains("0x"), "{}", run.stdout);
    }
    assert_eq!((maps.status, maps.stderr.as_str()), (0, ""));
}

/// Yama's first level lets a process read its children only, and `sleep` is none of the program's.
fn scope_forbids_siblings() -> bool {
    std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").is_ok_and(|s| s.trim() != "0")
}
