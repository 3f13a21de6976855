//! Contents of cached files, written into files.
//!
//! Paths come from the image, which may be hostile: nothing is ever written outside the directory that the user named, nothing
//! that exists is overwritten, no link is followed.

use super::cells::{hex, is_unsafe};
use super::context::Context;
use super::evidence::{create, take_back};
use super::failure::{Failure, Result};
use crate::os::linux::Kernel;
use crate::os::linux::files::cachedpages::{CachedPages, pages_of};
use crate::os::linux::files::pagecache::{CachedFile, lives_in_memory};
use crate::os::linux::memory::frames::Frames;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// No file of more than this is written, nearly all of it a hole: 16 TiB, the largest that ext4 has.
const LARGEST: u64 = 16 << 40;
/// Holes of more than this in all are not hashed: it would take minutes, and the sum is good for nothing.
const HASHED: u64 = 4 << 30;
/// Bytes written at once.
const PIECE: usize = 1 << 20;
/// A part of a path is at most 255 bytes on most systems; room for what makes it unique.
const NAME: usize = 200;
/// A path deeper or longer than this is written flat.
const PATH: usize = 2000;

/// What was written.
pub struct Written {
    /// The file.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Bytes of it that are not in memory, a hole in the file.
    pub unreadable: u64,
    /// SHA-256, in hex; none where too much of it is a hole.
    pub sha256: Option<String>,
}

/// A directory for files.
pub struct Place(PathBuf);

impl Place {
    /// A new directory, or one that is there and empty: so no link in it can lead elsewhere, and nothing is overwritten.
    ///
    /// # Errors
    /// When it can't be made, or has something in it.
    pub fn new(directory: &Path) -> Result<Self> {
        std::fs::create_dir_all(directory).map_err(|e| Failure::file(directory, "create", e))?;
        let mut entries = std::fs::read_dir(directory).map_err(|e| Failure::file(directory, "read", e))?;
        if entries.next().is_some() {
            let hint = "give a new or an empty one: then nothing there can be overwritten".to_owned();
            return Err(Failure::Usage(format!("{} is not empty", directory.display()), Some(hint)));
        }
        Ok(Self(directory.to_owned()))
    }

    /// Writes a file below the directory, under its path there. None for a file that makes no sense; that is told.
    ///
    /// # Errors
    /// When it can't be written, or the user interrupted.
    pub fn write(&self, cx: &Context, kernel: &Kernel, frames: &Frames, file: &CachedFile) -> Result<Option<Written>> {
        let Some(contents) = Contents::of(cx, kernel, frames, file) else { return Ok(None) };
        let (path, mut output) = self.create(file)?;
        match contents.write(cx, kernel, &mut output, &path) {
            Ok((unreadable, sha256)) => {
                if let Some(time) = modified(file) {
                    let _ = output.set_modified(time);
                }
                Ok(Some(Written { path: path.to_string_lossy().into_owned(), bytes: contents.length, unreadable, sha256 }))
            }
            Err(e) => {
                drop(output);
                let _ = std::fs::remove_file(&path);
                Err(e)
            }
        }
    }

    /// A new file for this one: under its path, under its inode's number where it has none, with the inode's number behind it where
    /// another file has that name already.
    fn create(&self, file: &CachedFile) -> Result<(PathBuf, File)> {
        let number = file.number.unwrap_or(0);
        let flat = format!("inode-{}-{number}", file.device.unwrap_or(0));
        let relative = file.paths.first().map(|p| safe(p)).filter(|p| !p.as_os_str().is_empty() && p.as_os_str().len() < PATH);
        let named = relative.unwrap_or_else(|| PathBuf::from(&flat));
        let mut other = named.clone().into_os_string();
        other.push(format!("~{number}"));
        let last = PathBuf::from(format!("{flat}-{}", file.inode));
        let mut failure = None;
        for candidate in [named, PathBuf::from(other), PathBuf::from(flat), last] {
            let path = self.0.join(candidate);
            let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
            match made.and_then(|()| File::options().write(true).create_new(true).open(&path)) {
                Ok(output) => return Ok((path, output)),
                Err(e) => failure = Some(Failure::file(&path, "write", e)),
            }
        }
        Err(failure.unwrap_or_else(|| Failure::usage("no name for a file")))
    }
}

