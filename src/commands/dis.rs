//! `dis`: machine code.

use super::cells::{Hex, hex, number};
use super::code::{Line, Lines, Places, What, isa};
use super::context::Context;
use super::failure::{Failure, Result};
use super::read::windbg_count;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::which::Whose;
use crate::disasm::{Flow, Isa, Reference, Syntax};
use crate::session::{Session, Space};
use crate::{Error, ErrorKind, Layer, VirtAddr, umem};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::VecDeque;

/// Disassemble
#[derive(clap::Args, Debug)]
pub struct Dis {
    /// Address of the first instruction
    #[arg(value_name = "ADDR", allow_hyphen_values = true)]
    address: String,
    /// `L20` (count, in hex as WinDbg has it), a count, or the first address after the range
    #[arg(value_name = "RANGE", conflicts_with_all = ["count", "function"])]
    range: Option<String>,
    /// Instructions to show
    #[arg(short = 'n', long, value_name = "N")]
    count: Option<String>,
    /// The whole function that ADDR lies in
    #[arg(short = 'f', long, conflicts_with_all = ["count", "reverse"])]
    function: bool,
    /// What comes before: from the start of the function up to ADDR (with `-n`, the last of it)
    #[arg(short = 'r', long, conflicts_with = "range")]
    reverse: bool,
    /// Instruction set, where it is not the target's own
    #[arg(long, value_name = "NAME")]
    isa: Option<Set>,
    /// How x86 is written
    #[arg(long, value_name = "NAME", default_value = "intel")]
    syntax: Style,
    #[command(flatten)]
    whose: Whose,
}

/// An instruction set, as it is named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
#[allow(missing_docs, reason = "help shows them by name")]
pub enum Set {
    #[value(name = "x86_16")]
    X86Real,
    #[value(name = "x86", alias = "i386")]
    X86,
    #[value(name = "x86_64", aliases = ["amd64", "x64"])]
    X8664,
    #[value(name = "aarch64", alias = "arm64")]
    Aarch64,
    #[value(name = "arm", alias = "a32")]
    Arm,
    #[value(name = "thumb", alias = "t32")]
    Thumb,
    #[value(name = "riscv32")]
    Riscv32,
    #[value(name = "riscv64")]
    Riscv64,
}

