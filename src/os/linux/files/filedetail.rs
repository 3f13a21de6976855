//! What else is known of an open file, by its kind: what `/proc/PID/fdinfo` says, and more.

use super::filekind::Kind;
use super::filewords::{device_number, polled, signals, timer, together};
use super::openfile::NodeShape;
use super::path::{PathRef, Paths};
use super::sockname::socket;
use crate::os::linux::base::enums::{bits, enumerator};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Extent, Found, Member, Members, Shape, container_of, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::list::{chain, list};
use crate::os::linux::containers::tree::tree;
use crate::symbols::{Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

/// Mounts of one file system among which a path is looked for.
const MOUNTS: usize = 16;
/// `PID_MAX_LIMIT` (include/linux/threads.h).
const LAST_PID: u64 = 1 << 22;

shapes! {
    /// `eventfd_ctx`.
    EventShape: "eventfd_ctx" { count: ["count"] }
    /// `eventpoll`: what an epoll descriptor watches.
    PollShape: "eventpoll" { tree: ["rbr"] }
    /// `epitem`: one thing that is watched.
    PollItemShape: "epitem" {
        node: ["rbn"],
        fd: ["ffd.fd"],
        events: ["event.events"],
    }
    /// `timerfd_ctx`.
    TimerShape: "timerfd_ctx" {
        clock: ["clockid"],
        ticks: ["ticks"],
        interval: ["tintv"],
    }
    /// `signalfd_ctx`.
    SignalShape: "signalfd_ctx" { mask: ["sigmask"] }
    /// `fsnotify_group`: what an inotify descriptor watches.
    NotifyShape: "fsnotify_group" { marks: ["marks_list"] }
    /// `inotify_inode_mark`: one thing that is watched.
    NotifyMarkShape: "inotify_inode_mark" {
        link: ["fsn_mark.g_list"],
        connector: ["fsn_mark.connector"],
        watch: ["wd"],
    }
    /// `fsnotify_mark_connector`.
    ConnectorShape: "fsnotify_mark_connector" { object: ["obj", "inode"] }
    /// `super_block`, for where it is mounted.
    MountedShape: "super_block" { mounts: ["s_mounts"] }
    /// `mount`, as its super block lists it.
    InstanceShape: "mount" {
        link: ["mnt_instance"],
        // 6.18.
        next: ["mnt_next_for_sb"],
        mnt: ["mnt"],
    }
    /// `dentry`, as its inode lists it.
    AliasShape: "dentry" { link: ["d_u.d_alias", "d_alias"] }
    /// `bpf_map`.
    BpfMapShape: "bpf_map" {
        kind: ["map_type"],
        id: ["id"],
        name: ["name"],
        entries: ["max_entries"],
    }
    /// `bpf_prog`.
    BpfProgShape: "bpf_prog" {
        kind: ["type"],
        aux: ["aux"],
    }
    /// `bpf_prog_aux`.
    BpfAuxShape: "bpf_prog_aux" {
        id: ["id"],
        name: ["name"],
    }
    /// `pid`, for its number in the first namespace.
    PidNumberShape: "pid" { numbers: ["numbers"] }
    /// `upid`.
    UpidShape: "upid" { number: ["nr"] }
    /// `shmem_inode_info`, around an inode.
    ShmemShape: "shmem_inode_info" {
        seals: ["seals"],
        inode: ["vfs_inode"],
    }
    /// `hugetlbfs_inode_info`, around an inode.
    HugeShape: "hugetlbfs_inode_info" {
        seals: ["seals"],
        inode: ["vfs_inode"],
    }
    /// `pipe_inode_info`. 5.5 brought heads and tails.
    PipeShape: "pipe_inode_info" {
        head: ["head"],
        tail: ["tail"],
        ring: ["ring_size"],
        current: ["curbuf"],
        used: ["nrbufs"],
        slots: ["buffers"],
        buffers: ["bufs"],
    }
    /// `pipe_buffer`.
    PipeBufferShape: "pipe_buffer" { length: ["len"] }
    /// `perf_event`.
    PerfShape: "perf_event" {
        kind: ["attr.type"],
        config: ["attr.config"],
        cpu: ["cpu"],
    }
    /// `io_ring_ctx`.
    RingShape: "io_ring_ctx" {
        submissions: ["sq_entries"],
        completions: ["cq_entries"],
    }
}

/// What is known of the file of kind `kind`: its inode, its `struct file` and what that keeps in `private_data`.
pub fn detail(
    kernel: &Kernel,
    paths: &mut Paths,
    kind: &Kind,
    node: Option<&Block>,
    file: Option<VirtAddr>,
    private: Option<VirtAddr>,
) -> Option<Vec<u8>> {
    let n = kernel.shape::<NodeShape>();
    let told = match kind {
        Kind::Device | Kind::BlockDevice => device_number(node?.uint(n.device)?),
        Kind::Tty(tty) | Kind::Pty(tty) => {
            let l = kernel.shape::<super::filekind::TtyShape>();
            return l.read(kernel.view(), *tty).text(l.name).filter(|t| !t.is_empty()).map(<[u8]>::to_vec);
        }
        Kind::Pipe | Kind::Fifo => pipe(kernel, node?.ptr(n.pipe)?)?,
        Kind::Socket => return socket(kernel, file?, private?),
        Kind::Memfd => sealed(kernel, node?.base())?,
        Kind::Pidfd => pid(kernel, private, node.and_then(|b| b.ptr(n.private)))?,
        Kind::Anon(name) => return anonymous(kernel, paths, name, private?),
        _ => return None,
    };
    Some(told.into_bytes())
}

/// What is known of an anonymous inode's file.
fn anonymous(kernel: &Kernel, paths: &mut Paths, name: &[u8], at: VirtAddr) -> Option<Vec<u8>> {
    let view = kernel.view();
    let told = match name {
        b"eventfd" => {
            let l = kernel.shape::<EventShape>();
            format!("count {}", l.read(view, at).uint(l.count)?)
        }
        b"eventpoll" => return watching(kernel, at),
        b"timerfd" => {
            let l = kernel.shape::<TimerShape>();
            let block = l.read(view, at);
            timer(block.uint(l.clock)?, block.uint(l.ticks)?, block.uint(l.interval)?)
        }
        // The kernel keeps those that it does not take.
        b"signalfd" => {
            let l = kernel.shape::<SignalShape>();
            return Some(signals(!l.read(view, at).uint(l.mask)?));
        }
        b"inotify" => return watched(kernel, paths, at),
        b"bpf-map" => {
            let l = kernel.shape::<BpfMapShape>();
            let map = l.read(view, at);
            let kind = enumerated(kernel, "bpf_map_type", "BPF_MAP_TYPE_", map.uint(l.kind)?);
            let entries = map.uint(l.entries).map(|e| format!(", {e} entries at most")).unwrap_or_default();
            return Some(named(map.text(l.name), &format!("{kind} map {}{entries}", map.uint(l.id)?)));
        }
        b"bpf-prog" => {
            let (l, aux) = (kernel.shape::<BpfProgShape>(), kernel.shape::<BpfAuxShape>());
            let program = l.read(view, at);
            let kept = aux.read(view, program.ptr(l.aux)?);
            let kind = enumerated(kernel, "bpf_prog_type", "BPF_PROG_TYPE_", program.uint(l.kind)?);
            return Some(named(kept.text(aux.name), &format!("{kind} program {}", kept.uint(aux.id)?)));
        }
        b"perf_event" => {
            let l = kernel.shape::<PerfShape>();
            let event = l.read(view, at);
            let kind = enumerated(kernel, "perf_type_id", "PERF_TYPE_", event.uint(l.kind)?);
            let cpu = event.int(l.cpu).filter(|c| *c >= 0).map(|c| format!(", processor {c}")).unwrap_or_default();
            format!("{kind} {:#x}{cpu}", event.uint(l.config)?)
        }
        b"io_uring" => {
            let l = kernel.shape::<RingShape>();
            let ring = l.read(view, at);
            format!("{} submissions, {} completions", ring.uint(l.submissions)?, ring.uint(l.completions)?)
        }
        _ => return None,
    };
    Some(told.into_bytes())
}

fn enumerated(kernel: &Kernel, name: &str, prefix: &str, value: u64) -> String {
    enumerator(kernel, name, prefix, value).unwrap_or_else(|| format!("type {value}"))
}

/// `NAME: what`, or only what where there is no name.
fn named(name: Option<&[u8]>, what: &str) -> Vec<u8> {
    match name.filter(|n| !n.is_empty()) {
        Some(name) => [name, b": ", what.as_bytes()].concat(),
        None => what.as_bytes().to_vec(),
    }
}

/// What an epoll descriptor watches.
fn watching(kernel: &Kernel, at: VirtAddr) -> Option<Vec<u8>> {
    let (view, l, item) = (kernel.view(), kernel.shape::<PollShape>(), kernel.shape::<PollItemShape>());
    let root = l.read(view, at).at(l.tree)?;
    let watched: Vec<(i64, Option<u64>)> = tree(view, &kernel.layouts.rb_node, root, "epoll", &mut Lost::default())
        .into_iter()
        .filter_map(|node| {
            let block = item.read(view, container_of(node, item.node)?);
            Some((block.int(item.fd)?, block.uint(item.events)))
        })
        .collect();
    Some(polled(&watched))
}

/// What an inotify descriptor watches: watch number and path.
fn watched(kernel: &Kernel, paths: &mut Paths, at: VirtAddr) -> Option<Vec<u8>> {
    let (view, l, mark) = (kernel.view(), kernel.shape::<NotifyShape>(), kernel.shape::<NotifyMarkShape>());
    let head = l.read(view, at).at(l.marks)?;
    let mut told: Vec<(i64, Vec<u8>)> = Vec::new();
    for node in list(view, head, "inotify", &mut Lost::default()) {
        let Some(block) = container_of(node, mark.link).map(|at| mark.read(view, at)) else { continue };
        let Some(watch) = block.int(mark.watch) else { continue };
        let inode = block.ptr(mark.connector).and_then(|c| marked(kernel, c));
        let path = inode.and_then(|i| inode_path(kernel, paths, i)).unwrap_or_else(|| b"?".to_vec());
        told.push((watch, [format!("{watch}: ").as_bytes(), &path].concat()));
    }
    told.sort();
    let told: Vec<Vec<u8>> = told.into_iter().map(|(_, text)| text).collect();
    Some([b"watches ".as_slice(), &together(&told, "nothing")].concat())
}

/// The inode that a connector belongs to. Its object is the inode, or since 4.20 and up to 6.9 the member of the inode that
/// leads back here: whichever it is, the inode must lead back.
fn marked(kernel: &Kernel, connector: VirtAddr) -> Option<VirtAddr> {
    let (view, l, node) = (kernel.view(), kernel.shape::<ConnectorShape>(), kernel.shape::<NodeShape>());
    let object = l.read(view, connector).ptr(l.object)?;
    let own = |inode: &VirtAddr| node.read(view, *inode).ptr(node.marks) == Some(connector);
    Some(object).filter(own).or_else(|| container_of(object, node.marks).filter(own))
}

/// A path of the inode at `inode`, by one of its names: from the root of process 1 where its file system is mounted below.
fn inode_path(kernel: &Kernel, paths: &mut Paths, inode: VirtAddr) -> Option<Vec<u8>> {
    let (view, node, alias) = (kernel.view(), kernel.shape::<NodeShape>(), kernel.shape::<AliasShape>());
    let block = node.read(view, inode);
    let first = *chain(view, block.at(node.entries)?, "names of an inode", &mut Lost::default()).first()?;
    let dentry = container_of(first, alias.link)?;
    let (sb, instance) = (kernel.shape::<MountedShape>(), kernel.shape::<InstanceShape>());
    let system = sb.read(view, block.ptr(node.sb)?);
    let mounts: Vec<VirtAddr> = match instance.next {
        Some(_) => {
            std::iter::successors(system.ptr(sb.mounts), |m| instance.read(view, *m).ptr(instance.next)).take(MOUNTS).collect()
        }
        None => {
            let nodes = list(view, system.at(sb.mounts)?, "mounts of a file system", &mut Lost::default());
            nodes.into_iter().take(MOUNTS).filter_map(|n| container_of(n, instance.link)).collect()
        }
    };
    let told = mounts.into_iter().find_map(|m| {
        let mnt = instance.read(view, m).at(instance.mnt)?;
        paths.climb(kernel.root(), PathRef { mnt, dentry }).filter(|c| c.reached)
    });
    told.map(|c| c.path).or_else(|| paths.within(dentry))
}

/// What a pipe holds that nobody has read.
fn pipe(kernel: &Kernel, at: VirtAddr) -> Option<String> {
    /// `pipe-max-size` may be raised, but a buffer is at least a page: a ring of this many holds 256 MiB.
    const MOST: u64 = 1 << 16;
    let (view, l, buffer) = (kernel.view(), kernel.shape::<PipeShape>(), kernel.shape::<PipeBufferShape>());
    let block = l.read(view, at);
    let (first, used, slots) = match (block.uint(l.head), block.uint(l.tail), block.uint(l.ring)) {
        // Heads and tails run on and wrap.
        (Some(head), Some(tail), Some(ring)) => (tail, head.wrapping_sub(tail) & 0xffff_ffff, ring),
        _ => (block.uint(l.current)?, block.uint(l.used)?, block.uint(l.slots)?),
    };
    if used > slots || slots > MOST || !slots.is_power_of_two() {
        return None;
    }
    let (buffers, size) = (block.ptr(l.buffers), kernel.types.size_of("struct pipe_buffer"));
    let mut unread = 0u64;
    for i in 0..used {
        let slot = first.wrapping_add(i) & (slots - 1);
        let at = buffers?.wrapping_add(umem::from(slot.checked_mul(size?)?));
        unread = unread.checked_add(buffer.read(view, at).uint(buffer.length)?)?;
    }
    Some(format!("{unread} bytes unread"))
}

/// The seals of a memfd (`F_SEAL_*`, include/uapi/linux/fcntl.h). None has none.
fn sealed(kernel: &Kernel, inode: VirtAddr) -> Option<String> {
    const SEALS: &[(u64, &str)] =
        &[(1, "seal"), (2, "shrink"), (4, "grow"), (8, "write"), (0x10, "future-write"), (0x20, "exec")];
    let (view, n) = (kernel.view(), kernel.shape::<NodeShape>());
    let sb = n.read(view, inode).ptr(n.sb)?;
    let system = Paths::new(kernel).filesystem(sb)?;
    let seals = match system.as_slice() {
        b"tmpfs" => {
            let l = kernel.shape::<ShmemShape>();
            l.read(view, container_of(inode, l.inode)?).uint(l.seals)?
        }
        b"hugetlbfs" => {
            let l = kernel.shape::<HugeShape>();
            l.read(view, container_of(inode, l.inode)?).uint(l.seals)?
        }
        _ => return None,
    };
    // Only the first: it was made without MFD_ALLOW_SEALING.
    Some(match bits(seals, SEALS, ", ") {
        Some(_) if seals == 1 => "can't be sealed".to_owned(),
        Some(told) => format!("sealed: {told}"),
        None => "not sealed".to_owned(),
    })
}

/// The process that a pidfd stands for: its id in the first namespace. Up to 6.8 the file keeps it, since then the inode.
fn pid(kernel: &Kernel, private: Option<VirtAddr>, inode: Option<VirtAddr>) -> Option<String> {
    let (l, upid) = (kernel.shape::<PidNumberShape>(), kernel.shape::<UpidShape>());
    let first = l.read(kernel.view(), private.or(inode)?).at(l.numbers)?;
    let number = upid.read(kernel.view(), first).uint(upid.number).filter(|n| (1..=LAST_PID).contains(n))?;
    Some(format!("process {number}"))
}
