//! JSON: shapes, schemas, and what is made from the registry and committed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod schema;

use cli::{answer, commands, memsh, repository, sample};
use schema::misfits;
use serde_json::Value;

#[test]
fn answers_fit_the_committed_schemas() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump.bin");
    let batch = folder.path().join("batch.txt");
    let expect = folder.path().join("expect.json");
    std::fs::write(&batch, "init_task\n0x1234 # nothing is there\n").unwrap();
    std::fs::write(&expect, r#"{"commands":[{"command":"hash","expect":{"size":1}}]}"#).unwrap();
    let (dump, batch, expect) = (dump.to_str().unwrap(), batch.to_str().unwrap(), expect.to_str().unwrap());
    let paths = folder.path().join("paths.json");
    let paths = paths.to_str().unwrap();
    let new = folder.path().join("rom");
    let new = new.to_str().unwrap();
    let (case, log) = (folder.path().join("case"), folder.path().join("case.log"));
    let (case, log) = (case.to_str().unwrap(), log.to_str().unwrap());
    assert_eq!(sample(&["--log", log, "-c", "eval 1"]).status, 0);
    let lines: &[&[&str]] = &[
        &["info"],
        &["ps"],
        &["ps", "-t"],
        &["ps", "--scan"],
        &["malfind"],
        &["threads"],
        &["cmdline"],
        &["env"],
        &["modules"],
        &["modules", "--scan"],
        &["modules", "-p", "54"],
        &["maps", "-p", "1"],
        &["vtop", "init_task"],
        &["vtop", "0x1234"],
        &["vtop", "--batch", batch],
        &["ptov", "0x1c11600"],
        &["pages", "-p", "1"],
        &["pages", "-k"],
        &["read", "init_task"],
        &["dps", "init_task"],
        &["x/s", "linux_banner"],
        &["read", "--phys", "0x7fffffff0000"],
        &["scan", "Linux version", "--max", "5"],
        &["scan", "Linux", "-k", "--max", "5"],
        &["scan", "--utf16", "--all", "--max", "5", "a"],
        &["strings", "--max", "5"],
        &["entropy", "--max", "3"],
        &["map", "--height", "2"],
        &["carve", "--max", "3"],
        &["features", "--top", "2"],
        &["xrefs", "schedule"],
        &["sig", "schedule", "--format", "code"],
        &["ptrmap", "build", "-p", "1"],
        &["ptrmap", "find", "init_task", "-k", "--max", "5", "--save", paths],
        &["ptrmap", "check", paths, "-k"],
        &["dump", "--phys", "0..64", "-o", dump],
        &["symbols", "init_*"],
        &["near", "init_task+8"],
        &["dt", "task_struct", "init_task"],
        &["dt", "--depth", "3", "task_struct", "init_task"],
        &["hash"],
        &["kmsg"],
        &["pagecache", "--all"],
        &["inodepages", "/etc/passwd"],
        &["history"],
        &["bt", "1"],
        &["net"],
        &["interfaces"],
        &["bpf"],
        &["timers"],
        &["iomem"],
        &["swaps"],
        &["hooks"],
        &["textcheck"],
        &["files", "--all"],
        &["mounts"],
        &["namespaces"],
        &["cgroups"],
        &["creds"],
        &["dis", "schedule"],
        &["tele", "init_task"],
        &["eval", "init_task"],
        &["list", "task_struct.tasks", "init_task.tasks", "--fields", "pid,comm"],
        &["tree", "vmap_area.rb_node", "vmap_area_root"],
        &["percpu"],
        &["check", expect],
        &["plugins", "list"],
        &["version"],
        &["plugins-info", "file"],
        &["plugins-new", "rom", "--to", new],
        &["timeline", "--only", "process,system"],
        &["report", "-o", case, "--only", "ps,history"],
        &["log", "verify", log],
    ];
    // What the sample has nothing of: nobody typed anything on it, it has neither swap nor control groups, nothing is wrong with its code.
    let empty = ["cgroups", "history", "swaps", "textcheck"];
    let mut seen = Vec::new();
    for words in lines {
        let all: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let run = sample(&all);
        let value: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{words:?}: {e}: {}", run.stderr));
        let name = match words[0] {
            "dps" | "x/s" => "read",
            "ptrmap" if words[1] == "build" => "ptrmap-build",
            "ptrmap" if words[1] == "find" => "ptrmap-find",
            "ptrmap" => "ptrmap-check",
            "log" => "log-verify",
            name => name,
        };
        let text = std::fs::read_to_string(repository(&format!("docs/schema/{name}.json"))).unwrap();
        let schema: Value = serde_json::from_str(&text).unwrap();
        let mut out = Vec::new();
        misfits(&schema, &schema, &value, "$", &mut out);
        assert!(out.is_empty(), "{words:?} parts with its schema: {:#?}", &out[..out.len().min(5)]);
        assert!(
            value.as_array().is_none_or(|a| !a.is_empty())
                || run.status != 0
                || words.contains(&"--utf16")
                || empty.contains(&words[0]),
            "{words:?} is empty"
        );
        seen.push(name.to_owned());
    }
    // What only Windows has; the sample is Linux.
    let windows = [
        "drivers",
        "exports",
        "hives",
        "imports",
        "keyboard",
        "objects",
        "reg",
        "sections",
        "services",
        "symbols-import",
        "symbols-need",
    ];
    // What only a live target takes, or what compares two targets (tests/cli_write.rs and tests/cli_diff.rs hold them against theirs), and
    // what needs a plugin: tests/plugins asks those.
    let elsewhere = [
        // tests/mount.rs
        "mount",
        "write",
        "fill",
        "undo",
        // tests/narrow.rs has processes whose values change.
        "scan-value",
        "next",
        "matches",
        "matches-write",
        "scans",
        "freeze",
        "diff",
        "plugins-check",
        "plugins-install",
        "plugins-remove",
        "plugins-targets",
        "plugins-upgrade",
        "run",
        "emulate",
        "yara",
    ];
    for name in commands().into_iter().filter(|n| !windows.contains(&n.as_str()) && !elsewhere.contains(&n.as_str())) {
        assert!(seen.contains(&name), "no answer of {name} is held against its schema");
    }
}

