//! Reading a set from a file, of which nothing is believed.

use super::block::{BLOCK_SIZE, Block, Grid, Slots, Values, ones, set_bits};
use super::file::{LONGEST_TEXT, MAGIC, VERSION};
use super::pass::Pass;
use super::set::{Owner, Part, STEPS, Set, Step, WIDEST_ALIGN};
use super::value::{Type, Value};
use crate::{Error, ErrorKind, Layer, Result};
use memsh_plugin::umem;
use std::hash::Hasher;
use std::io::{self, Read};
use std::time::{Duration, SystemTime};
use twox_hash::XxHash3_64;

/// Bytes that come out of a file.
struct In<R: Read> {
    from: R,
    hash: XxHash3_64,
}

fn bad(what: impl Into<String>) -> Error {
    Error::new(Layer::Command, ErrorKind::Invalid, format!("no match set: {}", what.into()))
        .hint("a match set is what `scan value ... --save FILE` or `next ... --save FILE` wrote")
}

impl<R: Read> In<R> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.from.read_exact(bytes).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => bad("it ends early"),
            _ => bad(format!("what is packed in it can't be unpacked: {e}")),
        })?;
        self.hash.write(bytes);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[b]| b)
    }

    fn number(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn short(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// A number of things, of which there are `most`.
    fn count(&mut self, most: usize, what: &str) -> Result<usize> {
        let n = self.number()?;
        usize::try_from(n).ok().filter(|n| *n <= most).ok_or_else(|| bad(format!("{n} {what}")))
    }

    /// Bytes of which there are so many, which a block bounds.
    fn vec(&mut self, len: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<Vec<u8>> {
        let len = self.count(LONGEST_TEXT, "bytes of text")?;
        self.vec(len)
    }

    fn string(&mut self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.text()?).into_owned())
    }

    fn common(&mut self, kind: Type) -> Result<Option<Value>> {
        match self.byte()? {
            0 => Ok(None),
            1 => Ok(Some(kind.load(&self.vec(kind.width())?))),
            other => Err(bad(format!("form {other} of a common value"))),
        }
    }

    fn slots(&mut self, grid: Grid, words: &mut Vec<u64>) -> Result<usize> {
        let slots = grid.slots();
        words.clear();
        words.resize(grid.words(), 0);
        let place = |place: u16, after: &mut Option<u16>| -> Result<usize> {
            if usize::from(place) >= slots || after.is_some_and(|a| place <= a) {
                return Err(bad(format!("place {place} of a block of {slots}, behind {after:?}")));
            }
            *after = Some(place);
            Ok(usize::from(place))
        };
        let mut after = None;
        match self.byte()? {
            0 => {
                for _ in 0..self.count(slots, "candidates of a block")? {
                    let slot = place(self.short()?, &mut after)?;
                    set_bits(words, slot, slot + 1);
                }
            }
            1 => {
                for _ in 0..self.count(slots, "runs of a block")? {
                    let (first, last) = (self.short()?, self.short()?);
                    let from = place(first, &mut after)?;
                    let to = if first == last { from } else { place(last, &mut after)? };
                    set_bits(words, from, to + 1);
                }
            }
            2 => {
                for word in words.iter_mut() {
                    *word = self.number()?;
                }
                let unused = words.len() * 64 - slots;
                if words.last().is_some_and(|w| unused > 0 && w.leading_zeros() < u32::try_from(unused).unwrap_or(0)) {
                    return Err(bad("a bitmap with places that its block does not have"));
                }
            }
            other => return Err(bad(format!("form {other} of candidates"))),
        }
        match ones(words) {
            0 => Err(bad("a block without candidates")),
            n => Ok(n),
        }
    }

    fn values(&mut self, grid: Grid, count: usize, common: bool, last: Option<&Values>) -> Result<Values> {
        let form = self.byte()?;
        match (form, common, last) {
            (0, true, _) => Ok(Values::Common),
            (1, false, _) => Ok(Values::Zero),
            (2, false, _) => Ok(Values::Whole(self.vec(grid.bytes())?.into())),
            (3, false, _) => Ok(Values::Packed(self.vec(count * grid.width)?.into())),
            (4, false, Some(last @ (Values::Whole(_) | Values::Packed(_)))) => Ok(last.clone()),
            _ => Err(bad(format!("form {form} of values"))),
        }
    }
}

