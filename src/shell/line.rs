//! A line of the shell: commands separated by `;` or line ends, words and quotes, `| shell command`, `> file`.
//!
//! `;`, `|` and `>` mean something outside quotes and parentheses only, so that `read (a|b)` and `scan ">>"` need no care. A parenthesis
//! that is not closed on its line means nothing, so that `scan printf(` needs none either.
//! `#` at the beginning of a word starts a comment.

/// One command of a line, and where its output goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The command and its arguments.
    pub words: Vec<String>,
    /// Where the output goes.
    pub output: Output,
    /// All of it, as it was written.
    pub text: String,
}

/// Where the output of a command goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// To stdout.
    #[default]
    Stdout,
    /// To a shell command.
    Pipe(String),
    /// To a file.
    File {
        /// Its path.
        path: String,
        /// Behind what is there already.
        append: bool,
    },
}

/// Splits a line into its commands.
///
/// # Errors
/// Says what is wrong: an open quote, a `>` without a file, a `|` without a command.
pub fn split(text: &str) -> Result<Vec<Line>, String> {
    let mut out = Vec::new();
    let mut scanner = Scanner { rest: text.char_indices().peekable(), text };
    loop {
        let from = scanner.at();
        let (mut line, more) = scanner.command()?;
        // Without the `;` or line end behind it, which are a byte each. One with a backslash before it is part of a word.
        let to = scanner.at() - usize::from(more);
        line.text = written(text.get(from..to).unwrap_or_default()).to_owned();
        if !line.words.is_empty() {
            out.push(line);
        } else if line.output != Output::Stdout {
            return Err("there is no command before the | or >".to_owned());
        }
        if !more {
            return Ok(out);
        }
    }
}

/// What stands in `text` without the white space around it; behind a backslash it is part of what stands there.
fn written(text: &str) -> &str {
    let begun = text.trim_start();
    let bare = begun.trim_end();
    let escaped = bare.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1;
    let kept = begun.get(bare.len()..).and_then(|rest| rest.chars().next()).filter(|_| escaped).map_or(0, char::len_utf8);
    begun.get(..bare.len() + kept).unwrap_or(bare)
}

struct Scanner<'a> {
    rest: std::iter::Peekable<std::str::CharIndices<'a>>,
    text: &'a str,
}

/// A word, or what stood there instead.
enum Item {
    Word(String),
    Semicolon,
    Pipe,
    Redirect { append: bool },
    End,
}

