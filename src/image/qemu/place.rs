//! Where a machine of QEMU's has its RAM: the stream says only how large each block is.

/// A piece of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub start: u64,
    pub len: u64,
    /// Which RAM block, and from which byte of it on.
    pub block: usize,
    pub offset: u64,
}

/// Where RAM is, and why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub regions: Vec<Region>,
    /// In words.
    pub reason: String,
    pub warnings: Vec<String>,
    /// Where the machine tells it.
    pub machine: Option<&'static str>,
}

const GIB: u64 = 1 << 30;

/// Kinds of machines that lay their RAM out in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Board {
    Piix,
    Q35,
    Microvm,
    At(u64),
    Unknown,
}

/// By the type of the machine (`pc-q35-8.2`, `virt-9.0`) and the names of its RAM blocks.
fn board(machine: &str, names: &[(String, u64)], arch: Option<&str>) -> (Board, Option<&'static str>) {
    let has = |prefix: &str| names.iter().any(|(n, _)| n.starts_with(prefix));
    let is = |name: &str| machine == name || machine.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
    if is("pc-q35") || is("q35") {
        return (Board::Q35, None);
    }
    // pc-i440fx-8.2, and before 2.0 pc-1.3, pc-0.14.
    if is("pc-i440fx") || is("pc") || is("isapc") || is("xenfv") {
        return (Board::Piix, None);
    }
    if is("microvm") || has("microvm.ram") {
        return (Board::Microvm, None);
    }
    if has("riscv_virt_board") || arch.is_some_and(|a| a.starts_with("riscv")) && is("virt") {
        return (Board::At(2 * GIB), Some("riscv64"));
    }
    if has("riscv.") || is("spike") || is("sifive_u") {
        return (Board::At(2 * GIB), Some("riscv64"));
    }
    if has("mach-virt.ram") || is("virt") && arch.is_none_or(|a| a == "aarch64" || a == "arm") && !has("loongarch") {
        return (Board::At(GIB), None);
    }
    if is("sbsa-ref") || has("sbsa-ref.ram") {
        return (Board::At(0x100_0000_0000), Some("aarch64"));
    }
    if machine.starts_with("pseries") || machine.starts_with("s390-ccw") || machine.starts_with("raspi") {
        return (Board::At(0), None);
    }
    // QEMU of other makers has other names for the same boards (Proxmox adds to them, RHEL has pc-i440fx-rhel7.6.0).
    match () {
        () if machine.contains("q35") => (Board::Q35, None),
        () if has("pc.bios") || has("pc.ram") => (Board::Piix, None),
        () => (Board::Unknown, None),
    }
}

/// Names of RAM blocks that hold a board's main memory.
const MAIN: &[&str] = &[
    "pc.ram",
    "mach-virt.ram",
    "riscv_virt_board.ram",
    "microvm.ram",
    "sbsa-ref.ram",
    "loongarch.ram",
    "ppc_spapr.ram",
    "s390.ram",
    "riscv.spike.ram",
    "riscv.sifive.u.ram",
    "xen.ram",
    "ram",
];

/// Whether a block belongs to a device or firmware: its name is that of a ROM, a flash, or begins with the device's path.
pub(super) fn is_device(name: &str) -> bool {
    let parts = ["vram", "bios", ".rom", "/rom@", "flash", "mrom", "vga", "nvram", "pmem", "tpm", "sram", "acpi", "qxl"];
    let lower = name.to_ascii_lowercase();
    parts.iter().any(|p| lower.contains(p)) && !MAIN.contains(&name)
        || lower.split('/').next().is_some_and(|p| p.starts_with("0000:"))
}

