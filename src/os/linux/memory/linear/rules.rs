//! Where the direct map may be, as the kernel itself says or as its architecture has it. Nothing here is believed yet.

use super::DIRECT;
use crate::arch::Arch;
use crate::engine::{AddressSpace, Linear, ViewExt, to_u64};
use crate::os::linux::base::kernel::Kernel;
use crate::os::linux::base::layout::{Extent, Found, Member, Members, Shape, shapes};
use crate::symbols::Types;
use memsh_plugin::{VirtAddr, umem};

/// A place where the direct map may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) linear: Linear,
    /// Who says so.
    pub(super) origin: &'static str,
}

shapes! {
    /// `kernel_mapping` (arch/riscv/include/asm/page.h, 5.14).
    RiscvMapShape: "kernel_mapping" {
        page_offset: ["page_offset"],
        va_pa_offset: ["va_pa_offset"],
    }
}

/// What types say of it.
pub(super) struct Told {
    riscv: Option<(Option<u64>, Option<u64>)>,
}

impl Told {
    pub(super) fn new(kernel: &Kernel) -> Self {
        let riscv = matches!(kernel.space.format().arch, Arch::RiscV64).then(|| {
            let shape = kernel.shape::<RiscvMapShape>();
            (shape.page_offset.map(|m| m.offset), shape.va_pa_offset.map(|m| m.offset))
        });
        Self { riscv }
    }
}

/// Addresses from `first` to `last`, `distance` from their places, as far as there is memory in the image.
fn within(kernel: &Kernel, plain: &AddressSpace, (first, last): (u64, u64), distance: u64, origin: &'static str) -> Option<Rule> {
    let ranges = plain.memory().ranges();
    let start = to_u64(ranges.first()?.start.value())?;
    let end = ranges.iter().filter_map(|r| to_u64(r.start.value().checked_add(r.size)?)).max()?;
    // `max_pfn` (mm/memblock.c): one past the last frame that the kernel maps.
    let frames = number(kernel, plain, "max_pfn").and_then(|n| n.checked_mul(plain.format().page_size()));
    let end = frames.map_or(end, |f| end.min(f));
    let size = end.checked_sub(start)?.checked_sub(1)?;
    let begin = start.wrapping_sub(distance);
    let (first, last) = (first.max(begin), last.min(begin.checked_add(size)?));
    (first <= last).then_some(Rule { linear: Linear { name: DIRECT, first, last, distance }, origin })
}

/// The number in a variable of the kernel.
fn number(kernel: &Kernel, plain: &AddressSpace, name: &str) -> Option<u64> {
    word(plain, kernel.address(name)?).filter(|n| *n != 0)
}

fn word(plain: &AddressSpace, at: VirtAddr) -> Option<u64> {
    plain.read_ptr(at).ok().and_then(|p| to_u64(p.value()))
}

/// Where it may be, the kernel's own word first.
pub(super) fn rules(kernel: &Kernel, told: &Told, image: Option<&Linear>, plain: &AddressSpace) -> Vec<Rule> {
    let f = plain.format();
    let make = |range, distance, origin| within(kernel, plain, range, distance, origin);
    let rules: Vec<Option<Rule>> = match f.arch {
        Arch::X86_64 => {
            x86_64(kernel, plain).into_iter().map(|(range, origin)| make(range, range.0.wrapping_neg(), origin)).collect()
        }
        Arch::AArch64 => {
            aarch64(kernel, plain).into_iter().map(|(range, distance)| make(range, distance, "memstart_addr")).collect()
        }
        Arch::RiscV64 => vec![
            riscv(kernel, told, plain)
                .and_then(|(first, offset)| make((first, RISCV_LAST), offset.wrapping_neg(), "va_pa_offset")),
        ],
        // The image is part of the map; behind `high_memory` other mappings follow (arch/x86/mm/init_32.c, arch/arm/mm/mmu.c).
        Arch::X86 | Arch::X86Pae | Arch::Arm => vec![
            image
                .zip(number(kernel, plain, "high_memory"))
                .and_then(|(i, high)| make((LOWEST_SPLIT, high.checked_sub(1)?), i.distance, "the kernel's image, high_memory")),
        ],
        Arch::RiscV32 => Vec::new(),
    };
    rules.into_iter().flatten().collect()
}

/// The smallest `PAGE_OFFSET` (arch/x86/Kconfig and arch/arm/Kconfig, VMSPLIT_1G).
const LOWEST_SPLIT: u64 = 0x4000_0000;

