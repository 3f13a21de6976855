//! Between a command and its renderer: rows that were asked for, in the order that was asked for.

use super::{Expr, Order, Schema, parse};
use crate::commands::failure::{Failure, Result};
use crate::commands::{Context, Shape, Sink};
use crate::shell::args::OutputArgs;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is chosen among the rows.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    filters: Vec<Expr>,
    order: Option<Order>,
    limit: Option<usize>,
}

impl Choice {
    /// What the options say; `schema` gives the keys of a row.
    ///
    /// # Errors
    /// A usage error where an expression makes no sense, or the answer is no list.
    pub fn new(output: &OutputArgs, shape: Shape, schema: impl FnOnce() -> Schema) -> Result<Self> {
        if output.filter.is_empty() && output.sort.is_empty() && output.limit.is_none() {
            return Ok(Self::default());
        }
        let schema = schema();
        if shape == Shape::Object {
            let given = [(!output.filter.is_empty(), "--where"), (!output.sort.is_empty(), "--sort"), (true, "--limit")];
            let option = given.iter().find(|(given, _)| *given).map_or("--limit", |(_, o)| *o);
            let hint = "--columns chooses among the keys of one answer";
            return Err(Failure::Usage(
                format!("{option} is for lists; {} has one answer", schema.command()),
                Some(hint.to_owned()),
            ));
        }
        let filters = output.filter.iter().map(|text| parse(text, &schema).map_err(|m| m.failure("--where", text)));
        let order = (!output.sort.is_empty()).then(|| Order::new(&output.sort, &schema)).transpose()?;
        Ok(Self { filters: filters.collect::<Result<_>>()?, order, limit: output.limit })
    }

    /// Whether every row passes as it comes.
    pub fn is_all(&self) -> bool {
        self.filters.is_empty() && self.order.is_none() && self.limit.is_none()
    }

    /// Whether rows may be missing, or stand elsewhere than the command put them: a tree can't be drawn then.
    pub fn reorders(&self) -> bool {
        !self.filters.is_empty() || self.order.is_some()
    }
}

/// A sink before a sink.
pub struct Sift<'a> {
    choice: Choice,
    inner: &'a mut dyn Sink,
    interrupt: &'static AtomicBool,
    kept: Vec<Value>,
    passed: usize,
}

/// More rows than twice the limit and this are cut back to the limit.
const SLACK: usize = 4096;

impl<'a> Sift<'a> {
    /// Hands what `choice` lets through to `inner`.
    pub fn new(choice: Choice, inner: &'a mut dyn Sink, interrupt: &'static AtomicBool) -> Self {
        Self { choice, inner, interrupt, kept: Vec::new(), passed: 0 }
    }

    /// The rest, when the command has ended, with how it ended: what was found before a failure is part of the answer.
    ///
    /// # Errors
    /// That of `outcome`, or as the sink behind.
    pub fn ended(self, cx: &Context, outcome: Result<()>) -> Result<()> {
        match outcome {
            Ok(()) | Err(Failure::Enough) => self.finish(),
            Err(failure @ Failure::Interrupted) => cx.after_all(|| self.finish()).and(Err(failure)),
            Err(failure @ Failure::Output(_)) => Err(failure),
            Err(failure) => self.finish().and(Err(failure)),
        }
    }

    /// The rest, when no more rows come.
    ///
    /// # Errors
    /// As the sink behind.
    pub fn finish(mut self) -> Result<()> {
        self.sort();
        let limit = self.choice.limit.unwrap_or(usize::MAX);
        for row in self.kept.drain(..).take(limit) {
            self.inner.row(row)?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        if let Some(order) = &self.choice.order {
            self.kept.sort_by(|a, b| order.compare(a, b));
        }
    }
}

impl Sink for Sift<'_> {
    fn row(&mut self, row: Value) -> Result<()> {
        // Rows that do not pass must not keep Ctrl-C from the command.
        if self.interrupt.load(Ordering::Relaxed) && !self.choice.is_all() {
            return Err(Failure::Interrupted);
        }
        if !self.choice.filters.iter().all(|f| f.matches(&row)) {
            return Ok(());
        }
        if self.choice.order.is_some() {
            self.kept.push(row);
            if let Some(limit) = self.choice.limit
                && self.kept.len() > limit.saturating_mul(2).saturating_add(SLACK)
            {
                self.sort();
                self.kept.truncate(limit);
            }
            return Ok(());
        }
        self.inner.row(row)?;
        self.passed += 1;
        match self.choice.limit {
            Some(limit) if self.passed >= limit => Err(Failure::Enough),
            _ => Ok(()),
        }
    }

    fn bytes(&mut self, data: &[u8]) -> Result<()> {
        self.inner.bytes(data)
    }

    fn idle(&mut self) -> Result<()> {
        self.inner.idle()
    }
}
