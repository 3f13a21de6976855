//! `dt`: what a structure looks like, and what it holds.

use super::cells::Hex;
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::values::{DEEPEST, FieldRow, Place, describe, unknown};
use super::which::Whose;
use crate::symbols::{TypeId, TypeKind, Types, TypesExt};
use crate::umem;
use schemars::JsonSchema;
use serde::Serialize;

/// Show the layout of a type and, at an address, its values
#[derive(clap::Args, Debug)]
pub struct Dt {
    /// Name of the type (`task_struct`, `struct task_struct`; `MODULE!TYPE` for a module's), `TYPE.FIELD,FIELD` or `TYPE.*pid*` for some members, or a per-CPU
    /// variable (`runqueues:1`)
    #[arg(value_name = "TYPE", num_args = 1..=3, required = true)]
    words: Vec<String>,
    /// Show the structures inside structures and, at an address, behind pointers; given twice, two levels of them
    #[arg(short = 'r', long, action = clap::ArgAction::Count)]
    recursive: u8,
    /// As many levels of them
    #[arg(long, value_name = "N", conflicts_with = "recursive")]
    depth: Option<u32>,
    /// Offsets only, no values
    #[arg(short = 'o', long)]
    offsets: bool,
    #[command(flatten)]
    whose: Whose,
}

/// A type.
#[derive(Serialize, JsonSchema)]
pub struct DtRow {
    /// Its name.
    #[serde(rename = "type")]
    name: String,
    /// The module that it is of; null for the kernel's own.
    module: Option<String>,
    /// Its size in bytes.
    size: Option<u64>,
    /// Address at which it was read.
    address: Option<Hex>,
    /// Its members.
    fields: Vec<FieldRow>,
}

impl Command for Dt {
    type Row = DtRow;
    const NAME: &'static str = "dt";
    const ALIASES: &'static [&'static str] = &["struct", "union", "whatis", "ptype"];
    const SUMMARY: &'static str = "Show the layout of a type and, at an address, its values";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("dt list_head", "the layout"),
        ("dt task_struct init_task", "with values"),
        ("dt task_struct.pid,comm init_task", "some members"),
        ("dt task_struct.*_time init_task", "members by a pattern"),
        ("dt runqueues:0", "a per-CPU variable"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, DtRow>) -> Result<()> {
        let session = cx.session()?;
        let types = session.types()?;
        // `struct task_struct` is one name in two words.
        let tag = self.words.first().is_some_and(|w| matches!(w.as_str(), "struct" | "union" | "enum")) && self.words.len() > 1;
        let (name, address) = match (tag, self.words.as_slice()) {
            (true, [tag, name, rest @ ..]) => (format!("{tag} {name}"), rest.first()),
            (_, [name, rest @ ..]) => (name.clone(), rest.first()),
            (_, []) => return Ok(()),
        };
        let name = name.strip_prefix("nt!").unwrap_or(&name).to_owned();
        // A module may be named with what its file ends in: `tcpip.sys!TYPE`.
        let module = name.find('!').unwrap_or(0);
        let dot = name.get(module..).and_then(|rest| rest.find('.')).and_then(|at| name.split_at_checked(module + at));
        let (name, member) = match dot.map(|(n, m)| (n, m.trim_start_matches('.'))) {
            Some((n, m)) => (n.to_owned(), Some(m.to_owned())),
            None => (name, None),
        };
        let (id, address) = match (types.find(&name), address) {
            (Some(id), address) => (id, address.cloned()),
            // `runqueues`, `runqueues:1`: the type and the place of a variable.
            (None, address) => (variable(types, &name).ok_or_else(|| unknown(types, &name))?, Some(place(&name, address)?)),
        };
        let space = match &address {
            Some(_) => Some(self.whose.space(cx)?),
            None => None,
        };
        let address = match (&address, &space) {
            (Some(text), Some(space)) => Some(cx.evaluate(text, Some(space))?),
            _ => None,
        };
        let depth = self.depth.unwrap_or(u32::from(self.recursive)).min(DEEPEST);
        let place = Place::new(cx, types, space.as_ref());
        let (_, whole) = types.resolve(id).ok_or_else(|| unknown(types, &name))?;
        let values: Option<umem> = address.filter(|_| !self.offsets);
        let fields = match member {
            // crash's `task_struct.pid,comm` is several members.
            Some(paths) => {
                let each = paths.split(',').map(|path| place.members(id, &name, path.trim(), values, depth));
                each.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect()
            }
            None => place.fields(id, 0, values, depth),
        };
        let kind = describe(types, id, 0);
        let structure = matches!(whole.kind, TypeKind::Struct(_) | TypeKind::Union(_));
        let module = types.module_of(id);
        if module.is_some() && !name.contains('!') {
            others(cx, types, &name, id);
        }
        let kind = if structure || types.find(&name).is_none() { kind } else { name };
        out.push(&DtRow { name: kind, size: whole.size, address: address.map(Hex), fields, module })
    }
}

/// Says which other modules mean something else by the name.
fn others(cx: &Context, types: &dyn Types, name: &str, id: TypeId) {
    let layout = |id: TypeId| {
        let (_, t) = types.resolve(id)?;
        let fields = match t.kind {
            TypeKind::Struct(fields) | TypeKind::Union(fields) => fields,
            _ => Vec::new(),
        };
        Some((t.size, fields.into_iter().map(|f| (f.name, f.bit_offset, f.bit_size)).collect::<Vec<_>>()))
    };
    let own = layout(id);
    let different = types.definitions(name).into_iter().filter(|other| *other != id && layout(*other) != own);
    let homes: Vec<String> = different.filter_map(|id| types.module_of(id)).take(8).collect();
    if let (Some(module), false) = (types.module_of(id), homes.is_empty()) {
        let list = homes.join(", ");
        cx.host().warn(&format!("{name}: {module}'s is shown; another is in {list}: MODULE!{name} names one"));
    }
}

/// The type of a per-CPU variable, with or without the number of a processor.
fn variable(types: &dyn Types, name: &str) -> Option<TypeId> {
    types.variable(name.split_once(':').map_or(name, |(n, _)| n))
}

/// Where a per-CPU variable is read: of the processor that was named, else of processor 0.
fn place(name: &str, address: Option<&String>) -> Result<String> {
    match (address, name.contains(':')) {
        (Some(_), true) => Err(Failure::usage(format!("dt: {name} has an address of its own"))),
        (Some(address), false) => Ok(address.clone()),
        (None, true) => Ok(name.to_owned()),
        (None, false) => Ok(format!("{name}:0")),
    }
}
