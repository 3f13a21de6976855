//! What was worked out about an image and is worth keeping for the next start: where the kernel is, its symbols, an index of its
//! types.
//!
//! A memo is a file in the user's cache folder, never beside the image. It belongs to an image by size, time of change and a
//! hash of samples of its content. Nothing in it is believed for that alone: a place is proved again in the image, and what
//! was derived from bytes of the image is kept with their hash and used only where the same bytes are found there again (of a memory
//! that must be unpacked, a sample of them).
//! A memo that is torn, foreign or of another version of memsh counts as none, and is replaced.

use crate::engine::to_u64;
use memsh_plugin::umem;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::UNIX_EPOCH;
use twox_hash::XxHash3_64;

/// First bytes of a memo; the number changes whenever what is kept changes its form. The version of memsh follows: another
/// one may keep other things.
const MAGIC: &[u8; 8] = b"memshmm3";
/// No memo is larger; a file that is was not written by memsh.
const LARGEST: u64 = 256 << 20;
/// How much the folder may hold. The oldest memos go first.
const FOLDER: u64 = 512 << 20;
/// Samples that the hash of an image takes: its first and last bytes, and pages spread over the rest.
const EDGE: usize = 64 << 10;
const PAGES: u64 = 64;
const PAGE: usize = 4096;

/// Hash of some bytes (XXH3, 64 bits): tells whether they are the same as before. No protection against forgery, which needs
/// none: who can write the user's cache folder can replace memsh.
pub fn hash(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// What is kept of one image. Nothing is read before somebody asks.
pub struct Memo {
    folder: PathBuf,
    image: PathBuf,
    opened: OnceLock<Option<Opened>>,
}

struct Opened {
    path: PathBuf,
    key: u64,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: Entries,
    changed: bool,
}

/// By name: the hash of what it was made from, and what was made.
type Entries = BTreeMap<String, (u64, Bytes)>;

/// Bytes that are kept: a part of the file as it was read.
#[derive(Clone)]
pub struct Bytes {
    file: Arc<Vec<u8>>,
    part: Range<usize>,
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.file.get(self.part.clone()).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        let part = 0..bytes.len();
        Self { file: Arc::new(bytes), part }
    }
}

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memo").field("folder", &self.folder).field("image", &self.image).finish_non_exhaustive()
    }
}

impl Memo {
    /// The memo of the image at `image`, in `folder`.
    pub fn new(folder: &Path, image: &Path) -> Self {
        Self { folder: folder.to_owned(), image: image.to_owned(), opened: OnceLock::new() }
    }

    /// None where the image is no file, or can't be read: then nothing is kept.
    fn opened(&self) -> Option<&Opened> {
        let open = || {
            let key = key(&self.image).ok()?;
            let path = self.folder.join(format!("{key:016x}.memo"));
            let entries = load(&path, key).unwrap_or_default();
            Some(Opened { path, key, kept: Mutex::new(Kept { entries, changed: false }) })
        };
        self.opened.get_or_init(open).as_ref()
    }

    /// What was kept under `name` for an input of this hash (0 where it was made from none).
    pub fn get(&self, name: &str, input: u64) -> Option<Bytes> {
        let kept = self.opened()?.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entries.get(name).filter(|(of, _)| *of == input).map(|(_, bytes)| bytes.clone())
    }

    /// Keeps `bytes`, made from an input of this hash, in place of what was there.
    pub fn put(&self, name: &str, input: u64, bytes: Vec<u8>) {
        let Some(opened) = self.opened() else { return };
        let mut kept = opened.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.entries.get(name).is_some_and(|(of, old)| *of == input && **old == *bytes) {
            return;
        }
        kept.entries.insert(name.to_owned(), (input, bytes.into()));
        kept.changed = true;
    }

