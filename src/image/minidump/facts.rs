//! Facts of the dump, for `info`.

use super::header::{ASSERTION, BREAKPAD_INFO, COMMENT_A, COMMENT_W, CRASHPAD_INFO, Dump, HANDLE_DATA, name, utf16};
use super::peb::Peb;
use crate::image::calendar::rfc3339;
use crate::image::detect::Parsed;
use crate::image::process::ModuleImage;
use std::collections::{BTreeMap, HashMap};

/// What is shown of a comment.
const LONGEST_COMMENT: u64 = 4096;
/// `MINIDUMP_HANDLE_DESCRIPTOR`.
const HANDLE: u64 = 32;
/// Handles that are counted, and types of them that are told apart (Windows has some 70).
const MOST_HANDLES: u64 = 1 << 20;
const MOST_TYPES: usize = 128;
/// Pairs of Crashpad's dictionary.
const MOST_ANNOTATIONS: u64 = 64;

/// `MINIDUMP_TYPE`, by bits.
const FLAGS: &[&str] = &[
    "data segments",
    "full memory",
    "handle data",
    "filtered memory",
    "scanned memory",
    "unloaded modules",
    "indirectly referenced memory",
    "filtered module paths",
    "process and thread data",
    "private read-write memory",
    "without optional data",
    "full memory info",
    "thread info",
    "code segments",
    "without auxiliary state",
    "full auxiliary state",
    "private write-copy memory",
    "inaccessible memory ignored",
    "token information",
    "module headers",
    "filtered triage",
    "AVX state",
    "IPT trace",
    "inaccessible partial pages",
];

/// Header, directory, and what its writer added.
pub(super) fn header(dump: &Dump<'_>, parsed: &mut Parsed) {
    let full = dump.is_full();
    parsed.detail("dump_of", "one process (addresses are virtual)");
    parsed.detail("memory", if full { "full (Memory64List)" } else { "selected (MemoryList and stacks)" });
    if let Some(time) = rfc3339(dump.time.into()) {
        parsed.detail("time", time);
    }
    parsed.detail("version", format!("{:#x}, of the writer {:#x}", dump.version & 0xffff, dump.version >> 16));
    let set = FLAGS.iter().enumerate().filter(|(i, _)| dump.flags >> i & 1 == 1).map(|(_, n)| *n);
    let set: Vec<&str> = set.collect();
    parsed.detail("flags", format!("{:#x} ({})", dump.flags, if set.is_empty() { "normal".to_owned() } else { set.join(", ") }));
    if dump.big {
        parsed.detail("byte_order", "big-endian");
    }
    let names: Vec<String> = dump.kinds().take(64).map(|k| name(k).map_or_else(|| format!("{k:#x}"), str::to_owned)).collect();
    parsed.detail("streams", names.join(", "));
    let warnings = &mut parsed.warnings;
    let comment = |kind: u32, wide: bool, warnings: &mut Vec<String>| {
        let s = dump.stream(kind, warnings)?;
        let bytes = s.f.bytes(0, s.f.len().min(LONGEST_COMMENT))?;
        Some(if wide { utf16(bytes, dump.big) } else { dump.plain(bytes)? }).filter(|t| !t.is_empty())
    };
    let comments = [comment(COMMENT_A, false, warnings), comment(COMMENT_W, true, warnings)];
    for text in comments.into_iter().flatten() {
        parsed.detail("comment", String::from_utf8_lossy(&text).trim_end());
    }
    breakpad(dump, parsed);
    crashpad(dump, parsed);
}

fn breakpad(dump: &Dump<'_>, parsed: &mut Parsed) {
    if let Some(s) = dump.stream(BREAKPAD_INFO, &mut parsed.warnings)
        && let (Some(valid), Some(writer), Some(asked)) = (s.f.u32(0), s.f.u32(4), s.f.u32(8))
    {
        for (bit, name, id) in [(1, "dumping_thread", writer), (2, "requesting_thread", asked)] {
            if valid & bit != 0 {
                parsed.detail(name, id);
            }
        }
    }
    if let Some(s) = dump.stream(ASSERTION, &mut parsed.warnings) {
        let text = |at: u64| s.f.bytes(at, 256).map(|b| String::from_utf8_lossy(&utf16(b, dump.big)).into_owned());
        if let (Some(expression), Some(function), Some(file), Some(line)) = (text(0), text(256), text(512), s.f.u32(768)) {
            parsed.detail("assertion", format!("{expression} in {function} ({file}:{line})"));
        }
    }
}

