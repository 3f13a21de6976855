//! Decoding the tables.

use super::Layout;
use super::bytes::{u32_at, uint_at};
use super::names::{self, BLOCK, Lengths};
use super::order::{self, Holes};
use super::slice::Slice;
use super::tokens::{ALIGNMENTS, INDEX_LEN, NAME_MAX, Tokens};
use super::values::{ENCODINGS, Encoding, Values, entry_size};
use crate::engine::{Gaps, ViewExt, to_u64, to_umem};
use crate::symbols::SymbolTable;
use crate::{At, Error, ErrorKind, Layer, Result};
use memsh_plugin::{MemoryView, VirtAddr, umem};
use std::ops::Range;

/// No kernel has more symbols (a large one has 300,000); it bounds what a damaged count makes us read.
pub(super) const MAX_SYMBOLS: usize = 4 << 20;
/// No kernel's names take more, in bytes.
pub(super) const MAX_NAMES: usize = 64 << 20;
/// No kernel's names take more once their tokens are put in, in bytes: two to three times what they take stored.
const MAX_EXPANDED: usize = 4 * MAX_NAMES;
/// How much is read of names at a time when nothing says how long they are.
const PIECE: usize = 1 << 20;
/// Names of the first byte of the kernel's code, by architecture and version.
pub(super) const TEXT: [&[u8]; 4] = [b"_text", b"_stext", b"stext", b"startup_64"];

/// A decoded symbol table, and what is not in it.
pub struct Decoded {
    /// The symbols, ready to be asked.
    pub symbols: SymbolTable,
    /// How the addresses were written. Under [`Encoding::Place`] they are as right as the addresses in the [`Layout`] were.
    pub encoding: Encoding,
    /// From the first of the tables' bytes to the last: what the symbols were made from.
    pub extent: Range<VirtAddr>,
    /// How many symbols the kernel has that are not in the table, because memory is missing or damaged.
    pub lost: usize,
    /// What the analyst should know.
    pub warnings: Vec<String>,
}

fn malformed(at: VirtAddr, reason: String) -> Error {
    Error::new(Layer::Symbols, ErrorKind::Malformed, reason).at(At::Virt(at))
}

/// Bytes of the target, and which of them are missing.
struct Part {
    start: VirtAddr,
    bytes: Vec<u8>,
    gaps: Gaps,
}

impl Part {
    fn read(view: &dyn MemoryView, start: VirtAddr, len: usize) -> Self {
        let mut bytes = vec![0; len];
        let gaps = view.read_gaps(start, &mut bytes);
        Self { start, bytes, gaps }
    }

    /// Whether a byte of `range` is missing.
    fn misses(&self, from: usize, to: usize) -> bool {
        let (from, to) = (self.start.saturating_add(to_umem(from)), self.start.saturating_add(to_umem(to)));
        let gaps = self.gaps.as_slice();
        let first = gaps.partition_point(|g| g.end <= from.value());
        gaps.get(first).is_some_and(|g| g.start < to.value())
    }
}

