//! Every connector, OS layer and command that can be named: those that are part of memsh and those in plugin folders.

use super::inspect::{Found, PluginKind, inspect};
use super::library::Loaded;
use super::systems;
use crate::live::{self, Argument};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::{Member, Text};
use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// Whether an entry can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Part of memsh.
    BuiltIn,
    /// In a file, and what its name means.
    Usable,
    /// In a file, and another one of that name is taken: why.
    Shadowed(String),
    /// Not to be used: why.
    Unusable(String),
}

impl State {
    /// Its name: `built-in`, `usable`, `shadowed`, `unusable`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Usable => "usable",
            Self::Shadowed(_) => "shadowed",
            Self::Unusable(_) => "unusable",
        }
    }

    /// Why not, where it can't be used.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::BuiltIn | Self::Usable => None,
            Self::Shadowed(why) | Self::Unusable(why) => Some(why),
        }
    }
}

/// One plugin, or a file that should be one.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it gives; none for a file that is no plugin.
    pub kind: Option<PluginKind>,
    /// Its name; a file's own where it is no plugin.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// What it is.
    pub description: String,
    /// What it takes.
    pub arguments: Vec<Argument>,
    /// Its file.
    pub path: Option<PathBuf>,
    /// Whether it can be used.
    pub state: State,
    /// What was found in the file.
    pub found: Option<Found>,
    /// Of a family's member: the family, through which it is used.
    pub family: Option<String>,
}

impl Entry {
    /// Loads its file.
    ///
    /// # Errors
    /// When it is part of memsh, or as [`Loaded::open`].
    pub fn load(&self) -> Result<Loaded> {
        match (&self.path, &self.found) {
            (Some(path), Some(found)) => Loaded::open(path, found),
            _ => {
                let what = format!("{} is no plugin that can be loaded", self.name);
                Err(Error::new(Layer::Connector, ErrorKind::Invalid, what))
            }
        }
    }
}

/// What there is, by kind and name; of one name the newest first.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Folders that were looked at, in order; those that are not there among them.
    pub folders: Vec<PathBuf>,
}

/// How the files of plugins end here.
const SUFFIX: &str = std::env::consts::DLL_EXTENSION;
/// Most files that are looked at in a folder.
const MAX_FILES: usize = 4096;

impl Registry {
    /// What is part of memsh.
    pub fn built_in() -> Self {
        let own = |kind, name: &str, summary: &str, arguments: &[Argument]| Entry {
            kind: Some(kind),
            name: name.to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            description: summary.to_owned(),
            arguments: arguments.to_vec(),
            path: None,
            state: State::BuiltIn,
            found: None,
            family: None,
        };
        let dummy = own(PluginKind::Connector, "dummy", "a made-up machine with a system of its own (seed, size, format)", &[]);
        let connectors = live::ALL.iter().map(|c| own(PluginKind::Connector, c.name, c.summary, c.arguments));
        let systems = systems::ALL.iter().map(|s| own(PluginKind::Os, s.name, s.summary, s.arguments));
        Self { entries: std::iter::once(dummy).chain(connectors).chain(systems).collect(), folders: Vec::new() }
    }

    /// What is part of memsh, and every file in `folders`; what stands first wins where versions are equal.
    pub fn scan(folders: &[PathBuf]) -> Self {
        let mut out = Self { folders: folders.to_vec(), ..Self::built_in() };
        for folder in folders {
            for path in files(folder) {
                out.entries.extend(entries(&path));
            }
        }
        out.choose();
        out
    }

