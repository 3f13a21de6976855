//! Where a machine type has its RAM: what QEMU's boards do with `-m`.
//!
//! Only types whose board is known are answered; of any other the monitor must be asked.

use super::cmdline::CommandLine;
use super::options::size;
use crate::{Error, ErrorKind, Layer, Result};

const GIB: u64 = 1 << 30;
/// `above_4g_mem_start` of `X86MachineState`.
const ABOVE: u64 = 4 * GIB;
/// `AMD_HT_START` (hw/i386/pc.c): since 7.1 memory that would reach the HyperTransport range of an AMD processor begins above 1 TiB. Whether it
/// does depends on the processor and its address width.
const MOST_X86: u64 = 0xfd_0000_0000 - 64 * GIB;
/// The window of the video card, over RAM that the processor does not see (`pc_memory_init`, `smram`).
const VGA: (u64, u64) = (0xa_0000, 0xc_0000);

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Board {
    /// `pc-i440fx-*` (hw/i386/pc_piix.c). Before 2.0 the memory above 4 GiB did not begin at a multiple of 1 GiB of RAM.
    I440fx {
        /// `gigabyte_align`.
        aligned: bool,
    },
    /// `pc-q35-*` (hw/i386/pc_q35.c).
    Q35 {
        /// `gigabyte_align`.
        aligned: bool,
    },
    /// `microvm` (hw/i386/microvm.c).
    Microvm,
    /// All RAM in one piece from an address.
    Flat(u64),
}

/// A piece of guest-physical memory, and where it lies in RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Guest-physical address.
    pub guest: u64,
    /// Bytes.
    pub size: u64,
    /// Offset in RAM.
    pub offset: u64,
}

/// The instruction set that a program emulates, by its name; none for names that do not say (`qemu-kvm`).
pub(super) fn architecture(program: &str) -> Option<&'static str> {
    Some(match program.strip_prefix("qemu-system-")? {
        "x86_64" => "x86_64",
        "i386" => "x86",
        "aarch64" => "aarch64",
        "arm" => "arm",
        "riscv64" => "riscv64",
        "riscv32" => "riscv32",
        _ => return None,
    })
}

/// The instruction set of a machine, where program and type together say it.
pub(super) fn machine_name(program: &str, kind: &str) -> Option<&'static str> {
    architecture(program)
        .or_else(|| (kind == "pc" || kind == "q35" || kind == "microvm" || kind.starts_with("pc-")).then_some("x86_64"))
}

/// The type that a program runs where none is given: `pc` on x86 (`is_default` of `MachineClass`), `spike` on RISC-V; none on Arm.
pub(super) fn default_type(program: &str) -> Option<&'static str> {
    match architecture(program) {
        Some("x86_64" | "x86") => Some("pc"),
        Some("riscv64" | "riscv32") => Some("spike"),
        // Debian's and Ubuntu's wrapper of qemu-system-x86_64.
        None if program == "kvm" => Some("pc"),
        _ => None,
    }
}

/// Version 1.7 and older.
fn is_old(version: &str) -> bool {
    version.starts_with("0.") || version.starts_with("1.")
}

impl Board {
    /// The board of a machine type, with or without a version: `pc`, `pc-q35-8.2`, `virt-rhel9.2.0`.
    pub(super) fn of(program: &str, kind: &str) -> Option<Self> {
        // Proxmox adds a revision of its own: `pc-i440fx-8.1+pve0`.
        let kind = kind.split('+').next().unwrap_or(kind);
        let version = |prefix: &str| kind.strip_prefix(prefix).map(|v| v.strip_prefix('-').unwrap_or(v));
        if let Some(version) = version("pc-i440fx") {
            return Some(Self::I440fx { aligned: !is_old(version) });
        }
        if let Some(version) = version("pc-q35") {
            return Some(Self::Q35 { aligned: !is_old(version) });
        }
        match kind {
            "pc" => return Some(Self::I440fx { aligned: true }),
            "q35" => return Some(Self::Q35 { aligned: true }),
            "microvm" => return Some(Self::Microvm),
            _ => {}
        }
        if version("pc").is_some_and(is_old) {
            return Some(Self::I440fx { aligned: false });
        }
        let virt = version("virt").is_some();
        match architecture(program) {
            // `base_memmap[VIRT_MEM]` (hw/arm/virt.c).
            Some("aarch64" | "arm") if virt => Some(Self::Flat(GIB)),
            // `sbsa_ref_memmap[SBSA_MEM]` (hw/arm/sbsa-ref.c).
            Some("aarch64") if kind == "sbsa-ref" => Some(Self::Flat(0x100_0000_0000)),
            // `VIRT_DRAM`, `SPIKE_DRAM`, `SIFIVE_U_DEV_DRAM` (hw/riscv).
            Some("riscv64" | "riscv32") if virt || kind == "spike" || kind == "sifive_u" => Some(Self::Flat(2 * GIB)),
            _ => None,
        }
    }

