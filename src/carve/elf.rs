//! ELF (System V ABI, chapters 4 and 5), of both sizes and both orders of bytes.

use super::{File, Kind, LARGEST, View};

/// More entries in a table are not gone through.
const MANY: u16 = 4096;

/// A program, library, object or core.
pub fn identify(view: &View<'_>) -> Option<File> {
    let [_, _, _, _, class, data, version, abi, ..] = view.array::<16>(0)?;
    let (wide, be) = (class == 2, data == 2);
    if !matches!(class, 1 | 2) || !matches!(data, 1 | 2) || version != 1 || abi > 18 && abi != 64 && abi != 97 && abi != 255 {
        return None;
    }
    let word = |at: u64| if wide { view.u64(at, be) } else { view.u32(at, be).map(u64::from) };
    let (kind, machine) = (view.u16(16, be)?, view.u16(18, be)?);
    let head = if wide { 64 } else { 52 };
    let [phoff, shoff] = if wide { [word(32)?, word(40)?] } else { [word(28)?, word(32)?] };
    let tail = head - 12;
    let (ehsize, phentsize, phnum) = (view.u16(tail, be)?, view.u16(tail + 2, be)?, view.u16(tail + 4, be)?);
    let (shentsize, shnum, names) = (view.u16(tail + 6, be)?, view.u16(tail + 8, be)?, view.u16(tail + 10, be)?);
    let entry = if wide { 56 } else { 32 };
    let section = if wide { 64 } else { 40 };
    let sizes = u64::from(ehsize) == head && (phnum == 0 || phentsize == entry) && (shnum == 0 || shentsize == section);
    if !matches!(kind, 1..=4)
        || machine == 0
        || view.u32(20, be)? != 1
        || !sizes
        || phnum == 0 && shnum == 0
        || shnum > 0 && names >= shnum
    {
        return None;
    }
    let mut end = head;
    let mut moved = None;
    for i in 0..u64::from(phnum.min(MANY)) {
        let at = phoff.checked_add(i * u64::from(entry))?;
        let (offset, virt, filesz) = if wide { (8, 16, 32) } else { (4, 8, 16) };
        // A header without the table that it names is no more than that.
        let (Some(of), Some(offset), Some(virt), Some(filesz)) =
            (view.u32(at, be), word(at + offset), word(at + virt), word(at + filesz))
        else {
            let size = shoff.max(at).checked_add(1).filter(|n| *n <= LARGEST)?;
            return Some(File::new(view, Kind::Elf, size, head, head, detail(kind, machine, wide, be)));
        };
        end = end.max(offset.checked_add(filesz).filter(|n| *n <= LARGEST)?);
        // Loaded parts: where memory puts them as the file does, memory has them as the file does.
        if of == 1 {
            let slide = virt.wrapping_sub(offset);
            moved = Some(moved.map_or((slide, true, offset.saturating_add(filesz)), |(first, same, _)| {
                (first, same && first == slide, offset)
            }));
        }
    }
    end = end.max(phoff.checked_add(u64::from(phnum) * u64::from(entry))?);
    let table = shoff.checked_add(u64::from(shnum) * u64::from(section)).filter(|n| *n <= LARGEST)?;
    let whole = end.max(if shnum > 0 { table } else { 0 });
    let detail = detail(kind, machine, wide, be);
    if shnum == 0 {
        return Some(File::new(view, Kind::Elf, whole, head, whole, detail));
    }
    // The table of sections lies at the end, which nothing loads: that it is where the header says, and makes sense, says that all is in one piece.
    let sound = if sections(view, shoff, shnum.min(MANY), names, (wide, be), whole) {
        whole
    } else {
        let page = |n: u64| n.next_multiple_of(4096);
        page(moved.map_or(head, |(_, same, of)| if same { end } else { of })).min(shoff.max(head)).min(whole - 1)
    };
    Some(File::new(view, Kind::Elf, whole, head, sound, detail))
}

/// Whether a table of sections is one: the first is empty, the others lie in the file, and one has names.
fn sections(view: &View<'_>, at: u64, count: u16, names: u16, (wide, be): (bool, bool), end: u64) -> bool {
    let size = if wide { 64 } else { 40 };
    let word = |at: u64| if wide { view.u64(at, be) } else { view.u32(at, be).map(u64::from) };
    let (offset, length) = if wide { (24, 32) } else { (16, 20) };
    (0..u64::from(count)).all(|i| {
        let here = at + i * size;
        let (Some(kind), Some(from), Some(n)) = (view.u32(here + 4, be), word(here + offset), word(here + length)) else {
            return false;
        };
        // SHT_NULL, SHT_STRTAB, SHT_NOBITS.
        let inside = kind == 8 || kind == 0 || from.checked_add(n).is_some_and(|e| e <= end);
        inside && (i != 0 || kind == 0) && (i != u64::from(names) || names == 0 || kind == 3 && view.upto(from, 1) == [0])
    })
}

fn detail(kind: u16, machine: u16, wide: bool, be: bool) -> String {
    let kind = match kind {
        1 => "object",
        2 => "program",
        3 => "library or program",
        _ => "core",
    };
    let machine = match machine {
        2 | 18 | 43 => "SPARC".to_owned(),
        3 => "x86".to_owned(),
        8 => "MIPS".to_owned(),
        20 => "PowerPC".to_owned(),
        21 => "PowerPC64".to_owned(),
        22 => "S390".to_owned(),
        40 => "ARM".to_owned(),
        62 => "x86_64".to_owned(),
        183 => "AArch64".to_owned(),
        243 => "RISC-V".to_owned(),
        247 => "BPF".to_owned(),
        258 => "LoongArch".to_owned(),
        n => format!("machine {n}"),
    };
    format!("{kind}, {machine}, {} bits{}", if wide { 64 } else { 32 }, if be { ", high byte first" } else { "" })
}
