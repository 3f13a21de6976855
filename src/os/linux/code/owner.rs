//! Whose code an address is: the kernel's own text, a module's, generated code, or memory that has no business being called.

mod areas;

pub(crate) use areas::called_ftrace_ops;

use crate::arch::Arch;
use crate::engine::{FaultReason, ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::number;
use crate::os::linux::base::lost::Lost;
use crate::symbols::{SymbolTable, Symbols, with_distance};
use memsh_plugin::{Perm, VirtAddr, umem};
use std::ops::Range;

/// What kind of memory an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerKind {
    /// Text of the kernel itself.
    Kernel,
    /// Text that the kernel frees once it has booted.
    Init,
    /// Data of the kernel itself.
    KernelData,
    /// Text of a loaded module.
    Module,
    /// Data of a loaded module.
    ModuleData,
    /// A compiled BPF program or trampoline.
    Bpf,
    /// A trampoline that ftrace made.
    Ftrace,
    /// Instructions that kprobes copied.
    Probe,
    /// The area of modules or of `vmalloc`, where no known module or program lies.
    Vmalloc,
    /// The direct map of physical memory: data pages.
    Direct,
    /// The user's half.
    User,
    /// Kernel memory of none of these kinds.
    Other,
    /// Nothing is mapped there.
    Unmapped,
    /// Not known: the page table that maps it is not in the image, or the one that would say what may be run.
    Unknown,
}

impl OwnerKind {
    /// In a word or two: what the `owner` column has, where it is not a module's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Init => "kernel-init",
            Self::KernelData => "kernel-data",
            Self::Module => "module",
            Self::ModuleData => "module-data",
            Self::Bpf => "bpf",
            Self::Ftrace => "ftrace",
            Self::Probe => "kprobe",
            Self::Vmalloc => "vmalloc",
            Self::Direct => "direct-map",
            Self::User => "user",
            Self::Other => "other",
            Self::Unmapped => "unmapped",
            Self::Unknown => "unknown",
        }
    }

    /// Why nothing in the kernel should call such an address; `None` where code lies there.
    pub fn wild(self) -> Option<&'static str> {
        match self {
            Self::Kernel | Self::Init | Self::Module | Self::Bpf | Self::Ftrace | Self::Probe | Self::Unknown => None,
            Self::KernelData => Some("points into data of the kernel"),
            Self::ModuleData => Some("points into data of a module"),
            Self::Vmalloc => Some("points to memory of no known module"),
            Self::Direct => Some("points into the direct map"),
            Self::User => Some("points to user memory"),
            Self::Other => Some("points to memory that holds no kernel code"),
            Self::Unmapped => Some("points to memory that is not mapped"),
        }
    }

    /// Why a table that only the kernel itself fills should not hold such an address.
    pub fn foreign(self) -> Option<&'static str> {
        match self {
            Self::Module => Some("a table of the kernel points into a module"),
            Self::Bpf | Self::Ftrace | Self::Probe => Some("a table of the kernel points to generated code"),
            _ => self.wild(),
        }
    }
}

/// Whose an address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// What kind of memory it is.
    pub kind: OwnerKind,
    /// The module's name, for [`OwnerKind::Module`] and [`OwnerKind::ModuleData`].
    pub module: Option<String>,
    /// `symbol` or `symbol+0x10`, where one is near; a module's begin with `module!`.
    pub symbol: Option<String>,
    /// How far behind that symbol the address lies, in bytes.
    pub distance: Option<u64>,
}

impl Owner {
    /// What the `owner` column shows: the module's name, or the kind of memory.
    pub fn word(&self) -> String {
        self.module.clone().unwrap_or_else(|| self.kind.word().to_owned())
    }

    /// The symbol without the distance from it, and without its module.
    pub fn base_name(&self) -> Option<&str> {
        let name = self.symbol.as_deref()?;
        let name = name.split_once('!').map_or(name, |(_, n)| n);
        Some(name.split_once('+').map_or(name, |(n, _)| n))
    }
}

struct Area {
    range: Range<u64>,
    kind: OwnerKind,
    name: String,
}

/// The image with what lies before `_text`: RISC-V keeps its header and first instructions there, from `_start` on.
fn first(kernel: &Kernel, image: Range<u64>) -> Range<u64> {
    /// An image begins at a multiple of this.
    const ALIGN: u64 = 2 << 20;
    let start = kernel.symbols.address("_start").map(number).filter(|s| *s <= image.start && image.start - s < ALIGN);
    start.unwrap_or(image.start)..image.end
}

