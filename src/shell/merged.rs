//! One answer to a command that is asked many times: for processes, for rows, for images.

use super::docs;
use super::filter::{Choice, Sift};
use super::host::Shell;
use super::render::{Format, Renderer, Style};
use super::run::Ended;
use crate::commands::context::Host;
use crate::commands::failure::{Failure, Result};
use crate::commands::{Shape, Spec};
use serde_json::{Map, Value};
use std::io::Write;

/// The rows of all in one answer, each with keys in front that say whose it is.
pub struct Merged<'a> {
    shell: &'a Shell,
    spec: &'static Spec,
    style: Style,
    choice: Choice,
    keys: Vec<String>,
}

impl<'a> Merged<'a> {
    /// The answers of `spec`, of which each has the shape `shape`, with the keys of `front` before its own. `choice` is made among the
    /// rows of all.
    ///
    /// # Errors
    /// A usage error where columns are wanted that there are not.
    pub fn new(
        shell: &'a Shell,
        (spec, shape): (&'static Spec, Shape),
        front: &[(&'static str, Value)],
        choice: Choice,
        mut style: Style,
    ) -> Result<Self> {
        let schema = docs::row_schema(spec).with(front);
        schema.check_columns(&shell.output.borrow().columns)?;
        let keys = schema.keys().into_iter().map(str::to_owned).collect();
        if let (Format::Table, None, Shape::List(columns)) = (style.format, &style.columns, shape) {
            let front = front.iter().map(|(key, _)| *key).filter(|key| !columns.contains(key));
            style.columns = Some(front.chain(columns.iter().copied()).map(str::to_owned).collect());
            style.spare = true;
        }
        style.schema = style.schema.map(|_| schema);
        style.flat = true;
        Ok(Self { shell, spec, style, choice, keys })
    }

    /// Writes what `ask` hands in. An answer that breaks off keeps what came before.
    ///
    /// # Errors
    /// Those of `ask`, but for [`Failure::Enough`]; when the answer can't be written.
    pub fn run(self, out: &mut dyn Write, ask: impl FnOnce(&mut Sift<'_>) -> Result<Ended>) -> Result<Ended> {
        let interrupt = self.shell.interrupt();
        let mut renderer = Renderer::new(out, &self.style, (self.spec.name, Shape::List(&[])), &self.keys, interrupt);
        let mut sift = Sift::new(self.choice, &mut renderer, interrupt);
        let outcome = match ask(&mut sift) {
            Ok(ended) => sift.finish().map(|()| ended),
            Err(Failure::Enough) => sift.finish().map(|()| Ended::WELL),
            Err(failure) => Err(failure),
        };
        let note = renderer.finish(&outcome)?;
        note.iter().for_each(|n| self.shell.warn(n));
        outcome
    }
}

/// The row with `key` in front.
pub fn stamped(key: &str, value: &str, row: Value) -> Value {
    let Value::Object(mut fields) = row else { return row };
    let mut out = Map::new();
    out.insert(key.to_owned(), value.into());
    out.append(&mut fields);
    Value::Object(out)
}
