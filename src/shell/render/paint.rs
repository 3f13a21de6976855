//! Colours.

use std::fmt::Display;

/// Colours text, or doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    fn with(self, code: &str, text: impl Display) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    /// Names of things.
    pub fn label(self, text: impl Display) -> String {
        self.with("36", text)
    }

    /// What stands out.
    pub fn strong(self, text: impl Display) -> String {
        self.with("1", text)
    }

    /// What stands back.
    pub fn dim(self, text: impl Display) -> String {
        self.with("2", text)
    }

    /// What is wrong.
    pub fn bad(self, text: impl Display) -> String {
        self.with("31", text)
    }

    /// The name of a command.
    pub fn command(self, text: impl Display) -> String {
        self.with("1;32", text)
    }

    /// Text in quotes.
    pub fn quoted(self, text: impl Display) -> String {
        self.with("33", text)
    }

    /// A number or an address.
    pub fn number(self, text: impl Display) -> String {
        self.with("35", text)
    }

    /// A byte by its class, in the colours that hex dumps have made a habit: NUL, printable, white space, other ASCII, the rest.
    pub fn byte(self, byte: u8, text: impl Display) -> String {
        match byte {
            0 => self.with("90", text),
            b if b.is_ascii_graphic() => self.with("36", text),
            b if b.is_ascii_whitespace() => self.with("32", text),
            b if b.is_ascii() => self.with("35", text),
            _ => self.with("33", text),
        }
    }
}
