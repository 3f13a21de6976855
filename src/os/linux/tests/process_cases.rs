//! Processes of a kernel as old as 4.19, and of torn lists.

use super::super::testkit::{Kit, array, u};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::tasks::task::{Task, processes};
use memsh_plugin::{ProcessInfo, VirtAddr, umem};

const TASKS: u64 = 0xffff_8880_0000_0000;
const CRED: u64 = 0xffff_8880_0100_0000;

fn task(n: u64) -> u64 {
    TASKS + n * 0x1000
}

/// Tasks 1 to 3 with `init_task` as the list's head; task 4 is a thread of process 2.
fn kit() -> Kit {
    let mut kit = Kit::new();
    let fields = [
        ("state", 0, u(8)),
        ("flags", 8, u(4)),
        ("exit_state", 12, u(4)),
        ("tasks", 16, "list_head".into()),
        ("pid", 32, u(4)),
        ("tgid", 36, u(4)),
        ("real_parent", 40, u(8)),
        ("thread_group", 48, "list_head".into()),
        ("real_cred", 64, u(8)),
        ("comm", 72, array(1, 16)),
    ];
    kit.types.structure("task_struct", 0x200, &fields);
    kit.types.structure("cred", 16, &[("uid", 4, "kuid_t".into()), ("gid", 8, "kuid_t".into())]);
    kit.types.structure("kuid_t", 4, &[("val", 0, u(4))]);
    kit.symbol("init_task", task(0));
    for n in 0..5u64 {
        let group = if n == 4 { 2 } else { n };
        kit.put(task(n), &[0; 0x200]);
        kit.put(task(n) + 32, &[&n.to_le_bytes()[..4], &group.to_le_bytes()[..4]].concat());
        kit.word(task(n) + 40, task(n.min(1)));
        kit.word(task(n) + 64, CRED);
        kit.put(task(n) + 72, format!("task-{n}").as_bytes());
        kit.ring(&[task(n) + 48]);
    }
    kit.put(CRED, &[0, 0, 0, 0, 0xe8, 3, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    kit.ring(&[task(0) + 16, task(1) + 16, task(2) + 16, task(3) + 16]);
    kit.ring(&[task(2) + 48, task(4) + 48]);
    kit
}

fn ps(kit: &Kit) -> (Vec<ProcessInfo>, Vec<String>) {
    let kernel = kit.kernel();
    let listing = processes(&kernel).unwrap();
    (listing.items.to_vec(), listing.lost.iter().map(|t| t.to_string_lossy().into_owned()).collect())
}

#[test]
fn a_kernel_of_4_19() {
    let (rows, lost) = ps(&kit());
    assert!(lost.is_empty());
    assert_eq!(rows.iter().map(|r| r.pid).collect::<Vec<_>>(), [1, 2, 3]);
    let two = &rows[1];
    assert_eq!(two.name.as_bytes(), b"task-2");
    assert_eq!((two.ppid.get(), two.uid.get(), two.gid.get()), (Some(1), Some(1000), Some(u32::MAX)));
    assert_eq!(two.state.as_ref().map(|s| s.as_bytes().to_vec()), Some(b"running".to_vec()));
    assert!(two.start_time.get().is_none() && two.dtb.get().is_none(), "what can't be known is none");
}

#[test]
fn threads_of_a_group() {
    let kernel = kit().kernel();
    let mut lost = Lost::default();
    let leader = Task::read(&kernel, VirtAddr::new(umem::from(task(2))), &mut lost).unwrap();
    let threads = leader.thread_list(&kernel, &mut lost);
    assert_eq!(threads.iter().map(|t| (t.pid, t.tid)).collect::<Vec<_>>(), [(2, 2), (2, 4)]);
    assert!(lost.is_empty());
}

#[test]
fn a_thread_that_belongs_to_another_is_told() {
    let mut kit = kit();
    kit.put(task(4) + 36, &[9]);
    let kernel = kit.kernel();
    let mut lost = Lost::default();
    let leader = Task::read(&kernel, VirtAddr::new(umem::from(task(2))), &mut lost).unwrap();
    assert_eq!(leader.thread_list(&kernel, &mut lost).len(), 1);
    assert_eq!(lost.sentences().len(), 1);
}

#[test]
fn a_torn_list_loses_no_process() {
    let mut kit = kit();
    kit.word(task(1) + 16, 0x4141_4141_4141_4141);
    let (rows, lost) = ps(&kit);
    assert_eq!(rows.iter().map(|r| r.pid).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(!lost.is_empty());
}

#[test]
fn a_field_that_is_not_there_costs_its_column() {
    let mut kit = kit();
    kit.types.structure("task_struct", 0x200, &[("tasks", 16, "list_head".into()), ("tgid", 36, u(4))]);
    let (rows, _) = ps(&kit);
    assert_eq!(rows.iter().map(|r| r.pid).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(rows[0].ppid.get().is_none() && rows[0].name.is_empty());
}

#[test]
fn without_symbols_the_error_says_what_to_do() {
    let mut kit = Kit::new();
    kit.types.structure("task_struct", 8, &[("tasks", 0, "list_head".into())]);
    let Err(error) = processes(&kit.kernel()) else { panic!("there is no init_task") };
    assert!(error.to_string().contains("--symbols"));
}
