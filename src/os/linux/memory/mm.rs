//! A process's address space: its regions, wherever the kernel's version keeps them.

use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Block, Member, Shape, container_of, number};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::maple::maple;
use crate::os::linux::containers::tree::tree;
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::collections::HashSet;

/// A process may have 65530 regions by default (`vm.max_map_count`); this is the largest that can be set on purpose.
const MOST: usize = 1 << 22;

/// A region as the kernel has it: `vm_area_struct`.
#[derive(Clone, Debug)]
pub struct Vma {
    /// First address.
    pub start: u64,
    /// First address after it.
    pub end: u64,
    /// `VM_READ` and the like.
    pub flags: u64,
    /// Position in the file, in pages.
    pub page_offset: Option<u64>,
    /// The mapped file.
    pub file: Option<VirtAddr>,
    /// Its `vm_operations_struct`.
    pub ops: Option<VirtAddr>,
    /// What those keep with it.
    pub private: Option<VirtAddr>,
    /// The name that the process gave it.
    pub anon_name: Option<VirtAddr>,
}

/// The `mm_struct` of a process.
pub struct Mm {
    /// What was read of it.
    pub block: Block,
}

impl Mm {
    /// Reads the one at `at`.
    pub fn read(kernel: &Kernel, at: VirtAddr) -> Option<Self> {
        let block = kernel.layouts.mm.read(kernel.view(), at);
        (!block.is_missing()).then_some(Self { block })
    }

    /// Physical address of the page-table root: `pgd` through the kernel's own page tables.
    pub fn root(&self, kernel: &Kernel) -> Option<PhysAddr> {
        let pgd = self.block.ptr(kernel.layouts.mm.pgd)?;
        kernel.space.translate_one(pgd).ok().map(|t| t.phys)
    }

    /// A region of 32-bit addresses: whether the program was started as a 32-bit one (arch/x86/kernel/process_64.c).
    pub fn is_ia32(&self, kernel: &Kernel) -> bool {
        /// `MM_CONTEXT_UPROBE_IA32`, 5.11.
        const UPROBE_IA32: u64 = 1;
        /// `TIF_IA32`, before.
        const TIF_IA32: u64 = 17;
        let l = &kernel.layouts.mm;
        match self.block.uint(l.context_ia32) {
            Some(flag) => flag == TIF_IA32,
            None => self.block.uint(l.context_flags).is_some_and(|f| f & UPROBE_IA32 != 0),
        }
    }

    /// Its regions, ascending.
    pub fn regions(&self, kernel: &Kernel, lost: &mut Lost) -> Vec<Vma> {
        let l = &kernel.layouts;
        let mut out = match (&l.maple, self.block.at(l.mm.maple)) {
            (Some(shape), Some(at)) => {
                let entries = maple(kernel.view(), shape, at, "regions", lost);
                let mut out = Vec::with_capacity(entries.len());
                for e in entries {
                    let Some(vma) = self.vma(kernel, e.entry, lost) else { continue };
                    if (vma.start, vma.end) != (e.first, e.last.wrapping_add(1)) {
                        lost.push(format!(
                            "region at {}: it says {:#x}-{:#x}, the tree {:#x}-{:#x}",
                            e.entry, vma.start, vma.end, e.first, e.last
                        ));
                    }
                    out.push(vma);
                }
                out
            }
            _ => self.listed(kernel, lost),
        };
        out.sort_by_key(|v| v.start);
        let before = out.len();
        out.dedup_by_key(|v| v.start);
        if out.len() < before {
            lost.push(format!("{} regions begin where another does", before - out.len()));
        }
        if let Some(count) = self.block.uint(l.mm.count).filter(|&c| crate::engine::index(umem::from(c)) != Some(out.len())) {
            lost.push(format!("{} of {count} regions were found", out.len()));
        }
        out
    }

    /// Before 6.1: the list of regions; where it is torn, what the tree has besides.
    fn listed(&self, kernel: &Kernel, lost: &mut Lost) -> Vec<Vma> {
        let l = &kernel.layouts;
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        let mut at = self.block.ptr(l.mm.list);
        let mut torn = l.mm.list.is_none();
        while let Some(address) = at {
            if !seen.insert(address) || seen.len() > MOST {
                lost.push(format!("the list of regions runs in a circle at {address}"));
                torn = true;
                break;
            }
            let block = l.vma.read(kernel.view(), address);
            match self.take(kernel, &block) {
                Some(vma) => out.push(vma),
                None => {
                    lost.push(format!("region at {address}: not in the image, or no region"));
                    torn = true;
                    break;
                }
            }
            at = block.ptr(l.vma.next);
        }
        if !torn {
            return out;
        }
        let Some(root) = self.block.at(l.mm.tree) else { return out };
        for node in tree(kernel.view(), &l.rb_node, root, "regions", lost) {
            let Some(address) = container_of(node, l.vma.node) else { break };
            if seen.insert(address) {
                out.extend(self.vma(kernel, address, lost));
            }
        }
        out
    }

    fn vma(&self, kernel: &Kernel, at: VirtAddr, lost: &mut Lost) -> Option<Vma> {
        let block = kernel.layouts.vma.read(kernel.view(), at);
        let vma = self.take(kernel, &block);
        if vma.is_none() {
            lost.push(format!("region at {at}: not in the image, or no region"));
        }
        vma
    }

    fn take(&self, kernel: &Kernel, block: &Block) -> Option<Vma> {
        let l = &kernel.layouts.vma;
        let (start, end) = (block.uint(l.start)?, block.uint(l.end)?);
        let page = crate::engine::to_u64(kernel.space_page_size())?;
        if start >= end || !start.is_multiple_of(page) || !end.is_multiple_of(page) {
            return None;
        }
        // A region knows its address space; a wild pointer rarely does.
        if block.ptr(l.mm).is_some_and(|mm| mm != self.block.base()) {
            return None;
        }
        let file = block.ptr(l.file);
        let one_place =
            l.anon_name.zip(l.shared).is_some_and(|(a, s)| a.offset >= s.offset && a.offset < s.offset + s.size.max(1));
        Some(Vma {
            start,
            end,
            flags: flags(block, l.flags)?,
            page_offset: block.uint(l.offset),
            file,
            ops: block.ptr(l.ops),
            private: block.ptr(l.private),
            anon_name: if file.is_some() && one_place { None } else { block.ptr(l.anon_name) },
        })
    }

    /// A member that holds an address of the process.
    pub fn address(&self, m: Option<Member>) -> Option<u64> {
        self.block.ptr(m).map(number)
    }
}

/// The flags: a number, or the first word of a bitmap.
fn flags(block: &Block, m: Option<Member>) -> Option<u64> {
    block.uint(m).or_else(|| block.word(m?.offset))
}
