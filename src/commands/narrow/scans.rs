//! `scans`: the scans for values of this session.

use super::opened::named;
use crate::commands::cells::Time;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::commands::writing::moment;
use crate::narrow::Set;
use schemars::JsonSchema;
use serde::Serialize;

/// The scans for values of this session, by name
#[derive(clap::Args, Debug)]
pub struct Scans {
    /// Forget this one, and free its memory
    #[arg(long, value_name = "NAME")]
    drop: Option<String>,
    /// The passes of this one
    #[arg(long, value_name = "NAME", conflicts_with = "drop")]
    passes: Option<String>,
}

/// A scan, or with `--passes` one of its passes.
#[derive(Serialize, JsonSchema)]
pub struct ScansRow {
    /// Its name.
    name: String,
    /// Whether it is the one that `next` and `matches` mean.
    current: bool,
    /// Type of the values.
    #[serde(rename = "type")]
    kind: String,
    /// Addresses are multiples of this.
    align: u64,
    /// Where it searches.
    place: String,
    /// Candidates.
    candidates: u64,
    /// Passes, with the first scan.
    passes: u64,
    /// What was asked at the last pass.
    condition: Option<String>,
    /// Candidates of the last pass that were in memory that was gone.
    lost: u64,
    /// When that was.
    time: Option<Time>,
    /// Bytes of memory that the candidates take.
    memory: u64,
    /// The target.
    target: String,
}

impl Command for Scans {
    type Row = ScansRow;
    const NAME: &'static str = "scans";
    const SUMMARY: &'static str = "The scans for values of this session (`scan value`), by name";
    const SHAPE: Shape =
        Shape::List(&["name", "current", "type", "place", "candidates", "passes", "condition", "time", "memory"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("scan value 1 -t u8 -p 1 --name one; scan value 2 -t u8 -p 1 --name two; scans", "two at once; `next 3 --name one`"),
        ("scan value 1 -t u8 -p 1; next unchanged; scans --passes scan", "what was asked so far"),
        ("scan value 1 -t u8 -p 1; scans --drop scan", "forgets one"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, ScansRow>) -> Result<()> {
        let kept = cx.session()?.scans();
        cx.nothing("there is no scan for values yet: `scan value 100 -t i32 -p PID` begins one");
        let missing =
            |name: &str| Failure::Usage(format!("scans: no scan is named {name}"), Some("`scans` lists them".to_owned()));
        if let Some(name) = &self.drop {
            let set = kept.forget(name).ok_or_else(|| missing(name))?;
            return out.push(&row(name, &set, false, set.steps.len()));
        }
        let all = kept.all();
        if let Some(name) = &self.passes {
            let (name, set, current) = all.iter().find(|(n, ..)| n == name).ok_or_else(|| missing(name))?;
            return (1..=set.steps.len()).try_for_each(|n| out.push(&row(name, set, *current, n)));
        }
        all.iter().try_for_each(|(name, set, current)| out.push(&row(name, set, *current, set.steps.len())))
    }
}

/// A scan as it was after so many of its passes.
fn row(name: &str, set: &Set, current: bool, passes: usize) -> ScansRow {
    let step = passes.checked_sub(1).and_then(|n| set.steps.get(n));
    let place = match set.parts.as_slice() {
        [] => String::new(),
        [one] => named(&one.owner),
        many => format!("{} processes", many.len()),
    };
    ScansRow {
        name: name.to_owned(),
        current,
        kind: set.kind.name(),
        align: u64::try_from(set.align).unwrap_or(u64::MAX),
        place,
        candidates: step.map_or(0, |s| s.after),
        passes: u64::try_from(passes).unwrap_or(u64::MAX),
        condition: step.map(|s| s.condition.clone()),
        lost: step.map_or(0, |s| s.lost),
        time: step.map(|s| moment(s.time)),
        memory: set.memory(),
        target: set.target.clone(),
    }
}
