//! What differs between architectures in finding a kernel, and what does not.

use super::constants;
use super::image::{KernelImage, LARGEST};
use super::sparse::Place;
use super::told::Told;
use super::trace::Trace;
use crate::arch::{Arch, Paging};
use crate::engine::{AddressSpace, LinearMap, Memory, RootGroup, Software, root_groups_until};
use crate::memo::{Memo, Reader, Writer};
use crate::os::Hints;
use crate::os::linux::memory::linear::KernelMap;
use crate::symbols::{Symbols, Types, VmcoreInfo};
use memsh_plugin::{PhysAddr, VirtAddr, umem};
use std::sync::Arc;

/// An architecture's way to a kernel in memory.
pub(super) trait Machine: Sync {
    /// The architectures it stands for, as `--arch` and the image's header name them.
    fn archs(&self) -> &'static [Arch];

    /// Whether VMCOREINFO is of this architecture.
    fn wrote(&self, info: &VmcoreInfo) -> bool;

    /// What costs little: VMCOREINFO, recorded processors, well-known places. `search.info` may be missing.
    fn quick(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found>;

    /// The kernel whose image begins at a place where images can begin, if one does; what the user should do about one that cannot be
    /// taken goes to `advice`.
    fn at_place(&self, _place: &Place<'_>, _advice: &mut Option<String>) -> Option<(Found, String)> {
        None
    }

    /// What passes over all of memory, where nothing else helped.
    fn thorough(&self, search: &Search<'_>, trace: &mut Trace) -> Option<Found>;

    /// What VMCOREINFO says of where the kernel is, for one whose tables are missing; none where it does not say.
    fn told(&self, _search: &Search<'_>) -> Option<Told> {
        None
    }

    /// A kernel that was found by that, with what else an address space of this architecture has.
    fn settle(&self, found: Found) -> Found {
        found
    }

    /// Bounds of the kernel's image, for a kernel whose symbols are functions only.
    fn bounds(&self, _found: &Found, _symbols: &dyn Symbols) -> Vec<(&'static str, VirtAddr)> {
        Vec::new()
    }

    /// What the kernel writes into entries that are not valid, once its types are known; none where the search said so already.
    fn software(&self, _found: &Found, _symbols: &dyn Symbols, _types: &dyn Types) -> Option<Software> {
        None
    }

    /// Takes the kernel's own root in place of the one that was found, once the symbols tell where it is: `Ok` with what to say of
    /// it, `Err` with why it does not prove itself. None where the symbols do not name it.
    fn own_root(&self, found: &mut Found, symbols: &dyn Symbols, info: Option<&VmcoreInfo>) -> Option<Result<String, String>>;
}

/// Every architecture, in the order in which they are tried.
#[rustfmt::skip]
pub(super) const MACHINES: &[&dyn Machine] = &[
    &super::x86_64::X86_64,
    &super::x86::X86,
    &super::aarch64::AArch64,
    &super::riscv::RiscV,
    &super::arm::Arm,
];

/// Tables of this many groups are looked into when all of memory was searched; a real system has one group, an image with stale
/// kernels in it a few.
pub(super) const GROUPS: usize = 256;

/// What a search stands on.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) memory: &'a Memory,
    pub(super) hints: &'a Hints,
    pub(super) info: Option<&'a VmcoreInfo>,
}

/// A kernel image and an address space that maps it.
pub(super) struct Found {
    pub(super) space: AddressSpace,
    pub(super) image: KernelImage,
    pub(super) banner: String,
    /// Where memory begins, for a raw image that does not say ([`Hints::movable`]): how far it was moved to be read right. The space
    /// stands on the moved memory ([`Memory::moved`]).
    pub(super) moved: Option<PhysAddr>,
}

/// Whether the hints allow one of these architectures.
pub(super) fn possible(machine: &dyn Machine, hints: &Hints) -> bool {
    match hints.arch {
        Some(arch) => machine.archs().contains(&arch),
        // The x86 family is one: a 64-bit dump may hold a 32-bit kernel, and QEMU writes such headers.
        None => hints.machine.as_deref().is_none_or(|m| {
            let family = |name: &str| name.starts_with("x86");
            machine.archs().iter().any(|a| a.name() == m || family(a.name()) && family(m))
        }),
    }
}

pub(super) fn phys(value: u64) -> PhysAddr {
    PhysAddr::new(umem::from(value))
}

pub(super) fn virt(value: u64) -> VirtAddr {
    VirtAddr::new(umem::from(value))
}

/// Under what name the memo keeps the root.
const ROOT: &str = "root";

/// What an earlier start kept of the root.
pub(super) struct Kept {
    pub(super) paging: Paging,
    pub(super) lower: PhysAddr,
    pub(super) upper: PhysAddr,
    pub(super) moved: Option<PhysAddr>,
    /// The window in which the image was found.
    pub(super) window: (VirtAddr, VirtAddr),
}

pub(super) fn remembered(memo: &Memo) -> Option<Kept> {
    let kept = memo.get(ROOT, 0)?;
    let mut kept = Reader(&kept);
    let paging = *usize::try_from(kept.u64()?).ok().and_then(|i| Paging::ALL.get(i))?;
    let (lower, upper) = (phys(kept.u64()?), phys(kept.u64()?));
    let moved = match (kept.u64()?, kept.u64()?) {
        (0, _) => None,
        (_, base) => Some(phys(base)),
    };
    let window = (virt(kept.u64()?), virt(kept.u64()?));
    Some(Kept { paging, lower, upper, moved, window })
}

impl<'a> Search<'a> {
    /// The root that an earlier start found, proved again.
    pub(super) fn remembered(&self, archs: &[Arch], trace: &mut Trace) -> Option<Found> {
        let kept = remembered(self.hints.memo.as_deref()?).filter(|k| archs.contains(&k.paging.format().arch))?;
        trace.attempt("page-table root", "cache of an earlier start", || {
            if kept.moved.is_some() && !self.hints.movable {
                return Err("the image begins elsewhere now".to_owned());
            }
            let memory = kept.moved.map_or_else(|| self.memory.clone(), |base| self.memory.moved(base));
            let space = AddressSpace::new(memory, kept.paging, kept.lower).with_upper_root(kept.upper);
            let mut found = at(space.with_software(Software::Linux), kept.window).map_err(|e| e.to_string())?;
            found.0.moved = kept.moved;
            Ok(found)
        })
    }

