//! The `memsh` program: [`shell`] reads the command line and lines typed, [`commands`] answer, and the library does the work.

mod commands;
mod shell;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(shell::main(std::env::args_os()))
}
