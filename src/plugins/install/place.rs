//! The folder of plugins: putting a package into it, taking it away, and the record of both.
//!
//! A package is one shared object, `NAME.so`, and what its script copied, `NAME.d/`. The record (`installed.json`) says where each came
//! from. Files that it does not name are not touched.

use super::index::Channel;
use super::script::Script;
use super::trust::{sha256, sha256_of};
use super::{Request, failed, io};
use crate::plugins::inspect::{Found, inspect};
use crate::{ErrorKind, Result};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};

/// What is to be installed.
pub struct Made {
    /// Name of the package.
    pub name: String,
    /// The shared object.
    pub bytes: Vec<u8>,
    /// What is to be run with it.
    pub script: Option<Script>,
    /// The version that an index promises.
    pub promised: Option<Version>,
    /// Where an archive was unpacked.
    pub unpacked: Option<TempDir>,
}

impl Made {
    /// A shared object, and what its author wants to be run.
    pub fn new(name: String, bytes: Vec<u8>, script: Option<Script>) -> Self {
        Self { name, bytes, script, promised: None, unpacked: None }
    }
}

/// Where a package came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A folder or file.
    Path(String),
    /// An index.
    Index {
        /// Where it is.
        at: String,
        /// Which of its releases count.
        channel: Channel,
    },
}

/// A plugin of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// `connector`, `os` or `command`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A package that is installed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The shared object's digest.
    pub sha256: String,
    /// Where it came from.
    pub origin: Origin,
    /// What it holds.
    pub plugins: Vec<Held>,
}

/// What became of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not there before.
    New,
    /// It took the place of another version.
    Replaced,
    /// It was there already.
    Current,
    /// It is gone.
    Removed,
}

/// A package, and what became of it.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Name of the package.
    pub name: String,
    /// Its shared object.
    pub path: PathBuf,
    /// What it holds.
    pub plugins: Vec<Held>,
    /// The digest of its shared object.
    pub sha256: String,
    /// What became of it.
    pub outcome: Outcome,
}

const RECORD: &str = "installed.json";
/// The version of the record's format.
const FORMAT: u32 = 1;
/// Longest name.
const LONGEST: usize = 64;

#[derive(Serialize, Deserialize)]
struct Record {
    memsh_installed: u32,
    packages: Vec<Package>,
}

impl Package {
    /// Whether this is its name, or that of one of its plugins.
    pub fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.plugins.iter().any(|p| p.name == name)
    }

    /// Whether it is of this version or a newer one.
    pub fn is_at_least(&self, version: &Version) -> bool {
        let own = self.plugins.iter().filter_map(|p| Version::parse(&p.version).ok()).max();
        own.is_some_and(|own| own >= *version)
    }

    /// As something that nothing was done with.
    pub fn as_it_is(&self, folder: &Path) -> Installed {
        self.became(folder, Outcome::Current)
    }

    fn became(&self, folder: &Path, outcome: Outcome) -> Installed {
        Installed {
            name: self.name.clone(),
            path: library(folder, &self.name),
            plugins: self.plugins.clone(),
            sha256: self.sha256.clone(),
            outcome,
        }
    }
}

fn library(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.{}", std::env::consts::DLL_EXTENSION))
}

fn data(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.d"))
}

/// Whether this can be the name of a package: it becomes a file's.
pub fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !name.is_empty() && name.len() <= LONGEST && name.bytes().all(plain) && !name.starts_with(['.', '-'])
}

/// What is installed in a folder.
///
/// # Errors
/// When the record is there and can't be read.
pub fn packages(folder: &Path) -> Result<Vec<Package>> {
    let path = folder.join(RECORD);
    let text = match fs::read(&path) {
        Ok(text) => text,
        // The folder may be no folder either (/dev/null): nothing is installed in it.
        Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(e) => return Err(io(format!("can't read {}", path.display()), e)),
    };
    let broken = |why: String| {
        failed(ErrorKind::Malformed, format!("{} is no record of installed plugins: {why}", path.display()))
            .hint("move it away: plugins stay usable, and can be installed again")
    };
    let record: Record = serde_json::from_slice(&text).map_err(|e| broken(e.to_string()))?;
    if record.memsh_installed != FORMAT {
        return Err(broken(format!("it is of format {}", record.memsh_installed)));
    }
    match record.packages.iter().find(|p| !is_name(&p.name)) {
        Some(wrong) => Err(broken(format!("{:?} is no name of a package", wrong.name))),
        None => Ok(record.packages),
    }
}

/// A file that is to take the place of another.
fn beside(folder: &Path, bytes: &[u8]) -> Result<NamedTempFile> {
    let cant = |e| io(format!("can't write to {}", folder.display()), e);
    let mut file = tempfile::Builder::new().prefix(".memsh-").suffix(".tmp").tempfile_in(folder).map_err(cant)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(cant)?;
    // Others may use a folder of the system's.
    #[cfg(unix)]
    fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644)).map_err(cant)?;
    Ok(file)
}

fn record(folder: &Path, packages: Vec<Package>) -> Result<NamedTempFile> {
    let record = Record { memsh_installed: FORMAT, packages };
    let text = serde_json::to_string_pretty(&record).map_err(|e| failed(ErrorKind::Invalid, e.to_string()))?;
    beside(folder, (text + "\n").as_bytes())
}

fn rename(file: NamedTempFile, to: &Path) -> Result<()> {
    file.persist(to).map(drop).map_err(|e| io(format!("can't write {}", to.display()), e.error))
}

