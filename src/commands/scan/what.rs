//! What `scan` looks for, as it is written on the command line.

use crate::commands::failure::{Failure, Result};
use memsh::engine::search::{Needle, Widths};

/// The needle.
#[derive(clap::Args, Clone, Debug)]
pub struct What {
    /// What to look for
    #[arg(value_name = "PATTERN", allow_hyphen_values = false)]
    pattern: String,
    /// As UTF-16 (little-endian) text
    #[arg(short = 'u', long, conflicts_with_all = ["hex", "regex"])]
    utf16: bool,
    /// PATTERN is bytes in hex, `?` for a digit that does not matter: `4d 5a ?? 00`
    #[arg(short = 'x', long, conflicts_with = "regex")]
    hex: bool,
    /// PATTERN is a regular expression over bytes
    #[arg(short = 'e', long)]
    regex: bool,
    /// Upper and lower case are the same
    #[arg(short = 'i', long)]
    ignore_case: bool,
}

impl What {
    /// Makes the needle.
    ///
    /// # Errors
    /// When it can't be read, or there is nothing to look for.
    pub fn needle(&self) -> Result<Needle> {
        let needle = match (self.hex, self.regex) {
            (true, _) => Needle::hex(&self.pattern),
            (_, true) => Needle::regex(&self.pattern, self.ignore_case),
            _ => Needle::text(&self.pattern, if self.utf16 { Widths::Utf16 } else { Widths::Utf8 }, self.ignore_case),
        };
        needle.map_err(|e| Failure::Usage(format!("scan: {}", e.reason()), e.hint_text().map(str::to_owned)))
    }
}
