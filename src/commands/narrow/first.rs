//! `scan value`: every place that holds a value.

use super::opened;
use super::rows::{PassRow, answer};
use super::saved::Keep;
use crate::commands::cells::number;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::searched::{Place, Searched};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::engine::search::{Options, RunSource, Source};
use crate::narrow::{Condition, Pass, Type, UNNAMED};
use crate::session::Space;
use std::sync::Arc;
use std::time::Instant;

/// Begin to follow a value: every place in memory that holds it (`next` narrows)
#[derive(clap::Args, Debug)]
pub struct ScanValue {
    /// The value (100, -5, 0xff, 1.5), a range with both ends in it (90..110), > 50, != 0, or ? for any value
    #[arg(value_name = "VALUE", required = true, num_args = 1..=2, allow_negative_numbers = true)]
    value: Vec<String>,
    /// i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 (with le or be behind it), ptr, text, bytes (with ?: text8, bytes16)
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value = "i32")]
    kind: String,
    /// Only at addresses that are a multiple of this (without it of the value's size; of 1 for text and bytes)
    #[arg(long, value_name = "BYTES")]
    align: Option<String>,
    /// A float counts when it is this close (without it, when it rounds to the digits given)
    #[arg(long, value_name = "DIFFERENCE", allow_negative_numbers = true)]
    tolerance: Option<f64>,
    /// In all that can be read; without it, of a process only in what it may write to
    #[arg(long)]
    readable: bool,
    /// Name of the scan, to have several at once
    #[arg(long, value_name = "NAME", default_value = UNNAMED)]
    name: String,
    /// Memory that the candidates may take
    #[arg(long, value_name = "SIZE", default_value = "4G")]
    max_memory: String,
    #[command(flatten)]
    keep: Keep,
    #[command(flatten)]
    place: Place,
}

/// So many candidates are told with the counts.
pub const FEW: u64 = 20;

/// The condition that words mean for a type, which gets its length from them where it has none.
///
/// # Errors
/// A usage error when they make no sense.
pub fn condition(
    cx: &Context,
    text: &str,
    kind: Type,
    tolerance: Option<f64>,
    space: Option<&Space>,
) -> Result<(Type, Condition)> {
    if tolerance.is_some_and(|t| t.is_nan() || t < 0.0) {
        return Err(Failure::usage("--tolerance: a difference is 0 or more"));
    }
    let bytes = match kind.name().starts_with("bytes") {
        true => text.chars().filter(char::is_ascii_hexdigit).count().div_ceil(2),
        false => text.len(),
    };
    let kind = kind.of_length(bytes).map_err(opened::usage)?;
    let mut failed = None;
    let mut evaluate = |text: &str| {
        let value = cx.evaluate(text, space).map(number);
        value.map_err(|e| {
            let told = crate::Error::new(crate::Layer::Command, crate::ErrorKind::Invalid, text.to_owned());
            failed = Some(e);
            told
        })
    };
    let condition = Condition::parse(text, kind, tolerance, &mut evaluate);
    match (condition, failed) {
        (_, Some(e)) => Err(e),
        (condition, None) => Ok((kind, condition.map_err(opened::usage)?)),
    }
}

impl Command for ScanValue {
    type Row = PassRow;
    const NAME: &'static str = "scan-value";
    const SUMMARY: &'static str = "Begin to follow a value: every place that holds it; `next` narrows (`scan value`)";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("scan value 100 -t i32 -p 1", "numbers of 4 bytes, in what process 1 may write to"),
        ("scan value 1..3 -t u16 -p 1 --save s.mset", "1, 2 or 3; kept in a file for another image"),
        ("scan value ? -t u32 -p 1; next unchanged", "any value, and what it does next"),
        ("scan value init_task -t ptr --range init_task init_task+16k", "pointers, in a range of the kernel; -k for all of it"),
        ("scan value 'Linux' -t text --phys --max 5", "text that may change later"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, PassRow>) -> Result<()> {
        let text = self.value.join(" ");
        let limit = cx.count(&self.max_memory)?;
        self.keep.check(cx)?;
        let began = Instant::now();
        let mut pass: Option<Pass> = None;
        for space in self.place.spaces(cx)? {
            cx.go_on()?;
            let span = self.place.span(cx, &space)?;
            space.memory().refresh();
            let searched = Searched::new(space, 0, span);
            if pass.is_none() {
                let kind = opened::kind(&self.kind, &searched.space)?;
                let (kind, condition) = condition(cx, &text, kind, self.tolerance, Some(&searched.space))?;
                let align = self.align.as_deref().map(|a| cx.count(a)).transpose()?;
                let align = align.map_or(kind.natural_align(), |a| usize::try_from(a).unwrap_or(usize::MAX));
                pass = Some(Pass::first(kind, align, &condition, &text, limit).map_err(opened::usage)?);
            }
            let Some(pass) = &mut pass else { continue };
            let memory = searched.space.memory().clone();
            let stretches = searched.stretches(cx);
            let stretches = if self.readable { stretches } else { searched.writable(cx, stretches) };
            let source = RunSource::new(&memory, stretches);
            let total = source.spans().fold(0u64, |sum, s| sum.saturating_add(number(s.bytes())));
            let meter = cx.host().meter("searching", total);
            let progress = |done: u64, _: u64| meter.at(done);
            let options = Options { progress: &progress, ..Options::new(cx.host().interrupt()) };
            let missing = pass.scan(opened::owner(&searched.space), &source, memory.metadata().live, &options)?;
            drop(meter);
            cx.lost_many(missing, "bytes that are mapped and not in the image");
        }
        let Some(pass) = pass else { return Err(Failure::usage("scan value: there is no process to search")) };
        let mut set = pass.finish();
        cx.session()?.name().clone_into(&mut set.target);
        let time = began.elapsed();
        let set = Arc::new(set);
        cx.session()?.scans().put(&self.name, Arc::clone(&set));
        let saved = self.keep.write(cx, &set)?;
        answer(cx, out, &self.name, &set, saved, (time, self.place.max.unwrap_or(FEW)))
    }
}
