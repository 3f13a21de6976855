//! The bytes of a dump file, as they stand in it or as its flattened form says where they belong.
//!
//! A flattened dump (`makedumpfile -F`, and QEMU by default) was written to a pipe: instead of seeking, its writer put the place of
//! each piece before it. makedumpfile's `makedumpfile.h`: `struct makedumpfile_header` (signature of 16 bytes, type, version, in a
//! block of 4096 bytes), then `struct makedumpfile_data_header` (offset, length) and the bytes, until the offset is -1. All
//! numbers are 64 bits, big-endian. Pieces come in any order; where they overlap the later one counts, as it would if they were written.

use super::super::Progress;
use super::super::fields::Fields;
use super::super::map::{Content, Unpacked};
use crate::{At, Error, ErrorKind, Layer, Result};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `MAKEDUMPFILE_SIGNATURE`, in 16 bytes.
pub(super) const SIGNATURE: &[u8; 16] = b"makedumpfile\0\0\0\0";
/// `MAX_SIZE_MDF_HEADER`.
const HEADER: u64 = 4096;
/// `TYPE_FLAT_HEADER` and `VERSION_FLAT_HEADER`.
const TYPE: u64 = 1;
const VERSION: u64 = 1;
/// `sizeof(struct makedumpfile_data_header)`.
const PIECE_HEADER: u64 = 16;
/// Bytes that are put in order between two reports.
const STEP: u64 = 32 << 20;
/// `END_FLAG_FLAT_HEADER`.
const END: u64 = u64::MAX;

/// A piece of a flattened file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// Where it belongs.
    at: u64,
    len: u64,
    /// Where it is.
    stored: u64,
}

/// A dump file's bytes by the offsets that its headers name.
pub(super) struct View {
    content: Arc<Content>,
    /// Of a flattened file: sorted, disjoint.
    pieces: Option<Vec<Piece>>,
    /// What they cover without a gap: begin and end.
    covered: Vec<(u64, u64)>,
    /// How many pieces the file has.
    pub count: u64,
    len: u64,
    pub warnings: Vec<String>,
}

impl View {
    pub(super) fn open(content: Arc<Content>) -> Result<Self> {
        let len = Fields::new(&content, true).len();
        if !content.starts_with(b"makedumpfile") {
            return Ok(Self { content, pieces: None, covered: vec![(0, len)], count: 0, len, warnings: Vec::new() });
        }
        let (pieces, count, warnings) = read_pieces(&Fields::new(&content, true))?;
        let mut covered: Vec<(u64, u64)> = Vec::new();
        for p in &pieces {
            match covered.last_mut() {
                Some((_, end)) if *end == p.at => *end += p.len,
                _ => covered.push((p.at, p.at + p.len)),
            }
        }
        let len = covered.last().map_or(0, |(_, end)| *end);
        Ok(Self { content, pieces: Some(pieces), covered, count, len, warnings })
    }

    /// The file itself.
    pub(super) fn content(&self) -> Arc<Content> {
        Arc::clone(&self.content)
    }

    /// Whether its bytes must be fetched.
    pub(super) fn is_far(&self) -> bool {
        self.content.is_far()
    }

    /// Why bytes that [`bytes`](Self::bytes) does not have are not there.
    pub(super) fn lack(&self, at: u64, len: u64) -> String {
        match self.is_far() && self.present(at, len) == len {
            true => self.content.fetch(at, len).err().unwrap_or_default(),
            false => format!("its {len} bytes at offset {at:#x} are not in the file"),
        }
    }

    /// Fetches these parts (offset, length) together, where they must be fetched: they will be asked for next.
    pub(super) fn prepare(&self, parts: impl IntoIterator<Item = (u64, u64)>) {
        self.content.prepare(parts);
    }

    pub(super) fn is_flattened(&self) -> bool {
        self.pieces.is_some()
    }

