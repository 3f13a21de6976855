//! The image is evidence: opened for reading only, left without a trace, hashed before and after; the transcript is a chain of hashes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{memsh, sample, sha256, with_input};
use serde_json::Value;
use std::fs::{File, FileTimes};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// The sample's memory as a raw image.
fn raw(folder: &Path) -> PathBuf {
    let path = folder.join("memory.raw");
    assert_eq!(sample(&["dump", "phys", "--format", "raw", "-o", path.to_str().unwrap()]).status, 0);
    path
}

/// strace, where it is there and may trace. Without, the test leaves itself out, unless it may not.
fn strace() -> bool {
    let works =
        Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    assert!(works || std::env::var_os("MEMSH_REQUIRE_LIVE").is_none(), "strace can't trace here, and MEMSH_REQUIRE_LIVE is set");
    if !works {
        eprintln!("left out: strace is not there or may not trace");
    }
    works
}

/// What a run did with files, as strace tells it, one call per line.
fn traced(folder: &Path, words: &[&str]) -> String {
    let trace = folder.join("trace");
    let calls = "trace=open,openat,openat2,creat,mmap,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,rename,renameat2,\
                 unlink,unlinkat,utimensat,fchmod,fchown,chmod,chown,link,linkat,copy_file_range,sendfile,splice,setxattr,fsetxattr";
    let run = Command::new("strace")
        .args(["-f", "-y", "-qq", "-s", "256", "-e", calls, "-e", "signal=none", "-o", trace.to_str().unwrap()])
        .arg(assert_cmd::cargo::cargo_bin("memsh"))
        .args(words)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("XDG_DATA_HOME", "/dev/null")
        .output()
        .unwrap();
    assert!(run.status.success(), "{words:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned()
}

#[test]
fn the_image_is_opened_for_reading_only_and_keeps_its_times() {
    if !strace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let image = raw(folder.path());
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let times = FileTimes::new().set_accessed(old).set_modified(old);
    File::options().write(true).open(&image).unwrap().set_times(times).unwrap();
    let before = image.metadata().unwrap();
    let name = image.to_str().unwrap();
    let case = folder.path().join("case");
    let case = case.to_str().unwrap();
    // The second `info` finds what the first has kept.
    let lines: [&[&str]; 5] = [&["info"], &["info"], &["ps"], &["scan", "Linux version", "--max", "3"], &["report", "-o", case]];
    for words in lines {
        let trace = traced(folder.path(), &[&[name], words].concat());
        let about: Vec<&str> = trace.lines().filter(|l| l.contains(name)).filter(|l| !l.contains("execve")).collect();
        // Answers may name the image: a write to another file is not one to this.
        let target = format!("<{name}>");
        let mut opened = 0;
        for line in &about {
            let call = line.split_once(' ').map_or(*line, |(_, rest)| rest.trim_start());
            if call.starts_with("open") || call.starts_with("creat") {
                opened += 1;
                assert!(call.contains("O_RDONLY") && !call.contains("O_RDWR") && !call.contains("O_WRONLY"), "{words:?}: {call}");
                assert!(!call.contains("O_TRUNC") && !call.contains("O_CREAT"), "{words:?}: {call}");
                assert!(call.contains("O_NOATIME"), "{words:?}: {call}");
            } else if call.starts_with("mmap") {
                assert!(!call.contains("PROT_WRITE") && call.contains("MAP_PRIVATE"), "{words:?}: {call}");
            } else {
                // Of all other calls that were traced none may have the image's descriptor or its path as an argument.
                let arguments = call.split_once('(').map_or("", |(_, a)| a);
                assert!(
                    !arguments.starts_with(|c: char| c.is_ascii_digit())
                        || !arguments.split(',').next().unwrap().contains(&target),
                    "{words:?}: {call}"
                );
                assert!(!arguments.starts_with(&format!("\"{name}\"")), "{words:?}: {call}");
            }
        }
        assert!(opened > 0, "{words:?}: the trace has no open of the image: {trace}");
        let after = image.metadata().unwrap();
        assert_eq!(after.accessed().unwrap(), old, "{words:?} left its time of access");
        assert_eq!(after.modified().unwrap(), old, "{words:?}");
        assert_eq!(after.len(), before.len());
    }
    // The test sees what it is there to see: a write to the image would be in the trace.
    let copy = folder.path().join("copy");
    let trace = traced(folder.path(), &[name, "dump", "phys", "-o", copy.to_str().unwrap()]);
    let target = format!("<{}>", copy.display());
    assert!(trace.lines().any(|l| l.contains("write") && l.contains(&target)), "{trace}");
}

#[test]
fn an_image_that_changes_under_a_report_is_loud() {
    let folder = tempfile::tempdir().unwrap();
    let image = raw(folder.path());
    let case = folder.path().join("case");
    let (name, target) = (image.to_str().unwrap(), case.to_str().unwrap());
    let mut run = Command::new(assert_cmd::cargo::cargo_bin("memsh"))
        .args([name, "report", "-o", target, "--json"])
        .env("XDG_CACHE_HOME", "/dev/null")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first section's file is there after the first hash.
    let until = Instant::now() + Duration::from_secs(120);
    while !case.join("json/malfind.json").exists() {
        assert!(Instant::now() < until && run.try_wait().unwrap().is_none(), "the report ended before its first section");
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut file = File::options().write(true).open(&image).unwrap();
    file.seek(SeekFrom::End(-1)).unwrap();
    file.write_all(b"!").unwrap();
    drop(file);
    let output = run.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("CHANGED while the report was made") && error.contains("hint: "), "{error}");
    let summary: Value = serde_json::from_slice(&std::fs::read(case.join("report.json")).unwrap()).unwrap();
    assert_eq!(summary["sha256"]["verdict"], "changed");
    assert_ne!(summary["sha256"]["before"], summary["sha256"]["after"]);
    let page = std::fs::read_to_string(case.join("report.html")).unwrap();
    assert!(page.contains("class=\"verdict bad\" id=\"verdict\">THE IMAGE CHANGED"));
}

#[test]
fn every_file_of_an_image_is_hashed_and_none_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let swap = folder.path().join("swap");
    std::fs::write(&swap, vec![7; 8192]).unwrap();
    // Raw parts are used where they lie, those of another format are joined in memory.
    for format in ["raw", "lime"] {
        let whole = folder.path().join(format!("whole.{format}"));
        assert_eq!(sample(&["dump", "phys", "--format", format, "-o", whole.to_str().unwrap()]).status, 0);
        let bytes = std::fs::read(&whole).unwrap();
        let part = |n: usize| folder.path().join(format!("{format}.{n:03}"));
        for (n, piece) in bytes.chunks(20 << 20).enumerate() {
            std::fs::write(part(n + 1), piece).unwrap();
        }
        let (first, swap) = (part(1), swap.to_str().unwrap());
        let target = [first.to_str().unwrap(), "--swap", swap];
        let run = memsh(&[&target[..], &["hash", "--json"]].concat());
        let row: Value = serde_json::from_str(&run.stdout).unwrap();
        let mut told = vec![(&row["path"], &row["sha256"])];
        told.extend(row["others"].as_array().unwrap().iter().map(|f| (&f["path"], &f["sha256"])));
        let files = [first.clone(), part(2), part(3), PathBuf::from(swap)];
        let wanted: Vec<(Value, Value)> = files.iter().map(|f| (f.to_str().unwrap().into(), digest(f).into())).collect();
        assert_eq!(told, wanted.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>(), "{}", run.stderr);
        for file in &files {
            let run = memsh(&[&target[..], &["dump", "phys", "--force", "-o", file.to_str().unwrap()]].concat());
            assert!(run.status == 2 && run.stderr.contains("an image is never written"), "{}: {}", file.display(), run.stderr);
            assert!(wanted.contains(&(file.to_str().unwrap().into(), digest(file).into())), "{} was written to", file.display());
        }
        let case = folder.path().join(format!("case-{format}"));
        let run = memsh(&[&target[..], &["report", "-o", case.to_str().unwrap(), "--only", "ps", "--json"]].concat());
        let parts: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
        for when in ["before", "after"] {
            let hashes: Vec<(&Value, &Value)> =
                parts.iter().filter(|p| p["part"] == "hash" && p["name"] == when).map(|p| (&p["path"], &p["note"])).collect();
            assert_eq!(hashes, told, "{}", run.stderr);
        }
        let summary: Value = serde_json::from_slice(&std::fs::read(case.join("report.json")).unwrap()).unwrap();
        assert_eq!(summary["sha256"]["files"]["after"].as_array().map(Vec::len), Some(files.len()));
    }
}

