//! `dump`: memory into a file.

use super::cells::wide;
use super::context::Context;
use super::evidence::{create, take_back};
use super::extract::extract;
use super::failure::{Failure, Result};
use super::hash::{FileHash, fingerprint};
use super::pagecache;
use super::pages::mapped_ranges;
use super::peimage;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::{Whose, open};
use crate::engine::{AddressSpace, Memory};
use crate::image::{ElfNotes, KdumpFacts, Progress, WriteFormat, write_image};
use crate::session::{Session, Space};
use crate::{Error, ErrorKind, Layer, PhysAddr, VirtAddr, umem};
use clap::ValueEnum;
use memsh_plugin::{CSliceMut, CVec, MemoryMetadata, MemoryRange, MemoryView, PhysReadOp, PhysicalMemory, Process, VirtReadOp};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Write memory into a file
#[derive(clap::Args, Debug)]
pub struct Dump {
    /// `phys` for all of physical memory, a process (a pid, as with -p), a range (`START..END`, `START L1000`, `START -n 4k`), or the name of a module; nothing for all
    /// that a process (`-p`) maps
    #[arg(value_name = "WHAT", num_args = 0..=2)]
    what: Vec<String>,
    /// Bytes from the address that WHAT names; a number or an expression, `4k`
    #[arg(short = 'n', long, value_name = "BYTES")]
    length: Option<String>,
    /// What is cached of this file of the target: its path, or the address of its inode (`pagecache` lists them)
    #[arg(long, value_name = "PATH|0xINODE", conflicts_with_all = ["what", "length", "dump_format", "process", "kernel", "phys"])]
    file: Option<String>,
    /// The file to write; one that exists is left alone
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// Overwrite the file
    #[arg(long)]
    force: bool,
    /// raw bytes (unreadable ones as zeros), an ELF core, LiME, AVML (compressed; blocks of zeros left out), kdump (compressed; physical memory only), or pe (a module of Windows as a file that tools open; raw is as it lies in memory); default: elf for a process, pe for a module of Windows, else raw
    #[arg(id = "dump_format", long = "format", value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Raw,
    Elf,
    Lime,
    Avml,
    Kdump,
    Pe,
}

/// What was written.
#[derive(Serialize, JsonSchema)]
pub struct DumpRow {
    /// The file.
    path: String,
    /// Its size in bytes.
    bytes: u64,
    /// Bytes that could not be read; they are zeros, or a hole in the file.
    unreadable: u64,
    /// SHA-256 of the file, in hex; null for a cached file that is nearly all hole.
    sha256: Option<String>,
}

/// A raw file of more than this, nearly all of it holes, is never what was meant.
const WIDEST: umem = 1 << 40;

