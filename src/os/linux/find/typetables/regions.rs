//! Members of what describes a process's regions and the files behind them.
//!
//! A region begins with its two addresses in every kernel that has tables. What else it says is known from regions of which more is known:
//! that in which the program's code lies, that of the stack, and those without a file.

use super::anchors::{Anchor, Facts, found};
use super::witness::number;
use std::collections::{HashSet, VecDeque};

const VMA: &str = "vm_area_struct";
/// So much is read of a region's structure, in bytes; nothing that is looked for lies further in.
const LENGTH: usize = 256;
/// Processes that are asked, nodes of each of their trees, and regions in all.
const PROCESSES: usize = 12;
const NODES: usize = 32;
const REGIONS: usize = 256;
/// `struct maple_node` (include/linux/maple_tree.h).
const NODE: usize = 256;
/// What marks a node in a slot: `MAPLE_ENODE_NULL`, with the node's type above it (lib/maple_tree.c).
const ENODE: u64 = 4;
/// Bits of `vm_flags` (include/linux/mm.h): `VM_READ`, `VM_WRITE`, `VM_EXEC`; the same as what may be (`VM_MAYREAD` and on) four bits above.
const READ: u64 = 1;
const WRITE: u64 = 2;
const EXECUTE: u64 = 4;
const MAY: u32 = 4;
/// `VM_GROWSDOWN`.
const GROWS_DOWN: u64 = 0x100;

/// A region, as bytes.
struct Region {
    /// The process's `mm_struct`.
    mm: u64,
    start: u64,
    bytes: Vec<u8>,
    code: bool,
    stack: bool,
}

