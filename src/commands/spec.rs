//! What a command is: arguments, the shape of its answer, and what it does.

use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::{Rows, Sink};
use clap::ArgMatches;
use clap::parser::ValueSource;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

/// The shape of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any number of rows; the table shows these keys.
    List(&'static [&'static str]),
    /// One object; the shell has words of its own for it.
    Object,
}

/// A command that answers with rows or an object. Its arguments are the type itself.
pub trait Command: clap::Args {
    /// A row, or the object.
    type Row: Serialize + JsonSchema;
    /// Its name.
    const NAME: &'static str;
    /// Other names for the very same thing.
    const ALIASES: &'static [&'static str] = &[];
    /// One line for lists of commands.
    const SUMMARY: &'static str;
    /// List or object.
    const SHAPE: Shape;
    /// Command lines and what they show.
    const EXAMPLES: &'static [(&'static str, &'static str)];
    /// Option that makes a list of an object, or a list of another kind, and the columns of its table.
    const BATCH: Option<(&'static str, &'static [&'static str])> = None;

    /// Whether it asks a target. What does not can be run without one.
    const NEEDS_TARGET: bool = true;

    /// Does it.
    ///
    /// # Errors
    /// Whatever keeps it from an answer. What is merely missing from an answer goes to [`Context::lost`].
    fn run(self, cx: &Context, out: &mut Rows<'_, Self::Row>) -> Result<()>;
}

/// A command as the registry holds it.
#[derive(Clone, Copy)]
pub struct Spec {
    /// See [`Command::NAME`].
    pub name: &'static str,
    /// See [`Command::ALIASES`].
    pub aliases: &'static [&'static str],
    /// See [`Command::SUMMARY`].
    pub summary: &'static str,
    /// See [`Command::SHAPE`].
    pub shape: Shape,
    /// See [`Command::EXAMPLES`].
    pub examples: &'static [(&'static str, &'static str)],
    /// See [`Command::BATCH`].
    pub batch: Option<(&'static str, &'static [&'static str])>,
    /// See [`Command::NEEDS_TARGET`].
    pub needs_target: bool,
    /// Adds the arguments to a clap command.
    pub arguments: fn(clap::Command) -> clap::Command,
    /// Schema of a row or of the object.
    pub row_schema: fn(&mut SchemaGenerator) -> Schema,
    /// Does it with parsed arguments.
    pub run: fn(&ArgMatches, &Context, &mut dyn Sink) -> Result<()>,
}

impl Spec {
    /// The shape of the answer to these arguments.
    pub fn shape_of(&self, matches: &ArgMatches) -> Shape {
        match self.batch {
            Some((option, columns)) if matches.value_source(option) == Some(ValueSource::CommandLine) => Shape::List(columns),
            _ => self.shape,
        }
    }
}

/// The registry's entry for a command.
pub const fn spec<C: Command>() -> Spec {
    Spec {
        name: C::NAME,
        aliases: C::ALIASES,
        summary: C::SUMMARY,
        shape: C::SHAPE,
        examples: C::EXAMPLES,
        batch: C::BATCH,
        needs_target: C::NEEDS_TARGET,
        arguments: C::augment_args,
        row_schema: C::Row::json_schema,
        run: |matches, cx, sink| {
            let arguments = C::from_arg_matches(matches).map_err(|e| Failure::usage(e.to_string()))?;
            arguments.run(cx, &mut Rows::new(sink))
        },
    }
}
