//! `plugins targets NAME`.

use super::named;
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::live::{self, Arguments, Request};
use crate::plugins::inspect::PluginKind;
use crate::{Error, ErrorKind, Layer};
use schemars::JsonSchema;
use serde::Serialize;

/// List what a connector can see now: running machines, files
///
/// Nothing is attached to.
#[derive(clap::Args, Debug)]
pub struct PluginsTargets {
    /// The connector; of a family's member FAMILY:MEMBER
    #[arg(value_name = "NAME")]
    name: String,
}

/// Something that can be connected to.
#[derive(Serialize, JsonSchema)]
pub struct TargetRow {
    /// What to write behind the connector's name.
    target: String,
    /// What it is.
    detail: String,
    /// The whole option.
    option: String,
}

impl Command for PluginsTargets {
    type Row = TargetRow;
    const NAME: &'static str = "plugins-targets";
    const SUMMARY: &'static str = "List what a connector can see now: plugins targets NAME";
    const SHAPE: Shape = Shape::List(&["target", "detail", "option"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("plugins targets qemu", "machines that run here")];
    const NEEDS_TARGET: bool = false;

    fn run(self, cx: &Context, out: &mut Rows<'_, TargetRow>) -> Result<()> {
        let push = |out: &mut Rows<'_, TargetRow>, target: String, detail: String| {
            let option = format!("-C {}:{target}", self.name);
            out.push(&TargetRow { target, detail, option })
        };
        let cant = |what: &str| {
            let what = format!("{}: {what}", self.name);
            Error::new(Layer::Connector, ErrorKind::Unsupported, what).hint("`memsh plugins info NAME` says what it takes")
        };
        if let Some(connector) = live::find(&self.name) {
            let targets = connector.targets.ok_or_else(|| cant("it can't tell what there is to connect to"))?;
            let arguments = Arguments::default();
            let request = Request { arguments, below: None, write: false, interrupt: Some(cx.host().interrupt()) };
            let found = targets(&request)?;
            cx.nothing("there is nothing that it could connect to");
            for t in found {
                push(out, t.name, t.detail)?;
            }
            return Ok(());
        }
        let registry = cx.host().plugins();
        let (name, rest) = self.name.split_once(':').unwrap_or((&self.name, ""));
        named(&registry, name)?;
        let entry = registry.find(PluginKind::Connector, name).ok_or_else(|| cant("it is no connector"))?;
        if entry.path.is_none() {
            return Err(cant("it can't tell what there is to connect to").into());
        }
        let arguments = if rest.is_empty() { Arguments::default() } else { Arguments::parse(name, rest, &entry.arguments)? };
        cx.nothing("there is nothing that it could connect to");
        for (target, detail) in entry.load()?.targets(&arguments)? {
            push(out, target, detail)?;
        }
        Ok(())
    }
}