#[test]
fn a_schema_notices_a_difference() {
    let schema: Value = serde_json::from_str(&memsh(&["schema", "hash"]).stdout).unwrap();
    for bad in [r#""size":1"#, r#""size":"1","sha256":"""#, r#""size":1,"sha256":"","new":1"#] {
        let bad = format!(r#"{{"path":"x","others":[],{bad}}}"#);
        let mut out = Vec::new();
        misfits(&schema, &schema, &serde_json::from_str(&bad).unwrap(), "$", &mut out);
        assert_eq!(out.len(), 1, "{bad}");
    }
}

/// Compares what the program prints with the committed file; `MEMSH_BLESS=1` writes it.
fn current(path: &str, words: &[&str]) {
    let text = memsh(words).stdout;
    let path = repository(path);
    if std::env::var_os("MEMSH_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{} is not what `memsh {}` prints: run the tests once with MEMSH_BLESS=1",
        path.display(),
        words.join(" ")
    );
}

#[test]
fn committed_files_are_current() {
    for name in commands() {
        current(&format!("docs/schema/{name}.json"), &["schema", &name]);
    }
    current("docs/commands.md", &["help", "--markdown"]);
    current("docs/memsh.1", &["man"]);
    current("completions/memsh.bash", &["completions", "bash"]);
    current("completions/_memsh", &["completions", "zsh"]);
    current("completions/memsh.fish", &["completions", "fish"]);
    current("completions/_memsh.ps1", &["completions", "powershell"]);
}

#[test]
fn several_commands_are_one_value_per_line() {
    let run = sample(&["--json", "-c", "ps; hash; modules"]);
    let values: Vec<Value> = run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(matches!(values.as_slice(), [Value::Array(_), Value::Object(_), Value::Array(_)]));
}

#[test]
fn formats_agree() {
    let json = answer(&["ps"]);
    let lines = sample(&["ps", "--jsonl"]).stdout;
    let lines: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(json.as_array().unwrap(), &lines);
    let csv = sample(&["ps", "--csv", "--columns", "pid,ppid"]).stdout;
    assert_eq!(csv.lines().count(), lines.len() + 1);
    assert_eq!(csv.lines().next(), Some("pid,ppid"));
    let bare = sample(&["ps", "--no-header", "--columns", "pid"]).stdout;
    let pids: Vec<u64> = bare.lines().map(|l| l.trim().parse().unwrap()).collect();
    assert_eq!(pids, lines.iter().map(|r| r["pid"].as_u64().unwrap()).collect::<Vec<_>>());
    let narrow = answer(&["ps", "--columns", "name,pid"]);
    assert_eq!(narrow[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["name", "pid"]);
}

#[test]
fn options_stand_before_or_after_the_command() {
    assert_eq!(sample(&["hash", "--json"]).stdout, memsh(&["--json", "sample", "hash"]).stdout);
    assert_eq!(sample(&["hash", "--json"]).stdout, memsh(&["sample", "--json", "hash"]).stdout);
    assert_eq!(memsh(&["sample", "hash", "--json", "--format", "raw"]).status, 0);
}

#[test]
fn absent_is_null() {
    let ps = answer(&["ps"]);
    let kernel = ps.as_array().unwrap().iter().find(|r| r["pid"] == 2).unwrap();
    assert_eq!(kernel["kernel_thread"], true);
    for key in ["dtb", "sid", "session", "image_path", "command_line", "exit_time"] {
        assert!(kernel[key].is_null(), "{key}: {}", kernel[key]);
    }
}
