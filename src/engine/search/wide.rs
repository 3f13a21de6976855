//! Regular expressions over UTF-16.
//!
//! The expression is read as one over characters, and each character becomes its two bytes (four, beyond the first 65536). What
//! comes out is an expression over bytes, so it is found as fast as any other.

use crate::{Error, ErrorKind, Layer, Result};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, Hir, HirKind, Look};
use std::collections::BTreeMap;

/// `pattern` as an expression over the bytes of UTF-16, high byte first with `big`.
///
/// As over bytes, `\w` and its like mean ASCII unless `(?u)` stands before them; `.`, and a class that holds all that is no
/// ASCII, are any unit of two bytes.
pub(super) fn translate(pattern: &str, ignore_case: bool, big: bool) -> Result<String> {
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).case_insensitive(ignore_case).build();
    let hir = parser
        .parse(pattern)
        .map_err(|e| invalid(format!("the regex can't be read: {e}")).hint("see the syntax at https://docs.rs/regex"))?;
    Ok(Wide { big }.hir(&hir)?.to_string())
}

struct Wide {
    big: bool,
}

/// Units `first..=last`.
type Units = (u16, u16);

impl Wide {
    fn hir(&self, hir: &Hir) -> Result<Hir> {
        Ok(match hir.kind() {
            HirKind::Empty => Hir::empty(),
            HirKind::Literal(literal) => {
                let mut units = Vec::new();
                for part in literal.0.utf8_chunks() {
                    units.extend(part.valid().encode_utf16());
                    units.extend(part.invalid().iter().map(|b| u16::from(*b)));
                }
                Hir::literal(units.into_iter().flat_map(|u| self.bytes(u)).collect::<Vec<u8>>())
            }
            HirKind::Class(Class::Bytes(class)) => self.units(&byte_units(class)),
            HirKind::Class(Class::Unicode(class)) => self.characters(class),
            HirKind::Look(look) => return Err(no_look(*look)),
            HirKind::Repetition(rep) => Hir::repetition(rep.with(self.hir(&rep.sub)?)),
            HirKind::Capture(capture) => self.hir(&capture.sub)?,
            HirKind::Concat(all) => Hir::concat(all.iter().map(|h| self.hir(h)).collect::<Result<_>>()?),
            HirKind::Alternation(all) => Hir::alternation(all.iter().map(|h| self.hir(h)).collect::<Result<_>>()?),
        })
    }

    fn bytes(&self, unit: u16) -> [u8; 2] {
        if self.big { unit.to_be_bytes() } else { unit.to_le_bytes() }
    }

    /// Any of these units.
    fn units(&self, units: &[Units]) -> Hir {
        // Which low bytes go with each high one, then the high bytes that have the same.
        let mut rows: BTreeMap<u8, Vec<(u8, u8)>> = BTreeMap::new();
        for &(first, last) in units {
            let ([high, low], [last_high, last_low]) = (first.to_be_bytes(), last.to_be_bytes());
            for row in high..=last_high {
                let from = if row == high { low } else { 0 };
                let to = if row == last_high { last_low } else { 0xff };
                rows.entry(row).or_default().push((from, to));
            }
        }
        let mut same: BTreeMap<Vec<(u8, u8)>, Vec<u8>> = BTreeMap::new();
        for (high, mut lows) in rows {
            lows.sort_unstable();
            same.entry(lows).or_default().push(high);
        }
        let class = |ranges: &mut dyn Iterator<Item = (u8, u8)>| {
            Hir::class(Class::Bytes(ClassBytes::new(ranges.map(|(a, b)| ClassBytesRange::new(a, b)))))
        };
        let ways = same.into_iter().map(|(lows, highs)| {
            let low = class(&mut lows.into_iter());
            let high = class(&mut highs.into_iter().map(|h| (h, h)));
            Hir::concat(if self.big { vec![high, low] } else { vec![low, high] })
        });
        Hir::alternation(ways.collect())
    }