    /// As [`scan`](Self::scan), with the members of every family behind it, as `FAMILY:MEMBER`: families that can be used are loaded for
    /// it. One that can't list its members says so.
    pub fn scan_families(folders: &[PathBuf]) -> Self {
        let mut out = Self::scan(folders);
        let mut entries = Vec::with_capacity(out.entries.len());
        for mut entry in out.entries {
            let is_family = entry.state == State::Usable && entry.found.as_ref().is_some_and(|f| f.manifest.family);
            let members = if is_family { entry.load().and_then(|plugin| plugin.members()) } else { Ok(Vec::new()) };
            let members = members.unwrap_or_else(|e| {
                entry.state = State::Unusable(e.reason().to_owned());
                Vec::new()
            });
            let of = entry.clone();
            entries.push(entry);
            entries.extend(members.iter().map(|m| member(&of, m)));
        }
        out.entries = entries;
        out
    }

    /// Of plugins with one name only the newest that can be used is, and none that is named like a part of memsh.
    fn choose(&mut self) {
        let version = |e: &Entry| e.version.as_deref().and_then(|v| semver::Version::parse(v).ok());
        let order = |e: &Entry| (e.kind.map(PluginKind::name), e.name.clone(), e.path.is_some(), Reverse(version(e)));
        self.entries.sort_by_cached_key(order);
        let mut taken: Option<(PluginKind, String, String)> = None;
        for entry in &mut self.entries {
            let Some(kind) = entry.kind else { continue };
            let here = entry.path.as_ref().map_or_else(|| "part of memsh".to_owned(), |p| p.display().to_string());
            match (&entry.state, &taken) {
                (State::Usable, Some((k, name, by))) if *k == kind && *name == entry.name => {
                    entry.state = State::Shadowed(format!("{by} has the name"));
                }
                (State::Usable | State::BuiltIn, _) => taken = Some((kind, entry.name.clone(), here)),
                _ => {}
            }
        }
    }

    /// What this name means.
    pub fn find(&self, kind: PluginKind, name: &str) -> Option<&Entry> {
        let named = |e: &&Entry| e.kind == Some(kind) && e.name == name;
        let usable = |e: &&Entry| matches!(e.state, State::BuiltIn | State::Usable);
        self.entries.iter().filter(named).find(usable).or_else(|| self.entries.iter().find(named))
    }

    /// Names that can be used.
    pub fn names(&self, kind: PluginKind) -> Vec<&str> {
        let usable = self.entries.iter().filter(|e| e.kind == Some(kind) && e.state.reason().is_none());
        usable.map(|e| e.name.as_str()).collect()
    }
}

/// The shared objects of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(listed) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = listed.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == SUFFIX));
    let mut paths: Vec<PathBuf> = paths.take(MAX_FILES).collect();
    paths.sort();
    paths
}

/// What a file holds.
pub fn entries(path: &Path) -> Vec<Entry> {
    match inspect(path) {
        Ok(found) => found.into_iter().map(|f| entry(path, f)).collect(),
        Err(why) => vec![Entry {
            kind: None,
            name: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            version: None,
            description: String::new(),
            arguments: Vec::new(),
            path: Some(path.to_owned()),
            state: State::Unusable(why),
            found: None,
            family: None,
        }],
    }
}

fn member(of: &Entry, m: &Member) -> Entry {
    let text = |t: &Text| Some(t.to_string_lossy().into_owned()).filter(|t| !t.is_empty());
    Entry {
        kind: of.kind,
        name: format!("{}:{}", of.name, m.name.to_string_lossy()),
        version: text(&m.version),
        description: text(&m.description).unwrap_or_default(),
        arguments: Vec::new(),
        path: text(&m.path).map(PathBuf::from),
        state: m.refused.as_ref().map_or(State::Usable, |why| State::Unusable(why.to_string_lossy().into_owned())),
        found: None,
        family: Some(of.name.clone()),
    }
}

fn entry(path: &Path, found: Found) -> Entry {
    Entry {
        kind: Some(found.kind),
        name: found.manifest.name.clone(),
        version: Some(found.manifest.version.clone()).filter(|v| !v.is_empty()),
        description: found.manifest.description.clone(),
        arguments: found.manifest.arguments.clone(),
        path: Some(path.to_owned()),
        state: found.refused.clone().map_or(State::Usable, State::Unusable),
        found: Some(found),
        family: None,
    }
}
