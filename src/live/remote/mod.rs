//! A target on another machine: `memsh serve` there, `-C remote:HOST:PORT` here.
//!
//! TLS 1.3 with a certificate that the server makes at its start; the client knows it by its SHA-256 and nothing else. Inside, the
//! client shows a token, and the server says what the target is ([`about`]). Then the client sends batches of operations, several
//! ahead, and each is answered in its turn with a status per operation ([`message`]). Sizes are bounded on both sides.
//!
//! - `secure` is frames over TLS over a socket, with limits of time
//! - `client` is the memory, `server` what answers it

mod about;
mod client;
mod message;
mod secure;
mod server;

pub use secure::random;
pub use server::{Listening, ServeOptions, Served, listen};

use super::socket::{Address, Wire};
use super::{Argument, ArgumentKind, Connector, Request};
use crate::engine::Memory;
use crate::image::{Image, ImageFacts};
use crate::{Error, ErrorKind, Layer, Result};
use about::About;
use client::{Link, RemoteMemory};
use memsh_plugin::{MemoryRange, PhysAddr, umem};
use secure::{Secure, Trouble};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The port where nobody names one.
pub const PORT: u16 = 9797;
/// The version of the messages. Another one is refused.
const VERSION: u32 = 1;
/// A token is no shorter, in bytes.
const LEAST_TOKEN: usize = 16;
/// And no longer.
const MOST_TOKEN: u64 = 1024;

/// The connector.
pub const CONNECTOR: Connector = Connector {
    name: "remote",
    summary: "a target that `memsh serve` gives out on another machine",
    arguments: &[
        Argument::required("address", ArgumentKind::Text, "host, host:port or unix:/path (port 9797)"),
        Argument::optional("token-file", ArgumentKind::Path, "file with the token that serve takes"),
        Argument::optional("fingerprint", ArgumentKind::Text, "SHA-256 of the certificate, as serve prints it"),
        Argument::with_default("timeout", ArgumentKind::Duration, "10s", "how long an answer may take"),
        Argument::with_default("inflight", ArgumentKind::Number, "8", "requests under way at once (1 to 64)"),
    ],
    connect,
    targets: None,
};

fn failed(kind: ErrorKind, what: impl Into<String>) -> Error {
    Error::new(Layer::Connector, kind, format!("remote: {}", what.into()))
}

/// Reads a token: the file's first line.
///
/// # Errors
/// When the file can't be read, or what is in it is too short or too long.
pub fn token(path: &Path) -> Result<Vec<u8>> {
    let wrong = |what: String| failed(ErrorKind::Io, format!("the token in {}: {what}", path.display()));
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| wrong(e.to_string()))?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, MOST_TOKEN + 1), &mut text).map_err(|e| wrong(e.to_string()))?;
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii().to_vec();
    if line.len() < LEAST_TOKEN || u64::try_from(text.len()).unwrap_or(u64::MAX) > MOST_TOKEN {
        return Err(wrong(format!("it has {} bytes, a token has {LEAST_TOKEN} to {MOST_TOKEN}", line.len()))
            .hint("head -c 32 /dev/urandom | base64 makes one"));
    }
    Ok(line)
}

fn connect(request: &Request<'_>) -> Result<Image> {
    let args = &request.arguments;
    let address = Address::parse(args.text("address").unwrap_or_default(), "remote", Some(PORT))?;
    let timeout = args.duration("timeout").unwrap_or(Duration::from_secs(10)).max(Duration::from_millis(10));
    let pinned = args.text("fingerprint").map(secure::fingerprint).transpose()?;
    let Some(path) = args.text("token-file") else {
        return Err(failed(ErrorKind::Invalid, "token-file= is missing")
            .hint("the file with the token that serve was given, or printed when it started"));
    };
    let token = token(Path::new(path))?;
    let wire = Wire::connect(&address, "remote", timeout, request.interrupt)?;
    let mut secure = Secure::client(wire, pinned, timeout)?;
    let about = greet(&mut secure, &token, request.write, timeout)?;
    if request.write && !about.writable {
        return Err(failed(ErrorKind::Unsupported, "the target is served for reading only")
            .hint("memsh serve --write lets it be written to"));
    }
    let window = usize::try_from(args.number("inflight").unwrap_or(8).clamp(1, 64)).unwrap_or(8);
    let link = Arc::new(Link::new(secure, timeout, window));
    Ok(image(link, about, &address, request.write))
}

/// Shows the token, hears what the target is.
fn greet(secure: &mut Secure, token: &[u8], write: bool, timeout: Duration) -> Result<About> {
    let end = Instant::now() + timeout;
    let told = |secure: &Secure, e: Trouble| secure.explain(e);
    let hello = message::hello(VERSION, write, token);
    secure.send(message::HELLO, &hello, end).map_err(|e| told(secure, e))?;
    let (kind, body) = secure.receive(message::MOST_FRAME, end).map_err(|e| told(secure, e))?;
    match kind {
        message::ABOUT => serde_json::from_slice(&body)
            .map_err(|e| failed(ErrorKind::Malformed, format!("what the server says of its target makes no sense: {e}"))),
        message::REFUSED => {
            let why = String::from_utf8_lossy(&body).chars().filter(|c| !c.is_control()).take(300).collect::<String>();
            Err(failed(ErrorKind::Io, format!("the server refused: {why}")))
        }
        other => Err(failed(ErrorKind::Malformed, format!("the server answered with a message of kind {other}"))),
    }
}

fn image(link: Arc<Link>, about: About, address: &Address, write: bool) -> Image {
    let ranges: Vec<MemoryRange> = about
        .ranges
        .iter()
        .filter(|(start, size)| *size > 0 && start.checked_add(size - 1).is_some())
        .map(|(start, size)| MemoryRange { start: PhysAddr::new(umem::from(*start)), size: umem::from(*size) })
        .collect();
    let memory = Memory::new(RemoteMemory::new(Arc::clone(&link), ranges, about.live, write));
    let mut facts = ImageFacts::named(format!("remote:{address}"), "remote");
    facts.detail("target", &about.name);
    facts.detail("target_format", &about.format);
    facts.details.extend(about.details.iter().cloned());
    facts.warnings.extend(about.warnings.iter().cloned());
    let mut image = Image::of_memory(memory, facts);
    image.cpus = about.cpus();
    image.machine = about.machine;
    image.vmcoreinfo = about.vmcoreinfo;
    image.trouble = Some(Arc::new(move || link.trouble()));
    image
}
