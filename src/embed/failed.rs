//! Why there is no answer.

use crate::commands::failure::Failure;
use crate::{At, Error, ErrorKind, Layer};
use std::fmt;

/// What sort of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The target or the host failed; the kind says more.
    Error(ErrorKind),
    /// The words make no sense, or name something that memsh does not have.
    Usage,
    /// `check` found a difference.
    Difference,
    /// Someone stopped it ([`Target::stop`](super::Target::stop), or an answer that broke off).
    Stopped,
}

/// Why there is no answer, or not all of it.
#[derive(Clone, Debug)]
pub struct Failed {
    /// What sort of failure.
    pub sort: Sort,
    /// The part of memsh that failed.
    pub layer: Layer,
    /// Where, if at an address or in a file.
    pub at: Option<At>,
    /// What was tried and why it failed, without layer and address.
    pub reason: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The exit status that the program would end with.
    pub status: u8,
}

impl Failed {
    pub(super) fn usage(reason: impl Into<String>, hint: Option<&str>) -> Self {
        Failure::Usage(reason.into(), hint.map(str::to_owned)).into()
    }

    /// The failure of the command line or of opening, with what it was doing then.
    pub(super) fn of(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<Failure>() {
            Some(failure) => Self::from(failure),
            None => Self::usage(format!("{error:#}"), None),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.sort, Sort::Error(_)) {
            write!(f, "{}: ", self.layer)?;
        }
        f.write_str(&self.reason)?;
        if let Some(at) = self.at {
            write!(f, " (at {at})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failed {}

impl From<&Error> for Failed {
    fn from(e: &Error) -> Self {
        let sort = if e.kind() == ErrorKind::Interrupted { Sort::Stopped } else { Sort::Error(e.kind()) };
        Self {
            sort,
            layer: e.layer(),
            at: e.location(),
            reason: e.reason().to_owned(),
            hint: e.hint_text().map(str::to_owned),
            status: crate::commands::failure::exit::FAILURE,
        }
    }
}

impl From<Error> for Failed {
    fn from(e: Error) -> Self {
        Self::from(&e)
    }
}

impl From<&Failure> for Failed {
    fn from(failure: &Failure) -> Self {
        let said =
            |sort, reason: String, hint| Self { sort, layer: Layer::Command, at: None, reason, hint, status: failure.status() };
        match failure {
            Failure::Error(e) => Self { status: failure.status(), ..Self::from(e) },
            Failure::Usage(what, hint) => said(Sort::Usage, what.clone(), hint.clone()),
            Failure::Difference(n) => said(Sort::Difference, format!("{n} differences"), None),
            Failure::Output(e) => said(Sort::Error(ErrorKind::Io), format!("can't write the answer: {e}"), None),
            Failure::Interrupted | Failure::Enough => said(Sort::Stopped, "interrupted".to_owned(), None),
        }
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::from(&failure)
    }
}
