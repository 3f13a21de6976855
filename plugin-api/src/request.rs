//! What a plugin is made from.

use crate::{ConnectorInstanceBox, Maybe, Text};
use cglue::vec::CVec;

/// An argument that was given, or its default.
#[repr(C)]
#[derive(Clone, Debug, Default)]
pub struct GivenArgument {
    /// Its name, one of those in the descriptor.
    pub name: Text,
    /// Its value; of the kind that the descriptor says.
    pub value: Text,
}

/// Arguments, checked by the host against the descriptor.
#[repr(C)]
#[derive(Clone, Debug)]
pub struct GivenArguments {
    /// Each argument that has a value.
    pub list: CVec<GivenArgument>,
    /// What stood behind the plugin's name, as it was written.
    pub raw: Text,
}

impl GivenArguments {
    /// The value of an argument.
    pub fn get(&self, name: &str) -> Option<String> {
        let found = self.list.iter().find(|a| a.name.as_bytes() == name.as_bytes());
        found.map(|a| a.value.to_string_lossy().into_owned())
    }

    /// The value of an argument of the kind `number`, `0x..` or decimal; of the kind `size` the host has made it a number of bytes.
    pub fn number(&self, name: &str) -> Option<u64> {
        let text = self.get(name)?;
        match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        }
    }

    /// Whether an argument of the kind `flag` is on.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|v| v == "yes")
    }
}

/// What a connector is made from.
#[repr(C)]
#[derive(Clone, Debug)]
pub struct ConnectorRequest {
    /// Its arguments.
    pub arguments: GivenArguments,
    /// Whether the user allows writing: without this nothing is opened for writing.
    pub write: bool,
}

/// What an OS layer is made from.
#[repr(C)]
pub struct OsRequest {
    /// Its arguments.
    pub arguments: GivenArguments,
    /// The memory that it reads; none where it stands on nothing.
    pub memory: Maybe<ConnectorInstanceBox<'static>>,
    /// Whether the user allows writing.
    pub write: bool,
}

/// What a command is made from.
#[repr(C)]
#[derive(Clone, Debug)]
pub struct CommandRequest {
    /// Its arguments.
    pub arguments: GivenArguments,
}

/// One of those that a family makes usable: `-C FAMILY:NAME`.
#[repr(C)]
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// Its name, without the family's.
    pub name: Text,
    /// Its version.
    pub version: Text,
    /// What it is, in a line.
    pub description: Text,
    /// Its file; empty where it has none.
    pub path: Text,
    /// Why it can't be used, if it can't.
    pub refused: Maybe<Text>,
}
