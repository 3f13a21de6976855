//! How an operation ended, and the error that crosses the boundary.

use crate::Text;
use core::fmt;

/// How one operation of a batch ended. A number, not an `enum`: a plugin may be newer than its host.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Status(pub i32);

impl Status {
    /// Not looked at yet.
    pub const PENDING: Status = Status(0);
    /// Every byte was transferred.
    pub const DONE: Status = Status(1);
    /// Some bytes are missing: those that could be read are in place, the others are zero. Ask page by page to know which.
    pub const PARTIAL: Status = Status(-1);
    /// Nothing is there: no page is mapped at the address, or the image does not hold it.
    pub const MISSING: Status = Status(-2);
    /// The device or the link failed.
    pub const FAILED: Status = Status(-3);
    /// The memory can't be written.
    pub const READ_ONLY: Status = Status(-4);
    /// The plugin does not offer this operation.
    pub const UNSUPPORTED: Status = Status(-5);
    /// What was asked for makes no sense: arguments, or what they name (rules that do not compile).
    pub const INVALID: Status = Status(-6);

    /// Whether every byte was transferred.
    #[inline]
    pub const fn is_done(self) -> bool {
        self.0 == Self::DONE.0
    }
}

/// An error of a plugin: what failed and why, in words for the person at the terminal.
#[repr(C)]
#[derive(Clone)]
pub struct ApiError {
    /// The kind of failure, one of the negative [`Status`] values.
    pub status: Status,
    /// What was tried, where, and why it failed. One sentence, no trailing period needed.
    pub message: Text,
}

impl ApiError {
    /// An error with the words of `message`.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: Text::from(message.into()) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.to_string_lossy())
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (status {})", self.message.to_string_lossy(), self.status.0)
    }
}

impl std::error::Error for ApiError {}
