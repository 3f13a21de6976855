//! Where the array of `struct page` and the direct map begin: what the kernel says of it, and what follows from known objects.

use super::{FileMappingShape, Frames, MappingShape, PageBits, cache_name};
use crate::arch::Arch;
use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::os::linux::base::lost::Lost;
use crate::os::linux::containers::xarray::spans;
use crate::os::linux::tasks::task::Task;
use crate::symbols::Types;
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// So many known objects are asked for the direct map and the proof.
const WITNESSES: usize = 8;
/// So many pages of mapped files are looked at for the base of the array.
const SAMPLES: usize = 64;

/// Sizes in bytes that objects of a cache can have (`KMALLOC_MAX_SIZE` is 4 MiB; include/linux/slab.h).
const OBJECTS: std::ops::RangeInclusive<u64> = 1..=4 << 20;

shapes! {
    /// `kmem_cache`, for the proof.
    CacheSizeShape: "kmem_cache" {
        size: ["object_size"],
    }
}

/// Finds them. None where nothing that was tried proves itself.
pub fn find(kernel: &Kernel) -> Option<Frames> {
    let shift = kernel.space.format().page_size().checked_ilog2()?;
    let size = kernel.shape::<PageBits>().size?;
    let last = kernel.space.memory().ranges().iter().filter_map(|r| to_u64(r.start.value().checked_add(r.size)?)).max()?;
    let end = last >> shift;
    let objects = witnesses(kernel);
    for direct in direct_maps(kernel, &objects) {
        let make = |base, origin| Frames { shift, size, base, direct, end, origin };
        let told = told(kernel, shift, size).into_iter().map(|(base, origin)| make(base, origin));
        if let Some(found) = told.into_iter().find(|f| proved(f, kernel, &objects)) {
            return Some(found);
        }
        let derived = derived(kernel, shift, size).map(|base| make(base, "a page of a mapped file"));
        if let Some(found) = derived.filter(|f| proved(f, kernel, &objects)) {
            return Some(found);
        }
    }
    None
}

/// Whether known objects of the kernel lie in slabs that have a named cache.
fn proved(frames: &Frames, kernel: &Kernel, objects: &[(u64, u64)]) -> bool {
    let named = objects.iter().filter(|(virt, phys)| {
        let back = frames.virt_of(PhysAddr::new(umem::from(*phys)));
        back == Some(VirtAddr::new(umem::from(*virt))) && in_named_slab(frames, kernel, phys >> frames.shift).is_some()
    });
    // A few frames may be missing from the image; a wrong base gives none.
    named.count() * 2 > objects.len()
}

fn in_named_slab(frames: &Frames, kernel: &Kernel, pfn: u64) -> Option<()> {
    let facts = frames.facts(kernel, frames.page_of(pfn)?)?;
    let name = cache_name(kernel, facts.slab_cache?)?;
    let shape = kernel.shape::<CacheSizeShape>();
    let size = shape.read(kernel.view(), facts.slab_cache?).uint(shape.size)?;
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic) && OBJECTS.contains(&size)).then_some(())
}

/// Virtual and physical addresses of objects that every kernel allocates from slabs: processes, and the root directory's entry.
fn witnesses(kernel: &Kernel) -> Vec<(u64, u64)> {
    let image = kernel.address("init_task");
    let tasks = kernel.processes_by_id().into_iter().filter(|at| Some(*at) != image).take(WITNESSES);
    let root = kernel.root().map(|r| r.dentry);
    let place = |at: VirtAddr| Some((to_u64(at.value())?, to_u64(kernel.space.translate_one(at).ok()?.phys.value())?));
    tasks.chain(root).filter_map(place).collect()
}

/// Where the direct map may begin: as the kernel says, then as the known objects say, the most frequent first.
fn direct_maps(kernel: &Kernel, objects: &[(u64, u64)]) -> Vec<u64> {
    let mut out: Vec<u64> = pointer(kernel, "page_offset_base").into_iter().collect();
    let mut seen: Vec<(usize, u64)> = Vec::new();
    for (virt, phys) in objects {
        let base = virt.wrapping_sub(*phys);
        match seen.iter_mut().find(|(_, b)| *b == base) {
            Some((n, _)) => *n += 1,
            None => seen.push((1, base)),
        }
    }
    seen.sort_unstable_by(|a, b| b.cmp(a));
    for (_, base) in seen.into_iter().take(2) {
        if !out.contains(&base) {
            out.push(base);
        }
    }
    out
}

