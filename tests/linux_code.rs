//! Code: `dis`, `bt`, and the walkers of `dt`, on the sample.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
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
    assert_ne!(sample(&["dis", "0xffffffffffffffff"]).status, 0);
    assert_ne!(sample(&["dis", "schedule", "-n", "0"]).status, 0);
    // The last bytes of physical memory, and beyond.
    let size = answer(&["info"])["image"]["memory_size"].as_u64().unwrap();
    let rows = answer(&["dis", "--phys", &format!("{:#x}", size - 4), &format!("{:#x}", size + 4), "--isa", "aarch64"]);
    assert_eq!(texts(&rows)[1], "??");
}

#[test]
fn stacks_lead_from_the_scheduler_to_the_program() {
    let rows = answer(&["bt", "1", "--registers"]);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows[0]["function"], "__schedule");
    let frames: Vec<u64> = rows.iter().map(|r| r["frame"].as_u64().unwrap()).collect();
    assert_eq!(frames, (0..frames.len() as u64).collect::<Vec<_>>());
    let (user, kernel) = rows.split_last().unwrap();
    assert_eq!(kernel.last().unwrap()["function"], "entry_SYSCALL_64_after_hwframe");
    assert!(kernel.windows(2).all(|p| number(&p[0]["sp"]) < number(&p[1]["sp"])), "each frame is above the one that it called");
    assert_eq!((&user["kind"], &user["registers"]["rip"]), (&"user".into(), &user["address"]));
    // The system call's own function is among the frames.
    let name = user["syscall"].as_str().unwrap();
    assert!(kernel.iter().any(|r| r["function"].as_str().unwrap().ends_with(&format!("sys_{name}"))), "{name}: {rows:?}");
    assert_eq!(user["syscall_args"].as_array().unwrap().len(), 6);
}

#[test]
fn threads_of_the_kernel_end_where_they_were_made() {
    let rows = answer(&["bt"]);
    let rows = rows.as_array().unwrap();
    let threads: Vec<u64> = answer(&["ps"])
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["kernel_thread"] == true)
        .map(|p| p["pid"].as_u64().unwrap())
        .collect();
    for tid in threads {
        let last = rows.iter().rfind(|r| r["tid"] == tid).unwrap();
        assert!(last["function"].as_str().unwrap().starts_with("ret_from_fork"), "{last}");
    }
}

#[test]
fn running_tasks_are_said_to_run_and_guesses_to_be_guesses() {
    let rows = answer(&["bt", "-a"]);
    assert_eq!((&rows[0]["kind"], &rows[0]["cpu"], &rows[0]["address"]), (&"running".into(), &0.into(), &Value::Null));
    let known = answer(&["bt", "1"]);
    let more = answer(&["bt", "1", "--guess"]);
    let frames: Vec<&Value> = more.as_array().unwrap().iter().filter(|r| r["kind"] != "guess").collect();
    assert_eq!(frames, known.as_array().unwrap().iter().collect::<Vec<_>>());
    let run = sample(&["bt", "nobody"]);
    assert!(run.status != 0 && run.stderr.contains("no process or thread nobody"), "{}", run.stderr);
}

