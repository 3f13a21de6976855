//! `scan` and `strings` over every process: the same rows as process by process, and what is told of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, number, sample};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Rows as sorted text; addresses are what differs, so no row is there twice by chance.
fn sorted(rows: &[Value]) -> Vec<String> {
    let mut all: Vec<String> = rows.iter().map(Value::to_string).collect();
    all.sort();
    all
}

fn rows(words: &[&str]) -> Vec<Value> {
    answer(words).as_array().unwrap().clone()
}

fn users() -> Vec<String> {
    rows(&["ps", "-u"]).iter().map(|p| p["pid"].to_string()).collect()
}

/// `command` with `--all`, and for each process.
fn both_ways(command: &[&str]) -> Vec<Value> {
    let with = |more: &[&str]| rows(&[command, more].concat());
    let all = with(&["--all"]);
    let each: Vec<Value> = users().iter().flat_map(|pid| with(&["-p", pid])).collect();
    assert_eq!(sorted(&all), sorted(&each), "{command:?}");
    all
}

#[test]
fn every_process_has_its_hits() {
    for command in [
        &["scan", "root"][..],
        &["scan", "-i", "LIB"],
        &["scan", "--hex", "48 ?? 89", "--align", "4"],
        &["scan", "--hex", &"?? ".repeat(200).replacen("??", "7f 45 4c 46", 1)],
        &["scan", "--regex", "[a-z]+\\.so"],
        &["strings", "-n", "9"],
    ] {
        let found = both_ways(command);
        let pids: BTreeSet<u64> = found.iter().map(|r| r["pid"].as_u64().unwrap()).collect();
        assert!(pids.len() > 1, "{command:?} is found in several processes: {pids:?}");
    }
    // Of a part of them as well.
    assert!(!both_ways(&["scan", "--hex", "00 00", "--range", "0x400000", "0x401000"]).is_empty());
}

#[test]
fn the_kernel_is_searched_with_them() {
    let all = rows(&["scan", "--all", "-k", "victim"]);
    let kernel = rows(&["scan", "-k", "victim"]);
    assert!(!kernel.is_empty());
    let (of_kernel, of_users): (Vec<Value>, Vec<Value>) = all.into_iter().partition(|r| r["space"] == "kernel");
    assert_eq!(sorted(&of_kernel), sorted(&kernel));
    assert_eq!(sorted(&of_users), sorted(&rows(&["scan", "--all", "victim"])));
}

#[test]
fn the_most_hits_are_those_of_all() {
    assert_eq!(rows(&["scan", "--all", "lib", "--max", "3"]).len(), 3);
    assert_eq!(rows(&["scan", "--all", "lib", "--max", "0"]).len(), 0);
    let strings = rows(&["strings", "--all", "/lib/", "--max", "4"]);
    assert!(strings.len() == 4 && strings.iter().all(|r| r["text"].as_str().unwrap().contains("lib")));
}

#[test]
fn a_hit_says_how_far_into_which_module() {
    let hits = rows(&["scan", "--all", "ELF"]);
    let mut inside = 0;
    for hit in &hits {
        let pid = hit["pid"].to_string();
        let address = number(&hit["address"]);
        let modules = rows(&["modules", "-p", &pid, "-a", hit["address"].as_str().unwrap()]);
        match modules.first() {
            Some(m) => {
                assert_eq!(
                    (&hit["module"], &hit["module_offset"]),
                    (&m["name"], &(address - number(&m["base"])).into()),
                    "{hit}"
                );
                inside += 1;
            }
            None => assert!(hit["module"].is_null() && hit["module_offset"].is_null(), "{hit}"),
        }
    }
    assert!(inside > 1, "{hits:?}");
}

#[test]
fn counts_are_those_of_the_rows() {
    let command = ["scan", "--all", "--regex", "[a-z]+\\.so"];
    let mut want: BTreeMap<u64, (u64, BTreeSet<String>)> = BTreeMap::new();
    for row in rows(&command) {
        let one = want.entry(row["pid"].as_u64().unwrap()).or_default();
        one.0 += 1;
        one.1.insert(row["match"].to_string());
    }
    let counts = rows(&[&command[..], &["--count"]].concat());
    assert_eq!(counts.len(), want.len());
    for row in counts {
        let (hits, distinct) = &want[&row["pid"].as_u64().unwrap()];
        assert_eq!((row["hits"].as_u64(), row["distinct"].as_u64()), (Some(*hits), Some(distinct.len() as u64)), "{row}");
        assert!(row.get("address").is_none());
    }
    // Of several needles each has its own.
    let several = rows(&["scan", "-p", "1", "--count", "root", "--also", "ELF", "--also", "no such text anywhere"]);
    let count = |needle: &str| rows(&["scan", "-p", "1", needle]).len() as u64;
    let got: Vec<u64> = several.iter().map(|r| r["hits"].as_u64().unwrap()).collect();
    assert_eq!(got, [count("root"), count("ELF")], "{several:?}");
    assert!(several[0]["needle"].as_str().unwrap().contains("root"), "{several:?}");
    // Of one space there is a count even if it is none.
    let none = rows(&["scan", "-p", "1", "--count", "no such text anywhere"]);
    assert_eq!((none.len(), &none[0]["hits"], &none[0]["distinct"]), (1, &0.into(), &0.into()));
    assert_eq!(sample(&["scan", "x", "--count", "--unique"]).status, 2);
    let table = sample(&["scan", "--all", "--count", "root"]).stdout;
    assert!(table.starts_with("HITS  DISTINCT  SPACE  PID  PROCESS\n"), "{table}");
}

