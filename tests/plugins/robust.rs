//! Plugins that panic, lie or stay silent cost an answer, never the session.

use super::built::{Folder, odd};
use std::time::{Duration, Instant};

fn folder() -> Folder {
    Folder::of(&[odd()])
}

/// Words on a target; the program must end by itself.
fn on(folder: &Folder, target: &[&str], words: &[&str]) -> super::cli::Run {
    let all: Vec<&str> = target.iter().chain(words).copied().collect();
    let run = folder.memsh(&all);
    assert!((0..=4).contains(&run.status), "{all:?}: {} {}", run.status, run.stderr);
    run
}

#[test]
fn a_connector_that_panics_costs_a_call() {
    let folder = folder();
    let made = on(&folder, &["-C", "panics:create"], &["read", "--phys", "0", "16"]);
    assert!(
        made.status != 0 && made.stderr.contains("the plugin panicked in create: create is not what it was"),
        "{}",
        made.stderr
    );
    let read = on(&folder, &["-C", "panics:read"], &["read", "--phys", "0", "16"]);
    assert!(read.status == 1 && !read.stdout.contains("zz"), "{} {}", read.stdout, read.stderr);
    let ranges = on(&folder, &["-C", "panics:ranges"], &["read", "--phys", "0", "16"]);
    assert!(ranges.status != 0 && ranges.stderr.contains("no memory"), "{}", ranges.stderr);
    // What is only a help is done without.
    for place in ["mapped_runs", "machine", "metadata", "drop", "nowhere"] {
        let run = on(&folder, &["-C", &format!("panics:{place}")], &["read", "--phys", "0", "16"]);
        assert_eq!(run.status, 0, "{place}: {}", run.stderr);
    }
    let targets = on(&folder, &[], &["plugins", "targets", "panics"]);
    assert!(targets.stderr.contains("the plugin panicked in targets: no targets today"), "{}", targets.stderr);
}

#[test]
fn a_system_that_panics_costs_an_answer() {
    let folder = folder();
    let target = |place: &str| ["-C".to_owned(), "panics:nowhere".to_owned(), "-O".to_owned(), format!("panicky:{place}")];
    let ask = |place: &str, words: &[&str]| {
        let target = target(place);
        on(&folder, &target.each_ref().map(String::as_str), words)
    };
    for (place, words) in [
        ("create", &["ps"][..]),
        ("processes", &["ps"]),
        ("process", &["maps", "-p", "1"]),
        ("regions", &["maps", "-p", "1"]),
        ("threads", &["threads", "-p", "1"]),
        ("arguments", &["cmdline", "-p", "1"]),
        ("environment", &["env", "-p", "1"]),
        ("kernel_modules", &["modules"]),
        ("modules", &["modules", "-p", "1"]),
    ] {
        let well = ask("nowhere", words);
        let run = ask(place, words);
        let told = run.stderr.contains(&format!("the plugin panicked in {place}"));
        // What the command asks of no plugin can't fail by one.
        assert!(told || well.status != 0, "{place}: {} {} {}", run.status, run.stdout, run.stderr);
        assert!(run.status != 0 || run.stderr.contains("partial"), "{place}: {} {}", run.stdout, run.stderr);
    }
    for place in ["os_info", "process_info", "view_metadata", "read_virt", "translate"] {
        for words in
            [&["ps"][..], &["info"], &["maps", "-p", "1"], &["read", "0x1000", "16", "-p", "1"], &["scan", "zz", "-p", "1"]]
        {
            let run = ask(place, words);
            assert!(place != "read_virt" || !run.stdout.contains("zzz"), "{words:?}: {}", run.stdout);
        }
    }
}

#[test]
fn the_session_goes_on_after_a_panic() {
    let folder = folder();
    let run = folder.memsh(&["sample", "-c", "noisy panic; noisy create; ps --csv"]);
    assert!(run.stderr.contains("the plugin panicked in run: no rows today"), "{}", run.stderr);
    assert!(run.stderr.contains("the plugin panicked in create: not made"), "{}", run.stderr);
    assert!(run.stdout.contains("kthreadd"), "{}", run.stdout);
}

