//! The groups and tags of a VMware checkpoint file (`.vmss`, `.vmsn`).
//!
//! As VMware's own code in crash describes them (`vmware_vmss.h`): a header of three u32 (magic, version, number of groups), per group a
//! name of 64 bytes, position and size as u64; at the position tags, the last of them two zero bytes. A tag is one byte of flags (bits 0-5
//! the value's size, bits 6-7 the number of indices), one with the length of its name, the name, the indices as u32, the value. Size 63
//! means a block, 62 a compressed one: size in the file, size in memory, length of a padding (u16), the padding, the bytes. The sizes
//! are u64, in the oldest files u32.

use crate::image::fields::Fields;

/// Magics, as bytes: those of `vmware_vmss.h` (0xbed0bed0 and so on), and those that Volatility knows.
const MAGICS: &[([u8; 4], &str)] = &[
    ([0xd0, 0xbe, 0xd0, 0xbe], "32-bit checkpoint"),
    ([0xd0, 0xbe, 0xd2, 0xbe], "32-bit checkpoint"),
    ([0xd2, 0xbe, 0xd2, 0xbe], "checkpoint"),
    ([0xd3, 0xbe, 0xd3, 0xbe], "partial checkpoint"),
    ([0xd1, 0xba, 0xd1, 0xba], "checkpoint that was restored"),
    ([0xd2, 0xba, 0xd2, 0xba], "checkpoint not to be restored"),
];

/// Groups and tags beyond these are not read; a file has some hundred groups, and a group some thousand tags.
const MOST_GROUPS: u32 = 4096;
const MOST_TAGS: usize = 1 << 20;
const GROUP: u64 = 80;
const HEADER: u64 = 12;

/// What a file with this beginning is, if it is a checkpoint.
pub(super) fn sort(data: &[u8]) -> Option<&'static str> {
    MAGICS.iter().find(|(m, _)| data.starts_with(m)).map(|(_, name)| *name)
}

/// A tag's value.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    /// Up to 61 bytes.
    Small(&'a [u8]),
    Block {
        offset: u64,
        /// Bytes in the file.
        stored: u64,
        /// Bytes in memory.
        size: u64,
        compressed: bool,
    },
}

impl Value<'_> {
    /// As a number: of 1, 2, 4 or 8 bytes.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Value::Small(b) if matches!(b.len(), 1 | 2 | 4 | 8) => Some(b.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b))),
            _ => None,
        }
    }
}

/// A tag.
pub(super) struct Tag<'a> {
    pub name: &'a [u8],
    pub indices: [Option<u32>; 3],
    pub value: Value<'a>,
}

/// The header and the table of groups.
pub(super) struct Checkpoint<'a> {
    f: Fields<'a>,
    narrow: bool,
    pub version: u32,
    /// As many groups as the header claims.
    pub claimed: u32,
    /// Names and positions of those whose entries are in the file.
    pub groups: Vec<(&'a [u8], u64)>,
}

impl<'a> Checkpoint<'a> {
    /// Reads the table; none when the file ends inside the header.
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let f = Fields::new(data, false);
        let (version, claimed) = (f.u32(4)?, f.u32(8)?);
        let mut groups = Vec::new();
        for i in 0..u64::from(claimed.min(MOST_GROUPS)) {
            let at = HEADER + i * GROUP;
            let (Some(name), Some(position)) = (f.bytes(at, 64), f.u64(at + 64)) else { break };
            groups.push((name.split(|&b| b == 0).next().unwrap_or(name), position));
        }
        // The low digit of the first byte is 0 in the files with 32-bit sizes.
        let narrow = data.first().is_some_and(|b| b & 0xf == 0);
        Some(Self { f, narrow, version, claimed, groups })
    }

    /// Calls `each` with the tags of group `name`. What is wrong with the group, if something is: where it stops making sense.
    pub(super) fn tags(&self, name: &[u8], mut each: impl FnMut(&Tag<'a>)) -> Result<(), String> {
        let Some((_, position)) = self.groups.iter().find(|(n, _)| *n == name) else {
            return Err(format!("there is no group {:?}", String::from_utf8_lossy(name)));
        };
        let mut at = *position;
        for _ in 0..MOST_TAGS {
            match self.tag(at) {
                Some(Some((tag, next))) => {
                    each(&tag);
                    at = next;
                }
                Some(None) => return Ok(()),
                None => {
                    return Err(format!(
                        "group {:?} ends at file offset {at:#x}, where a tag should stand",
                        String::from_utf8_lossy(name)
                    ));
                }
            }
        }
        Err(format!("group {:?} has more than {MOST_TAGS} tags", String::from_utf8_lossy(name)))
    }

    /// The tag at `at` and where the next one stands; `Some(None)` at the group's end, `None` outside of the file.
    #[allow(clippy::option_option, reason = "an end that stands there and an end of the file are two things")]
    fn tag(&self, at: u64) -> Option<Option<(Tag<'a>, u64)>> {
        let head = self.f.bytes(at, 2)?;
        let (&[flags, name_len], name_at) = (head.first_chunk::<2>()?, at.checked_add(2)?);
        if flags == 0 && name_len == 0 {
            return Some(None);
        }
        let name = self.f.bytes(name_at, name_len.into())?;
        let mut next = name_at + u64::from(name_len);
        let mut indices = [None; 3];
        for slot in indices.iter_mut().take(usize::from(flags >> 6)) {
            *slot = Some(self.f.u32(next)?);
            next += 4;
        }
        let value = match flags & 0x3f {
            n @ (62 | 63) => {
                let width = if self.narrow { 4 } else { 8 };
                let (stored, size) = (self.f.word(next, !self.narrow)?, self.f.word(next + width, !self.narrow)?);
                let offset = next + 2 * width + 2 + u64::from(self.f.u16(next + 2 * width)?);
                next = offset.checked_add(stored)?;
                Value::Block { offset, stored, size, compressed: n == 62 }
            }
            n => {
                let bytes = self.f.bytes(next, n.into())?;
                next += u64::from(n);
                Value::Small(bytes)
            }
        };
        Some(Some((Tag { name, indices, value }, next)))
    }

    /// A block's bytes, if they are small and in the file.
    pub(super) fn bytes(&self, value: Value<'a>) -> Option<&'a [u8]> {
        match value {
            Value::Small(b) => Some(b),
            Value::Block { compressed: true, .. } => None,
            Value::Block { offset, stored, .. } => self.f.bytes(offset, stored.min(4096)),
        }
    }
}