    /// Where the last byte ends.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    fn piece(&self, at: u64) -> Option<&Piece> {
        let pieces = self.pieces.as_ref()?;
        let i = pieces.partition_point(|p| p.at <= at).checked_sub(1)?;
        pieces.get(i).filter(|p| at - p.at < p.len)
    }

    /// How many bytes from `at` on lie in one piece of the file, and where in it.
    pub(super) fn stretch(&self, at: u64) -> Option<(u64, u64)> {
        match &self.pieces {
            None => (at < self.len).then(|| (self.len - at, at)),
            Some(_) => self.piece(at).map(|p| (p.len - (at - p.at), p.stored + (at - p.at))),
        }
    }

    /// Where in the file `len` bytes lie one after the other.
    pub(super) fn place(&self, at: u64, len: u64) -> Option<u64> {
        self.stretch(at).filter(|(there, _)| *there >= len).map(|(_, stored)| stored)
    }

    /// The bytes, where they lie one after the other; of a file elsewhere none do.
    #[inline]
    pub(super) fn slice(&self, at: u64, len: u64) -> Option<&[u8]> {
        if self.is_far() {
            return None;
        }
        let stored = match self.pieces {
            None => at,
            Some(_) => self.place(at, len)?,
        };
        Fields::new(&self.content, false).bytes(stored, len)
    }

    /// The bytes, put together where they lie in pieces. None where one is missing; takes no memory before it knows that.
    pub(super) fn bytes(&self, at: u64, len: u64) -> Option<Cow<'_, [u8]>> {
        if let Some(bytes) = self.slice(at, len) {
            return Some(Cow::Borrowed(bytes));
        }
        if self.present(at, len) < len {
            return None;
        }
        if self.is_far() {
            return self.content.fetch(at, len).ok().map(Cow::Owned);
        }
        let mut out = Vec::new();
        let mut done = 0;
        while done < len {
            let (there, stored) = self.stretch(at + done)?;
            let part = there.min(len - done);
            out.extend_from_slice(Fields::new(&self.content, false).bytes(stored, part)?);
            done += part;
        }
        Some(Cow::Owned(out))
    }

    /// How many of `len` bytes are there without a gap, from `at` on.
    pub(super) fn present(&self, at: u64, len: u64) -> u64 {
        let i = self.covered.partition_point(|(start, _)| *start <= at);
        let end = i.checked_sub(1).and_then(|i| self.covered.get(i)).map_or(0, |(_, end)| *end);
        end.saturating_sub(at).min(len)
    }

    /// All of it in order, with zeros where the file has nothing, which take no memory: for a flattened file of another format. None
    /// where it has more than `most` bytes, where the pieces have more than `memory`, and where the host grants no room.
    ///
    /// # Errors
    /// When somebody wants it to stop.
    pub(super) fn rearranged(&self, most: u64, memory: u64, progress: Option<&Progress>) -> Result<Option<Unpacked>> {
        let Some(pieces) = self.pieces.as_ref().filter(|_| self.len <= most) else { return Ok(None) };
        let total = pieces.iter().fold(0u64, |n, p| n.saturating_add(p.len));
        let Some(mut out) = Unpacked::reserve(self.len).ok().filter(|_| total <= memory) else { return Ok(None) };
        let (mut done, mut reported) = (0u64, 0u64);
        for p in pieces {
            if !usize::try_from(p.at).is_ok_and(|at| out.skip_to(at)) {
                return Ok(None);
            }
            let mut part = Fields::new(&self.content, false).bytes(p.stored, p.len).unwrap_or_default();
            while !part.is_empty() {
                if let Some(p) = progress.filter(|_| done - reported >= STEP) {
                    reported = done;
                    p.report(done, total)?;
                }
                let now;
                (now, part) = part.split_at(part.len().min(1 << 20));
                if !out.push(now) {
                    return Ok(None);
                }
                done += u64::try_from(now.len()).unwrap_or(0);
            }
        }
        Ok(Some(out.finish()))
    }
}

