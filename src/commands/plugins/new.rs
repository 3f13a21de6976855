//! `plugins new`.

use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::plugins::inspect::PluginKind;
use crate::plugins::install::template::{self, Language};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Write the beginning of a plugin: a folder that builds, loads and does something
///
/// In Rust every kind can be written, in C and C++ connectors. The README in the folder says how it is built and used.
#[derive(clap::Args, Debug)]
pub struct PluginsNew {
    /// Name of the plugin
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is to be
    #[arg(long, value_name = "KIND", value_parser = ["connector", "os", "command"], default_value = "connector")]
    kind: String,
    /// What it is written in
    #[arg(long, value_name = "LANGUAGE", value_parser = ["rust", "c", "cpp"], default_value = "rust")]
    language: String,
    /// Folder of the crate memsh-plugin (plugin-api in memsh's repository) [default: the version of this memsh on crates.io]
    #[arg(long, value_name = "PATH")]
    api: Option<PathBuf>,
    /// Folder to write [default: NAME]
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// A file that was written.
#[derive(Serialize, JsonSchema)]
pub struct NewRow {
    /// Its path.
    file: String,
}

impl Command for PluginsNew {
    type Row = NewRow;
    const NAME: &'static str = "plugins-new";
    const SUMMARY: &'static str = "Write the beginning of a plugin: plugins new NAME";
    const SHAPE: Shape = Shape::List(&["file"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("plugins new rom", "a connector in Rust"),
        ("plugins new rom_c --language c", "the same in C"),
        ("plugins new triage --kind command", "a command"),
    ];
    const NEEDS_TARGET: bool = false;

    fn run(self, _: &Context, out: &mut Rows<'_, NewRow>) -> Result<()> {
        let kind = match self.kind.as_str() {
            "os" => PluginKind::Os,
            "command" => PluginKind::Command,
            _ => PluginKind::Connector,
        };
        let language = Language::from_name(&self.language);
        let language = language.ok_or_else(|| Failure::usage(format!("--language: {} is not known", self.language)))?;
        let folder = self.to.unwrap_or_else(|| PathBuf::from(&self.name));
        for file in template::write(&folder, &self.name, kind, language, self.api.as_deref())? {
            out.push(&NewRow { file: file.display().to_string() })?;
        }
        Ok(())
    }
}