/// Crashpad: ids, and a dictionary of the program's own facts.
fn crashpad(dump: &Dump<'_>, parsed: &mut Parsed) {
    let Some(s) = dump.stream(CRASHPAD_INFO, &mut parsed.warnings) else { return };
    let guid = |at: u64| {
        let rest: String = s.f.bytes(at + 8, 8)?.iter().map(|b| format!("{b:02x}")).collect();
        let (node, tail) = rest.split_at_checked(4)?;
        Some(format!("{:08x}-{:04x}-{:04x}-{node}-{tail}", s.f.u32(at)?, s.f.u16(at + 4)?, s.f.u16(at + 6)?))
    };
    for (name, at) in [("crashpad_report", 4), ("crashpad_client", 20)] {
        if let Some(id) = guid(at).filter(|id| id.bytes().any(|b| !matches!(b, b'0' | b'-'))) {
            parsed.detail(name, id);
        }
    }
    let Some(place) = Dump::location(&s.f, 36).filter(|p| p.rva != 0) else { return };
    let pairs = dump.at(place);
    let text = |rva: u32| {
        let len = dump.f.u32(rva.into())?;
        let bytes = dump.f.bytes(u64::from(rva) + 4, u64::from(len).min(LONGEST_COMMENT))?;
        dump.plain(bytes)
    };
    let count = pairs.u32(0).map_or(0, u64::from).min(MOST_ANNOTATIONS);
    for i in 0..count {
        let (Some(key), Some(value)) = (pairs.u32(4 + 8 * i).and_then(text), pairs.u32(8 + 8 * i).and_then(text)) else { break };
        parsed.detail(&format!("annotation_{}", String::from_utf8_lossy(&key)), String::from_utf8_lossy(&value));
    }
}

/// What was found in the process.
pub(super) fn process(dump: &Dump<'_>, peb: &Peb, modules: &[ModuleImage], parsed: &mut Parsed) {
    if let Some(directory) = &peb.directory {
        parsed.detail("current_directory", String::from_utf8_lossy(directory));
    }
    if peb.debugged {
        parsed.detail("being_debugged", "yes");
    }
    if modules.iter().any(|m| m.name().eq_ignore_ascii_case(b"wow64.dll")) {
        parsed.detail(
            "wow64",
            "a 32-bit process on a 64-bit Windows, dumped by a 64-bit tool: registers and stacks are those of the 64-bit side",
        );
    }
    handles(dump, parsed);
}

/// How many handles there are, by type.
fn handles(dump: &Dump<'_>, parsed: &mut Parsed) {
    let warnings = &mut parsed.warnings;
    let Some(s) = dump.stream(HANDLE_DATA, warnings) else { return };
    let Some(rows) = s.sized(HANDLE, false, MOST_HANDLES, warnings) else { return };
    // The name of a type lies in the file once, or once for each handle.
    let mut names: HashMap<u32, Option<Vec<u8>>> = HashMap::new();
    let mut counts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    let mut total = 0usize;
    for at in rows.offsets() {
        let Some(rva) = s.f.u32(at + 8) else { break };
        total += 1;
        if let Some(name) = names.entry(rva).or_insert_with(|| dump.string(rva)) {
            let room = counts.len() < MOST_TYPES && !name.is_empty();
            if let Some(n) = counts.get_mut(name) {
                *n += 1;
            } else if room {
                counts.insert(name.clone(), 1);
            }
        }
    }
    let types: Vec<String> = counts.iter().map(|(name, n)| format!("{n} {}", String::from_utf8_lossy(name))).collect();
    parsed.detail("handles", if types.is_empty() { total.to_string() } else { format!("{total} ({})", types.join(", ")) });
}
