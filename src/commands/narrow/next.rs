//! `next`: of the candidates, those whose values are now, or have become, what is asked.

use super::first::{FEW, condition};
use super::opened;
use super::rows::{PassRow, answer};
use super::saved::{Keep, Which};
use crate::ErrorKind;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::engine::search::{Options, RunSource, VirtRun};
use crate::narrow::Pass;
use std::sync::Arc;
use std::time::Instant;

/// Narrow the candidates of `scan value` to those whose values are, or have become, this
#[derive(clap::Args, Debug)]
pub struct Next {
    /// 97, 90..110, '> 50', != 0; + - (more, less), +5 -5 (by exactly 5), changed, unchanged, same-as-first, changed-since-first, ?
    #[arg(value_name = "CONDITION", required = true, num_args = 1..=2, allow_negative_numbers = true)]
    condition: Vec<String>,
    /// A float counts when it is this close (without it, when it rounds to the digits given)
    #[arg(long, value_name = "DIFFERENCE", allow_negative_numbers = true)]
    tolerance: Option<f64>,
    /// Tell the matches with the counts where they are no more than this
    #[arg(long, value_name = "N", default_value_t = FEW)]
    max: u64,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    keep: Keep,
}

impl Command for Next {
    type Row = PassRow;
    const NAME: &'static str = "next";
    const SUMMARY: &'static str = "Narrow the candidates of `scan value` to those whose values are, or have become, this";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("scan value 100 -t i32 -p 1; next unchanged", "what is still 100; `next 97` what is 97 now"),
        ("scan value ? -t i32 -p 1; next +", "what has grown; +5 by exactly 5, - and -5 what has shrunk"),
        ("scan value ? -t u8 -p 1; next 90..110; next '> 95'", "a range with both ends in it; above 95 (quoted: > is a file's)"),
        ("scan value 1..9 -t i32 -p 1; next same-as-first; matches --max 5", "compared with the first scan; and which they are"),
        ("scan value 100 -t i32 -p 1 --save s.mset; next unchanged --from s.mset", "from a file: be it another image's"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, PassRow>) -> Result<()> {
        let (name, before) = self.which.set(cx, Self::NAME)?;
        let limit = cx.count(&self.which.max_memory)?;
        self.keep.check(cx)?;
        let text = self.condition.join(" ");
        let began = Instant::now();
        let (_, condition) = condition(cx, &text, before.kind, self.tolerance, None)?;
        let mut pass = Pass::next(&before, &condition, &text, limit);
        for part in &before.parts {
            cx.go_on()?;
            let (memory, source);
            let opened = match opened::open(cx, &before, part) {
                Ok(opened) => Some(opened),
                // Of many processes, one that has ended takes its candidates with it.
                Err(Failure::Error(e)) if e.kind() == ErrorKind::NotFound && before.parts.len() > 1 => None,
                Err(e) => return Err(e),
            };
            let meter = cx.host().meter("narrowing", part.bytes());
            let progress = |done: u64, _: u64| meter.at(done);
            let options = Options { progress: &progress, ..Options::new(cx.host().interrupt()) };
            match &opened {
                Some((searched, wanted)) => {
                    memory = searched.space.memory().clone();
                    source = opened::source(cx, &memory, searched, wanted);
                    pass.narrow(part, &source, memory.metadata().live, &options)?;
                }
                None => {
                    source = RunSource::new(cx.session()?.memory(), Vec::<VirtRun>::new());
                    pass.narrow(part, &source, true, &options)?;
                }
            }
        }
        let mut set = pass.finish();
        cx.session()?.name().clone_into(&mut set.target);
        let time = began.elapsed();
        let set = Arc::new(set);
        cx.session()?.scans().put(&name, Arc::clone(&set));
        drop(before);
        let saved = self.keep.write(cx, &set)?;
        answer(cx, out, &name, &set, saved, (time, self.max))
    }
}
