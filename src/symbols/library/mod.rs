//! Symbol files of Windows, found by the identity that a program names: the name of its PDB file, a GUID, an age.
//!
//! Stores of symbol servers (`NAME.pdb/GUIDAGE/NAME.pdb`, one or two tiers), Volatility's folders
//! (`windows/NAME.pdb/GUID-AGE.json.xz`) and plain folders. Nothing here asks another machine.

mod folder;
mod import;
#[cfg(test)]
mod tests;

use super::files::{self, FileKind, PdbId, SymbolFile};
use crate::{Error, Result};
use folder::{Folder, Place};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

pub use folder::{is_remote, named};
pub use import::{Imported, Outcome, import};

/// GUID and age as symbol servers write them.
pub fn id_of(guid: &str, age: u32) -> String {
    format!("{}{age:X}", guid.to_ascii_uppercase())
}

/// GUID and age of such a text.
pub fn parts_of(id: &str) -> Option<(&str, u32)> {
    let (guid, age) = id.split_at_checked(32)?;
    let hex = guid.bytes().all(|b| b.is_ascii_hexdigit());
    Some((guid, u32::from_str_radix(age, 16).ok().filter(|_| hex)?))
}

/// What was found for an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file that has it.
    File(PathBuf),
    /// Something in its place that can't be used, and why.
    Unusable(PathBuf, String),
}

/// A file of a folder that the user named.
struct Loose {
    path: PathBuf,
    /// None for a file that tells it only when it is read whole.
    id: Option<PdbId>,
}

/// Where symbol files may be.
#[derive(Default)]
pub struct Library {
    /// What the user named, files and folders.
    named: Vec<PathBuf>,
    /// Those of them that are folders, then the stores.
    folders: Vec<Folder>,
    loose: OnceLock<Vec<Loose>>,
    /// Files that were read to see whose they are, and not used yet.
    read: Mutex<Vec<SymbolFile>>,
    /// Identities of files that were read.
    known: Mutex<Vec<(PdbId, PathBuf)>>,
}

impl Library {
    /// Of the files and folders that the user named, and then of stores.
    pub fn new(named: &[PathBuf], stores: &[PathBuf]) -> Self {
        let folders = named.iter().filter(|p| p.is_dir()).chain(stores).map(|p| Folder::new(p.clone())).collect();
        Self { named: named.to_vec(), folders, ..Self::default() }
    }

    /// Files that the user named, one by one.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.named.iter().filter(|p| !p.is_dir()).map(PathBuf::as_path)
    }

    /// Folders that the user named.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.named.iter().filter(|p| p.is_dir()).map(PathBuf::as_path)
    }

    /// Notes whose a file is that was read.
    pub fn note(&self, file: &SymbolFile) {
        if let Some(id) = &file.pdb {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.push((id.clone(), file.path.clone()));
        }
    }

    /// Keeps a file that was read and is of another program than the one that was looked for.
    pub fn keep(&self, file: SymbolFile) {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).push(file);
    }

    fn loose(&self) -> &[Loose] {
        self.loose.get_or_init(|| {
            let mut all: Vec<PathBuf> = self.files().map(Path::to_owned).collect();
            for folder in self.folders() {
                // What can't be listed is as good as not there.
                all.extend(files::below(folder).0);
            }
            all.into_iter().map(|path| Loose { id: files::identify(&path), path }).collect()
        })
    }

    /// Files of the folders that the user named which do not tell whose they are before they are read.
    pub fn unidentified(&self) -> impl Iterator<Item = &Path> {
        let explicit: Vec<&Path> = self.files().collect();
        self.loose().iter().filter(move |l| l.id.is_none() && !explicit.contains(&l.path.as_path())).map(|l| l.path.as_path())
    }

    /// The identity of a file that the user named, where it tells it without being read whole, or was read.
    pub fn identity(&self, path: &Path) -> Option<PdbId> {
        let known = self.loose().iter().find(|l| l.path == path).and_then(|l| l.id.clone());
        let noted = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.or_else(|| noted.iter().find(|(_, p)| p == path).map(|(id, _)| id.clone()))
    }

    /// The file of this identity. Of those that can't be used, the first, where there is no other.
    pub fn find(&self, name: &str, id: &str) -> Option<Found> {
        let (guid, age) = parts_of(id)?;
        let mut unusable = None;
        for folder in &self.folders {
            for place in folder.places(name, guid, age) {
                match place {
                    Place::File(path) if files::identify(&path).is_some_and(|own| is(&own, guid, age)) => {
                        return Some(Found::File(path));
                    }
                    Place::File(_) => {}
                    Place::Unusable(path, why) => {
                        unusable.get_or_insert(Found::Unusable(path, why.to_owned()));
                    }
                }
            }
        }
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, path)) = known.iter().find(|(own, _)| is(own, guid, age)) {
                return Some(Found::File(path.clone()));
            }
        }
        let loose = self.loose().iter().find(|l| l.id.as_ref().is_some_and(|own| is(own, guid, age)));
        loose.map(|l| Found::File(l.path.clone())).or(unusable)
    }

    /// Reads the file of this identity; none where there is none.
    ///
    /// # Errors
    /// When it is there and can't be read, or is not what its place says.
    pub fn load(&self, name: &str, id: &str) -> Option<Result<SymbolFile>> {
        let (guid, age) = parts_of(id)?;
        {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(at) = read.iter().position(|f| f.pdb.as_ref().is_some_and(|own| is(own, guid, age))) {
                return Some(Ok(read.swap_remove(at)));
            }
        }
        let Found::File(path) = self.find(name, id)? else { return None };
        Some(files::load_file(&path).and_then(|file| match &file.pdb {
            Some(own) if !is(own, guid, age) => Err(mismatch(&path, own, name, id)),
            _ => Ok(file),
        }))
    }
}

/// Whether an identity is this one.
pub fn is(own: &PdbId, guid: &str, age: u32) -> bool {
    own.age == age && own.guid.eq_ignore_ascii_case(guid)
}

fn mismatch(path: &Path, own: &PdbId, name: &str, id: &str) -> Error {
    let reason = format!("{} is {} {}, and not {name} {id}", path.display(), own.database, id_of(&own.guid, own.age));
    Error::new(crate::Layer::Symbols, crate::ErrorKind::Invalid, reason)
}

/// Folder and file in a store for a file with this identity: where PDB files and where ISF documents go. None for one whose name can't
/// be a file's.
pub fn place(id: &PdbId, kind: FileKind, packing: &str) -> Option<PathBuf> {
    let name = Path::new(&id.database).file_name()?.to_str()?;
    parts_of(&id_of(&id.guid, id.age))?;
    Some(match kind {
        FileKind::Isf => {
            let document = format!("{}-{}.json{packing}", id.guid.to_ascii_uppercase(), id.age);
            Path::new("windows").join(name).join(document)
        }
        _ => Path::new(name).join(id_of(&id.guid, id.age)).join(format!("{name}{packing}")),
    })
}
