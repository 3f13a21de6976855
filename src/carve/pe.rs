//! PE (the PE format of Windows' documentation), as a file or as the loader laid it out in memory.

use super::{File, Kind, LARGEST, View};

/// A section: address in memory, size there, offset in the file, size there.
struct Section {
    rva: u64,
    virt: u64,
    offset: u64,
    raw: u64,
}

/// How what is there is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    File,
    Memory,
}

struct Headers {
    sections: Vec<Section>,
    machine: &'static str,
    kind: &'static str,
    time: u32,
    /// Bytes of all headers.
    headers: u64,
    image: u64,
    /// Address and size of the directories for exports, imports, resources and certificates (an offset, that one).
    directories: [(u64, u64); 5],
}

/// A program, library or driver.
pub fn identify(view: &View<'_>) -> Option<File> {
    let h = headers(view)?;
    let offsets = h.sections.iter().filter(|s| s.raw > 0).map(|s| s.offset.saturating_add(s.raw));
    let (signed, signature) = h.directories[4];
    let end = offsets.max().unwrap_or(0).max(h.headers);
    let file = if signed >= end && signed > 0 { signed.saturating_add(signature) } else { end };
    let sizes = [(Layout::File, file), (Layout::Memory, h.image)];
    // What the directories lead to tells how it is laid out, and that it is in one piece.
    let found = sizes.into_iter().filter(|(_, size)| *size <= LARGEST).find_map(|(layout, size)| {
        let names = evidence(view, &h, layout)?;
        Some((layout, size, names))
    });
    let words = |name: Option<&str>, layout: Layout| {
        let name = name.map(|n| format!(", {n}")).unwrap_or_default();
        let layout = if layout == Layout::Memory { ", as in memory" } else { "" };
        format!("{}, {}, time {}{name}{layout}", h.kind, h.machine, h.time)
    };
    if let Some((layout, size, evidence)) = found {
        return Some(File::new(view, Kind::Pe, size, h.headers, size, words(evidence.name.as_deref(), layout)));
    }
    if file > LARGEST || h.image > LARGEST {
        return None;
    }
    // One without any directory has nothing to be held against: a file that ends where another begins can't be told.
    let bare = h.directories.iter().take(3).all(|d| d.0 == 0);
    let sound = if bare { file } else { h.headers };
    let detail = words(None, Layout::File) + if bare { ", nothing to hold it against" } else { "" };
    Some(File::new(view, Kind::Pe, file, h.headers, sound, detail))
}

fn headers(view: &View<'_>) -> Option<Headers> {
    let nt = u64::from(view.u32(0x3c, false)?);
    if !(4..=4096).contains(&nt) || !nt.is_multiple_of(4) || view.array(nt)? != *b"PE\0\0" {
        return None;
    }
    let machine = match view.u16(nt + 4, false)? {
        0x14c => "x86",
        0x8664 => "x86_64",
        0x1c0 | 0x1c2 | 0x1c4 => "ARM",
        0xaa64 => "AArch64",
        0x200 => "IA-64",
        0xebc => "EFI bytes",
        0x5032 | 0x5064 => "RISC-V",
        _ => return None,
    };
    let (count, time) = (view.u16(nt + 6, false)?, view.u32(nt + 8, false)?);
    let (size, flags) = (view.u16(nt + 20, false)?, view.u16(nt + 22, false)?);
    let optional = nt + 24;
    // Behind the fields that both sizes have alike.
    let (wide, directories) = match view.u16(optional, false)? {
        0x10b => (false, optional + 96),
        0x20b => (true, optional + 112),
        _ => return None,
    };
    let least = if wide { 112 } else { 96 };
    let (image, headers) = (u64::from(view.u32(optional + 56, false)?), u64::from(view.u32(optional + 60, false)?));
    if count == 0 || count > 96 || size < least || headers == 0 || headers > 1 << 16 || image < headers {
        return None;
    }
    let subsystem = view.u16(optional + 68, false)?;
    let kind = match (flags & 0x2000 != 0, subsystem) {
        (_, 1) => "driver",
        (true, _) => "library",
        (_, 10..=13) => "EFI program",
        _ => "program",
    };
    let named = view.u32(directories - 4, false)?.min(16);
    let directory = |i: u32| {
        let at = directories + 8 * u64::from(i);
        let pair = (i < named).then(|| Some((view.u32(at, false)?, view.u32(at + 4, false)?))).flatten();
        pair.map_or((0, 0), |(a, n)| (u64::from(a), u64::from(n)))
    };
    let table = optional + u64::from(size);
    let section = |i: u16| {
        let at = table + 40 * u64::from(i);
        let word = |n: u64| view.u32(at + n, false).map(u64::from);
        Some(Section { virt: word(8)?, rva: word(12)?, raw: word(16)?, offset: word(20)? })
    };
    let sections: Vec<Section> = (0..count).map_while(section).collect();
    // Sections ascend in memory, whatever the file does.
    let ascend = sections.windows(2).all(|w| matches!(w, [a, b] if a.rva < b.rva));
    if sections.len() != usize::from(count) || !ascend || sections.iter().any(|s| s.rva > image) {
        return None;
    }
    let directories = [directory(0), directory(1), directory(2), directory(5), directory(4)];
    Some(Headers { sections, machine, kind, time, headers, image, directories })
}

struct Evidence {
    name: Option<String>,
}

/// Follows the directories: None where there is one that leads nowhere, or none at all.
fn evidence(view: &View<'_>, h: &Headers, layout: Layout) -> Option<Evidence> {
    let place = |rva: u64| match layout {
        Layout::Memory => Some(rva),
        Layout::File => {
            let s = h.sections.iter().rev().find(|s| s.rva <= rva)?;
            let into = rva - s.rva;
            (into < s.raw && into < s.virt.max(s.raw)).then(|| s.offset + into)
        }
    };
    let [exports, imports, resources, relocations, _] = h.directories;
    let mut seen = 0;
    let mut name = None;
    if exports.0 > 0 {
        let at = place(exports.0)?;
        let text = view.text(place(u64::from(view.u32(at + 12, false)?))?, 255)?;
        name = Some(text);
        seen += 1;
    }
    if imports.0 > 0 {
        let at = place(imports.0)?;
        let text = view.text(place(u64::from(view.u32(at + 12, false)?))?, 255)?;
        if !text.contains('.') && !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
            return None;
        }
        seen += 1;
    }
    if resources.0 > 0 {
        let at = place(resources.0)?;
        let entries = u64::from(view.u16(at + 12, false)?) + u64::from(view.u16(at + 14, false)?);
        // Named and numbered entries of 8 bytes behind 16.
        if view.u32(at, false)? != 0 || entries == 0 || entries * 8 + 16 > resources.1 {
            return None;
        }
        seen += 1;
    }
    // What a loader needs once is often gone from memory; a file has it.
    if relocations.0 > 0 && layout == Layout::File {
        let at = place(relocations.0)?;
        let (page, size) = (u64::from(view.u32(at, false)?), u64::from(view.u32(at + 4, false)?));
        if page > h.image || size < 8 || size > relocations.1.max(8) {
            return None;
        }
        seen += 1;
    }
    (seen > 0).then_some(Evidence { name })
}
