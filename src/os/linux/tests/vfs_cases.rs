//! Open files, mounts, namespaces, cgroups and credentials that no healthy machine has.

use super::super::testkit::{Kit, array, u};
use super::path_cases::{dentry, mount, put_dentry, put_mount, types};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::files::mount::{Mount, mounts};
use crate::os::linux::files::openfile::{Held, OpenFile, OpenFiles};
use crate::os::linux::files::openflags::flags_text;
use crate::os::linux::tasks::cgroup::Cgroups;
use crate::os::linux::tasks::cred::{Credentials, credentials};
use crate::os::linux::tasks::pids::{active, numbers};
use memsh_plugin::{Listing, VirtAddr, umem};

const TASK: u64 = 0xffff_8880_0100_0000;
const INIT: u64 = TASK + 0x1000;
const PROXY: u64 = TASK + 0x2000;
const SPACE: u64 = TASK + 0x3000;
const FS: u64 = TASK + 0x4000;
const TABLE: u64 = TASK + 0x5000;
const SB: u64 = TASK + 0x6000;
const FILES: u64 = TASK + 0x7000;
const INODES: u64 = TASK + 0x8000;
const CRED: u64 = TASK + 0x9000;
const PID: u64 = TASK + 0xa000;
const SET: u64 = TASK + 0xb000;
const NAMES: u64 = TASK + 0xc000;
const WILD: u64 = 0xdead_0000_0000_0000;

fn va(at: u64) -> VirtAddr {
    VirtAddr::new(umem::from(at))
}

/// Process 1 in a namespace of two mounts: `/`, and on `/home` another tree with `/ada`, which it has open as descriptor 3.
fn kit() -> Kit {
    let mut kit = Kit::new();
    types(&mut kit);
    layouts(&mut kit);
    kit.symbol("init_task", INIT);
    for (at, pid) in [(INIT, 0u8), (TASK, 1)] {
        kit.put(at, &[0; 0x200]);
        kit.put(at + 0x20, &[pid]);
        kit.put(at + 0x24, &[pid]);
        kit.put(at + 0x28, b"one");
    }
    kit.ring(&[INIT + 0x10, TASK + 0x10]);
    for (member, to) in [(0x40, PROXY), (0x48, FS), (0x50, TABLE), (0x58, CRED), (0x60, PID), (0x68, SET)] {
        kit.word(TASK + member, to);
    }
    kit.word(PROXY, SPACE);
    kit.put(SPACE, &[0; 0x40]);
    kit.put(SPACE, &4_026_531_841u32.to_le_bytes());
    put_dentry(&mut kit, 0, 0, b"/");
    put_dentry(&mut kit, 1, 0, b"home");
    put_dentry(&mut kit, 2, 2, b"/");
    put_dentry(&mut kit, 3, 2, b"ada");
    put_mount(&mut kit, 0, 0, 0, 0);
    put_mount(&mut kit, 1, 0, 1, 2);
    kit.ring(&[SPACE + 0x10, mount(0) + 0x40, mount(1) + 0x40]);
    kit.put(SB, &[0; 0x40]);
    kit.put(NAMES, b"/dev/a\nb\x1b[2J\0");
    for n in 0..2 {
        kit.word(mount(n) + 0x28, SB);
        kit.word(mount(n) + 0x50, NAMES);
        kit.put(mount(n) + 0x58, &[10 + u8::try_from(n).unwrap()]);
        kit.word(mount(n) + 0x68, SPACE);
    }
    kit.word(FS, mount(0) + 0x20);
    kit.word(FS + 8, dentry(0));
    kit.put(TABLE, &[0; 0x40]);
    kit.word(TABLE, TABLE + 8);
    kit.word(TABLE + 8, 64);
    kit.word(TABLE + 16, TABLE + 0x100);
    kit.word(TABLE + 24, TABLE + 0x80);
    kit.word(TABLE + 0x80, 1 << 3);
    kit.put(TABLE + 0x100, &[0; 512]);
    kit.word(TABLE + 0x100 + 3 * 8, FILES);
    put_file(&mut kit, FILES, INODES, 0o100_644);
    kit
}

