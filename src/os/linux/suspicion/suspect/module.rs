//! Modules that the system does not show.

use crate::engine::search::Options;
use crate::engine::to_u64;
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::lost::Lost;
use crate::os::linux::code::modscan::{ModuleSources, SeenModule, module_scan};
use crate::os::linux::suspicion::finding::Finding;

/// Modules that `lsmod` leaves out, and such as sysfs leaves out.
pub fn hidden_modules(kernel: &Kernel, lost: &mut Lost) -> Vec<Finding> {
    // A kernel whose modules can't be listed at all says so to `modules`.
    let Ok(found) = module_scan(kernel, &Options::new(kernel.interrupt)) else { return Vec::new() };
    for reason in found.lost.iter() {
        lost.push(reason.to_string_lossy());
    }
    found.items.iter().filter_map(finding).collect()
}

fn finding(m: &SeenModule) -> Option<Finding> {
    let live = m.info.state.as_ref().is_some_and(|s| s.as_bytes() == b"live");
    let reason = match m.sources {
        _ if m.hidden && m.info.name.is_empty() => "memory of a module that is not there",
        _ if m.hidden => "module hidden from the module list",
        ModuleSources { list: Some(true), sysfs: Some(false), .. } if live => "module hidden from sysfs",
        _ => return None,
    };
    let name = Some(m.info.name.clone()).filter(|n| !n.is_empty());
    let shown = name.as_ref().map_or_else(String::new, |n| format!("{}; ", super::shown(n.as_bytes())));
    let state = m.info.state.as_ref().map_or_else(String::new, |s| format!("; it is {}", super::shown(s.as_bytes())));
    let (seen, missing) = m.sources.names();
    Some(Finding {
        kind: "module",
        address: Some(m.info.base),
        size: to_u64(m.info.size),
        region: name,
        reason,
        evidence: format!("{shown}found by {}; not in {}{state}", seen.join(", "), missing.join(", ")),
        ..Finding::default()
    })
}
