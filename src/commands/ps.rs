//! `ps`: processes.

use super::cells::{Hex, Time, exact, exact_maybe, plain, plain_maybe};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Filter;
use memsh_plugin::ProcessInfo;
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
    /// Found by a scan of memory and not in the system's list.
    hidden: bool,
    /// Levels below the root, with `-t`.
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<u32>,
}

impl PsRow {
    fn new(p: &ProcessInfo, depth: Option<u32>) -> Self {
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
            depth,
        }
    }
}

impl Command for Ps {
    type Row = PsRow;
    const NAME: &'static str = "ps";
    const ALIASES: &'static [&'static str] = &["pslist", "tasks"];
    const SUMMARY: &'static str = "List processes";
    const SHAPE: Shape = Shape::List(&["pid", "ppid", "name", "state", "threads", "uid", "start_time", "command_line"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("ps", "every process"),
        ("ps -t", "as a tree"),
        ("ps -u", "without threads of the kernel"),
        ("ps 1", "one process"),
        ("ps --json", "for jq"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, PsRow>) -> Result<()> {
        let mut processes = self.filter.of_all(cx)?;
        processes.retain(|p| if p.kernel_thread { !self.user } else { !self.kernel });
        if !self.tree {
            return processes.iter().try_for_each(|p| out.push(&PsRow::new(p, None)));
        }
        tree(&processes).into_iter().try_for_each(|(p, depth)| out.push(&PsRow::new(p, Some(depth))))
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
