//! `map`: a picture of memory.

mod canvas;
mod cells;
mod picture;
mod uses;

use crate::commands::cells::{Hex, number, plain};
use crate::commands::context::Context;
use crate::commands::evidence;
use crate::commands::failure::{Failure, Result};
use crate::commands::searched::{Place, Searched};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::commands::which::Whose;
use crate::engine::search::{Needle, Options, Source, Summary, Widths, search};
use crate::survey::{FRAME, Layout, survey};
use cells::{Cell, Key, Picture};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::PathBuf;
use uses::uses;

/// Draw a picture of physical memory or of a process, in the terminal or as a PNG
///
/// Each cell stands for the same number of bytes, in the order of addresses; what is not memory is left out. A cell shows what most of
/// its frames are: zeros, free, or used, and for what. On Linux the kernel's `struct page` tells; elsewhere page tables do.
#[derive(clap::Args, Debug)]
pub struct Map {
    /// Only here: `START..END`; `142:START..END` is process 142's, `p:START..END` physical
    #[arg(value_name = "RANGE")]
    within: Option<String>,
    /// What cells show
    #[arg(long, value_name = "WHAT")]
    by: Option<By>,
    /// Where this text stands, and how often
    #[arg(long, value_name = "TEXT")]
    hits: Option<String>,
    /// Cells in a line
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    width: Option<u16>,
    /// Lines of cells, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    height: Option<u16>,
    /// Draw it into a new PNG file
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// What memory is used for
    Use,
    /// The process that maps it (physical memory)
    Owner,
    /// Bits of entropy per byte
    Entropy,
    /// Where the text of --hits stands
    Hits,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            By::Use => "use",
            By::Owner => "owner",
            By::Entropy => "entropy",
            By::Hits => "hits",
        }
    }
}

/// A picture.
#[derive(Serialize, JsonSchema)]
pub struct MapAnswer {
    /// `phys`, `kernel` or `pid`.
    space: String,
    /// Process, where it is a process's memory.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    /// Bytes of memory in the picture.
    size: u64,
    /// Bytes that a cell stands for.
    cell: u64,
    /// Cells in a line.
    columns: usize,
    /// What cells show: `use`, `owner`, `entropy` or `hits`.
    by: &'static str,
    /// What the marks mean.
    legend: Vec<Key>,
    /// The cells, in the order of addresses; not where the picture went into a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    cells: Option<Vec<Cell>>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

impl Command for Map {
    type Row = MapAnswer;
    const NAME: &'static str = "map";
    const SUMMARY: &'static str = "Draw a picture of physical memory or of a process, in the terminal or as a PNG";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("map", "what physical memory is used for"),
        ("map --by owner -o owners.png", "which process has what, as a file"),
        ("map -p 1 --by entropy", "how dense a process's memory is"),
        ("map --hits 'Linux version'", "where a text stands"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, MapAnswer>) -> Result<()> {
        let by = match (self.by, &self.hits) {
            (Some(By::Hits), None) => return Err(Failure::usage("map: --by hits needs --hits TEXT")),
            (by, Some(_)) => Some(by.unwrap_or(By::Hits)),
            (by, None) => by,
        };
        // A file has room for more than a terminal.
        let (columns, lines) = if self.output.is_some() { (256, 192) } else { (64, 40) };
        let columns = usize::from(self.width.unwrap_or(columns));
        let lines = usize::from(self.height.unwrap_or(lines));
        if let Some(path) = &self.output {
            // Before the work, not after it.
            evidence::guard(cx.session().ok(), path)?;
        }
        let mut place = Place::of(self.whose.clone());
        if let Some(range) = &self.within {
            place.within_range("map", range)?;
        }
        let mut ended = Ok(());
        place.each(cx, "measuring", &mut |searched, source, options| {
            let (picture, summary) = self.picture(cx, searched, source, options, by, columns * lines)?;
            if !summary.interrupted {
                ended = self.answer(cx, searched, picture, columns, out);
            }
            Ok(summary)
        })?;
        ended
    }
}

impl Map {
    fn picture(
        &self,
        cx: &Context,
        searched: &Searched,
        source: &dyn Source,
        options: &Options<'_>,
        by: Option<By>,
        cells: usize,
    ) -> Result<(Picture, Summary)> {
        let layout = Layout::new(source.spans(), cells);
        if layout.cells() == 0 {
            return Err(Failure::usage("map: there is no memory in this space"));
        }
        if by == Some(By::Owner) && (searched.space.process().is_some() || searched.space.tables().is_some()) {
            let hint = "map --by owner draws all of physical memory; ptov tells who maps one address".to_owned();
            return Err(Failure::Usage("map: only physical memory has owners".to_owned(), Some(hint)));
        }
        let uses = match by {
            None | Some(By::Use | By::Owner) => uses(cx, searched, &layout, by == Some(By::Owner))?,
            _ => None,
        };
        let by = by.unwrap_or(if uses.is_some() { By::Use } else { By::Entropy });
        if uses.is_none() && matches!(by, By::Use | By::Owner) {
            let hint = "map --by entropy needs nothing but the bytes".to_owned();
            return Err(Failure::Usage(format!("map: nothing tells the {} of this memory", by.name()), Some(hint)));
        }
        let mut picture = Picture::new(layout, by, uses);
        let mut summary = survey(source, FRAME, options, &mut |block| {
            picture.add(block);
            ControlFlow::Continue(())
        });
        if let Some(text) = &self.hits
            && !summary.interrupted
        {
            let needle = Needle::text(text, Widths::Both, false);
            let needle = needle.map_err(|e| Failure::Usage(format!("map: {}", e.reason()), e.hint_text().map(str::to_owned)))?;
            let found = search(source, &needle, options, &mut |hit| {
                picture.hit(hit.addr);
                ControlFlow::Continue(())
            });
            summary.interrupted |= found.interrupted;
        }
        Ok((picture, summary))
    }

    fn answer(
        &self,
        cx: &Context,
        searched: &Searched,
        picture: Picture,
        columns: usize,
        out: &mut Rows<'_, MapAnswer>,
    ) -> Result<()> {
        let process = searched.space.process();
        let (size, cell, by) = (number(picture.layout.total()), number(picture.layout.cell()), picture.by.name());
        let (cells, legend) = picture.finish();
        let mut answer = MapAnswer {
            space: searched.space.kind().to_owned(),
            pid: process.map(|p| p.pid),
            process: process.map(|p| plain(&p.name)),
            size,
            cell,
            columns,
            by,
            legend,
            cells: None,
            path: None,
        };
        match &self.output {
            None => answer.cells = Some(cells),
            Some(path) => {
                let file = evidence::create(cx.session().ok(), path, self.force)?;
                if let Err(e) = canvas::write(&picture::draw(&answer, &cells), &file) {
                    evidence::take_back(file, path);
                    return Err(Failure::file(path, "write", e));
                }
                answer.path = Some(path.display().to_string());
            }
        }
        out.push(&answer)
    }
}

/// An address as it stands beside a line.
fn label(cell: &Cell) -> String {
    let Hex(address) = cell.address;
    format!("{address:#x}")
}