#[test]
fn ranges_that_cannot_be_are_refused() {
    let folder = folder();
    for (how, why) in [
        ("overlap", "gives ranges that overlap or do not ascend"),
        ("descending", "gives ranges that overlap or do not ascend"),
        ("wrap", "which wraps around"),
        ("empty", "gives an empty range at 0x1000"),
        ("none", "no memory"),
        ("many", "says that its memory has 16777217 ranges"),
    ] {
        let run = on(&folder, &["-C", &format!("lies:{how}")], &["read", "--phys", "0", "16"]);
        assert!(run.status == 1 && run.stderr.contains("the plugin lies") && run.stderr.contains(why), "{how}: {}", run.stderr);
    }
}

#[test]
fn answers_that_cannot_be_are_not_believed() {
    let folder = folder();
    for how in ["status", "negative", "pending"] {
        let run = on(&folder, &["-C", &format!("lies:{how}")], &["read", "--phys", "0", "16"]);
        assert!(run.status == 1 && !run.stdout.contains("21 21"), "{how}: {} {}", run.stdout, run.stderr);
    }
    // Runs that reach beyond the ranges, or over each other, are not used: memory is read by calls.
    for how in ["runs", "runs-overlap"] {
        let run = on(&folder, &["-C", &format!("lies:{how}")], &["read", "--phys", "0", "16"]);
        assert!(run.status == 0 && run.stdout.contains("21 21"), "{how}: {} {}", run.stdout, run.stderr);
        let beyond = on(&folder, &["-C", &format!("lies:{how}")], &["read", "--phys", "0x2000", "16"]);
        assert!(beyond.status == 1, "{how}: {}", beyond.stdout);
    }
    let said = on(&folder, &["-C", "lies:words"], &["read", "--phys", "0", "16"]);
    assert!(said.status != 0 && !said.stderr.contains('\u{1b}') && !said.stderr.contains('\u{7}'));
    assert!(said.stderr.len() < 8192, "{} bytes of words", said.stderr.len());
    let targets = on(&folder, &[], &["plugins", "targets", "lies"]);
    assert!(targets.status == 0 && !targets.stdout.contains('\u{1b}'), "{:?}", targets.stdout);
}

#[test]
fn one_that_never_answers_is_given_up() {
    let folder = folder();
    for words in [
        &["-C", "silent", "read", "--phys", "0", "16"][..],
        &["-C", "silent:later", "read", "--phys", "0", "16"],
        &["plugins", "targets", "silent"],
        &["sample", "silent"],
    ] {
        let began = Instant::now();
        let run = folder.run(words, &[("MEMSH_PLUGIN_TIMEOUT", "300ms")]);
        assert!(run.status != 0 && run.stderr.contains("within 300 ms; it was given up"), "{words:?}: {}", run.stderr);
        assert!(began.elapsed() < Duration::from_secs(15), "{words:?}: {:?}", began.elapsed());
    }
    let wrong = folder.run(&["plugins", "targets", "silent"], &[("MEMSH_PLUGIN_TIMEOUT", "soon")]);
    assert!(wrong.status == 2 && wrong.stderr.contains("MEMSH_PLUGIN_TIMEOUT"), "{}", wrong.stderr);
}

#[test]
fn rows_that_are_none_are_told() {
    let folder = folder();
    let text = folder.memsh(&["sample", "noisy", "text", "--jsonl"]);
    assert_eq!(text.stdout, "{\"a\":1}\n{\"a\":2}\n");
    assert!(text.stderr.contains("partial") && text.stderr.contains("no JSON object"), "{}", text.stderr);
    assert!(!text.stderr.contains('\u{1b}'));
    let endless = folder.memsh(&["sample", "noisy", "endless", "--jsonl", "--limit", "3"]);
    assert_eq!((endless.status, endless.stdout.lines().count()), (0, 3), "{}", endless.stderr);
    let ask = folder.json(&["sample", "noisy", "ask"]);
    assert_eq!(ask.as_array().unwrap().len(), 3);
    assert!(!std::path::Path::new(&folder.file("odd-out")).exists());
}
