//! `ptov`: who maps a physical address.

use super::cells::{Hex, exact, plain};
use super::context::Context;
use super::failure::Result;
use super::pages::walk;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::engine::AddressSpace;
use crate::{PhysAddr, umem};
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::ControlFlow;

/// List every mapping of a physical address, in the kernel and in every process
#[derive(clap::Args, Debug)]
pub struct Ptov {
    /// Physical address
    #[arg(value_name = "PHYS")]
    address: String,
}

/// A mapping.
#[derive(Serialize, JsonSchema)]
pub struct PtovRow {
    /// Process; null for the kernel.
    pid: Option<u32>,
    /// The virtual address.
    #[serde(rename = "virtual")]
    address: Hex,
    /// Name of the process, or `kernel`.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    /// The kernel's symbol there.
    symbol: Option<String>,
    /// Who uses the frame, the same for all its mappings (Linux): the path of a file whose cache it belongs to, `anonymous` for
    /// memory of processes, `slab NAME` for objects of the kernel.
    owner: Option<String>,
    /// Position of this byte in that file.
    file_offset: Option<u64>,
}

impl Command for Ptov {
    type Row = PtovRow;
    const NAME: &'static str = "ptov";
    const SUMMARY: &'static str = "List every mapping of a physical address";
    const SHAPE: Shape = Shape::List(&["pid", "virtual", "name", "symbol", "owner"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("ptov 0x1000000", "who maps this byte")];

    fn run(self, cx: &Context, out: &mut Rows<'_, PtovRow>) -> Result<()> {
        super::which::with_page_tables(cx.session()?, "ptov")?;
        let session = cx.session()?;
        let physical = cx.evaluate(&self.address, None)?;
        let space = session.kernel_space()?;
        let Some(kernel) = space.tables() else { return Ok(()) };
        let (owner, file_offset) = super::scan::Frame::new(session).used(PhysAddr::new(physical));
        for address in mappings(kernel, physical, false, cx) {
            let symbol = session.name_of(crate::VirtAddr::new(address));
            let (name, owner) = ("kernel".to_owned(), owner.clone());
            out.push(&PtovRow { pid: None, address: Hex(address), name, name_bytes: None, symbol, owner, file_offset })?;
        }
        let Ok(processes) = session.processes() else { return Ok(()) };
        for p in cx.take(&processes) {
            cx.go_on()?;
            let Some(root) = p.dtb.get() else { continue };
            for address in mappings(&kernel.with_root(root), physical, true, cx) {
                let (name, name_bytes) = (plain(&p.name), exact(&p.name));
                let (pid, owner) = (Some(p.pid), owner.clone());
                out.push(&PtovRow { pid, address: Hex(address), name, name_bytes, symbol: None, owner, file_offset })?;
            }
        }
        Ok(())
    }
}

fn mappings(tables: &AddressSpace, physical: umem, user_only: bool, cx: &Context) -> Vec<umem> {
    let mut found = Vec::new();
    let missing = walk(tables, 0, umem::MAX, user_only, &mut |run| {
        let offset = physical.wrapping_sub(run.phys.value());
        if offset < run.size {
            found.push(run.virt.value().wrapping_add(offset));
        }
        if cx.go_on().is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    cx.lost_many(missing, "page tables that are not in the image");
    found
}
