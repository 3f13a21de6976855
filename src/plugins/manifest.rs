//! What a descriptor's text says.

use crate::live::{Argument, ArgumentKind};
use std::borrow::Cow;

/// What a plugin says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its name, as it is asked for.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is, in a line.
    pub description: String,
    /// What it takes.
    pub arguments: Vec<Argument>,
    /// Of a command: keys that its table shows.
    pub columns: Vec<String>,
    /// Whether others are used through it, as `NAME:MEMBER`, and it can list them.
    pub family: bool,
    /// What it was built with.
    pub built_with: Option<String>,
}

/// Most lines of one kind that are read.
const MANY: usize = 64;

impl Manifest {
    /// Reads lines of a word and what stands behind it. Words that are not known are left to newer versions.
    ///
    /// # Errors
    /// A sentence, when the name is missing or could not be asked for, or an argument makes no sense.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut out = Self::default();
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let rest = rest.trim();
            match word {
                "name" => out.name = rest.to_owned(),
                "version" => out.version = rest.to_owned(),
                "description" => out.description = rest.to_owned(),
                "family" => out.family = true,
                "built_with" => out.built_with = Some(rest.to_owned()),
                "argument" if out.arguments.len() < MANY => out.arguments.push(argument(rest)?),
                "column" if out.columns.len() < MANY => out.columns.push(rest.to_owned()),
                _ => {}
            }
        }
        let named = !out.name.is_empty() && out.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !named {
            return Err(format!("its name is {:?}: letters, digits, `-`, `_` and `.` make a name", out.name));
        }
        Ok(out)
    }
}

/// `NAME KIND required|optional DEFAULT|- HELP`.
fn argument(line: &str) -> Result<Argument, String> {
    let mut words = line.splitn(5, ' ');
    let mut next = || words.next().filter(|w| !w.is_empty());
    let broken = || format!("its argument `{line}` is not NAME KIND required|optional DEFAULT|- HELP");
    let name = next().ok_or_else(broken)?;
    let kind = next().and_then(ArgumentKind::from_name).ok_or_else(broken)?;
    let required = match next().ok_or_else(broken)? {
        "required" => true,
        "optional" => false,
        _ => return Err(broken()),
    };
    let default = next().ok_or_else(broken)?;
    let own = |text: &str| Cow::Owned(text.to_owned());
    let default = Some(default).filter(|d| *d != "-").map(own);
    Ok(Argument { name: own(name), kind, required, default, help: own(next().unwrap_or_default()) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn lines_are_read_and_unknown_ones_left() {
        let text = "name rom\nversion 1.2.3\ndescription reads a ROM\nargument path path required - the file\n\
                    argument base number optional 0x1000 where it lies\nfuture thing\ncolumn address\n";
        let m = Manifest::parse(text).unwrap();
        assert_eq!((m.name.as_str(), m.version.as_str(), m.columns.as_slice()), ("rom", "1.2.3", &["address".to_owned()][..]));
        let [path, base] = m.arguments.as_slice() else { panic!("{m:?}") };
        assert!(path.required && path.default.is_none() && path.help == "the file");
        assert_eq!((base.kind, base.default.as_deref()), (ArgumentKind::Number, Some("0x1000")));
        assert!(!m.family);
        let family = Manifest::parse("name others\nargument member rest required - NAME[:..]\nfamily\n").unwrap();
        assert!(family.family && family.arguments.iter().all(|a| a.kind == ArgumentKind::Rest));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (text, why) in [
            ("version 1", "name is \"\""),
            ("name a b", "name is \"a b\""),
            ("name ../x", "name is \"../x\""),
            ("name x\nargument y what required - z", "argument `y what"),
            ("name x\nargument y text maybe - z", "argument `y text maybe"),
            ("name x\nargument", "argument ``"),
        ] {
            assert!(Manifest::parse(text).unwrap_err().contains(why), "{text}");
        }
    }
}