impl Scanner<'_> {
    /// Bytes of the text that are behind it.
    fn at(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn command(&mut self) -> Result<(Line, bool), String> {
        let mut line = Line::default();
        loop {
            // `!` takes the rest for the host's shell as it stands.
            if line.words.is_empty()
                && let Some(rest) = self.bang()
            {
                line.words = vec!["!".to_owned(), rest];
                return Ok((line, false));
            }
            // A command within a command keeps its quotes.
            if line.words == ["foreach"]
                && let Some(word) = self.parenthesis()?
            {
                line.words.push(word);
                continue;
            }
            match self.item()? {
                Item::Word(w) => line.words.push(w),
                Item::Semicolon => return Ok((line, true)),
                Item::End => return Ok((line, false)),
                Item::Pipe => {
                    let (command, more) = self.until_semicolon();
                    if command.is_empty() {
                        return Err("a shell command is missing after |".to_owned());
                    }
                    line.output = Output::Pipe(command);
                    return Ok((line, more));
                }
                Item::Redirect { append } => {
                    let Item::Word(path) = self.item()? else {
                        return Err("a file name is missing after >".to_owned());
                    };
                    line.output = Output::File { path, append };
                    return match self.item()? {
                        Item::Semicolon => Ok((line, true)),
                        Item::End => Ok((line, false)),
                        _ => Err("only one file name can stand after >".to_owned()),
                    };
                }
            }
        }
    }

    /// What stands in parentheses, as it stands there and with them.
    fn parenthesis(&mut self) -> Result<Option<String>, String> {
        while self.rest.next_if(|(_, c)| c.is_whitespace() && *c != '\n').is_some() {}
        if self.rest.peek().is_none_or(|(_, c)| *c != '(') {
            return Ok(None);
        }
        let mut out = String::new();
        let (mut depth, mut quote) = (0u32, None);
        while let Some((_, c)) = self.rest.next() {
            out.push(c);
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                (Some('"') | None, '\\') => out.extend(self.rest.next().map(|(_, c)| c)),
                (Some(_), _) => {}
                (None, '(') => depth += 1,
                (None, ')') => depth -= 1,
                (None, _) => {}
            }
            if depth == 0 {
                return Ok(Some(out));
            }
        }
        Err("the parenthesis ( is not closed".to_owned())
    }

    /// The host-shell command behind a `!`, unless it is one of the debugger's `!commands`.
    fn bang(&mut self) -> Option<String> {
        while self.rest.next_if(|(_, c)| c.is_whitespace() && *c != '\n').is_some() {}
        let &(at, _) = self.rest.peek().filter(|(_, c)| *c == '!')?;
        let body = &self.text[at + 1..];
        let name: String = body.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if super::alias::is_debugger_extension(&name) {
            return None;
        }
        self.rest.by_ref().for_each(drop);
        let body = body.strip_prefix("sh ").unwrap_or(body);
        Some(body.trim().to_owned())
    }

    fn until_semicolon(&mut self) -> (String, bool) {
        let mut out = String::new();
        let mut quote = None;
        while let Some((_, c)) = self.rest.next() {
            match (quote, c) {
                (None, ';' | '\n') => return (written(&out).to_owned(), true),
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                (q, '\\') if q != Some('\'') => {
                    out.push(c);
                    out.extend(self.rest.next().map(|(_, c)| c));
                    continue;
                }
                _ => {}
            }
            out.push(c);
        }
        (written(&out).to_owned(), false)
    }

    fn item(&mut self) -> Result<Item, String> {
        while self.rest.next_if(|(_, c)| c.is_whitespace() && *c != '\n').is_some() {}
        match self.rest.peek().map(|&(_, c)| c) {
            None => return Ok(Item::End),
            Some('#') => {
                while self.rest.next_if(|(_, c)| *c != '\n').is_some() {}
                return self.item();
            }
            Some(';' | '\n') => {
                self.rest.next();
                return Ok(Item::Semicolon);
            }
            Some('|') => {
                self.rest.next();
                return Ok(Item::Pipe);
            }
            Some('>') => {
                self.rest.next();
                return Ok(Item::Redirect { append: self.rest.next_if(|(_, c)| *c == '>').is_some() });
            }
            Some(_) => {}
        }
        self.word().map(Item::Word)
    }

    fn word(&mut self) -> Result<String, String> {
        let begun = self.rest.clone();
        if let Ok(Some(word)) = self.grouped(true) {
            return Ok(word);
        }
        // A parenthesis that its line does not close is a letter like any other.
        self.rest = begun;
        Ok(self.grouped(false)?.unwrap_or_default())
    }

    /// A word; where `groups`, one that goes on as long as a parenthesis is open, and none where that is not closed.
    fn grouped(&mut self, groups: bool) -> Result<Option<String>, String> {
        let mut out = String::new();
        let mut parentheses = 0u32;
        while let Some(&(_, c)) = self.rest.peek() {
            match c {
                c if parentheses == 0 && (c.is_whitespace() || matches!(c, ';' | '|' | '>')) => break,
                '\'' | '"' => {
                    self.rest.next();
                    self.quoted(c, &mut out)?;
                    continue;
                }
                // A backslash is itself (regular expressions, Windows paths) except before what would otherwise mean something.
                '\\' => {
                    self.rest.next();
                    match self.rest.next_if(|(_, c)| c.is_whitespace() || "'\"\\;|>#".contains(*c)) {
                        Some((_, escaped)) => out.push(escaped),
                        None => out.push('\\'),
                    }
                    continue;
                }
                '\n' => return Ok(None),
                '(' if groups => parentheses += 1,
                ')' => parentheses = parentheses.saturating_sub(1),
                _ => {}
            }
            out.push(c);
            self.rest.next();
        }
        Ok((parentheses == 0).then_some(out))
    }

    fn quoted(&mut self, quote: char, out: &mut String) -> Result<(), String> {
        while let Some((_, c)) = self.rest.next() {
            match c {
                c if c == quote => return Ok(()),
                '\\' if quote == '"' => match self.rest.next_if(|(_, c)| matches!(c, '"' | '\\')) {
                    Some((_, escaped)) => out.push(escaped),
                    None => out.push('\\'),
                },
                c => out.push(c),
            }
        }
        Err(format!("the quote {quote} is not closed"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        split(text).unwrap().into_iter().map(|l| l.words).collect()
    }

    #[test]
    fn commands_and_words() {
        assert_eq!(words("ps; modules -k"), [vec!["ps"], vec!["modules", "-k"]]);
        assert_eq!(words("  ;; ps ;"), [vec!["ps"]]);
        assert_eq!(words("scan 'a b' \"c \\\" d\" e\\ f"), [vec!["scan", "a b", "c \" d", "e f"]]);
        assert_eq!(words("scan --regex \\d+\\x00"), [vec!["scan", "--regex", "\\d+\\x00"]]);
        assert_eq!(words("scan ''"), [vec!["scan", ""]]);
        assert_eq!(
            words("read (a|b)>>1 # why"),
            Vec::<Vec<String>>::new().into_iter().chain([vec!["read".to_owned(), "(a|b)".to_owned()]]).collect::<Vec<_>>()
        );
        assert_eq!(words("read ((1<<4)|2)"), [vec!["read", "((1<<4)|2)"]]);
        assert_eq!(words("scan printf( ; ps | x"), [vec!["scan", "printf("], vec!["ps"]]);
        assert_eq!(words("scan a(b ((c; ps\nread 1)"), [vec!["scan", "a(b", "((c"], vec!["ps"], vec!["read", "1)"]]);
        assert_eq!(words("scan --regex \\(x "), [vec!["scan", "--regex", "\\(x"]]);
    }

    #[test]
    fn a_command_in_parentheses_keeps_its_quotes() {
        assert_eq!(
            words("foreach (scan 'a ; b)' --max 3) read; ps"),
            [vec!["foreach", "(scan 'a ; b)' --max 3)", "read"], vec!["ps"]]
        );
        assert_eq!(words("foreach  (scan (a|b)\\') near"), [vec!["foreach", "(scan (a|b)\\')", "near"]]);
        assert!(split("foreach (scan 'a)' near").unwrap_err().contains("parenthesis"));
        assert_eq!(words("foreach user read (1)"), [vec!["foreach", "user", "read", "(1)"]]);
    }

    #[test]
    fn comments_end_at_the_end_of_the_line() {
        assert_eq!(words("# nothing"), Vec::<Vec<String>>::new());
        assert_eq!(words("ps # all\nmodules"), [vec!["ps"], vec!["modules"]]);
        assert_eq!(words("scan a#b"), [vec!["scan", "a#b"]]);
    }

    #[test]
    fn every_command_keeps_its_own_text() {
        let texts = |t: &str| split(t).unwrap().into_iter().map(|l| l.text).collect::<Vec<_>>();
        assert_eq!(texts(" ps -t ;; maps | grep 'a;b' ; read 0 > x"), ["ps -t", "maps | grep 'a;b'", "read 0 > x"]);
        assert_eq!(texts("!ls; ls"), ["!ls; ls"]);
        // What a backslash makes part of a word is part of the text, too.
        assert_eq!(texts("scan a\\;; scan b\\ ; scan c\\\\ ; scan d\\ "), ["scan a\\;", "scan b\\ ", "scan c\\\\", "scan d\\ "]);
        assert_eq!(split("ps | grep a\\ ; ps").unwrap()[0].output, Output::Pipe("grep a\\ ".to_owned()));
        assert_eq!(texts("a\nb # c\n"), ["a", "b # c"]);
    }

    #[test]
    fn output_goes_where_it_is_sent() {
        assert_eq!(split("ps | grep ssh | head; ps").unwrap()[0].output, Output::Pipe("grep ssh | head".to_owned()));
        assert_eq!(split("ps | awk 'a;b'").unwrap()[0].output, Output::Pipe("awk 'a;b'".to_owned()));
        assert_eq!(split("ps > 'a b'").unwrap()[0].output, Output::File { path: "a b".to_owned(), append: false });
        assert_eq!(split("ps >>x; ps").unwrap()[0].output, Output::File { path: "x".to_owned(), append: true });
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(split("scan 'a").unwrap_err().contains("not closed"));
        assert!(split("ps |").unwrap_err().contains("missing after |"));
        assert!(split("ps >").unwrap_err().contains("missing after >"));
        assert!(split("| x").unwrap_err().contains("no command"));
        assert!(split("ps > a b").is_err());
    }

    #[test]
    fn the_hosts_shell_gets_its_line_untouched() {
        assert_eq!(words("!echo 'a; b' | wc"), [vec!["!", "echo 'a; b' | wc"]]);
        assert_eq!(words("!sh ls"), [vec!["!", "ls"]]);
        assert_eq!(words("!process 0 0; ps"), [vec!["!process", "0", "0"], vec!["ps"]]);
    }

    proptest! {
        #[test]
        fn any_line_is_answered(text in "\\PC{0,60}") {
            let _ = split(&text);
        }

        #[test]
        fn a_quoted_word_comes_back(word in "[^'\\n]{1,30}") {
            prop_assert_eq!(words(&format!("scan '{word}'")), vec![vec!["scan".to_owned(), word]]);
        }
    }
}
