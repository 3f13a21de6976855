//! Zip archives with a memory image in them.
//!
//! A member that is stored is used where it lies; one that is compressed is unpacked once, into memory. Which member it is decides
//! `choose`: the only one, or the only one that can be a memory image.

mod directory;

use super::map::Content;
use super::open::OpenOptions;
use super::unpack::{Compression, Input, Sink, Stopped, decoder};
use super::{detect, magic};
use crate::{At, Error, ErrorKind, Layer, Result};
pub(super) use directory::{Member, members, probe};
use std::cell::Cell;
use std::io::{self, Read};
use std::sync::Arc;

/// No machine has less memory; what is smaller and unknown is a note, a hash, a log.
const LEAST: u64 = 64 << 10;
/// Members that are looked into to find the image among them.
const LOOKED_AT: usize = 64;
/// Bytes of a member that are looked at.
const HEAD: usize = 64 << 10;
/// Names that a message lists.
const LISTED: usize = 12;

/// The image in an archive.
pub(super) struct Opened {
    pub content: Content,
    /// How it was packed: `zip (deflate)`.
    pub packing: String,
    pub member: String,
    /// Bytes that take memory; none for a member that is used where it lies.
    pub stored: Option<u64>,
    pub warnings: Vec<String>,
}

/// The name of a compression method (APPNOTE 4.4.5).
fn method_name(method: u16) -> &'static str {
    match method {
        0 => "stored",
        8 => "deflate",
        9 => "deflate64",
        12 => "bzip2",
        14 => "lzma",
        93 => "zstd",
        95 => "xz",
        98 => "ppmd",
        99 => "encrypted by AES",
        _ => "an unknown method",
    }
}

/// A reader of the member's bytes.
fn reader<'a>(member: &Member, input: Input<'a>) -> Result<Box<dyn Read + 'a>> {
    let refuse = |why: String, hint: &str| Err(Error::new(Layer::Image, ErrorKind::Unsupported, why).hint(hint.to_owned()));
    if member.encrypted || member.method == 99 {
        return refuse(
            format!("{} in the zip archive is encrypted", member.title()),
            "unpack it with its password (7z x FILE), and open the image",
        );
    }
    let other = |compression| {
        decoder(compression, input)
            .map_err(|e| Error::new(Layer::Image, ErrorKind::Malformed, format!("{} can't be unpacked: {e}", member.title())))
    };
    Ok(match member.method {
        0 => Box::new(input),
        8 => Box::new(flate2::bufread::DeflateDecoder::new(input)),
        12 => other(Compression::Bzip2)?,
        93 => other(Compression::Zstd)?,
        95 => other(Compression::Xz)?,
        n => {
            return refuse(
                format!(
                    "{} in the zip archive is packed by method {n} ({}), which memsh does not unpack",
                    member.title(),
                    method_name(n)
                ),
                "unpack it with another tool (7z x FILE), and open the image",
            );
        }
    })
}

/// Gives each file in an archive that is `wanted` by its name to `take`, unpacked, until that answers `false`.
///
/// # Errors
/// When the archive's directory can't be read.
pub(crate) fn each(
    data: &[u8],
    limit: u64,
    wanted: &dyn Fn(&str) -> bool,
    take: &mut dyn FnMut(String, Result<Vec<u8>>) -> bool,
) -> Result<()> {
    for member in members(data)?.into_iter().filter(|m| !aside(m)) {
        let name = String::from_utf8_lossy(&member.name).into_owned();
        if wanted(&name) && !take(name, unpacked(data, &member, limit)) {
            break;
        }
    }
    Ok(())
}

fn unpacked(data: &[u8], member: &Member, limit: u64) -> Result<Vec<u8>> {
    let failed = |why: String| Error::new(Layer::Image, ErrorKind::Malformed, why);
    let (range, _) = member.packed_bytes(data)?;
    let at = Cell::new(0);
    let input = Input { data: data.get(range).unwrap_or(&[]), at: &at };
    let mut bytes = Vec::new();
    // One byte more than may be, so that too much is seen.
    reader(member, input)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| failed(format!("{} can't be unpacked: {e}", member.title())))?;
    let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if len > limit {
        return Err(failed(format!("it unpacks to more than {limit} bytes")));
    }
    if len != member.size {
        return Err(failed(format!("it unpacks to {len} bytes, and the archive says {}", member.size)));
    }
    Ok(bytes)
}

/// The first bytes of a member, as far as they can be had.
fn head(data: &[u8], member: &Member) -> Vec<u8> {
    let Ok((range, _)) = member.packed_bytes(data) else { return Vec::new() };
    let at = Cell::new(0);
    let input = Input { data: data.get(range).unwrap_or(&[]), at: &at };
    let mut bytes = Vec::new();
    if let Ok(from) = reader(member, input) {
        let _ = from.take(u64::try_from(HEAD).unwrap_or(0)).read_to_end(&mut bytes);
    }
    bytes
}

/// Whether a member is a folder, or what macOS puts beside every file.
fn aside(member: &Member) -> bool {
    member.name.ends_with(b"/") || member.name.starts_with(b"__MACOSX/") || member.name.ends_with(b".DS_Store")
}