/// Reads a set that takes `limit` bytes of memory at most.
///
/// # Errors
/// When it is no set, is torn or was changed, is of another version, or takes more memory.
pub fn load(from: &mut dyn Read, limit: u64) -> Result<Set> {
    let mut head = [0; 12];
    from.read_exact(&mut head).map_err(|_| bad("it is too short"))?;
    let (magic, version) = head.split_at(8);
    if magic != MAGIC {
        return Err(bad("it does not begin as one"));
    }
    let version = u32::from_le_bytes(version.try_into().unwrap_or_default());
    if version != VERSION {
        let what = format!("the match set is of version {version}, and this memsh reads version {VERSION}");
        return Err(Error::new(Layer::Command, ErrorKind::Unsupported, what).hint("scan anew"));
    }
    let mut unpacked = zstd::stream::read::Decoder::new(from).map_err(|e| bad(e.to_string()))?;
    body(&mut unpacked, limit, true)
}

/// Reads what is packed in a file of a set; with `checked`, its checksum must be right.
///
/// # Errors
/// As [`load`].
#[doc(hidden)]
pub fn body(from: &mut dyn Read, limit: u64, checked: bool) -> Result<Set> {
    let mut from = In { from, hash: XxHash3_64::with_seed(0) };
    let (name, width) = (from.string()?, from.byte()?);
    let kind = Type::parse(&name, width, false).ok().filter(|k| k.width() == usize::from(width) && width > 0);
    let kind = kind.ok_or_else(|| bad(format!("values of type {name:?}")))?;
    let align = from.count(WIDEST_ALIGN, "bytes of alignment")?;
    if !align.is_power_of_two() {
        return Err(bad(format!("an alignment of {align}")));
    }
    let (last, first) = (from.common(kind)?, from.common(kind)?);
    let target = from.string()?;
    let mut set = Set { kind, align, target, steps: Vec::new(), parts: Vec::new(), last, first };
    for _ in 0..from.count(STEPS, "steps")? {
        let condition = from.string()?;
        let (before, after, lost, bytes) = (from.number()?, from.number()?, from.number()?, from.number()?);
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(from.number()?)).unwrap_or(SystemTime::UNIX_EPOCH);
        set.steps.push(Step { condition, before, after, lost, bytes, time });
    }
    let mut memory = 0u64;
    let parts = from.number()?;
    for _ in 0..parts {
        let part = from.part(&set, limit, &mut memory)?;
        set.parts.push(part);
    }
    let wanted = from.hash.finish();
    if from.number()? != wanted && checked {
        return Err(bad("its checksum is not that of its bytes: it was damaged or changed"));
    }
    match from.from.read(&mut [0]) {
        Ok(0) => Ok(set),
        _ => Err(bad("there is more behind its end")),
    }
}

