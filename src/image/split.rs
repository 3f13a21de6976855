//! One file cut into parts: `.001 .002 ...`, `.000 .001 ...`, `.aa .ab ...`, `.part1 .part2 ...`.
//!
//! The first part is named by the user, the others are found beside it by name, or given as sidecars. Parts of raw memory are used where
//! they lie; of any other format they are joined in memory first, since its header speaks of offsets in the whole.

use super::detect::{self, Parsed};
use super::input::Input;
use super::map::Content;
use super::open::OpenOptions;
use super::unpack::{Compression, Sink};
use super::zip;
use crate::reading::Original;
use crate::{Error, ErrorKind, Layer, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// More parts than anybody cuts.
const MOST: u64 = 100_000;
/// How far behind a missing part another one is looked for.
const GAP: u64 = 64;

/// How the parts are named.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Naming {
    /// A number of so many digits behind a text (`.`, `.part`).
    Number { before: String, digits: usize },
    /// So many letters, as `split` of the coreutils makes them.
    Letters { before: String, letters: usize },
}

impl Naming {
    /// How `name` is named and which part it is; none when it is not named like a part.
    fn of(name: &str) -> Option<(Self, u64)> {
        let (stem, ext) = name.rsplit_once('.')?;
        let lower = ext.to_ascii_lowercase();
        let digits =
            |text: &str| (!text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit())).then_some(text.len());
        if let Some(n) = digits(ext).filter(|n| *n >= 3) {
            return Some((Naming::Number { before: format!("{stem}."), digits: n }, ext.parse().ok()?));
        }
        if let Some(n) = lower.strip_prefix("part").and_then(digits) {
            let (word, number) = ext.split_at_checked(4)?;
            return Some((Naming::Number { before: format!("{stem}.{word}"), digits: n }, number.parse().ok()?));
        }
        let letters = (2..=4).contains(&ext.len()) && ext.starts_with('a') && ext.bytes().all(|b| b.is_ascii_lowercase());
        if letters {
            let number = ext.bytes().fold(0, |n, b| n * 26 + u64::from(b - b'a'));
            return Some((Naming::Letters { before: format!("{stem}."), letters: ext.len() }, number));
        }
        None
    }

    /// The name of part `number`.
    fn name(&self, number: u64) -> Option<String> {
        match self {
            Naming::Number { before, digits } => Some(format!("{before}{number:0digits$}")),
            Naming::Letters { before, letters } => {
                let mut rest = number;
                let mut text = Vec::new();
                for _ in 0..*letters {
                    text.push(char::from(b'a' + u8::try_from(rest % 26).ok()?));
                    rest /= 26;
                }
                (rest == 0).then(|| format!("{before}{}", text.iter().rev().collect::<String>()))
            }
        }
    }
}

/// Whether a file of this name is the first of several parts.
#[cfg(feature = "http")]
pub(super) fn is_first(name: &str) -> bool {
    Naming::of(name).is_some_and(|(_, number)| number <= 1)
}

/// The other parts of the file at `path`, in order; none where it is no first part or stands alone.
///
/// # Errors
/// When a part in the middle is missing, or `path` is a later part. A file with a header is none: `headed`.
fn others(path: &Path, headed: bool) -> Result<Vec<PathBuf>> {
    let Some((naming, number)) = path.file_name().and_then(|n| n.to_str()).and_then(Naming::of) else { return Ok(Vec::new()) };
    let part = |n: u64| naming.name(n).map(|name| path.with_file_name(name)).filter(|p| p.is_file());
    let first = (0..=1).find_map(|n| part(n).filter(|_| n < number).map(|p| (n, p)));
    if let Some((_, first)) = first.filter(|(n, _)| !headed && (*n == 0 || number > 1)) {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Invalid,
            format!("{} is named like a later part of a split file, whose first part is {}", path.display(), first.display()),
        )
        .hint("name the first part: memsh finds the others; --format NAME opens this file alone"));
    }
    let mut parts = Vec::new();
    let mut next = number + 1;
    while let Some(p) = part(next).filter(|_| next < MOST) {
        parts.push(p);
        next += 1;
    }
    if let Some(later) = (next + 1..next + GAP).find_map(part) {
        let missing = naming.name(next).unwrap_or_default();
        return Err(Error::new(
            Layer::Image,
            ErrorKind::NotFound,
            format!("part {missing} of the split file is missing, but {} is there", later.display()),
        )
        .hint(
            "without it all that follows would lie at wrong addresses: find the part; --format NAME opens the first part alone",
        ));
    }
    Ok(parts)
}

/// What [`join`] makes of a file.
pub(super) enum Joined {
    /// It is no part, or one of raw memory.
    No(Content),
    /// All parts in one. `others` are those behind the `first`.
    Yes { content: Content, first: Option<Arc<Original>>, others: Vec<Arc<Original>>, size: u64 },
}

