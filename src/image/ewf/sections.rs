//! Segment files of an EWF image and the sections in them.
//!
//! After libewf's "Expert Witness Compression Format specification" (Joachim Metz): each file begins with 13 bytes (signature, 1, number
//! of the segment as u16, 0); sections follow, each behind a descriptor of 76 bytes (type in 16, offset of the next u64, size u64, 40
//! unused, Adler-32).

use crate::image::fields::Fields;

pub(super) const SIGNATURE: &[u8] = b"EVF\x09\x0d\x0a\xff\x00";
pub(super) const DESCRIPTOR: u64 = 76;
const FIRST: u64 = 13;
/// More sections than any segment has.
const MOST: usize = 1 << 16;

/// A section: its kind, where its data begin and how long they are.
pub(super) struct Section {
    pub kind: String,
    pub at: u64,
    pub data: u64,
    pub len: u64,
}

/// What became of the walk over a segment's sections.
pub(super) struct Segment {
    pub number: u16,
    pub sections: Vec<Section>,
    /// The last section says that another segment follows, or that this is the last one; `None` when neither stands there.
    pub last: Option<bool>,
    pub problem: Option<String>,
}

/// Adler-32 (RFC 1950).
pub(super) fn adler32(data: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    // As many bytes as can be summed before a u32 overflows.
    for chunk in data.chunks(5552) {
        for &byte in chunk {
            a += u32::from(byte);
            b += a;
        }
        a %= 65521;
        b %= 65521;
    }
    b << 16 | a
}

/// Walks the sections of a segment file.
pub(super) fn walk(data: &[u8]) -> Segment {
    let f = Fields::new(data, false);
    let mut segment = Segment { number: f.u16(9).unwrap_or(0), sections: Vec::new(), last: None, problem: None };
    let mut at = FIRST;
    while segment.sections.len() < MOST {
        let Some(head) = f.bytes(at, DESCRIPTOR) else {
            segment.problem = Some(format!("the section that should stand at file offset {at:#x} is not in the file"));
            break;
        };
        let h = Fields::new(head, false);
        let (Some(kind), Some(next), Some(size), Some(sum)) = (h.bytes(0, 16), h.u64(16), h.u64(24), h.u32(72)) else { break };
        if head.get(..72).is_none_or(|b| adler32(b) != sum) {
            segment.problem = Some(format!("the checksum of the section at file offset {at:#x} is wrong"));
            break;
        }
        let kind: String = kind.iter().take_while(|b| b.is_ascii_alphanumeric()).map(|&b| char::from(b)).collect();
        let end = matches!(kind.as_str(), "next" | "done");
        segment.last = end.then(|| kind == "done");
        // Old writers give no size; the next section then tells.
        let size = if size >= DESCRIPTOR { size } else { next.saturating_sub(at) };
        segment.sections.push(Section { kind, at, data: at + DESCRIPTOR, len: size.saturating_sub(DESCRIPTOR) });
        if end {
            break;
        }
        if next <= at {
            segment.problem = Some(format!("the section at file offset {at:#x} names {next:#x} as the next one's offset"));
            break;
        }
        at = next;
    }
    segment
}

/// The geometry in a `volume` (or `disk`, `data`) section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Volume {
    pub media: u8,
    pub chunks: u32,
    pub sectors_per_chunk: u32,
    pub bytes_per_sector: u32,
    pub sectors: u64,
}

/// Reads it, where its checksum is right: the long form (1052 bytes) of EnCase, or the short one (94 bytes) of SMART.
pub(super) fn volume(data: &[u8], section: &Section) -> Option<Volume> {
    let f = Fields::new(data, false);
    let (at, long) = (section.data, section.len >= 1000);
    // The section's own checksum ends it.
    let body = if long { 1048 } else { 90 };
    if adler32(f.bytes(at, body)?) != f.u32(at + body)? {
        return None;
    }
    Some(Volume {
        media: if long { *f.bytes(at, 1)?.first()? } else { 1 },
        chunks: f.u32(at + 4)?,
        sectors_per_chunk: f.u32(at + 8)?,
        bytes_per_sector: f.u32(at + 12)?,
        sectors: if long { f.u64(at + 16)? } else { f.u32(at + 16)?.into() },
    })
}

/// A chunk as a table names it: where it begins, and whether it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub offset: u64,
    pub compressed: bool,
}

/// Reads a `table` section: number of entries u32, base u64 at 8, Adler-32 at 20; entries of u32, the highest bit for compressed ones.
pub(super) fn table(data: &[u8], section: &Section) -> Result<Vec<Entry>, String> {
    let f = Fields::new(data, false);
    let at = section.data;
    let wrong = |what: &str| format!("the table of chunks at file offset {:#x}: {what}", section.at);
    let head = f.bytes(at, 24).ok_or_else(|| wrong("the file ends inside its header"))?;
    let (count, base, sum) = match (f.u32(at), f.u64(at + 8), f.u32(at + 20)) {
        (Some(count), Some(base), Some(sum)) => (count, base, sum),
        _ => return Err(wrong("the file ends inside its header")),
    };
    if head.get(..20).is_none_or(|b| adler32(b) != sum) {
        return Err(wrong("its header's checksum is wrong"));
    }
    let bytes = f
        .bytes(at + 24, u64::from(count) * 4)
        .ok_or_else(|| wrong(&format!("it claims {count} chunks, more than are in the file")))?;
    // The entries' checksum follows, but not in the oldest files.
    if let Some(sum) = f.u32(at + 24 + u64::from(count) * 4).filter(|_| section.len >= 28 + u64::from(count) * 4)
        && adler32(bytes) != sum
    {
        return Err(wrong("its entries' checksum is wrong"));
    }
    let e = Fields::new(bytes, false);
    Ok((0..u64::from(count))
        .filter_map(|i| e.u32(i * 4))
        .map(|n| Entry { offset: base.saturating_add(u64::from(n & 0x7fff_ffff)), compressed: n >> 31 != 0 })
        .collect())
}
