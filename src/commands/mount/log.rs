//! What is missing from the files: a tool that reads one sees an error's number and no more.

use crate::commands::harmless::terminal;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lines that are kept.
const LINES: usize = 4096;

/// Lines, each once, in the order of events.
#[derive(Default)]
pub struct Log(Mutex<Lines>);

#[derive(Default)]
struct Lines {
    all: Vec<String>,
    known: HashSet<String>,
    /// So many were given to the user.
    told: usize,
    more: u64,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line, unless it is there.
    pub fn note(&self, line: impl Into<String>) {
        // Names of the target stand in it, and somebody will `cat` it.
        let line = terminal(&line.into()).into_owned();
        let mut lines = self.lock();
        if lines.known.contains(&line) {
            return;
        }
        if lines.all.len() >= LINES {
            lines.more += 1;
            return;
        }
        lines.known.insert(line.clone());
        lines.all.push(line);
    }

    /// Lines since the last call.
    pub fn fresh(&self) -> Vec<String> {
        let mut lines = self.lock();
        let fresh = lines.all.get(lines.told..).unwrap_or_default().to_vec();
        lines.told = lines.all.len();
        fresh
    }

    /// How many lines there were.
    pub fn count(&self) -> u64 {
        let lines = self.lock();
        (lines.all.len() as u64).saturating_add(lines.more)
    }

    /// All lines, as the file has them.
    pub fn text(&self) -> String {
        let lines = self.lock();
        let mut out: String = lines.all.iter().flat_map(|l| [l.as_str(), "\n"]).collect();
        if lines.more > 0 {
            out.push_str(&format!("and {} lines more\n", lines.more));
        }
        out
    }
}
