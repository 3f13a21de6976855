//! Finding the tables with no address to start from.

use super::Layout;
use super::bytes::{u32_at, uint_at};
use super::decode::{MAX_NAMES, MAX_SYMBOLS, decode_slice};
use super::names::{self, BLOCK, Lengths};
use super::tokens::{ALIGNMENTS, INDEX_LEN, Place, places};
use super::values::{ENCODINGS, Encoding, Values, entry_size};
use crate::engine::{index, to_u64, to_umem};
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::VirtAddr;

/// How far before the tokens the markers may lie: behind them come, in Linux 6.2 and 6.3, three bytes for each symbol.
const BEFORE_TOKENS: usize = 3 * MAX_SYMBOLS;
/// The last block of names takes 512 bytes or more, and no more than this.
const LAST_BLOCK: usize = BLOCK * 0x200;
/// Fewer markers than this prove nothing; no kernel has under a thousand symbols.
const MARKERS: usize = 4;
/// How many numbers behind the markers may look like ones by chance.
const LIKE_MARKERS: usize = 3;
/// How many numbers that could be markers are looked into before a token table is given up.
const TRIES: usize = 64;
/// How many times all names may be walked for one token table. A real one takes one walk.
const WALKS: usize = 16;
/// How many token tables are looked at; a few copies of the kernel can lie about.
const TABLES: usize = 32;

/// The names and what belongs to them, as offsets in the slice.
#[derive(Clone, Copy)]
struct Found {
    names: usize,
    num_syms: usize,
    count: usize,
    markers: usize,
    marker_size: usize,
}

/// A slice of a kernel.
struct Image<'a> {
    bytes: &'a [u8],
    /// Address of the first byte modulo the widest alignment.
    skew: usize,
    start: u64,
    pointer_size: u8,
    little_endian: bool,
}

/// Finds the tables in `image`, which holds a kernel's read-only data or all of it, contiguous, and begins at `va_of_first`.
///
/// Where the virtual address is not known, give the physical one: the layout then serves [`decode_slice`] on the same slice,
/// and the symbols come out right, because the base that they count from is in the tables; only those of Linux 7.0 and
/// later (see [`Decoded::encoding`](super::Decoded)) come out physical themselves. `expected_text` is the address that the
/// kernel's first symbol must have; tables that say otherwise are not taken.
///
/// # Errors
/// [`ErrorKind::NotFound`] when there is no token table, [`ErrorKind::Malformed`] with the token table's address when what must
/// stand around it is not there or does not prove itself.
pub fn discover(image: &[u8], va_of_first: VirtAddr, pointer_size: u8, expected_text: Option<VirtAddr>) -> Result<Layout> {
    if !matches!(pointer_size, 4 | 8) {
        return Err(Error::new(Layer::Symbols, ErrorKind::Invalid, format!("kallsyms: pointers of {pointer_size} bytes")));
    }
    let mut error = None;
    for found in discover_each(image, va_of_first, pointer_size, expected_text) {
        match found {
            Ok(layout) => return Ok(layout),
            Err(e) => error = Some(e),
        }
    }
    Err(error.unwrap_or_else(|| {
        let reason = format!("kallsyms: no token table in {} bytes from {va_of_first}", image.len());
        Error::new(Layer::Symbols, ErrorKind::NotFound, reason)
            .hint("the kernel may be built without CONFIG_KALLSYMS; give a symbol file with --symbols")
    }))
}

/// As [`discover`], for every token table in `image`: raw memory may hold a kernel that ran before, or a second copy.
pub fn discover_each(
    image: &[u8],
    va_of_first: VirtAddr,
    pointer_size: u8,
    expected_text: Option<VirtAddr>,
) -> impl Iterator<Item = Result<Layout>> + '_ {
    let widest = to_umem(ALIGNMENTS.into_iter().max().unwrap_or(1));
    let skew = index(va_of_first.offset_in(widest)).unwrap_or(0);
    let start = to_u64(va_of_first.value()).unwrap_or(0);
    let pointer_size = if pointer_size == 4 { 4 } else { 8 };
    places(image, skew).take(TABLES).map(move |tokens| {
        let image = Image { bytes: image, skew, start, pointer_size, little_endian: tokens.little_endian };
        image.around(tokens, expected_text, va_of_first)
    })
}

