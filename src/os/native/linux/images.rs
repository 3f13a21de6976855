//! The program and its libraries: files that a process has mapped and that can run. The same rules as for a process in an image.

use super::info::{elf, machine_name};
use super::memory::ProcessMemory;
use crate::os::Lost;
use memsh_plugin::{Maybe, ModuleInfo, RegionInfo, Status, Text, VirtReadOp};

/// Bytes of an ELF header up to its machine.
const HEADER: usize = 20;

/// The mapped files that hold code or an ELF header, in the order of their addresses. Mappings of one file that follow each other
/// are one image; the space between them belongs to it. `arch` is the process's.
pub fn mapped(regions: &[RegionInfo], memory: &ProcessMemory, arch: &Text, lost: &mut Lost) -> Vec<ModuleInfo> {
    let images = grouped(regions);
    let mut headers = vec![[0u8; HEADER]; images.len()];
    let mut ops: Vec<VirtReadOp> = images.iter().zip(&mut headers).map(|(i, h)| VirtReadOp::new(i.first.start, h)).collect();
    memory.read(&mut ops);
    if ops.iter().any(|op| op.status == Status::FAILED) {
        lost.push("headers of mapped files: the memory can't be read; files without code among them are not listed");
    }
    drop(ops);
    images.iter().zip(&headers).filter_map(|(i, header)| module(i, header, arch)).collect()
}

/// Mappings of one file that follow each other.
struct Image<'r> {
    first: &'r RegionInfo,
    last: &'r RegionInfo,
    execute: bool,
}

fn grouped(regions: &[RegionInfo]) -> Vec<Image<'_>> {
    let mut images: Vec<Image<'_>> = Vec::new();
    for r in regions.iter().filter(|r| r.inode.get().is_some() && r.path.as_ref().is_some()) {
        let begins = r.offset.get() == Some(0);
        let file = |r: &RegionInfo| (r.inode.get(), r.device_major.get(), r.device_minor.get());
        match images.last_mut() {
            // A second mapping of the file's beginning is a second image of it.
            Some(i) if i.first.path == r.path && file(i.first) == file(r) && !(begins && i.execute) => {
                i.last = r;
                i.execute |= r.execute;
            }
            _ => images.push(Image { first: r, last: r, execute: r.execute }),
        }
    }
    images
}

/// The row of an image; none for a file that can't run.
fn module(image: &Image<'_>, header: &[u8; HEADER], arch: &Text) -> Option<ModuleInfo> {
    let path = image.first.path.as_ref()?.as_bytes();
    let elf = elf(header).filter(|_| image.first.offset.get() == Some(0));
    if elf.is_none() && !image.execute {
        return None;
    }
    let bare = path.strip_suffix(b" (deleted)").unwrap_or(path);
    Some(ModuleInfo {
        name: Text::from(bare.rsplit(|&b| b == b'/').next().unwrap_or(bare)),
        base: image.first.start,
        size: image.last.end.value().saturating_sub(image.first.start.value()),
        path: Maybe::Some(Text::from(path)),
        arch: match elf {
            Some((_, machine)) => Text::from(machine_name(machine).unwrap_or("")),
            None => arch.clone(),
        },
        ..ModuleInfo::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::maps;
    use super::*;

    #[test]
    fn mappings_of_one_file_are_one_image() {
        let regions = maps::parse(
            b"1000-2000 r--p 00000000 fe:01 5 /bin/a\n2000-3000 r-xp 00001000 fe:01 5 /bin/a\n4000-5000 rw-p 00002000 fe:01 5 /bin/a\n\
              5000-6000 rw-p 00000000 00:00 0 \n6000-7000 r--p 00000000 fe:01 5 /bin/a\n8000-9000 r--p 00000000 fe:01 6 /etc/data (deleted)\n",
        );
        let images = grouped(&regions);
        let spans: Vec<_> = images.iter().map(|i| (i.first.start.value(), i.last.end.value(), i.execute)).collect();
        assert_eq!(spans, [(0x1000, 0x5000, true), (0x6000, 0x7000, false), (0x8000, 0x9000, false)]);
        let rows: Vec<_> = images.iter().map(|i| module(i, &[0; HEADER], &Text::from("x86_64"))).collect();
        assert_eq!(rows.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false]);
    }
}