/// A path of the image as a path below a directory: no part of it leads up or elsewhere, and every part is a name on any system.
/// What is no plain character is written as `%` and two hex digits.
fn safe(path: &[u8]) -> PathBuf {
    path.split(|&b| b == b'/').filter(|part| !part.is_empty()).map(part).collect()
}

fn part(name: &[u8]) -> String {
    let text = std::str::from_utf8(name).ok();
    let mut out = String::new();
    let escape = |bytes: &[u8], out: &mut String| bytes.iter().for_each(|b| out.push_str(&format!("%{b:02x}")));
    match text {
        Some(text) => {
            for c in text.chars() {
                let plain = !is_unsafe(c) && !"%\\:*?\"<>|".contains(c);
                if plain { out.push(c) } else { escape(c.encode_utf8(&mut [0; 4]).as_bytes(), &mut out) }
            }
        }
        None => name.iter().for_each(|&b| match b {
            b'%' | b'\\' | b':' | b'*' | b'?' | b'"' | b'<' | b'>' | b'|' => escape(&[b], &mut out),
            b' '..=b'~' => out.push(char::from(b)),
            b => escape(&[b], &mut out),
        }),
    }
    // `.`, `..`, and what Windows cuts off at the end of a name.
    if out.ends_with(['.', ' ']) || out.starts_with('.') && out.chars().all(|c| c == '.') {
        let last = out.pop().map_or(0, u32::from);
        out.push_str(&format!("%{last:02x}"));
    }
    if out.len() > NAME {
        let sum = hex(&Sha256::digest(name));
        let mut cut = NAME;
        while !out.is_char_boundary(cut) {
            cut -= 1;
        }
        out.truncate(cut);
        out.push('~');
        out.push_str(sum.get(..12).unwrap_or_default());
    }
    out
}

fn modified(file: &CachedFile) -> Option<std::time::SystemTime> {
    let nanos = u64::try_from(file.modified?).ok()?;
    std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_nanos(nanos))
}

/// What of a file is there.
struct Contents {
    pages: CachedPages,
    length: u64,
    /// Whether pages that are not there are zeros, and not merely elsewhere.
    holes: bool,
}

impl Contents {
    fn of(cx: &Context, kernel: &Kernel, frames: &Frames, file: &CachedFile) -> Option<Self> {
        let what = || {
            file.paths.first().map_or_else(|| format!("the inode at {}", file.inode), |p| String::from_utf8_lossy(p).into_owned())
        };
        let found = pages_of(kernel, frames, file);
        let pages = cx.take(&found).into_iter().next()?;
        let last = pages.runs.last().map_or(0, |r| r.offset.saturating_add(r.bytes));
        let length = match file.size {
            Some(size) if size <= LARGEST => size,
            size if last <= LARGEST => {
                let size = size.map_or("unknown".to_owned(), |s| s.to_string());
                cx.lost(format!("{}: its length ({size} bytes) makes no sense; written up to its last cached page", what()));
                last
            }
            _ => {
                cx.lost(format!("{}: neither its length nor its pages make sense; not written", what()));
                return None;
            }
        };
        let holes = file.fstype.as_deref().is_some_and(lives_in_memory);
        Some(Self { pages, length, holes })
    }

    /// Writes what is there; the rest stays a hole. Returns how many bytes are missing, and the sum.
    fn write(&self, cx: &Context, kernel: &Kernel, output: &mut File, path: &Path) -> Result<(u64, Option<String>)> {
        let fail = |e| Failure::file(path, "write", e);
        let mut sum = Sum { sha: Sha256::new(), at: 0, skipped: 0 };
        let mut unreadable = 0u64;
        let mut covered = 0u64;
        let mut piece = vec![0; PIECE];
        let memory = kernel.space.memory();
        for run in &self.pages.runs {
            let mut done = 0u64;
            let end = run.bytes.min(self.length.saturating_sub(run.offset));
            covered += end;
            while done < end {
                cx.go_on()?;
                let n = usize::try_from(end - done).unwrap_or(PIECE).min(PIECE);
                let Some(bytes) = piece.get_mut(..n) else { break };
                let from = crate::PhysAddr::new(run.phys.value().wrapping_add(crate::umem::from(done)));
                unreadable += super::cells::number(memory.read_gaps(from, bytes).bytes());
                let at = run.offset + done;
                output.seek(SeekFrom::Start(at)).map_err(fail)?;
                output.write_all(bytes).map_err(fail)?;
                sum.zeros(at);
                sum.bytes(bytes);
                done += n as u64;
            }
        }
        output.set_len(self.length).map_err(fail)?;
        sum.zeros(self.length);
        let elsewhere = match self.holes {
            // In swap; what is not even there was never written.
            true => self.pages.evicted.iter().fold(0u64, |n, (at, bytes)| n + (*bytes).min(self.length.saturating_sub(*at))),
            false => self.length - covered,
        };
        let unreadable = unreadable.saturating_add(elsewhere);
        cx.lost_many(unreadable, "bytes of files that are not in memory (holes in what was written)");
        Ok((unreadable, sum.finish()))
    }
}

