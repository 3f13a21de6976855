//! The bytes of an image file in our address space.
//!
//! A file is mapped, never copied ([`MappedFile`]): pages that are gone when they are read are counted, and the answer is told as partial.
//! The length is taken once from the open file and no read leaves it, and its [`Original`] tells whether the file has been touched
//! since, so that a shell can say so before it starts long work. Work on a copy where something else may still write.
//!
//! The one `unsafe` here gives address space back that was reserved for what is unpacked.

use crate::reading::{MappedFile, Original};
use crate::{Error, ErrorKind, Layer, Result};
use memmap2::{MmapMut, MmapOptions};
use std::fs::{File, Metadata};
use std::io::{Seek, SeekFrom};
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

/// Unit in which unpacked memory is stored: a page of zeros is not stored at all.
pub(super) const PAGE: usize = 4096;

/// All bytes of an image.
pub(super) enum Content {
    /// A mapped file.
    File { map: MappedFile, original: Arc<Original> },
    /// Bytes that were unpacked into memory of our own.
    Unpacked(Unpacked),
    /// Bytes that the caller had.
    Given(std::borrow::Cow<'static, [u8]>),
    /// Part of another content: what lies uncompressed in an archive.
    Part { whole: Arc<Content>, range: Range<usize> },
    /// A file elsewhere: as a slice only what its format looks at, the rest by [`fetch`](Content::fetch).
    #[cfg(feature = "http")]
    Remote { skeleton: super::remote::Skeleton, remote: Arc<super::remote::Remote> },
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Content::File { map, .. } => map,
            Content::Unpacked(u) => u,
            Content::Given(b) => b,
            Content::Part { whole, range } => whole.get(range.clone()).unwrap_or(&[]),
            #[cfg(feature = "http")]
            Content::Remote { skeleton, .. } => skeleton,
        }
    }
}

fn failed(path: &Path, what: &str, e: std::io::Error) -> Error {
    let kind = match e.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::Io,
    };
    let error = Error::new(Layer::Image, kind, format!("can't {what} {}: {e}", path.display()));
    match e.kind() {
        std::io::ErrorKind::NotFound => error.hint("check the path; `memsh sample` opens the image that comes with memsh"),
        // EMFILE (Linux, macOS): an image in many parts has them all open.
        _ if e.raw_os_error() == Some(24) => error.hint("`ulimit -n 4096` lets a program have more files open"),
        std::io::ErrorKind::PermissionDenied => {
            error.hint("the file must be readable: copy it, or run memsh as a user who may read it")
        }
        _ => error,
    }
}

/// Length of what `file` holds: block devices report 0 in their metadata and their size at their end.
fn length(file: &File, meta: &Metadata) -> std::io::Result<u64> {
    if meta.is_file() {
        return Ok(meta.len());
    }
    let mut f = file;
    let len = f.seek(SeekFrom::End(0))?;
    f.seek(SeekFrom::Start(0))?;
    Ok(len)
}

impl Content {
    /// Maps the file at `path` for reading.
    ///
    /// # Errors
    /// When it can't be opened or mapped, or is empty or a directory.
    pub(super) fn map(path: &Path) -> Result<Self> {
        // Metadata first: opening a FIFO would wait for a writer.
        let meta = std::fs::metadata(path).map_err(|e| failed(path, "open", e))?;
        if meta.is_dir() {
            return Err(Error::new(Layer::Image, ErrorKind::Invalid, format!("{} is a directory", path.display()))
                .hint("name the image file in it"));
        }
        if special(&meta) {
            return Err(Error::new(
                Layer::Image,
                ErrorKind::Unsupported,
                format!("{} is a device, pipe or socket, and can't be mapped into memory", path.display()),
            )
            .hint("copy it into a file first, or use a live connector (-C)"));
        }
        let file = crate::reading::open(path).map_err(|e| failed(path, "open", e))?;
        let len = length(&file, &meta).map_err(|e| failed(path, "find the size of", e))?;
        if len == 0 {
            return Err(Error::new(Layer::Image, ErrorKind::Malformed, format!("{} is empty (0 bytes)", path.display()))
                .hint("the acquisition or the copy failed: make it again"));
        }
        let host = usize::try_from(len).map_err(|_| {
            Error::new(
                Layer::Image,
                ErrorKind::Unsupported,
                format!("{} ({len} bytes) is larger than this host's address space", path.display()),
            )
        })?;
        let original = Original::of(path, Arc::new(file), &meta).map_err(|e| failed(path, "open", e))?;
        let map = MappedFile::of(Arc::clone(original.file()), host).map_err(|e| {
            failed(path, "map", e)
                .hint("files of /proc and /dev often can't be mapped: copy it first, or use a live connector (-C)")
        })?;
        Ok(Content::File { map, original: Arc::new(original) })
    }

    /// The file elsewhere that this is.
    #[cfg(feature = "http")]
    pub(super) const fn remote(&self) -> Option<&Arc<super::remote::Remote>> {
        match self {
            Content::Remote { remote, .. } => Some(remote),
            _ => None,
        }
    }

