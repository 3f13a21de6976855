//! `ps`: processes.

use super::accounts::Accounts;
use super::cells::{Hex, Time, exact, exact_maybe, plain, plain_maybe};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Filter, open};
use crate::os::linux::tasks::census::{Seen, Sources, Way, census};
use crate::os::sightings::Way as _;
use crate::os::windows;
use crate::{Error, ErrorKind, Layer};
use memsh_plugin::{Listing, Process, ProcessInfo};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// List processes
#[derive(clap::Args, Debug)]
pub struct Ps {
    #[command(flatten)]
    filter: Filter,
    /// Children below their parents (the table draws the branches)
    #[arg(short, long)]
    tree: bool,
    /// Only processes of users, no threads of the kernel
    #[arg(short, long, conflicts_with = "kernel")]
    user: bool,
    /// Only threads of the kernel
    #[arg(short, long)]
    kernel: bool,
    /// Look for processes by every way that leads to them, and compare: hidden and ended ones too (Linux, Windows)
    #[arg(short = 's', long, conflicts_with = "tree")]
    scan: bool,
    /// With --scan, every thread and not the processes alone (Linux)
    #[arg(long, requires = "scan")]
    threads: bool,
}

/// The ways that lead to a task, and whether it was found on each; null where this kernel can't be asked.
#[derive(Default, Serialize, JsonSchema)]
struct SourcesPart {
    /// The list of processes, which `ps` shows.
    list: Option<bool>,
    /// The table of process and thread ids (Windows: `PspCidTable`).
    cid_table: Option<bool>,
    /// The list of handle tables, each of which names its process (Windows).
    handle_tables: Option<bool>,
    /// Handles to it that other processes have; nobody needs to (Windows).
    handles: Option<bool>,
    /// The tag of the pool block that it lies in (Windows).
    pool_tag: Option<bool>,
    /// The table of process ids.
    pid_idr: Option<bool>,
    /// The thread list of its group.
    threads: Option<bool>,
    /// The list of its parent's children.
    children: Option<bool>,
    /// The tasks of its control groups.
    cgroup: Option<bool>,
    /// A processor's queue of what runs or is ready to; whoever sleeps is in none.
    scheduler: Option<bool>,
    /// The slabs of task_structs.
    slab: Option<bool>,
    /// Anywhere in memory, by its look.
    signature: Option<bool>,
}

/// A process.
#[derive(Serialize, JsonSchema)]
pub struct PsRow {
    /// Process id.
    pid: u32,
    /// Parent's process id.
    ppid: Option<u32>,
    /// Short name.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// State in the words of the system.
    state: Option<String>,
    /// Number of threads.
    threads: Option<u32>,
    /// Real user id (Linux).
    uid: Option<u32>,
    /// Real group id (Linux).
    gid: Option<u32>,
    /// Security identifier (Windows).
    sid: Option<String>,
    /// The account: the name of a SID that every Windows knows or the registry has, `RID n` for another one of the machine or its domain
    /// (Windows).
    user: Option<String>,
    /// Session (Windows).
    session: Option<u32>,
    /// Whether it is a thread of the kernel.
    kernel_thread: bool,
    /// When it was started.
    start_time: Option<Time>,
    /// When it ended.
    exit_time: Option<Time>,
    /// Page-table root.
    dtb: Option<Hex>,
    /// Address of its control block (`task_struct`, `EPROCESS`).
    address: Hex,
    /// Path of the executable.
    image_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_path_bytes: Option<String>,
    /// Command line, arguments joined by spaces.
    command_line: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_line_bytes: Option<String>,
    /// Whether it is a 32-bit process on a 64-bit system.
    wow64: bool,
    /// Instruction set of the process.
    arch: Option<String>,
    /// Alive, and not in the system's list (with --scan).
    hidden: bool,
    /// Thread id, with --scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<u32>,
    /// Where it was found, with --scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<SourcesPart>,
    /// Ways that lead to every process of its kind and did not lead to this one, with --scan; a processor's queue is none of them:
    /// whoever sleeps is in no queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_from: Option<Vec<&'static str>>,
    /// Levels below the root, with `-t`.
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<u32>,
}

impl PsRow {
    fn new(p: &ProcessInfo, depth: Option<u32>, accounts: &Accounts<'_>) -> Self {
        PsRow {
            pid: p.pid,
            ppid: p.ppid.get(),
            name: plain(&p.name),
            name_bytes: exact(&p.name),
            state: plain_maybe(&p.state),
            threads: p.threads.get(),
            uid: p.uid.get(),
            gid: p.gid.get(),
            sid: plain_maybe(&p.sid),
            user: p.sid.as_ref().and_then(|s| accounts.name(&s.to_string_lossy())),
            session: p.session.get(),
            kernel_thread: p.kernel_thread,
            start_time: p.start_time.get().map(Time),
            exit_time: p.exit_time.get().map(Time),
            dtb: p.dtb.get().map(Hex::from),
            address: p.address.into(),
            image_path: plain_maybe(&p.image_path),
            image_path_bytes: exact_maybe(&p.image_path),
            command_line: plain_maybe(&p.command_line),
            command_line_bytes: exact_maybe(&p.command_line),
            wow64: p.wow64,
            arch: Some(plain(&p.arch)).filter(|a| !a.is_empty()),
            hidden: false,
            tid: None,
            sources: None,
            missing_from: None,
            depth,
        }
    }
}

