//! Values that are followed: on a live process that these tests start, and from one image to another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod schema;

use cli::{Run, memsh, number, sample};
use schema::fits;
use serde_json::Value;
use std::path::Path;

/// The JSON answer of a run that must go well, with nothing on stderr.
fn answer(words: &[&str]) -> Value {
    let run = memsh(&[words, &["--json"]].concat());
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

/// The answers of lines in one shell.
fn lines(target: &[&str], text: &str) -> Vec<Value> {
    let run = memsh(&[target, &["--json", "-c", text]].concat());
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{text}");
    run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// An image of 64-bit-aligned places: these numbers of 4 bytes, all else 0xaa.
fn image(path: &Path, values: &[(usize, i32)]) {
    let mut bytes = vec![0xaa; 1 << 20];
    for (at, value) in values {
        bytes[*at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

fn addresses(rows: &Value) -> Vec<u64> {
    rows.as_array().unwrap().iter().map(|r| number(&r["address"])).collect()
}

#[test]
fn from_one_image_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (a, b, c, s) = (path("a.raw"), path("b.raw"), path("c.raw"), path("s.mset"));
    image(a.as_ref(), &[(0x100, 100), (0x2000, 100), (0xffffc, 100), (0x3002, 100), (0x5000, 99)]);
    image(b.as_ref(), &[(0x100, 97), (0x2000, 100), (0xffffc, 97), (0x3002, 97), (0x5000, 97)]);
    image(c.as_ref(), &[(0x100, 102), (0x2000, 102), (0xffffc, 90), (0x5000, 102)]);
    let first = answer(&[&a, "scan", "value", "100", "-t", "i32", "--phys", "--save", &s]);
    fits("scan-value", &first);
    assert_eq!((first["before"].as_u64(), first["after"].as_u64(), first["lost"].as_u64()), (Some(1 << 18), Some(3), Some(0)));
    assert_eq!((&first["space"], &first["saved"], &first["align"]), (&"phys".into(), &s.as_str().into(), &4.into()));
    assert_eq!(addresses(&first["matches"]), [0x100, 0x2000, 0xffffc]);
    // The file's values are those of the first image, whatever is looked at.
    let rows = answer(&[&b, "matches", "--from", &s]);
    fits("matches", &rows);
    assert_eq!((&rows[0]["value"], &rows[0]["previous"], &rows[0]["first"]), (&97.into(), &100.into(), &100.into()));
    let second = answer(&[&b, "next", "97", "--from", &s, "--save", &s]);
    fits("next", &second);
    assert_eq!(addresses(&second["matches"]), [0x100, 0xffffc]);
    for (condition, left) in [
        ("+", &[0x100][..]),
        ("-", &[0xffffc]),
        ("+5", &[0x100]),
        ("-7", &[0xffffc]),
        ("changed", &[0x100, 0xffffc]),
        ("changed-since-first", &[0x100, 0xffffc]),
        ("> 101", &[0x100]),
        ("90..110", &[0x100, 0xffffc]),
        ("=102", &[0x100]),
        ("!= 102", &[0xffffc]),
        ("?", &[0x100, 0xffffc]),
    ] {
        let third = answer(&[&c, "next", condition, "--from", &s]);
        assert_eq!(addresses(&third["matches"]), left, "{condition}");
        assert_eq!(third["before"], 2);
    }
    for condition in ["unchanged", "same-as-first", "+4"] {
        let none = answer(&[&c, "next", condition, "--from", &s]);
        assert_eq!((none["after"].as_u64(), &none["matches"]), (Some(0), &Value::Null), "{condition}");
    }
    // An image that ends earlier has lost candidates, and says so.
    std::fs::write(&c, &std::fs::read(&c).unwrap()[..0x80000]).unwrap();
    let run = memsh(&[&c, "next", "?", "--from", &s, "--json"]);
    let short: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.status, short["after"].as_u64(), short["lost"].as_u64()), (0, Some(1), Some(1)));
    assert_eq!(run.stderr, "note: 1 candidate lies in memory that is gone\n");
}

#[test]
fn unaligned_and_unknown_values_and_ranges() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.raw");
    let path = path.to_str().unwrap();
    image(path.as_ref(), &[(0x101, 100), (0xffff, 1_000_000), (0x8000, 0x42c8_0000)]);
    let at = |words: &[&str]| {
        let all = answer(&[&[path, "scan", "value"], words, &["--phys"]].concat());
        let told = all["matches"].as_array().is_some().then(|| addresses(&all["matches"]));
        told.unwrap_or_default()
    };
    assert_eq!(at(&["100"]), [0u64; 0]);
    assert_eq!(at(&["100", "--align", "1"]), [0x101]);
    assert_eq!(at(&["99..101", "--align", "1"]), [0x101]);
    assert_eq!(at(&["1_000_000", "--align=1"]), [0xffff], "over the border of two blocks");
    assert_eq!(at(&["100", "-t", "f32"]), [0x8000]);
    assert_eq!(at(&["100.2", "-t", "f32"]), [0u64; 0], "its last digit is another");
    assert_eq!(at(&["100.2", "-t", "f32", "--tolerance", "0.5"]), [0x8000]);
    assert_eq!(at(&["0x64000000", "-t", "u32be", "--align", "1"]), [0x101]);
    assert_eq!(at(&["40 42 0f 00", "-t", "bytes"]), [0xffff]);
    let all = answer(&[path, "scan", "value", "?", "-t", "u8", "--range", "0x100", "0x200"]);
    assert_eq!((all["before"].as_u64(), all["after"].as_u64()), (Some(256), Some(256)));
    // The sets of one shell have names.
    let told = lines(
        &[path],
        "scan value 100 --align 1 --phys --name one; scan value ? -t u16 --phys --name two; next changed; next unchanged --name one; scans; \
         scans --passes one; scans --drop two; scans; matches; matches --name one --max 1",
    );
    assert_eq!((told[2]["name"].as_str(), told[2]["after"].as_u64()), (Some("two"), Some(0)));
    assert_eq!((told[3]["name"].as_str(), told[3]["after"].as_u64()), (Some("one"), Some(1)));
    fits("scans", &told[4]);
    let names =
        |rows: &Value| rows.as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (names(&told[4]), names(&told[6]), names(&told[7])),
        (vec!["one".into(), "two".into()], vec!["two".into()], vec!["one".to_owned()])
    );
    assert_eq!(
        (&told[4][0]["passes"], &told[4][0]["current"], &told[5][0]["condition"]),
        (&2.into(), &true.into(), &"100".into())
    );
    assert_eq!((addresses(&told[8]), addresses(&told[9])), (vec![0x101], vec![0x101]));
}