impl Command for Dump {
    type Row = DumpRow;
    const NAME: &'static str = "dump";
    const SUMMARY: &'static str = "Write memory into a file";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("dump 1 -o init.elf", "all that a process maps, as an ELF core"),
        ("dump phys --format lime -o memory.lime", "all of physical memory"),
        ("dump --file /etc/passwd -o passwd.txt", "what is cached of a file"),
        ("dump init_task..init_task+64 -o task.bin", "a range"),
    ];

    fn run(mut self, cx: &Context, out: &mut Rows<'_, DumpRow>) -> Result<()> {
        let session = cx.session()?;
        if self.what.len() == 1 && self.length.is_none() {
            self.whose.take_from(cx, &mut self.what, false)?;
        }
        if let Some(which) = &self.file {
            let kernel = session.linux("dump --file")?;
            let (file, frames) = (pagecache::find(cx, kernel, which)?, pagecache::frames(kernel)?);
            let w = extract(cx, kernel, &frames, &file, &self.output, self.force)?;
            return out.push(&DumpRow { path: w.path, bytes: w.bytes, unreadable: w.unreadable, sha256: w.sha256 });
        }
        if let Some(row) = self.image(cx, session)? {
            return out.push(&row);
        }
        let physical = matches!(self.what.as_slice(), [w] if w == "phys") || (self.what.is_empty() && self.whose.phys);
        let space = match physical {
            true => session.physical_space()?,
            false => self.whose.space(cx)?,
        };
        let ranges = if physical { session.memory().ranges().to_vec() } else { self.ranges(cx, &space)? };
        let whole_process = self.what.is_empty() && !physical;
        let format = self.format.unwrap_or(if whole_process { Format::Elf } else { Format::Raw });
        let first = ranges.iter().map(|r| r.start.value()).min().unwrap_or(0);
        let last = ranges.iter().map(|r| r.start.value().saturating_add(r.size)).max().unwrap_or(0);
        if format == Format::Raw && last.saturating_sub(first) > WIDEST {
            let hint = "--format elf keeps every address, and a range can be raw".to_owned();
            return Err(Failure::Usage("dump: these ranges lie too far apart for a raw file".to_owned(), Some(hint)));
        }
        let memory = match &space {
            Space::Physical(memory) => memory.clone(),
            Space::Kernel(tables) | Space::Process(_, tables) => {
                Memory::new(Virtual { tables: tables.clone(), ranges: ranges.clone() })
            }
        };
        if format == Format::Kdump && !matches!(space, Space::Physical(_)) {
            let hint = "`dump phys --format kdump`, or --format elf for a process".to_owned();
            return Err(Failure::Usage("dump: a kdump file holds physical memory".to_owned(), Some(hint)));
        }
        let kernel = session.os().ok().map(|l| &l.kernel);
        let machine = kernel.map(|k| k.format().arch.name().to_owned()).or(session.image().machine.clone());
        let vmcoreinfo = session.image().vmcoreinfo.clone().filter(|_| physical);
        let format = match format {
            Format::Raw => WriteFormat::Raw,
            Format::Lime => WriteFormat::Lime,
            Format::Avml => WriteFormat::Avml,
            Format::Elf => WriteFormat::ElfCore(ElfNotes { machine, vmcoreinfo }),
            Format::Kdump => WriteFormat::Kdump(kdump_facts(session, machine)),
            // Of a module only, which was seen to above.
            Format::Pe => return Err(Failure::usage("dump: --format pe goes with a module of Windows")),
        };
        let summary = self.write(cx, &memory, &ranges, &format)?;
        let FileHash { path, sha256, size: bytes } = fingerprint(cx, "hashing", &self.output)?;
        cx.lost_many(summary, "bytes that are not mapped or not in the image");
        out.push(&DumpRow { path, bytes, unreadable: summary, sha256: Some(sha256) })
    }
}

impl Dump {
    /// A module of Windows as a file; none where something else is meant.
    fn image(&self, cx: &Context, session: &Session) -> Result<Option<DumpRow>> {
        let Some(kernel) = session.os().ok().and_then(|l| l.windows.as_deref()) else { return Ok(None) };
        let pe = self.format == Some(Format::Pe);
        let [what] = self.what.as_slice() else { return Ok(None) };
        let range = self.length.is_some() || what.contains("..") || what == "phys" || self.whose.phys;
        // A number is a base only where a file is asked for.
        if range || !(pe || self.format.is_none() && !what.starts_with(|c: char| c.is_ascii_digit())) {
            return Ok(None);
        }
        let written = peimage::write(cx, kernel, &self.whose, what, &self.output, self.force)?;
        let FileHash { path, sha256, size: bytes } = fingerprint(cx, "hashing", &self.output)?;
        cx.lost_many(written, "bytes that are not mapped or not in the image");
        Ok(Some(DumpRow { path, bytes, unreadable: written, sha256: Some(sha256) }))
    }

    fn ranges(&self, cx: &Context, space: &Space) -> Result<Vec<MemoryRange>> {
        let range = |start: umem, size: umem| MemoryRange { start: PhysAddr::new(start), size };
        let nothing = || Failure::usage("dump: the range is empty or ends before it begins");
        if let Some(length) = &self.length {
            let [start] = self.what.as_slice() else {
                return Err(Failure::usage("dump: --length goes with one address"));
            };
            let start = cx.evaluate(start, Some(space))?;
            let size = Some(cx.evaluate(length, Some(space))?).filter(|n| *n > 0).ok_or_else(nothing)?;
            return Ok(vec![range(start, size)]);
        }
        match self.what.as_slice() {
            [] => {
                let needs = || {
                    let hint = "`dump phys -o F`, `dump START..END -o F`, `dump MODULE -o F` or `dump PID -o F`".to_owned();
                    Failure::Usage("dump: say what to write".to_owned(), Some(hint))
                };
                let tables = space.tables().filter(|_| space.process().is_some()).ok_or_else(needs)?;
                let (ranges, missing) = mapped_ranges(tables, &mut || cx.go_on().is_ok());
                cx.go_on()?;
                cx.lost_many(missing, "page tables that are not in the image");
                Ok(ranges)
            }
            [start, end] => {
                let start = cx.evaluate(start, Some(space))?;
                let size = match super::read::windbg_count(end) {
                    Some(n) => n.map(wide),
                    None => cx.evaluate(end, Some(space))?.checked_sub(start),
                };
                Ok(vec![range(start, size.filter(|n| *n > 0).ok_or_else(nothing)?)])
            }
            [what, ..] => {
                if let Some((start, end)) = what.split_once("..") {
                    let start = cx.evaluate(start, Some(space))?;
                    let size = cx.evaluate(end, Some(space))?.checked_sub(start).filter(|n| *n > 0);
                    return Ok(vec![range(start, size.ok_or_else(nothing)?)]);
                }
                let (base, size) = module(cx, space, what)?;
                Ok(vec![range(base.value(), size)])
            }
        }
    }

