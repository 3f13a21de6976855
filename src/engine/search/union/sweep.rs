//! From a physical address to all that map it.

use super::super::span::Span;
use super::Spaces;
use super::index::{Index, Place};
use super::windows::{MOST, Windows};
use crate::engine::Memory;
use memsh_plugin::umem;
use std::sync::atomic::{AtomicBool, Ordering};

/// Goes through places by ascending physical address: those that hold the address are at hand, whatever else is mapped.
#[derive(Default)]
pub(super) struct Sweep {
    /// How many places begin at or before the address.
    begun: usize,
    /// Those of them that end behind it.
    active: Vec<usize>,
    at: umem,
}

impl Sweep {
    /// The spaces that have the `len` bytes from `addr` in one run, and at which address, into `out`: by space, then address. An
    /// address below the one before starts again.
    pub(super) fn holders(&mut self, places: &[Place], addr: umem, len: umem, out: &mut Vec<(usize, umem)>) {
        out.clear();
        if addr < self.at {
            *self = Self::default();
        }
        if addr > self.at {
            self.active.retain(|i| places.get(*i).is_some_and(|p| p.last() >= addr));
        }
        self.at = addr;
        while let Some(place) = places.get(self.begun).filter(|p| p.phys <= addr) {
            if place.last() >= addr {
                self.active.push(self.begun);
            }
            self.begun += 1;
        }
        let Some(last) = addr.checked_add(len.max(1) - 1) else { return };
        let whole = self.active.iter().filter_map(|i| places.get(*i)).filter(|p| p.last() >= last);
        out.extend(whole.map(|p| (p.space, p.virt + (addr - p.phys))));
        out.sort_unstable();
    }
}

/// Tells who maps physical addresses that are asked for in ascending order. What is kept is bounded: page tables are walked again
/// for each part of memory that has many mappings.
pub struct Owners<'s> {
    memory: &'s Memory,
    spaces: &'s dyn Spaces,
    interrupt: &'s AtomicBool,
    windows: Windows<'s>,
    /// What the last window was about, and its index.
    here: Option<(Span, Index)>,
    sweep: Sweep,
    found: Vec<(usize, umem)>,
    incomplete: bool,
}

impl<'s> Owners<'s> {
    /// Asks nothing yet.
    pub fn new(memory: &'s Memory, spaces: &'s dyn Spaces, interrupt: &'s AtomicBool) -> Self {
        let windows = Windows::new(memory, spaces, 1, MOST);
        Self { memory, spaces, interrupt, windows, here: None, sweep: Sweep::default(), found: Vec::new(), incomplete: false }
    }

    /// The spaces that have `len` bytes from the physical address `addr` in one run, and at which virtual address. By space, then
    /// by address. Nothing more after an interrupt.
    pub fn of(&mut self, addr: umem, len: umem) -> &[(usize, umem)] {
        self.found.clear();
        if self.here.as_ref().is_some_and(|(window, _)| addr < window.first) {
            self.windows = Windows::new(self.memory, self.spaces, 1, MOST);
            self.here = None;
        }
        while self.here.as_ref().is_none_or(|(window, _)| addr > window.last) {
            let interrupt = self.interrupt;
            self.windows.skip_to(addr);
            let next = self.windows.next(&|| interrupt.load(Ordering::Relaxed));
            // The same window again, with mappings for which there was no room: only the first part is looked at.
            let again = |(window, _): &(Span, Index)| self.here.as_ref().is_some_and(|(before, _)| before == window);
            match next {
                Some(index) if again(&index) => self.incomplete = true,
                Some(index) => {
                    self.here = Some(index);
                    self.sweep = Sweep::default();
                }
                None => return &self.found,
            }
        }
        if let Some((_, index)) = &self.here {
            self.sweep.holders(&index.places, addr, len, &mut self.found);
        }
        &self.found
    }

    /// Whether there were parts of memory with so many mappings that not all of them were kept.
    pub fn incomplete(&self) -> bool {
        self.incomplete
    }
}
