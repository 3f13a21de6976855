//! The user's folders: where memsh looks for and keeps what is the user's own, never beside the image.

use std::path::PathBuf;

/// The folder of memsh in the one that `variable` names; where it is not set, in `local` on Windows, else in `home` below the
/// user's own.
fn folder(variable: &str, local: &str, home: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let windows = || set(local).filter(|_| cfg!(windows));
    Some(set(variable).or_else(windows).or_else(|| Some(set("HOME")?.join(home)))?.join("memsh"))
}

/// What can be worked out again: `~/.cache/memsh`.
pub fn cache() -> Option<PathBuf> {
    folder("XDG_CACHE_HOME", "LOCALAPPDATA", ".cache")
}

/// Symbol files that the user gave to memsh: `~/.local/share/memsh/symbols`.
pub fn symbols() -> Option<PathBuf> {
    Some(folder("XDG_DATA_HOME", "LOCALAPPDATA", ".local/share")?.join("symbols"))
}

/// Where plugins are looked for, in order: the folders that `MEMSH_PLUGIN_PATH` names, the user's own
/// (`~/.local/share/memsh/plugins`), the system's.
pub fn plugins() -> Vec<PathBuf> {
    let named = std::env::var_os("MEMSH_PLUGIN_PATH").unwrap_or_default();
    // An empty part would be the working folder, from where nothing is ever loaded unasked.
    let named = std::env::split_paths(&named).filter(|p| p.is_absolute() || p.components().count() > 0);
    let system: &[&str] = if cfg!(unix) { &["/usr/local/lib/memsh/plugins", "/usr/lib/memsh/plugins"] } else { &[] };
    named.chain(own_plugins()).chain(system.iter().map(PathBuf::from)).collect()
}

/// Plugins that the user installed: `~/.local/share/memsh/plugins`.
pub fn own_plugins() -> Option<PathBuf> {
    Some(folder("XDG_DATA_HOME", "LOCALAPPDATA", ".local/share")?.join("plugins"))
}

/// What the user wrote: `~/.config/memsh`.
pub fn config() -> Option<PathBuf> {
    folder("XDG_CONFIG_HOME", "APPDATA", ".config")
}

/// What the shell remembers: `~/.local/state/memsh`.
pub fn state() -> Option<PathBuf> {
    folder("XDG_STATE_HOME", "LOCALAPPDATA", ".local/state")
}
