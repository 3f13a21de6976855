//! `percpu`: variables that every processor has of its own.

use super::cells::Hex;
use super::context::Context;
use super::failure::Result;
use super::glob::Glob;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::values::{Place, describe};
use crate::os::linux::base::percpu::{cpus, per_cpu};
use crate::symbols::TypesExt;
use crate::{Error, ErrorKind, Layer};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// List per-CPU variables
#[derive(clap::Args, Debug)]
pub struct Percpu {
    /// Only these (`*` and `?` stand for anything)
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Only of this processor
    #[arg(long, value_name = "N")]
    cpu: Option<u32>,
}

/// A per-CPU variable of one processor.
#[derive(Serialize, JsonSchema)]
pub struct PercpuRow {
    /// Its name.
    name: String,
    /// The processor.
    cpu: u32,
    /// Where this processor has it.
    address: Hex,
    /// Its type, where the kernel's BTF knows it.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// What it holds, where that is a number, a pointer, text or a short array of them.
    value: Value,
    /// For a pointer into the kernel or a module, the symbol there.
    symbol: Option<String>,
}

/// Values of more bytes are not shown in the list.
const LONGEST: u64 = 32;

impl Command for Percpu {
    type Row = PercpuRow;
    const NAME: &'static str = "percpu";
    const ALIASES: &'static [&'static str] = &["per_cpu"];
    const SUMMARY: &'static str = "List per-CPU variables: where each processor has them, of what type, what they hold";
    const SHAPE: Shape = Shape::List(&["name", "cpu", "?address", "??type", "value", "symbol"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("percpu runqueues", "one variable, of every processor"),
        ("percpu *irq* --cpu 0", "by name"),
        ("dt runqueues:0", "the whole structure"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, PercpuRow>) -> Result<()> {
        let session = cx.session()?;
        let kernel = session.linux("percpu")?;
        let types = session.types()?;
        let symbols = session.symbols()?;
        let pattern = self.name.as_deref().map(Glob::new).transpose()?;
        let all = cpus(kernel);
        if let Some(cpu) = self.cpu.filter(|c| !all.contains(c)) {
            let e = Error::new(Layer::Os, ErrorKind::NotFound, format!("no processor {cpu}"));
            return Err(e.hint(format!("this kernel has {} of them, from 0 on", all.len())).into());
        }
        let bounds = symbols.address("__per_cpu_start").zip(symbols.address("__per_cpu_end"));
        let (start, end) = bounds.ok_or_else(|| {
            Error::new(Layer::Symbols, ErrorKind::NotFound, "no symbol __per_cpu_start: which variables are per-CPU is unknown")
        })?;
        let space = session.kernel_space()?;
        let place = Place::new(cx, types, Some(&space));
        let mut found = false;
        // Modules have per-CPU variables too, at places of their own that no symbol bounds.
        for s in symbols.all().filter(|s| (start..end).contains(&s.address) && s.module.is_none()) {
            if s.name.starts_with("__per_cpu_") || pattern.as_ref().is_some_and(|g| !g.matches(s.name)) {
                continue;
            }
            let id = types.variable(s.name);
            for &cpu in all.iter().filter(|c| self.cpu.is_none_or(|only| only == **c)) {
                cx.go_on()?;
                let Some(address) = per_cpu(kernel, s.address, cpu) else {
                    cx.lost(format!("the offset of processor {cpu}'s variables can't be read"));
                    continue;
                };
                found = true;
                let size = id.and_then(|id| types.resolve(id)).and_then(|(_, t)| t.size);
                // An array of hundreds is for `dt`.
                let size = size.filter(|s| *s <= LONGEST);
                let value = id.map_or(Value::Null, |id| place.value(id, size, Some(address.value()), None));
                out.push(&PercpuRow {
                    name: s.name.to_owned(),
                    cpu,
                    address: address.into(),
                    kind: id.map(|id| describe(types, id, 0)),
                    symbol: id.and_then(|id| place.symbol(id, &value)),
                    value,
                })?;
            }
        }
        match (&self.name, found) {
            (Some(name), false) => {
                let e = Error::new(Layer::Symbols, ErrorKind::NotFound, format!("no per-CPU variable {name}"));
                Err(e.hint("`percpu` lists them; `percpu '*PART*'` looks for a part of a name").into())
            }
            _ => Ok(()),
        }
    }
}
