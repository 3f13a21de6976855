//! Which structures the kernel has: a table of a build like it, held against the image.

use super::super::base::kernel::{Image, Reader};
use super::super::base::offsets::Offsets;
use super::system::Systems;
use crate::arch::Arch;
use crate::engine::{AddressSpace, to_u64};
use crate::os::Hints;
use crate::os::trace::Trace;
use crate::symbols::tables::{Table, family};
use crate::symbols::{Symbols, Types};
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::sync::Arc;

const STEP: &str = "types";

/// The table that was chosen, and the System process that proves it.
pub(super) struct Chosen {
    pub(super) types: Arc<dyn Types>,
    pub(super) offsets: Offsets,
    pub(super) system: VirtAddr,
    /// Root of System's page tables: the kernel's own.
    pub(super) dtb: PhysAddr,
    /// Whether it is the table of this very build.
    pub(super) same_build: bool,
    pub(super) release: String,
}

/// What the image confirms of a layout.
pub(super) struct Proof {
    dtb: PhysAddr,
    facts: u32,
}

/// The build number in a release (`10.0.19041.264`).
fn build_of(release: &str) -> u32 {
    release.split('.').nth(2).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Tables in the order in which they are tried: this build's (of several the newest), then its neighbours'.
fn ordered(mut tables: Vec<Table<'_>>, build: u32) -> Vec<Table<'_>> {
    // Stable: of one distance the newer, which stands later, first.
    tables.reverse();
    tables.sort_by_key(|t| build_of(&t.facts.release).abs_diff(build));
    tables
}

/// Chooses the types. `given` are those of files that the user named.
pub(super) fn choose(
    space: &AddressSpace,
    image: &Image,
    symbols: &dyn Symbols,
    build: u32,
    given: Option<Arc<dyn Types>>,
    hints: &Hints,
    trace: &mut Trace,
) -> Option<Chosen> {
    let systems = Systems::of(space, image, symbols, hints, trace);
    if let Some(types) = given {
        let chosen = trace.attempt(STEP, "--symbols, held against System", || {
            let offsets = Offsets::of(&*types);
            let (system, proof) =
                systems.proven(space, image, &offsets, build).ok_or("the process System is not where they say")?;
            let detail = format!("{}: {} facts agree", types.origin(), proof.facts);
            let release = types.origin();
            Ok((Chosen { types, offsets, system, dtb: proof.dtb, same_build: true, release }, detail))
        });
        if chosen.is_some() {
            return chosen;
        }
    }
    trace.attempt(STEP, "memsh's own tables, held against System", || {
        let name = match space.format().arch {
            Arch::AArch64 => "windows-arm64",
            Arch::X86_64 => "windows-x64",
            _ => "windows-x86",
        };
        let family = family(name).ok_or("there are none for this architecture")?;
        let mut tried = 0;
        for table in ordered(family.tables(), build) {
            tried += 1;
            let release = table.facts.release.clone();
            let origin = format!("memsh's table of {release} ({})", table.facts.source);
            let Ok(store) = table.read(origin) else { continue };
            let types: Arc<dyn Types> = Arc::new(store);
            let offsets = Offsets::of(&*types);
            let Some((system, proof)) = systems.proven(space, image, &offsets, build) else { continue };
            let same_build = build_of(&release) == build;
            let detail = format!("{release} ({}): {} facts of System agree", table.facts.source, proof.facts);
            return Ok((Chosen { types, offsets, system, dtb: proof.dtb, same_build, release }, detail));
        }
        Err(format!("none of {tried} tables has the process System where {} points", systems.from))
    })
}

/// The number of the process System.
const fn system_pid(build: u32) -> umem {
    match build {
        ..=1999 => 2,
        2000..=2299 => 8,
        _ => 4,
    }
}

/// System's pid, by the name of System, first in a list whose links point back, with tables that map the kernel: or the layout is another's.
pub(super) fn proof(space: &AddressSpace, image: &Image, o: &Offsets, system: VirtAddr, build: u32) -> Option<Proof> {
    let reader = Reader::new(space);
    let mut facts = 0;
    let mut holds = |fact: bool| {
        facts += u32::from(fact);
        fact.then_some(())
    };
    holds(reader.word_at(system, o.process.pid) == Some(system_pid(build)))?;
    holds(reader.bytes_at::<7>(system, o.process.name)? == *b"System\0")?;
    // Its neighbours point back: one of them at least, for the list may be torn at the other.
    let links = system.wrapping_add(o.process.links?.offset);
    let (next, previous) = (reader.ptr(links)?, reader.ptr(links.wrapping_add(reader.width()))?);
    let forward = reader.ptr(next.wrapping_add(reader.width())) == Some(links);
    let backward = reader.ptr(previous) == Some(links);
    facts += u32::from(forward && backward);
    let mut holds = |fact: bool| {
        facts += u32::from(fact);
        fact.then_some(())
    };
    holds(forward || backward)?;
    let cr3 = to_u64(reader.word_at(system, o.kprocess.dtb)?)?;
    let dtb = super::roots::frame(cr3, space.paging());
    let own = space.with_root(dtb);
    let base = space.translate_one(image.base).ok()?.phys;
    holds(own.translate_one(image.base).ok()?.phys == base)?;
    // The parent of System is nobody, and it has no environment block. The oldest tables do not know all members.
    if o.process.parent.is_some() {
        holds(reader.word_at(system, o.process.parent) == Some(0))?;
    }
    holds(reader.word_at(system, o.process.peb) == Some(0))?;
    if o.process.created.is_some() {
        let created = reader.u64_at(system, o.process.created)?;
        // Between 1990 and 2100; XP keeps the time shifted.
        let year = |t: u64| (122_000_000_000_000_000..157_500_000_000_000_000).contains(&t);
        holds(year(created) || year(created >> 3) || created == 0)?;
    }
    Some(Proof { dtb, facts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_itself_is_tried_first_then_its_neighbours() {
        let family = family("windows-x64").map(|f| {
            let order: Vec<String> = ordered(f.tables(), 18363).iter().map(|t| t.facts.release.clone()).collect();
            order
        });
        let order = family.unwrap_or_default();
        assert_eq!(order.first().map(String::as_str), Some("10.0.18362.418"));
        assert_eq!(order.get(1).map(String::as_str), Some("10.0.18362.30"));
    }
}
