//! The slow walk: each step by itself, for `vtop`, and to say why a fast walk failed.

use super::entry::{Entry, Seen, decode, entry_offset, half, rule};
use super::fault::{Fault, FaultReason};
use super::linear::{Computed, computed};
use super::memory::Memory;
use super::num::to_u64;
use super::resolver::{Resolved, System};
use super::software::Meaning;
use super::walk::Page;
use crate::arch::{Level, PageFormat};
use memsh_plugin::{Perm, PhysAddr, Translation, VirtAddr, umem};

/// One step of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Levels left: the root's is the format's depth, the last 1.
    pub level: usize,
    /// The manual's name of the table.
    pub table_name: &'static str,
    /// Physical address of the table.
    pub table: u64,
    /// Index of the entry.
    pub index: u64,
    /// Physical address of the entry.
    pub entry_address: u64,
    /// The entry; none where it could not be read.
    pub entry: Option<u64>,
    /// Physical address of the next table, where the entry points to one.
    pub next: Option<u64>,
    /// Physical address of the page, where the entry maps one.
    pub page: Option<u64>,
}

/// A walk with all its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The address that was asked for.
    pub addr: VirtAddr,
    /// Every entry that was looked at.
    pub steps: Vec<Step>,
    /// Where the entry lies in the kernel's address space that had the answer in place of the process's own (a prototype entry).
    pub via: Option<VirtAddr>,
    /// Why the place was computed, where a table on the way is not in the image. What the kernel allows there is not known then.
    pub computed: Option<Computed>,
    /// Where it led.
    pub outcome: Result<Translation, Fault>,
}

/// A walk that did not begin.
const NOWHERE: Fault = Fault { level: 1, reason: FaultReason::NotPresent, entry: None, entry_address: None, via: None };

pub(super) fn explain(f: &PageFormat, system: &System<'_>, roots: (u64, u64), addr: VirtAddr) -> Explanation {
    let mut done = Explanation { addr, steps: Vec::with_capacity(f.depth), via: None, computed: None, outcome: Err(NOWHERE) };
    let outcome = walk(f, system, roots, addr, &mut done);
    done.outcome = outcome.map(|page| translation(&page, to_u64(addr.value()).unwrap_or(0)));
    done
}

/// The translation of `va`, which lies in `page`.
#[inline(always)]
pub(super) fn translation(page: &Page, va: u64) -> Translation {
    exact(&Page { base: page.address(va), ..*page })
}

/// The translation of the address that a walk was for.
#[inline(always)]
pub(super) fn exact(page: &Page) -> Translation {
    Translation { phys: PhysAddr::new(umem::from(page.base)), perm: page.perm, page_shift: page.shift.to_le_bytes()[0] }
}

