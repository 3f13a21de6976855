//! What is wrong in the kernel: hooks, and modules that its list does not have.

use super::super::base::kernel::Kernel;
use super::super::drivers::scan::SeenModule;
use super::super::hooks::Hook;
use super::super::pe::PeImage;
use crate::engine::to_u64;
use crate::os::finding::Finding;
use memsh_plugin::{Text, VirtAddr};
use std::collections::HashMap;

/// Names of hooks that are shown of each sort.
const SHOWN: usize = 3;

/// Modules that are in memory and not in the system's list.
pub fn hidden(kernel: &Kernel, modules: &[SeenModule]) -> Vec<Finding> {
    let tell = |m: &SeenModule| {
        let name = String::from_utf8_lossy(m.info.name.as_bytes()).into_owned();
        let ways = m.sources.names(true).join(", ");
        let mut evidence = format!("found by {ways}; not in {}", m.missing_from().join(", "));
        // The name that its maker's linker gave it stays in its header.
        let pdb = PeImage::at(&kernel.space, m.info.base).and_then(|(mut image, _)| image.pdb(&kernel.space));
        if let Some(pdb) = pdb {
            evidence.push_str(&format!("; its symbols are in {}", pdb.name));
        }
        if !name.is_empty() {
            evidence = format!("{name}: {evidence}");
        }
        Finding {
            kind: "module",
            address: Some(m.info.base),
            size: to_u64(m.info.size),
            region: m.info.path.as_ref().cloned().or_else(|| Some(Text::from(name)).filter(|n| !n.as_bytes().is_empty())),
            reason: "driver in no list of modules",
            evidence,
            ..Finding::default()
        }
    };
    modules.iter().filter(|m| m.hidden).map(tell).collect()
}

/// Hooks that can't be right, those of one sort that lead to one place together. What a driver in no list does with its own requests is
/// told by the driver's row.
pub fn hooked(hooks: &[Hook]) -> Vec<Finding> {
    type Place<'h> = (&'static str, &'static str, Option<&'h str>, Option<VirtAddr>);
    let mut order: Vec<Place<'_>> = Vec::new();
    let mut all: HashMap<Place<'_>, Vec<&Hook>> = HashMap::new();
    for hook in hooks {
        let Some(reason) = hook.reason else { continue };
        let module = hook.owner.module.as_deref();
        if hook.table == "irp" && module.is_some_and(|m| of_driver(&hook.name).eq_ignore_ascii_case(m)) {
            continue;
        }
        let page = module.is_none().then(|| VirtAddr::new(hook.target.value() & !0xfff));
        let place = (hook.table, reason, module, page);
        all.entry(place).or_insert_with(|| {
            order.push(place);
            Vec::new()
        });
        all.entry(place).or_default().push(hook);
    }
    let tell = |place: &Place<'_>| {
        let hooks = all.get(place)?;
        let first = hooks.first()?;
        let named = |h: &&Hook| match (&h.name, h.index) {
            (name, _) if !name.is_empty() => name.clone(),
            (_, Some(index)) => format!("{index:#x}"),
            _ => "?".to_owned(),
        };
        let mut names: Vec<String> = hooks.iter().take(SHOWN).map(named).collect();
        if hooks.len() > SHOWN {
            names.push(format!("{} more", hooks.len() - SHOWN));
        }
        let to = first.owner.symbol.clone().unwrap_or_else(|| first.target.to_string());
        let (_, reason, ..) = *place;
        Some(Finding {
            kind: "hook",
            address: Some(first.target),
            region: Some(Text::from(first.table)),
            reason,
            evidence: format!("{}: {} lead to {to}", first.table, names.join(", ")),
            ..Finding::default()
        })
    };
    order.iter().filter_map(tell).collect()
}

/// The last part of the path of the driver that a request's name begins with: `\Driver\disk READ`.
fn of_driver(name: &str) -> &str {
    let path = name.rsplit_once(' ').map_or(name, |(path, _)| path);
    path.rsplit('\\').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used)]
    use super::super::super::hooks::owner::Owner;
    use super::*;
    use memsh_plugin::umem;

    fn hook(table: &'static str, name: &str, target: u32, module: Option<&str>, reason: Option<&'static str>) -> Hook {
        let owner = Owner { module: module.map(str::to_owned), ..Owner::default() };
        let target = VirtAddr::new(umem::from(target));
        Hook { table, index: Some(7), name: name.to_owned(), slot: None, target, owner, detail: None, fixed: true, reason }
    }

    #[test]
    fn hooks_of_one_sort_are_one_row() {
        let nobody = Some("its code is in no module");
        let hidden = Some("its code is in a driver that no list has");
        let all = [
            hook("syscall", "NtClose", 0x8100_0010, None, nobody),
            hook("syscall", "NtOpenFile", 0x8100_0020, None, nobody),
            hook("syscall", "", 0x8100_0030, None, nobody),
            hook("syscall", "NtCreateFile", 0x8100_0040, None, nobody),
            hook("syscall", "NtReadFile", 0x8200_0000, None, nobody),
            hook("syscall", "NtFine", 0x8000_0000, Some("ntoskrnl.exe"), None),
            // A driver's own, and somebody else's.
            hook("irp", "\\Driver\\evil READ", 0x8300_0000, Some("evil"), hidden),
            hook("irp", "\\Driver\\disk READ", 0x8300_0000, Some("evil"), hidden),
        ];
        let found = hooked(&all);
        let told: Vec<_> = found.iter().map(|f| f.evidence.as_str()).collect();
        assert_eq!(found.len(), 3, "{told:?}");
        assert!(told[0].contains("NtClose, NtOpenFile, 0x7, 1 more"), "{told:?}");
        assert!(told[2].contains("disk READ"), "{told:?}");
        assert!(found.iter().all(|f| f.kind == "hook" && f.pid.is_none()));
    }
}
