//! The shortest pattern that finds a piece of code again, wherever it and what it names were loaded.
//!
//! What a linker or a loader fills in is left open: distances to other places, and numbers that are addresses of something mapped.
//! The rest must be unique. One pass looks for a short beginning; what it finds is then compared byte by byte with the code, until
//! nothing else is left.

use super::words::Ranges;
use crate::disasm::{Fields, Isa, length};
use crate::engine::search::{Needle, Options, Source, search};
use crate::engine::to_u64;
use crate::{Error, ErrorKind, Layer, Result};
use std::fmt::Write;
use std::ops::ControlFlow;

/// Bytes that must be given at least: with fewer a pattern is unique by chance.
const FEWEST: usize = 4;
/// Places that are compared; where more begin alike, the beginning must be longer.
const MOST_PLACES: usize = 1 << 16;
/// Other places named where a pattern is not unique.
const NAMED: usize = 4;

/// Bytes, and which digits of them matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masked {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// For each the bits that matter: `0xff`, `0xf0`, `0x0f` or 0.
    pub masks: Vec<u8>,
}

/// What a signature is made of.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Instruction set of the code.
    pub isa: Isa,
    /// Where the code begins.
    pub address: u64,
    /// The code, as much as may be taken.
    pub code: &'a [u8],
    /// What is mapped: a number in it is taken for an address.
    pub mapped: &'a Ranges,
}

/// A signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The pattern; where none is unique, the longest.
    pub pattern: Masked,
    /// Places that it matches.
    pub hits: u64,
    /// There are more, which were not counted.
    pub more: bool,
    /// Some of them beside the code's own.
    pub others: Vec<u64>,
}

impl Masked {
    /// The code with what depends on its place left open.
    pub fn of(wanted: &Wanted<'_>) -> Self {
        let mut masks = vec![0xffu8; wanted.code.len()];
        let mut fields = Fields::new(wanted.isa);
        let mut at = 0;
        while let Some(rest) = wanted.code.get(at..).filter(|r| !r.is_empty()) {
            let address = wanted.address.wrapping_add(u64::try_from(at).unwrap_or(0));
            // What is no instruction is data, and stays as it is.
            let Some(len) = length(wanted.isa, address, rest) else {
                at += wanted.isa.step();
                continue;
            };
            for field in fields.of(address, len, rest) {
                if field.relative || wanted.mapped.hold(field.target) {
                    for (mask, bits) in masks.iter_mut().skip(at).zip(field.bits.to_le_bytes()) {
                        let digit = |part: u8| if bits & part == 0 { part } else { 0 };
                        *mask &= digit(0xf0) | digit(0x0f);
                    }
                }
            }
            at += len;
        }
        Self { bytes: wanted.code.to_vec(), masks }
    }

    /// The first bytes of it, without open ones at the end.
    fn first(&self, len: usize) -> Self {
        let len = self.masks.iter().take(len).rposition(|m| *m != 0).map_or(0, |last| last + 1);
        let part = |v: &[u8]| v.get(..len).unwrap_or_default().to_vec();
        Self { bytes: part(&self.bytes), masks: part(&self.masks) }
    }

    /// Bytes of it.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Bytes of which every bit matters.
    pub fn fixed(&self) -> usize {
        self.masks.iter().filter(|m| **m == 0xff).count()
    }

    /// How many bytes from the first on make `n` fixed ones; `None` where there are fewer.
    fn until(&self, n: usize) -> Option<usize> {
        self.masks.iter().enumerate().filter(|(_, m)| **m == 0xff).nth(n.checked_sub(1)?).map(|(i, _)| i + 1)
    }

    fn matches(&self, i: usize, byte: Option<&u8>) -> bool {
        let pair = self.bytes.get(i).zip(self.masks.get(i));
        byte.zip(pair).is_some_and(|(b, (own, mask))| (b ^ own) & mask == 0)
    }

    fn joined(&self, between: &str, each: impl Fn(&mut String, u8, u8)) -> String {
        let mut out = String::new();
        for (i, (byte, mask)) in self.bytes.iter().zip(&self.masks).enumerate() {
            if i > 0 {
                out.push_str(between);
            }
            each(&mut out, *byte, *mask);
        }
        out
    }

    /// `48 8b 05 ?? ?? 4?`, as [`Needle::hex`] and YARA take it.
    pub fn hex(&self) -> String {
        let digit = |n: u8, mask: u8| if mask & 15 == 0 { '?' } else { char::from_digit(u32::from(n & 15), 16).unwrap_or('?') };
        self.joined(" ", |out, byte, mask| {
            out.push(digit(byte >> 4, mask >> 4));
            out.push(digit(byte, mask));
        })
    }

    /// `48 8B 05 ? ?`, as IDA takes it, which knows whole bytes only.
    pub fn ida(&self) -> String {
        self.joined(" ", |out, byte, mask| {
            let _ = if mask == 0xff { write!(out, "{byte:02X}") } else { out.write_char('?') };
        })
    }