#[test]
fn what_makes_no_sense_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no.mset");
    std::fs::write(&file, "MEMSHSET and nothing of the kind").unwrap();
    let file = file.to_str().unwrap();
    for (words, status, says) in [
        (&["next", "5"][..], 2, "there is no scan for values yet"),
        (&["matches"], 2, "`scan value 100 -t i32 -p PID` begins one"),
        (&["scan", "value", "5", "-t", "i33"], 2, "i33 is no type of values"),
        (&["scan", "value", "300", "-t", "u8"], 2, "does not fit into u8"),
        (&["scan", "value", "nonsense", "-t", "u8"], 1, "no symbol nonsense"),
        (&["scan", "value", "changed"], 2, "there is none yet"),
        (&["scan", "value", "1", "--align", "3"], 2, "can't be aligned to 3 bytes"),
        (&["scan", "value", "300 ", "-t", "bytes"], 2, "is no bytes in hex"),
        (&["scan", "value", "1", "--tolerance=-1"], 2, "0 or more"),
        (&["scan", "value", "?", "-t", "u8", "-k", "--max-memory", "64k"], 1, "the candidates take more than 1 MiB"),
        (&["next", "5", "--from", file], 1, "of version"),
        (&["next", "5", "--from", "/nowhere/at.all"], 1, "can't read"),
        (&["matches", "write", "5"], 2, "there is no scan"),
        (&["scans", "--drop", "it"], 2, "no scan is named it"),
    ] {
        let run = sample(words);
        assert_eq!(run.status, status, "{words:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{words:?}: {}", run.stderr);
    }
    // What is nothing that can be written, and what nobody allowed.
    let refused = |words: &str| {
        let run = memsh(&["sample", "-c", words]);
        (run.status, run.stderr)
    };
    let (status, stderr) = refused("scan value 1 -t u8 -p 1; matches write 2");
    assert!(status == 2 && stderr.contains("--most"), "{stderr}");
    let (status, stderr) = refused("scan value swapper/0 -t text --range init_task init_task+4k; matches write swapper/X");
    assert!(status == 1 && stderr.contains("is an image: an image is evidence and is never written"), "{stderr}");
    // `scan -- value` still looks for the text.
    assert_eq!(sample(&["scan", "--max", "1", "--", "value"]).status, 0);
}

