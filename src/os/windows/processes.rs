//! The list of processes: `PsActiveProcessHead`, `_EPROCESS`.

use super::base::kernel::{Kernel, container};
use super::base::list;
use super::base::text::{base_name, zero_ended};
use super::base::time::from_filetime;
use super::{peb, token};
use crate::engine::to_u64;
use crate::os::lost::Lost;
use memsh_plugin::*;
use std::collections::HashSet;
use std::convert::Infallible;

/// `ProcessObject`, of `KOBJECTS`: with it begins every process, and stays in use as long as anything refers to it.
const PROCESS_OBJECT: u8 = 3;

/// All that are linked, in the list's order.
pub fn list(kernel: &Kernel, lost: &mut Lost) -> Vec<ProcessInfo> {
    let all = addresses(kernel, lost);
    let mut out = Vec::with_capacity(all.len());
    let ahead = |at: &VirtAddr| drop(info(kernel, *at));
    let Ok(()) = kernel.space.memory().for_each_ahead(&all, ahead, |at| {
        out.push(info(kernel, *at));
        Ok::<(), Infallible>(())
    });
    out
}

/// Their `_EPROCESS`es.
pub fn addresses(kernel: &Kernel, lost: &mut Lost) -> Vec<VirtAddr> {
    let Some(links) = kernel.offsets.process.links else { return Vec::new() };
    let is_one = |node| kernel.is_dispatcher(container(node, links), PROCESS_OBJECT);
    let reader = kernel.reader();
    let mut nodes = list::nodes_of(&reader, kernel.processes, "PsActiveProcessHead", lost, &is_one);
    // Where the head leads nowhere, System does: it is in the list, and known.
    let system = kernel.system.wrapping_add(links.offset);
    if !nodes.contains(&system) {
        let known: HashSet<VirtAddr> = nodes.iter().copied().collect();
        let around = list::nodes_of(&reader, system, "the processes around System", lost, &is_one);
        let other = |n: &VirtAddr| !known.contains(n) && !kernel.image.holds(*n) && is_one(*n);
        nodes.push(system);
        nodes.extend(around.into_iter().filter(other));
    }
    nodes.into_iter().map(|node| container(node, links)).collect()
}

/// A number that the kernel keeps as a pointer.
fn narrow(word: Option<umem>) -> Option<u32> {
    word.and_then(|w| u32::try_from(w).ok())
}

/// Its id; 0 where that can't be read.
pub fn pid(kernel: &Kernel, at: VirtAddr) -> u32 {
    narrow(kernel.reader().word_at(at, kernel.offsets.process.pid)).unwrap_or(0)
}

/// What an `_EPROCESS` says. What can't be read is missing.
pub fn info(kernel: &Kernel, at: VirtAddr) -> ProcessInfo {
    let o = &kernel.offsets;
    let reader = kernel.reader();
    let pid = pid(kernel, at);
    let full = image_path(kernel, at);
    let short = short_name(kernel, at);
    let exited = exited(kernel, at);
    // The audit record has the whole name; the field of 15 bytes may be its beginning only.
    let name = match full.as_deref().map(base_name) {
        Some(name) if !name.is_empty() && begins(name, &short) => Text::from(name),
        _ => short,
    };
    let dtb = dtb(kernel, at);
    let token = token::read(kernel, at);
    let parameters = peb::parameters(kernel, at);
    let wow64 = peb::wow64(kernel, at).is_some();
    // Those of the kernel have no program; those of another subsystem (`PicoCreated`) have one that is not Windows'.
    let program = reader.word_at(at, o.process.peb) != Some(0) || reader.bits_at(at, o.process.pico) == Some(1);
    let minimal = at == kernel.system || !program;
    ProcessInfo {
        address: at,
        pid,
        ppid: narrow(reader.word_at(at, o.process.parent)).into(),
        name,
        // Of NT 4 it is not known where a process notes its end.
        state: o.process.exited.map(|_| Text::from(if exited.is_some() { "exited" } else { "running" })).into(),
        threads: reader.u32_at(at, o.process.active_threads).filter(|&n| n < 1 << 20).into(),
        sid: token.as_ref().and_then(|t| t.sid.clone()).map(Text::from).into(),
        session: session(kernel, at).into(),
        kernel_thread: minimal && exited.is_none(),
        start_time: created(kernel, at).into(),
        exit_time: exited.into(),
        dtb: dtb.into(),
        image_path: parameters
            .as_ref()
            .and_then(|p| p.image_path.clone())
            .or(full)
            .filter(|p| !p.is_empty())
            .map(Text::from)
            .into(),
        command_line: parameters.and_then(|p| p.command_line).filter(|c| !c.is_empty()).map(Text::from).into(),
        wow64,
        arch: Text::from(if wow64 { peb::wow64_arch(kernel, at).unwrap_or_default() } else { kernel.arch() }),
        ..ProcessInfo::default()
    }
}

