//! `DUMP_HEADER32` and `DUMP_HEADER64`: the first one or two pages of every kernel dump.
//!
//! Offsets: `Dump.h` of Microsoft Research's Singularity, `ntiodump.h` of the Windows SDK, and Volatility 3's `crash.json` and
//! `crash64.json`, which agree.

use crate::image::fields::Fields;
use crate::image::windows::ARM64;
use memsh_plugin::{PhysAddr, VirtAddr, umem};

/// `PAGE`: begins each dump, and fills what nobody set.
const PAGE: u32 = u32::from_le_bytes(*b"PAGE");
/// Fills what nobody set, too.
const DUMP: u32 = u32::from_le_bytes(*b"DUMP");

/// Where a header keeps its fields.
pub(super) struct Layout {
    /// Whether addresses have 64 bits.
    pub wide: bool,
    /// Size of the header in bytes: what a dump type adds begins there.
    pub size: u64,
    pub dtb: u64,
    pub pfn_database: u64,
    pub modules: u64,
    pub processes: u64,
    pub machine: u64,
    pub processors: u64,
    pub bug_check: u64,
    pub parameters: u64,
    pub version_user: u64,
    /// `PaeEnabled`, which only the 32-bit header has.
    pub pae: Option<u64>,
    pub kdbg: u64,
    pub descriptor: u64,
    pub context: u64,
    pub exception: u64,
    pub dump_type: u64,
    pub required: u64,
    pub time: u64,
    pub uptime: u64,
    pub comment: u64,
    pub mini_fields: u64,
    pub secondary: u64,
    pub product: u64,
    pub suite: u64,
    pub writer: u64,
    pub kd_secondary: u64,
    pub attributes: u64,
}

/// `DUMP_HEADER64`.
pub(super) const HEADER64: Layout = Layout {
    wide: true,
    size: 0x2000,
    dtb: 0x10,
    pfn_database: 0x18,
    modules: 0x20,
    processes: 0x28,
    machine: 0x30,
    processors: 0x34,
    bug_check: 0x38,
    parameters: 0x40,
    version_user: 0x60,
    pae: None,
    kdbg: 0x80,
    descriptor: 0x88,
    context: 0x348,
    exception: 0xf00,
    dump_type: 0xf98,
    required: 0xfa0,
    time: 0xfa8,
    comment: 0xfb0,
    uptime: 0x1030,
    mini_fields: 0x1038,
    secondary: 0x103c,
    product: 0x1040,
    suite: 0x1044,
    writer: 0x1048,
    kd_secondary: 0x104d,
    attributes: 0x1050,
};

/// `DUMP_HEADER32`.
pub(super) const HEADER32: Layout = Layout {
    wide: false,
    size: 0x1000,
    dtb: 0x10,
    pfn_database: 0x14,
    modules: 0x18,
    processes: 0x1c,
    machine: 0x20,
    processors: 0x24,
    bug_check: 0x28,
    parameters: 0x2c,
    version_user: 0x3c,
    pae: Some(0x5c),
    kdbg: 0x60,
    descriptor: 0x64,
    context: 0x320,
    exception: 0x7d0,
    dump_type: 0xf88,
    required: 0xfa0,
    time: 0xfc0,
    comment: 0x820,
    uptime: 0xfb8,
    mini_fields: 0xf8c,
    secondary: 0xf90,
    product: 0xf94,
    suite: 0xf98,
    writer: 0xf9c,
    kd_secondary: 0x5d,
    attributes: 0x8a0,
};

/// A header in a file that may end anywhere.
#[derive(Clone, Copy)]
pub(super) struct Header<'a> {
    pub file: Fields<'a>,
    pub layout: &'static Layout,
}

impl<'a> Header<'a> {
    /// The header of `data`, where it begins like one.
    pub(super) fn of(data: &'a [u8]) -> Option<Self> {
        let layout = match data.get(..8)? {
            b"PAGEDU64" => &HEADER64,
            b"PAGEDUMP" => &HEADER32,
            _ => return None,
        };
        Some(Self { file: Fields::new(data, false), layout })
    }

    /// A number of 32 bits; none where the file ends before it, or nobody set it.
    pub(super) fn u32(&self, at: u64) -> Option<u32> {
        self.file.u32(at).filter(|&n| n != PAGE && n != DUMP)
    }

    /// A number of 64 bits; none where the file ends before it, or nobody set it.
    pub(super) fn u64(&self, at: u64) -> Option<u64> {
        self.file.u64(at).filter(|_| self.u32(at).is_some() || self.u32(at + 4).is_some())
    }

    /// An address or a number of its size.
    pub(super) fn word(&self, at: u64) -> Option<u64> {
        if self.layout.wide { self.u64(at) } else { self.u32(at).map(u64::from) }
    }

    /// A virtual address; none where it is null.
    pub(super) fn address(&self, at: u64) -> Option<VirtAddr> {
        self.word(at).filter(|&a| a != 0).map(|a| VirtAddr::new(umem::from(a)))
    }

    pub(super) fn dump_type(&self) -> Option<u32> {
        self.u32(self.layout.dump_type)
    }

    pub(super) fn machine(&self) -> Option<u32> {
        self.u32(self.layout.machine)
    }

    /// Whether 32-bit page tables are of the PAE form.
    pub(super) fn pae(&self) -> Option<bool> {
        match self.file.bytes(self.layout.pae?, 1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    /// `DirectoryTableBase` as it stands, and the root in it. Its low bits may be a PCID or tell of KVA shadow; roots of the PAE
    /// form are aligned to 32 bytes, others to a page. The upper 16 bits of an ARM64 one are the ASID.
    pub(super) fn root(&self) -> Option<(u64, PhysAddr)> {
        let written = self.word(self.layout.dtb)?;
        let mask = match (self.machine(), self.pae()) {
            (Some(ARM64), _) => 0x0000_ffff_ffff_f000,
            _ if self.layout.wide => 0x000f_ffff_ffff_f000,
            (_, Some(false)) => 0xffff_f000,
            (_, Some(true)) => 0xffff_ffe0,
            // Not said: a root of the plain form has zeros there anyway.
            (_, None) => 0xffff_ffe0,
        };
        let root = written & mask;
        (root != 0).then(|| (written, PhysAddr::new(umem::from(root))))
    }
}
