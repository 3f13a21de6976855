//! The `memsh` program.

fn main() {}
