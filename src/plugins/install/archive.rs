//! Unpacking an archive, within bounds and into one folder only.

use super::{failed, io};
use crate::image::zip_members;
use crate::{ErrorKind, Result};
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

/// Most bytes of an archive, unpacked.
const MAX_BYTES: u64 = 512 << 20;
/// Most files in it.
const MAX_FILES: usize = 20_000;
/// Deepest folder, and longest path.
const MAX_DEPTH: usize = 32;
const MAX_PATH: usize = 1024;

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// tar and gzip.
    TarGz,
    /// tar and zstd.
    TarZst,
    /// zip.
    Zip,
}

impl Packing {
    /// By the first bytes of a file.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1f, 0x8b, ..] => Some(Self::TarGz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::TarZst),
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Some(Self::Zip),
            _ => None,
        }
    }
}

/// Unpacks an archive into an empty folder.
///
/// # Errors
/// When it is damaged, too large, or holds what does not belong into one: links, devices, a path that leads out.
pub fn unpack(bytes: &[u8], packing: Packing, into: &Path) -> Result<()> {
    let mut out = Out { into, bytes: MAX_BYTES, files: MAX_FILES };
    match packing {
        Packing::TarGz => untar(flate2::bufread::MultiGzDecoder::new(bytes), &mut out),
        Packing::TarZst => {
            let reader = zstd::stream::read::Decoder::with_buffer(bytes).map_err(|e| io("the archive can't be unpacked", e))?;
            untar(reader, &mut out)
        }
        Packing::Zip => {
            let mut outcome = Ok(());
            zip_members(bytes, MAX_BYTES, &|_| true, &mut |name, data| {
                outcome = data.and_then(|data| out.file(Path::new(&name), &mut data.as_slice()));
                outcome.is_ok()
            })?;
            outcome
        }
    }
}

fn untar(reader: impl Read, out: &mut Out<'_>) -> Result<()> {
    let damaged = |e| io("the archive can't be unpacked", e);
    let mut archive = tar::Archive::new(reader.take(MAX_BYTES));
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.into_owned();
        match entry.header().entry_type() {
            tar::EntryType::Regular | tar::EntryType::Continuous => out.file(&path, &mut entry)?,
            tar::EntryType::Directory => out.folder(&path)?,
            // What git archive notes of its commit.
            tar::EntryType::XGlobalHeader => {}
            other => {
                let what = format!("the archive holds {} as {other:?}: only files and folders belong into one", path.display());
                return Err(failed(ErrorKind::Malformed, what));
            }
        }
    }
    // What stands behind the last file: padding, and the checksum of the packing.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map(drop).map_err(damaged)
}

/// A path that stays where it is put, without `.` parts.
///
/// # Errors
/// When it is absolute, leads upwards, or is too long.
pub fn inside(path: &Path) -> Result<PathBuf> {
    let leads_out = || failed(ErrorKind::Malformed, format!("the path {} leads out of where it belongs", path.display()));
    let text = path.to_str().ok_or_else(leads_out)?;
    // On other systems these are separators and drives; no plugin needs them.
    if text.len() > MAX_PATH || text.contains(['\\', ':', '\0']) {
        return Err(leads_out());
    }
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(leads_out()),
        }
    }
    if out.components().count() > MAX_DEPTH { Err(leads_out()) } else { Ok(out) }
}

/// Where an archive is unpacked to, and what may still come.
struct Out<'a> {
    into: &'a Path,
    bytes: u64,
    files: usize,
}

impl Out<'_> {
    fn count(&mut self) -> Result<()> {
        let more = self.files.checked_sub(1);
        self.files =
            more.ok_or_else(|| failed(ErrorKind::Malformed, format!("the archive holds more than {MAX_FILES} files")))?;
        Ok(())
    }

    fn folder(&mut self, path: &Path) -> Result<()> {
        self.count()?;
        let path = self.into.join(inside(path)?);
        fs::create_dir_all(&path).map_err(|e| io(format!("can't make {}", path.display()), e))
    }

    fn file(&mut self, path: &Path, from: &mut dyn Read) -> Result<()> {
        self.count()?;
        let path = self.into.join(inside(path)?);
        let wrote = |e| io(format!("can't write {}", path.display()), e);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(wrote)?;
        }
        // No file is written twice, nor through anything that is there already.
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(wrote)?;
        let copied = std::io::copy(&mut from.take(self.bytes.saturating_add(1)), &mut file).map_err(wrote)?;
        let left = self.bytes.checked_sub(copied);
        let too_much = || failed(ErrorKind::Malformed, format!("the archive unpacks to more than {} MiB", MAX_BYTES >> 20));
        self.bytes = left.ok_or_else(too_much)?;
        file.flush().map_err(wrote)
    }
}
