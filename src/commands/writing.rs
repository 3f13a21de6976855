//! What `write`, `fill` and `undo` have in common: bytes as they are typed, permission, the answer, the line for the log.

use super::cells::{Hex, Time, hex, number, unhex};
use super::context::Context;
use super::failure::{Failure, Result};
use crate::edits::{Denied, Edit, LARGEST};
use crate::session::Space;
use crate::umem;
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;
use std::time::SystemTime;

/// How the values of a write are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Unit {
    /// Bytes in hex.
    B,
    /// Numbers of 2 bytes.
    W,
    /// Numbers of 4 bytes.
    D,
    /// Numbers of 8 bytes.
    Q,
    /// Pointers.
    P,
    /// Text.
    S,
    /// Text in UTF-16.
    U,
}

/// A piece of physical memory that was written.
#[derive(Serialize, JsonSchema)]
pub struct PlacePart {
    /// Its first address.
    address: Hex,
    /// Where that lies in physical memory.
    physical: Hex,
    /// Its length in bytes.
    length: u64,
}

/// What was written.
#[derive(Serialize, JsonSchema)]
pub struct WriteRow {
    /// Address of the first byte.
    address: Hex,
    /// Bytes written.
    length: u64,
    /// `phys`, `kernel` or `pid`.
    space: String,
    /// The process, where it is a process's memory.
    pid: Option<u32>,
    /// What was there before, in hex.
    old: String,
    /// What is there now, in hex.
    new: String,
    /// Whether it was read back and is what was written: a write that is not fails.
    verified: bool,
    /// Its number on the list of `undo`; null where nothing was to be changed.
    number: Option<u64>,
    /// When it was written.
    time: Time,
    /// Where the bytes lie in physical memory; null for a space without page tables.
    places: Option<Vec<PlacePart>>,
}

impl WriteRow {
    /// The answer for a write that went well.
    pub fn new(edit: &Edit) -> Self {
        let flat = edit.space.tables().is_some_and(crate::engine::AddressSpace::is_flat);
        let place =
            |p: &crate::engine::Place| PlacePart { address: p.virt.into(), physical: p.phys.into(), length: number(p.size) };
        Self {
            address: Hex(edit.address),
            length: u64::try_from(edit.new.len()).unwrap_or(u64::MAX),
            space: edit.space.kind().to_owned(),
            pid: edit.space.process().map(|p| p.pid),
            old: hex(&edit.old),
            new: hex(&edit.new),
            verified: true,
            number: Some(edit.number),
            time: moment(edit.time),
            places: (!flat).then(|| edit.places.iter().map(place).collect()),
        }
    }
}

