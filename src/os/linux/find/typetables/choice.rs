//! Which table.

use super::anchors::{Anchor, Facts};
use super::witness::{Reader, Witness, virt};
use crate::engine::AddressSpace;
use crate::os::linux::find::image::KernelImage;
use crate::os::linux::find::trace::Trace;
use crate::symbols::tables::{Adjusted, Change, Family, Table, family};
use crate::symbols::{Symbols, TypeId, TypeKind, Types, TypesExt, VmcoreInfo};
use memsh_plugin::{MemoryView, VirtAddr};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What is known of the kernel so far.
pub(in super::super) struct Kernel<'a> {
    pub(in super::super) space: &'a AddressSpace,
    pub(in super::super) image: &'a KernelImage,
    pub(in super::super) banner: &'a str,
    pub(in super::super) info: Option<&'a VmcoreInfo>,
    pub(in super::super) symbols: &'a dyn Symbols,
}

/// Types that were chosen.
pub(in super::super) struct Chosen {
    pub(in super::super) types: Arc<dyn Types>,
    /// The idle task, which kallsyms of a kernel without CONFIG_KALLSYMS_ALL does not name.
    pub(in super::super) init_task: VirtAddr,
}

/// A table held against the image.
struct Tried {
    release: String,
    source: String,
    types: Arc<dyn Types>,
    anchors: Vec<Anchor>,
    /// VMCOREINFO's facts: how many agree, and those that do not.
    agree: usize,
    differ: Vec<String>,
}

impl Tried {
    fn confirmed(&self) -> usize {
        self.anchors.iter().filter(|a| a.confirmed()).count()
    }

    /// The fewer the better.
    fn differences(&self) -> usize {
        self.anchors.len() - self.confirmed() + self.differ.len()
    }
}

/// Chooses types for a kernel that carries none.
pub(in super::super) fn choose(kernel: &Kernel<'_>, trace: &mut Trace, warnings: &mut Vec<String>) -> Option<Chosen> {
    const STEP: &str = "types";
    let machine = machine(kernel.space)?;
    let family = family(machine)?;
    let witness = trace.attempt(STEP, "processes, without any type", || {
        let w = Witness::find(kernel.space, kernel.image, kernel.symbols)?;
        let detail = format!("{} processes from the idle task at {:#x} on", w.count - 1, w.init);
        Ok((w, detail))
    })?;
    let chosen = trace.attempt(STEP, "memsh's own tables, held against the image", || {
        let best = tried(kernel, &witness, &family).ok_or("no table fits")?;
        if best.confirmed() * 2 < best.anchors.len() {
            return Err(format!(
                "the nearest, of {}, fits in only {} of {} members that were looked for",
                best.release,
                best.confirmed(),
                best.anchors.len()
            ));
        }
        let detail = told(&best);
        Ok((best, detail))
    })?;
    let mut notes = Vec::new();
    let types = adjusted(&chosen, &mut notes);
    let release = release(kernel.banner);
    if chosen.release != release || chosen.differences() > 0 {
        warnings.push(format!(
            "the kernel ({release}) carries no types: memsh's table of {} is used, {}{}",
            chosen.release,
            told(&chosen),
            if notes.is_empty() { String::new() } else { format!("; {}", notes.join("; ")) }
        ));
    }
    Some(Chosen { types, init_task: virt(witness.init) })
}

fn told(t: &Tried) -> String {
    let vmcoreinfo = match t.agree + t.differ.len() {
        0 => String::new(),
        all => format!(", {} of {all} facts of VMCOREINFO", t.agree),
    };
    format!(
        "{} ({}): {} of {} members of task_struct are where it says{vmcoreinfo}",
        t.release,
        t.source,
        t.confirmed(),
        t.anchors.len()
    )
}

/// The machine as tables name it.
fn machine(space: &AddressSpace) -> Option<&'static str> {
    let name = space.format().arch.name();
    let narrow = space.view_metadata().pointer_size == 4;
    Some(match name {
        "x86_64" => "x86_64",
        "aarch64" => "aarch64",
        _ if name.starts_with("x86") && narrow => "x86",
        _ if name.starts_with("arm") && narrow => "arm",
        _ => return None,
    })
}

/// `uname -r` of a banner.
fn release(banner: &str) -> &str {
    banner.split(' ').nth(2).unwrap_or_default()
}

/// Version and patch level of a release, as one number: `6.1.0-50-686` is 6001.
fn series(release: &str) -> Option<u64> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).map(|p| p.parse::<u64>());
    Some(parts.next()?.ok()?.checked_mul(1000)? + parts.next()?.ok()?)
}