/// A byte that may be anything: in gzip the system that packed it (RFC 1952, OS).
#[cfg(unix)]
const FREE: usize = 9;

/// The same file, one byte of it another: as long, and another hash.
#[cfg(unix)]
fn other_than(image: &Path) -> PathBuf {
    let path = image.with_extension("other");
    let mut bytes = std::fs::read(image).unwrap();
    bytes[FREE] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    path
}

#[cfg(unix)]
fn packed(image: &Path) -> PathBuf {
    let path = image.with_extension("gz");
    let mut to = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
    to.write_all(&std::fs::read(image).unwrap()).unwrap();
    to.finish().unwrap();
    path
}

/// Runs lines of the shell, among them those that the host runs.
#[cfg(unix)]
fn script(target: &[&str], lines: &str) -> cli::Run {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines).unwrap();
    memsh(&[target, &["-q", "--script", file.path().to_str().unwrap()]].concat())
}

/// What `hash` and `report` say after the host ran `line`, the image being open and looked at: hashes of `hash`, report.json, the page.
#[cfg(unix)]
fn after(target: &[&str], line: &str, why: &str) -> (Vec<String>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    let run = script(target, &format!("ps 54\n!{line}\nhash --json\nreport -o {} --only ps --jsonl\n", case.display()));
    let said = format!("{line}: {}{}", run.stdout, run.stderr);
    assert_eq!(run.status, 1, "{said}");
    assert!(run.stderr.contains("memsh: command: hash: ") && run.stderr.contains(why), "{said}");
    let begin = run.stdout.find('{').unwrap();
    let row: Value = serde_json::Deserializer::from_str(&run.stdout[begin..]).into_iter().next().unwrap().unwrap();
    let others = row["others"].as_array().unwrap().iter();
    let hashes = std::iter::once(&row).chain(others).map(|f| f["sha256"].as_str().unwrap().to_owned()).collect();
    let summary: Value = serde_json::from_slice(&std::fs::read(case.join("report.json")).unwrap()).unwrap();
    assert!(run.stderr.contains("CHANGED") && summary["image"]["changed"].as_str().is_some_and(|t| t.contains(why)), "{said}");
    assert_eq!(summary["sha256"]["verdict"], "changed", "{said}");
    let rows: Vec<Value> =
        run.stdout.lines().filter_map(|l| serde_json::from_str(l).ok()).filter(|r: &Value| r["part"] == "hash").collect();
    assert!(!rows.is_empty() && rows.iter().all(|r| r["status"] == "changed"), "{said}");
    let page = std::fs::read_to_string(case.join("report.html")).unwrap();
    assert!(
        page.contains("class=\"verdict bad\" id=\"verdict\">THE IMAGE CHANGED") && !page.contains("did not change"),
        "{said}"
    );
    (hashes, summary, page)
}