    /// Writes the memo, where something new is in it. Readers see the old file or the new one, never a part.
    ///
    /// # Errors
    /// When the folder can't be written. The answer does not depend on it.
    pub fn save(&self) -> io::Result<()> {
        let Some(Opened { path, key, kept }) = self.opened() else { return Ok(()) };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.changed {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        let part = path.with_extension(format!("part{}", std::process::id()));
        let written = File::create(&part).and_then(|mut f| f.write_all(&encode(*key, &kept.entries)));
        if let Err(e) = written.and_then(|()| fs::rename(&part, path)) {
            let _ = fs::remove_file(&part);
            return Err(e);
        }
        kept.changed = false;
        prune(&self.folder, path);
        Ok(())
    }
}

/// What an image is known by.
fn key(image: &Path) -> io::Result<u64> {
    // Looking whether it is known must leave no trace on it.
    let mut file = crate::reading::open(image)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("not a file: its content may change at any time"));
    }
    let size = meta.len();
    let changed = meta.modified()?.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let mut of = Vec::with_capacity(2 * EDGE + 64 * PAGE);
    of.extend_from_slice(&size.to_le_bytes());
    of.extend_from_slice(&changed.to_le_bytes());
    let mut sample = |at: u64, len: usize| -> io::Result<()> {
        let mut buf = vec![0; len];
        file.seek(SeekFrom::Start(at))?;
        let mut got = 0;
        while let Some(rest) = buf.get_mut(got..).filter(|r| !r.is_empty()) {
            match file.read(rest)? {
                0 => break,
                n => got += n,
            }
        }
        of.extend_from_slice(buf.get(..got).unwrap_or_default());
        Ok(())
    };
    let edge = u64::try_from(EDGE).unwrap_or(0);
    sample(0, EDGE)?;
    sample(size.saturating_sub(edge), EDGE)?;
    for i in 1..PAGES {
        sample(size / PAGES * i, PAGE)?;
    }
    Ok(hash(&of))
}

fn version() -> &'static [u8] {
    env!("CARGO_PKG_VERSION").as_bytes()
}

/// Magic, hash of the rest; then version, key, and of each entry its name, its input's hash and its bytes, each with its length.
fn encode(key: u64, entries: &Entries) -> Vec<u8> {
    let mut body = Writer::default();
    body.bytes(version());
    body.u64(key);
    for (name, (input, bytes)) in entries {
        body.bytes(name.as_bytes());
        body.u64(*input);
        body.bytes(bytes);
    }
    let body = body.done();
    let mut out = Vec::with_capacity(body.len() + 16);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&hash(&body).to_le_bytes());
    out.extend_from_slice(&body);
    out
}

fn load(path: &Path, key: u64) -> Option<Entries> {
    let mut file = File::open(path).ok()?;
    let len = file.metadata().ok().filter(|m| m.is_file() && m.len() <= LARGEST)?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(len).ok()?);
    (&mut file).take(LARGEST).read_to_end(&mut bytes).ok()?;
    let (magic, rest) = bytes.split_first_chunk::<8>()?;
    let (sum, body) = rest.split_first_chunk::<8>()?;
    if magic != MAGIC || u64::from_le_bytes(*sum) != hash(body) {
        return None;
    }
    let mut body = Reader(body);
    if body.bytes()? != version() || body.u64()? != key {
        return None;
    }
    let mut parts = Vec::new();
    while !body.0.is_empty() {
        let name = String::from_utf8(body.bytes()?.to_vec()).ok()?;
        let (input, len) = (body.u64()?, body.bytes()?.len());
        let end = bytes.len().checked_sub(body.0.len())?;
        parts.push((name, input, end.checked_sub(len)?..end));
    }
    let file = Arc::new(bytes);
    Some(parts.into_iter().map(|(name, input, part)| (name, (input, Bytes { file: Arc::clone(&file), part }))).collect())
}

