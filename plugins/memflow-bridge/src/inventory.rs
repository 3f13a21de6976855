//! memflow's plugins that are installed: which there are, whether memflow takes them, and loading one.
//!
//! Looked for where memflow's own inventory looks: `~/.local/lib/memflow` (on Windows `memflow` in the documents' folder), then the folders
//! that `MEMFLOW_PLUGIN_PATH` names. Its last place, the working folder, is left out: code that happens to lie there is not run.
//! Files are looked at by memflow's own analyser, without loading them. Of one name the newest is used, by the same dates.

use libloading::Library;
use memflow::cglue::CArc;
use memflow::error::{Error, ErrorKind};
use memflow::plugins::plugin_analyzer::{self, PluginDescriptorInfo, PluginKind};
use memflow::plugins::{LibContext, Loadable, MEMFLOW_PLUGIN_VERSION, plugin_architecture, plugin_extension, plugin_file_type};
use memsh_plugin::{ApiError, Maybe, Member, Status, Text};
use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::words;

/// Files beyond this are no plugins; most files of a folder that are looked at.
const MAX_FILE: u64 = 256 << 20;
const MAX_FILES: usize = 1024;

/// One of memflow's plugins.
pub struct Plugin {
    /// Its file.
    pub path: PathBuf,
    /// What memflow's analyser reads of it.
    pub descriptor: PluginDescriptorInfo,
    /// When it was installed, as text that sorts (memflowup's note, or the file's date).
    installed: String,
}

/// The folders, in order.
pub fn folders() -> Vec<PathBuf> {
    let home = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let own = if cfg!(windows) {
        home("USERPROFILE").map(|h| h.join("Documents").join("memflow"))
    } else {
        home("HOME").map(|h| h.join(".local/lib/memflow"))
    };
    let named = std::env::var_os("MEMFLOW_PLUGIN_PATH").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&named).filter(|p| p.components().count() > 0).collect();
    own.into_iter().chain(named).collect()
}

/// What is installed, the newest of one name first; and files that look like plugins and are none that memflow can use, with why.
pub fn scan() -> Vec<Result<Plugin, (PathBuf, String)>> {
    let mut plugins = Vec::new();
    let mut others = Vec::new();
    for folder in folders() {
        let Ok(listed) = std::fs::read_dir(&folder) else { continue };
        let paths = listed.flatten().map(|e| e.path());
        let mut paths: Vec<PathBuf> =
            paths.filter(|p| p.extension().is_some_and(|e| e == plugin_extension())).take(MAX_FILES).collect();
        paths.sort();
        for path in paths {
            match analyse(&path) {
                Ok(found) => plugins.extend(found),
                Err(why) => others.push(Err((path, why))),
            }
        }
    }
    plugins.sort_by_cached_key(|p| (p.descriptor.name.clone(), Reverse(p.installed.clone())));
    plugins.into_iter().map(Ok).chain(others).collect()
}

/// The plugins of a file, which is not loaded.
fn analyse(path: &Path) -> Result<Vec<Plugin>, String> {
    let metadata = std::fs::metadata(path).map_err(|e| format!("can't be read: {e}"))?;
    if !metadata.is_file() || metadata.len() > MAX_FILE {
        return Err(format!("is no file of at most {} MiB", MAX_FILE >> 20));
    }
    let bytes = std::fs::read(path).map_err(|e| format!("can't be read: {e}"))?;
    // The analyser takes what a file says of itself as it is, and may fail hard on a broken one.
    let parsed = std::panic::catch_unwind(|| plugin_analyzer::parse_descriptors(&bytes));
    let found = parsed.map_err(|_| "is broken: memflow's analyser failed on it".to_owned())?;
    let found = found.map_err(|e| format!("memflow says: {e}"))?;
    let first = found.first().ok_or("exports no plugin of memflow")?;
    if first.file_type != plugin_file_type() || first.architecture != plugin_architecture() {
        return Err(format!("is for {:?} {:?}", first.file_type, first.architecture));
    }
    let installed = installed(path, &metadata);
    Ok(found.into_iter().map(|descriptor| Plugin { path: path.to_owned(), descriptor, installed: installed.clone() }).collect())
}

