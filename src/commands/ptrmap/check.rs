//! `ptrmap check`: where saved paths lead in this image.

use super::PathPart;
use super::saved::{SavedPaths, target};
use crate::VirtAddr;
use crate::commands::cells::{Hex, wide};
use crate::commands::code::Places;
use crate::commands::context::Context;
use crate::commands::failure::{Failure, Result};
use crate::commands::reach::{Reach, fitting};
use crate::commands::sink::Rows;
use crate::commands::spec::{Command, Shape};
use crate::commands::which::Whose;
use crate::engine::to_u64;
use crate::pointers::Broken;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Walk saved paths of pointers in this image, and tell where they lead
#[derive(clap::Args, Debug)]
pub struct PtrmapCheck {
    /// The file, of `ptrmap find --save`
    #[arg(value_name = "PATHS")]
    paths: PathBuf,
    /// Only paths that lead to this address here: those that survive
    #[arg(short, long, value_name = "ADDR", allow_hyphen_values = true)]
    address: Option<String>,
    /// Those that lead elsewhere or break, too
    #[arg(long, requires = "address")]
    broken: bool,
    /// Stop after so many
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// Keep the paths that survive in this file, for yet another image
    #[arg(long, value_name = "PATH", requires = "address")]
    save: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "save")]
    force: bool,
    #[command(flatten)]
    whose: Whose,
}

/// A path, and where it leads here.
#[derive(Serialize, JsonSchema)]
pub struct PtrmapCheckRow {
    #[serde(flatten)]
    way: PathPart,
    /// Where it leads; null where it breaks.
    leads_to: Option<Hex>,
    /// What lies there: a symbol of the kernel, a module of a process.
    leads_to_symbol: Option<String>,
    /// Whether that is the address that was given; null without one.
    survives: Option<bool>,
    /// Why it breaks.
    broken: Option<String>,
}

impl Command for PtrmapCheck {
    type Row = PtrmapCheckRow;
    const NAME: &'static str = "ptrmap-check";
    const SUMMARY: &'static str = "Walk saved paths of pointers in this image; keep those that survive";
    const SHAPE: Shape = Shape::List(&["path", "leads_to", "leads_to_symbol", "broken"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        (
            "ptrmap find init_task -k --save found.json --max 3; ptrmap check found.json -k --max 5",
            "where they lead in this image",
        ),
        (
            "ptrmap find init_task -k --save first.json --max 3; ptrmap check first.json -k --address init_task --save both.json --max 3",
            "those that lead to the same thing here",
        ),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, PtrmapCheckRow>) -> Result<()> {
        let saved = SavedPaths::read(&self.paths)?;
        let space = match &self.address {
            Some(text) => self.whose.prefixed(cx, text)?.0,
            None => self.whose.space(cx)?,
        };
        let reach = Reach::new(cx, space, "ptrmap check")?;
        let wanted = match &self.address {
            Some(text) => Some(fitting(&reach, cx.evaluate(self.whose.prefixed(cx, text)?.1, Some(&reach.space))?)?),
            None => None,
        };
        if saved.pointer_size != reach.pointer_size() {
            let what =
                format!("the paths have pointers of {} bytes; here they have {}", saved.pointer_size, reach.pointer_size());
            return Err(Failure::Usage(what, Some("-p PID and -k say whose memory is meant".to_owned())));
        }
        let file = self.save.as_deref().map(|p| target(cx, p, self.force)).transpose()?;
        let bases = reach.bases(cx)?;
        let places = Places::of(cx, &reach.space)?;
        let symbols = cx.session()?.symbols().ok().filter(|_| reach.space.process().is_none_or(|p| p.kernel_thread));
        let symbol = |name: &str| symbols.and_then(|s| s.address(name)).map(VirtAddr::value).and_then(to_u64);
        let (mut survivors, mut shown) = (Vec::new(), 0);
        let total = saved.paths.len();
        cx.nothing(format!("none of the {total} paths leads there; --broken shows where they lead"));
        for path in saved.paths {
            cx.go_on()?;
            let led = path.resolve(&bases, &symbol, &|at| reach.pointer(at));
            let survives = wanted.map(|w| led == Ok(w));
            if survives != Some(false) || self.broken {
                if self.max.is_none_or(|m| shown < m) {
                    shown += 1;
                    let to = led.as_ref().ok().copied();
                    out.push(&PtrmapCheckRow {
                        way: (&path).into(),
                        leads_to: to.map(|a| Hex(wide(a))),
                        leads_to_symbol: to.and_then(|a| places.name(wide(a))),
                        survives,
                        broken: led.as_ref().err().map(|b| why(b, &path.module)),
                    })?;
                } else if file.is_none() {
                    break;
                }
            }
            if survives == Some(true) {
                survivors.push(path);
            }
        }
        if let Some(w) = wanted {
            cx.host().remark(&format!("{} of {total} paths lead to {w:#x}", survivors.len()));
        }
        if let (Some(file), Some(path)) = (file, self.save.as_deref()) {
            let of = format!("{}; {}, {}", saved.of, cx.session()?.name(), reach.whose());
            SavedPaths::new(of, wanted.unwrap_or(0), saved.pointer_size, survivors).write(file, path)?;
        }
        Ok(())
    }
}

fn why(broken: &Broken, module: &str) -> String {
    match broken {
        Broken::Module => format!("no module {module} here"),
        Broken::Unreadable(at, n) => format!("pointer {} can't be read at {at:#x}", n + 1),
    }
}
