//! The library's error: what was tried, on which layer and address, why it failed, and what may help.

use std::fmt;

/// The part of the program that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The memory-image file.
    Image,
    /// A connector: where bytes come from.
    Connector,
    /// Physical memory.
    Physical,
    /// Page tables and virtual memory.
    Virtual,
    /// Types and symbols.
    Symbols,
    /// The operating-system layer.
    Os,
    /// The search engine.
    Search,
    /// A command: its arguments, its files.
    Command,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layer::Image => "image",
            Layer::Connector => "connector",
            Layer::Physical => "physical memory",
            Layer::Virtual => "virtual memory",
            Layer::Symbols => "symbols",
            Layer::Os => "OS layer",
            Layer::Search => "search",
            Layer::Command => "command",
        })
    }
}

/// Where it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Position in a file, in bytes.
    File(u64),
    /// Physical address.
    Phys(crate::PhysAddr),
    /// Virtual address.
    Virt(crate::VirtAddr),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::File(o) => write!(f, "file offset {o:#x}"),
            At::Phys(a) => write!(f, "physical address {a}"),
            At::Virt(a) => write!(f, "virtual address {a}"),
        }
    }
}

/// What sort of failure it is, for callers that decide by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes are not there: not mapped, or not in the image.
    Unreadable,
    /// The bytes are there and make no sense.
    Malformed,
    /// The thing is known, and not supported.
    Unsupported,
    /// What was asked for does not exist.
    NotFound,
    /// The caller asked for something impossible.
    Invalid,
    /// The host's file system or link failed.
    Io,
    /// The user interrupted.
    Interrupted,
}

/// An error that a stranger can act on.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    layer: Layer,
    kind: ErrorKind,
    at: Option<At>,
    reason: String,
    hint: Option<String>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `layer`; `reason` says what was tried and why it failed.
    pub fn new(layer: Layer, kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self { layer, kind, at: None, reason: reason.into(), hint: None, source: None }
    }

    /// Where it failed.
    #[must_use]
    pub fn at(mut self, at: At) -> Self {
        self.at = Some(at);
        self
    }

    /// What to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The part that failed.
    pub const fn layer(&self) -> Layer {
        self.layer
    }

    /// The sort of failure.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where it failed.
    pub const fn location(&self) -> Option<At> {
        self.at
    }

    /// The reason without layer and address.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What to do next.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.layer, self.reason)?;
        if let Some(at) = self.at {
            write!(f, " (at {at})")?;
        }
        Ok(())
    }
}

impl From<memsh_plugin::ApiError> for Error {
    fn from(e: memsh_plugin::ApiError) -> Self {
        let kind = match e.status {
            memsh_plugin::Status::MISSING | memsh_plugin::Status::PARTIAL => ErrorKind::Unreadable,
            memsh_plugin::Status::UNSUPPORTED | memsh_plugin::Status::READ_ONLY => ErrorKind::Unsupported,
            _ => ErrorKind::Io,
        };
        Error::new(Layer::Os, kind, e.message.to_string_lossy())
    }
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
