//! `run NAME`: a command of a plugin.

use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use memsh::engine::to_umem;
use memsh::live::Arguments;
use memsh::plugins::inspect::PluginKind;
use memsh::plugins::registry::Registry;
use memsh::session::Space;
use memsh::{Error, ErrorKind, Layer};
use memsh_plugin::{
    ApiError, CResult, CSliceMut, Command as _, Maybe, MemoryView, PhysReadOp, Session, Status, Text, VirtReadOp,
    cglue_impl_group, group_obj,
};
#[allow(unused_imports, reason = "the macro's expansion looks for them")]
use memsh_plugin::{SessionInstance, SessionInstanceBase, SessionInstanceVtableFiller, SessionInstanceVtables, cglue};
use std::cell::RefCell;

/// Run a command of a plugin
///
/// `run NAME` can be written as NAME alone where memsh has no command of that name. `plugins info NAME` says what it takes.
#[derive(clap::Args, Debug)]
pub struct RunPlugin {
    /// The command
    #[arg(value_name = "NAME")]
    name: String,
    /// Its arguments: the first by its value, others as NAME=VALUE
    #[arg(value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

/// A row as the plugin gives it.
#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct PluginAnswer {
    /// Keys and values of the plugin's own.
    #[serde(flatten)]
    row: serde_json::Map<String, serde_json::Value>,
}

/// Columns of the command `name`'s table.
pub fn columns(registry: &Registry, name: &str) -> Option<Vec<String>> {
    Some(registry.find(PluginKind::Command, name)?.found.as_ref()?.manifest.columns.clone())
}

/// The session, as a plugin asks it.
struct Asked<'a> {
    cx: &'a Context<'a>,
}

fn failed(e: impl std::fmt::Display) -> ApiError {
    ApiError::new(Status::FAILED, e.to_string())
}

impl Asked<'_> {
    fn space(&self, pid: Option<u32>) -> Result<Space> {
        let session = self.cx.session()?;
        Ok(match pid {
            Some(pid) => session.process_space(&session.find_process(&pid.to_string())?)?,
            None => session.kernel_space()?,
        })
    }
}

impl Session for Asked<'_> {
    fn answer(&self, line: &str) -> CResult<Text, ApiError> {
        let answer = self.cx.host().answer(line).map_err(|f| failed(f.lines().join("; ")));
        answer.map(|value| Text::from(value.to_string())).into()
    }

    fn read_phys(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        match self.cx.session() {
            Ok(session) => session.memory().read_ops(&mut ops),
            Err(_) => ops.iter_mut().for_each(|op| op.status = Status::MISSING),
        }
    }

    fn read_virt(&self, pid: Maybe<u32>, ops: CSliceMut<VirtReadOp>) -> CResult<(), ApiError> {
        let space = self.space(pid.into()).map_err(|f| failed(f.lines().join("; ")));
        let read = |space: Space| {
            space.tables().ok_or_else(|| failed("no address space"))?.read_virt(ops);
            Ok(())
        };
        space.and_then(read).into()
    }
}

cglue_impl_group!(Asked<'a>, SessionInstance, {});

impl Command for RunPlugin {
    type Row = PluginAnswer;
    const NAME: &'static str = "run";
    const SUMMARY: &'static str = "Run a command of a plugin";
    const SHAPE: Shape = Shape::List(&[]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("run NAME", "what `plugins list --kind command` lists")];
    const NEEDS_TARGET: bool = true;

    fn run(self, cx: &Context, out: &mut Rows<'_, PluginAnswer>) -> Result<()> {
        let registry = cx.host().plugins();
        let entry = registry.find(PluginKind::Command, &self.name).ok_or_else(|| {
            let names = registry.names(PluginKind::Command).join(", ");
            let hint =
                if names.is_empty() { "no plugin with a command is installed".to_owned() } else { format!("there are {names}") };
            Failure::Usage(format!("there is no command {} of a plugin", self.name), Some(hint))
        })?;
        let plugin = entry.load()?;
        let text = self.arguments.iter().map(|a| a.replace('\\', "\\\\").replace(',', "\\,")).collect::<Vec<_>>().join(",");
        let command = plugin.command(&Arguments::parse(&entry.name, &text, &entry.arguments)?)?;
        let asked = Asked { cx };
        let session = group_obj!(&asked as SessionInstance);
        let failure = RefCell::new(None);
        let mut row = |text: Text| {
            let parsed: std::result::Result<serde_json::Map<_, _>, _> = serde_json::from_slice(text.as_bytes());
            let pushed = match parsed {
                Ok(row) => cx.go_on().and_then(|()| out.push(&PluginAnswer { row })),
                Err(e) => {
                    cx.lost(format!("a row of {} bytes that is no JSON object: {e}", to_umem(text.as_bytes().len())));
                    Ok(())
                }
            };
            match pushed {
                Ok(()) => true,
                Err(e) => {
                    failure.borrow_mut().get_or_insert(e);
                    false
                }
            }
        };
        let outcome = std::result::Result::from(command.run(session, (&mut row).into()));
        if let Some(failure) = failure.into_inner() {
            return Err(failure);
        }
        let lost = outcome.map_err(|e| Error::new(Layer::Command, ErrorKind::Invalid, format!("{}: {e}", entry.name)))?;
        for reason in lost.iter() {
            cx.lost(reason.to_string_lossy());
        }
        Ok(())
    }
}