/// A sum over a file with holes.
struct Sum {
    sha: Sha256,
    at: u64,
    skipped: u64,
}

impl Sum {
    /// Zeros up to `to`.
    fn zeros(&mut self, to: u64) {
        const ZEROS: [u8; 4096] = [0; 4096];
        let mut left = to.saturating_sub(self.at);
        self.skipped = self.skipped.saturating_add(left);
        self.at = self.at.max(to);
        while left > 0 && self.skipped <= HASHED {
            let n = usize::try_from(left).unwrap_or(ZEROS.len()).min(ZEROS.len());
            self.sha.update(ZEROS.get(..n).unwrap_or(&ZEROS));
            left -= n as u64;
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.sha.update(bytes);
        self.at = self.at.saturating_add(bytes.len() as u64);
    }

    fn finish(self) -> Option<String> {
        (self.skipped <= HASHED).then(|| hex(&self.sha.finalize()))
    }
}

/// Writes one file to `output` (`dump --file`).
///
/// # Errors
/// When it exists and may not be overwritten, is the image, or can't be written.
pub fn extract(cx: &Context, kernel: &Kernel, frames: &Frames, file: &CachedFile, output: &Path, force: bool) -> Result<Written> {
    let Some(contents) = Contents::of(cx, kernel, frames, file) else {
        return Err(Failure::usage("dump: the file makes no sense; nothing was written"));
    };
    let mut target = create(cx.session().ok(), output, force)?;
    match contents.write(cx, kernel, &mut target, output) {
        Ok((unreadable, sha256)) => {
            Ok(Written { path: output.to_string_lossy().into_owned(), bytes: contents.length, unreadable, sha256 })
        }
        Err(e) => {
            take_back(target, output);
            Err(e)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &[u8]) -> String {
        safe(path).to_string_lossy().into_owned()
    }

    #[test]
    fn paths_stay_below_their_directory() {
        assert_eq!(text(b"/etc/passwd"), "etc/passwd");
        assert_eq!(text(b"/../../etc/./x"), ".%2e/.%2e/etc/%2e/x");
        assert_eq!(text(b"//a//b/"), "a/b");
        assert!(safe(b"/..\\..\\x").components().all(|c| matches!(c, std::path::Component::Normal(_))));
    }

    #[test]
    fn hostile_names_become_plain_ones() {
        assert_eq!(text(b"/a\nb\x1b[31m"), "a%0ab%1b[31m");
        assert_eq!(text(b"/\xff\xfe"), "%ff%fe");
        assert_eq!(text("/a\u{202e}b".as_bytes()), "a%e2%80%aeb");
        assert_eq!(text(b"/C:x"), "C%3ax");
        assert_eq!(text(b"/%2e%2e"), "%252e%252e");
        assert_eq!(text("/ünïcode 日本".as_bytes()), "ünïcode 日本");
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let (a, b) = (text(&[b"/", [b'a'; 300].as_slice(), b"1"].concat()), text(&[b"/", [b'a'; 300].as_slice(), b"2"].concat()));
        assert!(a.len() < 255 && a != b);
    }

    #[test]
    fn sums_count_holes_as_zeros() {
        let mut sum = Sum { sha: Sha256::new(), at: 0, skipped: 0 };
        sum.zeros(5000);
        sum.bytes(b"x");
        sum.zeros(6000);
        let mut all = vec![0u8; 6000];
        if let Some(b) = all.get_mut(5000) {
            *b = b'x';
        }
        assert_eq!(sum.finish(), Some(hex(&Sha256::digest(&all))));
        let mut sum = Sum { sha: Sha256::new(), at: 0, skipped: 0 };
        sum.zeros(LARGEST);
        assert_eq!(sum.finish(), None);
    }
}
