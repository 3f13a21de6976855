//! A kernel found where its image can begin: at a few aligned physical addresses, of which one page each is read. This costs little
//! even where memory is large or far away, and passes over all of it cost much.

pub(super) mod cr3;

use super::effort::Effort;
use super::image::{KernelImage, LARGEST};
use super::machine::{Found, Machine, Search, with_image};
use super::trace::Trace;
use crate::arch::Paging;
use crate::engine::{AddressSpace, Software, index};
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::borrow::Cow;
use std::cell::Cell;

/// Images begin at multiples of this: `CONFIG_PHYSICAL_ALIGN` of x86, `MIN_KIMG_ALIGN` of AArch64, the size of a large page of
/// RISC-V; of 32-bit ARM, where RAM begins.
const STEP: umem = 2 << 20;
/// 32-bit x86 before 2.6.30 began here (`CONFIG_PHYSICAL_START`), and may still be told to.
const LOWEST: umem = 1 << 20;
/// What is read of each place.
const PAGE: usize = 4096;
/// More kernels than lie in any memory; more are a forgery.
const MOST: usize = 8;

/// A place where a kernel's image may begin.
pub(super) struct Place<'a> {
    pub(super) search: &'a Search<'a>,
    /// Its physical address.
    pub(super) at: PhysAddr,
    /// The first page there.
    pub(super) page: &'a [u8],
    /// What all places together may cost.
    pub(super) effort: &'a Effort,
    /// Whether more of the memory around it may be looked at than what mostly does: where that costs little, or where no place led to a
    /// kernel so.
    pub(super) closely: bool,
    /// Whether everything is tried that could be: memory that begins anywhere, tables anywhere.
    pub(super) thoroughly: bool,
    /// Whether no kernel was found yet.
    pub(super) first: bool,
    /// To be set where there may be a kernel that was not found, and the place is worth another look.
    pub(super) again: &'a Cell<bool>,
}

/// How places are looked at.
#[derive(Clone, Copy)]
struct Care {
    closely: bool,
    thoroughly: bool,
}

impl Place<'_> {
    /// The physical address `offset` bytes on.
    pub(super) fn address(&self, offset: u64) -> PhysAddr {
        self.at.saturating_add(umem::from(offset))
    }

    /// The memory from `offset` on, `len` bytes or as much as there is in one piece; what is missing reads as zeros.
    pub(super) fn bytes(&self, offset: u64, len: usize) -> Cow<'_, [u8]> {
        piece(self.search, self.address(offset), len)
    }
}

impl Place<'_> {
    /// The kernel that one of `roots` maps in `window`, if its image lies here.
    pub(super) fn kernel(&self, pagings: &[Paging], roots: &[PhysAddr], window: (VirtAddr, VirtAddr)) -> Option<(Found, String)> {
        let from = self.search.hints.kernel_base.unwrap_or(window.0);
        for &paging in pagings {
            for &root in roots {
                self.effort.root();
                if self.effort.is_over() || self.search.hints.interrupted() {
                    return None;
                }
                let space = AddressSpace::new(self.search.memory.clone(), paging, root).with_software(Software::Linux);
                let Some(image) = KernelImage::find(&space, from, window.1).filter(|i| self.is_in(i)) else { continue };
                self.effort.bytes(image.size.min(LARGEST));
                if let Ok(found) = with_image(space, image) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Whether an image lies here.
    pub(super) fn is_in(&self, image: &KernelImage) -> bool {
        self.at.value().wrapping_sub(image.phys.value().wrapping_sub(STEP)) < image.size.saturating_add(STEP)
    }
}

/// `len` bytes of memory, or as much of them as lies in one piece: in place where memory is mapped.
pub(super) fn piece<'m>(search: &Search<'m>, at: PhysAddr, len: usize) -> Cow<'m, [u8]> {
    let memory = search.memory;
    let i = memory.ranges().partition_point(|r| r.start <= at);
    let range = i.checked_sub(1).and_then(|i| memory.ranges().get(i));
    let left = range.and_then(|r| r.size.checked_sub(at.value() - r.start.value())).and_then(index).unwrap_or(0);
    let len = len.min(left);
    if let Some(slice) = memory.mapped().and_then(|m| m.slice(at, len)) {
        return Cow::Borrowed(slice);
    }
    let mut buf = vec![0; len];
    memory.read_gaps(at, &mut buf);
    Cow::Owned(buf)
}

/// So many places are asked for at once.
const BATCH: usize = 512;

/// The pages that begin at `places`: where memory is not mapped, all in one batch.
fn pages<'m>(search: &Search<'m>, places: &[PhysAddr]) -> Vec<(PhysAddr, Cow<'m, [u8]>)> {
    if search.memory.mapped().is_some() {
        return places.iter().map(|at| (*at, piece(search, *at, PAGE))).collect();
    }
    let (bytes, whole) = search.memory.read_each(places, PAGE);
    let read = places.iter().zip(bytes.chunks_exact(PAGE)).zip(whole);
    read.map(|((at, page), whole)| (*at, if whole { Cow::Owned(page.to_vec()) } else { piece(search, *at, PAGE) })).collect()
}

/// The pages at `places`, as far as they are there.
pub(super) fn pages_at<'m>(search: &Search<'m>, places: impl Iterator<Item = PhysAddr>) -> Vec<(PhysAddr, Cow<'m, [u8]>)> {
    let there: Vec<PhysAddr> = places.filter(|at| search.memory.contains(*at, umem::from(4096u16))).collect();
    pages(search, &there)
}

