//! Who names an address: words of data that hold it, and instructions.
//!
//! Data is one pass over the space ([`words`]). Code is another over what can be executed: places where a distance or a number leads
//! to the address are found without decoding (`scan`), and each is then decoded (`settle`). Where instructions have one length, a place
//! is one; where they do not (x86, RISC-V, Thumb), it depends on where one begins to read, and what follows from no known beginning
//! is told as probable.

mod scan;
mod settle;

use super::words::{Ranges, Words, words};
use super::work::Scanned;
use crate::disasm::Isa;
use crate::engine::search::{Options, Source, Span};
use memsh_plugin::umem;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// How a place names an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefKind {
    /// A word of data holds it.
    Pointer,
    /// A call.
    Call,
    /// A jump that is always taken.
    Jump,
    /// A jump under a condition.
    Branch,
    /// An instruction computes it (`lea`, `adr`, `adrp` with `add`).
    Address,
    /// An instruction reads or writes there.
    Data,
    /// An instruction has it as a number.
    Number,
}

/// A place that names an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where: the word, or the first byte of the instruction.
    pub address: u64,
    /// How.
    pub kind: RefKind,
    /// The address that it names.
    pub target: u64,
    /// The instruction; of a word of data none.
    pub text: Option<String>,
    /// Its bytes.
    pub len: usize,
    /// Whether an instruction begins there follows from the bytes around it only; or a long way lies between the two instructions
    /// that make the address.
    pub probable: bool,
}

/// What is looked for, and where.
pub struct Refer<'a> {
    /// The first address that counts.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// The space.
    pub data: &'a dyn Source,
    /// Which of its words.
    pub words: Words,
    /// What of the space can be executed, and its instruction set.
    pub code: Option<(&'a dyn Source, Isa)>,
    /// Where code is known to begin at or before an address: symbols of functions.
    pub beginning: &'a dyn Fn(u64) -> Option<u64>,
    /// What can be read from an address on, and how many bytes that is.
    pub read: &'a dyn Fn(u64, &mut [u8]) -> usize,
    /// Keep no more places of each kind than this.
    pub most: usize,
}

/// Every place, and how the search went.
#[derive(Debug, Default)]
pub struct References {
    /// Ascending by address.
    pub seen: Vec<Seen>,
    /// The pass over data.
    pub data: Scanned,
    /// The pass over code.
    pub code: Scanned,
    /// There were more than [`Refer::most`].
    pub cut: bool,
}

/// Looks for everything that names an address of `refer`.
pub fn references(refer: &Refer<'_>, options: &Options<'_>) -> References {
    let mut out = References::default();
    let span = Span { first: umem::from(refer.first), last: umem::from(refer.last) };
    let ranges = Ranges::new([span], refer.words.wide);
    let most = refer.most;
    let full = std::sync::atomic::AtomicBool::new(false);
    let (parts, scanned) =
        words(refer.data, refer.words, &ranges, options, &Vec::new, &|part: &mut Vec<(u64, u64)>, place, value| {
            if part.len() >= most {
                full.store(true, Ordering::Relaxed);
                return ControlFlow::Break(());
            }
            part.push((place, value));
            ControlFlow::Continue(())
        });
    out.data = scanned;
    out.cut = full.into_inner();
    let mut pointers: Vec<(u64, u64)> = parts.into_iter().flatten().collect();
    pointers.sort_unstable();
    pointers.dedup();
    if let Some((source, isa)) = refer.code {
        let (places, scanned, cut) = scan::places(refer, source, isa, options);
        out.code = scanned;
        out.cut |= cut;
        out.seen = settle::settle(refer, isa, places, options);
    }
    // A word that is part of an instruction is told once.
    let code = std::mem::take(&mut out.seen);
    let inside = |place: u64| {
        let i = code.partition_point(|s| s.address <= place);
        let before = i.checked_sub(1).and_then(|i| code.get(i));
        before.is_some_and(|s| !s.probable && place - s.address < u64::try_from(s.len).unwrap_or(0))
    };
    let size = refer.words.size();
    let pointer = |(address, target)| Seen { address, kind: RefKind::Pointer, target, text: None, len: size, probable: false };
    let mut seen: Vec<Seen> = pointers.into_iter().filter(|p| !inside(p.0)).map(pointer).collect();
    seen.extend(code);
    seen.sort_by_key(|s| (s.address, s.kind));
    out.seen = seen;
    out
}