fn layouts(kit: &mut Kit) {
    let task = [
        ("flags", 0, u(4)),
        ("tasks", 0x10, "list_head".into()),
        ("pid", 0x20, u(4)),
        ("tgid", 0x24, u(4)),
        ("comm", 0x28, array(1, 16)),
        ("nsproxy", 0x40, u(8)),
        ("fs", 0x48, u(8)),
        ("files", 0x50, u(8)),
        ("real_cred", 0x58, u(8)),
        ("thread_pid", 0x60, u(8)),
        ("cgroups", 0x68, u(8)),
        ("seccomp", 0x70, "seccomp".into()),
    ];
    kit.types.structure("task_struct", 0x200, &task);
    kit.types.structure("seccomp", 16, &[("mode", 0, u(4)), ("filter", 8, u(8))]);
    kit.types.structure("seccomp_filter", 16, &[("prev", 8, u(8))]);
    kit.types.structure("nsproxy", 8, &[("mnt_ns", 0, u(8))]);
    kit.types.structure("ns_common", 4, &[("inum", 0, u(4))]);
    let space = [("ns", 0, "ns_common".into()), ("root", 8, u(8)), ("list", 0x10, "list_head".into())];
    kit.types.structure("mnt_namespace", 0x40, &space);
    let mount = [
        ("mnt_parent", 0, u(8)),
        ("mnt_mountpoint", 8, u(8)),
        ("mnt", 0x20, "vfsmount".into()),
        ("mnt_list", 0x40, "list_head".into()),
        ("mnt_devname", 0x50, u(8)),
        ("mnt_id", 0x58, u(4)),
        ("mnt_ns", 0x68, u(8)),
    ];
    kit.types.structure("mount", 0x100, &mount);
    kit.types.structure("vfsmount", 0x20, &[("mnt_root", 0, u(8)), ("mnt_sb", 8, u(8)), ("mnt_flags", 16, u(4))]);
    kit.types.structure("super_block", 0x40, &[("s_dev", 0, u(4)), ("s_flags", 8, u(8)), ("s_type", 16, u(8))]);
    kit.types.structure("path", 16, &[("mnt", 0, u(8)), ("dentry", 8, u(8))]);
    kit.types.structure("fs_struct", 0x20, &[("root", 0, "path".into()), ("pwd", 16, "path".into())]);
    kit.types.structure("files_struct", 8, &[("fdt", 0, u(8))]);
    kit.types.structure("fdtable", 0x20, &[("max_fds", 0, u(4)), ("fd", 8, u(8)), ("close_on_exec", 16, u(8))]);
    let file = [
        ("f_path", 0, "path".into()),
        ("f_inode", 0x10, u(8)),
        ("f_flags", 0x18, u(4)),
        ("f_mode", 0x1c, u(4)),
        ("f_pos", 0x20, u(8)),
        ("private_data", 0x28, u(8)),
    ];
    kit.types.structure("file", 0x40, &file);
    let inode = [("i_sb", 0, u(8)), ("i_ino", 8, u(8)), ("i_private", 16, u(8)), ("i_mode", 24, u(2)), ("i_size", 32, u(8))];
    kit.types.structure("inode", 0x40, &inode);
    kit.types.structure("kuid_t", 4, &[("val", 0, u(4))]);
    let cred = [("uid", 0, "kuid_t".into()), ("cap_effective", 8, "kernel_cap_t".into()), ("group_info", 16, u(8))];
    kit.types.structure("cred", 0x40, &cred);
    // Before 6.3: two halves.
    kit.types.structure("kernel_cap_t", 8, &[("cap", 0, array(4, 2))]);
    kit.types.structure("group_info", 8, &[("ngroups", 4, u(4)), ("gid", 8, array(4, 0))]);
    kit.types.structure("pid", 0x20, &[("level", 0, u(4)), ("numbers", 16, array(8, 0))]);
    kit.types.structure("upid", 16, &[("nr", 0, u(4)), ("ns", 8, u(8))]);
    kit.types.structure("css_set", 0x20, &[("dfl_cgrp", 0, u(8)), ("cgrp_links", 8, "list_head".into())]);
    kit.types.structure("cgroup", 0x20, &[("kn", 0, u(8)), ("root", 8, u(8))]);
    kit.types.structure("cgroup_root", 0x20, &[("hierarchy_id", 0, u(4)), ("subsys_mask", 4, u(4))]);
    kit.types.structure("kernfs_node", 0x20, &[("__parent", 0, u(8)), ("name", 8, u(8))]);
}

