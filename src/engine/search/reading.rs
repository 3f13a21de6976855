//! Needles as people write them, one by one or a file of them.

use super::charset::Charset;
use super::needles::Needles;
use super::number::NumberType;
use crate::{Error, ErrorKind, Layer, Result};
use std::ops::Range;

/// What a written needle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// Bytes in hex.
    Hex,
    /// A regular expression.
    Regex,
    /// A number, or a range of numbers.
    Number,
    /// A GUID.
    Guid,
}

/// How needles that don't say so themselves are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What they are.
    pub form: Form,
    /// Encodings of text and regexes.
    pub charsets: Vec<Charset>,
    /// Whether upper and lower case are the same.
    pub ignore_case: bool,
    /// Types of numbers; none for those that they fit, see [`NumberType::guess`].
    pub types: Vec<NumberType>,
    /// How far from a number its hits may be.
    pub tolerance: Option<String>,
    /// Numbers lie at multiples of their size.
    pub aligned: bool,
    /// Bytes of the target's pointers.
    pub pointer_size: u8,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            form: Form::Text,
            charsets: vec![Charset::Utf8],
            ignore_case: false,
            types: Vec::new(),
            tolerance: None,
            aligned: true,
            pointer_size: 8,
        }
    }
}

impl Needles {
    /// Adds a needle as it is written, read in this way.
    ///
    /// # Errors
    /// As for each form of needle.
    pub fn read(&mut self, text: &str, how: &Reading) -> Result<()> {
        match how.form {
            Form::Text => self.text(text, &how.charsets, how.ignore_case),
            Form::Hex => self.hex(text),
            Form::Regex => self.regex(text, &how.charsets, how.ignore_case),
            Form::Guid => self.guid(text),
            Form::Number => {
                let guessed;
                let types = match how.types.as_slice() {
                    [] => {
                        guessed = NumberType::guess(text);
                        guessed.as_slice()
                    }
                    given => given,
                };
                let range = |of: &NumberType| {
                    let (low, high) = of.range(text)?;
                    match &how.tolerance {
                        Some(by) => Ok((*of, of.near(low, by)?.0, of.near(high, by)?.1)),
                        None => Ok((*of, low, high)),
                    }
                };
                self.ranges(&types.iter().map(range).collect::<Result<Vec<_>>>()?, how.aligned)
            }
        }
    }

    /// Adds a needle that may say itself what it is, by a word before a colon: `text:`, `utf8:`, `utf16:`, `utf16be:`, `latin1:`,
    /// `both:` (UTF-8 and UTF-16), `hex:`, `regex:`, `guid:`, or a type of numbers (`u32:`). Without such a word it is read as
    /// `how` says.
    ///
    /// # Errors
    /// As for each form of needle.
    pub fn read_marked(&mut self, text: &str, how: &Reading) -> Result<()> {
        let Some((how, rest)) = text.split_once(':').and_then(|(mark, rest)| Some((marked(mark, how)?, rest))) else {
            return self.read(text, how);
        };
        self.read(rest, &how)
    }

    /// Adds a file of needles, one in each line, as [`Needles::read_marked`]; empty lines are none. Says where in `file` each of
    /// them stands.
    ///
    /// # Errors
    /// The first line that can't be read, with its number from 1.
    pub fn read_lines(&mut self, file: &[u8], how: &Reading) -> Result<Vec<Range<usize>>> {
        let mut places = Vec::new();
        let mut start = 0;
        for (line, number) in file.split(|b| *b == b'\n').zip(1_u64..) {
            let bare = line.strip_suffix(b"\r").unwrap_or(line);
            if !bare.is_empty() {
                let text = std::str::from_utf8(bare)
                    .map_err(|_| invalid("it is no UTF-8".to_owned()).hint("bytes are written as hex: hex:ff fe"));
                let added = text.and_then(|text| self.read_marked(text, how));
                added.map_err(|e| {
                    let told = invalid(format!("line {number}: {}", e.reason()));
                    match e.hint_text() {
                        Some(hint) => told.hint(hint.to_owned()),
                        None => told,
                    }
                })?;
                places.push(start..start + bare.len());
            }
            start += line.len() + 1;
        }
        Ok(places)
    }
}

/// What a mark says.
fn marked(mark: &str, how: &Reading) -> Option<Reading> {
    let with = |form| Reading { form, ..how.clone() };
    let text = |charsets: &[Charset]| Reading { charsets: charsets.to_vec(), ..with(Form::Text) };
    Some(match mark {
        "text" => with(Form::Text),
        "utf8" => text(&[Charset::Utf8]),
        "utf16" => text(&[Charset::Utf16]),
        "utf16be" => text(&[Charset::Utf16Be]),
        "latin1" => text(&[Charset::Latin1]),
        "both" => text(&[Charset::Utf8, Charset::Utf16]),
        "hex" => with(Form::Hex),
        "regex" => with(Form::Regex),
        "guid" => with(Form::Guid),
        of => Reading { types: vec![NumberType::parse(of, how.pointer_size).ok()?], ..with(Form::Number) },
    })
}

fn invalid(reason: String) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, reason)
}
