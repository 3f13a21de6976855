//! `swaps`: swap areas.

use super::cells::{Hex, exact, plain};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::linux::system::swap::swaps;
use schemars::JsonSchema;
use serde::Serialize;

/// List swap areas
#[derive(clap::Args, Debug)]
pub struct Swaps {}

/// A swap area.
#[derive(Serialize, JsonSchema)]
pub struct SwapRow {
    /// Its number, which swapped-out entries of page tables have.
    number: Option<u64>,
    /// Path of the device or file.
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// `partition` or `file`.
    r#type: Option<&'static str>,
    /// Size in bytes.
    size: Option<u64>,
    /// Bytes in use.
    used: Option<u64>,
    /// Priority: higher ones are filled first.
    priority: Option<i64>,
    /// Whether pages may be written to it; not so while it is being turned off.
    writable: Option<bool>,
    /// Address of its `swap_info_struct`.
    address: Hex,
}

impl Command for Swaps {
    type Row = SwapRow;
    const NAME: &'static str = "swaps";
    const ALIASES: &'static [&'static str] = &["swapon"];
    const SUMMARY: &'static str = "List swap areas";
    const SHAPE: Shape = Shape::List(&["number", "path", "type", "size", "used", "priority"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("swaps", "as /proc/swaps")];

    fn run(self, cx: &Context, out: &mut Rows<'_, SwapRow>) -> Result<()> {
        let kernel = cx.session()?.linux("swaps")?;
        cx.nothing("no swap area is in use");
        for s in cx.take(&swaps(kernel).map_err(crate::Error::from)?) {
            out.push(&SwapRow {
                number: s.number,
                path: s.path.as_ref().map(plain),
                path_bytes: s.path.as_ref().and_then(exact),
                r#type: s.partition.map(|p| if p { "partition" } else { "file" }),
                size: s.size,
                used: s.used,
                priority: s.priority,
                writable: s.writable,
                address: s.address.into(),
            })?;
        }
        Ok(())
    }
}