/// Where the kernel says that the `struct page` of frame 0 lies.
fn told(kernel: &Kernel, shift: u32, size: u64) -> Vec<(u64, &'static str)> {
    let mut out = Vec::new();
    out.extend(pointer(kernel, "vmemmap_base").map(|base| (base, "vmemmap_base")));
    if kernel.space.format().arch == Arch::X86_64 {
        // `__VMEMMAP_BASE_L4` and `_L5` (arch/x86/include/asm/pgtable_64_types.h), where KASLR does not move it.
        out.push((0xffff_ea00_0000_0000, "__VMEMMAP_BASE_L4"));
        out.push((0xffd4_0000_0000_0000, "__VMEMMAP_BASE_L5"));
    }
    let first = kernel.space.memory().ranges().first().and_then(|r| to_u64(r.start.value())).unwrap_or(0);
    let info = kernel.vmcoreinfo.as_ref();
    let number = |name| info.and_then(|i| i.number(name)).and_then(|n| u64::try_from(n).ok());
    // arch/riscv/kernel/vmcore_info.c: the array as if it began with frame 0.
    out.extend(info.and_then(|i| i.symbol("vmemmap")).and_then(|v| to_u64(v.value())).map(|base| (base, "SYMBOL(vmemmap)")));
    // arch/arm64/kernel/vmcore_info.c and arch/riscv/kernel/vmcore_info.c: the array begins with the first frame of memory.
    let starts = number("PHYS_OFFSET").or_else(|| number("phys_ram_base")).into_iter().chain([first, 0]);
    if let Some(start) = number("VMEMMAP_START") {
        // KASLR may put the first frame below 0, so that the sign counts.
        let frame = |first: u64| (first.cast_signed() >> shift).cast_unsigned();
        out.extend(starts.map(|first| (start.wrapping_sub(frame(first).wrapping_mul(size)), "NUMBER(VMEMMAP_START)")));
    }
    // Without a sparse memory model (CONFIG_FLATMEM).
    if let Some(map) = pointer(kernel, "mem_map") {
        out.extend([first, 0].map(|first| (map.wrapping_sub((first >> shift).wrapping_mul(size)), "mem_map")));
    }
    out
}

fn pointer(kernel: &Kernel, symbol: &str) -> Option<u64> {
    let at = kernel.address(symbol)?;
    kernel.view().read_ptr(at).ok().and_then(|p| to_u64(p.value())).filter(|p| *p != 0)
}

/// The base as pages of mapped files say: the page cache knows the `struct page`, the page tables of a process the frame.
fn derived(kernel: &Kernel, shift: u32, size: u64) -> Option<u64> {
    /// `VM_WRITE` (include/linux/mm.h): a private page may be a copy.
    const WRITE: u64 = 2;
    let (file_shape, map_shape) = (kernel.shape::<FileMappingShape>(), kernel.shape::<MappingShape>());
    let array_shape = kernel.layouts.array.as_ref()?;
    let mut lost = Lost::default();
    let mut votes: Vec<(usize, u64)> = Vec::new();
    let mut samples = 0;
    for task in kernel.processes_by_id().into_iter().take(SAMPLES) {
        let Some(task) = Task::read(kernel, task, &mut lost) else { continue };
        let Some(mm) = task.mm(kernel, &mut lost) else { continue };
        let space = task.space(kernel);
        for vma in mm.regions(kernel, &mut lost) {
            let (Some(file), Some(first)) = (vma.file, vma.page_offset) else { continue };
            if vma.flags & WRITE != 0 {
                continue;
            }
            let Some(mapping) = file_shape.read(kernel.view(), file).ptr(file_shape.mapping) else { continue };
            let Some(pages) = map_shape.read(kernel.view(), mapping).at(map_shape.pages) else { continue };
            for span in spans(kernel.view(), array_shape, pages, "mapped file", &mut lost).into_iter().take(SAMPLES) {
                let Some(page) = span.pointer().and_then(|p| to_u64(p.value())) else { continue };
                let Some(at) = span.first.checked_sub(first).and_then(|n| vma.start.checked_add(n.checked_shl(shift)?)) else {
                    continue;
                };
                if at >= vma.end {
                    continue;
                }
                let Ok(here) = space.translate_one(VirtAddr::new(umem::from(at))) else { continue };
                let Some(pfn) = to_u64(here.phys.value()).map(|p| p >> shift) else { continue };
                let base = page.wrapping_sub(pfn.wrapping_mul(size));
                match votes.iter_mut().find(|(_, b)| *b == base) {
                    Some((n, _)) => *n += 1,
                    None => votes.push((1, base)),
                }
                samples += 1;
            }
            if samples > SAMPLES {
                break;
            }
        }
        if samples > SAMPLES {
            break;
        }
    }
    let (n, base) = votes.into_iter().max()?;
    (n > 1).then_some(base)
}
