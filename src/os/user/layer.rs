//! The layer that a process's image makes.

use super::process::UserOs;
use crate::arch::Arch;
use crate::engine::{AddressSpace, Flat, Memory};
use crate::image::ProcessImage;
use crate::os::{Detection, DetectionStep, OsLayer};
use crate::symbols::{NoTypes, SymbolTable};
use memsh_plugin::{Perm, VirtAddr, umem};
use std::sync::Arc;
use std::time::Duration;

/// The layer of the process that `memory` holds.
pub fn detect(memory: &Memory, process: &Arc<ProcessImage>) -> Detection {
    let space = space(memory, process);
    let paging = space.paging();
    let os = UserOs { process: Arc::clone(process), space: space.clone() };
    let step = DetectionStep {
        step: "process".to_owned(),
        method: "what the dump says of it".to_owned(),
        found: true,
        detail: format!(
            "{} threads, {} modules, {} regions",
            process.threads.len(),
            process.modules.len(),
            process.regions.len()
        ),
        time: Duration::ZERO,
    };
    let layer = OsLayer {
        os: Arc::new(os),
        kernel: space,
        paging,
        symbols: Arc::new(SymbolTable::default()),
        types: Arc::new(NoTypes),
        linux: None,
        told: None,
        windows: None,
        spaces: None,
        warnings: Vec::new(),
    };
    Detection { layer: Ok(layer), steps: vec![step], base: None }
}

/// The process's space: what the dump has bytes of, with what the regions allow.
fn space(memory: &Memory, process: &ProcessImage) -> AddressSpace {
    // What no region tells of can at least be read.
    let unknown = allowed(true, false, false);
    let mut pieces: Vec<(VirtAddr, umem, Perm)> = Vec::new();
    for range in memory.ranges() {
        let start = VirtAddr::new(range.start.value());
        let last = start.saturating_add(range.size - 1);
        let mut at = start;
        // A range may hold several regions, and what lies in none.
        let from = process.regions.partition_point(|r| r.start.saturating_add(r.size) <= start);
        for r in process.regions.iter().skip(from).take_while(|r| r.start <= last) {
            let (first, end) = (r.start.max(at), r.start.saturating_add(r.size - r.size.min(1)).min(last));
            if first > end {
                continue;
            }
            if first > at {
                pieces.push((at, first.value() - at.value(), unknown));
            }
            pieces.push((first, end.value() - first.value() + 1, allowed(r.read, r.write, r.execute)));
            at = end.saturating_add(1);
        }
        if at <= last {
            pieces.push((at, last.value() - at.value() + 1, unknown));
        }
    }
    let flat = Flat::new(process.pointer_size, process.big_endian, pieces);
    // An architecture that memsh has no page tables of is read all the same.
    let arch = Arch::from_name(&process.machine).unwrap_or(if process.pointer_size == 4 { Arch::X86 } else { Arch::X86_64 });
    AddressSpace::flat(memory.clone(), arch, flat)
}

fn allowed(read: bool, write: bool, execute: bool) -> Perm {
    Perm::USER.with(Perm::READ, read).with(Perm::WRITE, write).with(Perm::EXECUTE, execute)
}
