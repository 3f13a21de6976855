//! The shell around the commands: it reads lines and words, runs commands and renders what they answer.
//!
//! One line and one command line go the same way: [`line`] splits a line into words (the host's shell has done so for
//! `memsh IMAGE COMMAND`), [`alias`] turns other tools' spellings into ours, [`args`] makes parsers out of the registry,
//! [`run`] runs a command and sends its rows through [`render`]. [`start`] reads the program's own command line, [`repl`] is
//! the line editor around it all, [`builtin`] holds what belongs to the shell itself (`proc`, `set`, `help`, ...).

mod alias;
mod args;
mod builtin;
mod complete;
mod docs;
mod expr;
mod folders;
mod filter;
mod host;
mod interrupt;
mod line;
mod progress;
mod render;
mod repl;
mod run;
mod start;

pub use start::main;