#[test]
#[cfg(unix)]
fn another_file_under_the_image_s_name_is_not_certified() {
    let folder = tempfile::tempdir().unwrap();
    let image = raw(folder.path());
    for image in [image.clone(), packed(&image)] {
        let (opened, other) = (digest(&image), other_than(&image));
        let (name, other) = (image.to_str().unwrap(), other.to_str().unwrap());
        let (hashes, summary, page) = after(&[name], &format!("mv {other} {name}"), "is another file by now");
        // Of what was looked at, through its descriptor: no name leads there any more.
        assert_eq!(hashes, [opened.as_str()], "{name}");
        assert!(summary["sha256"]["before"] == opened.as_str() && summary["sha256"]["after"] == opened.as_str(), "{summary}");
        assert!(page.contains(&opened) && !page.contains(&digest(&image)));
        // The name leads nowhere.
        let opened = digest(&image);
        let moved = format!("{name}.moved");
        let (hashes, ..) = after(&[name], &format!("mv {name} {moved}"), "was renamed, moved or removed");
        assert_eq!(hashes, [opened]);
    }
}

#[test]
#[cfg(unix)]
fn an_image_that_was_written_to_before_its_first_hash_is_not_certified() {
    let folder = tempfile::tempdir().unwrap();
    let image = raw(folder.path());
    for image in [image.clone(), packed(&image)] {
        let other = other_than(&image);
        let (name, other) = (image.to_str().unwrap(), other.to_str().unwrap());
        let write = format!("sleep 0.05; dd if={other} of={name} conv=notrunc status=none");
        let (hashes, ..) = after(&[name], &write, "the file was written to");
        assert_eq!(hashes, [digest(&image)], "{name}: as it is now, and told");
        // Who sets the time back does not hide it.
        let back = format!(
            "sleep 0.05; touch -r {name} {name}.time; printf x | dd of={name} bs=1 seek={FREE} conv=notrunc status=none; touch -r {name}.time {name}"
        );
        after(&[name], &back, "perhaps its content");
    }
}

