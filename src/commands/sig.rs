//! `sig`: the shortest pattern that finds a piece of code again.

use super::cells::{Hex, wide};
use super::code::{Places, isa};
use super::context::Context;
use super::dis::Set;
use super::failure::{Failure, Result};
use super::reach::{Reach, fitting, size_of};
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use crate::disasm::Isa;
use crate::engine::search::{Options, RunSource, Span};
use crate::pointers::{Made, Masked, Wanted, signature};
use crate::{Error, ErrorKind, Layer};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

/// Make the shortest pattern that finds the code at an address again, wherever it is loaded
#[derive(clap::Args, Debug)]
pub struct Sig {
    /// Where the code begins
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    address: String,
    /// Unique in its module (or the kernel's image) is enough
    #[arg(short, long)]
    module: bool,
    /// Bytes of the pattern at most
    #[arg(long, value_name = "BYTES", default_value = "256")]
    max_length: String,
    /// How it is written: memsh (`scan --hex`), ida, code (a string and its mask), yara (a rule)
    #[arg(id = "sig_format", long = "format", value_name = "FORMAT")]
    format: Option<Format>,
    /// Instruction set, where it is not the target's own
    #[arg(long, value_name = "NAME")]
    isa: Option<Set>,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Memsh,
    Ida,
    Code,
    Yara,
}

/// A signature.
#[derive(Serialize, JsonSchema)]
pub struct SigRow {
    /// Where the code begins.
    address: Hex,
    /// The symbol or module that it lies in.
    symbol: Option<String>,
    /// The pattern, as `scan --hex` takes it: `?` for digits that depend on where things lie.
    pattern: String,
    /// Its bytes.
    length: u64,
    /// Those of them that matter in full.
    fixed: u64,
    /// Places that it matches in what was searched, the code's own among them: 1.
    hits: u64,
    /// What was searched: `kernel`, a process, or a module.
    unique_in: String,
    /// The pattern in the form that --format names.
    text: Option<String>,
    /// With `--format code`: which bytes matter.
    mask: Option<String>,
}

/// A pattern is no longer; [`crate::engine::search::MAX_NEEDLE`] is what a search takes.
const LONGEST: u64 = 4096;

impl Command for Sig {
    type Row = SigRow;
    const NAME: &'static str = "sig";
    const ALIASES: &'static [&'static str] = &["sigmaker", "signature"];
    const SUMMARY: &'static str = "Make the shortest pattern that finds the code at an address again, wherever it lies";
    const SHAPE: Shape = Shape::List(&["address", "symbol", "length", "hits", "pattern"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("sig schedule -k", "of a function of the kernel, for `scan --hex`"),
        ("sig schedule -k --format yara", "as a rule"),
        ("sig schedule -k --module --format ida", "unique in the kernel's image, as IDA takes it"),
    ];
    const BATCH: Option<(&'static str, &'static [&'static str])> = Some(("sig_format", &["address", "symbol", "text", "mask"]));

    fn run(self, cx: &Context, out: &mut Rows<'_, SigRow>) -> Result<()> {
        let (space, text) = self.whose.prefixed(cx, &self.address)?;
        let address = cx.evaluate(text, Some(&space))?;
        let isa = isa(cx, &space, self.isa.map(Isa::from))?;
        let (isa, address) = match (isa, self.isa) {
            (Isa::Arm, None) if address & 1 == 1 => (Isa::Thumb, address & !1),
            _ => (isa, address),
        };
        let reach = Reach::new(cx, space, "sig")?;
        let address = fitting(&reach, address)?;
        let most = cx.count(&self.max_length)?.clamp(1, LONGEST);
        let mut code = vec![0; usize::try_from(most).unwrap_or(1)];
        let there = reach.read(address, &mut code);
        code.truncate(there);
        let at = reach.space.at(wide(address));
        if code.is_empty() {
            let e = Error::new(Layer::Virtual, ErrorKind::Unreadable, "no byte of this code is mapped and in the image");
            return Err(e.at(at).hint("`vtop` says why; a process's address needs `-p PID`").into());
        }
        let (source, unique_in) = self.searched(cx, &reach, address)?;
        let mapped = reach.mapped();
        let wanted = Wanted { isa, address, code: &code, mapped: &mapped };
        let options = Options { max_hits: None, threads: 0, interrupt: cx.host().interrupt(), progress: &|_, _| () };
        let made = signature(&wanted, &source, &|at, buf| reach.read(at, buf), &options);
        cx.go_on()?;
        let made = made.map_err(|e| if e.kind() == ErrorKind::NotFound { elsewhere(e) } else { e.at(at) })?;
        if made.hits != 1 {
            return Err(not_unique(&made, code.len(), &unique_in).at(at).into());
        }
        let symbol = Places::of(cx, &reach.space)?.name(wide(address));
        let written = self.format.map(|f| written(f, &made.pattern, symbol.as_deref(), address));
        out.push(&SigRow {
            address: Hex(wide(address)),
            pattern: made.pattern.hex(),
            length: size_of(made.pattern.len()),
            fixed: size_of(made.pattern.fixed()),
            hits: made.hits,
            unique_in,
            text: written,
            mask: (self.format == Some(Format::Code)).then(|| made.pattern.mask()),
            symbol,
        })
    }
}

impl Sig {
    /// Where it must be unique, and what that is called.
    fn searched<'r>(&self, cx: &Context, reach: &'r Reach, address: u64) -> Result<(RunSource<'r>, String)> {
        if !self.module {
            return Ok((reach.source(), reach.whose()));
        }
        let bases = reach.bases(cx)?;
        let base = bases.of(address).map(|b| b.0).ok_or_else(|| {
            let e = Error::new(Layer::Os, ErrorKind::NotFound, "the code lies in no module").at(reach.space.at(wide(address)));
            Failure::from(e.hint("leave --module away; `modules` lists them"))
        })?;
        let span = Span { first: wide(base.start), last: wide(base.end - 1) };
        Ok((reach.source_within(span), base.name.clone()))
    }
}

fn elsewhere(e: Error) -> Error {
    let hint =
        "of memory that the kernel maps twice, the place outside its map of all memory is meant; a live target may have changed";
    e.hint(hint)
}

fn not_unique(made: &Made, len: usize, unique_in: &str) -> Error {
    let others = made.others.iter().map(|a| format!("{a:#x}")).collect::<Vec<_>>().join(", ");
    let least = if made.more { "or more " } else { "" };
    let more = if made.hits > size_of(made.others.len()) + 1 { ", ..." } else { "" };
    let what =
        format!("no pattern of up to {len} bytes from here is unique in {unique_in}: the longest has {} {least}hits", made.hits);
    Error::new(Layer::Search, ErrorKind::NotFound, what)
        .hint(format!("the same code is at {others}{more}; --max-length takes more of it, --module asks for less"))
}

fn written(format: Format, pattern: &Masked, symbol: Option<&str>, address: u64) -> String {
    match format {
        Format::Memsh => pattern.hex(),
        Format::Ida => pattern.ida(),
        Format::Code => pattern.code(),
        Format::Yara => {
            let name: String = symbol.map_or_else(|| format!("at_{address:x}"), str::to_owned);
            // Identifiers of YARA have letters, digits and underscores, and are no longer than 128 characters.
            let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(120).collect();
            format!("rule sig_{name} {{ strings: $code = {{ {} }} condition: $code }}", pattern.hex())
        }
    }
}
