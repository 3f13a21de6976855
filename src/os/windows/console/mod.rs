//! What was typed into consoles: the histories of commands that conhost.exe keeps, one for each program that reads lines from it.
//!
//! They hang together in a list, but nothing that has a name leads to it. So the private memory of the process is searched for what
//! looks like a history: links that point back, counts that fit each other, a program's name that is text, and commands that are. What
//! the structures look like is in the sources of conhost.exe, which Microsoft publishes (microsoft/terminal, src/host/history.h, MIT);
//! how compilers lay that out is fixed by the ABI:
//!
//! - up to Windows 10 1803 a C structure, behind which pointers to commands follow;
//! - since 1809 a class with a vector of strings.

mod layout;
#[cfg(test)]
mod tests;

use super::base::kernel::{Kernel, Reader};
use super::{peb, vad};
use crate::engine::{PageRun, ViewExt, index};
use crate::os::lost::Lost;
use layout::Shape;
use memsh_plugin::{Listing, VirtAddr, umem};
use std::ops::ControlFlow;

/// No region of a console's own memory that is larger is looked through, in bytes.
const LARGEST: umem = 1 << 30;
/// More histories than this has no console.
const HISTORIES: usize = 1 << 12;
/// How much is looked at at a time, and how much of what follows is needed to see a history that begins at its end.
const PART: umem = 1 << 16;
const TAIL: usize = 0x80;

/// A command that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The program that read it.
    pub application: String,
    /// Its place in that program's history, from 1.
    pub position: u64,
    /// The line; none where it is not in the image.
    pub line: Option<String>,
    /// Where the entry lies in the console's memory.
    pub address: VirtAddr,
}

/// The commands in the histories that the process at `process` keeps. Ends early where `go_on` says so.
pub fn history(kernel: &Kernel, process: VirtAddr, go_on: &dyn Fn() -> bool) -> Listing<Line> {
    let mut lost = Lost::default();
    let mut out = Vec::new();
    let Some(space) = peb::space(kernel, process) else {
        lost.push(format!("the _EPROCESS at {process} has no root of page tables"));
        return lost.listing(out);
    };
    let reader = Reader::new(&space).of_user();
    let shapes = Shape::all(kernel.wide());
    let mut histories = 0;
    let all = vad::descriptors(kernel, process);
    let size = |v: &vad::Vad| v.end.value().saturating_sub(v.start.value());
    let (regions, large): (Vec<_>, Vec<_>) =
        all.iter().filter(|v| v.private && !v.image && size(v) > 0).partition(|v| size(v) <= LARGEST);
    if !large.is_empty() {
        lost.push(format!("{} regions of more than 1 GiB were not searched for histories", large.len()));
    }
    for region in regions {
        let mut runs: Vec<PageRun> = Vec::new();
        space.runs(region.start, region.end.wrapping_sub(1), &mut |group| {
            runs.extend_from_slice(group);
            ControlFlow::Continue(())
        });
        for run in runs {
            let mut at = run.virt;
            let end = run.virt.wrapping_add(run.size);
            while at < end {
                if !go_on() {
                    return lost.listing(out);
                }
                if histories >= HISTORIES {
                    lost.push(format!("the search ended after {HISTORIES} histories: no console has as many"));
                    return lost.listing(out);
                }
                for found in part(&reader, &shapes, at, end) {
                    histories += 1;
                    out.extend(found);
                }
                at = at.wrapping_add(PART);
            }
        }
    }
    lost.listing(out)
}

/// The histories that begin in the part at `at`.
fn part(reader: &Reader<'_>, shapes: &[Shape], at: VirtAddr, end: VirtAddr) -> Vec<Vec<Line>> {
    let left = end.offset_from(at).unwrap_or(0);
    // What follows may lie in the next run of pages, or nowhere.
    let Some(wanted) = index(left.min(PART)) else { return Vec::new() };
    let mut bytes = vec![0; wanted];
    if reader.view().read_exact(at, &mut bytes).is_err() {
        return Vec::new();
    }
    let mut tail = [0u8; TAIL];
    let behind = at.wrapping_add(left.min(PART));
    if reader.view().read_exact(behind, &mut tail).is_ok() {
        bytes.extend_from_slice(&tail);
    }
    let mut out = Vec::new();
    let step = usize::try_from(reader.width()).unwrap_or(8);
    for (place, n) in (0..wanted).step_by(step).zip(0u32..) {
        let here = at.wrapping_add(umem::from(n) * reader.width());
        let Some(head) = bytes.get(place..) else { break };
        out.extend(shapes.iter().filter(|s| s.may_be(head)).find_map(|s| s.read(reader, here, head)));
    }
    out
}
