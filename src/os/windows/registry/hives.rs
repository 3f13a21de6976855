//! The hives of a system: `_CMHIVE`, of which each is in the list `CmpHiveListHead`.
//!
//! The list's head is known by name, or found in the kernel's image by what it leads to. A search of memory finds hives that are in no
//! list, and those of a kernel whose image is not resident.

use super::cells::{Cells, Key, VOLATILE};
use super::storage::{Blocks, Form, Storage};
use crate::engine::search::{Options, RunSource};
use crate::engine::{AddressSpace, ViewExt, index, to_u64};
use crate::os::lost::Lost;
use crate::os::sweep::words;
use crate::os::windows::base::kernel::{Kernel, container};
use crate::os::windows::base::text::utf16;
use crate::os::windows::base::time::from_filetime;
use crate::os::windows::base::{list, text};
use crate::os::windows::{peb, processes};
use memsh_plugin::{PhysAddr, UnixNanos, VirtAddr, umem};
use std::collections::HashSet;

/// `HHIVE_SIGNATURE` (hivedata.h).
const SIGNATURE: u32 = 0xbee0_bee0;
/// Since Windows 10 1803 bins are in a process of their own.
const REGISTRY_PROCESS: u32 = 17134;
/// Hives that are listed; a session has some tens.
const MOST: usize = 4096;
/// `_HBASE_BLOCK`, the first page of a hive's file: signature, time, index of the root's cell, the end of the file's name.
const BASE_BLOCK: &[u8; 4] = b"regf";
const BASE_TIME: u32 = 0xc;
const BASE_ROOT: u32 = 0x24;
const BASE_NAME: u32 = 0x30;
const BASE_NAME_BYTES: usize = 64;
/// Where the first bin's first cell lies, which is the root's unless the base block says otherwise.
const FIRST_CELL: u32 = 0x20;
/// Levels of the registry above which hives begin.
const DEEPEST: u8 = 6;
const PAGE: umem = 4096;
/// Bytes of the kernel's image that are looked through for the list's head.
const IMAGE: umem = 64 << 20;

/// A hive.
pub struct Hive {
    /// Its `_CMHIVE`.
    pub address: VirtAddr,
    /// Where it is in the registry (`\REGISTRY\MACHINE\SYSTEM`), where that is told anywhere.
    pub path: Option<String>,
    /// Its file, as whoever loaded it named it, or the end of that name; none of one that is in no file.
    pub file: Option<String>,
    /// When it was last written to its file.
    pub written: Option<UnixNanos>,
    /// Whether the kernel's list has it; none where there is no list.
    pub listed: Option<bool>,
    /// Index of its root's cell.
    pub root: u32,
    /// Where its cells lie.
    pub blocks: Blocks,
}

impl Hive {
    /// Its cells.
    pub fn cells(&self) -> Cells<'_, Blocks> {
        Cells(&self.blocks)
    }

    /// Its root.
    pub fn root_key(&self) -> Option<Key> {
        self.cells().key(self.root)
    }

    /// What to call it: its path, else its file, else its address.
    pub fn name(&self) -> String {
        self.path.clone().or_else(|| self.file.clone()).unwrap_or_else(|| format!("the hive at {}", self.address))
    }

    /// Sizes of its storages in bytes, stable and volatile.
    pub fn sizes(&self) -> [u32; 2] {
        self.blocks.storages.map(|s| s.length)
    }
}

/// Whether a `_CMHIVE` lies at `at`.
fn is_hive(space: &AddressSpace, at: VirtAddr) -> bool {
    space.read_u32(at).is_ok_and(|s| s == SIGNATURE)
}

