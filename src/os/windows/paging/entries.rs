//! How this kernel writes entries that are not valid.

use crate::arch::Arch;
use crate::engine::{AddressSpace, FileNumber, ViewExt, WindowsEntries};
use crate::symbols::{FieldPath, Symbols, Types, TypesExt};
use memsh_plugin::{VirtAddr, umem};

/// Windows 10 1803: the first whose updates moved the number of the page file and mask entries.
const MOVED: u32 = 17134;
/// Windows 10 1809: the first that did so from its first day on.
const NEW: u32 = 17763;
const VISTA: u32 = 6000;
/// Bits that a mask has: high ones of a physical address.
const MASK: u64 = 0x000f_fff0_0000_0000;

/// What is known of the entries of a kernel of this build. `types` are those of this very build where `same_build`.
pub(in super::super) fn entries(
    space: &AddressSpace,
    symbols: &dyn Symbols,
    types: &dyn Types,
    build: u32,
    same_build: bool,
) -> WindowsEntries {
    let arch = space.format().arch;
    WindowsEntries {
        file: file_number(types, build),
        mask: match arch {
            Arch::X86 => Some(0),
            _ => mask(space, symbols, types, build, same_build),
        },
        store: store(space, symbols, types),
        vista: build >= VISTA,
    }
}

/// Where an entry has the number of its page file.
fn file_number(types: &dyn Types, build: u32) -> FileNumber {
    let bit = types.field("_MMPTE_SOFTWARE", "PageFileLow").and_then(|f| Some(f.offset * 8 + u64::from(f.bits?.0)));
    match bit {
        Some(1) => FileNumber::Low,
        Some(12) => FileNumber::High,
        Some(_) => FileNumber::Unknown,
        None if build < MOVED => FileNumber::Low,
        None if build >= NEW => FileNumber::High,
        None => FileNumber::Unknown,
    }
}

/// `MiState.Hardware.InvalidPteMask`; 0 for a build that has none.
fn mask(space: &AddressSpace, symbols: &dyn Symbols, types: &dyn Types, build: u32, same_build: bool) -> Option<u64> {
    let has = |structure, member| types.field(structure, member).map(|f| umem::from(f.offset));
    let own = has("_MI_HARDWARE_STATE", "InvalidPteMask");
    if own.is_none() && build < MOVED {
        return Some(0);
    }
    // The member by its public types; the tables that memsh carries end with the structure's own place.
    let offset = own.or(match build {
        NEW => Some(0x80),
        19041.. if same_build => Some(0xc0),
        _ => None,
    })?;
    let hardware = has("_MI_SYSTEM_INFORMATION", "Hardware")?;
    let at = symbols.address("MiState")?.wrapping_add(hardware).wrapping_add(offset);
    space.read_u64(at).ok().filter(|mask| mask & !MASK == 0)
}

/// Number of the page file that is the store of compressed pages (`_MMPAGING_FILE.VirtualStorePagefile`).
fn store(space: &AddressSpace, symbols: &dyn Symbols, types: &dyn Types) -> Option<u32> {
    let offset = |structure, member| types.field(structure, member).map(|f| umem::from(f.offset));
    let partition = symbols.address("MiSystemPartition")?;
    let files = partition.wrapping_add(offset("_MI_PARTITION", "Vp")?).wrapping_add(offset("_MI_VISIBLE_PARTITION", "PagingFile")?);
    let (number, flag) = (types.field("_MMPAGING_FILE", "PageFileNumber")?, types.field("_MMPAGING_FILE", "VirtualStorePagefile")?);
    let bits = |at: VirtAddr, field: &FieldPath| {
        let (low, width) = field.bits?;
        let word = u32::from(ViewExt::read_u16(space, at.wrapping_add(umem::from(field.offset))).ok()?);
        Some(word.checked_shr(low)? & (1u32.checked_shl(width)? - 1))
    };
    let width = umem::from(space.format().pointer_size());
    (0..16).find_map(|i| {
        let file = space.read_ptr(files.wrapping_add(i * width)).ok().filter(|f| !f.is_null())?;
        (bits(file, &flag)? == 1).then(|| bits(file, &number))?
    })
}
