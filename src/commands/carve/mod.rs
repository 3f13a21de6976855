//! `carve`: files in memory, by what they look like; `features`: addresses in text, counted.

mod extract;
mod features;

pub use features::FeaturesOf;

use super::cells::{Hex, exact, number, plain};
use super::context::Context;
use super::failure::Result;
use super::searched::{Place, Searched};
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::carve::{File, Kind, View, identify, needle, unpacks};
use crate::engine::search::{Options, search};
use crate::umem;
use extract::Extract;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Find files in memory by their content, and write them out
///
/// In physical memory a file lies in one piece only by chance; a process (-p) has in one piece what it has mapped. A file that several map is given
/// once.
#[derive(clap::Args, Debug)]
pub struct Carve {
    /// Only these kinds: pe elf macho regf sqlite pdf zip png jpeg gzip 7z cert key
    #[arg(long, value_name = "KIND", value_delimiter = ',', hide_possible_values = true, value_parser = clap::builder::PossibleValuesParser::new(Kind::ALL.map(Kind::name)))]
    kind: Vec<String>,
    /// Write the files into DIR; what is there is never overwritten
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Of physical memory: whose the page is, as `ptov` knows it
    #[arg(long)]
    owner: bool,
    #[command(flatten)]
    place: Place,
}

/// A file.
#[derive(Serialize, JsonSchema)]
pub struct CarveRow {
    /// Address of its first byte.
    address: Hex,
    /// `phys`, `kernel` or `pid`.
    space: String,
    /// Process, where it is a process's memory.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_bytes: Option<String>,
    /// Name of the region or the symbol in which it begins.
    region: Option<String>,
    /// `pe`, `elf`, `macho`, `regf`, `sqlite`, `pdf`, `zip`, `png`, `jpeg`, `gzip`, `7z`, `cert`, `key`.
    kind: String,
    /// Its size in bytes, as its structure says.
    size: u64,
    /// Bytes from its first that hold together.
    there: u64,
    /// `complete`, `truncated`, `header only`.
    state: String,
    /// What it says of itself.
    detail: String,
    /// With `--owner`: whose its first page is.
    owner: Option<String>,
    /// With `-o`: the file that was written.
    path: Option<String>,
    /// SHA-256 of what was written.
    sha256: Option<String>,
}

/// So many times the bytes of a space may be read to look into what begins in it, and this many bytes besides; as many may be unpacked.
const TIMES: u64 = 8;
const SPARE: u64 = 1 << 30;

