//! What is wrong with an expression, and where.

use crate::commands::failure::Failure;

/// A mistake in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub hint: Option<String>,
    /// Bytes of the expression that are meant.
    pub span: (usize, usize),
}

impl Mistake {
    /// A mistake in these bytes.
    pub fn new(span: (usize, usize), what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, span }
    }

    /// Says what would be right.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As a usage error of `option`: the expression with carets below the place.
    pub fn failure(self, option: &str, text: &str) -> Failure {
        // A caret per letter; a control character in the text must not move them.
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let letters = |from: usize, to: usize| text.get(from..to).map_or(0, |t| t.chars().count());
        // Not by a width, of which `format!` takes 65,535 at most.
        let before = " ".repeat(letters(0, self.span.0));
        let carets = "^".repeat(letters(self.span.0, self.span.1).max(1));
        Failure::Usage(format!("{option}: {}\n  {line}\n  {before}{carets}", self.what), self.hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_points_at_the_place() {
        let lines =
            Mistake::new((9, 12), "there is no key nme").hint("did you mean name?").failure("--where", "größe == nme").lines();
        assert_eq!(
            lines,
            [
                "memsh: --where: there is no key nme\n  größe == nme\n         ^^".to_owned() + "^",
                "hint: did you mean name?".to_owned()
            ]
        );
        let long = format!("{}pid", " ".repeat(70_000));
        let lines = Mistake::new((70_000, 70_003), "no").failure("--sort", &long).lines();
        assert_eq!(lines, [format!("memsh: --sort: no\n  {long}\n  {}^^^", " ".repeat(70_000))]);
        let end = Mistake::new((3, 3), "it ends too early").failure("--where", "a ==").lines();
        assert_eq!(end, ["memsh: --where: it ends too early\n  a ==\n     ^"]);
    }
}