#[cfg(target_os = "linux")]
mod live {
    use super::*;
    use std::io::{BufRead, BufReader, Lines, Write};
    use std::process::{Child, ChildStdout, Command, Stdio};
    use std::time::{Duration, Instant};

    const HELPER: &str = "MEMSH_TEST_COUNTER";
    const START: i32 = 1_234_567;

    /// Not a test: what the started process does. It has a counter, and does to it what it is told.
    #[test]
    fn counter() {
        if std::env::var_os(HELPER).is_none() {
            return;
        }
        let mut counter = Box::new(START);
        let mut field: Vec<i32> = vec![31_415_926; 1 << 20];
        println!("counter at {}", std::ptr::from_ref(&*counter) as usize);
        for line in std::io::stdin().lines().map_while(Result::ok) {
            match line.split_once(' ') {
                Some(("add", n)) => *std::hint::black_box(&mut *counter) += n.parse::<i32>().unwrap(),
                Some(("run", ms)) => {
                    let until = Instant::now() + Duration::from_millis(ms.parse().unwrap());
                    while Instant::now() < until {
                        *std::hint::black_box(&mut *counter) += 1;
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
                _ if line == "free" => field = Vec::new(),
                _ => {}
            }
            println!("counter is {} {}", std::hint::black_box(&*counter), field.len());
            std::io::stdout().flush().unwrap();
        }
    }

    struct Counter {
        child: Child,
        said: Lines<BufReader<ChildStdout>>,
        at: u64,
    }

    impl Counter {
        fn start() -> Self {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "live::counter", "--nocapture", "--test-threads=1"]).env(HELPER, "1");
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
            let at = said.find_map(|l| Some(l.unwrap().split_once("counter at ")?.1.parse().unwrap())).unwrap();
            Self { child, said, at }
        }

        /// Tells it to do something, without waiting for it.
        fn tell(&mut self, line: &str) {
            writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
        }

        fn heard(&mut self) -> i32 {
            let value = |l: String| l.split_once("counter is ")?.1.split(' ').next()?.parse().ok();
            self.said.find_map(|l| value(l.unwrap())).unwrap()
        }

        /// Tells it to do something, and hears what the counter is.
        fn ask(&mut self, line: &str) -> i32 {
            self.tell(line);
            self.heard()
        }

        fn run(&self, options: &[&str], words: &[&str]) -> Run {
            let pid = self.child.id().to_string();
            let words = words.iter().map(|w| if *w == "PID" { pid.as_str() } else { w });
            memsh(&["-O", "native", "--json"].into_iter().chain(options.iter().copied()).chain(words).collect::<Vec<_>>())
        }

        fn answer(&self, options: &[&str], words: &[&str]) -> Value {
            let run = self.run(options, words);
            assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
            serde_json::from_str(&run.stdout).unwrap()
        }
    }

