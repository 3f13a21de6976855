//! Processes that are not what they look like.

use super::subject::Subject;
use super::{shown, shown_or};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::suspicion::finding::Finding;
use crate::os::linux::tasks::census::Seen;
use crate::symbols::Types;
use memsh_plugin::ProcessInfo;
use std::collections::HashSet;

shapes! {
    /// `file`, for its inode.
    OpenedShape: "file" {
        inode: ["f_inode"],
    }
    /// `inode`, for how many names it has.
    LinksShape: "inode" {
        links: ["i_nlink", "__i_nlink"],
        size: ["i_size"],
    }
}

/// What `d_path` puts behind a name that is gone.
pub const DELETED: &[u8] = b" (deleted)";

/// Processes of users with a name that threads of this very kernel have: all of it, or what stands before a `/` (`kworker/0:1`).
pub fn impostors(_: &Kernel, tasks: &[Seen]) -> Vec<Finding> {
    let mut names: HashSet<&[u8]> = HashSet::new();
    for t in tasks.iter().filter(|t| t.info.kernel_thread && !t.exited) {
        names.insert(key(t.info.name.as_bytes()));
    }
    let mut out = Vec::new();
    let users = tasks.iter().filter(|t| t.leader && !t.exited && !t.info.kernel_thread && t.info.dtb.get().is_some());
    for t in users.filter(|t| names.contains(key(t.info.name.as_bytes()))) {
        let evidence = format!("its name is {}; {}", shown(t.info.name.as_bytes()), truly(&t.info));
        out.push(Finding::of(&t.info, "process", PRETENDS, evidence));
    }
    out
}

const PRETENDS: &str = "poses as a kernel thread";

/// The part of a name that threads of one sort share, with the `/`.
fn key(name: &[u8]) -> &[u8] {
    match name.iter().position(|&b| b == b'/') {
        Some(at) => name.get(..=at).unwrap_or(name),
        None => name,
    }
}

/// What speaks against a thread of the kernel.
fn truly(info: &ProcessInfo) -> String {
    let line =
        info.command_line.as_ref().map_or_else(String::new, |l| format!(", command line {}", shown(l.as_bytes()).trim_end()));
    let parent = info.ppid.get().map_or_else(String::new, |p| format!(", parent {p}"));
    format!("it runs {}{line}{parent}", shown_or(info.image_path.as_ref(), "a program that can't be read"))
}

/// A command line in brackets, as `ps` shows threads of the kernel.
pub fn kernel_thread(kernel: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let Some(line) = s.info.command_line.as_ref().map(|l| l.as_bytes()) else { return Vec::new() };
    let first = line.split(|&b| b == b' ').next().unwrap_or_default();
    let bracketed = first.len() > 2 && first.starts_with(b"[") && first.ends_with(b"]");
    // One that also has such a name is told by that.
    let told = first.get(1..first.len().saturating_sub(1)).is_some_and(|inner| {
        key(inner) == key(s.info.name.as_bytes()) && inner.contains(&b'/') && kernel.address("kthreadd_task").is_some()
    });
    if !bracketed || told {
        return Vec::new();
    }
    vec![s.finding("process", PRETENDS, format!("its command line is in brackets; {}", truly(&s.info)))]
}

/// An executable that is no longer there, or never was a file.
pub fn executable(kernel: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let Some((file, facts)) = &s.exe else { return Vec::new() };
    let Some(path) = facts.path.as_deref().filter(|p| p.ends_with(DELETED)) else { return Vec::new() };
    let (opened, inode) = (kernel.shape::<OpenedShape>(), kernel.shape::<LinksShape>());
    let block = opened.read(kernel.view(), *file).ptr(opened.inode).map(|at| inode.read(kernel.view(), at));
    let links = block.as_ref().and_then(|b| b.uint(inode.links));
    let size = block.as_ref().and_then(|b| b.uint(inode.size));
    let reason = match facts.pseudo {
        true => "executable in memory only",
        false => "executable deleted",
    };
    let mut evidence = shown(path);
    if let Some(size) = size {
        evidence.push_str(&format!(", {size} bytes"));
    }
    if let Some(links) = links.filter(|_| !facts.pseudo) {
        evidence.push_str(&format!(", {links} other names"));
    }
    vec![Finding { region: Some(path.into()), ..s.finding("process", reason, evidence) }]
}