impl Command for Carve {
    type Row = CarveRow;
    const NAME: &'static str = "carve";
    const ALIASES: &'static [&'static str] = &["foremost", "scalpel", "photorec"];
    const SUMMARY: &'static str = "Find files in memory by their content, and write them out";
    const SHAPE: Shape = Shape::List(&["address", "kind", "size", "state", "pid", "detail", "path"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("carve", "every file in physical memory"),
        ("carve --kind elf,cert -p 1", "programs and certificates in a process"),
        ("carve --where 'state == \"complete\"' -k", "those in the kernel's memory that are whole"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, CarveRow>) -> Result<()> {
        let kinds: Vec<Kind> = match self.kind.as_slice() {
            [] => Kind::ALL.to_vec(),
            names => names.iter().filter_map(|n| Kind::from_name(n)).collect(),
        };
        let needle = needle(&kinds)?;
        let mut extract = self.output.as_deref().map(|dir| Extract::new(cx, dir)).transpose()?;
        // Where files begin that were given: the same page may be mapped many times.
        let mut seen: HashSet<(Kind, umem)> = HashSet::new();
        self.place.each(cx, "carving", &mut |searched, source, options| {
            let mut left = options.max_hits;
            let every = Options { max_hits: None, ..*options };
            let mut ends: HashMap<Kind, umem> = HashMap::new();
            let mut ended = Ok(());
            let mut found = 0;
            // Memory that is full of beginnings, each of a file that seems to go on for long, would be read over and over.
            let total = source.spans().fold(0u64, |sum, s| sum.saturating_add(number(s.bytes())));
            let budget = total.saturating_mul(TIMES).saturating_add(SPARE);
            let spent = Cell::new(0u64);
            let mut unpacked = 0u64;
            let (mut skipped, mut packed) = (0, 0);
            let read = |at: umem, buf: &mut [u8]| {
                spent.set(spent.get().saturating_add(buf.len() as u64));
                there(searched, at, buf)
            };
            let mut summary = search(source, &needle, &every, &mut |hit| {
                if spent.get() > budget {
                    skipped += 1;
                    return ControlFlow::Continue(());
                }
                let view = View::new(&read, hit.addr);
                // Thousands of beginnings may lead to one stream, which unpacks to a thousand times its size. All else is looked into still.
                if unpacked > budget && unpacks(&view) {
                    packed += 1;
                    return ControlFlow::Continue(());
                }
                let file = identify(&view, &kinds);
                unpacked = unpacked.saturating_add(view.unpacked());
                let file = file.filter(|f| !inside(&mut ends, f, hit.addr));
                let Some(file) = file.filter(|f| searched.physical(hit.addr).is_none_or(|p| seen.insert((f.kind, p)))) else {
                    return if cx.go_on().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
                };
                found += 1;
                left = left.map(|n| n.saturating_sub(1));
                let written = extract.as_mut().map_or(Ok(None), |e| e.write(cx, searched, hit.addr, &file, &view));
                let pushed = written.and_then(|written| out.push(&self.row(cx, searched, hit.addr, file, written)));
                match pushed {
                    Ok(()) if left == Some(0) => ControlFlow::Break(()),
                    Ok(()) => ControlFlow::Continue(()),
                    Err(e) => {
                        ended = Err(e);
                        ControlFlow::Break(())
                    }
                }
            });
            summary.hits = found;
            let why =
                "places where a file may begin, which were not looked into: what begins before them was read many times over";
            cx.lost_many(skipped, why);
            cx.lost_many(packed, format!("places where a gzip stream may begin, which were not looked into: those before them unpack to {unpacked} bytes"));
            ended.map(|()| summary)
        })
    }
}

/// Reads, and says how many bytes from the first on were there.
fn there(searched: &Searched, at: umem, buf: &mut [u8]) -> usize {
    let gaps = searched.space.read_gaps(at, buf);
    let first = gaps.as_slice().first().map(|g| g.start.saturating_sub(at));
    first.and_then(crate::engine::index).map_or(buf.len(), |n| n.min(buf.len()))
}

/// Whether it is part of one that was given: an entry of an archive, a key in a key's envelope. Pictures in pictures and programs in programs are
/// files of their own.
fn inside(ends: &mut HashMap<Kind, umem>, file: &File, at: umem) -> bool {
    if !matches!(file.kind, Kind::Zip | Kind::Cert | Kind::Key) {
        return false;
    }
    if ends.get(&file.kind).is_some_and(|end| at < *end) {
        return true;
    }
    ends.insert(file.kind, at.saturating_add(umem::from(file.there)));
    false
}

impl Carve {
    fn row(&self, cx: &Context, searched: &Searched, at: umem, file: File, written: Option<extract::Written>) -> CarveRow {
        let process = searched.space.process();
        let physical = matches!(searched.space, crate::session::Space::Physical(_));
        let owner = (self.owner && physical).then(|| owner(cx, at)).flatten();
        let (path, sha256) = written.map_or((None, None), |w| (Some(w.path), Some(w.sha256)));
        CarveRow {
            address: Hex(at),
            space: searched.space.kind().to_owned(),
            pid: process.map(|p| p.pid),
            process: process.map(|p| plain(&p.name)),
            process_bytes: process.and_then(|p| exact(&p.name)),
            region: searched.region(cx, at).map(|(name, _)| name),
            kind: file.kind.name().to_owned(),
            size: file.size,
            there: file.there,
            state: file.state.name().to_owned(),
            detail: file.detail,
            owner,
            path,
            sha256,
        }
    }
}

/// Whose a page is: the processes that map it, else what the kernel has it for.
fn owner(cx: &Context, at: umem) -> Option<String> {
    let Ok(Value::Array(rows)) = cx.host().answer(&format!("ptov {:#x}", number(at))) else { return None };
    let of = |row: &Value| {
        let name = row["owner"].as_str().or(row["name"].as_str());
        row["pid"].as_u64().map(|pid| format!("{pid} {}", name.unwrap_or_default()).trim_end().to_owned())
    };
    let mut names: Vec<String> = rows.iter().filter_map(of).collect();
    names.dedup();
    match names.is_empty() {
        false => Some(names.join(", ")),
        true => rows.iter().find_map(|r| r["owner"].as_str().or(r["symbol"].as_str()).or(r["name"].as_str())).map(str::to_owned),
    }
}
