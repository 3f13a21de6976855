//! What the target offers to completion: processes, symbols, types and their members, modules, cached files.

use super::host::Shell;
use super::render::escape;
use crate::commands::Host;
use crate::os::linux::files::pagecache::{Which, files};
use crate::plugins::inspect::PluginKind;
use crate::plugins::registry::Registry;
use crate::symbols::{Field, TypeId, TypeKind, Types, TypesExt};
use memsh_plugin::ProcessInfo;
use rustyline::completion::Pair;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// So many candidates are offered; more of them help nobody.
pub const MOST: usize = 200;
/// Names are offered for words of at least so many letters.
const LEAST: usize = 2;
/// Nobody waits longer for a list of files at the press of a key.
const PATIENCE: Duration = Duration::from_secs(2);
/// Anonymous structures nest so deep at most.
const DEEPEST: u32 = 8;

/// What of `names` begins with `word`.
pub fn plain(names: impl Iterator<Item = impl Into<String>>, word: &str) -> Vec<Pair> {
    let mut names: Vec<String> = names.map(Into::into).filter(|n: &String| n.starts_with(word)).collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(MOST);
    names.into_iter().map(|n| Pair { display: n.clone(), replacement: n }).collect()
}

impl Shell {
    /// Processes whose pid or name begins with `word`.
    pub fn offered_processes(&self, word: &str) -> Vec<Pair> {
        let Some(all) = self.session.as_ref().and_then(|s| s.processes().ok()) else { return Vec::new() };
        let pair = |p: &ProcessInfo| {
            let name = escape::terminal(&p.name.to_string_lossy()).into_owned();
            // The pid is what goes into the line: several processes may have the name.
            let hit = p.pid.to_string().starts_with(word) || (!word.is_empty() && name.starts_with(word));
            hit.then(|| Pair { display: format!("{} {name}", p.pid), replacement: p.pid.to_string() })
        };
        all.items.iter().filter(|p| !p.kernel_thread || !word.is_empty()).filter_map(pair).take(MOST).collect()
    }

    /// Symbols that begin as the last name in the expression `word` does.
    pub fn offered_symbols(&self, word: &str) -> Vec<Pair> {
        let start = word.rfind(|c: char| "+-*/&|()~".contains(c)).map_or(0, |i| i + 1);
        let (kept, name) = word.split_at(start);
        let Some(symbols) = self.session.as_ref().and_then(|s| s.symbols().ok()).filter(|_| name.len() >= LEAST) else {
            return Vec::new();
        };
        let found = symbols.all().filter(|s| s.name.starts_with(name)).take(MOST);
        let mut names: Vec<String> = found.map(|s| s.name.to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|n| Pair { replacement: format!("{kept}{n}"), display: n }).collect()
    }

    /// Types, and behind a dot the members of one: `task_struct.pi`, `task_struct.mm`, `task_struct.pid,com`.
    pub fn offered_types(&self, word: &str) -> Vec<Pair> {
        let types = self.session.as_ref().and_then(|s| s.types().ok());
        let Some(types) = types.filter(|_| word.len() >= LEAST) else { return Vec::new() };
        let Some((name, path)) = word.split_once('.') else {
            // `MODULE!` leads to a module's types; the kernel's need no name before them.
            let names = match word.split_once('!') {
                Some((module, _)) => types.names_in(module).into_iter().map(|n| format!("{module}!{n}")).collect(),
                None => [types.names(), types.modules().into_iter().map(|m| format!("{m}!")).collect()].concat(),
            };
            return plain(names.into_iter(), word);
        };
        let begun = path.rsplit([',', '.']).next().unwrap_or_default();
        let front = word.strip_suffix(begun).unwrap_or(word);
        // Members of members: `task_struct.se.vrun`.
        let outer = path.rsplit(',').next().and_then(|p| p.rsplit_once('.')).map(|(outer, _)| outer);
        let id = match outer {
            Some(outer) => types.field(name, outer).map(|f| f.type_id),
            None => types.find(name),
        };
        let mut names = BTreeSet::new();
        if let Some(id) = id {
            members(types, id, 0, &mut names);
        }
        let found = names.into_iter().filter(|n| n.starts_with(begun)).take(MOST);
        found.map(|n| Pair { replacement: format!("{front}{n}"), display: n }).collect()
    }

