//! `maps`: the regions of a process's address space.

use super::cells::{Hex, exact_maybe, number, plain, plain_maybe};
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Whose, needed, open};
use crate::VirtAddr;
use crate::os::windows::vad::{self, Vad};
use memsh_plugin::{Process, RegionInfo};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// List the regions of a process's address space
#[derive(clap::Args, Debug)]
pub struct Maps {
    /// The process (or -p), and only the region that holds this address
    #[arg(value_name = "PID|NAME|ADDR", num_args = 0..=2)]
    what: Vec<String>,
    /// Only regions that can be executed
    #[arg(short = 'x', long)]
    executable: bool,
    /// Only regions that can be written
    #[arg(short = 'w', long)]
    writable: bool,
    #[command(flatten)]
    whose: Whose,
}

/// A region (VMA, VAD).
#[derive(Serialize, JsonSchema)]
pub struct MapsRow {
    /// First address.
    start: Hex,
    /// First address after it.
    end: Hex,
    /// Its size in bytes.
    size: u64,
    /// `rwxp`, or `rwxs` where writes are shared.
    perm: String,
    /// Position in the file, in bytes.
    offset: Option<u64>,
    /// The file's device, `major:minor` in hex as the system prints it.
    device: Option<String>,
    /// The file's inode number.
    inode: Option<u64>,
    /// Path of the file, or the system's name for the region.
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// `file`, `anonymous`, `heap`, `stack`, ...
    kind: Option<String>,
    /// What the descriptor of the region allows, as `VirtualProtect` names it (Windows).
    #[serde(skip_serializing_if = "Option::is_none")]
    protection: Option<String>,
    /// Bytes that are charged to the process for it (Windows).
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<u64>,
}

impl Command for Maps {
    type Row = MapsRow;
    const NAME: &'static str = "maps";
    const ALIASES: &'static [&'static str] = &["vmmap", "vad", "vadinfo", "vm", "address"];
    const SUMMARY: &'static str = "List the regions of a process's address space";
    const SHAPE: Shape =
        Shape::List(&["start", "end", "size", "perm", "!protection", "!commit", "!offset", "!inode", "kind", "path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("maps 1", "every region"), ("maps 1 -x", "executable ones"), ("maps -p 1 0x401000", "the one that holds an address")];

    fn run(mut self, cx: &Context, out: &mut Rows<'_, MapsRow>) -> Result<()> {
        self.whose.take_from(cx, &mut self.what, true)?;
        if let [_, more, ..] = self.what.as_slice() {
            return Err(Failure::usage(format!("maps: one process and one address; {more:?} is too much")));
        }
        let process = needed(self.whose.process(cx)?, Self::NAME)?;
        if process.kernel_thread {
            cx.host().warn(&format!(
                "{}/{} is a thread of the kernel: it has no memory of its own",
                plain(&process.name),
                process.pid
            ));
        }
        let address = match self.what.first() {
            Some(text) => {
                let space = self.whose.space(cx)?;
                // A pointer may have a tag, which is no part of the address.
                Some(space.plain(cx.evaluate(text, Some(&space))?))
            }
            None => None,
        };
        let opened = open(cx.session()?.os()?.os.as_ref(), &process)?;
        let regions = Result::from(opened.regions()).map_err(crate::Error::from)?;
        if let Some(address) = address {
            cx.nothing(format!("no region of {}/{} holds {}", plain(&process.name), process.pid, format_args!("{address:#x}")));
        } else if self.executable || self.writable {
            cx.nothing("no region has these permissions");
        } else if !process.kernel_thread {
            cx.nothing("the process has no memory (any more)");
        }
        let descriptors: HashMap<VirtAddr, Vad> = match &cx.session()?.os()?.windows {
            Some(kernel) => {
                // What can't be read was said of the regions.
                vad::descriptors(kernel, process.address).into_iter().map(|v| (v.start, v)).collect()
            }
            None => HashMap::new(),
        };
        for r in cx.take(&regions) {
            let wanted = address.is_none_or(|a| r.start.value() <= a && a < r.end.value())
                && (!self.executable || r.execute)
                && (!self.writable || r.write);
            if wanted {
                out.push(&row(&r, descriptors.get(&r.start)))?;
            }
        }
        Ok(())
    }
}

fn row(r: &RegionInfo, vad: Option<&Vad>) -> MapsRow {
    let device = r.device_major.get().zip(r.device_minor.get());
    MapsRow {
        start: r.start.into(),
        end: r.end.into(),
        size: number(r.end.value().saturating_sub(r.start.value())),
        perm: r.permissions(),
        offset: r.offset.get(),
        device: device.map(|(major, minor)| format!("{major:02x}:{minor:02x}")),
        inode: r.inode.get(),
        path: plain_maybe(&r.path),
        path_bytes: exact_maybe(&r.path),
        kind: Some(plain(&r.kind)).filter(|k| !k.is_empty()),
        protection: vad.and_then(|v| v.protection).map(|p| p.words()),
        commit: vad.and_then(|v| v.commit).map(number),
    }
}