/// `__PAGE_OFFSET_BASE_L4` since 4.20 and before (arch/x86/include/asm/page_64_types.h), where KASLR does not move it, and how many
/// bytes are kept for the map (Documentation/arch/x86/x86_64/mm.rst).
const X86_BASES_L4: [u64; 2] = [0xffff_8880_0000_0000, 0xffff_8800_0000_0000];
const X86_SIZE_L4: u64 = 64 << 40;
/// The same with five levels.
const X86_BASES_L5: [u64; 2] = [0xff11_0000_0000_0000, 0xff10_0000_0000_0000];
const X86_SIZE_L5: u64 = 32 << 50;

/// First and last address on x86-64.
fn x86_64(kernel: &Kernel, plain: &AddressSpace) -> Vec<((u64, u64), &'static str)> {
    let (bases, size) = if plain.format().depth > 4 { (X86_BASES_L5, X86_SIZE_L5) } else { (X86_BASES_L4, X86_SIZE_L4) };
    let own = number(kernel, plain, "page_offset_base").map(|base| (base, "page_offset_base"));
    // What the kernel says alone counts, where it can be read.
    let bases = own.map_or_else(|| bases.iter().map(|b| (*b, "__PAGE_OFFSET_BASE")).collect(), |own| vec![own]);
    // vmalloc's addresses follow, and are never computed.
    let vmalloc = number(kernel, plain, "vmalloc_base");
    let end = |base: u64| vmalloc.filter(|v| *v > base).unwrap_or(u64::MAX).min(base.saturating_add(size));
    bases.into_iter().map(|(base, origin)| ((base, end(base) - 1), origin)).collect()
}

/// First and last address, and the distance, on AArch64 (`PAGE_OFFSET`, `PHYS_OFFSET`, arch/arm64/include/asm/memory.h).
fn aarch64(kernel: &Kernel, plain: &AddressSpace) -> Vec<((u64, u64), u64)> {
    let own = kernel.address("memstart_addr").and_then(|at| word(plain, at));
    // With KASLR it may lie below 0.
    let told = || {
        let n = kernel.vmcoreinfo.as_ref()?.number("PHYS_OFFSET")?;
        u64::try_from(n).ok().or_else(|| i64::try_from(n).ok().map(i64::cast_unsigned))
    };
    let Some(start) = own.or_else(told) else { return Vec::new() };
    let bits = plain.format().va_bits;
    // A kernel for more than 48 bits parts its half for 48 (`VA_BITS_MIN`); the map has the part without the image.
    let half = u64::MAX << (bits.clamp(1, 48) - 1);
    let image = to_u64(kernel.base.value()).unwrap_or(0);
    if image < half {
        return vec![((half, u64::MAX), start.wrapping_sub(half))];
    }
    // One for 52 bits that runs with 48 counts from where 52 would begin.
    let mut widths = vec![bits, 52, 48];
    widths.sort_unstable();
    widths.dedup();
    let offset = |bits: u32| u64::MAX.checked_shl(bits);
    widths
        .into_iter()
        .filter_map(offset)
        .map(|page_offset| ((u64::MAX << bits.min(63), half - 1), start.wrapping_sub(page_offset)))
        .collect()
}

/// Modules and the kernel's image have the last two GiB and what lies before them (Documentation/arch/riscv/vm-layout.rst).
const RISCV_LAST: u64 = 0xffff_fffe_ffff_ffff;

/// First address and `va_pa_offset` on RISC-V (arch/riscv/mm/init.c; a variable of its own before 5.14).
fn riscv(kernel: &Kernel, told: &Told, plain: &AddressSpace) -> Option<(u64, u64)> {
    /// `PAGE_OFFSET` of Sv39 before 5.17, of Sv39, Sv48 and Sv57 since (arch/riscv/include/asm/page.h).
    const LOWEST: [(u32, u64); 3] = [(39, 0xffff_ffd6_0000_0000), (48, 0xffff_af80_0000_0000), (57, 0xff60_0000_0000_0000)];
    let map = kernel.address("kernel_map");
    let member = |offset: Option<u64>| word(plain, map?.wrapping_add(umem::from(offset?)));
    let (page_offset, va_pa_offset) = told.riscv?;
    let offset = member(va_pa_offset).or_else(|| number(kernel, plain, "va_pa_offset"))?;
    let lowest = LOWEST.iter().find(|(bits, _)| *bits == plain.format().va_bits).map(|(_, at)| *at);
    Some((member(page_offset).filter(|p| *p >> 63 == 1).or(lowest)?, offset))
}
