//! The fields that scripts rely on: each answer has them, whatever else it has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, memsh, sample};
use serde_json::Value;

/// A command, the way to the objects meant in its answer, and the fields that these have.
const FIELDS: &[(&[&str], &str, &str)] = &[
    (&["info"], "", "image arch paging os detection"),
    (&["info"], "/image", "path format size memory_size ranges compressed"),
    (&["info"], "/image/ranges/0", "start end"),
    (&["info"], "/paging", "mode levels page_size root"),
    (&["info"], "/os", "kind name version build kernel_base kernel_size kaslr_slide boot_time hostname cpus"),
    (
        &["ps"],
        "/0",
        "pid ppid name state threads uid gid sid session kernel_thread start_time exit_time dtb address image_path command_line \
         wow64 arch hidden",
    ),
    (&["threads"], "/0", "pid tid name state address start_address start_symbol"),
    (&["modules"], "/0", "name base size path arch state refcount used_by"),
    (&["modules", "-p", "1"], "/0", "name base size path arch"),
    (&["maps", "-p", "1"], "/0", "start end size perm offset device inode path kind"),
    (&["malfind"], "/0", "kind pid process reason address size region evidence"),
    (&["ps", "--scan"], "/0/sources", "list pid_idr threads children cgroup scheduler slab signature"),
    (&["modules", "--scan"], "/0/sources", "list sysfs tree vmalloc signature"),
    (&["cmdline"], "/0", "pid name args"),
    (&["env"], "/0", "pid name key value"),
    (&["vtop", "init_task"], "", "virtual physical page_size perm steps"),
    (&["vtop", "init_task"], "/perm", "read write execute user"),
    (&["vtop", "init_task"], "/steps/0", "level table index entry_address entry next page"),
    (&["ptov", "0x1c11600"], "/0", "pid virtual name"),
    (&["pages", "-p", "1"], "/0", "virtual physical size page_size perm"),
    (&["read", "init_task"], "", "address length data unreadable"),
    (&["scan", "Linux version"], "/0", "address space pid process offset match text region"),
    (&["strings", "--max", "1"], "/0", "address encoding length text"),
    (&["carve", "--max", "1"], "/0", "address space pid process region kind size there state detail owner path sha256"),
    (&["features", "--top", "1"], "/0", "kind value count utf16 first"),
    (&["dump", "init_task..init_task+64", "-o", "OUTPUT"], "", "path bytes unreadable sha256"),
    (&["symbols", "init_task"], "/0", "name address module kind"),
    (&["near", "init_task"], "/0", "name address module kind"),
    (&["dt", "list_head"], "", "type size fields"),
    (&["dt", "list_head", "init_task"], "/fields/0", "name offset size type value"),
    (&["hash"], "", "sha256 size"),
    (&["kmsg"], "/0", "timestamp level facility message since_boot sequence"),
    (&["pagecache"], "/0", "path kind fstype inode size cached pages deleted mode uid gid mtime ctime atime address"),
    (&["inodepages", "/etc/passwd"], "/0", "offset size physical virtual"),
];

#[test]
fn answers_have_the_fields_that_scripts_rely_on() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out");
    for (words, at, fields) in FIELDS {
        let words: Vec<&str> = words.iter().map(|w| if *w == "OUTPUT" { output.to_str().unwrap() } else { w }).collect();
        let answer = answer(&words);
        let object = answer.pointer(at).unwrap_or_else(|| panic!("{words:?} has no {at}: {answer}"));
        for field in fields.split_whitespace() {
            assert!(object.get(field).is_some(), "{words:?}{at} has no {field}: {object}");
        }
    }
}

#[test]
fn a_failed_translation_names_its_fault() {
    let run = sample(&["vtop", "0x1234", "--json"]);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    for field in ["level", "reason", "detail"] {
        assert!(!answer["fault"][field].is_null(), "{answer}");
    }
}

/// Whether a value is what the conventions of all answers allow: keys in snake case, hex without padding, no `""` or `"-"` for
/// what is absent.
fn conventions(path: &str, value: &Value, wrong: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let snake =
                    key.starts_with("0x") || key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                if !snake {
                    wrong.push(format!("{path}.{key} is not snake case"));
                }
                let text = field.as_str();
                // An argument, a variable or a string in memory may well be empty; a name or a path is absent then.
                let absent =
                    matches!(text, Some("" | "-")) && !matches!(key.as_str(), "value" | "text" | "key" | "data" | "match");
                if absent {
                    wrong.push(format!("{path}.{key} is {field}, not null"));
                }
                let number = ["address", "base", "start", "end", "virtual", "physical", "dtb", "entry", "table", "root"];
                if number.contains(&key.as_str()) && !field.is_null() {
                    let digits = text.and_then(|t| t.strip_prefix("0x")).unwrap_or("?");
                    let padded = digits.len() > 1 && digits.starts_with('0');
                    let hex = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                    if padded || !hex {
                        wrong.push(format!("{path}.{key} is {field}, not an address"));
                    }
                }
                conventions(&format!("{path}.{key}"), field, wrong);
            }
        }
        Value::Array(items) => items.iter().for_each(|i| conventions(path, i, wrong)),
        _ => {}
    }
}

#[test]
fn values_keep_to_the_conventions() {
    for words in [
        &["info"][..],
        &["ps"],
        &["threads"],
        &["modules"],
        &["modules", "-p", "1"],
        &["maps", "-p", "1"],
        &["cmdline"],
        &["env"],
        &["vtop", "init_task"],
        &["pages", "-p", "1"],
        &["read", "init_task"],
        &["scan", "Linux version"],
        &["symbols", "init_*"],
        &["near", "init_task"],
        &["ptov", "0x1c11600"],
        &["kmsg"],
        &["pagecache", "--all"],
        &["inodepages", "/etc/passwd"],
    ] {
        let mut wrong = Vec::new();
        conventions("$", &answer(words), &mut wrong);
        assert!(wrong.is_empty(), "{words:?}: {:#?}", &wrong[..wrong.len().min(5)]);
    }
}

#[test]
fn help_is_the_same_wherever_it_is_asked_for() {
    for words in
        [&["--help"][..], &["help"], &["ps", "--help"], &["help", "ps"], &["sample", "ps", "--help"], &["sample", "help", "ps"]]
    {
        let run = memsh(words);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words:?}");
        assert!(run.stdout.contains("ps"), "{words:?}: {}", run.stdout);
    }
    assert_eq!(memsh(&["sample", "ps", "--help"]).stdout, memsh(&["sample", "help", "ps"]).stdout);
    assert_eq!(memsh(&["help", "ps"]).stdout, memsh(&["ps", "--help"]).stdout);
    assert_eq!(memsh(&["--help"]).stdout, memsh(&["sample", "--help"]).stdout);
    // Every command is in both lists.
    let (long, list) = (memsh(&["--help"]).stdout, memsh(&["help"]).stdout);
    for name in cli::commands() {
        assert!(long.contains(&format!("  {name} ")) && list.contains(&format!("  {name} ")), "{name}");
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = memsh(&["completions", shell]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{shell}");
        assert!(run.stdout.contains("vtop") && run.stdout.contains("--jsonl") || shell == "fish", "{shell}");
    }
    assert_eq!(memsh(&["completions", "ksh"]).status, 2);
}