/// Tables from the nearest release on.
fn ordered<'t>(tables: Vec<Table<'t>>, release: &str, wide: bool) -> Vec<Table<'t>> {
    let mut tables = tables;
    let own = series(release).unwrap_or(0);
    tables.sort_by_key(|t| {
        let theirs = series(&t.facts.release).unwrap_or(0);
        let pae = t.facts.release.contains("pae");
        (t.facts.release != release, own.abs_diff(theirs), pae != wide)
    });
    tables
}

fn tried(kernel: &Kernel<'_>, witness: &Witness, family: &Family) -> Option<Tried> {
    let name = kernel.space.format().arch.name();
    let wide = name.contains("pae") || kernel.space.format().mode.to_ascii_lowercase().contains("pae");
    let mut best: Option<Tried> = None;
    for table in ordered(family.tables(), release(kernel.banner), wide) {
        let origin = format!("memsh's table of {} ({})", table.facts.release, table.facts.source);
        let Ok(store) = table.read(origin) else { continue };
        let types: Arc<dyn Types> = Arc::new(store);
        let anchors = Facts { reader: Reader::new(kernel.space), witness, types: &*types }.tasks();
        let (agree, differ) = kernel.info.map_or((0, Vec::new()), |info| compared(info, &*types));
        let tried =
            Tried { release: table.facts.release.clone(), source: table.facts.source.clone(), types, anchors, agree, differ };
        let done = tried.differences() == 0;
        if best.as_ref().is_none_or(|b| tried.differences() < b.differences()) {
            best = Some(tried);
        }
        if done {
            break;
        }
    }
    best
}

/// What VMCOREINFO says of structures, against the types: how many agree, and what differs.
fn compared(info: &VmcoreInfo, types: &dyn Types) -> (usize, Vec<String>) {
    let (mut agree, mut differ) = (0, Vec::new());
    for line in info.text().lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let Ok(value) = value.trim().parse::<u64>() else { continue };
        let inner = |tag: &str| key.strip_prefix(tag)?.strip_prefix('(')?.strip_suffix(')');
        let ours = if let Some(name) = inner("SIZE") {
            types.size_of(&format!("struct {name}"))
        } else if let Some((name, path)) = inner("OFFSET").and_then(|i| i.split_once('.')) {
            types.field(&format!("struct {name}"), path).map(|f| f.offset)
        } else {
            continue;
        };
        match ours {
            Some(ours) if ours == value => agree += 1,
            Some(_) => differ.push(key.to_owned()),
            None => {}
        }
    }
    (agree, differ)
}

/// The types with the members of `task_struct` where they were found.
fn adjusted(tried: &Tried, notes: &mut Vec<String>) -> Arc<dyn Types> {
    if tried.anchors.iter().all(Anchor::confirmed) {
        return Arc::clone(&tried.types);
    }
    let mut changes: HashMap<TypeId, Change> = HashMap::new();
    let structures: HashSet<&str> = tried.anchors.iter().map(|a| a.structure).collect();
    for name in structures {
        let Some(id) = tried.types.find(&format!("struct {name}")) else { continue };
        let anchors: Vec<&Anchor> = tried.anchors.iter().filter(|a| a.structure == name).collect();
        if anchors.iter().all(|a| a.confirmed()) {
            continue;
        }
        let change = change(&*tried.types, id, &anchors);
        notes.push(format!("{name}: {} members moved, {} unknown", change.moved.len(), change.unknown.len()));
        changes.insert(id, change);
    }
    let origin = format!("{}, adjusted to the image", tried.types.origin());
    Arc::new(Adjusted::new(Arc::clone(&tried.types), changes, origin))
}

/// Moves the members between two anchors that moved by the same distance; what lies between others is unknown.
fn change(types: &dyn Types, id: TypeId, anchors: &[&Anchor]) -> Change {
    let mut change = Change::default();
    let Some((_, t)) = types.resolve(id) else { return change };
    let TypeKind::Struct(fields) = t.kind else { return change };
    let mut found: Vec<(u64, u64)> = anchors.iter().filter_map(|a| Some((a.told, a.found?))).collect();
    found.push((0, 0));
    found.sort_unstable();
    for f in fields {
        let at = f.bit_offset / 8;
        let place = match anchors.iter().find(|a| a.told == at && a.member == f.name) {
            Some(a) => a.found,
            None => {
                let before = found.iter().rev().find(|(told, _)| *told <= at);
                let after = found.iter().find(|(told, _)| *told > at);
                let distance = |(told, found): &(u64, u64)| found.wrapping_sub(*told);
                match (before, after) {
                    (Some(b), Some(a)) if distance(b) == distance(a) => Some(at.wrapping_add(distance(b))),
                    // Nothing behind it tells; it stays only where nothing had moved.
                    (Some(b), None) if distance(b) == 0 => Some(at),
                    _ => None,
                }
            }
        };
        match place {
            Some(place) if place == at => {}
            Some(place) => _ = change.moved.insert(f.name, place),
            None => _ = change.unknown.insert(f.name),
        }
    }
    change
}
