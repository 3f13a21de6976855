//! What the fuzz targets (`fuzz/words.rs`) reach of the shell: words as they are taken apart, put together and translated. It is no part of
//! the library's interface, and may change with any commit.

use super::{alias, args, builtin, docs, expr, foreach, own};
use crate::commands::{ALL, context::Names, find};
use crate::{Error, ErrorKind, Layer, umem};
use serde_json::Value;

pub use super::alias::{Absent, Meant, translate};
pub use super::filter::{Expr, Order, Schema, parse};
pub use super::line::{Line, Output, split};
pub use super::own::{Aliases, joined};
pub use super::pieces::{Piece, pieces};

/// What expressions ask of a target. A name, address or pid without an answer is refused as a real target would.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// The address of a symbol.
    pub symbol: fn(&str) -> Option<umem>,
    /// The pointer at an address.
    pub pointer: fn(umem) -> Option<umem>,
    /// The address of the control block of a process, or of the chosen one.
    pub task: fn(Option<umem>) -> Option<umem>,
}

impl Names for World {
    fn symbol(&self, name: &str) -> Option<umem> {
        (self.symbol)(name)
    }

    fn pointer(&self, address: umem) -> crate::Result<umem> {
        (self.pointer)(address).ok_or_else(|| Error::new(Layer::Virtual, ErrorKind::Unreadable, "not mapped"))
    }

    fn task(&self, pid: Option<umem>) -> crate::Result<umem> {
        (self.task)(pid).ok_or_else(|| Error::new(Layer::Os, ErrorKind::NotFound, "no process"))
    }
}

/// The value of an expression.
///
/// # Errors
/// What is said on stderr.
pub fn value(text: &str, world: &World) -> Result<umem, Vec<String>> {
    expr::evaluate(text, world).map_err(|e| e.lines())
}

/// The keys of the rows of a command.
pub fn schema(command: &str) -> Option<Schema> {
    find(command).map(docs::row_schema)
}

/// The names of all commands.
pub fn commands() -> Vec<&'static str> {
    ALL.iter().map(|s| s.name).collect()
}

/// First words of other tools that mean something here.
pub fn spellings() -> Vec<&'static str> {
    alias::names().collect()
}

/// Whether a first word is memsh's own: of a command, of the shell, or of the host's shell (`!`).
pub fn is_known(word: &str) -> bool {
    find(word).is_some() || builtin::NAMES.contains(&word) || word == "!"
}

/// Whether a command of that name takes the words behind it.
pub fn is_taken(words: &[String]) -> bool {
    let Some((spec, rest)) = words.split_first().and_then(|(first, rest)| Some((find(first)?, rest))) else { return false };
    args::parser(spec, true).try_get_matches_from(rest).is_ok()
}

/// The commands that a line stands for, with the user's aliases.
///
/// # Errors
/// What is said on stderr.
pub fn expanded(aliases: &Aliases, line: &Line) -> Result<Vec<Line>, Vec<String>> {
    own::expand(aliases, line).map_err(|e| e.lines())
}

/// `foreach`'s word with fields of the row in place of `{KEY}`, and whether there were some; no word where a field is null.
///
/// # Errors
/// What is said on stderr.
pub fn substituted(word: &str, row: &Value) -> Result<(Option<String>, bool), Vec<String>> {
    let mut named = false;
    let word = foreach::rows::substituted(word, row, &mut named).map_err(|e| e.lines())?;
    Ok((word, named))
}
