//! The commands that there are.

use crate::commands::{ALL, Shape, Spec};
use crate::shell::docs;
use serde_json::Value;

/// A command, for programs that offer them all.
#[derive(Clone, Copy)]
pub struct CommandInfo {
    spec: &'static Spec,
}

impl CommandInfo {
    /// Its name; some have two words (`plugins list`).
    pub fn name(&self) -> &'static str {
        self.spec.name
    }

    /// Other names for the same thing.
    pub fn aliases(&self) -> &'static [&'static str] {
        self.spec.aliases
    }

    /// One line about it.
    pub fn summary(&self) -> &'static str {
        self.spec.summary
    }

    /// Whether its answer is a list of rows, not one object.
    pub fn is_list(&self) -> bool {
        matches!(self.spec.shape, Shape::List(_))
    }

    /// Whether it asks a target.
    pub fn needs_target(&self) -> bool {
        self.spec.needs_target
    }

    /// The JSON Schema of its answer.
    pub fn schema(&self) -> Value {
        docs::value(self.spec)
    }

    /// The keys of a row, in their order.
    pub fn keys(&self) -> Vec<String> {
        docs::keys(self.spec)
    }
}

/// All commands that answer in rows.
pub fn commands() -> impl Iterator<Item = CommandInfo> {
    ALL.iter().map(|spec| CommandInfo { spec })
}