    /// Plugins of these kinds, built in and in files.
    pub fn offered_plugins(&self, kinds: &[PluginKind], word: &str) -> Vec<Pair> {
        let registry = Registry::scan(&self.plugin_folders());
        plain(kinds.iter().flat_map(|k| registry.names(*k)), word)
    }

    /// Arguments of a plugin's command: `count=`.
    pub fn offered_arguments(&self, command: &str, word: &str) -> Vec<Pair> {
        let registry = Registry::scan(&self.plugin_folders());
        let found = registry.find(PluginKind::Command, command);
        plain(found.iter().flat_map(|e| &e.arguments).map(|a| format!("{}=", a.name)), word)
    }

    /// Modules of the kernel.
    pub fn offered_modules(&self, word: &str) -> Vec<Pair> {
        let Some(layer) = self.session.as_ref().and_then(|s| s.os().ok()) else { return Vec::new() };
        let Ok(all) = Result::from(layer.os.kernel_modules()) else { return Vec::new() };
        plain(all.items.iter().map(|m| escape::terminal(&m.name.to_string_lossy()).into_owned()), word)
    }

    /// Files of the target of which something is cached: one level of their paths at a time.
    pub fn offered_files(&self, word: &str) -> Vec<Pair> {
        let kernel = self.session.as_ref().and_then(|s| s.linux("completion").ok());
        let Some(kernel) = kernel.filter(|_| word.is_empty() || word.starts_with('/')) else { return Vec::new() };
        let begun = Instant::now();
        let Ok(listing) = files(kernel, Which::Cached, &|| begun.elapsed() < PATIENCE) else { return Vec::new() };
        let paths = listing.items.iter().flat_map(|f| &f.paths).filter_map(|p| std::str::from_utf8(p).ok());
        let next: BTreeSet<&str> = paths.filter_map(|path| step(path, word)).collect();
        let pairs = next.into_iter().filter_map(|path| {
            let shown = escape::terminal(path).into_owned();
            // What has to be quoted is quoted as a whole; a folder of that kind would have to stay open.
            let odd = |c: char| c.is_whitespace() || "'\"|;&<>$\\*?#!".contains(c);
            let replacement = match (path.contains(odd), path.contains('\'') || path.ends_with('/') || shown != path) {
                (false, _) => path.to_owned(),
                (true, false) => format!("'{path}'"),
                (true, true) => return None,
            };
            Some(Pair { display: shown, replacement })
        });
        pairs.take(MOST).collect()
    }
}

/// `path` up to the first slash behind `word`, if it begins so.
fn step<'p>(path: &'p str, word: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(word)?;
    let end = rest.find('/').map_or(rest.len(), |i| i + 1);
    path.get(..word.len() + end)
}

/// The names of a structure's members; those of anonymous ones count as its own.
fn members(types: &dyn Types, id: TypeId, depth: u32, out: &mut BTreeSet<String>) {
    let Some((_, whole)) = types.resolve(id).filter(|_| depth < DEEPEST) else { return };
    let fields: &[Field] = match &whole.kind {
        TypeKind::Struct(fields) | TypeKind::Union(fields) => fields,
        // `mm.pgd` looks through the pointer.
        TypeKind::Pointer(to) if depth == 0 => return members(types, *to, 1, out),
        _ => return,
    };
    for f in fields {
        if f.name.is_empty() {
            members(types, f.type_id, depth + 1, out);
        } else {
            out.insert(f.name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_offered_level_by_level() {
        assert_eq!(step("/etc/ssh/config", "/e"), Some("/etc/"));
        assert_eq!(step("/etc/ssh/config", "/etc/"), Some("/etc/ssh/"));
        assert_eq!(step("/etc/ssh/config", "/etc/ssh/c"), Some("/etc/ssh/config"));
        assert_eq!(step("/etc/ssh/config", "/var"), None);
    }
}
