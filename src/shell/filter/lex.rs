//! Words of an expression.

use super::error::Mistake;
use crate::shell::expr::number;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// `==`, `~`, `and`, `(`, ...
    Op(&'static str),
    /// A number.
    Int(i128),
    /// A number with a fraction.
    Float(f64),
    /// Text in quotes, or a date.
    Text(String),
    /// A key, or a number in hex that could be one: which of the two, the keys say.
    Name(String),
}

/// A word and the bytes in which it stands.
pub type Spanned = (Token, (usize, usize));

/// Longer ones first.
const SYMBOLS: &[(&str, &str)] = &[
    ("&&", "and"),
    ("||", "or"),
    ("==", "=="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("!~", "!~"),
    ("=~", "~"),
    ("<", "<"),
    (">", ">"),
    ("~", "~"),
    ("=", "=="),
    ("!", "not"),
    ("(", "("),
    (")", ")"),
    ("[", "["),
    ("]", "]"),
    (",", ","),
];
const WORDS: &[&str] = &["and", "or", "not", "in", "contains", "is", "true", "false", "null"];

/// An expression longer than this is refused.
const LONGEST: usize = 64 << 10;

/// The words of `text`.
///
/// # Errors
/// An open quote, a number that is none, a letter that means nothing.
pub fn tokens(text: &str) -> Result<Vec<Spanned>, Mistake> {
    if text.len() > LONGEST {
        return Err(Mistake::new((0, 0), format!("it is longer than {LONGEST} bytes")));
    }
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        if c == '"' || c == '\'' {
            let (value, len) =
                quoted(rest, c).ok_or_else(|| Mistake::new((at, text.len()), format!("the quote {c} is not closed")))?;
            out.push((Token::Text(value), (at, at + len)));
            at += len;
            continue;
        }
        if let Some((symbol, op)) = SYMBOLS.iter().find(|(s, _)| rest.starts_with(s)) {
            out.push((Token::Op(op), (at, at + symbol.len())));
            at += symbol.len();
            continue;
        }
        let len = word_length(rest);
        let Some(word) = rest.get(..len).filter(|w| !w.is_empty()) else {
            let here = Mistake::new((at, at + c.len_utf8()), format!("{c:?} means nothing here"));
            return Err(match c {
                '&' | '|' => here.hint(format!("write {c}{c}, or `and`, `or`")),
                _ => here.hint("text stands in quotes, as in: path == \"/usr/sbin/sshd\""),
            });
        };
        out.push((token(word).map_err(|why| Mistake::new((at, at + len), why))?, (at, at + len)));
        at += len;
    }
    Ok(out)
}

/// Bytes of the word at the beginning of `rest`.
fn word_length(rest: &str) -> usize {
    if let Some(len) = date_length(rest) {
        return len;
    }
    let sign = usize::from(rest.starts_with('-') && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit()));
    let body = rest.get(sign..).unwrap_or_default();
    sign + body.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '`'))).unwrap_or(body.len())
}

/// A moment without quotes: `2026-01`, `2026-01-02`, `2026-01-02T03:04:05.678Z`.
fn date_length(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let digits = |from: usize, to: usize| bytes.get(from..to).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
    if !(digits(0, 4) && bytes.get(4) == Some(&b'-') && digits(5, 7)) {
        return None;
    }
    let len = rest.find(|c: char| !(c.is_ascii_digit() || "-:.TZ".contains(c))).unwrap_or(rest.len());
    Some(len)
}

/// The text in quotes at the beginning of `rest`, and the bytes that it takes.
fn quoted(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = letters.next() {
        match c {
            c if c == quote => return Some((out, at + 1)),
            // A regular expression keeps its backslashes; only the quote itself needs one.
            '\\' => match letters.next_if(|(_, c)| *c == quote || *c == '\\') {
                Some((_, '\\')) => out.push_str("\\\\"),
                Some((_, escaped)) => out.push(escaped),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    None
}

fn token(word: &str) -> Result<Token, String> {
    if let Some(op) = WORDS.iter().find(|w| word.eq_ignore_ascii_case(w)) {
        return Ok(Token::Op(op));
    }
    if date_length(word).is_some() {
        return Ok(Token::Text(word.to_owned()));
    }
    let (negative, body) = word.strip_prefix('-').map_or((false, word), |b| (true, b));
    let is_float = body.contains('.') && body.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_float {
        return word.parse().map(Token::Float).map_err(|_| format!("{word} is no number"));
    }
    let starts_as_number = body.starts_with(|c: char| c.is_ascii_digit());
    match number(body) {
        // `cafe0` may be a key as well; the keys decide.
        Some(Ok(_)) if !starts_as_number && !body.contains('`') => Ok(Token::Name(word.to_owned())),
        Some(Ok(value)) => {
            #[allow(clippy::unnecessary_fallible_conversions, reason = "not where addresses are wide")]
            let value = i128::try_from(value).map_err(|_| format!("{word} is too large"))?;
            Ok(Token::Int(if negative { -value } else { value }))
        }
        Some(Err(why)) => Err(why),
        None => Ok(Token::Name(word.to_owned())),
    }
}