impl<R: Read> In<R> {
    fn part(&mut self, set: &Set, limit: u64, memory: &mut u64) -> Result<Part> {
        let grid = set.grid();
        let owner = match self.byte()? {
            0 => Owner::Physical,
            1 => Owner::Kernel,
            form @ (2 | 3) => {
                let pid = self.number()?;
                let pid = u32::try_from(pid).map_err(|_| bad(format!("process {pid}")))?;
                let name = self.text()?;
                let started = if form == 3 { Some(self.array().map(i64::from_le_bytes)?) } else { None };
                Owner::Process { pid, name, started }
            }
            other => return Err(bad(format!("owner {other}"))),
        };
        let mut part = Part { owner, blocks: Vec::new() };
        let mut words = Vec::new();
        let mut after: Option<umem> = None;
        // Parts without blocks take memory too.
        *memory += 256;
        for _ in 0..self.number()? {
            let base = umem::from(self.number()?);
            if !base.is_multiple_of(BLOCK_SIZE) || after.is_some_and(|a| base <= a) {
                return Err(bad(format!("a block at {base:#x}")));
            }
            after = Some(base);
            let count = self.slots(grid, &mut words)?;
            let last = self.values(grid, count, set.last.is_some(), None)?;
            let first = self.values(grid, count, set.first.is_some(), Some(&last))?;
            let slots = Slots::of_words(&words, count);
            let block = Block { base, count: u32::try_from(count).unwrap_or(u32::MAX), slots, last, first };
            *memory = memory.saturating_add(u64::try_from(block.memory()).unwrap_or(u64::MAX));
            if *memory > limit {
                return Err(Pass::no_room(limit));
            }
            part.blocks.push(block);
        }
        if *memory > limit {
            return Err(Pass::no_room(limit));
        }
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::super::file::save;
    use super::super::tests::{addresses, first, kind, next, ram};
    use super::*;
    use std::sync::atomic::AtomicBool;

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn saved(set: &Set) -> Vec<u8> {
        let mut file = Vec::new();
        save(set, &mut file, &NEVER).unwrap();
        file
    }

    fn some() -> Set {
        let bytes: Vec<u8> = (0..4u32 << 16).map(|i| u8::try_from((i.wrapping_mul(0x9e37_79b9) >> 24) & 3).unwrap()).collect();
        first(&ram(vec![(0x1000, bytes)], true), kind("u16"), 2, "1..258")
    }

    fn again(set: &Set) -> Set {
        load(&mut saved(set).as_slice(), u64::MAX).unwrap()
    }

    #[test]
    fn a_saved_set_comes_back() {
        let bytes: Vec<u8> = (0..4u32 << 16).map(|i| u8::try_from((i.wrapping_mul(0x9e37_79b9) >> 24) & 3).unwrap()).collect();
        let memory = ram(vec![(0x1000, bytes)], true);
        for (name, align, begin, then) in [
            ("u16", 2, "1..258", "unchanged"),
            ("u8", 1, "?", "3"),
            ("u32be", 4, "1..0x1ffffff", "?"),
            ("f32", 1, "?", "unchanged"),
            ("u8", 4096, "?", "1..3"),
        ] {
            let set = first(&memory, kind(name), align, begin);
            for set in [next(&set, &memory, then, false), set] {
                let back = again(&set);
                assert!(set.count() > 0);
                assert_eq!((back.kind, back.align, &back.steps), (set.kind, set.align, &set.steps));
                let all = |s: &Set| s.parts.iter().flat_map(|p| s.candidates(p).collect::<Vec<_>>()).collect::<Vec<_>>();
                assert!(all(&back) == all(&set), "{name} {begin} {then}");
                assert_eq!(
                    addresses(&next(&back, &memory, "unchanged", false)),
                    addresses(&next(&set, &memory, "unchanged", false))
                );
            }
        }
        let mut set = some();
        set.parts[0].owner = Owner::Process { pid: 7, name: b"a\xffb".to_vec(), started: Some(-5) };
        set.target = "here.raw".to_owned();
        let back = again(&set);
        assert_eq!((&back.parts[0].owner, &back.target), (&set.parts[0].owner, &set.target));
    }

    #[test]
    fn a_file_that_was_changed_is_refused() {
        let file = saved(&some());
        let reason = |file: &[u8]| load(&mut &*file, u64::MAX).err().unwrap().reason().to_owned();
        for cut in [0, 5, 11, 12, 20, file.len() / 2, file.len() - 1] {
            assert!(reason(&file[..cut]).starts_with("no match set"), "{cut}");
        }
        let mut other = file.clone();
        other[8] = 9;
        assert!(reason(&other).contains("of version 9"));
        // What is packed is changed, and packed again.
        let plain = zstd::stream::decode_all(&file[12..]).unwrap();
        let step = (plain.len() / 200).max(1);
        for at in (0..plain.len()).step_by(step).chain(0..120.min(plain.len())) {
            let mut bytes = plain.clone();
            bytes[at] ^= 0x55;
            let packed = [&file[..12], &zstd::stream::encode_all(&bytes[..], 1).unwrap()].concat();
            assert!(load(&mut &*packed, 1 << 30).is_err(), "byte {at}");
        }
        let longer = [&file[..12], &zstd::stream::encode_all(&[plain, vec![0]].concat()[..], 1).unwrap()].concat();
        assert!(reason(&longer).contains("more behind its end"));
    }

    #[test]
    fn a_file_takes_no_more_memory_than_allowed() {
        let e = load(&mut &*saved(&some()), 1000).err().unwrap();
        assert!(e.reason().contains("more than 1 MiB") && e.hint_text().unwrap().contains("--max-memory"), "{e}");
    }
}
