//! What processes hold and where they live, on the sample: a guest whose own `/proc` said what it had.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, clippy::panic)]

mod cli;

use cli::{answer, number, sample};
use serde_json::Value;

fn rows(words: &[&str]) -> Vec<Value> {
    answer(words).as_array().unwrap().clone()
}

fn of<'a>(rows: &'a [Value], key: &str, value: impl Into<Value>) -> Vec<&'a Value> {
    let value = value.into();
    rows.iter().filter(|r| r[key] == value).collect()
}

#[test]
fn descriptors_lead_to_what_proc_shows() {
    let all = rows(&["files"]);
    let init: Vec<&Value> = of(&all, "pid", 1);
    assert_eq!(init[0]["fd"], 0);
    assert_eq!((&init[0]["path"], &init[0]["kind"]), (&"/dev/console".into(), &"tty".into()));
    let victim = |fd: u64| all.iter().find(|r| r["name"] == "victim-a" && r["fd"] == fd).unwrap();
    let told = |fd: u64| (victim(fd)["kind"].as_str().unwrap(), victim(fd)["path"].as_str().unwrap());
    assert_eq!(told(9), ("directory", "/lab"));
    assert_eq!(told(4), ("file", "/lab/files/deleted but open.bin (deleted)"));
    assert_eq!((&victim(4)["deleted"], &victim(4)["position"], &victim(4)["mode"]), (&true.into(), &32768.into(), &"rw".into()));
    assert_eq!(victim(8)["flags"], "O_WRONLY|O_APPEND");
    assert_eq!(victim(34)["flags"], "O_RDWR|O_CLOEXEC");
    assert_eq!((&victim(18)["kind"], &victim(18)["detail"]), (&"eventfd".into(), &"count 7".into()));
    assert_eq!((&victim(21)["kind"], &victim(21)["detail"]), (&"epoll".into(), &"watches 14 (IN)".into()));
    assert_eq!(victim(16)["detail"], "20 bytes unread");
    assert_eq!(victim(22)["detail"], "watches 1: /lab/files");
    assert_eq!(victim(23)["detail"], "TCP 127.0.0.1:4242 listening");
    assert_eq!(told(6), ("memfd", "/memfd:lab-memfd (deleted)"));
    for r in &all {
        assert!(r["path"].is_string() && r["kind"].is_string(), "{r}");
        assert!(number(&r["file"]) > 0xffff_8000_0000_0000, "{r}");
        assert!(r["flags"].as_str().unwrap().starts_with("O_"), "{r}");
    }
}

#[test]
fn all_adds_where_a_process_is_and_what_it_maps() {
    let all = rows(&["files", "--all", "-p", "1"]);
    for (kind, path) in [("cwd", "/"), ("root", "/"), ("exe", "/lab/lab")] {
        let row = of(&all, "kind", kind)[0];
        assert_eq!((&row["path"], &row["fd"]), (&path.into(), &Value::Null));
    }
    assert!(rows(&["files", "-p", "1"]).iter().all(|r| r["fd"].is_number()));
}

#[test]
fn a_path_or_an_inode_finds_who_uses_it() {
    let console = rows(&["files", "--path", "/dev/con*"]);
    assert!(!console.is_empty() && console.iter().all(|r| r["path"] == "/dev/console"));
    let inode = console[0]["inode"].to_string();
    assert!(rows(&["fuser", "--path", &inode]).len() >= console.len());
    assert!(rows(&["files", "--path", "/no/such/file"]).is_empty());
}

#[test]
fn other_names_are_the_same_command() {
    assert_eq!(sample(&["lsof", "-p", "1", "--csv"]).stdout, sample(&["files", "-p", "1", "--csv"]).stdout);
    assert_eq!(sample(&["handles", "1", "--csv"]).stdout, sample(&["files", "-p", "1", "--csv"]).stdout);
}

#[test]
fn mounts_are_those_of_proc_in_every_namespace() {
    let all = rows(&["mounts"]);
    let first = all[0]["namespace"].clone();
    let init: Vec<&Value> = all.iter().filter(|r| r["namespace"] == first).collect();
    let told: Vec<(&str, &str, &str)> = init
        .iter()
        .map(|r| (r["source"].as_str().unwrap(), r["target"].as_str().unwrap(), r["fstype"].as_str().unwrap()))
        .collect();
    for wanted in [
        ("rootfs", "/", "rootfs"),
        ("proc", "/proc", "proc"),
        ("sysfs", "/sys", "sysfs"),
        ("dev", "/dev", "devtmpfs"),
        ("devpts", "/dev/pts", "devpts"),
        ("lab-tmpfs", "/lab/tmpfs", "tmpfs"),
    ] {
        assert!(told.contains(&wanted), "{wanted:?} in {told:?}");
    }
    let options = |target: &str| init.iter().find(|r| r["target"] == target).unwrap()["options"].as_str().unwrap().to_owned();
    assert_eq!(options("/lab/tmpfs"), "rw,relatime,size=8192k");
    assert_eq!(options("/dev/pts"), "rw,relatime,mode=600,ptmxmode=000");
    let namespaces: std::collections::HashSet<String> = all.iter().map(|r| r["namespace"].to_string()).collect();
    assert!(namespaces.len() >= 2, "kdevtmpfs has one of its own");
    assert_eq!(rows(&["mounts", "-p", "1"]).len(), init.len());
}
