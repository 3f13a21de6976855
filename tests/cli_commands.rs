//! What commands answer about the sample.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, memsh, number, sample};
use serde_json::{Value, json};

fn first_pid(name: &str) -> String {
    let ps = answer(&["ps", name]);
    ps[0]["pid"].to_string()
}

#[test]
fn a_value_read_and_dumped_and_found_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("banner");
    let read = answer(&["read", "linux_banner", "-n", "64"]);
    let dump = answer(&["dump", "linux_banner..linux_banner+64", "-o", path.to_str().unwrap()]);
    let bytes = std::fs::read(&path).unwrap();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(read["data"], hex);
    assert_eq!((dump["bytes"].as_u64(), dump["unreadable"].as_u64()), (Some(64), Some(0)));
    assert!(String::from_utf8_lossy(&bytes).starts_with("Linux version "));
    let hits = answer(&["scan", "-k", "Linux version "]);
    assert!(hits.as_array().unwrap().iter().any(|h| h["address"] == read["address"] && h["region"] == "linux_banner"));
    let physical = answer(&["vtop", "linux_banner"])["physical"].clone();
    let hits = answer(&["scan", "--hex", &hex[..40]]);
    assert!(hits.as_array().unwrap().iter().any(|h| h["address"] == physical && h["space"] == "phys"));
    let owners = answer(&["ptov", physical.as_str().unwrap()]);
    assert!(owners.as_array().unwrap().iter().any(|o| o["virtual"] == read["address"] && o["symbol"] == "linux_banner"));
}

#[test]
fn other_tools_spellings_answer_alike() {
    let ps = answer(&["ps"]);
    for words in [&["pslist"][..], &["!process", "0", "0"], &["linux.pslist"], &["windows.pslist.PsList"]] {
        assert_eq!(answer(words), ps, "{words:?}");
    }
    let data = |words: &[&str]| answer(words)["data"].clone();
    let expected = data(&["read", "init_task", "-n", "32"]);
    for words in [
        &["dq", "init_task", "L4"][..],
        &["db", "init_task", "L20"],
        &["dd", "init_task", "L8"],
        &["x/4gx", "init_task"],
        &["rd", "-8", "init_task", "32"],
        &["read", "init_task", "init_task+0x20"],
        &["read", "*init_task*0+init_task", "--count", "0x20"],
    ] {
        assert_eq!(data(words), expected, "{words:?}");
    }
    assert_eq!(answer(&["lm"]), answer(&["modules"]));
    assert_eq!(answer(&["pte", "init_task"]), answer(&["vtop", "init_task"]));
}

