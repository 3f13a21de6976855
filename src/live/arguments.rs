//! What stands behind a connector's or an OS layer's name: `qemu:guest1,pause` or `gdbstub:address=localhost:1234,timeout=2s`.

use crate::{Error, ErrorKind, Layer, Result};
use std::borrow::Cow;
use std::time::Duration;

/// What an argument is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Any text.
    Text,
    /// A path of this machine.
    Path,
    /// A number: decimal, or hexadecimal with `0x`.
    Number,
    /// A number of bytes: `64m`.
    Size,
    /// A time: `10ms`, `2s`, `500us`.
    Duration,
    /// Yes or no; its name alone means yes.
    Flag,
}

impl ArgumentKind {
    /// Its name, as descriptors of plugins write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Path => "path",
            Self::Number => "number",
            Self::Size => "size",
            Self::Duration => "duration",
            Self::Flag => "flag",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Text, Self::Path, Self::Number, Self::Size, Self::Duration, Self::Flag].into_iter().find(|k| k.name() == name)
    }

    fn takes(self, value: &str) -> bool {
        match self {
            Self::Text | Self::Path => !value.is_empty(),
            Self::Number => number(value).is_some(),
            Self::Size => size(value).is_some(),
            Self::Duration => duration(value).is_some(),
            Self::Flag => flag(value).is_some(),
        }
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Text => "some text",
            Self::Path => "a path",
            Self::Number => "a number (12, 0x1000)",
            Self::Size => "a number of bytes (4096, 64m, 2g)",
            Self::Duration => "a time (10ms, 2s, 500us)",
            Self::Flag => "yes or no",
        }
    }
}

/// One argument that can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: Cow<'static, str>,
    /// What it is made of.
    pub kind: ArgumentKind,
    /// Whether there is nothing without it.
    pub required: bool,
    /// What is meant where it is not given.
    pub default: Option<Cow<'static, str>>,
    /// What it does, in a line.
    pub help: Cow<'static, str>,
}

impl Argument {
    /// One that may be left out.
    pub const fn optional(name: &'static str, kind: ArgumentKind, help: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), kind, required: false, default: None, help: Cow::Borrowed(help) }
    }

    /// One that must be given.
    pub const fn required(name: &'static str, kind: ArgumentKind, help: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), kind, required: true, default: None, help: Cow::Borrowed(help) }
    }

    /// One that means `default` where it is left out.
    pub const fn with_default(name: &'static str, kind: ArgumentKind, default: &'static str, help: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind,
            required: false,
            default: Some(Cow::Borrowed(default)),
            help: Cow::Borrowed(help),
        }
    }
}

/// Arguments that were given, each of a kind that its connector wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    given: Vec<(String, String, ArgumentKind)>,
    /// All of it as it was written.
    raw: String,
}

impl Arguments {
    /// Reads `text`, which stands behind `name:`, by what `known` allows. The first word without `=` is the first argument.
    ///
    /// Values that hold a comma stand in quotes, or have a backslash before it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what is not known, given twice, of another kind, or missing; the hint says what there is.
    pub fn parse(name: &str, text: &str, known: &[Argument]) -> Result<Self> {
        let wrong = |what: String| Error::new(Layer::Connector, ErrorKind::Invalid, what).hint(usage(name, known));
        let mut out = Self { given: Vec::new(), raw: text.to_owned() };
        for part in split(text) {
            let (key, value) = match part.split_once('=') {
                Some((key, value)) if known.iter().any(|a| a.name == key.trim()) => (key.trim().to_owned(), value.to_owned()),
                Some((key, _)) if !key.contains(['/', ':', '.']) => {
                    return Err(wrong(format!("{name} has no argument `{}`", key.trim())));
                }
                _ => match known.iter().find(|a| a.kind == ArgumentKind::Flag && a.name == part.trim()) {
                    Some(flag) => (flag.name.clone().into_owned(), "yes".to_owned()),
                    None => {
                        let first = known.first().filter(|first| !out.has(&first.name) && first.kind != ArgumentKind::Flag);
                        let first = first.ok_or_else(|| wrong(format!("{name} does not know what `{part}` is")))?;
                        (first.name.clone().into_owned(), part.clone())
                    }
                },
            };
            if out.has(&key) {
                return Err(wrong(format!("{name}: `{key}` is given twice")));
            }
            let kind = known.iter().find(|a| a.name == key).map_or(ArgumentKind::Text, |a| a.kind);
            if !kind.takes(&value) {
                return Err(wrong(format!("{name}: {key}={value} is not {}", kind.wanted())));
            }
            out.given.push((key, value, kind));
        }
        if let Some(missing) = known.iter().find(|a| a.required && !out.has(&a.name)) {
            return Err(wrong(format!("{name} needs {}: {}", missing.name, missing.help)));
        }
        for a in known {
            if let (Some(default), false) = (&a.default, out.has(&a.name)) {
                out.given.push((a.name.clone().into_owned(), default.clone().into_owned(), a.kind));
            }
        }
        Ok(out)
    }