#[test]
#[cfg(unix)]
fn parts_and_swap_that_changed_are_not_certified() {
    let folder = tempfile::tempdir().unwrap();
    let swap = folder.path().join("swap");
    std::fs::write(&swap, vec![7; 8192]).unwrap();
    // Used where they lie, and joined in memory.
    for format in ["raw", "lime"] {
        let whole = folder.path().join(format!("whole.{format}"));
        assert_eq!(sample(&["dump", "phys", "--format", format, "-o", whole.to_str().unwrap()]).status, 0);
        let bytes = std::fs::read(&whole).unwrap();
        let half = bytes.len() / 2 / 4096 * 4096;
        let part = |n: usize| folder.path().join(format!("{format}.{n:03}"));
        std::fs::write(part(1), &bytes[..half]).unwrap();
        std::fs::write(part(2), &bytes[half..]).unwrap();
        let opened = [digest(&part(1)), digest(&part(2)), digest(&swap)];
        let first = part(1);
        let target = [first.to_str().unwrap(), "--swap", swap.to_str().unwrap()];
        for file in [part(2), swap.clone()] {
            let (name, other) = (file.to_str().unwrap(), other_than(&file));
            let (hashes, summary, _) = after(&target, &format!("mv {} {name}", other.display()), "is another file by now");
            assert_eq!(hashes, opened, "{name}");
            assert!(summary["image"]["changed"].as_str().unwrap().starts_with(name), "{summary}");
            // As it was, for the next one.
            let mut bytes = std::fs::read(&file).unwrap();
            bytes[FREE] ^= 1;
            std::fs::write(&file, bytes).unwrap();
        }
    }
}

