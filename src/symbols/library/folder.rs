//! One folder of symbol files, in whichever order its owner keeps them.

use super::super::files::PdbId;
use super::id_of;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Most names of one folder that are looked at: Microsoft's own store has a folder for each file name.
const NAMES: usize = 1 << 16;
/// No `file.ptr` is longer.
const POINTER: u64 = 4096;
/// Folders in which Volatility keeps files, and those of a Windows installation's debugger.
const INSIDE: [&str; 6] = ["windows", "symbols", "symbols/windows", "exe", "sys", "dll"];
/// What packing adds to a name.
const PACKED: [&str; 5] = ["", ".xz", ".gz", ".zst", ".bz2"];

/// What lies in the place of a file.
pub enum Place {
    /// The file, as the name says; what is in it must be held against the identity.
    File(PathBuf),
    /// Something that can't be used, and why.
    Unusable(PathBuf, &'static str),
}

/// A folder and the names in it, which are listed once.
pub struct Folder {
    path: PathBuf,
    names: OnceLock<HashMap<String, OsString>>,
}

/// Names in a folder by their lower case: files come from systems that do not tell upper and lower case apart.
fn names(path: &Path) -> HashMap<String, OsString> {
    let entries = std::fs::read_dir(path).into_iter().flatten().take(NAMES).flatten();
    let mut names = HashMap::new();
    for name in entries.map(|e| e.file_name()) {
        names.entry(name.to_string_lossy().to_ascii_lowercase()).or_insert(name);
    }
    names
}

impl Folder {
    pub fn new(path: PathBuf) -> Self {
        Self { path, names: OnceLock::new() }
    }

    fn child(&self, name: &str) -> Option<PathBuf> {
        let names = self.names.get_or_init(|| names(&self.path));
        Some(self.path.join(names.get(&name.to_ascii_lowercase())?))
    }

    /// Every place that this folder may have the file `name` with this identity in, the likeliest first.
    pub fn places(&self, name: &str, guid: &str, age: u32) -> Vec<Place> {
        let mut out = Vec::new();
        if let Some(at) = self.child(name) {
            either(&at, name, guid, age, &mut out);
        }
        // A store of two tiers has folders of the first two letters of names, and says so by this file.
        if self.child("index2.txt").is_some()
            && let Some(tier) = name.get(..2).and_then(|two| self.child(two))
            && let Some(at) = names(&tier).get(&name.to_ascii_lowercase())
        {
            either(&tier.join(at), name, guid, age, &mut out);
        }
        for inside in INSIDE {
            let mut at = self.path.clone();
            let parts = inside.split('/').enumerate().all(|(i, part)| {
                let next = if i == 0 { self.child(part) } else { names(&at).get(part).map(|n| at.join(n)) };
                next.map(|n| at = n).is_some()
            });
            if parts && let Some(found) = names(&at).get(&name.to_ascii_lowercase()) {
                either(&at.join(found), name, guid, age, &mut out);
            }
        }
        for end in PACKED.iter().skip(1) {
            out.extend(self.child(&format!("{name}{end}")).filter(|p| p.is_file()).map(Place::File));
        }
        out
    }
}

/// What has the file's name: the file itself, or the folder of its versions.
fn either(at: &Path, name: &str, guid: &str, age: u32, out: &mut Vec<Place>) {
    if at.is_file() {
        out.push(Place::File(at.to_owned()));
    } else if at.is_dir() {
        versions(at, name, guid, age, out);
    }
}

fn versions(folder: &Path, name: &str, guid: &str, age: u32, out: &mut Vec<Place>) {
    let versions = names(folder);
    if let Some(own) = versions.get(&id_of(guid, age).to_ascii_lowercase()) {
        let folder = folder.join(own);
        let files = names(&folder);
        let file = |name: &str| files.get(&name.to_ascii_lowercase()).map(|f| folder.join(f)).filter(|p| p.is_file());
        for end in PACKED {
            out.extend(file(&format!("{name}{end}")).map(Place::File));
        }
        let packed = name.get(..name.len().saturating_sub(1)).and_then(|stem| file(&format!("{stem}_")));
        out.extend(packed.map(|p| Place::Unusable(p, "a cabinet: unpack it with `cabextract` or `expand`")));
        out.extend(file("file.ptr").map(|p| pointed(&p)));
    }
    let document = format!("{guid}-{age}.json").to_ascii_lowercase();
    for end in PACKED {
        out.extend(versions.get(&format!("{document}{end}")).map(|f| folder.join(f)).filter(|p| p.is_file()).map(Place::File));
    }
}

/// Where a `file.ptr` leads. What it names on another machine is not asked for.
fn pointed(file: &Path) -> Place {
    let text = std::fs::metadata(file).ok().filter(|m| m.len() <= POINTER).and_then(|_| std::fs::read_to_string(file).ok());
    let text = text.unwrap_or_default();
    let text = text.trim_end_matches(['\0', '\r', '\n']);
    let path = text.strip_prefix("PATH:").unwrap_or(text);
    if text.starts_with("MSG:") || path.is_empty() {
        return Place::Unusable(file.to_owned(), "a pointer (file.ptr) that leads nowhere");
    }
    if is_remote(path) {
        return Place::Unusable(file.to_owned(), "a pointer (file.ptr) to another machine, which is not asked");
    }
    match Path::new(path) {
        at if at.is_absolute() && at.is_file() => Place::File(at.to_owned()),
        _ => Place::Unusable(file.to_owned(), "a pointer (file.ptr) to a file that is not here"),
    }
}

/// Whether a path is of another machine: a share, a URL.
pub fn is_remote(path: &str) -> bool {
    path.starts_with("\\\\") || path.starts_with("//") || path.contains("://")
}

/// The identity that a file's place tells: `NAME.pdb/GUID-AGE.json.xz`.
pub fn named(path: &Path) -> Option<PdbId> {
    let name = path.file_name()?.to_str()?;
    let (stem, _) = name.split_once(".json")?;
    let (guid, age) = stem.split_once('-')?;
    let hex = guid.len() == 32 && guid.bytes().all(|b| b.is_ascii_hexdigit());
    let database = path.parent()?.file_name()?.to_str()?.to_owned();
    Some(PdbId { guid: guid.to_ascii_uppercase(), age: age.parse().ok().filter(|_| hex)?, database })
}
