//! Modules of the kernel by every way that leads to one.
//!
//! - the list that the system shows (`PsLoadedModuleList`)
//! - driver objects, each of which says where its image lies: those in the tree of objects, and those in blocks of the pool
//! - `tags`: the loader's entries, and driver objects, anywhere in physical memory, by the tags of their pool blocks
//! - `images`: PE files mapped in the kernel's half, by their look

mod images;
mod tags;
#[cfg(test)]
mod tests;

use super::super::base::kernel::Kernel;
use super::super::objects::Objects;
use super::super::pe;
use super::super::pe::loaded::LARGEST;
use super::{list, objects};
use crate::engine::search::Options;
use crate::engine::{PageRun, ViewExt};
use crate::os::lost::Lost;
use crate::os::sightings::{self, Way as _};
use memsh_plugin::{Listing, Maybe, ModuleInfo, Perm, Text, VirtAddr, umem};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// A way that leads to modules of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The list that the system shows (`PsLoadedModuleList`).
    List,
    /// A driver object says that its image lies there.
    DriverObject,
    /// The tag of the pool block that the loader's entry lies in.
    PoolTag,
    /// A PE file that is mapped there and can run.
    Signature,
}

impl sightings::Way for Way {
    const ALL: &'static [Way] = &[Way::List, Way::DriverObject, Way::PoolTag, Way::Signature];

    fn name(self) -> &'static str {
        match self {
            Way::List => "list",
            Way::DriverObject => "driver_object",
            Way::PoolTag => "pool_tag",
            Way::Signature => "signature",
        }
    }
}

/// On which ways a module was seen.
pub type Sources = sightings::Sources<Way>;

/// A module that was found.
#[derive(Clone, Debug)]
pub struct SeenModule {
    /// What is known of it.
    pub info: ModuleInfo,
    /// On which ways it was seen.
    pub sources: Sources,
    /// Whether it is in memory and not in the system's list.
    pub hidden: bool,
}

/// What a way tells of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    base: VirtAddr,
    size: umem,
    name: Option<String>,
    path: Option<String>,
}

/// No kernel has so many modules. More are a forgery, and each is looked for in the page tables.
const MOST: usize = 4096;

/// Whether a module can lie so.
fn sane(base: VirtAddr, size: umem) -> bool {
    base.value().is_multiple_of(0x1000) && size >= 0x1000 && size <= umem::from(LARGEST)
}