/// All pieces, sorted and disjoint; how many there were; what is wrong with the list's end.
fn read_pieces(f: &Fields<'_>) -> Result<(Vec<Piece>, u64, Vec<String>)> {
    let damaged = |why: String, at| {
        Error::new(Layer::Image, ErrorKind::Malformed, why)
            .at(At::File(at))
            .hint("the file is damaged or was cut short: copy it again")
    };
    let (Some(kind), Some(version)) = (f.u64(16), f.u64(24)) else {
        return Err(damaged(format!("the file ends inside the header of a flattened dump ({} of {HEADER} bytes)", f.len()), 0));
    };
    if (kind, version) != (TYPE, VERSION) {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Unsupported,
            format!("a flattened dump of type {kind} and version {version}; memsh knows type {TYPE} and version {VERSION}"),
        )
        .at(At::File(16)));
    }
    let mut warnings = Vec::new();
    let mut pieces = Vec::new();
    // Files are written front to back but for few headers: a map is made only when a piece comes that does not follow.
    let mut map: Option<BTreeMap<u64, Piece>> = None;
    let (mut at, mut count, mut end) = (HEADER, 0u64, 0u64);
    loop {
        let (Some(offset), Some(len)) = (f.u64(at), f.u64(at.saturating_add(8))) else {
            warnings.push(format!("the flattened file ends without its end mark, after {count} pieces: it was cut short"));
            break;
        };
        if offset == END {
            break;
        }
        let stored = at + PIECE_HEADER;
        let whole = i64::try_from(offset).is_ok() && offset.checked_add(len).is_some_and(|e| i64::try_from(e).is_ok());
        if !whole || len == 0 {
            warnings.push(format!(
                "piece {} of the flattened file, at file offset {at:#x}, makes no sense (offset {offset:#x}, {len:#x} bytes): the last \
                 {} bytes of the file are not used",
                count + 1,
                f.len() - at
            ));
            break;
        }
        count += 1;
        let there = len.min(f.len().saturating_sub(stored));
        if there > 0 {
            let piece = Piece { at: offset, len: there, stored };
            match &mut map {
                None if offset >= end => {
                    end = offset + there;
                    pieces.push(piece);
                }
                None => {
                    let mut all: BTreeMap<u64, Piece> =
                        std::mem::take(&mut pieces).into_iter().map(|p: Piece| (p.at, p)).collect();
                    insert(&mut all, piece);
                    map = Some(all);
                }
                Some(map) => insert(map, piece),
            }
        }
        if there < len {
            warnings.push(format!(
                "the flattened file ends inside its piece {count}, at file offset {at:#x}: {} of {len} bytes are missing, and all behind them",
                len - there
            ));
            break;
        }
        at = stored + len;
    }
    Ok((map.map_or(pieces, |m| m.into_values().collect()), count, warnings))
}

