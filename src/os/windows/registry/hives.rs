//! The hives of a system: `_CMHIVE`, of which each is in the list `CmpHiveListHead`.
//!
//! The list's head is known by name, or found in the kernel's image by what it leads to. A search of memory finds hives that are in no
//! list, and those of a kernel whose image is not resident.

use super::cells::{Cells, Key, VOLATILE};
use super::storage::{Blocks, Budget, Form, Storage};
use crate::engine::search::{Options, RunSource};
use crate::engine::{AddressSpace, ViewExt, index, to_u64, to_umem};
use crate::os::lost::Lost;
use crate::os::sweep::words;
use crate::os::windows::base::kernel::{Kernel, container};
use crate::os::windows::base::offsets::{self, Member, Offsets};
use crate::os::windows::base::text::utf16;
use crate::os::windows::base::time::from_filetime;
use crate::os::windows::base::{list, text};
use crate::os::windows::{peb, processes};
use crate::symbols::tables::family;
use memsh_plugin::{PhysAddr, UnixNanos, VirtAddr, umem};
use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

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
/// Keys that are looked at on the way to where hives begin: the hive above all has some hundreds.
const MOST_ABOVE: usize = 1 << 16;
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

    /// Sizes of its storages in bytes, stable and volatile; none where they can't be read.
    pub fn sizes(&self) -> [Option<u32>; 2] {
        self.blocks.storages.map(|s| s.length)
    }
}

/// Whether a `_CMHIVE` lies at `at`.
fn is_hive(space: &AddressSpace, at: VirtAddr) -> bool {
    space.read_u32(at).is_ok_and(|s| s == SIGNATURE)
}

/// What hives look like: as the kernel's types have it, or as those of a build like it do. Of one build there may be several.
#[derive(Clone, Copy)]
struct Shape {
    hive: offsets::Hive,
    head: offsets::HiveHead,
    /// Where the links lie in a hive.
    links: Member,
}

impl Shape {
    fn of(offsets: &Offsets) -> Option<Self> {
        Some(Self { hive: offsets.hive, head: offsets.hive_head, links: offsets.hive.links? })
    }

    /// Those of the builds around, the nearest first.
    fn others(kernel: &Kernel) -> Vec<Self> {
        let Some(family) = family(if kernel.wide() { "windows-x64" } else { "windows-x86" }) else { return Vec::new() };
        let mut tables = family.tables();
        let build = |release: &str| release.split('.').nth(2).and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
        tables.sort_by_key(|t| build(&t.facts.release).abs_diff(kernel.build.number));
        let types = tables.iter().filter_map(|t| t.read(String::new()).ok());
        let mut out: Vec<Self> = Vec::new();
        for shape in types.filter_map(|types| Self::of(&Offsets::of(&types))) {
            if !out.iter().any(|s| s.links == shape.links && s.head.storage == shape.head.storage) {
                out.push(shape);
            }
        }
        out
    }

    /// Where the two storages lie in a hive. They are all that a `_HHIVE` has from `Storage` on.
    fn storages(&self) -> Option<[umem; 2]> {
        let first = self.head.storage?.offset;
        Some([first, first + self.head.bytes?.checked_sub(first)? / 2])
    }
}

/// Where the kernel's image has two pointers out of it of which the first leads to one that points back: heads of lists, and their first
/// nodes.
fn heads_in_image(kernel: &Kernel) -> Vec<(VirtAddr, VirtAddr)> {
    let reader = kernel.reader();
    let width = reader.width();
    let outside = |word: u64| {
        let at = VirtAddr::new(umem::from(word));
        (reader.plausible(at) && !kernel.image.holds(at)).then_some(at)
    };
    let mut page = [0u8; 4096];
    let mut out = Vec::new();
    // The word before, where it may be the first of a pair.
    let mut first = None;
    for number in 0..kernel.image.size.min(IMAGE) / PAGE {
        let mut here = kernel.image.base.wrapping_add(number * PAGE);
        if kernel.space.read_exact(here, &mut page).is_err() {
            first = None;
            continue;
        }
        let words: Vec<u64> = match width {
            8 => page.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect(),
            _ => page.as_chunks::<4>().0.iter().map(|b| u64::from(u32::from_le_bytes(*b))).collect(),
        };
        for word in words {
            let word = outside(word);
            let head = here.wrapping_sub(width);
            if let (Some(next), Some(_)) = (std::mem::replace(&mut first, word), word)
                && reader.ptr(next.wrapping_add(width)) == Some(head)
            {
                out.push((head, next));
            }
            here = here.wrapping_add(width);
        }
    }
    out
}

