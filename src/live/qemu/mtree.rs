//! What the human monitor prints of memory: `info mtree -f`, `info ramblock`, `gpa2hva`.
//!
//! The lines are those of `mtree_print_flatview` (system/memory.c) and `ram_block_format` (system/physmem.c).

/// A piece of the processor's address space that is RAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Guest-physical address.
    pub guest: u64,
    /// Bytes.
    pub size: u64,
    /// The memory region's name: `pc.ram`, or the id of a backend.
    pub block: String,
    /// Offset in it.
    pub offset: u64,
}

/// The RAM and ROM of the flat view of the address space `memory`, ascending as it is printed; none where there is no such view.
pub(super) fn pieces(text: &str) -> Option<Vec<Piece>> {
    // Each view names its address spaces, then lists its pieces; an empty line ends it.
    let mut here = false;
    let mut out: Option<Vec<Piece>> = None;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("FlatView #") {
            if out.is_some() {
                break;
            }
            here = false;
        } else if line.starts_with("AS \"memory\"") {
            here = true;
            out = Some(Vec::new());
        } else if let Some(found) = out.as_mut().filter(|_| here)
            && let Some(piece) = piece(line)
        {
            found.push(piece);
        }
    }
    out
}

/// `0000000000100000-000000000fffffff (prio 0, ram): pc.ram @0000000000100000 KVM`.
fn piece(line: &str) -> Option<Piece> {
    let (range, rest) = line.split_once(" (prio ")?;
    let (start, last) = range.split_once('-')?;
    let (start, last) = (hex(start)?, hex(last)?);
    let (kind, rest) = rest.split_once("): ")?;
    let kind = kind.rsplit(", ").next()?;
    if !matches!(kind, "ram" | "rom" | "nv-ram" | "nvdimm" | "ramd" | "romd") || kind.ends_with('d') {
        return None;
    }
    // Words behind the offset say who owns it and what an accelerator makes of it.
    let (block, offset) = match rest.split_once(" @") {
        Some((block, rest)) => (block, hex(rest.split(' ').next()?)?),
        None => (rest.split(" KVM").next()?, 0),
    };
    Some(Piece { guest: start, size: last.checked_sub(start)?.checked_add(1)?, block: block.trim().to_owned(), offset })
}

fn hex(text: &str) -> Option<u64> {
    u64::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()
}

/// A block of memory that QEMU has allocated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Allocated {
    /// Its name; that of a backend may be a path: `/objects/ram0`.
    pub name: String,
    /// Bytes in use.
    pub used: u64,
    /// Where it lies in QEMU's address space, where this version says it (since 8.0).
    pub address: Option<u64>,
}

impl Allocated {
    /// Whether a memory region of this name is this block.
    pub(super) fn is(&self, block: &str) -> bool {
        self.name == block || self.name.strip_prefix("/objects/").is_some_and(|n| n == block)
    }
}

/// The blocks that `info ramblock` lists.
pub(super) fn blocks(text: &str) -> Vec<Allocated> {
    let mut lines = text.lines();
    let Some(header) = lines.find(|l| l.contains("Block Name")) else { return Vec::new() };
    let has_address = header.contains("HVA");
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if has_address {
            // Read-only or not.
            words.pop_if(|w| matches!(*w, "rw" | "ro"));
        }
        let address = if has_address { Some(hex(words.pop()?)?) } else { None };
        let (_total, used, _offset) = (hex(words.pop()?)?, hex(words.pop()?)?, hex(words.pop()?)?);
        // Size and unit of its pages.
        words.truncate(words.len().checked_sub(2)?);
        Some(Allocated { name: words.join(" "), used, address })
    };
    lines.filter_map(line).collect()
}

