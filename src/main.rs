//! The `memsh` program. All of it is in the library, so that other programs can ask what it answers.

use std::process::ExitCode;

fn main() -> ExitCode {
    memsh::built_from(memsh_built::facts!());
    ExitCode::from(memsh::main(std::env::args_os()))
}
