//! The shell around the commands: it reads lines and words, runs commands and renders what they answer.
//!
//! One line and one command line go the same way: [`line`] splits a line into words (the host's shell has done so for
//! `memsh IMAGE COMMAND`), [`alias`] turns other tools' spellings into ours, [`args`] makes parsers out of the registry,
//! [`run`] runs a command and sends its rows through [`render`]. [`start`] reads the program's own command line, [`repl`] is
//! the line editor around it all, [`builtin`] holds what belongs to the shell itself (`proc`, `set`, `help`, ...).
//!
//! Between a command and its renderer stands [`filter`] (`--where`, `--sort`); behind the renderer [`send`] decides where the answer
//! goes: [`screen`] is stdout with its [`pager`] and its transcript ([`log`]). While a line is typed, [`pieces`] says what its parts
//! are, and [`assist`] colours, hints and completes by that.

pub mod alias;
pub mod args;
mod assist;
mod builtin;
mod complete;
pub mod docs;
pub mod expr;
pub mod filter;
mod fleet;
pub mod folders;
mod foreach;
pub mod fuzzing;
mod hits;
mod host;
mod interrupt;
pub mod line;
mod log;
mod merged;
mod offers;
mod own;
mod pager;
mod pieces;
mod progress;
mod recall;
mod render;
mod repl;
mod run;
mod screen;
mod send;
#[cfg(feature = "remote")]
mod serve;
mod settings;
mod sieve;
mod source;
mod start;
mod symbolpath;
mod tutorial;
mod waiting;
mod watch;

pub use start::main;
// For other programs, which have no shell (`embed`).
pub use host::opened_other;
pub use run::{Parsed, chosen, parsed};
pub use start::{opened, planned, root};
