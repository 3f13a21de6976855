#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::{Answer, Sort, Target, Watch, command_of, commands};
use serde_json::Value;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

fn sample() -> &'static Target {
    static SAMPLE: OnceLock<Target> = OnceLock::new();
    SAMPLE.get_or_init(|| Target::open(["sample"]).unwrap())
}

#[test]
fn rows_are_those_of_the_command() {
    let ps = sample().rows(["ps"]).unwrap();
    assert!(ps.rows.iter().any(|r| r["pid"] == 1) && !ps.ended.object);
    let listed = sample().rows(["pslist"]).unwrap();
    assert!(!listed.rows.is_empty(), "other tools' words are understood");
    let info = sample().rows(["info"]).unwrap();
    assert!(info.ended.object && info.rows.len() == 1);
}

#[test]
fn rows_are_chosen_and_broken_off() {
    let one = sample().rows(["ps", "--where", "pid > 1", "--sort", "-pid", "--limit", "1"]).unwrap();
    assert_eq!(one.rows.len(), 1);
    struct Two(Vec<Value>);
    impl Answer for Two {
        fn row(&mut self, row: Value) -> ControlFlow<()> {
            self.0.push(row);
            if self.0.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let mut two = Two(Vec::new());
    let ended = sample().ask(["ps"], &mut two).unwrap();
    assert!(two.0.len() == 2 && ended.broken_off);
}

#[test]
fn failures_say_what_sort_they_are() {
    let unknown = sample().rows(["nonsense"]).unwrap_err();
    assert_eq!((unknown.sort, unknown.status), (Sort::Usage, 2));
    assert!(sample().rows(["maps", "-p", "999999"]).is_err());
    assert_eq!(Target::open(["/nowhere/at/all"]).unwrap_err().status, 1);
    assert_eq!(Target::open(["--no-such-option"]).unwrap_err().sort, Sort::Usage);
}

#[test]
fn many_threads_ask_one_target_and_progress_is_told() {
    struct Count(AtomicUsize);
    impl Watch for Count {
        fn at(&self, _: &str, _: u64, _: u64) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let alone = sample().rows(["ps"]).unwrap().rows;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(sample().rows(["ps"]).unwrap().rows, alone));
        }
    });
    let count = Arc::new(Count(AtomicUsize::new(0)));
    struct Nothing;
    impl Answer for Nothing {
        fn row(&mut self, _: Value) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }
    let watch: Arc<dyn Watch> = Arc::<Count>::clone(&count);
    sample().ask_watched(["scan", "Linux version", "--phys"], watch, &mut Nothing).unwrap();
    assert!(count.0.load(Ordering::Relaxed) > 0);
}

#[test]
fn what_is_stopped_says_so_and_the_next_runs() {
    let target = Target::open(["sample"]).unwrap();
    struct Stops<'a>(&'a Target);
    impl Answer for Stops<'_> {
        fn row(&mut self, _: Value) -> ControlFlow<()> {
            self.0.stop();
            ControlFlow::Continue(())
        }
    }
    let failed = target.ask(["strings"], &mut Stops(&target)).unwrap_err();
    assert!(failed.is_stopped(), "{failed}");
    assert!(!target.rows(["ps"]).unwrap().rows.is_empty());
}

#[test]
fn a_stop_is_over_however_many_threads_go_on_asking() {
    const THREADS: usize = 6;
    let target = Target::open(["sample"]).unwrap();
    let (stopped, after, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while after.load(Ordering::SeqCst) < 3 * THREADS {
                    match target.rows(["scan", "nothing like this", "--phys"]) {
                        Ok(_) => _ = after.fetch_add(done.load(Ordering::SeqCst), Ordering::SeqCst),
                        Err(e) => {
                            assert!(e.is_stopped(), "{e}");
                            // As many as there were, and no more.
                            assert!(stopped.fetch_add(1, Ordering::SeqCst) < THREADS);
                        }
                    }
                }
            });
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        target.stop();
        done.store(1, Ordering::SeqCst);
    });
}

#[test]
fn every_command_has_a_schema_and_keys() {
    for command in commands() {
        assert!(command.schema().is_object() && !command.summary().is_empty(), "{}", command.name());
    }
    assert!(commands().any(|c| c.name() == "ps" && c.is_list() && c.keys().contains(&"pid".to_owned())));
}

#[test]
fn a_command_is_found_by_the_words_of_any_tool() {
    let name = |words: &[&str]| command_of(words).map(|c| c.name());
    assert_eq!(name(&["ps", "-t"]), Some("ps"));
    assert_eq!(name(&["pslist"]), Some("ps"));
    assert_eq!(name(&["plugins", "info", "dummy"]), Some("plugins-info"));
    assert_eq!(name(&["nonsense"]), None);
    assert_eq!(name(&[]), None);
}
