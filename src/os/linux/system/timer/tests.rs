//! Timers of a made-up kernel, whole and damaged.
#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::os::linux::testkit::{Kit, array, u};

const TASKS: u64 = 0xffff_8880_0000_0000;
const WHEEL: u64 = 0xffff_8880_0001_0000;
const QUEUES: u64 = 0xffff_8880_0002_0000;
const TIMER: u64 = 0xffff_8880_0003_0000;
const CODE: u64 = 0xffff_ffff_8100_0000;

fn kit() -> Kit {
    let mut kit = Kit::new();
    let t = &mut kit.types;
    t.structure(
        "task_struct",
        64,
        &[("tasks", 0, "list_head".into()), ("pid", 16, u(4)), ("tgid", 20, u(4)), ("comm", 24, array(1, 16))],
    );
    t.structure("timer_base", 0x100, &[("cpu", 0, u(4)), ("clk", 8, u(8)), ("vectors", 16, array(8, 16))]);
    t.structure(
        "timer_list",
        40,
        &[("entry", 0, array(8, 2)), ("expires", 16, u(8)), ("function", 24, u(8)), ("flags", 32, u(4))],
    );
    t.structure("process_timer", 48, &[("timer", 0, "timer_list".into()), ("task", 40, u(8))]);
    t.structure("hrtimer_cpu_base", 0x100, &[("clock_base", 0x40, array(0x40, 2))]);
    t.structure("hrtimer_clock_base", 0x40, &[("clockid", 0, u(4)), ("active", 8, array(8, 2)), ("offset", 0x20, u(8))]);
    t.structure("rb_node", 24, &[("rb_right", 8, u(8)), ("rb_left", 16, u(8))]);
    t.structure("queue_node", 32, &[("node", 0, "rb_node".into()), ("expires", 24, u(8))]);
    t.structure("hrtimer", 64, &[("node", 0, "queue_node".into()), ("function", 40, u(8)), ("base", 48, u(8))]);
    kit.symbol("init_task", TASKS);
    kit.ring(&[TASKS, TASKS + 0x1000]);
    kit.put(TASKS + 0x1010, &[7, 0, 0, 0, 7, 0, 0, 0]);
    kit.put(TASKS + 0x1018, b"sleep\0");
    kit.symbol("timer_bases", WHEEL);
    // Room for one wheel.
    kit.symbol("what_follows", WHEEL + 0x100);
    kit.symbol("hrtimer_bases", QUEUES);
    kit.symbol("process_timeout", CODE);
    kit.put(WHEEL, &[0; 0x100]);
    kit.word(WHEEL + 8, 1000);
    kit.put(QUEUES, &[0; 0x100]);
    kit.put(QUEUES + 0x40, &[1]);
    kit
}

fn wheel_timer(kit: &mut Kit, at: u64, next: u64, cpu: u64) {
    kit.word(at, next);
    kit.word(at + 16, 2000);
    kit.word(at + 24, CODE);
    kit.word(at + 32, cpu);
    kit.word(at + 40, TASKS + 0x1000);
}

fn told(kit: &Kit) -> (Vec<Timer>, Vec<String>) {
    let listing = timers(&kit.kernel()).unwrap();
    let lost = listing.lost.iter().map(|t| t.to_string_lossy().into_owned());
    // What time it was stands nowhere here.
    (listing.items.to_vec(), lost.filter(|l| !l.contains("time of the image")).collect())
}

#[test]
fn a_timer_of_a_wheel_tells_who_sleeps() {
    let mut kit = kit();
    kit.word(WHEEL + 16 + 24, TIMER);
    wheel_timer(&mut kit, TIMER, 0, 0);
    let (all, lost) = told(&kit);
    assert_eq!(lost, Vec::<String>::new());
    let [t] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((t.expires, t.clock, t.pid, t.left), (2000, "jiffies", Some(7), None));
    assert_eq!(t.process, Some(Text::from("sleep")));
}

#[test]
fn foreign_memory_in_a_wheel_makes_no_rows() {
    let mut kit = kit();
    kit.word(WHEEL + 16, TIMER);
    wheel_timer(&mut kit, TIMER, TIMER + 0x100, 0);
    // Of another processor, then a circle behind it.
    wheel_timer(&mut kit, TIMER + 0x100, TIMER, 9);
    let (all, lost) = told(&kit);
    assert_eq!(all.len(), 1);
    assert_eq!(lost.len(), 2);
}

#[test]
fn a_timer_that_two_buckets_lead_to_is_told_once() {
    let mut kit = kit();
    kit.word(WHEEL + 16, TIMER);
    kit.word(WHEEL + 24, TIMER);
    wheel_timer(&mut kit, TIMER, 0, 0);
    let (all, lost) = told(&kit);
    assert_eq!((all.len(), lost.len()), (1, 1), "{lost:?}");
}

#[test]
fn a_wheel_of_another_processor_is_none() {
    let mut kit = kit();
    kit.put(WHEEL, &[5]);
    kit.word(WHEEL + 16, TIMER);
    wheel_timer(&mut kit, TIMER, 0, 5);
    let (all, lost) = told(&kit);
    assert_eq!((all.len(), lost.len()), (0, 1));
}

#[test]
fn precise_timers_know_their_queue() {
    let mut kit = kit();
    let queue = QUEUES + 0x40;
    kit.word(queue + 8, TIMER);
    kit.put(TIMER, &[0; 0x200]);
    for (at, base) in [(TIMER, queue), (TIMER + 0x100, queue + 0x40)] {
        kit.word(at + 24, 5_000_000_000);
        kit.word(at + 40, CODE + 0x100);
        kit.word(at + 48, base);
    }
    kit.word(TIMER + 8, TIMER + 0x100);
    kit.word(TIMER + 0x110, TIMER);
    let (all, lost) = told(&kit);
    let [t] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((t.clock, t.expires, t.precise), ("monotonic", 5_000_000_000, true));
    assert_eq!(lost.len(), 2, "a circle, and a timer of another queue: {lost:?}");
}

#[test]
fn memory_that_is_not_there_is_told() {
    let mut kit = kit();
    kit.word(WHEEL + 16, TIMER);
    kit.word(QUEUES + 0x48, 0x4141_4141_4141_4140);
    let (all, lost) = told(&kit);
    assert_eq!(all.len(), 0);
    assert!(lost.len() >= 2, "{lost:?}");
}
