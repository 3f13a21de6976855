//! `plugins ...`: what extends memsh, where it lies, and whether it can be used; and `run`, which runs a plugin's command.
//!
//! - `list`: everything that has a name; `info` one of them; `targets` what a connector can see now; `check` a file
//! - `install`, `upgrade`, `remove`: what lies in the user's folder of plugins; `new` writes the beginning of one
//! - `run`: a command of a plugin

mod asked;
mod check;
mod info;
#[cfg(feature = "install")]
mod install;
mod list;
#[cfg(feature = "install")]
mod new;
mod run;
mod targets;

pub use check::PluginsCheck;
pub use info::PluginsInfo;
#[cfg(feature = "install")]
pub use install::{PluginsInstall, PluginsRemove, PluginsUpgrade};
pub use list::PluginsList;
#[cfg(feature = "install")]
pub use new::PluginsNew;
pub use run::{RunPlugin, call, columns};
pub use targets::PluginsTargets;

use super::context::Context;
use super::failure::{Failure, Result};
use crate::plugins::inspect::PluginKind;
use crate::plugins::registry::{Entry, Registry};

/// Every plugin that there is, and the members of families.
fn with_members(cx: &Context) -> Registry {
    Registry::scan_families(&cx.host().plugin_folders())
}

/// The plugins of this name, of any kind.
///
/// # Errors
/// A usage error that names those there are.
fn named<'r>(registry: &'r Registry, name: &str) -> Result<Vec<&'r Entry>> {
    let found: Vec<&Entry> = registry.entries.iter().filter(|e| e.name == name).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let kinds = [PluginKind::Connector, PluginKind::Os, PluginKind::Command];
    let mut names: Vec<&str> = kinds.iter().flat_map(|k| registry.names(*k)).collect();
    names.sort_unstable();
    names.dedup();
    Err(Failure::Usage(format!("there is no plugin {name}"), Some(format!("there are {}", names.join(", ")))))
}