    fn write(&self, cx: &Context, memory: &Memory, ranges: &[MemoryRange], format: &WriteFormat) -> Result<u64> {
        let mut file = create(cx.session().ok(), &self.output, self.force)?;
        // The writer calls back from this very thread, but its type promises more than a meter can.
        let done = std::sync::Arc::new(AtomicU64::new(0));
        let (seen, interrupt) = (std::sync::Arc::clone(&done), cx.host().interrupt());
        let progress = Progress::new(move |at, _| {
            seen.store(at, Ordering::Relaxed);
            !interrupt.load(Ordering::Relaxed)
        });
        let total = ranges.iter().fold(0u64, |sum, r| sum.saturating_add(super::cells::number(r.size)));
        let meter = cx.host().meter("writing", total);
        let written = write_image(memory, ranges, format, &mut file, Some(&progress));
        meter.at(done.load(Ordering::Relaxed));
        match written {
            Ok(summary) => Ok(summary.unreadable),
            Err(e) => {
                take_back(file, &self.output);
                Err(e.into())
            }
        }
    }
}

/// What the system says of itself goes into the headers, where the image did not say it.
fn kdump_facts(session: &Session, machine: Option<String>) -> KdumpFacts {
    let image = session.image();
    let layer = session.os().ok();
    let text = |t: memsh_plugin::Maybe<memsh_plugin::Text>| super::cells::plain_maybe(&t);
    let info = layer.map(|l| l.os.os_info());
    let own = || Some(session.linux("dump").ok()?.vmcoreinfo.as_ref()?.text().as_bytes().to_vec());
    KdumpFacts {
        machine,
        vmcoreinfo: image.vmcoreinfo.clone().or_else(own),
        hostname: info.as_ref().and_then(|i| text(i.hostname.clone())),
        build: info.and_then(|i| text(i.build)),
        cpus: image.cpus.clone(),
        time: Some(std::time::SystemTime::now()),
    }
}

fn module(cx: &Context, space: &Space, name: &str) -> Result<(VirtAddr, umem)> {
    let os = cx.session()?.os()?.os.as_ref();
    let listing = match space.process() {
        Some(p) => std::result::Result::from(open(os, p)?.modules()),
        None => std::result::Result::from(os.kernel_modules()),
    };
    let modules = cx.take(&listing.map_err(Error::from)?);
    let exact = modules.iter().find(|m| m.name.as_bytes() == name.as_bytes());
    // Windows does not tell small letters from capitals.
    let windows = cx.session()?.os()?.windows.is_some();
    let like = || modules.iter().find(|m| windows && m.name.as_bytes().eq_ignore_ascii_case(name.as_bytes()));
    let found = exact.or_else(like);
    found.map(|m| (m.base, m.size)).ok_or_else(|| {
        Error::new(Layer::Os, ErrorKind::NotFound, format!("no module {name}"))
            .hint("`modules` lists those of the kernel, `modules -p PID` those of a process; a range is START..END")
            .into()
    })
}

/// An address space as a memory of its own, so that it is written by the same code as physical memory is.
struct Virtual {
    tables: AddressSpace,
    ranges: Vec<MemoryRange>,
}

impl PhysicalMemory for Virtual {
    fn metadata(&self) -> MemoryMetadata {
        MemoryMetadata::snapshot(self.ranges.iter().fold(0, |sum: umem, r| sum.saturating_add(r.size)))
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        self.ranges.clone().into()
    }

    fn read(&self, ops: CSliceMut<PhysReadOp>) {
        let mut ops = ops;
        for op in ops.iter_mut() {
            let mut inner = [VirtReadOp::new(VirtAddr::new(op.addr.value()), &mut op.buf)];
            self.tables.read_virt((&mut inner[..]).into());
            let [done] = &inner;
            op.status = done.status;
        }
    }
}