/// The blocks of main memory, in the order in which they follow each other.
fn main_blocks(names: &[(String, u64)]) -> Vec<usize> {
    let named: Vec<usize> = (0..names.len()).filter(|i| names.get(*i).is_some_and(|(n, _)| MAIN.contains(&n.as_str()))).collect();
    if !named.is_empty() {
        return named.into_iter().take(1).collect();
    }
    // NUMA nodes: ram-node0, /objects/ram-node1. QEMU lays them out by number.
    let node = |name: &str| -> Option<u32> {
        let at = name.rfind("node")?;
        name.get(at + 4..)?.parse().ok()
    };
    let mut nodes: Vec<(u32, usize)> = names.iter().enumerate().filter_map(|(i, (n, _))| Some((node(n)?, i))).collect();
    nodes.sort_unstable();
    if !nodes.is_empty() {
        return nodes.into_iter().map(|(_, i)| i).collect();
    }
    // A memory backend of any name: the largest block that is no device's.
    let largest =
        names.iter().enumerate().filter(|(_, (n, _))| !is_device(n)).max_by_key(|(i, (_, len))| (*len, std::cmp::Reverse(*i)));
    largest.map(|(i, _)| i).into_iter().collect()
}

/// Lays RAM out. `cmos` is what a PC's CMOS says: bytes below and above 4 GiB.
pub(super) fn lay_out(machine: Option<&str>, blocks: &[(String, u64)], cmos: Option<(u64, u64)>, arch: Option<&str>) -> Layout {
    let mut layout = Layout::default();
    let main = main_blocks(blocks);
    let (board, known) = board(machine.unwrap_or(""), blocks, arch);
    layout.machine = known;
    let size = |i: &usize| blocks.get(*i).map_or(0, |(_, len)| *len);
    let total = main.iter().map(size).fold(0u64, u64::saturating_add);
    let name = machine.unwrap_or("unknown machine");
    let (low, base, reason) = match board {
        Board::Piix | Board::Q35 | Board::Microvm => {
            let (low, rule) = match board {
                Board::Q35 if total >= 0xb000_0000 => (2 * GIB, "q35 with 2.75 GiB or more has 2 GiB below 4 GiB"),
                Board::Q35 => (total, "q35 with less than 2.75 GiB has all of it below 4 GiB"),
                // Before 2.0 there was no alignment to 1 GiB.
                _ if machine.is_some_and(|m| m.starts_with("pc-0.") || m.starts_with("pc-1.")) => {
                    (0xe000_0000, "pc before QEMU 2.0 has up to 3.5 GiB below 4 GiB")
                }
                Board::Piix if total >= 0xe000_0000 => (3 * GIB, "pc with 3.5 GiB or more has 3 GiB below 4 GiB"),
                Board::Microvm if total >= 0xc000_0000 => (3 * GIB, "microvm has up to 3 GiB below 4 GiB"),
                Board::Piix => (total, "pc with less than 3.5 GiB has all of it below 4 GiB"),
                _ => (total, "microvm with less than 3 GiB has all of it below 4 GiB"),
            };
            // With max-ram-below-4g the split is elsewhere: the CMOS tells, as long as it is about this RAM.
            match cmos.filter(|(low, high)| low.checked_add(*high) == Some(total) && *low <= 4 * GIB) {
                Some((low, _)) => (low, 0, format!("{name}: the sizes below and above 4 GiB are those in the CMOS")),
                None => {
                    if total > low {
                        layout.warnings.push(format!(
                            "where RAM is split below 4 GiB was taken from the machine's type ({name}: {rule}); max-ram-below-4g \
                             would move it"
                        ));
                    }
                    (low.min(total), 0, format!("{name}: {rule}"))
                }
            }
        }
        Board::At(base) => (total, base, format!("{name}: RAM begins at {base:#x}")),
        Board::Unknown => {
            layout.warnings.push(format!(
                "memsh does not know where the machine {name:?} has its RAM, and took it to begin at address 0: addresses may be wrong"
            ));
            (total, 0, format!("{name}: unknown, RAM taken to begin at 0x0"))
        }
    };
    layout.reason = reason;
    // The blocks one after the other; what lies behind the lower part begins at 4 GiB.
    let mut done = 0u64;
    for i in main {
        let len = size(&i);
        let mut offset = 0;
        while offset < len {
            let below = done < low;
            let part = if below { (len - offset).min(low - done) } else { len - offset };
            let start = if below { base.saturating_add(done) } else { (4 * GIB).saturating_add(done - low) };
            layout.regions.push(Region { start, len: part, block: i, offset });
            offset += part;
            done = done.saturating_add(part);
        }
    }
    layout
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn of(machine: &str, blocks: &[(&str, u64)], cmos: Option<(u64, u64)>) -> Vec<(u64, u64, usize, u64)> {
        let blocks: Vec<(String, u64)> = blocks.iter().map(|(n, l)| ((*n).to_owned(), *l)).collect();
        let layout = lay_out(Some(machine), &blocks, cmos, None);
        layout.regions.iter().map(|r| (r.start, r.len, r.block, r.offset)).collect()
    }

    #[test]
    fn pcs_are_split_below_4_gib() {
        let rom = ("pc.bios", 0x40000);
        assert_eq!(of("pc-i440fx-10.0", &[rom, ("pc.ram", 3 * GIB)], None), [(0, 3 * GIB, 1, 0)]);
        assert_eq!(of("pc-i440fx-10.0", &[("pc.ram", 5 * GIB), rom], None), [(0, 3 * GIB, 0, 0), (4 * GIB, 2 * GIB, 0, 3 * GIB)]);
        assert_eq!(of("pc-i440fx-10.0", &[("pc.ram", 0xd000_0000)], None), [(0, 0xd000_0000, 0, 0)]);
        assert_eq!(of("pc-1.3", &[("pc.ram", 4 * GIB)], None), [(0, 0xe000_0000, 0, 0), (4 * GIB, 0x2000_0000, 0, 0xe000_0000)]);
        assert_eq!(of("pc-q35-8.2", &[("pc.ram", 4 * GIB)], None), [(0, 2 * GIB, 0, 0), (4 * GIB, 2 * GIB, 0, 2 * GIB)]);
        assert_eq!(of("pc-q35-8.2", &[("pc.ram", 0xa000_0000)], None), [(0, 0xa000_0000, 0, 0)]);
        // max-ram-below-4g=1G.
        let cmos = Some((GIB, 3 * GIB));
        assert_eq!(of("pc-q35-8.2", &[("pc.ram", 4 * GIB)], cmos), [(0, GIB, 0, 0), (4 * GIB, 3 * GIB, 0, GIB)]);
        // A CMOS that is about something else.
        assert_eq!(of("pc-q35-8.2", &[("pc.ram", 4 * GIB)], Some((GIB, GIB)))[0].1, 2 * GIB);
    }

    #[test]
    fn nodes_follow_each_other() {
        let blocks = [("ram-node1", 2 * GIB), ("/objects/ram-node0", 2 * GIB), ("0000:00:02.0/vga.vram", 16 << 20)];
        assert_eq!(of("pc-i440fx-6.1", &blocks, None), [(0, 2 * GIB, 1, 0), (2 * GIB, GIB, 0, 0), (4 * GIB, GIB, 0, GIB)]);
    }

    #[test]
    fn other_boards_and_unknown_ones() {
        assert_eq!(of("virt-10.0", &[("mach-virt.ram", 8 * GIB)], None), [(GIB, 8 * GIB, 0, 0)]);
        assert_eq!(of("virt", &[("mem", GIB), ("riscv_virt_board.mrom", 0xf000)], None), [(2 * GIB, GIB, 0, 0)]);
        let layout = lay_out(Some("toaster"), &[("mem".to_owned(), GIB)], None, None);
        assert_eq!((layout.regions[0].start, layout.warnings.len()), (0, 1));
        assert_eq!(lay_out(None, &[], None, None).regions, []);
    }
}
