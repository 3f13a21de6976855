//! Code: `dis`, `bt`, and the walkers of `dt`, on the sample.
mod cli;

use cli::{answer, number, sample};
use serde_json::Value;

fn texts(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|r| r["text"].as_str().unwrap()).collect()
}

#[test]
fn instructions_follow_one_another_and_know_their_symbol() {
    let rows = answer(&["dis", "schedule", "-n", "40"]);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 40);
    assert_eq!(rows[0]["symbol"], "schedule");
    for pair in rows.windows(2) {
        let bytes = pair[0]["bytes"].as_str().unwrap().len() as u64 / 2;
        assert_eq!(number(&pair[0]["address"]) + bytes, number(&pair[1]["address"]));
    }
}

#[test]
fn a_function_ends_where_its_symbol_does_and_calls_have_names() {
    let rows = answer(&["dis", "do_exit+0x20", "--function"]);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows[0]["symbol"], "do_exit", "from the start, wherever in it the address lies");
    assert!(rows.iter().all(|r| r["symbol"].as_str().unwrap().starts_with("do_exit")));
    assert!(rows.len() > 100);
    let called: Vec<&str> = rows
        .iter()
        .filter(|r| r["text"].as_str().unwrap().starts_with("call 0x"))
        .map(|r| r["target_symbol"].as_str().unwrap())
        .collect();
    assert!(called.contains(&"exit_mm") || called.iter().any(|c| c.starts_with("exit_")), "{called:?}");
    // `current` is read through gs: a per-CPU variable's name.
    assert!(rows.iter().any(|r| r["target_symbol"] == "current_task"), "the per-CPU variable");
}

#[test]
fn counts_ranges_and_what_comes_before() {
    let all = answer(&["dis", "schedule", "-n", "8"]);
    assert_eq!(answer(&["dis", "schedule", "L8"]), all);
    assert_eq!(answer(&["dis", "schedule", "8"]), all);
    let ninth = answer(&["dis", "schedule", "-n", "9"])[8]["address"].as_str().unwrap().to_owned();
    assert_eq!(answer(&["dis", "schedule", &ninth]), all);
    assert_eq!(answer(&["x/8i", "schedule"]), all);
    let last = all[7]["address"].as_str().unwrap();
    let before = answer(&["dis", "--reverse", last, "-n", "3"]);
    assert_eq!(before.as_array().unwrap()[..], all.as_array().unwrap()[5..]);
}

#[test]
fn att_syntax_and_other_instruction_sets() {
    assert_eq!(texts(&answer(&["dis", "schedule", "-n", "2", "--syntax", "att"])), ["push %rbp", "mov %rsp,%rbp"]);
    for isa in ["x86_16", "x86", "x86_64", "aarch64", "riscv32", "riscv64"] {
        let rows = answer(&["dis", "--phys", "0x100000", "-n", "64", "--isa", isa]);
        assert_eq!(rows.as_array().unwrap().len(), 64, "{isa}");
    }
    // `--arch` is the target's: no operating system is looked for.
    let run = cli::memsh(&["--arch", "aarch64", "sample", "dis", "--phys", "0x100000", "-n", "1", "--json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn code_of_a_process_is_named_by_its_modules() {
    let maps = answer(&["maps", "-p", "1", "-x"]);
    let region = maps.as_array().unwrap().iter().find(|r| r["path"].is_string()).unwrap();
    let start = region["start"].as_str().unwrap();
    let rows = answer(&["dis", "-p", "1", start, "-n", "4"]);
    let file = region["path"].as_str().unwrap().rsplit('/').next().unwrap();
    assert!(rows[0]["symbol"].as_str().unwrap().starts_with(&format!("{file}+0x")), "{rows}");
}

#[test]
fn what_cannot_be_read_is_an_error_or_a_row() {
    let run = sample(&["dis", "0x1000", "--json"]);
    assert_ne!(run.status, 0);
    assert!(run.stderr.contains("no byte of this code"), "{}", run.stderr);
    // The last bytes of physical memory, and beyond.
    let size = answer(&["info"])["image"]["memory_size"].as_u64().unwrap();
    let rows = answer(&["dis", "--phys", &format!("{:#x}", size - 4), &format!("{:#x}", size + 4), "--isa", "aarch64"]);
    assert_eq!(texts(&rows)[1], "??");
}
