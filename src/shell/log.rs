//! `log FILE`: what was asked and answered, for the case file.

use crate::commands::cells::Time;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// A transcript under way.
pub struct Log {
    path: PathBuf,
    file: io::BufWriter<File>,
    since: Instant,
    /// Where in a colour code the text has come, which a transcript does without.
    escape: bool,
    /// Whether the last line is unfinished.
    open: bool,
    /// Whether a command has begun.
    begun: bool,
    failed: bool,
    told: bool,
}

impl Log {
    /// Begins a transcript: behind what the file holds, or instead of it.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn open(path: &Path, truncate: bool) -> io::Result<Self> {
        let file = File::options().create(true).write(true).append(!truncate).truncate(truncate).open(path)?;
        let file = io::BufWriter::new(file);
        Ok(Self {
            path: path.to_owned(),
            file,
            since: Instant::now(),
            escape: false,
            open: false,
            begun: false,
            failed: false,
            told: false,
        })
    }

    /// Where it is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A line about the transcript itself.
    pub fn note(&mut self, text: &str) {
        self.end_line();
        let outcome = writeln!(self.file, "# {text}").and_then(|()| self.file.flush());
        self.remember(outcome);
    }

    /// A command begins.
    pub fn begin(&mut self, prompt: &str, command: &str) {
        self.end_line();
        self.since = Instant::now();
        self.begun = true;
        let outcome = writeln!(self.file, "\n[{}] {prompt}{command}", now()).and_then(|()| self.file.flush());
        self.remember(outcome);
    }

    /// A part of the answer, as it was shown.
    pub fn text(&mut self, data: &[u8]) {
        let mut plain = Vec::with_capacity(data.len());
        for &b in data {
            match b {
                0x1b => self.escape = true,
                b if self.escape => self.escape = !b.is_ascii_alphabetic(),
                b => plain.push(b),
            }
        }
        if let Some(last) = plain.last() {
            self.open = *last != b'\n';
        }
        let outcome = self.file.write_all(&plain);
        self.remember(outcome);
    }

    /// The command has ended.
    pub fn end(&mut self, status: u8) {
        // The command that began the transcript is none of it.
        if !std::mem::take(&mut self.begun) {
            return;
        }
        self.end_line();
        let took = Duration::from_millis(u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX));
        let outcome = writeln!(self.file, "[exit status {status}, {:.3} s]", took.as_secs_f64()).and_then(|()| self.file.flush());
        self.remember(outcome);
    }

    /// Whether something could not be written: said once.
    pub fn failed(&mut self) -> bool {
        self.failed && !std::mem::replace(&mut self.told, true)
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.open) {
            let outcome = self.file.write_all(b"\n");
            self.remember(outcome);
        }
    }

    fn remember(&mut self, outcome: io::Result<()>) {
        self.failed |= outcome.is_err();
    }
}

/// This moment, UTC, to the second.
pub fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_secs()).unwrap_or(0).saturating_mul(1_000_000_000)).to_string()
}
