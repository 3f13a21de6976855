//! A process with all that the detectors ask of it, read once.

use super::super::base::kernel::Kernel;
use super::super::census::Seen;
use super::super::modules::{self, Listed};
use super::super::vad::{self, Detail, Vad};
use super::super::{peb, threads};
use crate::engine::{AddressSpace, PageRun, to_u64};
use crate::os::finding::Finding;
use crate::os::lost::Lost;
use memsh_plugin::{ModuleInfo, Perm, ProcessInfo, Text, ThreadInfo, VirtAddr};
use std::ops::ControlFlow;

/// A process with memory of its own.
pub struct Subject {
    /// What is known of it.
    pub info: ProcessInfo,
    /// Its address space.
    pub space: AddressSpace,
    /// Its descriptors, ascending.
    pub vads: Vec<Vad>,
    /// Whether these are all that it has.
    pub vads_whole: bool,
    /// What its loader lists name.
    pub modules: Vec<ModuleInfo>,
    /// The same, with the lists that have each.
    pub listed: Vec<Listed>,
    /// Whether the lists could be read to their ends.
    pub modules_whole: bool,
    /// Its threads.
    pub threads: Vec<ThreadInfo>,
    /// Whether its page tables tell memory that can run from memory that can't.
    pub no_execute: bool,
}

impl Subject {
    /// Reads it; none of a process that has ended, or that has no memory of its own.
    pub fn read(kernel: &Kernel, seen: &Seen, lost: &mut Lost) -> Option<Self> {
        let info = seen.info.clone();
        if seen.exited {
            return None;
        }
        let (at, pid) = (info.address, info.pid);
        let space = peb::space(kernel, at)?;
        let mut own = Lost::default();
        let vads = vad::list(kernel, at, pid, Detail::Names, &mut own);
        let vads_whole = own.is_empty() && !vads.is_empty();
        lost.extend(own);
        let mut own = Lost::default();
        let listed = modules::listed(kernel, at, pid, &mut own);
        let modules: Vec<ModuleInfo> = listed.iter().map(|m| m.info.clone()).collect();
        let modules_whole = own.is_empty() && !modules.is_empty();
        // What is paged out is missed by `modules`; here it only means that lists and memory are not compared.
        let threads = threads::list(kernel, at, pid, lost);
        let mut subject = Self { info, space, vads, vads_whole, modules, listed, modules_whole, threads, no_execute: false };
        // Pages without a valid entry have no permissions at all.
        let data = |r: &PageRun| r.perm != Perm::NONE && !r.perm.has(Perm::EXECUTE);
        subject.no_execute = subject.vads.iter().any(|v| subject.runs(v).iter().any(data));
        Some(subject)
    }

    /// The pages of a region that are in memory.
    pub fn runs(&self, vad: &Vad) -> Vec<PageRun> {
        let mut runs = Vec::new();
        self.space.runs(vad.start, vad.end.wrapping_sub(1), &mut |group| {
            runs.extend_from_slice(group);
            ControlFlow::Continue(())
        });
        runs
    }

    /// The region that an address lies in.
    pub fn vad(&self, at: VirtAddr) -> Option<&Vad> {
        let i = self.vads.partition_point(|v| v.start <= at).checked_sub(1)?;
        self.vads.get(i).filter(|v| at < v.end)
    }

    /// A finding of this process.
    pub fn finding(&self, kind: &'static str, reason: &'static str, evidence: String) -> Finding {
        Finding::of(&self.info, kind, reason, evidence)
    }

    /// A finding in one of its regions.
    pub fn in_region(&self, vad: &Vad, kind: &'static str, reason: &'static str, evidence: String) -> Finding {
        Finding {
            address: Some(vad.start),
            size: to_u64(vad.end.value().saturating_sub(vad.start.value())),
            region: Some(Text::from(vad.file.clone().unwrap_or_else(|| vad.kind().to_owned()))),
            ..self.finding(kind, reason, evidence)
        }
    }
}
