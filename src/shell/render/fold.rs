//! Long lines in pieces that fit the terminal, cut between words: the terminal itself cuts anywhere.

/// `line` in lines of at most `width` columns where its words allow that; those after the first are indented by `indent`.
pub fn fold(line: &str, width: usize, indent: usize) -> String {
    if columns(line) <= width || indent >= width / 2 {
        return line.to_owned();
    }
    let mut out = String::new();
    let mut at = 0;
    // The label and the gaps behind it belong to the first word.
    for word in line.split_inclusive(' ') {
        let w = columns(word.trim_end());
        if at > indent && at + w > width {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            at = indent;
        }
        out.push_str(word);
        at += columns(word);
    }
    out
}

/// Columns that a text takes; colours take none.
fn columns(text: &str) -> usize {
    let mut n = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            chars.by_ref().take_while(|c| !c.is_ascii_alphabetic()).for_each(drop);
        } else {
            n += 1;
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_between_words() {
        assert_eq!(fold("hint: one two three", 12, 2), "hint: one\n  two three");
        assert_eq!(fold("short", 12, 2), "short");
        assert_eq!(fold("    label one two three", 16, 4), "    label one\n    two three");
    }

    #[test]
    fn no_word_is_lost_or_cut() {
        let text = "a /path/that/is/longer/than/the/terminal is kept whole";
        let folded = fold(text, 12, 2);
        assert_eq!(folded.split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
        assert!(folded.contains("/path/that/is/longer/than/the/terminal"), "{folded}");
    }

    #[test]
    fn colours_take_no_room() {
        assert_eq!(fold("\x1b[1mhint:\x1b[0m one", 12, 2), "\x1b[1mhint:\x1b[0m one");
    }
}
