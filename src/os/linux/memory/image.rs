//! The program and its libraries: files that a process has mapped and that can run.

use super::mm::Mm;
use super::region::region;
use crate::engine::ViewExt;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::files::path::Paths;
use crate::os::linux::tasks::task::arch;
use memsh_plugin::{Maybe, MemoryView, ModuleInfo, RegionInfo, Text, VirtAddr};

/// Machine numbers of the ELF header (`e_machine`; gabi, chapter 4).
fn machine(number: u16) -> Option<&'static str> {
    Some(match number {
        3 => "x86",
        40 => "arm",
        62 => "x86_64",
        183 => "aarch64",
        243 => "riscv64",
        _ => return None,
    })
}

struct Image {
    path: Vec<u8>,
    inode: Option<u64>,
    device: (Option<u32>, Option<u32>),
    start: VirtAddr,
    end: VirtAddr,
    execute: bool,
    from_start: bool,
}

/// The mapped files that hold code or an ELF header, in the order of their addresses. Mappings of one file that follow each other
/// are one image; the space between them belongs to it.
pub fn mapped_images(kernel: &Kernel, mm: &Mm, view: &dyn MemoryView, lost: &mut Lost) -> Vec<ModuleInfo> {
    let mut paths = Paths::new(kernel);
    let mut images: Vec<Image> = Vec::new();
    for vma in mm.regions(kernel, lost) {
        if vma.file.is_none() {
            continue;
        }
        let row = region(kernel, mm, &vma, &mut paths);
        let RegionInfo { path: Maybe::Some(path), start, end, .. } = &row else { continue };
        let begins = row.offset.get() == Some(0);
        let (inode, device) = (row.inode.get(), (row.device_major.get(), row.device_minor.get()));
        match images.last_mut() {
            // A second mapping of the file's beginning is a second image of it.
            Some(i) if i.path == path.as_bytes() && i.inode == inode && i.device == device && !(begins && i.execute) => {
                i.end = *end;
                i.execute |= row.execute;
            }
            _ => images.push(Image {
                path: path.as_bytes().to_vec(),
                inode,
                device,
                start: *start,
                end: *end,
                execute: row.execute,
                from_start: begins,
            }),
        }
    }
    lost.extend(paths.lost);
    images.iter().filter_map(|i| module(kernel, i, view)).collect()
}

/// The row of an image; none for a file that can't run.
fn module(kernel: &Kernel, image: &Image, view: &dyn MemoryView) -> Option<ModuleInfo> {
    let mut header = [0u8; 20];
    let readable = image.from_start && view.read_exact(image.start, &mut header).is_ok();
    let elf = readable && header.starts_with(b"\x7fELF");
    if !elf && !image.execute {
        return None;
    }
    let [.., low, high] = header;
    let path = image.path.strip_suffix(b" (deleted)").unwrap_or(&image.path);
    let name = path.rsplit(|&b| b == b'/').next().unwrap_or(path);
    Some(ModuleInfo {
        name: Text::from(name),
        base: image.start,
        size: image.end.value().saturating_sub(image.start.value()),
        path: Maybe::Some(Text::from(image.path.as_slice())),
        arch: Text::from(match elf {
            // x86, and every system that memsh reads, is little-endian.
            true => machine(u16::from_le_bytes([low, high])).unwrap_or(""),
            false => arch(kernel),
        }),
        ..ModuleInfo::default()
    })
}
