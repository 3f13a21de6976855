//! `strings`: printable text, whatever it says.

use super::cells::{Hex, number};
use super::context::Context;
use super::failure::Result;
use super::glob::Glob;
use super::searched::Place;
use super::sink::Rows;
use super::spec::{Command, Shape};
use super::together::Sought;
use crate::engine::search::{Kind, Step, StringsOptions};
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

/// List printable text in memory
#[derive(clap::Args, Debug)]
pub struct Strings {
    /// Only text that matches (`*` and `?` stand for anything, `/regex/` is a regular expression)
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,
    /// Shortest text, in characters
    #[arg(short = 'n', long, value_name = "N", default_value_t = 4)]
    min: usize,
    /// Which encodings
    #[arg(short = 'e', long, value_name = "ENCODING", default_value = "both")]
    encoding: Encoding,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Encoding {
    Ascii,
    Utf16,
    Both,
}

/// A text.
#[derive(Serialize, JsonSchema)]
pub struct StringsRow {
    /// Address of its first byte.
    address: Hex,
    /// `ascii` or `utf-16le`.
    encoding: String,
    /// Bytes that it takes in memory.
    length: u64,
    /// The text.
    text: String,
    /// Process, where it is a process's memory.
    pid: Option<u32>,
}

impl Command for Strings {
    type Row = StringsRow;
    const NAME: &'static str = "strings";
    const SUMMARY: &'static str = "List printable text in memory";
    const SHAPE: Shape = Shape::List(&["address", "encoding", "length", "text"]);
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("strings -p 1 -n 12", "of a process"), ("strings '/password/' --max 20", "of physical memory, only what matches")];

    fn run(self, cx: &Context, out: &mut Rows<'_, StringsRow>) -> Result<()> {
        let wanted = StringsOptions {
            min_chars: self.min,
            ascii: self.encoding != Encoding::Utf16,
            utf16: self.encoding != Encoding::Ascii,
            ..StringsOptions::default()
        };
        if let Some(p) = self.pattern.as_deref() {
            cx.nothing(match p.starts_with("0x") {
                true => format!("no text matches {p}; if that is where to look: strings --range {p} L1000"),
                false => format!("no text matches {p}; a text as a whole is compared, '*{p}*' finds parts of one"),
            });
        }
        let pattern = self.pattern.as_deref().map(Glob::new).transpose()?;
        self.place.hits(cx, Sought::Strings(&wanted), &mut |step| {
            let Step::Found((searched, hit, _)) = step else { return out.idle().map(|()| false) };
            let text = String::from_utf8_lossy(hit.bytes);
            if pattern.as_ref().is_some_and(|p| !p.matches(&text)) {
                return Ok(false);
            }
            let pid = searched.space.process().map(|p| p.pid);
            let encoding = if hit.kind == Kind::Utf16 { "utf-16le" } else { "ascii" }.to_owned();
            out.push(&StringsRow { address: Hex(hit.addr), encoding, length: number(hit.len), text: text.into_owned(), pid })?;
            Ok(true)
        })
    }
}
