//! Whose code lies at an address: the kernel's modules, and drivers that have an object and are in no list.

use crate::os::lost::Lost;
use crate::os::windows::base::kernel::Kernel;
use crate::os::windows::drivers;
use crate::os::windows::drivers::objects;
use crate::os::windows::objects::Objects;
use memsh_plugin::{VirtAddr, umem};

/// What lies further behind a name does not belong to it, in bytes.
const NEAR: umem = 0x1000;

/// Whose code an address is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The module, where there is one.
    pub module: Option<String>,
    /// Whether that is the kernel itself.
    pub kernel: bool,
    /// Whether the system lists the module.
    pub listed: bool,
    /// The symbol there, `name+0x10`.
    pub symbol: Option<String>,
}

impl Owner {
    /// Kind of memory, in a word.
    pub fn kind(&self) -> &'static str {
        match (&self.module, self.kernel, self.listed) {
            (None, ..) => "other",
            (_, true, _) => "kernel",
            (_, _, true) => "module",
            _ => "hidden-module",
        }
    }
}

/// Modules by address.
pub struct Owners {
    /// First address, bytes, name, whether the system lists it.
    ranges: Vec<(VirtAddr, umem, String, bool)>,
}

impl Owners {
    /// Of this kernel.
    pub(in crate::os::windows) fn new(kernel: &Kernel, objects: &Objects<'_>, lost: &mut Lost) -> Self {
        let mut ranges = Vec::new();
        match drivers::list(kernel, lost) {
            Ok(modules) => {
                ranges.extend(modules.into_iter().map(|m| (m.base, m.size, m.name.to_string_lossy().into_owned(), true)))
            }
            Err(e) => lost.push(e.to_string()),
        }
        for driver in objects::list(objects, lost) {
            if let Some((base, size)) = driver.base.zip(driver.size).filter(|(_, size)| *size > 0)
                && !ranges.iter().any(|(at, len, ..)| base.offset_from(*at).is_some_and(|o| o < *len))
            {
                ranges.push((base, size, driver.name, false));
            }
        }
        Self { ranges }
    }

    /// Whether a module that the system lists begins at `base`.
    pub fn lists(&self, base: VirtAddr) -> bool {
        self.ranges.iter().any(|(at, _, _, listed)| *listed && *at == base)
    }

    /// Names of the modules that the system lists.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().filter(|(.., listed)| *listed).map(|(_, _, name, _)| name.as_str())
    }

    /// Whose code lies at `at`.
    pub fn of(&self, kernel: &Kernel, at: VirtAddr) -> Owner {
        if kernel.image.holds(at) {
            // Of a kernel whose functions are known by its exports only, the nearest name may be far off.
            let near = kernel.symbols.near(at).filter(|(_, distance)| *distance < NEAR);
            let symbol = near
                .map(|(symbol, distance)| symbol.with_distance(distance))
                .or_else(|| Some(crate::symbols::with_distance(&kernel.image.name, at.offset_from(kernel.image.base)?)));
            return Owner { module: Some(kernel.image.name.clone()), kernel: true, listed: true, symbol };
        }
        let range = self.ranges.iter().find(|(base, size, ..)| at.offset_from(*base).is_some_and(|o| o < *size));
        match range {
            Some((base, _, name, listed)) => {
                let distance = at.offset_from(*base).unwrap_or(0);
                let symbol = Some(crate::symbols::with_distance(name, distance));
                Owner { module: Some(name.clone()), kernel: false, listed: *listed, symbol }
            }
            None => Owner::default(),
        }
    }
}
