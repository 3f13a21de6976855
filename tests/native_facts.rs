//! What `-O native` tells of open files, sockets, mounts, rights and namespaces, held against what a process that these tests start has
//! opened itself and against `/proc`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod schema;

use cli::{Run, memsh, number, repository};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const HOLD: &str = "MEMSH_TEST_FACTS";

unsafe extern "C" {
    /// unshare(2).
    fn unshare(flags: std::ffi::c_int) -> std::ffi::c_int;
}

/// Not a test: what the started process does. It opens things, tells which, and waits to be let go.
#[test]
fn holder() {
    let Some(folder) = std::env::var_os(HOLD).map(PathBuf::from) else { return };
    std::env::set_current_dir(&folder).unwrap();
    std::fs::write(folder.join("known file"), "0123456789").unwrap();
    let mut known = File::open(folder.join("known file")).unwrap();
    known.read_exact(&mut [0; 4]).unwrap();
    let log = OpenOptions::new().append(true).create(true).open(folder.join("log")).unwrap();
    let gone = File::create(folder.join("gone")).unwrap();
    std::fs::remove_file(folder.join("gone")).unwrap();
    // Its name only looks as if it were gone; and one that is gone, of which another is left.
    let named = File::create(folder.join("named (deleted)")).unwrap();
    let linked = File::create(folder.join("first")).unwrap();
    std::fs::hard_link(folder.join("first"), folder.join("second")).unwrap();
    std::fs::remove_file(folder.join("first")).unwrap();
    let memory = rustix::fs::memfd_create("a name", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    let place = rustix::fs::open(&folder, rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
    let (end, _other) = std::io::pipe().unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(tcp.local_addr().unwrap()).unwrap();
    let (far, _) = tcp.accept().unwrap();
    let udp = UdpSocket::bind("[::1]:0").or_else(|_| UdpSocket::bind("127.0.0.1:0")).unwrap();
    let unix = UnixListener::bind(folder.join("a socket")).unwrap();
    let hidden =
        UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(format!("memsh-{}", std::process::id())).unwrap()).unwrap();
    let unbound = unbound();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // SAFETY: the call takes a number and changes only this thread's table of descriptors.
        assert_eq!(unsafe { unshare(0x400) }, 0, "CLONE_FILES");
        let own = File::open("/dev/zero").unwrap();
        tell.send((own_tid(), own.as_raw_fd())).unwrap();
        loop {
            std::thread::park();
        }
    });
    let (tid, own) = told.recv().unwrap();
    let facts = json!({
        "known": known.as_raw_fd(), "log": log.as_raw_fd(), "gone": gone.as_raw_fd(), "named": named.as_raw_fd(),
        "linked": linked.as_raw_fd(), "memory": memory.as_raw_fd(), "place": place.as_raw_fd(), "pipe": end.as_raw_fd(),
        "tcp": tcp.as_raw_fd(), "tcp_port": tcp.local_addr().unwrap().port(), "near": near.as_raw_fd(),
        "near_port": near.local_addr().unwrap().port(), "far": far.as_raw_fd(), "udp": udp.as_raw_fd(),
        "udp_address": udp.local_addr().unwrap().ip().to_string(), "udp_port": udp.local_addr().unwrap().port(),
        "unix": unix.as_raw_fd(), "hidden": hidden.as_raw_fd(), "unbound": unbound.as_raw_fd(), "tid": tid, "own": own,
    });
    println!("held {facts}");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// The id of the thread that asks.
fn own_tid() -> u32 {
    let link = std::fs::read_link("/proc/thread-self").unwrap();
    link.file_name().unwrap().to_str().unwrap().parse().unwrap()
}

/// A socket of TCP that is bound to nothing: no table has it.
fn unbound() -> OwnedFd {
    rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None).unwrap()
}

struct Held {
    child: Child,
    facts: Value,
    folder: tempfile::TempDir,
}

