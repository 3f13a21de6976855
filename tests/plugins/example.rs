//! What examples/plugins/rust gives.

use super::built::{Folder, example, odd};
use super::cli::{memsh, sample};
use serde_json::{Value, json};
use std::fs;

fn folder() -> Folder {
    Folder::of(&[example()])
}

fn row<'a>(rows: &'a [Value], name: &str) -> &'a Value {
    rows.iter().find(|r| r["name"] == name).unwrap_or_else(|| panic!("no {name} in {rows:?}"))
}

#[test]
fn list_shows_what_is_in_a_file_beside_what_is_built_in() {
    let folder = folder();
    let rows = folder.listed();
    let path = folder.file(example().file_name().unwrap().to_str().unwrap()).display().to_string();
    for (name, kind) in [("rom", "connector"), ("onetask", "os"), ("oldest", "command")] {
        let r = row(&rows, name);
        assert_eq!((&r["kind"], &r["version"], &r["state"]), (&json!(kind), &json!("0.1.0"), &json!("usable")), "{r}");
        assert_eq!((&r["path"], &r["reason"]), (&json!(path), &Value::Null));
    }
    let all = folder.json(&["plugins", "list"]);
    let built_in = row(all.as_array().unwrap(), "file");
    assert_eq!((&built_in["state"], &built_in["path"]), (&json!("built-in"), &Value::Null));
    let commands = folder.json(&["plugins", "list", "--kind", "command"]);
    assert_eq!(commands.as_array().unwrap().len(), 1);
    let table = folder.memsh(&["plugins", "list"]);
    assert!(table.stdout.contains("rom") && table.stdout.contains("usable"), "{}", table.stdout);
}

#[test]
fn info_says_what_a_plugin_takes() {
    let folder = folder();
    let rom = &folder.json(&["plugins", "info", "rom"])[0];
    assert_eq!(rom["usage"], "-C rom:[path=]PATH[,base=NUMBER][,mapped]");
    assert_eq!((&rom["abi_version"], &rom["stands_on_os"]), (&json!(memsh_plugin::ABI_VERSION), &json!(false)));
    assert!(rom["built_with"].as_str().unwrap().starts_with("memsh-plugin "));
    let path = json!({"name": "path", "kind": "path", "required": true, "default": null, "help": "the file"});
    assert_eq!(rom["arguments"][0], path);
    assert_eq!(rom["arguments"][1]["default"], "0");
    let missing = folder.memsh(&["plugins", "info", "ram"]);
    assert_eq!(missing.status, 2);
    assert!(missing.stderr.contains("there is no plugin ram") && missing.stderr.contains("rom"), "{}", missing.stderr);
}

#[test]
fn check_loads_a_file_and_says_that_it_can_be_used() {
    let folder = folder();
    let file = folder.file(example().file_name().unwrap().to_str().unwrap());
    let rows = folder.json(&["plugins", "check", file.to_str().unwrap()]);
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert!(rows.as_array().unwrap().iter().all(|r| r["state"] == "usable"));
    assert_eq!(folder.memsh(&["plugins", "check", "/no/such/file.so"]).status, 2);
}