impl Command for Ps {
    type Row = PsRow;
    const NAME: &'static str = "ps";
    const ALIASES: &'static [&'static str] = &["pslist", "tasks"];
    const SUMMARY: &'static str = "List processes";
    const SHAPE: Shape =
        Shape::List(&["pid", "ppid", "name", "state", "threads", "!uid", "!session", "!user", "start_time", "command_line"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("ps", "every process"),
        ("ps -t", "as a tree"),
        ("ps -u", "without threads of the kernel"),
        ("ps 1", "one process"),
        ("ps --scan", "hidden and ended ones too, and where each was found"),
        ("ps --json", "for jq"),
    ];
    const BATCH: Option<(&'static str, &'static [&'static str])> = Some(("scan", SCAN));

    fn run(self, cx: &Context, out: &mut Rows<'_, PsRow>) -> Result<()> {
        if self.scan {
            return self.scanned(cx, out);
        }
        let accounts = Accounts::new(cx);
        let mut processes = self.filter.of_all(cx)?;
        tell_hidden_programs(cx, &processes)?;
        processes.retain(|p| if p.kernel_thread { !self.user } else { !self.kernel });
        if !self.tree {
            return processes.iter().try_for_each(|p| out.push(&PsRow::new(p, None, &accounts)));
        }
        tree(&processes).into_iter().try_for_each(|(p, depth)| out.push(&PsRow::new(p, Some(depth), &accounts)))
    }
}

/// Says why a live system does not tell what programs some processes run, where it does not.
fn tell_hidden_programs(cx: &Context, processes: &[ProcessInfo]) -> Result<()> {
    let layer = cx.session()?.os()?;
    let ended = |p: &ProcessInfo| p.state.as_ref().is_some_and(|s| matches!(s.as_bytes(), b"zombie" | b"dead"));
    let user = |p: &&ProcessInfo| !p.kernel_thread && !ended(p) && p.image_path.as_ref().is_none() && p.arch.is_empty();
    let hidden: Vec<&ProcessInfo> = processes.iter().filter(user).collect();
    if !layer.speaks_for_itself() || hidden.is_empty() {
        return Ok(());
    }
    // The first that is refused says why; who has ended, or has no program any more, is refused nothing.
    let why = |p: &&ProcessInfo| {
        let regions = open(layer.os.as_ref(), p).and_then(|o| Ok(Result::from(o.regions())?));
        regions.err().filter(|e| e.kind() != ErrorKind::Unreadable)
    };
    if let Some(e) = hidden.iter().find_map(why) {
        let plural = if hidden.len() == 1 { "" } else { "es" };
        cx.lost(format!("image_path and arch of {} process{plural}: {}", hidden.len(), e.reason()));
    }
    Ok(())
}

/// Columns of `ps --scan`.
const SCAN: &[&str] =
    &["pid", "!???tid", "?ppid", "name", "state", "hidden", "missing_from", "??start_time", "?exit_time", "?address"];

impl Ps {
    fn scanned(self, cx: &Context, out: &mut Rows<'_, PsRow>) -> Result<()> {
        if let Some(kernel) = &cx.session()?.os()?.windows {
            return self.scanned_windows(kernel, cx, out);
        }
        let mut tasks = cx.take(&everybody(cx)?);
        tasks.retain(|t| {
            (self.threads || t.leader)
                && (if t.info.kernel_thread { !self.user } else { !self.kernel })
                && self.filter.picks(&t.info)
        });
        if tasks.is_empty() && !self.filter.is_default() {
            return Err(self.filter.nothing().into());
        }
        let accounts = Accounts::new(cx);
        tasks.iter().try_for_each(|t| {
            out.push(&PsRow {
                hidden: t.hidden,
                tid: Some(t.tid),
                sources: Some(SourcesPart::new(t.sources)),
                missing_from: Some(t.sources.names(false).into_iter().filter(|n| *n != Way::Scheduler.name()).collect()),
                ..PsRow::new(&t.info, None, &accounts)
            })
        })
    }
}

impl Ps {
    fn scanned_windows(self, kernel: &windows::Kernel, cx: &Context, out: &mut Rows<'_, PsRow>) -> Result<()> {
        if self.threads {
            let e =
                Error::new(Layer::Os, ErrorKind::Unsupported, "ps --scan --threads: on Windows only processes are looked for");
            return Err(e.hint("`threads` lists the threads of the processes in the system's list").into());
        }
        let mut all = cx.take(&every_process(kernel, cx)?);
        all.retain(|s| (if s.info.kernel_thread { !self.user } else { !self.kernel }) && self.filter.picks(&s.info));
        if all.is_empty() && !self.filter.is_default() {
            return Err(self.filter.nothing().into());
        }
        let accounts = Accounts::new(cx);
        all.iter().try_for_each(|s| {
            out.push(&PsRow {
                hidden: s.hidden,
                sources: Some(SourcesPart::of_windows(s.sources)),
                missing_from: Some(s.missing_from()),
                ..PsRow::new(&s.info, None, &accounts)
            })
        })
    }
}

/// Every process of a Windows target that can be found. One pass over memory; says how far it is and ends on Ctrl-C.
pub fn every_process(kernel: &windows::Kernel, cx: &Context) -> Result<Listing<windows::census::Seen>> {
    let found =
        cx.over_memory("looking for processes", kernel.space.memory(), |options| windows::census::census(kernel, options));
    cx.go_on()?;
    Ok(found)
}

/// Every task of a Linux target that can be found. One pass over memory; says how far it is and ends on Ctrl-C.
pub fn everybody(cx: &Context) -> Result<Listing<Seen>> {
    let kernel = cx.session()?.linux("ps --scan")?;
    let found = cx
        .over_memory("looking for tasks", kernel.space.memory(), |options| census(kernel, options))
        .map_err(crate::Error::from)?;
    cx.go_on()?;
    Ok(found)
}

impl SourcesPart {
    fn new(s: Sources) -> Self {
        Self {
            list: s.get(Way::List),
            pid_idr: s.get(Way::PidIdr),
            threads: s.get(Way::Threads),
            children: s.get(Way::Children),
            cgroup: s.get(Way::Cgroup),
            scheduler: s.get(Way::Scheduler),
            slab: s.get(Way::Slab),
            signature: s.get(Way::Signature),
            ..Self::default()
        }
    }

    fn of_windows(s: windows::census::Sources) -> Self {
        use windows::census::Way;
        Self {
            list: s.get(Way::List),
            cid_table: s.get(Way::CidTable),
            handle_tables: s.get(Way::HandleTables),
            handles: s.get(Way::Handles),
            pool_tag: s.get(Way::PoolTag),
            signature: s.get(Way::Signature),
            ..Self::default()
        }
    }
}

/// Parents before their children, with the level of each. Every process stands exactly once, even where the parents form a
/// circle: whoever can't be reached from a root is a root.
fn tree(processes: &[ProcessInfo]) -> Vec<(&ProcessInfo, u32)> {
    let known: HashSet<u32> = processes.iter().map(|p| p.pid).collect();
    let mut children: HashMap<u32, Vec<usize>> = HashMap::new();
    let mut roots = Vec::new();
    for (i, p) in processes.iter().enumerate() {
        match p.ppid.get().filter(|&parent| parent != p.pid && known.contains(&parent)) {
            Some(parent) => children.entry(parent).or_default().push(i),
            None => roots.push(i),
        }
    }
    let mut seen = vec![false; processes.len()];
    let mut out = Vec::with_capacity(processes.len());
    for start in roots.into_iter().chain(0..processes.len()) {
        let mut stack = vec![(start, 0u32)];
        while let Some((i, depth)) = stack.pop() {
            let (Some(p), Some(mark)) = (processes.get(i), seen.get_mut(i)) else { continue };
            if std::mem::replace(mark, true) {
                continue;
            }
            out.push((p, depth));
            let below = children.get(&p.pid).into_iter().flatten().rev();
            stack.extend(below.map(|&c| (c, depth.saturating_add(1))));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, ppid: u32) -> ProcessInfo {
        ProcessInfo { pid, ppid: Some(ppid).into(), ..ProcessInfo::default() }
    }

    fn shape(pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let all: Vec<_> = pairs.iter().map(|&(pid, ppid)| process(pid, ppid)).collect();
        tree(&all).into_iter().map(|(p, d)| (p.pid, d)).collect()
    }

    #[test]
    fn children_follow_their_parents() {
        assert_eq!(shape(&[(1, 0), (2, 0), (10, 1), (20, 2), (11, 10)]), [(1, 0), (10, 1), (11, 2), (2, 0), (20, 1)]);
    }

    #[test]
    fn circles_and_self_parents_lose_nobody() {
        assert_eq!(shape(&[(1, 1), (5, 6), (6, 5)]), [(1, 0), (5, 0), (6, 1)]);
        assert_eq!(shape(&[(7, 7), (7, 7)]), [(7, 0), (7, 0)]);
    }
}
