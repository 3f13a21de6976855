//! Bytes on their way to a terminal or a transcript, made harmless piece by piece.

use crate::commands::harmless::{escaped, judged};
use std::mem;

/// A colour code (`ESC [ 1 ; 31 m`, ECMA-48 SGR) has so many bytes at most.
const LONGEST: usize = 32;

/// What happens to colour codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// They go through.
    Kept,
    /// They are left out: they are known to be memsh's own.
    Dropped,
    /// They are shown as what they are, like everything else that a terminal would act on.
    Shown,
}

/// Lets text, its lines and tabs through, and writes what a terminal would act on as an escape (`\x1b`), as bytes that are no UTF-8. What a piece
/// cuts in two waits for the next one.
pub struct Sieve {
    colors: Colors,
    held: Vec<u8>,
}

enum Code {
    Whole(usize),
    Cut,
    Other,
}

impl Sieve {
    pub fn new(colors: Colors) -> Self {
        Self { colors, held: Vec::new() }
    }

    /// What becomes of a piece.
    pub fn pass(&mut self, piece: &[u8]) -> String {
        let mut data = mem::take(&mut self.held);
        data.extend_from_slice(piece);
        self.sift(&data, false)
    }

    /// What still waited: nothing comes behind it.
    pub fn end(&mut self) -> String {
        let data = mem::take(&mut self.held);
        self.sift(&data, true)
    }

    fn sift(&mut self, data: &[u8], ended: bool) -> String {
        let mut out = String::with_capacity(data.len());
        let mut chunks = data.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            let last = chunks.peek().is_none() && !ended;
            let cut = self.text(chunk.valid(), last && chunk.invalid().is_empty(), &mut out);
            self.held.extend_from_slice(cut.as_bytes());
            // The beginning of a character, at the very end.
            if last && std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none()) {
                self.held.extend_from_slice(chunk.invalid());
            } else {
                chunk.invalid().iter().for_each(|b| escaped(char::from(*b), &mut out));
            }
        }
        out
    }

    /// Writes a text; gives the end of it that may go on in the next piece, where there is one.
    fn text<'t>(&self, text: &'t str, more: bool, out: &mut String) -> &'t str {
        let mut rest = text;
        let mut skip = 0usize;
        for (c, bad) in judged(text) {
            let here = rest;
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            match c {
                '\n' | '\t' => out.push(c),
                '\r' if rest.starts_with('\n') => out.push(c),
                '\r' if more && rest.is_empty() => return here,
                '\x1b' => match (code(here), self.colors) {
                    (Code::Whole(len), Colors::Kept | Colors::Dropped) => {
                        if self.colors == Colors::Kept {
                            out.push_str(here.get(..len).unwrap_or_default());
                        }
                        skip = len - 1;
                    }
                    (Code::Cut, Colors::Kept | Colors::Dropped) if more => return here,
                    _ => escaped(c, out),
                },
                c if bad => escaped(c, out),
                c => out.push(c),
            }
        }
        ""
    }
}

/// The colour code that a text begins with, all of it ASCII.
fn code(text: &str) -> Code {
    for (i, b) in text.bytes().enumerate().take(LONGEST) {
        match (i, b) {
            (0, 0x1b) | (1, b'[') | (2.., b'0'..=b'9' | b';' | b':') => {}
            (2.., b'm') => return Code::Whole(i + 1),
            _ => return Code::Other,
        }
    }
    if text.len() < LONGEST { Code::Cut } else { Code::Other }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    /// In one piece, and in pieces of every size: it must not matter.
    fn sifted(colors: Colors, text: &[u8]) -> String {
        let whole = |size: usize| {
            let mut sieve = Sieve::new(colors);
            let pieces: String = text.chunks(size).map(|piece| sieve.pass(piece)).collect();
            [pieces, sieve.end()].concat()
        };
        let out = whole(text.len().max(1));
        for size in 1..text.len() {
            assert_eq!(whole(size), out, "in pieces of {size}");
        }
        out
    }

    #[test]
    fn colours_and_nothing_else() {
        let text = b"\x1b[1;31mred\x1b[0m \x1b[2Jx\x1b]0;T\x07\ta\xc3\xa9\xe2\x82\xac\r\nb\rc\n\x1b[38:2:1m";
        let rest = "\\x1b[2Jx\\x1b]0;T\\x07\ta\u{e9}\u{20ac}\r\nb\\rc\n";
        assert_eq!(sifted(Colors::Kept, text), format!("\x1b[1;31mred\x1b[0m {rest}\x1b[38:2:1m"));
        assert_eq!(sifted(Colors::Dropped, text), format!("red {rest}"));
        assert_eq!(sifted(Colors::Shown, text), format!("\\x1b[1;31mred\\x1b[0m {rest}\\x1b[38:2:1m"));
    }

    #[test]
    fn what_is_cut_or_no_text() {
        assert_eq!(sifted(Colors::Kept, b"a\x1b"), "a\\x1b");
        assert_eq!(sifted(Colors::Dropped, b"a\x1b[3"), "a\\x1b[3");
        assert_eq!(sifted(Colors::Dropped, b"a\xe2\x82"), "a\\xe2\\x82");
        assert_eq!(sifted(Colors::Dropped, b"\xff\xc2\x9b31m\xe2\x80\xae"), "\\xff\\x9b31m\\u{202e}");
        assert_eq!(sifted(Colors::Dropped, b"\r"), "\\r");
        let long = [&b"\x1b["[..], &[b'1'; 40], b"m"].concat();
        assert_eq!(sifted(Colors::Dropped, &long), format!("\\x1b[{}m", "1".repeat(40)));
        assert_eq!(sifted(Colors::Kept, b"A\x1b1\n2\n"), "A\\x1b1\n2\n");
    }
}