    /// Whether the slice does not hold all of the bytes: they must be fetched.
    pub(super) const fn is_far(&self) -> bool {
        #[cfg(feature = "http")]
        return self.remote().is_some();
        #[cfg(not(feature = "http"))]
        return false;
    }

    /// Bytes of a file that [is elsewhere](Self::is_far), or why they can't be had.
    pub(super) fn fetch(&self, at: u64, len: u64) -> std::result::Result<Vec<u8>, String> {
        #[cfg(feature = "http")]
        if let Some(remote) = self.remote() {
            return remote.bytes(at, len).map_err(|e| e.told());
        }
        Err(format!("{len} bytes at {at:#x} are not in the file"))
    }

    /// Fetches these ranges (offset, length) together, where they must be fetched: they will be asked for next.
    pub(super) fn prepare(&self, ranges: impl IntoIterator<Item = (u64, u64)>) {
        #[cfg(feature = "http")]
        if let Some(remote) = self.remote() {
            remote.want(ranges);
        }
        #[cfg(not(feature = "http"))]
        let _ = ranges;
    }

    /// The parts of `range` that are not holes of a sparse file, ascending: `most` pieces at most, of which the last one then goes on to
    /// the end. A hole reads as zeros; reading it costs as much as reading data.
    pub(super) fn data_in(&self, range: Range<u64>, most: usize) -> Vec<Range<u64>> {
        match self {
            Content::File { map, .. } => extents(map.file(), range, most),
            Content::Part { whole, range: part } => {
                let Ok(skip) = u64::try_from(part.start) else { return vec![range] };
                let inner = range.start.saturating_add(skip)..range.end.saturating_add(skip);
                let found = whole.data_in(inner, most);
                found.into_iter().map(|r| r.start.saturating_sub(skip)..r.end.saturating_sub(skip)).collect()
            }
            _ => vec![range],
        }
    }

    /// Bytes of the file that could not be read when they were needed, and were taken for zeros.
    pub(super) fn unreadable(&self) -> u64 {
        match self {
            Content::File { map, .. } => map.lost(),
            Content::Part { whole, .. } => whole.unreadable(),
            _ => 0,
        }
    }

    /// The file in which these bytes lie as they are.
    pub(super) fn original(&self) -> Option<&Arc<Original>> {
        match self {
            Content::File { original, .. } => Some(original),
            Content::Part { whole, .. } => whole.original(),
            _ => None,
        }
    }

    /// What happened to the file elsewhere that this is, since it was opened, if something did.
    pub(super) fn changed(&self) -> Option<String> {
        #[cfg(feature = "http")]
        return self.remote().and_then(|remote| remote.changed());
        #[cfg(not(feature = "http"))]
        return None;
    }
}

/// What a file holds of `range`, as its file system says: at most `most` pieces, of which the last one then goes on to the end.
pub(crate) fn held(file: &File, range: Range<u64>, most: usize) -> Vec<Range<u64>> {
    extents(file, range, most)
}

/// What a file holds of `range`, as its file system says.
#[cfg(target_os = "linux")]
fn extents(file: &File, range: Range<u64>, most: usize) -> Vec<Range<u64>> {
    use rustix::fs::{SeekFrom, seek};
    let mut out = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let start = match seek(file, SeekFrom::Data(at)) {
            Ok(start) => start.max(at),
            // Nothing but holes up to its end; what was cut off is none.
            Err(rustix::io::Errno::NXIO) => {
                let len = file.metadata().ok().filter(Metadata::is_file).map_or(range.end, |m| m.len());
                if len < range.end {
                    out.push(at.max(len)..range.end);
                }
                return out;
            }
            // It cannot tell.
            Err(_) => at,
        };
        if start >= range.end {
            break;
        }
        let end = match seek(file, SeekFrom::Hole(start)) {
            Ok(end) if end > start && out.len() + 1 < most => end.min(range.end),
            _ => range.end,
        };
        out.push(start..end);
        at = end;
    }
    out
}

#[cfg(not(target_os = "linux"))]
fn extents(_: &File, range: Range<u64>, _: usize) -> Vec<Range<u64>> {
    vec![range]
}

#[cfg(unix)]
fn special(meta: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let t = meta.file_type();
    t.is_char_device() || t.is_fifo() || t.is_socket()
}

#[cfg(not(unix))]
fn special(_: &Metadata) -> bool {
    false
}

/// Bytes that grow at their end, in which pages of zeros take no memory.
///
/// One reservation of address space for all that may come: it needs no page until a page is written, and it never moves, so
/// the finished image is one run.
pub(super) struct Unpacked {
    map: MmapMut,
    len: usize,
    stored: u64,
}

impl Deref for Unpacked {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.get(..self.len).unwrap_or(&[])
    }
}

