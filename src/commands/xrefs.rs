//! `xrefs`: who refers to an address.

use super::cells::{Hex, plain, wide};
use super::code::{Places, isa};
use super::context::Context;
use super::dis::Set;
use super::failure::{Failure, Result};
use super::reach::{Reach, fitting};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use crate::disasm::Isa;
use crate::engine::{search::Source, to_u64};
use crate::pointers::{RefKind, Refer, References, Scanned, Seen, references};
use crate::session::Space;
use crate::{VirtAddr, umem};
use schemars::JsonSchema;
use serde::Serialize;

/// List every place that refers to an address: pointers in data, and instructions
#[derive(clap::Args, Debug)]
pub struct Xrefs {
    /// The address, or the range START..END
    #[arg(value_name = "ADDR|START..END", allow_hyphen_values = true)]
    address: String,
    /// Bytes from ADDR that count: the size of the thing that lies there
    #[arg(short = 'n', long, value_name = "BYTES")]
    length: Option<String>,
    /// In the kernel and every process
    #[arg(long, conflicts_with_all = ["process", "kernel", "phys"])]
    all: bool,
    /// Pointers at any address too, for packed data
    #[arg(long)]
    unaligned: bool,
    /// Only instructions
    #[arg(long, conflicts_with = "data")]
    code: bool,
    /// Only pointers in data
    #[arg(long)]
    data: bool,
    /// Instruction set, where it is not the target's own
    #[arg(long, value_name = "NAME")]
    isa: Option<Set>,
    /// Stop after so many
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    #[command(flatten)]
    whose: Whose,
}

/// What a place does with the address.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// A word of data holds it.
    Pointer,
    /// Calls it.
    Call,
    /// Jumps there.
    Jump,
    /// Jumps there under a condition.
    Branch,
    /// Computes it (`lea`, `adrp` with `add`).
    Lea,
    /// Reads or writes there.
    Data,
    /// Has it as a number.
    Number,
}

impl From<RefKind> for Kind {
    fn from(kind: RefKind) -> Self {
        match kind {
            RefKind::Pointer => Kind::Pointer,
            RefKind::Call => Kind::Call,
            RefKind::Jump => Kind::Jump,
            RefKind::Branch => Kind::Branch,
            RefKind::Address => Kind::Lea,
            RefKind::Data => Kind::Data,
            RefKind::Number => Kind::Number,
        }
    }
}

/// A place that refers to the address.
#[derive(Serialize, JsonSchema)]
pub struct XrefsRow {
    /// Where: the word, or the first byte of the instruction.
    address: Hex,
    /// `kernel` or `pid`.
    space: String,
    /// Process, where it is a process's memory.
    pid: Option<u32>,
    /// Its name.
    process: Option<String>,
    /// What it does with the address.
    kind: Kind,
    /// The address that it names.
    target: Hex,
    /// Bytes from ADDR to that.
    offset: u64,
    /// What the place lies in: a symbol of the kernel, a module of a process, and the distance.
    symbol: Option<String>,
    /// The region of a process that it lies in.
    region: Option<String>,
    /// The instruction.
    text: Option<String>,
    /// Whether an instruction begins there is not certain, or that both halves of the address belong together.
    probable: bool,
}

/// Places of each kind that one space may have.
const MOST: usize = 1 << 22;