    impl Drop for Counter {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn a_counter_is_found_written_and_frozen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.mset");
        let file = file.to_str().unwrap();
        let mut counter = Counter::start();
        let first = counter.answer(&[], &["scan", "value", "1234567", "-p", "PID", "--save", file]);
        assert_eq!((first["space"].as_str(), first["pid"].as_u64()), (Some("pid"), Some(u64::from(counter.child.id()))));
        let mut left = first["after"].as_u64().unwrap();
        assert!(left > 0);
        for (told, condition) in
            [("add -3", "-3"), ("add 0", "unchanged"), ("add 10", "+"), ("add -4", "1234570"), ("add 1", "> 1_234_570")]
        {
            counter.ask(told);
            let pass = counter.answer(&[], &["next", condition, "--from", file, "--save", file]);
            fits("next", &pass);
            assert!(pass["before"] == left && pass["after"].as_u64().unwrap() <= left, "{pass}");
            left = pass["after"].as_u64().unwrap();
        }
        let rows = counter.answer(&[], &["matches", "--from", file]);
        assert_eq!(addresses(&rows), [counter.at], "{rows}");
        assert_eq!((&rows[0]["value"], &rows[0]["first"], &rows[0]["type"]), (&1_234_571.into(), &START.into(), &"i32".into()));
        // Written: the process sees it.
        let refused = counter.run(&[], &["matches", "write", "777", "--from", file]);
        assert!(refused.status == 2 && refused.stderr.contains("not allowed without --write"), "{}", refused.stderr);
        let written = counter.answer(&["--write"], &["matches", "write", "777", "--from", file]);
        fits("matches-write", &written);
        assert_eq!((written[0]["verified"].as_bool(), written[0]["new"].as_str()), (Some(true), Some("09030000")));
        assert_eq!(counter.ask("show"), 777);
        // Frozen: it does not come far, although it counts all the time.
        counter.tell("run 1500");
        let frozen = counter.answer(&["--write"], &["freeze", "5", "--for", "700ms", "--every", "5ms", "--from", file]);
        fits("freeze", &frozen);
        assert!(frozen[0]["rewritten"].as_u64().unwrap() > 3 && frozen[0]["looks"].as_u64().unwrap() > 3, "{frozen}");
        assert_eq!((number(&frozen[0]["address"]), &frozen[0]["value"]), (counter.at, &5.into()));
        assert!(counter.heard() < 777 + 1500, "without the freeze it would have gone on from 777");
        // What is written in one shell is taken back there.
        counter.ask("add 0");
        let before = counter.ask("show");
        let run = counter.run(&["--write"], &["-c", &format!("matches write 3 --from {file}; undo")]);
        assert_eq!((run.status, counter.ask("show")), (0, before), "{}", run.stderr);
    }

    #[test]
    fn a_shell_narrows_from_pass_to_pass() {
        let counter = Counter::start();
        let pid = counter.child.id();
        let text = format!(
            "scan value {START} -p {pid}; scan value ? -t i32 -p {pid} --name all; next unchanged; matches --name scan; matches write {} --name scan --at {:#x}; \
             next +1 --name all; matches --where 'address == {:#x}'",
            START + 1,
            counter.at,
            counter.at
        );
        let run = memsh(&["-O", "native", "--write", "--json", "-c", &text]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let told: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert!(told[1]["after"].as_u64().unwrap() > 1000 && told[1]["after"] == told[1]["before"]);
        assert!(told[2]["after"].as_u64() <= told[1]["after"].as_u64());
        assert!(addresses(&told[3]).contains(&counter.at));
        assert_eq!(addresses(&told[6]), [counter.at], "found again by what it did");
    }

    #[test]
    fn memory_that_is_gone_takes_its_candidates_along() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.mset");
        let file = file.to_str().unwrap();
        let mut counter = Counter::start();
        let first = counter.answer(&[], &["scan", "value", "31415926", "-p", "PID", "--save", file]);
        assert!(first["after"].as_u64().unwrap() >= 1 << 20 && first["memory"].as_u64().unwrap() < 64 << 10, "{first}");
        counter.ask("free");
        let run = counter.run(&[], &["next", "unchanged", "--from", file]);
        assert!(run.status == 0 && run.stderr.contains("lie in memory that is gone"), "{}", run.stderr);
        let pass: Value = serde_json::from_str(&run.stdout).unwrap();
        assert!(pass["lost"].as_u64().unwrap() >= 1 << 20 && pass["after"].as_u64().unwrap() < 100, "{pass}");
        // And a process that has ended takes the whole scan: that is no empty answer.
        let (pid, file) = (counter.child.id(), file.to_owned());
        drop(counter);
        let run = memsh(&["-O", "native", "next", "unchanged", "--from", &file]);
        assert_eq!(run.status, 1);
        assert!(
            run.stderr.contains(&format!("process {pid}")) && run.stderr.contains("the scan is kept as it is"),
            "{}",
            run.stderr
        );
    }
}
