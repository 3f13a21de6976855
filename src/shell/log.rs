//! `log FILE`: what was asked and answered, for the case file.
//!
//! The file only grows (it is opened for appending), and each entry ends with a line of a chain of hashes
//! ([`crate::commands::transcript::chain`]), which `log verify` holds against it.

use super::sieve::{Colors, Sieve};
use crate::commands::cells::Time;
use crate::commands::transcript::chain::{Chain, verify};
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// A transcript under way.
pub struct Log {
    path: PathBuf,
    file: io::BufWriter<File>,
    chain: Chain,
    since: Instant,
    /// What an answer goes through, and the colours that it does with.
    sieve: Sieve,
    colors: Colors,
    /// Whether the last line is unfinished.
    open: bool,
    /// What a line of an answer begins with, where more must be seen to know whether it looks like one of the transcript's own.
    edge: Option<char>,
    /// Whether a command has begun.
    begun: bool,
    failed: bool,
    told: bool,
}

impl Log {
    /// Begins a transcript: behind what the file holds, or instead of it. What another session left without a hash is covered by the
    /// next entry, which says so.
    ///
    /// # Errors
    /// When the file can't be opened or read, or another memsh is writing to it.
    pub fn open(path: &Path, truncate: bool) -> io::Result<Self> {
        let file = File::options().create(true).append(true).read(true).open(path)?;
        alone(&file)?;
        // Not by the option of open(2): another's transcript would be gone before that is known.
        if truncate && file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        let (mut chain, mut note) = (Chain::default(), None);
        if file.metadata()?.is_file() {
            let verdict = verify(BufReader::new(&file), None)?;
            if let Some(b) = &verdict.broken {
                // Going on would cover it with a hash of ours.
                let what =
                    format!("entry {} (from line {}) of it does not fit its hash; name another file", b.entry, b.first_line);
                return Err(io::Error::other(what));
            }
            note = match verdict.chain.pending() {
                0 => None,
                n => Some(format!("{n} bytes before this line had no hash when this session began")),
            };
            chain = verdict.chain;
        }
        let mut log = Self {
            path: path.to_owned(),
            file: io::BufWriter::new(file),
            chain,
            since: Instant::now(),
            sieve: Sieve::new(Colors::Dropped),
            colors: Colors::Dropped,
            edge: None,
            // What ended in the middle of a line is no line of its own.
            open: note.is_some(),
            begun: false,
            failed: false,
            told: false,
        };
        if let Some(note) = note {
            log.note(&note);
        }
        Ok(log)
    }

    /// Entries so far, and the hash of the last one, in a sentence.
    pub fn head(&self) -> String {
        let head = self.chain.head().unwrap_or_else(|| "none".to_owned());
        format!("{} entries; SHA-256 of the last, to be noted elsewhere: {head}", self.chain.entries())
    }

    /// Ends the entry under way, where there is one.
    pub fn seal(&mut self) {
        self.sifted();
        if self.chain.pending() > 0 {
            self.end_line();
            let line = self.chain.close();
            let outcome = self.file.write_all(line.as_bytes()).and_then(|()| self.file.flush());
            self.remember(outcome);
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.chain.feed(bytes);
        let outcome = self.file.write_all(bytes);
        self.remember(outcome);
    }

    fn flush(&mut self) {
        let outcome = self.file.flush();
        self.remember(outcome);
    }

    /// Where it is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A line about the transcript itself.
    pub fn note(&mut self, text: &str) {
        self.end_line();
        self.put(format!("# {text}\n").as_bytes());
        self.flush();
    }

    /// A command begins.
    pub fn begin(&mut self, prompt: &str, command: &str) {
        self.seal();
        self.since = Instant::now();
        self.begun = true;
        self.put(format!("\n[{}] {prompt}{command}\n", now()).as_bytes());
        self.flush();
    }

    /// A part of the answer, as it was shown, but that nothing in it acts on the terminal of whoever reads it, or looks like a line of the
    /// transcript's own: such a line stands one space further right.
    pub fn text(&mut self, data: &[u8], colors: Colors) {
        if colors != self.colors {
            self.sifted();
            (self.sieve, self.colors) = (Sieve::new(colors), colors);
        }
        let text = self.sieve.pass(data);
        self.line_by_line(&text);
    }

    /// Writes what waits in the sieve.
    fn sifted(&mut self) {
        let text = self.sieve.end();
        self.line_by_line(&text);
        if let Some(edge) = self.edge.take() {
            self.put(edge.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    fn line_by_line(&mut self, text: &str) {
        let mut out = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            if let Some(edge) = self.edge.take() {
                // `[chain 1 ...`, `[exit status 0 ...`, `[2026-...`, `# note`.
                if matches!((edge, c), ('[', 'c' | 'e' | '0'..='9') | ('#', ' ')) {
                    out.push(' ');
                }
                out.push(edge);
            }
            match c {
                '[' | '#' if !self.open => self.edge = Some(c),
                c => out.push(c),
            }
            self.open = c != '\n';
        }
        self.put(out.as_bytes());
    }

    /// The command has ended.
    pub fn end(&mut self, status: u8) {
        // The command that began the transcript is none of it.
        if !std::mem::take(&mut self.begun) {
            return;
        }
        self.end_line();
        let took = Duration::from_millis(u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX));
        self.put(format!("[exit status {status}, {:.3} s]\n", took.as_secs_f64()).as_bytes());
        self.seal();
    }

    /// Whether something could not be written: said once.
    pub fn failed(&mut self) -> bool {
        self.failed && !std::mem::replace(&mut self.told, true)
    }

    fn end_line(&mut self) {
        self.sifted();
        if std::mem::take(&mut self.open) {
            self.put(b"\n");
        }
    }

    fn remember(&mut self, outcome: io::Result<()>) {
        self.failed |= outcome.is_err();
    }
}

/// A session that ends in a hurry still covers what it wrote.
impl Drop for Log {
    fn drop(&mut self) {
        self.seal();
    }
}

/// Makes sure that no other memsh writes to the file: two chains in one file would fit neither.
#[cfg(target_os = "linux")]
fn alone(file: &File) -> io::Result<()> {
    use rustix::fs::{FlockOperation, flock};
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => Err(io::Error::other("another memsh writes its transcript to it")),
        // A file system without locks, a pipe.
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn alone(_: &File) -> io::Result<()> {
    Ok(())
}

/// This moment, UTC, to the second.
pub fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_secs()).unwrap_or(0).saturating_mul(1_000_000_000)).to_string()
}