/// memflowup writes when it installed a file into a `.meta` file beside it; else the file's own date counts.
fn installed(path: &Path, metadata: &std::fs::Metadata) -> String {
    let noted = std::fs::read(path.with_extension("meta")).ok();
    let noted = noted.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    if let Some(date) = noted.as_ref().and_then(|v| v.get("created_at")).and_then(|d| d.as_str()) {
        return date.to_owned();
    }
    let since = metadata.created().or_else(|_| metadata.modified()).ok();
    let since = since.and_then(|t| t.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
    iso(since.as_secs()) + &format!(".{:09}", since.subsec_nanos())
}

/// Seconds since 1970 as `YYYY-MM-DDTHH:MM:SS`, which is how memflowup writes dates.
fn iso(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days to a date of the Gregorian calendar, counted from 0000-03-01.
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Every plugin of `T`'s kind as a member, those among them that can't be used with the reason. Files are loaded to compare layouts, and
/// nothing is made.
pub fn members<T: Loadable>() -> Result<Vec<Member>, ApiError> {
    words::listen();
    let mut out: Vec<Member> = Vec::new();
    let mut taken: Option<(String, PathBuf)> = None;
    for found in scan() {
        match found {
            Ok(p) if p.descriptor.plugin_kind == T::plugin_kind() => {
                let refused = match &taken {
                    Some((name, by)) if *name == p.descriptor.name => Some(format!("{} is newer and has the name", by.display())),
                    _ => load::<T>(&p).err().map(|e| e.message.to_string_lossy().into_owned()),
                };
                if refused.is_none() {
                    taken = Some((p.descriptor.name.clone(), p.path.clone()));
                }
                out.push(Member {
                    name: p.descriptor.name.as_str().into(),
                    version: p.descriptor.version.as_str().into(),
                    description: p.descriptor.description.as_str().into(),
                    path: path_text(&p.path),
                    refused: refused.map(Text::from).into(),
                });
            }
            Ok(_) => {}
            // Which kind it would have been is not known: it is listed once, among the connectors.
            Err((path, why)) if matches!(T::plugin_kind(), PluginKind::Connector) => out.push(Member {
                name: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default().into(),
                path: path_text(&path),
                refused: Maybe::Some(why.into()),
                ..Member::default()
            }),
            Err(_) => {}
        }
    }
    Ok(out)
}

fn path_text(path: &Path) -> Text {
    Text::from(path.as_os_str().as_encoded_bytes())
}

/// The plugin that `name` means: the newest one that memflow takes, loaded.
///
/// # Errors
/// When none has the name (the words name those there are, and where they were looked for), or memflow takes none of them.
pub fn open<T: Loadable>(name: &str) -> Result<(CArc<LibContext>, T), ApiError> {
    words::listen();
    let all: Vec<Plugin> = scan().into_iter().flatten().filter(|p| p.descriptor.plugin_kind == T::plugin_kind()).collect();
    let mut first = None;
    for plugin in all.iter().filter(|p| p.descriptor.name == name) {
        match load(plugin) {
            Ok(loaded) => return Ok(loaded),
            Err(e) => first = first.or(Some(e)),
        }
    }
    Err(first.unwrap_or_else(|| {
        let mut names: Vec<&str> = all.iter().map(|p| p.descriptor.name.as_str()).collect();
        names.dedup();
        let names = if names.is_empty() { "none is".to_owned() } else { names.join(", ") };
        let looked = folders().iter().map(|f| f.display().to_string()).collect::<Vec<_>>().join(", ");
        let what = match T::plugin_kind() {
            PluginKind::Connector => "connector",
            PluginKind::Os => "OS plugin",
        };
        ApiError::new(Status::MISSING, format!("memflow has no {what} {name:?}; installed: {names} (looked in {looked})"))
    }))
}

/// Loads a plugin and compares its layouts.
///
/// # Errors
/// When the system can't load it or memflow refuses it.
pub fn load<T: Loadable>(plugin: &Plugin) -> Result<(CArc<LibContext>, T), ApiError> {
    let at = plugin.path.display();
    let refused = |why: String| ApiError::new(Status::UNSUPPORTED, format!("{at}: {why}"));
    if plugin.descriptor.plugin_version != MEMFLOW_PLUGIN_VERSION {
        let found = plugin.descriptor.plugin_version;
        return Err(refused(format!(
            "is of version {found} of memflow's plugin interface; memflow 0.2 has {MEMFLOW_PLUGIN_VERSION}"
        )));
    }
    // SAFETY: loading runs the file's own initialisers: the user installed it as a plugin of memflow, and its descriptors were found to
    // be of this machine and of memflow's interface.
    let library = unsafe { Library::new(&plugin.path) }.map_err(|e| refused(format!("can't be loaded: {e}")))?;
    let library = CArc::from(LibContext::from(library));
    // It stays to the end: its threads and what it logs through may outlive what was made of it.
    std::mem::forget(library.clone());
    let loadable = T::from_instance(&library, &plugin.descriptor.export_name).map_err(|e| match e {
        Error(_, ErrorKind::VersionMismatch) => refused(format!(
            "memflow refuses it: {e}: its layouts are not those of memflow 0.2.4 (built with another memflow, cglue or abi_stable, or \
             with a fork of memflow): build it again with memflow 0.2.4"
        )),
        e => refused(format!("memflow refuses it: {e}")),
    })?;
    Ok((library, loadable))
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_399, "2000-02-28T23:59:59"),
            (951_782_400, "2000-02-29T00:00:00"),
            (1_700_000_000, "2023-11-14T22:13:20"),
        ] {
            assert_eq!(super::iso(seconds), text);
        }
    }
}
