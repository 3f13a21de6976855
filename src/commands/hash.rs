//! `hash`: the image file's fingerprint.

use super::cells::hex;
use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::reading::Original;
use crate::session::Session;
use crate::{Error, ErrorKind, Layer};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;

/// Compute the SHA-256 of the image file, and of the files that belong to it
///
/// Of the files that were opened, wherever their names lead by now; exit status 1 where one changed since.
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
    /// Files that belong to it: further parts, a sidecar, swap and page files.
    others: Vec<FileHash>,
}

/// A file and its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileHash {
    /// Path of the file.
    pub path: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// Size of the file in bytes.
    pub size: u64,
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
        if !hashable(session) {
            let e = Error::new(Layer::Command, ErrorKind::Unsupported, format!("{} is no file", path.display()));
            let hint = match session.memory().ranges().is_empty() {
                true => "`dump -p PID -o FILE` writes the memory of a process into one, and says the SHA-256",
                false => "`dump phys -o FILE` writes its memory into one, and says the SHA-256",
            };
            return Err(e.hint(hint).into());
        }
        let mut all = of_image(cx, "hashing")?.into_iter();
        let Some(FileHash { path, sha256, size }) = all.next() else { return Ok(()) };
        out.push(&HashRow { path, sha256, size, others: all.collect() })?;
        let Some(why) = session.changed() else { return Ok(()) };
        let what = format!(
            "hash: {why}; this is the hash of the file that was opened, as it is now, and answers may be of what it was before"
        );
        let hint = "open the image again for the hash of what is there now; work on a copy that nobody else reaches";
        Err(Error::new(Layer::Command, ErrorKind::Malformed, what).hint(hint).into())
    }
}

/// Whether the target is a file of which all bytes can be had as they lie.
pub fn hashable(session: &Session) -> bool {
    let image = session.image();
    session.embedded().is_some() || image.original().is_some() || image.far_file().is_some() || image.given().is_some()
}

/// Reads all of the image's files, as they are now, and gives their fingerprints: of the one that was named first. Each is read through the
/// descriptor by which it was opened, wherever its name leads by now.
///
/// # Errors
/// When one can't be read; when the user interrupts.
pub fn of_image(cx: &Context, task: &str) -> Result<Vec<FileHash>> {
    let session = cx.session()?;
    let (image, facts) = (session.image(), session.facts());
    let first = match (image.original(), session.embedded().or(image.given()), image.far_file()) {
        (Some(original), ..) => of_original(cx, task, original)?,
        (_, Some(bytes), _) => digest(cx, task, &facts.path, facts.size, &mut &*bytes)?,
        (_, _, Some(mut far)) => digest(cx, task, &facts.path, facts.size, &mut far)?,
        _ => return Err(Failure::usage(format!("{} is no file that could be hashed", facts.path.display()))),
    };
    let others = session.other_originals().map(|(path, original)| match original {
        Some(original) => of_original(cx, task, original),
        None => fingerprint(cx, task, path),
    });
    std::iter::once(Ok(first)).chain(others).collect()
}

fn of_original(cx: &Context, task: &str, original: &Original) -> Result<FileHash> {
    digest(cx, task, original.path(), original.len(), &mut original.reader())
}

/// Reads all of a file and gives its fingerprint.
///
/// # Errors
/// When it can't be read; when the user interrupts.
pub fn fingerprint(cx: &Context, task: &str, path: &Path) -> Result<FileHash> {
    let fail = |e| Failure::file(path, "read", e);
    let mut file = crate::reading::open(path).map_err(fail)?;
    let size = file.metadata().map_err(fail)?.len();
    digest(cx, task, path, size, &mut file)
}

fn digest(cx: &Context, task: &str, path: &Path, size: u64, file: &mut dyn Read) -> Result<FileHash> {
    let meter = cx.host().meter(task, size);
    let mut sha = Sha256::new();
    let mut size = 0u64;
    let mut piece = vec![0; PIECE];
    loop {
        cx.go_on()?;
        let n = file.read(&mut piece).map_err(|e| Failure::file(path, "read", e))?;
        let Some(read) = piece.get(..n).filter(|r| !r.is_empty()) else { break };
        sha.update(read);
        size += read.len() as u64;
        meter.at(size);
    }
    Ok(FileHash { path: path.to_string_lossy().into_owned(), sha256: hex(&sha.finalize()), size })
}
