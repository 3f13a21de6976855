//! How a command can end other than well, and the exit status that says so.

use crate::{Error, ErrorKind, Layer};
use std::{fmt, io};

/// Exit statuses that scripts rely on.
pub mod exit {
    /// Success.
    pub const SUCCESS: u8 = 0;
    /// The command failed; stderr says why.
    pub const FAILURE: u8 = 1;
    /// The command line makes no sense.
    pub const USAGE: u8 = 2;
    /// `check` found a difference.
    pub const DIFFERENCE: u8 = 3;
    /// The answer is partial and `--strict` was given.
    pub const PARTIAL: u8 = 4;
    /// Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
}

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// The library failed.
    Error(Error),
    /// The words make no sense: what is wrong, and what would be right.
    Usage(String, Option<String>),
    /// `check` found this many differences.
    Difference(usize),
    /// Writing the answer failed; a closed pipe among others.
    Output(io::Error),
    /// Ctrl-C.
    Interrupted,
    /// No failure: whoever reads the rows has enough of them, and the command need not go on.
    Enough,
}

/// Result of a command.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A usage error without a hint.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::Usage(message.into(), None)
    }

    /// The failure of a host file that a command wanted to read or write.
    pub fn file(path: &std::path::Path, what: &str, source: io::Error) -> Self {
        let reason = format!("can't {what} {}: {source}", path.display());
        Failure::Error(Error::new(Layer::Command, ErrorKind::Io, reason).caused_by(source))
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        match self {
            Failure::Error(e) if e.kind() == ErrorKind::Interrupted => exit::INTERRUPTED,
            Failure::Error(_) => exit::FAILURE,
            Failure::Usage(..) => exit::USAGE,
            Failure::Difference(_) => exit::DIFFERENCE,
            Failure::Output(e) if e.kind() == io::ErrorKind::BrokenPipe => exit::SUCCESS,
            Failure::Output(_) => exit::FAILURE,
            Failure::Interrupted => exit::INTERRUPTED,
            Failure::Enough => exit::SUCCESS,
        }
    }

    /// What to print on stderr: the message and the hint. Nothing for a closed pipe: whoever closed it knows.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Failure::Error(e) if e.kind() == ErrorKind::Interrupted => vec!["memsh: interrupted".to_owned()],
            Failure::Error(e) => {
                let hint = e.hint_text().map(|h| format!("hint: {h}"));
                std::iter::once(format!("memsh: {e}")).chain(hint).collect()
            }
            Failure::Usage(message, hint) => {
                let hint = hint.as_ref().map(|h| format!("hint: {h}"));
                std::iter::once(format!("memsh: {message}")).chain(hint).collect()
            }
            Failure::Difference(n) => vec![format!("memsh: check: {n} difference{}", if *n == 1 { "" } else { "s" })],
            Failure::Output(e) if e.kind() == io::ErrorKind::BrokenPipe => Vec::new(),
            Failure::Output(e) => vec![format!("memsh: output: can't write the answer: {e}")],
            Failure::Interrupted => vec!["memsh: interrupted".to_owned()],
            Failure::Enough => Vec::new(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Failure::Error(e)
    }
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        Failure::Output(e)
    }
}
