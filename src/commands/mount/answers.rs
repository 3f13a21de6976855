//! Answers of commands as files: the very text that `memsh TARGET COMMAND --json` writes.

use super::content::Content;
use super::log::Log;
use crate::commands::failure::{Failure, Result};
use crate::commands::harmless;
use crate::commands::{ALL, Context, Shape, Sink, Spec, find};
use crate::{Error, ErrorKind};
use clap::ArgMatches;
use rustix::io::Errno;
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use tempfile::{SpooledData, SpooledTempFile};

/// Answers up to this many bytes are kept in memory, longer ones in a file without a name.
const IN_MEMORY: usize = 1 << 20;
/// Commands that change or write something, speak of what the shell has done before, or need a process.
const LEFT_OUT: &[&str] =
    &["mount", "write", "fill", "undo", "freeze", "matches", "matches-write", "next", "scans", "run", "ptrmap-build", "maps"];
/// Commands whose answer about one process is a file in its folder.
const OF_PROCESS: &[&str] =
    &["ps", "threads", "cmdline", "env", "creds", "history", "files", "net", "modules", "maps", "pages", "malfind"];
/// Those that only Linux has.
const OF_LINUX: &[&str] = &["namespaces", "cgroups"];

/// A command as a parser of its arguments alone.
fn parsed(spec: &Spec, words: &[&str]) -> std::result::Result<ArgMatches, clap::Error> {
    (spec.arguments)(clap::Command::new(spec.name).no_binary_name(true)).try_get_matches_from(words)
}

/// Every command that has an answer without a word behind it.
pub fn of_target() -> impl Iterator<Item = &'static str> {
    let wanted = |spec: &&Spec| spec.needs_target && !LEFT_OUT.contains(&spec.name) && parsed(spec, &[]).is_ok();
    ALL.iter().filter(wanted).map(|spec| spec.name)
}

/// Every command that has an answer about one process.
pub fn of_process(linux: bool) -> impl Iterator<Item = &'static str> {
    let linux = OF_LINUX.iter().filter(move |_| linux);
    OF_PROCESS.iter().chain(linux).copied().filter(|name| find(name).is_some())
}

/// Rows on their way into a file.
struct Text {
    out: SpooledTempFile,
    rows: u64,
    list: bool,
}

impl Sink for Text {
    fn row(&mut self, row: Value) -> Result<()> {
        if self.list {
            self.out.write_all(if self.rows == 0 { b"[" } else { b"," })?;
        } else if self.rows > 0 {
            return Ok(());
        }
        self.rows += 1;
        self.out.write_all(harmless::json(row.to_string()).as_bytes())?;
        Ok(())
    }

    fn bytes(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

impl Text {
    fn finish(mut self) -> std::io::Result<Content> {
        self.out.write_all(match (self.list, self.rows) {
            (true, 0) => b"[]\n",
            (true, _) => b"]\n",
            (false, _) => b"\n",
        })?;
        let size = self.out.seek(SeekFrom::End(0))?;
        self.out.rewind()?;
        Ok(match self.out.into_inner() {
            SpooledData::InMemory(mut bytes) => {
                let mut all = Vec::new();
                bytes.read_to_end(&mut all)?;
                Content::bytes(all)
            }
            SpooledData::OnDisk(file) => Content::Spooled(Arc::<File>::new(file), size),
        })
    }
}

/// What FUSE says for a failure.
pub fn errno(e: &Error) -> Errno {
    match e.kind() {
        ErrorKind::Unsupported => Errno::OPNOTSUPP,
        ErrorKind::NotFound => Errno::NOENT,
        ErrorKind::Invalid => Errno::INVAL,
        ErrorKind::Interrupted => Errno::INTR,
        ErrorKind::Unreadable | ErrorKind::Malformed | ErrorKind::Io => Errno::IO,
    }
}

/// A failure in one line.
pub fn words_of(failure: &Failure) -> String {
    let lines = failure.lines();
    lines.iter().map(|l| l.strip_prefix("memsh: ").unwrap_or(l)).collect::<Vec<_>>().join("; ")
}

fn refused(failure: &Failure) -> Errno {
    match failure {
        Failure::Error(e) => errno(e),
        Failure::Interrupted => Errno::INTR,
        Failure::Output(_) => Errno::NOSPC,
        _ => Errno::INVAL,
    }
}

/// The answer to a command; what is missing from it is noted. One that broke off is as long as it came, as on the screen.
///
/// # Errors
/// When there is none at all; the log says why.
pub fn answer(cx: &Context, log: &Log, name: &str, words: &[&str]) -> std::result::Result<Content, Errno> {
    let line = std::iter::once(name).chain(words.iter().copied()).collect::<Vec<_>>().join(" ");
    let spec = find(name).ok_or(Errno::NOENT)?;
    let matches = parsed(spec, words).map_err(|e| {
        log.note(format!("{line}: {e}"));
        Errno::INVAL
    })?;
    let list = matches!(spec.shape_of(&matches), Shape::List(_));
    let mut text = Text { out: SpooledTempFile::new(IN_MEMORY), rows: 0, list };
    let own = Context::new(cx.host(), cx.session().ok(), None);
    let outcome = (spec.run)(&matches, &own, &mut text);
    if let Some(partial) = own.partial() {
        log.note(format!("{line}: {partial}"));
    }
    match outcome {
        Ok(()) | Err(Failure::Enough) => {}
        Err(failure) => {
            let errno = refused(&failure);
            log.note(format!("{line}: {}", words_of(&failure)));
            if text.rows == 0 || matches!(failure, Failure::Interrupted | Failure::Output(_)) {
                return Err(errno);
            }
        }
    }
    text.finish().map_err(|e| {
        log.note(format!("{line}: the answer can't be kept: {e}"));
        Errno::NOSPC
    })
}