    /// The first of `roots` that maps a kernel with a banner in `window`.
    pub(super) fn first(
        &self,
        pagings: &[Paging],
        roots: impl IntoIterator<Item = PhysAddr>,
        window: (VirtAddr, VirtAddr),
        what: &str,
    ) -> Result<(Found, String), String> {
        let from = self.hints.kernel_base.unwrap_or(window.0);
        let roots: Vec<PhysAddr> = roots.into_iter().collect();
        let mut unnamed = 0;
        for &paging in pagings {
            let under = |&root: &PhysAddr| {
                let space = AddressSpace::new(self.memory.clone(), paging, root).with_software(Software::Linux);
                at(space, (from, window.1))
            };
            let mut end = None;
            // Its error says only that there is an end.
            let _ = self.memory.for_each_ahead(
                &roots,
                |root| drop(under(root)),
                |root| {
                    if self.hints.interrupted() {
                        end = Some(Err("interrupted".to_owned()));
                        return Err(());
                    }
                    match under(root) {
                        Ok(found) => {
                            end = Some(Ok(found));
                            return Err(());
                        }
                        Err(Missing::Image) => {}
                        Err(Missing::Banner) => unnamed += 1,
                    }
                    Ok(())
                },
            );
            if let Some(end) = end {
                return end;
            }
        }
        Err(match unnamed {
            0 => format!("{what} does not map a kernel image"),
            n => format!("{what} maps something like a kernel image ({n} times), without a Linux banner"),
        })
    }

    /// All that could be roots with an entry for `va`, grouped by where it leads.
    pub(super) fn groups(&self, paging: Paging, va: VirtAddr) -> Vec<RootGroup> {
        root_groups_until(self.memory, paging, va, self.hints.until())
    }
}

/// What an address space lacks to be a kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Image,
    Banner,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Missing::Image => "it does not map a kernel image",
            Missing::Banner => "it maps something like a kernel image, without a Linux banner",
        })
    }
}

/// The kernel that `space` maps in `window`, and what to say of it.
pub(super) fn at(space: AddressSpace, window: (VirtAddr, VirtAddr)) -> Result<(Found, String), Missing> {
    let image = KernelImage::find(&space, window.0, window.1).ok_or(Missing::Image)?;
    with_image(space, image)
}

