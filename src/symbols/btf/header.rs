//! The header of a BTF blob, and the search for it.

use super::kind::Kind;
use crate::{Error, ErrorKind, Layer, Result};
use std::ops::Range;

/// Length of the header with type and string section; newer headers are longer (`hdr_len` says).
const HEADER: usize = 24;
/// Length of a header that also names a layout section (struct btf_header since `layout_off`).
const HEADER_WITH_LAYOUT: usize = 32;
/// No header is longer; more is a sign that this is no BTF.
const HEADER_MAX: usize = 256;
/// No kernel's BTF is near this (a large one has 10 MiB); it bounds what a hostile header can claim.
const MAX_BLOB: usize = 64 << 20;

/// Which bytes of a blob are what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub little_endian: bool,
    pub types: Range<usize>,
    pub strings: Range<usize>,
    /// One entry for each kind that the writer knew: so unknown kinds can be stepped over.
    pub layout: Range<usize>,
}

pub(super) fn malformed(reason: String) -> Error {
    Error::new(Layer::Symbols, ErrorKind::Malformed, reason)
}

/// The 32-bit number at `at`.
pub(super) fn word(bytes: &[u8], at: usize, little_endian: bool) -> Option<u32> {
    let b: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if little_endian { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) })
}

impl Header {
    /// Reads the header at the start of `bytes`. Sections may end beyond `bytes`; nothing else may be odd.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let short = || malformed(format!("BTF: the header needs {HEADER} bytes, and {} are there", bytes.len()));
        let little_endian = match bytes.get(..2).ok_or_else(short)? {
            [0x9f, 0xeb] => true,
            [0xeb, 0x9f] => false,
            other => return Err(malformed(format!("BTF: the blob begins with {other:02x?}, not with the magic 0xeb9f"))),
        };
        let field = |at: usize| {
            word(bytes, at, little_endian).and_then(|v| usize::try_from(v).ok()).filter(|&v| v <= MAX_BLOB).ok_or_else(|| {
                match bytes.len() < HEADER {
                    true => short(),
                    false => malformed(format!("BTF: the header's field at offset {at} is beyond the limit of {MAX_BLOB} bytes")),
                }
            })
        };
        match bytes.get(2) {
            Some(1) => {}
            Some(v) => {
                return Err(Error::new(Layer::Symbols, ErrorKind::Unsupported, format!("BTF: version {v}; only 1 is known")));
            }
            None => return Err(short()),
        }
        let hdr_len = field(4)?;
        if !(HEADER..=HEADER_MAX).contains(&hdr_len) {
            return Err(malformed(format!(
                "BTF: the header says it is {hdr_len} bytes long; {HEADER} to {HEADER_MAX} make sense"
            )));
        }
        let section = |off: usize, len: usize| -> Result<Range<usize>> {
            let start = hdr_len + field(off)?;
            Ok(start..start + field(len)?)
        };
        let (types, strings) = (section(8, 12)?, section(16, 20)?);
        let layout = if hdr_len >= HEADER_WITH_LAYOUT { section(24, 28)? } else { 0..0 };
        if types.start % 4 != 0 {
            return Err(malformed(format!(
                "BTF: the type section begins at offset {:#x}, which is no multiple of 4",
                types.start
            )));
        }
        Ok(Self { little_endian, types, strings, layout })
    }

    /// Length of the whole blob in bytes.
    pub fn len(&self) -> usize {
        self.types.end.max(self.strings.end).max(self.layout.end)
    }
}

/// What looks like a BTF blob in raw memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BtfCandidate {
    /// Offset of its header in the chunk, in bytes.
    pub offset: usize,
    /// Its whole length in bytes as the header says; it may end beyond the chunk.
    pub len: usize,
}

/// The plausible blobs of complete (not split) BTF whose header lies in `chunk`, ascending. Kernel and user programs carry some,
/// so the largest is the kernel's as a rule; parsing proves it.
pub fn find_btf(chunk: &[u8]) -> impl Iterator<Item = BtfCandidate> + '_ {
    // Magic, version 1, flags 0 in either byte order. Two scans at memory speed are cheaper than one of both needles.
    let mut found: Vec<usize> = [[0x9f, 0xeb, 1, 0], [0xeb, 0x9f, 1, 0]]
        .iter()
        .flat_map(|magic| memchr::memmem::find_iter(chunk, magic).collect::<Vec<_>>())
        .collect();
    found.sort_unstable();
    found.into_iter().filter_map(move |offset| {
        let bytes = chunk.get(offset..)?;
        let h = Header::parse(bytes).ok()?;
        let sane = h.types.len() >= 12
            && h.types.len() % 4 == 0
            && h.strings.len() > 1
            && (h.strings.start >= h.types.end || h.strings.end <= h.types.start)
            && bytes.get(h.strings.start).is_none_or(|&b| b == 0)
            && first_type(bytes, &h);
        sane.then(|| BtfCandidate { offset, len: h.len() })
    })
}

/// Whether the first type makes sense: a kind that exists, a name inside the strings. Where the chunk ends before it: yes.
fn first_type(bytes: &[u8], h: &Header) -> bool {
    let at = |o: usize| word(bytes, h.types.start + o, h.little_endian);
    let (Some(name), Some(info)) = (at(0), at(4)) else { return true };
    usize::try_from(name).is_ok_and(|n| n < h.strings.len()) && Kind::of(info).is_known()
}
