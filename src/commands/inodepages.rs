//! `inodepages`: where the cached pages of a file lie.

use super::cells::Hex;
use super::context::Context;
use super::failure::Result;
use super::pagecache::{find, frames};
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::os::linux::files::cachedpages::pages_of;
use schemars::JsonSchema;
use serde::Serialize;

/// List where the cached pages of a file lie
#[derive(clap::Args, Debug)]
pub struct InodePages {
    /// The file: its path, or the address of its inode (`pagecache` lists them)
    #[arg(value_name = "PATH|0xINODE")]
    file: String,
}

/// A part of a file that is in memory in one piece.
#[derive(Serialize, JsonSchema)]
pub struct InodePagesRow {
    /// Position in the file in bytes.
    offset: u64,
    /// Its size in bytes: whole pages, the last one too.
    size: u64,
    /// Where it lies.
    physical: Hex,
    /// The same in the kernel's direct map.
    #[serde(rename = "virtual")]
    address: Option<Hex>,
}

impl Command for InodePages {
    type Row = InodePagesRow;
    const NAME: &'static str = "inodepages";
    const ALIASES: &'static [&'static str] = &["linux.pagecache.InodePages"];
    const SUMMARY: &'static str = "List where the cached pages of a file lie";
    const SHAPE: Shape = Shape::List(&["offset", "size", "physical", "virtual"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("inodepages /etc/passwd", "of one file")];

    fn run(self, cx: &Context, out: &mut Rows<'_, InodePagesRow>) -> Result<()> {
        let kernel = cx.session()?.linux("inodepages")?;
        let (file, frames) = (find(cx, kernel, &self.file)?, frames(kernel)?);
        for pages in cx.take(&pages_of(kernel, &frames, &file)) {
            for r in &pages.runs {
                let address = frames.virt_of(r.phys).map(Hex::from);
                out.push(&InodePagesRow { offset: r.offset, size: r.bytes, physical: r.phys.into(), address })?;
            }
        }
        Ok(())
    }
}
