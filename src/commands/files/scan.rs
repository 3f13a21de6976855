//! File objects of Windows that are in memory, open or not.

use super::windows::mode;
use super::{FileRow, Files};
use crate::commands::cells::{Hex, exact, plain};
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::glob::Glob;
use crate::commands::sink::Rows;
use crate::os::windows::Kernel;
use crate::os::windows::objects::Objects;
use crate::os::windows::objects::files::FoundFile;
use memsh_plugin::ProcessInfo;

/// Columns of the table.
pub(super) const COLUMNS: &[&str] =
    &["object", "handles", "pid", "name", "kind", "?size", "deleted", "!?freed", "path", "??detail"];
/// More handles than this are not looked through.
const MOST: usize = 1 << 22;

/// Every file object that was asked for.
pub(super) fn run(files: Files, cx: &Context, kernel: &Kernel, out: &mut Rows<'_, FileRow>) -> Result<()> {
    let (named, which): (Vec<String>, Vec<String>) = files.filter.which.iter().cloned().partition(|w| w.contains(['\\', '/']));
    let globs = files.path.iter().chain(&named).map(|p| Glob::any_case(p)).collect::<Result<Vec<_>>>()?;
    let chosen = !which.is_empty() || !files.filter.process.is_empty() || cx.current().is_some();
    let filter = crate::commands::which::Filter { which, ..files.filter };
    let processes = if chosen { filter.processes(cx)? } else { filter.of_all(cx)? };
    let objects = Objects::new(kernel);
    let listing = cx.over_memory("looking for files", kernel.space.memory(), |options| objects.found_files(options));
    let found = cx.take(&listing);
    cx.go_on()?;
    cx.nothing(match found.len() {
        0 => "no file object is in the image's memory".to_owned(),
        n => format!("none of {n} file objects matches"),
    });
    let tables: Vec<_> = processes.iter().map(|p| (p.address, p.pid)).collect();
    let holders = objects.holders(&tables, MOST);
    for file in &found {
        let holder = holders.get(holders.partition_point(|h| h.0 < file.object)).filter(|h| h.0 == file.object);
        let matches = |g: &Glob| file.file.path.as_ref().is_some_and(|p| g.matches(p));
        let wanted = (globs.is_empty() || globs.iter().any(matches))
            && (!chosen || holder.is_some())
            && (!files.deleted || file.file.deleted == Some(true))
            && files.kind.as_ref().is_none_or(|k| file.file.class.as_ref().is_some_and(|c| c.eq_ignore_ascii_case(k)));
        if wanted {
            let process = holder.and_then(|h| processes.iter().find(|p| p.pid == h.1));
            out.push(&row(file, process, holder.map(|h| h.2)))?;
        }
    }
    Ok(())
}

fn row(f: &FoundFile, process: Option<&ProcessInfo>, handle: Option<u64>) -> FileRow {
    FileRow {
        pid: process.map(|p| p.pid),
        tid: None,
        name: process.map(|p| plain(&p.name)),
        name_bytes: process.and_then(|p| exact(&p.name)),
        fd: None,
        mode: mode(&f.file),
        kind: f.file.class.clone(),
        path: f.file.path.clone(),
        path_bytes: None,
        detail: Some(f.sections.join(", ")).filter(|s| !s.is_empty()),
        detail_bytes: None,
        deleted: f.file.deleted,
        position: f.file.position.and_then(|p| i64::try_from(p).ok()),
        size: f.size,
        flags: None,
        inode: None,
        device: f.device.clone(),
        mount_id: None,
        file: None,
        handle,
        object_type: f.file.kind.as_deref().map(str::to_owned),
        object: Some(Hex::from(f.object)),
        granted_access: None,
        handles: f.handles,
        attributes: None,
        freed: f.freed.then_some(true),
        object_name: f.file.name.clone(),
    }
}
