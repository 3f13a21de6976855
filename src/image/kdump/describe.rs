//! What `info` says of a dump.

use super::super::detect::Parsed;
use super::super::windows;
use super::header::{EXCLUDED_VMEMMAP, Header, INCOMPLETE, LZO, PACKED, SNAPPY, ZLIB, ZSTD, text};
use super::part::Part;
use super::split;

/// `-d` of makedumpfile: what it leaves out.
const LEVELS: [(u32, &str); 5] =
    [(1, "zero pages"), (2, "page cache"), (4, "private page cache"), (8, "user data"), (16, "free pages")];
/// So many descriptors are looked at to see how pages are packed.
const SAMPLES: u64 = 256;
/// Lines on erased data are shown up to so many bytes.
const MOST_ERASE: u64 = 4096;

fn level(level: u32) -> String {
    let left: Vec<&str> = LEVELS.iter().filter(|(bit, _)| level & bit != 0).map(|(_, name)| *name).collect();
    match (level, left.as_slice()) {
        (_, []) => format!("{level} (nothing left out)"),
        // What has no bit in the bitmap is left out; zero pages have one, and share one copy.
        (1, _) => "1 (zero pages are stored once)".to_owned(),
        (l, _) if l & 1 != 0 => {
            format!("{level} (left out: {}; zero pages are stored once)", left.get(1..).unwrap_or(&[]).join(", "))
        }
        _ => format!("{level} (left out: {})", left.join(", ")),
    }
}

fn codecs(flags: u32) -> String {
    let names = [(ZLIB, "zlib"), (LZO, "lzo"), (SNAPPY, "snappy"), (ZSTD, "zstd")];
    let names: Vec<&str> = names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// FILETIME of 1970-01-01.
const EPOCH: u64 = 116_444_736_000_000_000;

/// RFC 3339, where it is a time that a dump can have been made at.
fn moment((seconds, micros): (u64, u64)) -> Option<String> {
    if seconds == 0 || seconds > 1 << 34 || micros >= 1_000_000 {
        return None;
    }
    windows::date(EPOCH + seconds * 10_000_000 + micros * 10)
}

fn format_of(part: &Part) -> String {
    let h = &part.header;
    let name = if h.kdump { "kdump" } else { "diskdump" };
    let order = if h.big { "big-endian" } else { "little-endian" };
    let flat = if part.view.is_flattened() { ", flattened" } else { "" };
    format!("{name} version {}, {} {order}{flat}", h.version, h.width)
}

/// All facts of the headers of `parts`, of which the first is the file that was named.
pub(super) fn describe(parts: &[Part], parsed: &mut Parsed) {
    let Some(first) = parts.iter().find(|p| p.file == 0) else { return };
    let h = &first.header;
    parsed.detail("dump_format", format_of(first));
    let names: Vec<&str> = h.utsname.iter().map(String::as_str).filter(|n| !n.is_empty() && *n != "(none)").collect();
    if !names.is_empty() {
        parsed.detail("system", names.join(" "));
    }
    if let Some(time) = moment(h.time) {
        parsed.detail("created", time);
    }
    if h.nr_cpus > 0 {
        parsed.detail("cpus_in_header", h.nr_cpus);
    }
    let flags = parts.iter().fold(if h.kdump { h.status & PACKED } else { 0 }, |all, p| all | p.sample_flags(SAMPLES) & PACKED);
    parsed.detail("compression", codecs(flags));
    parsed.detail("block_size", h.block_size);
    if h.kdump && h.version >= 1 {
        parsed.detail("dump_level", level(h.sub.dump_level));
    }
    let named = first.named(0..h.max_mapnr);
    parsed.detail("pages_dumped", parts.iter().map(|p| p.count - p.missing).sum::<u64>());
    if let Some(all) = first.memory_pages().filter(|all| *all >= named) {
        parsed.detail("pages_left_out", all - named);
    }
    let missing: u64 = parts.iter().map(|p| p.missing).sum();
    if missing > 0 {
        parsed.detail("pages_missing", missing);
    }
    if h.kdump && h.status & INCOMPLETE != 0 {
        parsed.detail("incomplete", "yes (its writer ran out of space)");
    }
    if h.kdump && h.status & EXCLUDED_VMEMMAP != 0 {
        parsed.detail("vmemmap", "unused parts left out");
    }
    if h.base() != 0 {
        parsed.detail("first_page_at", format!("{:#x}", h.base()));
    }
    if h.sub.phys_base != 0 {
        parsed.detail("phys_base_in_header", format!("{:#x} (not used)", h.sub.phys_base));
    }
    if first.view.is_flattened() {
        parsed.detail("flattened_pieces", first.view.count);
    }
    if h.sub.split {
        describe_split(parts, h, parsed);
    }
    let (at, size) = h.sub.erase;
    if at != 0 && size > 0 {
        let shown = first.view.bytes(at, size.min(MOST_ERASE)).unwrap_or_default();
        let lines: Vec<String> = shown.split(|&b| b == b'\n').map(text).filter(|l| !l.is_empty()).collect();
        parsed.detail("erased", format!("data were wiped before the dump was written: {}", lines.join("; ")));
    }
}

fn describe_split(parts: &[Part], h: &Header, parsed: &mut Parsed) {
    let address = |page: u64| page.saturating_mul(h.block_size).saturating_add(h.base());
    let ranges = parts.iter().map(|p| {
        let r = p.header.pages();
        format!("{:#x}-{:#x}", address(r.start), address(r.end))
    });
    parsed.detail("split", format!("{} files: {}", parts.len(), ranges.collect::<Vec<_>>().join(", ")));
    let Some(first) = parts.first() else { return };
    for gap in split::gaps(parts, h.max_mapnr) {
        let pages = first.named(gap.clone());
        if pages > 0 {
            parsed.warnings.push(format!(
                "PARTS OF THIS SPLIT DUMP ARE MISSING: {pages} pages between {:#x} and {:#x} are in a file that was not found beside this \
                 one; name it with --sidecar FILE (once for each)",
                address(gap.start),
                address(gap.end)
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(moment((1_763_734_839, 123)).as_deref(), Some("2025-11-21T14:20:39.0001230Z"));
        assert_eq!(moment((951_782_400, 0)).as_deref(), Some("2000-02-29T00:00:00Z"));
        assert_eq!(moment((0, 0)), None);
        assert_eq!(moment((u64::MAX, 0)), None);
        assert_eq!(moment((1, u64::MAX)), None);
    }

    #[test]
    fn levels_in_words() {
        assert_eq!(level(0), "0 (nothing left out)");
        assert_eq!(level(1), "1 (zero pages are stored once)");
        assert_eq!(level(31), "31 (left out: page cache, private page cache, user data, free pages; zero pages are stored once)");
        assert_eq!(level(16), "16 (left out: free pages)");
        assert_eq!(level(32), "32 (nothing left out)");
    }
}