/// Who owns which addresses of a kernel. Made once, then asked often.
pub struct Owners<'k> {
    kernel: &'k Kernel,
    text: Range<u64>,
    init: Range<u64>,
    image: Range<u64>,
    /// Sorted by their start.
    areas: Vec<Area>,
    direct: Range<u64>,
    modules: &'k SymbolTable,
}

impl<'k> Owners<'k> {
    /// Looks up what there is. What can't be read is told, and its addresses then count as nobody's.
    pub fn new(kernel: &'k Kernel, lost: &mut Lost) -> Self {
        let mut areas = areas::all(kernel, lost);
        areas.retain(|a| a.range.start < a.range.end);
        areas.sort_by_key(|a| a.range.start);
        let range = |from: &str, to: &str| match (kernel.symbols.address(from), kernel.symbols.address(to)) {
            (Some(from), Some(to)) => number(from)..number(to),
            _ => 0..0,
        };
        let text = range("_stext", "_etext");
        if text.is_empty() {
            lost.push(
                "the kernel's text has no bounds: no symbols _stext and _etext; what is mapped to be run counts as its code",
            );
        }
        let image = match range("_text", "_end") {
            // As far as it is mapped.
            unknown if unknown.is_empty() => {
                let base = number(kernel.base);
                base..base.saturating_add(kernel.size.and_then(to_u64).unwrap_or(0))
            }
            known => known,
        };
        Self {
            kernel,
            text,
            init: range("_sinittext", "_einittext"),
            image: first(kernel, image),
            areas,
            direct: direct_map(kernel),
            modules: kernel.module_symbols(),
        }
    }

    /// The addresses of the kernel's own text.
    pub fn text(&self) -> Range<u64> {
        self.text.clone()
    }

    /// The addresses of the kernel's image, text and data.
    pub fn image(&self) -> Range<u64> {
        self.image.clone()
    }

    /// The kernel.
    pub fn kernel(&self) -> &'k Kernel {
        self.kernel
    }

    /// The symbols of the modules.
    pub fn module_symbols(&self) -> &SymbolTable {
        self.modules
    }

    /// The text of each module: its name and addresses.
    pub fn module_text(&self) -> impl Iterator<Item = (&str, Range<u64>)> {
        self.areas.iter().filter(|a| a.kind == OwnerKind::Module).map(|a| (a.name.as_str(), a.range.clone()))
    }

    fn area(&self, at: u64) -> Option<&Area> {
        let i = self.areas.partition_point(|a| a.range.start <= at);
        // Areas may overlap where an image is torn; the nearest few are looked at.
        self.areas.get(i.saturating_sub(8)..i)?.iter().rev().find(|a| a.range.contains(&at))
    }

    /// What kind of memory `at` is.
    pub fn kind(&self, at: VirtAddr) -> OwnerKind {
        let n = number(at);
        if self.text.contains(&n) {
            return OwnerKind::Kernel;
        }
        if self.init.contains(&n) {
            return OwnerKind::Init;
        }
        if self.image.contains(&n) {
            return self.unbounded(at).unwrap_or(OwnerKind::KernelData);
        }
        if let Some(area) = self.area(n) {
            return area.kind;
        }
        // Both halves are equal on every 64-bit system that memsh knows.
        if n < 1 << 63 && self.kernel.view().view_metadata().pointer_size == 8 {
            return OwnerKind::User;
        }
        if let Err(fault) = self.kernel.space.translate_one(at) {
            // What a table that is missing says, nobody knows.
            return if fault.reason == FaultReason::NotInImage { OwnerKind::Unknown } else { OwnerKind::Unmapped };
        }
        if self.direct.contains(&n) {
            return OwnerKind::Direct;
        }
        let vmalloc = pointer(self.kernel, "vmalloc_base");
        match vmalloc.is_none_or(|base| n >= base) {
            true => OwnerKind::Vmalloc,
            false => OwnerKind::Other,
        }
    }

    /// Which text of the kernel `at` belongs to, where symbols that bound it are missing.
    fn unbounded(&self, at: VirtAddr) -> Option<OwnerKind> {
        let named = || self.kernel.symbols.near(at).is_some_and(|(s, _)| s.is_code() && s.kind != '?');
        // The kernel maps its data so that they can't be run, and what it began with when it has begun.
        let seen = self.text.is_empty().then(|| self.kernel.space.explain(at));
        match (&seen, self.init.is_empty()) {
            (Some(seen), _) if seen.computed.is_some() => Some(OwnerKind::Unknown),
            (Some(seen), _) if seen.outcome.is_ok_and(|t| t.perm.has(Perm::EXECUTE)) => Some(OwnerKind::Kernel),
            (_, true) if named() => Some(OwnerKind::Init),
            _ => None,
        }
    }

    /// Whose `at` is, with its symbol.
    pub fn of(&self, at: VirtAddr) -> Owner {
        let kind = self.kind(at);
        let near = match kind {
            OwnerKind::Kernel | OwnerKind::Init | OwnerKind::KernelData => self.kernel.symbols.near(at),
            OwnerKind::Module | OwnerKind::ModuleData => self.modules.near(at),
            _ => None,
        };
        let near = match kind {
            _ if near.is_some() => near.map(|(s, d)| (s.with_distance(d), d)),
            OwnerKind::Bpf | OwnerKind::Ftrace | OwnerKind::Probe => self.area(number(at)).and_then(|a| {
                let distance = umem::from(number(at).checked_sub(a.range.start)?);
                (!a.name.is_empty()).then(|| (with_distance(&a.name, distance), distance))
            }),
            _ => None,
        };
        let module = match kind {
            OwnerKind::Module | OwnerKind::ModuleData => self.area(number(at)).map(|a| a.name.clone()),
            _ => None,
        };
        let distance = near.as_ref().and_then(|(_, d)| to_u64(*d));
        let symbol = near.map(|(symbol, _)| symbol);
        Owner { kind, module, symbol, distance }
    }

    /// `symbol+0x10` of any address of the kernel or a module; the bare address where there is no symbol.
    pub fn place(&self, at: VirtAddr) -> String {
        self.of(at).symbol.unwrap_or_else(|| at.to_string())
    }
}

