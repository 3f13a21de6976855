//! `list`: structures that are linked to one another.

use super::cells::{Hex, wide};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::values::{Place, chosen, unknown};
use super::walker::{address_of, member};
use crate::os::linux::Kernel;
use crate::os::linux::containers::walk;
use crate::symbols::{TypeKind, Types, TypesExt};
use crate::{VirtAddr, umem};
use memsh_plugin::Listing;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Walk a list of the kernel's
#[derive(clap::Args, Debug)]
pub struct List {
    /// The structures and the member that links them (`task_struct.tasks`); with `--offset` only the address
    #[arg(value_name = "TYPE.MEMBER", required = true)]
    what: String,
    /// Address of the list's head, or (with `--embedded`) of a structure in it; `init_task.tasks` is a member of a symbol's
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    start: Option<String>,
    /// ADDR is that of a structure in the list, which has no head of its own
    #[arg(short = 'e', long)]
    embedded: bool,
    /// ADDR is that of the head, as crash writes it: what it is anyway
    #[arg(short = 'H', long, hide = true, conflicts_with_all = ["embedded", "offset"])]
    head: bool,
    /// The list is linked by a pointer so many bytes into each structure
    #[arg(short = 'o', long, value_name = "BYTES", conflicts_with = "embedded")]
    offset: Option<String>,
    /// Members to show of each structure (`pid,comm,mm.pgd`)
    #[arg(short = 's', long, value_name = "A,B,C", value_delimiter = ',')]
    fields: Vec<String>,
}

/// A structure in the list.
#[derive(Serialize, JsonSchema)]
pub struct ListRow {
    /// Its place in the list.
    index: u64,
    /// Its address.
    address: Hex,
    /// The members that were asked for, by name: values as `dt` shows them.
    fields: Map<String, Value>,
}

/// How structures are linked.
enum Links {
    /// `list_head`: a ring, both ways.
    Ring,
    /// `hlist_node`, `hlist_nulls_node`, `llist_node`: from a head to null.
    Chain,
    /// A pointer from each to the next.
    Pointer,
}

impl Command for List {
    type Row = ListRow;
    const NAME: &'static str = "list";
    const ALIASES: &'static [&'static str] = &["dl"];
    const SUMMARY: &'static str = "Walk a linked list of the kernel's, and show members of each structure";
    const SHAPE: Shape = Shape::List(&["index", "address", "fields"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("list task_struct.tasks init_task.tasks --fields pid,comm", "from the head"),
        ("list task_struct.tasks init_task --embedded -s pid,comm", "from a structure in it"),
        ("list file_system_type.next *file_systems -s name", "linked by a plain pointer"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, ListRow>) -> Result<()> {
        let session = cx.session()?;
        let kernel = session.linux("list")?;
        let types = session.types()?;
        let space = session.kernel_space()?;
        if let Some(offset) = &self.offset {
            if self.start.is_some() || !self.fields.is_empty() {
                return Err(Failure::usage("list: with --offset give the address alone: list --offset BYTES ADDR"));
            }
            let first = cx.evaluate(&self.what, Some(&space))?;
            let found = walk::linked(kernel, VirtAddr::new(first), cx.count(offset)?);
            return told(cx, out, &found, 0, |_| Map::new());
        }
        let Some(start) = &self.start else {
            return Err(alone(types, &self.what));
        };
        let (name, id, path) = member(types, &self.what, "list")?;
        let start = address_of(cx, types, &space, &name, id, start)?;
        let (_, link) = types.resolve(path.type_id).ok_or_else(|| unknown(types, &name))?;
        let links = match (&link.kind, link.name.as_deref()) {
            (TypeKind::Pointer(_), _) => Links::Pointer,
            (_, Some("list_head")) => Links::Ring,
            (_, Some("hlist_node" | "hlist_nulls_node" | "llist_node")) => Links::Chain,
            _ => {
                let what =
                    format!("list: {} links nothing: it is no list_head, hlist_node, llist_node and no pointer", self.what);
                return Err(Failure::Usage(what, Some(format!("`dt {name}` lists its members; `tree` walks trees"))));
            }
        };
        let chosen = chosen(types, id, &name, &self.fields)?;
        let place = Place::new(cx, types, Some(&space));
        let node = wide(path.offset);
        let found = self.walked(kernel, &links, VirtAddr::new(start), path.offset);
        let offset = if matches!(links, Links::Pointer) { 0 } else { node };
        told(cx, out, &found, offset, |at| place.some(&chosen, at))
    }
}

/// One word where two are needed: says which one is missing.
fn alone(types: &dyn Types, what: &str) -> Failure {
    let kind = what.split_once('.').map(|(kind, _)| kind);
    if kind.is_some_and(|kind| types.find(kind).is_some()) {
        return Failure::Usage(
            format!("list: the address is missing: where does the list of {what} begin?"),
            Some(format!("list {what} ADDR: the address of its head, or of a structure in it with --embedded")),
        );
    }
    Failure::Usage(
        format!("list: TYPE.MEMBER is missing: which structures does {what} link, and by which member?"),
        Some(format!("as in: list task_struct.tasks {what} -s pid,comm")),
    )
}

impl List {
    fn walked(&self, kernel: &Kernel, links: &Links, start: VirtAddr, offset: u64) -> Listing<VirtAddr> {
        let own = start.wrapping_add(wide(offset));
        let with_itself = |rest: Listing<VirtAddr>| Listing {
            items: std::iter::once(own).chain(rest.items.iter().copied()).collect::<Vec<_>>().into(),
            lost: rest.lost,
        };
        match links {
            Links::Pointer => walk::linked(kernel, start, offset),
            Links::Ring if self.embedded => with_itself(walk::ring(kernel, own)),
            Links::Ring => walk::ring(kernel, start),
            Links::Chain if self.embedded => with_itself(walk::hash_chain(kernel, own)),
            Links::Chain => walk::hash_chain(kernel, start),
        }
    }
}

/// Hands on the structures around nodes that lie `offset` bytes into them.
fn told(
    cx: &Context,
    out: &mut Rows<'_, ListRow>,
    found: &Listing<VirtAddr>,
    offset: umem,
    fields: impl Fn(umem) -> Map<String, Value>,
) -> Result<()> {
    for (index, node) in (0..).zip(cx.take(found)) {
        cx.go_on()?;
        let address = node.wrapping_sub(offset).value();
        out.push(&ListRow { index, address: Hex(address), fields: fields(address) })?;
    }
    Ok(())
}