#[test]
#[cfg(unix)]
fn a_file_of_the_image_is_refused_under_a_new_name() {
    let folder = tempfile::tempdir().unwrap();
    let image = raw(folder.path());
    let swap = folder.path().join("swap");
    std::fs::write(&swap, vec![7; 8192]).unwrap();
    let lime = folder.path().join("whole.lime");
    assert_eq!(sample(&["dump", "phys", "--format", "lime", "-o", lime.to_str().unwrap()]).status, 0);
    let bytes = std::fs::read(&lime).unwrap();
    let part = |n: usize| folder.path().join(format!("lime.{n:03}"));
    for (n, piece) in bytes.chunks(bytes.len().div_ceil(2)).enumerate() {
        std::fs::write(part(n + 1), piece).unwrap();
    }
    let gz = packed(&image);
    for (target, file) in [(&image, &image), (&gz, &gz), (&part(1), &part(1)), (&part(1), &part(2)), (&gz, &swap)] {
        let (name, moved) = (file.to_str().unwrap(), folder.path().join("moved"));
        let before = digest(file);
        let new = moved.to_str().unwrap();
        for write in
            [format!("eval 1 > {new}"), format!("eval 1 >> {new}"), format!("dump phys --force -o {new}"), format!("log {new}")]
        {
            let target = [target.to_str().unwrap(), "--swap", swap.to_str().unwrap()];
            let run = script(&target, &format!("!mv {name} {new}\n{write}\n"));
            assert!(run.status == 2 && run.stderr.contains("an image is never written"), "{name}: {write}: {}", run.stderr);
            assert_eq!(digest(&moved), before, "{name}: {write}");
            std::fs::rename(&moved, file).unwrap();
        }
    }
    // A machine in the machine of the image: the answer has nothing of the image's file, which is evidence all the same.
    let words = [image.to_str().unwrap(), "-O", "linux", "-C", "dummy", "-q", "-c"];
    let write = format!("eval 1 > {}", image.display());
    let (before, run) = (digest(&image), memsh(&[&words[..], &[write.as_str()]].concat()));
    assert!(run.status == 2 && run.stderr.contains("an image is never written"), "{}", run.stderr);
    assert_eq!(digest(&image), before);
    // Symbols that the session reads.
    let symbols = folder.path().join("System.map");
    std::fs::write(&symbols, "ffffffff81000000 T _text\n").unwrap();
    let words = [image.to_str().unwrap(), "--symbols", symbols.to_str().unwrap(), "-q", "-c"];
    let write = format!("eval 1 > {}", symbols.display());
    let run = memsh(&[&words[..], &[write.as_str()]].concat());
    assert!(run.status == 2 && run.stderr.contains("file of symbols"), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(&symbols).unwrap(), "ffffffff81000000 T _text\n");
}

fn digest(path: &Path) -> String {
    sha256(&std::fs::read(path).unwrap())
}

fn verify(path: &Path, more: &[&str]) -> (i32, Value, String) {
    let run = memsh(&[&["log", "verify", path.to_str().unwrap(), "--json"], more].concat());
    (run.status, serde_json::from_str(&run.stdout).unwrap_or_default(), run.stderr)
}

