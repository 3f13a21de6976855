//! What is shown: stdout with its pager, stderr, and the transcript of both.

use super::host::Shell;
use super::line::Line;
use super::log::Log;
use super::pager::{Pages, Setting};
use super::render::{Format, escape, fold};
use super::sieve::Colors;
use crate::commands::evidence::guard;
use crate::commands::failure::{Failure, Result, exit};
use std::io::{self, Write};
use std::path::Path;

/// Stdout for one answer.
pub struct Screen<'a> {
    shell: &'a Shell,
    pages: Pages,
    begun: bool,
    raw: bool,
    /// What a transcript is to think of colours in it.
    colors: Colors,
}

impl<'a> Screen<'a> {
    /// Stdout for the answer to `words`.
    pub fn new(shell: &'a Shell, words: &[String]) -> Self {
        let raw = words.iter().any(|w| w == "--raw");
        let setting = match raw || !shell.pages.get() {
            true => Setting::Off,
            false => shell.pager.borrow().clone(),
        };
        Self { shell, pages: Pages::new(&setting), begun: false, raw, colors: Colors::Dropped }
    }

    /// Waits for the pager, then lets out what had to wait for it. Whether there was one, and whether all could be written.
    pub fn finish(mut self) -> (bool, io::Result<()>) {
        let flushed = self.flush();
        let paged = self.pages.is_paged();
        let ended = self.pages.finish();
        self.shell.paged.set(false);
        for line in self.shell.late.take() {
            told(line);
        }
        (paged, flushed.and(ended))
    }
}

impl Write for Screen<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.begun, true) {
            let output = self.shell.output.borrow();
            let plain = output.no_pager;
            drop(output);
            let table = self.shell.style(true).format == Format::Table;
            if plain || !table {
                self.pages.never()?;
            }
            // CSV into a pipe has what the target says as it is: colours in it are none of memsh's.
            self.colors = if table { Colors::Dropped } else { Colors::Shown };
        }
        let n = self.pages.write(data)?;
        self.shell.paged.set(self.pages.is_paged());
        if !self.raw
            && let (Some(log), Some(data)) = (self.shell.log.borrow_mut().as_mut(), data.get(..n))
        {
            log.text(data, self.colors);
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pages.flush()
    }
}

/// A line on stderr. Where nobody reads it any more (`2>&1 | head`), the work goes on all the same.
pub fn told(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A message's line as wide as the terminal that shows it.
pub fn folded(text: &str) -> String {
    let width = terminal_size::terminal_size_of(io::stderr()).map_or(usize::MAX, |(w, _)| usize::from(w.0));
    // An indented line is a picture: an expression, and a mark below it.
    if text.starts_with(' ') { text.to_owned() } else { fold(text, width, 2) }
}

impl Shell {
    /// A line on stderr: now, or when the pager has gone.
    pub fn say(&self, text: &str) {
        let text = escape::terminal(text).into_owned();
        if let Some(log) = self.log.borrow_mut().as_mut() {
            log.text(format!("{text}\n").as_bytes(), Colors::Shown);
        }
        if self.paged.get() {
            self.late.borrow_mut().push(text);
        } else {
            told(folded(&text));
        }
    }

    /// Says how a command failed.
    pub fn report(&self, failure: &Failure) {
        for line in failure.lines() {
            // A message of several lines; whatever the target's text holds stays harmless.
            line.split('\n').for_each(|part| self.say(part));
        }
    }

    /// Begins a transcript.
    ///
    /// # Errors
    /// When the file is the image, or can't be written.
    pub fn open_log(&self, path: &Path, truncate: bool) -> Result<()> {
        guard(self.session.as_ref(), path)?;
        // First: it may be the same file.
        self.close_log();
        let mut log = Log::open(path, truncate).map_err(|e| Failure::file(path, "write", e))?;
        log.note(&format!("{}: log begun {}", crate::built::line(), super::log::now()));
        if let Some(session) = &self.session {
            let facts = session.facts();
            let path = match session.image().far_file() {
                Some(_) => facts.path.clone(),
                None => std::path::absolute(&facts.path).unwrap_or_else(|_| facts.path.clone()),
            };
            let path = if session.embedded().is_some() { "the sample inside memsh".into() } else { path.to_string_lossy() };
            let path = escape::terminal(&path).into_owned();
            log.note(&format!("target: {path} ({}, {} bytes of memory)", facts.format, facts.memory_size));
        }
        if let Some(sha256) = self.sha256.borrow().as_ref() {
            log.note(&format!("sha256: {sha256}"));
        }
        log.seal();
        self.log.replace(Some(log));
        Ok(())
    }

    /// Ends the transcript, where there is one, and gives its path and what has to be noted of it.
    pub fn close_log(&self) -> Option<(std::path::PathBuf, String)> {
        let mut log = self.log.take()?;
        log.note(&format!("log ended {}", super::log::now()));
        log.seal();
        let head = log.head();
        self.note(1, &format!("{}: {head}", log.path().display()));
        Some((log.path().to_owned(), head))
    }

    /// Notes that a command begins.
    pub fn log_begin(&self, line: &Line) {
        if let Some(log) = self.log.borrow_mut().as_mut() {
            let prompt = self.prompt();
            log.begin(&prompt, &escape::terminal(&line.text));
        }
    }

    /// Notes how it ended.
    pub fn log_end(&self, status: u8) {
        let failed = match self.log.borrow_mut().as_mut() {
            Some(log) => {
                log.end(status);
                log.failed()
            }
            None => false,
        };
        if failed {
            told("memsh: warning: the log can't be written any more: it is incomplete");
        }
    }

    /// `memsh IMAGE> `, or `memsh IMAGE[name/pid]> ` with a process chosen.
    pub fn prompt(&self) -> String {
        let name = self.session.as_ref().map(|s| s.name()).unwrap_or_default();
        let process = match self.current.borrow().as_ref() {
            Some(p) => format!("[{}/{}]", p.name.to_string_lossy(), p.pid),
            None => String::new(),
        };
        // Both come from elsewhere: a file's name, a process's name.
        format!("memsh {}{}> ", escape::terminal(name), escape::terminal(&process))
    }
}

/// The worse of two exit statuses: Ctrl-C, a usage error, a failure, a difference, a partial answer, success.
pub fn worse(a: u8, b: u8) -> u8 {
    const ORDER: [u8; 6] = [exit::INTERRUPTED, exit::USAGE, exit::FAILURE, exit::DIFFERENCE, exit::PARTIAL, exit::SUCCESS];
    let rank = |s: u8| ORDER.iter().position(|o| *o == s).unwrap_or(2);
    if rank(b) < rank(a) { b } else { a }
}
