//! The other files of a split dump (`makedumpfile --split`): each holds the pages of a range of its own, and descriptors for these
//! alone, behind a copy of headers and bitmaps.

use super::super::input::Input;
use super::flat::View;
use super::header::Header;
use super::part::Part;
use crate::{Error, ErrorKind, Layer, Result};
use std::path::{Path, PathBuf};

/// More files than anybody splits a dump into.
const MOST_PARTS: usize = 1024;
/// So many names of a folder are looked at.
const MOST_NAMES: usize = 1 << 16;

/// Opens what belongs to `first`: the files of `--sidecar`, or else those beside it whose names differ in one number (`dumpfile1`,
/// `dumpfile2`; `vmcore_0`, `vmcore_1`; `dump.1`, `dump.2`).
///
/// # Errors
/// When a file that was named can't be opened or is no part of this dump.
pub(super) fn others(input: &Input<'_>, first: &Part) -> Result<Vec<Part>> {
    let named = !input.options.sidecars.is_empty();
    let candidates = if named { input.options.sidecars.clone() } else { beside(input.path) };
    let mut parts: Vec<Part> = Vec::new();
    for path in candidates {
        if parts.len() >= MOST_PARTS || is_same(&path, input.path) {
            continue;
        }
        match open(input, &path, first, parts.len() + 1) {
            Ok(part) => parts.push(part),
            Err(e) if named => return Err(e),
            // A neighbour with such a name may be anything.
            Err(_) => {}
        }
    }
    Ok(parts)
}

fn is_same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn open(input: &Input<'_>, path: &Path, first: &Part, file: usize) -> Result<Part> {
    let content = input.open(path)?;
    let refused = |why: &str| {
        Error::new(Layer::Image, ErrorKind::Invalid, format!("{} is no part of this dump: {why}", path.display()))
            .hint("--sidecar takes the other files of the same split dump")
    };
    let begins = [&b"makedumpfile\0"[..], super::header::KDUMP, super::header::DISKDUMP];
    if !begins.iter().any(|b| content.starts_with(b)) {
        return Err(refused("it is no kdump file"));
    }
    let view = View::open(content)?;
    let header = Header::read(&view)?;
    if !first.header.belongs_with(&header) {
        return Err(refused("their headers differ"));
    }
    let part = Part::open(view, header, file);
    if !part.same_bitmap(first) {
        return Err(refused("their bitmaps of pages differ"));
    }
    Ok(part)
}

/// Files whose names differ from that of `path` in one number, in the order of their names.
fn beside(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else { return Vec::new() };
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let forms = forms(name);
    if forms.is_empty() || !path.is_file() {
        return Vec::new();
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.take(MOST_NAMES).filter_map(|e| e.ok()?.file_name().into_string().ok());
    let mut found: Vec<String> = names.filter(|n| n != name && forms.iter().any(|f| f.fits(n))).collect();
    found.sort_by_key(|n| (n.len(), n.clone()));
    found.into_iter().map(|n| folder.join(n)).filter(|p| p.is_file()).collect()
}

/// A name with any number in the place of one of its numbers.
struct Form<'a> {
    before: &'a str,
    after: &'a str,
}

impl Form<'_> {
    fn fits(&self, name: &str) -> bool {
        let number = name.strip_prefix(self.before).and_then(|rest| rest.strip_suffix(self.after));
        number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    }
}

fn forms(name: &str) -> Vec<Form<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = name.get(at..) {
        let Some(start) = rest.find(|c: char| c.is_ascii_digit()).map(|i| at + i) else { break };
        let len = name.get(start..).map_or(0, |r| r.find(|c: char| !c.is_ascii_digit()).unwrap_or(r.len()));
        let (Some(before), Some(after)) = (name.get(..start), name.get(start + len..)) else { break };
        out.push(Form { before, after });
        at = start + len;
    }
    out
}

/// The pages of `total` that no part is responsible for.
pub(super) fn gaps(parts: &[Part], total: u64) -> Vec<std::ops::Range<u64>> {
    let mut ranges: Vec<_> = parts.iter().map(|p| p.header.pages()).filter(|r| r.start < r.end).collect();
    ranges.sort_by_key(|r| r.start);
    let mut out = Vec::new();
    let mut at = 0;
    for r in ranges {
        if r.start > at {
            out.push(at..r.start);
        }
        at = at.max(r.end);
    }
    if at < total {
        out.push(at..total);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_that_differ_in_one_number() {
        let fits = |name: &str, other: &str| forms(name).iter().any(|f| f.fits(other));
        for (name, other) in [
            ("dumpfile1", "dumpfile2"),
            ("vmcore_0", "vmcore_11"),
            ("dump.1", "dump.2"),
            ("host7-vmcore.9.kdump", "host7-vmcore.10.kdump"),
        ] {
            assert!(fits(name, other) && fits(other, name), "{name} {other}");
        }
        for (name, other) in
            [("dump1", "dump"), ("dump", "dump2"), ("dump1", "dump1a"), ("a1b1", "a2b2"), ("dump1.flat", "dump2")]
        {
            assert!(!fits(name, other), "{name} {other}");
        }
        assert!(forms("no number").is_empty());
    }

    #[test]
    fn neighbours_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["vmcore_1", "vmcore_2", "vmcore_10", "vmcore_x", "other"] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        std::fs::create_dir(folder.path().join("vmcore_3")).unwrap();
        let found = beside(&folder.path().join("vmcore_2"));
        let names: Vec<_> = found.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["vmcore_1", "vmcore_10"]);
        assert!(beside(&folder.path().join("vmcore_7")).is_empty());
        assert!(beside(Path::new("")).is_empty());
    }
}
