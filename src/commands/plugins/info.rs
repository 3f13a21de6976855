//! `plugins info NAME`.

use super::list::{PluginRow, row};
use super::{named, with_members};
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::live::{Argument, ArgumentKind};
use crate::plugins::inspect::PluginKind;
use crate::plugins::registry::Entry;
use schemars::JsonSchema;
use serde::Serialize;

/// Show what a connector, OS layer or command takes, and where each version of it lies
#[derive(clap::Args, Debug)]
pub struct PluginsInfo {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
}

/// A plugin, with all that is known of it without loading it.
#[derive(Serialize, JsonSchema)]
pub struct PluginInfo {
    #[serde(flatten)]
    plugin: PluginRow,
    /// How it is written: `-C rom:[path=]PATH[,base=NUMBER]`.
    usage: String,
    /// Arguments, as in `-C NAME:FIRST,OTHER=VALUE`; the first needs no name.
    arguments: Vec<ArgumentPart>,
    /// Version of the plugin interface that it was built with; null for what is part of memsh.
    abi_version: Option<u32>,
    /// What it was built with.
    built_with: Option<String>,
    /// Whether it can stand on an OS layer; null for what is no connector of a file.
    stands_on_os: Option<bool>,
    /// The plugin through which it is used; null for one that stands for itself.
    family: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ArgumentPart {
    name: String,
    /// `text`, `path`, `number`, `size`, `duration`, `flag` or `rest` (all that stands behind the name).
    kind: &'static str,
    required: bool,
    default: Option<String>,
    help: String,
}

fn argument(a: &Argument) -> ArgumentPart {
    ArgumentPart {
        name: a.name.clone().into_owned(),
        kind: a.kind.name(),
        required: a.required,
        default: a.default.as_ref().map(|d| d.clone().into_owned()),
        help: a.help.clone().into_owned(),
    }
}

/// `-C NAME:[first=]KIND[,other=KIND]`.
fn usage(entry: &Entry) -> String {
    let one = |(i, a): (usize, &Argument)| {
        let (name, kind) = (&a.name, a.kind.name().to_uppercase());
        let text = match (a.kind, i) {
            (ArgumentKind::Flag, _) => name.clone().into_owned(),
            (ArgumentKind::Rest, _) => name.to_uppercase(),
            (_, 0) => format!("[{name}=]{kind}"),
            _ => format!("{name}={kind}"),
        };
        let comma = if i > 0 { "," } else { "" };
        if a.required { format!("{comma}{text}") } else { format!("[{comma}{text}]") }
    };
    let arguments: String = entry.arguments.iter().enumerate().map(one).collect();
    let (option, colon) = match entry.kind {
        Some(PluginKind::Connector) => ("-C ", ":"),
        Some(PluginKind::Os) => ("-O ", ":"),
        _ => ("", " "),
    };
    let colon = if arguments.is_empty() { "" } else { colon };
    // What a member takes is its family's affair.
    let arguments = if entry.family.is_some() { "[:ARGUMENTS]".to_owned() } else { arguments };
    format!("{option}{}{colon}{arguments}", entry.name)
}

fn info(entry: &Entry) -> PluginInfo {
    let found = entry.found.as_ref();
    PluginInfo {
        plugin: row(entry),
        usage: usage(entry),
        arguments: entry.arguments.iter().map(argument).collect(),
        abi_version: found.map(|f| f.abi_version),
        built_with: found.and_then(|f| f.manifest.built_with.clone()),
        stands_on_os: found.map(|f| f.stands_on_os),
        family: entry.family.clone(),
    }
}

impl Command for PluginsInfo {
    type Row = PluginInfo;
    const NAME: &'static str = "plugins-info";
    const SUMMARY: &'static str = "Show what a connector, OS layer or command takes: plugins info NAME";
    const SHAPE: Shape = Shape::List(&["name", "kind", "version", "state", "usage", "?reason", "?path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("plugins info file", "what -C file takes")];
    const NEEDS_TARGET: bool = false;

    fn run(self, cx: &Context, out: &mut Rows<'_, PluginInfo>) -> Result<()> {
        // Only a family's member has a colon in its name.
        let registry = if self.name.contains(':') { with_members(cx).into() } else { cx.host().plugins() };
        for entry in named(&registry, &self.name)? {
            out.push(&info(entry))?;
        }
        Ok(())
    }
}
