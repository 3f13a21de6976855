//! `plugins list`.

use super::with_members;
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::plugins::inspect::PluginKind;
use crate::plugins::registry::Entry;
use schemars::JsonSchema;
use serde::Serialize;

/// List connectors, OS layers and commands: those in memsh and those in plugin folders, with why one can't be used
///
/// Files are inspected, not loaded, except for families: plugins through which others are used, which list those. Plugins are looked for in the folders that MEMSH_PLUGIN_PATH names, in
/// ~/.local/share/memsh/plugins, /usr/local/lib/memsh/plugins and /usr/lib/memsh/plugins.
#[derive(clap::Args, Debug)]
pub struct PluginsList {
    /// Only this kind: connector, os, command
    #[arg(long, value_name = "KIND", value_parser = ["connector", "os", "command"])]
    kind: Option<String>,
}

/// A plugin, or a file in a plugin folder that is none.
#[derive(Serialize, JsonSchema)]
pub struct PluginRow {
    /// Its name, as `-C` or `-O` takes it; the file's name where it is no plugin.
    pub name: String,
    /// `connector`, `os` or `command`; null for a file that is no plugin.
    pub kind: Option<&'static str>,
    /// Its version.
    pub version: Option<String>,
    /// `built-in`, `usable`, `shadowed` (another one has the name) or `unusable`.
    pub state: &'static str,
    /// Why it can't be used.
    pub reason: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Its file; null for what is part of memsh.
    pub path: Option<String>,
}

/// An entry as a row.
pub fn row(entry: &Entry) -> PluginRow {
    PluginRow {
        name: entry.name.clone(),
        kind: entry.kind.map(PluginKind::name),
        version: entry.version.clone(),
        state: entry.state.name(),
        reason: entry.state.reason().map(str::to_owned),
        description: Some(entry.description.clone()).filter(|d| !d.is_empty()),
        path: entry.path.as_ref().map(|p| p.display().to_string()),
    }
}

impl Command for PluginsList {
    type Row = PluginRow;
    const NAME: &'static str = "plugins";
    const SUMMARY: &'static str = "List connectors, OS layers and commands, built in and in plugin folders";
    const ALIASES: &'static [&'static str] = &["plugin"];
    const SHAPE: Shape = Shape::List(&["name", "kind", "version", "state", "?description", "?reason", "?path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("plugins list", "what -C and -O can name"),
        ("plugins list --where 'state == \"unusable\"'", "files that can't be used, and why"),
    ];
    const NEEDS_TARGET: bool = false;

    fn run(self, cx: &Context, out: &mut Rows<'_, PluginRow>) -> Result<()> {
        let registry = with_members(cx);
        let wanted = |e: &&Entry| self.kind.as_deref().is_none_or(|k| e.kind.map(PluginKind::name) == Some(k));
        for entry in registry.entries.iter().filter(wanted) {
            out.push(&row(entry))?;
        }
        Ok(())
    }
}