#[test]
fn each_match_once() {
    let command = ["scan", "--all", "--regex", "[a-z]+\\.so"];
    let mut want: BTreeMap<String, u64> = BTreeMap::new();
    let all = rows(&command);
    all.iter().for_each(|r| *want.entry(r["match"].to_string()).or_default() += 1);
    let unique = rows(&[&command[..], &["--unique"]].concat());
    let got: BTreeMap<String, u64> = unique.iter().map(|r| (r["match"].to_string(), r["count"].as_u64().unwrap())).collect();
    assert_eq!((unique.len(), got), (want.len(), want));
    // The rest of a row is the first hit's.
    let first = all.iter().find(|r| r["match"] == unique[0]["match"]).unwrap();
    assert_eq!(first["address"], unique[0]["address"]);
}

#[test]
fn owners_are_what_ptov_finds() {
    let hits = rows(&["scan", "--phys", "--owner", "libvictim"]);
    let mut mapped = 0;
    for hit in &hits {
        let ptov = rows(&["ptov", hit["physical"].as_str().unwrap()]);
        let want: BTreeSet<String> = ptov
            .iter()
            .filter(|m| m["pid"].is_u64())
            .map(|m| format!("{}:{}", m["pid"], m["virtual"].as_str().unwrap()))
            .collect();
        let got: BTreeSet<String> = hit["mapped_by"].as_array().unwrap().iter().map(|m| m.as_str().unwrap().to_owned()).collect();
        assert_eq!(got, want, "{hit}");
        assert_eq!(ptov.first().map(|m| &m["owner"]), Some(&hit["owner"]));
        mapped += got.len();
    }
    assert!(mapped > 3, "{hits:?}");
    // A regex asks in the same way, and so does a hit of a process.
    assert_eq!(
        rows(&["scan", "--phys", "--owner", "--regex", "libvictim"]),
        rows(&["scan", "--phys", "--owner", "--regex", "libvictim", "--max", "99"])
    );
    let own = rows(&["scan", "-p", "1", "--owner", "libvictim"]);
    assert!(
        own.iter().all(|r| r["mapped_by"].as_array().unwrap().contains(&format!("1:{}", r["address"].as_str().unwrap()).into()))
    );
}

#[test]
fn context_is_another_word_for_around() {
    let with = |option| rows(&["scan", "-p", "1", "root", option, "5"]);
    let rows = with("--context");
    assert_eq!(rows, with("--around"));
    assert!(rows.iter().all(|r| r["before"].as_str().unwrap().len() == 10 && r["behind"].as_str().unwrap().len() == 10));
}

#[cfg(unix)]
mod while_it_runs {
    use super::*;
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::fs::FileExt;
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    /// A large, sparse image with a needle near its start.
    fn image() -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::with_suffix(".raw").unwrap();
        file.as_file().set_len(16 << 30).unwrap();
        file.as_file().write_all_at(b"needle needle", 4090).unwrap();
        file
    }

    fn started(image: &tempfile::NamedTempFile, more: &[&str]) -> Child {
        // Zeros are looked for, too: otherwise the holes would be passed over, and nothing would take long.
        let words = ["scan", "--phys", "--regex", r"needle|\x00{64}", "--jsonl"];
        Command::new(assert_cmd::cargo::cargo_bin!("memsh"))
            .arg(image.path())
            .args(words)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn interrupt(child: &Child) {
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    }

    #[test]
    fn the_first_row_arrives_before_the_search_ends() {
        let image = image();
        let mut child = started(&image, &[]);
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let row: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(number(&row["address"]), 0);
        assert!(child.try_wait().unwrap().is_none(), "it is still searching");
        interrupt(&child);
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
    }

    #[test]
    fn what_was_counted_before_an_interrupt_is_told() {
        for (option, key) in [("--count", "hits"), ("--unique", "count")] {
            let image = image();
            let mut child = started(&image, &[option]);
            std::thread::sleep(Duration::from_secs(3));
            assert!(child.try_wait().unwrap().is_none(), "it is still searching");
            interrupt(&child);
            let output = child.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            let rows: Vec<Value> =
                String::from_utf8_lossy(&output.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
            let counted = rows.iter().map(|row| row[key].as_u64().unwrap()).sum::<u64>();
            assert!(counted > 2 && output.status.code() == Some(130), "{told}");
            assert!(told.starts_with("partial: ") && told.ends_with("memsh: interrupted\n"), "{told}");
        }
    }
}
