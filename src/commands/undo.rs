//! `undo`: takes writes back.

use super::cells::{Hex, Time, hex};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::writing::{line, moment};
use crate::edits::Edit;
use schemars::JsonSchema;
use serde::Serialize;

/// Take writes back, the last one first
#[derive(clap::Args, Debug)]
pub struct Undo {
    /// How many writes to take back
    #[arg(value_name = "N", default_value_t = 1, conflicts_with = "list", hide_default_value = true)]
    count: usize,
    /// Show what was written in this session and can be taken back
    #[arg(short, long)]
    list: bool,
    /// Write the old bytes even where something else is there by now
    #[arg(short, long, conflicts_with = "list")]
    force: bool,
}

/// A write of this session.
#[derive(Serialize, JsonSchema)]
pub struct UndoRow {
    /// Its number.
    number: u64,
    /// When it was made.
    time: Time,
    /// `phys`, `kernel` or `pid`.
    space: String,
    /// The process, where it is a process's memory.
    pid: Option<u32>,
    /// Address of the first byte.
    address: Hex,
    /// Bytes written.
    length: u64,
    /// What was there before, in hex.
    old: String,
    /// What was written, in hex.
    new: String,
    /// Whether it was taken back.
    undone: bool,
}

impl Command for Undo {
    type Row = UndoRow;
    const NAME: &'static str = "undo";
    const SUMMARY: &'static str = "Take writes of this session back, the last one first";
    const SHAPE: Shape = Shape::List(&["number", "time", "space", "!pid", "address", "length", "old", "new", "undone"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("undo --list", "what was written"),
        ("write init_task+8 90; undo", "the last write"),
        ("write init_task+8 90; eb init_task+9 90; undo 2", "the last two, the last one first"),
        ("write init_task+8 90; undo --force", "even where somebody else has written since"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, UndoRow>) -> Result<()> {
        let session = cx.session()?;
        if self.list {
            cx.nothing("nothing was written");
            return session.edits().iter().try_for_each(|e| out.push(&row(e, false)));
        }
        if self.count == 0 {
            return Err(Failure::usage("undo: how many writes? 1 or more"));
        }
        for _ in 0..self.count.min(session.edits().len().max(1)) {
            cx.go_on()?;
            let edit = session.undo(self.force).inspect_err(|e| cx.host().audit(&format!("undo: failed: {e}")))?;
            cx.host().audit(&line(
                "undo of write",
                &Edit { old: edit.new.clone(), new: edit.old.clone(), ..edit.clone() },
                "taken back",
            ));
            out.push(&row(&edit, true))?;
        }
        Ok(())
    }
}

fn row(e: &Edit, undone: bool) -> UndoRow {
    UndoRow {
        number: e.number,
        time: moment(e.time),
        space: e.space.kind().to_owned(),
        pid: e.space.process().map(|p| p.pid),
        address: Hex(e.address),
        length: u64::try_from(e.new.len()).unwrap_or(u64::MAX),
        old: hex(&e.old),
        new: hex(&e.new),
        undone,
    }
}
