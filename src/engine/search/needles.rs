//! Gathers what one search looks for.

use super::charset::Charset;
use super::hex::{self, Masked};
use super::letters;
use super::many::{self, Many};
use super::needle::{Form, MAX_NEEDLE, Needle, Part};
use super::number::{Number, NumberType};
use super::pattern::Pattern;
use super::scan::Kind;
use super::sequence::{self, Element, Sequence};
use super::store::{Store, Stored};
use super::values::Values;
use super::{guid, wide};
use crate::engine::to_u64;
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::umem;
use regex::bytes::{Regex, RegexBuilder};
use std::sync::Arc;

/// Most needles of one search.
pub const MAX_NEEDLES: usize = 500_000;
/// Most bytes of all their patterns.
pub const MAX_NEEDLE_BYTES: usize = 32 << 20;
/// Most patterns that are each looked for on their own: regexes, ranges of numbers, jumps, and what has fewer than four bytes in
/// a row that count.
pub const MAX_SINGLE: usize = 256;
/// Most bytes of a regex when compiled.
const REGEX_SIZE: usize = 10 << 20;
/// Up to so many patterns, looking for each is faster than looking for all together.
const FEW: usize = 3;

/// Collects needles, all of which are then found in one pass. They are numbered in order, from 0: see [`super::Hit::needle`].
#[derive(Clone, Default)]
pub struct Needles {
    store: Store,
    parts: Vec<Part>,
    count: u32,
    folds: bool,
}

impl Needles {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        super::store::to_usize(self.count)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a text, in any of some encodings. `ignore_case`: a letter stands for every letter that Unicode's simple case folding
    /// makes the same, but an ASCII letter only for ASCII ones (`k` is not the sign for kelvin).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it is empty, longer than [`MAX_NEEDLE`], can't be written in an encoding, or there are too many.
    pub fn text(&mut self, text: &str, charsets: &[Charset], ignore_case: bool) -> Result<()> {
        self.room()?;
        let mut seen: Vec<(Charset, Vec<Element>)> = Vec::with_capacity(charsets.len());
        for charset in charsets {
            let elements = letters::elements(text, *charset, ignore_case)?;
            // ASCII is the same in most: found once, as the first that was asked for.
            if !seen.iter().any(|s| s.1 == elements) {
                seen.push((*charset, elements));
            }
        }
        for (charset, elements) in seen {
            self.elements(elements, charset.into(), 1)?;
        }
        self.folds |= ignore_case;
        self.count += 1;
        Ok(())
    }