impl From<Set> for Isa {
    fn from(set: Set) -> Self {
        match set {
            Set::X86Real => Isa::X86_16,
            Set::X86 => Isa::X86,
            Set::X8664 => Isa::X86_64,
            Set::Aarch64 => Isa::AArch64,
            Set::Arm => Isa::Arm,
            Set::Thumb => Isa::Thumb,
            Set::Riscv32 => Isa::RiscV32,
            Set::Riscv64 => Isa::RiscV64,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Style {
    Intel,
    #[value(alias = "gas")]
    Att,
}

/// An instruction, or what stands in place of one.
#[derive(Serialize, JsonSchema)]
pub struct DisRow {
    /// Where it begins.
    address: Hex,
    /// The symbol it lies in and the distance (`do_exit+0x10`), in a process the module (`libc.so.6+0x1234`).
    symbol: Option<String>,
    /// Its bytes in hex, in the order of memory; null where they can't be read.
    bytes: Option<String>,
    /// The instruction; `(bad)` for bytes that are none, `??` for what can't be read.
    text: String,
    /// The address that it names: where it goes, what it reads or writes.
    target: Option<Hex>,
    /// What lies there.
    target_symbol: Option<String>,
}

/// What is shown where nothing says how much.
const DEFAULT: u64 = 16;
/// A function has no more instructions.
const LONGEST: usize = 1 << 18;

impl Command for Dis {
    type Row = DisRow;
    const NAME: &'static str = "dis";
    const ALIASES: &'static [&'static str] = &["u", "disassemble", "disasm", "pd"];
    const SUMMARY: &'static str = "Disassemble: instructions, and the symbols that they name";
    const SHAPE: Shape = Shape::List(&["address", "symbol", "bytes", "text", "target_symbol"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("dis schedule", "of the kernel"),
        ("dis schedule+0x10 -n 4 --syntax att", "as objdump writes it"),
        ("dis schedule --function", "the whole function"),
        ("u schedule L8", "as WinDbg writes it"),
        ("dis --phys 0x1000 L4 --isa x86_16", "any bytes"),
    ];

    fn run(self, cx: &Context, out: &mut Rows<'_, DisRow>) -> Result<()> {
        let space = self.whose.space(cx)?;
        let address = cx.evaluate(&self.address, Some(&space))?;
        let isa = isa(cx, &space, self.isa.map(Isa::from))?;
        // Whoever has an address of Thumb code with its mark means Thumb.
        let (isa, address) = match (isa, self.isa) {
            (Isa::Arm, None) if address & 1 == 1 => (Isa::Thumb, address & !1),
            _ => (isa, address),
        };
        let syntax = if self.syntax == Style::Att { Syntax::Att } else { Syntax::Intel };
        let places = Places::of(cx, &space)?;
        let lines = |start, end| Lines::new(&space, isa, syntax, start, end);
        let mut told = Told { cx, places: &places, out, shown: 0, missing: 0, held: Vec::new() };
        if self.function {
            let function = function(cx.session()?, &space, address);
            let (start, end) = function.unwrap_or((address, None));
            for line in body(lines(start, end.unwrap_or(umem::MAX)), end.is_some()) {
                told.line(&line)?;
            }
        } else if self.reverse {
            let start = function(cx.session()?, &space, address).map(|(start, _)| start).ok_or_else(|| {
                let e = Error::new(Layer::Symbols, ErrorKind::NotFound, "no symbol says where this function begins");
                e.at(space.at(address)).hint("`--reverse` needs one: instructions can't be read backwards")
            })?;
            let keep = match &self.count {
                Some(text) => usize::try_from(cx.count(text)?).unwrap_or(usize::MAX),
                None => LONGEST,
            };
            let mut last = VecDeque::new();
            for line in lines(start, address.saturating_add(1)).take(LONGEST) {
                if last.len() >= keep.max(1) {
                    last.pop_front();
                }
                last.push_back(line);
            }
            for line in &last {
                told.line(line)?;
            }
        } else {
            match self.extent(cx, &space, address)? {
                Extent::Count(0) => return Err(Failure::usage("dis: nothing is asked for")),
                Extent::Count(n) => {
                    let n = usize::try_from(n).unwrap_or(usize::MAX);
                    for line in lines(address, umem::MAX).take(n) {
                        told.line(&line)?;
                        // What follows a hole is another page's, and nobody asked for it.
                        if line.bytes.is_empty() {
                            break;
                        }
                    }
                }
                Extent::End(end) => {
                    for line in merged(lines(address, end)) {
                        told.line(&line)?;
                    }
                }
            }
        }
        told.finish(&space, address)
    }
}

enum Extent {
    Count(u64),
    End(umem),
}

impl Dis {
    fn extent(&self, cx: &Context, space: &Space, start: umem) -> Result<Extent> {
        if let Some(text) = &self.count {
            return Ok(Extent::Count(cx.count(text)?));
        }
        let Some(range) = &self.range else { return Ok(Extent::Count(DEFAULT)) };
        if let Some(count) = windbg_count(range) {
            return Ok(Extent::Count(count.ok_or_else(|| Failure::usage(format!("dis: {range} is no count")))?));
        }
        let value = cx.evaluate(range, Some(space))?;
        // Past the start it is the end of the range; anything smaller can only be a count.
        Ok(if value > start && start > 0 { Extent::End(value) } else { Extent::Count(number(value)) })
    }
}

/// Where the function around an address begins and, where the next symbol says so, ends. Only the kernel's are known.
fn function(session: &Session, space: &Space, address: umem) -> Option<(umem, Option<umem>)> {
    if matches!(space, Space::Physical(_)) {
        return None;
    }
    let symbols = session.symbols().ok()?;
    let (symbol, _) = symbols.near(VirtAddr::new(address))?;
    let start = symbol.address;
    if !symbol.is_code() {
        return None;
    }
    let next = symbols.all().find(|s| s.address > start && s.is_code());
    // The next symbol of another module says nothing of this one's end.
    let end = next.filter(|n| n.module == symbol.module).map(|n| n.address.value());
    Some((start.value(), end))
}

/// The lines of a function: up to its end without the padding before the next, or to where nothing leads any farther.
fn body(lines: Lines<'_>, bounded: bool) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    let mut farthest = 0;
    for line in lines.take(LONGEST) {
        let hole = line.bytes.is_empty();
        let mut ends = false;
        if let What::Instruction(i) = &line.what {
            if let (Some((to, Reference::Code)), Flow::Branch | Flow::Jump) = (i.target, i.flow) {
                // A jump far away is one to another function.
                let to = umem::from(to);
                if to.saturating_sub(line.address) < 0x1_0000
                    && (i.flow == Flow::Branch || to.saturating_sub(line.address) < 0x1000)
                {
                    farthest = farthest.max(to);
                }
            }
            ends = matches!(i.flow, Flow::Return | Flow::Jump | Flow::Stop) && farthest <= line.address;
        }
        out.push(line);
        if hole || (ends && !bounded) {
            break;
        }
    }
    let padding = |l: &Line| matches!(&l.what, What::Instruction(i) if i.text == "int3" || i.text.starts_with("nop"));
    let kept = out.iter().rposition(|l| !padding(l)).map_or(0, |last| last + 1);
    if kept > 0 {
        out.truncate(kept);
    }
    out
}

/// Lines, of which neighbouring ones that can't be read are one.
fn merged(lines: Lines<'_>) -> impl Iterator<Item = Line> {
    let mut lines = lines.peekable();
    std::iter::from_fn(move || {
        let mut line = lines.next()?;
        let none = |l: &Line| {
            if l.bytes.is_empty()
                && let What::Unreadable(n) = l.what
            {
                Some(n)
            } else {
                None
            }
        };
        if let Some(mut total) = none(&line) {
            // A hole of gigabytes is told in pieces, so that Ctrl-C is heard between them.
            while let Some(more) = lines.peek().and_then(none).filter(|_| total < 1 << 26) {
                total = total.saturating_add(more);
                lines.next();
            }
            line.what = What::Unreadable(total);
        }
        Some(line)
    })
}

/// Rows on their way out.
struct Told<'a, 'c, 'o, 's> {
    cx: &'a Context<'c>,
    places: &'a Places<'a>,
    out: &'o mut Rows<'s, DisRow>,
    shown: u64,
    missing: umem,
    /// Rows of what can't be read, until something can: nothing but holes is an error, not an answer.
    held: Vec<DisRow>,
}

impl Told<'_, '_, '_, '_> {
    fn line(&mut self, line: &Line) -> Result<()> {
        self.cx.go_on()?;
        let (text, target) = match &line.what {
            What::Instruction(i) => (i.text.clone(), i.target),
            What::Bad => ("(bad)".to_owned(), None),
            What::Unreadable(n) => {
                self.missing = self.missing.saturating_add(*n);
                ("??".to_owned(), None)
            }
        };
        self.shown += u64::from(!line.bytes.is_empty());
        let target = target.map(|(at, how)| (umem::from(at), how));
        let target = match target {
            Some((at, Reference::Code)) => Some((at, self.places.code(at))),
            Some((at, Reference::Data)) => Some((at, self.places.name(at))),
            // Numbers, and offsets in a segment, are addresses only where they lead to something.
            Some((at, Reference::Number)) => self.places.far(at).map(|name| (at, Some(name))),
            Some((at, Reference::Segment)) if self.places.has_segment() => self.places.name(at).map(|name| (at, Some(name))),
            _ => None,
        };
        let row = DisRow {
            address: Hex(line.address),
            symbol: self.places.code(line.address),
            bytes: (!line.bytes.is_empty()).then(|| hex(&line.bytes)),
            text,
            target: target.as_ref().map(|(at, _)| Hex(*at)),
            target_symbol: target.and_then(|(_, name)| name),
        };
        if self.shown == 0 {
            self.held.push(row);
            return Ok(());
        }
        for held in self.held.drain(..) {
            self.out.push(&held)?;
        }
        self.out.push(&row)
    }

    fn finish(self, space: &Space, address: umem) -> Result<()> {
        if self.missing == 0 && self.shown > 0 {
            return Ok(());
        }
        if self.shown == 0 {
            let hint = match space {
                Space::Physical(_) => "`info` lists the ranges that the image holds",
                _ => "`vtop` says why; a process's address needs `-p PID`",
            };
            let e = Error::new(Layer::Virtual, ErrorKind::Unreadable, "no byte of this code is mapped and in the image");
            return Err(e.at(space.at(address)).hint(hint).into());
        }
        self.cx.lost_many(number(self.missing), "bytes of code that are not mapped or not in the image");
        Ok(())
    }
}
