//! A parsed blob: where each type begins.

use super::header::{Header, malformed, word};
use super::kind::{Kind, flag, vlen};
use super::names::Names;
use super::salvage::Salvage;
use crate::memo::{Reader, Writer};
use crate::{Error, ErrorKind, Layer, Result};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// No name is longer, in bytes. The kernel refuses more than 511 (`btf_name_valid_identifier`, kernel/bpf/btf.c); BTF that was made from
/// other programs has longer ones.
pub(super) const LONGEST: usize = 4096;
/// Bytes of all names that are gone through at once. Those of a large kernel's types take 2 MiB, and a blob's types can't be so many that
/// names of a usual length take more.
pub(super) const ALL_NAMES: usize = 256 << 20;

/// A string of a blob.
pub(super) enum Text<'b> {
    /// It is there.
    Is(&'b [u8]),
    /// Nothing is to be there.
    Empty,
    /// It leads out of the strings, has no end, or is longer than any.
    Damaged,
}

/// How many split blobs may stand on one another; the kernel knows two levels.
const LEVELS: u32 = 4;

/// The types of a kernel, or those that a module adds to them.
///
/// Parsing walks the types once and keeps the blob; a type is decoded when it is asked for.
pub struct Btf {
    pub(super) bytes: Vec<u8>,
    pub(super) header: Header,
    pub(super) base: Option<Arc<Btf>>,
    /// Offset of each own type in `bytes`.
    pub(super) offsets: Vec<u32>,
    /// Id of the first own type: 1, or one more than the base's last.
    first_id: u32,
    /// Length of all bases' strings, which come before our own.
    base_strings: u32,
    level: u32,
    /// Whether any enumeration says that it is signed. Writers before Linux 6.0 never do, and then nothing can be said.
    pub(super) knows_signs: bool,
    pub(super) variables: Variables,
    pub(super) names: OnceLock<Names>,
    pub(super) pointer_size: OnceLock<u64>,
    /// What was lost of it, where it is damaged.
    pub(crate) salvaged: Option<Salvage>,
}

/// Variables by name, and the types they have.
#[derive(Default)]
pub(super) struct Variables {
    pub types: HashMap<String, u32>,
    /// Bytes of their names.
    bytes: usize,
    /// How many were left out, since no blob has so many names.
    pub left_out: usize,
}

impl Variables {
    /// Those of a large kernel, which are the per-CPU ones, take 16 KiB.
    const MOST: usize = 16 << 20;

    /// Adds one; of several of one name the first counts.
    pub fn add(&mut self, name: Cow<'_, str>, value: u32) {
        match self.bytes.checked_add(name.len()).filter(|&n| n <= Self::MOST) {
            Some(bytes) => {
                self.bytes = bytes;
                self.types.entry(name.into_owned()).or_insert(value);
            }
            None => self.left_out += 1,
        }
    }
}

/// The three words that every type has.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub kind: Kind,
    pub flag: bool,
    pub vlen: u32,
    /// Offset of the name in the strings; 0 for none.
    pub name: u32,
    /// Size or type, by kind.
    pub value: u32,
    /// Offset in the blob of what follows.
    pub rest: usize,
}

impl Btf {
    /// Parses the blob of a kernel, of either byte order. Bytes after its end are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] with the offset when it is no BTF, is cut short, or a type runs over the end;
    /// [`ErrorKind::Unsupported`] for a kind of type that is not known and not described in the blob.
    pub fn parse(bytes: Vec<u8>) -> Result<Self> {
        Self::build(bytes, None)
    }

    /// Parses the blob of a module, whose ids and strings go on where those of `base` end.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); also when `base` has another byte order.
    pub fn parse_split(bytes: Vec<u8>, base: Arc<Btf>) -> Result<Self> {
        Self::build(bytes, Some(base))
    }

    fn build(bytes: Vec<u8>, base: Option<Arc<Btf>>) -> Result<Self> {
        let mut btf = Self::bare(bytes, base)?;
        btf.scan()?;
        Ok(btf)
    }

