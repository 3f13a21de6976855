//! Tasks found without knowing any type: what the kernel's first task must look like.
//!
//! `init_task` (init/init_task.c) is its own parent and leads its own group: `real_parent`, `parent`, two list heads and
//! `group_leader` follow each other (include/linux/sched.h), in every version and configuration. From there on each step
//! proves itself by members that point back.

use crate::engine::{AddressSpace, ViewExt, index, to_u64};
use crate::os::linux::find::constants;
use crate::os::linux::find::image::KernelImage;
use crate::symbols::Symbols;
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::collections::HashSet;

/// No `task_struct` has `comm` further in, in bytes.
const COMM_LAST: u64 = 12 << 10;
/// So much is read of a task, in bytes.
const LENGTH: usize = 16 << 10;
/// `TASK_COMM_LEN`.
const COMM: usize = 16;
/// Tasks that are looked at; more tell nothing new.
const SAMPLES: usize = 96;
/// Tasks that are followed.
const TASKS: usize = 1 << 16;
/// `PF_KTHREAD` (include/linux/sched.h).
const KTHREAD: u32 = 0x0020_0000;

/// A task, as bytes.
pub(super) struct Sample {
    pub(super) base: u64,
    bytes: Vec<u8>,
    pub(super) pid: u32,
    /// Whether it is one of the kernel's threads.
    pub(super) kernel: bool,
}

/// What is known of tasks without any type.
pub(super) struct Witness {
    /// Size of a pointer in bytes.
    pub(super) word: u64,
    /// The idle task.
    pub(super) init: u64,
    /// Offsets of members, by name.
    pub(super) known: Vec<(&'static str, u64)>,
    /// Processes in the order of the list, the idle task first.
    pub(super) tasks: Vec<Sample>,
    /// How many there are on the list.
    pub(super) count: usize,
}

/// Reads from a kernel's space without fuss.
pub(super) struct Reader<'a> {
    pub(super) space: &'a AddressSpace,
    pub(super) word: u64,
    /// The lowest address of the kernel's part.
    lowest: u64,
}

/// Where the kernel's part of the addresses begins on 32-bit machines (`CONFIG_VMSPLIT_*`, arch/x86/Kconfig, arch/arm/Kconfig).
const SPLITS: [u64; 5] = [0xc000_0000, 0xb000_0000, 0x8000_0000, 0x7800_0000, 0x4000_0000];

pub(super) fn virt(at: u64) -> VirtAddr {
    VirtAddr::new(umem::from(at))
}

/// The little- or big-endian number of `size` bytes at `at`; every kernel with tables is little-endian.
pub(super) fn number(bytes: &[u8], at: u64, size: u64) -> Option<u64> {
    let at = index(umem::from(at))?;
    let slice = bytes.get(at..at.checked_add(index(umem::from(size))?)?)?;
    let mut out = [0u8; 8];
    out.get_mut(..slice.len())?.copy_from_slice(slice);
    Some(u64::from_le_bytes(out))
}

impl<'a> Reader<'a> {
    pub(super) fn new(space: &'a AddressSpace, image: &KernelImage) -> Self {
        let word = u64::from(space.view_metadata().pointer_size.max(1));
        let image = to_u64(image.virt.value()).unwrap_or(u64::MAX);
        let split = SPLITS.into_iter().find(|s| *s <= image).unwrap_or(0x4000_0000);
        Self { space, word, lowest: if word == 4 { split } else { 1 << 63 } }
    }

    /// The word at `at`, if it is in the image.
    pub(super) fn word(&self, at: u64) -> Option<u64> {
        to_u64(self.space.read_ptr(virt(at)).ok()?.value())
    }

    pub(super) fn bytes(&self, at: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.space.read_gaps(virt(at), &mut bytes);
        bytes
    }