/// Decodes the tables that `layout` names.
///
/// # Errors
/// [`ErrorKind::Unreadable`] when the number of symbols or the tokens can't be read, [`ErrorKind::Malformed`] with the address
/// when they make no sense, when no coding of the addresses fits, or when the kernel's first symbol is not where it must be.
/// Where only names or addresses are missing, the rest is given and the loss is counted.
pub fn decode(view: &dyn MemoryView, layout: &Layout) -> Result<Decoded> {
    let count = count(view, layout)?;
    let mut warnings = Vec::new();
    let tokens = tokens(view, layout)?;
    let markers = markers(view, layout, count);
    let (names, lengths) = match &markers {
        Some(m) => {
            let len = m.last().map_or(0, |&last| last.saturating_add(BLOCK * 0x200)).min(MAX_NAMES);
            let part = Part::read(view, layout.names, len);
            let lengths = names::choose(&part.bytes, m);
            (part, lengths)
        }
        None => {
            warnings.push("kallsyms: no table of markers; names after a damaged one are lost".to_owned());
            (unmarked(view, layout, count), Lengths::Uleb)
        }
    };
    let spans = spans(&names, markers.as_deref(), count, lengths);
    let text = layout.text.map(|want| (want, text_symbols(&names, &spans, &tokens)));
    let Table { part, encoding, base, descents } = values(view, layout, count, text.as_ref())?;
    if descents > 0 && part.gaps.is_empty() {
        warnings.push(format!("kallsyms: {descents} of {count} addresses are out of order: the table is damaged"));
    }
    let values = Values {
        bytes: &part.bytes,
        start: to_u64(layout.values.value()).unwrap_or(0),
        encoding,
        base,
        pointer_size: layout.pointer_size,
        little_endian: layout.little_endian,
    };

    let size = entry_size(encoding, layout.pointer_size);
    let mut symbols = SymbolTable::new();
    // Tokens make names about twice as long as they are stored.
    symbols.reserve(spans.iter().filter(|s| s.1 != 0).count(), names.bytes.len().saturating_mul(5) / 2);
    let read = |i: usize| values.get(i).filter(|_| !part.misses(i * size, (i + 1) * size));
    let believed = (descents > 0).then(|| order::ascending(count, read));
    let (mut name, mut given, mut holes) = (Vec::new(), 0, Holes::default());
    let mut left = MAX_EXPANDED;
    for (i, span) in spans.iter().enumerate() {
        let address = read(i).filter(|_| believed.as_ref().is_none_or(|b| b.get(i) == Some(&true)));
        name.clear();
        if let Some(compressed) = names.bytes.get(range(*span)) {
            tokens.expand(compressed, &mut name);
        }
        // What no kernel's name is, is damage.
        match left.checked_sub(name.len()).filter(|_| name.len() <= NAME_MAX) {
            Some(less) => left = less,
            None => name.clear(),
        }
        match (address, name.split_first()) {
            (Some(address), Some((&kind, name)))
                if symbols.push(&String::from_utf8_lossy(name), VirtAddr::new(umem::from(address)), kind, None) =>
            {
                given += 1;
                holes.known(address, &mut symbols);
            }
            _ => holes.lost(address),
        }
    }
    holes.end(&mut symbols);
    symbols.finish();
    let lost = count - given;
    if given == 0 {
        return Err(malformed(layout.names, format!("kallsyms: not one of {count} names could be decoded")));
    }
    if lost != 0 {
        warnings.push(format!("kallsyms: {lost} of {count} symbols are lost, because memory is missing or damaged"));
    }
    let extent = extent(layout, &[(names.start, names.bytes.len()), (part.start, part.bytes.len())]);
    Ok(Decoded { symbols, encoding, extent, lost, warnings })
}

/// Decodes the tables from bytes at hand: `image` begins at `va_of_first`.
///
/// # Errors
/// As [`decode`].
pub fn decode_slice(image: &[u8], va_of_first: VirtAddr, layout: &Layout) -> Result<Decoded> {
    decode(&Slice { image, start: va_of_first, pointer_size: layout.pointer_size, little_endian: layout.little_endian }, layout)
}

fn extent(layout: &Layout, parts: &[(VirtAddr, usize)]) -> Range<VirtAddr> {
    let small = [layout.num_syms, layout.token_table, layout.relative_base.unwrap_or(layout.num_syms)].map(|at| (at, 8));
    let all = || parts.iter().copied().chain(small).chain([(layout.token_index, INDEX_LEN)]);
    let start = all().map(|(at, _)| at).min().unwrap_or(layout.names);
    start..all().map(|(at, len)| at.saturating_add(to_umem(len))).max().unwrap_or(start)
}

fn count(view: &dyn MemoryView, layout: &Layout) -> Result<usize> {
    let mut b = [0; 4];
    view.read_exact(layout.num_syms, &mut b)?;
    let n = u32_at(&b, 0, layout.little_endian).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if n == 0 || n > MAX_SYMBOLS {
        return Err(malformed(layout.num_syms, format!("kallsyms: {n} symbols; 1 to {MAX_SYMBOLS} make sense")));
    }
    Ok(n)
}

