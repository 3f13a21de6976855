//! `textcheck`: whether the code of the kernel is what it was.

use super::cells::{Hex, hex};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::linux::code::owner::Owner;
use crate::os::linux::suspicion::integrity::{self, Patch};
use schemars::JsonSchema;
use serde::Serialize;

/// Find jumps written into the kernel's code
#[derive(clap::Args, Debug)]
pub struct Textcheck {
    /// Also what the kernel patched itself (traced functions, static calls, kprobes), and every executable mapping
    #[arg(short, long)]
    all: bool,
}

/// A place in code, or a mapping of it.
#[derive(Serialize, JsonSchema)]
pub struct TextcheckRow {
    /// `entry` (at the start of a function), `branch`, `address` (code that holds one), `breakpoint`, `trace` (the call at the start
    /// of a function that is traced), `mapping` (memory that may run).
    what: &'static str,
    /// Where it lies.
    address: Hex,
    /// Symbol there; a module's begin with `module!`.
    symbol: Option<String>,
    /// Whose code it stands in: `kernel`, a module's name, or a kind of memory as in `hooks`.
    region: String,
    /// Bytes of the instruction, or of the mapping.
    size: u64,
    /// The bytes there, in hex: the instruction and some of what follows.
    bytes: Option<String>,
    /// Where it leads.
    target: Option<Hex>,
    /// Symbol there.
    target_symbol: Option<String>,
    /// Whose that is, as in `hooks`.
    owner: Option<String>,
    /// Whether it can't be right.
    suspicious: bool,
    /// Why it can't be right.
    reason: Option<&'static str>,
}

impl Command for Textcheck {
    type Row = TextcheckRow;
    const NAME: &'static str = "textcheck";
    const ALIASES: &'static [&'static str] = &["chkimg", "check_inline_kernel"];
    const SUMMARY: &'static str = "Find jumps written into the kernel's code";
    const SHAPE: Shape =
        Shape::List(&["what", "address", "?size", "symbol", "??region", "target=target_symbol|target", "owner", "reason"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("textcheck", "what was written into code"), ("textcheck --all", "what may run, and what the kernel patched itself")];

    fn run(self, cx: &Context, out: &mut Rows<'_, TextcheckRow>) -> Result<()> {
        let kernel = cx.session()?.linux("textcheck")?;
        let patches = cx.take(&integrity::patches(kernel).map_err(crate::Error::from)?);
        cx.nothing(format!(
            "nothing was written into the kernel's code that should not be there; {} patches of its own, see --all",
            patches.len()
        ));
        for patch in patches.iter().filter(|p| self.all || p.reason.is_some()) {
            out.push(&row(patch))?;
        }
        Ok(())
    }
}

fn row(patch: &Patch) -> TextcheckRow {
    TextcheckRow {
        what: patch.what,
        address: patch.address.into(),
        symbol: patch.place.symbol.clone(),
        region: patch.place.word(),
        size: patch.size,
        bytes: Some(hex(&patch.bytes)).filter(|b| !b.is_empty()),
        target: patch.target.map(Hex::from),
        target_symbol: patch.owner.as_ref().and_then(|o| o.symbol.clone()),
        owner: patch.owner.as_ref().map(Owner::word),
        suspicious: patch.reason.is_some(),
        reason: patch.reason,
    }
}
