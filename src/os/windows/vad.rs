//! A process's address space: its tree of virtual address descriptors.

use super::base::kernel::{Kernel, Reader};
use super::base::offsets::Member;
use crate::engine::ViewExt;
use crate::os::lost::Lost;
use memsh_plugin::*;
use std::collections::HashSet;

/// No process has more descriptors.
const MOST: usize = 1 << 20;
/// Windows 8.1: trees are of `_RTL_BALANCED_NODE`s.
const BALANCED: u32 = 9600;
/// Windows 8: trees are of `_MM_AVL_NODE`s.
const AVL: u32 = 9200;

/// What a page may be used for: `MMVAD_FLAGS.Protection`, an index into `MmProtectToValue`. The upper bits make it a guard page, or
/// not cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection(pub u8);

impl Protection {
    /// Whether it may be read, written and executed.
    pub const fn allows(self) -> (bool, bool, bool) {
        match self.0 & 7 {
            1 => (true, false, false),
            2 => (false, false, true),
            3 => (true, false, true),
            4 | 5 => (true, true, false),
            6 | 7 => (true, true, true),
            _ => (false, false, false),
        }
    }

    /// As `VirtualProtect` names it, without `PAGE_`. `_MMVAD_FLAGS.Protection` has what a page may be in its lower three bits, and what it
    /// is beyond that above them (`MM_GUARD_PAGE`, `MM_NOCACHE`).
    pub const fn name(self) -> &'static str {
        match self.0 & 7 {
            1 => "READONLY",
            2 => "EXECUTE",
            3 => "EXECUTE_READ",
            4 => "READWRITE",
            5 => "WRITECOPY",
            6 => "EXECUTE_READWRITE",
            7 => "EXECUTE_WRITECOPY",
            _ => "NOACCESS",
        }
    }

    /// The name with what the upper bits add to it.
    pub fn words(self) -> String {
        let more = match self.0 >> 3 & 3 {
            1 => "|NOCACHE",
            2 if self.0 & 7 != 0 => "|GUARD",
            3 if self.0 & 7 != 0 => "|WRITECOMBINE",
            _ => "",
        };
        format!("{}{more}", self.name())
    }
}

/// A descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vad {
    /// Its own address.
    pub address: VirtAddr,
    /// First address, and first after it.
    pub start: VirtAddr,
    /// See `start`.
    pub end: VirtAddr,
    /// What may be done there, where the flags can be read.
    pub protection: Option<Protection>,
    /// Whether it is the process's own memory, and not part of a section.
    pub private: bool,
    /// Whether it is a program file, mapped as such.
    pub image: bool,
    /// The file, as its file object names it.
    pub file: Option<String>,
    /// `VadType`, where the flags have it: 1 a device's memory, 2 a program file, 3 pages by hand (AWE), 5 large pages, ...
    pub kind: Option<u64>,
    /// Whether all of it was committed at once, where the flags tell.
    pub committed: Option<bool>,
    /// Bytes that are charged for it, where that is counted.
    pub commit: Option<umem>,
    /// Its prototype entries, where it has some.
    pub prototypes: Option<Prototypes>,
}

/// Where a descriptor has its prototype entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prototypes {
    /// The first.
    pub first: VirtAddr,
    /// The last that follows the first without a gap.
    pub last: VirtAddr,
    /// The `_SUBSECTION` that the first belongs to.
    pub subsection: Option<VirtAddr>,
}

/// How much of a descriptor is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All but the file's name.
    Plain,
    /// All.
    Names,
}

impl Vad {
    /// What it is, in a word: `image`, `private`, `file`, `section`.
    pub fn kind(&self) -> &'static str {
        match self {
            v if v.image => "image",
            v if v.private => "private",
            v if v.file.is_some() => "file",
            _ => "section",
        }
    }
}

/// Where a node has its children, and the node above it (with bits for the balance in the lowest two).
struct Shape {
    left: umem,
    right: umem,
    parent: umem,
}

/// Where the root's address lies in the process, and how nodes are made.
fn shape(kernel: &Kernel, process: VirtAddr) -> Option<(VirtAddr, Shape)> {
    let (o, width) = (&kernel.offsets, kernel.reader().width());
    let tree = process.wrapping_add(o.process.vad_root?.offset);
    if kernel.build.number >= BALANCED {
        return Some((tree, Shape { left: 0, right: width, parent: 2 * width }));
    }
    if kernel.build.number >= AVL {
        // The tree is the right child of a node in the process.
        return Some((tree.wrapping_add(2 * width), Shape { left: width, right: 2 * width, parent: 0 }));
    }
    if let (Some(left), Some(right)) = (o.address_node.left, o.address_node.right) {
        return Some((tree.wrapping_add(right.offset), Shape { left: left.offset, right: right.offset, parent: 0 }));
    }
    Some((tree, Shape { left: o.vad.left?.offset, right: o.vad.right?.offset, parent: o.vad.parent?.offset }))
}

