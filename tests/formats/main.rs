//! Image formats end to end: right files read right, wrong files say what is wrong with them. One program: its parts share the builders.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::unnecessary_cast,
    clippy::type_complexity,
    reason = "tests"
)]

#[path = "../builders/mod.rs"]
mod builders;
#[path = "../cli/mod.rs"]
mod cli;
mod opened;

mod avml;
mod crashdump;
mod crashes;
mod ewf;
mod hiberfil;
mod kdump;
mod minidump;
mod mutations;
mod plain;
mod qcow2;
mod qemu;
mod usercore;
mod vmware;
mod wrappers;