impl Unpacked {
    /// Room for `most` bytes, or for as much less as the host grants.
    ///
    /// # Errors
    /// When the host grants no address space at all.
    pub(super) fn reserve(most: u64) -> std::io::Result<Self> {
        let mut size = usize::try_from(most).unwrap_or(usize::MAX / 4).max(PAGE);
        loop {
            match MmapOptions::new().len(size).no_reserve_swap().map_anon() {
                Ok(map) => {
                    // A huge page would be stored whole for a single byte that isn't zero.
                    #[cfg(target_os = "linux")]
                    let _ = map.advise(memmap2::Advice::NoHugePage);
                    return Ok(Self { map, len: 0, stored: 0 });
                }
                Err(e) if size <= 1 << 24 => return Err(e),
                Err(_) => size /= 2,
            }
        }
    }

    /// How many bytes fit.
    pub(super) fn capacity(&self) -> usize {
        self.map.len()
    }

    /// Bytes that take memory.
    pub(super) const fn stored(&self) -> u64 {
        self.stored
    }

    /// Appends `bytes`; `false` when they don't fit.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let Some(end) = self.len.checked_add(bytes.len()).filter(|&e| e <= self.map.len()) else { return false };
        let (mut at, mut rest) = (self.len, bytes);
        while !rest.is_empty() {
            let (page, tail) = rest.split_at((PAGE - at % PAGE).min(rest.len()));
            if !is_zero(page) {
                let Some(to) = self.map.get_mut(at..at + page.len()) else { return false };
                to.copy_from_slice(page);
                self.stored = self.stored.saturating_add(u64::try_from(page.len()).unwrap_or(0));
            }
            at += page.len();
            rest = tail;
        }
        self.len = end;
        true
    }

    /// Zeros up to offset `at`, which is not before the end; `false` when they don't fit.
    pub(super) fn skip_to(&mut self, at: usize) -> bool {
        let fits = at >= self.len && at <= self.map.len();
        if fits {
            self.len = at;
        }
        fits
    }

    /// Gives the unused address space back, as far as the host can.
    pub(super) fn finish(mut self) -> Self {
        #[cfg(target_os = "linux")]
        {
            let len = self.len.max(1).next_multiple_of(PAGE).min(self.map.len());
            // SAFETY: shrinks in place a mapping that we own, while no reference into it exists (`&mut self`); `self.len`
            // stays within the new length.
            let _ = unsafe { self.map.remap(len, memmap2::RemapOptions::new()) };
        }
        self.len = self.len.min(self.map.len());
        self
    }
}

/// Whether every byte of at most a page is zero. A comparison of slices is `memcmp`, fast in every build.
pub(super) fn is_zero(page: &[u8]) -> bool {
    static ZEROS: [u8; PAGE] = [0; PAGE];
    ZEROS.get(..page.len()).is_some_and(|z| z == page)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn zero_pages_are_not_stored() {
        let mut u = Unpacked::reserve(1 << 20).unwrap();
        assert!(u.push(&[0; 10_000]));
        assert_eq!(u.stored(), 0);
        assert!(u.push(&[7; 100]));
        assert!(u.push(&[0; 5000]));
        let u = u.finish();
        assert_eq!(u.len(), 15_100);
        assert_eq!((u[9_999], u[10_000], u[10_099], u[10_100]), (0, 7, 7, 0));
        assert_eq!(u.stored(), 100);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn holes_of_a_file_are_known() {
        use std::io::Write;
        const MIB: u64 = 1 << 20;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        let mut file = File::create(&path).unwrap();
        file.set_len(64 * MIB).unwrap();
        for at in [3 * MIB, 40 * MIB] {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(&[1; 4096]).unwrap();
        }
        drop(file);
        let whole = Arc::new(Content::map(&path).unwrap());
        let held = |content: &Content, range, at: u64| content.data_in(range, 100).iter().any(|r| r.contains(&at));
        for at in [3 * MIB, 3 * MIB + 4095, 40 * MIB] {
            assert!(held(&whole, 0..64 * MIB, at), "{at:#x}");
        }
        // Where the file system knows no holes all is held.
        let known = whole.data_in(0..64 * MIB, 100);
        if !matches!(&known[..], [r] if *r == (0..64 * MIB)) {
            assert!(!held(&whole, 0..64 * MIB, 20 * MIB) && !held(&whole, 0..64 * MIB, 63 * MIB));
            assert!(whole.data_in(50 * MIB..64 * MIB, 100).is_empty());
            // One piece at most: from the first byte that is held to the end.
            assert!(matches!(&whole.data_in(0..64 * MIB, 1)[..], [r] if r.start == 3 * MIB && r.end == 64 * MIB));
            let part = Content::Part { whole: Arc::clone(&whole), range: 1 << 20..5 << 20 };
            assert!(matches!(&part.data_in(0..4 * MIB, 100)[..], [r] if r.start == 2 * MIB));
        }
        let given = Content::Given(vec![0; 10].into()).data_in(2..8, 5);
        assert!(matches!(&given[..], [r] if *r == (2..8)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut u = Unpacked::reserve(4096).unwrap();
        assert!(u.push(&[1; 4096]));
        assert!(!u.push(&[1]));
    }

    #[test]
    fn zero_is_zero() {
        assert!(is_zero(&[]));
        assert!(is_zero(&[0; 131]));
        for i in 0..131 {
            let mut b = [0; 131];
            b[i] = 1;
            assert!(!is_zero(&b), "{i}");
        }
    }
}
