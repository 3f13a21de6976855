//! LiME version 1: a header and the bytes of one range, again and again.
//!
//! `lime_mem_range_header` of LiME's `lime.h`: magic u32, version u32, first address u64, last address u64 (inclusive), eight
//! reserved bytes; then last - first + 1 bytes. In the byte order of the machine that wrote it. AVML without compression
//! writes the same, in pieces of at most 16 MiB, and leaves pieces of zeros out.

use super::detect::Parsed;
use super::fields::Fields;
use super::input::Input;
use crate::{At, Error, ErrorKind, Layer, Result};

/// `LIME_MAGIC`.
pub(super) const MAGIC: u32 = 0x4C69_4D45;
/// `sizeof(lime_mem_range_header)`.
const HEADER: u64 = 32;

/// Byte order of a LiME file, if it begins like one.
fn big_endian(data: &[u8]) -> Option<bool> {
    [false, true].into_iter().find(|&big| Fields::new(data, big).u32(0) == Some(MAGIC))
}

/// Whether `data` begins with a LiME header.
pub(super) fn probe(data: &[u8]) -> bool {
    big_endian(data).is_some()
}

/// Reads all headers. A header that makes no sense ends the list: what was before it is kept, and a warning says so.
pub(super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let data = input.data();
    let Some(big) = big_endian(data) else {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Malformed,
            "no LiME header (magic 0x4c694d45) at the beginning of the file",
        )
        .at(At::File(0))
        .hint("leave --format away to let memsh find the format"));
    };
    let file = Fields::new(data, big);
    let mut parsed = Parsed::new("lime");
    let mut at = 0u64;
    let mut headers = 0u64;
    while at < file.len() {
        // A block that does not shrink may be stored as LiME, so that a compressed image may well begin like this one.
        if !big && file.u32(at) == Some(super::avml::MAGIC) {
            return super::avml::parse(input);
        }
        let (first, last) = match header(&file, at) {
            Ok(range) => range,
            Err(why) => {
                let left = file.len() - at;
                if headers == 0 {
                    return Err(Error::new(Layer::Image, ErrorKind::Malformed, format!("the first LiME header {why}"))
                        .at(At::File(at))
                        .hint("the file is damaged or was cut short: copy it again"));
                }
                parsed.warnings.push(format!(
                    "LiME header {} at file offset {at:#x} {why}: the last {left} bytes of the file are not used",
                    headers + 1
                ));
                break;
            }
        };
        headers += 1;
        let offset = at + HEADER;
        let wanted = (last - first).saturating_add(1);
        let there = wanted.min(file.len() - offset);
        parsed.claim(first, there, offset);
        if there < wanted {
            parsed.warnings.push(format!(
                "the file ends inside the range {first:#x}-{last:#x}: {} of its {wanted} bytes are missing",
                wanted - there
            ));
            break;
        }
        at = offset + wanted;
    }
    parsed.details.push(("lime_headers".into(), headers.to_string()));
    if big {
        parsed.details.push(("byte_order".into(), "big".into()));
    }
    Ok(parsed)
}

/// What of a file elsewhere [`parse`] looks at: the headers, each of which says where the next one is.
#[cfg(feature = "http")]
pub(super) fn outline(sketch: &mut super::remote::Sketch<'_>) -> Result<()> {
    sketch.need(0, HEADER)?;
    let Some(big) = big_endian(sketch.data()) else { return Ok(()) };
    let (mut at, end) = (0u64, sketch.fields(big).len());
    while at < end {
        sketch.need(at, HEADER)?;
        if sketch.fields(false).u32(at) == Some(super::avml::MAGIC) {
            return Err(sketch.whole("an image in the format avml"));
        }
        // Where the list ends for `parse`, it ends here.
        let Ok((first, last)) = header(&sketch.fields(big), at) else { break };
        at = (at + HEADER).saturating_add((last - first).saturating_add(1));
    }
    Ok(())
}

/// First and last address of the header at `at`, or what is wrong with it.
fn header(file: &Fields<'_>, at: u64) -> Result<(u64, u64), String> {
    let (Some(magic), Some(version), Some(first), Some(last), Some(_)) =
        (file.u32(at), file.u32(at + 4), file.u64(at + 8), file.u64(at + 16), file.u64(at + 24))
    else {
        return Err(format!("is cut short ({} of 32 bytes)", file.len() - at));
    };
    if magic != MAGIC {
        return Err(format!("has magic {magic:#x} instead of {MAGIC:#x}"));
    }
    if version != 1 {
        return Err(format!("has version {version}; memsh knows version 1"));
    }
    if last < first {
        return Err(format!("ends ({last:#x}) before it begins ({first:#x})"));
    }
    Ok((first, last))
}