    /// Any of these characters.
    fn characters(&self, class: &ClassUnicode) -> Hir {
        let mut units: Vec<Units> = Vec::new();
        // Which second halves go with each first one.
        let mut pairs: BTreeMap<u16, Vec<Units>> = BTreeMap::new();
        for range in class.iter() {
            let (first, last) = (u32::from(range.start()), u32::from(range.end()));
            if let Ok(from) = u16::try_from(first) {
                units.push((from, u16::try_from(last).unwrap_or(u16::MAX)));
            }
            let Some(first) = first.max(0x1_0000).checked_sub(0x1_0000) else { continue };
            let Some(last) = last.checked_sub(0x1_0000) else { continue };
            let half = |v: u32| u16::try_from(v & 0x3ff).unwrap_or(0);
            let (lead, last_lead) = (half(first >> 10), half(last >> 10));
            for row in lead..=last_lead {
                let from = if row == lead { half(first) } else { 0 };
                let to = if row == last_lead { half(last) } else { 0x3ff };
                pairs.entry(0xd800 + row).or_default().push((0xdc00 + from, 0xdc00 + to));
            }
        }
        let mut same: BTreeMap<Vec<Units>, Vec<Units>> = BTreeMap::new();
        for (lead, trails) in pairs {
            same.entry(trails).or_default().push((lead, lead));
        }
        let mut ways = Vec::new();
        if !units.is_empty() {
            ways.push(self.units(&units));
        }
        ways.extend(same.iter().map(|(trails, leads)| Hir::concat(vec![self.units(leads), self.units(trails)])));
        Hir::alternation(ways)
    }
}

/// A class of bytes as units: ASCII is itself, and the upper half is Latin 1, or everything where it is whole.
fn byte_units(class: &ClassBytes) -> Vec<Units> {
    class
        .iter()
        .map(|r| {
            let last = if r.start() <= 0x80 && r.end() == 0xff { u16::MAX } else { u16::from(r.end()) };
            (u16::from(r.start()), last)
        })
        .collect()
}

fn no_look(look: Look) -> Error {
    let what = match look {
        Look::Start | Look::StartLF | Look::StartCRLF => "^",
        Look::End | Look::EndLF | Look::EndCRLF => "$",
        _ => "\\b",
    };
    invalid(format!("a regex over UTF-16 can't look at what stands around it, as {what} does"))
        .hint("write out what may stand there, such as [^a-z] for \\b")
}

fn invalid(reason: String) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, reason)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use regex::bytes::RegexBuilder;

    fn units(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    /// What matches as text must match as UTF-16, at the same characters, and nothing else.
    #[test]
    fn matches_are_those_of_the_text() {
        let texts =
            ["", "a", "abc", "aéb", "C:\\Windows\\a.dll", "x😀y", "ÄÖÜ äöü", "line\nnext", "кот КОТ", "日本語", "a\u{ffff}b"];
        let patterns = [
            "abc",
            "a.b",
            "[a-z]+",
            r"[A-Z]:\\[^\x00]*\.dll",
            "(?u)[é😀]",
            "(?u)x.y",
            "(?i)(?u)кот",
            "(?u)\\w+",
            "a|b|é",
            "[^a]",
            "(?u)[^a]",
            "(?s).+",
            "(?u)[\u{d7ff}-\u{10ffff}]",
            "(?u)[日-語]{2}",
            "",
            "b*",
        ];
        for (text, pattern, big) in texts.iter().flat_map(|t| patterns.iter().flat_map(move |p| [(t, p, false), (t, p, true)])) {
            let wide = translate(pattern, false, big).unwrap();
            let found = RegexBuilder::new(&wide).unicode(false).build().unwrap();
            let found = found.find(&units(text, big)).map(|m| m.range());
            // Over characters; `.` of the translation is a unit, so halves of a pair are two there.
            let plain = regex::RegexBuilder::new(pattern).build().unwrap();
            let want = plain.find(text).map(|m| units(&text[..m.start()], big).len()..units(&text[..m.end()], big).len());
            let halves = text.contains('😀') && !pattern.contains("(?u)");
            // Where a match may begin at any byte, a shifted one may come first only if it is not where text begins.
            if want.as_ref().is_some_and(|w| w.start == 0) && !halves {
                assert_eq!(found, want, "{pattern} in {text}, {wide}");
            } else if want.is_some() {
                assert!(found.is_some(), "{pattern} in {text}, {wide}");
            }
        }
    }

    #[test]
    fn what_has_no_meaning_there_is_told() {
        for (pattern, says) in [(r"\bword", "\\b"), ("^a", "^"), ("a$", "$"), ("a(", "can't be read")] {
            let e = translate(pattern, false, false).unwrap_err();
            assert!(e.to_string().contains(says), "{pattern}: {e}");
        }
    }
}
