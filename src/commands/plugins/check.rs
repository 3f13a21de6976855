//! `plugins check FILE`.

use super::list::{PluginRow, row};
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::plugins::registry::{State, entries};
use crate::{Error, ErrorKind, Layer};
use std::path::PathBuf;

/// Check whether a file is a plugin that this memsh can use, and load it to be sure
///
/// Exit status 1 where it is not. With --no-load the file is only inspected, and none of its code runs.
#[derive(clap::Args, Debug)]
pub struct PluginsCheck {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Do not load it
    #[arg(long)]
    no_load: bool,
}

impl Command for PluginsCheck {
    type Row = PluginRow;
    const NAME: &'static str = "plugins-check";
    const SUMMARY: &'static str = "Check whether a file is a plugin that can be used: plugins check FILE";
    const SHAPE: Shape = Shape::List(&["name", "kind", "version", "state", "?reason", "path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("plugins check libfoo.so", "its plugins, or why it has none")];
    const NEEDS_TARGET: bool = false;

    fn run(self, _: &Context, out: &mut Rows<'_, PluginRow>) -> Result<()> {
        if !self.file.exists() {
            return Err(Failure::usage(format!("plugins check: there is no {}", self.file.display())));
        }
        let mut refused = None;
        for mut entry in entries(&self.file) {
            if !self.no_load
                && entry.state == State::Usable
                && let Err(e) = entry.load()
            {
                entry.state = State::Unusable(e.reason().to_owned());
            }
            refused = refused.or(entry.state.reason().map(|why| format!("{}: {why}", entry.name)));
            out.push(&row(&entry))?;
        }
        match refused {
            None => Ok(()),
            Some(why) => Err(Error::new(Layer::Connector, ErrorKind::Unsupported, why).into()),
        }
    }
}