/// The list's head in the kernel's image: the only pair of words there that hives are linked to.
fn head_in_image(kernel: &Kernel) -> Option<VirtAddr> {
    let links = kernel.offsets.hive.links?;
    let reader = kernel.reader();
    let width = index(reader.width())?;
    let mut page = [0u8; 4096];
    let pages = kernel.image.size.min(IMAGE) / 4096;
    for number in 0..pages {
        let here = kernel.image.base.wrapping_add(number * 4096);
        if kernel.space.read_exact(here, &mut page).is_err() {
            continue;
        }
        for (i, pair) in page.windows(2 * width).step_by(width).enumerate() {
            let word = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
            let (Some(next), Some(last)) = (pair.get(..width).map(word), pair.get(width..).map(word)) else { continue };
            let [next, last] = [next, last].map(|w| VirtAddr::new(umem::from(w)));
            if !reader.plausible(next) || !reader.plausible(last) || kernel.image.holds(next) || kernel.image.holds(last) {
                continue;
            }
            let head = here.wrapping_add(crate::engine::to_umem(i * width));
            let back = reader.ptr(next.wrapping_add(reader.width())) == Some(head);
            if back && is_hive(&kernel.space, container(next, links)) {
                return Some(head);
            }
        }
    }
    None
}

/// The hives in the list, or none where there is no list.
fn listed(kernel: &Kernel, lost: &mut Lost) -> Option<Vec<VirtAddr>> {
    let links = kernel.offsets.hive.links?;
    let reader = kernel.reader();
    let is_one = |node| is_hive(&kernel.space, container(node, links));
    let walk = |head: VirtAddr, lost: &mut Lost| -> Vec<VirtAddr> {
        let nodes = list::nodes_of(&reader, head, "CmpHiveListHead", lost, &is_one);
        nodes.into_iter().map(|node| container(node, links)).collect()
    };
    let mut torn = Lost::default();
    if let Some(head) = kernel.address("CmpHiveListHead") {
        let found = walk(head, &mut torn);
        if !found.is_empty() {
            lost.extend(torn);
            return Some(found);
        }
    }
    let Some(head) = head_in_image(kernel) else {
        lost.extend(torn);
        return None;
    };
    Some(walk(head, lost))
}

/// Hives anywhere in memory, by the look of their heads.
fn sweep(kernel: &Kernel, options: &Options<'_>, lost: &mut Lost) -> Vec<VirtAddr> {
    let source = RunSource::physical(kernel.space.memory());
    let wanted = |word: u64| word & 0xffff_ffff == u64::from(SIGNATURE);
    let swept = words(&source, 8, 0, options, |_, word| wanted(word));
    if swept.cut {
        lost.push("the search of memory for hives was cut short");
    }
    swept.at.into_iter().filter_map(|at| locate(kernel, PhysAddr::new(at))).collect()
}

/// The address of the `_CMHIVE` at `phys`, as it tells itself: a small storage has its directory in the hive, and the next in the list
/// points back to it. Taken only where the page tables map that address to this very place.
fn locate(kernel: &Kernel, phys: PhysAddr) -> Option<VirtAddr> {
    let reader = kernel.reader();
    let pointer = |offset: umem| {
        let mut bytes = [0u8; 8];
        let at = phys.checked_add(offset)?;
        // The next page may be in any frame.
        if at.value() / PAGE != phys.value() / PAGE {
            return None;
        }
        kernel.space.memory().read(at, bytes.get_mut(..index(reader.width())?)?).ok()?;
        Some(VirtAddr::new(umem::from(u64::from_le_bytes(bytes)))).filter(|p| reader.plausible(*p))
    };
    let is_here = |at: &VirtAddr| reader.plausible(*at) && kernel.space.translate_one(*at).is_ok_and(|t| t.phys == phys);
    let in_storages = storages_at(kernel).into_iter().flatten();
    let by_storage = |storage: umem| Some(pointer(storage + reader.width())?.wrapping_sub(storage + 2 * reader.width()));
    in_storages.filter_map(by_storage).find(|at| is_here(at)).or_else(|| {
        let links = kernel.offsets.hive.links?;
        let next = pointer(links.offset)?;
        reader.ptr(next.wrapping_add(reader.width())).map(|own| container(own, links)).filter(is_here)
    })
}

