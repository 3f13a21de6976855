//! The user's folders.

use std::path::PathBuf;

/// Where caches go: `XDG_CACHE_HOME`, `~/.cache`, on Windows `LOCALAPPDATA`.
pub fn cache() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let local = || set("LOCALAPPDATA").filter(|_| cfg!(windows));
    Some(set("XDG_CACHE_HOME").or_else(local).or_else(|| Some(set("HOME")?.join(".cache")))?.join("memsh"))
}
