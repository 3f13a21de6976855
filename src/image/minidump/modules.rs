//! Modules: loaded ones and those that were unloaded, with version and the name of their symbols.

use super::header::{Dump, Location, MODULE_LIST, UNLOADED_MODULE_LIST};
use super::memory;
use super::system::{Family, System};
use crate::image::detect::Parsed;
use crate::image::fields::Fields;
use crate::image::process::ModuleImage;
use memsh_plugin::{VirtAddr, umem};

/// No process has more; what a hostile file claims beyond is not kept.
const MOST: u64 = 1 << 16;
/// `MINIDUMP_MODULE` and `MINIDUMP_UNLOADED_MODULE`.
const MODULE: u64 = 108;
const UNLOADED: u64 = 24;
/// `VS_FIXEDFILEINFO.dwSignature`.
const VERSION_SIGNATURE: u32 = 0xfeef_04bd;
/// Longest build id of an ELF file that is shown, in bytes.
const LONGEST_ID: u64 = 64;

/// The loaded modules, in the order of the list: the program comes first.
pub(super) fn loaded(dump: &Dump<'_>, system: &System, parsed: &mut Parsed) -> Vec<ModuleImage> {
    let Some(s) = dump.stream(MODULE_LIST, &mut parsed.warnings) else {
        parsed.warnings.push("the dump has no ModuleList: modules are not known".to_owned());
        return Vec::new();
    };
    let Some(rows) = s.counted(MODULE, MOST, &mut parsed.warnings) else { return Vec::new() };
    let one = |at: u64| {
        let (debug_file, debug_id) = debug(dump, Dump::location(&s.f, at + 76)?);
        Some(ModuleImage {
            path: dump.string(s.f.u32(at + 20)?).unwrap_or_default(),
            base: VirtAddr::new(umem::from(memory::address(s.f.u64(at)?, system.wide))),
            size: umem::from(s.f.u32(at + 8)?),
            version: version(&s.f, at + 24, system.family),
            timestamp: s.f.u32(at + 16).filter(|&t| t != 0),
            debug_file,
            debug_id,
        })
    };
    rows.offsets().map_while(one).collect()
}

/// Those that were unloaded.
pub(super) fn unloaded(dump: &Dump<'_>, wide: bool, parsed: &mut Parsed) -> Vec<ModuleImage> {
    let warnings = &mut parsed.warnings;
    let Some(s) = dump.stream(UNLOADED_MODULE_LIST, warnings) else { return Vec::new() };
    let Some(rows) = s.sized(UNLOADED, false, MOST, warnings) else { return Vec::new() };
    let one = |at: u64| {
        Some(ModuleImage {
            path: dump.string(s.f.u32(at + 20)?).unwrap_or_default(),
            base: VirtAddr::new(umem::from(memory::address(s.f.u64(at)?, wide))),
            size: umem::from(s.f.u32(at + 8)?),
            timestamp: s.f.u32(at + 16).filter(|&t| t != 0),
            ..ModuleImage::default()
        })
    };
    rows.offsets().map_while(one).collect()
}

/// The file's version of a `VS_FIXEDFILEINFO`: four halves of two words. Breakpad's heirs put the version of an ELF library there, four words.
fn version(f: &Fields<'_>, at: u64, family: Family) -> Option<String> {
    let word = |i: u64| f.u32(at + 8 + 4 * i);
    let halves = |n: u32| [n >> 16, n & 0xffff];
    let parts = match family {
        Family::Linux => [word(0)?, word(1)?, word(2)?, word(3)?],
        _ => {
            let ([a, b], [c, d]) = (halves(word(0)?), halves(word(1)?));
            [a, b, c, d]
        }
    };
    let [a, b, c, d] = parts;
    (f.u32(at)? == VERSION_SIGNATURE && parts != [0; 4]).then(|| format!("{a}.{b}.{c}.{d}"))
}

/// The CodeView record: name of the symbol file, and the id by which symbol servers know it (GUID and age, without dashes).
fn debug(dump: &Dump<'_>, place: Location) -> (Option<Vec<u8>>, Option<String>) {
    let f = dump.at(place);
    let name = |at: u64| {
        let name = dump.plain(f.bytes(at, f.len().checked_sub(at)?)?)?;
        (!name.is_empty()).then_some(name)
    };
    match f.bytes(0, 4) {
        // PDB 7.0: a GUID, of which the first three numbers have the file's byte order.
        Some(b"RSDS" | b"SDSR") => {
            let id = || {
                let rest: String = f.bytes(12, 8)?.iter().map(|b| format!("{b:02X}")).collect();
                Some(format!("{:08X}{:04X}{:04X}{rest}{:X}", f.u32(4)?, f.u16(8)?, f.u16(10)?, f.u32(20)?))
            };
            (name(24), id())
        }
        // PDB 2.0: an offset, a time, an age.
        Some(b"NB10" | b"01BN") => {
            let id = || Some(format!("{:08X}{:X}", f.u32(8)?, f.u32(12)?));
            (name(16), id())
        }
        // Breakpad's for ELF: the build id.
        Some(b"LEpB" | b"BpEL") => {
            let id = f.bytes(4, f.len().saturating_sub(4).min(LONGEST_ID)).filter(|b| !b.is_empty());
            (None, id.map(|b| b.iter().map(|b| format!("{b:02x}")).collect()))
        }
        _ => (None, None),
    }
}