    /// Adds exact bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when there are none, more than [`MAX_NEEDLE`], or there are too many needles.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.room()?;
        self.masked(&bytes.iter().map(|b| (*b, 0xff)).collect::<Vec<_>>(), Kind::Bytes, 1)?;
        self.count += 1;
        Ok(())
    }

    /// Adds bytes in hex, `?` for a digit that does not matter (`4d 5a ?? 00`, `4d5a??00`, `4? 5a`); jumps `[4]` and `[2-6]` and
    /// alternatives `(41|42 43)` as YARA writes them. Where a jump lets several lengths match, the shortest is the match.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it can't be read, is empty, may be longer than [`MAX_NEEDLE`] bytes, or has only wildcards.
    pub fn hex(&mut self, text: &str) -> Result<()> {
        self.room()?;
        self.elements(hex::parse(text)?, Kind::Bytes, 1)?;
        self.count += 1;
        Ok(())
    }

    /// Adds a regular expression over bytes: `\xff` is a byte, `.` any byte but a line feed, `^` and `$` the ends of lines and of
    /// what is contiguous. `(?u)` turns Unicode on. Empty matches are no hits. See [`super::MAX_REGEX_MATCH`].
    ///
    /// With [`Charset::Utf16`] and [`Charset::Utf16Be`] it is one over characters of two bytes, and `^`, `$` and `\b` can't be
    /// used; any other encoding is bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it is empty, malformed or too large.
    pub fn regex(&mut self, pattern: &str, charsets: &[Charset], ignore_case: bool) -> Result<()> {
        self.room()?;
        if pattern.is_empty() {
            return Err(empty());
        }
        let mut kinds: Vec<Kind> = Vec::new();
        for charset in charsets {
            let (kind, wide) = match charset {
                Charset::Utf16 => (Kind::Utf16, Some(wide::translate(pattern, ignore_case, false)?)),
                Charset::Utf16Be => (Kind::Utf16Be, Some(wide::translate(pattern, ignore_case, true)?)),
                _ => (Kind::Regex, None),
            };
            if kinds.contains(&kind) {
                continue;
            }
            kinds.push(kind);
            let regex = compile(wide.as_deref().unwrap_or(pattern), ignore_case && wide.is_none())?;
            self.part(Form::Regex(kind, regex))?;
        }
        self.count += 1;
        Ok(())
    }

    /// Adds a value of a type, at addresses that are a multiple of its size with `aligned`, else anywhere.
    ///
    /// # Errors
    /// As [`Needles::range`].
    pub fn number(&mut self, of: NumberType, value: Number, aligned: bool) -> Result<()> {
        self.range(of, value, value, aligned)
    }

    /// Adds all values of a type from `low` to `high`, both of them in it. Floats are compared as numbers: -0 is 0.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when these are no values of the type, or there are too many needles.
    pub fn range(&mut self, of: NumberType, low: Number, high: Number, aligned: bool) -> Result<()> {
        self.ranges(&[(of, low, high)], aligned)
    }

    /// Adds one needle that is any of some ranges of some types.
    pub(super) fn ranges(&mut self, ranges: &[(NumberType, Number, Number)], aligned: bool) -> Result<()> {
        self.room()?;
        for &(of, low, high) in ranges {
            match of.store(low).filter(|_| low == high && !of.kind.is_float()) {
                Some(bytes) => {
                    let align = if aligned { u8::try_from(of.width()).unwrap_or(1) } else { 1 };
                    let bytes: Vec<Masked> = bytes.into_iter().map(|b| (b, 0xff)).collect();
                    self.masked(&bytes, Kind::Number(of), align)?;
                }
                None => self.values(of, low, high, aligned, Kind::Number(of))?,
            }
        }
        self.count += 1;
        Ok(())
    }

    /// Adds all aligned words that point to `first..=last`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when no word of `pointer_size` bytes can, or there are too many needles.
    pub fn pointer_to(&mut self, first: umem, last: umem, pointer_size: u8) -> Result<()> {
        let of = NumberType::parse("ptr", pointer_size)?;
        let most = if pointer_size == 4 { u64::from(u32::MAX) } else { u64::MAX };
        let fit = |a: umem| to_u64(a).unwrap_or(u64::MAX).min(most);
        if first > last || fit(first) != to_u64(first).unwrap_or(0) {
            return Err(invalid(format!("no pointer of {pointer_size} bytes leads to {first:#x}..{last:#x}"))
                .hint("the range is empty, or lies beyond what such a pointer can say"));
        }
        self.room()?;
        self.values(of, Number::Unsigned(fit(first)), Number::Unsigned(fit(last)), true, Kind::Pointer)?;
        self.count += 1;
        Ok(())
    }

    /// Adds a GUID: its bytes as Windows and EFI have them in memory (the first three groups low byte first), and its text as
    /// UTF-8 and UTF-16 in any case.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it is none.
    pub fn guid(&mut self, text: &str) -> Result<()> {
        self.room()?;
        let (bytes, text) = guid::parse(text)?;
        self.masked(&bytes.map(|b| (b, 0xff)), Kind::Guid, 1)?;
        // Counts the needle too.
        self.text(&text, &[Charset::Utf8, Charset::Utf16], true)
    }

    fn values(&mut self, of: NumberType, low: Number, high: Number, aligned: bool, kind: Kind) -> Result<()> {
        let values = Values::new(of, low, high, aligned).filter(|_| low <= high).ok_or_else(|| {
            invalid(format!("{low}..{high} is no range of {of}")).hint("its lower end comes first, and both are of the type")
        })?;
        self.part(Form::Values(kind, values))
    }

    fn elements(&mut self, elements: Vec<Element>, kind: Kind, align: u8) -> Result<()> {
        if let Some(bytes) = sequence::plain(&elements) {
            return self.masked(&bytes, kind, align);
        }
        check(sequence::lengths(&elements).1)?;
        if let Some(sequence) = Sequence::new(&elements) {
            return self.part(Form::Sequence(kind, sequence));
        }
        // Nothing that all matches have: then each way is a pattern of its own.
        sequence::written_out(&elements).ok_or_else(only_wildcards)?.iter().try_for_each(|w| self.masked(w, kind, align))
    }

    fn masked(&mut self, bytes: &[Masked], kind: Kind, align: u8) -> Result<()> {
        check(bytes.len())?;
        if bytes.iter().all(|b| b.1 == 0) {
            return Err(only_wildcards());
        }
        let fits = self.store.size() + bytes.len() <= MAX_NEEDLE_BYTES && self.store.push(bytes, self.count, kind, align);
        fits.then_some(()).ok_or_else(|| {
            invalid(format!("the needles have more than {MAX_NEEDLE_BYTES} bytes in all"))
                .hint("split them, and search for one part after the other")
        })
    }

    fn part(&mut self, form: Form) -> Result<()> {
        if self.parts.len() >= MAX_SINGLE {
            return Err(invalid(format!(
                "there are more than {MAX_SINGLE} needles that are each looked for on their own: regexes, ranges, jumps, and what \
                 has fewer than four bytes in a row that count"
            ))
            .hint("make short ones longer, join regexes with `|`, or split them and search for one part after the other"));
        }
        self.parts.push(Part { needle: self.count, form });
        Ok(())
    }

    fn room(&self) -> Result<()> {
        if self.len() < MAX_NEEDLES {
            return Ok(());
        }
        Err(invalid(format!("there are more than {MAX_NEEDLES} needles"))
            .hint("split them, and search for one part after the other"))
    }

    /// What is ready to be found.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when there is none, or too many of a kind that is looked for one after the other.
    pub fn build(mut self) -> Result<Needle> {
        if self.is_empty() {
            return Err(invalid("there is nothing to search for: no needle was given".to_owned()));
        }
        self.store.shrink();
        let store = Arc::new(std::mem::take(&mut self.store));
        let fold = if self.folds { 0x20 } else { 0 };
        let (together, alone) = sorted_out(&store, fold);
        if let Some((which, stride)) = together
            && let Some(many) = Many::new(&store, &which, fold, stride)
        {
            // Threads share it.
            self.part(Form::Many(Arc::new(many)))?;
        }
        for pattern in alone.iter().filter_map(|i| store.get(super::store::to_usize(*i))) {
            let exact = pattern.masks.iter().all(|m| *m == 0xff);
            let form = match pattern.kind {
                // A loop over aligned numbers does not stop at every byte that is the same.
                Kind::Number(of) if exact && usize::from(pattern.align) == of.width() => {
                    let value = of.load(pattern.bytes);
                    value.and_then(|v| Values::new(of, v, v, true)).map(|v| Form::Values(pattern.kind, v))
                }
                kind => Pattern::new(pattern.masked()).map(|p| Form::Pattern(kind, p)),
            };
            let count = std::mem::replace(&mut self.count, pattern.needle);
            self.part(form.ok_or_else(only_wildcards)?)?;
            self.count = count;
        }
        Ok(Needle::of(self.parts))
    }
}

