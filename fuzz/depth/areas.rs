//! What each listing of a Linux system tells, as far as it can be compared.

use memsh::VirtAddr;
use memsh::engine::search::Options;
use memsh::os::linux::code::bpf::bpf;
use memsh::os::linux::code::modscan::module_scan;
use memsh::os::linux::containers::walk;
use memsh::os::linux::files::cachedpages::pages_of;
use memsh::os::linux::files::mount::mounts;
use memsh::os::linux::files::openfile::{Held, OpenFiles};
use memsh::os::linux::files::pagecache::{Which, files};
use memsh::os::linux::memory::frame_use::frame_use;
use memsh::os::linux::memory::frames::Frames;
use memsh::os::linux::net::{interfaces, sockets};
use memsh::os::linux::suspicion::{integrity, suspect};
use memsh::os::linux::system::kmsg::messages;
use memsh::os::linux::system::resource::{Resources, resources};
use memsh::os::linux::system::swap::swaps;
use memsh::os::linux::system::timer::timers;
use memsh::os::linux::tasks::census::census;
use memsh::os::linux::tasks::cgroup::Cgroups;
use memsh::os::linux::tasks::cred::credentials;
use memsh::os::linux::tasks::history::history;
use memsh::os::linux::tasks::nslist::namespaces;
use memsh::os::linux::tasks::unwind::Unwinder;
use memsh::os::linux::{Kernel, Linux};
use memsh::symbols::TypesExt;
use memsh_plugin::{ApiError, Listing, Os, ProcessInfo, Text};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::AtomicBool;

/// What a listing told.
#[derive(Debug, Default)]
pub struct Told {
    /// What each row is known by.
    pub rows: Vec<(u64, u64)>,
    /// What was lost.
    pub lost: Vec<String>,
}

/// Rows that one listing of the sample may grow to, whatever was done to it: a descriptor table can be as long as memory is
/// large, a list no longer than the nodes that memory has room for.
const MOST: usize = 1 << 20;
/// Sentences of what is lost: `Lost` keeps a thousand, and one that counts the others.
const SENTENCES: usize = 1001;

pub fn number(at: VirtAddr) -> u64 {
    u64::try_from(at.value()).expect("a 64-bit system")
}

fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Told {
    /// Takes the rows of a listing; those of one kind and key come once.
    fn take<T>(&mut self, listing: Listing<T>, key: impl Fn(&T) -> (u64, u64)) {
        assert!(listing.items.len() <= MOST && listing.lost.len() <= SENTENCES, "{} rows", listing.items.len());
        let mut seen = HashSet::new();
        for item in listing.items.iter() {
            let key = key(item);
            assert!(seen.insert(key), "row {key:x?} twice");
            self.rows.push(key);
        }
        self.lose(listing.lost.iter());
    }

    /// The same of a listing that may be none at all.
    fn take_or<T>(&mut self, listing: Result<Listing<T>, ApiError>, key: impl Fn(&T) -> (u64, u64)) {
        match listing {
            Ok(listing) => self.take(listing, key),
            Err(e) => self.lost.push(format!("{e:?}")),
        }
    }

    fn lose<'a>(&mut self, lost: impl Iterator<Item = &'a Text>) {
        self.lost.extend(lost.map(|t| t.to_string_lossy().into_owned()));
    }
}

/// A listing of a system.
pub type Area = fn(&Linux, &mut Told);

fn everybody(system: &Linux, told: &mut Told) -> Vec<ProcessInfo> {
    match Result::from(system.processes()) {
        Ok(all) => {
            told.lose(all.lost.iter());
            all.items.iter().cloned().collect()
        }
        Err(e) => {
            told.lost.push(format!("{e:?}"));
            Vec::new()
        }
    }
}

fn programs(system: &Linux, told: &mut Told) -> Vec<ProcessInfo> {
    let mut all = everybody(system, told);
    all.retain(|p| !p.kernel_thread);
    all
}