#[test]
fn targets_are_what_the_connector_sees() {
    let folder = folder();
    let run = std::process::Command::new(assert_cmd::cargo::cargo_bin!("memsh"))
        .args(["plugins", "targets", "rom", "--json"])
        .env("MEMSH_PLUGIN_PATH", folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let rows: Value = serde_json::from_slice(&run.stdout).unwrap();
    crate::schema::fits("plugins-targets", &rows);
    let name = example().file_name().unwrap().to_str().unwrap();
    assert_eq!(rows[0]["target"], name);
    assert_eq!(rows[0]["option"], format!("-C rom:{name}"));
    assert!(rows[0]["detail"].as_str().unwrap().ends_with(" bytes"));
    let none = folder.memsh(&["plugins", "targets", "onetask"]);
    assert_eq!(none.status, 1);
    assert!(none.stderr.contains("it is no connector"), "{}", none.stderr);
}

#[test]
fn the_connector_reads_as_the_built_in_reader_does() {
    let folder = folder();
    let image = folder.file("sample.raw");
    assert_eq!(sample(&["dump", "phys", "-o", image.to_str().unwrap(), "--format", "raw"]).status, 0);
    let through = folder.memsh(&["-C", &format!("rom:{}", image.display()), "ps", "--json"]);
    let direct = memsh(&[image.to_str().unwrap(), "ps", "--json"]);
    assert_eq!(through.status, 0, "{}", through.stderr);
    assert_eq!(through.stdout, direct.stdout);
}

#[test]
fn arguments_are_checked_before_the_plugin_sees_them() {
    let folder = folder();
    for (target, why) in [
        ("rom", "rom needs path"),
        ("rom:x,base=high", "base=high is not a number"),
        ("rom:x,speed=1", "no argument `speed`"),
        ("rom:/no/such/file", "can't read /no/such/file"),
        ("rum:x", "there is no connector rum"),
    ] {
        let run = folder.memsh(&["-C", target, "read", "0", "16"]);
        assert_eq!(run.status, 2, "{target}: {}", run.stderr);
        assert!(run.stderr.contains(why), "{target}: {}", run.stderr);
    }
}

#[test]
fn the_os_layer_answers_on_the_connector() {
    let folder = folder();
    fs::write(folder.file("rom.bin"), b"a byte or two of memory").unwrap();
    let target = format!("rom:{},base=0x1000", folder.file("rom.bin").display());
    let on = |words: &[&str]| {
        let all: Vec<&str> = ["-C", &target, "-O", "onetask"].into_iter().chain(words.iter().copied()).collect();
        folder.json(&all)
    };
    let ps = on(&["ps"]);
    assert_eq!((&ps[0]["pid"], &ps[0]["name"]), (&json!(1), &json!("task")));
    let maps = on(&["maps", "-p", "1"]);
    assert_eq!(maps[0]["start"], "0x1000");
    let info = on(&["info"]);
    assert!(info.to_string().contains("onetask"), "{info}");
    let alone = folder.memsh(&["-O", "onetask", "ps"]);
    assert!(alone.status != 0 && alone.stderr.contains("stands on a connector"), "{}", alone.stderr);
}

#[test]
fn the_command_answers_as_table_and_as_json() {
    let folder = folder();
    let rows = folder.json(&["sample", "oldest", "3"]);
    assert_eq!(rows.as_array().unwrap().len(), 3);
    let mut keys: Vec<_> = rows[0].as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["name", "pid", "start_time"]);
    assert_eq!(folder.json(&["sample", "run", "oldest", "count=3"]), rows);
    let table = folder.memsh(&["sample", "oldest", "1"]);
    let first = table.stdout.lines().next().unwrap_or_default().to_lowercase();
    assert!(first.contains("pid") && first.contains("name") && first.contains("start"), "{}", table.stdout);
    let csv = folder.memsh(&["sample", "oldest", "1", "--csv"]);
    assert_eq!(csv.stdout.lines().next(), Some("pid,name,start_time"));
    let wrong = folder.memsh(&["sample", "oldest", "many"]);
    assert!(wrong.status != 0 && wrong.stderr.contains("count=many is not a number"), "{}", wrong.stderr);
    let unknown = folder.memsh(&["sample", "run", "youngest"]);
    assert!(unknown.status == 2 && unknown.stderr.contains("oldest"), "{}", unknown.stderr);
}

#[test]
fn a_connector_stands_on_a_process_of_a_system() {
    let folder = Folder::of(&[odd()]);
    let image = folder.file("sample.raw");
    assert_eq!(sample(&["dump", "phys", "-o", image.to_str().unwrap(), "--format", "raw"]).status, 0);
    let first = &folder.json(&[image.to_str().unwrap(), "maps", "-p", "1"])[0];
    let start = first["start"].as_str().unwrap().to_owned();
    let direct = folder.memsh(&[image.to_str().unwrap(), "read", &start, "64", "-p", "1"]);
    let target = ["-C", &format!("file:{}", image.display()), "-O", "linux", "-C", "inside:1"];
    let words = |rest: &[&str]| target.iter().copied().chain(rest.iter().copied()).map(str::to_owned).collect::<Vec<_>>();
    let ask = |rest: &[&str]| folder.memsh(&words(rest).iter().map(String::as_str).collect::<Vec<_>>());
    let through = ask(&["read", "--phys", "0", "64"]);
    assert_eq!((direct.status, through.status), (0, 0), "{}{}", direct.stderr, through.stderr);
    // The same bytes, at other addresses.
    let bytes = |text: &str| text.lines().filter_map(|l| l.split_once(' ').map(|(_, b)| b.trim().to_owned())).collect::<Vec<_>>();
    assert_eq!(bytes(&direct.stdout), bytes(&through.stdout));
    let alone = folder.memsh(&["-C", "inside:1", "read", "--phys", "0", "4"]);
    assert!(alone.status == 2 && alone.stderr.contains("stands on an OS layer"), "{}", alone.stderr);
}
