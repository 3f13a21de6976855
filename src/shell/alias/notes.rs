//! Numbers as other tools read them, and what is said about it.

/// What a translation has to say: how a token was read that could be read in two ways.
#[derive(Debug, Default)]
pub struct Notes(pub Vec<String>);

impl Notes {
    /// Keeps a line, once.
    pub fn say(&mut self, text: String) {
        if !self.0.contains(&text) {
            self.0.push(text);
        }
    }
}

/// Whose rule a number is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Radix {
    /// Spelling that was typed (`db`, `rd`).
    pub typed: &'static str,
    /// Whose rule it is, as a part of a sentence.
    pub rule: &'static str,
}

/// WinDbg's numbers are hexadecimal unless they say otherwise.
pub const fn windbg(typed: &'static str) -> Radix {
    Radix { typed, rule: "WinDbg's numbers are hex" }
}

/// crash's addresses are hexadecimal, with or without `0x`.
pub const fn crash(typed: &'static str) -> Radix {
    Radix { typed, rule: "crash's addresses are hex" }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$' | '@' | '!' | '`' | ':' | '?')
}

/// The expression with every bare number in it made hexadecimal. What memsh would have read differently is noted.
pub fn hex(expression: &str, radix: Radix, notes: &mut Notes) -> String {
    let mut out = String::with_capacity(expression.len() + 4);
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let end = match is_word(c) {
            true => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            false => c.len_utf8(),
        };
        let (word, tail) = rest.split_at(end);
        rest = tail;
        // A prefix that says whose address it is: `1:7ffc0000`, `p:1000`.
        let (space, word) = match word.rsplit_once(':') {
            Some((space, number)) if !number.is_empty() => (Some(space), number),
            _ => (None, word),
        };
        if let Some(space) = space {
            out.push_str(space);
            out.push(':');
        }
        if is_bare(word) {
            out.push_str("0x");
            // Five hex digits with a letter are hex everywhere in memsh.
            let digits = word.chars().all(|c| c.is_ascii_digit());
            if (digits && word.trim_start_matches('0').len() > 1) || (!digits && word.len() < 5) {
                let decimal = if digits { format!("; 0n{word} is the decimal one") } else { String::new() };
                notes.say(format!("note: {}: {word} was read as 0x{word}: {}{decimal}", radix.typed, radix.rule));
            }
        }
        out.push_str(word);
    }
    out
}

/// Hex digits alone: `0x10`, `0n10`, `10h`, backticks and names speak for themselves.
fn is_bare(word: &str) -> bool {
    let number = !word.is_empty() && word.chars().all(|c| c.is_ascii_hexdigit());
    // One decimal digit is the same in both.
    let number = number && !(word.len() == 1 && word.chars().all(|c| c.is_ascii_digit()));
    // WinDbg's binary `0b1` is no prefix there: `0y` is, and `0b1` is hex. memsh's own reading stays.
    number && !(word.len() > 1 && word.starts_with("0b") && word.chars().skip(2).all(|c| matches!(c, '0' | '1')))
}

/// The bytes of a number in base 16, least significant first, so many of them; as it stands where it is none.
pub fn little_endian(text: &str, width: usize) -> String {
    match number(text, 16) {
        Some(v) => v.to_le_bytes().iter().take(width).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" "),
        // Not a number: the search's own parser says what is wrong with it.
        None => text.to_owned(),
    }
}

/// A plain number in base `radix`, unless it says another base.
pub fn number(text: &str, radix: u32) -> Option<u64> {
    let clean = text.replace(['`', '_'], "").to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0n", 10), ("0y", 2)] {
        if let Some(body) = clean.strip_prefix(prefix) {
            return parse(body, radix);
        }
    }
    parse(&clean, radix)
}

fn parse(body: &str, radix: u32) -> Option<u64> {
    // from_str_radix takes a sign.
    (!body.starts_with(['+', '-'])).then(|| u64::from_str_radix(body, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_numbers_become_hex_and_doubtful_ones_are_told() {
        for (typed, meant, told) in [
            ("1000", "0x1000", true),
            ("8", "8", false),
            ("08", "0x08", false),
            ("ffff888012345678", "0xffff888012345678", false),
            ("12345678", "0x12345678", true),
            ("dead", "0xdead", true),
            ("0x1000", "0x1000", false),
            ("0n1000", "0n1000", false),
            ("1000h", "1000h", false),
            ("fffff803`12345678", "fffff803`12345678", false),
            ("nt!foo+20", "nt!foo+0x20", true),
            ("poi(1000)+8", "poi(0x1000)+8", true),
            ("init_task", "init_task", false),
            ("1:7ffc0000", "1:0x7ffc0000", false),
            ("p:1000", "p:0x1000", true),
            ("-1", "-1", false),
            ("é", "é", false),
            ("", "", false),
        ] {
            let mut notes = Notes::default();
            assert_eq!(hex(typed, windbg("db"), &mut notes), meant, "{typed}");
            assert_eq!(!notes.0.is_empty(), told, "{typed}: {:?}", notes.0);
        }
    }

    #[test]
    fn values_become_bytes_in_the_targets_order() {
        assert_eq!(little_endian("41424344", 4), "44 43 42 41");
        assert_eq!(little_endian("0x1`00000002", 8), "02 00 00 00 01 00 00 00");
        assert_eq!(little_endian("zz", 4), "zz");
        assert_eq!(little_endian("+1", 1), "+1");
        assert_eq!((number("0n16", 16), number("10", 10), number("", 10)), (Some(16), Some(10), None));
    }
}
