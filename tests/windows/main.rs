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
mod hostile;
mod lies;
mod old;
mod paging;
mod program;
mod registry;
mod releases;
mod system;
