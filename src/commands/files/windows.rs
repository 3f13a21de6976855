//! Handles of Windows processes.

use super::{FileRow, Files};
use crate::commands::cells::{Hex, exact, plain};
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::glob::Glob;
use crate::commands::sink::Rows;
use crate::os::windows::Kernel;
use crate::os::windows::objects::Objects;
use crate::os::windows::objects::access;
use crate::os::windows::objects::describe::Description;
use crate::os::windows::objects::handles::{Attributes, Handle};
use memsh_plugin::ProcessInfo;

/// Handles of the processes that were asked for.
pub(super) fn run(mut files: Files, cx: &Context, kernel: &Kernel, out: &mut Rows<'_, FileRow>) -> Result<()> {
    let (named, which): (Vec<String>, Vec<String>) = files.filter.which.into_iter().partition(|w| w.contains(['\\', '/']));
    files.filter.which = which;
    let globs = files.path.iter().chain(&named).map(|p| Glob::any_case(p)).collect::<Result<Vec<_>>>()?;
    let objects = Objects::new(kernel);
    let mut seen = 0u64;
    for p in files.filter.processes(cx)? {
        cx.go_on()?;
        for handle in cx.take(&objects.handles(p.address, p.pid)) {
            seen += 1;
            let object = objects.describe(handle.object);
            let matches = |text: &Option<String>| text.as_ref().is_some_and(|t| globs.iter().any(|g| g.matches(t)));
            let is = |kind: &String| {
                let like = |own: Option<&str>| own.is_some_and(|own| own.eq_ignore_ascii_case(kind));
                like(object.class.as_deref()) || like(object.kind.as_deref())
            };
            let wanted = (globs.is_empty() || matches(&object.path) || matches(&object.name))
                && (!files.deleted || object.deleted == Some(true))
                && files.kind.as_ref().is_none_or(is);
            if wanted {
                out.push(&row(&p, &handle, &object))?;
            }
        }
    }
    cx.nothing(format!("none of {seen} handles matches"));
    Ok(())
}

fn row(p: &ProcessInfo, handle: &Handle, object: &Description) -> FileRow {
    FileRow {
        pid: Some(p.pid),
        tid: None,
        name: Some(plain(&p.name)),
        name_bytes: exact(&p.name),
        fd: None,
        mode: mode(object),
        kind: object.class.clone(),
        path: object.path.clone(),
        path_bytes: None,
        detail: words(handle, object),
        detail_bytes: None,
        deleted: object.deleted,
        position: object.position.and_then(|p| i64::try_from(p).ok()),
        size: None,
        flags: None,
        inode: None,
        device: None,
        mount_id: None,
        file: None,
        handle: Some(handle.handle),
        object_type: object.kind.as_deref().map(str::to_owned),
        object: Some(Hex::from(handle.object)),
        granted_access: handle.granted_access,
        attributes: handle.attributes.map(Attributes::names),
        handles: None,
        freed: None,
        object_name: object.name.clone(),
    }
}

/// What the handle allows.
fn words(handle: &Handle, object: &Description) -> Option<String> {
    let words = access::words(object.kind.as_deref().unwrap_or_default(), handle.granted_access?);
    Some(words).filter(|w| !w.is_empty())
}

/// How it was opened.
pub(super) fn mode(object: &Description) -> Option<String> {
    let mode = match object.access? {
        (true, true) => "rw",
        (true, false) => "r",
        (false, true) => "w",
        (false, false) => return None,
    };
    Some(mode.to_owned())
}