fn put_file(kit: &mut Kit, file: u64, inode: u64, mode: u16) {
    kit.put(file, &[0; 0x40]);
    kit.word(file, mount(1) + 0x20);
    kit.word(file + 8, dentry(3));
    kit.word(file + 0x10, inode);
    kit.put(file + 0x18, &0o100_002u32.to_le_bytes());
    kit.put(file + 0x1c, &[3]);
    kit.word(file + 0x20, 7);
    kit.put(inode, &[0; 0x40]);
    kit.word(inode, SB);
    kit.word(inode + 8, 4711);
    kit.put(inode + 24, &mode.to_le_bytes());
    kit.word(inode + 32, 99);
}

fn reasons<T>(listing: &Listing<T>) -> Vec<String> {
    listing.lost.iter().map(|t| t.to_string_lossy().into_owned()).collect()
}

fn open(kernel: &Kernel) -> (Vec<OpenFile>, Vec<String>) {
    let listing = OpenFiles::new(kernel).of(va(TASK), false).unwrap();
    (listing.items.to_vec(), reasons(&listing))
}

fn mounted(kit: &Kit) -> (Vec<Mount>, Vec<String>) {
    let listing = mounts(&kit.kernel(), None).unwrap();
    (listing.items.to_vec(), reasons(&listing))
}

fn targets(mounts: &[Mount]) -> Vec<Option<String>> {
    mounts.iter().map(|m| m.target.as_ref().map(|t| String::from_utf8_lossy(t).into_owned())).collect()
}

#[test]
fn a_descriptor_leads_to_its_file() {
    let kernel = kit().kernel();
    let (rows, lost) = open(&kernel);
    assert_eq!((rows.len(), lost.len()), (1, 0), "{lost:?}");
    let row = &rows[0];
    assert_eq!((row.held, row.tid), (Held::Descriptor(3), None));
    assert_eq!(row.path.as_deref(), Some(b"/home/ada".as_slice()));
    assert_eq!((row.kind.as_deref(), row.deleted), (Some(b"file".as_slice()), Some(false)));
    assert_eq!((row.position, row.inode, row.size, row.mount), (Some(7), Some(4711), Some(99), Some(11)));
    assert_eq!(row.access, Some((true, true)));
    assert_eq!(flags_text(kernel.space.format().arch, row.flags.unwrap()), "O_RDWR|O_CLOEXEC");
}

#[test]
fn names_that_are_no_text_stay_as_they_are_and_only_the_kernel_says_deleted() {
    let mut kit = kit();
    put_dentry(&mut kit, 3, 2, b"a\n\x1b[2J\xff (deleted)");
    let (rows, _) = open(&kit.kernel());
    assert_eq!(rows[0].path.as_deref(), Some(b"/home/a\n\x1b[2J\xff (deleted)".as_slice()));
    assert_eq!(rows[0].deleted, Some(false), "its name says so, not the kernel");
    kit.word(dentry(3) + 8, 0);
    let (rows, _) = open(&kit.kernel());
    assert!(rows[0].path.as_ref().unwrap().ends_with(b" (deleted) (deleted)"));
    assert_eq!(rows[0].deleted, Some(true));
}

#[test]
fn a_file_that_leads_nowhere_keeps_its_row() {
    let mut kit = kit();
    kit.word(FILES + 8, WILD);
    kit.word(FILES + 0x10, WILD);
    let (rows, lost) = open(&kit.kernel());
    assert_eq!((rows.len(), lost.len()), (1, 1), "{lost:?}");
    assert_eq!((&rows[0].path, rows[0].deleted, &rows[0].kind, rows[0].inode), (&None, None, &None, None));
    assert_eq!(rows[0].position, Some(7));
}

#[test]
fn places_and_namespaces_that_are_not_there_are_told() {
    const NOWHERE: u64 = 0x4141_4141_4141_4140;
    let mut kit = kit();
    kit.word(TASK + 0x48, NOWHERE);
    let listing = OpenFiles::new(&kit.kernel()).of(va(TASK), true).unwrap();
    let says = reasons(&listing);
    assert_eq!(listing.items.len(), 1, "the descriptor stays");
    assert!(says.iter().any(|l| l.contains("fs_struct at 0x4141414141414140 is not in the image")), "{says:?}");
    kit.word(TASK + 0x40, NOWHERE);
    let says = mounted(&kit).1;
    assert!(says.iter().any(|l| l.contains("nsproxy at 0x4141414141414140, of the task at")), "{says:?}");
}

#[test]
fn directories_that_are_their_own_parents_end() {
    let mut kit = kit();
    kit.word(dentry(2) + 0x10, dentry(3));
    kit.word(mount(1) + 0x20, dentry(0));
    let (rows, lost) = open(&kit.kernel());
    assert_eq!((rows.len(), &rows[0].path, lost.len()), (1, &None, 1));
}

