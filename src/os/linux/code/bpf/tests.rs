//! Programs of a made-up kernel, whole and damaged.
#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::os::linux::testkit::{Kit, array as many, u};

const TASK: u64 = 0xffff_8880_0000_0000;
const IDR: u64 = 0xffff_8880_0001_0000;
const NODE: u64 = 0xffff_8880_0002_0000;
const PROG: u64 = 0xffff_8880_0003_0000;
const AUX: u64 = 0xffff_8880_0004_0000;
const FDS: u64 = 0xffff_8880_0005_0000;
const OPS: u64 = 0xffff_8880_0006_0000;

/// A process with an open file, and a program with the number 1.
fn kit() -> Kit {
    let mut kit = Kit::new();
    let t = &mut kit.types;
    let task = [
        ("tasks", 0, "list_head".into()),
        ("pid", 16, u(4)),
        ("tgid", 20, u(4)),
        ("comm", 24, many(1, 16)),
        ("files", 40, u(8)),
        ("thread_group", 48, "list_head".into()),
    ];
    t.structure("task_struct", 64, &task);
    t.structure("files_struct", 64, &[("fdt", 0, u(8))]);
    t.structure("fdtable", 64, &[("max_fds", 0, u(4)), ("fd", 8, u(8))]);
    t.structure("file", 64, &[("f_op", 0, u(8)), ("private_data", 8, u(8))]);
    t.structure("xarray", 16, &[("xa_head", 8, u(8))]);
    t.structure("xa_node", 0x240, &[("shift", 0, u(1)), ("slots", 0x28, many(8, 64))]);
    t.structure("idr", 24, &[("idr_rt", 0, "xarray".into())]);
    t.structure("bpf_prog", 64, &[("type", 4, u(4)), ("len", 8, u(4)), ("tag", 16, many(1, 8)), ("aux", 24, u(8))]);
    t.structure(
        "bpf_prog_aux",
        64,
        &[("id", 0, u(4)), ("used_map_cnt", 4, u(4)), ("prog", 8, u(8)), ("name", 16, many(1, 16)), ("used_maps", 32, u(8))],
    );
    kit.symbol("init_task", TASK);
    kit.ring(&[TASK, TASK + 0x1000]);
    kit.put(TASK + 0x1010, &[7, 0, 0, 0, 7, 0, 0, 0]);
    kit.put(TASK + 0x1018, b"agent\0");
    kit.word(TASK + 0x1028, FDS);
    kit.ring(&[TASK + 0x1030]);
    kit.word(FDS, FDS + 0x100);
    kit.word(FDS + 0x100, 64);
    kit.word(FDS + 0x108, FDS + 0x200);
    kit.put(FDS + 0x200, &[0; 512]);
    kit.word(FDS + 0x200, FDS + 0x800);
    kit.word(FDS + 0x800, OPS);
    kit.word(FDS + 0x808, PROG);
    kit.symbol("prog_idr", IDR);
    kit.symbol("map_idr", IDR + 0x100);
    kit.symbol("bpf_prog_fops", OPS);
    kit.put(IDR, &[0; 0x200]);
    kit.put(NODE, &[0; 0x240]);
    kit.word(IDR + 8, NODE | 2);
    kit.word(NODE + 0x28 + 8, PROG);
    kit.put(PROG, &[0; 64]);
    kit.word(PROG + 24, AUX);
    kit.put(AUX, &[1]);
    kit.word(AUX + 8, PROG);
    kit.put(AUX + 16, b"watch\0");
    kit
}

fn told(kit: &Kit) -> (Vec<BpfObject>, usize) {
    let listing = bpf(&kit.kernel()).unwrap();
    (listing.items.to_vec(), listing.lost.len())
}

#[test]
fn a_program_is_known_by_its_number_and_its_holder() {
    let (all, lost) = told(&kit());
    let [p] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((p.id, p.listed, p.name.clone(), lost), (Some(1), true, Some(Text::from("watch")), 0));
    assert_eq!(p.owners, [BpfOwner { pid: 7, process: Text::from("agent"), fd: 0 }]);
}

#[test]
fn a_program_taken_out_of_the_table_is_found_by_its_holder() {
    let mut kit = kit();
    kit.word(NODE + 0x28 + 8, 0);
    let (all, lost) = told(&kit);
    assert_eq!((all.len(), lost), (1, 0));
    assert!(all.iter().all(|p| !p.listed));
}

#[test]
fn what_does_not_know_itself_is_no_program() {
    let mut kit = kit();
    kit.word(AUX + 8, PROG + 8);
    assert_eq!(told(&kit).0.len(), 0);
    assert_eq!(told(&kit).1, 2, "the table's and the descriptor's");
}

#[test]
fn a_list_of_maps_that_claims_the_world_is_none() {
    let mut kit = kit();
    kit.put(AUX + 4, &[0xff; 4]);
    kit.word(AUX + 32, 0x4141_4141_4141_4140);
    assert_eq!(told(&kit).0.first().unwrap().maps, None);
}
