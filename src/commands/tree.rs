//! `tree`: structures in the kernel's trees.

use super::cells::{Hex, wide};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::values::{Place, chosen, unknown};
use super::walker::{address_of, member};
use crate::os::linux::containers::walk;
use crate::{Error, VirtAddr};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Walk a tree of the kernel's
#[derive(clap::Args, Debug)]
pub struct Tree {
    /// The structures, and for a red-black tree the member that links them (`vmap_area.rb_node`, `page`)
    #[arg(value_name = "TYPE[.MEMBER]")]
    what: String,
    /// Address of the tree's root: an `rb_root`, `xarray`, `radix_tree_root` or `maple_tree`
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    root: String,
    /// The kind of tree; without it, red-black where a member was named
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
    /// Members to show of each structure (`va_start,va_end`)
    #[arg(short = 's', long, value_name = "A,B,C", value_delimiter = ',')]
    fields: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// `rb_root`
    #[value(alias = "rb")]
    Rbtree,
    /// `xarray`
    #[value(alias = "xa")]
    Xarray,
    /// `radix_tree_root`, `idr`
    #[value(alias = "ra")]
    Radix,
    /// `maple_tree`
    #[value(alias = "mt")]
    Maple,
}

/// A structure in the tree.
#[derive(Serialize, JsonSchema)]
pub struct TreeRow {
    /// The index that leads to it; in a red-black tree its place in the order.
    index: u64,
    /// The last index that leads to it, in a maple tree.
    last: Option<u64>,
    /// How far below the root it is, in a red-black tree.
    level: Option<u32>,
    /// Its address.
    address: Hex,
    /// The members that were asked for, by name: values as `dt` shows them.
    fields: Map<String, Value>,
}

impl Command for Tree {
    type Row = TreeRow;
    const NAME: &'static str = "tree";
    const SUMMARY: &'static str = "Walk a red-black tree, XArray, radix tree or maple tree of the kernel's";
    const SHAPE: Shape = Shape::List(&["index", "last", "level", "address", "fields"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("tree vmap_area.rb_node vmap_area_root -s va_start,va_end", "a red-black tree"),
        ("tree irq_desc irq_desc_tree --kind radix -s irq_data.irq", "a radix tree or XArray"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, TreeRow>) -> Result<()> {
        let session = cx.session()?;
        let kernel = session.linux("tree")?;
        let types = session.types()?;
        let space = session.kernel_space()?;
        let kind = self.kind.or_else(|| self.what.contains('.').then_some(Kind::Rbtree)).ok_or_else(|| {
            let hint =
                "--kind rbtree|xarray|radix|maple; a red-black tree needs the member that links it: TYPE.MEMBER".to_owned();
            Failure::Usage("tree: of which kind is it?".to_owned(), Some(hint))
        })?;
        let (name, id, offset) = match kind {
            Kind::Rbtree => member(types, &self.what, "tree").map(|(name, id, path)| (name, id, path.offset))?,
            _ => {
                let name = self.what.split('.').next().unwrap_or_default().to_owned();
                let id = types.find(&name).ok_or_else(|| unknown(types, &name))?;
                (name, id, 0)
            }
        };
        let root = VirtAddr::new(address_of(cx, types, &space, &name, id, &self.root)?);
        let found = match kind {
            Kind::Rbtree => walk::red_black(kernel, root),
            Kind::Xarray | Kind::Radix => walk::indexed(kernel, root).map_err(Error::from)?,
            Kind::Maple => walk::ranges(kernel, root).map_err(Error::from)?,
        };
        let chosen = chosen(types, id, &name, &self.fields)?;
        let place = Place::new(cx, types, Some(&space));
        for e in cx.take(&found) {
            cx.go_on()?;
            let address = e.entry.wrapping_sub(wide(offset)).value();
            out.push(&TreeRow {
                index: e.first,
                last: (kind == Kind::Maple).then_some(e.last),
                level: e.depth,
                address: Hex(address),
                fields: place.some(&chosen, address),
            })?;
        }
        Ok(())
    }
}