/// The space of the process that has the bins: of Windows 10 1803 and later.
fn registry_process(kernel: &Kernel, lost: &mut Lost) -> Option<AddressSpace> {
    if kernel.build.number < REGISTRY_PROCESS {
        return None;
    }
    let all = processes::addresses(kernel, &mut Lost::default());
    let named = |at: &VirtAddr| processes::short_name(kernel, *at).as_bytes() == b"Registry";
    // A program may have that name, too; this one has none.
    let minimal = |at: &VirtAddr| kernel.reader().word_at(*at, kernel.offsets.process.peb) == Some(0);
    let found = all.into_iter().filter(named).find(minimal).and_then(|at| peb::space(kernel, at));
    if found.is_none() {
        lost.push("there is no process Registry, which has what hives hold");
    }
    found
}

/// Every hive in the list, and with `options` those that a search of memory finds.
pub(super) fn hives(kernel: &Kernel, options: Option<&Options<'_>>, lost: &mut Lost) -> Vec<Hive> {
    if kernel.offsets.hive.links.is_none() || kernel.offsets.hive_head.storage.is_none() {
        lost.push("what a hive looks like in this Windows is not known");
        return Vec::new();
    }
    let listed = listed(kernel, lost);
    if listed.is_none() && options.is_none() {
        lost.push("the list of hives was not found in the kernel's image; a search of memory may find them");
    }
    let mut all: Vec<(VirtAddr, Option<bool>)> = listed.iter().flatten().map(|at| (*at, Some(true))).collect();
    if let Some(options) = options {
        let mut known: HashSet<VirtAddr> = all.iter().map(|h| h.0).collect();
        for at in sweep(kernel, options, lost) {
            if known.insert(at) {
                all.push((at, listed.is_some().then_some(false)));
            }
        }
    }
    all.truncate(MOST);
    let space = registry_process(kernel, lost).unwrap_or_else(|| kernel.space.clone());
    let storages: Vec<[Storage; 2]> = all.iter().map(|(at, _)| storages_of(kernel, *at)).collect();
    let forms = Form::all(kernel);
    let proven = |form: &&Form| storages.iter().any(|s| Blocks::new(space.clone(), **form, *s).proves());
    let Some(form) = forms.iter().find(proven).or(forms.first()).copied() else { return Vec::new() };
    let open = |((at, listed), storages): (&(VirtAddr, Option<bool>), [Storage; 2])| {
        let blocks = Blocks::new(space.clone(), form, storages);
        hive(kernel, &space, *at, *listed, blocks)
    };
    let mut hives: Vec<Hive> = all.iter().zip(storages).map(open).collect();
    mount(kernel.wide(), &mut hives);
    hives
}

/// Where the two storages lie in a hive. They are all that a `_HHIVE` has from `Storage` on.
fn storages_at(kernel: &Kernel) -> Option<[umem; 2]> {
    let o = &kernel.offsets.hive_head;
    let first = o.storage?.offset;
    Some([first, first + o.bytes?.checked_sub(first)? / 2])
}

fn storages_of(kernel: &Kernel, at: VirtAddr) -> [Storage; 2] {
    let width = kernel.reader().width();
    let read = |offset| Storage::read(&kernel.space, at.wrapping_add(offset), width);
    storages_at(kernel).map(|offsets| offsets.map(read)).unwrap_or_default()
}

