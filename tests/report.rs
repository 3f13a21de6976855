//! `report` and `timeline`: files, their hashes, and the page in a real browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
#[path = "report/devtools.rs"]
mod devtools;

use cli::{answer, memsh, sample, sha256};
use devtools::{Browser, chromium};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn hash(path: &Path) -> String {
    sha256(&std::fs::read(path).unwrap())
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn rows(folder: &Path, section: &str) -> Vec<Value> {
    json(&folder.join(format!("json/{section}.json"))).as_array().unwrap().clone()
}

/// The sample's memory as a raw image.
fn raw(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("memory.raw");
    assert_eq!(sample(&["dump", "phys", "--format", "raw", "-o", path.to_str().unwrap()]).status, 0);
    path
}

/// Everywhere in `bytes` another text of the same length.
fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) -> usize {
    assert!(new.len() <= old.len(), "{} > {}", new.len(), old.len());
    let places: Vec<usize> = bytes.windows(old.len()).enumerate().filter(|(_, w)| *w == old).map(|(i, _)| i).collect();
    for at in &places {
        bytes[*at..at + new.len()].copy_from_slice(new);
        bytes[at + new.len()..at + old.len()].fill(b'.');
    }
    places.len()
}

#[test]
fn a_report_is_a_folder_that_can_be_verified() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("a/case");
    let target = case.to_str().unwrap();
    let run = sample(&["report", "-o", target, "--case", "2024-17 <b>", "--examiner", "A. Muster", "--json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let parts: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let part = |name: &str| parts.iter().find(|p| p["name"] == name).unwrap_or_else(|| panic!("{name}: {parts:?}")).clone();
    assert_eq!((part("ps")["rows"].as_u64(), part("ps")["status"].as_str()), (Some(33), Some("whole")));
    assert_eq!((part("before")["status"].as_str(), &part("before")["note"]), (Some("same"), &part("after")["note"]));
    assert_eq!(part("before")["note"], answer(&["hash"])["sha256"]);

    // What a section holds is what its command answers, byte by byte.
    for (name, words) in [("ps", &["ps"][..]), ("ps-scan", &["ps", "--scan"]), ("modules", &["modules"]), ("kmsg", &["kmsg"])] {
        let file = std::fs::read_to_string(case.join(format!("json/{name}.json"))).unwrap();
        assert!(file == sample(&[words, &["--json"]].concat()).stdout, "{name}");
    }

    // Each file is what its line in the list says, and every file has a line.
    let list = std::fs::read_to_string(case.join("SHA256SUMS")).unwrap();
    assert_eq!(part("SHA256SUMS")["note"], hash(&case.join("SHA256SUMS")));
    let mut listed = 0;
    for line in list.lines() {
        let (sha256, name) = line.split_once("  ").unwrap();
        assert_eq!(sha256, hash(&case.join(name)), "{name}");
        listed += 1;
    }
    let files = |sub: &str| std::fs::read_dir(case.join(sub)).unwrap().filter(|e| e.as_ref().unwrap().path().is_file()).count();
    assert_eq!(listed, files("json") + files("csv") + files("") - 1, "{list}");
    assert!(list.contains("memory.png") && list.contains("report.html") && list.contains("json/timeline.json"));

    // A section's JSON is what the command answers.
    assert_eq!(Value::from(rows(&case, "ps")), answer(&["ps"]));
    assert_eq!(Value::from(rows(&case, "malfind")), answer(&["malfind"]));
    let csv = std::fs::read_to_string(case.join("csv/ps.csv")).unwrap();
    assert!(csv.starts_with("pid,ppid,name,") && csv.contains("\n54,1,victim-a,"), "{csv}");

    let summary = json(&case.join("report.json"));
    assert_eq!(summary["sha256"]["verdict"], "same");
    assert_eq!((summary["case"].as_str(), summary["examiner"].as_str()), (Some("2024-17 <b>"), Some("A. Muster")));
    assert_eq!(summary["suspicions"]["total"], 5);
    assert_eq!(summary["suspicions"]["shown"][0]["pid"], 54);
    let page = std::fs::read_to_string(case.join("report.html")).unwrap();
    assert!(page.len() < 10 << 20, "{}", page.len());
    assert!(page.contains("<title>memsh report: 2024-17 &lt;b&gt;</title>") && page.contains("Content-Security-Policy"));

    // What is there stays, unless it may go; what is not memsh's stays anyway.
    std::fs::write(case.join("note.txt"), "mine").unwrap();
    let run = sample(&["report", "-o", target]);
    assert!(run.status == 2 && run.stderr.contains("is not empty") && run.stderr.contains("--force"), "{}", run.stderr);
    // Who wants to see two rows of the answer still gets the whole folder.
    let run = sample(&["report", "-o", target, "--force", "--only", "ps", "--limit", "2"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(case.join("note.txt")).unwrap(), "mine");
    assert_eq!(json(&case.join("report.json"))["sections"].as_array().unwrap().len(), 1);
    assert_eq!(std::fs::read_to_string(case.join("SHA256SUMS")).unwrap().lines().count(), 4);
    assert_eq!(sample(&["report", "-o", case.join("note.txt").to_str().unwrap()]).status, 2);
    assert_eq!(sample(&["report", "-o", folder.path().join("b").to_str().unwrap(), "--only", "nonsense"]).status, 2);
    assert_eq!(sample(&["report"]).status, 2);
}

/// In a folder of an earlier report somebody may have left links: `--force` replaces them and writes through none.
#[test]
#[cfg(unix)]
fn a_report_writes_nothing_outside_of_its_folder() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let (case, mine) = (folder.path().join("case"), folder.path().join("mine"));
    let words = ["report", "-o", case.to_str().unwrap(), "--only", "ps,map", "--force"];
    assert_eq!(sample(&words).status, 0);
    let names = ["json/ps.json", "csv/ps.csv", "memory.png", "report.json", "report.html", "SHA256SUMS"];
    let old: Vec<Vec<u8>> = names.iter().map(|name| std::fs::read(case.join(name)).unwrap()).collect();
    for hard in [false, true] {
        std::fs::write(&mine, "precious").unwrap();
        for name in names {
            let path = case.join(name);
            std::fs::remove_file(&path).unwrap();
            if hard { std::fs::hard_link(&mine, &path).unwrap() } else { symlink(&mine, &path).unwrap() }
        }
        let run = sample(&words);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert_eq!(std::fs::read_to_string(&mine).unwrap(), "precious", "hard links: {hard}");
        for (name, old) in names.iter().zip(&old) {
            let path = case.join(name);
            assert!(path.symlink_metadata().unwrap().is_file(), "{name}");
            let new = std::fs::read(&path).unwrap();
            // Times differ in the others.
            assert!(new == *old || !name.contains('/') && name != &"memory.png" && new.len() > 100, "{name}");
        }
    }
    // A link that leads nowhere makes no file there; nor does a folder that is a link.
    let nowhere = folder.path().join("nowhere");
    std::fs::remove_file(case.join("json/ps.json")).unwrap();
    symlink(&nowhere, case.join("json/ps.json")).unwrap();
    assert_eq!(sample(&words).status, 0);
    assert!(!nowhere.exists());
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::remove_dir_all(case.join("csv")).unwrap();
    symlink(&elsewhere, case.join("csv")).unwrap();
    let run = sample(&words);
    assert!(run.status == 2 && run.stderr.contains("is a link or a file, not a folder"), "{}", run.stderr);
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
    // The image itself is refused even as what would be replaced.
    std::fs::remove_file(case.join("csv")).unwrap();
    let image = raw(folder.path());
    std::fs::remove_file(case.join("json/ps.json")).unwrap();
    std::fs::hard_link(&image, case.join("json/ps.json")).unwrap();
    let run = memsh(&[&[image.to_str().unwrap()], &words[..]].concat());
    assert!(run.status == 2 && run.stderr.contains("an image is never written"), "{}", run.stderr);
    assert!(case.join("json/ps.json").exists());
    // What the user names himself is written to as ever.
    let link = folder.path().join("link.png");
    symlink(&mine, &link).unwrap();
    assert_eq!(sample(&["map", "-o", link.to_str().unwrap(), "--force"]).status, 0);
    assert!(std::fs::read(&mine).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_timeline_is_in_order_and_of_all_kinds() {
    let all = answer(&["timeline"]);
    let all = all.as_array().unwrap();
    let time = |row: &Value| row["time"].as_str().unwrap()[..19].to_owned();
    assert!(all.windows(2).all(|w| time(&w[0]) <= time(&w[1])));
    for (kind, event, what) in [
        ("system", "started", "Linux 6.1"),
        ("process", "started", "/lab/bin/victim-a"),
        ("file", "modified", "/bin/busybox"),
        ("log", "logged", "Linux version 6.1"),
        ("bpf", "loaded", "lab_filter"),
    ] {
        let found = all.iter().find(|r| r["kind"] == kind && r["event"] == event && r["what"].as_str().unwrap().contains(what));
        assert!(found.is_some(), "{kind} {event} {what}");
    }
    let started = all.iter().find(|r| r["kind"] == "process" && r["pid"] == 54).unwrap();
    assert_eq!((started["process"].as_str(), started["source"].as_str()), (Some("victim-a"), Some("ps --scan (start_time)")));
    let some = answer(&["timeline", "--only", "process,log", "--from", "2026-11-20T12:43:51"]);
    let some = some.as_array().unwrap();
    assert!(!some.is_empty() && some.iter().all(|r| r["kind"] != "file" && time(r).as_str() >= "2026-11-20T12:43:51"));
    let none = sample(&["timeline", "--to", "1990-01-01"]);
    assert!(none.status == 0 && none.stderr.contains("no rows"), "{}", none.stderr);
    assert_eq!(sample(&["timeline", "--from", "yesterday"]).status, 2);
    // What is cut off is said.
    let cut = sample(&["timeline", "--max", "10", "--jsonl"]);
    assert_eq!((cut.stdout.lines().count(), cut.status), (10, 0));
    assert!(cut.stderr.contains("partial:") && cut.stderr.contains("beyond 10"), "{}", cut.stderr);
}

/// A source that fails is said and takes no other with it: the file times are gone with the list of file systems.
#[test]
fn a_source_that_fails_takes_no_other_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = raw(folder.path());
    let place = answer(&["vtop", "super_blocks"]);
    let at = cli::number(&place["physical"]);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = usize::try_from(at).unwrap();
    bytes[at..at + 16].fill(0x11);
    std::fs::write(&path, bytes).unwrap();
    let run = memsh(&[path.to_str().unwrap(), "timeline", "--jsonl"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("partial:") && run.stderr.contains("pagecache"), "{}", run.stderr);
    assert!(run.stdout.contains("\"kind\":\"process\"") && run.stdout.contains("\"kind\":\"log\""));
    let case = folder.path().join("case");
    let run = memsh(&[path.to_str().unwrap(), "report", "-o", case.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("partial:") && run.stderr.contains("deleted"), "{}", run.stderr);
    let sections = json(&case.join("report.json"))["sections"].as_array().unwrap().clone();
    let deleted = sections.iter().find(|s| s["section"] == "deleted").unwrap();
    assert!(deleted["status"] != "whole" && deleted["note"].is_string(), "{deleted}");
    assert!(sections.iter().any(|s| s["section"] == "ps" && s["status"] == "whole"));
}

#[test]
fn an_image_that_is_nothing_still_gets_its_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noise.raw");
    let noise: Vec<u8> = (0..1u32 << 20).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    std::fs::write(&path, noise).unwrap();
    let case = folder.path().join("case");
    let run = memsh(&[path.to_str().unwrap(), "report", "-o", case.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let summary = json(&case.join("report.json"));
    assert_eq!(summary["sha256"]["before"], hash(&path));
    let ps = summary["sections"].as_array().unwrap().iter().find(|s| s["section"] == "ps").unwrap().clone();
    assert!(ps["status"] == "failed" && ps["note"].as_str().unwrap().len() > 10, "{ps}");
}

#[test]
fn a_full_disk_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    // A limit on the size of files stands for a disk that is full: writes fail in the middle.
    let program = assert_cmd::cargo::cargo_bin("memsh");
    let script = format!("ulimit -f 8; exec {} sample report -o {}", program.display(), case.display());
    let run = Command::new("sh").args(["-c", &script]).env("XDG_CACHE_HOME", "/dev/null").output().unwrap();
    let error = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(1), "{error}");
    assert!(
        error.contains("report: can't write ") && error.contains("not whole") && error.contains("hint: make room"),
        "{error}"
    );
    assert!(!case.join("report.html").exists() && !case.join("SHA256SUMS").exists());
    let files = std::fs::read_dir(case.join("json")).unwrap().map(|e| e.unwrap().path());
    for file in files {
        assert!(
            serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()).is_ok(),
            "half of a file stays: {}",
            file.display()
        );
    }
}

/// Sorting, filtering, details, the tree: on the sample, without a word on the console or a request.
#[test]
fn the_page_works_in_a_browser() {
    let Some(program) = chromium() else { return };
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case");
    assert_eq!(sample(&["report", "-o", case.to_str().unwrap()]).status, 0);
    let mut page = Browser::start(program);
    page.open(&case.join("report.html"));
    let shot = std::env::var_os("MEMSH_SCREENSHOT");
    if let Some(to) = shot {
        let data = page.ask("Page.captureScreenshot", serde_json::json!({"format": "png"}))["data"].clone();
        std::fs::write(to, data.as_str().unwrap()).unwrap();
    }
    // Suspicions come first.
    assert_eq!(page.texts("main section h2")[0], "5 suspicions");
    assert_eq!(page.texts("#suspicions tbody tr.row").len(), 5);
    assert!(page.texts("#verdict")[0].starts_with("The image did not change: SHA-256 "));
    // A picture that was decoded, not an empty frame.
    assert!(page.value("document.querySelector('#memory img').naturalWidth").as_u64().unwrap() > 100);

    // Sorting by a click: once up, twice down, by value and not by letter.
    let pids = |page: &mut Browser| -> Vec<u64> {
        page.texts("#ps tbody tr.row td:first-child").iter().map(|t| t.parse().unwrap()).collect()
    };
    let first = pids(&mut page);
    assert_eq!(first.len(), 33);
    page.click("#ps thead th:first-child button");
    let up = pids(&mut page);
    assert!(up.is_sorted() && up.contains(&10) && up.contains(&9), "{up:?}");
    assert_eq!(page.value("document.querySelector('#ps th').getAttribute('aria-sort')"), "ascending");
    page.click("#ps thead th:first-child button");
    assert!(pids(&mut page).is_sorted_by(|a, b| a >= b));
    page.click("#ps thead th:nth-child(3) button");
    let names = page.texts("#ps tbody tr.row td:nth-child(3)");
    assert!(
        names
            .iter()
            .zip(names.iter().skip(1))
            .all(|(a, b)| a.to_lowercase() <= b.to_lowercase() || a.contains('/') || b.contains('/')),
        "{names:?}"
    );

    // A filter for one table, and one for all.
    page.fill("#filter-ps", "VICTIM");
    assert_eq!(pids(&mut page).len(), 2);
    assert!(page.texts("#ps .more")[0].contains("2 of 33 rows"));
    assert_eq!(page.texts("#ps mark")[0], "victim");
    page.fill("#filter-ps", "");
    assert_eq!(pids(&mut page).len(), 33);
    page.fill("#everywhere", "victim-b");
    assert_eq!(pids(&mut page).len(), 1);
    assert_eq!(page.texts("#suspicions tbody tr.row").len(), 1);
    assert_eq!(page.texts("nav a[href='#ps'] .count")[0], "1 of 33");
    page.fill("#everywhere", "");

    // The tree: users' processes with their suspicions; a button for the kernel's threads.
    let tree = page.texts("#tree tbody tr");
    assert!(tree.len() == 3 && tree[1].contains("├─ victim-a") && tree[1].contains("⚑ 4"), "{tree:?}");
    page.click("#tree .chips button");
    assert_eq!(page.texts("#tree tbody tr").len(), 33);
    // All fields of a row, by a click on it.
    page.click("#ps tbody tr.row td:nth-child(2)");
    assert!(page.texts("#ps tr.detail dt").iter().any(|t| t == "address"));
    // The timeline: kinds as buttons, more rows on demand.
    assert_eq!(page.texts("#timeline tbody tr.row").len(), 100);
    page.click("#timeline .more button");
    assert_eq!(page.texts("#timeline tbody tr.row").len(), 1100);
    let bpf =
        page.value("[...document.querySelectorAll('#timeline .chips button')].findIndex((b) => b.textContent === 'bpf') + 1");
    page.click(&format!("#timeline .chips button:nth-child({bpf})"));
    let kinds = page.texts("#timeline tbody tr.row td:nth-child(2)");
    assert!(!kinds.is_empty() && kinds.iter().all(|k| k == "bpf"), "{kinds:?}");

    assert_eq!(page.complaints(), [""; 0]);
    assert_eq!(page.requests(), [""; 0]);
}

/// Names that are markup, scripts, ends of scripts and reversed text, in every place that an image can have them.
#[test]
fn hostile_names_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = raw(folder.path());
    let mut bytes = std::fs::read(&path).unwrap();
    // A process's name, its arguments (the double-escaped state of HTML's parser), a module, a file, the kernel's log.
    assert!(replace(&mut bytes, b"victim-a", b"<img x>&") > 1);
    assert!(replace(&mut bytes, b"hello world", b"<!--<script") > 0);
    assert!(replace(&mut bytes, b"qemu_fw_cfg", b"\"'><svg/on=") > 0);
    assert!(replace(&mut bytes, b"victim-b", "\u{202e}b\u{2028}\u{7f}".as_bytes()) > 1);
    let script: &[u8] = b"</script><script>window.hacked=1</script><img src=//127.0.0.1:9/";
    assert!(replace(&mut bytes, b"console=ttyS0 panic=-1 quiet loglevel=3 init_on_free=1 init_on_alloc=1", script) > 0);
    std::fs::write(&path, bytes).unwrap();
    let case = folder.path().join("case");
    let words = ["report", "-o", case.to_str().unwrap(), "--case", "</title><script>window.hacked=2</script>"];
    let run = memsh(&[&[path.to_str().unwrap()], &words[..]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    let text = std::fs::read_to_string(case.join("report.html")).unwrap();
    let inside = text.split_once("id=\"data\">").unwrap().1;
    let (data, rest) = inside.split_once("</script>").unwrap();
    assert!(!data.contains(['<', '>', '\u{2028}', '\u{202e}']) && rest.matches("<script").count() == 1);
    let names: Vec<Value> = rows(&case, "ps").iter().map(|r| r["name"].clone()).collect();
    assert!(names.contains(&"<img x>&".into()) && names.contains(&"\u{202e}b\u{2028}\u{7f}".into()), "{names:?}");

    let Some(program) = chromium() else { return };
    let mut page = Browser::start(program);
    page.open(&case.join("report.html"));
    assert_eq!(page.value("typeof window.hacked"), "undefined");
    // Only what the page's own script makes: one picture, no markup of the image's.
    assert_eq!(page.value("document.images.length"), 1);
    assert_eq!(
        page.value("document.querySelectorAll('svg, iframe, object, embed, script[src], link:not([rel=icon]), img[x]').length"),
        0
    );
    assert_eq!(page.value("document.scripts.length"), 2);
    let shown = page.texts("#ps tbody tr.row td:nth-child(3)");
    assert!(shown.contains(&"<img x>&".to_owned()), "{shown:?}");
    assert!(shown.contains(&"\\u{202e}b\\u{2028}\\x7f".to_owned()), "{shown:?}");
    assert!(page.texts("#kmsg tbody")[0].contains("</script><script>window.hacked=1"));
    assert!(page.texts("#tree tbody")[0].contains("<!--<script"));
    page.fill("#everywhere", "<!--<script");
    assert!(!page.texts("#cmdline mark").is_empty());
    // The policy holds: a script that got in would not run, and a request would not leave.
    page.value(
        "(() => { const s = document.createElement('script'); s.textContent = 'window.hacked = 3'; document.body.append(s); })()",
    );
    assert_eq!(page.value("typeof window.hacked"), "undefined");
    assert_eq!(page.value("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"), "refused");
    let policy = page.complaints();
    assert!(policy.iter().all(|c| c.contains("Content Security Policy")) && policy.len() >= 2, "{policy:?}");
}