/// The same for a kernel image that is known.
pub(super) fn with_image(space: AddressSpace, image: KernelImage) -> Result<(Found, String), Missing> {
    let memory = space.memory();
    // Of what does not lie in one piece the constants alone may do.
    let (banner, points) = match image.in_place(memory).is_none().then(|| constants::evidence(&space, &image)).flatten() {
        Some(banner) => (Some(banner), true),
        None => image.evidence(memory, space.format().pointer_size()),
    };
    let banner = banner.ok_or(Missing::Banner)?;
    if !points {
        return Err(Missing::Image);
    }
    let detail =
        format!("{}, root {}: a kernel at {}, physical {}", space.format().mode, space.upper_root(), image.virt, image.phys);
    Ok((Found { space, image, banner, moved: None }, detail))
}

/// What the entries of a kernel with this banner mean: where a version is told, that version's.
pub(super) fn software_of(banner: &str) -> Software {
    let version = banner.strip_prefix("Linux version ").unwrap_or("");
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u16>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Software::LinuxOf { major, minor },
        _ => Software::Linux,
    }
}

impl Found {
    /// The same with entries understood as the kernel's version has them.
    #[must_use]
    pub(super) fn of_its_version(self) -> Self {
        let software = software_of(&self.banner);
        Self { space: self.space.with_software(software), ..self }
    }

    /// Keeps the root for the next start, which will prove it again.
    pub(super) fn remember(&self, memo: &Memo) {
        let Some(paging) = Paging::ALL.iter().position(|p| *p == self.space.paging()) else { return };
        let mut kept = Writer::default();
        kept.umem(crate::engine::to_umem(paging));
        kept.umem(self.space.root().value());
        kept.umem(self.space.upper_root().value());
        kept.u64(u64::from(self.moved.is_some()));
        kept.umem(self.moved.unwrap_or(PhysAddr::NULL).value());
        kept.umem(self.image.virt.value());
        kept.umem(self.image.virt.saturating_add(self.image.size.saturating_sub(1)).value());
        memo.put(ROOT, 0, kept.done());
    }

    /// The same with the kernel's own root, once its address is known: it must map itself to where it is. Both halves get it.
    pub(super) fn with_own_root(&mut self, own: VirtAddr) -> Result<String, String> {
        let root = self.image.phys_of(own);
        let space = self.space.with_root(root).with_upper_root(root);
        match self.image.proves(&space, own) {
            Some(how) => {
                self.space = space;
                Ok(format!("{}{how}", self.space.root()))
            }
            None if self.space.upper_root() == root && self.image.is_unmapped(&space) => {
                Ok(format!("{root}, as it was found; the tables that would prove it are not in the image"))
            }
            None => Err(format!("the table at {own} does not map itself")),
        }
    }

    /// Says where places follow from that of the image: of a part of it whose page tables are missing. `symbols` know where it begins and
    /// ends, though tables may not any more.
    pub(super) fn with_linear(&mut self, symbols: Option<&dyn Symbols>) -> Arc<KernelMap> {
        let KernelImage { virt, size, .. } = self.image;
        let at = |name: &str| symbols?.address(name);
        // Only what lies around the image that was found can be its end.
        let near = |a: VirtAddr| virt.value().abs_diff(a.value()) < LARGEST;
        let first = at("_text").filter(|a| *a < virt && near(*a)).unwrap_or(virt);
        // Where tables don't tell the end either, the last symbol is in it.
        let end = at("_end").filter(|a| *a > virt && near(*a)).unwrap_or_else(|| {
            let mapped = virt.saturating_add(size.min(LARGEST));
            let page = umem::from(self.space.format().page_size());
            let last = |s: &dyn Symbols| s.all().map(|s| s.address).filter(|a| (virt..mapped).contains(a)).max();
            let end = symbols
                .filter(|_| self.image.is_unmapped(&self.space))
                .and_then(last)
                .map(|a| a.align_down(page).saturating_add(page));
            end.unwrap_or(mapped)
        });
        let size = end.value().saturating_sub(first.value());
        let map = Arc::new(KernelMap::new(first, self.image.phys_of(first), size));
        self.space = self.space.clone().with_linear(Arc::clone(&map) as Arc<dyn LinearMap>);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_tells_its_version() {
        assert_eq!(software_of("Linux version 6.12.107+deb13-riscv64 (a@b) #1"), Software::LinuxOf { major: 6, minor: 12 });
        assert_eq!(software_of("Linux version 5.4-rc1 (a@b)"), Software::LinuxOf { major: 5, minor: 4 });
        assert_eq!(software_of("Linux version next (a@b)"), Software::Linux);
        assert_eq!(software_of(""), Software::Linux);
    }
}
