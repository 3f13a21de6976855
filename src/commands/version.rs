//! `version`: which memsh this is.

use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::built;
use schemars::JsonSchema;
use serde::Serialize;

/// Show which memsh this is: version, commit, features, and what it was built with
#[derive(clap::Args, Debug)]
pub struct Version {}

/// A memsh.
#[derive(Serialize, JsonSchema)]
pub struct VersionRow {
    /// Its version.
    version: &'static str,
    /// The commit it was built from: 40 hexadecimal digits, `-dirty` behind them where files were changed; null where it is not known.
    commit: Option<&'static str>,
    /// Features that are in.
    features: Vec<&'static str>,
    /// Machine and system, as indexes of plugins name them.
    target: String,
    /// The compiler.
    rustc: Option<&'static str>,
    /// Version of the plugin interface.
    abi_version: u32,
}

impl Command for Version {
    type Row = VersionRow;
    const NAME: &'static str = "version";
    const SUMMARY: &'static str = "Show which memsh this is: version, commit, features, compiler";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("version", "for a report, or a bug's")];
    const NEEDS_TARGET: bool = false;

    fn run(self, _: &Context, out: &mut Rows<'_, VersionRow>) -> Result<()> {
        out.push(&VersionRow {
            version: built::VERSION,
            commit: built::commit(),
            features: built::features(),
            target: built::target(),
            rustc: built::compiler(),
            abi_version: memsh_plugin::ABI_VERSION,
        })
    }
}
