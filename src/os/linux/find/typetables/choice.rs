//! Which table.

use super::adjust::adjusted;
use super::anchors::{Anchor, Facts};
use super::witness::{Reader, Witness, virt};
use crate::engine::AddressSpace;
use crate::os::linux::find::image::KernelImage;
use crate::os::linux::find::trace::Trace;
use crate::symbols::tables::{Family, Table, family};
use crate::symbols::{Symbols, Types, TypesExt, VmcoreInfo};
use memsh_plugin::{MemoryView, VirtAddr};
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
    /// The members and the sizes among them.
    own: (Vec<Anchor>, Vec<(String, u64)>),
}

impl Tried {
    fn confirmed(&self) -> usize {
        self.anchors.iter().filter(|a| a.confirmed()).count()
    }

    fn found(&self) -> usize {
        self.anchors.iter().filter(|a| a.found.is_some()).count()
    }

    /// How far from the kernel it is: what can't be found counts for more than what lies elsewhere.
    fn differences(&self) -> usize {
        let (all, found) = (self.anchors.len(), self.found());
        (all - found) * 4 + (found - self.confirmed()) + self.differ.len() * 2
    }
}

/// Chooses types for a kernel that carries none.
pub(in super::super) fn choose(kernel: &Kernel<'_>, trace: &mut Trace, warnings: &mut Vec<String>) -> Option<Chosen> {
    const STEP: &str = "types";
    /// So many differences stand in the warning; all are in the evidence.
    const FEW: usize = 3;
    let machine = machine(kernel.space)?;
    let family = family(machine)?;
    let witness = trace.attempt(STEP, "processes, without any type", || {
        let w = Witness::find(kernel.space, kernel.image, kernel.symbols)?;
        let detail = format!("{} processes from the idle task at {:#x} on", w.count - 1, w.init);
        Ok((w, detail))
    })?;
    let chosen = trace.attempt(STEP, "memsh's own tables, held against the image", || {
        let best = tried(kernel, &witness, &family).ok_or("no table fits")?;
        if best.found() * 4 < best.anchors.len() * 3 {
            return Err(format!(
                "in the nearest, of {}, only {} of {} members that were looked for can be found",
                best.release,
                best.found(),
                best.anchors.len()
            ));
        }
        let detail = told(&best, usize::MAX);
        Ok((best, detail))
    })?;
    let mut notes = Vec::new();
    let release = release(kernel.banner);
    // The table of this very kernel counts for more than a fact that an image with holes does not show.
    let own = chosen.release == release && chosen.differ.is_empty() && chosen.confirmed() * 4 >= chosen.anchors.len() * 3;
    let types = match own {
        true => Arc::clone(&chosen.types),
        false => {
            let mut anchors = chosen.anchors.clone();
            anchors.extend(
                chosen
                    .own
                    .0
                    .iter()
                    .filter(|a| !chosen.anchors.iter().any(|b| b.structure == a.structure && b.told == a.told))
                    .cloned(),
            );
            adjusted(&chosen.types, &anchors, &chosen.own.1, &mut notes)
        }
    };
    if chosen.release != release || chosen.differences() > 0 {
        warnings.push(format!(
            "the kernel ({release}) carries no types: memsh's table of {}{}; --symbols takes the kernel's own",
            told(&chosen, FEW),
            if notes.is_empty() { String::new() } else { format!("; {}", notes.join("; ")) }
        ));
    }
    Some(Chosen { types, init_task: virt(witness.init) })
}

/// What the image says of the table, with so many of the differences.
fn told(t: &Tried, most: usize) -> String {
    let vmcoreinfo = match t.agree + t.differ.len() {
        0 => String::new(),
        all => format!(", {} of {all} facts of VMCOREINFO", t.agree),
    };
    let off: Vec<String> = t
        .anchors
        .iter()
        .filter(|a| !a.confirmed())
        .map(|a| match a.found {
            Some(at) => format!("{}.{} at {at} instead of {}", a.structure, a.member, a.told),
            None => format!("{}.{} not found", a.structure, a.member),
        })
        .chain(t.differ.iter().map(|d| format!("{d} differs")))
        .collect();
    let more = match off.len().saturating_sub(most) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let off = match off.get(..most.min(off.len())) {
        Some(off) if !off.is_empty() => format!(" ({}{more})", off.join(", ")),
        _ => String::new(),
    };
    let (confirmed, all) = (t.confirmed(), t.anchors.len());
    format!("{} ({}): {confirmed} of {all} members are where it says{vmcoreinfo}{off}", t.release, t.source)
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
        let anchors = Facts { reader: Reader::new(kernel.space, kernel.image), witness, types: &*types }.all();
        let Compared { agree, differ, own } = kernel.info.map(|info| compared(info, &*types)).unwrap_or_default();
        let tried = Tried {
            release: table.facts.release.clone(),
            source: table.facts.source.clone(),
            types,
            anchors,
            agree,
            differ,
            own,
        };
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

/// What VMCOREINFO says of structures, against the types.
#[derive(Default)]
struct Compared {
    agree: usize,
    differ: Vec<String>,
    own: (Vec<Anchor>, Vec<(String, u64)>),
}

fn compared(info: &VmcoreInfo, types: &dyn Types) -> Compared {
    let mut out = Compared::default();
    for line in info.text().lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let Ok(value) = value.trim().parse::<u64>() else { continue };
        let inner = |tag: &str| key.strip_prefix(tag)?.strip_prefix('(')?.strip_suffix(')');
        let ours = if let Some(name) = inner("SIZE") {
            let ours = types.size_of(&format!("struct {name}"));
            if ours.is_some_and(|ours| ours != value) {
                out.own.1.push((name.to_owned(), value));
            }
            ours
        } else if let Some((name, path)) = inner("OFFSET").and_then(|i| i.split_once('.')) {
            let ours = types.field(&format!("struct {name}"), path).map(|f| f.offset);
            // A path of several names leads into another structure.
            if let Some(told) = ours.filter(|_| !path.contains('.')) {
                out.own.0.push(Anchor::new(name, path, told, Some(value)));
            }
            ours
        } else {
            continue;
        };
        match ours {
            Some(ours) if ours == value => out.agree += 1,
            Some(_) => out.differ.push(key.to_owned()),
            None => {}
        }
    }
    out
}
