//! `KUSER_SHARED_DATA`: a page that every Windows maps at one and the same address, and fills with what it is.

use crate::engine::{AddressSpace, ViewExt};
use memsh_plugin::{VirtAddr, umem};

/// Where the kernel has it on 64-bit processors (`KI_USER_SHARED_DATA`, wdm.h).
pub(super) const WIDE: u64 = 0xffff_f780_0000_0000;
/// The same on 32-bit x86.
pub(super) const NARROW: u64 = 0xffdf_0000;

/// Its members, which have not moved since NT 4 (ntddk.h, `KUSER_SHARED_DATA`).
const SYSTEM_TIME: umem = 0x14;
const INTERRUPT_TIME: umem = 0x08;
const SYSTEM_ROOT: umem = 0x30;
/// Since Windows 10.
const BUILD: umem = 0x260;
const MAJOR: umem = 0x26c;
const MINOR: umem = 0x270;

/// What the page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::os::windows) struct SharedData {
    /// Major and minor version.
    pub(in crate::os::windows) version: (u32, u32),
    /// Build number, where this version has it.
    pub(in crate::os::windows) build: Option<u32>,
    /// When the image was taken: a FILETIME.
    pub(in crate::os::windows) system_time: u64,
    /// How long the system had been up then, without time asleep: units of 100 nanoseconds.
    pub(in crate::os::windows) interrupt_time: u64,
}

/// The page at `at`, where it is one.
pub(in crate::os::windows) fn read(space: &AddressSpace, at: VirtAddr) -> Option<SharedData> {
    // `C:\Windows`: a letter, a colon, a backslash.
    let mut root = [0u8; 6];
    space.read_exact(at.wrapping_add(SYSTEM_ROOT), &mut root).ok()?;
    let [letter, 0, b':', 0, b'\\', 0] = root else { return None };
    if !letter.is_ascii_alphabetic() {
        return None;
    }
    let version = (space.read_u32(at.wrapping_add(MAJOR)).ok()?, space.read_u32(at.wrapping_add(MINOR)).ok()?);
    if !(3..=10).contains(&version.0) || version.1 > 99 {
        return None;
    }
    let build = space.read_u32(at.wrapping_add(BUILD)).ok().map(|b| b & 0xffff).filter(|&b| version.0 >= 10 && b >= 9841);
    // `KSYSTEM_TIME`: low, high, high again.
    let time = |o| space.read_u64(at.wrapping_add(o)).unwrap_or(0);
    Some(SharedData { version, build, system_time: time(SYSTEM_TIME), interrupt_time: time(INTERRUPT_TIME) })
}
