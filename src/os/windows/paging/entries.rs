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
        file: file_number(arch, types, build),
        mask: match arch {
            // `_MMPTE_SOFTWARE` of ARM64 has no swizzle bit.
            Arch::X86 | Arch::AArch64 => Some(0),
            _ => mask(space, symbols, types, build, same_build),
        },
        store: store(space, symbols, types),
        vista: build >= VISTA,
    }
}

/// The same in words.
pub(in super::super) fn describe(entries: WindowsEntries) -> String {
    let file = match entries.file {
        FileNumber::Low => "page file in bits 4:1",
        FileNumber::Middle => "page file in bits 9:6",
        FileNumber::High => "page file in bits 15:12",
        FileNumber::Unknown => "page file not told",
    };
    let mask = match entries.mask {
        Some(0) => "no mask".to_owned(),
        Some(mask) => format!("mask {mask:#x}"),
        None => "mask not known".to_owned(),
    };
    let store = entries.store.map(|n| format!(", page file {n} is the compressed store")).unwrap_or_default();
    format!("{file}, {mask}{store}")
}

/// Where an entry has the number of its page file.
fn file_number(arch: Arch, types: &dyn Types, build: u32) -> FileNumber {
    let bit = types.field("_MMPTE_SOFTWARE", "PageFileLow").and_then(|f| Some(f.offset * 8 + u64::from(f.bits?.0)));
    match bit {
        Some(1) => FileNumber::Low,
        Some(6) => FileNumber::Middle,
        Some(12) => FileNumber::High,
        Some(_) => FileNumber::Unknown,
        None if arch == Arch::AArch64 => FileNumber::Middle,
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
    let files =
        partition.wrapping_add(offset("_MI_PARTITION", "Vp")?).wrapping_add(offset("_MI_VISIBLE_PARTITION", "PagingFile")?);
    let (number, flag) =
        (types.field("_MMPAGING_FILE", "PageFileNumber")?, types.field("_MMPAGING_FILE", "VirtualStorePagefile")?);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::os::windows::Kernel;
    use crate::os::windows::testkit::Kit;
    use crate::symbols::tables::Table;

    fn of(kernel: &Kernel, same_build: bool) -> WindowsEntries {
        entries(&kernel.space, &*kernel.symbols, &*kernel.types, kernel.build.number, same_build)
    }

    #[test]
    fn the_mask_where_its_place_is_known() {
        let mut kit = Kit::new("10.0.19041", true);
        let state = kit.at(0x1_0000);
        assert_eq!(of(&kit.kernel(), true).mask, None);
        kit.symbol("MiState", state);
        let kernel = kit.kernel();
        assert_eq!(of(&kernel, true).mask, None);
        let hardware = kernel.types.field("_MI_SYSTEM_INFORMATION", "Hardware").unwrap().offset;
        for (holds, means) in [(0, Some(0)), (1 << 45, Some(1 << 45)), (0x1234, None), (u64::MAX, None)] {
            kit.put(state + hardware + 0xc0, &u64::to_le_bytes(holds));
            let entries = of(&kit.kernel(), true);
            assert_eq!((entries.mask, entries.file), (means, FileNumber::High), "{holds:#x}");
            // Of a build like it, the place may be another.
            assert_eq!(of(&kit.kernel(), false).mask, None);
        }
    }

    #[test]
    fn builds_before_the_mask_and_the_one_whose_updates_changed() {
        let seven = of(&Kit::new("6.1.7601", true).kernel(), true);
        assert_eq!((seven.mask, seven.file, seven.vista), (Some(0), FileNumber::Low, true));
        let xp = of(&Kit::new("5.1.2600", false).kernel(), true);
        assert_eq!((xp.mask, xp.file, xp.vista), (Some(0), FileNumber::Low, false));
        let between = of(&Kit::new("10.0.17134", true).kernel(), true);
        assert_eq!((between.mask, between.file), (None, FileNumber::Unknown));
        assert_eq!(describe(between), "page file not told, mask not known");
    }

    #[test]
    fn public_types_tell_all_of_it() {
        let text = "memsh types 1\nrelease 10.0.17134.1\nmachine x64\npointer 8\ntypes\n\
            s _MI_HARDWARE_STATE 256\n InvalidPteMask 64 v\n.\n\
            s _MI_PARTITION 256\n Vp 128 v\n.\n\
            s _MI_SYSTEM_INFORMATION 512\n Hardware 256 v\n.\n\
            s _MI_VISIBLE_PARTITION 128\n PagingFile 16 v\n.\n\
            s _MMPAGING_FILE 208\n PageFileNumber 204.0:4 v\n VirtualStorePagefile 0.6:1 v\n.\n\
            s _MMPTE_SOFTWARE 8\n PageFileLow 0.12:4 v\n.\n";
        let types = Table::all(text).first().unwrap().read(String::new()).unwrap();
        let mut kit = Kit::new("10.0.17134", true);
        let [state, partition, file] = [0x1_0000, 0x2_0000, 0x3_0000].map(|at| kit.at(at));
        kit.symbol("MiState", state);
        kit.symbol("MiSystemPartition", partition);
        kit.put(state + 256 + 64, &u64::to_le_bytes(1 << 45));
        // The first page file is one, the second is not there, the third is the store.
        kit.word(partition + 128 + 16, file);
        kit.word(partition + 128 + 32, file + 0x200);
        kit.put(file + 204, &[0]);
        kit.put(file + 0x200 + 204, &[0x42]);
        let kernel = kit.kernel();
        let entries = entries(&kernel.space, &*kernel.symbols, &types, 17134, false);
        assert_eq!(entries, WindowsEntries { file: FileNumber::High, mask: Some(1 << 45), store: Some(2), vista: true });
        assert!(describe(entries).contains("mask 0x200000000000, page file 2 is"), "{}", describe(entries));
    }
}
