//! Writing: what may be written and what not, read back, taken back, and told in the log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod schema;

use cli::{Run, memsh, repository, sample};
use schema::fits;
use serde_json::Value;
use std::path::PathBuf;

const LIVE: &str = "dummy:seed=5,live=yes";

/// These lines on a made-up machine that is live.
fn live(options: &[&str], lines: &str) -> Run {
    let all: Vec<&str> = ["-C", LIVE, "--json"].into_iter().chain(options.iter().copied()).chain(["-c", lines]).collect();
    memsh(&all)
}

/// The answers of lines that must go well.
fn answers(options: &[&str], lines: &str) -> Vec<Value> {
    let run = live(options, lines);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{lines}");
    run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Where a writable region of process 100 begins, how long it is, and where it lies.
fn region() -> (u64, u64) {
    let maps = &answers(&[], "maps -p 100")[0];
    let data = maps.as_array().unwrap().iter().find(|m| m["perm"] == "rw-p").unwrap();
    (cli::number(&data["start"]), cli::number(&data["end"]))
}

/// The sample's memory as a file.
fn image(folder: &tempfile::TempDir) -> PathBuf {
    let path = folder.path().join("sample.raw");
    assert_eq!(sample(&["dump", "phys", "--format", "raw", "-o", path.to_str().unwrap()]).status, 0);
    path
}

#[test]
fn what_is_written_is_read_back_everywhere() {
    let (start, _) = region();
    // Across a page border; the process sees it, and so does physical memory, although both were read before.
    let at = start + 0xffe;
    let all = answers(
        &["--write"],
        &format!(
            "read -p 100 {at:#x} -n 4; vtop -p 100 {at:#x}; write -p 100 {at:#x} 11 22 3344; read -p 100 {at:#x} -n 4; \
             read 100:{:#x} --as d -n 4; undo --list",
            start + 0x1000
        ),
    );
    let written = &all[2];
    assert_eq!((&written["old"], &written["new"]), (&all[0]["data"], &Value::from("11223344")));
    assert_eq!((written["verified"].as_bool(), written["length"].as_u64()), (Some(true), Some(4)));
    assert_eq!((written["space"].as_str(), written["pid"].as_u64()), (Some("pid"), Some(100)));
    let places = written["places"].as_array().unwrap();
    assert_eq!(places[0]["physical"], all[1]["physical"]);
    assert_eq!(places.iter().map(|p| p["length"].as_u64().unwrap()).sum::<u64>(), 4);
    assert_eq!(all[3]["data"], "11223344");
    assert!(all[4]["data"].as_str().unwrap().starts_with("3344"));
    fits("write", written);
    fits("undo", &all[5]);
    assert_eq!(all[5][0]["undone"], false);
    // Both pages, by their own ways.
    let physical: Vec<u64> = places.iter().map(|p| cli::number(&p["physical"])).collect();
    let all = answers(
        &["--write"],
        &format!("read p:{:#x} -n 1; write -p 100 {at:#x} 11 22 3344; read p:{:#x} -n 1", physical[0], physical[0]),
    );
    assert_eq!(all[2]["data"], "11");
}

#[test]
fn values_in_every_width() {
    let (at, _) = region();
    for (line, bytes) in [
        (format!("write -p 100 {at:#x} 0 0x90 9090c3"), "00909090c3"),
        (format!("write -p 100 {at:#x} --as w 1 0xfffe -1"), "0100feffffff"),
        (format!("write -p 100 {at:#x} --as d 0xdeadbeef"), "efbeadde"),
        (format!("write -p 100 {at:#x} --as q 1"), "0100000000000000"),
        (format!("write -p 100 {at:#x} --as p 4k"), "0010000000000000"),
        (format!("write -p 100 {at:#x} --as s hello world --zero"), "68656c6c6f20776f726c6400"),
        (format!("write -p 100 {at:#x} --as u hi"), "68006900"),
        (format!("write -p 100 {at:#x} '\"A\"' 42"), "4142"),
        (format!("eb -p 100 {at:x} 90 90"), "9090"),
        (format!("ed -p 100 {at:x} deadbeef"), "efbeadde"),
        (format!("ew -p 100 {at:x} 10"), "1000"),
        (format!("eq -p 100 {at:x} 1"), "0100000000000000"),
        (format!("ea -p 100 {at:x} \"ab\""), "6162"),
        (format!("eza -p 100 {at:x} \"ab\""), "616200"),
        (format!("eu -p 100 {at:x} \"a\""), "6100"),
        (format!("fill -p 100 {at:#x} 5 01 02"), "0102010201"),
        (format!("f -p 100 {at:x} L4 cc"), "cccccccc"),
    ] {
        let run = live(&["--write", "-q"], &line);
        assert_eq!(run.status, 0, "{line}: {}", run.stderr);
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(answer["new"], bytes, "{line}");
        fits(if line.starts_with('f') { "fill" } else { "write" }, &answer);
    }
    for (line, says) in [
        (format!("write -p 100 {at:#x} 123"), "123 is no bytes in hex"),
        (format!("write -p 100 {at:#x} 0x1234"), "0x1234 is a number"),
        (format!("write -p 100 {at:#x} --as w 65536"), "65536 does not fit into 2 bytes"),
        (format!("write -p 100 {at:#x}"), "VALUE"),
        (format!("fill -p 100 {at:#x} 0 00"), "0 bytes"),
        (format!("fill -p 100 {at:#x} 1g 00"), "can be written at once"),
    ] {
        let run = live(&["--write"], &line);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{line}");
        assert!(run.stderr.contains(says), "{line}: {}", run.stderr);
    }
}

#[test]
fn nothing_is_written_without_leave() {
    let (at, _) = region();
    let line = format!("write -p 100 {at:#x} 00");
    for (options, line, says) in [
        (&[][..], line.as_str(), "not allowed without --write\n"),
        (&[][..], "write p:0x1000 00", "not allowed without --write=phys"),
        (&["--write"][..], "write p:0x1000 00", "not allowed without --write=phys"),
        (&["--write"][..], "fill --phys 0x1000 4 00", "not allowed without --write=phys"),
        (&["--write"][..], "!eb 1000 90", "not allowed without --write=phys"),
    ] {
        let run = live(options, line);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{options:?} {line}");
        assert!(run.stderr.contains(says), "{line}: {}", run.stderr);
    }
    assert_eq!(answers(&["--write=phys"], "write p:0x1000 01 02; read p:0x1000 -n 2")[1]["data"], "0102");
    // The option stands where options stand; it takes no word that follows.
    assert_eq!(memsh(&["-C", LIVE, "--write", "write", "-p", "100", &format!("{at:#x}"), "00"]).status, 0);
    assert_eq!(memsh(&["-C", LIVE, "write", "-p", "100", &format!("{at:#x}"), "00", "--write"]).status, 0);
}

#[test]
fn an_image_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = image(&folder);
    let before = std::fs::read(&path).unwrap();
    let file = path.to_str().unwrap();
    for words in [
        &[file, "write", "init_task", "00"][..],
        &[file, "write", "init_task", "00", "--write"],
        &[file, "--write=phys", "write", "p:0x1000", "00"],
        &["-C", &format!("file:{file}"), "--write=phys", "write", "p:0x1000", "00"],
        &["-C", &format!("file:{file},live"), "--write=phys", "write", "p:0x1000", "00"],
        &["-C", "dummy", "--write=phys", "fill", "p:0x1000", "4", "00"],
    ] {
        let run = memsh(words);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{words:?}: {}", run.stderr);
        assert!(run.stderr.contains("never written") || run.stderr.contains("can't write"), "{words:?}: {}", run.stderr);
    }
    // A copy in memory can be changed, a kernel's structures with it.
    let overlay = format!("file:{file},overlay");
    let lines = "ps 1; write --as s init_task+0 x; dt task_struct.comm init_task; undo; ps 1";
    let run = memsh(&["-C", &overlay, "--write", "--json", "-c", lines]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let all: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(all[0], all[4]);
    assert!(std::fs::read(&path).unwrap() == before, "the file stays as it is");
}

#[test]
fn a_listing_sees_what_was_written_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let overlay = format!("file:{},overlay", image(&folder).to_str().unwrap());
    let ps = memsh(&["-C", &overlay, "--json", "ps", "1"]);
    let row: Value = serde_json::from_str(&ps.stdout).unwrap();
    let task = row[0]["address"].as_str().unwrap();
    let offset: Value = serde_json::from_str(&sample(&["dt", "task_struct.comm", "--json"]).stdout).unwrap();
    let at = format!("{task}+{}", offset["fields"][0]["offset"]);
    let lines = format!("ps 1; write --as s --zero {at} changed; ps 1; undo; ps 1");
    let run = memsh(&["-C", &overlay, "--write", "--json", "-c", &lines]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let all: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((&all[0], all[2][0]["name"].as_str()), (&all[4], Some("changed")));
}

#[test]
fn a_range_with_a_hole_is_not_written_at_all() {
    let (start, end) = region();
    let maps = &answers(&[], "maps -p 100")[0];
    let mapped = |at: u64| maps.as_array().unwrap().iter().any(|m| cli::number(&m["start"]) <= at && at < cli::number(&m["end"]));
    let end = (1..).map(|i| start + i * 0x1000).find(|at| !mapped(*at)).unwrap_or(end);
    let line = format!(
        "read -p 100 {:#x} -n 2; write -p 100 {:#x} 11 22 33 44; read -p 100 {:#x} -n 2; undo --list",
        end - 2,
        end - 2,
        end - 2
    );
    let run = live(&["--write"], &line);
    let all: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((run.status, all.len()), (1, 3), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was written") && run.stderr.contains(&format!("{end:#x}")), "{}", run.stderr);
    assert_eq!((&all[0]["data"], &all[2]), (&all[1]["data"], &Value::Array(Vec::new())));
    let run = live(&["--write=phys"], "write p:0xfffffe 11 22 33 44; write p:0x7fffffffffff 00");
    assert_eq!((run.status, run.stderr.matches("nothing was written").count()), (1, 2), "{}", run.stderr);
}

#[test]
fn writes_are_taken_back_in_order() {
    let (at, _) = region();
    let all = answers(
        &["--write"],
        &format!(
            "read -p 100 {at:#x} -n 4; write -p 100 {at:#x} 01 02; write -p 100 {:#x} 03 04; undo 2; read -p 100 {at:#x} -n 4",
            at + 1
        ),
    );
    assert_eq!(all[0]["data"], all[4]["data"]);
    let numbers: Vec<u64> = all[3].as_array().unwrap().iter().map(|u| u["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 1]);
    assert!(all[3].as_array().unwrap().iter().all(|u| u["undone"] == true));
    // Somebody else has written since: here by the other name of the same bytes, and taken back out of turn.
    let physical = &answers(&[], &format!("vtop -p 100 {at:#x}"))[0]["physical"];
    let physical = physical.as_str().unwrap();
    let lines = format!("write p:{physical} 01 02; write -p 100 {at:#x} 03; undo; undo");
    let all = answers(&["--write=phys"], &lines);
    assert_eq!(all[3][0]["number"], 1);
    let run = live(&["--write"], "undo");
    assert!(run.status == 1 && run.stderr.contains("nothing was written"), "{}", run.stderr);
}

#[test]
fn the_log_tells_each_write() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let (at, _) = region();
    let lines = format!("write -p 100 {at:#x} 01 02; undo; write -p 100 0x10 00");
    let run = memsh(&["-C", LIVE, "--write", "--log", log.to_str().unwrap(), "-c", &lines]);
    assert_eq!(run.status, 1);
    let text = std::fs::read_to_string(&log).unwrap();
    let told: Vec<&str> = text.lines().filter(|l| l.starts_with("# write") || l.starts_with("# undo")).collect();
    assert_eq!(told.len(), 3, "{text}");
    assert!(told[0].contains(&format!("pid 100 {at:#x} (physical 0x")) && told[0].ends_with("-> 0102, verified"), "{}", told[0]);
    assert!(told[1].starts_with("# undo of write 1") && told[1].contains(": 0102 -> "), "{}", told[1]);
    assert!(told[2].contains("failed"), "{}", told[2]);
    // Without a transcript it is told to whoever asks for notes.
    let run = memsh(&["-C", LIVE, "--write", "-v", "write", "-p", "100", &format!("{at:#x}"), "01"]);
    assert!(run.stderr.contains("memsh: write 1 at 20") && run.stderr.contains("verified"), "{}", run.stderr);
    assert!(run.stdout.contains("1 byte at") && run.stdout.contains("read back and verified"), "{}", run.stdout);
}

#[test]
fn formats_of_all_architectures_are_written() {
    for format in ["x86", "pae", "aarch64-64k", "sv39", "arm", "sv57"] {
        let target = format!("dummy:live=yes,format={format}");
        let maps = memsh(&["-C", &target, "--json", "maps", "-p", "100"]);
        let maps: Value = serde_json::from_str(&maps.stdout).unwrap();
        let at = maps[0]["start"].as_str().unwrap();
        let lines = format!("write -p 100 {at} --as d 0x11223344; read -p 100 {at} -n 4; undo; read -p 100 {at} -n 4");
        let run = memsh(&["-C", &target, "--write", "--json", "-c", &lines]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{format}");
        let all: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!((&all[1]["data"], &all[3]["data"]), (&Value::from("44332211"), &all[0]["old"]), "{format}");
    }
}

#[test]
fn the_schemas_are_committed() {
    for name in ["write", "fill", "undo"] {
        assert!(repository(&format!("docs/schema/{name}.json")).exists());
    }
}