/// Writes a piece over those that are there.
fn insert(map: &mut BTreeMap<u64, Piece>, piece: Piece) {
    let end = piece.at + piece.len;
    // What begins before it may reach into it, and even behind it.
    if let Some((_, before)) = map.range_mut(..piece.at).next_back() {
        let old_end = before.at + before.len;
        if old_end > piece.at {
            let before_stored = before.stored + (end.min(old_end) - before.at);
            before.len = piece.at - before.at;
            if old_end > end {
                map.insert(end, Piece { at: end, len: old_end - end, stored: before_stored });
            }
        }
    }
    while let Some((&at, &old)) = map.range(piece.at..end).next() {
        map.remove(&at);
        let old_end = old.at + old.len;
        if old_end > end {
            map.insert(end, Piece { at: end, len: old_end - end, stored: old.stored + (end - old.at) });
        }
    }
    map.insert(piece.at, piece);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]
    use super::*;
    use proptest::prelude::*;

    fn file(pieces: &[(u64, &[u8])]) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        out.extend([TYPE, VERSION].iter().flat_map(|n| n.to_be_bytes()));
        out.resize(4096, 0);
        for (at, bytes) in pieces {
            out.extend(at.to_be_bytes());
            out.extend((bytes.len() as u64).to_be_bytes());
            out.extend(*bytes);
        }
        out.extend([0xff; 16]);
        out
    }

    fn view(bytes: Vec<u8>) -> View {
        View::open(Arc::new(Content::Given(bytes.into()))).unwrap()
    }

    #[test]
    fn pieces_come_in_any_order() {
        let v = view(file(&[(4, b"efgh"), (0, b"abcd"), (20, b"xyz")]));
        assert_eq!((v.len(), v.count, v.warnings.len()), (23, 3, 0));
        assert_eq!(v.bytes(2, 4).as_deref(), Some(&b"cdef"[..]));
        assert_eq!(v.slice(2, 4), None);
        assert_eq!(v.slice(5, 2), Some(&b"fg"[..]));
        assert_eq!(v.bytes(6, 4), None);
        assert_eq!(v.present(6, 4), 2);
        assert_eq!(v.present(u64::MAX, u64::MAX), 0);
        let rearranged = |most, memory| v.rearranged(most, memory, None).unwrap().map(|u| u.to_vec());
        assert_eq!(rearranged(100, 11).unwrap(), b"abcdefgh\0\0\0\0\0\0\0\0\0\0\0\0xyz");
        assert_eq!((rearranged(22, 100), rearranged(100, 10)), (None, None));
    }

    #[test]
    fn a_gap_takes_no_memory() {
        let v = view(file(&[(0, b"abcd"), (1 << 30, b"x")]));
        let all = v.rearranged(u64::MAX, 100, None).unwrap().unwrap();
        assert_eq!((all.len(), all.stored()), ((1 << 30) + 1, 5));
        assert_eq!((&all[..5], all[1 << 29], all[1 << 30]), (&b"abcd\0"[..], 0, b'x'));
        // More than any host has addresses for.
        assert!(view(file(&[(0, b"abcd"), (1 << 62, b"x")])).rearranged(u64::MAX, 100, None).unwrap().is_none());
    }

    #[test]
    fn nonsense_ends_the_list_and_is_told() {
        for (offset, len) in [(u64::MAX - 1, 4), (0, 0), (5, u64::MAX), (1 << 63, 1), (i64::MAX as u64, 1)] {
            let mut bytes = file(&[(0, b"abcd")]);
            bytes.truncate(4096 + 20);
            bytes.extend(offset.to_be_bytes());
            bytes.extend(u64::to_be_bytes(len));
            bytes.extend(b"more");
            let v = view(bytes);
            assert_eq!(v.bytes(0, 4).as_deref(), Some(&b"abcd"[..]));
            assert!(
                v.warnings[0].starts_with("piece 2 of the flattened file, at file offset 0x1014, makes no sense"),
                "{:?}",
                v.warnings
            );
        }
        let whole = file(&[(0, b"abcd"), (8, b"efgh")]);
        for cut in 4096..whole.len() - 8 {
            let v = view(whole[..cut].to_vec());
            assert_eq!(v.warnings.len(), 1, "{cut}");
            assert!(v.warnings[0].contains("cut short") || v.warnings[0].contains("missing"), "{:?}", v.warnings);
        }
        assert!(View::open(Arc::new(Content::Given(whole[..30].to_vec().into()))).is_err());
        let mut other = whole;
        other[23] = 2;
        let e = View::open(Arc::new(Content::Given(other.into()))).err().unwrap();
        assert!(e.reason().contains("type 2 and version 1"), "{e}");
    }

    proptest! {
        /// Against writing the pieces into a buffer.
        #[test]
        fn later_pieces_cover_earlier_ones(pieces in proptest::collection::vec((0u64..100, 1usize..40), 0..20), at in 0u64..150, len in 0u64..40) {
            let mut plain: Vec<Option<u8>> = vec![None; 300];
            let mut stored = Vec::new();
            for (i, (at, len)) in pieces.iter().enumerate() {
                stored.push((*at, vec![i as u8 + 1; *len]));
                plain[*at as usize..*at as usize + len].fill(Some(i as u8 + 1));
            }
            let parts: Vec<(u64, &[u8])> = stored.iter().map(|(a, b)| (*a, &b[..])).collect();
            let v = view(file(&parts));
            let want: Option<Vec<u8>> = plain[at as usize..(at + len) as usize].iter().copied().collect();
            let there = plain[at as usize..(at + len) as usize].iter().take_while(|b| b.is_some()).count();
            prop_assert_eq!(v.bytes(at, len).map(Cow::into_owned), want.filter(|_| len > 0 || v.slice(at, 0).is_some()).or((len == 0).then(Vec::new)));
            prop_assert_eq!(v.present(at, len), there as u64);
        }
    }
}
