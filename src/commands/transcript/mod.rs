//! `log verify`: whether a transcript is as memsh wrote it.

pub mod chain;

use super::context::Context;
use super::failure::{Failure, Result};
use super::sink::Rows;
use super::spec::{Command, Shape};
use crate::{Error, ErrorKind, Layer};
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

/// Verify a transcript that `log FILE` wrote: each entry against its hash and the one before
///
/// The last hash, which `log off` shows, has to be noted elsewhere: who can write the file can make a chain anew. With --head memsh says
/// whether the noted one is in the chain.
#[derive(clap::Args, Debug)]
pub struct LogVerify {
    /// The transcript
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// A hash that was noted: 64 hex digits
    #[arg(long, value_name = "SHA256")]
    head: Option<String>,
}

/// What the chain says.
#[derive(Serialize, JsonSchema)]
pub struct LogVerifyRow {
    /// The file.
    path: String,
    /// Whether every entry fits, all bytes are covered, and the hash of --head is an entry's.
    ok: bool,
    /// Entries that fit: the header, one for each command, the end.
    entries: u64,
    /// The hash of the last entry that fits; null where there is none.
    head: Option<String>,
    /// The first entry that does not fit; null where all do.
    broken_entry: Option<u64>,
    /// The line of the file on which that begins.
    broken_line: Option<u64>,
    /// Bytes behind the last entry that fits, which no hash covers: an entry that does not fit and what follows it, or a session that
    /// did not end by itself.
    uncovered: u64,
    /// Whether the hash of --head is an entry's; null without --head.
    head_found: Option<bool>,
}

impl Command for LogVerify {
    type Row = LogVerifyRow;
    const NAME: &'static str = "log-verify";
    const SUMMARY: &'static str = "Verify the chain of hashes of a transcript (log verify)";
    const SHAPE: Shape = Shape::Object;
    const NEEDS_TARGET: bool = false;
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("log verify case.log", "names the first entry that does not fit; exit status 1 then")];

    fn run(self, cx: &Context, out: &mut Rows<'_, LogVerifyRow>) -> Result<()> {
        let head = self.head.as_ref().map(|h| h.trim().to_lowercase());
        if head.as_ref().is_some_and(|h| h.len() != 64 || !h.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(Failure::usage("log verify: --head: a SHA-256 has 64 hex digits"));
        }
        let read = |e| Failure::file(&self.path, "read", e);
        let file = File::open(&self.path).map_err(read)?;
        let verdict = chain::verify(BufReader::with_capacity(1 << 16, file), head.as_deref()).map_err(read)?;
        cx.go_on()?;
        let (entries, uncovered) = (verdict.chain.entries(), verdict.chain.pending());
        let head_found = head.as_ref().map(|_| verdict.expected);
        let ok = verdict.broken.is_none() && uncovered == 0 && entries > 0 && head_found != Some(false);
        out.push(&LogVerifyRow {
            path: self.path.to_string_lossy().into_owned(),
            ok,
            entries,
            head: verdict.chain.head(),
            broken_entry: verdict.broken.as_ref().map(|b| b.entry),
            broken_line: verdict.broken.as_ref().map(|b| b.first_line),
            uncovered,
            head_found,
        })?;
        let path = self.path.display();
        let bad = |text: String, hint: &str| {
            Err(Error::new(Layer::Command, ErrorKind::Malformed, format!("log verify: {path}: {text}"))
                .hint(hint.to_owned())
                .into())
        };
        match &verdict.broken {
            Some(b) => bad(
                format!("entry {} (from line {}) does not fit its hash on line {}", b.entry, b.first_line, b.hash_line),
                "the entries before it are as memsh wrote them; it or its hash was changed, or an entry before it was taken out",
            ),
            None if entries == 0 => {
                bad("there is no entry with a hash".to_owned(), "`log FILE` in the shell, or --log FILE, writes one")
            }
            None if uncovered > 0 => bad(
                format!("{uncovered} bytes behind entry {entries} have no hash"),
                "the session did not end by itself, or somebody wrote behind it",
            ),
            None if head_found == Some(false) => bad(
                "no entry has the hash of --head".to_owned(),
                "the chain fits in itself and is not the one whose hash was noted: it was made anew, or cut off before that entry",
            ),
            None => Ok(()),
        }
    }
}
