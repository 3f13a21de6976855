//! Text as bytes, in any encoding, with its letters in any case.

use super::charset::Charset;
use super::hex::Masked;
use super::sequence::{Element, common};
use crate::{Error, ErrorKind, Layer, Result};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// A text in an encoding. `ignore_case`: a letter stands for every letter that Unicode's simple case folding makes the same, but
/// an ASCII letter only for ASCII ones (`k` is not the sign for kelvin).
pub(super) fn elements(text: &str, charset: Charset, ignore_case: bool) -> Result<Vec<Element>> {
    let whole = charset.encode(text).ok_or_else(|| {
        let odd = text.chars().find(|c| charset.encode(&c.to_string()).is_none());
        invalid(match odd {
            Some(c) => format!("{c:?} can't be written in {charset}"),
            None => format!("{text:?} can't be written in {charset}"),
        })
        .hint("give an encoding that has all of its characters")
    })?;
    let exact = |bytes: &[u8]| bytes.iter().map(|b| (*b, 0xff)).collect::<Vec<Masked>>();
    if !ignore_case {
        return Ok(exact(&whole).into_iter().map(Element::Byte).collect());
    }
    if !charset.is_stateless() {
        return Err(invalid(format!("upper and lower case can't be taken as the same in {charset}"))
            .hint("what a character's bytes are depends there on what stands before it; search for each spelling"));
    }
    let mut out = Vec::with_capacity(whole.len());
    for c in text.chars() {
        let mut ways: Vec<Vec<Masked>> = same_letter(c)
            .into_iter()
            .filter_map(|c| charset.encode(c.encode_utf8(&mut [0; 4])))
            .map(|bytes| exact(&bytes))
            .collect();
        ways.sort_unstable();
        ways.dedup();
        match one_mask(&ways) {
            Some(bytes) => out.extend(bytes.into_iter().map(Element::Byte)),
            None => out.push(Element::Any(ways)),
        }
    }
    Ok(out)
}

/// The letter in all its cases.
fn same_letter(c: char) -> Vec<char> {
    if c.is_ascii() {
        return if c.is_ascii_alphabetic() { vec![c.to_ascii_lowercase(), c.to_ascii_uppercase()] } else { vec![c] };
    }
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
    if class.try_case_fold_simple().is_err() {
        return vec![c];
    }
    class.iter().flat_map(|r| r.start()..=r.end()).collect()
}

/// All of `ways` and nothing else, as bytes of which some bits don't count; `None` when that can't be said so.
fn one_mask(ways: &[Vec<Masked>]) -> Option<Vec<Masked>> {
    let first = ways.first()?;
    if ways.iter().any(|w| w.len() != first.len()) {
        return None;
    }
    let bytes = common(ways);
    // What does not count doubles what fits.
    let open: u32 = bytes.iter().map(|b| b.1.count_zeros()).sum();
    (u32::try_from(ways.len()).ok()? == 1_u32.checked_shl(open)?).then_some(bytes)
}

fn invalid(reason: String) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, reason)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_their_cases_and_nothing_else_has() {
        let of = |text: &str, charset| elements(text, charset, true).unwrap();
        assert_eq!(of("a1", Charset::Utf8), [Element::Byte((b'A', 0xdf)), Element::Byte((b'1', 0xff))]);
        // Differ in one bit of their second byte.
        assert_eq!(of("É", Charset::Utf8), [Element::Byte((0xc3, 0xff)), Element::Byte((0x89, 0xdf))]);
        // Differ in length.
        let sharp: Vec<Vec<Masked>> = ["ß", "ẞ"].iter().map(|s| s.bytes().map(|b| (b, 0xff)).collect()).collect();
        assert_eq!(of("ß", Charset::Utf8), [Element::Any(sharp)]);
        assert_eq!(same_letter('σ'), ['Σ', 'ς', 'σ']);
        // The long s is an s, and an s no long s.
        assert_eq!(same_letter('ſ'), ['S', 's', 'ſ']);
        assert_eq!(same_letter('s'), ['s', 'S']);
        // There is no capital sharp s in Latin 1.
        assert_eq!(of("ß", Charset::Latin1), [Element::Byte((0xdf, 0xff))]);
        let e = elements("a", Charset::parse("iso-2022-jp").unwrap(), true).unwrap_err();
        assert!(e.to_string().contains("can't be taken as the same"), "{e}");
        let e = elements("a€", Charset::Latin1, false).unwrap_err();
        assert!(e.to_string().contains("'€' can't be written in latin1"), "{e}");
    }
}