fn tokens(view: &dyn MemoryView, layout: &Layout) -> Result<Tokens> {
    let mut index = [0; INDEX_LEN];
    view.read_exact(layout.token_index, &mut index)?;
    let len = Tokens::table_len(&index, layout.little_endian).unwrap_or(0);
    // What is read beyond the table's end need not be there.
    let mut table = vec![0xff; len];
    view.read_gaps(layout.token_table, &mut table);
    Tokens::parse(&table, &index, layout.little_endian)
        .ok_or_else(|| malformed(layout.token_table, "kallsyms: the token table and its index do not fit".to_owned()))
}

/// The offsets of every 256th name, where they can be read and make sense.
fn markers(view: &dyn MemoryView, layout: &Layout, count: usize) -> Option<Vec<usize>> {
    let n = count.div_ceil(BLOCK);
    let read = |at: VirtAddr, size: usize| -> Option<Vec<usize>> {
        let mut bytes = vec![0; n * size];
        view.read_exact(at, &mut bytes).ok()?;
        let all = (0..n).map(|i| uint_at(&bytes, i * size, size, layout.little_endian).and_then(|v| usize::try_from(v).ok()));
        let all: Vec<usize> = all.collect::<Option<_>>()?;
        (names::are_markers(&all) && all.last().is_some_and(|&l| l < MAX_NAMES)).then_some(all)
    };
    if let Some((at, size)) = layout.markers {
        return read(at, usize::from(size));
    }
    // They stand before the tokens, in Linux 6.2 and 6.3 with three bytes a symbol between.
    let tokens = layout.token_table;
    for between in [0, 3 * count] {
        for align in ALIGNMENTS.map(to_umem) {
            let end = tokens.checked_sub(to_umem(between)).map(|a| a.align_down(align));
            let start = end.and_then(|a| a.checked_sub(to_umem(4 * n))).map(|a| a.align_down(align));
            if let Some(found) = start.and_then(|at| read(at, 4)) {
                return Some(found);
            }
        }
    }
    None
}

/// Names of unknown length: as many bytes as `count` of them take, or as are there.
fn unmarked(view: &dyn MemoryView, layout: &Layout, count: usize) -> Part {
    let mut part = Part { start: layout.names, bytes: Vec::new(), gaps: Gaps::none() };
    let (mut at, mut done) = (0, 0);
    while done < count && part.bytes.len() < MAX_NAMES && part.gaps.is_empty() {
        let more = Part::read(view, layout.names.saturating_add(to_umem(part.bytes.len())), PIECE);
        part.bytes.extend_from_slice(&more.bytes);
        part.gaps = more.gaps;
        while done < count
            && let Some(name) = names::name_at(&part.bytes, at, Lengths::Uleb)
        {
            (at, done) = (name.end, done + 1);
        }
        if part.bytes.get(at) == Some(&0) {
            break;
        }
    }
    part
}

/// From where to where the bytes of a name go; empty for a name that can't be trusted.
type Span = (u32, u32);

fn range((from, to): Span) -> std::ops::Range<usize> {
    let index = |v: u32| usize::try_from(v).unwrap_or(usize::MAX);
    index(from)..index(to)
}

fn spans(part: &Part, markers: Option<&[usize]>, count: usize, lengths: Lengths) -> Vec<Span> {
    let mut spans = Vec::with_capacity(count);
    let Some(markers) = markers else {
        let mut at = 0;
        while spans.len() < count
            && let Some(name) = names::name_at(&part.bytes, at, lengths)
        {
            at = name.end;
            if part.misses(name.start.saturating_sub(2), name.end) {
                break;
            }
            spans.push(span(&name));
        }
        spans.resize(count, (0, 0));
        return spans;
    };
    for (i, &from) in markers.iter().enumerate() {
        let here = (count - spans.len()).min(BLOCK);
        let before = spans.len();
        let mut at = from;
        while spans.len() < before + here
            && let Some(name) = names::name_at(&part.bytes, at, lengths)
        {
            // A missing byte shows as a zero; what comes before it is right.
            if part.misses(at, name.end) {
                break;
            }
            at = name.end;
            spans.push(span(&name));
        }
        let whole = spans.len() == before + here;
        let ends = markers.get(i + 1).is_none_or(|&next| next == at);
        let missing = part.misses(at, at.saturating_add(1));
        if !(whole && ends || !whole && missing) {
            // Damage inside, and nothing says where: no name of this block can be trusted.
            spans.truncate(before);
        }
        spans.resize(before + here, (0, 0));
    }
    spans.resize(count, (0, 0));
    spans
}