/// All descriptors of a process that can be read, ascending, without the names of files.
pub fn descriptors(kernel: &Kernel, process: VirtAddr) -> Vec<Vad> {
    list(kernel, process, 0, Detail::Plain, &mut Lost::default())
}

/// All descriptors of a process, ascending.
pub(crate) fn list(kernel: &Kernel, process: VirtAddr, pid: u32, detail: Detail, lost: &mut Lost) -> Vec<Vad> {
    let reader = kernel.reader();
    let Some((root, shape)) = shape(kernel, process) else {
        lost.push(format!("process {pid}: its tree of VADs is not known for this build"));
        return Vec::new();
    };
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    let mut open: Vec<VirtAddr> = reader.ptr(root).into_iter().filter(|p| !p.is_null()).collect();
    while let Some(at) = open.pop() {
        if !reader.plausible(at) || !seen.insert(at) || seen.len() > MOST {
            lost.push(format!("process {pid}: its tree of VADs leads to {at}, which is no node of it"));
            continue;
        }
        let children = [shape.left, shape.right].map(|o| reader.ptr(at.wrapping_add(o)));
        let mut children: Vec<VirtAddr> = children.into_iter().flatten().filter(|p| !p.is_null()).collect();
        match vad(kernel, &reader, at, detail) {
            Some(vad) if vad.start < vad.end => out.push(vad),
            _ => {
                lost.push(format!("process {pid}: the VAD at {at} can't be read or makes no sense"));
                // What lies below it counts only where it points back.
                children.retain(|c| reader.ptr(c.wrapping_add(shape.parent)).is_some_and(|p| p.value() & !3 == at.value()));
            }
        }
        open.extend(children);
    }
    out.sort_by_key(|v| v.start);
    out
}

/// The descriptor at `at`.
fn vad(kernel: &Kernel, reader: &Reader<'_>, at: VirtAddr, detail: Detail) -> Option<Vad> {
    let o = &kernel.offsets;
    let (first, last) = (o.vad.first?, o.vad.last?);
    // Since Windows 8 they have 32 bits, since 8.1 with a byte more each.
    let narrow = last.offset.abs_diff(first.offset) == 4;
    let number = |member: Member, high: Option<Member>| -> Option<umem> {
        let low = match narrow {
            true => umem::from(reader.u32_at(at, Some(member))?),
            false => reader.word_at(at, Some(member))?,
        };
        Some(low | umem::from(high.map_or(Some(0), |h| reader.u8_at(at, Some(h)))?) << 32)
    };
    let start = number(first, o.vad.first_high)?.checked_mul(0x1000)?;
    let end = number(last, o.vad.last_high)?.checked_add(1)?.checked_mul(0x1000)?;
    let flags = at.wrapping_add(o.vad.flags?.offset);
    let protection = reader.bits_at(flags, o.vad_flags.protection).and_then(|p| u8::try_from(p).ok()).map(Protection);
    let private = reader.bits_at(flags, o.vad_flags.private).unwrap_or(0) == 1;
    // `VadImageMap`.
    let kind = reader.bits_at(flags, o.vad_flags.kind);
    let image = kind == Some(2) || reader.bits_at(flags, o.vad_flags.image) == Some(1);
    let file = if private || detail == Detail::Plain { None } else { file(kernel, reader, at) };
    let (committed, commit) = commit(kernel, reader, at, private);
    let (start, end) = (VirtAddr::new(start), VirtAddr::new(end));
    let prototypes = if private { None } else { prototypes(kernel, reader, at, kind) };
    Some(Vad { address: at, start, end, protection, private, image, file, kind, committed, commit, prototypes })
}