/// Every module of the kernel there is to find: the listed ones first, in the list's order, then the others by their addresses. One
/// pass over physical memory is part of it.
///
/// # Errors
/// When the list itself was not found.
pub fn scan(kernel: &Kernel, options: &Options<'_>) -> Result<Listing<SeenModule>, memsh_plugin::ApiError> {
    let mut lost = Lost::default();
    let listed = list(kernel, &mut lost)?;
    let torn = !lost.is_empty();
    let tree = Objects::new(kernel);
    let mut sightings = sightings::Sightings::<Way>::default();
    let mut told: Vec<Told> = Vec::new();
    sightings.open(Way::List);
    for module in &listed {
        sightings.add(module.base, Way::List);
    }
    let mut take = |way: Way, all: Vec<Told>, told: &mut Vec<Told>| {
        sightings.open(way);
        for one in all.into_iter().filter(|t| sane(t.base, t.size)) {
            sightings.add(one.base, way);
            told.push(one);
        }
    };
    // Entries of the loader know names and paths; driver objects know names; images themselves the least.
    let tagged = tags::search(kernel, options, &mut lost);
    if let Some(tags::Tagged { entries, objects }) = tagged {
        take(Way::PoolTag, entries, &mut told);
        take(Way::DriverObject, objects, &mut told);
    }
    let drivers = objects::list(&tree, &mut lost).into_iter();
    let driver = |d: objects::Driver| Some(Told { base: d.base?, size: d.size?, name: Some(d.name), path: None });
    let alive: Vec<Told> = drivers.filter_map(driver).collect();
    let in_tree: HashSet<VirtAddr> = alive.iter().map(|t| t.base).collect();
    take(Way::DriverObject, alive, &mut told);
    let images = images::search(kernel, &mut lost);
    let no_execute = images.is_some();
    if let Some(found) = images {
        take(Way::Signature, found, &mut told);
    }
    let inside = |at: VirtAddr| listed.iter().any(|m| at != m.base && at.offset_from(m.base).is_some_and(|o| o < m.size));
    let mut others: Vec<VirtAddr> = sightings.all().iter().copied().filter(|b| !sightings.of(*b).has(Way::List)).collect();
    others.sort_unstable();
    if others.len() > MOST {
        lost.push(format!(
            "{} modules that no list has were found by tags and by their look: the first {MOST} were looked at",
            others.len()
        ));
        others.truncate(MOST);
    }
    let mut by_base: HashMap<VirtAddr, Vec<Told>> = HashMap::new();
    for one in told {
        by_base.entry(one.base).or_default().push(one);
    }
    let mut out: Vec<SeenModule> = Vec::new();
    for module in &listed {
        out.push(SeenModule { info: module.clone(), sources: sightings.of(module.base), hidden: false });
    }
    for base in others {
        if options.interrupt.load(Ordering::Relaxed) {
            lost.push("interrupted: not all modules that were found were looked at");
            break;
        }
        let sources = sightings.of(base);
        // What lies within a listed module is part of it, or what remains of one that lay there before.
        if inside(base) || kernel.image.holds(base) {
            continue;
        }
        let all = by_base.get(&base).map(Vec::as_slice).unwrap_or_default();
        let Some(size) = all.iter().map(|t| t.size).max() else { continue };
        let mapped = sources.has(Way::Signature) || can_run(kernel, base, size, &listed);
        // Blocks of the pool outlive what they tell of, and other things may lie there now. Where everything that is mapped can run, only
        // a header tells, or a driver object that is in use.
        let there = mapped && (no_execute || in_tree.contains(&base) || header(kernel, base, size));
        let name = all.iter().find_map(|t| t.name.clone().filter(|n| !n.is_empty()));
        let path = all.iter().find_map(|t| t.path.clone().filter(|p| !p.is_empty()));
        let info = ModuleInfo {
            name: name.map(Text::from).unwrap_or_default(),
            base,
            size,
            path: path.map(Text::from).into(),
            arch: Text::from(kernel.arch()),
            // Its entry outlived it.
            state: if mapped { Maybe::None } else { Maybe::Some(Text::from("unloaded")) },
            ..ModuleInfo::default()
        };
        out.push(SeenModule { info, sources, hidden: there && !torn });
    }
    Ok(lost.listing(out))
}

/// Whether something is mapped there that may be executed, and is no part of a listed module: one of those may have come to lie where the
/// module was.
fn can_run(kernel: &Kernel, base: VirtAddr, size: umem, listed: &[ModuleInfo]) -> bool {
    let mut found = false;
    let last = base.wrapping_add(size.saturating_sub(1));
    if last < base {
        return false;
    }
    kernel.space.runs(base, last, &mut |group: &[PageRun]| {
        let own = |r: &PageRun| {
            let end = |at: VirtAddr, size: umem| at.value().saturating_add(size);
            let shared = |m: &ModuleInfo| {
                let from = m.base.value().max(r.virt.value());
                end(m.base, m.size).min(end(r.virt, r.size)).saturating_sub(from)
            };
            listed.iter().map(shared).fold(0, umem::saturating_add) < r.size
        };
        found |= group.iter().any(|r| r.perm.has(Perm::EXECUTE) && own(r));
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found
}

/// Whether an image of this size begins there.
fn header(kernel: &Kernel, base: VirtAddr, size: umem) -> bool {
    let mut page = [0u8; 0x1000];
    let there = kernel.space.read_exact(base, &mut page).is_ok();
    there && pe::header(&page).is_some_and(|h| umem::from(h.size).next_multiple_of(0x1000) == size.next_multiple_of(0x1000))
}

impl SeenModule {
    /// The names of the ways that lead to every module, and did not lead to this one.
    pub fn missing_from(&self) -> Vec<&'static str> {
        let of_all = [Way::List];
        of_all.into_iter().filter(|w| self.sources.get(*w) == Some(false)).map(Way::name).collect()
    }
}
