//! Where the process System could be.

use super::super::base::kernel::{Image, Reader};
use super::super::base::offsets::Offsets;
use super::layout::{Proof, proof};
use super::words;
use crate::engine::AddressSpace;
use crate::os::Hints;
use crate::os::trace::Trace;
use crate::symbols::Symbols;
use memsh_plugin::VirtAddr;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Addresses of which one is, or leads to, the `_EPROCESS` of System.
pub(super) struct Systems {
    /// The structure itself.
    structures: Vec<VirtAddr>,
    /// Nodes of the list of processes.
    nodes: Vec<VirtAddr>,
    /// What they were found by.
    pub(super) from: &'static str,
}

impl Systems {
    /// What `PsInitialSystemProcess` points to; the first process of a list that is named; every pointer in the kernel's image, where
    /// its exports are not resident.
    pub(super) fn of(space: &AddressSpace, image: &Image, symbols: &dyn Symbols, hints: &Hints, trace: &mut Trace) -> Self {
        let reader = Reader::new(space);
        let pointer = |at: Option<VirtAddr>| at.and_then(|at| reader.ptr(at)).filter(|&p| reader.plausible(p));
        if let Some(system) = pointer(symbols.address("PsInitialSystemProcess")) {
            return Self { structures: vec![system], nodes: Vec::new(), from: "PsInitialSystemProcess" };
        }
        let head = symbols.address("PsActiveProcessHead").or_else(|| hints.windows.as_ref()?.ps_active_process_head);
        if let Some(node) = pointer(head) {
            return Self { structures: Vec::new(), nodes: vec![node], from: "PsActiveProcessHead" };
        }
        let structures = trace.attempt("System", "pointers in the kernel's image", || {
            let found = pointers(space, image);
            let count = found.len();
            Ok((found, format!("{count} pointers")))
        });
        Self { structures: structures.unwrap_or_default(), nodes: Vec::new(), from: "a pointer in the kernel's image" }
    }

    /// The one that `o` proves, and by how much.
    pub(super) fn proven(&self, space: &AddressSpace, image: &Image, o: &Offsets, build: u32) -> Option<(VirtAddr, Proof)> {
        let links = o.process.links?.offset;
        let nodes = self.nodes.iter().map(|n| n.wrapping_sub(links));
        self.structures.iter().copied().chain(nodes).find_map(|at| Some((at, proof(space, image, o, at, build)?)))
    }
}

/// Pointers to structures, by what lies in the image; each once.
fn pointers(space: &AddressSpace, image: &Image) -> Vec<VirtAddr> {
    let reader = Reader::new(space);
    let mut out = BTreeSet::new();
    words::pages(space, image, &mut |_, words| {
        // A structure of the kernel's pool is aligned, and is not the kernel's image.
        let structure = |at: &VirtAddr| reader.plausible(*at) && at.value().is_multiple_of(8) && !image.holds(*at);
        out.extend(words.iter().map(|w| VirtAddr::new(*w)).filter(structure));
        ControlFlow::Continue(())
    });
    out.into_iter().collect()
}