/// The places where a kernel's image may begin, ascending.
fn places(search: &Search<'_>) -> impl Iterator<Item = PhysAddr> {
    let data: Vec<(umem, umem)> = search.memory.data().iter().map(|r| (r.start.value(), r.size)).collect();
    data.into_iter().flat_map(|(start, size)| {
        let end = start.saturating_add(size);
        let low = (start..end).contains(&LOWEST).then_some(LOWEST);
        let mut next = start.checked_next_multiple_of(STEP);
        let steps = std::iter::from_fn(move || {
            let at = next.filter(|at| *at < end)?;
            next = at.checked_add(STEP);
            Some(at)
        });
        low.into_iter().chain(steps).map(PhysAddr::new)
    })
}

/// The kernel of which the image begins where images can begin, if there is just one. Several are for those to tell apart who look at
/// all of memory: the one that runs, one that is left of an earlier start, those of guests.
pub(super) fn find(
    search: &Search<'_>,
    machines: &[&'static dyn Machine],
    trace: &mut Trace,
) -> Vec<(Found, &'static dyn Machine)> {
    find_with(search, machines, &Effort::new(), trace)
}

fn find_with(
    search: &Search<'_>,
    machines: &[&'static dyn Machine],
    effort: &Effort,
    trace: &mut Trace,
) -> Vec<(Found, &'static dyn Machine)> {
    if search.hints.dtb.is_some() {
        return Vec::new();
    }
    let mut all: Vec<(Found, &'static dyn Machine)> = Vec::new();
    let mut advice = None;
    trace.attempt("page-table root", "beginnings of kernel images (every 2 MiB)", || {
        // Where each access costs, little is read of each place, and more only where that leads nowhere.
        let far = search.memory.mapped().is_none();
        let mut again = Vec::new();
        let (mut detail, seen) = {
            let care = Care { closely: !far, thoroughly: false };
            at_places(search, machines, (effort, care), &mut places(search), (&mut advice, &mut again), &mut all)?
        };
        let care = Care { closely: true, thoroughly: true };
        if all.is_empty() {
            let doubtful = &mut std::mem::take(&mut again).into_iter();
            detail = at_places(search, machines, (effort, care), doubtful, (&mut advice, &mut again), &mut all)?.0;
        }
        if all.is_empty() && far {
            detail = at_places(search, machines, (effort, care), &mut places(search), (&mut advice, &mut again), &mut all)?.0;
        }
        match all.len() {
            0 if seen == 0 => Err("there is no such place in what the image holds".to_owned()),
            0 if effort.is_over() => Err(format!("too much looks like one; none of the first {seen} is a Linux kernel")),
            0 => Err(format!("at none of {seen} places begins a kernel that could be read")),
            1 => Ok(((), detail)),
            n => {
                let at: Vec<String> = all.iter().map(|(f, _)| f.image.phys.to_string()).collect();
                Err(format!("{n} kernels, at {}; which one runs is looked for elsewhere", at.join(", ")))
            }
        }
    });
    trace.advice = advice.or(trace.advice.take());
    all
}

/// Adds what begins at `places` to `all`, and what is worth another look to `again`; what is to be said of the first, and how many places
/// were looked at.
fn at_places(
    search: &Search<'_>,
    machines: &[&'static dyn Machine],
    (effort, care): (&Effort, Care),
    places: &mut dyn Iterator<Item = PhysAddr>,
    (advice, again): (&mut Option<String>, &mut Vec<PhysAddr>),
    all: &mut Vec<(Found, &'static dyn Machine)>,
) -> Result<(String, usize), String> {
    let mut detail = String::new();
    let mut seen = 0usize;
    loop {
        let batch: Vec<PhysAddr> = (&mut *places).take(BATCH).collect();
        if batch.is_empty() {
            return Ok((detail, seen));
        }
        for (at, page) in pages(search, &batch) {
            if search.hints.interrupted() {
                return Err("interrupted".to_owned());
            }
            if all.iter().any(|(f, _)| inside(search, at, f)) {
                continue;
            }
            seen += 1;
            let doubt = Cell::new(false);
            let Care { closely, thoroughly } = care;
            let place = Place { search, at, page: &page, effort, closely, thoroughly, first: all.is_empty(), again: &doubt };
            let found = machines.iter().find_map(|m| Some((m.at_place(&place, advice)?, *m)));
            match found {
                Some(((found, told), machine)) => {
                    if all.is_empty() {
                        detail = told;
                    }
                    all.push((found, machine));
                }
                None if doubt.get() => again.push(at),
                None => {}
            }
            if all.len() >= MOST || effort.is_over() {
                return Ok((detail, seen));
            }
        }
    }
}

/// Whether a place is part of a kernel that was found.
fn inside(search: &Search<'_>, at: PhysAddr, f: &Found) -> bool {
    let first = f.moved.map_or(f.image.phys.value(), |base| f.image.phys.value().wrapping_sub(base.value()));
    let begin = search.memory.ranges().first().map_or(0, |r| r.start.value());
    let first = if f.moved.is_some() { first.wrapping_add(begin) } else { first };
    // The header and the code for starting lie right before what is mapped.
    at.value().wrapping_sub(first.wrapping_sub(STEP)) < f.image.size.saturating_add(STEP)
}

#[cfg(test)]
mod tests;
