//! Live targets, and whatever else is connected to instead of opened: one file or folder per built-in connector.
//!
//! A connector is a line in [`ALL`]: its name, the arguments it takes, and a function that turns a [`Request`] into an
//! [`Image`] whose bytes come from elsewhere than a file. It may stand on another system ([`Request::below`]), whose processes it
//! then looks among: that is how a machine inside a machine is reached. The program and the plugins' registry know connectors by this
//! list only.
#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_lossless
)]

mod arguments;
mod file;

pub use arguments::{Argument, ArgumentKind, Arguments, duration};

use crate::Result;
use crate::image::Image;
use crate::os::OsLayer;
use std::sync::atomic::AtomicBool;

/// What a connector is made from.
pub struct Request<'a> {
    /// What stands behind the connector's name, checked against its [`Connector::arguments`].
    pub arguments: Arguments,
    /// The system among whose processes the target is; this machine's where there is none.
    pub below: Option<&'a OsLayer>,
    /// Whether the target may be written to: without this, whatever is opened is opened for reading.
    pub write: bool,
    /// Becomes true when the user wants the work to end.
    pub interrupt: Option<&'static AtomicBool>,
}

/// Something that can be connected to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetInfo {
    /// What to write behind the connector's name.
    pub name: String,
    /// What it is, in a few words.
    pub detail: String,
}

/// A connector that is part of memsh.
pub struct Connector {
    /// Its name.
    pub name: &'static str,
    /// What it reaches, in a line.
    pub summary: &'static str,
    /// What it takes; the first one needs no `NAME=`.
    pub arguments: &'static [Argument],
    /// Makes it. Nothing is attached to before.
    pub connect: fn(&Request<'_>) -> Result<Image>,
    /// What can be reached now, where that can be told without attaching to it.
    pub targets: Option<fn(&Request<'_>) -> Result<Vec<TargetInfo>>>,
}

/// Every built-in connector but the made-up machine, which brings its own system along (`plugins::dummy`).
pub static ALL: &[Connector] = &[file::CONNECTOR];

/// The connector with this name.
pub fn find(name: &str) -> Option<&'static Connector> {
    ALL.iter().find(|c| c.name == name)
}