impl Image<'_> {
    fn align_up(&self, at: usize, align: usize) -> Option<usize> {
        (at.checked_add(self.skew)?).checked_next_multiple_of(align)?.checked_sub(self.skew)
    }

    fn align_down(&self, at: usize, align: usize) -> Option<usize> {
        let at = at.checked_add(self.skew)?;
        (at - at % align).checked_sub(self.skew)
    }

    fn marker(&self, at: usize, size: usize) -> Option<usize> {
        usize::try_from(uint_at(self.bytes, at, size, self.little_endian)?).ok()
    }

    fn around(&self, tokens: Place, text: Option<VirtAddr>, va: VirtAddr) -> Result<Layout> {
        let at = |offset: usize| va.saturating_add(to_umem(offset));
        let fail = |what: &str| {
            let table = At::Virt(at(tokens.table));
            Error::new(Layer::Symbols, ErrorKind::Malformed, format!("kallsyms: a token table is there, but {what}")).at(table)
        };
        let found = self.names_before(tokens.table).ok_or_else(|| fail("no names that markers prove stand before it"))?;
        let mut candidates = self.values(found, tokens.index);
        candidates.sort_by_key(|c| c.descents);
        if candidates.is_empty() {
            return Err(fail(&format!("no table of {} ascending addresses stands beside it", found.count)));
        }
        let mut error = None;
        for c in candidates {
            let layout = Layout {
                pointer_size: self.pointer_size,
                little_endian: self.little_endian,
                names: at(found.names),
                num_syms: at(found.num_syms),
                markers: Some((at(found.markers), u8::try_from(found.marker_size).unwrap_or(4))),
                token_table: at(tokens.table),
                token_index: at(tokens.index),
                values: at(c.values),
                relative_base: c.base.map(at),
                encoding: Some(c.encoding),
                text,
            };
            // Without an expectation there is nothing more to learn from decoding.
            match text.map(|_| decode_slice(self.bytes, va, &layout)) {
                None | Some(Ok(_)) => return Ok(layout),
                Some(Err(e)) => error = error.or(Some(e)),
            }
        }
        Err(error.unwrap_or_else(|| fail("nothing around it proves itself")))
    }

    /// The names whose markers stand before the tokens.
    fn names_before(&self, tokens: usize) -> Option<Found> {
        let first = tokens.saturating_sub(BEFORE_TOKENS);
        let mut at = self.align_down(tokens, 4)?;
        let (mut tries, mut walks) = (0, WALKS);
        while at >= first.saturating_add(4) && tries < TRIES {
            at -= 4;
            if u32_at(self.bytes, at, self.little_endian) != Some(0) {
                continue;
            }
            for size in [4, 8] {
                let run = self.run(at, size, tokens);
                if run < MARKERS {
                    continue;
                }
                tries += 1;
                // What follows without padding (kallsyms_seqs_of_names, on 32-bit kernels) may look like one marker more.
                let counts = (run.saturating_sub(LIKE_MARKERS).max(MARKERS)..=run).rev();
                if let Some(found) = counts.into_iter().find_map(|n| self.names_of(at, size, n, &mut walks)) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// How many numbers from `at` on can be markers.
    fn run(&self, at: usize, size: usize, end: usize) -> usize {
        let (mut before, mut n) = (None, 0);
        while at + (n + 1) * size <= end
            && let Some(m) = self.marker(at + n * size, size)
            && (before.map_or(m == 0, |b| names::step(b, m)))
        {
            before = Some(m);
            n += 1;
        }
        n
    }

    /// The names before the `n` markers at `markers`, where every block of names proves its marker.
    fn names_of(&self, markers: usize, size: usize, n: usize, walks: &mut usize) -> Option<Found> {
        let all: Vec<usize> = (0..n).map(|i| self.marker(markers + i * size, size)).collect::<Option<_>>()?;
        let last = *all.last()?;
        if last > MAX_NAMES {
            return None;
        }
        let mut at = self.align_down(markers.checked_sub(last)?, 4)?;
        let lowest = markers.saturating_sub(last).saturating_sub(LAST_BLOCK).max(4);
        while at > lowest {
            at -= 4;
            let Some((num_syms, count)) = self.count_before(at, n) else { continue };
            let names = self.bytes.get(at..markers)?;
            // The first block that can be walked at all, before all of them are.
            let plausible = all.windows(2).take(8).any(|w| match w {
                [a, b] => [Lengths::Uleb, Lengths::Byte].iter().any(|&l| names::skip(names, *a, BLOCK, l) == Some(*b)),
                _ => false,
            });
            if !plausible {
                continue;
            }
            *walks = walks.checked_sub(1)?;
            let lengths = names::choose(names, &all);
            if self.proves(names, &all, count, lengths) {
                return Some(Found { names: at, num_syms, count, markers, marker_size: size });
            }
        }
        None
    }

    /// A number of symbols right before `names` for which `n` markers are right.
    fn count_before(&self, names: usize, n: usize) -> Option<(usize, usize)> {
        // Behind the number there are zeros up to the next label.
        ALIGNMENTS.into_iter().find_map(|back| {
            let at = names.checked_sub(back)?;
            let count = usize::try_from(u32_at(self.bytes, at, self.little_endian)?).ok()?;
            let zeros = self.bytes.get(at + 4..names)?.iter().all(|&b| b == 0);
            (zeros && (1..=MAX_SYMBOLS).contains(&count) && count.div_ceil(BLOCK) == n).then_some((at, count))
        })
    }

    /// Nine of ten blocks end where the next begins, and after the last name there is nothing but padding.
    fn proves(&self, names: &[u8], markers: &[usize], count: usize, lengths: Lengths) -> bool {
        let (good, of) = names::proof(names, markers, lengths);
        let end = markers.last().and_then(|&last| {
            let rest = count.checked_sub((markers.len() - 1) * BLOCK)?;
            names::skip(names, last, rest, lengths)
        });
        let padding = end.and_then(|e| names.get(e..));
        good * 10 >= of * 9 && padding.is_some_and(|p| p.len() < 256 && p.iter().all(|&b| b == 0))
    }

    /// Every table of addresses that makes sense, after the tokens or before the names.
    fn values(&self, found: Found, token_index: usize) -> Vec<Candidate> {
        let mut out: Vec<Candidate> = Vec::new();
        let pointer = usize::from(self.pointer_size);
        for encoding in ENCODINGS {
            let size = entry_size(encoding, self.pointer_size);
            let len = size * found.count;
            let based = matches!(encoding, Encoding::Base | Encoding::BasePercpu);
            for align in ALIGNMENTS {
                let after = self.align_up(token_index + INDEX_LEN, align).map(|values| {
                    let base = self.align_up(values + len, align.max(pointer));
                    (values, base.filter(|_| based))
                });
                let before = match based {
                    true => found.num_syms.checked_sub(pointer).and_then(|b| self.align_down(b, align)).and_then(|base| {
                        let values = self.align_down(base.checked_sub(len)?, align)?;
                        Some((values, Some(base)))
                    }),
                    false => found.num_syms.checked_sub(len).and_then(|v| self.align_down(v, align)).map(|v| (v, None)),
                };
                for (values, base) in after.into_iter().chain(before) {
                    let known = out.iter().any(|c| (c.values, c.base, c.encoding) == (values, base, encoding));
                    if !known && let Some(descents) = self.judge(values, base, encoding, found.count) {
                        out.push(Candidate { values, base, encoding, descents });
                    }
                }
            }
        }
        out
    }

    fn judge(&self, values: usize, base: Option<usize>, encoding: Encoding, count: usize) -> Option<usize> {
        let len = entry_size(encoding, self.pointer_size).checked_mul(count)?;
        let base = match base {
            // A number as wide as a pointer is aligned as one.
            Some(at) if !(at + self.skew).is_multiple_of(usize::from(self.pointer_size)) => return None,
            Some(at) => uint_at(self.bytes, at, usize::from(self.pointer_size), self.little_endian)?,
            None => 0,
        };
        let values = Values {
            bytes: self.bytes.get(values..values.checked_add(len)?)?,
            start: self.start.wrapping_add(to_u64(to_umem(values))?),
            encoding,
            base,
            pointer_size: self.pointer_size,
            little_endian: self.little_endian,
        };
        values.descents(count, |_| false)
    }
}

/// A table of addresses that makes sense.
struct Candidate {
    values: usize,
    base: Option<usize>,
    encoding: Encoding,
    descents: usize,
}
