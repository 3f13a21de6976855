//! `scan`: where something stands in memory.

mod owner;
mod rows;
mod tally;
mod what;

use crate::commands::cells::number;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::searched::{Place, Searched};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::commands::together::Sought;
use crate::engine::search::Step;
use crate::umem;
use owner::Owner;
use rows::{HitRow, ScanRow, row};
use tally::{Counts, Uniques};
use what::What;

pub use owner::Frame;

/// Search memory for text, bytes, numbers, pointers or regular expressions, many at once
#[derive(clap::Args, Debug)]
pub struct Scan {
    #[command(flatten)]
    what: What,
    /// Only here: `START..END`; `142:START..END` is process 142's, `p:START..END` physical
    #[arg(value_name = "RANGE", conflicts_with = "range")]
    within: Option<String>,
    /// Only at addresses that are a multiple of this
    #[arg(long, value_name = "BYTES", default_value = "1", hide_default_value = true)]
    align: String,
    /// The bytes before and behind a hit as well, so many (JSON has them as `before` and `behind`)
    #[arg(long, visible_alias = "context", value_name = "BYTES")]
    around: Option<String>,
    /// How many hits, and how many matches that differ, in each space (and of each needle, where there are several)
    #[arg(long, conflicts_with = "unique")]
    count: bool,
    /// Each match once, with how often it was found
    #[arg(long)]
    unique: bool,
    /// Of physical memory: who uses the frame, and which processes map it
    #[arg(long)]
    owner: bool,
    #[command(flatten)]
    place: Place,
}

/// More than this around a hit is for `read`.
const WIDEST: u64 = 4096;

impl Command for Scan {
    type Row = ScanRow;
    const NAME: &'static str = "scan";
    const ALIASES: &'static [&'static str] = &["search", "s"];
    const SUMMARY: &'static str = "Search memory for text, bytes, numbers, pointers or regular expressions, many at once";
    const SHAPE: Shape = Shape::List(&[
        "!count",
        "address",
        "space",
        "pid",
        "process",
        "region",
        "!owner",
        "!mapped_by",
        "!needle",
        "!value",
        "!points_to",
        "context",
    ]);
    const BATCH: Option<(&'static str, &'static [&'static str])> =
        Some(("count", &["hits", "distinct", "space", "pid", "process", "!needle"]));
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("scan 'Linux version'", "text, in physical memory"),
        ("scan --hex '7f 45 4c 46 02 ??' -p 1", "bytes, in a process"),
        ("scan --regex '[a-z]+@[a-z]+' -k --max 10", "a regular expression, in the kernel"),
        ("scan --utf16 --all secret", "UTF-16 text, in every process"),
        ("scan -i -b password --also 'hex:7f 45 4c 46' --also u32:0xfeedface", "several things in one pass"),
        ("scan --hex '4d 5a [58-62] ?? (00|01) 00 00' --max 10", "bytes with jumps and alternatives"),
        ("scan -k --number 1.5..1.75 -t f64 --max 10", "numbers in a range"),
        ("scan -k --pointer-to init_task --max 10", "pointers to an address, a range or a module"),
        ("scan --all --count password", "how often, in which process"),
        ("scan --phys --owner 'Linux version'", "in physical memory, and which processes map it"),
        ("scan swapper init_task..init_task+4k", "in a range"),
        ("s -d init_task L1000 1", "as WinDbg writes it"),
        ("search -k -c 'Linux version'", "as crash writes it"),
    ];

    fn run(mut self, cx: &Context, out: &mut Rows<'_, ScanRow>) -> Result<()> {
        if let Some(range) = self.what.no_pattern()
            && let Some(other) = self.within.replace(range)
        {
            let hint = "with --needles the file says what to look for, and --also adds to it".to_owned();
            return Err(Failure::Usage(format!("scan: {other:?} is one range too many"), Some(hint)));
        }
        if let Some(range) = &self.within {
            self.place.within_range("scan", range)?;
        }
        let align = cx.count(&self.align)?.max(1);
        let around = self.around.as_deref().map(|n| cx.count(n)).transpose()?.map(|n| n.min(WIDEST));
        let (needle, written) = self.what.needle(cx, &self.place)?;
        let mut owner = self.owner.then(|| Owner::new(cx)).transpose()?;
        let mut owner = owner.as_mut().map(|o| o.asked());
        let (mut counts, mut uniques) = (Counts::default(), Uniques::default());
        let outcome = self.place.hits(cx, Sought::Needle(&needle), &mut |step| {
            let Step::Found((searched, hit, phys)) = step else { return out.idle().map(|()| false) };
            if !hit.addr.is_multiple_of(umem::from(align)) {
                return Ok(false);
            }
            if self.count {
                counts.hit(searched, hit, || written.of(hit));
                return Ok(true);
            }
            let mut row = || {
                let row = HitRow { needle: written.of(hit), ..row(cx, searched, hit, phys, around) };
                match &mut owner {
                    Some(owner) => owner.of(row, hit),
                    None => row,
                }
            };
            if self.unique {
                uniques.hit(hit.bytes, number(hit.len), row);
                return Ok(true);
            }
            out.push(&ScanRow::Hit(Box::new(row())))?;
            Ok(true)
        });
        // One space has a count even where it is none.
        if self.count && outcome.is_ok() && counts.is_empty() && !self.place.is_all(cx) {
            let space = self.place.spaces(cx)?.next();
            if let Some(space) = space {
                counts.space(&Searched::new(space, 0, None), 0, || None);
            }
        }
        // What was counted before Ctrl-C was counted.
        cx.after_all(|| -> Result<()> {
            counts.rows().try_for_each(|row| out.push(&ScanRow::Count(row)))?;
            cx.lost_many(uniques.left_out, "hits whose matches are beyond the number that is kept apart");
            uniques.rows().into_iter().try_for_each(|row| out.push(&ScanRow::Hit(Box::new(row))))
        })?;
        outcome
    }
}