#[test]
fn kinds_follow_the_mode() {
    let kinds = [(0o040_755, "directory"), (0o020_666, "device"), (0o060_660, "block device"), (0o010_644, "fifo")];
    for (mode, kind) in kinds {
        let mut kit = kit();
        put_file(&mut kit, FILES, INODES, mode);
        let (rows, _) = open(&kit.kernel());
        assert_eq!(rows[0].kind.as_deref(), Some(kind.as_bytes()));
    }
}

#[test]
fn mounts_in_their_order_with_names_of_any_bytes() {
    let (rows, lost) = mounted(&kit());
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(targets(&rows), [Some("/".to_owned()), Some("/home".to_owned())]);
    assert_eq!(rows[1].source.as_deref(), Some(b"/dev/a\nb\x1b[2J".as_slice()));
    assert_eq!((rows[1].namespace, rows[1].id, rows[1].parent), (Some(4_026_531_841), Some(11), Some(10)));
    assert_eq!((rows[1].reachable, rows[1].pid), (Some(true), Some(1)));
    assert!(!rows[1].options.as_ref().unwrap().complete, "who knows what a file system without operations has");
}

#[test]
fn a_torn_list_of_mounts_is_told_and_ends() {
    let mut kit = kit();
    kit.word(mount(0) + 0x40, WILD);
    let (rows, lost) = mounted(&kit);
    assert_eq!((rows.len(), lost.len()), (2, 1), "{lost:?}");
    // The first and the second lead to each other, and never back to the head.
    kit.word(mount(0) + 0x40, mount(1) + 0x40);
    kit.word(mount(1) + 0x40, mount(0) + 0x40);
    kit.word(mount(0) + 0x48, mount(1) + 0x40);
    let (rows, lost) = mounted(&kit);
    assert!(rows.len() <= 2 && !lost.is_empty());
}

#[test]
fn a_mount_that_two_namespaces_have_is_told_once() {
    let mut kit = kit();
    let (task, proxy, space) = (TASK + 0xd000, PROXY + 0x100, SPACE + 0x100);
    kit.put(task, &[0; 0x200]);
    kit.put(task + 0x20, &[2, 0, 0, 0, 2]);
    kit.ring(&[INIT + 0x10, TASK + 0x10, task + 0x10]);
    kit.word(task + 0x40, proxy);
    kit.word(proxy, space);
    kit.put(space, &[0; 0x40]);
    kit.word(space + 0x10, mount(1) + 0x40);
    kit.word(space + 0x18, mount(0) + 0x40);
    let (rows, lost) = mounted(&kit);
    let times = |n| rows.iter().filter(|m| m.address == va(mount(n))).count();
    assert_eq!((times(0), times(1)), (1, 1), "{lost:?}");
    assert!(lost.iter().any(|l| l.contains("is one of another namespace too")), "{lost:?}");
}

#[test]
fn mounts_on_each_other_have_no_target() {
    let mut kit = kit();
    put_dentry(&mut kit, 4, 4, b"/");
    kit.word(mount(0), mount(1));
    kit.word(mount(0) + 8, dentry(2));
    // Nobody's root is in the way.
    kit.word(FS, WILD);
    let (rows, lost) = mounted(&kit);
    assert_eq!(targets(&rows), [None, None]);
    assert_eq!(lost.len(), 2, "{lost:?}");
}

#[test]
fn a_mount_without_a_file_system_is_told_but_a_reader_s_place_is_not() {
    let mut kit = kit();
    kit.word(mount(1) + 0x28, 0);
    let (rows, lost) = mounted(&kit);
    assert_eq!((rows.len(), lost.len()), (2, 1), "{lost:?}");
    kit.put(mount(1) + 0x30, &0x1000_0000u32.to_le_bytes());
    let (rows, lost) = mounted(&kit);
    assert_eq!((rows.len(), lost.len()), (1, 0), "{lost:?}");
}

#[test]
fn what_lies_above_a_process_s_root_is_out_of_its_reach() {
    let mut kit = kit();
    kit.word(FS, mount(1) + 0x20);
    kit.word(FS + 8, dentry(2));
    let (rows, _) = mounted(&kit);
    let told: Vec<_> = rows.iter().map(|m| m.reachable).collect();
    assert_eq!(told, [Some(false), Some(true)]);
    assert_eq!(targets(&rows), [Some("/".to_owned()), Some("/".to_owned())]);
}

