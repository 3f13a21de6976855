//! Windows end to end, on tiny machines of every release. One program: its parts share the builders.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::unnecessary_cast,
    clippy::useless_conversion,
    reason = "tests"
)]

#[path = "../builders/mod.rs"]
mod builders;
#[path = "../cli/mod.rs"]
mod cli;
mod console;
mod hostile;
mod keyboard;
mod lies;
mod modules;
mod net;
mod old;
mod paging;
mod program;
mod registry;
mod releases;
mod symbols;
mod system;
