//! Hex patterns as debuggers and YARA write them.

use super::sequence::Element;
use crate::{Error, ErrorKind, Layer, Result};

/// A byte and which of its bits count.
pub(super) type Masked = (u8, u8);

/// Alternatives in alternatives are read to this depth.
const DEEPEST: usize = 4;
/// Alternatives of one place, when those within others are written out.
const MOST_ALTERNATIVES: usize = 256;

/// Reads `4d 5a ?? 00`, `4d5a??00`, `4? ?a` and the lone `?` between blanks that IDA writes for a byte; jumps as YARA writes
/// them (`[4]`, `[2-6]`) and alternatives (`(41|42 43)`). The braces of a YARA string may stand around it.
pub(super) fn parse(text: &str) -> Result<Vec<Element>> {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        rest = match c {
            '[' => {
                let (inside, behind) = rest.split_once(']').ok_or_else(|| unclosed(rest, ']'))?;
                out.push(jump(inside.get(1..).unwrap_or_default())?);
                behind
            }
            '(' => {
                let end = closing(rest).ok_or_else(|| unclosed(rest, ')'))?;
                out.push(Element::Any(alternatives(rest.get(1..end).unwrap_or_default(), 1)?));
                rest.get(end + 1..).unwrap_or_default()
            }
            _ => {
                let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '[' | '(')).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                out.extend(bytes(word)?.into_iter().map(Element::Byte));
                behind
            }
        }
        .trim_start();
    }
    Ok(out)
}

/// The bytes of one word.
fn bytes(word: &str) -> Result<Vec<Masked>> {
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
    if digits == "?" {
        return Ok(vec![(0, 0)]);
    }
    let nibbles = digits.chars().map(|c| nibble(c, word)).collect::<Result<Vec<Masked>>>()?;
    let (pairs, rest) = nibbles.as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() {
        return Err(invalid(format!("the hex pattern's part {word:?} is not a whole number of bytes"))
            .hint("write two digits per byte: 4d 5a ?? 00"));
    }
    Ok(pairs.iter().map(|[high, low]| (high.0 << 4 | low.0, high.1 << 4 | low.1)).collect())
}

fn nibble(c: char, word: &str) -> Result<Masked> {
    if c == '?' {
        return Ok((0, 0));
    }
    let digit = c.to_digit(16).and_then(|d| u8::try_from(d).ok());
    digit.map(|d| (d, 0xf)).ok_or_else(|| {
        invalid(format!("the hex pattern's part {word:?} holds {c:?}, which is neither a hex digit nor `?`"))
            .hint("text is searched without an option for hex")
    })
}

/// `4` or `2-6`.
fn jump(inside: &str) -> Result<Element> {
    let (min, max) = inside.split_once('-').unwrap_or((inside, inside));
    let unread = || {
        invalid(format!("the hex pattern's jump [{inside}] can't be read"))
            .hint("a jump is [N] or [N-M] bytes, in decimal; one without an end is not searched for")
    };
    let end = |text: &str| text.trim().parse::<usize>().map_err(|_| unread());
    let (min, max) = (end(min)?, end(max)?);
    if min > max {
        return Err(invalid(format!("the hex pattern's jump [{inside}] ends before it begins")).hint("write [2-6]"));
    }
    Ok(Element::Gap { min, max })
}

/// Where the parenthesis that `text` begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(i);
        }
    }
    None
}

