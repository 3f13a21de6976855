//! Answers that are longer than the screen go through a pager.
//!
//! Nothing is started before the first screenful is full, so that short answers look as they always did. From then on rows
//! stream into the pager; leaving it ends the command.

use super::interrupt::Guest;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// What the user wants of a pager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Setting {
    /// `$MEMSH_PAGER`, `$PAGER`, or less where there is one.
    #[default]
    Auto,
    /// None.
    Off,
    /// This command.
    Command(String),
}

impl Setting {
    /// The command line of the pager, where there is one.
    pub fn command(&self) -> Option<String> {
        let variable = |name: &str| std::env::var(name).ok();
        match self {
            Setting::Off => None,
            Setting::Command(command) => Some(command.clone()),
            Setting::Auto => {
                // A variable that is set but empty, or cat, says that there shall be none.
                let named = variable("MEMSH_PAGER").or_else(|| variable("PAGER").filter(|p| !p.is_empty()));
                let command = named.unwrap_or_else(|| "less".to_owned());
                let dumb = variable("TERM").is_none_or(|t| t == "dumb" || t.is_empty());
                let command = command.trim();
                (!dumb && !matches!(command, "" | "cat") && exists(command)).then(|| command.to_owned())
            }
        }
    }
}

/// Whether the program that a command line begins with is there. What only a shell understands is left to it.
fn exists(command: &str) -> bool {
    let program = command.split_whitespace().next().unwrap_or_default();
    if program.contains('/') || program.contains(['=', '$', '"', '\'', '(']) {
        return !program.starts_with('/') || Path::new(program).exists();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|f| f.join(program).is_file())
}

/// A terminal of so many lines and columns.
#[derive(Clone, Copy, Debug)]
struct Size {
    rows: usize,
    columns: usize,
}

enum State {
    /// Straight to stdout.
    Direct,
    /// Not a screenful yet.
    Short { size: Size, pager: String, kept: Vec<u8>, shown: usize, count: Count },
    /// In the pager.
    Paged { child: Child, pipe: Option<BufWriter<ChildStdin>>, _guest: Guest },
}

/// Stdout, and a pager before it where the answer gets long.
pub struct Pages {
    state: State,
    out: BufWriter<io::Stdout>,
}

impl Pages {
    /// Stdout, with the pager that `setting` names where it is a terminal.
    pub fn new(setting: &Setting) -> Self {
        let size = || io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
        let state = match size().and_then(|s| Some((s, setting.command()?))) {
            Some(((width, height), pager)) if height.0 > 1 => {
                let size = Size { rows: height.0.into(), columns: usize::from(width.0).max(1) };
                State::Short { size, pager, kept: Vec::new(), shown: 0, count: Count::default() }
            }
            _ => State::Direct,
        };
        Self { state, out: BufWriter::new(io::stdout()) }
    }

    /// Writes without a pager from here on (JSON, raw bytes).
    pub fn never(&mut self) -> io::Result<()> {
        if let State::Short { kept, shown, .. } = &self.state {
            self.out.write_all(kept.get(*shown..).unwrap_or_default())?;
            self.state = State::Direct;
        }
        Ok(())
    }

    /// Whether the pager was started.
    pub fn is_paged(&self) -> bool {
        matches!(self.state, State::Paged { .. })
    }

    /// Waits until the reader is done.
    pub fn finish(mut self) -> io::Result<()> {
        let flushed = self.flush();
        if let State::Paged { child, pipe, .. } = &mut self.state {
            // Its end of file. The pager may have gone before.
            drop(pipe.take());
            child.wait()?;
            return Ok(());
        }
        flushed
    }

    fn start(&mut self) -> io::Result<()> {
        let State::Short { pager, kept, .. } = &mut self.state else { return Ok(()) };
        let kept = std::mem::take(kept);
        let mut command = Command::new("sh");
        command.arg("-c").arg(&*pager).stdin(Stdio::piped());
        // What makes less show colours, cut long lines, and leave its text on the screen; the user's own options count more.
        for (name, value) in [("LESS", "FRSX"), ("LESSCHARSET", "utf-8")] {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        let Ok(mut child) = command.spawn() else {
            // No pager is no reason to withhold the answer.
            self.state = State::Direct;
            return self.out.write_all(&kept);
        };
        let mut pipe = child.stdin.take().map(BufWriter::new);
        let written = pipe.as_mut().map_or(Ok(()), |p| p.write_all(&kept));
        self.state = State::Paged { child, pipe, _guest: Guest::new() };
        written
    }
}

impl Write for Pages {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.state {
            State::Direct => self.out.write(data),
            State::Paged { pipe: Some(pipe), .. } => pipe.write(data),
            State::Paged { pipe: None, .. } => Err(io::ErrorKind::BrokenPipe.into()),
            State::Short { size, kept, count, .. } => {
                kept.extend_from_slice(data);
                count.add(data, size.columns);
                // The prompt needs a line of its own.
                if count.lines >= size.rows {
                    self.start()?;
                }
                Ok(data.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.state {
            State::Direct => self.out.flush(),
            State::Paged { pipe: Some(pipe), .. } => pipe.flush(),
            State::Paged { pipe: None, .. } => Ok(()),
            // A search that finds little shows it at once; the pager gets it again should it become a screenful.
            State::Short { kept, shown, .. } => {
                self.out.write_all(kept.get(*shown..).unwrap_or_default())?;
                *shown = kept.len();
                self.out.flush()
            }
        }
    }
}

/// Lines of a terminal that a text takes.
#[derive(Default)]
struct Count {
    lines: usize,
    column: usize,
    escape: bool,
}

impl Count {
    fn add(&mut self, data: &[u8], columns: usize) {
        for &b in data {
            match b {
                b'\n' => {
                    self.lines += 1;
                    (self.column, self.escape) = (0, false);
                }
                0x1b => self.escape = true,
                // The letter that ends a colour.
                b if self.escape => self.escape = !b.is_ascii_alphabetic(),
                // The further bytes of a letter take no column of their own.
                b if b & 0xc0 == 0x80 => {}
                _ if self.column >= columns => {
                    self.lines += 1;
                    self.column = 1;
                }
                _ => self.column += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_the_terminal_shows_them() {
        let lines = |text: &str, columns| {
            let mut c = Count::default();
            // In pieces, as it comes.
            text.as_bytes().chunks(3).for_each(|piece| c.add(piece, columns));
            c.lines
        };
        assert_eq!(lines("a\nb\n", 80), 2);
        assert_eq!(lines("12345678901\n", 10), 2);
        assert_eq!(lines("1234567890\n", 10), 1);
        assert_eq!(lines("\x1b[36m1234567890\x1b[0m\n", 10), 1);
        assert_eq!(lines("größe größe\n", 11), 1);
    }

    #[test]
    fn a_program_is_looked_for() {
        assert!(exists("sh -c x") && !exists("no-such-pager-at-all -x") && !exists("/no/such") && exists("X=1 less"));
    }
}
