//! `ptrmap find`: from an address back to what is static.

use super::saved::{SavedPaths, target};
use super::{PathPart, map_of};
use crate::commands::cells::{Hex, wide};
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::reach::{Reach, fitting};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::commands::which::Whose;
use crate::pointers::{Bases, Limits, Path, PointerMap, find, load};
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Find paths of pointers that lead from a module to an address
#[derive(clap::Args, Debug)]
pub struct PtrmapFind {
    /// The address that paths are to lead to
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    address: String,
    /// Pointers on a path at most
    #[arg(short, long, value_name = "N", default_value = "5")]
    depth: String,
    /// How far behind what a pointer points to the next thing may lie
    #[arg(long, value_name = "BYTES", default_value = "4k")]
    max_offset: String,
    /// How far before it: lists point into what they hold (default: none in a process, as --max-offset in the kernel)
    #[arg(long, value_name = "BYTES")]
    before: Option<String>,
    /// Paths through places that a shorter path has met, too
    #[arg(long)]
    longer: bool,
    /// Only paths that begin in this module
    #[arg(long, value_name = "NAME")]
    module: Option<String>,
    /// Show so many paths
    #[arg(long, value_name = "N", default_value = "100")]
    max: u64,
    /// Use the map in this file, of `ptrmap build -o`
    #[arg(long, value_name = "PATH", conflicts_with = "unaligned")]
    from: Option<PathBuf>,
    /// Pointers at any address too, for packed data
    #[arg(long)]
    unaligned: bool,
    /// Keep the paths (all of them, up to a million) in this file, for `ptrmap check` on another image
    #[arg(long, value_name = "PATH")]
    save: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "save")]
    force: bool,
    #[command(flatten)]
    whose: Whose,
}

/// A path of pointers.
#[derive(Serialize, JsonSchema)]
pub struct PtrmapFindRow {
    #[serde(flatten)]
    way: PathPart,
    /// Where the path begins in this image.
    begins: Hex,
    /// Where it leads.
    address: Hex,
}

/// Paths that a file takes.
const SAVED: usize = 1_000_000;
/// Places of one level that are followed: 32 bytes each.
const WIDTH: usize = 16 << 20;
/// Deeper paths lead from everywhere to everywhere.
const DEEPEST: u64 = 64;

impl Command for PtrmapFind {
    type Row = PtrmapFindRow;
    const NAME: &'static str = "ptrmap-find";
    const ALIASES: &'static [&'static str] = &["pointerscan", "offset_scan"];
    const SUMMARY: &'static str = "Find paths of pointers that lead from a module to an address";
    const SHAPE: Shape = Shape::List(&["path", "depth", "begins", "address"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("ptrmap find task(1) -k --depth 3 --max 5", "to the control block of a process, from the kernel's static data"),
        ("ptrmap build -k -o all.ptrs; ptrmap find task(1) -k --from all.ptrs --max 5", "with a map that was made before"),
        ("ptrmap find init_task -k --save paths.json --max 5", "and keep the paths"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, PtrmapFindRow>) -> Result<()> {
        let (space, text) = self.whose.prefixed(cx, &self.address)?;
        let address = cx.evaluate(text, Some(&space))?;
        let depth = usize::try_from(cx.count(&self.depth)?.min(DEEPEST)).unwrap_or(1);
        let kernel = space.process().is_none_or(|p| p.kernel_thread);
        let behind = self.bytes(cx, &self.max_offset)?;
        let before = match &self.before {
            Some(text) => self.bytes(cx, text)?,
            None if kernel => behind,
            None => 0,
        };
        let reach = Reach::new(cx, space, "ptrmap find")?;
        let address = fitting(&reach, address)?;
        let file = self.save.as_deref().map(|p| target(cx, p, self.force)).transpose()?;
        let (map, bases) = self.map(cx, &reach)?;
        if bases.all().is_empty() {
            cx.nothing("nothing static is known here: no module, no kernel image that a path could begin in");
        } else {
            cx.nothing(format!("no path of {depth} pointers or fewer, each at most {behind:#x} bytes before the next place"));
        }
        let most = usize::try_from(self.max).unwrap_or(usize::MAX);
        let limits = Limits { depth, behind, before, width: WIDTH, longer: self.longer, interrupt: cx.host().interrupt() };
        let symbol = |at: u64| reach.symbol(cx, at);
        let wanted = |p: &Path| self.module.as_ref().is_none_or(|m| *m == p.module);
        let (mut kept, mut shown, mut ended) = (Vec::new(), 0, Ok(()));
        let found = find(&map, &bases, address, &limits, &symbol, &mut |path| {
            if !wanted(&path) {
                return ControlFlow::Continue(());
            }
            if shown < most {
                shown += 1;
                let begins = path.start(&bases, &|_| None).unwrap_or(0);
                let row = PtrmapFindRow { way: (&path).into(), begins: Hex(wide(begins)), address: Hex(wide(address)) };
                ended = out.push(&row);
            }
            if file.is_some() {
                kept.push(path);
            }
            let enough = if file.is_some() { kept.len() >= SAVED } else { shown >= most };
            if ended.is_err() || enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Some(level) = found.cut {
            cx.lost(format!("paths through more than {WIDTH} places at depth {level}: give a smaller --max-offset"));
        }
        if let (Some(file), Some(path)) = (file, self.save.as_deref()) {
            let of = format!("{}, {}", cx.session()?.name(), reach.whose());
            cx.host().remark(&format!("{} paths in {}", kept.len(), path.display()));
            SavedPaths::new(of, address, reach.pointer_size(), kept).write(file, path)?;
        }
        ended?;
        cx.go_on()
    }
}

impl PtrmapFind {
    fn bytes(&self, cx: &Context, text: &str) -> Result<u32> {
        let most = 1u64 << 30;
        let n = cx.count(text)?;
        u32::try_from(n).ok().filter(|_| n <= most).ok_or_else(|| Failure::usage(format!("{text}: an offset is at most 1 GiB")))
    }

    /// The map, and what is static: of the file, or made now.
    fn map(&self, cx: &Context, reach: &Reach) -> Result<(PointerMap, Bases)> {
        let Some(path) = &self.from else {
            return Ok((map_of(cx, reach, self.unaligned)?.map, reach.bases(cx)?));
        };
        let mut file = File::open(path).map_err(|e| Failure::file(path, "read", e))?;
        let saved = load(&mut file)?;
        if saved.pointer_size != reach.pointer_size() {
            let what = format!(
                "{} has pointers of {} bytes; here they have {}",
                path.display(),
                saved.pointer_size,
                reach.pointer_size()
            );
            return Err(Failure::Usage(what, Some("is it the map of another process?".to_owned())));
        }
        let here = format!("{}, {}", cx.session()?.name(), reach.whose());
        if saved.of != here {
            cx.host().warn(&format!("note: {} is a map of {}; this is {here}", path.display(), saved.of));
        }
        Ok((saved.map, saved.bases))
    }
}
