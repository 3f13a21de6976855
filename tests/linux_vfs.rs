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
    assert_eq!(rows(&["fuser", "/dev/console"]), console);
    assert_eq!(rows(&["lsof", "/dev/console", "-p", "1"]).len(), 3);
    let gone = rows(&["files", "--deleted", "--path", "/lab/files/deleted*"]);
    assert!(!gone.is_empty() && gone.iter().all(|r| r["deleted"] == true));
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

#[test]
fn every_namespace_has_its_people() {
    let all = rows(&["namespaces"]);
    let init: Vec<&Value> = all.iter().filter(|r| r["pid"] == 1).collect();
    let kinds: Vec<&str> = init.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    for kind in ["mnt", "pid", "net", "uts", "ipc", "user", "cgroup"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let inum = |kind: &str| init.iter().find(|r| r["kind"] == kind).unwrap()["inum"].as_u64().unwrap();
    // PROC_UTS_INIT_INO and PROC_USER_INIT_INO are the same in every kernel.
    assert_eq!((inum("uts"), inum("user")), (0xefff_fffe, 0xefff_fffd));
    let uts = init.iter().find(|r| r["kind"] == "uts").unwrap();
    assert_eq!((&uts["nodename"], &uts["owner"]), (&"lab-guest".into(), &0xefff_fffd_u32.into()));
    let one = rows(&["lsns", "-t", "pid", "-p", "victim-a"]);
    assert_eq!((one.len(), &one[0]["inner_pid"]), (1, &one[0]["pid"]));
}

#[test]
fn rights_are_those_of_status() {
    let all = rows(&["creds"]);
    let b = all.iter().find(|r| r["name"] == "victim-b").unwrap();
    let ids: Vec<u64> = ["uid", "euid", "suid", "fsuid"].iter().map(|k| b[k].as_u64().unwrap()).collect();
    assert_eq!(ids, [1000, 1001, 1002, 1001]);
    assert_eq!(b["groups"], serde_json::json!([100, 1001]));
    assert_eq!((&b["effective"], &b["effective_names"]), (&"0x0".into(), &serde_json::json!([])));
    assert_eq!((&b["seccomp"], &b["seccomp_filters"], &b["no_new_privs"]), (&"filter".into(), &1.into(), &true.into()));
    let a = all.iter().find(|r| r["name"] == "victim-a").unwrap();
    assert_eq!(a["effective"], "0x1ffffffffff");
    assert!(a["effective_names"].as_array().unwrap().contains(&"cap_sys_admin".into()));
    let able = rows(&["creds", "-c", "net_raw"]);
    assert!(able.iter().any(|r| r["name"] == "victim-a") && !able.iter().any(|r| r["name"] == "victim-b"));
    assert_eq!(sample(&["creds", "-c", "fly"]).status, 2);
}