/// What stands between parentheses, each alternative written out.
fn alternatives(inside: &str, depth: usize) -> Result<Vec<Vec<Masked>>> {
    let odd = |what: &str| {
        let text = format!("the hex pattern's alternatives ({inside}) {what}");
        Err(invalid(text).hint("write (41|42 43|?4): bytes, and `|` between"))
    };
    if depth > DEEPEST {
        return odd("lie too deep in others");
    }
    let mut all = Vec::new();
    let mut rest = inside;
    loop {
        // To the next `|` that is not within parentheses.
        let mut one: Vec<Vec<Masked>> = vec![Vec::new()];
        let more = loop {
            rest = rest.trim_start();
            let Some(c) = rest.chars().next() else { break false };
            let (these, behind) = match c {
                '|' => {
                    rest = rest.get(1..).unwrap_or_default();
                    break true;
                }
                '(' => {
                    let end = closing(rest).ok_or_else(|| unclosed(rest, ')'))?;
                    (alternatives(rest.get(1..end).unwrap_or_default(), depth + 1)?, rest.get(end + 1..).unwrap_or_default())
                }
                '[' | ')' => return odd(&format!("hold {c:?}, which has no place there")),
                _ => {
                    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | '|' | '[' | ')'));
                    let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
                    (vec![bytes(word)?], behind)
                }
            };
            if one.len().saturating_mul(these.len()) > MOST_ALTERNATIVES {
                return odd("are too many when written out");
            }
            one = one.iter().flat_map(|o| these.iter().map(|t| [o.as_slice(), t].concat())).collect();
            rest = behind;
        };
        all.append(&mut one);
        if all.len() > MOST_ALTERNATIVES {
            return odd("are too many when written out");
        }
        if !more {
            break;
        }
    }
    if all.iter().any(Vec::is_empty) {
        return odd("hold an empty one");
    }
    Ok(all)
}

fn unclosed(rest: &str, with: char) -> Error {
    let part: String = rest.chars().take(16).collect();
    invalid(format!("the hex pattern's {part:?} is not closed")).hint(format!("there is no {with:?} that belongs to it"))
}

fn invalid(reason: String) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, reason)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn exact(bytes: &[u8]) -> Vec<Masked> {
        bytes.iter().map(|b| (*b, 0xff)).collect()
    }

    #[test]
    fn every_debuggers_spelling() {
        let want = [(0x4d, 0xff), (0x5a, 0xff), (0, 0), (0, 0xff)].map(Element::Byte);
        for text in ["4d 5a ?? 00", "4d5a??00", "4D5A ? 00", "0x4d 0x5a ?? 00", " 4d\t5a??\n00 ", "{ 4d 5a ?? 00 }"] {
            assert_eq!(parse(text).unwrap(), want, "{text}");
        }
        assert_eq!(parse("4? ?a").unwrap(), [(0x40, 0xf0), (0x0a, 0x0f)].map(Element::Byte));
    }

    #[test]
    fn jumps_and_alternatives() {
        let byte = |b| Element::Byte((b, 0xff));
        let gap = |min, max| Element::Gap { min, max };
        assert_eq!(parse("4d5a[2-6]50").unwrap(), [byte(0x4d), byte(0x5a), gap(2, 6), byte(0x50)]);
        assert_eq!(parse("01 [3] 02 [ 0 - 4 ]03").unwrap(), [byte(1), gap(3, 3), byte(2), gap(0, 4), byte(3)]);
        let any = Element::Any(vec![exact(&[0x41]), exact(&[0x42, 0x43]), vec![(4, 0xf)]]);
        assert_eq!(parse("01(41|42 43|?4)02").unwrap(), [byte(1), any, byte(2)]);
        let nested = Element::Any([[1, 2], [1, 3], [4, 5]].map(|b| exact(&b)).to_vec());
        assert_eq!(parse("(01(02|03)|0405)").unwrap(), [nested]);
    }

    #[test]
    fn nonsense_is_named() {
        for (text, says) in [
            ("4d5", "\"4d5\""),
            ("4d zz", "'z'"),
            ("0x", "\"0x\""),
            ("???", "\"???\""),
            ("4d [2-", "not closed"),
            ("4d [2-]", "[2-]"),
            ("4d [6-2] 00", "ends before"),
            ("4d (41|42", "not closed"),
            ("4d (41|)", "empty one"),
            ("(41|[2]42)", "no place"),
            ("(((((41)))))", "too deep"),
            ("((01|02|03|04)(01|02|03|04)(01|02|03|04)(01|02|03|04)(01|02))", "too many"),
            ("41)", "')'"),
        ] {
            let e = parse(text).unwrap_err();
            assert!(e.to_string().contains(says), "{text}: {e}");
        }
    }
}
