//! `foreach`: which processes, what becomes of the rows, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, sample};
use serde_json::Value;
use std::collections::BTreeSet;

fn pids(rows: &Value) -> BTreeSet<u64> {
    rows.as_array().unwrap().iter().map(|r| r["pid"].as_u64().unwrap()).collect()
}

#[test]
fn json_is_one_array_that_says_whose_each_row_is() {
    let all = answer(&["foreach", "user", "maps"]);
    let users: Vec<Value> = answer(&["ps", "-u"]).as_array().unwrap().clone();
    assert_eq!(pids(&all), users.iter().map(|p| p["pid"].as_u64().unwrap()).collect());
    for p in &users {
        let own = answer(&["maps", "-p", &p["pid"].to_string()]);
        let of: Vec<Value> = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|r| r["pid"] == p["pid"])
            .map(|r| {
                assert_eq!(r["name"], p["name"]);
                let mut r = r.clone();
                r.as_object_mut().unwrap().retain(|k, _| k != "pid" && k != "name");
                r
            })
            .collect();
        assert_eq!(&of, own.as_array().unwrap());
    }
    // A row that has a pid and a name of its own keeps them.
    let threads = answer(&["foreach", "victim-a", "threads"]);
    assert!(threads.as_array().unwrap().iter().any(|t| t["name"] == "va-worker-1"), "{threads}");
    let lines = sample(&["foreach", "user", "maps", "--jsonl"]).stdout;
    assert_eq!(lines.lines().count(), all.as_array().unwrap().len());
    let csv = sample(&["foreach", "user", "maps", "--csv"]).stdout;
    assert!(csv.starts_with("pid,name,start,"), "{csv}");
    assert_eq!(csv.lines().count(), all.as_array().unwrap().len() + 1);
}

#[test]
fn single_answers_become_an_array_as_well() {
    let all = answer(&["foreach", "user", "vtop", "0x401000"]);
    assert!(all.as_array().unwrap().len() > 1);
    assert!(all.as_array().unwrap().iter().all(|r| r["pid"].is_u64() && r["physical"].is_string()), "{all}");
}

#[test]
fn filters_choose() {
    let of = |filter: &str| pids(&answer(&["foreach", filter, "threads"]));
    let ps = answer(&["ps"]);
    let want = |f: &dyn Fn(&Value) -> bool| -> BTreeSet<u64> {
        ps.as_array().unwrap().iter().filter(|p| f(p)).map(|p| p["pid"].as_u64().unwrap()).collect()
    };
    assert_eq!(of("kernel"), want(&|p| p["kernel_thread"] == true));
    assert_eq!(of("all"), want(&|_| true));
    assert_eq!(of("1,2"), [1, 2].into());
    assert_eq!(of("victim-b"), want(&|p| p["name"] == "victim-b"));
    assert_eq!(of("uid == 1000"), want(&|p| p["uid"] == 1000));
    assert_eq!(
        of("name ~ '^victim' and uid == 0"),
        want(&|p| p["uid"] == 0 && p["name"].as_str().unwrap().starts_with("victim"))
    );
    for (filter, status, says) in [
        ("nosuch", 1, "no process nosuch"),
        ("1,99999", 1, "no process 99999"),
        ("uid == 77", 1, "no process"),
        ("udi == 0", 2, "did you mean uid?"),
    ] {
        let run = sample(&["foreach", filter, "maps"]);
        assert_eq!((run.status, run.stdout.as_str()), (status, ""), "{filter}");
        assert!(run.stderr.contains(says), "{filter}: {}", run.stderr);
    }
}