fn who(kit: &Kit) -> (Vec<Credentials>, Vec<String>) {
    let listing = credentials(&kit.kernel(), va(TASK));
    (listing.items.to_vec(), reasons(&listing))
}

#[test]
fn capabilities_in_two_halves_are_one_set() {
    let mut kit = kit();
    kit.put(CRED, &[0; 0x40]);
    kit.put(CRED, &1000u32.to_le_bytes());
    kit.put(CRED + 8, &[1, 0, 0, 0, 0x80, 0, 0, 0]);
    let (rows, lost) = who(&kit);
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(rows[0].capabilities.effective, Some(1 | 1 << 39));
    assert_eq!((rows[0].uid.real, rows[0].uid.effective), (Some(1000), None));
}

#[test]
fn groups_without_number_and_filters_without_end_are_none() {
    let mut kit = kit();
    kit.put(CRED, &[0; 0x40]);
    kit.word(CRED + 16, CRED + 0x100);
    kit.put(CRED + 0x100, &[0xff; 8]);
    kit.word(TASK + 0x78, CRED + 0x200);
    kit.word(CRED + 0x208, CRED + 0x200);
    let (rows, lost) = who(&kit);
    assert_eq!((rows.len(), &rows[0].groups, rows[0].filters, lost.len()), (1, &None, None, 2), "{lost:?}");
    kit.word(CRED + 0x208, 0);
    kit.put(CRED + 0x104, &[2, 0, 0, 0, 100, 0, 0, 0, 200, 0, 0, 0]);
    let (rows, lost) = who(&kit);
    assert_eq!((&rows[0].groups, rows[0].filters), (&Some(vec![100, 200]), Some(1)), "{lost:?}");
}

#[test]
fn credentials_that_are_not_there_are_told() {
    let mut kit = kit();
    kit.word(TASK + 0x58, WILD);
    let (rows, lost) = who(&kit);
    assert!(rows.is_empty() && !lost.is_empty());
}

#[test]
fn ids_of_every_level_or_none() {
    let mut kit = kit();
    kit.put(PID, &[0; 0x40]);
    kit.put(PID, &[1]);
    kit.put(PID + 16, &[166]);
    kit.put(PID + 32, &[1]);
    kit.word(PID + 40, SPACE);
    let kernel = kit.kernel();
    assert_eq!(numbers(&kernel, va(TASK)), [166, 1]);
    assert_eq!(active(&kernel, va(TASK)), Some(va(SPACE)));
    kit.put(PID, &[0xff; 4]);
    assert!(numbers(&kit.kernel(), va(TASK)).is_empty(), "no namespace is that deep");
    kit.put(PID, &[1, 0, 0, 0]);
    kit.put(PID + 32, &[0xff; 4]);
    assert!(numbers(&kit.kernel(), va(TASK)).is_empty(), "no id is that large");
}

#[test]
fn cgroups_have_paths_unless_these_run_in_a_circle() {
    let mut kit = kit();
    let (group, root, nodes) = (SET + 0x100, SET + 0x200, SET + 0x300);
    kit.word(SET, group);
    kit.ring(&[SET + 8]);
    kit.word(group, nodes + 0x40);
    kit.word(group + 8, root);
    kit.word(root, 0);
    for (n, parent, name) in [(0, 0, ""), (1, nodes, "a b"), (2, nodes + 0x20, "c")] {
        kit.word(nodes + n * 0x20, parent);
        kit.word(nodes + n * 0x20 + 8, NAMES + 0x100 + n * 0x10);
        kit.put(NAMES + 0x100 + n * 0x10, name.as_bytes());
    }
    let told = |kit: &Kit| {
        let kernel = kit.kernel();
        let mut cgroups = Cgroups::new(&kernel);
        let all = cgroups.of(va(TASK));
        (all, cgroups.lost().lost.len())
    };
    let (all, lost) = told(&kit);
    assert_eq!((all.len(), lost), (1, 0));
    assert_eq!((all[0].path.as_deref(), all[0].hierarchy), (Some(b"/a b/c".as_slice()), Some(0)));
    kit.word(nodes, nodes + 0x40);
    let (all, lost) = told(&kit);
    assert_eq!((all.len(), &all[0].path, lost), (1, &None, 1));
    kit.word(SET, WILD);
    let (all, lost) = told(&kit);
    assert!(all.is_empty() && lost > 0);
}
