//! `symbols`: names and where they are.

use super::cells::{Hex, wide};
use super::context::Context;
use super::failure::Result;
use super::glob::Glob;
use super::near;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::symbols::Symbol;
use crate::{Error, ErrorKind, Layer, VirtAddr};
use schemars::JsonSchema;
use serde::Serialize;

/// List symbols of the kernel and its modules
#[derive(clap::Args, Debug)]
pub struct Symbols {
    /// Name or `module!name`; `*` and `?` stand for anything, `/regex/` is a regular expression; an address asks for what is near
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,
}

/// A symbol.
#[derive(Serialize, JsonSchema)]
pub struct SymbolRow {
    /// Name.
    name: String,
    /// Address.
    address: Hex,
    /// Module it belongs to; null for the kernel itself.
    module: Option<String>,
    /// Kind as `nm` prints it; null where the source does not say.
    kind: Option<String>,
}

impl SymbolRow {
    fn new(s: &Symbol<'_>) -> Self {
        SymbolRow {
            name: s.name.to_owned(),
            address: s.address.into(),
            module: s.module.map(str::to_owned),
            kind: near::kind(s.kind),
        }
    }
}

impl Command for Symbols {
    type Row = SymbolRow;
    const NAME: &'static str = "symbols";
    const ALIASES: &'static [&'static str] = &["sym", "kallsyms", "nm"];
    const SUMMARY: &'static str = "List symbols of the kernel and its modules";
    const SHAPE: Shape = Shape::List(&["address", "kind", "name", "module"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("symbols init_task", "one"), ("symbols 'tcp_*'", "by pattern"), ("symbols '/^sys_.*at$/'", "by regular expression")];

    fn run(self, cx: &Context, out: &mut Rows<'_, SymbolRow>) -> Result<()> {
        let symbols = cx.session()?.symbols()?;
        let Some(pattern) = self.pattern else {
            symbols.load(&|_| true);
            return symbols.all().try_for_each(|s| out.push(&SymbolRow::new(&s)));
        };
        if pattern.starts_with(|c: char| c.is_ascii_digit())
            && let Ok(address) = cx.count(&pattern)
        {
            let found = symbols.near(VirtAddr::new(wide(address)));
            return found.map_or_else(|| Err(near::nothing(wide(address))), |(s, _)| out.push(&SymbolRow::new(&s)));
        }
        let (module, name) = match pattern.split_once('!') {
            Some((m, n)) => (Some(Glob::any_case(m)?), if n.is_empty() { "*" } else { n }),
            None => (None, pattern.as_str()),
        };
        let glob = Glob::new(name)?;
        symbols.load(&|m| module.as_ref().is_none_or(|g| g.matches(m)));
        let mut found = false;
        for s in symbols.all() {
            let in_module = module.as_ref().is_none_or(|m| match s.module {
                Some(name) => m.matches(name),
                None => ["kernel", "vmlinux", "nt"].iter().any(|k| m.matches(k)),
            });
            if in_module && glob.matches(s.name) {
                found = true;
                out.push(&SymbolRow::new(&s))?;
            }
        }
        if !found && !name.contains(['*', '?', '/']) {
            let e = Error::new(Layer::Symbols, ErrorKind::NotFound, format!("no symbol {pattern}"));
            return Err(e.hint(format!("`symbols '*{name}*'` looks for it as a part of names")).into());
        }
        Ok(())
    }
}
