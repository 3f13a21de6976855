//! `/proc/kcore` as the kernel lays it out (`fs/proc/kcore.c`): notes, the direct map, the kernel's image, virtual areas without a
//! physical address.

use super::elf::{Elf, Segment, load, note, notes};

/// Where the direct map is in a made-up kernel.
const DIRECT: u64 = 0xffff_8880_0000_0000;

/// RAM at its physical addresses, and the text of a VMCOREINFO note.
pub fn kcore(ram: &[(u64, &[u8])], vmcoreinfo: Option<&str>) -> Elf {
    let mut parts = vec![note("CORE", 1, &[0; 336]), note("CORE", 3, &[0; 136])];
    parts.extend(vmcoreinfo.map(|text| note("VMCOREINFO", 0, text.as_bytes())));
    let mut segments = vec![notes(&parts)];
    let nowhere = |virt: u64, len: usize| Segment { virt, ..load(u64::MAX, &vec![0xee; len]) };
    segments.push(nowhere(0xffff_c900_0000_0000, 64));
    segments.extend(ram.iter().map(|(at, data)| Segment { virt: DIRECT + at, ..load(*at, data) }));
    // The kernel's image once more, where it is linked to.
    if let Some((at, data)) = ram.last() {
        segments.push(Segment { virt: 0xffff_ffff_8100_0000, ..load(*at, &data[..data.len().min(4096)]) });
    }
    segments.push(nowhere(0xffff_ea00_0000_0000, 32));
    Elf::core(segments)
}