fn walk(f: &PageFormat, system: &System<'_>, roots: (u64, u64), addr: VirtAddr, done: &mut Explanation) -> Result<Page, Fault> {
    let steps = &mut done.steps;
    let memory = system.memory;
    let not_canonical = Fault { level: f.depth, reason: FaultReason::NonCanonical, entry: None, entry_address: None, via: None };
    let va = to_u64(addr.value()).ok_or(not_canonical)?;
    let mut table = match half(f, va).ok_or(not_canonical)? {
        true => roots.1,
        false => roots.0,
    };
    let mut seen = Seen::NOTHING;
    for (i, level) in f.used_levels().iter().enumerate() {
        let left = f.depth - i;
        let entry_address = table.wrapping_add(entry_offset(f, level, va));
        let entry = load(f, memory, entry_address);
        let fault = |reason| Fault { level: left, reason, entry, entry_address: Some(entry_address), via: None };
        let mut step = Step {
            level: left,
            table_name: level.name,
            table,
            index: entry_offset(f, level, va) / f.entry_size_u64(),
            entry_address,
            entry,
            next: None,
            page: None,
        };
        let Some(e) = entry else {
            steps.push(step);
            let entry = (table, entry_address, f.entry_size_u64());
            let Some((base, why)) = system.linear.and_then(|map| computed(map, memory, entry, (va, f.page_size()))) else {
                return Err(fault(FaultReason::NotInImage));
            };
            done.computed = Some(why);
            return Ok(Page { base, shift: f.page_shift(), perm: Perm::NONE });
        };
        let decoded = decode(f, level, e);
        match decoded {
            Entry::Table(next) => step.next = Some(next),
            Entry::Page(base, _) => step.page = Some(base),
            Entry::Absent | Entry::Reserved => {}
        }
        steps.push(step);
        match decoded {
            Entry::Table(next) => {
                table = next;
                seen = seen.table(level, e);
            }
            Entry::Page(base, shift) => return Ok(Page { base, shift, perm: seen.page(rule(f, level, e), e) }),
            Entry::Reserved => return Err(fault(FaultReason::ReservedBits)),
            Entry::Absent => {
                let kept = match system.software.apart(f, level.shift) {
                    Some(distance) => {
                        let step =
                            own_step(f, memory, level, steps.last().copied(), distance).ok_or(fault(FaultReason::NotPresent))?;
                        steps.push(step);
                        step.entry.ok_or(fault(FaultReason::NotInImage))?
                    }
                    None => e,
                };
                let meaning = match kept {
                    0 => Meaning::Gone(FaultReason::NotPresent),
                    _ => system.own(f, kept, level.shift),
                };
                if let Meaning::Table(next) = meaning {
                    if let Some(s) = steps.last_mut() {
                        s.next = Some(next);
                    }
                    table = next;
                    continue;
                }
                if (kept == 0 || matches!(meaning, Meaning::Gone(FaultReason::Prototype(_))))
                    && let Some(resolved) = system.ask(va, kept)
                {
                    done.via = resolved.via.map(|v| v.at);
                    return shared(f, &resolved, fault(FaultReason::NotPresent), steps);
                }
                let page = meaning.page().map_err(fault)?;
                if let Some(s) = steps.last_mut() {
                    s.page = Some(page.base);
                }
                return Ok(page);
            }
        }
    }
    Err(NOWHERE)
}

/// The page that the system's structures tell of, and the step to it. `fault` is that of the process's own entry.
fn shared(f: &PageFormat, resolved: &Resolved, fault: Fault, steps: &mut Vec<Step>) -> Result<Page, Fault> {
    let page = resolved.outcome.ok().and_then(|base| to_u64(base.value()));
    if let Some(via) = resolved.via
        && let Some(place) = via.place.and_then(|p| to_u64(p.value()))
    {
        let table = place & !(f.page_size() - 1);
        steps.push(Step {
            level: 1,
            table_name: "prototype",
            table,
            index: (place - table) / f.entry_size_u64(),
            entry_address: place,
            entry: via.entry,
            next: None,
            page,
        });
    } else if let Some(s) = steps.last_mut() {
        s.page = page;
    }
    match (resolved.outcome, page) {
        (Ok(_), Some(base)) => Ok(Page { base, shift: f.page_shift(), perm: Perm::NONE }),
        (outcome, _) => {
            let reason = outcome.err().unwrap_or(FaultReason::NotPresent);
            Err(Fault { reason, via: resolved.via.map(|v| v.at), ..fault })
        }
    }
}

/// The step from the processor's entry to the one that the system itself keeps, `distance` bytes before it.
fn own_step(f: &PageFormat, memory: &Memory, level: &Level, last: Option<Step>, distance: u64) -> Option<Step> {
    let last = last?;
    let entry_address = last.entry_address.checked_sub(distance)?;
    let table = last.table.checked_sub(distance)?;
    let name = if level.name == "L2" { "L2 of Linux" } else { level.name };
    Some(Step { table_name: name, table, entry_address, entry: load(f, memory, entry_address), ..last })
}

fn load(f: &PageFormat, memory: &Memory, address: u64) -> Option<u64> {
    let mut b = [0u8; 8];
    let buf = match f.entry_size {
        4 => b.get_mut(..4)?,
        _ => &mut b[..],
    };
    memory.read(PhysAddr::new(umem::from(address)), buf).ok()?;
    Some(u64::from_le_bytes(b))
}