/// Its name's first 14 bytes.
pub fn short_name(kernel: &Kernel, at: VirtAddr) -> Text {
    kernel.reader().bytes_at::<15>(at, kernel.offsets.process.name).map(|b| zero_ended(&b)).unwrap_or_default()
}

/// Whether `short`, which has 14 bytes at most, is how `name` begins.
fn begins(name: &str, short: &Text) -> bool {
    let short = String::from_utf8_lossy(short.as_bytes()).into_owned();
    name.to_lowercase().starts_with(&short.to_lowercase()) || !name.is_ascii()
}

/// Root of its page tables.
pub fn dtb(kernel: &Kernel, at: VirtAddr) -> Option<PhysAddr> {
    let cr3 = to_u64(kernel.reader().word_at(at, kernel.offsets.kprocess.dtb)?)?;
    Some(super::find::frame(cr3, kernel.space.paging())).filter(|p| !p.is_null())
}

/// The roots of all its page tables: with a shadow against Meltdown there is another for the time in user mode.
pub fn roots(kernel: &Kernel, at: VirtAddr) -> impl Iterator<Item = PhysAddr> {
    let user = kernel.reader().word_at(at, kernel.offsets.kprocess.user_dtb).and_then(to_u64);
    let user = user.map(|cr3| super::find::frame(cr3, kernel.space.paging())).filter(|p| !p.is_null());
    dtb(kernel, at).into_iter().chain(user)
}

/// When it was started.
pub fn created(kernel: &Kernel, at: VirtAddr) -> Option<UnixNanos> {
    from_filetime(kernel.reader().u64_at(at, kernel.offsets.process.created)?)
}

/// When it ended, where it did.
pub fn exited(kernel: &Kernel, at: VirtAddr) -> Option<UnixNanos> {
    from_filetime(kernel.reader().u64_at(at, kernel.offsets.process.exited)?)
}

/// Its session: `_MM_SESSION_SPACE.SessionId`; where the session has no such structure, its token's. System has none.
fn session(kernel: &Kernel, at: VirtAddr) -> Option<u32> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let space = reader.ptr_at(at, o.process.session)?;
    let id = match o.session.id {
        Some(id) => reader.u32_at(space, Some(id)),
        None => {
            let token = reader.fast_ref_at(at, o.process.token)?;
            reader.u32_at(token, o.token.session)
        }
    };
    id.filter(|&id| id < 1 << 16)
}

/// The path that the kernel wrote down when it was created, where its last part begins as the short name does.
pub fn created_from(kernel: &Kernel, at: VirtAddr) -> Option<String> {
    let short = kernel.reader().bytes_at::<15>(at, kernel.offsets.process.name).map(|b| zero_ended(&b))?;
    image_path(kernel, at).filter(|path| begins(base_name(path), &short))
}

/// The file it was made from as the kernel names it: `\Device\HarddiskVolume2\Windows\explorer.exe`.
pub fn image_path(kernel: &Kernel, at: VirtAddr) -> Option<String> {
    let (o, reader) = (&kernel.offsets, kernel.reader());
    let audit = at.wrapping_add(o.process.audit?.offset);
    // `_OBJECT_NAME_INFORMATION`, which is a `UNICODE_STRING`.
    let name = reader.ptr_at(audit, o.audit.image)?;
    reader.unicode(name)
}