impl Command for Xrefs {
    type Row = XrefsRow;
    const NAME: &'static str = "xrefs";
    const ALIASES: &'static [&'static str] = &["xref", "refs"];
    const SUMMARY: &'static str = "List every place that refers to an address: pointers in data, and instructions";
    const SHAPE: Shape = Shape::List(&["address", "kind", "target", "symbol", "region", "text", "probable"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("xrefs schedule", "who calls a function of the kernel, and who has a pointer to it"),
        ("xrefs init_task -n 64 --data", "pointers to a structure's first bytes"),
        ("xrefs linux_banner --code", "instructions only"),
        ("xrefs init_task --all --max 20", "in the kernel and in every process"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, XrefsRow>) -> Result<()> {
        let (space, first, last) = self.range(cx)?;
        cx.nothing(match (self.code, self.data) {
            (true, _) => "no instruction refers to it",
            (_, true) => "no pointer to it: --unaligned looks at every address",
            _ => "neither a pointer nor an instruction refers to it",
        });
        let spaces = if self.all { Reach::spaces(cx, &self.whose, true)? } else { vec![space] };
        let mut left = self.max;
        for space in spaces {
            cx.go_on()?;
            let reach = Reach::new(cx, space, "xrefs")?;
            let isa = self.isa(cx, &reach)?;
            let found = self.of(cx, &reach, isa, first, last)?;
            if found.cut {
                cx.lost(format!("places beyond the first {MOST} of {}", reach.whose()));
            }
            let places = Places::of(cx, &reach.space)?;
            for seen in found.seen.iter().filter(|s| !self.code || s.kind != RefKind::Pointer) {
                if left == Some(0) {
                    return Ok(());
                }
                left = left.map(|n| n - 1);
                out.push(&row(&reach, &places, seen, first))?;
            }
        }
        Ok(())
    }
}

impl Xrefs {
    /// The space, and the first and the last address that count.
    fn range(&self, cx: &Context) -> Result<(Space, u64, u64)> {
        let (start, end) = match self.address.split_once("..") {
            Some((start, end)) => (start, Some(end)),
            None => (self.address.as_str(), None),
        };
        let (space, text) = self.whose.prefixed(cx, start)?;
        let first = cx.evaluate(text, Some(&space))?;
        let size = match (end, &self.length) {
            (Some(_), Some(_)) => return Err(Failure::usage("xrefs: a range has its end already; leave --length away")),
            (Some(end), None) => cx.evaluate(end, Some(&space))?.checked_sub(first),
            (None, Some(n)) => Some(wide(cx.count(n)?)),
            (None, None) => Some(1),
        };
        let last = size.filter(|n| *n > 0).and_then(|n: umem| first.checked_add(n - 1));
        let last = last.ok_or_else(|| Failure::usage("xrefs: the range is empty or ends before it begins"))?;
        let fits = |a: umem| to_u64(a).ok_or_else(|| Failure::usage(format!("{a:#x} is no address of 64 bits")));
        Ok((space, fits(first)?, fits(last)?))
    }

    /// The instruction set of a space; of a space among others none where nothing says, and that is told.
    fn isa(&self, cx: &Context, reach: &Reach) -> Result<Option<Isa>> {
        if self.data {
            return Ok(None);
        }
        match isa(cx, &reach.space, self.isa.map(Isa::from)) {
            Ok(isa) => Ok(Some(isa)),
            Err(Failure::Usage(why, _)) if self.all || !self.code => {
                cx.lost(format!("instructions: {why}"));
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    fn of(&self, cx: &Context, reach: &Reach, isa: Option<Isa>, first: u64, last: u64) -> Result<References> {
        if !self.all {
            fitting(reach, wide(first))?;
        }
        let (data, code) = (reach.source(), reach.code());
        let symbols = cx.session()?.symbols().ok().filter(|_| reach.space.process().is_none_or(|p| p.kernel_thread));
        // Of one function nearly all places are asked for one after the other.
        let beginning = |at: u64| {
            let (symbol, _) = symbols?.near(VirtAddr::new(wide(at)))?;
            symbol.is_code().then(|| to_u64(symbol.address.value()))?
        };
        let nothing =
            crate::engine::search::RunSource::new(reach.space.memory(), std::iter::empty::<crate::engine::search::VirtRun>());
        let refer = Refer {
            first,
            last,
            data: if self.code { &nothing } else { &data },
            words: reach.words(self.unaligned),
            code: isa.map(|isa| (&code as &dyn Source, isa)),
            beginning: &beginning,
            read: &|at, buf| reach.read(at, buf),
            most: MOST,
        };
        reach.pass(cx, "looking for references", |options| {
            let found = references(&refer, options);
            let scanned = Scanned { missing: found.data.missing.max(found.code.missing), ..found.data };
            (found, scanned)
        })
    }
}

fn row(reach: &Reach, places: &Places<'_>, seen: &Seen, first: u64) -> XrefsRow {
    let process = reach.space.process();
    XrefsRow {
        address: Hex(wide(seen.address)),
        space: reach.space.kind().to_owned(),
        pid: process.map(|p| p.pid),
        process: process.map(|p| plain(&p.name)),
        kind: seen.kind.into(),
        target: Hex(wide(seen.target)),
        offset: seen.target - first,
        symbol: places.name(wide(seen.address)),
        region: reach.region(seen.address),
        text: seen.text.clone(),
        probable: seen.probable,
    }
}