/// Which patterns are looked for together, at places how far apart; and which each on its own. One short pattern among many long
/// ones must not make all of them slow, so a few may be left out.
fn sorted_out(store: &Store, fold: u8) -> (Option<(Vec<u32>, usize)>, Vec<u32>) {
    let all = || (0_u32..).zip(store.iter());
    if store.len() <= FEW {
        return (None, all().map(|p| p.0).collect());
    }
    // A few are found by vector code.
    let strides = if fold == 0 && store.len() <= many::FEW { &[1] } else { many::STRIDES.as_slice() };
    let mut best = (None, all().map(|p| p.0).collect::<Vec<_>>());
    // Keys that are too many for the caches cost more than places do.
    let skip = if store.len() > many::FAR { 1 } else { 0 };
    for &stride in strides.iter().skip(skip.min(strides.len() - 1)) {
        let (which, rest): (Vec<_>, Vec<_>) = all().partition(|(_, p)| many::serves(p, fold, stride));
        let numbers = |p: Vec<(u32, Stored<'_>)>| p.into_iter().map(|p| p.0).collect::<Vec<_>>();
        let few = rest.len() <= FEW;
        if !which.is_empty() {
            best = (Some((numbers(which), stride)), numbers(rest));
        }
        if few {
            break;
        }
    }
    best
}

fn check(len: usize) -> Result<()> {
    match len {
        0 => Err(empty()),
        n if n > MAX_NEEDLE => Err(invalid(format!("{n} bytes to search for are more than {MAX_NEEDLE}"))
            .hint("search for the beginning, and compare the rest")),
        _ => Ok(()),
    }
}

fn compile(pattern: &str, ignore_case: bool) -> Result<Regex> {
    let mut builder = RegexBuilder::new(pattern);
    builder.unicode(false).multi_line(true).case_insensitive(ignore_case).size_limit(REGEX_SIZE);
    builder.build().map_err(|e| {
        let what = match e {
            regex::Error::CompiledTooBig(limit) => format!("the regex needs more than {limit} bytes when compiled"),
            e => format!("the regex can't be read: {e}"),
        };
        invalid(what).hint("see the syntax at https://docs.rs/regex; a text without special meaning needs no regex")
    })
}

fn invalid(reason: String) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, reason)
}

fn empty() -> Error {
    invalid("there is nothing to search for: the pattern is empty".to_owned())
}

fn only_wildcards() -> Error {
    invalid("the pattern has only wildcards: it would match everywhere".to_owned()).hint("give at least one hex digit")
}
