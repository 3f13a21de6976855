//! What people of other tools type, and the command they mean.
//!
//! Plain second names stand with each command. Here are the spellings that carry arguments in a form of their own, or whose
//! name means something with arguments: one file per tool, each with its words ([`Tool::words`]), with examples of its forms
//! ([`Tool::forms`]; a test translates every one of them) and with what memsh does not do ([`Tool::absent`]).
//!
//! A translation is words for words: it knows nothing of the target. Where a token could be read in two ways the reading is
//! told on stderr, once.

mod crash;
mod gdb;
mod notes;
mod own;
mod pwndbg;
mod show;
mod unix;
mod volatility;
mod windbg;

use crate::commands::failure::Failure;
use notes::Notes;
pub use show::{explain, own, short, table};

/// What a tool's spelling came to: memsh's words, or that there is no such thing here.
type Translated = Result<Vec<String>, Absent>;

/// Something another tool does and memsh does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// What was asked for, as a sentence.
    pub what: String,
    /// What there is instead.
    pub instead: String,
}

impl Absent {
    fn new(what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { what: what.into(), instead: instead.into() }
    }
}

/// A tool and its spellings.
struct Tool {
    /// Its name.
    name: &'static str,
    /// A word, and the words that it stands for, whatever follows.
    words: &'static [(&'static str, &'static str)],
    /// Lines whose arguments have a form of their own, and what they mean.
    forms: &'static [(&'static str, &'static str)],
    /// Words for what memsh does not do, and what there is instead.
    absent: &'static [(&'static str, &'static str)],
    /// Translates what has a form of its own.
    form: fn(&str, &[String], &mut Notes) -> Option<Translated>,
}

/// The tools, in the order in which they are asked: the more peculiar spellings first.
const TOOLS: &[Tool] = &[windbg::TOOL, gdb::TOOL, volatility::TOOL, pwndbg::TOOL, crash::TOOL, unix::TOOL];

/// A line in memsh's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meant {
    /// The words that memsh's parser understands.
    pub words: Vec<String>,
    /// How tokens were read that could be read in two ways.
    pub notes: Vec<String>,
    /// That memsh has no such thing.
    pub absent: Option<Absent>,
}

impl Meant {
    /// This, unless memsh has no such thing.
    ///
    /// # Errors
    /// A usage error that says what there is instead.
    pub fn known(self) -> Result<Self, Failure> {
        match self.absent {
            Some(absent) => Err(Failure::Usage(absent.what, Some(absent.instead))),
            None => Ok(self),
        }
    }
}

/// The words that memsh's own parser understands for the words that were typed.
pub fn translate(words: &[String]) -> Meant {
    let mut notes = Notes::default();
    let joined = own_command(words);
    let words = joined.as_deref().unwrap_or(words);
    let (words, absent) = match translated(words, &mut notes, 0) {
        Some(Ok(words)) => (words, None),
        Some(Err(absent)) => (words.to_vec(), Some(absent)),
        None => (words.to_vec(), None),
    };
    Meant { words, notes: notes.0, absent }
}

/// First words of memsh's own commands of two words, and the second ones of each. The command is called by both, with a hyphen; it
/// is called by the first alone where the second is `list`.
const TWO_WORDS: &[(&[&str], &[&str])] = &[
    (&["matches"], &["list", "write"]),
    (&["log"], &["verify"]),
    (&["scan", "search"], &["value"]),
    (&["symbols", "sym"], &["need", "import"]),
    (&["ptrmap"], &["build", "find", "check"]),
    (&["plugins", "plugin"], &["list", "info", "targets", "check", "install", "upgrade", "remove", "new"]),
];

/// memsh's own commands of two words: `symbols need`. `symbols -- need` looks for a symbol of that name.
fn own_command(words: &[String]) -> Option<Vec<String>> {
    let (first, rest) = words.split_first()?;
    let at = rest.iter().position(|w| w == "--" || !w.starts_with("--"))?;
    let (firsts, seconds) = TWO_WORDS.iter().find(|(firsts, _)| firsts.contains(&first.as_str()))?;
    let second = rest.get(at).filter(|w| seconds.contains(&w.as_str()))?;
    let name = if second == "list" { firsts.first()?.to_string() } else { format!("{}-{second}", firsts.first()?) };
    let options = rest.iter().take(at).chain(rest.iter().skip(at + 1)).cloned();
    Some(std::iter::once(name).chain(options).collect())
}