#[test]
fn a_process_is_chosen_by_pid_or_name() {
    let pid = first_pid("victim-b");
    assert_eq!(answer(&["maps", "-p", &pid]), answer(&["maps", "-p", "victim-b"]));
    let run = sample(&["maps", "-p", "nobody"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("no process nobody") && run.stderr.contains("hint: "), "{}", run.stderr);
    let run = sample(&["maps"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("maps needs a process"));
    let run = sample(&["--json", "-c", &format!("proc {pid}; maps; proc -; maps")]);
    assert_eq!((run.status, run.stdout.lines().count()), (2, 1), "{}", run.stderr);
}

#[test]
fn pages_and_maps_and_translation_agree() {
    let pid = first_pid("victim-a");
    let maps = answer(&["maps", "-p", &pid]);
    let pages = answer(&["pages", "-p", &pid]);
    let pages = pages.as_array().unwrap();
    assert!(!pages.is_empty());
    for run in pages.iter().take(20) {
        let address = number(&run["virtual"]);
        let inside = |m: &Value| number(&m["start"]) <= address && address < number(&m["end"]);
        assert!(maps.as_array().unwrap().iter().any(inside), "{run}");
        let one = answer(&["vtop", "-p", &pid, run["virtual"].as_str().unwrap()]);
        assert_eq!((&one["physical"], &one["perm"]), (&run["physical"], &run["perm"]));
    }
}

#[test]
fn a_command_for_each_process_says_whose_answer_it_is_and_can_be_piped() {
    let run = sample(&["-c", "foreach user maps -x -w | cat"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let (a, b) = (run.stdout.find("-- victim-a/").unwrap(), run.stdout.find("-- victim-b/").unwrap());
    assert!(a < b && run.stdout.contains("rwxp"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    assert_eq!(sample(&["-c", &format!("foreach user threads --jsonl > {}", path.display())]).stdout, "");
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.lines().count() > 2 && text.lines().all(|l| l.starts_with('{')), "{text}");
}

#[test]
fn jq_gets_json() {
    // A stand-in for jq on the path: the test needs no jq.
    let folder = tempfile::tempdir().unwrap();
    let jq = folder.path().join("jq");
    std::fs::write(&jq, "#!/bin/sh\ncat\n").unwrap();
    std::process::Command::new("chmod").arg("+x").arg(&jq).status().unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let run = |line: &str| {
        let mut command = assert_cmd::Command::cargo_bin("memsh").unwrap();
        let output = command.env("PATH", &path).args(["sample", "-c", line]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(serde_json::from_str::<Value>(&run("ps -u | jq .")).unwrap(), answer(&["ps", "-u"]));
    assert!(run("ps -u --csv | jq .").starts_with("pid,"));
}

#[test]
fn users_and_the_kernels_threads_are_told_apart() {
    let kernel = |words: &[&str]| {
        let rows = answer(words);
        rows.as_array().unwrap().iter().map(|p| p["kernel_thread"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    let (all, user, threads) = (kernel(&["ps"]), kernel(&["ps", "-u"]), kernel(&["ps", "-k"]));
    assert!(user.iter().all(|k| !k) && threads.iter().all(|k| *k));
    assert_eq!(user.len() + threads.len(), all.len());
    assert_eq!(sample(&["ps", "-u", "-k"]).status, 2);
    let run = sample(&["maps", "-p", "2"]);
    assert!(run.status == 0 && run.stderr.contains("kthreadd/2 is a thread of the kernel"), "{}", run.stderr);
    assert_eq!(sample(&["-c", "foreach nosuch ps"]).status, 1);
    // The list from which a process is chosen stays whole; what asks about one process does not.
    let run = sample(&["--json", "-c", "proc victim-a; ps; threads"]);
    let values: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(values[0].as_array().unwrap().len(), all.len());
    assert!(values[1].as_array().unwrap().iter().all(|t| t["pid"] == values[1][0]["pid"]));
}

#[test]
fn a_hit_is_shown_with_the_text_around_it() {
    let hit = &answer(&["scan", "-k", "inux versi", "--max", "1"])[0];
    assert!(hit["context"].as_str().unwrap().starts_with("Linux version "), "{hit}");
    assert!((hit["text"] == "inux versi") && hit["match"] == "696e75782076657273 69".replace(' ', ""));
}

#[test]
fn types_are_shown_with_values() {
    let comm = answer(&["dt", "task_struct.comm", "init_task"]);
    assert_eq!(comm["fields"][0]["value"], "swapper/0");
    assert_eq!(comm["fields"][0]["type"], "char [16]");
    let some = answer(&["struct", "task_struct.pid,comm", "init_task"]);
    assert_eq!((some["fields"][0]["value"].as_u64(), some["fields"][1]["value"].as_str()), (Some(0), Some("swapper/0")));
    let list = answer(&["dt", "list_head"]);
    assert_eq!(list["size"], 16);
    assert_eq!(answer(&["struct", "list_head"]), list);
    assert_eq!(answer(&["dt", "struct", "list_head"]), list);
    let run = sample(&["dt", "task_strcut"]);
    assert!(run.status == 1 && run.stderr.contains("did you mean task_struct"), "{}", run.stderr);
}

#[test]
fn symbols_by_pattern_and_by_address() {
    let all = answer(&["symbols", "init_task"]);
    assert_eq!(all[0]["name"], "init_task");
    let near = answer(&["near", "init_task+0x10"]);
    assert_eq!((near[0]["name"].as_str(), near[0]["offset"].as_u64()), (Some("init_task"), Some(16)));
    assert_eq!(answer(&["sym", all[0]["address"].as_str().unwrap()])[0]["address"], all[0]["address"]);
    assert!(answer(&["symbols", "/^init_ta.k$/"]).as_array().unwrap().len() == 1);
    assert_eq!(sample(&["near", "0x7fff00000000"]).status, 1);
    let run = sample(&["read", "inti_task"]);
    assert!(run.status == 1 && run.stderr.contains("did you mean init_task"), "{}", run.stderr);
}

#[test]
fn check_finds_differences() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("expect.json");
    let file = path.to_str().unwrap();
    assert_eq!(sample(&["check", file]).status, 1, "there is no such file");
    assert_eq!(sample(&["check", file, "--update"]).status, 0);
    assert_eq!(sample(&["check", file]).status, 0);
    let mut expect: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(expect["commands"].as_array().unwrap().len(), 3);
    expect["commands"][1]["expect"][0]["name"] = json!("somebody");
    std::fs::write(&path, expect.to_string()).unwrap();
    let run = sample(&["check", file]);
    assert_eq!(run.status, 3);
    assert!(run.stdout.contains("[0].name") && run.stdout.contains("- \"somebody\""), "{}", run.stdout);
    assert!(run.stderr.contains("1 difference"));
    std::fs::write(&path, "{}").unwrap();
    assert_eq!(sample(&["check", file]).status, 2);
}

#[test]
fn dumps_are_images_again() {
    let folder = tempfile::tempdir().unwrap();
    for format in ["raw", "elf", "lime"] {
        let path = folder.path().join(format);
        let image = path.to_str().unwrap();
        let dump = answer(&["dump", "phys", "--format", format, "-o", image]);
        let hash: Value = serde_json::from_str(&memsh(&[image, "hash", "--json"]).stdout).unwrap();
        assert_eq!(dump["sha256"], hash["sha256"]);
        let ps = memsh(&[image, "ps", "--json"]);
        assert_eq!((ps.status, &ps.stdout), (0, &sample(&["ps", "--json"]).stdout), "{format}: {}", ps.stderr);
    }
    let pid = first_pid("victim-b");
    let path = folder.path().join("process");
    let dump = answer(&["dump", "-p", &pid, "-o", path.to_str().unwrap()]);
    assert!(dump["bytes"].as_u64() > Some(4096));
    assert!(std::fs::read(&path).unwrap().starts_with(b"\x7fELF"));
}

#[test]
fn a_process_name_cannot_speak_to_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.raw");
    let image = path.to_str().unwrap();
    assert_eq!(sample(&["dump", "phys", "-o", image]).status, 0);
    let process = answer(&["ps", "victim-b"])[0].clone();
    let comm = format!("{}+{}", process["address"].as_str().unwrap(), answer(&["dt", "task_struct.comm"])["fields"][0]["offset"]);
    let at = number(&answer(&["vtop", &comm])["physical"]);
    let mut memory = std::fs::read(&path).unwrap();
    let name = b"\x1b[2J\x07\xe2\x80\xae\xffx\0";
    memory[at as usize..at as usize + name.len()].copy_from_slice(name);
    std::fs::write(&path, memory).unwrap();
    let pid = process["pid"].to_string();
    for words in [vec![image, "ps", &pid], vec![image, "ps", &pid, "--json"], vec![image, "cmdline", "-p", &pid, "--jsonl"]] {
        let run = memsh(&words);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let unsafe_char = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!run.stdout.contains(unsafe_char) && !run.stderr.contains(unsafe_char), "{words:?}: {:?}", run.stdout);
    }
    assert!(memsh(&[image, "ps", &pid]).stdout.contains("\\x1b[2J\\x07\\u{202e}"));
    let row: Value = serde_json::from_str(&memsh(&[image, "ps", &pid, "--json"]).stdout).unwrap();
    assert_eq!(row[0]["name"], "\u{1b}[2J\u{7}\u{202e}\u{fffd}x", "JSON is exact");
    assert_eq!(row[0]["name_bytes"], "1b5b324a07e280aeff78");
    // An error that quotes the name is as harmless.
    let run = memsh(&[image, "maps", "-p", "\x1b[2J"]);
    assert!(run.status == 1 && !run.stderr.contains('\x1b'), "{:?}", run.stderr);
}

#[test]
fn scan_takes_text_hex_and_regex() {
    let count = |words: &[&str]| answer(words).as_array().unwrap().len();
    let text = count(&["scan", "Linux version"]);
    assert!(text > 0);
    assert_eq!(count(&["scan", "--hex", "4c 69 6e 75 78 20 76 65 72 73 69 6f 6e"]), text);
    assert_eq!(count(&["scan", "--regex", "Linux versio[n]"]), text);
    assert!(count(&["scan", "-i", "linux VERSION"]) >= text);
    assert_eq!(count(&["scan", "Linux version", "--max", "1"]), 1);
    assert_eq!(count(&["scan", "Linux version", "--range", "0", "0x10"]), 0);
    assert_eq!(count(&["s", "-a", "0", "L?ffffffff", "Linux version"]), text);
    for bad in [&["scan", "--hex", "xyz"][..], &["scan", "--regex", "("], &["scan", ""]] {
        assert_eq!(sample(bad).status, 2, "{bad:?}");
    }
}

#[test]
fn pages_without_a_system_are_read_through_a_given_root() {
    let info = answer(&["info"]);
    let root = info["paging"]["root"].as_str().unwrap();
    let run = sample(&["vtop", info["os"]["kernel_base"].as_str().unwrap(), "--dtb", root, "--arch", "x86_64", "--json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn every_documented_example_runs() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(cli::repository("docs/commands.md")).unwrap();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().filter_map(|l| l.strip_prefix("    ")).filter(|l| l.contains("    # ")) {
        lines.push(line.split("    # ").next().unwrap().to_owned());
    }
    assert!(lines.len() > 40, "{lines:?}");
    std::fs::write(folder.path().join("addresses.txt"), "0x400000\n").unwrap();
    cli::later_image(folder.path());
    cli::transcript(folder.path());
    // `check --update` stands before `check` in the page, as in life.
    // What needs a plugin or an index is run by tests/plugins; `mount` stays until Ctrl-C (tests/mount.rs).
    let needs = ["plugins install", "plugins remove", "plugins check", "plugins targets", "run ", "emulate ", "yara ", "mount "];
    for line in lines.iter().filter(|l| !l.contains("| xxd") && !needs.iter().any(|n| l.starts_with(n))) {
        let mut command = assert_cmd::Command::cargo_bin("memsh").unwrap();
        let output = command
            .current_dir(folder.path())
            .env("XDG_DATA_HOME", folder.path().join("data"))
            .args(cli::target_of(line))
            .args(["-c", line])
            .output()
            .unwrap();
        let says = String::from_utf8_lossy(&output.stderr);
        // The sample is Linux.
        let foreign = says.contains("only the memory of a Windows machine has this");
        assert_eq!(output.status.code(), Some(i32::from(foreign)), "{line}: {says}");
    }
}
