//! The directory of a zip archive: which members there are and where their bytes lie.
//!
//! Offsets and numbers are those of PKWARE's APPNOTE.TXT 6.3.10: 4.3.7 local header, 4.3.12 central directory, 4.3.14 and 4.3.15 the
//! ends of ZIP64, 4.3.16 the end, 4.5.3 the ZIP64 extra field.

use crate::image::fields::Fields;
use crate::{At, Error, ErrorKind, Layer, Result};
use std::ops::Range;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: &[u8] = b"PK\x05\x06";
const END64: u32 = 0x0606_4b50;
const LOCATOR64: u32 = 0x0706_4b50;
const END_SIZE: usize = 22;
/// A comment behind the end is at most this long.
const COMMENT: usize = 0xffff;
/// More members than anybody packs with a memory image; an AFF4 container has a few for each 32 MiB.
const MOST: usize = 1 << 20;

/// A member.
#[derive(Clone, Debug)]
pub(in crate::image) struct Member {
    /// Its name as it stands in the archive.
    pub name: Vec<u8>,
    pub method: u16,
    pub encrypted: bool,
    pub crc: u32,
    /// Bytes in the archive, and unpacked.
    pub packed: u64,
    pub size: u64,
    /// Where its local header lies.
    header: u64,
}

fn damaged(why: impl Into<String>, at: u64) -> Error {
    Error::new(Layer::Image, ErrorKind::Malformed, why)
        .at(At::File(at))
        .hint("the archive is damaged or was cut short: copy it again, or let `zip -FF` mend it")
}

/// Whether `data` begins like a zip archive that holds something.
pub(in crate::image) fn probe(data: &[u8]) -> bool {
    data.starts_with(b"PK\x03\x04")
}

/// Where the directory lies and how many members it has.
fn find(data: &[u8]) -> Result<(u64, u64)> {
    let tail = data.len().saturating_sub(COMMENT + END_SIZE);
    let found = memchr::memmem::rfind(data.get(tail..).unwrap_or(&[]), END).map(|i| tail + i);
    let Some(end) = found.and_then(|i| u64::try_from(i).ok()) else {
        let len = u64::try_from(data.len()).unwrap_or(u64::MAX);
        return Err(damaged("a zip archive without the directory that should stand at its end", len));
    };
    let f = Fields::new(data, false);
    let short = || damaged("the file ends inside the zip archive's end record", end);
    f.u16(end + 20).ok_or_else(short)?;
    let (mut count, mut offset) = (u64::from(f.u16(end + 10).ok_or_else(short)?), u64::from(f.u32(end + 16).ok_or_else(short)?));
    if let Some(locator) = end.checked_sub(20).filter(|&at| f.u32(at) == Some(LOCATOR64)) {
        let at = f.u64(locator + 8).ok_or_else(short)?;
        match (f.u32(at), at.checked_add(32).and_then(|n| f.u64(n)), at.checked_add(48).and_then(|n| f.u64(n))) {
            (Some(END64), Some(n), Some(o)) => (count, offset) = (n, o),
            _ => return Err(damaged("the zip archive's ZIP64 end record is not where its locator says", at)),
        }
    }
    Ok((offset, count))
}

/// Reads the directory.
///
/// # Errors
/// When it is not there or its entries make no sense.
pub(in crate::image) fn members(data: &[u8]) -> Result<Vec<Member>> {
    let f = Fields::new(data, false);
    let (mut at, count) = find(data)?;
    let mut members = Vec::new();
    for index in 0..count {
        if members.len() >= MOST {
            return Err(damaged(format!("a zip archive that claims {count} members"), at));
        }
        let Some((member, next)) = entry(&f, at) else {
            return Err(damaged(format!("entry {index} of {count} in the zip archive's directory is damaged"), at));
        };
        members.push(member);
        at = next;
    }
    Ok(members)
}

/// The entry at `at` and where the next one begins.
fn entry(f: &Fields<'_>, at: u64) -> Option<(Member, u64)> {
    let fixed = f.bytes(at, 46)?;
    let e = Fields::new(fixed, false);
    if e.u32(0)? != CENTRAL {
        return None;
    }
    let [name, extra, comment] = [e.u16(28)?, e.u16(30)?, e.u16(32)?].map(u64::from);
    let (mut packed, mut size, mut header) = (u64::from(e.u32(20)?), u64::from(e.u32(24)?), u64::from(e.u32(42)?));
    let name_bytes = f.bytes(at + 46, name)?;
    let extras = Fields::new(f.bytes(at + 46 + name, extra)?, false);
    let mut x = 0;
    while let (Some(id), Some(len)) = (extras.u16(x), extras.u16(x + 2)) {
        if id == 1 {
            // Only what does not fit the fixed fields stands here, in this order.
            let mut from = x + 4;
            for value in [&mut size, &mut packed, &mut header] {
                if *value == u64::from(u32::MAX) {
                    *value = extras.u64(from)?;
                    from += 8;
                }
            }
        }
        x += 4 + u64::from(len);
    }
    let member = Member {
        name: name_bytes.to_vec(),
        method: e.u16(10)?,
        encrypted: e.u16(8)? & 1 != 0,
        crc: e.u32(16)?,
        packed,
        size,
        header,
    };
    Some((member, at + 46 + name + extra + comment))
}

impl Member {
    /// The name, fit to be printed.
    pub(in crate::image) fn title(&self) -> String {
        let text = String::from_utf8_lossy(&self.name);
        text.chars().take(200).map(|c| if c.is_control() { '?' } else { c }).collect()
    }

    /// Its bytes, as far as they are in the file, and whether that is all of them.
    pub(in crate::image) fn packed_bytes(&self, data: &[u8]) -> Result<(Range<usize>, bool)> {
        let f = Fields::new(data, false);
        let at = self.header;
        let start = || {
            if f.u32(at)? != LOCAL {
                return None;
            }
            let skip = u64::from(f.u16(at.checked_add(26)?)?) + u64::from(f.u16(at.checked_add(28)?)?);
            at.checked_add(30 + skip)
        };
        let start = start().filter(|s| *s <= f.len());
        let Some(start) = start else {
            return Err(damaged(
                format!("the local header of {} in the zip archive is not where its directory says", self.title()),
                at,
            ));
        };
        let there = self.packed.min(f.len() - start);
        let host = |n: u64| usize::try_from(n).unwrap_or(data.len());
        Ok((host(start)..host(start + there), there == self.packed))
    }
}