/// Inspects what was made, runs its script, and puts both into the folder.
///
/// # Errors
/// When it holds no plugin that this memsh can use, is not the version that was promised, its script fails or may not run, or the folder
/// can't be written. What was there before stays.
pub fn put(made: Made, origin: Origin, request: &mut Request<'_>) -> Result<Installed> {
    let name = &made.name;
    if !is_name(name) {
        let what = format!("{name:?} is no name of a package: letters, digits, `-`, `_` and `.` make one");
        return Err(failed(ErrorKind::Invalid, what));
    }
    let folder = &request.folder.clone();
    fs::create_dir_all(folder).map_err(|e| io(format!("can't make {}", folder.display()), e))?;
    let file = beside(folder, &made.bytes)?;
    let found = inspect(file.path()).map_err(|why| failed(ErrorKind::Unsupported, format!("{name} {why}")))?;
    check(name, &found, made.promised.as_ref())?;
    let held =
        |f: &Found| Held { kind: f.kind.name().to_owned(), name: f.manifest.name.clone(), version: f.manifest.version.clone() };
    let package = Package { name: name.clone(), sha256: sha256(&made.bytes), origin, plugins: found.iter().map(held).collect() };
    let mut packages = packages(folder)?;
    let to = library(folder, name);
    let before = packages.iter().position(|p| p.name == *name);
    if before.is_none() && to.exists() {
        let what = format!("{} is there already, and memsh did not install it", to.display());
        return Err(failed(ErrorKind::Invalid, what).hint("remove it, if it is not needed, and install again"));
    }
    let same = |p: &Package| p.sha256 == package.sha256 && p.origin == package.origin;
    if before.and_then(|i| packages.get(i)).is_some_and(same) && sha256_of(&to).is_ok_and(|s| s == package.sha256) {
        return Ok(package.as_it_is(folder));
    }
    let copied = match &made.script {
        Some(script) => Some(run(script, name, request)?),
        None => None,
    };
    let outcome = match before {
        Some(i) => {
            packages.remove(i);
            Outcome::Replaced
        }
        None => Outcome::New,
    };
    packages.push(package.clone());
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    let record = record(folder, packages)?;
    exchange(folder, name, copied, file)?;
    rename(record, &folder.join(RECORD))?;
    Ok(package.became(folder, outcome))
}

fn check(name: &str, found: &[Found], promised: Option<&Version>) -> Result<()> {
    if let (true, Some(first)) = (found.iter().all(|f| f.refused.is_some()), found.first()) {
        let why = first.refused.clone().unwrap_or_default();
        return Err(failed(ErrorKind::Unsupported, format!("{name} can't be used: {why}")));
    }
    let other = |f: &&Found| promised.is_some_and(|p| Version::parse(&f.manifest.version).ok().as_ref() != Some(p));
    match (found.iter().find(other), promised) {
        (Some(f), Some(promised)) => {
            let what = format!("{name} was to be {promised}, and its {} is {}", f.manifest.name, f.manifest.version);
            Err(failed(ErrorKind::Malformed, what))
        }
        _ => Ok(()),
    }
}

/// Runs a script into a folder of its own.
fn run(script: &Script, name: &str, request: &mut Request<'_>) -> Result<TempDir> {
    if !(request.confirm)(script)? {
        return Err(failed(ErrorKind::Invalid, format!("the install script of {name} may not run: nothing was installed")));
    }
    let cant = |e| io(format!("can't write to {}", request.folder.display()), e);
    let into = tempfile::Builder::new().prefix(".memsh-").tempdir_in(&request.folder).map_err(cant)?;
    #[cfg(unix)]
    fs::set_permissions(into.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).map_err(cant)?;
    script.run(name, into.path(), request.tell)?;
    Ok(into)
}

/// Puts the new file and folder where the old ones are; the old folder comes back where the file can't be put there.
fn exchange(folder: &Path, name: &str, copied: Option<TempDir>, file: NamedTempFile) -> Result<()> {
    let (data, library) = (data(folder, name), library(folder, name));
    let cant = |e| io(format!("can't write to {}", folder.display()), e);
    let aside = tempfile::Builder::new().prefix(".memsh-").tempdir_in(folder).map_err(cant)?;
    let old = aside.path().join("old");
    let had = data.is_dir();
    if had {
        fs::rename(&data, &old).map_err(cant)?;
    }
    let moved = match copied {
        Some(copied) => {
            let from = copied.keep();
            let moved = fs::rename(&from, &data).map_err(cant);
            if moved.is_err() {
                // What is left lies under a name that nobody looks for.
                let _ = fs::remove_dir_all(&from);
            }
            moved
        }
        None => Ok(()),
    };
    let done = moved.and_then(|()| rename(file, &library));
    if done.is_err() {
        // As good as can be: the error that led here is the one to tell.
        let _ = fs::remove_dir_all(&data);
        let _ = if had { fs::rename(&old, &data) } else { Ok(()) };
    }
    done
}

/// Removes a package.
///
/// # Errors
/// When a file can't be removed.
pub fn take_away(package: &Package, folder: &Path) -> Result<Installed> {
    let rest = packages(folder)?.into_iter().filter(|p| p.name != package.name).collect();
    let record = record(folder, rest)?;
    for path in [library(folder, &package.name), data(folder, &package.name)] {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(io(format!("can't remove {}", path.display()), e)),
            _ => {}
        }
    }
    rename(record, &folder.join(RECORD))?;
    Ok(package.became(folder, Outcome::Removed))
}