fn own(at: VirtAddr) -> (u64, u64) {
    (number(at), 0)
}

pub fn open_files(system: &Linux, told: &mut Told) {
    let mut open = OpenFiles::new(&system.0);
    for p in everybody(system, told) {
        let place = |held: &Held| match held {
            Held::Descriptor(fd) => u64::from(*fd),
            other => 1 << 32 | hash(format!("{other:?}")) >> 32,
        };
        // A file may be mapped more than once.
        let key = |f: &memsh::os::linux::files::openfile::OpenFile| {
            (
                hash((p.address, f.tid)),
                place(&f.held)
                    ^ hash(match f.held {
                        Held::Mapped => f.file,
                        _ => None,
                    }),
            )
        };
        told.take_or(open.of(p.address, true), key);
    }
}

pub fn mounted(system: &Linux, told: &mut Told) {
    told.take_or(mounts(&system.0, None), |m| own(m.address));
}

pub fn name_spaces(system: &Linux, told: &mut Told) {
    told.take_or(namespaces(&system.0, None), |n| (number(n.address), hash(n.kind)));
}

pub fn swap_areas(system: &Linux, told: &mut Told) {
    told.take_or(swaps(&system.0), |s| own(s.address));
}

pub fn cached_files(system: &Linux, told: &mut Told) {
    told.take_or(files(&system.0, Which::All, &|| true), |f| own(f.inode));
}

pub fn cached_pages(system: &Linux, told: &mut Told) {
    let Ok(listing) = files(&system.0, Which::Cached, &|| true) else { return };
    let Some(frames) = Frames::find(&system.0) else {
        told.lost.push("no frames".to_owned());
        return;
    };
    let size = system.0.space.memory().metadata().size;
    for file in listing.items.iter().take(64) {
        let pages = pages_of(&system.0, &frames, file);
        for found in pages.items.iter() {
            let mut end = 0;
            for run in &found.runs {
                assert!(run.bytes > 0 && run.offset >= end, "runs ascend");
                end = run.offset.checked_add(run.bytes).expect("a run ends");
                assert!(
                    run.phys.value().checked_add(run.bytes.into()).is_some_and(|e| e <= size + (4 << 20)),
                    "memory has an end"
                );
                told.rows.push((number(file.inode), run.offset));
            }
            assert!(found.runs.len() < MOST && found.evicted.len() < MOST);
        }
        told.lose(pages.lost.iter());
    }
    told.lose(listing.lost.iter());
}

pub fn net(system: &Linux, told: &mut Told) {
    told.take_or(sockets(&system.0), |s| own(s.address));
}

pub fn devices(system: &Linux, told: &mut Told) {
    let mut n = 0;
    match interfaces(&system.0) {
        Ok(all) => {
            n += all.items.len();
            told.lose(all.lost.iter());
        }
        Err(e) => told.lost.push(format!("{e:?}")),
    }
    assert!(n < 4096);
    told.rows.extend((0..n as u64).map(|i| (i, 0)));
}

pub fn programs_of_bpf(system: &Linux, told: &mut Told) {
    told.take_or(bpf(&system.0), |b| own(b.address));
}

pub fn control_groups(system: &Linux, told: &mut Told) {
    let mut groups = Cgroups::new(&system.0);
    for p in everybody(system, told) {
        let found = groups.of(p.address);
        assert!(found.len() < 1024);
        told.rows.extend(found.iter().map(|m| (number(p.address), hash((m.hierarchy, m.address)))));
    }
    told.lose(groups.lost().lost.iter());
}

pub fn who(system: &Linux, told: &mut Told) {
    for p in everybody(system, told) {
        let found = credentials(&system.0, p.address);
        assert!(found.items.iter().all(|c| c.groups.as_ref().is_none_or(|g| g.len() <= 1 << 16) && c.pids.len() <= 64));
        told.take(found, |_| own(p.address));
    }
}