    /// Bytes of RAM below 4 GiB.
    fn below(self, ram: u64, limit: Option<u64>) -> u64 {
        let low = match self {
            // `pc_init1`: 3.5 GiB, or 3 GiB where there is more than that, unless the user set another limit.
            Self::I440fx { aligned } => {
                let limit = limit.unwrap_or(0xe000_0000);
                if aligned && ram >= limit { limit.min(0xc000_0000) } else { limit }
            }
            // `pc_q35_init`: 2.75 GiB, or 2 GiB where there is more than that.
            Self::Q35 { aligned } => {
                let low = if aligned && ram >= 0xb000_0000 { 0x8000_0000 } else { 0xb000_0000 };
                low.min(limit.unwrap_or(ABOVE))
            }
            // `microvm_memory_init`.
            Self::Microvm => 0xc000_0000u64.min(limit.unwrap_or(ABOVE)),
            Self::Flat(_) => ram,
        };
        ram.min(low)
    }

    /// Where `ram` bytes lie. `limit` is `max-ram-below-4g`.
    pub(super) fn spans(self, ram: u64, limit: Option<u64>) -> Vec<Span> {
        let mut spans = match self {
            Self::Flat(base) => vec![Span { guest: base, size: ram, offset: 0 }],
            _ => {
                let below = self.below(ram, limit);
                vec![Span { guest: 0, size: below, offset: 0 }, Span { guest: ABOVE, size: ram - below, offset: below }]
            }
        };
        if matches!(self, Self::I440fx { .. } | Self::Q35 { .. })
            && let Some(first) = spans.first().copied()
        {
            spans.remove(0);
            spans.insert(0, Span { size: first.size.min(VGA.0), ..first });
            spans.insert(1, Span { guest: VGA.1, size: first.size.saturating_sub(VGA.1), offset: VGA.1 });
        }
        spans.retain(|s| s.size > 0);
        spans
    }
}

