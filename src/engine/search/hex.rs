//! Hex patterns as debuggers write them.

use crate::{Error, ErrorKind, Layer, Result};

/// A byte and which of its bits count.
pub(super) type Masked = (u8, u8);

/// Reads `4d 5a ?? 00`, `4d5a??00`, `4? ?a` and the lone `?` between blanks that IDA writes for a byte.
pub(super) fn parse(text: &str) -> Result<Vec<Masked>> {
    let mut out = Vec::new();
    for word in text.split_whitespace() {
        let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
        if digits == "?" {
            out.push((0, 0));
            continue;
        }
        let nibbles = digits.chars().map(|c| nibble(c, word)).collect::<Result<Vec<Masked>>>()?;
        let (pairs, rest) = nibbles.as_chunks::<2>();
        if !rest.is_empty() || pairs.is_empty() {
            return Err(invalid(format!("the hex pattern's part {word:?} is not a whole number of bytes"))
                .hint("write two digits per byte: 4d 5a ?? 00"));
        }
        out.extend(pairs.iter().map(|[high, low]| (high.0 << 4 | low.0, high.1 << 4 | low.1)));
    }
    Ok(out)
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

fn invalid(reason: String) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, reason)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::parse;

    #[test]
    fn every_debuggers_spelling() {
        let want = [(0x4d, 0xff), (0x5a, 0xff), (0, 0), (0, 0xff)];
        for text in ["4d 5a ?? 00", "4d5a??00", "4D5A ? 00", "0x4d 0x5a ?? 00", " 4d\t5a??\n00 "] {
            assert_eq!(parse(text).unwrap(), want, "{text}");
        }
        assert_eq!(parse("4? ?a").unwrap(), [(0x40, 0xf0), (0x0a, 0x0f)]);
    }

    #[test]
    fn nonsense_is_named() {
        for (text, says) in [("4d5", "\"4d5\""), ("4d zz", "'z'"), ("0x", "\"0x\""), ("???", "\"???\"")] {
            let e = parse(text).unwrap_err();
            assert!(e.to_string().contains(says), "{text}: {e}");
        }
    }
}
