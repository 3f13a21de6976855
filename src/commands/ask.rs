//! One command asking another, row by row: what it found, and what it could not say.

use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Sink;
use super::spec::{Shape, Spec};
use crate::ErrorKind;
use serde_json::Value;

/// How another command ended, besides its rows.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The `partial:` line without that word, where something is missing.
    pub partial: Option<String>,
    /// Why it failed, where it did. Rows that came before that stand.
    pub failed: Option<String>,
    /// Whether it failed because this target has no such thing: another system's memory, a target without page tables.
    pub foreign: bool,
    /// Why it has no rows, where it has none and knows.
    pub nothing: Option<String>,
}

/// The command that `line` calls, and its words. Words have no spaces in them.
///
/// # Errors
/// A usage error where there is no such command.
pub fn command(line: &str) -> Result<(&'static Spec, Vec<&str>)> {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default();
    let spec = super::find(name).ok_or_else(|| Failure::usage(format!("there is no command {name}")))?;
    Ok((spec, words.collect()))
}

/// Runs a command on the same target, and hands its rows to `sink`. That it fails is part of the outcome.
///
/// # Errors
/// When the user interrupts, or `sink` can't take a row.
pub fn ask(cx: &Context, line: &str, extra: &[&str], sink: &mut dyn Sink) -> Result<Outcome> {
    let (spec, mut words) = command(line)?;
    words.extend(extra);
    let parser = (spec.arguments)(clap::Command::new(spec.name).no_binary_name(true));
    let matches = parser.try_get_matches_from(&words).map_err(|e| Failure::usage(e.to_string()))?;
    let inner = Context::new(cx.host(), cx.session().ok(), None);
    let mut outcome = Outcome::default();
    let mut witness = Witness { inner: sink, failed: false };
    let ended = (spec.run)(&matches, &inner, &mut witness);
    match ended {
        Ok(()) | Err(Failure::Enough) => {}
        Err(failure) if witness.failed => return Err(failure),
        Err(Failure::Error(e)) if e.kind() == ErrorKind::Interrupted => return Err(Failure::Interrupted),
        Err(failure @ (Failure::Interrupted | Failure::Output(_))) => return Err(failure),
        Err(failure) => {
            outcome.foreign = matches!(&failure, Failure::Error(e) if e.kind() == ErrorKind::Unsupported);
            // The hints are for whoever typed the command.
            let first = failure.lines().into_iter().next().unwrap_or_default();
            outcome.failed = Some(first.strip_prefix("memsh: ").unwrap_or(&first).to_owned());
        }
    }
    outcome.partial = inner.partial().map(|p| p.strip_prefix("partial: ").unwrap_or(&p).to_owned());
    outcome.nothing = inner.why_nothing();
    Ok(outcome)
}

/// Whether the command's answer is one object.
pub fn is_object(spec: &Spec) -> bool {
    spec.shape == Shape::Object
}

/// Tells a failure of the sink from one of the command.
struct Witness<'a> {
    inner: &'a mut dyn Sink,
    failed: bool,
}

impl Witness<'_> {
    fn noted(&mut self, outcome: Result<()>) -> Result<()> {
        self.failed |= outcome.is_err();
        outcome
    }
}

impl Sink for Witness<'_> {
    fn row(&mut self, row: Value) -> Result<()> {
        let outcome = self.inner.row(row);
        self.noted(outcome)
    }

    fn bytes(&mut self, data: &[u8]) -> Result<()> {
        let outcome = self.inner.bytes(data);
        self.noted(outcome)
    }

    fn idle(&mut self) -> Result<()> {
        let outcome = self.inner.idle();
        self.noted(outcome)
    }
}

/// A sink that is a function of a row.
pub struct Each<F>(pub F);

impl<F: FnMut(Value) -> Result<()>> Sink for Each<F> {
    fn row(&mut self, row: Value) -> Result<()> {
        (self.0)(row)
    }

    fn bytes(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}
