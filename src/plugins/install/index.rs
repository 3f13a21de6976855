//! Indexes: what there is to install, in which versions, for which machines (docs/plugins.md has the format).

use super::fetch::{Place, is_url};
use super::trust::{Statement, sha256};
use super::{Request, failed};
use crate::{ErrorKind, Result};
use semver::Version;
use serde::{Deserialize, Serialize};

/// Largest index.
const MAX_INDEX: u64 = 16 << 20;
/// Largest file of a release.
const MAX_FILE: u64 = 256 << 20;
/// The version of the format.
const FORMAT: u32 = 1;

/// Which releases count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Those that are meant for everybody.
    #[default]
    Stable,
    /// Those that are still being tried as well.
    Dev,
}

impl Channel {
    /// `stable` or `dev`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Dev => "dev",
        }
    }
}

#[derive(Deserialize)]
struct Index {
    memsh_index: u32,
    plugins: Vec<Plugin>,
}

#[derive(Deserialize)]
struct Plugin {
    name: String,
    versions: Vec<Release>,
}

#[derive(Deserialize)]
struct Release {
    version: String,
    #[serde(default)]
    channel: Channel,
    files: Vec<Listed>,
}

/// A file of a release.
#[derive(Deserialize)]
struct Listed {
    target: String,
    file: String,
    sha256: String,
    signature: Option<String>,
    key: Option<String>,
}

/// A file that was fetched and is what its index, and the signature, say.
pub struct Fetched {
    /// The index.
    pub at: String,
    /// Name in the index.
    pub name: String,
    /// Version.
    pub version: Version,
    /// Whether it is source, for every machine.
    pub is_source: bool,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// `x86_64-linux`: what files of this machine are listed as.
pub fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// A target for every machine: an archive of a crate.
const SOURCE: &str = "source";

/// Where the index is that the user wrote: a folder holds it as `index.json`.
fn place(at: &str) -> Place {
    match Place::parse(at) {
        Place::File(path) if path.is_dir() => Place::File(path.join("index.json")),
        place => place,
    }
}

/// Whether a source looks like an index.
pub fn is_index(source: &str) -> bool {
    match place(source) {
        Place::File(path) => path.extension().is_some_and(|e| e == "json") && path.is_file(),
        Place::Url(_) => is_url(source),
    }
}

fn open(at: &str) -> Result<(Place, Index)> {
    let place = place(at);
    let bytes = place.read(MAX_INDEX)?;
    let broken = |why: String| failed(ErrorKind::Malformed, format!("{place} is no index of plugins: {why}"));
    let index: Index = serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
    if index.memsh_index != FORMAT {
        let why = format!("it is of format {}, and this memsh reads format {FORMAT}", index.memsh_index);
        return Err(broken(why));
    }
    Ok((place, index))
}

fn the_index<'r>(request: &'r Request<'_>) -> Result<&'r str> {
    let none = || failed(ErrorKind::NotFound, "no index is named");
    request.index.as_deref().ok_or_else(none)
}

/// What there is to choose from, in words.
fn names(index: &Index) -> String {
    let names: Vec<&str> = index.plugins.iter().take(50).map(|p| p.name.as_str()).collect();
    if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) }
}

fn find<'i>(at: &str, index: &'i Index, name: Option<&str>) -> Result<&'i Plugin> {
    match (name, index.plugins.as_slice()) {
        (None, [one]) => Ok(one),
        (None, _) => {
            let what = format!("the index {at} has {} plugins: which one?", index.plugins.len());
            Err(failed(ErrorKind::Invalid, what).hint(format!("{}: plugins install {at} NAME", names(index))))
        }
        (Some(name), all) => all
            .iter()
            .find(|p| p.name == name)
            .ok_or_else(|| failed(ErrorKind::NotFound, format!("the index {at} has no {name}")).hint(names(index))),
    }
}

/// The newest release that was asked for and has a file for this machine, and that file.
fn choose<'p>(at: &str, plugin: &'p Plugin, request: &Request<'_>) -> Result<(Version, &'p Release, &'p Listed)> {
    let own = target();
    let mut found: Vec<(Version, &Release, &Listed)> = Vec::new();
    let mut others = Vec::new();
    for release in &plugin.versions {
        let Ok(version) = Version::parse(&release.version) else { continue };
        // A version that was asked for is meant, whatever its channel.
        let wanted = match &request.version {
            Some(v) => *v == version,
            None => release.channel <= request.channel,
        };
        let file = release.files.iter().find(|f| f.target == own);
        let file = file.or_else(|| release.files.iter().find(|f| f.target == SOURCE));
        match file {
            Some(file) if wanted => found.push((version, release, file)),
            _ => others.push(format!(
                "{version} ({}, for {})",
                release.channel.name(),
                release.files.iter().map(|f| f.target.as_str()).collect::<Vec<_>>().join(" and ")
            )),
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.pop().ok_or_else(|| {
        let version = request.version.as_ref().map(|v| format!(" {v}")).unwrap_or_default();
        let what = format!("the index {at} has no {}{version} for {own} on the channel {}", plugin.name, request.channel.name());
        let others = others.into_iter().take(20).collect::<Vec<_>>().join(", ");
        let e = failed(ErrorKind::NotFound, what);
        if others.is_empty() { e } else { e.hint(format!("it has {others}")) }
    })
}

/// The version that [`fetch`] would give.
///
/// # Errors
/// As [`fetch`], as far as the index goes.
pub fn newest(name: &str, request: &Request<'_>) -> Result<Version> {
    let at = the_index(request)?;
    let (_, index) = open(at)?;
    Ok(choose(at, find(at, &index, Some(name))?, request)?.0)
}

/// Fetches the file of a release, and holds it against its digest and signature.
///
/// # Errors
/// When the index can't be read or has nothing fitting, the file can't be read, is not what its digest says, or is not signed by a key that
/// is trusted.
pub fn fetch(name: Option<&str>, request: &Request<'_>) -> Result<Fetched> {
    let at = the_index(request)?;
    let (place, index) = open(at)?;
    let plugin = find(at, &index, name)?;
    let (version, release, file) = choose(at, plugin, request)?;
    let what = format!("{} {version} for {}", plugin.name, file.target);
    let promised = file.sha256.to_ascii_lowercase();
    let statement = Statement {
        name: &plugin.name,
        version: &release.version,
        channel: release.channel.name(),
        target: &file.target,
        sha256: &promised,
    };
    match &file.signature {
        Some(_) if request.unsigned && request.keys.is_empty() => {}
        Some(signature) => {
            statement.verify(signature, file.key.as_deref(), &request.keys)?;
        }
        None if request.unsigned => {}
        None => {
            let e = failed(ErrorKind::Unsupported, format!("{what} is not signed in the index {at}"));
            return Err(e.hint("--unsigned takes it by its digest alone, which whoever wrote the index has chosen"));
        }
    }
    let from = place.beside(&file.file)?;
    let bytes = from.read(MAX_FILE)?;
    let found = sha256(&bytes);
    if found != promised {
        let why = format!("{what} is not what its index says: SHA-256 {found} of {from}, and not {promised}");
        return Err(failed(ErrorKind::Malformed, why));
    }
    let (at, name) = (at.to_owned(), plugin.name.clone());
    Ok(Fetched { at, name, version, is_source: file.target == SOURCE, bytes })
}