/// Where the RAM of this command line lies: from machine type and size. `kind` overrides what it says of the type.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where that does not follow from the command line.
pub(super) fn spans(line: &CommandLine, ram: u64, kind: Option<&str>) -> Result<Vec<Span>> {
    let unknown = |what: String| {
        Error::new(Layer::Connector, ErrorKind::Unsupported, what).hint(
            "qmp=PATH asks the machine itself, machine=TYPE names the type: pc, q35, microvm, virt, sbsa-ref, spike, sifive_u",
        )
    };
    let program = &line.program;
    let given = kind.or_else(|| line.machine_type());
    let board = match given.or_else(|| default_type(program)) {
        Some(kind) => Board::of(program, kind)
            .ok_or_else(|| unknown(format!("where machine type {kind} of {program} has its memory is not known")))?,
        None => {
            // Whatever the default is, a small machine of x86 looks the same.
            if program != "qemu-kvm" || ram >= 0xb000_0000 {
                return Err(unknown(format!("the command line of {program} names no machine type")));
            }
            Board::Q35 { aligned: true }
        }
    };
    let limit = match line.machine.get("max-ram-below-4g") {
        Some(text) => Some(size(text, 1).ok_or_else(|| unknown(format!("max-ram-below-4g={text} is no size")))?),
        None => None,
    };
    // Zero is what the property holds where nobody set it.
    let limit = limit.filter(|l| *l != 0);
    let most = line.ram().and_then(|r| r.most).unwrap_or(ram).max(ram);
    if !matches!(board, Board::Flat(_)) && most > MOST_X86 {
        return Err(unknown(format!("where {most} bytes of memory lie depends on the processor: before or above 1 TiB")));
    }
    Ok(board.spans(ram, limit))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MIB: u64 = 1 << 20;
    const X86: &str = "qemu-system-x86_64";

    /// Start, end and offset of each piece, the window of the video card apart.
    fn map(program: &str, kind: &str, ram: u64, limit: Option<u64>) -> Vec<(u64, u64, u64)> {
        let spans = Board::of(program, kind).unwrap().spans(ram, limit);
        spans.iter().filter(|s| s.guest != 0 || s.size != VGA.0).map(|s| (s.guest, s.guest + s.size, s.offset)).collect()
    }

    /// Lengths that `info mtree -f` of QEMU 10.0 shows.
    #[test]
    fn i440fx() {
        assert_eq!(map(X86, "pc", 256 * MIB, None), [(0xc_0000, 0x1000_0000, 0xc_0000)]);
        assert_eq!(map(X86, "pc", 3584 * MIB - 8192, None), [(0xc_0000, 0xe000_0000 - 8192, 0xc_0000)]);
        assert_eq!(
            map(X86, "pc-i440fx-8.2", 3584 * MIB, None),
            [(0xc_0000, 0xc000_0000, 0xc_0000), (4 * GIB, 4 * GIB + 512 * MIB, 0xc000_0000)]
        );
        assert_eq!(
            map(X86, "pc-i440fx-1.7", 4 * GIB, None),
            [(0xc_0000, 0xe000_0000, 0xc_0000), (4 * GIB, 4 * GIB + 512 * MIB, 0xe000_0000)]
        );
        assert_eq!(map(X86, "pc-1.3", 4 * GIB, None), map(X86, "pc-i440fx-1.7", 4 * GIB, None));
        assert_eq!(map(X86, "pc", 2 * GIB, Some(GIB)), [(0xc_0000, GIB, 0xc_0000), (4 * GIB, 5 * GIB, GIB)]);
        // A limit above what 32-bit guests get by default.
        assert_eq!(map(X86, "pc", 3700 * MIB, Some(0xf000_0000)), [(0xc_0000, 3700 * MIB, 0xc_0000)]);
    }

    #[test]
    fn q35() {
        assert_eq!(map(X86, "q35", 2816 * MIB - 8192, None), [(0xc_0000, 0xb000_0000 - 8192, 0xc_0000)]);
        assert_eq!(
            map(X86, "pc-q35-rhel9.2.0", 2816 * MIB, None),
            [(0xc_0000, 2 * GIB, 0xc_0000), (4 * GIB, 4 * GIB + 768 * MIB, 2 * GIB)]
        );
        assert_eq!(map(X86, "q35", 4 * GIB, Some(GIB)), [(0xc_0000, GIB, 0xc_0000), (4 * GIB, 7 * GIB, GIB)]);
    }

    #[test]
    fn others() {
        assert_eq!(map(X86, "microvm", 4 * GIB, None), [(0, 3 * GIB, 0), (4 * GIB, 5 * GIB, 3 * GIB)]);
        assert_eq!(map("qemu-system-aarch64", "virt-9.2", 8 * GIB, None), [(GIB, 9 * GIB, 0)]);
        assert_eq!(map("qemu-system-riscv64", "virt", GIB, None), [(2 * GIB, 3 * GIB, 0)]);
        assert_eq!(map("qemu-system-aarch64", "sbsa-ref", GIB, None), [(0x100_0000_0000, 0x100_4000_0000, 0)]);
        assert_eq!(Board::of("qemu-system-aarch64", "raspi4b"), None);
        assert_eq!(Board::of(X86, "virt"), None);
    }

    fn spans_of(text: &str) -> Result<Vec<Span>> {
        let line = CommandLine::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        spans(&line, line.ram().unwrap().size, None)
    }

    #[test]
    fn what_does_not_follow_is_not_guessed() {
        for text in [
            "qemu-system-aarch64 -m 1G",
            "qemu-system-x86_64 -M isapc",
            "/usr/libexec/qemu-kvm -m 4G",
            "qemu-system-x86_64 -m 1T",
            "qemu-system-x86_64 -m 4G,slots=2,maxmem=2T",
            "qemu-system-s390x -M s390-ccw-virtio",
            "qemu-system-x86_64 -M pc,max-ram-below-4g=much",
        ] {
            let e = spans_of(text).unwrap_err();
            assert!(e.hint_text().unwrap().contains("qmp=PATH"), "{text}");
        }
        assert_eq!(spans_of("/usr/libexec/qemu-kvm -m 2G").unwrap().len(), 2);
        assert_eq!(spans_of("qemu-system-riscv64").unwrap(), [Span { guest: 2 * GIB, size: 128 * MIB, offset: 0 }]);
    }
}