    /// `\x48\x8b\x05\x00\x00`, for a string of a program; with [`mask`](Self::mask).
    pub fn code(&self) -> String {
        self.joined("", |out, byte, mask| {
            let _ = write!(out, "\\x{:02x}", if mask == 0xff { byte } else { 0 });
        })
    }

    /// `xxx??`: which bytes matter.
    pub fn mask(&self) -> String {
        self.joined("", |out, _, mask| out.push(if mask == 0xff { 'x' } else { '?' }))
    }
}

/// The shortest pattern from `wanted.address` on that is found nowhere else in `source`. `read` gives what can be read from an
/// address on, and how many bytes that is.
///
/// # Errors
/// [`ErrorKind::Invalid`] when too little of the code is fixed, [`ErrorKind::NotFound`] when the code itself is not in `source`,
/// [`ErrorKind::Interrupted`].
pub fn signature(
    wanted: &Wanted<'_>,
    source: &dyn Source,
    read: &dyn Fn(u64, &mut [u8]) -> usize,
    options: &Options<'_>,
) -> Result<Made> {
    let all = Masked::of(wanted);
    let Some(mut len) = all.until(FEWEST) else {
        let what = format!("of {} bytes of code fewer than {FEWEST} are the same wherever it lies", all.len());
        return Err(Error::new(Layer::Search, ErrorKind::Invalid, what).hint("a signature needs more: --max-length"));
    };
    let mut too_short = 0;
    let (others, more) = loop {
        let (others, more) = places(wanted.address, &all.first(len), source, MOST_PLACES, options)?;
        if !more || len == all.len() {
            break (others, more);
        }
        too_short = len;
        len = (len * 2).min(all.len());
    };
    let len = match grown(&all, len, others, read) {
        Ok(len) => len,
        Err(others) => {
            let (pattern, hits) = (all.first(all.len()), others.len() + 1);
            let others = others.into_iter().take(NAMED).collect();
            return Ok(Made { pattern, hits: u64::try_from(hits).unwrap_or(u64::MAX), more, others });
        }
    };
    // Between a beginning that stands in too many places and one twice as long lies the shortest one.
    let (mut low, mut high) = (too_short, len);
    while too_short > 0 && high - low > 1 {
        let middle = low.midpoint(high);
        match places(wanted.address, &all.first(middle), source, 1, options)?.0.is_empty() {
            true => high = middle,
            false => low = middle,
        }
    }
    let pattern = all.first(high);
    // The proof: the very pattern that is handed out is looked for.
    let (others, more) = places(wanted.address, &pattern, source, NAMED, options)?;
    Ok(Made { hits: u64::try_from(others.len() + 1).unwrap_or(u64::MAX), more, pattern, others })
}

/// How long the pattern must be so that none of `others`, which match its first `len` bytes, matches; else those that match all of it.
fn grown(
    all: &Masked,
    len: usize,
    others: Vec<u64>,
    read: &dyn Fn(u64, &mut [u8]) -> usize,
) -> std::result::Result<usize, Vec<u64>> {
    let mut left: Vec<(u64, Vec<u8>)> = others
        .into_iter()
        .map(|at| {
            let mut bytes = vec![0; all.len()];
            let there = read(at, &mut bytes);
            bytes.truncate(there);
            (at, bytes)
        })
        .collect();
    for n in len..all.len() {
        if left.is_empty() {
            return Ok(n);
        }
        left.retain(|(_, bytes)| all.matches(n, bytes.get(n)));
    }
    if left.is_empty() { Ok(all.len()) } else { Err(left.into_iter().map(|l| l.0).collect()) }
}

/// Where a pattern stands, the code's own place left out; at most `most`, and whether there are more.
fn places(own: u64, pattern: &Masked, source: &dyn Source, most: usize, options: &Options<'_>) -> Result<(Vec<u64>, bool)> {
    let needle = Needle::hex(&pattern.hex())?;
    let (mut others, mut found, mut more) = (Vec::new(), false, false);
    let every = Options { max_hits: None, ..*options };
    search(source, &needle, &every, &mut |hit| {
        match to_u64(hit.addr) {
            Some(at) if at == own => found = true,
            Some(_) if others.len() == most => more = true,
            Some(at) => others.push(at),
            None => {}
        }
        if more && found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    if options.interrupt.load(std::sync::atomic::Ordering::Relaxed) {
        return Err(Error::new(Layer::Search, ErrorKind::Interrupted, "interrupted"));
    }
    if !found {
        let what = "the code itself is not in what is searched";
        return Err(Error::new(Layer::Search, ErrorKind::NotFound, what)
            .at(crate::At::Virt(crate::VirtAddr::new(crate::umem::from(own)))));
    }
    Ok((others, more))
}
