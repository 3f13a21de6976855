//! What the loader's lists of a process and its memory say of each other.

use super::super::base::kernel::Kernel;
use super::super::base::text::base_name;
use super::super::modules::{LISTS, Listed};
use super::super::pe;
use super::super::vad::Vad;
use super::subject::Subject;
use crate::engine::{ViewExt, to_u64};
use crate::os::finding::Finding;
use crate::os::lost::Lost;
use memsh_plugin::{ModuleInfo, Perm, Text, VirtAddr};
use std::collections::HashSet;

/// Modules without an image, and images without a module. Only where both sides could be read to their ends.
pub fn lists(_: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    if !s.vads_whole || !s.modules_whole || !both_lists(s) {
        return Vec::new();
    }
    let mut out: Vec<Finding> = s.modules.iter().filter_map(|m| phantom(s, m)).collect();
    let listed: HashSet<VirtAddr> = s.modules.iter().map(|m| m.base).collect();
    out.extend(s.vads.iter().filter(|v| v.image && !listed.contains(&v.start)).filter_map(|v| unlinked(s, v)));
    out
}

/// Modules that some of the loader's three lists have and others have not: whoever hides one takes it off those that are asked.
pub fn half_listed(_: &Kernel, s: &Subject, _: &mut Lost) -> Vec<Finding> {
    let names = |m: &Listed, seen| {
        let of = m.lists.iter().zip(LISTS).filter(|(has, _)| **has == Some(seen)).map(|(_, name)| name);
        of.collect::<Vec<_>>().join(" and ")
    };
    let tell = |m: &Listed| {
        let name = String::from_utf8_lossy(m.info.name.as_bytes()).into_owned();
        let evidence = format!("{name} is in the list in {}, and not in that in {}", names(m, true), names(m, false));
        let found = s.finding("module", "module missing from a list of the loader", evidence);
        let region = m.info.path.as_ref().cloned().unwrap_or_else(|| m.info.name.clone());
        Finding { address: Some(m.info.base), size: to_u64(m.info.size), region: Some(region), ..found }
    };
    s.listed.iter().filter(|m| m.lists.contains(&Some(false)) && m.lists.contains(&Some(true))).map(tell).collect()
}

/// Whether the 32-bit lists were read, too, where there have to be some: whoever has the 32-bit system library runs below WOW64.
fn both_lists(s: &Subject) -> bool {
    let narrow = |v: &&Vad| v.image && v.file.as_ref().is_some_and(|f| f.to_lowercase().ends_with("\\syswow64\\ntdll.dll"));
    match s.vads.iter().find(narrow) {
        Some(library) => s.info.wow64 && s.modules.iter().any(|m| m.base == library.start),
        None => true,
    }
}

/// A module of the lists at whose base no image is mapped, or another file's.
fn phantom(s: &Subject, module: &ModuleInfo) -> Option<Finding> {
    let name = String::from_utf8_lossy(module.name.as_bytes()).into_owned();
    let tell = |reason, evidence: String| {
        let found = s.finding("module", reason, evidence);
        let region = module.path.as_ref().cloned().unwrap_or_else(|| module.name.clone());
        Some(Finding { address: Some(module.base), size: to_u64(module.size), region: Some(region), ..found })
    };
    match s.vad(module.base) {
        Some(vad) if vad.image && vad.start == module.base => {
            let file = base_name(vad.file.as_deref()?);
            let path = module.path.as_ref().map(|p| String::from_utf8_lossy(p.as_bytes()).into_owned());
            // A name that the user gave it (an activation context, a short name) is another than the file's; the path is not.
            let named = path.as_deref().map(base_name).unwrap_or(&name);
            let same = file.to_lowercase() == named.to_lowercase() || file.to_lowercase() == name.to_lowercase();
            if same || named.is_empty() || named.contains('~') || file.contains('~') {
                return None;
            }
            tell("module whose image is another file", format!("the list has {named}; {file} is mapped there"))
        }
        Some(vad) => tell("module without an image", format!("{name}: at its base lies {} memory", vad.kind())),
        None => tell("module without an image", format!("{name}: nothing is mapped at its base")),
    }
}

/// An image that can run and is in no list. Files that are mapped as images for their resources alone have no code in memory, and
/// assemblies of .NET are mapped by its runtime, which keeps them in lists of its own.
fn unlinked(s: &Subject, vad: &Vad) -> Option<Finding> {
    let code =
        s.runs(vad).iter().filter(|r| s.no_execute && r.perm.has(Perm::EXECUTE)).fold(0, |sum, r| r.size.saturating_add(sum));
    let mut page = [0u8; 0x1000];
    if code == 0 || s.space.read_exact(vad.start, &mut page).is_ok() && pe::is_managed(&page) {
        return None;
    }
    let file = vad.file.as_deref().unwrap_or("without a name");
    let evidence = format!("{file}, {} KiB of its code are in memory", code / 1024);
    let found = s.in_region(vad, "module", "image in no list of modules", evidence);
    Some(Finding { region: Some(Text::from(file)), ..found })
}