/// Joins the parts of the file at `path` in memory where they are not raw memory: compressed, or of a format with a header.
///
/// # Errors
/// As [`others`], or when the parts do not fit into memory.
pub(super) fn join(file: Content, path: &Path, options: &OpenOptions) -> Result<Joined> {
    let headed = Compression::of(&file).is_some() || zip::probe(&file) || detect::known(&file).is_some_and(|f| !own_parts(f));
    if options.format.is_some() || !headed || !options.sidecars.is_empty() {
        return Ok(Joined::No(file));
    }
    let paths = others(path, true)?;
    if paths.is_empty() {
        return Ok(Joined::No(file));
    }
    let parts = paths.iter().map(|p| Content::map(p)).collect::<Result<Vec<_>>>()?;
    // Each with a header of its own: several images, or a format that knows parts itself.
    if parts.iter().any(|p| p.get(..8).is_some_and(|b| file.get(..8) == Some(b))) {
        return Ok(Joined::No(file));
    }
    let all = || std::iter::once(&file).chain(&parts);
    let size: u64 = all().map(|p| u64::try_from(p.len()).unwrap_or(u64::MAX)).fold(0, u64::saturating_add);
    let total = usize::try_from(size).unwrap_or(usize::MAX);
    let mut sink = Sink::new(options)?;
    let at = std::cell::Cell::new(0);
    for part in all() {
        let mut from: &[u8] = part;
        let done = at.get();
        sink.pour(&mut from, &at, total, |bytes| at.set(at.get().saturating_add(bytes.len()))).map_err(|s| match s {
            super::unpack::Stopped::Other(e) => e,
            super::unpack::Stopped::Source(e) => Error::new(Layer::Image, ErrorKind::Io, e.to_string()),
        })?;
        at.set(done.saturating_add(part.len()));
    }
    let first = file.original().cloned();
    let others = parts.iter().filter_map(|p| p.original().cloned()).collect();
    Ok(Joined::Yes { content: Content::Unpacked(sink.out.finish()), first, others, size })
}

/// Formats that name their further files themselves.
fn own_parts(format: &str) -> bool {
    matches!(format, "ewf" | "vmware" | "kdump" | "aff4")
}

/// Raw memory in parts: from the sidecars, or by name. `None` when it is in one.
///
/// # Errors
/// As [`others`].
pub(super) fn raw(input: &Input<'_>) -> Result<Option<Parsed>> {
    let options = input.options;
    let (paths, how) = match options.sidecars.as_slice() {
        [] if options.format.is_none() => (others(input.path, false)?, "by their names"),
        [] => (Vec::new(), ""),
        given => (given.to_vec(), "as --sidecar names them, in that order"),
    };
    if paths.is_empty() {
        return Ok(None);
    }
    let files = paths.iter().map(|p| input.open(p)).collect::<Result<Vec<_>>>()?;
    for (path, file) in paths.iter().zip(&files) {
        if let Some(what) = detect::known(file) {
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Invalid,
                format!("{} does not continue raw memory: it begins like a {what} image", path.display()),
            )
            .hint("it is an image of its own: open it alone; --format raw opens the file that was named alone"));
        }
    }
    let mut parsed = detect::raw(input.data(), "raw", options)?;
    // That the first part is no whole number of pages is nothing to tell here.
    parsed.warnings.clear();
    let all: Vec<Arc<Content>> = std::iter::once(input.content).chain(&files).cloned().collect();
    parsed.claims = detect::raw_claims(&all, options.base.unwrap_or_default())?;
    let lengths: Vec<u64> = all.iter().map(|c| u64::try_from(c.len()).unwrap_or(u64::MAX)).collect();
    let total = lengths.iter().fold(0u64, |n, l| n.saturating_add(*l));
    parsed.warnings.push(format!("{} files were taken for one image of {total} bytes, {how}", lengths.len()));
    // Whoever cuts a file makes all parts but the last of one size.
    if let Some((&first, rest)) = lengths.split_first() {
        let inner = rest.split_last().map_or(&[][..], |(_, inner)| inner);
        let odd = inner.iter().position(|n| *n != first).map(|i| i + 2);
        let odd = odd.or_else(|| rest.last().filter(|n| **n > first).map(|_| lengths.len()));
        if let Some(part) = odd {
            parsed.warnings.push(format!(
                "part {part} has another size than the first ({} and {first} bytes): one of them may be cut short, and all that follows \
                 be at wrong addresses",
                lengths.get(part - 1).copied().unwrap_or(0)
            ));
        }
    }
    if !total.is_multiple_of(4096) {
        parsed.warnings.push(format!("{total} bytes are not a whole number of pages: a part may be cut short"));
    }
    parsed.detail("parts", lengths.len());
    parsed.files = files;
    Ok(Some(parsed))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_go_on_as_they_began() {
        let next = |name: &str| {
            let (naming, n) = Naming::of(name)?;
            naming.name(n + 1)
        };
        assert_eq!(next("mem.raw.001").as_deref(), Some("mem.raw.002"));
        assert_eq!(next("mem.009").as_deref(), Some("mem.010"));
        assert_eq!(next("mem.999").as_deref(), Some("mem.1000"));
        assert_eq!(next("mem.aa").as_deref(), Some("mem.ab"));
        assert_eq!(next("mem.az").as_deref(), Some("mem.ba"));
        assert_eq!(next("mem.part1").as_deref(), Some("mem.part2"));
        assert_eq!(next("mem.Part09").as_deref(), Some("mem.Part10"));
        for other in
            ["mem.raw", "mem.1", "mem.12", "mem", "mem.", "vmlinux-6.1.0", "mem.1234567", "a.bin", "mem.part", "mem.partx"]
        {
            assert_eq!(next(other), None, "{other}");
        }
        assert_eq!(Naming::of("x.az").unwrap().0.name(26 * 26), None);
    }
}
