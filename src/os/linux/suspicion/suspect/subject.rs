//! A process with all that the detectors ask of it, read once.

use crate::engine::AddressSpace;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::files::path::{FileFacts, Paths};
use crate::os::linux::memory::mm::{Mm, Vma};
use crate::os::linux::memory::region::region;
use crate::os::linux::suspicion::finding::Finding;
use crate::os::linux::tasks::census::Seen;
use crate::os::linux::tasks::task::Task;
use memsh_plugin::{ProcessInfo, RegionInfo, Text, VirtAddr};

/// A process with memory of its own.
pub struct Subject {
    /// What is known of it.
    pub info: ProcessInfo,
    /// Its `mm_struct`.
    pub mm: Mm,
    /// Its address space.
    pub space: AddressSpace,
    /// Its regions, ascending: as the kernel has them, and as they are shown.
    pub regions: Vec<(Vma, RegionInfo)>,
    /// Whether these are all that it has: none was lost.
    pub regions_whole: bool,
    /// Its threads: ids and `task_struct`s.
    pub threads: Vec<(u32, VirtAddr)>,
    /// Its executable.
    pub exe: Option<(VirtAddr, FileFacts)>,
}

/// The processes among `tasks` that have memory of their own; what could not be read of them is told.
pub fn subjects<'a>(kernel: &'a Kernel, tasks: &'a [Seen], lost: &'a mut Vec<Text>) -> impl Iterator<Item = Subject> + 'a {
    let mut paths = Paths::new(kernel);
    tasks.iter().filter(|t| t.leader && !t.exited && !t.info.kernel_thread).filter_map(move |t| {
        let mut own = Lost::default();
        let mut subject = Subject::read(kernel, t, &mut paths, &mut own);
        if let Some(s) = &mut subject {
            let own = tasks.iter().filter(|o| o.info.pid == t.info.pid && !o.exited);
            s.threads.extend(own.map(|o| (o.tid, o.info.address)));
        }
        own.extend(std::mem::take(&mut paths.lost));
        lost.extend(own.listing(Vec::<Text>::new()).lost.iter().cloned());
        subject
    })
}

impl Subject {
    fn read(kernel: &Kernel, seen: &Seen, paths: &mut Paths, lost: &mut Lost) -> Option<Self> {
        let task = Task::read(kernel, seen.info.address, lost)?;
        let mm = task.mm(kernel, lost)?;
        let space = task.space(kernel);
        let (mut regions, mut own) = (Vec::new(), Lost::default());
        for vma in mm.regions(kernel, &mut own) {
            let row = region(kernel, &mm, &vma, paths);
            regions.push((vma, row));
        }
        let regions_whole = own.is_empty();
        lost.extend(own);
        let exe = mm.block.ptr(kernel.layouts.mm.exe_file).map(|f| (f, paths.file(f)));
        Some(Self { info: seen.info.clone(), mm, space, regions, regions_whole, threads: Vec::new(), exe })
    }

    /// A finding of this process.
    pub fn finding(&self, kind: &'static str, reason: &'static str, evidence: String) -> Finding {
        Finding::of(&self.info, kind, reason, evidence)
    }

    /// A finding in one of its regions.
    pub fn in_region(&self, row: &RegionInfo, kind: &'static str, reason: &'static str, evidence: String) -> Finding {
        Finding {
            address: Some(row.start),
            size: crate::engine::to_u64(row.end.value().saturating_sub(row.start.value())),
            region: Some(row.path.as_ref().cloned().unwrap_or_else(|| row.kind.clone())),
            ..self.finding(kind, reason, evidence)
        }
    }
}

/// Whether a region's memory is the process's own and comes from no file: anonymous, heap, stack.
pub fn is_anonymous(vma: &Vma, row: &RegionInfo) -> bool {
    vma.file.is_none() && row.kind.as_bytes() != b"special"
}
