//! Which Windows it is.

use super::super::base::kernel::Build;
use super::shared;
use crate::engine::{AddressSpace, ViewExt};
use crate::os::Hints;
use crate::symbols::Symbols;
use memsh_plugin::VirtAddr;

/// No build laboratory's text is longer.
const LONGEST: usize = 256;

/// What the kernel's own `NtBuildNumber` says, else the shared page, else the dump's header; and where each came from.
pub(super) fn read(
    space: &AddressSpace,
    symbols: &dyn Symbols,
    shared_data: VirtAddr,
    hints: &Hints,
) -> Result<(Build, String), String> {
    let shared = shared::read(space, shared_data);
    // The highest bits say whether it is a free or a checked build.
    let own = symbols.address("NtBuildNumber").and_then(|at| space.read_u32(at).ok()).map(|n| n & 0xffff);
    let own = own.filter(|n| (1000..0xffff).contains(n));
    let header = hints.windows.as_ref().and_then(|w| w.build);
    let version = shared.and_then(|s| only_of(s.version));
    let (number, from) = match (own, shared.and_then(|s| s.build), header, version) {
        (Some(n), ..) => (n, "NtBuildNumber"),
        (None, Some(n), ..) => (n, "KUSER_SHARED_DATA"),
        (None, None, Some(n), _) => (n, "the dump's header"),
        (None, None, None, Some(n)) => (n, "the version in KUSER_SHARED_DATA"),
        (None, None, None, None) => return Err("none of them is readable".to_owned()),
    };
    let text = |name: &str| {
        let bytes = space.read_cstr(symbols.address(name)?, LONGEST).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        // A build's number begins it.
        text.starts_with(|c: char| c.is_ascii_digit()).then_some(text)
    };
    let lab = text("NtBuildLabEx").or_else(|| text("NtBuildLab"));
    let version = shared.map_or_else(|| version_of(number), |s| s.version);
    let detail =
        format!("{}.{}.{number}, by {from}{}", version.0, version.1, lab.as_ref().map_or_else(String::new, |l| format!(": {l}")));
    Ok((Build { version, number, lab }, detail))
}

/// The build of a version that had one only. Vista and 7 had several.
fn only_of(version: (u32, u32)) -> Option<u32> {
    Some(match version {
        (4, 0) => 1381,
        (5, 0) => 2195,
        (5, 1) => 2600,
        (5, 2) => 3790,
        (6, 2) => 9200,
        (6, 3) => 9600,
        _ => return None,
    })
}

/// The version that builds belong to, for a system whose shared page is not readable.
fn version_of(build: u32) -> (u32, u32) {
    match build {
        ..=1399 => (4, 0),
        1400..=2195 => (5, 0),
        2196..=2600 => (5, 1),
        2601..=5999 => (5, 2),
        6000..=7599 => (6, 0),
        7600..=9199 => (6, 1),
        9200..=9599 => (6, 2),
        9600..=9840 => (6, 3),
        _ => (10, 0),
    }
}