/// The list's head, and the shape of hives by which it leads to one.
fn head_of(kernel: &Kernel) -> Option<(VirtAddr, Shape)> {
    let leads = |first: VirtAddr, shape: &Shape| is_hive(&kernel.space, container(first, shape.links));
    let own = Shape::of(&kernel.offsets)?;
    let named = kernel.address("CmpHiveListHead").and_then(|head| Some((head, kernel.reader().ptr(head)?)));
    if let Some((head, _)) = named.filter(|(_, first)| leads(*first, &own)) {
        return Some((head, own));
    }
    let mut heads = heads_in_image(kernel);
    heads.extend(named);
    if let Some((head, _)) = heads.iter().find(|(_, first)| leads(*first, &own)) {
        return Some((*head, own));
    }
    // A hive whose links lie elsewhere: as another build has them.
    let others = OnceCell::new();
    heads.iter().find_map(|(head, first)| {
        let links = links_in_hive(kernel, *first)?;
        let others: &Vec<Shape> = others.get_or_init(|| Shape::others(kernel));
        others.iter().find(|shape| shape.links.offset == links).map(|shape| (*head, *shape))
    })
}

/// How far behind the beginning of a hive this node lies, if it is in one.
fn links_in_hive(kernel: &Kernel, node: VirtAddr) -> Option<umem> {
    let mut before = [0u8; 4096];
    let from = node.value().checked_sub(PAGE).map(VirtAddr::new)?;
    kernel.space.read_gaps(from, &mut before);
    let words = before.as_chunks::<4>().0;
    let at = words.iter().rev().position(|w| u32::from_le_bytes(*w) == SIGNATURE)?;
    Some(to_umem(4 * (at + 1)))
}

/// The hives in the list.
fn listed(kernel: &Kernel, head: VirtAddr, shape: &Shape, lost: &mut Lost) -> Vec<VirtAddr> {
    let is_one = |node| is_hive(&kernel.space, container(node, shape.links));
    let nodes = list::nodes_of(&kernel.reader(), head, "CmpHiveListHead", lost, &is_one);
    let (good, bad): (Vec<_>, Vec<_>) = nodes.into_iter().partition(|node| is_one(*node));
    for node in bad {
        lost.push(format!("CmpHiveListHead: what is linked at {node} is no hive"));
    }
    good.into_iter().map(|node| container(node, shape.links)).collect()
}

/// Hives anywhere in memory, by the look of their heads.
fn sweep(kernel: &Kernel, shape: &Shape, options: &Options<'_>, lost: &mut Lost) -> Vec<VirtAddr> {
    let source = RunSource::data(kernel.space.memory());
    let wanted = |word: u64| word & 0xffff_ffff == u64::from(SIGNATURE);
    let swept = words(&source, 8, 0, options, |_, word| wanted(word));
    if swept.cut {
        lost.push("the search of memory for hives was cut short");
    }
    swept.at.into_iter().filter_map(|at| locate(kernel, shape, PhysAddr::new(at))).collect()
}

