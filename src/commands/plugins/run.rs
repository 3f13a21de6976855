//! `run NAME`: a command of a plugin.

use super::asked::Asked;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::engine::to_umem;
use crate::live::Arguments;
use crate::plugins::inspect::PluginKind;
use crate::plugins::registry::{Entry, Registry};
use crate::{Error, ErrorKind, Layer};
use memsh_plugin::{ApiError, Command as _, Status, Text};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
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
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct PluginAnswer {
    /// Keys and values of the plugin's own.
    #[serde(flatten)]
    row: serde_json::Map<String, serde_json::Value>,
}

/// Columns of the command `name`'s table.
pub fn columns(registry: &Registry, name: &str) -> Option<Vec<String>> {
    Some(registry.find(PluginKind::Command, name)?.found.as_ref()?.manifest.columns.clone())
}

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
        call(cx, entry, &self.arguments, out, |_| ())
    }
}

/// Runs the command of a plugin with `words`, the first by its value, others as NAME=VALUE; `more` says of each row what the plugin
/// does not know.
///
/// # Errors
/// When it can't be made, or fails, or gives rows that are none of `T`; those of `out`; Ctrl-C.
pub fn call<T: Serialize + DeserializeOwned>(
    cx: &Context,
    entry: &Entry,
    words: &[String],
    out: &mut Rows<'_, T>,
    mut more: impl FnMut(&mut T),
) -> Result<()> {
    let plugin = entry.load()?;
    let text = words.iter().map(|word| escaped(word)).collect::<Vec<_>>().join(",");
    let command = plugin.command(&Arguments::parse(&entry.name, &text, &entry.arguments)?)?;
    let out = RefCell::new(out);
    // A plugin that tells of its progress while it gives a row is not idle.
    let idle = || out.try_borrow_mut().map_or(Ok(()), |mut out| out.idle());
    let asked = Asked::new(cx, &idle);
    // A plugin of another version may say more or less.
    let mut push = |row: Map<String, Value>| -> Result<()> {
        let mut row: T = serde_json::from_value(Value::Object(row))
            .map_err(|e| Failure::usage(format!("{}: the plugin gave a row that makes no sense: {e}", entry.name)))?;
        more(&mut row);
        out.borrow_mut().push(&row)
    };
    let failure = RefCell::new(None);
    let mut over = false;
    let mut row = |text: Text| {
        if over {
            return false;
        }
        // The row that is at hand when Ctrl-C comes is shown.
        over = asked.interrupted();
        let parsed: std::result::Result<Map<_, _>, _> = serde_json::from_slice(text.as_bytes());
        let pushed = match parsed {
            Ok(row) => push(row),
            Err(e) => {
                cx.lost(format!("a row of {} bytes that is no JSON object: {e}", to_umem(text.as_bytes().len())));
                Ok(())
            }
        };
        match pushed {
            Ok(()) => !over,
            Err(e) => {
                failure.borrow_mut().get_or_insert(e);
                over = true;
                false
            }
        }
    };
    let outcome = std::result::Result::from(command.run(asked.session(), (&mut row).into()));
    if let Some(failure) = failure.into_inner() {
        return Err(failure);
    }
    let lost = outcome.map_err(|e| failed(&entry.name, &e))?;
    for reason in lost.iter() {
        cx.lost(reason.to_string_lossy());
    }
    asked.go_on()
}

/// A word as [`Arguments::parse`] takes it for one.
fn escaped(word: &str) -> String {
    let special = |c: char| matches!(c, '\\' | ',' | '"' | '\'');
    word.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// The failure of a plugin's command.
fn failed(name: &str, e: &ApiError) -> Failure {
    match e.status {
        Status::INVALID => Failure::usage(format!("{name}: {e}")),
        _ => Error::new(Layer::Command, ErrorKind::Invalid, format!("{name}: {e}")).into(),
    }
}