#[test]
fn a_transcript_is_a_chain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.log");
    let log = path.to_str().unwrap();
    let run = sample(&["--log", log, "-c", "hash; ps -u; vtop 0x1234; eval 1"]);
    assert_eq!(run.status, 1);
    let (status, verdict, error) = verify(&path, &[]);
    // The header, four commands, the end.
    assert_eq!((status, verdict["ok"].as_bool(), verdict["entries"].as_u64()), (0, Some(true), Some(6)), "{error}");
    let head = verdict["head"].as_str().unwrap().to_owned();
    assert_eq!(verify(&path, &["--head", &head]).0, 0);

    // Another session goes on behind it, and the hash that was noted stays in the chain.
    let run = with_input(&["sample"], &format!("log {log}\neval 2\nlog status\nlog off\neval 3\n"));
    assert_eq!(run.status, 0);
    let (status, more, error) = verify(&path, &["--head", &head]);
    assert_eq!((status, more["head_found"].as_bool()), (0, Some(true)), "{error}");
    assert!(more["entries"].as_u64().unwrap() > 6 && more["head"] != head.as_str());
    assert!(run.stderr.contains(more["head"].as_str().unwrap()), "the last hash is shown for the notes: {}", run.stderr);

    // A changed answer, a command left out, an end cut off, something behind the end.
    let text = std::fs::read_to_string(&path).unwrap();
    let tampered = folder.path().join("tampered.log");
    std::fs::write(&tampered, text.replace("victim-b", "victim-c")).unwrap();
    let (status, verdict, error) = verify(&tampered, &[]);
    assert_eq!((status, verdict["ok"].as_bool(), verdict["broken_entry"].as_u64()), (1, Some(false), Some(3)), "{error}");
    assert!(error.contains("entry 3 (from line ") && error.contains("does not fit its hash"), "{error}");
    let entries: Vec<&str> = text.split_inclusive("]\n").collect();
    let ends: Vec<usize> = entries.iter().enumerate().filter(|(_, e)| e.contains("[chain ")).map(|(i, _)| i).collect();
    let without = [&entries[..=ends[1]], &entries[ends[2] + 1..]].concat().concat();
    std::fs::write(&tampered, without).unwrap();
    assert_eq!(verify(&tampered, &[]).1["broken_entry"], 3);
    std::fs::write(&tampered, entries[..=ends[2]].concat()).unwrap();
    assert_eq!(verify(&tampered, &[]).0, 0, "a chain that is cut off fits in itself");
    let (status, verdict, error) = verify(&tampered, &["--head", &head]);
    assert!(
        status == 1 && verdict["head_found"] == false && error.contains("cut off"),
        "and not with the hash that was noted: {error}"
    );
    std::fs::write(&tampered, format!("{text}\n[2024-05-01T00:00:00Z] memsh> ps\n")).unwrap();
    let (status, verdict, error) = verify(&tampered, &[]);
    assert!(status == 1 && verdict["uncovered"].as_u64().unwrap() > 30 && error.contains("have no hash"), "{error}");
    // memsh itself goes on behind such a thing, and says what it found.
    assert_eq!(sample(&["--log", tampered.to_str().unwrap(), "-c", "eval 1"]).status, 0);
    assert!(std::fs::read_to_string(&tampered).unwrap().contains("bytes before this line had no hash"));
    assert_eq!(verify(&tampered, &[]).0, 0);
    // What is no transcript, or not there.
    std::fs::write(&tampered, "hello\n").unwrap();
    assert_eq!(verify(&tampered, &[]).0, 1);
    assert_eq!(verify(&folder.path().join("none"), &[]).0, 1);
    assert_eq!(verify(&path, &["--head", "abc"]).0, 2);
}

#[test]
fn a_transcript_only_grows() {
    if !strace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.log");
    let log = path.to_str().unwrap();
    let trace = traced(folder.path(), &["sample", "--log", log, "-c", "eval 1; eval 2"]);
    let opens: Vec<&str> = trace.lines().filter(|l| l.contains("openat(") && l.contains(log)).collect();
    assert!(opens.len() == 1 && opens[0].contains("O_APPEND") && !opens[0].contains("O_TRUNC"), "{opens:?}");
    // Each command is in the file when the next one begins: a crash takes no answer with it.
    assert!(trace.lines().filter(|l| l.contains("write(") && l.contains(&format!("<{log}>"))).count() >= 4, "{trace}");
    assert!(!trace.contains("ftruncate"), "{trace}");
}

#[test]
fn two_sessions_do_not_share_a_transcript() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case.log");
    let log = path.to_str().unwrap();
    let mut first = Command::new(assert_cmd::cargo::cargo_bin("memsh"))
        .args(["sample", "--log", log])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while std::fs::read_to_string(&path).map_or(true, |t| !t.contains("[chain 1 ")) {
        assert!(Instant::now() < until, "the first session does not begin");
        std::thread::sleep(Duration::from_millis(10));
    }
    let run = sample(&["--log", log, "-c", "eval 1"]);
    assert!(run.status != 0 && run.stderr.contains("another memsh writes"), "{}", run.stderr);
    drop(first.stdin.take());
    assert!(first.wait().unwrap().success());
    assert_eq!(verify(&path, &[]).0, 0);
}
