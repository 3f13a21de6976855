//! The commands: one file each, with its arguments, its row and what it does.
//!
//! A command never prints. It takes its arguments and a [`Context`], and hands rows to a sink; [`crate::shell`] parses words
//! into arguments and renders the rows. The registry [`ALL`] is what everything else is made from: the parser, help, man
//! page, completions, JSON Schemas and docs/commands.md.
//!
//! To add a command: a file here that implements [`Command`](spec::Command), and a line in [`ALL`].

mod bt;
pub mod cells;
mod check;
mod cmdline;
mod code;
pub mod context;
mod dis;
mod dt;
mod dump;
mod env;
pub mod evidence;
pub mod failure;
mod glob;
mod hash;
mod info;
mod list;
mod maps;
mod modules;
mod near;
mod pages;
mod percpu;
mod ps;
mod ptov;
mod read;
mod scan;
mod searched;
pub mod similar;
pub mod sink;
pub mod spec;
mod strings;
mod symbols;
mod threads;
mod tree;
mod values;
mod vtop;
mod walker;
mod which;

pub use context::{Context, Host};
pub use sink::{Collect, Sink};
pub use spec::{Shape, Spec};

use spec::spec;

/// Every command, in the order in which help lists them.
pub static ALL: &[Spec] = &[
    spec::<info::Info>(),
    spec::<ps::Ps>(),
    spec::<threads::Threads>(),
    spec::<bt::Bt>(),
    spec::<cmdline::Cmdline>(),
    spec::<env::Env>(),
    spec::<modules::Modules>(),
    spec::<maps::Maps>(),
    spec::<vtop::Vtop>(),
    spec::<ptov::Ptov>(),
    spec::<pages::Pages>(),
    spec::<read::Read>(),
    spec::<dis::Dis>(),
    spec::<scan::Scan>(),
    spec::<strings::Strings>(),
    spec::<dump::Dump>(),
    spec::<symbols::Symbols>(),
    spec::<near::Near>(),
    spec::<dt::Dt>(),
    spec::<list::List>(),
    spec::<tree::Tree>(),
    spec::<percpu::Percpu>(),
    spec::<hash::Hash>(),
    spec::<check::Check>(),
];

/// The command of this name or alias.
pub fn find(name: &str) -> Option<&'static Spec> {
    ALL.iter().find(|c| c.name == name || c.aliases.contains(&name))
}
