//! Sockets and other parts of the kernel around the network, on the sample.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod cli;

use cli::{answer, sample};
use serde_json::Value;

fn rows(words: &[&str]) -> Vec<Value> {
    answer(words).as_array().unwrap().clone()
}

/// The first row for which all the keys have these values.
fn row(all: &[Value], want: &Value) -> Value {
    let want = want.as_object().unwrap();
    let fits = |r: &&Value| want.iter().all(|(k, v)| &r[k] == v);
    all.iter().find(fits).unwrap_or_else(|| panic!("no row has {want:?}")).clone()
}

#[test]
fn a_connection_is_told_from_both_of_its_ends() {
    let all = rows(&["net", "--tcp"]);
    let near = row(&all, &serde_json::json!({"protocol": "tcp", "state": "ESTABLISHED", "process": "victim-a"}));
    let far = row(&all, &serde_json::json!({"protocol": "tcp", "state": "ESTABLISHED", "process": "victim-b"}));
    assert_eq!((&near["local_address"], &near["local_port"]), (&far["remote_address"], &far["remote_port"]));
    assert_eq!((&near["remote_address"], &near["remote_port"]), (&far["local_address"], &far["local_port"]));
    assert!(near["rx_queue"].as_u64().unwrap() > 0, "victim-b sent what victim-a does not read: {near}");
    assert_eq!((&near["listed"], &near["family"]), (&Value::from(true), &Value::from("ipv4")));
}

#[test]
fn listeners_have_no_other_end() {
    let all = rows(&["net", "-l", "--tcp"]);
    assert_eq!(all.len(), 2);
    for r in &all {
        assert_eq!((r["state"].as_str(), &r["remote_address"], &r["remote_port"]), (Some("LISTEN"), &Value::Null, &Value::Null));
    }
    assert_eq!(row(&all, &serde_json::json!({"family": "ipv6"}))["local_address"], "::1");
}

#[test]
fn every_family_that_victim_a_uses_is_there() {
    let all = rows(&["net", "-p", "victim-a"]);
    for family in ["ipv4", "ipv6", "unix", "packet", "netlink"] {
        row(&all, &serde_json::json!({ "family": family, "process": "victim-a" }));
    }
    row(&all, &serde_json::json!({"protocol": "raw", "protocol_name": "icmp", "local_port": null}));
    row(&all, &serde_json::json!({"protocol": "unix", "path": "@lab-abstract", "state": "LISTEN"}));
    row(&all, &serde_json::json!({"protocol": "unix", "path": "/lab/files/a.sock", "state": "LISTEN"}));
}

#[test]
fn two_ends_of_a_unix_pair_name_each_other() {
    let all = rows(&["net", "-x"]);
    let one = row(&all, &serde_json::json!({"type": "dgram"}));
    let other = row(&all, &serde_json::json!({"inode": one["peer"]}));
    assert_eq!(other["peer"], one["inode"]);
}

#[test]
fn the_kernels_own_sockets_have_no_process() {
    let all = rows(&["net", "--netlink"]);
    let kernel = row(&all, &serde_json::json!({"protocol_name": "route", "pid": null}));
    assert_eq!((&kernel["portid"], &kernel["process"]), (&Value::from(0), &Value::Null));
}

#[test]
fn the_inode_is_the_one_by_which_the_process_knows_it() {
    let all = rows(&["netstat"]);
    let mut seen: Vec<(u64, u64)> = Vec::new();
    for r in all.iter().filter(|r| !r["pid"].is_null()) {
        let key = (r["pid"].as_u64().unwrap(), r["inode"].as_u64().unwrap());
        assert!(!seen.contains(&key), "{r} twice");
        seen.push(key);
    }
    assert!(seen.len() >= 12, "{seen:?}");
}

#[test]
fn nothing_of_the_sample_is_missing() {
    let run = sample(&["net"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}

#[test]
fn the_loopback_has_its_addresses() {
    let all = rows(&["interfaces"]);
    let lo = row(&all, &serde_json::json!({"name": "lo", "type": "loopback"}));
    assert_eq!((&lo["ipv4"], &lo["ipv6"]), (&serde_json::json!(["127.0.0.1/8"]), &serde_json::json!(["::1/128"])));
    assert_eq!(lo["mtu"], 65536);
}

#[test]
fn victim_a_holds_a_program_and_a_map() {
    let all = rows(&["bpf"]);
    let program = row(&all, &serde_json::json!({"kind": "program", "name": "lab_filter", "process": "victim-a"}));
    assert_eq!(
        (&program["type"], &program["tag"], &program["instructions"]),
        (&"socket_filter".into(), &"7acf1547351e6c27".into(), &2.into())
    );
    assert!(program["load_time"].as_str().is_some());
    let map = row(&all, &serde_json::json!({"kind": "map", "name": "lab_map", "process": "victim-a"}));
    assert_eq!(
        (&map["type"], &map["key_size"], &map["value_size"], &map["max_entries"]),
        (&"hash".into(), &4.into(), &8.into(), &16.into())
    );
}

#[test]
fn resources_lie_within_each_other() {
    let all = rows(&["iomem"]);
    let ram = all.iter().rposition(|r| r["name"] == "System RAM").unwrap();
    let code = row(&all[ram..], &serde_json::json!({"name": "Kernel code", "depth": 1}));
    assert!(
        cli::number(&all[ram]["start"]) < cli::number(&code["start"])
            && cli::number(&code["end"]) < cli::number(&all[ram]["end"])
    );
    assert_eq!(rows(&["ioports"]), rows(&["iomem", "--ports"]));
}

#[test]
fn the_sample_has_no_swap_and_says_so_with_no_row() {
    assert_eq!(rows(&["swaps"]).len(), 0);
}

#[test]
fn a_sleeper_is_the_owner_of_its_timer() {
    let all = rows(&["timers"]);
    let alarm = row(&all, &serde_json::json!({"function": "timerfd_tmrproc", "process": "victim-a"}));
    assert!(alarm["expires_in"].as_f64().unwrap() > 900_000.0, "{alarm}");
    row(&all, &serde_json::json!({"function": "hrtimer_wakeup", "process": "va-worker-2"}));
    let work = row(&all, &serde_json::json!({"function": "delayed_work_timer_fn", "pid": null}));
    assert!(work["work"].as_str().is_some());
    let left: Vec<f64> = all.iter().map(|r| r["expires_in"].as_f64().unwrap()).collect();
    assert!(left.is_sorted());
}

#[test]
fn nothing_of_the_other_lists_is_missing_either() {
    for words in ["interfaces", "bpf", "iomem", "swaps", "timers"] {
        // `-q` leaves out why a list is empty, and keeps what is missing from one.
        let run = sample(&[words, "-q"]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{words}");
    }
}
