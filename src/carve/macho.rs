//! Mach-O (mach-o/loader.h, mach-o/fat.h), of both sizes and both orders of bytes.

use super::{File, Kind, LARGEST, View};

/// More load commands are not gone through.
const COMMANDS: u32 = 4096;

/// A program or library, for one processor or for several.
pub fn identify(view: &View<'_>) -> Option<File> {
    match view.array(0)? {
        [0xca, 0xfe, 0xba, 0xbe] => fat(view),
        [0xfe, 0xed, 0xfa, n] => thin(view, n == 0xcf, true),
        [n, 0xfa, 0xed, 0xfe] => thin(view, n == 0xcf, false),
        _ => None,
    }
}

/// Several of them, with a table.
fn fat(view: &View<'_>) -> Option<File> {
    let count = view.u32(4, true).filter(|n| (1..=16).contains(n))?;
    let mut end = 8 + 20 * u64::from(count);
    let mut names = Vec::new();
    let mut sound = true;
    for i in 0..u64::from(count) {
        let at = 8 + 20 * i;
        names.push(processor(view.u32(at, true)?)?);
        let (offset, size) = (u64::from(view.u32(at + 8, true)?), u64::from(view.u32(at + 12, true)?));
        if offset < 8 + 20 * u64::from(count) {
            return None;
        }
        // One that is not there breaks the file off.
        sound &= matches!(view.array(offset), Some([0xfe, 0xed, 0xfa, 0xce | 0xcf] | [0xce | 0xcf, 0xfa, 0xed, 0xfe]));
        end = end.max(offset + size).min(LARGEST + 1);
    }
    let header = 8 + 20 * u64::from(count);
    let detail = format!("for {}", names.join(" and "));
    (end <= LARGEST).then(|| File::new(view, Kind::Macho, end, header, if sound { end } else { header }, detail))
}

fn thin(view: &View<'_>, wide: bool, be: bool) -> Option<File> {
    let cpu = processor(view.u32(4, be)?)?;
    let kind = match view.u32(12, be)? {
        1 => "object",
        2 => "program",
        4 => "core",
        6 => "library",
        7 => "linker",
        8 => "bundle",
        9 => "stub",
        10 => "symbols",
        11 => "kernel extension",
        12 => "file set",
        _ => return None,
    };
    let (count, size) = (view.u32(16, be)?, view.u32(20, be)?);
    let head: u64 = if wide { 32 } else { 28 };
    let commands = head + u64::from(size);
    if count == 0 || count > COMMANDS || u64::from(size) < 8 * u64::from(count) || size > 1 << 20 {
        return None;
    }
    let mut end = commands;
    let mut name = None;
    let mut at = head;
    for _ in 0..count {
        let (Some(command), Some(length)) = (view.u32(at, be), view.u32(at + 4, be)) else {
            return Some(File::new(view, Kind::Macho, end + 1, head, head, format!("{kind}, {cpu}")));
        };
        if length < 8 || at + u64::from(length) > commands {
            return None;
        }
        let word = |i: u64| view.u32(at + i, be).map(u64::from);
        // Offset and size in the file: of a segment, of symbols and their names, of signatures and the like.
        let parts = match command & 0x7fff_ffff {
            0x1 => vec![(word(32)?, word(36)?)],
            0x19 => vec![(view.u64(at + 40, be)?, view.u64(at + 48, be)?)],
            0x2 => vec![(word(8)?, word(12)? * if wide { 16 } else { 12 }), (word(16)?, word(20)?)],
            0x1d | 0x1e | 0x26 | 0x29 | 0x2b | 0x2e | 0x33 | 0x34 => vec![(word(8)?, word(12)?)],
            0xd => {
                name = view.text(at + word(8)?, 1024);
                Vec::new()
            }
            _ => Vec::new(),
        };
        for (offset, size) in parts {
            end = end.max(offset.checked_add(size).filter(|n| *n <= LARGEST)?);
        }
        at += u64::from(length);
    }
    let name = name.map(|n| format!(", {n}")).unwrap_or_default();
    Some(File::new(view, Kind::Macho, end, commands, end, format!("{kind}, {cpu}{name}")))
}

/// mach/machine.h.
fn processor(n: u32) -> Option<&'static str> {
    Some(match n {
        7 => "x86",
        0x0100_0007 => "x86_64",
        12 => "ARM",
        0x0100_000c => "AArch64",
        0x0200_000c => "AArch64 (32 bits)",
        18 => "PowerPC",
        0x0100_0012 => "PowerPC64",
        _ => return None,
    })
}