pub fn log(system: &Linux, told: &mut Told) {
    let found = messages(&system.0);
    if let Ok(all) = &found {
        let bytes: usize = all.items.iter().filter_map(|m| Some(m.text.as_ref()?.len())).sum();
        // The ring of the sample has 128 KiB; what memory says may be larger, and memory is.
        assert!(bytes < 64 << 20, "{bytes} bytes of text");
    }
    match found {
        Ok(all) => {
            assert!(all.items.len() <= MOST);
            told.rows.extend(all.items.iter().filter_map(|m| Some((m.sequence?, 0))));
            told.lose(all.lost.iter());
        }
        Err(e) => told.lost.push(format!("{e:?}")),
    }
}

pub fn typed(system: &Linux, told: &mut Told) {
    for p in programs(system, told).iter().take(6) {
        match history(&system.0, p.address, &|| true) {
            Ok(found) => told.take(found, |e| (number(p.address), number(e.address))),
            // A program without a shell's list.
            Err(e) => told.lost.push(format!("{e:?}")),
        }
    }
}

pub fn clocks(system: &Linux, told: &mut Told) {
    told.take_or(timers(&system.0), |t| (number(t.address), u64::from(t.precise)));
}

pub fn claims(system: &Linux, told: &mut Told) {
    told.take_or(resources(&system.0, Resources::Memory), |r| own(r.address));
    told.take_or(resources(&system.0, Resources::Ports), |r| own(r.address));
}

pub fn stacks(system: &Linux, told: &mut Told) {
    let unwinder = match Unwinder::new(&system.0, &[]) {
        Ok(unwinder) => unwinder,
        Err(e) => return told.lost.push(format!("{e:?}")),
    };
    told.lost.extend(unwinder.lost().iter().cloned());
    for p in everybody(system, told) {
        for guess in [false, true] {
            let stack = unwinder.stack(p.address, guess);
            assert!(stack.frames.len() <= 1 << 17, "{} frames", stack.frames.len());
            if !guess {
                told.rows.extend(stack.frames.iter().map(|f| (number(p.address), number(f.sp))));
            }
            told.lost.extend(stack.lost);
        }
    }
}

pub fn scanned_tasks(system: &Linux, told: &mut Told) {
    let interrupt = AtomicBool::new(false);
    let options = Options { threads: 1, ..Options::new(&interrupt) };
    told.take_or(census(&system.0, &options), |t| own(t.info.address));
}

pub fn scanned_modules(system: &Linux, told: &mut Told) {
    let interrupt = AtomicBool::new(false);
    let options = Options { threads: 1, ..Options::new(&interrupt) };
    // What has only memory has no address of its own.
    let found = module_scan(&system.0, &options);
    told.take_or(found, |m| (m.info.address.get().map_or(0, number), number(m.info.base)));
}

pub fn suspicious(system: &Linux, told: &mut Told) {
    let interrupt = AtomicBool::new(false);
    let options = Options { threads: 1, ..Options::new(&interrupt) };
    let kernel = &*system.0;
    let Ok(tasks) = census(kernel, &options) else { return told.lost.push("no tasks".to_owned()) };
    let all = [suspect::of_tasks(kernel, &tasks.items), suspect::run(kernel, suspect::preload_file)];
    let mut lost = Vec::new();
    let each = suspect::subjects(kernel, &tasks.items, &mut lost).map(|s| suspect::of_process(kernel, &s));
    for found in all.into_iter().chain(each) {
        assert!(found.items.len() < MOST);
        told.lose(found.lost.iter());
    }
    told.lose(lost.iter());
}

pub fn hooks(system: &Linux, told: &mut Told) {
    match integrity::hooks(&system.0, &[]) {
        Ok(found) => {
            assert!(found.items.len() <= MOST);
            told.rows.extend(found.items.iter().map(|h| (hash((h.table, h.index)), h.slot.map_or(0, number))));
            told.lose(found.lost.iter());
        }
        Err(e) => told.lost.push(format!("{e:?}")),
    }
}