    /// What the walk over the types of a kernel's blob found, for [`parse_with`](Self::parse_with).
    pub fn index_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u64(u64::from(self.knows_signs));
        let mut list = Writer::default();
        self.offsets.iter().for_each(|&o| list.u32(o));
        out.bytes(&list.done());
        let mut list = Writer::default();
        self.names_index().iter().for_each(|&key| list.u64(key));
        out.bytes(&list.done());
        let mut list = Writer::default();
        self.own().filter(|(_, h)| h.kind == Kind::VAR).for_each(|(id, _)| list.u32(id));
        out.bytes(&list.done());
        out.done()
    }

    /// Parses the blob of a kernel with the index of an earlier [`parse`](Self::parse) of the very same bytes; where the index
    /// makes no sense, without it. Says whether it was used.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_with(bytes: Vec<u8>, index: &[u8]) -> Result<(Self, bool)> {
        let mut btf = Self::bare(bytes, None)?;
        if btf.take_index(index).is_some() {
            return Ok((btf, true));
        }
        btf.names = OnceLock::new();
        btf.scan()?;
        Ok((btf, false))
    }

    /// The same blob, without the index that it came with.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parsed_again(self) -> Result<Self> {
        Self::build(self.bytes, self.base)
    }

    fn take_index(&mut self, index: &[u8]) -> Option<()> {
        let mut from = Reader(index);
        let knows_signs = from.u64()? != 0;
        let narrow = |b: &[u8]| b.first_chunk().map_or(0, |b| u32::from_le_bytes(*b));
        let wide = |b: &[u8]| b.first_chunk().map_or(0, |b| u64::from_le_bytes(*b));
        let offsets: Vec<u32> = from.bytes()?.chunks_exact(4).map(narrow).collect();
        let names: Vec<u64> = from.bytes()?.chunks_exact(8).map(wide).collect();
        let begin = u32::try_from(self.header.types.start).ok()?;
        let end = u32::try_from(self.header.types.end).ok()?;
        // Every type takes three words at least, and the first begins where the section does.
        let fits = offsets.first() == Some(&begin) && offsets.last().is_some_and(|&l| l < end);
        if !fits || !offsets.is_sorted_by(|a, b| a.saturating_add(12) <= *b) || names.len() > offsets.len() || !names.is_sorted()
        {
            return None;
        }
        self.offsets = offsets;
        self.names = OnceLock::from(Names::of(names));
        let mut known = Variables::default();
        for id in from.bytes()?.chunks_exact(4).map(narrow) {
            let (_, head) = self.head(id)?;
            known.add(self.string(head.name)?, head.value);
        }
        (self.variables, self.knows_signs) = (known, knows_signs);
        Some(())
    }

    pub(super) fn bare(bytes: Vec<u8>, base: Option<Arc<Btf>>) -> Result<Self> {
        let header = Header::parse(&bytes)?;
        for (what, section) in [("type", &header.types), ("string", &header.strings), ("layout", &header.layout)] {
            if section.end > bytes.len() {
                return Err(malformed(format!(
                    "BTF: the {what} section goes from offset {:#x} to {:#x}, and the blob is cut short at {:#x}",
                    section.start,
                    section.end,
                    bytes.len()
                )));
            }
        }
        let (first_id, base_strings, level) = match &base {
            None => (1, 0, 0),
            Some(b) => {
                if b.header.little_endian != header.little_endian {
                    return Err(malformed("BTF: the module's types have another byte order than the kernel's".into()));
                }
                let strings = b.strings_end().ok_or_else(|| malformed("BTF: more than 4 GiB of strings".into()))?;
                (b.end_id(), strings, b.level + 1)
            }
        };
        if level > LEVELS {
            return Err(malformed(format!("BTF: more than {LEVELS} blobs stand on one another")));
        }
        Ok(Self {
            bytes,
            header,
            base,
            offsets: Vec::new(),
            first_id,
            base_strings,
            level,
            knows_signs: false,
            variables: Variables::default(),
            names: OnceLock::new(),
            pointer_size: OnceLock::new(),
            salvaged: None,
        })
    }

    /// Walks the type section and notes where each type begins.
    fn scan(&mut self) -> Result<()> {
        let end = self.header.types.end;
        // A type is 20 bytes long on average; the section's length is checked, so this is bounded.
        let mut offsets = Vec::with_capacity(self.header.types.len() / 20);
        let mut variables = Variables::default();
        let mut at = self.header.types.start;
        while at < end {
            let id = u32::try_from(offsets.len()).ok().and_then(|n| n.checked_add(self.first_id));
            let (Some(id), Ok(offset)) = (id, u32::try_from(at)) else {
                return Err(malformed(format!("BTF: too many types at offset {at:#x}")));
            };
            let over = || malformed(format!("BTF: type {id} at offset {at:#x} runs over the end of the types at {end:#x}"));
            let head = self.head_at(at).filter(|h| h.rest <= end).ok_or_else(over)?;
            let (once, each) = self.extra(head.kind).ok_or_else(|| {
                Error::new(
                    Layer::Symbols,
                    ErrorKind::Unsupported,
                    format!("BTF: type {id} at offset {at:#x} is of kind {}, which is not known and not described", head.kind.0),
                )
            })?;
            let elements = usize::try_from(head.vlen).ok().and_then(|n| n.checked_mul(usize::from(each)));
            let next = elements.and_then(|n| head.rest.checked_add(n)?.checked_add(usize::from(once)));
            let next = next.filter(|&n| n <= end).ok_or_else(over)?;
            if head.kind == Kind::VAR
                && let Some(name) = self.string(head.name)
            {
                variables.add(name, head.value);
            }
            self.knows_signs |= head.flag && matches!(head.kind, Kind::ENUM | Kind::ENUM64);
            offsets.push(offset);
            at = next;
        }
        self.knows_signs |= self.base.as_ref().is_some_and(|b| b.knows_signs);
        self.offsets = offsets;
        self.variables = variables;
        Ok(())
    }

    /// The lengths of what follows a type: ours, or what the blob's own layout section says; a module's blob may leave that to
    /// the kernel's.
    fn extra(&self, kind: Kind) -> Option<(u8, u8)> {
        kind.extra().or_else(|| self.described(kind)).or_else(|| self.base.as_ref()?.described(kind))
    }

    fn described(&self, kind: Kind) -> Option<(u8, u8)> {
        let at = self.header.layout.start.checked_add(usize::from(kind.0).checked_mul(4)?)?;
        match *self.bytes.get(at..at.checked_add(4)?)? {
            [once, each, ..] if at + 4 <= self.header.layout.end => Some((once, each)),
            _ => None,
        }
    }

    pub(super) fn head_at(&self, at: usize) -> Option<Head> {
        let info = self.word(at.checked_add(4)?)?;
        Some(Head {
            kind: Kind::of(info),
            flag: flag(info),
            vlen: vlen(info),
            name: self.word(at)?,
            value: self.word(at.checked_add(8)?)?,
            rest: at.checked_add(12)?,
        })
    }

    pub(super) fn word(&self, at: usize) -> Option<u32> {
        word(&self.bytes, at, self.header.little_endian)
    }

    /// The id of the first own type.
    pub(super) fn first_id(&self) -> u32 {
        self.first_id
    }

    /// The id after the last: the first id of a blob that counts from this one.
    pub fn end_id(&self) -> u32 {
        u32::try_from(self.offsets.len()).unwrap_or(u32::MAX).saturating_add(self.first_id)
    }

    /// Length in bytes of the strings, the bases' included: where those of a blob that counts from this one begin.
    pub fn strings_end(&self) -> Option<u32> {
        u32::try_from(self.header.strings.len()).ok()?.checked_add(self.base_strings)
    }

    /// The blob that holds a type, and the type's words. `void` (0) has none.
    pub(super) fn head(&self, id: u32) -> Option<(&Btf, Head)> {
        let mut blob = self;
        while id < blob.first_id {
            blob = blob.base.as_deref()?;
        }
        let index = usize::try_from(id - blob.first_id).ok()?;
        let at = usize::try_from(*blob.offsets.get(index)?).ok()?;
        Some((blob, blob.head_at(at)?))
    }

    /// The types of this blob alone: id and words.
    pub(super) fn own(&self) -> impl Iterator<Item = (u32, Head)> + '_ {
        (self.first_id..).zip(&self.offsets).filter_map(|(id, &at)| Some((id, self.head_at(usize::try_from(at).ok()?)?)))
    }

    /// The string at `offset` as this blob counts. No more of it is looked at than the longest name has.
    pub(super) fn text_at(&self, offset: u32) -> Text<'_> {
        let mut blob = self;
        while offset < blob.base_strings {
            let Some(base) = blob.base.as_deref() else { return Text::Damaged };
            blob = base;
        }
        if offset == 0 {
            return Text::Empty;
        }
        let all = || {
            let at = usize::try_from(offset - blob.base_strings).ok()?;
            let all = blob.bytes.get(blob.header.strings.clone())?.get(at..)?;
            let near = all.get(..=LONGEST).unwrap_or(all);
            near.get(..memchr::memchr(0, near)?)
        };
        match all() {
            Some([]) => Text::Empty,
            Some(text) => Text::Is(text),
            None => Text::Damaged,
        }
    }

    /// The bytes of the string at `offset` as this blob counts; none for offset 0, for one that leads out, and for what is no name.
    pub(super) fn raw_string(&self, offset: u32) -> Option<&[u8]> {
        match self.text_at(offset) {
            Text::Is(text) => Some(text),
            Text::Empty | Text::Damaged => None,
        }
    }

    pub(super) fn string(&self, offset: u32) -> Option<Cow<'_, str>> {
        self.raw_string(offset).map(String::from_utf8_lossy)
    }

    /// How many types there are, bases included.
    pub fn count(&self) -> u32 {
        self.end_id().saturating_sub(1)
    }
}
