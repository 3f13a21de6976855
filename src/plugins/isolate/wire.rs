//! Messages between the two processes: a JSON line to begin with, then batches of numbers.

use crate::{Error, ErrorKind, Layer, Result};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// What the parent sends first.
#[derive(Serialize, Deserialize)]
pub struct Make {
    /// What stood behind the connector's name.
    pub arguments: String,
    /// Whether writing is allowed.
    pub write: bool,
}

/// A processor: root, upper root, CR0, CR4, EFER, instruction pointer.
pub type Processor = [Option<u64>; 6];

/// What the child answers to it.
#[derive(Default, Serialize, Deserialize)]
pub struct Made {
    /// Why there is no connector.
    pub error: Option<String>,
    /// Whether writing never works.
    pub read_only: bool,
    /// Whether the content changes.
    pub live: bool,
    /// How many operations a batch should hold.
    pub ideal_batch: u32,
    /// First address and bytes of each range.
    pub ranges: Vec<(u64, u64)>,
    /// Architecture.
    pub machine: Option<String>,
    /// VMCOREINFO.
    pub vmcoreinfo: Option<Vec<u8>>,
    /// Processors.
    pub processors: Vec<Processor>,
}

/// A batch begins with one of these.
pub const READ: u32 = 1;
/// See [`READ`].
pub const WRITE: u32 = 2;

/// Most operations of one message.
pub const MANY: usize = 4096;
/// Longest JSON message: a memory of a million ranges.
const LONGEST: u32 = 64 << 20;

fn broken(e: impl std::fmt::Display) -> Error {
    Error::new(Layer::Connector, ErrorKind::Io, format!("the plugin's process broke off: {e}"))
}

/// Sends a value.
///
/// # Errors
/// When the other process is gone.
pub fn send<T: Serialize>(to: &mut impl Write, value: &T) -> Result<()> {
    let text = serde_json::to_vec(value).map_err(broken)?;
    let length = u32::try_from(text.len()).map_err(broken)?;
    to.write_all(&length.to_ne_bytes()).and_then(|()| to.write_all(&text)).map_err(broken)
}

/// Receives a value.
///
/// # Errors
/// When the other process is gone or sends something else.
pub fn receive<T: for<'de> Deserialize<'de>>(from: &mut impl Read) -> Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length).map_err(broken)?;
    let length = u32::from_ne_bytes(length);
    if length > LONGEST {
        return Err(broken(format!("it announces {length} bytes")));
    }
    let mut text = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut text).map_err(broken)?;
    serde_json::from_slice(&text).map_err(broken)
}

/// Sends a batch: what it is, and address and length of each operation.
pub fn send_batch(to: &mut impl Write, what: u32, operations: &[(u64, u32)]) -> io::Result<()> {
    let count = u32::try_from(operations.len()).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(8 + operations.len() * 12);
    bytes.extend(what.to_ne_bytes());
    bytes.extend(count.to_ne_bytes());
    for (address, length) in operations {
        bytes.extend(address.to_ne_bytes());
        bytes.extend(length.to_ne_bytes());
    }
    to.write_all(&bytes)
}

/// What it is, and address and length of each operation.
pub type Batch = (u32, Vec<(u64, u32)>);

/// Receives a batch; none when the other process has closed the connection between two.
pub fn receive_batch(from: &mut impl Read) -> io::Result<Option<Batch>> {
    let mut head = [0; 8];
    match from.read_exact(&mut head) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let [a, b, c, d, e, f, g, h] = head;
    let (what, count) = (u32::from_ne_bytes([a, b, c, d]), u32::from_ne_bytes([e, f, g, h]));
    let count = usize::try_from(count).ok().filter(|&n| n <= MANY).ok_or_else(|| io::Error::other("too many operations"))?;
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let (mut address, mut length) = ([0; 8], [0; 4]);
        from.read_exact(&mut address)?;
        from.read_exact(&mut length)?;
        out.push((u64::from_ne_bytes(address), u32::from_ne_bytes(length)));
    }
    Ok(Some((what, out)))
}
