//! JSON: one value per command, on one line; and JSON lines.

use super::escape;
use serde_json::Value;
use std::io::{self, Write};

/// A value on one line, harmless on a terminal.
pub fn text(value: &Value) -> String {
    escape::json(value.to_string())
}

/// Writes an array row by row.
#[derive(Default)]
pub struct Array {
    begun: bool,
}

impl Array {
    /// One element.
    pub fn push(&mut self, out: &mut dyn Write, value: &Value) -> io::Result<()> {
        out.write_all(if std::mem::replace(&mut self.begun, true) { b"," } else { b"[" })?;
        out.write_all(text(value).as_bytes())
    }

    /// The end; an array that never began is empty.
    pub fn finish(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.begun { b"]\n" } else { b"[]\n" })
    }

    /// Whether an element was written.
    pub fn begun(&self) -> bool {
        self.begun
    }
}