#[test]
fn the_status_is_the_worst_of_the_commands() {
    assert_eq!(sample(&["foreach", "user", "vtop", "0x401000"]).status, 0);
    let run = sample(&["foreach", "user", "vtop", "0x1234"]);
    assert_eq!(run.status, 1);
    assert_eq!(run.stdout.matches("-- ").count(), answer(&["ps", "-u"]).as_array().unwrap().len(), "all were asked");
    let run = sample(&["foreach", "user", "vtop", "0x1234", "--json"]);
    assert_eq!(run.status, 1);
    assert!(serde_json::from_str::<Value>(&run.stdout).unwrap().as_array().unwrap().iter().all(|r| r["physical"].is_null()));
    // What makes no sense is said once, and before anything else.
    let run = sample(&["foreach", "user", "mapz"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.matches("no command").count()), (2, "", 1));
    let run = sample(&["foreach", "user", "maps", "--where", "sise > 4"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert_eq!(sample(&["foreach", "user"]).status, 2);
    assert_eq!(sample(&["-c", "foreach user vtop 0x1234; hash"]).status, 1);
}

#[test]
fn rows_are_chosen_and_sorted_among_all_processes() {
    let top = answer(&["foreach", "user", "maps", "--sort", "-size", "--limit", "3"]);
    let all = answer(&["foreach", "user", "maps"]);
    let mut sizes: Vec<u64> = all.as_array().unwrap().iter().map(|r| r["size"].as_u64().unwrap()).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let got: Vec<u64> = top.as_array().unwrap().iter().map(|r| r["size"].as_u64().unwrap()).collect();
    assert_eq!(got, sizes[..3]);
    // The table of them says whose they are; without a choice each process has its own.
    let run = sample(&["foreach", "user", "maps", "--where", "name ~ 'victim' and perm ~ 'x'"]);
    assert!(run.stdout.starts_with("PID  NAME"), "{}", run.stdout);
    assert!(!run.stdout.contains("-- "));
    assert!(sample(&["foreach", "user", "maps"]).stdout.contains("-- victim-a/"));
    // ps lists all processes whichever was chosen; here it is asked about each.
    assert_eq!(answer(&["foreach", "1,2", "ps"]).as_array().unwrap().len(), 2);
}

#[test]
fn one_of_the_shells_own_commands_can_be_repeated() {
    let aliased = sample(&["-c", "alias m='maps --columns pid,start'; foreach 1 m --json"]).stdout;
    assert_eq!(serde_json::from_str::<Value>(&aliased).unwrap(), answer(&["foreach", "1", "maps", "--columns", "pid,start"]));
    let run = sample(&["foreach", "user", "eval", "1+1"]);
    assert_eq!((run.status, run.stdout.matches("0x2 ").count()), (0, answer(&["ps", "-u"]).as_array().unwrap().len()));
}

/// The JSON lines of commands.
fn lines(commands: &str) -> Vec<Value> {
    let run = sample(&["--jsonl", "-c", commands]);
    assert_eq!(run.status, 0, "{commands}: {}", run.stderr);
    run.stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn rows_of_a_command_are_the_input_of_another() {
    let hits = lines("scan --all libvictim");
    assert!(hits.len() > 3);
    for commands in [
        "foreach (scan --all 'libvictim') read {address} -n 9",
        "foreach (scan --all libvictim) read -n 9",
        "scan --all libvictim | foreach read {address} -n 9",
        "scan --all libvictim | read -n 9",
    ] {
        let read = lines(commands);
        assert_eq!(read.len(), hits.len(), "{commands}");
        for (hit, read) in hits.iter().zip(&read) {
            let place = format!("{}:{}", hit["pid"], hit["address"].as_str().unwrap());
            assert_eq!((&read["hit"], &read["pid"], &read["data"]), (&place.into(), &hit["pid"], &hit["match"]), "{commands}");
        }
    }
    // Physical addresses and the kernel's are theirs wherever the shell is.
    let physical = lines("proc victim-a; scan --phys libvictim | read -n 9");
    assert!(!physical.is_empty() && physical.iter().all(|r| r["space"] == "phys" && r["data"] == hits[0]["match"]));
    let kernel = lines("proc victim-a; foreach (scan -k --max 2 'Linux version') read -n 5");
    assert!(kernel.len() == 2 && kernel.iter().all(|r| r["space"] == "kernel" && r["data"] == "4c696e7578"), "{kernel:?}");
    // A field of any row, of any command.
    let maps = lines("foreach (ps --where 'name == \"victim-a\"') maps -p {pid} --limit 2");
    assert_eq!((maps.len(), &maps[0]["path"]), (2, &"/lab/bin/victim-a".into()), "{maps:?}");
    // Rows of lists are one list, which can be narrowed and goes on to the host.
    let run = sample(&["-c", "scan -k linux_banner --max 1; symbols linux_banner | near | grep -c linux_banner"]);
    assert!(run.stdout.ends_with("1\n"), "{}{}", run.stdout, run.stderr);
    let words = sample(&[
        "foreach",
        "(scan --phys 'Linux version' --max 1)",
        "ptov",
        "{physical}",
        "--where",
        "symbol == 'linux_banner'",
    ]);
    assert!(words.status == 0 && words.stdout.starts_with("HIT"), "{}", words.stderr);
}

#[test]
fn the_hits_of_the_last_search_are_kept() {
    let read = lines("scan --phys 'Linux version' --max 2 > /dev/null; ps > /dev/null; foreach hit read {address} --phys -n 5");
    assert!(read.len() == 2 && read.iter().all(|r| r["data"] == "4c696e7578"), "{read:?}");
    // What is chosen among them is what is kept; a count is no hit.
    let chosen = lines(
        "scan --all libvictim --where 'pid != 1' > /dev/null; scan --all --count root > /dev/null; foreach hits vtop --columns hit,physical",
    );
    assert!(
        !chosen.is_empty() && chosen.iter().all(|r| !r["hit"].as_str().unwrap().starts_with("1:") && r["physical"].is_string()),
        "{chosen:?}"
    );
    let again = lines("foreach (scan --all libvictim --max 1) read > /dev/null; foreach hit read -n 4");
    assert_eq!(again.len(), 1);
    // The chosen process is what it was.
    let proc = sample(&["-c", "proc victim-a; scan --all libvictim | read; proc"]);
    assert!(proc.stdout.lines().last().unwrap().starts_with("victim-a/"), "{}", proc.stdout);
}

#[test]
fn what_can_not_be_done_for_rows_says_so() {
    for (commands, status, says) in [
        ("foreach hit read", 2, "nothing was searched for yet"),
        ("scan -p 1 root --max 1 | read {nothing}", 2, "the row has no nothing"),
        ("foreach (scan -p 1 root", 2, "parenthesis ( is not closed"),
        ("foreach (scan -p 1 root; ps) read", 2, "one command, not 2"),
        ("foreach (scan -p 1 root | cat) read", 2, "answer stays here"),
        ("foreach (scan -p 1 root --max 1) {text} x", 2, "can't come from a row"),
        ("foreach (scan -p 1 root --max 1) set pager off", 2, "no command over the target"),
        ("foreach (scan -p 1 root --max 1) nonsense", 2, "there is no command nonsense"),
        ("foreach (nonsense) read", 2, "there is no command nonsense"),
        ("foreach (cmdline) read", 2, "have no address"),
        ("set | read", 2, "has no rows"),
        ("scan -p 1 'no such text' | read", 0, "no rows to run it for"),
        ("scan --phys 'Linux version' --max 1 | read {module}", 0, "fields that are asked for"),
        ("foreach (maps -p 1 --limit 1) read 0x1 -n 4 {start}", 2, "cannot be used"),
        ("scan --phys 'Linux version' --max 1 | near", 1, "no symbol is near"),
    ] {
        let run = sample(&["-c", commands]);
        assert!(run.status == status && run.stderr.contains(says), "{commands}: {} {}{}", run.status, run.stdout, run.stderr);
    }
    // Everything else behind a bar is the host's.
    assert_eq!(sample(&["-c", "scan -p 1 root --max 1 | wc -l"]).stdout.trim(), "2");
    assert!(sample(&["-c", "scan -p 1 root --max 1 | /bin/echo near"]).stdout.starts_with("near"));
}
