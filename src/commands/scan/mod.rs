//! `scan`: where something stands in memory.

mod what;

use crate::commands::cells::{Hex, exact, hex, plain};
use crate::commands::context::Context;
use crate::commands::failure::Result;
use crate::commands::searched::{Place, Searched};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use memsh::engine::search::{Hit, Kind, Options, search};
use memsh::engine::to_umem;
use memsh::umem;
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::ControlFlow;
use what::What;

/// Search memory for text, bytes or a regular expression
#[derive(clap::Args, Debug)]
pub struct Scan {
    #[command(flatten)]
    what: What,
    /// Only here: `START..END`; `142:START..END` is process 142's, `p:START..END` physical
    #[arg(value_name = "RANGE", conflicts_with = "range")]
    within: Option<String>,
    /// Only at addresses that are a multiple of this
    #[arg(long, value_name = "BYTES", default_value = "1", hide_default_value = true)]
    align: String,
    /// The bytes before and behind a hit as well, so many (JSON has them as `before` and `behind`)
    #[arg(long, value_name = "BYTES")]
    around: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// A hit.
#[derive(Serialize, JsonSchema)]
pub struct ScanRow {
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
    /// Bytes from the start of the region.
    offset: Option<u64>,
    /// Physical address of its first byte.
    physical: Option<Hex>,
    /// The bytes that match, in hex (the first 256).
    #[serde(rename = "match")]
    bytes: String,
    /// The same as text; null where it is none.
    text: Option<String>,
    /// Name of the region or the symbol in which it lies.
    region: Option<String>,
    /// The match with what can be read as text before and behind it; `.` for what is no text.
    context: String,
    /// With `--around`: the bytes before it in hex; unreadable ones are zeros.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// With `--around`: the bytes behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<String>,
}

/// More than this around a hit is for `read`.
const WIDEST: u64 = 4096;

impl Command for Scan {
    type Row = ScanRow;
    const NAME: &'static str = "scan";
    const ALIASES: &'static [&'static str] = &["search", "s"];
    const SUMMARY: &'static str = "Search memory for text, bytes or a regular expression";
    const SHAPE: Shape = Shape::List(&["address", "space", "pid", "process", "region", "context"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("scan 'Linux version'", "text, in physical memory"),
        ("scan --hex '7f 45 4c 46 02 ??' -p 1", "bytes, in a process"),
        ("scan --regex '[a-z]+@[a-z]+' -k --max 10", "a regular expression, in the kernel"),
        ("scan --utf16 --all secret", "UTF-16 text, in every process"),
        ("scan swapper init_task..init_task+4k", "in a range"),
        ("s -d init_task L1000 1", "as WinDbg writes it"),
        ("search -k -c 'Linux version'", "as crash writes it"),
    ];

    fn run(mut self, cx: &Context, out: &mut Rows<'_, ScanRow>) -> Result<()> {
        if let Some(range) = &self.within {
            self.place.within_range("scan", range)?;
        }
        let align = cx.count(&self.align)?.max(1);
        let around = self.around.as_deref().map(|n| cx.count(n)).transpose()?.map(|n| n.min(WIDEST));
        let needle = self.what.needle()?;
        self.place.each(cx, "searching", &mut |searched, source, options| {
            let mut ended = Ok(());
            // Hits that are left out do not count.
            let mut left = options.max_hits;
            let mut hits = 0;
            let every = Options { max_hits: None, ..*options };
            let mut summary = search(source, &needle, if align > 1 { &every } else { options }, &mut |hit| {
                if !hit.addr.is_multiple_of(umem::from(align)) {
                    return ControlFlow::Continue(());
                }
                hits += 1;
                left = left.map(|n| n.saturating_sub(1));
                match out.push(&row(cx, searched, &hit, around)) {
                    Ok(()) if align > 1 && left == Some(0) => ControlFlow::Break(()),
                    Ok(()) => ControlFlow::Continue(()),
                    Err(e) => {
                        ended = Err(e);
                        ControlFlow::Break(())
                    }
                }
            });
            summary.hits = hits;
            ended.map(|()| summary)
        })
    }
}

fn row(cx: &Context, searched: &Searched, hit: &Hit<'_>, around: Option<u64>) -> ScanRow {
    let end = hit.addr.saturating_add(to_umem(hit.bytes.len()));
    let side = |from: umem, n: umem| {
        let mut window = vec![0; usize::try_from(n).unwrap_or(0)];
        searched.space.read_gaps(from, &mut window);
        hex(&window)
    };
    let before = around.map(|n| umem::from(n).min(hit.addr)).map(|n| side(hit.addr - n, n));
    let behind = around.map(|n| umem::from(n).min(umem::MAX - end)).map(|n| side(end, n));
    let (region, offset) = searched.region(cx, hit.addr);
    let process = searched.space.process();
    ScanRow {
        address: Hex(hit.addr),
        space: searched.space.kind().to_owned(),
        pid: process.map(|p| p.pid),
        process: process.map(|p| plain(&p.name)),
        process_bytes: process.and_then(|p| exact(&p.name)),
        offset,
        physical: searched.physical(hit.addr).map(Hex),
        bytes: hex(hit.bytes),
        text: text(hit),
        region,
        context: context(searched, hit),
        before,
        behind,
    }
}

/// How many bytes before and behind a match are shown, where they are text.
const BEFORE: usize = 24;
const BEHIND: usize = 48;
/// And how many of the match.
const SHOWN: usize = 96;

/// The match and the text around it.
fn context(searched: &Searched, hit: &Hit<'_>) -> String {
    let wide = hit.kind == Kind::Utf16;
    let end = hit.addr.saturating_add(to_umem(hit.bytes.len()));
    let side = |from: umem, len: usize| {
        let mut window = vec![0; len];
        // A missing byte reads as zero, which is no text.
        searched.space.read_gaps(from, &mut window);
        characters(&window, wide)
    };
    let before = match to_umem(BEFORE).min(hit.addr) {
        n if n == to_umem(BEFORE) => side(hit.addr - n, BEFORE),
        _ => Vec::new(),
    };
    let text: Vec<char> = before.into_iter().rev().map_while(|c| c).collect();
    let found = characters(hit.bytes.get(..SHOWN).unwrap_or(hit.bytes), wide).into_iter().map(|c| c.unwrap_or('.'));
    let behind = side(end, BEHIND).into_iter().map_while(|c| c);
    text.into_iter().rev().chain(found).chain(behind).collect()
}

/// Characters, `None` for what is none that can be shown: of ASCII, of UTF-8 above it, of UTF-16 with `wide`.
fn characters(bytes: &[u8], wide: bool) -> Vec<Option<char>> {
    let shown = |c: char| (!c.is_control() && c != char::REPLACEMENT_CHARACTER).then_some(c);
    if wide {
        let units = bytes.chunks_exact(2).map(|u| u.iter().rev().fold(0u16, |v, b| v << 8 | u16::from(*b)));
        return char::decode_utf16(units).map(|c| c.ok().and_then(shown)).collect();
    }
    String::from_utf8_lossy(bytes).chars().map(shown).collect()
}

/// A match as text, where all of it is.
fn text(hit: &Hit<'_>) -> Option<String> {
    let text = match hit.kind {
        Kind::Utf16 => {
            let units = hit.bytes.chunks_exact(2).map(|u| u.iter().rev().fold(0u16, |v, b| v << 8 | u16::from(*b)));
            char::decode_utf16(units).collect::<std::result::Result<String, _>>().ok()?
        }
        _ => std::str::from_utf8(hit.bytes).ok()?.to_owned(),
    };
    let readable = !text.is_empty() && !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    readable.then_some(text)
}