    /// What was written, unread.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Name and value of each, defaults among them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.given.iter().map(|(k, v, _)| (k.as_str(), v.as_str()))
    }

    /// Name and value of each in one form: flags are `yes` or `no`, sizes a number of bytes, times a number of milliseconds.
    pub fn plain(&self) -> Vec<(&str, String)> {
        let one = |value: &str, kind: &ArgumentKind| match kind {
            ArgumentKind::Flag => flag(value).map(|on| if on { "yes" } else { "no" }.to_owned()),
            ArgumentKind::Size => size(value).map(|n| n.to_string()),
            ArgumentKind::Duration => duration(value).map(|d| d.as_millis().to_string()),
            ArgumentKind::Text | ArgumentKind::Path | ArgumentKind::Number => None,
        };
        self.given.iter().map(|(k, v, kind)| (k.as_str(), one(v, kind).unwrap_or_else(|| v.clone()))).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// The value of an argument.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(key, ..)| key == name).map(|(_, value, _)| value.as_str())
    }

    /// The value of an argument of the kind [`ArgumentKind::Number`].
    pub fn number(&self, name: &str) -> Option<u64> {
        number(self.text(name)?)
    }

    /// The value of an argument of the kind [`ArgumentKind::Size`], in bytes.
    pub fn size(&self, name: &str) -> Option<u64> {
        size(self.text(name)?)
    }

    /// The value of an argument of the kind [`ArgumentKind::Duration`].
    pub fn duration(&self, name: &str) -> Option<Duration> {
        duration(self.text(name)?)
    }

    /// Whether an argument of the kind [`ArgumentKind::Flag`] is on.
    pub fn flag(&self, name: &str) -> bool {
        self.text(name).and_then(flag).unwrap_or(false)
    }
}

/// `NAME[:FIRST[,OTHER=..]]` and what each is.
fn usage(name: &str, known: &[Argument]) -> String {
    if known.is_empty() {
        return format!("{name} takes no arguments");
    }
    let one = |(i, a): (usize, &Argument)| match a.kind {
        ArgumentKind::Flag => format!("{}: {}", a.name, a.help),
        kind if i == 0 => format!("[{}=]{}: {}", a.name, kind.name().to_uppercase(), a.help),
        kind => format!("{}={}: {}", a.name, kind.name().to_uppercase(), a.help),
    };
    format!("{name} takes {}", known.iter().enumerate().map(one).collect::<Vec<_>>().join("; "))
}

/// The parts between commas; quotes and backslashes keep a comma.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut quote) = (Vec::new(), String::new(), None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            // Before anything else a backslash is one: paths of Windows have them.
            ('\\', _) => match chars.clone().next().filter(|next| matches!(next, ',' | '"' | '\'' | '\\')) {
                Some(next) => {
                    chars.next();
                    part.push(next);
                }
                None => part.push(c),
            },
            (c, Some(q)) if c == q => quote = None,
            ('"' | '\'', None) => quote = Some(c),
            (',', None) => parts.push(std::mem::take(&mut part)),
            (c, _) => part.push(c),
        }
    }
    parts.push(part);
    parts.retain(|p| !p.trim().is_empty());
    parts
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim().replace('_', "");
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn size(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    if lower.starts_with("0x") {
        return number(&lower);
    }
    let bare = lower.trim_end_matches('b').trim_end_matches('i');
    let (digits, unit) = match bare.char_indices().next_back()? {
        (i, 'k') => (bare.get(..i)?, 1 << 10),
        (i, 'm') => (bare.get(..i)?, 1 << 20),
        (i, 'g') => (bare.get(..i)?, 1 << 30),
        (i, 't') => (bare.get(..i)?, 1u64 << 40),
        _ => (bare, 1),
    };
    number(digits)?.checked_mul(unit)
}

/// A time as arguments have it: `500ms`, `2s`, `1min`; a bare number is milliseconds.
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(at);
    let n: u64 = digits.parse().ok()?;
    match unit.trim() {
        "us" => Some(Duration::from_micros(n)),
        "" | "ms" => Some(Duration::from_millis(n)),
        "s" => Some(Duration::from_secs(n)),
        "m" | "min" => Some(Duration::from_secs(n.checked_mul(60)?)),
        _ => None,
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const KNOWN: &[Argument] = &[
        Argument::required("address", ArgumentKind::Text, "host and port"),
        Argument::with_default("timeout", ArgumentKind::Duration, "2s", "how long to wait"),
        Argument::optional("pause", ArgumentKind::Flag, "hold the machine"),
        Argument::optional("cache", ArgumentKind::Size, "bytes to keep"),
    ];

    #[test]
    fn the_first_word_is_the_first_argument() {
        let a = Arguments::parse("x", "localhost:1234,pause,cache=64m", KNOWN).unwrap();
        assert_eq!((a.text("address"), a.flag("pause"), a.size("cache")), (Some("localhost:1234"), true, Some(64 << 20)));
        assert_eq!(a.duration("timeout"), Some(Duration::from_secs(2)));
        let b = Arguments::parse("x", "pause=no,timeout=5ms,address=/tmp/a=b", KNOWN).unwrap();
        assert_eq!((b.text("address"), b.flag("pause")), (Some("/tmp/a=b"), false));
        assert_eq!(b.duration("timeout"), Some(Duration::from_millis(5)));
    }

    #[test]
    fn commas_in_quotes_stay() {
        assert_eq!(split(r#"a,"b,c",d\,e,C:\x"#), ["a", "b,c", "d,e", r"C:\x"]);
    }

    #[test]
    fn errors_say_what_is_wrong() {
        for (text, what) in [
            ("pause", "needs address"),
            ("a,b", "does not know what `b` is"),
            ("a,speed=3", "no argument `speed`"),
            ("a,cache=big", "cache=big is not a number of bytes"),
            ("a,pause,pause=no", "`pause` is given twice"),
        ] {
            let e = Arguments::parse("x", text, KNOWN).unwrap_err();
            assert!(e.reason().contains(what), "{text}: {}", e.reason());
            assert!(e.hint_text().unwrap().contains("[address=]TEXT"), "{e:?}");
        }
    }
}