impl Facts<'_> {
    /// Adds them to `out`, which has those of `mm_struct`, `dentry` and `inode`.
    pub(super) fn regions(&self, out: &mut Vec<Anchor>) {
        let word = self.witness.word;
        let all = self.every_region(out);
        if !all.iter().any(|r| r.code) || !all.iter().any(|r| r.stack) {
            return;
        }
        let at = |r: &Region, o: u64| number(&r.bytes, o, word);
        self.ask(out, (VMA, "vm_mm"), 0..128, word, |o| all.iter().all(|r| at(r, o) == Some(r.mm)));
        self.ask(out, (VMA, "vm_flags"), 0..128, word, |o| {
            all.iter().all(|r| {
                let Some(flags) = at(r, o) else { return false };
                let (can, may) = (flags & (READ | WRITE | EXECUTE), flags >> MAY & (READ | WRITE | EXECUTE));
                can & !may == 0
                    && may != 0
                    && (!r.code || can & (WRITE | EXECUTE) == EXECUTE)
                    && (!r.stack || flags & (GROWS_DOWN | READ | WRITE) == GROWS_DOWN | READ | WRITE)
            })
        });
        // A region without a file has its own address there, in pages (`vma_set_anonymous`, mm/mmap.c).
        let page = self.reader.space.format().page_size();
        let own = |r: &Region, o: u64| r.start != 0 && at(r, o) == r.start.checked_div(page);
        let offset = self.ask(out, (VMA, "vm_pgoff"), 0..192, word, |o| {
            let some: HashSet<u64> = all.iter().filter(|r| own(r, o)).map(|r| r.mm).collect();
            let of: HashSet<u64> = all.iter().map(|r| r.mm).collect();
            // The file's pointer follows.
            some.len() * 2 > of.len() && all.iter().all(|r| (!r.code || self.file(r, o)) && (!own(r, o) || !self.file(r, o)))
        });
        self.along(out, VMA, "vm_file", "vm_pgoff", offset);
        if let Some(offset) = offset {
            let files: Vec<u64> = all.iter().filter(|r| r.code).filter_map(|r| at(r, offset + word)).collect();
            self.open_files(out, &files);
        }
    }

    fn file(&self, r: &Region, offset: u64) -> bool {
        number(&r.bytes, offset + self.witness.word, self.witness.word).is_some_and(|p| self.reader.kernel(p))
    }

    /// Members of `file`, from files whose content is mapped.
    fn open_files(&self, out: &mut Vec<Anchor>, files: &[u64]) {
        let word = self.witness.word;
        let known = found(out, "dentry", "d_inode").zip(found(out, "dentry", "d_sb")).zip(found(out, "inode", "i_sb"));
        let Some(((d_inode, d_sb), i_sb)) = known else { return };
        let read = |at: u64| self.reader.word(at).filter(|p| self.reader.kernel(*p));
        // A path is a mount and a directory entry, whose inode is of the same file system.
        let inode = |file: u64, o: u64| {
            let dentry = read(file + o + word)?;
            let inode = read(dentry + d_inode)?;
            (read(file + o).is_some() && read(inode + i_sb)? == read(dentry + d_sb)?).then_some(inode)
        };
        let some: Vec<u64> = files.iter().copied().take(PROCESSES).collect();
        let path = self.ask(out, ("file", "f_path"), 0..256, word, |o| some.iter().all(|f| inode(*f, o).is_some()));
        if let Some(path) = path {
            self.ask(out, ("file", "f_inode"), 0..256, word, |o| {
                some.iter().all(|f| read(f + o).is_some_and(|i| Some(i) == inode(*f, path)))
            });
        }
    }

    /// Regions of a few processes.
    fn every_region(&self, out: &[Anchor]) -> Vec<Region> {
        let word = self.witness.word;
        let known = found(out, "task_struct", "mm").zip(found(out, "mm_struct", "start_code"));
        let Some((task, places)) = known else { return Vec::new() };
        let tree = found(out, "mm_struct", "mm_mt").zip(found(out, "maple_tree", "ma_root")).map(|(tree, root)| tree + root);
        let list = found(out, "mm_struct", "mmap");
        let mut all = Vec::new();
        for s in self.witness.users().take(PROCESSES) {
            let Some(mm) = s.number(task, word).filter(|p| self.reader.kernel(*p)) else { continue };
            let place = |n: u64| self.reader.word(mm + places + n * word);
            let (Some(code), Some(stack)) = (place(0), place(6)) else { continue };
            let ranges = match (tree, list) {
                (Some(root), _) => self.in_tree(mm + root),
                (None, Some(first)) => self.in_list(mm + first),
                (None, None) => return all,
            };
            all.extend(ranges.into_iter().map(|(at, start, end)| Region {
                mm,
                start,
                bytes: self.reader.bytes(at, LENGTH),
                code: (start..end).contains(&code),
                stack: (start..end).contains(&stack),
            }));
            if all.len() >= REGIONS {
                break;
            }
        }
        all
    }

    /// The two addresses of a region, if one is at `at`.
    fn range(&self, at: u64) -> Option<(u64, u64)> {
        let (start, end) = (self.reader.word(at)?, self.reader.word(at + self.witness.word)?);
        let page = self.reader.space.format().page_size();
        let aligned = start.checked_rem(page) == Some(0) && end.checked_rem(page) == Some(0);
        (start < end && aligned && !self.reader.kernel(start)).then_some((start, end))
    }

    /// Regions below the root of a maple tree: where they are described, and their addresses. Slots and pivots are not told apart: what
    /// leads to a region is one, what is marked as a node is looked into.
    fn in_tree(&self, root: u64) -> Vec<(u64, u64, u64)> {
        let word = self.witness.word;
        let mut out = Vec::new();
        let mut todo: VecDeque<u64> = self.reader.word(root).map(|entry| entry & !0xff).into_iter().collect();
        let mut seen = HashSet::new();
        while let Some(node) = todo.pop_front().filter(|_| seen.len() < NODES) {
            if !self.reader.kernel(node) || !seen.insert(node) {
                continue;
            }
            let bytes = self.reader.bytes(node, NODE);
            // The first word is the parent's.
            for entry in (word..256).step_by(usize::try_from(word).unwrap_or(8)).filter_map(|o| number(&bytes, o, word)) {
                if self.reader.kernel(entry)
                    && let Some((start, end)) = self.range(entry)
                {
                    out.push((entry, start, end));
                } else if self.reader.kernel(entry & !0xff) && entry & 7 == ENODE {
                    todo.push_back(entry & !0xff);
                }
            }
        }
        out.sort_unstable_by_key(|(at, start, _)| (*start, *at));
        out.dedup();
        out
    }

    /// Regions on the list that kernels before 6.1 have: `vm_next` follows the addresses.
    fn in_list(&self, first: u64) -> Vec<(u64, u64, u64)> {
        let mut out: Vec<(u64, u64, u64)> = Vec::new();
        let mut next = self.reader.word(first);
        while let Some(at) = next.filter(|p| self.reader.kernel(*p) && out.len() < REGIONS) {
            let Some((start, end)) = self.range(at) else { break };
            if out.last().is_some_and(|(_, _, before)| *before > start) {
                break;
            }
            out.push((at, start, end));
            next = self.reader.word(at + 2 * self.witness.word);
        }
        out
    }
}