fn span(name: &std::ops::Range<usize>) -> Span {
    // Both fit: no blob of names is longer than MAX_NAMES.
    (u32::try_from(name.start).unwrap_or(0), u32::try_from(name.end).unwrap_or(0))
}

/// Numbers of the symbols that name the first byte of the kernel.
fn text_symbols(part: &Part, spans: &[Span], tokens: &Tokens) -> Vec<usize> {
    let mut name = Vec::new();
    let mut found = Vec::new();
    for (i, span) in spans.iter().enumerate() {
        let Some(compressed) = part.bytes.get(range(*span)) else { continue };
        if compressed.len() > 11 || !(6..=11).contains(&tokens.expanded_len(compressed)) {
            continue;
        }
        tokens.expand(compressed, &mut name);
        if name.get(1..).is_some_and(|n| TEXT.contains(&n)) {
            found.push(i);
        }
    }
    found
}

/// The table of addresses under the reading that fits best.
struct Table {
    part: Part,
    encoding: Encoding,
    base: u64,
    /// How many addresses are out of order.
    descents: usize,
}

fn values(view: &dyn MemoryView, layout: &Layout, count: usize, text: Option<&(VirtAddr, Vec<usize>)>) -> Result<Table> {
    let base = match layout.relative_base {
        Some(at) => {
            let mut b = [0; 8];
            let size = usize::from(layout.pointer_size).clamp(4, 8);
            view.read_exact(at, b.get_mut(..size).unwrap_or_default())?;
            uint_at(&b, 0, size, layout.little_endian).unwrap_or(0)
        }
        None => 0,
    };
    let mut best: Option<(usize, Encoding)> = None;
    let mut moved = None;
    let mut part = Part::read(view, layout.values, 0);
    for encoding in ENCODINGS {
        let based = matches!(encoding, Encoding::Base | Encoding::BasePercpu);
        let possible = match layout.encoding {
            Some(known) => known == encoding,
            // 64-bit kernels without a base count from places; absolute addresses have a table of another name.
            None => based == layout.relative_base.is_some() && (encoding != Encoding::Absolute || layout.pointer_size == 4),
        };
        if !possible {
            continue;
        }
        let size = entry_size(encoding, layout.pointer_size);
        let len = count * size;
        if part.bytes.len() != len {
            part = Part::read(view, layout.values, len);
        }
        if part.gaps.bytes() >= to_umem(len) {
            let reason = format!("kallsyms: none of the {len} bytes of addresses can be read");
            return Err(Error::new(Layer::Symbols, ErrorKind::Unreadable, reason).at(At::Virt(layout.values)));
        }
        let values = Values {
            bytes: &part.bytes,
            start: to_u64(layout.values.value()).unwrap_or(0),
            encoding,
            base,
            pointer_size: layout.pointer_size,
            little_endian: layout.little_endian,
        };
        let whole = part.gaps.is_empty();
        let missing = |i: usize| !whole && part.misses(i * size, (i + 1) * size);
        let Some(descents) = values.descents(count, missing) else { continue };
        if let Some((want, symbols)) = text {
            let seen = symbols
                .iter()
                .filter(|&&i| !missing(i))
                .filter_map(|&i| values.get(i))
                .map(|a| VirtAddr::new(umem::from(a)))
                .collect::<Vec<_>>();
            if !seen.is_empty() && !seen.contains(want) {
                moved = seen.first().copied();
                continue;
            }
        }
        if best.is_none_or(|(d, _)| descents < d) {
            best = Some((descents, encoding));
        }
    }
    match (best, moved, text) {
        (Some((descents, encoding)), ..) => Ok(Table { part, encoding, base, descents }),
        (None, Some(is), Some((want, _))) => Err(malformed(
            layout.values,
            format!("kallsyms: the kernel's first symbol decodes to {is} and must be {want}: these are another kernel's tables"),
        )),
        _ => Err(malformed(layout.values, format!("kallsyms: {count} addresses ascend under no known coding"))),
    }
}
