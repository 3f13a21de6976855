//! `iomem`: who claims which physical addresses.

use super::cells::{Hex, exact, plain};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::linux::system::resource::{Resource, Resources, resources};
use crate::umem;
use schemars::JsonSchema;
use serde::Serialize;

/// List who claims which physical addresses, or I/O ports
#[derive(clap::Args, Debug)]
pub struct Iomem {
    /// I/O ports in place of physical addresses
    #[arg(long)]
    ports: bool,
}

/// A range of physical addresses or ports.
#[derive(Serialize, JsonSchema)]
pub struct IomemRow {
    /// First address.
    start: Hex,
    /// Last address, as /proc/iomem has it.
    end: Hex,
    /// Its size in bytes, or ports; absent for all that 64 bits can address.
    size: Option<u64>,
    /// Who claims it.
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// How many others it lies within.
    depth: u32,
    /// `IORESOURCE_*` flags.
    flags: Option<Hex>,
    /// Address of its `struct resource`.
    address: Hex,
}

impl Command for Iomem {
    type Row = IomemRow;
    const NAME: &'static str = "iomem";
    const SUMMARY: &'static str = "List who claims which physical addresses";
    const SHAPE: Shape = Shape::List(&["start", "end", "size", "name"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("iomem", "as /proc/iomem"), ("iomem --ports", "as /proc/ioports")];

    fn run(self, cx: &Context, out: &mut Rows<'_, IomemRow>) -> Result<()> {
        let kernel = cx.session()?.linux("iomem")?;
        let which = if self.ports { Resources::Ports } else { Resources::Memory };
        for r in cx.take(&resources(kernel, which).map_err(crate::Error::from)?) {
            cx.go_on()?;
            out.push(&row(&r))?;
        }
        Ok(())
    }
}

fn row(r: &Resource) -> IomemRow {
    IomemRow {
        start: Hex(umem::from(r.start)),
        end: Hex(umem::from(r.end)),
        // A range that ends before it begins is empty or nonsense.
        size: r.end.checked_sub(r.start).and_then(|n| n.checked_add(1)),
        name: r.name.as_ref().map(plain),
        name_bytes: r.name.as_ref().and_then(exact),
        depth: r.depth,
        flags: r.flags.map(|f| Hex(umem::from(f))),
        address: r.address.into(),
    }
}
