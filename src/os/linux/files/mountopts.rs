//! Options of a mount: what the kernel keeps as flags, and what a few simple file systems keep of their own
//! (fs/proc_namespace.c; `show_options` of each).

use super::overlayopts;
use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::{Symbols, Types};
use memsh_plugin::VirtAddr;

shapes! {
    /// `super_block`.
    FlagsShape: "super_block" {
        flags: ["s_flags"],
        ops: ["s_op"],
        info: ["s_fs_info"],
        owner: ["s_user_ns"],
    }
    /// `super_operations`.
    OpsShape: "super_operations" { show: ["show_options"] }
    /// `vfsmount`, for whether its owners are mapped.
    MappedShape: "vfsmount" {
        // 6.2.
        idmap: ["mnt_idmap"],
        // 5.12.
        owner: ["mnt_userns"],
    }
    /// `shmem_sb_info`: tmpfs.
    TmpfsShape: "shmem_sb_info" {
        blocks: ["max_blocks"],
        inodes: ["max_inodes"],
        mode: ["mode"],
        uid: ["uid.val"],
        gid: ["gid.val"],
        wide: ["full_inums"],
        huge: ["huge"],
        policy: ["mpol"],
        no_swap: ["noswap"],
    }
    /// `pts_fs_info`: devpts.
    PtsShape: "pts_fs_info" {
        set_uid: ["mount_opts.setuid"],
        set_gid: ["mount_opts.setgid"],
        uid: ["mount_opts.uid.val"],
        gid: ["mount_opts.gid.val"],
        mode: ["mount_opts.mode"],
        ptmx_mode: ["mount_opts.ptmxmode"],
        most: ["mount_opts.max"],
    }
    /// `proc_fs_info`: proc, since 5.8.
    ProcShape: "proc_fs_info" {
        gid: ["pid_gid.val"],
        hide: ["hide_pid"],
        only: ["pidonly"],
    }
    /// `kernfs_super_info`: sysfs and cgroups.
    KernfsShape: "kernfs_super_info" { root: ["root"] }
    /// `kernfs_root`.
    KernfsRootShape: "kernfs_root" { ops: ["syscall_ops"] }
    /// `kernfs_syscall_ops`.
    KernfsOpsShape: "kernfs_syscall_ops" { show: ["show_options"] }
    /// `cgroup_root`.
    CgroupRootShape: "cgroup_root" { flags: ["flags"] }
    /// `debugfs_fs_info`.
    DebugShape: "debugfs_fs_info" {
        uid: ["mount_opts.uid.val", "uid.val"],
        gid: ["mount_opts.gid.val", "gid.val"],
        mode: ["mount_opts.mode", "mode"],
    }
    /// `tracefs_fs_info`.
    TraceShape: "tracefs_fs_info" {
        uid: ["mount_opts.uid.val", "uid.val"],
        gid: ["mount_opts.gid.val", "gid.val"],
        mode: ["mount_opts.mode", "mode"],
    }
}

/// Options of a mount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// In the kernel's order: `rw`, `nosuid`, ..., `size=8192k`.
    pub list: Vec<String>,
    /// Whether there are no others: false where the file system has options that memsh does not read.
    pub complete: bool,
}

/// The options of the mount whose `vfsmount` lies at `mnt`, with these flags and the file system at `sb`.
pub fn options(kernel: &Kernel, mnt: Option<VirtAddr>, flags: u64, sb: VirtAddr) -> Options {
    /// `SB_RDONLY` and the like (include/linux/fs.h; `mand` is gone since 5.15).
    const SUPER: &[(u64, &str)] = &[(16, "sync"), (128, "dirsync"), (64, "mand"), (1 << 25, "lazytime")];
    /// `MNT_NOSUID` and the like (include/linux/mount.h; `nosymfollow` is of 5.10).
    const MOUNT: &[(u64, &str)] = &[
        (0x01, "nosuid"),
        (0x02, "nodev"),
        (0x04, "noexec"),
        (0x08, "noatime"),
        (0x10, "nodiratime"),
        (0x20, "relatime"),
        (0x80, "nosymfollow"),
    ];
    const SUPER_READONLY: u64 = 1;
    const MOUNT_READONLY: u64 = 0x40;
    let l = kernel.shape::<FlagsShape>();
    let block = l.read(kernel.view(), sb);
    let system = block.uint(l.flags);
    let readonly = flags & MOUNT_READONLY != 0 || system.is_some_and(|f| f & SUPER_READONLY != 0);
    let mut list = vec![if readonly { "ro" } else { "rw" }.to_owned()];
    let set = |all: &[(u64, &str)], value: u64| -> Vec<String> {
        all.iter().filter(|(bit, _)| value & bit != 0).map(|(_, name)| (*name).to_owned()).collect()
    };
    list.extend(set(SUPER, system.unwrap_or(0)));
    list.extend(set(MOUNT, flags));
    if mnt.is_some_and(|mnt| is_mapped(kernel, mnt, block.ptr(l.owner))) {
        list.push("idmapped".to_owned());
    }
    let (own, complete) = own(kernel, &block, &l).unwrap_or_default();
    let complete = complete && system.is_some();
    list.extend(own);
    Options { list, complete }
}

