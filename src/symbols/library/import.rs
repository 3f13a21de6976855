//! Taking files into a store: each goes to the place that its identity says.

use super::super::files::{self, PdbId};
use super::{id_of, named, place};
use crate::image::zip_members;
use crate::reading::MappedFile;
use crate::{Error, ErrorKind, Layer, Result};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Largest file in an archive, unpacked.
const LARGEST: u64 = 512 << 20;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The file; for one in an archive the archive, `!`, and its name there.
    pub file: String,
    /// Which program it belongs to.
    pub id: Option<PdbId>,
    /// What was done.
    pub outcome: Outcome,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Copied to this place.
    Taken(PathBuf),
    /// This place had it already.
    Present(PathBuf),
    /// Not taken, and why.
    Left(String),
}

/// The real name of the file with an identity, where somebody knows it.
pub type Names<'a> = &'a dyn Fn(&PdbId) -> Option<String>;

/// Takes symbol files of Windows at `path`, a file, a folder or a zip archive, into the store. Whatever else a folder or an archive holds
/// is passed over.
///
/// # Errors
/// When `path` can't be read, or the store can't be written.
pub fn import(path: &Path, store: &Path, names: Names<'_>, done: &mut dyn FnMut(Imported) -> Result<()>) -> Result<()> {
    let meta = std::fs::metadata(path)
        .map_err(|e| Error::new(Layer::Symbols, ErrorKind::Io, format!("can't read {}: {e}", path.display())).caused_by(e))?;
    if !meta.is_dir() {
        return one(path, store, names, true, done);
    }
    let (files, why) = files::below(path);
    for file in files {
        one(&file, store, names, false, done)?;
    }
    match why {
        Some(why) => done(Imported { file: path.display().to_string(), id: None, outcome: Outcome::Left(why) }),
        None => Ok(()),
    }
}

/// `explicit`: the user named the very file, and hears of it whatever it is.
fn one(path: &Path, store: &Path, names: Names<'_>, explicit: bool, done: &mut dyn FnMut(Imported) -> Result<()>) -> Result<()> {
    let shown = path.display().to_string();
    if path.starts_with(store) {
        return Ok(());
    }
    let map = match files::mapped(path) {
        Ok(map) => map,
        Err(e) => return done(Imported { file: shown, id: None, outcome: Outcome::Left(e.reason().to_owned()) }),
    };
    if !map.starts_with(b"PK\x03\x04") {
        return taken(&Offered { shown: &shown, path, bytes: &map, file: &map, explicit }, store, names, done);
    }
    let mut store_failed = Ok(());
    let walked = zip_members(&map, LARGEST, &may_be_one, &mut |name, bytes| {
        let shown = format!("{shown}!{name}");
        store_failed = match bytes {
            Ok(bytes) => {
                let offered = Offered { shown: &shown, path: Path::new(&name), bytes: &bytes, file: &map, explicit: false };
                taken(&offered, store, names, done)
            }
            Err(e) => done(Imported { file: shown, id: None, outcome: Outcome::Left(e.reason().to_owned()) }),
        };
        store_failed.is_ok()
    });
    store_failed?;
    walked.or_else(|e| done(Imported { file: shown, id: None, outcome: Outcome::Left(e.reason().to_owned()) }))
}

/// Whether a member of an archive is worth unpacking, by its name.
fn may_be_one(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".pdb", ".pd_", ".json"].iter().any(|end| name.contains(end))
}

/// A file, or a member of an archive.
struct Offered<'a> {
    shown: &'a str,
    path: &'a Path,
    bytes: &'a [u8],
    /// What the bytes were read from.
    file: &'a MappedFile,
    explicit: bool,
}

fn taken(offered: &Offered<'_>, store: &Path, names: Names<'_>, done: &mut dyn FnMut(Imported) -> Result<()>) -> Result<()> {
    let Offered { shown, path, bytes, file, explicit } = *offered;
    let left = |why: String| Imported { file: shown.to_owned(), id: None, outcome: Outcome::Left(why) };
    let (kind, packing, mut id) = match files::whose(path, bytes) {
        Ok(whose) => whose,
        // A folder holds much else.
        Err(e) if e.kind() == ErrorKind::Unsupported && !explicit && !may_be_one(shown) => return Ok(()),
        Err(e) => return done(left(e.reason().to_owned())),
    };
    id.database = match names(&id).or_else(|| named(path).map(|n| n.database)) {
        Some(name) => name,
        None => plain(&id.database),
    };
    let outcome = match place(&id, kind, packing) {
        _ if let Err(e) = file.intact() => Outcome::Left(format!("it can't be read: {e}")),
        None => Outcome::Left(format!("{:?} is no name of a file", id.database)),
        Some(place) => match put(&store.join(place), bytes) {
            // A name that the file system does not take is this file's own.
            Err(e) if is_name(&e) => Outcome::Left(e.reason().to_owned()),
            put => put?,
        },
    };
    done(Imported { file: shown.to_owned(), id: Some(id), outcome })
}

/// A name without what browsers add to that of a file which is there already: `ntkrnlmp (1).pdb`.
fn plain(name: &str) -> String {
    let Some((stem, end)) = name.rsplit_once('.') else { return name.to_owned() };
    let number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    match stem.trim_end().strip_suffix(')').and_then(|s| s.rsplit_once('(')) {
        Some((stem, n)) if number(n) && !stem.trim_end().is_empty() => format!("{}.{end}", stem.trim_end()),
        _ => name.to_owned(),
    }
}

/// Whether writing failed because of what the file is called.
fn is_name(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|s| s.downcast_ref::<std::io::Error>());
    source.is_some_and(|e| matches!(e.kind(), std::io::ErrorKind::InvalidFilename | std::io::ErrorKind::InvalidInput))
}

/// Writes a file that is there in whole or not at all.
fn put(place: &Path, bytes: &[u8]) -> Result<Outcome> {
    // Of the same bytes, not of the same length alone: one that was damaged in place is replaced.
    if MappedFile::open(place).is_ok_and(|there| there.get(..) == Some(bytes) && there.intact().is_ok()) {
        return Ok(Outcome::Present(place.to_owned()));
    }
    let failed = |e: std::io::Error| {
        Error::new(Layer::Symbols, ErrorKind::Io, format!("can't write to the store: {}: {e}", place.display()))
            .hint("XDG_DATA_HOME names another folder for it; --symbols takes the file where it is")
            .caused_by(e)
    };
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut name = place.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(name);
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&part)?;
        file.write_all(bytes)?;
        drop(file);
        std::fs::rename(&part, place)
    };
    write().map_err(|e| {
        let _ = std::fs::remove_file(&part);
        failed(e)
    })?;
    Ok(Outcome::Taken(place.to_owned()))
}

impl Imported {
    /// GUID and age as symbol servers write them.
    pub fn key(&self) -> Option<String> {
        self.id.as_ref().map(|id| id_of(&id.guid, id.age))
    }
}