impl Held {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "holder", "--nocapture", "--test-threads=1"]).env(HOLD, folder.path().canonicalize().unwrap());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.map_while(Result::ok).find_map(|l| Some(l.split_once("held ")?.1.to_owned())).unwrap();
        Self { child, facts: serde_json::from_str(&said).unwrap(), folder }
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().canonicalize().unwrap().join(name).to_str().unwrap().to_owned()
    }

    /// The answer to a command on this process.
    fn rows(&self, words: &[&str]) -> Vec<Value> {
        let run = native(&[words, &["-p", &self.pid(), "--json"]].concat());
        assert_eq!(run.status, 0, "{words:?} {}", run.stderr);
        rows(words[0], &run)
    }

    /// The row of what the process opened as `name`.
    fn of<'r>(&self, rows: &'r [Value], name: &str) -> &'r Value {
        rows.iter().find(|r| r["fd"] == self.facts[name] && r["tid"].is_null()).unwrap_or_else(|| panic!("no {name}: {rows:#?}"))
    }

    fn link(&self, name: &str) -> String {
        let path = std::fs::read_link(format!("/proc/{}/{name}", self.pid())).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn inode(&self, name: &str) -> u64 {
        let link = self.link(&format!("fd/{}", self.facts[name]));
        link.trim_start_matches("socket:[").trim_end_matches(']').parse().unwrap()
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

/// The rows of an answer, which fits the command's schema.
fn rows(command: &str, run: &Run) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {} {}", run.stdout, run.stderr));
    let schema = std::fs::read_to_string(repository(&format!("docs/schema/{command}.json"))).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut out = Vec::new();
    schema::misfits(&schema, &schema, &answer, command, &mut out);
    assert!(out.is_empty(), "{out:#?}");
    answer.as_array().unwrap().clone()
}

/// A number in a link to a namespace of memsh's parent, these tests.
fn own_namespace(kind: &str) -> u64 {
    let link = std::fs::read_link(format!("/proc/self/ns/{kind}")).unwrap();
    link.to_str().unwrap().split(['[', ']']).nth(1).unwrap().parse().unwrap()
}

#[test]
fn every_descriptor_is_told_as_proc_has_it() {
    let held = Held::start();
    let run = native(&["files", "-p", &held.pid(), "--json", "--strict"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "nothing is missing");
    let all = rows("files", &run);
    let rows: Vec<&Value> = all.iter().filter(|r| r["tid"].is_null()).collect();
    let mut there: Vec<u64> = std::fs::read_dir(format!("/proc/{}/fd", held.pid()))
        .unwrap()
        .map(|e| e.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    there.sort_unstable();
    assert_eq!(rows.iter().map(|r| r["fd"].as_u64().unwrap()).collect::<Vec<_>>(), there);
    for row in rows {
        let fd = &row["fd"];
        assert_eq!(row["path"], held.link(&format!("fd/{fd}")), "{row}");
        let info = std::fs::read_to_string(format!("/proc/{}/fdinfo/{fd}", held.pid())).unwrap();
        let value = |key: &str| info.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(":\t")).unwrap().to_owned();
        // The standard streams are this test's own: where others write to the same file, they move on.
        if fd.as_u64() > Some(2) {
            assert_eq!(row["position"].to_string(), value("pos"), "{row}");
        }
        assert_eq!(row["mount_id"].to_string(), value("mnt_id"), "{row}");
        let cloexec = u64::from_str_radix(&value("flags"), 8).unwrap() & 0o2_000_000 != 0;
        assert_eq!(row["flags"].as_str().unwrap().contains("O_CLOEXEC"), cloexec, "{row}");
        assert!(row["file"].is_null(), "the kernel's addresses are not told");
    }
}

#[test]
fn what_a_file_is_and_whether_it_is_gone() {
    let held = Held::start();
    let rows = held.rows(&["files"]);
    let known = held.of(&rows, "known");
    let facts = ["mode", "kind", "path", "position", "size", "deleted"].map(|f| known[f].clone());
    assert_eq!(facts, [json!("r"), json!("file"), json!(held.path("known file")), json!(4), json!(10), json!(false)]);
    let inode = std::fs::metadata(held.path("known file")).map(|m| std::os::unix::fs::MetadataExt::ino(&m)).unwrap();
    assert_eq!(known["inode"], inode);
    let log = held.of(&rows, "log");
    assert_eq!((&log["mode"], &log["flags"]), (&json!("w"), &json!("O_WRONLY|O_APPEND|O_CLOEXEC")));
    for (name, path, deleted) in [
        ("gone", "gone (deleted)", true),
        ("named", "named (deleted)", false),
        // Its other name does not count.
        ("linked", "first (deleted)", true),
    ] {
        let row = held.of(&rows, name);
        assert_eq!((&row["path"], &row["deleted"]), (&json!(held.path(path)), &json!(deleted)), "{row}");
    }
    let memory = held.of(&rows, "memory");
    assert_eq!((&memory["kind"], &memory["path"]), (&json!("memfd"), &json!("/memfd:a name (deleted)")));
    let place = held.of(&rows, "place");
    assert_eq!((&place["kind"], &place["mode"]), (&json!("directory"), &Value::Null), "O_PATH may not be read");
    assert_eq!(held.of(&rows, "pipe")["kind"], "pipe");
    let port = &held.facts["tcp_port"];
    let tcp = held.of(&rows, "tcp");
    assert_eq!((&tcp["kind"], &tcp["detail"]), (&json!("socket"), &json!(format!("TCP 127.0.0.1:{port} listening"))));
    let near = format!("TCP 127.0.0.1:{} -> 127.0.0.1:{port}", held.facts["near_port"]);
    assert_eq!(held.of(&rows, "near")["detail"], near);
    assert_eq!(held.of(&rows, "unix")["detail"], format!("unix stream {}", held.path("a socket")));
    assert_eq!(held.of(&rows, "unbound")["detail"], "TCP");
    // By path, by what is gone, by kind.
    let mut found = held.rows(&["files", &held.path("known file")]);
    // The thread with a table of its own has a copy.
    found.retain(|r| r["tid"].is_null());
    assert_eq!((found.len(), &found[0]["fd"]), (1, &held.facts["known"]));
    let gone = held.rows(&["files", "--deleted"]);
    assert!(gone.iter().all(|r| r["deleted"] == true) && gone.len() >= 3, "{gone:#?}");
}

#[test]
fn a_thread_with_a_table_of_its_own_has_rows_of_its_own() {
    let held = Held::start();
    let rows = held.rows(&["files"]);
    let own = rows.iter().find(|r| r["tid"] == held.facts["tid"] && r["fd"] == held.facts["own"]).unwrap();
    assert_eq!((&own["path"], &own["kind"], &own["detail"]), (&json!("/dev/zero"), &json!("device"), &json!("1:5")));
    let tids: Vec<&Value> = rows.iter().map(|r| &r["tid"]).filter(|t| !t.is_null()).collect();
    assert!(tids.iter().all(|t| **t == held.facts["tid"]), "the other threads share the process's: {tids:?}");
}

#[test]
fn with_all_what_a_process_holds_in_other_ways() {
    let held = Held::start();
    let rows = held.rows(&["files", "--all"]);
    let of = |kind: &str| rows.iter().filter(|r| r["kind"] == kind).collect::<Vec<_>>();
    for kind in ["cwd", "root", "exe"] {
        assert_eq!(of(kind).iter().map(|r| r["path"].as_str().unwrap()).collect::<Vec<_>>(), [held.link(kind)]);
    }
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", held.pid())).unwrap();
    let mut there: Vec<&str> = maps.lines().filter_map(|l| l.find('/').and_then(|at| l.get(at..))).collect();
    there.dedup();
    there.retain(|p| *p != held.link("exe"));
    let mapped = of("mem");
    assert_eq!(mapped.iter().map(|r| r["path"].as_str().unwrap()).collect::<Vec<_>>(), there);
    for row in mapped {
        let size = std::fs::metadata(row["path"].as_str().unwrap()).unwrap().len();
        assert_eq!((&row["size"], &row["deleted"]), (&json!(size), &json!(false)), "{row}");
    }
}

#[test]
fn sockets_have_their_ends_and_their_holders() {
    let held = Held::start();
    let rows = held.rows(&["net"]);
    let port = &held.facts["tcp_port"];
    let facts = |name: &str| {
        let r = held.of(&rows, name);
        assert_eq!((&r["pid"], &r["inode"]), (&json!(held.child.id()), &json!(held.inode(name))), "{r}");
        ["protocol", "family", "local_address", "local_port", "remote_address", "remote_port", "state", "path"]
            .map(|f| r[f].clone())
    };
    let (home, none) = (json!("127.0.0.1"), Value::Null);
    let tcp = |own: &Value, far: &Value, state: &str| {
        let remote = if far.is_null() { none.clone() } else { home.clone() };
        [json!("tcp"), json!("ipv4"), home.clone(), own.clone(), remote, far.clone(), json!(state), none.clone()]
    };
    assert_eq!(facts("tcp"), tcp(port, &none, "LISTEN"));
    assert_eq!(facts("near"), tcp(&held.facts["near_port"], port, "ESTABLISHED"));
    assert_eq!(facts("far"), tcp(port, &held.facts["near_port"], "ESTABLISHED"));
    let udp = facts("udp");
    assert_eq!((&udp[0], &udp[2], &udp[3]), (&json!("udp"), &held.facts["udp_address"], &held.facts["udp_port"]));
    let unix = facts("unix");
    assert_eq!((&unix[0], &unix[6], &unix[7]), (&json!("unix"), &json!("LISTEN"), &json!(held.path("a socket"))));
    assert_eq!(facts("hidden")[7], format!("@memsh-{}", held.pid()));
    let unbound = facts("unbound");
    assert_eq!((&unbound[0], &unbound[1], &unbound[2]), (&json!("tcp"), &json!("ipv4"), &none));
    for row in &rows {
        let in_table = row["inode"] != held.inode("unbound");
        assert_eq!(row["listed"], if in_table { json!(true) } else { none.clone() }, "{row}");
        let namespace = if in_table { json!(own_namespace("net")) } else { none.clone() };
        assert_eq!(row["namespace"], namespace, "{row}");
    }
    // Options choose as on an image.
    let listening = held.rows(&["net", "-l", "--tcp"]);
    assert_eq!(listening.iter().map(|r| &r["local_port"]).collect::<Vec<_>>(), [port]);
    let all = native(&["net", "--port", &port.to_string(), "--json"]);
    assert_eq!(self::rows("net", &all).len(), 3, "{}", all.stdout);
}

#[test]
fn sockets_of_other_network_namespaces_are_listed() {
    // Only root can make one here.
    let Ok(mut child) = Command::new("unshare").args(["-n", "cat"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn() else {
        return;
    };
    let link = format!("/proc/{}/ns/net", child.id());
    let own = std::fs::read_link("/proc/self/ns/net").unwrap();
    let start = std::time::Instant::now();
    let other = loop {
        match std::fs::read_link(&link) {
            Ok(other) if other != own => break Some(other),
            _ if start.elapsed().as_secs() > 5 || child.try_wait().unwrap().is_some() => break None,
            _ => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
    };
    let run = native(&["net", "--netlink", "--json"]);
    child.kill().unwrap();
    child.wait().unwrap();
    let Some(other) = other else { return eprintln!("skipped: no network namespace can be made here") };
    let number: u64 = other.to_str().unwrap().split(['[', ']']).nth(1).unwrap().parse().unwrap();
    // Each has the kernel's own sockets.
    let rows = rows("net", &run);
    assert!(rows.iter().any(|r| r["namespace"] == number && r["protocol_name"] == "route"), "{}", run.stdout);
}

/// Text as `/proc` writes it.
fn mangled(text: &str) -> String {
    text.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011").replace('\n', "\\012").replace('#', "\\043")
}

#[test]
fn mounts_are_those_of_proc_line_by_line() {
    // Other tests may mount something meanwhile.
    for _ in 0..5 {
        let (before, info) = (read("/proc/self/mounts"), read("/proc/self/mountinfo"));
        let run = native(&["mounts", "-p", &std::process::id().to_string(), "--json", "--strict"]);
        if before != read("/proc/self/mounts") {
            continue;
        }
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        let rows = rows("mounts", &run);
        assert_eq!(rows.len(), before.lines().count());
        for ((row, line), info) in rows.iter().zip(before.lines()).zip(info.lines()) {
            let text = |field: &str| row[field].as_str().unwrap();
            let [source, target] = ["source", "target"].map(|f| mangled(text(f)));
            // A target may hold `#` as it is.
            let told = format!("{source} {target} {} {} 0 0", text("fstype"), text("options"));
            assert_eq!(told.replace("\\043", "#"), line.replace("\\043", "#"), "{row}");
            let words: Vec<&str> = info.split(' ').collect();
            let ids = [&row["mount_id"], &row["parent_id"]].map(Value::to_string);
            assert_eq!(ids, [words[0], words[1]]);
            assert_eq!((text("device"), mangled(text("root"))), (words[2], words[3].to_owned()));
            let peers = words[6..].iter().take_while(|w| **w != "-").filter(|w| !w.starts_with("propagate_from"));
            let peers = peers.copied().collect::<Vec<_>>().join(" ");
            assert_eq!(row["propagation"].as_str().unwrap_or(""), peers, "{row}");
            assert_eq!((&row["namespace"], &row["reachable"]), (&json!(own_namespace("mnt")), &json!(true)));
            assert_eq!((&row["address"], &row["super_block"]), (&Value::Null, &Value::Null));
        }
        return;
    }
    panic!("the mounts of this machine change all the time");
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_mount_namespace_is_listed_once() {
    let run = native(&["mounts", "--json"]);
    let rows = rows("mounts", &run);
    let ids: Vec<u64> = rows.iter().map(|r| r["mount_id"].as_u64().unwrap()).collect();
    let unique: std::collections::BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    assert!(rows.iter().any(|r| r["namespace"] == own_namespace("mnt") && r["target"] == "/proc"), "{}", run.stdout);
}

#[test]
fn rights_are_those_of_status() {
    let held = Held::start();
    let rows = held.rows(&["creds"]);
    let status = read(&format!("/proc/{}/status", held.pid()));
    let words = |key: &str| -> Vec<String> {
        let line = status.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':')).unwrap();
        line.split_whitespace().map(str::to_owned).collect()
    };
    let row = &rows[0];
    let told = |fields: [&str; 4]| fields.map(|f| row[f].to_string()).to_vec();
    assert_eq!(told(["uid", "euid", "suid", "fsuid"]), words("Uid"));
    assert_eq!(told(["gid", "egid", "sgid", "fsgid"]), words("Gid"));
    for (field, key) in [
        ("effective", "CapEff"),
        ("permitted", "CapPrm"),
        ("inheritable", "CapInh"),
        ("bounding", "CapBnd"),
        ("ambient", "CapAmb"),
    ] {
        assert_eq!(number(&row[field]), u64::from_str_radix(&words(key)[0], 16).unwrap(), "{field}");
    }
    let groups: Vec<String> = row["groups"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert_eq!(groups, words("Groups"));
    assert_eq!(row["no_new_privs"], words("NoNewPrivs") == ["1"]);
    assert_eq!(row["user_namespace"], own_namespace("user"));
    // What /proc does not tell is not made up.
    assert_eq!([&row["securebits"], &row["overridden"], &row["dumpable"], &row["address"]], [&Value::Null; 4]);
}

#[test]
fn namespaces_are_those_of_the_links() {
    let held = Held::start();
    let rows = held.rows(&["namespaces"]);
    for kind in ["mnt", "pid", "net", "uts", "ipc", "user"] {
        let row = rows.iter().find(|r| r["kind"] == kind).unwrap();
        assert_eq!((&row["inum"], &row["pid"]), (&json!(own_namespace(kind)), &json!(held.child.id())), "{row}");
        assert!(row["processes"].as_u64().unwrap() >= 2, "these tests live there too: {row}");
    }
    let uts = rows.iter().find(|r| r["kind"] == "uts").unwrap();
    assert_eq!(uts["nodename"], read("/proc/sys/kernel/hostname").trim_end());
    let pid = rows.iter().find(|r| r["kind"] == "pid").unwrap();
    assert_eq!(pid["inner_pid"], held.child.id());
}

/// Runs the program as a user who owns nothing; none where these tests can't become another user.
fn as_nobody(folder: &Path, words: &[&str]) -> Option<Run> {
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
fn what_a_user_may_not_see_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let held = Held::start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let pid = held.pid();
    let Some(files) = as_nobody(folder.path(), &["files", "-p", &pid, "--json"]) else {
        eprintln!("skipped: only root can run a program as somebody else");
        return;
    };
    let says = "and memsh runs as user 65534; run memsh as that user or with CAP_SYS_PTRACE";
    assert_eq!((files.status, files.stdout.trim()), (0, "[]"), "{}", files.stderr);
    assert!(
        files.stderr.starts_with("partial: 1 missing: open files of process") && files.stderr.contains(says),
        "{}",
        files.stderr
    );
    let strict = as_nobody(folder.path(), &["files", "-p", &pid, "--strict"]).unwrap();
    assert_eq!(strict.status, 4, "{}", strict.stderr);
    // Everybody sees the sockets; whose they are is told of one's own.
    let net = as_nobody(folder.path(), &["net", "--json"]).unwrap();
    assert!(
        net.stderr.contains("who holds the others: open files of") && net.stderr.contains("CAP_SYS_PTRACE"),
        "{}",
        net.stderr
    );
    let all = rows("net", &net);
    let row = all.iter().find(|r| r["inode"] == held.inode("tcp")).unwrap();
    assert_eq!((&row["local_port"], &row["state"]), (&held.facts["tcp_port"], &json!("LISTEN")));
    assert_eq!((&row["pid"], &row["namespace"]), (&Value::Null, &json!(own_namespace("net"))));
    // Mounts are no secret, nor is what status says.
    let mounts = as_nobody(folder.path(), &["mounts", "-p", &pid, "--json"]).unwrap();
    assert_eq!(rows("mounts", &mounts).len(), read("/proc/self/mounts").lines().count());
    let creds = as_nobody(folder.path(), &["creds", "-p", &pid, "--json"]).unwrap();
    assert!(creds.stderr.contains("the user namespace of process") && creds.stderr.contains(says), "{}", creds.stderr);
    assert_eq!(rows("creds", &creds)[0]["uid"], 0);
    let namespaces = as_nobody(folder.path(), &["namespaces", "-t", "net", "--json"]).unwrap();
    assert!(namespaces.stderr.contains("namespaces of") && namespaces.stderr.contains("CAP_SYS_PTRACE"), "{}", namespaces.stderr);
    assert!(rows("namespaces", &namespaces).iter().any(|r| r["inum"] == own_namespace("net")), "memsh's own is known");
}
