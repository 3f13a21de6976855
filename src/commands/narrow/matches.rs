//! `matches`: the candidates of a scan; `matches write` changes them.

use super::first::condition;
use super::opened;
use super::rows::MatchRow;
use super::saved::{Keep, Which};
use crate::ErrorKind;
use crate::commands::cells::Hex;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::commands::writing::{self, WriteRow};
use crate::narrow::{Condition, Set, Value};
use crate::session::Space;
use crate::umem;

/// The candidates of `scan value` and `next`, with their values now and before
#[derive(clap::Args, Debug)]
pub struct Matches {
    /// Stop after so many
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    keep: Keep,
}

impl Command for Matches {
    type Row = MatchRow;
    const NAME: &'static str = "matches";
    const SUMMARY: &'static str = "The candidates of `scan value` and `next`, with their values now and before";
    const SHAPE: Shape = Shape::List(&[
        "address", "space", "!pid", "!process", "type", "value", "previous", "first", "region", "offset", "physical",
    ]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("scan value 100 -t i32 -p 1; matches --max 10", "the first ten, as they are now"),
        ("scan value 1..9 -t u8 -p 1; matches --where 'value != first' --max 5", "those of them that have changed"),
        (
            "scan value 100 -t i32 -p 1 --save s.mset; matches --from s.mset --max 3",
            "of a file: with the values that they had there",
        ),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, MatchRow>) -> Result<()> {
        let (_, set) = self.which.set(cx, Self::NAME)?;
        self.keep.check(cx)?;
        if set.count() == 0 {
            cx.nothing("no candidate is left");
        }
        let mut left = self.max.unwrap_or(u64::MAX);
        for part in set.parts.iter() {
            if left == 0 {
                break;
            }
            let (searched, _) = match opened::open(cx, &set, part) {
                Ok(opened) => opened,
                Err(Failure::Error(e)) if e.kind() == ErrorKind::NotFound && set.parts.len() > 1 => {
                    cx.lost_many(part.count(), format!("matches in {}, which has ended", opened::named(&part.owner)));
                    continue;
                }
                Err(e) => return Err(e),
            };
            for candidate in set.candidates(part).take(usize::try_from(left).unwrap_or(usize::MAX)) {
                cx.go_on()?;
                out.push(&MatchRow::new(cx, &set, &searched, &candidate, None))?;
                left -= 1;
            }
        }
        self.keep.write(cx, &set)?;
        Ok(())
    }
}

/// The candidates that are meant: all, or those at some addresses.
#[derive(clap::Args, Clone, Debug)]
pub struct Chosen {
    /// Only the candidate at this address (may be given several times)
    #[arg(long = "at", value_name = "ADDR")]
    at: Vec<String>,
    /// Refuse where there are more candidates than this
    #[arg(long, value_name = "N", default_value_t = 100)]
    most: u64,
}

impl Chosen {
    /// Addresses with their spaces, which may be written.
    ///
    /// # Errors
    /// When there are too many, or none; when one may not be written.
    pub fn places(&self, cx: &Context, set: &Set, command: &str) -> Result<Vec<(Space, umem)>> {
        let mut only = self.at.iter().map(|a| cx.evaluate(a, None)).collect::<Result<Vec<_>>>()?;
        let count = if only.is_empty() { set.count() } else { 0 };
        if count > self.most {
            let what = format!("{command}: {count} candidates: to change all of them would break more than it shows");
            let hint = "narrow with `next`, choose some with --at ADDR, or allow as many with --most N";
            return Err(Failure::Usage(what, Some(hint.to_owned())));
        }
        let mut out = Vec::new();
        for part in &set.parts {
            let mine: Vec<umem> = match only.is_empty() && self.at.is_empty() {
                true => set.candidates(part).map(|c| c.address).collect(),
                false => set.candidates(part).map(|c| c.address).filter(|a| only.contains(a)).collect(),
            };
            if mine.is_empty() {
                continue;
            }
            only.retain(|a| !mine.contains(a));
            let space = opened::space(cx, &part.owner)?;
            writing::allow(cx, &space, command)?;
            out.extend(mine.into_iter().map(|address| (space.clone(), address)));
        }
        if let Some(missing) = only.first() {
            return Err(Failure::usage(format!("{command}: {:#x} is no candidate; `matches` lists them", Hex(*missing).0)));
        }
        if out.is_empty() {
            return Err(Failure::usage(format!("{command}: no candidate is left")));
        }
        Ok(out)
    }
}

/// The bytes of a value of the set's type.
///
/// # Errors
/// When it is none.
pub fn bytes(cx: &Context, set: &Set, text: &str, command: &str) -> Result<Vec<u8>> {
    // Exactly: what is written is one value.
    let wanted = if text.starts_with(['=', '?']) || text.contains("..") { None } else { Some(format!("={text}")) };
    let value = match wanted.map(|text| condition(cx, &text, set.kind, Some(0.0), None)).transpose()? {
        Some((_, Condition::Within { low, .. })) => Some(low),
        Some((_, Condition::Is { bytes, .. })) => Some(Value::Bytes(bytes)),
        _ => None,
    };
    let value = value.ok_or_else(|| Failure::usage(format!("{command}: {text} is no value of type {}", set.kind.name())))?;
    Ok(set.kind.store(&value))
}

/// Write a value to the candidates of a live target (needs --write)
#[derive(clap::Args, Debug)]
pub struct MatchesWrite {
    /// The value, of the scan's type
    #[arg(value_name = "VALUE", allow_negative_numbers = true)]
    value: String,
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    which: Which,
}

impl Command for MatchesWrite {
    type Row = WriteRow;
    const NAME: &'static str = "matches-write";
    const SUMMARY: &'static str = "Write a value to the candidates of `scan value` (needs --write; `matches write`)";
    const SHAPE: Shape = Shape::List(&["address", "space", "!pid", "length", "old", "new", "verified", "number"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[(
        "scan value swapper/0 -t text --range init_task init_task+4k; matches write swapper/X; undo",
        "in every candidate; undo takes back the last",
    )];

    fn run(self, cx: &Context, out: &mut Rows<'_, WriteRow>) -> Result<()> {
        let (_, set) = self.which.set(cx, "matches write")?;
        let bytes = bytes(cx, &set, &self.value, "matches write")?;
        let mut written = 0;
        let mut failed = None;
        for (space, address) in self.chosen.places(cx, &set, "matches write")? {
            cx.go_on()?;
            match writing::write(cx, &space, address, &bytes, "matches write") {
                Ok(row) => {
                    out.push(&row)?;
                    written += 1;
                }
                Err(Failure::Error(e)) => {
                    cx.lost(format!("{address:#x}: {e}"));
                    failed.get_or_insert(e);
                }
                Err(e) => return Err(e),
            }
        }
        match failed {
            Some(e) if written == 0 => Err(e.into()),
            _ => Ok(()),
        }
    }
}
