//! Threads that begin where no program begins one.

use super::super::base::kernel::Kernel;
use super::subject::Subject;
use crate::os::finding::Finding;
use crate::os::lost::Lost;
use memsh_plugin::{Perm, ThreadInfo, VirtAddr, umem};

/// Windows Vista. Before, the field that holds the start may hold the number of a message (`LpcReceivedMessageId`).
const VISTA: u32 = 6000;
/// Nothing of a process lies below, and nothing but the process lies below this again.
const LOWEST: umem = 0x1_0000;

/// Whether an address is one of a process.
fn is_user(kernel: &Kernel, at: VirtAddr) -> bool {
    at.value() >= LOWEST && if kernel.wide() { at.value() < 0x0000_8000_0000_0000 } else { at.value() < 0x8000_0000 }
}

/// Threads whose first function lies in memory that is no image.
pub fn starts(kernel: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let started = |t: &ThreadInfo| Some((t.tid, t.start_address.get().filter(|&at| is_user(kernel, at))?));
    let dead = |t: &ThreadInfo| t.state.as_ref().is_some_and(|s| s.as_bytes() == b"terminated");
    let mut out = Vec::new();
    for (tid, at) in s.threads.iter().filter(|t| !dead(t)).filter_map(started) {
        let of = format!("thread {tid} starts at {at}");
        match s.vad(at) {
            Some(vad) if vad.image => {}
            Some(vad) => {
                let (_, _, declared) = vad.protection.map_or((false, false, false), |p| p.allows());
                // Where page tables can tell, whether it can run at all.
                let runs = match s.no_execute {
                    true => s.space.translate_one(at).ok().map(|t| t.perm.has(Perm::EXECUTE)),
                    false => Some(declared),
                };
                if runs != Some(true) && (kernel.build.number < VISTA || !declared) {
                    continue;
                }
                let named = vad.protection.map_or("unknown protection", |p| p.name());
                let found =
                    s.in_region(vad, "memory", "thread that starts in no image", format!("{of}, {} memory, {named}", vad.kind()));
                out.push(Finding { address: Some(at), size: None, ..found });
            }
            None if s.vads_whole && kernel.build.number >= VISTA => {
                let found = s.finding("memory", "thread that starts where nothing is mapped", of);
                out.push(Finding { address: Some(at), ..found });
            }
            None => {}
        }
    }
    out
}
