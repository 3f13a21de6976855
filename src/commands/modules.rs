//! `modules`: what is loaded into the kernel or a process.

use super::cells::{Hex, exact, exact_maybe, number, plain, plain_maybe};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Whose, open};
use memsh_plugin::{ModuleInfo, Process};
use schemars::JsonSchema;
use serde::Serialize;

/// List modules of the kernel, or of a process
#[derive(clap::Args, Debug)]
pub struct Modules {
    /// Only modules with this name (`*` and `?` stand for anything)
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Only the module that holds this address
    #[arg(short = 'a', long = "address", value_name = "ADDR", allow_hyphen_values = true)]
    holds: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

/// A module.
#[derive(Serialize, JsonSchema)]
pub struct ModuleRow {
    /// Short name.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// Where it lies.
    base: Hex,
    /// Its size in bytes.
    size: u64,
    /// File it came from.
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// Instruction set.
    arch: Option<String>,
    /// `live`, `coming`, `going` (Linux kernel modules).
    state: Option<String>,
    /// Reference count (Linux kernel modules).
    refcount: Option<i64>,
    /// Modules that use it (Linux kernel modules).
    used_by: Option<Vec<String>>,
    /// Address of its control block, where there is one.
    address: Option<Hex>,
}

impl Command for Modules {
    type Row = ModuleRow;
    const NAME: &'static str = "modules";
    const ALIASES: &'static [&'static str] = &["lm", "lsmod", "mod", "dlllist", "ldrmodules"];
    const SUMMARY: &'static str = "List modules of the kernel, or of a process";
    const SHAPE: Shape = Shape::List(&["name", "base", "size", "state", "refcount", "used_by", "path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("modules", "of the kernel"), ("modules -p 1", "the program and its libraries"), ("lm v*", "by name")];

    fn run(self, cx: &Context, out: &mut Rows<'_, ModuleRow>) -> Result<()> {
        let os = cx.session()?.os()?.os.as_ref();
        let process = self.whose.process(cx)?;
        let listing = match &process {
            Some(p) => Result::from(open(os, p)?.modules()),
            None => Result::from(os.kernel_modules()),
        };
        let modules = cx.take(&listing.map_err(memsh::Error::from)?);
        let holds = self.holds.as_deref().map(|text| cx.evaluate(text, None)).transpose()?;
        let pattern = self.name.as_deref().map(super::glob::Glob::new).transpose()?;
        let inside = |m: &ModuleInfo| holds.is_none_or(|a| a.checked_sub(m.base.value()).is_some_and(|n| n < m.size));
        for m in
            modules.iter().filter(|m| inside(m)).filter(|m| pattern.as_ref().is_none_or(|g| g.matches(&m.name.to_string_lossy())))
        {
            out.push(&row(m, process.is_none()))?;
        }
        Ok(())
    }
}

fn row(m: &ModuleInfo, kernel: bool) -> ModuleRow {
    ModuleRow {
        name: plain(&m.name),
        name_bytes: exact(&m.name),
        base: m.base.into(),
        size: number(m.size),
        path: plain_maybe(&m.path),
        path_bytes: exact_maybe(&m.path),
        arch: Some(plain(&m.arch)).filter(|a| !a.is_empty()),
        state: plain_maybe(&m.state),
        refcount: m.refcount.get(),
        used_by: kernel.then(|| m.used_by.iter().map(plain).collect()),
        address: m.address.get().map(Hex::from),
    }
}
