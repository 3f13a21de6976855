//! A line as it is being typed, in pieces: what completion, hints and colours go by. Nothing in it is wrong yet.

/// What a piece of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name of a command.
    Command,
    /// A word.
    Word,
    /// A word that begins with `-`.
    Option,
    /// A number or an address.
    Number,
    /// Text in quotes, which may still be open.
    Quoted,
    /// `|`, `>`, `>>`.
    Redirect,
    /// `;`.
    End,
    /// What goes to the host's shell.
    Host,
    /// The name of a file behind `>`.
    File,
    /// `# ...`.
    Comment,
    /// White space.
    Space,
}

/// A piece and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

/// The pieces of `line`; together they are all of it.
pub fn pieces(line: &str) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut at = 0;
    // Behind `>`, and whether the command has its name yet.
    let (mut file, mut named) = (false, false);
    while let Some(rest) = line.get(at..).filter(|r| !r.is_empty()) {
        let first = rest.chars().next().unwrap_or(' ');
        let (kind, len) = match first {
            ';' | '\n' => {
                (file, named) = (false, false);
                (Kind::End, 1)
            }
            c if c.is_whitespace() => (Kind::Space, rest.find(|c: char| !c.is_whitespace() || c == '\n').unwrap_or(rest.len())),
            '#' => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
            '|' => {
                out.push(Piece { kind: Kind::Redirect, start: at, end: at + 1 });
                at += 1;
                let len = host(line.get(at..).unwrap_or_default());
                (Kind::Host, len)
            }
            '>' => {
                file = true;
                (Kind::Redirect, if rest.starts_with(">>") { 2 } else { 1 })
            }
            '!' if !named => (Kind::Host, rest.len()),
            _ => {
                let len = word(rest);
                let text = rest.get(..len).unwrap_or_default();
                let kind = match first {
                    _ if file => Kind::File,
                    _ if !named => Kind::Command,
                    '"' | '\'' => Kind::Quoted,
                    '-' if !text.get(1..).is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit())) => Kind::Option,
                    _ if matches!(super::expr::number(text), Some(Ok(_))) => Kind::Number,
                    _ => Kind::Word,
                };
                named = true;
                (kind, len)
            }
        };
        if len > 0 {
            out.push(Piece { kind, start: at, end: at + len });
        }
        at += len;
    }
    out
}

/// Bytes of the host's command, up to a `;` outside quotes.
fn host(text: &str) -> usize {
    let mut quote = None;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (None, ';' | '\n') => return i,
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (q, '\\') if q != Some('\'') => escaped = true,
            _ => {}
        }
    }
    text.len()
}

/// Bytes of a word, by the same rules as [`super::line::split`]; an open quote takes the rest.
fn word(text: &str) -> usize {
    let mut parentheses = 0u32;
    let mut quote = None;
    let mut letters = text.char_indices().peekable();
    while let Some((i, c)) = letters.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('"') | None, '\\') => {
                letters.next();
            }
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => parentheses += 1,
            (None, ')') => parentheses = parentheses.saturating_sub(1),
            (None, c) if parentheses == 0 && (c.is_whitespace() || matches!(c, ';' | '|' | '>')) => return i,
            _ => {}
        }
    }
    text.len()
}

/// The pieces of the last command of a line, without its white space.
pub fn last_command(line: &str) -> Vec<Piece> {
    let all = pieces(line);
    let from = all.iter().rposition(|p| p.kind == Kind::End).map_or(0, |i| i + 1);
    all.into_iter().skip(from).filter(|p| p.kind != Kind::Space).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(line: &str) -> Vec<(Kind, &str)> {
        pieces(line)
            .into_iter()
            .filter(|p| p.kind != Kind::Space)
            .map(|p| (p.kind, line.get(p.start..p.end).unwrap_or("?")))
            .collect()
    }

    #[test]
    fn pieces_are_what_the_shell_takes_them_for() {
        use Kind::*;
        assert_eq!(
            shown("ps --where 'uid > 0' -p 12 sshd | grep 'a;b' ; read (a|b) > x # why"),
            [
                (Command, "ps"),
                (Option, "--where"),
                (Quoted, "'uid > 0'"),
                (Option, "-p"),
                (Number, "12"),
                (Word, "sshd"),
                (Redirect, "|"),
                (Host, " grep 'a;b' "),
                (End, ";"),
                (Command, "read"),
                (Word, "(a|b)"),
                (Redirect, ">"),
                (File, "x"),
                (Comment, "# why"),
            ]
        );
        assert_eq!(shown("!ls; ps"), [(Host, "!ls; ps")]);
        assert_eq!(shown("ps --where 'uid > "), [(Command, "ps"), (Option, "--where"), (Quoted, "'uid > ")]);
        assert_eq!(shown("read ffff8880`0000 -16"), [(Command, "read"), (Number, "ffff8880`0000"), (Word, "-16")]);
    }

    proptest! {
        #[test]
        fn together_they_are_the_line(line in "\\PC{0,40}") {
            let mut at = 0;
            for p in pieces(&line) {
                prop_assert!(p.start == at && p.end > at && line.get(p.start..p.end).is_some());
                at = p.end;
            }
            prop_assert_eq!(at, line.len());
        }

        #[test]
        fn so_are_lines_of_what_means_something(words in proptest::collection::vec(proptest::sample::select(vec!["ps", " ", "'", "\"", "|", ">", ";", "#", "\\", "(", ")", "!", "é", "-x", "0x1"]), 0..12)) {
            let line = words.concat();
            prop_assert_eq!(pieces(&line).last().map_or(0, |p| p.end), line.len());
        }
    }
}
