//! The commands: one file each, with its arguments, its row and what it does.
//!
//! A command never prints. It takes its arguments and a [`Context`], and hands rows to a sink; [`crate::shell`] parses words
//! into arguments and renders the rows. The registry [`ALL`] is what everything else is made from: the parser, help, man
//! page, completions, JSON Schemas and docs/commands.md.
//!
//! To add a command: a file here that implements [`Command`](spec::Command), and a line in [`ALL`].

mod accounts;
mod ask;
mod bpf;
mod bt;
mod carve;
pub mod cells;
mod cgroups;
mod check;
mod cmdline;
mod code;
pub mod context;
mod creds;
mod diff;
mod dis;
mod drivers;
mod dt;
mod dump;
mod emulate;
mod entropy;
mod env;
mod eval;
pub mod evidence;
mod exports;
mod extract;
pub mod failure;
mod files;
mod fill;
mod glob;
pub mod harmless;
mod hash;
mod history;
mod hives;
mod hooks;
mod imports;
mod info;
mod inodepages;
mod interfaces;
mod iomem;
mod keyboard;
mod kmsg;
mod list;
mod malfind;
mod map;
mod maps;
mod modules;
#[cfg(all(feature = "mount", target_os = "linux"))]
mod mount;
mod mounts;
mod namespaces;
mod narrow;
mod near;
mod net;
mod objects;
mod pagecache;
mod pages;
mod peimage;
mod percpu;
pub mod plugins;
mod ps;
mod ptov;
mod ptrmap;
mod reach;
mod read;
mod reg;
mod report;
mod scan;
mod searched;
mod sections;
mod services;
mod sig;
pub mod similar;
pub mod sink;
pub mod spec;
mod strings;
mod swaps;
mod symbolfiles;
mod symbols;
mod tele;
mod textcheck;
mod threads;
mod timeline;
mod timers;
mod together;
pub mod transcript;
mod tree;
mod undo;
mod values;
mod version;
mod vtop;
mod walker;
mod which;
mod windows;
mod write;
mod writing;
mod xrefs;
mod yara;

pub use context::{Context, Host};
pub use read::windbg_count;
pub use sink::{Collect, Sink};
pub use spec::{Shape, Spec};

use spec::spec;

/// Every command, in the order in which help lists them: by what one asks for ([`SECTIONS`]).
pub static ALL: &[Spec] = &[
    // The machine
    spec::<info::Info>(),
    spec::<kmsg::Kmsg>(),
    spec::<iomem::Iomem>(),
    spec::<timers::Timers>(),
    spec::<swaps::Swaps>(),
    spec::<hash::Hash>(),
    // Processes
    spec::<ps::Ps>(),
    spec::<threads::Threads>(),
    spec::<cmdline::Cmdline>(),
    spec::<env::Env>(),
    spec::<creds::Creds>(),
    spec::<namespaces::Namespaces>(),
    spec::<cgroups::Cgroups>(),
    spec::<history::History>(),
    // Files and network
    spec::<files::Files>(),
    spec::<mounts::Mounts>(),
    spec::<pagecache::Pagecache>(),
    spec::<inodepages::InodePages>(),
    spec::<net::Net>(),
    spec::<interfaces::Interfaces>(),
    // Kernel
    spec::<modules::Modules>(),
    spec::<drivers::Drivers>(),
    spec::<objects::ObjectTree>(),
    spec::<exports::ExportsOf>(),
    spec::<imports::ImportsOf>(),
    spec::<sections::SectionsOf>(),
    spec::<keyboard::Keyboard>(),
    spec::<hives::Hives>(),
    spec::<reg::Reg>(),
    spec::<services::Services>(),
    spec::<bpf::Bpf>(),
    spec::<bt::Bt>(),
    // What hides
    spec::<malfind::Malfind>(),
    spec::<hooks::Hooks>(),
    spec::<textcheck::Textcheck>(),
    // Memory
    spec::<maps::Maps>(),
    spec::<pages::Pages>(),
    spec::<vtop::Vtop>(),
    spec::<ptov::Ptov>(),
    spec::<read::Read>(),
    spec::<dis::Dis>(),
    spec::<emulate::Emulate>(),
    spec::<tele::Tele>(),
    spec::<dump::Dump>(),
    #[cfg(all(feature = "mount", target_os = "linux"))]
    spec::<mount::Mount>(),
    // Searching
    spec::<scan::Scan>(),
    spec::<narrow::ScanValue>(),
    spec::<narrow::Next>(),
    spec::<narrow::Matches>(),
    spec::<narrow::Scans>(),
    spec::<strings::Strings>(),
    spec::<entropy::Entropy>(),
    spec::<map::Map>(),
    spec::<yara::Yara>(),
    spec::<carve::Carve>(),
    spec::<carve::FeaturesOf>(),
    spec::<xrefs::Xrefs>(),
    spec::<sig::Sig>(),
    spec::<ptrmap::PtrmapBuild>(),
    spec::<ptrmap::PtrmapFind>(),
    spec::<ptrmap::PtrmapCheck>(),
    // Changing a live target
    spec::<write::Write>(),
    spec::<fill::Fill>(),
    spec::<undo::Undo>(),
    spec::<narrow::MatchesWrite>(),
    spec::<narrow::Freeze>(),
    // Symbols and types
    spec::<symbols::Symbols>(),
    spec::<symbolfiles::SymbolsNeed>(),
    spec::<symbolfiles::SymbolsImport>(),
    spec::<near::Near>(),
    spec::<dt::Dt>(),
    spec::<list::List>(),
    spec::<tree::Tree>(),
    spec::<percpu::Percpu>(),
    spec::<eval::Eval>(),
    // Plugins
    spec::<plugins::PluginsList>(),
    spec::<plugins::PluginsInfo>(),
    spec::<plugins::PluginsTargets>(),
    spec::<plugins::PluginsCheck>(),
    #[cfg(feature = "install")]
    spec::<plugins::PluginsInstall>(),
    #[cfg(feature = "install")]
    spec::<plugins::PluginsUpgrade>(),
    #[cfg(feature = "install")]
    spec::<plugins::PluginsRemove>(),
    #[cfg(feature = "install")]
    spec::<plugins::PluginsNew>(),
    spec::<plugins::RunPlugin>(),
    // For scripts
    spec::<check::Check>(),
    spec::<diff::Diff>(),
    spec::<version::Version>(),
    // The case
    spec::<report::Report>(),
    spec::<timeline::Timeline>(),
    spec::<transcript::LogVerify>(),
];

/// Titles of the parts of [`ALL`], and the command that each begins with.
pub const SECTIONS: &[(&str, &str)] = &[
    ("The machine", "info"),
    ("Processes", "ps"),
    ("Files and network", "files"),
    ("Kernel", "modules"),
    ("What hides", "malfind"),
    ("Memory", "maps"),
    ("Searching", "scan"),
    ("Changing a live target", "write"),
    ("Symbols and types", "symbols"),
    ("Plugins", "plugins"),
    ("For scripts, and to compare", "check"),
    ("The case", "report"),
];

/// The command of this name or alias.
pub fn find(name: &str) -> Option<&'static Spec> {
    ALL.iter().find(|c| c.name == name || c.aliases.contains(&name))
}