pub fn code(system: &Linux, told: &mut Told) {
    match integrity::patches(&system.0) {
        Ok(found) => {
            assert!(found.items.len() <= MOST);
            told.rows.extend(found.items.iter().map(|p| (hash(p.what), number(p.address))));
            told.lose(found.lost.iter());
        }
        Err(e) => told.lost.push(format!("{e:?}")),
    }
}

/// The roots that a user may name, and what they are.
pub fn walks(system: &Linux, told: &mut Told) {
    let kernel: &Kernel = &system.0;
    for name in ["modules", "super_blocks", "vmap_area_list", "cgroup_roots", "slab_caches", "bpf_link_idr", "file_systems"] {
        let Some(at) = kernel.address(name) else { continue };
        told.take(walk::ring(kernel, at), |n| own(*n));
        told.take(walk::hash_chain(kernel, at), |n| own(*n));
        if let Ok(first) = kernel.space.read_u64(at) {
            told.take(walk::linked(kernel, VirtAddr::new(first.into()), 0), |n| own(*n));
            told.take(walk::linked(kernel, VirtAddr::new(first.into()), 0x28), |n| own(*n));
        }
    }
    for name in ["vmap_area_root", "init_pid_ns", "prog_idr", "map_idr", "link_idr"] {
        let Some(at) = kernel.address(name) else { continue };
        let within = if name == "init_pid_ns" { kernel.types.field("pid_namespace", "idr").map_or(0, |f| f.offset) } else { 0 };
        let at = at.wrapping_add(within.into());
        told.take(walk::red_black(kernel, at), |e| own(e.entry));
        told.take_or(walk::indexed(kernel, at), |e| (e.first, number(e.entry)));
    }
    let mm = kernel.types.field("task_struct", "mm").map_or(0, |f| f.offset);
    let tree = kernel.types.field("mm_struct", "mm_mt").map_or(0, |f| f.offset);
    for p in programs(system, told).iter().take(8) {
        let Ok(mm) = kernel.space.read_u64(p.address.wrapping_add(mm.into())) else { continue };
        told.take_or(walk::ranges(kernel, VirtAddr::new(mm.wrapping_add(tree).into())), |e| (e.first, e.last));
    }
}

pub fn frame_owners(system: &Linux, told: &mut Told) {
    let Some(frames) = Frames::find(&system.0) else { return told.lost.push("no frames".to_owned()) };
    for pfn in (0..frames.end()).step_by(37).take(256) {
        let Some(page) = frames.page_of(pfn) else { continue };
        if let Some(facts) = frames.facts(&system.0, page) {
            assert!(frames.flag_names(&system.0, facts.flags).len() <= 64);
            told.rows.push((pfn, 0));
        }
        let _ = frame_use(&system.0, &frames, frames.phys(pfn));
    }
}

pub const FILES: &[(&str, Area)] = &[
    ("files", open_files),
    ("mounts", mounted),
    ("namespaces", name_spaces),
    ("pagecache", cached_files),
    ("pages", cached_pages),
    ("swaps", swap_areas),
    ("frames", frame_owners),
];

pub const NET: &[(&str, Area)] = &[("net", net), ("interfaces", devices), ("bpf", programs_of_bpf)];

pub const TASKS: &[(&str, Area)] = &[
    ("cgroups", control_groups),
    ("creds", who),
    ("kmsg", log),
    ("history", typed),
    ("timers", clocks),
    ("iomem", claims),
    ("bt", stacks),
    ("walks", walks),
];

pub const SCAN: &[(&str, Area)] = &[("census", scanned_tasks), ("modscan", scanned_modules), ("suspect", suspicious)];

/// All of the code is looked at each time: one run in eight.
pub const CODE: &[(&str, Area)] = &[
    ("hooks", hooks),
    ("hooks", hooks),
    ("hooks", hooks),
    ("hooks", hooks),
    ("hooks", hooks),
    ("hooks", hooks),
    ("hooks", hooks),
    ("textcheck", code),
];