/// A moment for JSON.
pub fn moment(time: SystemTime) -> Time {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Refuses what may not be written, before anything else is said of it.
///
/// # Errors
/// A failure for a target that can't be written, a usage error for an option that was not given.
pub fn allow(cx: &Context, space: &Space, command: &str) -> Result<()> {
    cx.session()?.may_write(space).map_err(|denied| match denied {
        Denied::Target(e) => Failure::Error(e),
        Denied::Option(option) => {
            let what = format!("{command}: writes are not allowed without {option}");
            let hint = match option {
                "--write" => "start memsh with it: memsh -C CONNECTOR --write",
                _ => "start memsh with it: physical addresses belong to nobody in particular, and need a word more",
            };
            Failure::Usage(what, Some(hint.to_owned()))
        }
    })
}

/// Writes, and leaves a line for the case file.
///
/// # Errors
/// As [`crate::session::Session::write`].
pub fn write(cx: &Context, space: &Space, address: umem, bytes: &[u8], command: &str) -> Result<WriteRow> {
    let most = usize::try_from(LARGEST).unwrap_or(usize::MAX);
    if bytes.is_empty() || bytes.len() > most {
        return Err(Failure::usage(format!("{command}: {} bytes; 1 to {most} can be written at once", bytes.len())));
    }
    let session = cx.session()?;
    match session.write(space, address, bytes) {
        Ok(edit) => {
            cx.host().audit(&line(command, &edit, "verified"));
            Ok(WriteRow::new(&edit))
        }
        Err(e) => {
            let at = format!("{command} {} {address:#x}, {} bytes", whose(space), bytes.len());
            cx.host().audit(&format!("{at}: failed: {e}"));
            Err(e.into())
        }
    }
}

/// Whose addresses they are, in a word.
fn whose(space: &Space) -> String {
    space.process().map_or_else(|| space.kind().to_owned(), |p| format!("pid {}", p.pid))
}

/// So many bytes of each write stand in the log.
const LOGGED: usize = 64;

/// A write as the log has it.
pub fn line(command: &str, edit: &Edit, end: &str) -> String {
    let shown = |bytes: &[u8]| {
        let more = if bytes.len() > LOGGED { ".." } else { "" };
        format!("{}{more}", hex(bytes.get(..LOGGED).unwrap_or(bytes)))
    };
    let physical = match (&edit.space, edit.places.first()) {
        (Space::Physical(_), _) | (_, None) => String::new(),
        (_, Some(p)) if edit.space.tables().is_some_and(|t| !t.is_flat()) => format!(" (physical {})", p.phys),
        _ => String::new(),
    };
    let (time, whose, len) = (moment(edit.time), whose(&edit.space), edit.old.len());
    let (old, new) = (shown(&edit.old), shown(&edit.new));
    format!("{command} {} at {time}: {whose} {:#x}{physical}, {len} bytes: {old} -> {new}, {end}", edit.number, edit.address)
}

/// The bytes that `words` mean.
///
/// # Errors
/// A usage error that says how they are written.
pub fn bytes(cx: &Context, space: &Space, unit: Unit, words: &[String], command: &str) -> Result<Vec<u8>> {
    let big = space.tables().is_some_and(|t| !memsh_plugin::MemoryView::view_metadata(t).little_endian);
    let size = match unit {
        Unit::S => return Ok(words.join(" ").into_bytes()),
        Unit::U => {
            let order = if big { u16::to_be_bytes } else { u16::to_le_bytes };
            return Ok(words.join(" ").encode_utf16().flat_map(order).collect());
        }
        Unit::B => return words.iter().map(|w| raw(w, command)).collect::<Result<Vec<_>>>().map(|all| all.concat()),
        Unit::W => 2,
        Unit::D => 4,
        Unit::Q => 8,
        Unit::P => usize::from(space.pointer_size()),
    };
    let mut out = Vec::new();
    for word in words {
        let value = cx.evaluate(word, Some(space))?;
        let value = crate::engine::to_u64(value).ok_or_else(|| Failure::usage(format!("{command}: {word} is too large")))?;
        let all = value.to_le_bytes();
        let (low, high) = all.split_at(size.min(8));
        // A negative number is one whose upper bytes are all ones.
        let negative = low.last().is_some_and(|b| b & 0x80 != 0) && high.iter().all(|b| *b == 0xff);
        if !negative && high.iter().any(|b| *b != 0) {
            return Err(Failure::usage(format!("{command}: {word} does not fit into {size} bytes")));
        }
        if big { out.extend(low.iter().rev()) } else { out.extend(low) }
    }
    Ok(out)
}

/// `90`, `9090c3`, `0x90`, `"text"`.
fn raw(word: &str, command: &str) -> Result<Vec<u8>> {
    if let Some(text) = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
        return Ok(text.as_bytes().to_vec());
    }
    let wrong = |what: &str| {
        let hint = "bytes are written as hex digits: 90 90 c3, 9090c3; numbers with --as w, d or q; text with --as s";
        Failure::Usage(format!("{command}: {word} {what}"), Some(hint.to_owned()))
    };
    let digits = match word.strip_prefix("0x") {
        Some(one) if one.len() > 2 => return Err(wrong("is a number, whose bytes have an order")),
        Some(one) => one,
        None => word,
    };
    let padded = if digits.len() == 1 { format!("0{digits}") } else { digits.to_owned() };
    unhex(&padded).filter(|b| !b.is_empty()).ok_or_else(|| wrong("is no bytes in hex"))
}