    /// Whether an address could be that of one of the kernel's structures. None lies in the last 64 KiB, of which the last page are
    /// errors (include/linux/err.h), so that what is added to an address does not leave the space.
    pub(super) fn kernel(&self, at: u64) -> bool {
        let last = if self.word == 4 { u64::from(u32::MAX) } else { u64::MAX };
        at >= self.lowest && at <= last - 0xffff && at.is_multiple_of(self.word)
    }
}

impl Sample {
    pub(super) fn number(&self, at: u64, size: u64) -> Option<u64> {
        number(&self.bytes, at, size)
    }

    pub(super) fn u32(&self, at: u64) -> Option<u32> {
        u32::try_from(self.number(at, 4)?).ok()
    }
}

impl Witness {
    /// Finds the first task and the list of processes.
    pub(super) fn find(space: &AddressSpace, image: &KernelImage, symbols: &dyn Symbols) -> Result<Self, String> {
        let reader = Reader::new(space, image);
        let named = symbols.address("init_task").and_then(|at| to_u64(at.value()));
        let (init, parent, comm) = match named {
            Some(at) => first(&reader, at, COMM_LAST, Some(at))
                .ok_or_else(|| format!("{:#x}, where init_task should lie, is no idle task", at))?,
            None => idle(&reader, image).ok_or("nothing in the kernel's image looks like the idle task")?,
        };
        Self::from(&reader, init, parent, comm)
    }

    fn from(reader: &Reader<'_>, init: u64, parent: u64, comm: u64) -> Result<Self, String> {
        let word = reader.word;
        let leader = parent + 6 * word;
        let tasks = (0..parent)
            .step_by(index(umem::from(word)).unwrap_or(8))
            .find(|&at| listed(reader, init, at, leader))
            .ok_or_else(|| format!("the idle task at {init:#x} is on no list of processes"))?;
        let mut found = vec![init];
        let mut seen = HashSet::from([init]);
        let mut at = init;
        while found.len() < TASKS {
            let Some(next) = reader.word(at + tasks).map(|n| n.wrapping_sub(tasks)) else { break };
            if reader.word(next.wrapping_add(leader)) != Some(next) || !seen.insert(next) {
                break;
            }
            found.push(next);
            at = next;
        }
        let count = found.len();
        // The first of them, and of the rest the same number everywhere.
        let half = SAMPLES / 2;
        let step = count.saturating_sub(half).div_ceil(half).max(1);
        let chosen = found.iter().enumerate().filter(|(i, _)| *i < half || i.is_multiple_of(step)).map(|(_, t)| *t);
        let mut samples: Vec<Sample> =
            chosen.map(|base| Sample { base, bytes: reader.bytes(base, LENGTH), pid: 0, kernel: false }).collect();
        let pid = pids(&samples, parent).ok_or("no member of the processes looks like their ids")?;
        for s in &mut samples {
            s.pid = s.u32(pid).unwrap_or(0);
        }
        // `kthreadd` is process 2, and every thread of the kernel is its child.
        let kthreadd = samples.iter().find(|s| s.pid == 2).map(|s| s.base);
        for s in &mut samples {
            s.kernel = s.pid == 0 || Some(s.base) == kthreadd || kthreadd.is_some() && s.number(parent, word) == kthreadd;
        }
        let mut known = vec![
            ("tasks", tasks),
            ("pid", pid),
            ("tgid", pid + 4),
            ("real_parent", parent),
            ("parent", parent + word),
            ("children", parent + 2 * word),
            ("sibling", parent + 4 * word),
            ("group_leader", leader),
            ("comm", comm),
        ];
        let flags = (0..tasks).step_by(4).find(|&at| {
            let told = |s: &Sample| s.u32(at).is_some_and(|f| (f & KTHREAD != 0) == s.kernel && f != u32::MAX);
            // The idle tasks have got the flag only lately.
            samples.iter().filter(|s| s.pid != 0).all(told) && samples.iter().any(|s| s.kernel && s.pid != 0)
        });
        known.extend(flags.map(|at| ("flags", at)));
        Ok(Self { word, init, known, tasks: samples, count })
    }