/// The address that `gpa2hva` prints: `Host virtual address for 0x100000 (pc.ram) is 0x7fb72bf00000`.
pub(super) fn host_address(text: &str) -> Option<u64> {
    let (_, address) = text.rsplit_once(" is 0x")?;
    hex(address)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// QEMU 10.0, `-M pc -m 256`, running Linux; shortened.
    const PC: &str = "FlatView #0
 AS \"I/O\", root: io
 Root memory region: io
  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan

FlatView #1
 AS \"cpu-smm-0\", root: memory
 Root memory region: memory
  0000000000000000-00000000000bffff (prio 0, ram): pc.ram

FlatView #2
 AS \"i440FX\", root: bus master container
 Root memory region: (none)
  No rendered FlatView

FlatView #3
 AS \"memory\", root: system
 AS \"cpu-memory-0\", root: system
 Root memory region: system
  0000000000000000-000000000009ffff (prio 0, ram): pc.ram
  00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem
  00000000000c0000-00000000000c9fff (prio 0, rom): pc.ram @00000000000c0000 KVM
  00000000000ca000-00000000000ccfff (prio 0, ram): pc.ram @00000000000ca000
  00000000000f0000-00000000000fffff (prio 0, rom): pc.ram @00000000000f0000
  0000000000100000-000000000fffffff (prio 0, ram): pc.ram @0000000000100000
  00000000fd000000-00000000fdffffff (prio 1, ram): vga.vram
  00000000fec00000-00000000fec00fff (prio 0, i/o): ioapic
  00000000fffc0000-00000000ffffffff (prio 0, rom): pc.bios

FlatView #4
 AS \"other\", root: x
  0000000000000000-000000000009ffff (prio 0, ram): pc.ram

";

    #[test]
    fn the_view_of_the_processor_counts() {
        let p = pieces(PC).unwrap();
        let ours: Vec<_> = p.iter().filter(|p| p.block == "pc.ram").map(|p| (p.guest, p.size, p.offset)).collect();
        assert_eq!(
            ours,
            [
                (0, 0xa_0000, 0),
                (0xc_0000, 0xa000, 0xc_0000),
                (0xc_a000, 0x3000, 0xc_a000),
                (0xf_0000, 0x1_0000, 0xf_0000),
                (0x10_0000, 0xff0_0000, 0x10_0000)
            ]
        );
        assert_eq!(p.len(), 7);
        assert_eq!(pieces("nothing"), None);
        assert_eq!(pieces(" AS \"memory\", root: system\n  zz-11 (prio 0, ram): x\n  5-4 (prio 0, ram): x"), Some(vec![]));
    }

    /// QEMU 4.2 under KVM names who owns a region; 2.12 prints devices' memory as `ramd`.
    #[test]
    fn other_versions() {
        let one = |line| piece(line).map(|p| (p.guest, p.size, p.block, p.offset));
        assert_eq!(
            one("0000000000100000-00000000bfffffff (prio 0, ram): pc.ram @0000000000100000 KVM"),
            Some((0x10_0000, 0xbff0_0000, "pc.ram".to_owned(), 0x10_0000))
        );
        assert_eq!(
            one("0000000000000000-000000000009ffff (prio 0, ram): pc.ram KVM"),
            Some((0, 0xa_0000, "pc.ram".to_owned(), 0))
        );
        assert_eq!(
            one("0000000040000000-00000000bfffffff (prio 0, ram): mach-virt.ram"),
            Some((1 << 30, 2 << 30, "mach-virt.ram".to_owned(), 0))
        );
        assert_eq!(one("00000000fd000000-00000000fd0fffff (prio 0, ramd): tpm"), None);
        assert_eq!(one("0000000000000000-ffffffffffffffff (prio 0, ram): all"), None);
    }

    #[test]
    fn blocks_with_and_without_an_address() {
        let new =
            "              Block Name    PSize              Offset               Used              Total                HVA  RO
                  pc.ram    4 KiB  0x0000000000000000 0x0000000010000000 0x0000000010000000 0x00007fb72be00000  rw
    /rom@etc/acpi/tables    4 KiB  0x0000000010080000 0x0000000000020000 0x0000000000200000 0x00007fb78a200000  ro
           /objects/ram0    2 MiB  0x0000000010000000 0x0000000000040000 0x0000000000040000 0x00007fb78a800000  rw\n";
        let b = blocks(new);
        assert_eq!(b.len(), 3);
        assert!(b.iter().any(|b| b.is("pc.ram") && b.address == Some(0x7fb7_2be0_0000) && b.used == 0x1000_0000));
        assert!(b.iter().any(|b| b.is("ram0") && b.address == Some(0x7fb7_8a80_0000)));
        let old = "              Block Name    PSize              Offset               Used              Total
                  pc.ram    4 KiB  0x0000000000000000 0x0000000020000000 0x0000000020000000\n";
        assert_eq!(blocks(old), [Allocated { name: "pc.ram".into(), used: 512 << 20, address: None }]);
        assert_eq!(blocks("Block Name HVA\nx\n\ny 1 2 3"), []);
    }

    #[test]
    fn addresses_of_the_host() {
        assert_eq!(host_address("Host virtual address for 0x100000 (pc.ram) is 0x7fb72bf00000\r\n"), Some(0x7fb7_2bf0_0000));
        assert_eq!(host_address("No memory is mapped at address 0x100000"), None);
    }
}
