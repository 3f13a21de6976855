//! `exports`: what a module gives to others.

use super::cells::Hex;
use super::context::Context;
use super::failure::Result;
use super::glob::Glob;
use super::peimage::choose;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use super::windows::kernel;
use crate::os::Lost;
use crate::os::windows::pe::exports::exports;
use schemars::JsonSchema;
use serde::Serialize;

/// List what a module exports (Windows)
#[derive(clap::Args, Debug)]
pub struct ExportsOf {
    /// Module of the kernel, or with -p of a process: its name, with or without extension, or its base address
    #[arg(value_name = "MODULE")]
    module: String,
    /// Only exports with this name (`*` and `?` stand for anything)
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

/// Something that a module exports.
#[derive(Serialize, JsonSchema)]
pub struct ExportRow {
    /// Its name; null where it has only a number, or the name is not in memory.
    name: Option<String>,
    /// Its number.
    ordinal: u32,
    /// Where it lies; null where it stands for another library's.
    address: Option<Hex>,
    /// Distance from the module's base; where it stands for another library's, of the text that says so.
    rva: u32,
    /// What of which other library it stands for: `NTDLL.RtlAllocateHeap`.
    forwarder: Option<String>,
}

impl Command for ExportsOf {
    type Row = ExportRow;
    const NAME: &'static str = "exports";
    const ALIASES: &'static [&'static str] = &["eat"];
    const SUMMARY: &'static str = "List what a module exports (Windows)";
    const SHAPE: Shape = Shape::List(&["ordinal", "name", "address", "rva", "!forwarder"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("exports ntoskrnl.exe 'Ps*'", "of the kernel, by name"), ("exports ntdll -p 4020", "of a library of a process")];

    fn run(self, cx: &Context, out: &mut Rows<'_, ExportRow>) -> Result<()> {
        let kernel = kernel(cx, Self::NAME)?;
        let chosen = choose(cx, kernel, &self.whose, &self.module)?;
        let glob = self.name.as_deref().map(Glob::any_case).transpose()?;
        let image = chosen.open(cx)?;
        let mut lost = Lost::default();
        let found = exports(&image, &mut lost);
        let has = found.is_some();
        let all = cx.take(&lost.listing(found.unwrap_or_default().all));
        cx.nothing(match has {
            false => format!("{} exports nothing", chosen.name),
            true => format!("none of {} exports matches", all.len()),
        });
        for export in &all {
            cx.go_on()?;
            if glob.as_ref().is_some_and(|g| !export.name.as_ref().is_some_and(|n| g.matches(n))) {
                continue;
            }
            out.push(&ExportRow {
                name: export.name.clone(),
                ordinal: export.ordinal,
                address: (!export.forwarded).then(|| Hex::from(image.at(export.rva))),
                rva: export.rva,
                forwarder: export.forwarder.clone(),
            })?;
        }
        Ok(())
    }
}
