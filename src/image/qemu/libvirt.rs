//! What `virsh save` (and managed save) writes: a header, the machine's description in XML, and a migration stream, compressed or not.
//!
//! `virQEMUSaveHeader` of libvirt's `src/qemu/qemu_saveimage.h`: 16 bytes of magic, then numbers of four bytes in the byte order of
//! the host: version, length of what follows the header (XML, since libvirt 2 a cookie, padding), whether the machine ran,
//! compression, where the cookie begins, and 14 that are not used.

use super::super::detect::Parsed;
use super::super::fields::Fields;
use super::super::input::Input;
use super::super::map::Content;
use super::super::unpack::{self, Compression};
use super::bytes::Stretch;
use crate::{At, Error, ErrorKind, Layer, Result};
use std::sync::Arc;

const SAVED: &[u8] = b"LibvirtQemudSave";
/// The same while it is being written; it stays where that was not finished.
const PARTIAL: &[u8] = b"LibvirtQemudPart";
const HEADER: u64 = 92;
const VERSION: u32 = 2;
/// A description is never longer; cookies neither.
const MOST_XML: u64 = 64 << 20;

/// Whether `data` begins with libvirt's header.
pub(in super::super) fn probe(data: &[u8]) -> bool {
    data.starts_with(SAVED) || data.starts_with(PARTIAL)
}

/// `virQEMUSaveFormat`.
fn format_name(format: u32) -> &'static str {
    match format {
        0 => "none",
        1 => "gzip",
        2 => "bzip2",
        3 => "xz",
        4 => "lzop",
        5 => "zstd",
        6 => "none (sparse)",
        _ => "unknown",
    }
}

fn damaged(why: impl Into<String>, at: u64) -> Error {
    Error::new(Layer::Image, ErrorKind::Malformed, why)
        .at(At::File(at))
        .hint("the file is damaged or was cut short: copy it again")
}

/// Reads header, XML and stream.
pub(in super::super) fn parse(input: &Input<'_>) -> Result<Parsed> {
    let data = input.data();
    if !probe(data) {
        return Err(Error::new(Layer::Image, ErrorKind::Malformed, "no libvirt save header (LibvirtQemudSave) at the beginning")
            .at(At::File(0))
            .hint("leave --format away to let memsh find the format"));
    }
    let little = Fields::new(data, false);
    // The other byte order shows in the version, which is small.
    let big = little.u32(16).is_some_and(|v| v > 0xffff);
    let f = Fields::new(data, big);
    let (Some(version), Some(len), Some(ran), Some(format), Some(cookie), Some(_)) =
        (f.u32(16), f.u32(20), f.u32(24), f.u32(28), f.u32(32), f.bytes(0, HEADER))
    else {
        return Err(damaged(format!("the file ends inside the libvirt header ({} of {HEADER} bytes)", data.len()), 0));
    };
    if version == 0 || version > VERSION {
        return Err(Error::new(
            Layer::Image,
            ErrorKind::Unsupported,
            format!("a libvirt save file of version {version}; memsh knows version {VERSION}"),
        )
        .at(At::File(16))
        .hint("take the memory as an ELF core: virsh dump --memory-only --format elf"));
    }
    let len = u64::from(len);
    let start = HEADER + len;
    if len > MOST_XML || start >= f.len() {
        return Err(damaged(format!("the libvirt header says that {len} bytes of XML follow, and the file has {}", f.len()), 20));
    }
    let mut parsed = Parsed::new("libvirt");
    let text = f.bytes(HEADER, len).unwrap_or(&[]);
    describe(text, &mut parsed);
    parsed.detail("libvirt_version", version);
    parsed.detail("was_running", if ran == 0 { "no" } else { "yes" });
    parsed.detail("compression", format_name(format));
    if cookie > 0 {
        parsed.detail("cookie", format!("{} bytes", len.saturating_sub(cookie.into())));
    }
    if data.starts_with(PARTIAL) {
        parsed.warnings.push("the save file was not finished (LibvirtQemudPart): libvirt itself would not restore it".to_owned());
    }
    stream(input, parsed, start, format)
}

/// The stream behind the header. What it begins with counts, not what the header calls it.
fn stream(input: &Input<'_>, mut parsed: Parsed, start: u64, format: u32) -> Result<Parsed> {
    let from = usize::try_from(start).unwrap_or(usize::MAX);
    let data = input.data().get(from..).unwrap_or(&[]);
    if super::probe(data) {
        let bytes = Arc::new(Stretch::new(Arc::clone(input.content), 0, start));
        return super::read(input, parsed, bytes);
    }
    let Some(compression) = Compression::of(data) else {
        let what = super::super::detect::first_bytes(data);
        let (kind, why, hint) = match (format, data) {
            (4, _) | (_, [0x89, b'L', b'Z', b'O', ..]) => (
                ErrorKind::Unsupported,
                "the libvirt save file is compressed with lzop, which memsh does not unpack".to_owned(),
                format!("unpack it: tail -c +{} FILE | lzop -dc > OUT, and open OUT", start + 1),
            ),
            _ => (
                ErrorKind::Malformed,
                format!(
                    "behind the libvirt header should stand a migration stream (compression: {}), and there is {what}",
                    format_name(format)
                ),
                "the file is damaged or was cut short: copy it again".to_owned(),
            ),
        };
        return Err(Error::new(Layer::Image, kind, why).at(At::File(start)).hint(hint));
    };
    let unpacked = unpack::unpack(data, compression, input.options)?;
    parsed.warnings.extend(unpacked.warnings);
    parsed.detail("unpacked_size", unpacked.bytes.len());
    let content = Arc::new(Content::Unpacked(unpacked.bytes));
    parsed.files.push(Arc::clone(&content));
    super::read(input, parsed, Arc::new(Stretch::new(content, 1, 0)))
}

/// What the XML says, as far as it is worth telling.
fn describe(text: &[u8], parsed: &mut Parsed) {
    let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
    let xml = String::from_utf8_lossy(text.get(..end).unwrap_or(text));
    for (name, open, close) in [("domain", "<name>", "</name>"), ("uuid", "<uuid>", "</uuid>")] {
        if let Some(value) = between(&xml, open, close) {
            parsed.detail(name, unescape(value));
        }
    }
    let attribute = |tag: &str, key: &str| {
        let tag = between(&xml, tag, ">")?;
        let quoted = tag.get(tag.find(key)? + key.len()..)?;
        let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        quoted.get(1..)?.split(quote).next().map(unescape)
    };
    for (name, tag, key) in [
        ("domain_arch", "<type ", "arch="),
        ("domain_machine", "<type ", "machine="),
        ("emulation", "<domain ", "type="),
        ("memory_unit", "<memory ", "unit="),
    ] {
        if let Some(value) = attribute(tag, key) {
            parsed.detail(name, value);
        }
    }
    let memory = xml.find("<memory").and_then(|at| xml.get(at..)).and_then(|rest| between(rest, ">", "</memory>"));
    if let Some(memory) = memory.and_then(|m| m.trim().parse::<u64>().ok()) {
        parsed.detail("domain_memory", memory);
    }
}

/// What stands between two texts; at most some hundred bytes.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let rest = text.get(text.find(open)? + open.len()..)?;
    rest.get(..rest.find(close)?).filter(|v| v.len() <= 400)
}

fn unescape(text: &str) -> String {
    let plain =
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&");
    plain.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