/// Whether all of it was committed at once, and the bytes that are charged for it.
fn commit(kernel: &Kernel, reader: &Reader<'_>, at: VirtAddr, private: bool) -> (Option<bool>, Option<umem>) {
    let o = &kernel.offsets;
    let flags = o.vad.flags.map(|f| at.wrapping_add(f.offset));
    let bytes = |pages: u64, none: u64| (pages != none).then(|| umem::from(pages).checked_mul(0x1000))?;
    if kernel.build.number < AVL {
        let in_flags = |member| reader.bits_at(flags?, member);
        // All bits set: nothing is charged (`MM_MAX_COMMIT`).
        let none = o.vad_flags.commit.and_then(|c| c.bits).map_or(0, |(_, width)| (1u64 << width.min(63)) - 1);
        let committed = in_flags(o.vad_flags.committed).map(|b| b == 1);
        return (committed, in_flags(o.vad_flags.commit).and_then(|pages| bytes(pages, none)));
    }
    let high = u64::from(reader.u8_at(at, o.vad.commit_high).unwrap_or(0));
    if let Some(low) = reader.u32_at(at, o.vad.commit) {
        // Windows 11 24H2: `MM_PRIVATE_VAD_FLAGS.MemCommit`, bit 25 of the flags, of private memory only.
        let word = flags.and_then(|f| reader.view().read_u32(f).ok()).filter(|_| private);
        return (word.map(|w| w >> 25 & 1 == 1), bytes(high << 32 | u64::from(low), u64::MAX >> 24));
    }
    // `_MMVAD_FLAGS1`, the same since Windows 8: the charge in bits 30:0, `MemCommit` above it.
    let Some(word) = reader.u32_at(at, o.vad.flags1) else { return (None, None) };
    (Some(word >> 31 == 1), bytes(high << 31 | u64::from(word & 0x7fff_ffff), u64::MAX >> 25))
}

/// Where its prototype entries lie. Memory of a device, and pages that the process maps by hand, have none.
fn prototypes(kernel: &Kernel, reader: &Reader<'_>, at: VirtAddr, kind: Option<u64>) -> Option<Prototypes> {
    let o = &kernel.offsets;
    if matches!(kind, Some(1 | 3 | 6)) {
        return None;
    }
    let first = reader.ptr_at(at, o.long_vad.prototypes).filter(|&p| reader.plausible(p))?;
    let last = reader.ptr_at(at, o.long_vad.last_prototype).filter(|&p| p >= first).unwrap_or(first);
    let subsection = match o.long_vad.subsection {
        Some(_) => reader.ptr_at(at, o.long_vad.subsection),
        // Before Windows Vista: the first one follows the control area.
        None => reader.ptr_at(at, o.long_vad.control_area).and_then(|area| area.checked_add(o.control_area.bytes?)),
    };
    Some(Prototypes { first, last, subsection: subsection.filter(|&s| reader.plausible(s)) })
}

/// Name of the file that a section maps.
fn file(kernel: &Kernel, reader: &Reader<'_>, at: VirtAddr) -> Option<String> {
    let o = &kernel.offsets;
    let area = match reader.ptr_at(at, o.long_vad.subsection) {
        Some(subsection) => reader.ptr_at(subsection, o.subsection.control_area)?,
        None => reader.ptr_at(at, o.long_vad.control_area)?,
    };
    // Since Vista it counts references in its lowest bits; before, they are zero.
    let file = reader.fast_ref_at(area, o.control_area.file)?;
    reader.unicode_at(file, o.file.name).filter(|name| !name.is_empty())
}

/// The descriptors as regions.
pub(crate) fn regions(kernel: &Kernel, process: VirtAddr, pid: u32, lost: &mut Lost) -> Vec<RegionInfo> {
    let region = |v: Vad| {
        let (read, write, execute) = v.protection.map_or((false, false, false), Protection::allows);
        RegionInfo {
            start: v.start,
            end: v.end,
            read,
            write,
            execute,
            // Copies on write are the process's own.
            shared: !v.private && !v.image && v.protection.is_none_or(|p| p.0 & 7 != 5),
            path: v.file.clone().map(Text::from).into(),
            kind: Text::from(v.kind()),
            ..RegionInfo::default()
        }
    };
    list(kernel, process, pid, Detail::Names, lost).into_iter().map(region).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protections() {
        assert_eq!(Protection(24 + 6).allows(), (true, true, true));
        assert_eq!(Protection(1).allows(), (true, false, false));
        assert_eq!(Protection(0).name(), "NOACCESS");
        assert_eq!(Protection(7).name(), "EXECUTE_WRITECOPY");
        // Without access, whatever the bits above (`MM_DECOMMIT`, `MM_NOACCESS`).
        assert_eq!([4, 16 + 4, 16, 24].map(|p| Protection(p).words()), ["READWRITE", "READWRITE|GUARD", "NOACCESS", "NOACCESS"]);
    }
}
