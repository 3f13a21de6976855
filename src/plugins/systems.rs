//! The OS layers that are part of memsh.

use crate::Result;
use crate::engine::Memory;
use crate::live::{Argument, Arguments};
use crate::os::{self, Detection, Hints, OsLayer, linux, native, windows};

/// What an OS layer is made from.
pub enum Make {
    /// A physical memory, and what is known of it.
    OnMemory(fn(&Memory, &Hints) -> Detection),
    /// Nothing: what runs memsh. The flag is whether it may be written to.
    OnNothing(fn(&Arguments, bool) -> Result<OsLayer>),
}

/// An OS layer that is part of memsh.
pub struct System {
    /// Its name.
    pub name: &'static str,
    /// What it reads, in a line.
    pub summary: &'static str,
    /// What it takes.
    pub arguments: &'static [Argument],
    /// Makes it.
    pub make: Make,
}

/// Every built-in OS layer.
pub static ALL: &[System] = &[
    System {
        name: "auto",
        summary: "whichever of the others is found in the memory below",
        arguments: &[],
        make: Make::OnMemory(os::detect),
    },
    System {
        name: "linux",
        summary: "Linux kernels since 4.19, by what is in memory",
        arguments: &[],
        make: Make::OnMemory(linux::detect),
    },
    System {
        name: "native",
        summary: "this machine, through system calls; stands on nothing",
        arguments: &[],
        make: Make::OnNothing(|_, write| native::layer_for(write)),
    },
    System {
        name: "windows",
        summary: "Windows kernels, XP to 11, by what is in memory",
        arguments: &[],
        make: Make::OnMemory(|memory, hints| windows::detect(memory, hints, windows::Effort::Thorough)),
    },
];

/// The OS layer with this name.
pub fn find(name: &str) -> Option<&'static System> {
    ALL.iter().find(|s| s.name == name)
}
