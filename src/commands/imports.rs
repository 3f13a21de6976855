//! `imports`: what a module takes from others, and where its pointers lead.

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
use crate::os::windows::pe::imports::imports;
use schemars::JsonSchema;
use serde::Serialize;

/// List what a module imports, and where each import leads now (Windows)
#[derive(clap::Args, Debug)]
pub struct ImportsOf {
    /// Module of the kernel, or with -p of a process: its name, with or without extension, or its base address
    #[arg(value_name = "MODULE")]
    module: String,
    /// Only imports with this name (`*` and `?` stand for anything)
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Only imports that lead elsewhere than they ought to
    #[arg(short, long)]
    suspicious: bool,
    #[command(flatten)]
    whose: Whose,
}

/// Something that a module imports.
#[derive(Serialize, JsonSchema)]
pub struct ImportRow {
    /// The library; null where its name is not in memory.
    dll: Option<String>,
    /// The function; null where it is imported by number, or its name is not in memory.
    name: Option<String>,
    /// Its number, where it is imported by that.
    ordinal: Option<u16>,
    /// Where the pointer to it stands.
    iat_address: Hex,
    /// What stands there; null where that is not in memory, or no address was put there yet.
    target: Option<Hex>,
    /// The module that holds the target.
    target_module: Option<String>,
    /// The nearest export before the target, `name+0x10`.
    target_symbol: Option<String>,
    /// Whether it is looked up only when it is called for the first time.
    delayed: bool,
    /// Whether it leads elsewhere than it ought to; null where that can't be told.
    hooked: Option<bool>,
    /// Why it is said to be hooked.
    reason: Option<String>,
}

impl Command for ImportsOf {
    type Row = ImportRow;
    const NAME: &'static str = "imports";
    const ALIASES: &'static [&'static str] = &["iat"];
    const SUMMARY: &'static str = "List what a module imports, and where each import leads now (Windows)";
    const SHAPE: Shape =
        Shape::List(&["dll", "name=name|ordinal", "iat_address", "target", "target_module", "?target_symbol", "!reason"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("imports tcpip.sys", "of a driver"),
        ("imports explorer.exe -p explorer.exe", "of a program"),
        ("imports ntdll -p 4020 --suspicious", "only those that lead elsewhere than they ought to"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, ImportRow>) -> Result<()> {
        let kernel = kernel(cx, Self::NAME)?;
        let chosen = choose(cx, kernel, &self.whose, &self.module)?;
        let glob = self.name.as_deref().map(Glob::any_case).transpose()?;
        let image = chosen.open(cx)?;
        let mut lost = Lost::default();
        let found = imports(&image, &mut lost);
        let all = cx.take(&lost.listing(found));
        let modules = chosen.modules(image.headers.wide);
        cx.nothing(match (all.len(), self.suspicious) {
            (0, _) => format!("{} imports nothing", chosen.name),
            (n, true) => format!("none of {n} imports is known to lead elsewhere than it ought to"),
            (n, false) => format!("none of {n} imports matches"),
        });
        for import in &all {
            cx.go_on()?;
            if glob.as_ref().is_some_and(|g| !import.name.as_ref().is_some_and(|n| g.matches(n))) {
                continue;
            }
            let bound = modules.judge(import);
            if self.suspicious && bound.hooked != Some(true) {
                continue;
            }
            out.push(&ImportRow {
                dll: import.library.clone(),
                name: import.name.clone(),
                ordinal: import.ordinal,
                iat_address: Hex::from(import.slot),
                target: import.target.map(Hex::from),
                target_module: bound.module,
                target_symbol: bound.symbol,
                delayed: import.delayed,
                hooked: bound.hooked,
                reason: bound.reason,
            })?;
        }
        Ok(())
    }
}