/// Removes the oldest memos while there are more bytes of them than the folder may hold; never the one just written.
fn prune(folder: &Path, but: &Path) {
    let Ok(dir) = fs::read_dir(folder) else { return };
    let mut memos: Vec<_> = dir
        .filter_map(|e| {
            let e = e.ok()?;
            let path = e.path();
            let meta = e.metadata().ok().filter(|m| m.is_file())?;
            (path.extension()? == "memo").then(|| Some((meta.modified().ok()?, meta.len(), path)))?
        })
        .collect();
    memos.sort();
    let mut total: u64 = memos.iter().map(|m| m.1).sum();
    for (_, len, path) in memos {
        if total <= FOLDER {
            break;
        }
        if path != but && fs::remove_file(&path).is_ok() {
            total = total.saturating_sub(len);
        }
    }
}

/// Puts numbers and byte strings one after another, little-endian, lengths first.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Adds a number.
    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Adds a number.
    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Adds an address; one that does not fit into 64 bits becomes the largest number, which no kernel's address is.
    pub fn umem(&mut self, value: umem) {
        self.u64(to_u64(value).unwrap_or(u64::MAX));
    }

    /// Adds a byte string.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u64(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.0.extend_from_slice(bytes);
    }

    /// Adds bytes without their length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The bytes.
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Takes them apart again; `None` where they end too early.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next number.
    pub fn u64(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }

    /// The next number.
    pub fn u32(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*first))
    }

    /// The next byte string.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.u64()?).ok()?;
        let (first, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(first)
    }

    /// The next `len` bytes.
    pub fn raw(&mut self, len: usize) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn image(folder: &Path) -> PathBuf {
        let path = folder.join("image");
        fs::write(&path, vec![7u8; 300_000]).unwrap();
        path
    }

    fn memo_file(folder: &Path) -> PathBuf {
        fs::read_dir(folder.join("cache")).unwrap().next().unwrap().unwrap().path()
    }

    fn kept(folder: &Path, image: &Path) -> Option<Bytes> {
        Memo::new(&folder.join("cache"), image).get("a", 5)
    }

    #[test]
    fn what_is_kept_comes_back_for_the_same_input_only() {
        let folder = tempfile::tempdir().unwrap();
        let image = image(folder.path());
        let memo = Memo::new(&folder.path().join("cache"), &image);
        assert!(memo.get("a", 5).is_none());
        memo.put("a", 5, b"text".to_vec());
        memo.save().unwrap();
        let memo = Memo::new(&folder.path().join("cache"), &image);
        assert_eq!(memo.get("a", 5).as_deref(), Some(&b"text"[..]));
        assert!(memo.get("a", 6).is_none() && memo.get("b", 5).is_none());
    }

    #[test]
    fn another_image_at_the_same_path_has_none_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let image = image(folder.path());
        let memo = Memo::new(&folder.path().join("cache"), &image);
        memo.put("a", 5, b"text".to_vec());
        memo.save().unwrap();
        let time = fs::metadata(&image).unwrap().modified().unwrap();
        let mut other = vec![7u8; 300_000];
        other[150_000 / 4096 * 4096] = 7;
        other[299_999] = 8;
        fs::write(&image, other).unwrap();
        File::options().write(true).open(&image).unwrap().set_modified(time).unwrap();
        assert!(kept(folder.path(), &image).is_none());
    }

    #[test]
    fn a_torn_memo_is_none_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let image = image(folder.path());
        let memo = Memo::new(&folder.path().join("cache"), &image);
        memo.put("a", 5, vec![1; 1000]);
        memo.save().unwrap();
        let path = memo_file(folder.path());
        let whole = fs::read(&path).unwrap();
        for len in [0, 7, 16, 40, whole.len() - 1] {
            fs::write(&path, &whole[..len]).unwrap();
            assert!(kept(folder.path(), &image).is_none(), "{len}");
        }
        for at in [0, 9, 20, 60, whole.len() - 1] {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(kept(folder.path(), &image).is_none(), "{at}");
        }
        let memo = Memo::new(&folder.path().join("cache"), &image);
        memo.put("a", 5, vec![2]);
        memo.save().unwrap();
        assert_eq!(kept(folder.path(), &image).as_deref(), Some(&[2u8][..]));
        assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 1, "no part is left");
    }
}