/// The pointer or number in a variable of the kernel.
fn pointer(kernel: &Kernel, name: &str) -> Option<u64> {
    kernel.address(name).and_then(|at| kernel.space.read_ptr(at).ok()).map(number).filter(|&n| n != 0)
}

/// The direct map: from `page_offset_base` (or what the slide-less x86-64 has, `__PAGE_OFFSET_BASE_L4`,
/// arch/x86/include/asm/page_64_types.h) over as many bytes as there is physical memory.
fn direct_map(kernel: &Kernel) -> Range<u64> {
    let format = kernel.space.format();
    if format.arch == Arch::AArch64 {
        return direct_map_aarch64(format.va_bits, number(kernel.base));
    }
    let base = pointer(kernel, "page_offset_base").unwrap_or(0xffff_8880_0000_0000);
    let size = to_u64(kernel.space.memory().metadata().size).unwrap_or(0);
    base..base.saturating_add(size)
}

/// AArch64 parts its upper half in two, of which the direct map has that without the kernel's image: the lower one since 5.4, the
/// upper one before (`PAGE_OFFSET`, arch/arm64/include/asm/memory.h). A kernel for more than 48 bits parts it for 48 (`VA_BITS_MIN`).
fn direct_map_aarch64(bits: u32, image: u64) -> Range<u64> {
    let half = u64::MAX << (bits.clamp(1, 48) - 1);
    if image >= half { u64::MAX << bits..half } else { half..u64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direct_map_of_aarch64_is_the_half_without_the_kernel() {
        assert_eq!(direct_map_aarch64(48, 0xffff_8000_0808_0000), 0xffff_0000_0000_0000..0xffff_8000_0000_0000);
        assert_eq!(direct_map_aarch64(52, 0xffff_ae0f_e360_0000), 0xfff0_0000_0000_0000..0xffff_8000_0000_0000);
        assert_eq!(direct_map_aarch64(39, 0xffff_ffc0_0808_0000), 0xffff_ff80_0000_0000..0xffff_ffc0_0000_0000);
        // 4.14.
        assert_eq!(direct_map_aarch64(48, 0xffff_0000_0808_0000), 0xffff_8000_0000_0000..u64::MAX);
    }
}
