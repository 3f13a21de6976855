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

/// What the user wrote: `~/.config/memsh`.
pub fn config() -> Option<PathBuf> {
    folder("XDG_CONFIG_HOME", "APPDATA", ".config")
}

/// What the shell remembers: `~/.local/state/memsh`.
pub fn state() -> Option<PathBuf> {
    folder("XDG_STATE_HOME", "LOCALAPPDATA", ".local/state")
}
