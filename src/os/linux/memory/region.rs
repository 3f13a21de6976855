//! Regions of a process as `/proc/PID/maps` shows them (fs/proc/task_mmu.c, `show_map_vma`).

use super::mm::{Mm, Vma};
use crate::arch::Arch;
use crate::engine::{ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::Shape;
use crate::os::linux::files::path::Paths;
use memsh_plugin::{Maybe, Perm, RegionInfo, Text, VirtAddr, umem};

/// include/linux/mm.h: `VM_READ`, `VM_WRITE`, `VM_EXEC`, `VM_MAYSHARE`.
const READ: u64 = 1;
const WRITE: u64 = 2;
const EXECUTE: u64 = 4;
const MAY_SHARE: u64 = 0x80;
/// `ANON_VMA_NAME_MAX_LEN` is 80; the kernel's own names are short.
const NAME: usize = 256;

/// The row of `vma`.
pub fn region(kernel: &Kernel, mm: &Mm, vma: &Vma, paths: &mut Paths) -> RegionInfo {
    let file = vma.file.map(|f| paths.file(f));
    let special = if file.is_some() { None } else { special(kernel, vma) };
    let given = vma.anon_name.and_then(|at| anon_name(kernel, at));
    let (path, kind) = match (&file, special, given) {
        (Some(f), _, Some(name)) if f.pseudo => (Some(wrap(b"[anon_shmem:", &name)), "shared memory"),
        (Some(f), ..) => (f.path.clone(), if f.pseudo { "shared memory" } else { "file" }),
        (None, Some(name), _) => (Some(name), "special"),
        (None, None, _) if is_heap(kernel, mm, vma) => (Some(b"[heap]".to_vec()), "heap"),
        (None, None, _) if is_stack(kernel, mm, vma) => (Some(b"[stack]".to_vec()), "stack"),
        (None, None, Some(name)) => (Some(wrap(b"[anon:", &name)), "anonymous"),
        (None, None, None) => (None, "anonymous"),
    };
    let page = to_u64(kernel.space_page_size()).unwrap_or(1);
    let device = file.as_ref().and_then(|f| f.device);
    RegionInfo {
        start: VirtAddr::new(umem::from(vma.start)),
        end: VirtAddr::new(umem::from(vma.end)),
        read: vma.flags & READ != 0,
        write: vma.flags & WRITE != 0,
        execute: vma.flags & EXECUTE != 0,
        shared: vma.flags & MAY_SHARE != 0,
        offset: match &file {
            Some(_) => vma.page_offset.and_then(|o| o.checked_mul(page)).into(),
            None => Maybe::Some(0),
        },
        // `MAJOR` and `MINOR` (include/linux/kdev_t.h): 20 bits of minor number.
        device_major: device.and_then(|d| u32::try_from(d >> 20).ok()).into(),
        device_minor: device.and_then(|d| u32::try_from(d & 0xf_ffff).ok()).into(),
        inode: file.and_then(|f| f.inode).into(),
        path: path.map(Text::from).into(),
        kind: Text::from(kind),
    }
}

/// The page of exception vectors and helpers that every process has on 32-bit ARM, and no region describes: `gate_vma`
/// (arch/arm/kernel/process.c). Without the helpers (`CONFIG_KUSER_HELPERS`) the page is the kernel's alone.
pub fn gate(kernel: &Kernel) -> Option<RegionInfo> {
    const VECTORS: u64 = 0xffff_0000;
    let start = VirtAddr::new(umem::from(VECTORS));
    let page = (kernel.space.format().arch == Arch::Arm).then(|| kernel.space.translate_one(start).ok())??;
    page.perm.has(Perm::USER).then(|| RegionInfo {
        start,
        end: start.saturating_add(kernel.space_page_size()),
        read: true,
        execute: true,
        offset: Maybe::Some(0),
        path: Maybe::Some(Text::from("[vectors]")),
        kind: Text::from("special"),
        ..RegionInfo::default()
    })
}

fn wrap(before: &[u8], name: &[u8]) -> Vec<u8> {
    [before, name, b"]"].concat()
}

/// The name of a region that the kernel made: `[vdso]`, `[vvar]`, `[uprobes]`. Such a region's operations name it
/// (`special_mapping_name`, mm/mmap.c) by what they keep with it.
fn special(kernel: &Kernel, vma: &Vma) -> Option<Vec<u8>> {
    let l = &kernel.layouts;
    let namer = l.vm_ops.read(kernel.view(), vma.ops?).ptr(l.vm_ops.name)?;
    if let Some((symbol, 0)) = kernel.symbols.near(namer)
        && symbol.name != "special_mapping_name"
    {
        return None;
    }
    let name = l.special.read(kernel.view(), vma.private?).ptr(l.special.name)?;
    kernel.view().read_cstr(name, NAME).ok().filter(|n| n.first() == Some(&b'['))
}

fn anon_name(kernel: &Kernel, at: VirtAddr) -> Option<Vec<u8>> {
    let block = kernel.layouts.anon_name.read(kernel.view(), at);
    kernel.view().read_cstr(block.at(kernel.layouts.anon_name.name)?, NAME).ok()
}

/// `vma_is_initial_heap`, as it stands since 6.6: an empty heap has no region.
fn is_heap(kernel: &Kernel, mm: &Mm, vma: &Vma) -> bool {
    let l = &kernel.layouts.mm;
    match (mm.address(l.start_brk), mm.address(l.brk)) {
        (Some(start), Some(end)) => vma.start < end && vma.end > start,
        _ => false,
    }
}

/// `vma_is_initial_stack`.
fn is_stack(kernel: &Kernel, mm: &Mm, vma: &Vma) -> bool {
    mm.address(kernel.layouts.mm.start_stack).is_some_and(|s| vma.start <= s && vma.end >= s)
}
