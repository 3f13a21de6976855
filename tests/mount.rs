//! The target as files and folders: what real tools see of it, on a real mount.
#![cfg(all(target_os = "linux", feature = "mount"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{Run, answer, memsh, sample};
use rustix::fs::{SeekFrom, seek};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A mount, which ends with it.
struct Mounted {
    folder: tempfile::TempDir,
    program: Option<Child>,
}

impl Mounted {
    /// `memsh WORDS mount DIR`, once it is there. None on a machine that mounts nothing, which is told; where live tests are required,
    /// that is a failure.
    fn new(words: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("memsh"));
        command.env("XDG_CACHE_HOME", "/dev/null").env("XDG_DATA_HOME", "/dev/null").args(words).arg("mount").arg(folder.path());
        let program = command.arg("--json").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut mounted = Self { folder, program: Some(program) };
        let began = Instant::now();
        while !mounted.path("README.txt").exists() {
            if mounted.program.as_mut().unwrap().try_wait().unwrap().is_some() {
                let run = mounted.ended();
                assert!(run.status == 1 && std::env::var_os("MEMSH_REQUIRE_LIVE").is_none(), "{}", run.stderr);
                eprintln!("left out: this machine mounts nothing: {}", run.stderr);
                return None;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "not mounted");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(mounted)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn names(&self, name: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn signal(&self, signal: &str) {
        let pid = self.program.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Takes the mount away with the system's own command. A child that another test starts in this moment has this program's open
    /// files until it runs its own, so the folder may be busy for a while.
    fn unmounted(&self) {
        let began = Instant::now();
        while !Command::new("umount").arg(self.folder.path()).status().unwrap().success() {
            assert!(began.elapsed() < Duration::from_secs(20), "still busy");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits for the end.
    fn ended(&mut self) -> Run {
        let output = self.program.take().unwrap().wait_with_output().unwrap();
        Run {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Whether the folder is what it was.
    fn gone(&self) -> bool {
        fs::read_dir(self.folder.path()).is_ok_and(|mut entries| entries.next().is_none())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Some(mut program) = self.program.take() {
            let _ = Command::new("umount").arg("-l").arg(self.folder.path()).stderr(Stdio::null()).status();
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// What a program of the host says, and whether it went well. None where it is not installed, which is told.
fn tool(name: &str, words: &[&dyn AsRef<std::ffi::OsStr>]) -> Option<(bool, String, String)> {
    let mut command = Command::new(name);
    words.iter().for_each(|w| {
        command.arg(w);
    });
    match command.env("LC_ALL", "C").output() {
        Ok(output) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Some((output.status.success(), text(&output.stdout), text(&output.stderr)))
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {
            assert!(std::env::var_os("MEMSH_REQUIRE_LIVE").is_none(), "{name} is not installed");
            eprintln!("left out: {name} is not installed");
            None
        }
        Err(e) => panic!("{name}: {e}"),
    }
}

/// The same, of one that must go well.
fn said(name: &str, words: &[&dyn AsRef<std::ffi::OsStr>]) -> Option<String> {
    let (well, out, err) = tool(name, words)?;
    assert!(well, "{name}: {err}");
    Some(out)
}

/// A folder with `dd`'s `if=`.
fn from(path: &Path) -> String {
    format!("if={}", path.display())
}

#[test]
fn the_sample_seen_by_real_tools() {
    let Some(mut m) = Mounted::new(&["sample"]) else { return };
    let root: BTreeSet<String> = ["README.txt", "json", "kernel", "log.txt", "name", "physical", "pid"].map(String::from).into();
    assert_eq!(m.names(""), root);

    // Every process, by pid and by name.
    let ps = answer(&["ps"]);
    let pids: BTreeSet<String> = ps.as_array().unwrap().iter().map(|p| p["pid"].to_string()).collect();
    assert_eq!(m.names("pid"), pids);
    assert_eq!(m.names("name").len(), pids.len());
    assert_eq!(fs::read_link(m.path("name/kworker%2f0:1-events-16")).unwrap(), Path::new("../pid/16"));
    assert_eq!(m.names("name/lab-1"), m.names("pid/1"));
    // A thread of the kernel has no memory of its own.
    assert!(!m.names("pid/2").contains("memory"));

    // Answers are those of the commands, to the byte; by cat and by sha256sum, as by reading.
    for line in ["ps", "modules", "mounts", "kmsg"] {
        assert_eq!(m.text(&format!("json/{line}.json")), sample(&[line, "--json"]).stdout, "{line}");
    }
    for line in ["ps", "maps", "modules", "files", "env", "threads", "net"] {
        assert_eq!(m.text(&format!("pid/1/{line}.json")), sample(&[line, "-p", "1", "--json"]).stdout, "{line}");
    }
    assert_eq!(said("cat", &[&m.path("json/hash.json")]).unwrap(), sample(&["hash", "--json"]).stdout);
    // Opened once, its size is known.
    assert_eq!(fs::metadata(m.path("json/ps.json")).unwrap().len() as usize, m.text("json/ps.json").len());
    let args: Vec<&str> = ps[0]["command_line"].as_str().unwrap().split(' ').collect();
    assert_eq!(m.text("pid/1/cmdline").trim_end_matches('\0').split('\0').collect::<Vec<_>>(), args);
    assert!(m.text("pid/1/environ").contains("PATH=/bin\0"));

    // A program, as a file.
    let lab = m.path("pid/1/modules/lab");
    if let Some(head) = said("readelf", &[&"-hl", &lab]) {
        assert!(head.contains("EXEC (Executable file)") && head.contains("R E") && !head.contains("Warning"), "{head}");
    }
    if let Some(kind) = said("file", &[&lab]) {
        assert!(kind.contains("ELF 64-bit LSB executable, x86-64"), "{kind}");
    }
    assert_eq!(fs::read(m.path("kernel/modules").join(m.names("kernel/modules").first().unwrap())).unwrap().len() % 4096, 0);

    // A core is the one that `dump` writes, and as large as it says before anybody reads it.
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.elf");
    let dumped = answer(&["dump", "1", "-o", own.to_str().unwrap()]);
    let core = m.path("pid/1/core.elf");
    assert_eq!(fs::metadata(&core).unwrap().len(), dumped["bytes"].as_u64().unwrap());
    let sum = said("sha256sum", &[&core]).unwrap();
    assert!(sum.starts_with(dumped["sha256"].as_str().unwrap()), "{sum}");
    if let Some(head) = said("readelf", &[&"-h", &core]) {
        assert!(head.contains("CORE (Core file)"), "{head}");
    }

    // Memory: 128 TiB, of which little is there.
    let memory = m.path("pid/1/memory");
    assert_eq!(fs::metadata(&memory).unwrap().len(), 1 << 47);
    let listed = said("ls", &[&"-ls", &memory]).unwrap();
    assert!(listed.trim_start().starts_with("0 -r--------") && listed.contains("140737488355328"), "{listed}");
    let maps = answer(&["maps", "-p", "1"]);
    let code = maps.as_array().unwrap().iter().find(|r| r["perm"] == "r-xp").unwrap();
    let start = cli::number(&code["start"]);
    let read = answer(&["read", "-p", "1", &format!("{start:#x}"), "-n", "8192"]);
    let bytes: Vec<u8> =
        (0..8192).map(|i| u8::from_str_radix(&read["data"].as_str().unwrap()[2 * i..2 * i + 2], 16).unwrap()).collect();
    let out = folder.path().join("code");
    let skip = format!("skip={}", start / 4096);
    said("dd", &[&from(&memory), &format!("of={}", out.display()), &"bs=4096", &skip, &"count=2"]).unwrap();
    assert_eq!(fs::read(&out).unwrap(), bytes);
    let region = m.names("pid/1/regions").into_iter().find(|n| n.starts_with(&format!("{start:016x}-"))).unwrap();
    assert!(region.ends_with("_r-xp_lab"), "{region}");
    assert_eq!(fs::read(m.path("pid/1/regions").join(region)).unwrap()[..8192], bytes);

    // What is not mapped is an error, never zeros; and holes are told.
    let (well, zeros, why) = tool("dd", &[&from(&memory), &"bs=4096", &"count=1"]).unwrap();
    assert!(!well && zeros.is_empty() && why.contains("Input/output error"), "{why}");
    let file = fs::File::open(&memory).unwrap();
    let mut runs = Vec::new();
    let mut at = 0;
    while let Ok(data) = seek(&file, SeekFrom::Data(at)) {
        at = seek(&file, SeekFrom::Hole(data)).unwrap();
        runs.push((data, at));
    }
    let resident: Vec<String> = runs.iter().map(|(from, to)| format!("{from:016x}-{to:016x}")).collect();
    assert_eq!(m.names("pid/1/resident").into_iter().collect::<Vec<_>>(), resident);
    assert!(runs.len() > 3 && runs.iter().all(|(a, b)| a < b), "{resident:?}");
    // A read that goes into a hole ends in front of it.
    let mut page = [0; 8192];
    assert_eq!(file.read_at(&mut page, runs[0].1 - 4096).unwrap(), 4096);
    assert_eq!(file.read_at(&mut page, runs[0].1).unwrap_err().raw_os_error(), Some(rustix::io::Errno::IO.raw_os_error()));
    // What is there can be searched without an error.
    let found = said("grep", &[&"-rl", &"TERM=linux", &m.path("pid/1/resident")]).unwrap();
    let stack = maps.as_array().unwrap().iter().find(|r| r["kind"] == "stack").unwrap();
    let at = u64::from_str_radix(&found.trim().rsplit('/').next().unwrap()[..16], 16).unwrap();
    assert!((cli::number(&stack["start"])..cli::number(&stack["end"])).contains(&at), "{found}");

    // Physical memory is the image's.
    let raw = folder.path().join("memory.raw");
    let dumped = answer(&["dump", "phys", "--format", "raw", "-o", raw.to_str().unwrap()]);
    assert!(said("sha256sum", &[&m.path("physical")]).unwrap().starts_with(dumped["sha256"].as_str().unwrap()));

    // Every command that needs no word has its file; what this system does not have is an error, and the log says why.
    let commands: BTreeSet<String> = m.names("json").iter().map(|n| n.strip_suffix(".json").unwrap().to_owned()).collect();
    for name in ["ps", "malfind", "hooks", "strings", "net", "symbols"] {
        assert!(commands.contains(name), "{name}");
    }
    for name in ["mount", "write", "fill", "undo", "freeze", "dump", "read"] {
        assert!(!commands.contains(name), "{name}");
    }
    let refused = fs::read(m.path("json/hives.json")).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(rustix::io::Errno::OPNOTSUPP.raw_os_error()));
    assert!(m.text("log.txt").contains("hives: OS layer: hives: only the memory of a Windows machine has this"));
    // Nothing can be written, made or removed.
    let written = fs::File::options().write(true).open(&memory).unwrap_err();
    assert_eq!(written.raw_os_error(), Some(rustix::io::Errno::ROFS.raw_os_error()));
    assert!(fs::write(m.path("new"), "").is_err() && fs::remove_file(m.path("README.txt")).is_err());
    assert!(fs::metadata(m.path("pid/99999")).is_err() && fs::metadata(m.path("json/ps")).is_err());
    assert_eq!(fs::metadata(&memory).unwrap().ino(), fs::metadata(m.path("name/lab-1/memory")).unwrap().ino());

    drop(file);
    m.signal("-INT");
    let run = m.ended();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.starts_with("mounted on ") && run.stderr.contains("mount: hives: "), "{}", run.stderr);
    let row: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(row["files_opened"].as_u64().unwrap() > 20 && row["bytes_read"].as_u64().unwrap() > 48 << 20, "{row}");
    assert_eq!((&row["bytes_written"], row["notes"].as_u64()), (&Value::from(0), Some(1)), "{}", run.stderr);
    assert!(m.gone());
}

#[test]
fn a_copy_in_memory_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    cli::later_image(folder.path());
    let image = folder.path().join("later.raw");
    let target = format!("file:{},overlay", image.display());
    let before = fs::read(&image).unwrap();
    let Some(mut m) = Mounted::new(&["-C", &target, "--write=phys"]) else { return };
    let maps = answer(&["maps", "-p", "1"]);
    let data = maps.as_array().unwrap().iter().find(|r| r["perm"] == "rw-p").unwrap();
    let start = cli::number(&data["start"]);
    let memory = m.path("pid/1/memory");
    let new = folder.path().join("new");
    fs::write(&new, b"\x11\x22\x33").unwrap();
    let onto = |path: &Path| format!("of={}", path.display());
    let at = |offset: u64| format!("seek={offset}");
    said("dd", &[&from(&new), &onto(&memory), &"bs=1", &at(start), &"conv=notrunc"]).unwrap();
    let file = fs::File::open(&memory).unwrap();
    let mut read = [0; 3];
    file.read_exact_at(&mut read, start).unwrap();
    assert_eq!(read, *b"\x11\x22\x33");
    // Physical memory has it at the place that the page tables say.
    let place = cli::number(&answer(&["vtop", "-p", "1", &format!("{start:#x}")])["physical"]);
    let physical = fs::File::options().read(true).write(true).open(m.path("physical")).unwrap();
    physical.read_exact_at(&mut read, place).unwrap();
    assert_eq!(read, *b"\x11\x22\x33");
    physical.write_all_at(b"\x44", place).unwrap();
    file.read_exact_at(&mut read, start).unwrap();
    assert_eq!(read, *b"\x44\x22\x33");
    // Where nothing is mapped, nothing is written; what is no memory can't be; and memory can't be cut.
    let hole = fs::File::options().write(true).open(&memory).unwrap().write_at(b"x", 0).unwrap_err();
    assert_eq!(hole.raw_os_error(), Some(rustix::io::Errno::IO.raw_os_error()));
    assert!(m.text("log.txt").contains("write at 0x0: "));
    let denied = fs::File::options().write(true).open(m.path("pid/1/core.elf")).map_err(|e| e.kind());
    assert_eq!(denied.err(), Some(ErrorKind::PermissionDenied));
    assert_eq!(fs::File::create(m.path("physical")).map_err(|e| e.kind()).err(), Some(ErrorKind::PermissionDenied));
    drop((file, physical));
    m.unmounted();
    let run = m.ended();
    let row: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.status, row["bytes_written"].as_u64()), (0, Some(4)), "{}", run.stderr);
    assert_eq!(fs::read(&image).unwrap(), before);
}

#[test]
fn this_machine_as_files() {
    let Some(mut m) = Mounted::new(&["-O", "native"]) else { return };
    let quiet = || Stdio::null();
    let mut sleeper = Command::new("sleep").arg("60").env("MARK", "mount-test").stdout(quiet()).stderr(quiet()).spawn().unwrap();
    let pid = sleeper.id();
    // Listed anew for a live target.
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(m.text(&format!("pid/{pid}/cmdline")), "sleep\u{0}60\0");
    assert!(m.text(&format!("pid/{pid}/environ")).contains("MARK=mount-test\0"));
    assert!(m.path(&format!("name/sleep-{pid}/maps.json")).exists());
    assert!(!m.names("").contains("physical"));
    let libc = m
        .path(&format!("pid/{pid}/modules"))
        .join(m.names(&format!("pid/{pid}/modules")).iter().find(|n| n.starts_with("libc")).unwrap());
    if let Some(dynamic) = said("readelf", &[&"-d", &libc]) {
        assert!(dynamic.contains("SONAME") && dynamic.contains("[libc.so"), "{dynamic}");
    }
    let found = said("grep", &[&"-rlF", &"MARK=mount-test", &m.path(&format!("pid/{pid}/resident"))]).unwrap();
    assert!(!found.is_empty());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    assert!(!m.path(&format!("pid/{pid}")).exists());
    m.signal("-INT");
    assert_eq!(m.ended().status, 0);
}

#[test]
fn a_mount_does_not_outlive_its_program() {
    let Some(mut m) = Mounted::new(&["sample"]) else { return };
    m.signal("-KILL");
    m.ended();
    let began = Instant::now();
    while !m.gone() {
        assert!(began.elapsed() < Duration::from_secs(20), "still mounted");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn somebody_in_it_does_not_keep_it() {
    let Some(mut m) = Mounted::new(&["sample"]) else { return };
    let file = fs::File::open(m.path("physical")).unwrap();
    m.signal("-INT");
    let run = m.ended();
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("is in use: it is gone from there"), "{}", run.stderr);
    assert!(m.gone());
    drop(file);
}

/// Whoever read what it says on stderr has gone: files are answered all the same, and it ends.
#[test]
fn nobody_needs_to_read_what_it_says() {
    let Some(mut mounted) = Mounted::new(&["sample"]) else { return };
    drop(mounted.program.as_mut().unwrap().stderr.take());
    // Neither can be answered for Linux, which a line of the log says.
    for name in ["json/drivers.json", "json/hives.json"] {
        assert!(fs::read(mounted.path(name)).is_err(), "{name}");
    }
    assert!(mounted.text("json/modules.json").starts_with('['));
    mounted.signal("-INT");
    let run = mounted.ended();
    assert_eq!(run.status, 0);
    assert!(mounted.gone());
}

#[test]
fn folders_that_can_not_be_mounted_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let missing = folder.path().join("missing");
    for (path, says, hint) in [
        (missing.as_path(), "is not there", "mkdir -p"),
        (file.as_path(), "is no folder", "a folder is mounted on"),
        (folder.path(), "is not empty", "mkdir DIR"),
    ] {
        let run = memsh(&["sample", "mount", path.to_str().unwrap()]);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains(says) && run.stderr.contains(hint), "{}", run.stderr);
    }
    // crash's `mount` lists what is mounted.
    assert_eq!(sample(&["mount", "--json"]).stdout, sample(&["mounts", "--json"]).stdout);
}
