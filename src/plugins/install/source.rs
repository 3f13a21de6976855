//! What a source is, and how it becomes a shared object.

use super::archive::{Packing, unpack};
use super::fetch::{Place, is_url};
use super::place::{Made, Origin};
use super::script::Script;
use super::{Request, build, failed, index, io};
use crate::{ErrorKind, Result};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Largest file that is taken for an archive or a shared object.
const MAX_FILE: u64 = 256 << 20;
/// Name of a plugin's install script.
const SCRIPT: &str = "install.rhai";

/// The shared object that `source` stands for.
///
/// # Errors
/// As [`super::install`].
pub fn obtain(source: &str, name: Option<&str>, request: &mut Request<'_>) -> Result<(Made, Origin)> {
    if let Some(at) = &request.index {
        // It is asked again by `upgrade`, from another working folder.
        if let Place::File(path) = Place::parse(at) {
            request.index = Some(absolute(&path)?.display().to_string());
        }
        return from_index(Some(name.unwrap_or(source)), request);
    }
    let path = match Place::parse(source) {
        Place::File(path) => path,
        Place::Url(_) => PathBuf::from(source),
    };
    if index::is_index(source) && !path.join("Cargo.toml").is_file() {
        request.index = Some(if is_url(source) { source.to_owned() } else { absolute(&path)?.display().to_string() });
        let made = from_index(name, request);
        request.index = None;
        return made;
    }
    if let Some(name) = name {
        let what = format!("{source} is no index, which {name} could be looked up in");
        return Err(failed(ErrorKind::Invalid, what));
    }
    if !path.exists() {
        let what = format!("there is no {source}: a folder, an archive, a shared object or an index is installed");
        return Err(failed(ErrorKind::NotFound, what).hint("a name is looked up in an index: --index FOLDER|FILE|URL"));
    }
    let path = absolute(&path)?;
    let origin = Origin::Path(path.display().to_string());
    if path.is_dir() {
        return Ok((of_folder(&path)?, origin));
    }
    let bytes = Place::File(path.clone()).read(MAX_FILE)?;
    let made = match Packing::of(&bytes) {
        Some(packing) => of_archive(&bytes, packing)?,
        None => Made::new(stem(&path), bytes, None),
    };
    Ok((made, origin))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|e| io(format!("can't find {}", path.display()), e))
}

fn from_index(name: Option<&str>, request: &Request<'_>) -> Result<(Made, Origin)> {
    let fetched = index::fetch(name, request)?;
    let mut made = match Packing::of(&fetched.bytes) {
        Some(packing) => of_archive(&fetched.bytes, packing)?,
        None if fetched.is_source => {
            let what = format!("{} {} in the index {} is source, but no archive", fetched.name, fetched.version, fetched.at);
            return Err(failed(ErrorKind::Malformed, what));
        }
        None => Made::new(String::new(), fetched.bytes, None),
    };
    made.name = fetched.name;
    made.promised = Some(fetched.version);
    Ok((made, Origin::Index { at: fetched.at, channel: request.channel }))
}

/// The name of a package, of its shared object's: `libfoo.so` is `foo`.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    stem.strip_prefix("lib").filter(|s| !s.is_empty()).unwrap_or(&stem).to_owned()
}

fn is_library(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == std::env::consts::DLL_EXTENSION)
}

/// A folder with a crate, or one with a shared object in it.
fn of_folder(folder: &Path) -> Result<Made> {
    let library = if folder.join("Cargo.toml").is_file() {
        build::build(folder)?
    } else {
        let listed = fs::read_dir(folder).map_err(|e| io(format!("can't list {}", folder.display()), e))?;
        let libraries: Vec<PathBuf> = listed.flatten().map(|e| e.path()).filter(|p| is_library(p)).collect();
        match <[PathBuf; 1]>::try_from(libraries) {
            Ok([one]) => one,
            Err(all) => {
                let what = format!("{} holds no Cargo.toml, and {} shared objects", folder.display(), all.len());
                let hint = if folder.join("Makefile").is_file() {
                    "there is a Makefile: `make` builds the shared object, which can be installed then"
                } else {
                    "a crate, one shared object, or an index (index.json) is installed"
                };
                return Err(failed(ErrorKind::Invalid, what).hint(hint));
            }
        }
    };
    let bytes = Place::File(library.clone()).read(MAX_FILE)?;
    Ok(Made::new(stem(&library), bytes, Script::beside(folder, SCRIPT)?))
}

/// What an archive holds, at its top or in the one folder at its top.
fn of_archive(bytes: &[u8], packing: Packing) -> Result<Made> {
    let temporary = TempDir::with_prefix("memsh-install-").map_err(|e| io("can't make a temporary folder", e))?;
    unpack(bytes, packing, temporary.path())?;
    let listed = fs::read_dir(temporary.path()).map_err(|e| io("can't list what was unpacked", e))?;
    let top: Vec<PathBuf> = listed.flatten().map(|e| e.path()).collect();
    let folder = match top.as_slice() {
        [one] if one.is_dir() => one.clone(),
        _ => temporary.path().to_owned(),
    };
    let mut made = of_folder(&folder)?;
    // What the script copies lies there until it has run.
    made.unpacked = Some(temporary);
    Ok(made)
}