    pub(super) fn offset(&self, name: &str) -> Option<u64> {
        self.known.iter().find(|(n, _)| *n == name).map(|(_, at)| *at)
    }

    /// Processes that have an address space of their own.
    pub(super) fn users(&self) -> impl Iterator<Item = &Sample> {
        self.tasks.iter().filter(|s| !s.kernel)
    }
}

/// Whether `comm` here is the idle task's.
fn named(bytes: &[u8]) -> bool {
    [&b"swapper/0"[..], b"swapper"].iter().any(|name| {
        bytes
            .get(..COMM)
            .is_some_and(|c| c.starts_with(name) && c.get(name.len()..).is_some_and(|rest| rest.iter().all(|b| *b == 0)))
    })
}

/// The idle task whose `comm` lies at most `len` bytes behind `from`: where it lies, and its `real_parent` and `comm`.
fn first(reader: &Reader<'_>, from: u64, len: u64, base: Option<u64>) -> Option<(u64, u64, u64)> {
    let bytes = reader.bytes(from, index(umem::from(len))?.checked_add(COMM)?);
    let word = reader.word;
    let comm = (0..len / 4 + 1)
        .rev()
        .map(|n| n * 4)
        .find(|&at| index(umem::from(at)).and_then(|at| bytes.get(at..)).is_some_and(named))?;
    (0..comm).step_by(index(umem::from(word))?).find_map(|at| {
        let own = number(&bytes, at, word)?;
        let fits = own >= from && own <= from.checked_add(at)? && own.is_multiple_of(8) && base.is_none_or(|b| b == own);
        let twice = fits && number(&bytes, at + word, word) == Some(own) && number(&bytes, at + 6 * word, word) == Some(own);
        twice.then(|| Some((own, from.checked_add(at)?.checked_sub(own)?, from.checked_add(comm)?.checked_sub(own)?)))?
    })
}

/// The idle task in the kernel's image, by its name.
fn idle(reader: &Reader<'_>, image: &KernelImage) -> Option<(u64, u64, u64)> {
    let look = &mut |start: VirtAddr, bytes: &[u8]| {
        let start = to_u64(start.value())?;
        memchr::memmem::find_iter(bytes, b"swapper").find_map(|at| {
            if !bytes.get(at..).is_some_and(named) {
                return None;
            }
            let at = start.checked_add(u64::try_from(at).ok()?)?;
            let from = at.checked_sub(COMM_LAST)? & !7;
            first(reader, from, at - from, None)
        })
    };
    match image.in_place(reader.space.memory()) {
        Some(bytes) => look(image.virt, bytes),
        None => constants::in_data_first(reader.space, image, look),
    }
}

/// Whether the list head at `at` of the idle task leads to another process, and back.
fn listed(reader: &Reader<'_>, init: u64, at: u64, leader: u64) -> bool {
    let Some(next) = reader.word(init + at).filter(|n| reader.kernel(*n)) else { return false };
    let task = next.wrapping_sub(at);
    task != init
        && reader.word(task.wrapping_add(leader)) == Some(task)
        && reader.word(next.wrapping_add(reader.word)) == Some(init + at)
}

/// Where the processes keep `pid`, which `tgid` follows: right before `real_parent`, or before the stack's canary.
fn pids(samples: &[Sample], parent: u64) -> Option<u64> {
    let ids = |at: u64| -> Option<Vec<u32>> {
        samples.iter().map(|s| s.u32(at).filter(|pid| s.u32(at + 4) == Some(*pid) && *pid <= 1 << 22)).collect()
    };
    (8..=24).step_by(4).filter_map(|back| parent.checked_sub(back)).find(|&at| {
        ids(at).is_some_and(|ids| {
            let different: HashSet<&u32> = ids.iter().collect();
            ids.first() == Some(&0) && ids.get(1) == Some(&1) && different.len() == ids.len()
        })
    })
}
