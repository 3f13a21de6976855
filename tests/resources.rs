//! Too little of something: memory, files, room on the disk, a home; a source that goes away while it is read.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A child of these tests maps so many bytes, without ever touching them: three quarters of what a process can have.
const HUGE: usize = 96 << 40;
const SLEEPS: &str = "MEMSH_TEST_MAPS";

fn memsh() -> String {
    assert_cmd::cargo::cargo_bin!("memsh").to_str().unwrap().to_owned()
}

/// A script of the shell in which `$M` is the program and `$I` the sample as a file.
fn sh(folder: &Path, script: &str) -> Output {
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .env("M", memsh())
        .env("I", folder.join("image.raw"))
        .env("XDG_CACHE_HOME", "/dev/null")
        .env("XDG_DATA_HOME", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{script}: {text}");
    output
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with the sample as a file in it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.raw");
    assert_eq!(cli::sample(&["dump", "phys", "--format", "raw", "-o", path.to_str().unwrap()]).status, 0);
    folder
}

/// Most memory of its own that the program had, in KiB: pages of mapped files are the system's to take back.
const OWN: &str = "!grep -E 'RssAnon|VmHWM' /proc/$PPID/status";

fn own_memory(text: &str) -> u64 {
    let line = text.lines().find(|l| l.starts_with("RssAnon:")).unwrap_or_else(|| panic!("{text}"));
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_sparse_image_of_64_gib() {
    let folder = folder();
    std::fs::File::options().write(true).open(folder.path().join("image.raw")).unwrap().set_len(64 << 30).unwrap();
    let begun = Instant::now();
    let lines =
        ["info", "ps", "strings --phys --max 5", "entropy --phys --max 5", "carve --max 2", "read --phys 0xf00000000 -n 16", OWN];
    // Searches of all of it, of which the holes are known to be zeros.
    let whole = [
        "scan --phys \"Linux version\" --limit 1",
        "strings --phys --min 200",
        "features",
        "entropy --phys --block 256M --jsonl",
    ];
    let lines = [&whole[..], &lines].concat();
    let run = sh(folder.path(), &format!("$M $I --no-cache -q -c '{}'", lines.join("\n").replace('\'', r"'\''")));
    let text = out(&run);
    assert!(run.status.success() && text.contains("victim-b"), "{text}{}", err(&run));
    assert!(own_memory(&text) < 200 << 10, "{text}");
    // A table of all blocks or pages would need more than this allows.
    let small = sh(folder.path(), "ulimit -d 400000; $M $I --no-cache -q ps");
    assert!(out(&small).contains("victim-b"), "{}", err(&small));
    assert!(begun.elapsed() < Duration::from_secs(120));
}

/// Not a test of its own: what the child of [`a_process_that_maps_96_tib`] does.
#[test]
fn maps_and_sleeps() {
    if std::env::var_os(SLEEPS).is_none() {
        return;
    }
    let map = memmap2::MmapOptions::new().len(HUGE).no_reserve_swap().map_anon();
    println!("mapped {}", map.is_ok());
    std::thread::sleep(Duration::from_secs(600));
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_process_that_maps_96_tib() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "maps_and_sleeps", "--nocapture"])
        .env(SLEEPS, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mapped = lines.into_iter().find_map(|l| l.split_once("mapped ").map(|(_, yes)| yes.starts_with("true"))).unwrap();
    let child = Ended(child);
    if !mapped {
        // vm.overcommit_memory=2 forbids it.
        eprintln!("left out: this system lets no process map 96 TiB");
        return;
    }
    let (folder, pid) = (tempfile::tempdir().unwrap(), child.0.id());
    let begun = Instant::now();
    let lines = [
        format!("maps {pid}"),
        format!("scan -p {pid} --max 3 MEMSH_TEST_MAPS"),
        format!("strings -p {pid} --max 3"),
        format!("entropy -p {pid} --max 3"),
        format!("dump -p {pid} -o core"),
        OWN.to_owned(),
    ];
    let run = sh(folder.path(), &format!("$M -O native -q -c '{}'", lines.join("\n").replace('\'', r"'\''")));
    let text = out(&run);
    assert!(run.status.success() && text.contains("MEMSH_TEST_MAPS"), "{text}{}", err(&run));
    assert!(own_memory(&text) < 200 << 10, "{text}");
    assert!(std::fs::metadata(folder.path().join("core")).unwrap().len() < 1 << 30, "only what is there is written");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn few_files_may_be_open() {
    let folder = folder();
    for limit in [6, 16] {
        let run = sh(folder.path(), &format!("ulimit -n {limit}; $M $I --no-cache -q ps"));
        assert!(run.status.success() && out(&run).contains("victim-b"), "{limit}: {}", err(&run));
    }
    // An image in a hundred parts needs them all.
    let bytes = std::fs::read(folder.path().join("image.raw")).unwrap();
    for (i, part) in bytes.chunks(512 << 10).enumerate() {
        std::fs::write(folder.path().join(format!("part.{i:03}")), part).unwrap();
    }
    let whole = sh(folder.path(), "$M part.000 --no-cache -q ps");
    assert!(out(&whole).contains("victim-b"), "{}", err(&whole));
    let few = sh(folder.path(), "ulimit -n 40; $M part.000 --no-cache -q ps");
    assert_eq!((few.status.code(), out(&few)), (Some(1), String::new()));
    assert!(
        err(&few).contains("part.0") && err(&few).contains("Too many open files") && err(&few).contains("ulimit -n"),
        "{}",
        err(&few)
    );
}

#[test]
fn little_memory_is_an_error_or_an_answer() {
    let folder = folder();
    for kib in [100_000, 250_000, 400_000] {
        for command in ["ps", "scan --phys LAB-KMSG", "strings --phys --max 3", "info"] {
            let run = sh(folder.path(), &format!("ulimit -v {kib}; $M $I --no-cache -q {command}"));
            // An allocation that fails ends the program; it must say so, and must not say anything wrong before.
            let told = !err(&run).is_empty() || run.status.success() && !out(&run).is_empty();
            assert!(told, "{kib} {command}: {:?} {}", run.status, err(&run));
        }
    }
}

#[test]
fn no_home_and_a_home_that_is_read_only() {
    let folder = folder();
    let unset = "env -u HOME -u XDG_CACHE_HOME -u XDG_CONFIG_HOME -u XDG_STATE_HOME -u XDG_DATA_HOME";
    // /proc can't be written to, whoever one is.
    let fixed = "env -u XDG_CACHE_HOME -u XDG_CONFIG_HOME -u XDG_STATE_HOME -u XDG_DATA_HOME HOME=/proc";
    let missing = "env -u XDG_CACHE_HOME -u XDG_CONFIG_HOME -u XDG_STATE_HOME -u XDG_DATA_HOME HOME=/proc/none/home";
    for home in [unset, fixed, missing] {
        let run = sh(folder.path(), &format!("{home} $M $I ps"));
        assert!(run.status.success() && out(&run).contains("victim-b") && err(&run).is_empty(), "{home}: {}", err(&run));
        let shell = sh(folder.path(), &format!("printf 'ps\\nscan --phys --max 1 LAB\\nhistory\\n' | {home} $M $I"));
        assert!(out(&shell).contains("victim-b"), "{home}: {}", err(&shell));
        let plugins = sh(folder.path(), &format!("{home} $M plugins list"));
        assert!(plugins.status.success(), "{home}: {}", err(&plugins));
    }
}

#[test]
fn a_full_disk() {
    let folder = folder();
    let full = |script: &str| {
        let run = sh(folder.path(), script);
        assert_eq!(run.status.code(), Some(1), "{script}: {}", err(&run));
        err(&run)
    };
    for script in [
        "$M $I -q ps >/dev/full",
        "$M $I -q ps --json >/dev/full",
        "$M $I -q ps --csv >/dev/full",
        "$M $I -q strings --phys >/dev/full",
        "$M $I -q -c 'ps > /dev/full'",
        "$M $I -q read --phys 0 -n 1M --raw >/dev/full",
    ] {
        assert!(full(script).contains("No space left on device"), "{script}");
    }
    // Half of what should be written fits.
    let limit = "ulimit -f 64;";
    for script in
        ["$M $I -q dump phys -o new.raw", "$M $I -q dump phys --format lime -o new.raw", "$M $I -q dump -p victim-a -o new.raw"]
    {
        assert!(full(&format!("{limit} {script}")).contains("File too large"), "{script}");
        assert!(!folder.path().join("new.raw").exists(), "{script}: half an image is none");
    }
    let carve = sh(folder.path(), &format!("{limit} $M $I carve -o carved"));
    assert!(err(&carve).contains("partial: ") && err(&carve).contains("File too large"), "{}", err(&carve));
    let strict = sh(folder.path(), &format!("{limit} $M $I --strict carve -o carved2"));
    assert_eq!(strict.status.code(), Some(4), "{}", err(&strict));
    // Every file that is told of is there and whole.
    let rows = sh(folder.path(), &format!("{limit} $M $I -q carve -o carved3 --json"));
    let rows: serde_json::Value = serde_json::from_slice(&rows.stdout).unwrap();
    for row in rows.as_array().unwrap() {
        if let Some(path) = row["path"].as_str() {
            assert_eq!(std::fs::metadata(folder.path().join(path)).unwrap().len(), row["size"].as_u64().unwrap(), "{row}");
        }
    }
    let left = std::fs::read_dir(folder.path().join("carved3")).unwrap().count();
    assert_eq!(left, rows.as_array().unwrap().iter().filter(|r| r["path"].is_string()).count());
    // A cache that can't be kept is nobody's trouble.
    let cache = sh(folder.path(), "ulimit -f 1; XDG_CACHE_HOME=$PWD/cache $M $I ps; XDG_CACHE_HOME=$PWD/cache $M $I ps");
    assert!(cache.status.success() && out(&cache).contains("victim-b") && err(&cache).is_empty(), "{}", err(&cache));
    // A transcript that ends is told, and the answers go on.
    let log = sh(folder.path(), "ulimit -f 4; $M $I -c 'log log.txt; kmsg; ps'");
    assert!(out(&log).contains("victim-b") && err(&log).contains("log.txt"), "{}", err(&log));
}

#[test]
fn streams_that_are_closed() {
    let folder = folder();
    for (script, status) in [("$M $I -q ps <&-", 0), ("$M $I -q ps 2>&-", 0), ("$M $I -q <&-", 0), ("$M $I -q ps | head -n 1", 0)]
    {
        assert_eq!(sh(folder.path(), script).status.code(), Some(status), "{script}");
    }
    // Nothing that a file was opened for must be written into it because its number is that of the missing stream.
    let before = std::fs::read(folder.path().join("image.raw")).unwrap();
    let _ = sh(folder.path(), "$M $I -q ps >&-");
    let _ = sh(folder.path(), "$M $I -q dump phys -o other.raw >&- 2>&- <&-");
    assert!(std::fs::read(folder.path().join("image.raw")).unwrap() == before);
    // Whoever stops reading ends even a long answer.
    let begun = Instant::now();
    let mut child = Command::new(memsh()).args(["sample", "-q", "strings", "--phys"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(60));
}

/// The program on a target, once it has answered a first command; more come from its input.
fn at_work(command: &mut Command) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let piped = command.args(["--progress", "never"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    writeln!(input, "ps 1 --json").unwrap();
    input.flush().unwrap();
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert!(line.contains("\"pid\":1"), "{line}");
    (child, input, output)
}

#[test]
fn an_image_that_is_cut_short_while_it_is_read() {
    let folder = folder();
    let path = folder.path().join("image.raw");
    let (child, mut input, mut output) = at_work(Command::new(memsh()).arg(&path).arg("--no-cache"));
    // Pages that were looked at stay in memory as long as the file has them.
    std::fs::File::options().write(true).open(&path).unwrap().set_len(8 << 20).unwrap();
    write!(input, "scan --phys --jsonl LAB-KMSG-MARK\nstrings --phys --range 0x2000000 0x2001000\nps --json\nscan --phys --jsonl --strict zzz\n").unwrap();
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code().is_some(), "{:?}: {told}", ended.status);
    assert!(told.contains("was cut from") && told.contains("partial: ") && told.contains("can't be read any more"), "{told}");
}

#[test]
fn a_source_that_fails_in_the_middle() {
    // A connector over the sample that stops answering behind 16 MiB, as a broken link does.
    let folder = folder();
    let path = folder.path().join("image.raw");
    let short = folder.path().join("short.raw");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&short, &bytes).unwrap();
    let target = format!("file:{},live", short.display());
    let (child, mut input, mut output) = at_work(Command::new(memsh()).args(["-C", &target, "-q"]));
    std::fs::File::options().write(true).open(&short).unwrap().set_len(16 << 20).unwrap();
    writeln!(input, "scan --phys --jsonl LAB").unwrap();
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code().is_some() && told.contains("partial: "), "{:?}: {told} {rest}", ended.status);
}

#[test]
fn ctrl_c_ends_long_work_with_what_was_found() {
    // Enough bytes that nobody is done before the signal comes: text all over.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.raw");
    let line = b"mail someone@example.org or see http://example.org/a?b=c at 10.1.2.3 \0";
    let block: Vec<u8> = line.iter().copied().cycle().take(1 << 20).collect();
    let mut file = std::fs::File::create(&path).unwrap();
    (0..96).for_each(|_| file.write_all(&block).unwrap());
    for words in [
        &["features"][..],
        &["strings", "--phys"],
        &["scan", "--phys", "--regex", "[a-z]+@[a-z.]+"],
        &["entropy", "--phys"],
        &["carve"],
    ] {
        let mut child = Command::new(memsh())
            .arg(&path)
            .args(["--format", "raw", "--no-cache", "--progress", "never"])
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(700));
        let begun = Instant::now();
        // It may be done already: then its status says so.
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let status = child.wait().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10), "{words:?}: {:?}", begun.elapsed());
        // 130 is what a shell expects of an interrupted program; none: it was ended before it could listen.
        assert!(matches!(status.code(), Some(0 | 130)), "{words:?}: {status:?}");
    }
}