fn hive(kernel: &Kernel, space: &AddressSpace, at: VirtAddr, listed: Option<bool>, blocks: Blocks) -> Hive {
    let (o, reader) = (&kernel.offsets.hive, kernel.reader());
    let path_of = |member| reader.unicode_at(at, member).filter(|p| !p.is_empty());
    let base = reader.ptr_at(at, kernel.offsets.hive_head.base_block).filter(|base| {
        let mut head = [0; 4];
        space.read_exact(*base, &mut head).is_ok() && &head == BASE_BLOCK
    });
    let told = base.and_then(|base| space.read_u32(base.wrapping_add(umem::from(BASE_ROOT))).ok());
    let written = base.and_then(|base| space.read_u64(base.wrapping_add(umem::from(BASE_TIME))).ok());
    let end_of_name = || {
        let name = utf16(space, base?.wrapping_add(umem::from(BASE_NAME)), BASE_NAME_BYTES)?;
        name.split('\0').next().filter(|n| !n.is_empty()).map(str::to_owned)
    };
    let cells = Cells(&blocks);
    let fits = |cell: &u32| cells.key(*cell).is_some();
    let root = told.filter(fits).or_else(|| [FIRST_CELL, FIRST_CELL | VOLATILE].into_iter().find(fits));
    Hive {
        address: at,
        path: path_of(o.root_path),
        file: path_of(o.user_name).or_else(|| path_of(o.full_path)).or_else(end_of_name),
        written: written.and_then(from_filetime),
        listed,
        root: root.or(told).unwrap_or(FIRST_CELL),
        blocks,
    }
}

/// Gives paths to hives that do not say their own. The hive above all has a key for each at which it begins, with a pointer to it. Where
/// that can't be read, files of the system are told by their names.
fn mount(wide: bool, hives: &mut [Hive]) {
    let is_top = |h: &&Hive| h.root_key().is_some_and(|k| k.name.eq_ignore_ascii_case("REGISTRY"));
    let mut found = Vec::new();
    if let Some(top) = hives.iter().find(is_top) {
        found.push((top.address, "\\REGISTRY".to_owned()));
        let mut open: Vec<(Key, String, u8)> = top.root_key().map(|k| (k, "\\REGISTRY".to_owned(), 0)).into_iter().collect();
        while let Some((key, path, depth)) = open.pop() {
            for child in top.cells().subkeys(&key).all.into_iter().filter_map(|e| e.found) {
                let path = format!("{path}\\{}", child.name);
                if child.leaves_hive() {
                    let at = referred(wide, &child.reference, hives);
                    found.extend(at.map(|at| (at, path)));
                } else if depth < DEEPEST && open.len() < MOST {
                    open.push((child, path, depth + 1));
                }
            }
        }
    }
    for hive in hives.iter_mut().filter(|h| h.path.is_none()) {
        let linked = found.iter().find(|(at, _)| *at == hive.address).map(|(_, path)| path.clone());
        hive.path = linked.or_else(|| hive.file.as_deref().and_then(path_of_file));
    }
}

/// The hive that a key refers to (`_CM_KEY_REFERENCE`): behind the index of a cell, where compilers may have left four bytes between.
fn referred(wide: bool, reference: &[u8; 16], hives: &[Hive]) -> Option<VirtAddr> {
    let pointer = |at: usize| {
        let bytes = reference.get(at..)?;
        let word = match wide {
            true => u64::from_le_bytes(*bytes.first_chunk()?),
            false => u64::from(u32::from_le_bytes(*bytes.first_chunk()?)),
        };
        hives.iter().map(|h| h.address).find(|a| to_u64(a.value()) == Some(word))
    };
    pointer(4).or_else(|| pointer(8))
}

/// Where the hive of a file of the system begins.
fn path_of_file(file: &str) -> Option<String> {
    let lower = file.to_lowercase();
    let name = text::base_name(&lower);
    let config = lower.contains("\\config\\");
    Some(match name {
        "system" | "software" | "sam" | "security" | "components" if config => {
            format!("\\REGISTRY\\MACHINE\\{}", name.to_uppercase())
        }
        "default" if config => "\\REGISTRY\\USER\\.DEFAULT".to_owned(),
        _ => return None,
    })
}
