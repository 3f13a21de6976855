//! memsh inside other programs: a target that is opened once and answers every command of memsh in rows.
//!
//! [`Target::open`] takes what stands before a command on memsh's command line (`dump.raw`, `sample`, `-C`, `--swap` ...);
//! [`Target::ask`] takes a command and its arguments and hands each row to an [`Answer`] as it is found, as the JSON object that
//! `--jsonl` would write. Addresses and memory are read through [`Target::session`], without any command.
//!
//! A target may be asked from several threads at once. Nothing here writes to stdout or stderr, reads stdin, or ends the program:
//! warnings come with the answer, progress goes to a [`Watch`].
//!
//! ```
//! use memsh::embed::Target;
//!
//! let target = Target::open(["sample"])?;
//! let rows = target.rows(["ps", "--where", "pid == 1"])?;
//! assert_eq!(rows.rows[0]["name"], "lab");
//! # Ok::<(), memsh::embed::Failed>(())
//! ```

mod commands;
mod failed;
mod host;
mod target;
#[cfg(test)]
mod tests;

pub use commands::{CommandInfo, command_of, commands};
pub use failed::{Failed, Sort};
pub(crate) use target::Nobody;
pub use target::{Answer, Ended, Rows, Target, Watch};
