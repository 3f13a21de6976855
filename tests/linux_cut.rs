//! The sample cut off: page tables that lie behind the end are computed where that is sure, and told; the list of tasks leads nowhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod torn;

use memsh::image::{OpenOptions, open_bytes};
use memsh::session::{Options, Session};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use torn::{Image, Torn};

/// The sample's first `mib` MiB.
fn cut(mib: usize) -> Torn {
    let mut torn = Torn::new();
    torn.bytes().truncate(mib << 20);
    torn
}

fn rows(image: &Image<'_>, words: &[&str]) -> (Vec<Value>, String) {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let run = image.run(&words);
    assert_eq!(run.status, 0, "{words:?}: {}", run.stderr);
    assert!(run.stderr.contains("partial: "), "{words:?}: {:?}", run.stderr);
    (serde_json::from_str(&run.stdout).unwrap(), run.stderr)
}

/// Where processes have their `task_struct`s in the whole sample, by id.
fn places() -> Vec<(u64, Value)> {
    let whole = cli::answer(&["ps"]);
    whole.as_array().unwrap().iter().map(|r| (r["pid"].as_u64().unwrap(), r["address"].clone())).collect()
}

/// Checks that each of these is a process of the whole sample, and says which.
fn known(rows: &[Value]) -> Vec<u64> {
    let places = places();
    let ids: Vec<u64> = rows.iter().map(|r| r["pid"].as_u64().unwrap()).collect();
    for row in rows {
        let place = places.iter().find(|(pid, _)| row["pid"] == *pid).map(|(_, at)| at);
        assert_eq!(place, Some(&row["address"]), "{row}");
    }
    ids
}

#[test]
fn the_direct_map_is_computed_and_told() {
    let torn = cut(37);
    let image = torn.save();
    let (found, told) = rows(&image, &["ps"]);
    let ids = known(&found);
    // 26 of 33 task_structs lie in the first 37 MiB.
    let there = places().iter().filter(|(_, at)| torn.position_of(at) < 37 << 20).count();
    assert_eq!((ids.len(), there), (26, 26));
    assert_eq!(told.matches("page tables of the kernel's direct map are not in the memory image").count(), 1, "{told}");
    assert!(told.contains("page_offset_base"), "{told}");
    let run = image.run(&["ps", "--strict"]);
    assert_eq!(run.status, 4, "{}", run.stderr);

    let kthreadd = found.iter().find(|r| r["pid"] == 2).unwrap()["address"].as_str().unwrap().to_owned();
    let run = image.run(&["vtop", &kthreadd, "--json"]);
    let vtop: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.status, &vtop["fault"], &vtop["perm"], &vtop["page_size"]), (0, &Value::Null, &Value::Null, &Value::Null));
    assert_eq!(vtop["computed"]["rule"], "direct map");
    let steps = vtop["steps"].as_array().unwrap();
    let last = steps.last().unwrap();
    assert_eq!((&last["entry"], &last["table"]), (&Value::Null, &vtop["computed"]["table"]));
    assert!(cli::number(&vtop["computed"]["table"]) >= 37 << 20);
    let whole = cli::answer(&["vtop", &kthreadd]);
    assert_eq!((&vtop["physical"], &whole["computed"]), (&whole["physical"], &Value::Null));

    let info: Value = serde_json::from_str(&image.run(&["info", "--json"]).stdout).unwrap();
    let warned = info["warnings"].as_array().unwrap();
    assert!(warned.iter().any(|w| w.as_str().unwrap().contains("direct map")), "{warned:?}");
}

#[test]
fn where_no_list_leads_to_anybody_memory_does() {
    // The first and the last of the list lie behind the end.
    let torn = cut(36);
    let (found, _) = rows(&torn.save(), &["ps"]);
    let mut ids = known(&found);
    ids.sort_unstable();
    assert_eq!(ids, [25, 26, 27, 28, 29, 37, 45, 54]);
}

#[test]
fn the_look_through_memory_can_be_interrupted_and_made_again() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let bytes = std::mem::take(cut(36).bytes());
    let image = open_bytes(bytes, "cut", &OpenOptions { format: Some("raw".to_owned()), ..OpenOptions::default() }).unwrap();
    let mut options = Options::default();
    options.hints.interrupt = Some(&STOP);
    let session = Session::of_image(image, "cut".to_owned(), options);
    session.os().unwrap();
    STOP.store(true, Ordering::Relaxed);
    let none = session.processes().unwrap();
    assert!(
        none.items.is_empty() && none.lost.iter().any(|l| l.to_string_lossy().contains("was interrupted")),
        "{:?}",
        none.lost
    );
    STOP.store(false, Ordering::Relaxed);
    assert_eq!(session.processes().unwrap().items.len(), 8);
}

#[test]
fn nobody_is_hidden_by_what_is_missing() {
    for mib in [35, 36, 37, 40] {
        let (found, _) = rows(&cut(mib).save(), &["ps", "--scan", "--threads"]);
        let hidden: Vec<&Value> = found.iter().filter(|r| r["hidden"] == true).collect();
        assert!(!found.is_empty() && hidden.is_empty(), "{mib}: {hidden:?}");
    }
}

#[test]
fn the_kernels_image_is_computed_where_its_last_tables_are_missing() {
    // Of the image's data the last tables lie behind it.
    let image_of = cut(33);
    let image = image_of.save();
    let run = image.run(&["vtop", "init_task", "--json"]);
    let vtop: Value = serde_json::from_str(&run.stdout).unwrap();
    let whole = cli::answer(&["vtop", "init_task"]);
    assert_eq!((run.status, &vtop["physical"]), (0, &whole["physical"]), "{}", run.stderr);
    assert_eq!(vtop["computed"]["rule"], "kernel's image");
    let run = image.run(&["info", "--json"]);
    let info: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(info["os"]["release"], cli::answer(&["info"])["os"]["release"]);
}

#[test]
fn of_the_whole_sample_nothing_is_computed() {
    let info = cli::answer(&["info"]);
    assert_eq!(info["warnings"], serde_json::json!([]));
}
