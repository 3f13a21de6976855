//! Patterns for names: `*`, `?`, or a regular expression between slashes.

use super::failure::{Failure, Result};
use regex::Regex;

/// A pattern for names; without `*`, `?` or slashes it must be the whole name.
pub struct Glob(Regex);

impl Glob {
    /// A pattern.
    ///
    /// # Errors
    /// A usage error when the regular expression makes no sense.
    pub fn new(text: &str) -> Result<Self> {
        let source = match text.strip_prefix('/').and_then(|t| t.strip_suffix('/')) {
            Some(regex) => regex.to_owned(),
            None => {
                let mut source = String::from("^");
                for c in text.chars() {
                    match c {
                        '*' => source.push_str(".*"),
                        '?' => source.push('.'),
                        c => source.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
                    }
                }
                source.push('$');
                source
            }
        };
        Regex::new(&source).map(Glob).map_err(|e| Failure::usage(format!("the pattern {text} makes no sense: {e}")))
    }

    /// The same without regard to capitals, as Windows compares names.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn any_case(text: &str) -> Result<Self> {
        let plain = Self::new(text)?;
        Regex::new(&format!("(?i){}", plain.0.as_str())).map(Glob).map_err(|e| Failure::usage(e.to_string()))
    }

    /// Whether a name matches.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn plain_names_are_whole_and_stars_are_anything() {
        assert!(Glob::new("init_task").unwrap().matches("init_task"));
        assert!(!Glob::new("init").unwrap().matches("init_task"));
        assert!(Glob::new("*_task").unwrap().matches("init_task"));
        assert!(Glob::new("a.b").unwrap().matches("a.b") && !Glob::new("a.b").unwrap().matches("axb"));
        assert!(Glob::new("/^sys_.*read/").unwrap().matches("sys_pread64"));
        assert!(Glob::new("/(/").is_err());
        assert!(Glob::any_case("*\\WINDOWS\\*").unwrap().matches("\\Device\\Windows\\x"));
    }
}