/// The member that is the memory image.
fn choose(data: &[u8], all: Vec<Member>) -> Result<Member> {
    let mut files: Vec<Member> = all.into_iter().filter(|m| !aside(m)).collect();
    if files.len() > 1 {
        let heads: Vec<Vec<u8>> = files.iter().take(LOOKED_AT).map(|m| head(data, m)).collect();
        let known = |h: &Vec<u8>| detect::known(h).is_some();
        let raw = |m: &Member, h: &Vec<u8>| {
            m.size >= LEAST && !h.is_empty() && magic::find(h).is_none() && !magic::is_program(h) && !magic::is_text(h)
        };
        let only = |fits: &dyn Fn(usize) -> bool| {
            let mut found = (0..heads.len()).filter(|&i| fits(i));
            found.next().filter(|_| found.next().is_none())
        };
        let chosen = only(&|i| heads.get(i).is_some_and(known)).or_else(|| {
            // A header that is known stands above bytes that say nothing; only without any of them may it be raw.
            let none = !heads.iter().any(known);
            none.then(|| only(&|i| files.get(i).zip(heads.get(i)).is_some_and(|(m, h)| raw(m, h))))?
        });
        return match chosen.filter(|_| files.len() <= LOOKED_AT) {
            Some(i) => Ok(files.swap_remove(i)),
            None => Err(several(&files)),
        };
    }
    files.pop().ok_or_else(|| Error::new(Layer::Image, ErrorKind::Malformed, "the zip archive holds no files").at(At::File(0)))
}

fn several(files: &[Member]) -> Error {
    let mut names: Vec<String> = files.iter().take(LISTED).map(|m| format!("{} ({} bytes)", m.title(), m.size)).collect();
    if files.len() > LISTED {
        names.push(format!("and {} more", files.len() - LISTED));
    }
    let what =
        format!("a zip archive of {} files, and not just one of them can be the memory image: {}", files.len(), names.join(", "));
    Error::new(Layer::Image, ErrorKind::Unsupported, what)
        .at(At::File(0))
        .hint("unpack it, and open the memory image in it with the files that belong to it beside it")
}

/// Opens the memory image in the archive.
///
/// # Errors
/// When the archive is damaged, holds several files that may be meant, or is packed in a way that memsh does not read.
pub(super) fn open(file: Content, options: &OpenOptions) -> Result<Opened> {
    let all = members(&file)?;
    // The two files that the AFF4 standard puts into every container.
    if all.iter().any(|m| m.name == b"container.description" || m.name == b"information.turtle") {
        return Err(Error::new(Layer::Image, ErrorKind::Unsupported, "an AFF4 container, which memsh does not read yet")
            .at(At::File(0))
            .hint("export the raw memory from it first (aff4imager -e, or winpmem's --export), and open that"));
    }
    let member = choose(&file, all)?;
    let (range, whole) = member.packed_bytes(&file)?;
    let mut warnings = Vec::new();
    if !whole {
        warnings.push(format!(
            "the zip archive ends inside {}: only {} of {} bytes are there",
            member.title(),
            range.len(),
            member.packed
        ));
    }
    let packing = format!("zip ({})", method_name(member.method));
    if member.method == 0 && !member.encrypted {
        let content = Content::Part { whole: Arc::new(file), range };
        return Ok(Opened { content, packing, member: member.title(), stored: None, warnings });
    }
    let at = Cell::new(0);
    let input = Input { data: file.get(range.clone()).unwrap_or(&[]), at: &at };
    let mut from = reader(&member, input)?;
    let mut sink = Sink::new(options)?;
    let mut crc = flate2::Crc::new();
    let poured = sink.pour(&mut *from, &at, range.len(), |bytes| crc.update(bytes));
    drop(from);
    let got = u64::try_from(sink.out.len()).unwrap_or(u64::MAX);
    match poured {
        Ok(()) => {}
        Err(Stopped::Other(e)) => return Err(e),
        Err(Stopped::Source(e)) => return Err(broken(&member, &e, range.start.saturating_add(at.get()), got)),
    }
    if got != member.size {
        warnings.push(format!("{} gave {got} bytes, the zip archive's directory says {}", member.title(), member.size));
    } else if crc.sum() != member.crc {
        warnings.push(format!(
            "{} is damaged: its CRC-32 is {:#010x}, the zip archive's directory says {:#010x}",
            member.title(),
            crc.sum(),
            member.crc
        ));
    }
    let bytes = sink.out.finish();
    let stored = Some(bytes.stored());
    Ok(Opened { content: Content::Unpacked(bytes), packing, member: member.title(), stored, warnings })
}

fn broken(member: &Member, e: &io::Error, at: usize, got: u64) -> Error {
    let reason =
        format!("{} in the zip archive is damaged or cut short: {got} of {} bytes, then: {e}", member.title(), member.size);
    Error::new(Layer::Image, ErrorKind::Malformed, reason)
        .at(At::File(u64::try_from(at).unwrap_or(u64::MAX)))
        .hint("compare the archive's size and hash with the original and copy it again")
}