#[test]
fn lists_are_walked_from_heads_and_from_within() {
    let pids = |rows: &Value| rows.as_array().unwrap().iter().map(|r| r["fields"]["pid"].as_u64().unwrap()).collect::<Vec<_>>();
    let from_head = pids(&answer(&["list", "task_struct.tasks", "init_task.tasks", "--fields", "pid,comm"]));
    let processes: Vec<u64> = answer(&["ps"]).as_array().unwrap().iter().map(|p| p["pid"].as_u64().unwrap()).collect();
    assert_eq!(from_head, processes);
    let within = pids(&answer(&["list", "task_struct.tasks", "init_task", "--embedded", "-s", "pid"]));
    assert_eq!((within[0], &within[1..]), (0, &processes[..]));
    assert_eq!(pids(&answer(&["dt", "task_struct", "-l", "tasks", "init_task", "-s", "pid"])), within);
    let names = answer(&["list", "file_system_type.next", "*file_systems", "-s", "name"]);
    assert!(names.as_array().unwrap().iter().any(|r| r["fields"]["name"] == "proc"), "text behind a pointer: {names}");
    for (words, why) in [
        (&["list", "task_struct.pid", "init_task"][..], "links nothing"),
        (&["list", "task_struct", "init_task"], "names no member"),
        (&["list", "task_struct.taks", "init_task"], "no member taks"),
        (&["tree", "irq_desc", "irq_desc_tree"], "of which kind"),
    ] {
        let run = sample(words);
        assert!(run.status != 0 && run.stderr.contains(why), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn trees_are_walked_in_order() {
    let areas = answer(&["tree", "vmap_area.rb_node", "vmap_area_root", "-s", "va_start,va_end"]);
    let starts: Vec<u64> = areas.as_array().unwrap().iter().map(|r| r["fields"]["va_start"].as_u64().unwrap()).collect();
    assert!(starts.len() > 10 && starts.is_sorted());
    assert_eq!(areas.as_array().unwrap().iter().filter(|r| r["level"] == 0).count(), 1, "one root");
    let interrupts = answer(&["tree", "irq_desc", "irq_desc_tree", "--kind", "radix", "-s", "irq_data.irq"]);
    assert!(interrupts.as_array().unwrap().iter().all(|r| r["index"] == r["fields"]["irq_data.irq"]));
}

#[test]
fn per_cpu_variables_have_places_types_and_values() {
    let queue = answer(&["percpu", "runqueues"]);
    assert_eq!(queue[0]["type"], "struct rq");
    let address = queue[0]["address"].as_str().unwrap();
    let whole = answer(&["dt", "runqueues:0"]);
    assert_eq!((whole["type"].as_str(), whole["address"].as_str()), (Some("struct rq"), Some(address)));
    assert_eq!(answer(&["dt", "rq", "runqueues:0"]), whole);
    assert_eq!(answer(&["dt", "runqueues"]), whole);
    // The task that runs is what `bt -a` says.
    let current = answer(&["percpu", "current_task"]);
    assert_eq!(current[0]["symbol"], "init_task");
    assert_ne!(sample(&["dt", "runqueues:1"]).status, 0, "a processor that there is not has no variables");
    let run = sample(&["percpu", "runqueues", "--cpu", "7"]);
    assert!(run.status != 0 && run.stderr.contains("no processor 7"), "{}", run.stderr);
}

#[test]
fn structures_show_what_pointers_lead_to() {
    let fields = |words: &[&str]| answer(words)["fields"].as_array().unwrap().clone();
    let some = fields(&["dt", "task_struct.*pid*,tasks,usage,sched_class", "init_task"]);
    let named = |name: &str| some.iter().find(|f| f["name"] == name).unwrap().clone();
    assert_eq!(named("pid")["value"], 0);
    assert_eq!(named("thread_pid")["symbol"], "init_struct_pid");
    assert_eq!(named("usage")["value"], 2, "a structure around a number is that number");
    let tasks = answer(&["list", "task_struct.tasks", "init_task.tasks"]);
    let first = number(&tasks[0]["address"]) + named("tasks")["offset"].as_u64().unwrap();
    assert_eq!(named("tasks")["value"][0], format!("{first:#x}"));
    // Behind a pointer, one level down.
    let class = fields(&["dt", "task_struct.sched_class", "init_task", "-r"]);
    let inside = class[0]["fields"].as_array().unwrap();
    assert!(inside.iter().any(|f| f["symbol"] == "pick_next_task_idle"), "{inside:?}");
    assert!(fields(&["dt", "task_struct.pid", "init_task", "-o"])[0]["value"].is_null());
    assert!(sample(&["dt", "task_struct.*nothing*"]).stderr.contains("no member"));
}
