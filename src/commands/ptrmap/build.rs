//! `ptrmap build`: every pointer of a space.

use super::map_of;
use crate::commands::cells::plain;
use crate::commands::context::Context;
use crate::commands::evidence::{create, take_back};
use crate::commands::failure::{Failure, Result};
use crate::commands::reach::{Reach, size_of};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::commands::which::Whose;
use crate::pointers::{Saved, save};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::BufWriter;
use std::path::PathBuf;
use std::time::Instant;

/// Collect every pointer of a process or of the kernel
#[derive(clap::Args, Debug)]
pub struct PtrmapBuild {
    /// Keep the map in this file, for `ptrmap find --from`
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long)]
    force: bool,
    /// Pointers at any address too, for packed data (takes eight times as long)
    #[arg(long)]
    unaligned: bool,
    #[command(flatten)]
    whose: Whose,
}

/// A map.
#[derive(Serialize, JsonSchema)]
pub struct PtrmapBuildRow {
    /// `kernel` or `pid`.
    space: String,
    /// Process, where it is a process's memory.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    /// Words that point to something mapped.
    pointers: u64,
    /// Bytes of a pointer.
    pointer_size: u8,
    /// Static memory that paths can begin in: modules and the kernel's image.
    modules: u64,
    /// Bytes read.
    bytes: u64,
    /// Time it took.
    seconds: f64,
    /// The file, where one was written.
    file: Option<String>,
    /// Its size in bytes.
    file_bytes: Option<u64>,
}

impl Command for PtrmapBuild {
    type Row = PtrmapBuildRow;
    const NAME: &'static str = "ptrmap-build";
    const ALIASES: &'static [&'static str] = &["pointer_map"];
    const SUMMARY: &'static str = "Collect every pointer of a process or the kernel, for `ptrmap find`";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("ptrmap build -p 1", "how many pointers a process has"),
        ("ptrmap build -k -o kernel.ptrs", "of the kernel, into a file"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, PtrmapBuildRow>) -> Result<()> {
        let begun = Instant::now();
        let reach = Reach::new(cx, self.whose.space(cx)?, "ptrmap build")?;
        // A file that can't be written is told before the work.
        let file = self.output.as_deref().map(|path| create(Some(cx.session()?), path, self.force)).transpose()?;
        let give_up = |e: Failure, file: Option<std::fs::File>| {
            if let Some((file, path)) = file.zip(self.output.as_deref()) {
                take_back(file, path);
            }
            e
        };
        let made = reach.bases(cx).and_then(|bases| Ok((bases, map_of(cx, &reach, self.unaligned)?)));
        let (bases, built) = match made {
            Ok(made) => made,
            Err(e) => return Err(give_up(e, file)),
        };
        let seconds = begun.elapsed().as_secs_f64();
        let of = format!("{}, {}", cx.session()?.name(), reach.whose());
        let saved = Saved { map: built.map, bases, pointer_size: reach.pointer_size(), of };
        if let Some((file, path)) = file.as_ref().zip(self.output.as_deref())
            && let Err(e) = save(&mut BufWriter::new(file), &saved)
        {
            return Err(give_up(Failure::file(path, "write", e), file.try_clone().ok()));
        }
        let process = reach.space.process();
        out.push(&PtrmapBuildRow {
            space: reach.space.kind().to_owned(),
            pid: process.map(|p| p.pid),
            process: process.map(|p| plain(&p.name)),
            pointers: size_of(saved.map.len()),
            pointer_size: saved.pointer_size,
            modules: size_of(saved.bases.all().len()),
            bytes: built.scanned.bytes,
            seconds,
            file: self.output.as_ref().map(|p| p.display().to_string()),
            file_bytes: file.and_then(|f| f.metadata().ok()).map(|m| m.len()),
        })
    }
}