/// `is_idmapped_mnt`.
fn is_mapped(kernel: &Kernel, mnt: VirtAddr, owner: Option<VirtAddr>) -> bool {
    let l = kernel.shape::<MappedShape>();
    let block = l.read(kernel.view(), mnt);
    match (block.ptr(l.idmap), block.ptr(l.owner)) {
        (Some(map), _) => kernel.address("nop_mnt_idmap").is_some_and(|none| none != map),
        (None, Some(user)) => Some(user) != owner && kernel.address("init_user_ns").is_some_and(|first| first != user),
        _ => false,
    }
}

/// The file system's own options, and whether there are no others; none where it has some that memsh can't tell. Which it is, is
/// told by the function that shows them.
fn own(kernel: &Kernel, sb: &Block, l: &FlagsShape) -> Option<(Vec<String>, bool)> {
    let ops = kernel.shape::<OpsShape>();
    let table = ops.read(kernel.view(), sb.ptr(l.ops)?);
    if table.is_missing() {
        return None;
    }
    let Some(show) = table.ptr(ops.show) else { return Some((Vec::new(), true)) };
    let own = kernel.symbols.near(show).filter(|(_, distance)| *distance == 0);
    let name = own.or_else(|| kernel.module_symbols().near(show).filter(|(_, distance)| *distance == 0)).map(|(s, _)| s.name)?;
    let whole = match name {
        "ovl_show_options" => return overlayopts::options(kernel, sb.ptr(l.info)?),
        "shmem_show_options" => tmpfs(kernel, sb.ptr(l.info)?),
        "devpts_show_options" => devpts(kernel, sb.ptr(l.info)?),
        "proc_show_options" => proc(kernel, sb.ptr(l.info)?),
        "kernfs_sop_show_options" => kernfs(kernel, sb.ptr(l.info)?),
        "debugfs_show_options" => {
            let s = kernel.shape::<DebugShape>();
            let info = s.read(kernel.view(), sb.ptr(l.info)?);
            owners(&info, s.uid, s.gid, s.mode, 0o700)
        }
        "tracefs_show_options" => {
            let s = kernel.shape::<TraceShape>();
            let info = s.read(kernel.view(), sb.ptr(l.info)?);
            owners(&info, s.uid, s.gid, s.mode, 0o700)
        }
        _ => None,
    }?;
    Some((whole, true))
}

/// File systems made of kernfs: sysfs has no options; the unified hierarchy has none while its root has no flags.
fn kernfs(kernel: &Kernel, at: VirtAddr) -> Option<Vec<String>> {
    let (l, roots, table) = (kernel.shape::<KernfsShape>(), kernel.shape::<KernfsRootShape>(), kernel.shape::<KernfsOpsShape>());
    let root = l.read(kernel.view(), at).ptr(l.root)?;
    let root = roots.read(kernel.view(), root);
    if root.is_missing() || roots.ops.is_none() {
        return None;
    }
    let Some(ops) = root.ptr(roots.ops) else { return Some(Vec::new()) };
    let ops = table.read(kernel.view(), ops);
    if ops.is_missing() {
        return None;
    }
    let Some(show) = ops.ptr(table.show) else { return Some(Vec::new()) };
    let name = kernel.symbols.near(show).filter(|(_, distance)| *distance == 0).map(|(s, _)| s.name)?;
    let cgroups = kernel.shape::<CgroupRootShape>();
    let flags = kernel.address("cgrp_dfl_root").and_then(|r| cgroups.read(kernel.view(), r).uint(cgroups.flags))?;
    (name == "cgroup_show_options" && flags == 0).then(Vec::new)
}