/// Second words of memsh's own commands of two words that begin with `first`.
pub fn seconds(first: &str) -> &'static [&'static str] {
    TWO_WORDS.iter().find(|(firsts, _)| firsts.contains(&first)).map_or(&[], |(_, seconds)| seconds)
}

/// [`translate`], where only the words matter.
pub fn expand(words: &[String]) -> Vec<String> {
    translate(words).words
}

/// Spellings in front of spellings (`vol linux.pslist`, `%crash ps`, `gdb x/4gx`) nest so deep at most.
const DEEPEST: u32 = 4;

fn translated(words: &[String], notes: &mut Notes, depth: u32) -> Option<Translated> {
    let (first, rest) = words.split_first()?;
    if depth < DEEPEST
        && let Some(inner) = inside(first, rest)
    {
        return Some(translated(&inner, notes, depth + 1).unwrap_or(Ok(inner)));
    }
    // Other tools do not end their options so: the line is memsh's own.
    if rest.iter().any(|w| w == "--") && crate::commands::find(first).is_some_and(|c| c.name == first) {
        return None;
    }
    for tool in TOOLS {
        if let Some(t) = (tool.form)(first, rest, notes) {
            return Some(t);
        }
        if let Some((_, meant)) = tool.words.iter().find(|(w, _)| w == first) {
            return Some(Ok(meant.split(' ').map(str::to_owned).chain(rest.iter().cloned()).collect()));
        }
        // With words behind it, what memsh has of that name is meant (`run NAME`).
        let own = !rest.is_empty() && crate::commands::find(first).is_some();
        if let Some((name, instead)) = tool.absent.iter().find(|(w, _)| w == first && !own) {
            return Some(Err(Absent::new(format!("{name} ({}) is not in this version of memsh", tool.name), *instead)));
        }
    }
    // Volatility's plugins have a system in front of their names, which nobody types twice.
    if crate::commands::find(first).is_some() || super::builtin::NAMES.contains(&first.as_str()) {
        return None;
    }
    volatility::bare(first, rest, notes)
}

/// A spelling behind the name of a tool: `vol -f memory.raw linux.pslist`, `%crash ps`, `%ps`.
fn inside(first: &str, rest: &[String]) -> Option<Vec<String>> {
    let program = |rest: &[String]| {
        let mut words = rest.iter();
        let mut out = Vec::new();
        while let Some(w) = words.next() {
            match w.as_str() {
                // Which image and how the answer is written is memsh's own command line.
                "-f" | "--file" | "-c" | "--config" | "--profile" | "-p" | "--plugin-dirs" | "-s" | "--symbol-dirs"
                    if out.is_empty() =>
                {
                    words.next();
                }
                "-q" | "--quiet" | "vol.py" | "volatility" if out.is_empty() => {}
                _ => out.push(w.clone()),
            }
        }
        (!out.is_empty()).then_some(out)
    };
    match first {
        "vol" | "vol.py" | "vol3" | "volatility" | "volatility3" => program(rest),
        "python" | "python3" if rest.first().is_some_and(|w| w.ends_with("vol.py")) => program(rest.get(1..)?),
        "%crash" | "gdb" if !rest.is_empty() => Some(rest.to_vec()),
        _ => {
            let name = first.strip_prefix('%').filter(|n| !n.is_empty())?;
            Some(std::iter::once(if name == "sh" { "!" } else { name }.to_owned()).chain(rest.iter().cloned()).collect())
        }
    }
}

/// Whether `!name` is one of the debugger's extensions, not a command of the host.
pub fn is_debugger_extension(name: &str) -> bool {
    windbg::is_extension(name)
}

/// Every first word of another tool that means something here, for "did you mean".
pub fn names() -> impl Iterator<Item = &'static str> {
    let tools = TOOLS.iter().flat_map(|t| {
        let first = |line: &'static str| line.split(' ').next().unwrap_or(line);
        t.words.iter().map(|(w, _)| *w).chain(t.forms.iter().map(move |(w, _)| first(w)))
    });
    tools.chain(volatility::plugins())
}

/// memsh's words in front of the tool's.
fn with<S: AsRef<str>>(front: &[&str], rest: &[S]) -> Vec<String> {
    front.iter().map(|w| (*w).to_owned()).chain(rest.iter().map(|w| w.as_ref().to_owned())).collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
