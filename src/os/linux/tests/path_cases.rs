//! Paths: mounts, made-up names, loops, strange bytes.

use super::super::testkit::{Kit, u};
use crate::os::linux::files::path::{PathRef, Paths};
use memsh_plugin::{VirtAddr, umem};

const BASE: u64 = 0xffff_8880_0000_0000;
/// Mounts lie here: `mount` is 0x100 bytes, its `vfsmount` at 0x20.
const MOUNTS: u64 = BASE + 0x10_0000;
const DENTRIES: u64 = BASE + 0x20_0000;
const NAMES: u64 = BASE + 0x30_0000;

pub(super) fn types(kit: &mut Kit) {
    kit.types.structure(
        "mount",
        0x100,
        &[("mnt_parent", 0, u(8)), ("mnt_mountpoint", 8, u(8)), ("mnt", 0x20, "vfsmount".into())],
    );
    kit.types.structure("vfsmount", 0x20, &[("mnt_root", 0, u(8)), ("mnt_sb", 8, u(8))]);
    kit.types.structure("hlist_bl_node", 16, &[("next", 0, u(8)), ("pprev", 8, u(8))]);
    kit.types.structure("qstr", 16, &[("hash", 0, u(4)), ("len", 4, u(4)), ("name", 8, u(8))]);
    let dentry = [
        ("d_hash", 0, "hlist_bl_node".into()),
        ("d_parent", 0x10, u(8)),
        ("d_name", 0x18, "qstr".into()),
        ("d_inode", 0x28, u(8)),
        ("d_op", 0x30, u(8)),
        ("d_sb", 0x38, u(8)),
    ];
    kit.types.structure("dentry", 0x80, &dentry);
    kit.types.structure("dentry_operations", 0x40, &[("d_dname", 0x10, u(8))]);
    kit.types.structure("inode", 0x40, &[("i_sb", 0, u(8)), ("i_ino", 8, u(8)), ("i_private", 16, u(8))]);
}

pub(super) fn mount(n: u64) -> u64 {
    MOUNTS + n * 0x100
}

pub(super) fn dentry(n: u64) -> u64 {
    DENTRIES + n * 0x80
}

/// A directory entry: its parent's number (its own for a root) and its name.
pub(super) fn put_dentry(kit: &mut Kit, n: u64, parent: u64, name: &[u8]) {
    kit.put(dentry(n), &[0; 0x80]);
    kit.word(dentry(n) + 8, 0x1111);
    kit.word(dentry(n) + 0x10, dentry(parent));
    kit.word(dentry(n) + 0x18, (name.len() as u64) << 32);
    kit.word(dentry(n) + 0x20, NAMES + n * 0x100);
    kit.put(NAMES + n * 0x100, name);
}

/// A mount of the tree whose root is `root`, on `mountpoint` of mount `parent`.
pub(super) fn put_mount(kit: &mut Kit, n: u64, parent: u64, mountpoint: u64, root: u64) {
    kit.put(mount(n), &[0; 0x100]);
    kit.word(mount(n), mount(parent));
    kit.word(mount(n) + 8, dentry(mountpoint));
    kit.word(mount(n) + 0x20, dentry(root));
}

fn at(mnt: u64, d: u64) -> PathRef {
    PathRef { mnt: VirtAddr::new(umem::from(mount(mnt) + 0x20)), dentry: VirtAddr::new(umem::from(dentry(d))) }
}

fn told(kit: &Kit, mnt: u64, d: u64) -> Option<String> {
    let kernel = kit.kernel();
    let (path, _) = Paths::new(&kernel).path(at(mnt, d));
    path.map(|p| String::from_utf8_lossy(&p).into_owned())
}

/// `/` with `/home` in it, on which another tree with `/ada` is mounted.
fn kit() -> Kit {
    let mut kit = Kit::new();
    types(&mut kit);
    put_dentry(&mut kit, 0, 0, b"/");
    put_dentry(&mut kit, 1, 0, b"home");
    put_dentry(&mut kit, 2, 2, b"/");
    put_dentry(&mut kit, 3, 2, b"ada");
    put_mount(&mut kit, 0, 0, 0, 0);
    put_mount(&mut kit, 1, 0, 1, 2);
    kit
}

#[test]
fn a_path_goes_on_over_its_mount() {
    let kit = kit();
    assert_eq!(told(&kit, 1, 3).as_deref(), Some("/home/ada"));
    assert_eq!(told(&kit, 0, 1).as_deref(), Some("/home"));
    assert_eq!(told(&kit, 0, 0).as_deref(), Some("/"));
}

#[test]
fn an_unlinked_name_says_so() {
    let mut kit = kit();
    kit.word(dentry(3) + 8, 0);
    assert_eq!(told(&kit, 1, 3).as_deref(), Some("/home/ada (deleted)"));
}

#[test]
fn bytes_of_a_name_are_kept() {
    let mut kit = kit();
    put_dentry(&mut kit, 3, 2, b"a\n\x1b[31m\xc3\xa9 b");
    assert_eq!(told(&kit, 1, 3).as_deref(), Some("/home/a\n\u{1b}[31m\u{e9} b"));
}

#[test]
fn loops_of_directories_and_of_mounts_end() {
    let mut kit = kit();
    put_dentry(&mut kit, 4, 5, b"x");
    put_dentry(&mut kit, 5, 4, b"y");
    assert_eq!(told(&kit, 1, 4), None);
    put_mount(&mut kit, 2, 3, 6, 6);
    put_mount(&mut kit, 3, 2, 6, 6);
    put_dentry(&mut kit, 6, 6, b"/");
    assert_eq!(told(&kit, 2, 6), None);
}

#[test]
fn a_missing_name_or_a_wild_length_is_no_path() {
    let mut kit = kit();
    kit.word(dentry(3) + 0x20, 0xdead_0000_0000);
    assert_eq!(told(&kit, 1, 3), None);
    kit.word(dentry(3) + 0x18, u64::MAX);
    assert_eq!(told(&kit, 1, 3), None);
    assert_eq!(told(&kit, 1, 4000), None, "no such entry");
}

/// A pseudo file whose name the function `dname` makes.
fn pseudo(dname: &str, name: &[u8]) -> Option<String> {
    let (ops, function, inode) = (BASE + 0x40_0000, BASE + 0x50_0000, BASE + 0x60_0000);
    let mut kit = kit();
    put_dentry(&mut kit, 7, 7, name);
    kit.word(dentry(7) + 0x28, inode);
    kit.word(dentry(7) + 0x30, ops);
    kit.word(ops + 0x10, function);
    kit.put(inode, &[0; 0x40]);
    kit.word(inode + 8, 4711);
    kit.symbol(dname, function);
    told(&kit, 0, 7)
}

#[test]
fn made_up_names() {
    assert_eq!(pseudo("simple_dname", b"memfd:x").as_deref(), Some("/memfd:x (deleted)"));
    assert_eq!(pseudo("pipefs_dname", b"").as_deref(), Some("pipe:[4711]"));
    assert_eq!(pseudo("sockfs_dname", b"").as_deref(), Some("socket:[4711]"));
    assert_eq!(pseudo("anon_inodefs_dname", b"[eventfd]").as_deref(), Some("anon_inode:[eventfd]"));
    assert_eq!(pseudo("pidfs_dname", b"").as_deref(), Some("anon_inode:[pidfd]"));
    assert_eq!(pseudo("ns_dname", b""), None, "a namespace without its operations has no name");
}