/// `uid=`, `gid=` and `mode=` where they are not the usual.
fn owners(info: &Block, uid: Option<Member>, gid: Option<Member>, mode: Option<Member>, usual: u64) -> Option<Vec<String>> {
    let mut out = Vec::new();
    let (uid, gid, mode) = (info.uint(uid)?, info.uint(gid)?, info.uint(mode)?);
    out.extend((uid != 0).then(|| format!("uid={uid}")));
    out.extend((gid != 0).then(|| format!("gid={gid}")));
    out.extend((mode != usual).then(|| format!("mode={mode:o}")));
    Some(out)
}

/// `shmem_show_options` (mm/shmem.c). A limit that is the default is not shown: half of all pages.
fn tmpfs(kernel: &Kernel, at: VirtAddr) -> Option<Vec<String>> {
    let l = kernel.shape::<TmpfsShape>();
    let info = l.read(kernel.view(), at);
    let half = kernel
        .address("_totalram_pages")
        .and_then(|at| kernel.view().read_ptr(at).ok())
        .and_then(|n| to_u64(n.value()))
        .map(|n| n / 2)?;
    let kilobytes = to_u64(kernel.space_page_size())? / 1024;
    let mut out = Vec::new();
    let (blocks, inodes, mode) = (info.uint(l.blocks)?, info.uint(l.inodes)?, info.uint(l.mode)?);
    out.extend((blocks != half).then(|| format!("size={}k", blocks.saturating_mul(kilobytes))));
    out.extend((inodes != half).then(|| format!("nr_inodes={inodes}")));
    out.extend((mode != 0o1777).then(|| format!("mode={mode:03o}")));
    let (uid, gid) = (info.uint(l.uid)?, info.uint(l.gid)?);
    out.extend((uid != 0).then(|| format!("uid={uid}")));
    out.extend((gid != 0).then(|| format!("gid={gid}")));
    out.extend(info.uint(l.wide).filter(|w| *w != 0).map(|_| "inode64".to_owned()));
    // `SHMEM_HUGE_*` (mm/shmem.c).
    out.extend(info.uint(l.huge).and_then(|h| match h {
        1 => Some("huge=always".to_owned()),
        2 => Some("huge=within_size".to_owned()),
        3 => Some("huge=advise".to_owned()),
        _ => None,
    }));
    if info.ptr(l.policy).is_some() {
        // A memory policy takes many forms.
        return None;
    }
    out.extend(info.uint(l.no_swap).filter(|w| *w != 0).map(|_| "noswap".to_owned()));
    Some(out)
}

/// `devpts_show_options` (fs/devpts/inode.c).
fn devpts(kernel: &Kernel, at: VirtAddr) -> Option<Vec<String>> {
    /// `NR_UNIX98_PTY_MAX` (include/linux/devpts_fs.h).
    const MOST: u64 = 1 << 20;
    let l = kernel.shape::<PtsShape>();
    let info = l.read(kernel.view(), at);
    let mut out = Vec::new();
    if info.uint(l.set_uid)? != 0 {
        out.push(format!("uid={}", info.uint(l.uid)?));
    }
    if info.uint(l.set_gid)? != 0 {
        out.push(format!("gid={}", info.uint(l.gid)?));
    }
    out.push(format!("mode={:03o}", info.uint(l.mode)?));
    out.push(format!("ptmxmode={:03o}", info.uint(l.ptmx_mode)?));
    let most = info.uint(l.most)?;
    out.extend((most < MOST).then(|| format!("max={most}")));
    Some(out)
}

/// `proc_show_options` (fs/proc/root.c), of 5.8 and later.
fn proc(kernel: &Kernel, at: VirtAddr) -> Option<Vec<String>> {
    let l = kernel.shape::<ProcShape>();
    let info = l.read(kernel.view(), at);
    let (gid, hide) = (info.uint(l.gid)?, info.uint(l.hide)?);
    let mut out = Vec::new();
    out.extend((gid != 0).then(|| format!("gid={gid}")));
    // `proc_hidepid` (include/linux/proc_fs.h).
    out.extend(match hide {
        0 => None,
        1 => Some("hidepid=noaccess".to_owned()),
        2 => Some("hidepid=invisible".to_owned()),
        4 => Some("hidepid=ptraceable".to_owned()),
        other => Some(format!("hidepid={other}")),
    });
    out.extend(info.uint(l.only).filter(|o| *o == 1).map(|_| "subset=pid".to_owned()));
    Some(out)
}
