//! `hash`: the image file's fingerprint.

use super::cells::hex;
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::{Error, ErrorKind, Layer};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Read;

/// Compute the SHA-256 of the image file
#[derive(clap::Args, Debug)]
pub struct Hash {}

/// The file's fingerprint.
#[derive(Serialize, JsonSchema)]
pub struct HashRow {
    /// Path of the file.
    path: String,
    /// SHA-256 of the file, in hex.
    sha256: String,
    /// Size of the file in bytes.
    size: u64,
}

const PIECE: usize = 1 << 20;

impl Command for Hash {
    type Row = HashRow;
    const NAME: &'static str = "hash";
    const ALIASES: &'static [&'static str] = &["sha256"];
    const SUMMARY: &'static str = "Compute the SHA-256 of the image file";
    const SHAPE: Shape = Shape::Object;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[("hash", "for the record of evidence")];

    fn run(self, cx: &Context, out: &mut Rows<'_, HashRow>) -> Result<()> {
        let session = cx.session()?;
        let path = &session.facts().path;
        if !session.image().has_file() {
            let e = Error::new(Layer::Command, ErrorKind::Unsupported, format!("{} is no file", path.display()));
            let hint = match session.memory().ranges().is_empty() {
                true => "`dump -p PID -o FILE` writes the memory of a process into one, and says the SHA-256",
                false => "`dump phys -o FILE` writes its memory into one, and says the SHA-256",
            };
            return Err(e.hint(hint).into());
        }
        let Fingerprint { sha256, size } = fingerprint(cx, "hashing")?;
        out.push(&HashRow { path: path.to_string_lossy().into_owned(), sha256, size })
    }
}

/// What a file is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Reads all of the image's file, as it is now, and gives its fingerprint.
///
/// # Errors
/// When it can't be read; when the user interrupts.
pub fn fingerprint(cx: &Context, task: &str) -> Result<Fingerprint> {
    let session = cx.session()?;
    let path = &session.facts().path;
    let fail = |e| Failure::file(path, "read", e);
    let mut file: Box<dyn Read> = match (session.embedded(), session.image().far_file()) {
        (Some(bytes), _) => Box::new(bytes),
        (_, Some(far)) => far,
        _ => Box::new(crate::reading::open(path).map_err(fail)?),
    };
    let meter = cx.host().meter(task, session.facts().size);
    let mut sha = Sha256::new();
    let mut size = 0u64;
    let mut piece = vec![0; PIECE];
    loop {
        cx.go_on()?;
        let n = file.read(&mut piece).map_err(fail)?;
        let Some(read) = piece.get(..n).filter(|r| !r.is_empty()) else { break };
        sha.update(read);
        size += read.len() as u64;
        meter.at(size);
    }
    Ok(Fingerprint { sha256: hex(&sha.finalize()), size })
}