/// The address of the `_CMHIVE` at `phys`, as it tells itself: a small storage has its directory in the hive, and the next in the list
/// points back to it. Taken only where the page tables map that address to this very place.
fn locate(kernel: &Kernel, shape: &Shape, phys: PhysAddr) -> Option<VirtAddr> {
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
    let in_storages = shape.storages().into_iter().flatten();
    let by_storage = |storage: umem| Some(pointer(storage + reader.width())?.wrapping_sub(storage + 2 * reader.width()));
    in_storages.filter_map(by_storage).find(|at| is_here(at)).or_else(|| {
        let next = pointer(shape.links.offset)?;
        reader.ptr(next.wrapping_add(reader.width())).map(|own| container(own, shape.links)).filter(is_here)
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
    let found = head_of(kernel);
    let Some(shape) = found.map(|(_, shape)| shape).or(Shape::of(&kernel.offsets)) else {
        lost.push("what a hive looks like in this Windows is not known");
        return Vec::new();
    };
    let list = found.map(|(head, shape)| listed(kernel, head, &shape, lost));
    if list.is_none() && options.is_none() {
        lost.push("the list of hives was not found in the kernel's image; a search of memory may find them");
    }
    let mut all: Vec<(VirtAddr, Option<bool>)> = list.iter().flatten().map(|at| (*at, Some(true))).collect();
    if let Some(options) = options {
        let mut known: HashSet<VirtAddr> = all.iter().map(|h| h.0).collect();
        for at in sweep(kernel, &shape, options, lost) {
            if known.insert(at) {
                all.push((at, list.is_some().then_some(false)));
            }
        }
    }
    if all.len() > MOST {
        lost.push(format!("{} hives were found; {MOST} of them are listed", all.len()));
        all.truncate(MOST);
    }
    let space = registry_process(kernel, lost).unwrap_or_else(|| kernel.space.clone());
    let storages: Vec<[Storage; 2]> = all.iter().map(|(at, _)| storages_of(kernel, &shape, *at)).collect();
    let forms = Form::all(kernel);
    let budget = Arc::new(Budget::default());
    let blocks = |form, storages| Blocks::new(space.clone(), form, storages, Arc::clone(&budget));
    let proven = |form: &&Form| storages.iter().any(|s| blocks(**form, *s).proves());
    let Some(form) = forms.iter().find(proven).or(forms.first()).copied() else { return Vec::new() };
    let open = |((at, listed), storages): (&(VirtAddr, Option<bool>), [Storage; 2])| {
        hive(kernel, &shape, &space, (*at, *listed), blocks(form, storages))
    };
    let mut hives: Vec<Hive> = all.iter().zip(storages).map(open).collect();
    mount(kernel.wide(), &mut hives, lost);
    hives
}

fn storages_of(kernel: &Kernel, shape: &Shape, at: VirtAddr) -> [Storage; 2] {
    let width = kernel.reader().width();
    let read = |offset| Storage::read(&kernel.space, at.wrapping_add(offset), width);
    shape.storages().map(|offsets| offsets.map(read)).unwrap_or_default()
}

fn hive(kernel: &Kernel, shape: &Shape, space: &AddressSpace, (at, listed): (VirtAddr, Option<bool>), blocks: Blocks) -> Hive {
    let (o, reader) = (&shape.hive, kernel.reader());
    let path_of = |member| reader.unicode_at(at, member).filter(|p| !p.is_empty());
    let base = reader.ptr_at(at, shape.head.base_block).filter(|base| {
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
    let is_root = |cell: &u32| cells.key(*cell).is_some_and(|k| k.begins_hive());
    let root = told.or_else(|| [FIRST_CELL, FIRST_CELL | VOLATILE].into_iter().find(is_root));
    Hive {
        address: at,
        path: path_of(o.root_path),
        file: path_of(o.user_name).or_else(|| path_of(o.full_path)).or_else(end_of_name),
        written: written.and_then(from_filetime),
        listed,
        root: root.unwrap_or(FIRST_CELL),
        blocks,
    }
}

/// Gives paths to hives that do not say their own. The hive above all has a key for each at which it begins, with a pointer to it. Where
/// that can't be read, files of the system are told by their names.
fn mount(wide: bool, hives: &mut [Hive], lost: &mut Lost) {
    let is_top = |h: &&Hive| h.root_key().is_some_and(|k| k.name.eq_ignore_ascii_case("REGISTRY"));
    let mut found = Vec::new();
    if let Some(top) = hives.iter().find(is_top) {
        found.push((top.address, "\\REGISTRY".to_owned()));
        let mut open: Vec<(Key, String, u8)> = top.root_key().map(|k| (k, "\\REGISTRY".to_owned(), 0)).into_iter().collect();
        // A key may lead back to one above it.
        let mut seen: HashSet<u32> = HashSet::from([top.root]);
        let mut left = MOST_ABOVE;
        'walk: while let Some((key, path, depth)) = open.pop() {
            for child in top.cells().subkeys(&key).all.into_iter().filter_map(|e| e.found) {
                if left == 0 {
                    lost.push(format!("{}: more than {MOST_ABOVE} keys; hives may be left without their paths", top.name()));
                    break 'walk;
                }
                left -= 1;
                if !seen.insert(child.cell) {
                    continue;
                }
                let path = format!("{path}\\{}", child.name);
                if child.leaves_hive() {
                    let at = referred(wide, &child.reference, hives);
                    found.extend(at.map(|at| (at, path)));
                } else if depth < DEEPEST {
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
