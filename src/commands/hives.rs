//! `hives`: what the registry of Windows is made of.

use super::cells::{Hex, Time};
use super::context::Context;
use super::failure::Result;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::windows::kernel;
use crate::os::windows::Kernel;
use crate::os::windows::registry::Registry;
use schemars::JsonSchema;
use serde::Serialize;

/// List the hives of the registry (Windows)
#[derive(clap::Args, Debug)]
pub struct Hives {
    /// Look through memory, too, for hives that are in no list
    #[arg(short, long)]
    scan: bool,
}

/// A hive.
#[derive(Serialize, JsonSchema)]
pub struct HiveRow {
    /// Where it begins in the registry; null where nothing tells.
    path: Option<String>,
    /// Its file, as whoever loaded it named it, or the end of that name; null for one that is in no file.
    file: Option<String>,
    /// Address of its `_CMHIVE`.
    address: Hex,
    /// Size of what is in its file, in bytes; null where it can't be read.
    size: Option<u32>,
    /// Size of what is in memory only, in bytes; null where it can't be read.
    volatile_size: Option<u32>,
    /// When its file was last written.
    file_written: Option<Time>,
    /// When its root was last changed; null where the root can't be read.
    last_written: Option<Time>,
    /// Subkeys of its root; null where that can't be read.
    subkeys: Option<u64>,
    /// Whether it is not in the kernel's list of hives; null without --scan.
    hidden: Option<bool>,
}

impl Command for Hives {
    type Row = HiveRow;
    const NAME: &'static str = "hives";
    const ALIASES: &'static [&'static str] = &["hivelist"];
    const SUMMARY: &'static str = "List the hives of the registry (Windows)";
    const SHAPE: Shape = Shape::List(&["path", "address", "size", "volatile_size", "?file_written", "file", "!hidden"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("hives", "those in the kernel's list"), ("hives --scan", "those that were taken out of it, too")];

    fn run(self, cx: &Context, out: &mut Rows<'_, HiveRow>) -> Result<()> {
        let kernel = kernel(cx, Self::NAME)?;
        let registry = registry(kernel, cx, self.scan)?;
        for hive in &registry.hives {
            cx.go_on()?;
            let root = hive.root_key();
            if root.is_none() {
                cx.lost(format!("{}: its root can't be read", hive.name()));
            }
            let [size, volatile_size] = hive.sizes();
            if size.is_none() || volatile_size.is_none() {
                cx.lost(format!("{}: its size can't be read", hive.name()));
            }
            out.push(&HiveRow {
                path: hive.path.clone(),
                file: hive.file.clone(),
                address: Hex::from(hive.address),
                size,
                volatile_size,
                file_written: hive.written.map(Time),
                last_written: root.as_ref().and_then(|k| k.written).map(Time),
                subkeys: root.map(|k| k.counts.iter().copied().map(u64::from).sum()),
                hidden: hive.listed.filter(|_| self.scan).map(|l| !l),
            })?;
        }
        if let Some(sentence) = registry.exhausted() {
            cx.lost(sentence);
        }
        Ok(())
    }
}

/// The registry of a target. Memory is looked through where that is wanted, or nothing else finds it.
pub fn registry(kernel: &Kernel, cx: &Context, scan: bool) -> Result<Registry> {
    let quick = (!scan).then(|| Registry::new(kernel, None));
    let found = match quick.filter(|r| !r.hives.is_empty() || kernel.offsets.hive.links.is_none()) {
        Some(found) => found,
        None => cx.over_memory("looking for hives", kernel.space.memory(), |options| Registry::new(kernel, Some(options))),
    };
    cx.go_on()?;
    for lost in &found.lost {
        cx.lost(lost.as_str());
    }
    cx.nothing("no hive was found");
    Ok(found)
}
