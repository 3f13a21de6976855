//! `--where`, `--sort`, `--limit` on the commands that there are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;

use cli::{answer, memsh, number, sample};
use serde_json::Value;

fn rows(words: &[&str]) -> Vec<Value> {
    answer(words).as_array().unwrap().clone()
}

#[test]
fn where_keeps_exactly_the_rows_that_fit() {
    let all = rows(&["ps"]);
    let kept = rows(&["ps", "--where", r#"not kernel_thread and name ~ "^vic" and uid == 0"#]);
    let want: Vec<&Value> = all
        .iter()
        .filter(|p| p["kernel_thread"] == false && p["name"].as_str().unwrap().starts_with("vic") && p["uid"] == 0)
        .collect();
    assert!(!want.is_empty() && want.len() < all.len());
    assert_eq!(kept.iter().collect::<Vec<_>>(), want);
    // Two of them mean both.
    assert_eq!(rows(&["ps", "--where", "uid == 0", "--where", "name ~ 'vic' and not kernel_thread"]), kept);
    // Before the command, and in every form.
    let ids: Vec<String> = want.iter().map(|p| p["pid"].to_string()).collect();
    let expr = r#"not kernel_thread and name ~ "^vic" and uid == 0"#;
    let run = memsh(&["--where", expr, "sample", "ps", "--csv", "--columns", "pid", "--no-header"]);
    assert_eq!(run.stdout.lines().collect::<Vec<_>>(), ids);
    let run = sample(&["ps", "--where", expr, "--jsonl"]);
    assert_eq!(run.stdout.lines().count(), ids.len());
    let run = sample(&["ps", "--where", expr]);
    assert_eq!(run.stdout.lines().skip(1).map(|l| l.split_whitespace().next().unwrap()).collect::<Vec<_>>(), ids);
}

#[test]
fn addresses_compare_as_numbers_and_missing_as_null() {
    let maps = rows(&["maps", "-p", "1"]);
    let middle = number(&maps[maps.len() / 2]["start"]);
    for limit in [format!("{middle:#x}"), middle.to_string()] {
        let above = rows(&["maps", "-p", "1", "--where", &format!("start >= {limit}")]);
        assert_eq!(above.len(), maps.iter().filter(|m| number(&m["start"]) >= middle).count());
    }
    let anonymous = rows(&["maps", "-p", "1", "--where", "path == null"]);
    assert!(!anonymous.is_empty() && anonymous.iter().all(|m| m["path"].is_null()));
    let named = rows(&["maps", "-p", "1", "--where", "path is not null"]);
    assert_eq!(anonymous.len() + named.len(), maps.len());
}

#[test]
fn sort_is_by_number_and_by_several_keys() {
    let by_pid: Vec<u64> = rows(&["ps", "--sort", "-pid"]).iter().map(|p| p["pid"].as_u64().unwrap()).collect();
    assert!(by_pid.len() > 9 && by_pid.is_sorted_by(|a, b| a > b), "{by_pid:?}");
    let dtb = rows(&["ps", "--sort", "dtb"]);
    let known: Vec<u64> = dtb.iter().filter(|p| !p["dtb"].is_null()).map(|p| number(&p["dtb"])).collect();
    assert!(known.is_sorted() && dtb.iter().skip(known.len()).all(|p| p["dtb"].is_null()), "what is missing comes last");
    let two: Vec<(String, u64)> = rows(&["ps", "--sort", "state,-pid"])
        .iter()
        .map(|p| (p["state"].as_str().unwrap().to_owned(), p["pid"].as_u64().unwrap()))
        .collect();
    assert!(two.is_sorted_by(|a, b| a.0 < b.0 || (a.0 == b.0 && a.1 > b.1)));
    let top: Vec<u64> = rows(&["ps", "--sort", "pid:desc", "--limit", "3"]).iter().map(|p| p["pid"].as_u64().unwrap()).collect();
    assert_eq!(top, by_pid[..3]);
    // A tree whose rows were moved has no branches.
    assert!(sample(&["ps", "-t"]).stdout.contains("├─"));
    assert!(!sample(&["ps", "-t", "--sort", "pid"]).stdout.contains('─'));
}

#[test]
fn limit_ends_the_command_early_and_well() {
    let run = sample(&["strings", "--phys", "--jsonl", "--limit", "5"]);
    assert_eq!((run.status, run.stdout.lines().count(), run.stderr.as_str()), (0, 5, ""));
    assert_eq!(rows(&["strings", "--phys", "--limit", "2"]).len(), 2);
    assert_eq!(rows(&["ps", "--where", "pid == 99999", "--limit", "2"]).len(), 0);
}

#[test]
fn mistakes_are_usage_errors_that_point_and_need_no_image() {
    for (words, says) in [
        (vec!["/nonexistent", "ps", "--where", "nme == 1"], "  nme == 1\n  ^^^\nhint: did you mean name?"),
        (vec!["/nonexistent", "ps", "--sort", "-nme"], "  -nme\n  ^^^^\nhint: did you mean name?"),
        (vec!["/nonexistent", "ps", "--where", "name == victim-a"], "hint: text stands in quotes"),
        (vec!["/nonexistent", "ps", "--where", "uid >"], "  uid >\n       ^\n"),
        (vec!["sample", "info", "--where", "arch == \"x\""], "--where is for lists"),
        (vec!["sample", "read", "0", "--sort", "data"], "--sort is for lists"),
        (vec!["sample", "hash", "--limit", "1"], "--limit is for lists"),
        (vec!["sample", "ps", "--limit", "0"], "--limit"),
        (vec!["/nonexistent", "ps", "--where", "uid==0", "and", "name~ssh"], "has to stand in quotes"),
        (vec!["sample", "-c", "ps --where uid == 0"], "has to stand in quotes"),
        (vec!["sample", "pages", "-k", "--columns", "perm.wrte"], "did you mean"),
    ] {
        let run = memsh(&words);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{words:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn a_comparison_without_quotes_costs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("4k");
    std::fs::write(&path, "precious").unwrap();
    let run = sample(&["-c", &format!("maps -p 1 --where size > {}", path.display())]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("need quotes"), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}
